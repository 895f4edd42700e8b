#!/bin/bash
# Processes keep to the CPUs that Slurm gives to their job, and are pinned there if it is theirs to decide.
. "$(dirname "$0")/lib.sh"
tour=$build/tests/slurm/tour
[ "$(nproc)" -ge 2 ] || {
    echo "skipped: it takes two CPUs"
    exit 77
}

cpus() { # of the first processes, sorted: "0 0 1 1"
    sed '/^one was killed/,$d' <<<"$1" | sed -n 's/.*, CPUs //p' | sort | paste -sd' '
}

submit "$jobs/tree.sbatch" "$tour"
check 'a CPU each' '0 0 1 1' "$(cpus "$output")"

# One of the two CPUs of each node: daemons and ranks of the other node have to stay there, too.
submit --ntasks-per-node 1 "$jobs/tree.sbatch" "$tour" more=2
check 'one CPU a node: exit code' 5 "$code"
check 'one CPU a node' '0 0' "$(cpus "$output")"
check 'one CPU a node, also with more processes than CPUs' '0' "$(sed -n 's/.*, CPUs //p' <<<"$output" | sort -u)"
MULTIRANK_PIN=none submit --ntasks-per-node=1 "$jobs/tree.sbatch" "$tour"
check 'one CPU a node, unpinned' '0 0' "$(cpus "$output")"

# Several CPUs a task: a process may use them all.
cat >wide.sbatch <<'END'
#!/bin/bash
#SBATCH --nodes=2 --ntasks-per-node=1 --cpus-per-task=2 --output=%x-%j.out
exec "$@"
END
submit wide.sbatch "$tour"
check 'two CPUs a task: size' '2 cores on 2 hosts' "$(head -n 1 <<<"$output")"
check 'two CPUs a task' '0,1 0,1' "$(cpus "$output")"

# Two processes on two nodes with two cores each: one on each, or packed on the first.
hosts() { sed '/^one was killed/,$d' <<<"$output" | sed -n 's/^process on \(node[0-9]\),.*/\1/p' | sort | paste -sd' '; }
submit "$jobs/tree.sbatch" env MULTIRANK_PLACE=evenly "$tour" count=2
check evenly 'node1 node2' "$(hosts)"
submit "$jobs/tree.sbatch" env MULTIRANK_PLACE=packed "$tour" count=2
check packed 'node1 node1' "$(hosts)"
submit "$jobs/tree.sbatch" env MULTIRANK_PLACE=around "$tour"
check 'no such placement' ".*There is no placement called 'around'.*" "$output"
exit "$failed"
