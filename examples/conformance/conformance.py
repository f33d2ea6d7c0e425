#!/usr/bin/env python3
"""Does a service answer as the contract promises? For vendors, against a staging address; Python 3.8 or later, nothing else.

    TOKEN=… python3 conformance.py https://staging.example --agency anyborough_cs

TOKEN is an access token of an agency's system; --agency is another agency, to which the records of this run are raised.
Each run leaves four records of a made-up child under the source "conformance". One line a check; it ends with 0 when every
check passed, 1 when one failed, 2 when the service could not be reached. What the service's contract does not offer is
said, and is no pass.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode("utf-8")
        try:
            self.json = json.loads(self.text)
        except ValueError:
            self.json = None

    def has(self, name):
        """Whether it is an object with this member."""
        return isinstance(self.json, dict) and name in self.json


class Service:
    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/"), token

    def ask(self, method, path, body=None, token=True, **headers):
        data = None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if token:
            sent["Authorization"] = "Bearer " + self.token
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())


CHECKS = []


def check(title, needs=None):
    def keep(function):
        CHECKS.append((title, needs, function))
        return function
    return keep


def equal(what, got, wanted):
    assert got == wanted, f"{what} is {got!r}, not {wanted!r}"


def problem(answer, status, code):
    """The one shape of every error."""
    equal("status", answer.status, status)
    equal("content type", answer.headers.get("Content-Type"), "application/problem+json")
    for name in ("type", "title", "status", "code", "detail"):
        assert answer.has(name), f"the problem has no {name}"
    equal("status in the body", answer.json["status"], status)
    equal("code", answer.json["code"], code)
    equal("type", answer.json["type"], "/problems/" + code)
    assert answer.headers.get("X-Request-Id"), "no X-Request-Id"


class Run:
    """What the checks share; they run in their order."""

    def __init__(self, service, agency):
        self.service, self.name = service, uuid.uuid4().hex[:12]
        self.record = {
            "raised_with_agency": agency,
            "theme": "strategy_meeting_late",
            "urgency": "standard",
            "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
            "desired_outcome": "A conformance run: please do nothing.",
            "source_version": 2,
        }

    def place(self, number):
        return f"/v1/sources/conformance/escalations/{self.name}-{number}"


@check("the service lives and publishes an OpenAPI 3.1 contract")
def _(run):
    equal("/livez", run.service.ask("GET", "/livez", token=False).status, 200)
    contract = run.service.ask("GET", "/openapi.json", token=False)
    assert contract.json["openapi"].startswith("3.1"), contract.json["openapi"]


@check("without a token: 401 as a problem, with a challenge")
def _(run):
    answer = run.service.ask("GET", "/v1/escalations", token=False)
    problem(answer, 401, "unauthenticated")
    assert answer.headers.get("WWW-Authenticate", "").startswith("Bearer")


@check("dry run: says what it would do, and stores nothing")
def _(run):
    answer = run.service.ask("PUT", run.place(1) + "?dry_run=true", run.record)
    equal("status", answer.status, 200)
    equal("would", answer.json["would"], "create")
    problem(run.service.ask("GET", run.place(1)), 404, "not-found")


@check("PUT of a new record: 201 with Location and ETag")
def _(run):
    answer = run.service.ask("PUT", run.place(1), run.record)
    equal("status", answer.status, 201)
    equal("result", answer.json["result"], "created")
    run.id, run.tag = answer.json["id"], answer.headers["ETag"]
    equal("Location", answer.headers["Location"], "/v1/escalations/" + run.id)


@check("the same PUT again: 200, unchanged, the same escalation")
def _(run):
    answer = run.service.ask("PUT", run.place(1), run.record)
    equal("status", answer.status, 200)
    equal("result", answer.json["result"], "unchanged")
    equal("id", answer.json["id"], run.id)
    equal("ETag", answer.headers["ETag"], run.tag)


@check("an older source_version: 200, stale_ignored, nothing changed")
def _(run):
    answer = run.service.ask("PUT", run.place(1), dict(run.record, source_version=1, urgency="urgent"))
    equal("status", answer.status, 200)
    equal("result", answer.json["result"], "stale_ignored")
    equal("ETag", answer.headers["ETag"], run.tag)


@check("a newer source_version with news: 200, updated, another ETag")
def _(run):
    answer = run.service.ask("PUT", run.place(1), dict(run.record, source_version=3, urgency="urgent"))
    equal("status", answer.status, 200)
    equal("result", answer.json["result"], "updated")
    equal("urgency", answer.json["urgency"], "urgent")
    assert answer.headers["ETag"] != run.tag, "the ETag stayed"


@check("after a lost answer: GET at the same address")
def _(run):
    answer = run.service.ask("GET", run.place(1))
    equal("status", answer.status, 200)
    equal("id", answer.json["id"], run.id)
    run.old, run.tag = run.tag, answer.headers["ETag"]


@check("conditional GET: 304 and no body for who has this version")
def _(run):
    answer = run.service.ask("GET", run.place(1), If_None_Match=run.tag)
    equal("status", answer.status, 304)
    equal("body", answer.text, "")
    equal("with the old tag", run.service.ask("GET", run.place(1), If_None_Match=run.old).status, 200)


@check("If-None-Match: * on what is there: 412")
def _(run):
    problem(run.service.ask("PUT", run.place(1), run.record, If_None_Match="*"), 412, "precondition-failed")


@check("If-Match with an old version: 412")
def _(run):
    problem(run.service.ask("PUT", run.place(1), run.record, If_Match=run.old), 412, "precondition-failed")


@check("PATCH without If-Match: 428")
def _(run):
    merge = {"Content_Type": "application/merge-patch+json"}
    answer = run.service.ask("PATCH", "/v1/escalations/" + run.id, {"urgency": "standard", "reason": "x"}, **merge)
    problem(answer, 428, "precondition-required")


@check("422 tells every fault at once, with pointers, and repeats nothing that was sent")
def _(run):
    bad = dict(run.record, theme="zq7marker", urgency="zq7marker", colour="zq7marker")
    answer = run.service.ask("PUT", run.place(2), bad)
    problem(answer, 422, "validation-failed")
    pointers = [it["pointer"] for it in answer.json["errors"]]
    for wanted in ("#/urgency", "#/colour"):
        assert wanted in pointers, f"{wanted} is not among {pointers}"
    assert "zq7marker" not in answer.text, "what was sent is in the answer"


@check("a batch with one bad record: the others are stored, each has its own result")
def _(run):
    records = [
        dict(run.record, source="conformance", external_reference=f"{run.name}-{number}") for number in (3, 4, 5)
    ]
    records[1]["theme"] = "no_such_theme"
    answer = run.service.ask("POST", "/v1/escalations/batch", {"items": records})
    equal("status", answer.status, 200)
    equal("statuses", [it["status"] for it in answer.json["items"]], [201, 422, 201])
    equal("stored", run.service.ask("GET", run.place(5)).status, 200)
    problem(run.service.ask("GET", run.place(4)), 404, "not-found")


@check("Idempotency-Key: the same POST twice is done once")
def _(run):
    key = str(uuid.uuid4())
    body = {name: value for name, value in run.record.items() if name != "source_version"}
    first = run.service.ask("POST", "/v1/escalations", body, Idempotency_Key=key)
    equal("status", first.status, 201)
    again = run.service.ask("POST", "/v1/escalations", body, Idempotency_Key=key)
    equal("status again", again.status, 201)
    equal("id", again.json["id"], first.json["id"])
    equal("Idempotent-Replay", again.headers["Idempotent-Replay"], "true")
    other = run.service.ask("POST", "/v1/escalations", dict(body, urgency="urgent"), Idempotency_Key=key)
    problem(other, 422, "idempotency-key-reused")


@check("what is not possible now: 409 with the acts that are")
def _(run):
    answer = run.service.ask("POST", f"/v1/escalations/{run.id}/acceptance", {})
    equal("status", answer.status, 409)
    problem(answer, 409, answer.json["code"])
    assert isinstance(answer.json["possible_acts"], list)


@check("what the role may not do: 403")
def _(run):
    problem(run.service.ask("POST", "/v1/rebases", {}), 403, "forbidden")


@check("what is not there: 404; another method: 405 with Allow")
def _(run):
    problem(run.service.ask("GET", f"/v1/escalations/{uuid.uuid4()}"), 404, "not-found")
    answer = run.service.ask("DELETE", "/v1/escalations/" + run.id)
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


@check("what cannot be read: 400; another media type: 415; no format that is accepted: 406")
def _(run):
    problem(run.service.ask("PUT", run.place(6), b"{"), 400, "malformed-json")
    problem(run.service.ask("PUT", run.place(6), b"{}", Content_Type="text/plain"), 415, "unsupported-media-type")
    problem(run.service.ask("GET", "/v1/escalations", Accept="image/png"), 406, "not-acceptable")


@check("lists: each page leads to the next, nothing twice, and an altered cursor is refused")
def _(run):
    seen, path = set(), "/v1/escalations?source=conformance&limit=1"
    for _page in range(4):
        answer = run.service.ask("GET", path)
        equal("status", answer.status, 200)
        for it in answer.json["items"]:
            assert it["id"] not in seen, "a row twice"
            seen.add(it["id"])
        path = answer.json["links"].get("next")
        if not path:
            break
    assert len(seen) >= 3, f"only {len(seen)} rows of this run"
    problem(run.service.ask("GET", "/v1/escalations?cursor=nonsense"), 400, "invalid-cursor")


@check("the feed: what happened is read on from where one stopped", needs="/v1/events")
def _(run):
    after, mine, known = "0", [], set()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = run.service.ask("GET", f"/v1/events?after={after}&limit=200")
        equal("status", answer.status, 200)
        items = answer.json["items"]
        for it in items:
            assert it["id"] not in known, "an event twice"
            known.add(it["id"])
            assert it["sequence"] > after, "events out of order"
            after = it["sequence"]
            if run.id in json.dumps(it):
                mine.append(it)
        if not items and mine:
            break
        if not items:
            time.sleep(0.5)
    assert mine, "the record of this run is not in the feed"
    equal("after the last", run.service.ask("GET", f"/v1/events?after={after}").json["items"], [])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("url")
    arguments.add_argument("--agency", default="anyborough_cs", help="the agency to raise with")
    said = arguments.parse_args()
    token = os.environ.get("TOKEN")
    if not token:
        sys.exit("say the access token in TOKEN")
    run = Run(Service(said.url, token), said.agency)
    try:
        paths = run.service.ask("GET", "/openapi.json", token=False).json["paths"]
    except (urllib.error.URLError, OSError, TypeError) as error:
        print(f"{said.url} cannot be reached, or publishes no contract: {error}", file=sys.stderr)
        sys.exit(2)
    passed = failed = absent = 0
    for title, needs, function in CHECKS:
        if needs and needs not in paths:
            absent += 1
            print(f"NOT OFFERED  {title} ({needs} is not in the contract)")
            continue
        try:
            function(run)
        except Exception as error:  # A check that breaks off has failed too.
            failed += 1
            print(f"FAIL         {title}: {type(error).__name__}: {error}")
        else:
            passed += 1
            print(f"pass         {title}")
    print(f"{passed} passed, {failed} failed, {absent} not offered")
    sys.exit(1 if failed else 0)


main()
