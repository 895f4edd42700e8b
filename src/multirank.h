/* Multirank: what Python's multiprocessing gives Python programs, for C, on MPI ranks.
 *
 *     #include <multirank.h>
 *
 *     static int greet(const void *args, size_t size) { ... return 0; }   // runs in a process of its own
 *
 *     int main(int argc, char **argv)
 *     {
 *         if (mr_init(&argc, &argv) != MR_OK) { fprintf(stderr, "%s\n", mr_last_error()); return 1; }
 *         mr_process p;
 *         mr_process_init(&p, greet, "hi", 3);
 *         mr_process_start(&p);
 *         mr_process_join(&p, MR_FOREVER);
 *         return mr_finalize();
 *     }
 *
 * The same program runs as `./prog`, as `mpirun -n 1 ./prog` and as `mpirun -n N ./prog` (when ranks are
 * first spawned, there are at least N - 1 of them). Ranks are spawned when they are needed, run the program from
 * its beginning, and wait inside mr_init for work: so what main does before mr_init is done in each of them.
 *
 * Conventions
 * - A function that can fail returns an mr_status; one that returns a value says what it returns on failure.
 * Either way mr_last_status() and mr_last_error() tell the calling thread what went wrong. No function prints or
 * ends the program, except where its comment says so.
 * - mr_TYPE_init makes an object, or mr_TYPE_init_VARIANT; mr_TYPE_attach finds one by its name, mr_TYPE_copy
 * makes another one like it, mr_manager_make_TYPE makes one that ends with its manager.
 * - close ends the caller's own use of something; destroy ends it for everybody, after which any use of it is
 * MR_ECLOSED. Twice is harmless.
 * - Questions are called is_ or has, and are false on failure. A length is how many items there are, a count how
 * many of something else (both ptrdiff_t, -1 on failure); a size is in bytes (size_t, 0 on failure). Numbers of
 * processes, ranks, hosts, cores and descriptors are int, -1 on failure.
 * - What comes in stands before what comes out, and a time-out is last. Times are seconds, as double. What is
 * called _alloc gives memory that is the caller's to free().
 * - What is made with {0} or initialised so is nothing: ending it does nothing.
 * - A child that a process forks by itself has no part in Multirank, since nobody would learn of its end, and of
 * what it held: all calls are MR_ENOTINIT there. It may read and write memory that its parent has got from
 * mr_array_data and the like, and run another program. It should end by _exit; if it returns from the function that the library has called (a
 *   target, a task, an action, ...), it ends there by exit, with what that has returned.
 */
#ifndef MULTIRANK_H
#define MULTIRANK_H

#include "multirank/containers.h"
#include "multirank/data.h"
#include "multirank/manager.h"
#include "multirank/messages.h"
#include "multirank/pool.h"
#include "multirank/process.h"
#include "multirank/program.h"
#include "multirank/scoped.h"
#include "multirank/status.h"
#include "multirank/sync.h"

#ifdef __cplusplus
#include "multirank_cxx.h"
#endif

#endif
