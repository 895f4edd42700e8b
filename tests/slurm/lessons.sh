#!/bin/bash
# Every lesson runs as a job, over two nodes.
. "$(dirname "$0")/lib.sh"

# All at the same time, as far as there is room.
run_lesson() { # NUMBER ARGUMENTS...
    local code=0
    "$slurm" run "$jobs/submit" --ntasks-per-node 1 "$jobs/lesson.sbatch" "$@" >"$1.out" 2>&1 || code=$?
    echo "$code" >"$1.code"
}
numbers=()
for example in "$build"/lessons/[0-9][0-9]-*/example; do
    [[ $example != */12-workshop/* ]] || continue # its job is the edges of a picture, below
    numbers+=("$(basename "$(dirname "$example")" | cut -c1-2)")
    run_lesson "${numbers[-1]}" &
done
numbers+=(12)
run_lesson 12 "$checkout/lessons/12-workshop/sample.jpg" edges.png &
wait
[ "$(head -c 4 edges.png | tail -c 3)" = PNG ] || wrong 'lesson 12 has written no picture'
for number in "${numbers[@]}"; do
    check "lesson $number: exit code" 0 "$(<"$number.code")"
    check "lesson $number: lines" '[1-9][0-9]*' "$(grep -vc '^submit:' "$number.out")"
    [ "$(<"$number.code")" = 0 ] || cat "$number.out"
done
submit "$jobs/lesson.sbatch" 99
check 'lesson 99' '1 lesson 99 has not been built here.*' "$code $output"
check_nothing_left 'after the lessons'
exit "$failed"
