#!/usr/bin/env bash
# Sends generated requests, valid and broken, to every operation of the contract, single and in sequences, and checks each answer
# against the contract with every check that Schemathesis has:
#
#   tests/schemathesis/schemathesis.sh             # 50,000 cases or more, over three seeds
#   tests/schemathesis/schemathesis.sh sample      # a minute
#
# Starts a service of its own with made-up matters, and leaves nothing but target/schemathesis. Needs Rust, Python 3.10 or
# later with venv, and PyPI. SEEDS="1 2 3" and EXAMPLES=… for others; PROGRAM=… for one that is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
here=$root/tests/schemathesis
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/schemathesis
version=4.32.5

missing() { echo "NOT RUN: schemathesis.sh needs $1" >&2; exit 2; }
command -v python3 >/dev/null || missing 'python3 (3.10 or later)'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || missing "Python 3.10 or later; here is $(python3 --version)"
python3 -c 'import venv, ensurepip' 2>/dev/null || missing 'the Python module venv (Debian and Ubuntu: apt-get install python3-venv)'

case ${1:-whole} in
    whole) seeds=${SEEDS:-1 2 3} least=50000 more=() examples=${EXAMPLES:-100} ;;
    sample) seeds=${SEEDS:-1} least=1000 more=(--max-time "${SECONDS_AT_MOST:-45}") examples=${EXAMPLES:-10} ;;
    *) echo "schemathesis.sh knows: sample, or nothing for the whole" >&2; exit 2 ;;
esac

mkdir -p "$work"
if [ "$("$work/venv/bin/st" --version 2>/dev/null)" != "st, version $version" ]; then
    rm -rf "$work/venv"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" ||
        missing "schemathesis $version from PyPI, which cannot be installed here"
fi

if [ -n "${PROGRAM:-}" ]; then
    program=$(realpath "$PROGRAM")
else
    command -v cargo >/dev/null || missing 'cargo, or PROGRAM=... with a built program'
    cargo build --locked --quiet
    program=$target/debug/escalation-tracker
fi

data=$(mktemp -d)
service=
finish() {
    [ -z "$service" ] || { kill -TERM "$service" && wait "$service" || true; }
    rm -rf "$data"
}
trap finish EXIT
for name in DATABASE_URL OWNER_DATABASE_URL TOKEN_ISSUER TOKEN_JWKS TOKEN_AUDIENCE ROOT_SECRET_FILE OIDC_ISSUER; do unset "$name"; done
# The quotas are tested elsewhere; here they would hide what they refuse.
export MODE=development DATA_DIR=$data LISTEN=127.0.0.1:0 METRICS_LISTEN= LOG=warn,escalation_tracker=info \
    WEBHOOK_ALLOW_HOSTS=127.0.0.1:9 CLIENT_REQUESTS_PER_MINUTE=4000000 AGENCY_REQUESTS_PER_MINUTE=4000000
"$program" migrate >"$work/setup.log" 2>&1
"$program" setup "$here/partnership.json" >>"$work/setup.log" 2>&1
"$program" serve >"$work/service.log" 2>&1 &
service=$!
until url=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$work/service.log" | head -n 1) && [ -n "$url" ]; do
    kill -0 "$service" || { cat "$work/service.log"; exit 1; }
    sleep 0.2
done
TOKENS=$(for actor in police cs health service_lead director analyst auditor privacy_officer operator; do
    printf '%s %s\n' "$actor" "$("$program" token --client "$actor" --hours 24)"
done | python3 -c 'import json, sys; print(json.dumps(dict(line.split() for line in sys.stdin)))')
export TOKENS
python3 "$here/seed.py" "$url"

cases=0
failed=0
for seed in $seeds; do
    echo "== seed $seed"
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here "$work/venv/bin/st" --config-file schemathesis.toml run \
        "$root/openapi/openapi.json" --url "$url" \
        --seed "$seed" --max-examples "$examples" --continue-on-failure --request-timeout 30 ${more[@]+"${more[@]}"} \
        --generation-database=none --report json --report-json-path "$work/report-$seed.json" ${ST_OPTIONS:-}) >"$work/run-$seed.log" 2>&1 ||
        { failed=1; tail -n 200 "$work/run-$seed.log"; }
    done_here=$(sed -n 's/.*\b\([0-9][0-9]*\) generated.*/\1/p' "$work/run-$seed.log" | tail -n 1)
    echo "seed $seed: ${done_here:-0} cases (${SECONDS}s)"
    cases=$((cases + ${done_here:-0}))
done
kill -0 "$service" || { echo 'the service ended by itself' >&2; exit 1; }
if grep -E 'panicked|alert=true' "$work/service.log"; then echo 'the log of the service tells of faults' >&2; failed=1; fi
[ "$failed" = 0 ] || { echo "FAILED after $cases cases; the reports are in $work" >&2; exit 1; }
[ "$cases" -ge "$least" ] || { echo "FAILED: $cases cases are fewer than $least" >&2; exit 1; }
echo "passed: $cases cases, no failure"
