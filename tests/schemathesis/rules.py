"""What the checks of Schemathesis have to know that the contract says in words. Set in schemathesis.toml.

Two kinds, both as narrow as we could make them:

- BOUNDS: what a single parameter may be. The contract of v1 is frozen (docs/api-conventions.md), so the words cannot become a
  pattern or a limit before the next version; here they are one, and every value that keeps it must be accepted.
- RULES: what depends on more than one member, on what is stored, or on the meaning of a text. No schema can say these, so an
  answer that refuses for nothing but such a reason is no failure. Everything else that is valid must still be accepted: a wrong
  type, an unknown or missing member, a text that is too long or a bad form is still a failure.
"""

import datetime
import json
import re

import schemathesis
from hypothesis import strategies
from schemathesis.specs.openapi import checks

# Listed, because Schemathesis makes headers of letters and digits only, and a tag has quotes.
TAGS = ['"1"', '"2"', 'W/"1"', '"a-b,c"', '""']
BOUNDS = {
    ("header", "If-Match"): {"enum": TAGS},
    ("header", "Idempotency-Key"): {"minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    ("query", "after"): {"minLength": 1, "maxLength": 20, "pattern": "^[0-9]{1,18}$|^latest$"},
    ("query", "sequence"): {"pattern": "^[1-9][0-9]{0,17}$"},
    ("query", "from_week"): {"pattern": "^20[2-4][0-9]-W(0[1-9]|[1-4][0-9]|5[0-2])$"},
    ("query", "to_week"): {"pattern": "^20[2-4][0-9]-W(0[1-9]|[1-4][0-9]|5[0-2])$"},
    ("query", "types"): {"enum": ["escalation-tracker.escalation.raised.v1", "escalation-tracker.clock.overdue.v1"]},
    ("query", "limit"): {"minimum": 1, "maximum": 200},
    ("query", "before"): {"minimum": 1},
    ("query", "after_row"): {"maximum": 50000},
    ("query", "cursor"): {"maxLength": 87},
    ("query", "external_reference"): {"minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._:/#-]{1,64}$"},
    ("query", "source"): {"minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._:/#-]{1,64}$"},
}
# A sending may be of whatever there is, or of nothing.
ONE_OF_MANY = {"send_escalation": {"If-Match": {"enum": [*TAGS, '"1", W/"2"', "*"]}, "If-None-Match": {"enum": ["*"]}}}

# Codes of problems, and of faults of single members (docs: /problems/…), by which only rules are told.
RULES = {
    "control_character": "a text holds no control characters",
    "disallowed_character": "a text holds nothing that cannot be seen",
    "erased": "somebody had it erased",
    "idempotency-key-reused": "the key stands for another request",
    "in_future": "an instant after the present",
    "inconsistent": "members contradict each other",
    "invalid-cursor": "only the service makes cursors",
    "not_permitted": "another member does not permit it",
    "not_unique": "it is there already",
    "out_of_range": "an instant or number against others or the present",
    "personal_data": "an agency refuses identifiers in texts",
    "precondition-failed": "another version is stored",
    "required": "another member needs it; what always is required, the contract says",
    "retired_code": "what is recorded anew uses a current code",
    "self_reference": "it names itself",
    "too_old": "an instant before what is recorded here",
    "unknown_reference": "nothing of that name is stored",
    "url_not_allowed": "addresses inside networks are not called",
}


# Members whose form the contract says in words, so that any refusal of just these is one by a rule.
FORMS = {
    r"#(/items/[0-9]+)?/child_references?(/[0-9]+)?/value": "what a number looks like depends on its scheme",
    r"#/columns(/[0-9]+)?": "the first line of a file names its columns: docs of the import",
    r"#/password": "at least eight different characters",
    r"#/(from|to)": "a place in the feed is digits; they are text so that no reader rounds them",
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for item in raw_schema["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                bound = BOUNDS.get((parameter["in"], parameter["name"]), {})
                bound = ONE_OF_MANY.get(operation["operationId"], {}).get(parameter["name"], bound)
                schema = parameter["schema"]
                # No header holds null: it is there or it is not.
                if parameter["in"] == "header" and schema.get("type") == ["string", "null"]:
                    schema["type"] = "string"
                if "$ref" not in schema and ("pattern" not in bound or schema.get("type") != "integer"):
                    stated = {name: it for name, it in bound.items() if name not in schema or name == "minimum"}
                    schema.update(stated)


def instants():
    """Instants of these years with offsets that there are, as people and systems send them."""
    offsets = strategies.integers(-47, 55).map(lambda quarters: datetime.timedelta(minutes=15 * quarters))
    return strategies.datetimes(
        min_value=datetime.datetime(2000, 1, 2),
        max_value=datetime.datetime(2099, 12, 30),
        timezones=offsets.map(datetime.timezone),
    ).map(lambda it: it.isoformat())


schemathesis.openapi.format("date-time", instants())


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    """Objects, one on each line."""
    rows = value if isinstance(value, list) else [value]
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


def is_fraction(body, pointer):
    """Whether a number there has a decimal point: 1.0 is a whole number to JSON Schema; we take plain digits."""
    for name in pointer.removeprefix("#/").split("/"):
        if isinstance(body, list) and name.isdigit() and int(name) < len(body):
            body = body[int(name)]
        elif isinstance(body, dict) and name in body:
            body = body[name]
        else:
            return False
    return isinstance(body, float)


def only_rules(response, body):
    """Whether it refuses for nothing but rules."""
    try:
        problem = response.json()
        errors = problem.get("errors", [])
        errors_left = [it for it in errors if not any(re.fullmatch(form, it["pointer"]) for form in FORMS)]
        codes = [it["code"] for it in errors_left if not (it["code"] == "wrong_type" and is_fraction(body, it["pointer"]))]
        codes = codes if errors else [problem["code"]]
    except (ValueError, AttributeError, KeyError, TypeError):
        return False
    return response.status_code in (400, 410, 412, 422) and all(code in RULES for code in codes)


@schemathesis.check
def positive_data_acceptance_but_for_rules(ctx, response, case):
    """The check of Schemathesis in whose place it stands, but for RULES."""
    sent = {name.lower() for name in case.headers or {}}
    # Either says what must be stored; both at once is a question without an answer.
    if only_rules(response, case.body) or {"if-match", "if-none-match"} <= sent:
        return None
    return checks.positive_data_acceptance(ctx, response, case)
