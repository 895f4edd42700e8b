/* What a Slurm job has been given: nodes, tasks and CPUs, as the environment of its processes tells. Knows nothing
 * of ranks. */
#ifndef MR_SLURM_H
#define MR_SLURM_H

#include "multirank.h"

/* Whether this process belongs to a Slurm job. */
bool mr__slurm_is_job(void);

/* The nodes of the job's allocation, each with the number of its tasks: "node1:2,node2:2"; "" outside of a job.
 * Where the job has not asked for tasks, or srun hides how many, a node has as many as its CPUs make at
 * --cpus-per-task. Errors: MR_ELAUNCH (what Slurm says cannot be understood, or is too long; the job is
 * heterogeneous: Open MPI's daemons reach one component only). */
mr_status mr__slurm_hosts(char *hosts, size_t size);

/* How many hosts the ranks are on that srun has started. */
int mr__slurm_step_hosts(void);

/* How many of so many hardware threads of this host are the job's: all outside of a job, and where Slurm binds its
 * processes to their CPUs. */
int mr__slurm_cpus(int threads);

/* Whether a process may be pinned to one of so many hardware threads: not if some of them are other jobs', which
 * Slurm does not tell apart, and not if the job wants several CPUs a task. */
bool mr__slurm_lets_pin(int threads);

/* The environment for our own runtime, which starts its daemons by srun on so many nodes ("node2,node3"; none:
 * ""). */
mr_status mr__slurm_prepare_runtime(const char *nodes, int count);

#endif
