#!/bin/bash
# A program under gdb and valgrind, as README.md tells: debug.sh TOOL PROGRAM. The program is debugged.c.
set -euo pipefail
tool=$1 program=$2
scratch=$(mktemp -d)
export TMPDIR=$scratch # what gdb kills leaves its session's folder
running=''             # the program that waits for gdb
end() {
    [ -z "$running" ] || kill "$running" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap end EXIT

skip() { echo "skipped: $*" && exit 77; }
command -v gdb >/dev/null || skip "there is no gdb"
command -v valgrind >/dev/null || skip "there is no valgrind"
gdb -q -batch -ex 'break main' -ex run "$program" >"$scratch/may" 2>&1 || true
grep -q 'Breakpoint 1, ' "$scratch/may" || skip "gdb cannot trace a program here: $(tail -n 1 "$scratch/may")"

want() { # FILE TEXT...: each has to be in the file
    local text
    for text in "${@:2}"; do
        grep -q -- "$text" "$1" || { echo "'$text' is not in:" && cat "$1" && exit 1; }
    done
}

echo "==== multirank debug"
# At the end gdb may complain of a process that is being killed; what counts is that the breakpoints stop.
timeout -k 5 90 "$tool" debug -batch -ex 'break after_init' -ex 'break work' -ex run -ex 'bt 1' -ex continue -ex 'bt 1' \
    -ex 'print *(const int *)args' "$program" >"$scratch/gdb" 2>&1 || true
want "$scratch/gdb" 'hit Breakpoint.* after_init' 'hit Breakpoint.* work' ' = 7$'

echo "==== MULTIRANK_DEBUG_WAIT"
wait_for() { # NAME: runs the program, and attaches gdb when that process waits
    local pid='' i
    : >"$scratch/err"
    MULTIRANK_DEBUG_WAIT=$1 timeout -k 5 90 "$program" >"$scratch/out" 2>>"$scratch/err" &
    running=$!
    for ((i = 0; i < 300 && ${#pid} == 0; i++)); do
        pid=$(sed -n "s/^multirank: $1 waits .* gdb -p //p" "$scratch/err")
        sleep 0.1
    done
    [ -n "$pid" ] || { echo "$1 does not wait:" && cat "$scratch/err" && exit 1; }
    timeout -k 5 60 gdb -q -batch -p "$pid" -ex "break $2" -ex continue -ex 'bt 1' >"$scratch/attached" 2>&1
    want "$scratch/attached" "hit Breakpoint.* $2"
    wait "$running"
    running=''
    want "$scratch/out" 'exit code 7'
}
wait_for MainProcess after_init
wait_for Process-1 work
MULTIRANK_DEBUG_WAIT='Process-*' MULTIRANK_DEBUG_SECONDS=0.2 timeout -k 5 60 "$program" >"$scratch/out" 2>"$scratch/err"
want "$scratch/err" 'no debugger has come for Process-1'
want "$scratch/out" 'exit code 7'

echo "==== multirank debug --valgrind"
timeout -k 5 150 "$tool" debug --valgrind -q "$program" wrong >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/err" && exit 1; }
want "$scratch/err" 'Conditional jump or move depends on uninitialised value' ': work ('
want "$scratch/out" 'exit code 7'
