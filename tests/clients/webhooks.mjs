// Verifies and parses real deliveries with the public Node libraries; webhooks.sh runs it.

import assert from "node:assert";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const sample = (name) => JSON.parse(readFileSync(`${process.argv[2]}/${name}.json`, "utf8"));

const shared = sample("hmac_sha256");
for (const secret of shared.keys) {
  new Webhook(secret).verify(shared.body, shared.headers);
  assert.throws(() => new Webhook(secret).verify(shared.body.replace("raised", "closed"), shared.headers));
}
assert.throws(() => new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(shared.body, shared.headers));

function verifyPublic(publicKey, headers, body) {
  // The fixed beginning of an Ed25519 public key in DER (RFC 8410), then its 32 bytes.
  const der = Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(publicKey.replace("whpk_", ""), "base64"),
  ]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  return headers["webhook-signature"].split(" ").some((part) => {
    const [version, signature] = part.split(",");
    return version === "v1a" && verify(null, signed, key, Buffer.from(signature, "base64"));
  });
}

const pair = sample("ed25519");
for (const key of pair.keys) {
  assert(verifyPublic(key, pair.headers, pair.body));
  assert(!verifyPublic(key, pair.headers, `${pair.body} `));
}

const event = HTTP.toEvent({ headers: pair.headers, body: pair.body });
assert.strictEqual(event.validate(), true);
assert.strictEqual(event.type, "escalation-tracker.escalation.raised.v1");
assert.strictEqual(event.id, pair.headers["webhook-id"]);
assert.strictEqual(event.data.escalation_id, event.subject);
console.log(`node: standardwebhooks accepts ${shared.keys.length} secrets, node:crypto ${pair.keys.length} public keys,`,
  `cloudevents parses ${event.type}`);
