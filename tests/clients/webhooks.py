"""Verifies and parses real deliveries with the public Python libraries; webhooks.sh runs it."""

import base64
import json
import pathlib
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

folder = pathlib.Path(sys.argv[1])


def sample(name):
    it = json.loads((folder / f"{name}.json").read_text())
    return it["headers"], it["body"], it["keys"]


def refused(verify, *with_):
    try:
        verify(*with_)
    except (WebhookVerificationError, InvalidSignature):
        return
    raise AssertionError("a changed message was accepted")


headers, body, secrets = sample("hmac_sha256")
for secret in secrets:
    event = Webhook(secret).verify(body, headers)
    refused(Webhook(secret).verify, body.replace("raised", "closed"), headers)
refused(Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify, body, headers)


def verify_public(public, headers, body):
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    for part in headers["webhook-signature"].split(" "):
        version, _, signature = part.partition(",")
        if version == "v1a":
            try:
                return key.verify(base64.b64decode(signature), signed)
            except InvalidSignature:
                pass
    raise InvalidSignature


headers, body, publics = sample("ed25519")
for public in publics:
    verify_public(public, headers, body)
    refused(verify_public, public, headers, body + " ")

event = from_structured_event(HTTPMessage(headers, body.encode()), JSONFormat())
assert event.get_type() == "escalation-tracker.escalation.raised.v1", event.get_type()
assert event.get_id() == headers["webhook-id"]
assert event.get_subject() == event.get_data()["escalation_id"]
assert event.get_extension("partitionkey") == event.get_subject()
print(f"python: standardwebhooks accepts {len(secrets)} secrets, cryptography {len(publics)} public keys,",
      f"cloudevents parses {event.get_type()}")
