"""Puts a few made-up matters into a new service, so that there is something to read, to act on and to link."""

import json
import os
import sys
import urllib.error
import urllib.request

TOKENS = json.loads(os.environ["TOKENS"])
URL = sys.argv[1]


def call(actor, method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {TOKENS[actor]}", **{name.replace("_", "-"): it for name, it in headers.items()}}
    if data is not None:
        sent.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(URL + path, data=data, method=method, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def raised(number, **more):
    body = {
        "raised_with_agency": "anyborough_cs",
        "theme": "strategy_meeting_late",
        "urgency": "standard",
        "child_references": [{"scheme": "la_child_id", "value": f"SYN{100000 + number}"}],
        "desired_outcome": "Hold a quorate strategy meeting.",
        **more,
    }
    return call("police", "POST", "/v1/escalations", body)["id"]


agreed = {"position": "agreed", "answer": "It will be done today."}
ids = [raised(number) for number in range(30)]
for id in ids[5:]:
    call("cs", "POST", f"/v1/escalations/{id}/acknowledgement", {})
for id in ids[10:]:
    call("cs", "POST", f"/v1/escalations/{id}/answers", agreed)
for id in ids[20:]:
    call("police", "POST", f"/v1/escalations/{id}/acceptance", {})
# Generated requests propose and approve erasures too; this much stays to be read.
for id in ids[:25]:
    held = {"scope": "escalation", "escalation_id": id, "reason": "litigation", "authority": "Claim 7"}
    call("privacy_officer", "POST", "/v1/privacy/legal-holds", held)
call("police", "POST", "/v1/commendations", {"about_agency": "anyborough_cs", "theme": "icpc_late"})
call("police", "POST", "/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
print(f"{len(ids)} escalations and what belongs to them")
