/* Pools: workers that run a function over many inputs. Part of multirank.h, which is what programs include. */
#ifndef MULTIRANK_POOL_H
#define MULTIRANK_POOL_H

#include "process.h"

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pool --------------------------------------------------------------------------------------------------- */

/* Workers that stay, to run functions over many inputs. A handle: it may be copied, passed in arguments or kept in
 * a shared object, and means the same pool in every process of main's host.
 *
 * When a worker dies, however it dies, what it had not finished is given to the others, and another worker takes
 * its place; no result is lost, and none comes twice. A task that has cost a worker its life more than a few times
 * (max_retries) is given up, and reported as failed. The other tasks go on. */
typedef struct mr_pool {
    uint64_t mr__handle;
} mr_pool;

/* The results that are to come of an mr_pool_apply_async or mr_pool_map_async; in any process of main's host.
 * Mirrors multiprocessing.pool.AsyncResult. */
typedef struct mr_future {
    uint64_t mr__handle;
} mr_future;

/* What a pool runs for each input: reads in, writes out (out_size bytes, zeroed before), both aligned as their
 * arrays are. Returns 0, or another number to say that this task failed; see mr_task_fail. */
typedef int (*mr_task)(const void *in, void *out);

/* The same for inputs of several parts, one from each column (see mr_pool_starmap). */
typedef int (*mr_star_task)(const void *const in[], void *out);

/* A piece of memory. */
typedef struct mr_slice {
    const void *data;
    size_t size; /* in bytes */
} mr_slice;

/* How the tasks of a map are given to the workers. */
typedef enum mr_schedule {
    MR_SCHEDULE_AUTO,    /* so far the same as DYNAMIC */
    MR_SCHEDULE_DYNAMIC, /* in chunks: whoever is ready takes the next one, by a fetch-and-add on shared memory */
    /* mr_pool_map and mr_pool_apply by main: an equal share for each worker, by MPI_Scatterv and MPI_Gatherv, for
     * tasks that all take as long; all else, and all after the death of a worker, as DYNAMIC. All workers are
     * fresh ranks of one batch. Not with a host or a task_timeout. */
    MR_SCHEDULE_EVEN
} mr_schedule;

/* How a pool is to be. What is 0 has the default. */
typedef struct mr_pool_options {
    int processes;         /* number of workers (default: as many as mr_core_count() says) */
    bool threads;          /* workers are threads of the calling process, see mr_pool_init_threads */
    mr_target initializer; /* runs in each worker first, with a copy of args; other than 0: it is not fit */
    const void *args;
    size_t args_size;
    size_t max_tasks_per_child;  /* after so many tasks a worker is replaced by a fresh one (default: never) */
    size_t max_memory_per_child; /* the same for bytes of memory of its own */
    mr_schedule schedule;
    double task_timeout; /* seconds that a task may take, else its worker is replaced (default: any time) */
    int max_retries;     /* how often a task is tried again whose worker died; -1: never (default: 3) */
    bool reuse;          /* workers may run in ranks that served before, as with mr_process_set_reuse */
    const char *host;    /* all workers there (default: anywhere) */
    bool progress;       /* shows on standard error how far it is: a bar on a terminal, else a line after 1 s,
                              then after pauses of 2, 4, ... 60 s, and a last one */
} mr_pool_options;

/* Starts a pool of so many workers (0: as many as mr_core_count() says) with default options; or with others. Does
 * not wait until the workers are up. Any process on main's host that is no daemon; a pool ends with the process
 * that made it. With MR_SCHEDULE_EVEN: the main process only. Errors: MR_EINVAL, MR_EDAEMON, MR_ELAUNCH,
 * MR_ETIMEDOUT, MR_ENOHOST, MR_EBUILD, MR_ENOMEM; if one worker cannot be started, none is left. Mirror
 * multiprocessing.Pool(processes, initializer, initargs, maxtasksperchild). */
MR_API mr_status mr_pool_init(mr_pool *pool, int processes);
MR_API mr_status mr_pool_init_with(mr_pool *pool, const mr_pool_options *options);

