#!/bin/bash
# cluster/hosts keeps what its help promises: hosts.sh CHECKOUT. Uses hosts of its own; skipped (77) where hosts cannot
# be simulated.
set -euo pipefail
hosts=$1/cluster/hosts

scratch=$(mktemp -d)
export MULTIRANK_HOSTS_DIR="$scratch/state of hosts" MULTIRANK_HOSTS_SLOTS=3
unset MULTIRANK_HOSTS
trap '"$hosts" down >/dev/null; rm -rf "$scratch"' EXIT
cd "$scratch"

failed=0
wrong() {
    echo "not ok: $*" >&2
    failed=1
}

expect() { # EXIT-CODE PATTERN COMMAND...: what it prints, in one line, matches the pattern
    local code=0 output
    output=$("${@:3}" 2>&1) || code=$?
    output=$(tr '\n' ' ' <<<"$output")
    if [ "$code" != "$1" ] || ! [[ $output =~ $2 ]]; then
        wrong "${*:3}: exit code $code, not $1, or not '$2': $output"
    else
        echo "ok: ${*:3}"
    fi
}

# All namespaces that any process is in. find complains of each process that ends in the meantime.
namespaces() { { find /proc/[0-9]*/ns/* -maxdepth 0 -printf '%l\n' 2>/dev/null || true; } | sort -u; }
# shellcheck disable=SC2317 # called by expect
ssh_to() { "$hosts" on node1 ssh -o ConnectTimeout=2 "$1" hostname; }
milliseconds() { # COMMAND...
    local start
    start=$(date +%s%3N)
    "$@" >/dev/null || true
    echo $(($(date +%s%3N) - start))
}

expect 0 'no hosts are up' "$hosts" down
expect 1 'no hosts are up' "$hosts" run hostname

code=0
"$hosts" up 3 || code=$?
[ "$code" = 0 ] || exit "$code"
for holder in "$MULTIRANK_HOSTS_DIR"/*.pid; do
    read -r pid started <"$holder"
    for kind in net uts ipc mnt pid_for_children; do
        [ "$(readlink "/proc/$pid/ns/$kind")" = "$(readlink "/proc/self/ns/$kind")" ] ||
            readlink "/proc/$pid/ns/$kind" >>theirs
    done
    echo "ok: $(basename "$holder" .pid) is process $pid, started at $started"
done
[ "$(sort -u theirs | wc -l)" = 18 ] || wrong "three hosts with 5 namespaces each, and a switch with 3: $(sort theirs)"
expect 0 'up already' "$hosts" up 3
expect 1 '3 hosts are up, not 2' "$hosts" up 2
other() { # ARGUMENTS...: as an ordinary user, who may not be allowed to read the checkout
    setpriv --reuid 65534 --regid 65534 --clear-groups bash -s "$@" <"$hosts"
}
chmod 755 "$scratch"
for command in 'up 2' 'up 3' down 'run true' 'on node1 true'; do
    # shellcheck disable=SC2086 # words
    expect 1 'only root may' other $command
done

# Each host is itself, and sees the checkout and the folder that the command was started in.
expect 0 '^node2 $' "$hosts" on node2 hostname
expect 0 "^$scratch $" "$hosts" on node2 pwd
expect 0 'laptop' "$hosts" on node3 ls "$1/cluster"
expect 0 '^node3 $' ssh_to node3
"$hosts" on node1 touch /tmp/mine /dev/shm/mine /run/mine
expect 2 '' "$hosts" on node2 ls /tmp/mine /dev/shm/mine /run/mine
expect 1 'no such host: node4' "$hosts" on node4 true

# The three launches, the program's own exit code, the time limit. The program lies under a /tmp that is hidden.
cat >program <<'END'
#!/bin/sh
echo "$(hostname) of $OMPI_COMM_WORLD_SIZE, $MULTIRANK_HOSTS, $MULTIRANK_TEST"
exit "$1"
END
chmod 755 program
export MULTIRANK_TEST='a b'
expect 5 '^node1 of , node1:3,node2:3,node3:3, a b $' "$hosts" run ./program 5
expect 6 '^node1 of 1, , a b ' "$hosts" run -n 1 ./program 6
expect 0 'node2 of 6, , a b ' "$hosts" run -n 6 ./program 0
expect 0 '^node1 node1 node2 node2 node3 node3 $' bash -c '"$1" run -n 6 hostname | sort' bash "$hosts"
cp "$(type -P sleep)" sleeper
expect 124 '' "$hosts" run -t 1 ./sleeper 60
expect 1 '' "$hosts" on node1 bash -c 'grep -qx sleeper /proc/[0-9]*/comm'
expect 1 'no such program' "$hosts" run ./nothing

# Cables. An ssh connection starts with several packets to and fro, one after the other: with 50 ms each way, over 200.
"$hosts" cut node2
expect 255 'timed out' ssh_to node2
expect 0 'node3' ssh_to node3
"$hosts" heal node2
expect 0 'node2' ssh_to node2
"$hosts" delay node2 50000
slow=$(milliseconds ssh_to node2)
[ "$slow" -ge 200 ] || wrong "ssh to node2 with a delay of 50 ms each way: $slow ms"
"$hosts" cut node2
"$hosts" delay node2 off
expect 255 'timed out' ssh_to node2
"$hosts" heal node2
expect 0 'node2' ssh_to node2
"$hosts" delay node2 0 100%
expect 255 'timed out' ssh_to node2

"$hosts" kill node3
expect 255 'timed out' ssh_to node3
expect 1 'node3 was switched off' "$hosts" on node3 true
expect 1 'node3 was switched off' "$hosts" up 3
expect 1 'node1 is up' "$hosts" boot node1
expect 0 'node3 is up' "$hosts" boot node3
expect 0 '^node3 $' ssh_to node3
expect 2 '' "$hosts" on node3 ls /tmp/mine
expect 0 'up already' "$hosts" up 3

"$hosts" on node1 setsid sleep 1000 &
stays=$!
sleep 0.2
"$hosts" down
wait "$stays" || true
[ ! -e "$MULTIRANK_HOSTS_DIR" ] || wrong "the state folder is left"
left=$(namespaces | grep -xFf theirs) || true
[ -z "$left" ] || wrong "namespaces are left: $left"
exit "$failed"
