#!/usr/bin/env python3
"""Sends records to the escalation tracker, in batches of 100, safe to repeat. Python 3.8 or later, nothing else.

    TOKEN=… python3 send_escalations.py URL SOURCE REFERENCE=FILE.json …
    TOKEN=… python3 send_escalations.py URL SOURCE --csv FILE.csv
    … --dry-run    checks everything and stores nothing

Prints one line for each record. Ends with 0 when all are stored, 1 when one was refused, 2 when the service did not answer.
A 429, a 503 or a lost answer is tried again, after the time that the service asks for or one in which chance has a part.
"""

import argparse
import csv
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request

MOST = 100
TRIES = 6


def of_row(row):
    """A row of a file as a record. A cell of child references holds `scheme:value`, several apart by `|`."""
    record = {name: value for name, value in row.items() if value}
    children = [it.strip().split(":", 1) for it in record.pop("child_references", "").split("|") if it.strip()]
    if children:
        record["child_references"] = [{"scheme": scheme, "value": value} for scheme, value in children]
    return record


def post(url, token, body):
    data = json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    for tried in range(1, TRIES + 1):
        wait = random.uniform(0, min(60, 2**tried))
        try:
            request = urllib.request.Request(url, data=data, method="POST", headers=headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                sys.exit(f"{error.code}: {error.read().decode()}")
            wait = float(error.headers.get("Retry-After", wait))
        except (urllib.error.URLError, OSError) as error:
            print(f"no answer: {error}", file=sys.stderr)
        if tried < TRIES:
            time.sleep(wait)
    print("the service did not answer; send the same again later", file=sys.stderr)
    sys.exit(2)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("url")
    arguments.add_argument("source")
    arguments.add_argument("records", nargs="*")
    arguments.add_argument("--csv")
    arguments.add_argument("--dry-run", action="store_true")
    said = arguments.parse_args()
    records = []
    for named in said.records:
        reference, _, path = named.partition("=")
        with open(path, encoding="utf-8") as file:
            records.append(dict(json.load(file), source=said.source, external_reference=reference))
    if said.csv:
        with open(said.csv, encoding="utf-8-sig", newline="") as file:
            records += [of_row(row) for row in csv.DictReader(file)]
    if not records:
        sys.exit("nothing to send")
    url = said.url.rstrip("/") + "/v1/escalations/batch" + ("?dry_run=true" if said.dry_run else "")
    refused = 0
    for begin in range(0, len(records), MOST):
        part = records[begin : begin + MOST]
        for record, result in zip(part, post(url, os.environ["TOKEN"], {"items": part})["items"]):
            good = result["status"] < 300
            refused += not good
            faults = (result.get("problem") or {}).get("errors") or []
            told = "; ".join(f"{it['pointer']} {it['detail']}" for it in faults)
            print(record["external_reference"], result["status"], "" if good else told)
    sys.exit(1 if refused else 0)


main()
