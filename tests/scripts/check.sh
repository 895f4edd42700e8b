#!/bin/bash
# cluster/check finds what is wrong, and only that: check.sh CHECKOUT PROGRAM. Uses hosts of its own, and spoils one
# thing after the other there; skipped (77) where hosts cannot be simulated.
set -euo pipefail
hosts=$1/cluster/hosts check=$1/cluster/check

scratch=$(mktemp -d)
export MULTIRANK_HOSTS_DIR=$scratch/hosts
trap '"$hosts" down >/dev/null; rm -rf "$scratch"' EXIT
code=0
"$hosts" up 3 || code=$?
[ "$code" = 0 ] || exit "$code"
mkdir "$scratch/shared"
cp "$2" "$scratch/shared/program"
cd "$scratch/shared"
list=/run/multirank/hostfile
failed=0

expect() { # EXIT-CODE PATTERN CHECK-ARGUMENTS...: a line matches, and no other than that tells of a problem or a note
    local code=0 output others
    output=$("$hosts" on node1 "$check" "${@:3}" 2>&1) || code=$?
    others=$(grep -E ' (PROBLEM|note) ' <<<"$output" | grep -Evc "$2") || true
    if [ "$code" != "$1" ] || [ "$others" != 0 ] || ! grep -Eq "$2" <<<"$output"; then
        echo "not ok: code $code, not $1; or not (only) '$2': $output" >&2
        failed=1
    else
        echo "ok: $2"
    fi
}

spoil() { # NODE PATH: the file there is replaced by the one named spoilt
    "$hosts" on "$1" mount --bind "$PWD/spoilt" "$2"
}

restore() { "$hosts" on "$1" umount "$2"; } # NODE PATH

expect 0 '^These machines can run Multirank together.$' $list ./program
expect 2 'usage|PROBLEM|note' $list
expect 2 'cannot read the host file' nothing ./program
expect 2 'is no program' $list ./nothing

{ cat "$MULTIRANK_HOSTS_DIR/hostfile" && echo 'nowhere slots=2 # it has no address'; } >list
expect 1 'ssh .*PROBLEM.*nowhere: .*nowhere' list ./program

: >spoilt
spoil node2 /usr/bin/orted
expect 1 'orted .*PROBLEM.*: node2$' $list ./program
restore node2 /usr/bin/orted

hwloc=$(readlink -f "$(ldd program | sed -n 's|.*libhwloc.*=> \(.*\) (.*|\1|p')")
cp "$hwloc" spoilt && echo >>spoilt
spoil node3 "$hwloc"
expect 1 'hwloc .*PROBLEM.*node3' $list ./program
restore node3 "$hwloc"

cp "$(type -P true)" spoilt && chmod +x spoilt
spoil node3 "$PWD/program"
expect 1 'program .*PROBLEM .*not the same build.*node3' $list ./program
restore node3 "$PWD/program"

"$hosts" on node3 ip route add unreachable 10.78.0.2/32
expect 1 'connections .*PROBLEM .*node2 to node3, node3 to node2' $list ./program
"$hosts" on node3 ip route del unreachable 10.78.0.2/32

cp "$(type -P date)" real-date
printf '#!/bin/sh\nexec "%s/real-date" --date="100 seconds" "$@"\n' "$PWD" >spoilt && chmod +x spoilt real-date
spoil node2 "$(readlink -f "$(type -P date)")"
expect 0 'clocks .*note' $list ./program
restore node2 "$(readlink -f "$(type -P date)")"

for node in node1 node2 node3; do "$hosts" on "$node" cp ./program /tmp/program; done
expect 0 'files .*note .*node2 node3' $list /tmp/program
exit "$failed"
