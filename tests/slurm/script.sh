#!/bin/bash
# cluster/slurm keeps what its help promises, with the cluster that is up and one of its own.
. "$(dirname "$0")/lib.sh"

expect() { # EXIT-CODE PATTERN COMMAND...: what it prints, in one line, matches the pattern
    local came=0 printed
    printed=$("${@:3}" 2>&1) || came=$?
    printed="$(tr '\n' ' ' <<<"$printed")"
    check "${*:3}" "$1 $2" "$came $printed"
}
machine() { # what must not change on it
    ls -lR --time-style=full-iso /etc/slurm /etc/munge /run/munge /var/lib/munge /var/log/munge 2>/dev/null | sha256sum
    ip link 2>/dev/null | sed 's/^[0-9]*//' | sha256sum
}

expect 0 '.*cluster/slurm up N.*' "$slurm" help
expect 1 '.*there is no command nonsense.*' "$slurm" nonsense
expect 0 '.*3 nodes are up already ' "$slurm" up 3
expect 1 '.*3 nodes are up, not 2.*' "$slurm" up 2
expect 1 '.*usage: cluster/slurm up N.*' "$slurm" up 0
expect 1 '.*no such node.*' "$slurm" off node4
expect 1 '.*no such node.*' "$slurm" on head
expect 0 "head $folder " "$slurm" run sh -c 'hostname; pwd'
expect 0 'node1 node2 node3 ' sh -c '"$0" srun -Q -N 3 hostname | sort' "$slurm"
expect 1 '.*this is a host itself.*' "$slurm" run "$slurm" up 1

# One of its own comes up, works, and leaves nothing.
before=$(machine)
scratch=$(mktemp -d)
export MULTIRANK_SLURM_DIR="$scratch/state of slurm"
trap '"$slurm" down >/dev/null; rm -rf "$scratch"' EXIT
expect 0 '.*no cluster is up.*' "$slurm" down
expect 1 '.*no cluster is up.*' "$slurm" sinfo
MULTIRANK_SLURM_CPUS=x expect 1 '.*MULTIRANK_SLURM_CPUS must be a number.*' "$slurm" up 1
expect 0 '.*up: node1 to node1.*' "$slurm" up 1
expect 0 'node1 ' "$slurm" srun hostname
"$slurm" srun sleep 1000 &
runs_a_job() { "$slurm" squeue -h | grep . >/dev/null; }
await 10 runs_a_job || wrong 'no job was started'
daemons=$(cat "$MULTIRANK_SLURM_DIR"/*.pid | wc -l)
check 'hosts and switch' 3 "$daemons"
namespaces=$(for pid in $(cut -d' ' -f1 "$MULTIRANK_SLURM_DIR"/*.pid); do readlink "/proc/$pid/ns/net"; done)
expect 0 '.*down ' "$slurm" down
wait || true
[ ! -e "$MULTIRANK_SLURM_DIR" ] || wrong 'the state folder is left'
left=$({ find /proc/[0-9]*/ns/net -maxdepth 0 -printf '%l\n' 2>/dev/null || true; } | sort -u | grep -xF "$namespaces") || true
[ -z "$left" ] || wrong "namespaces are left: $left"
check 'the machine is as it was' "$before" "$(machine)"
exit "$failed"
