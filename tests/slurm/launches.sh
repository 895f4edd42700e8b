#!/bin/bash
# Programs as jobs, in every way that slurm/ offers: where their processes run, and what comes back.
. "$(dirname "$0")/lib.sh"
tour=$build/tests/slurm/tour primes=$build/slurm/primes

expect_tour() { # WHAT HOSTS: of one that went well; its first processes are by host as said
    check "$1: exit code" 5 "$code"
    check "$1: hosts" "$2" "$(processes_by_host "$(sed '/^one was killed/,$d' <<<"$output")")"
    check "$1: a process that was killed" 'one was killed' "$(grep '^one was killed' <<<"$output")"
    check "$1: Slurm took no notice" 0 "$(grep -c 'slurmstepd' <<<"$output")"
}

# One tree of processes: without launcher, under mpirun -n 1, and under mpirun -n N. More than there are cores, too.
submit "$jobs/tree.sbatch" "$tour" more=5
expect_tour tree '2 node1, 2 node2'
check 'tree: size' '4 cores on 2 hosts' "$(head -n 1 <<<"$output")"
submit --nodes 3 "$jobs/tree.sbatch" mpirun -n 1 "$tour"
expect_tour 'tree, mpirun -n 1' '2 node1, 2 node2, 2 node3'
submit --nodes=3 --ntasks-per-node=1 "$jobs/tree.sbatch" mpirun -n 3 "$tour"
expect_tour 'tree, mpirun -n 3' '1 node1, 1 node2, 1 node3'

# Started by srun. One more process than ranks is told so; what needs no spawn works.
submit "$jobs/given.sbatch" "$tour" linger=4
expect_tour given '1 node1, 2 node2'
check 'given: size' '3 cores on 2 hosts' "$(head -n 1 <<<"$output")"
submit "$jobs/given.sbatch" "$tour" more=1
check 'given, one too many: exit code' 3 "$code"
check 'given, one too many: sentence' 'MR_ELAUNCH: 1 more ranks are needed, but of the 3 that srun .* larger srun -n.*' \
    "$(grep ^MR_ <<<"$output")"
submit "$jobs/given.sbatch" "$primes" 100000 12 checkpoint
check 'given, a pool: exit code' 0 "$code"
check 'given, a pool: result' '9592 primes below 100000' "$(tail -n 1 <<<"$output")"

submit "$jobs/tree.sbatch" srun --mpi=none -n 2 "$tour"
check 'srun without PMIx' 'srun has started 2 tasks that know nothing of each other.*' "$(grep -m 1 'srun has' <<<"$output")"
submit "$jobs/tree.sbatch" srun --mpi=pmix -n 1 -N 1 "$tour" count=2
check 'srun -n 1 spawns' '1 node1, 1 node2' "$(processes_by_host "$(sed '/^one was killed/,$d' <<<"$output")")"

# An array: each run has its own arguments, the largest exit code counts.
printf '%s\n' 'exit 0' 'exit 6' 'exit 4' 'kill -KILL $$' >parameters
# shellcheck disable=SC2016 # the job's
submit "$jobs/array.sbatch" parameters bash -c 'echo "run $SLURM_ARRAY_TASK_ID: $*"; eval "$*"' run
check 'array: exit code' 137 "$code"
check 'array: arguments' 'run 1: exit 0 run 2: exit 6 run 3: exit 4 run 4: kill -KILL [$][$]' \
    "$(cat array-*.out | sort | paste -sd' ')"
rm array-*.out
printf '%s\n' 1000 2000 3000 4000 >parameters
submit "$jobs/array.sbatch" parameters sh -c '"$0" "$1" 4 "checkpoint-$1"' "$primes"
check 'array of pools: exit code' 0 "$code"
check 'array of pools: results' '168 primes below 1000 303 primes below 2000 430 primes below 3000 550 primes below 4000' \
    "$(cat array-*.out | grep primes | sort -n | paste -sd' ')"

# What comes back.
submit "$jobs/tree.sbatch" ./no-such-program
check 'no such program: exit code' 127 "$code"
submit "$folder/no-such-script"
check 'no such script' '1 .*no-such-script.*the job was not accepted.*' "$code $(paste -sd' ' submit.log)"
submit --nodes 4 "$jobs/tree.sbatch" true
check 'more nodes than there are' '1 .*the job was not accepted.*' "$code $(tail -n 1 submit.log)"


# Options for Slurm stand before the script, with their values as sbatch takes them; what follows is the program's.
submit --partition=none "$jobs/tree.sbatch" true
check 'an option of sbatch' '1 .*invalid partition.*' "$code $(paste -sd' ' submit.log)"
submit --no-such-option "$jobs/tree.sbatch" true
check 'no option of sbatch' '1 .*unrecognized option.*' "$code $(paste -sd' ' submit.log)"
# shellcheck disable=SC2016 # the job's
submit --nodes 1 --job-name 'some name' -t 5 "$jobs/tree.sbatch" \
    bash -c 'echo "$SLURM_JOB_NAME, $SLURM_JOB_NUM_NODES: $*"' program --nodes=3 --partition x --mem 1G -- --time 7
check 'the program has its own options, and the output file a blank in its name' '0 some name, 1: --nodes=3 --partition x --mem 1G -- --time 7' "$code $output"
submit --version
check 'what submits nothing' '0 slurm.*' "$code $output"

# The components of a heterogeneous job do not reach each other.
submit --nodes 1 : --nodes 2 "$jobs/tree.sbatch" "$tour"
check 'heterogeneous: exit code' 1 "$code"
check 'heterogeneous: what it says' '.*heterogeneous Slurm job of 2 components.*' "$(paste -sd' ' <<<"$output")"
# shellcheck disable=SC2016 # the job's
submit --nodes 1 : --nodes 2 "$jobs/tree.sbatch" bash -c 'MULTIRANK_HOSTS=$SLURM_JOB_NODELIST:2 exec "$0"' "$tour"
check 'heterogeneous, but hosts are named: exit code' 5 "$code"
check 'heterogeneous, but hosts are named: processes' '[1-9] node1' "$(processes_by_host "$output")"

check_nothing_left 'after all launches'
exit "$failed"
