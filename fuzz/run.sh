#!/usr/bin/env bash
# Searches for input that breaks a reader of hostile input: each target for so many seconds, one after the other.
#
#   fuzz/run.sh 60                 # every target for a minute
#   fuzz/run.sh 3600 import_csv    # one for an hour
#
# Needs a nightly toolchain and cargo-fuzz, and says how to get them. What is found lies in fuzz/artifacts/TARGET; what is
# learnt on the way in fuzz/corpus/TARGET, and the next run goes on from there. What must hold is in src/fuzzing.rs; the
# same functions run over the seeds and a few thousand inputs in `cargo test`, without any of this.
set -euo pipefail
cd "$(dirname "$0")"
version=0.13.2

seconds=${1:?say for how many seconds each target may run}
case $seconds in *[!0-9]* | '') echo "seconds must be a whole number, and are '$seconds'" >&2; exit 2 ;; esac
shift
missing() { echo "NOT RUN: fuzz/run.sh needs $1; type: $2" >&2; exit 2; }
cargo +nightly --version >/dev/null 2>&1 || missing 'a nightly toolchain' 'rustup toolchain install nightly'
cargo +nightly fuzz --version >/dev/null 2>&1 ||
    missing "cargo-fuzz $version" "cargo +nightly install --locked cargo-fuzz@$version"

# No sanitizer: the service has no unsafe code, and without one there are ten times as many inputs a second.
 cargo +nightly fuzz build --fuzz-dir . --sanitizer none
if [ $# -gt 0 ]; then targets=$*; else targets=$(cargo +nightly fuzz list --fuzz-dir .); fi
failed=
for target in $targets; do
    [ -f "fuzz_targets/$target.rs" ] || { echo "there is no target $target; there are: $(echo fuzz_targets/*.rs)" >&2; exit 2; }
    mkdir -p "corpus/$target"
    echo "== $target, $seconds s"
    if cargo +nightly fuzz run --fuzz-dir . --sanitizer none "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 >"corpus/$target.log" 2>&1; then
        grep -E 'stat::number_of_executed_units|stat::peak_rss_mb' "corpus/$target.log"
    else
        tail -n 30 "corpus/$target.log"
        failed="$failed $target"
    fi
done
[ -z "$failed" ] || { echo "FAILED:$failed; the inputs are in fuzz/artifacts" >&2; exit 1; }
echo 'nothing found'
