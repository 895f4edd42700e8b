#!/bin/bash
# Time-outs do not mind that the hosts' clocks have nothing to do with each other: clocks.sh CHECKOUT TEST-PITFALLS.
# Uses hosts of its own, with clocks that are hours apart; skipped (77) where hosts cannot be simulated.
set -euo pipefail
hosts=$1/cluster/hosts

scratch=$(mktemp -d)
export MULTIRANK_HOSTS_DIR=$scratch/hosts MULTIRANK_HOSTS_CLOCKS=apart
trap '"$hosts" down >/dev/null; rm -rf "$scratch"' EXIT
unshare --time --monotonic 10000 --fork true 2>/dev/null || { echo "clocks cannot be set apart here" && exit 77; }
code=0
"$hosts" up 2 || code=$?
[ "$code" = 0 ] || exit "$code"
mkdir "$scratch/shared"
cd "$scratch/shared"
"$hosts" run -t 60 "$2" --scenario pitfalls.clocks 3 "$PWD"
echo "ok: the other host's clock shows $(<apart) s more"
