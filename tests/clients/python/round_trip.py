"""Raises, reads, acknowledges and lists an escalation, and reads a refusal, with the generated client."""

import datetime
import os

from tracker_client import AuthenticatedClient
from tracker_client.api.acts import acknowledge
from tracker_client.api.escalations import read_escalation, send_escalation
from tracker_client.api.lists import list_escalations
from tracker_client.models import (
    AcknowledgeEscalation,
    ChildReferenceInput,
    Escalation,
    EscalationPage,
    Problem,
    RaiseEscalation,
    Scheme,
    Status,
    Urgency,
)


def client(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=os.environ["URL"], token=os.environ[token], raise_on_unexpected_status=True)


police, services = client("POLICE"), client("SERVICES")
record = RaiseEscalation(
    raised_with_agency="anyborough_cs",
    theme="strategy_meeting_late",
    urgency=Urgency.URGENT,
    desired_outcome="Hold a quorate strategy meeting today.",
    child_references=[ChildReferenceInput(scheme=Scheme.LA_CHILD_ID, value="SYN100234")],
)

sent = send_escalation.sync("niche", "PY-2026-1", client=police, body=record)
assert isinstance(sent, Escalation), sent
again = send_escalation.sync_detailed("niche", "PY-2026-1", client=police, body=record)
assert again.status_code == 200 and again.parsed.result == "unchanged", again
read = read_escalation.sync(str(sent.id), client=services)
assert isinstance(read, Escalation) and read.external_reference == "PY-2026-1", read
assert isinstance(read.raised_at, datetime.datetime) and read.raised_at.tzinfo is not None
held = acknowledge.sync(str(sent.id), client=services, body=AcknowledgeEscalation(held_by_role="duty team manager"))
assert isinstance(held, Escalation) and held.status == Status.ACKNOWLEDGED, held
listed = list_escalations.sync(client=police, status=Status.ACKNOWLEDGED, limit=200)
assert isinstance(listed, EscalationPage), listed
assert any(it.reference == sent.reference for it in listed.items)

record.theme = "no_such_theme"
refused = send_escalation.sync_detailed("niche", "PY-2026-2", client=police, body=record)
assert refused.status_code == 422 and isinstance(refused.parsed, Problem), refused
assert refused.parsed.code == "validation-failed"
assert [it.pointer for it in refused.parsed.errors] == ["#/theme"], refused.parsed.errors
print("Python: raised, sent again, read, acknowledged, listed, refused")
