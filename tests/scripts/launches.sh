#!/bin/bash
# However mpirun is told of several hosts, a program that it starts as one rank has all of them: launches.sh CHECKOUT
# MULTIRANK. Uses hosts of its own; skipped (77) where hosts cannot be simulated.
set -euo pipefail
hosts=$1/cluster/hosts tool=$2

scratch=$(mktemp -d)
export MULTIRANK_HOSTS_DIR=$scratch/hosts MULTIRANK_HOSTS_SLOTS=2
unset MULTIRANK_HOSTS
trap '"$hosts" down >/dev/null; rm -rf "$scratch"' EXIT
code=0
"$hosts" up 3 || code=$?
[ "$code" = 0 ] || exit "$code"
cd "$(dirname "$tool")"
"$hosts" on node1 bash -c 'cd /tmp && printf "# two of three\n\nroot@node1   slots=1 max_slots=4\nnode3 slots=3\n" >some'

failed=0
expect() { # HOSTS NAME=VALUE... MPIRUN-OPTIONS...: `multirank info` says that those are asked for, and uses them
    local wanted=$1 output name environment=(OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
    shift
    while [[ ${1:-} == [A-Z]*=* ]]; do environment+=("$1") && shift; done
    output=$(cd "$scratch" && "$hosts" on node1 timeout 60 env --chdir=/tmp "${environment[@]}" \
        mpirun "$@" "$tool" info 2>&1) || output="code $?: $output"
    if [ -z "$wanted" ] && [[ $output == *versions* ]] && [[ $output != *"hosts asked for"* ]]; then
        echo "ok: $*: one host"
        return
    fi
    for name in ${wanted//,/ }; do
        # a host's places are told by its first rank
        if ! grep -q "hosts asked for: $wanted\$" <<<"$output" || ! grep -q "${name%:*}" <<<"${output#*machine}"; then
            echo "not ok: $*: not $wanted: $output" >&2
            failed=1
            return
        fi
    done
    echo "ok: $*: $wanted"
}

all=node1:2,node2:2,node3:2
expect "$all" -n 1 --hostfile /run/multirank/hostfile
expect "$all" --machinefile ../run/multirank/hostfile -np 1
expect "$all" -n 4 --hostfile /run/multirank/hostfile # fewer ranks than would reach all hosts
expect node1:1,node3:3 -n 1 -hostfile some
expect node1:3,node2:1 -n 1 -H node1,node2,node1:2
expect node2:2,node3:2 -n 1 --host node2:2,node3:2 # rank 0 is not where mpirun is
expect node1:2,node3:2 -n 1 --hostfile /run/multirank/hostfile --host node1,node3
expect "$all" OMPI_MCA_orte_default_hostfile=/run/multirank/hostfile -n 1
expect "$all" -n 1 --mca orte_default_hostfile /run/multirank/hostfile
expect node3:1,node2:1 MULTIRANK_HOSTS=node3:1,node2:1 -n 1 --hostfile /run/multirank/hostfile # what the user says
expect '' -n 1 --host node1:4
expect '' -n 1
exit "$failed"