/* A pool whose workers are so many threads of the calling process (0: as many as mr_cpu_count() says), for tasks
 * that wait more than they compute. All calls on it are the same, also for other processes; tasks run in this one
 * and share its memory, so pointers in their inputs are valid for it. What is different:
 * - a task that crashes, or calls exit, ends the process; one that ends its thread (pthread_exit) has failed
 *   (MR_EDIED), and another thread takes the place;
 * - a task that runs cannot be stopped: mr_pool_terminate drops the others, and mr_pool_join waits for those that
 *   run; until then what they use has to stay. The end of the process (and mr_finalize) does not wait for them;
 * - options of processes are refused (MR_EINVAL): schedule, host, task_timeout (also of mr_tasks),
 *   max_tasks_per_child, max_memory_per_child, max_retries, reuse.
 * Threads have the signal mask of the calling one. Any process on main's host, also a daemon. Errors: MR_EINVAL,
 * MR_ENOTSUP (on another host), MR_EBUILD, MR_ENOMEM, MR_ELIMIT, MR_ESYSTEM (a thread cannot be started; none is
 * left). Mirrors multiprocessing.pool.ThreadPool(processes, initializer, initargs), with mr_pool_init_with and
 * threads = true for the initializer. */
MR_API mr_status mr_pool_init_threads(mr_pool *pool, int threads);

/* The number of workers; -1 on failure. */
MR_API int mr_pool_processes(const mr_pool *pool);

/* Runs one task and waits for its result of out_size bytes. Errors: as mr_pool_map. Mirrors Pool.apply. */
MR_API mr_status mr_pool_apply(const mr_pool *pool, mr_task task, const void *in, size_t in_size, void *out,
                               size_t out_size);

/* out[i] = task(in[i]) for i < count. in and out are arrays of elements of in_size and out_size bytes. Waits until
 * all are done. Errors: MR_ETASK (some have failed: mr_last_error tells of the first, mr_last_failures of all; out
 * holds the others' results, and what those had written themselves); MR_ECLOSED (the pool is closed, or was
 * terminated meanwhile, or its creator has ended); MR_EINVAL, MR_EBUILD, MR_ENOMEM, MR_ELIMIT; MR_EDIED (its
 * workers die as soon as they are started). Mirrors Pool.map. */
MR_API mr_status mr_pool_map(const mr_pool *pool, mr_task task, const void *in, size_t in_size, void *out,
                             size_t out_size, size_t count);

/* out[i] = task({columns[0][i], columns[1][i], ...}) for i < count: a column is an array of elements of
 * columns[c].size bytes, and the task is given a pointer to one of each. Errors: as mr_pool_map. Mirrors
 * Pool.starmap, with the tuples laid out as C programs have them: an array for each part. */
MR_API mr_status mr_pool_starmap(const mr_pool *pool, mr_star_task task, const mr_slice columns[],
                                 size_t column_count, void *out, size_t out_size, size_t count);

/* For results of any size, see mr_tasks. */
#define MR_ANY_SIZE SIZE_MAX

/* Gives inputs one by one: sets *in to the next, which has to last until the next call only, and returns MR_OK.
 * MR_EEOF: there are no more. Any other status is an error, which the caller of the map or iterator gets. */
typedef mr_status (*mr_source)(void *state, mr_slice *in);

/* Called when all tasks are done, once, by a thread of the library in the process that had them run. It is the
 * thread that calls all callbacks of the process, one after the other: a callback may give the pool tasks and wait
 * for them, close or terminate it, but must not wait for another callback, nor call mr_finalize. */
typedef void (*mr_callback)(const mr_future *future, void *state);

/* What is to be run. Everything that is not needed stays 0:
 *     mr_tasks tasks = {.task = square, .in = in, .in_size = sizeof *in, .count = 100, .out_size = sizeof *out};
 * The inputs come in one of four forms. They are copied, so they may be gone when the call returns; only iterators
 * read them when they are needed, and want them to stay until they are done. */
typedef struct mr_tasks {
    mr_task task;
    mr_star_task star_task; /* instead, for columns */
    size_t count;           /* of tasks; not for a source */

    const void *in; /* inputs: an array */
    size_t in_size;
    const mr_slice *records; /* or: pieces of different sizes (mr_task_in_size tells the task) */
    const mr_slice *columns; /* or: columns, as of mr_pool_starmap */
    size_t column_count;
    mr_source source; /* or: what a function gives, called by the caller's own thread */
    void *source_state;

    size_t out_size;   /* of each result; MR_ANY_SIZE: whatever the task gives to mr_task_return */
    size_t chunk_size; /* tasks that a worker takes at a time (default: a quarter of its share; 1 for iterators) */
    size_t buffer_size;  /* iterators: tasks that may be under way (default: 8 chunks a worker) */
    double task_timeout; /* as of the pool (default: what it has) */

    mr_callback callback;       /* when all have succeeded */
    mr_callback error_callback; /* when some have failed */
    void *callback_state;
} mr_tasks;

