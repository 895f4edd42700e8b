/* How this program was started, and the environment that Open MPI is to find in each case. */
#ifndef MR_LAUNCH_H
#define MR_LAUNCH_H

#include "launch/session.h"
#include "transport/links.h"

enum { MR__HOSTS_SIZE = 1 << 16 }; /* for some thousand hosts */

typedef enum mr__launch_kind {
    MR__LAUNCH_ALONE,  /* no launcher: this is main; ranks are spawned */
    MR__LAUNCH_MPIRUN, /* mpirun -n N: the same, after leaving mpirun's runtime for one of our own, see
                          src/README.md */
    MR__LAUNCH_GIVEN,  /* srun -n N, N > 1: rank 0 is main, the others are there already, no more can be had */
    MR__LAUNCH_SPAWNED /* a rank that main has spawned */
} mr__launch_kind;

typedef struct mr__launch {
    mr__launch_kind kind;
    int rank;                   /* GIVEN, MPIRUN: as the launcher counts; SPAWNED: in its batch */
    int size;                   /* GIVEN, MPIRUN: ranks that the user asked for, main included */
    char cpus[256];             /* MPIRUN: hardware threads that mpirun --cpu-set allows; "": all */
    bool many_hosts;            /* ranks may be on other hosts */
    char hosts[MR__HOSTS_SIZE]; /* ALONE, MPIRUN: "node1:2,node2:2" to spawn over; "": this host only */
    int given_hosts;            /* GIVEN: hosts that the ranks are on */
    bool is_job;                /* the hosts are a Slurm job's: no more processes there than its tasks */
    mr__session session;        /* ALONE, MPIRUN */
    mr__address hub;            /* SPAWNED: where main's hub is */
    uint64_t batch;             /* SPAWNED: number of its batch */
    int words;                  /* SPAWNED: holds what it writes while it comes up (last_words.h); -1: none */
    double start_timeout;       /* seconds that ranks may take to come up (MULTIRANK_START_TIMEOUT, 60) */
    int node_timeout;           /* seconds of silence after which a host is lost (MULTIRANK_NODE_TIMEOUT, 10) */
    int relay;                  /* ALONE, MPIRUN: the relay's listening socket; -1: there is no relay */
} mr__launch;

/* Finds out which launch this is. MR_ELAUNCH with a sentence if the environment contradicts itself. */
mr_status mr__launch_detect(mr__launch *launch);

/* Before the supervisor forks: sets up the environment and the binding that MPI_Init is to find. */
mr_status mr__launch_prepare(mr__launch *launch);

/* After MPI_Init: removes the runtime's variables, so that programs which the user starts from here (another
 * mpirun, say) do not take themselves for a part of this one. */
void mr__launch_forget(void);

/* What becomes of a pinning on a host with so many hardware threads: none where it is not ours to do, but Slurm's.
 */
mr_pinning mr__launch_pinning(const mr__launch *launch, mr_pinning wanted, int threads);

const char *mr__launch_name(mr__launch_kind kind);

#endif
