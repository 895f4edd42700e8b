/* The program as a whole: its beginning and its end, and the ranks that it has. Part of multirank.h, which is what
 * programs include. */
#ifndef MULTIRANK_PROGRAM_H
#define MULTIRANK_PROGRAM_H

#include "status.h"

#include <math.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The program ---------------------------------------------------------------------------------------- */

/* To wait without limit. Any negative time-out counts as 0 ("do not wait"), as in Python; NaN is an error. */
#define MR_FOREVER HUGE_VAL

/* The time-out that an object was made with; an error where there is none (mr_barrier_wait has one). */
#define MR_DEFAULT (-HUGE_VAL)

/* Starts Multirank. To be called once, first thing in main, with main's own arguments (both may be NULL).
 * Returns in the main process only: in every other rank it serves processes until the program ends, and does not
 * return. A supervisor stays behind in the process that the shell or mpirun started: from here on getpid() is
 * another one; signals that are sent to the first (but not what a terminal sends to both) are passed on. Standard
 * output becomes line buffered, here and in all processes, so that their lines come whole and in the order in
 * which they were printed; lines of up to 4096 bytes never mix. Temporary files go where Python's tempfile would
 * put them: if the folder that TMPDIR names cannot be used, TMPDIR is changed. Errors: MR_ESTATE (called twice),
 * MR_ELAUNCH, MR_EMPI, MR_ESYSTEM (a limit is too low, say: ulimit -v, ulimit -f). If MPI itself does not come up
 * in time, the supervisor writes one line to standard error and ends the program with code 1, since nobody is left
 * to return to. Mirrors Python's `if __name__ ==
 * "__main__"` guard and MPI_Init. */
MR_API mr_status mr_init(int *argc, char ***argv);

/* Ends Multirank: terminates daemon processes, joins all others, releases all ranks, leaves nothing behind.
 * Called once, by the main process. A main that forgets it and returns from main(), or calls exit, does it on the
 * way out, as Python does: processes that are no daemons are waited for, also if a signal's handler calls exit, or
 * if main's first thread has ended by pthread_exit and no other is left. One that ends in any other way (_exit,
 * quick_exit, a crash, exit in a handler that has interrupted a change of a shared object) ends its processes, and
 * the supervisor says on standard error which; nothing is left behind either.
 * Afterwards only mr_strerror, mr_last_error and the like may be called; MPI can no longer be used. The result can
 * be returned from main: MR_OK is 0. Errors: MR_ENOTINIT, MR_EFINALIZED, MR_ENOTCREATOR (not the main process);
 * MR_EHOSTLOST: all of it has been done, but a host was lost on the way (the sentence names it), and with it the
 * processes there. Mirrors what Python does at the exit of the main process, and MPI_Finalize. */
MR_API mr_status mr_finalize(void);

/* Sets the program that newly spawned ranks run; the path is copied. It must be this very build, perhaps under
 * another path. Main process only, before ranks are spawned. Errors: MR_EINVAL (no such program, not executable).
 * Mirrors multiprocessing.set_executable. */
MR_API mr_status mr_program_set_executable(const char *path);

/* The number of hardware threads that this program may use on this process's host (not what the machine has).
 * At least 1; -1 before mr_init. Any process. Mirrors os.process_cpu_count(). */
MR_API int mr_cpu_count(void);

/* The number of physical cores that this program may use, on all its hosts together. In a Slurm job: the number of
 * its tasks (CPUs, where it has not asked for tasks); under srun -n N: N-1, since main is one of the tasks. At
 * least 1; -1 before mr_init. In a process other than main: as it was when that process started. */
MR_API int mr_core_count(void);

/* The number of hosts that processes of this program may run on, those that were lost left out. At least 1; -1
 * before mr_init. Main process only. */
MR_API int mr_host_count(void);

/* How processes are tied to cores. The environment variable MULTIRANK_PIN (spread, compact, numa, none) decides
 * where mr_program_set_pinning has not been called. With more processes than places nobody is pinned; nor under
 * srun -n N, where Slurm binds the ranks, nor in a Slurm job that has several CPUs a task, or that Slurm does not
 * bind to its part of the machine. */
typedef enum mr_pinning {
    MR_PIN_SPREAD,  /* a physical core each, neighbours as far apart as can be (the default) */
    MR_PIN_COMPACT, /* a physical core each, neighbours next to each other */
    MR_PIN_NUMA,    /* a NUMA node each, in turn, as many processes a node as it has cores */
    MR_PIN_NONE     /* wherever the operating system likes */
} mr_pinning;

/* Sets the pinning of the processes that are started from now on. Main process only.
 * Errors: MR_EINVAL, MR_ENOTINIT, MR_EFINALIZED, MR_ENOTCREATOR. */
MR_API mr_status mr_program_set_pinning(mr_pinning pinning);

/* Which host the next process goes to, where it has not been asked for (mr_process_set_host). The environment
 * variable MULTIRANK_PLACE (evenly, packed) decides where mr_program_set_placement has not been called. */
typedef enum mr_placement {
    MR_PLACE_EVENLY, /* the one with the most free cores (the default) */
    MR_PLACE_PACKED  /* main's own as long as it has a free core, then the next, and so on */
} mr_placement;

/* Sets the placement of the processes that are started from now on. Main process only.
 * Errors: MR_EINVAL, MR_ENOTINIT, MR_EFINALIZED, MR_ENOTCREATOR. Mirrors srun --distribution=cyclic and block. */
MR_API mr_status mr_program_set_placement(mr_placement placement);

/* Sets the host in whose memory this process makes its shared objects from now on: locks, queues, values, dicts
 * and so on, but for pools, managers, named shared memory and lists in it, which lie with main. By name, as in
 * mr_process_set_host; NULL: on its own host, which is the default. Calls on an object are fastest on its own
 * host; elsewhere they travel there. Waits until the program's first ranks are up on that host. Any process, for
 * all of its threads. Errors: MR_ENOHOST (there is no such host, or none of its memory can be had, as under srun
 * -n N), MR_EHOSTLOST, MR_ETIMEDOUT (its ranks do not come up), MR_ENOTINIT, MR_EFINALIZED. Mirrors the choice of
 * the rank that MPI_Win_allocate gives the memory to. */
MR_API mr_status mr_set_home(const char *host);

#ifdef __cplusplus
}
#endif

#endif