/* As mr_pool_map and mr_pool_starmap, for tasks with any inputs but a source, a chunk_size or a task_timeout: runs
 * them, waits until all are done, and puts the results, of out_size bytes each, into out. Errors: as mr_pool_map;
 * MR_EINVAL (also: callbacks, a source, results of MR_ANY_SIZE, which are for mr_pool_map_async and mr_pool_imap).
 * Mirrors Pool.map(func, iterable, chunksize) and Pool.starmap(func, iterable, chunksize). */
MR_API mr_status mr_pool_map_with(const mr_pool *pool, const mr_tasks *tasks, void *out);

/* Have tasks run, and return at once. The future has to be closed; it may be NULL: then the results are dropped
 * when the callbacks have returned. Errors: as mr_pool_map, but for MR_ETASK; those of the source. Mirror
 * Pool.apply_async, Pool.map_async and Pool.starmap_async (which takes star tasks only). */
MR_API mr_status mr_pool_apply_async(const mr_pool *pool, mr_task task, const void *in, size_t in_size,
                                     size_t out_size, mr_future *future);
MR_API mr_status mr_pool_map_async(const mr_pool *pool, const mr_tasks *tasks, mr_future *future);
MR_API mr_status mr_pool_starmap_async(const mr_pool *pool, const mr_tasks *tasks, mr_future *future);

/* Waits at most timeout seconds until all tasks are done; that some have failed is no error of the wait. Errors:
 * MR_ETIMEDOUT, MR_EINVAL, MR_ECLOSED (the future was closed, or the pool terminated before all was done),
 * MR_EDIED (as mr_pool_map). Mirrors AsyncResult.wait. */
MR_API mr_status mr_future_wait(const mr_future *future, double timeout);

/* Waits, and copies all results, an array as mr_pool_map gives it. May be called again. Errors: as
 * mr_future_wait; MR_ETASK (as mr_pool_map); MR_ETOOSMALL, MR_EINVAL (results of MR_ANY_SIZE). Mirrors
 * AsyncResult.get. */
MR_API mr_status mr_future_get(const mr_future *future, void *out, size_t capacity, double timeout);

/* Waits, and copies the result of one task, whose size is put into *size (may be NULL). Errors: as mr_future_get;
 * MR_ETOOSMALL (*size is what it needs, so a capacity of 0 asks for that); MR_ETASK only if this task has failed.
 */
MR_API mr_status mr_future_result(const mr_future *future, size_t index, void *out, size_t capacity, size_t *size,
                                  double timeout);

/* Whether all tasks are done; whether all have succeeded (false with MR_ESTATE if they are not all done: Python's
 * ValueError). false on failure. Mirror AsyncResult.ready and AsyncResult.successful. */
MR_API bool mr_future_is_ready(const mr_future *future);
MR_API bool mr_future_is_successful(const mr_future *future);

/* How many tasks it is for; -1 on failure. */
MR_API ptrdiff_t mr_future_count(const mr_future *future);

/* Gives it up, and the memory of its inputs and results back; tasks that have not begun are not run. It ends with
 * its process in any case. Closing twice is harmless. */
MR_API mr_status mr_future_close(const mr_future *future);

/* A task that has failed. */
typedef struct mr_failure {
    size_t index;        /* of its input */
    mr_status status;    /* MR_ETASK: it said so; MR_EDIED: its worker died, every time; MR_ETIMEDOUT: it took too
                            long; MR_ENOMEM, MR_ETOOSMALL: its result could not be stored */
    int code;            /* what it returned; for MR_EDIED the exit code of the worker */
    int rank;            /* where it ran */
    const char *host;    /* and on which host */
    const char *message; /* what it gave to mr_task_fail ("": nothing), or a sentence about its end; never NULL */
} mr_failure;

/* All failures that the thread's last call with MR_ETASK is about, by index; *count of them. Owned by the library,
 * valid until its next such call; NULL if there are none. */
MR_API const mr_failure *mr_last_failures(size_t *count);

/* ---- Inside a task ---- */

/* The number of its input; the size of that in bytes. */
MR_API size_t mr_task_index(void);
MR_API size_t mr_task_in_size(void);

