#!/usr/bin/env bash
# How long the Director's page takes, of a demonstration that is running:
#
#   cargo run --release -- demo          (in another terminal)
#   tests/speed/page.sh [http://127.0.0.1:8080]
#
# Signs in as the Director and reads the page of each of the last eight weeks eleven times. Prints the median and the
# slowest of each, in milliseconds, from the request to the last byte.
set -euo pipefail

base=${1:-http://127.0.0.1:8080}
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

curl -sf -o /dev/null -c "$jar" -b "$jar" -H "Origin: $base" \
    -d 'client_id=demo-director' -d 'return_to=/review' "$base/auth/choice"
printf '%-10s %8s %8s\n' week median slowest
for back in 1 2 3 4 5 6 7 8; do
    week=$(date -u -d "$((back * 7)) days ago" +%G-W%V)
    for _ in 1 2 3 4 5 6 7 8 9 10 11; do
        curl -sf -o /dev/null -b "$jar" -w '%{time_total}\n' "$base/review/$week"
    done | sort -n | awk -v week="$week" \
        '{ms[NR] = $1 * 1000} END {printf "%-10s %8.0f %8.0f\n", week, ms[int((NR + 1) / 2)], ms[NR]}'
done
