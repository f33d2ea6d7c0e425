#!/usr/bin/env bash
# Makes clients from the contract as a partner's developer would, builds each, and lets each make a round trip with a
# service that this script starts: `tests/clients/clients.sh`. It lints the contract too.
# Needs Rust, Python 3.10 or later, Node.js 20 or later and Java 17 or later, with PyPI, npm and crates.io; everything that
# it installs lies in one temporary folder. TOOLS=FOLDER keeps that folder, so that the next run is quicker.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
contract=$root/openapi/openapi.json
work=${TOOLS:-$(mktemp -d)}
mkdir -p "$work"
service=
finish() {
    [ -z "$service" ] || { kill -TERM "$service" && wait "$service" || true; }
    rm -rf "$work/data"
    [ -n "${TOOLS:-}" ] || rm -rf "$work"
}
trap finish EXIT
step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

for tool in cargo python3 node npm java curl; do
    command -v "$tool" >/dev/null || { echo "clients.sh needs $tool" >&2; exit 2; }
done

step 'tools, each of one version'
[ -x "$work/venv/bin/openapi-python-client" ] || {
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check \
        openapi-python-client==0.29.1 openapi-generator-cli==7.26.0
}
mkdir -p "$work/node"
cp "$root/tests/clients/typescript/package.json" "$root/tests/clients/typescript/package-lock.json" "$work/node/"
(cd "$work/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)

step 'linters'
(cd "$work/node" && REDOCLY_TELEMETRY=off npx redocly lint --extends=recommended "$contract")
# A rule that OpenAPI 3.1 has outgrown: roles may be named for any scheme, not for OAuth only.
printf 'extends: ["spectral:oas"]\nrules:\n  oas3-operation-security-defined: off\n' >"$work/spectral.yml"
(cd "$work/node" && npx spectral lint "$contract" -r "$work/spectral.yml" --fail-severity=error)

step 'a service with made-up data'
cargo build --locked --quiet
rm -rf "$work/data"
"${CARGO_TARGET_DIR:-target}/debug/escalation-tracker" demo --listen 127.0.0.1:0 --data-dir "$work/data" \
    >"$work/service.log" 2>&1 &
service=$!
# Making up two years takes a minute, and on a busy machine ten.
until grep -q 'Stop with Ctrl-C' "$work/service.log"; do
    kill -0 "$service" || { cat "$work/service.log"; exit 1; }
    [ "$SECONDS" -lt 1800 ] || { echo 'the service did not start within half an hour' >&2; exit 1; }
    sleep 1
done
eval "$(grep '^export ' "$work/service.log")"
export URL POLICE SERVICES

step 'Python'
rm -rf "$work/python" && mkdir "$work/python"
# A warning means that a part of the contract is missing from the client.
"$work/venv/bin/openapi-python-client" generate --path "$contract" --meta none --output-path "$work/python/tracker_client" \
    --config "$root/tests/clients/python/config.yml" --fail-on-warning
cp "$root/tests/clients/python/round_trip.py" "$work/python/"
"$work/venv/bin/python" "$work/python/round_trip.py"

step 'TypeScript'
(cd "$work/node" && npx openapi-typescript "$contract" -o tracker.d.ts)
cp "$root/tests/clients/typescript/round_trip.ts" "$work/node/"
(cd "$work/node" && npx tsc --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --target es2022 \
    --module nodenext --moduleResolution nodenext --skipLibCheck round_trip.ts)
(cd "$work/node" && node round_trip.js)

step 'Rust'
rm -rf "$work/rust/client" && mkdir -p "$work/rust/src"
"$work/venv/bin/openapi-generator-cli" generate -i "$contract" -g rust -o "$work/rust/client" \
    --additional-properties=packageName=tracker_client >"$work/generator.log" 2>&1 || { cat "$work/generator.log"; exit 1; }
cp "$root/tests/clients/rust/Cargo.toml" "$work/rust/"
cp "$root/tests/clients/rust/round_trip.rs" "$work/rust/src/main.rs"
(cd "$work/rust" && cargo run --quiet)

step 'done: three clients built, each with a round trip'