/* Says why the task fails, as printf does, and gives what it should return: return mr_task_fail("no %s", name);
 * Mirrors an exception. */
MR_API int mr_task_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Gives the result of a task whose results are MR_ANY_SIZE (copied), and what it should then return: 0, or that it
 * has failed: MR_ENOMEM there is no room. Called twice, the last one counts; never, the result has no bytes.
 * Mirrors return. */
MR_API int mr_task_return(const void *data, size_t size);

/* ---- Iterators ---- */

/* Results one by one, as they are asked for; inputs are taken as there is room (buffer_size). Belongs to the
 * thread that made it. */
typedef struct mr_imap {
    struct mr__imap *mr__state;
} mr_imap;

/* Make an iterator, in the order of the inputs, or in that in which they are done. Errors: as mr_pool_map_async.
 * Mirror Pool.imap and Pool.imap_unordered. */
MR_API mr_status mr_pool_imap(const mr_pool *pool, const mr_tasks *tasks, mr_imap *imap);
MR_API mr_status mr_pool_imap_unordered(const mr_pool *pool, const mr_tasks *tasks, mr_imap *imap);

/* The next result, into out; its size into *size and the number of its input into *index (both may be NULL). Waits
 * at most timeout seconds. Errors: MR_EEOF (there are no more: Python's StopIteration); MR_ETASK (this one has
 * failed, *index is set; the next call gives the next one); MR_ETOOSMALL (it stays the next one); MR_ETIMEDOUT;
 * the source's own, when all inputs before it have come out; as mr_future_wait. Mirrors IMapIterator.next. */
MR_API mr_status mr_imap_next(mr_imap *imap, void *out, size_t capacity, size_t *size, size_t *index,
                              double timeout);

/* Ends it; what is still to come is dropped. Closing twice is harmless. */
MR_API mr_status mr_imap_close(mr_imap *imap);

/* ---- Maps that go on after an interruption ---- */

/* As mr_pool_map, for tasks whose results have a fixed size and whose inputs are an array or records; but each
 * result is also written to the file of that name as it comes. If the program is ended before all is done (a time
 * limit, a node that fails), the same call in its next run takes from there what is done and runs the rest; tasks
 * that had failed are tried again. mr_task_index counts the tasks of this run. When all is done the file stays,
 * and the call has nothing to do any more, until somebody removes it. What is written survives the program, not a
 * crash of the host that has the file. Errors: as mr_pool_map; MR_EINVAL (also: the file holds something else than
 * results of these inputs); MR_ESTATE (another program is at work on it); MR_ESYSTEM (it cannot be read or
 * written). Python's pools have no such thing. */
MR_API mr_status mr_pool_map_resumable(const mr_pool *pool, const mr_tasks *tasks, void *out, const char *path);

/* ---- How a pool is doing, and its end ---- */

/* What the workers in one place of a pool have done so far. */
typedef struct mr_insight {
    int rank; /* the present one's, -1: there is none at the moment */
    pid_t pid;
    char host[65];
    unsigned started;                  /* how many there have been in this place */
    size_t tasks;                      /* finished */
    double starting, waiting, working; /* seconds until they were ready, that they had nothing to do, and had; what
                                          the present one does now included */
} mr_insight;

/* Fills in up to capacity of them, and gives the number of workers; -1 on failure. Anybody, until it is joined. */
MR_API int mr_pool_insights(const mr_pool *pool, mr_insight insights[], int capacity);

/* Takes no more tasks; workers end when all is done. Closing twice is harmless. Mirrors Pool.close. */
MR_API mr_status mr_pool_close(const mr_pool *pool);

/* Ends at once: workers that have something to do get SIGTERM, and half a second later SIGKILL; who waits for
 * results gets MR_ECLOSED. Threads go on with the task that they are at. Twice is harmless. Mirrors
 * Pool.terminate. */
MR_API mr_status mr_pool_terminate(const mr_pool *pool);

/* Waits at most timeout seconds until all workers have ended, and releases the pool; futures stay. Twice is
 * harmless. Errors: MR_ESTATE (neither closed nor terminated; or the caller is a task of it), MR_ETIMEDOUT,
 * MR_EINVAL. Mirrors Pool.join. */
MR_API mr_status mr_pool_join(const mr_pool *pool, double timeout);

#ifdef __cplusplus
}
#endif

#endif
