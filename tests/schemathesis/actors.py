"""Who calls in each case: mostly somebody who may, in turn, and at each eighth call somebody else. Set in schemathesis.toml."""

import csv
import itertools
import json
import os
from collections import defaultdict
from pathlib import Path

import schemathesis

TOKENS = json.loads(os.environ["TOKENS"])
ACTORS = sorted(TOKENS)
MATRIX = Path(__file__).parents[1] / "api" / "access_matrix.csv"
MAY = {
    row["operation"]: [actor for actor in ACTORS if row[actor] == "in"]
    for row in csv.DictReader(MATRIX.read_text().splitlines())
    if row["target"] == "existing"
}
TURNS = defaultdict(itertools.count)


@schemathesis.auth(refresh_interval=None, retry_on=[])
class Actors:
    def get(self, case, context):
        operation = context.operation.definition.raw["operationId"]
        turn = next(TURNS[operation])
        may = MAY.get(operation) or ACTORS
        among = ACTORS if turn % 8 == 7 else may
        return TOKENS[among[turn // 8 % len(among) if among is ACTORS else turn % len(may)]]

    def set(self, case, token, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"
