"""Fills a database with escalations, starts the service on it, and reads them all over OData. See odata.sh."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import requests
from odata import ODataService

program, work, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
base = f"http://127.0.0.1:{port}"
environment = {
    **os.environ,
    "MODE": "development",
    "DATA_DIR": str(work / "data"),
    "LISTEN": f"127.0.0.1:{port}",
    "METRICS_LISTEN": "",
    "LOG": "warn",
}
for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "TOKEN_ISSUER"):
    environment.pop(name, None)


def run(*arguments):
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


plan = json.loads((Path(__file__).parents[2] / "examples/partnership.json").read_text())
issuer = plan["clients"][0]["issuer"]
plan["clients"].append({"issuer": issuer, "client_id": "reports", "role": "analyst", "name": "Reports"})
(work / "plan.json").write_text(json.dumps(plan))
run("migrate")
run("setup", str(work / "plan.json"))
made = run("report-token", "create", "--client", "reports", "--issuer", issuer)
user, password = (line.split()[1] for line in made.splitlines()[:2])

FILL = """
insert into escalation (partnership_id, id, version, reference, scope, raised_by_agency_id, raised_with_agency_id, urgency,
                        theme_code, child_count, raised_at, received_at, policy_version, status, stage, episode, changed_at)
select p.id, gen_random_uuid(), 1, 'ESC-ANY-2025-' || lpad(n::text, 5, '0'), 'inter_agency', rb.id, rw.id, 'standard',
       (select code from theme where partnership_id = p.id order by code offset n %% 5 limit 1), 1,
       at, at, (select min(version) from stage_policy where partnership_id = p.id), 'raised', 1, 1, at
from partnership p
join agency rb on rb.partnership_id = p.id and rb.code = 'valeshire_police'
join agency rw on rw.partnership_id = p.id and rw.code = 'anyborough_cs'
cross join generate_series(1, %(rows)s) n
cross join lateral (select timestamptz '2025-01-01' + n * interval '20 minutes' as at) raised;
insert into episode (partnership_id, escalation_id, number, opened_at)
select partnership_id, id, 1, raised_at from escalation;
analyze
"""

service = subprocess.Popen([program, "serve"], env=environment, stdout=subprocess.DEVNULL)
try:
    for _ in range(300):
        try:
            if requests.get(f"{base}/readyz", timeout=60).status_code == 200:
                break
        except requests.RequestException:
            pass
        assert service.poll() is None, "the service ended"
        time.sleep(0.2)
    sockets = work / "data/postgres/socket"
    with psycopg.connect(host=str(sockets), port=5432, user="postgres", dbname="escalations") as database:
        for statement in FILL.split(";"):
            database.execute(statement, {"rows": rows} if "%(rows)s" in statement else None)
        stored = {str(row[0]) for row in database.execute("select id from escalation")}
    assert len(stored) == rows, len(stored)

    session = requests.Session()
    session.auth = (user, password)
    pages = []
    session.hooks["response"].append(lambda answer, *_, **__: pages.append((answer.status_code, answer.url)))
    client = ODataService(f"{base}/odata/v1/", session=session, reflect_entities=True)
    escalation = client.entities["escalation"]
    began = time.monotonic()
    pages.clear()
    keys = [str(row.escalation_id) for row in client.query(escalation)]
    took = time.monotonic() - began
    assert len(keys) == rows, f"{len(keys)} rows, not {rows}"
    assert len(set(keys)) == rows, f"{rows - len(set(keys))} rows came twice"
    assert set(keys) == stored, "other rows than those in the database"
    assert all(status == 200 for status, _ in pages), pages
    assert len(pages) == -(-rows // 5000), f"{len(pages)} pages"

    read = len(pages)

    late = client.query(escalation).filter(escalation.theme == "icpc_late").order_by(escalation.raised_at.desc()).limit(3).all()
    assert all(row.theme == "icpc_late" for row in late)
    began = time.monotonic()
    weekly = [str(row.row_id) for row in client.query(client.entities["weekly_theme_agency"])]
    took_weekly = time.monotonic() - began
    assert weekly and len(set(weekly)) == len(weekly)
    print(f"{rows} rows in {read} pages, each once, in {took:.1f} s; {len(weekly)} weekly rows in {took_weekly:.1f} s")
finally:
    service.terminate()
    service.wait(60)
