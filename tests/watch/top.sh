#!/bin/bash
# `multirank top` and `multirank stack` say what goes on in programs of this user, and only those: top.sh MULTIRANK
# WATCHED. What only root can try is left out for others.
set -euo pipefail
tool=$1 watched=$2
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent)
scratch=$(mktemp -d)
chmod 755 "$scratch"
failed=0 program=0
end() {
    [ "$program" = 0 ] || { kill "$program" 2>/dev/null && wait "$program" 2>/dev/null; } || true
    program=0
}
trap 'end; rm -rf "$scratch"' EXIT

run() { # KIND [COMMAND...]: starts a program, and waits until it is where it is to be looked at
    end
    "${@:2}" "$watched" "$1" >"$scratch/out" 2>&1 &
    program=$!
    for _ in $(seq 300); do
        if grep -qx ready "$scratch/out"; then return; fi
        sleep 0.1
    done
    echo "not ok: the program $1 did not come up:" >&2
    cat "$scratch/out" >&2
    exit 1
}

expect() { # CODE PATTERN COMMAND...: what it writes has that on a line
    local code=0
    "${@:3}" >"$scratch/told" 2>&1 </dev/null || code=$?
    if [ "$code" = "$1" ] && grep -Eq -- "$2" "$scratch/told"; then
        echo "ok: $2"
    else
        echo "not ok: code $code, not $1; or no '$2' in what ${*:4:2} says:" >&2
        cat "$scratch/told" >&2
        failed=1
    fi
}

tells() { # PATTERN: the same of what has just been written
    expect 0 "$1" cat "$scratch/told.kept"
}

look() { # stack|top PATTERN...
    "$tool" "$1" "$program" >"$scratch/told.kept" 2>&1 || failed=1
    for pattern in "${@:2}"; do tells "$pattern"; done
}

run locks
circle='^A circle of waits \(deadlock\):$'
step() { echo "^  rank [12] \\($1\\) waits for lock [0-9]+, held by rank [12] \\($2\\)\$"; } # WHO WHOM
look stack "$circle" "$(step Ann Ben)" "$(step Ben Ann)" '^lock [0-9]+: held by rank [12] \(Ann\); 1 waits' \
    '<- rank 0 \(MainProcess\), .*waits for the end of rank [12] \(Ben\)'
look top "$circle" "$(step Ann Ben)" '^ +[12] Ann .* waits .* DEADLOCK: lock [0-9]+, held by rank [12] \(Ben\)' \
    '^ +0 MainProcess +.*M the end of rank [12]'
rank=$(sed -n 's/^ *[12] Ann *\([0-9]*\) .*/\1/p' "$scratch/told.kept")
expect 0 "$circle" "$tool" stack "$rank"
sleep 60 &
expect 1 "process $! is not part of a Multirank program" "$tool" stack "$!"
kill "$!"
expect 1 'is not the number of a process' "$tool" stack x1
expect 1 'there is no process 99999999' "$tool" stack 99999999
expect 2 'takes the number of one process' "$tool" top 1 2
if [ "$(id -u)" = 0 ]; then
    expect 1 "process $program is of user root; one can look only at one's own" "${nobody[@]}" "$tool" stack "$program"
fi
run barrier
look stack '^rank [0-9]+ \(Ann\), .*waits for barrier [0-9]+, where 2 of 3 have come$' '^barrier [0-9]+: 2 of 3 have come; 2 wait' \
    '^rank [0-9]+ \(Tim\), .*waits for nothing of Multirank; sleeps'

run queue
look top 'Putter .*room in queue [0-9]+, which is full \(3 items\)' '^queue [0-9]+: 3 items of at most 3' \
    'Waiter\?\[2J .*event [0-9]+ to be set'
run pipe
look stack 'Reader\), .*waits for a message through pipe [0-9]+ from rank 0 \(MainProcess\)'
run pool
look top 'PoolWorker-[12] .* [0-9]+ +work of pool [0-9]+' '^pool [0-9]+: 100 of 100 tasks done, 2 workers, 0 at work'
[ "$(awk '$2 ~ /^PoolWorker/ { sum += $8 } END { print sum }' "$scratch/told.kept")" = 100 ] || {
    echo "not ok: the workers' tasks are not 100" >&2
    failed=1
}

# Where all is well nobody is said to be in a circle, however quickly things change while they are looked at.
run busy
for _ in $(seq 10); do
    look stack 'rank [0-9]+ \(Ann\)' '^lock|^queue [0-9]+: [0-3] items of at most 3'
    if grep -E 'circle|DEADLOCK' "$scratch/told.kept" >&2; then
        echo "not ok: there is no circle" >&2
        failed=1
    fi
done

# On a terminal it goes on until the program has ended, and then puts everything back.
run short
code=0
mkfifo "$scratch/keys"
exec 9<>"$scratch/keys" # nobody types anything
timeout 30 script -qec "'$tool' top $program" /dev/null <&9 >"$scratch/screen" 2>&1 || code=$?
if [ "$code" = 0 ] && grep -q 'MainProcess' "$scratch/screen" && grep -q 'has ended' "$scratch/screen" &&
    grep -qF $'\033[?1049l' "$scratch/screen"; then
    echo "ok: watched until its end"
else
    echo "not ok: watched until its end, code $code:" >&2
    cat -v "$scratch/screen" >&2
    failed=1
fi
wait "$program" || { echo "not ok: the program was disturbed" >&2 && failed=1; }
program=0

# Without a number it is this user's only program: tried by a user who has no others.
if [ "$(id -u)" = 0 ]; then
    stranger=(setpriv --reuid=64999 --regid=64999 --clear-groups env HOME=/nonexistent)
    expect 1 'no Multirank program of yours' "${stranger[@]}" "$tool" top
    run locks "${stranger[@]}"
    expect 0 "$(step Ben Ann)" "${stranger[@]}" "$tool" stack
    expect 0 "$(step Ben Ann)" "$tool" stack "$program"
    first=$program program=0
    run barrier "${stranger[@]}"
    expect 1 'several .*say which' "${stranger[@]}" "$tool" top
    expect 1 '^  [0-9]+  .*watched locks' "${stranger[@]}" "$tool" stack
    end
    program=$first
fi
end
exit "$failed"
