# What the tests of label slurm share: NAME.sh CHECKOUT BUILD, with a cluster of three nodes up (cluster/slurm). Each works
# in a folder of its own, below the build folder, since the nodes have each a /tmp of its own.
set -euo pipefail

checkout=$1 build=$2
slurm=$checkout/cluster/slurm jobs=$checkout/slurm
export MULTIRANK_BUILD=$build

"$slurm" sinfo >/dev/null 2>&1 || {
    echo "skipped: there is no Slurm here; what cluster/slurm up says tells why"
    exit 77
}

folder=$build/tests/slurm/$(basename "$0" .sh)
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

failed=0
wrong() {
    echo "not ok: $*" >&2
    failed=1
}

check() { # WHAT EXPECTED CAME: texts; the expected one is a pattern
    if [[ $3 =~ ^$2$ ]]; then
        echo "ok: $1: $3"
    else
        wrong "$1: '$3', not '$2'"
    fi
}

# Runs slurm/submit; sets code, and output to what the job has written.
submit() { # ARGUMENTS...
    code=0
    output=$("$slurm" run "$jobs/submit" "$@" 2>submit.log) || code=$?
    cat submit.log
    echo "$output"
}

# How many processes said that they run on a host: "2 node1, 2 node2".
processes_by_host() {
    sed -n 's/^process on \([a-z0-9]*\),.*/\1/p' <<<"$1" | sort | uniq -c | awk '{ print $1, $2 }' | paste -sd, | sed 's/,/, /g'
}

await() { # SECONDS COMMAND...: until it succeeds
    local until=$((SECONDS + $1))
    while ! "${@:2}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

state() { # JOB
    "$slurm" scontrol show job -o "$1" | sed -n 's/.* JobState=\([A-Z_]*\) .*/\1/p;q'
}
is_state() { [[ $(state "$1") =~ ^($2)$ ]]; } # JOB PATTERN

on_node() { MULTIRANK_HOSTS_DIR=$MULTIRANK_SLURM_DIR "$checkout/cluster/hosts" on "$@"; }

# The processes that jobs have on a node: all that are not its own.
job_processes() { # NODE
    on_node "$1" ps -eo pid=,comm=,args= | grep -Ev '^ *[0-9]+ (bash|sleep|sshd|munged|slurmd|ps) ' || true
}
has_no_job_processes() { [ -z "$(job_processes "$1")" ]; }

check_nothing_left() { # WHAT
    local node left
    for node in node1 node2 node3; do
        await 15 has_no_job_processes "$node" || wrong "$1: left on $node: $(job_processes "$node")"
        left=$(on_node "$node" find /tmp /dev/shm -mindepth 1 -maxdepth 1 -not -name 'ompi.*')
        [ -z "$left" ] || wrong "$1: files left on $node: $left"
    done
}
