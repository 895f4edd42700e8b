#!/bin/bash
# `multirank info` numbers processes over all hosts, as they are numbered when they are started: info.sh CHECKOUT
# MULTIRANK. Uses hosts of its own; skipped (77) where hosts cannot be simulated.
set -euo pipefail
hosts=$1/cluster/hosts tool=$2

scratch=$(mktemp -d)
export MULTIRANK_HOSTS_DIR=$scratch/hosts MULTIRANK_HOSTS_SLOTS=2
unset MULTIRANK_HOSTS
trap '"$hosts" down >/dev/null; rm -rf "$scratch"' EXIT
code=0
"$hosts" up 2 || code=$?
[ "$code" = 0 ] || exit "$code"
cd "$(dirname "$tool")"

failed=0
output=$("$hosts" run -t 60 "$tool" info 2>&1) || failed=1
numbers=$(sed -n 's/^ *process \([0-9]*\) on core.*/\1/p' <<<"$output")
if [ -z "$numbers" ] || [ "$(sort -n <<<"$numbers")" != "$(seq "$(wc -l <<<"$numbers")")" ]; then
    echo "not ok: processes of all hosts are not numbered from 1 on:" >&2
    failed=1
fi
if grep -E '(^|[^0-9])1 (cores|hardware threads|processes|ranks)|threads [0-9]+\)?$' <<<"$output" >&2; then
    echo "not ok: one is no plural" >&2
    failed=1
fi
echo "$output"
exit "$failed"
