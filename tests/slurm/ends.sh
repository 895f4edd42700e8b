#!/bin/bash
# How jobs end before their time: cancelled, out of time, out of time with a warning, and by the failure of a node. Nothing
# is left on any node.
. "$(dirname "$0")/lib.sh"
tour=$build/tests/slurm/tour primes=$build/slurm/primes

sbatch() { # FILE ARGUMENTS...: submits it with its output there, and sets job
    job=$("$slurm" sbatch --parsable --output="$folder/$1" "${@:2}")
    job=${job%%;*}
}
lines() { # FILE PATTERN COUNT: there are as many
    [ "$(grep -c "$2" "$1" 2>/dev/null)" = "$3" ]
}

# Waits until the processes of a job wait, as many as are said.
await_processes() { # FILE COUNT
    await 40 lines "$1" 'waits$' "$2" || wrong "$1: not $2 processes: $(cat "$1")"
}
await_state() { # JOB SECONDS PATTERN
    await "$2" is_state "$1" "$3" || true
    state "$1"
}

# ---- At the same time, since Slurm takes its time over each: out of time, with and without a warning ----
sbatch out-of-time --nodes=1 --ntasks-per-node=1 --time=1 --nodelist=node3 "$jobs/tree.sbatch" "$tour" stubborn
out_of_time=$job
sbatch limit --nodes=1 --ntasks-per-node=1 --nodelist=node3 --time=1 \
    "$jobs/limit.sbatch" nice -n 19 "$primes" 2000000000 20000 limit.done # hours of work
limit=$job
await_processes out-of-time 1

# ---- The failure of a node: the job starts again, on what is left, and goes on where it was ----
sbatch requeue "$jobs/requeue.sbatch" "$primes" 12000000 200 requeue.done
await 40 test -s requeue.done || wrong "requeue: $(cat requeue)"
"$slurm" off node1
check 'a node has failed' 'COMPLETED' "$(await_state "$job" 120 'COMPLETED|FAILED|CANCELLED')"
check 'a node has failed: starts' 'start 0 on node\[1-2\] start 1 on node\[2-3\]' "$(grep ^start requeue | paste -sd' ')"
done=$(sed -n 's/\([0-9]*\) of 200 blocks.*/\1/p' requeue | tail -n 1)
check 'a node has failed: done before' '[1-9][0-9]*' "$done"
check 'a node has failed: each block is counted once' '200 200' "$(wc -l <requeue.done) $(cut -d' ' -f1 requeue.done | sort -u | wc -l)"
check 'a node has failed: result' '788060 primes below 12000000' "$(tail -n 1 requeue)"
"$slurm" on node1
check 'the node is there again' '3' "$("$slurm" sinfo -h -N -t idle,mix,alloc -o %N | sort -u | wc -l)"

# ---- Cancelled ----
for launch in 'tree' 'tree mpirun -n 1' 'given'; do
    read -ra words <<<"$launch"
    sbatch cancelled "$jobs/${words[0]}.sbatch" "${words[@]:1}" "$tour" endless
    if [ "$launch" = given ]; then await_processes cancelled 3; else await_processes cancelled 4; fi
    "$slurm" scancel "$job"
    check "$launch, cancelled" CANCELLED "$(await_state "$job" 30 CANCELLED)"
    rm -f cancelled
done

# ---- Those from above ----
check 'out of time' TIMEOUT "$(await_state "$out_of_time" 120 'TIMEOUT|COMPLETED|FAILED|CANCELLED')"
has_gone_on() { [ "$(grep -c 'blocks were done already' limit)" -ge 2 ]; }
await 120 has_gone_on || true
check 'out of time, with a warning: not done at first' 'start 0: not done yet' "$(grep -m 1 '^start' limit)"
check 'out of time, with a warning: goes on' '0 [1-9][0-9]*' \
    "$(sed -n 's/ of 20000 blocks were done already//p' limit | head -n 2 | paste -sd' ')"
"$slurm" scancel "$limit"
check 'out of time, with a warning, cancelled' CANCELLED "$(await_state "$limit" 30 CANCELLED)"
check_nothing_left 'in the end'
exit "$failed"
