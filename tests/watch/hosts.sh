#!/bin/bash
# `multirank stack` on main's host tells of processes on other hosts, too: hosts.sh CHECKOUT MULTIRANK WATCHED. Uses
# hosts of its own; skipped (77) where hosts cannot be simulated.
set -euo pipefail
hosts=$1/cluster/hosts tool=$2 watched=$3

scratch=$(mktemp -d)
export MULTIRANK_HOSTS_DIR=$scratch/hosts
unset MULTIRANK_HOSTS
program=0
trap '[ "$program" = 0 ] || { kill "$program" && wait "$program"; } 2>/dev/null || true; "$hosts" down >/dev/null; rm -rf "$scratch"' EXIT
code=0
"$hosts" up 3 || code=$?
[ "$code" = 0 ] || exit "$code"
cd "$(dirname "$tool")"

"$hosts" run -t 60 "$watched" barrier >"$scratch/out" 2>&1 &
program=$!
for _ in $(seq 300); do
    if grep -q ready "$scratch/out"; then break; fi
    sleep 0.1
done
failed=0
told=$("$hosts" on node1 "$tool" stack 2>&1) || failed=1
for pattern in '^rank 0 \(MainProcess\), process [0-9]+ on node1|<- rank 0 \(MainProcess\), process [0-9]+ on node1' \
    '\((Ann|Ben)\), process [0-9]+ on node[23], core [0-9]+: waits for barrier [0-9]+, where 2 of 3 have come' \
    'barrier [0-9]+: 2 of 3 have come; 2 wait'; do
    if ! grep -Eq "$pattern" <<<"$told"; then
        echo "not ok: no '$pattern'" >&2
        failed=1
    fi
done
echo "$told"
exit "$failed"
