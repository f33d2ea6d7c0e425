#!/usr/bin/env bash
# Whether other people's programs accept our webhooks (T-WH1): real deliveries of the service, verified with the reference
# libraries of Standard Webhooks for Python and Node, parsed with the CloudEvents libraries of both, and the public-key
# signature verified with the standard cryptography of both. Needs cargo, python3 with venv, and npm; what it installs
# goes into a folder that is deleted.
#
#   tests/clients/webhooks.sh
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet standardwebhooks==1.0.1 cloudevents==2.2.0 cryptography
cp "$root/tests/clients/webhooks.mjs" "$work/"
(cd "$work" && npm install --silent --no-fund --no-audit standardwebhooks@1.1.1 cloudevents@10)

# Last, because the libraries refuse what is older than five minutes.
(cd "$root" && WEBHOOK_DELIVERIES="$work" cargo test --test api -- --ignored --exact \
    webhook_clients::writes_real_deliveries_for_the_public_libraries)
"$work/python/bin/python" "$root/tests/clients/webhooks.py" "$work"
node "$work/webhooks.mjs" "$work"
