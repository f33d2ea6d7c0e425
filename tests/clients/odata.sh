#!/usr/bin/env bash
# Reads 25,000 escalations over OData with a client library of somebody else's (python-odata), page by page, and fails
# unless each comes exactly once:
#
#   cargo build && tests/clients/odata.sh [target/debug/escalation-tracker]
#
# Makes a database, users and data of its own in a temporary directory, and leaves nothing. Needs Python 3 with pip and
# venv, and the network for the library. ROWS=... for another number of rows.
set -euo pipefail

program=$(realpath "${1:-target/debug/escalation-tracker}")
rows=${ROWS:-25000}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'python-odata==0.8.1' requests 'psycopg[binary]>=3.2,<4'
"$work/venv/bin/python" "$here/read_all.py" "$program" "$work" "$rows"
