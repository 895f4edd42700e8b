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
 * Conventions. A function that can fail returns an mr_status; a function that returns a value says below what it
 * returns on failure. Either way mr_last_status() and mr_last_error() tell the calling thread what went wrong.
 * No function prints or ends the program, except where its comment says so. Times are seconds, as double. A child
 * that a process forks by itself has no part in Multirank, since nobody would learn of its end, and of what it
 * held: all calls are MR_ENOTINIT there. It may read and write memory that its parent has got from mr_array_data
 * and the like, and run another program. It should end by _exit; if it returns from the function that the library
 * has called (a target, a task, an action, ...), it ends there by exit, with what that has returned.
 */
#ifndef MULTIRANK_H
#define MULTIRANK_H

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Only what stands in this header is visible outside the library. */
#pragma GCC visibility push(default)

#define MR_VERSION "0.1.0"

/* ---- Errors ------------------------------------------------------------------------------------------------- */

/* Every status: name, text. */
#define MR_STATUS_MAP(X)                                           \
    X(OK, "success")                                               \
    X(EINVAL, "invalid argument")                                  \
    X(ESTATE, "not possible in this state")                        \
    X(ENOTINIT, "Multirank is not initialised")                    \
    X(EFINALIZED, "Multirank has been finalised")                  \
    X(ECLOSED, "the object is closed")                             \
    X(ENOTCREATOR, "only the creator may do this")                 \
    X(EDAEMON, "a daemon process may not start processes")         \
    X(EBUILD, "the function or class is not part of this program") \
    X(ETIMEDOUT, "timed out")                                      \
    X(EDIED, "a process died")                                     \
    X(EOWNERDEAD, "the owner died; the lock is yours")             \
    X(ENOTOWNER, "only the owner may do this")                     \
    X(EOVERFLOW, "released too often")                             \
    X(EBROKEN, "the barrier is broken")                            \
    X(EEOF, "end of file: the other side has closed")              \
    X(ETOOSMALL, "the buffer is too small")                        \
    X(EEXIST, "the name is taken")                                 \
    X(ENOENT, "no such name")                                      \
    X(EAUTH, "authentication failed")                              \
    X(ELAUNCH, "ranks could not be started")                       \
    X(ENOHOST, "no such host")                                     \
    X(EHOSTLOST, "a host was lost")                                \
    X(ENOMEM, "out of memory")                                     \
    X(ELIMIT, "a limit was reached")                               \
    X(ETASK, "a task failed")                                      \
    X(ENOTSUP, "not supported")                                    \
    X(EMPI, "an MPI call failed")                                  \
    X(ESYSTEM, "a system call failed")

typedef enum mr_status {
#define MR_STATUS_NUMBER(name, text) MR_##name,
    MR_STATUS_MAP(MR_STATUS_NUMBER)
#undef MR_STATUS_NUMBER
} mr_status;

/* The short text of a status, e.g. "timed out"; never NULL. Anyone may call it, at any time. */
const char *mr_strerror(mr_status status);

/* The name of a status, e.g. "MR_ETIMEDOUT"; never NULL. */
const char *mr_status_name(mr_status status);

/* What the last failed call of this thread returned (MR_OK if none has failed). */
mr_status mr_last_status(void);

/* The sentence for a person about the last failed call of this thread: what failed, why, what to do.
 * Owned by the library, valid until the thread's next failing call; "" if none has failed. */
const char *mr_last_error(void);

/* ---- The universe of ranks ---------------------------------------------------------------------------------- */

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
mr_status mr_init(int *argc, char ***argv);

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
mr_status mr_finalize(void);

/* Sets the program that newly spawned ranks run; the path is copied. It must be this very build, perhaps under
 * another path. Main process only, before ranks are spawned. Errors: MR_EINVAL (no such program, not executable).
 * Mirrors multiprocessing.set_executable. */
mr_status mr_program_set_executable(const char *path);

/* The number of hardware threads that this program may use on this process's host (not what the machine has).
 * At least 1; -1 before mr_init. Any process. Mirrors os.process_cpu_count(). */
int mr_cpu_count(void);

/* The number of physical cores that this program may use, on all its hosts together. In a Slurm job: the number of
 * its tasks (CPUs, where it has not asked for tasks); under srun -n N: N-1, since main is one of the tasks. At
 * least 1; -1 before mr_init. In a process other than main: as it was when that process started. */
int mr_core_count(void);

/* The number of hosts that processes of this program may run on, those that were lost left out. At least 1; -1
 * before mr_init. Main process only. */
int mr_host_count(void);

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
mr_status mr_program_set_pinning(mr_pinning pinning);

/* Which host the next process goes to, where it has not been asked for (mr_process_set_host). The environment
 * variable MULTIRANK_PLACE (evenly, packed) decides where mr_program_set_placement has not been called. */
typedef enum mr_placement {
    MR_PLACE_EVENLY, /* the one with the most free cores (the default) */
    MR_PLACE_PACKED  /* main's own as long as it has a free core, then the next, and so on */
} mr_placement;

/* Sets the placement of the processes that are started from now on. Main process only.
 * Errors: MR_EINVAL, MR_ENOTINIT, MR_EFINALIZED, MR_ENOTCREATOR. Mirrors srun --distribution=cyclic and block. */
mr_status mr_program_set_placement(mr_placement placement);

/* ---- Processes ---------------------------------------------------------------------------------------------- */

/* What a process runs: args is its own copy of what mr_process_init was given, size its length in bytes.
 * What it returns is the exit code (as with exit(3), only the low 8 bits count). A C++ exception that leaves it
 * ends the process by std::terminate (exit code -SIGABRT), whatever main might catch; and none may leave any other
 * function that the library calls in main (an mr_source, say). */
typedef int (*mr_target)(const void *args, size_t size);

typedef struct mr_process mr_process;

/* A class of processes, for a struct that has an mr_process as its first member:
 *     struct my_process { mr_process base; int index; };
 *     static int my_run(mr_process *self) { return ((struct my_process *)self)->index; }
 *     static const mr_class my_class = {"MyProcess", sizeof(struct my_process), my_run};
 * The class must be a static object of the program. Mirrors a subclass of multiprocessing.Process. */
typedef struct mr_class {
    const char *name;             /* its processes are called name-1, name-2, ... */
    size_t size;                  /* of the whole struct, in bytes */
    int (*run)(mr_process *self); /* runs in the new process, on a copy of the struct; returns the exit code */
} mr_class;

/* A process. Made by mr_process_init or mr_process_init_class, ended by mr_process_close; what is left open is
 * closed by mr_finalize. The members are private. Only the process that made it may start, join, signal or close
 * it. Several threads may use it at the same time. */
struct mr_process {
    const mr_class *mr__class;
    uint64_t mr__handle;
};

/* Makes a process that will run target(args, size). The args are copied, so they may be gone on return; they may
 * be NULL when size is 0. Any process. Errors: MR_EINVAL (NULL), MR_EBUILD (target is not a function of this
 * program or of one of its libraries; or that library, which the program has loaded by dlopen, has been removed or
 * rebuilt since), MR_ENOMEM, MR_ENOTINIT, MR_EFINALIZED. A library that was loaded by dlopen is loaded by the new
 * process, too, from the same path; if it is not there on that host, the process says so on standard error and ends
 * with code 127. Mirrors multiprocessing.Process(target=..., args=...). */
mr_status mr_process_init(mr_process *process, mr_target target, const void *args, size_t size);

/* Makes a process of a class out of the struct's first member; the other members are the caller's to set, up to
 * the start, which copies the struct byte for byte (so pointers in it mean nothing over there). Errors: as
 * mr_process_init, and MR_EBUILD for a class that is not static in this program, MR_EINVAL for one without name,
 * size or run. Mirrors the constructor of a subclass of multiprocessing.Process. */
mr_status mr_process_init_class(mr_process *process, const mr_class *class_);

/* The name: "Process-1", "Process-1:2" (child of a child), "MyProcess-1" (of a class), unless set. Owned by the
 * process, valid until it is closed or renamed; NULL on failure. Mirrors Process.name. */
const char *mr_process_name(const mr_process *process);

/* Sets the name (copied). Before or after the start; a running process keeps the name it started with for itself.
 * Errors: MR_EINVAL (NULL), MR_ECLOSED. */
mr_status mr_process_set_name(mr_process *process, const char *name);

/* Whether it is a daemon; by default what its creator is. false on failure. Mirrors Process.daemon. */
bool mr_process_is_daemon(const mr_process *process);

/* Makes it a daemon, or not: daemons are terminated, not joined, when their creator ends, and may not start
 * processes. Errors: MR_ESTATE (already started). */
mr_status mr_process_set_daemon(mr_process *process, bool daemon);

/* The key for authenticated connections, inherited from the creator: *size bytes, owned by the process.
 * NULL on failure. Mirrors Process.authkey. */
const void *mr_process_authkey(const mr_process *process, size_t *size);

/* Sets the key (copied, 1 to 256 bytes). Errors: MR_EINVAL, MR_ESTATE (already started). */
mr_status mr_process_set_authkey(mr_process *process, const void *key, size_t size);

/* Asks for the host (name as gethostname gives it there; copied) that the process is to run on.
 * Errors: MR_EINVAL, MR_ESTATE (already started); a host that is not there is MR_ENOHOST from the start, one that
 * was lost MR_EHOSTLOST. */
mr_status mr_process_set_host(mr_process *process, const char *host);

/* Allows the process to run in a rank that has served before, and that rank to serve again: starting is then much
 * faster, but static variables may hold what the process before left in them. By default memory is fresh.
 * Errors: MR_ESTATE (already started). No counterpart in Python. */
mr_status mr_process_set_reuse(mr_process *process, bool reuse);

/* Starts it: the function runs in a rank of its own, with fresh memory and its own core if there are enough.
 * It works in the folder that main was in when the rank was spawned; where that is gone, or a host has none of
 * that name, in the home folder. Its standard input is empty. Returns when it has been handed to that rank.
 * Errors: MR_ESTATE (started before), MR_EDAEMON (the caller is a daemon), MR_ENOTCREATOR, MR_ENOHOST, MR_EBUILD
 * (the program's file is another build by now), MR_ELAUNCH (no rank to be had; where ranks die while they come up,
 * the sentence tells how, and what they wrote) and MR_ETIMEDOUT (none came up; the sentence tells who waits for
 * what). Mirrors Process.start and MPI_Comm_spawn. */
mr_status mr_process_start(mr_process *process);

/* Starts count processes whose ranks, if need be, are spawned in one batch. On failure the first error is returned
 * and those not yet started stay so. */
mr_status mr_process_start_all(mr_process *const processes[], size_t count);

/* Waits until it has ended, at most timeout seconds. Errors: MR_ETIMEDOUT, MR_ESTATE (not started, or the caller
 * itself), MR_ENOTCREATOR, MR_EINVAL (NaN). mr_parent_process() may be joined too. Mirrors Process.join. */
mr_status mr_process_join(mr_process *process, double timeout);

/* Whether it has been started and has not ended. false on failure. Mirrors Process.is_alive. */
bool mr_process_is_alive(const mr_process *process);

/* What mr_process_exitcode gives for a process that has no exit code yet; Python's None. */
#define MR_EXITCODE_NONE INT_MIN

/* 0: it ended well; n > 0: it ended with that code; -n: signal n killed it; MR_EXITCODE_NONE: it has not ended, or
 * failure. A process whose host was lost (it has not answered for MULTIRANK_NODE_TIMEOUT seconds, 10 if that is
 * not set) counts as killed: -SIGKILL. Mirrors Process.exitcode. */
int mr_process_exitcode(const mr_process *process);

/* Sends SIGTERM, SIGKILL, or SIGINT, to it, on whatever host it is. Nothing happens if it has ended. SIGINT is what
 * Ctrl-C sends; it ends a process that has not said otherwise (signal(2)), as SIGTERM does.
 * Errors: MR_ESTATE (not started), MR_ENOTCREATOR. Mirror Process.terminate, Process.kill and Process.interrupt. */
mr_status mr_process_terminate(mr_process *process);
mr_status mr_process_kill(mr_process *process);
mr_status mr_process_interrupt(mr_process *process);

/* Releases what the library holds for it. Closing twice is harmless; any other use after it is MR_ECLOSED.
 * Errors: MR_ESTATE (it is still alive), MR_ENOTCREATOR. Mirrors Process.close. */
mr_status mr_process_close(mr_process *process);

/* A file descriptor that poll(2) reports readable once the process has ended. Owned by the process, valid until it
 * is closed; not to be read. -1 on failure: MR_ESTATE (not started), MR_ENOTCREATOR. Mirrors Process.sentinel. */
int mr_process_sentinel(const mr_process *process);

/* Where it runs, or ran: process id on its host, number of its rank (main is 0), name of its host (owned by the
 * process), physical core on that host it is pinned to. Before the start, and on failure: -1, -1, NULL, -1; the
 * core is -1 also when it is not pinned. */
pid_t mr_process_pid(const mr_process *process);
int mr_process_rank(const mr_process *process);
const char *mr_process_host(const mr_process *process);
int mr_process_core(const mr_process *process);

/* The process that calls; in one of a class, the struct that run() was given. NULL before mr_init and after
 * mr_finalize. Mirrors multiprocessing.current_process. */
mr_process *mr_current_process(void);

/* The process that started the caller: has a name, pid, host and rank, may be joined and asked if it is alive.
 * NULL in the main process. Mirrors multiprocessing.parent_process. */
mr_process *mr_parent_process(void);

/* The caller's children that are alive: at most capacity of them are written to children (may be NULL when
 * capacity is 0); returns how many there are, -1 on failure. What is written are copies, good for every call but
 * those that need the members of a class. Mirrors multiprocessing.active_children. */
int mr_active_children(mr_process children[], int capacity);

/* ---- Locks and semaphores ----------------------------------------------------------------------------------- */

/* Shared objects (locks and all that follows down to the pool) are handles: small values, which may be copied,
 * given to processes in their arguments, and used by any thread of any process. They lie in the memory of the main
 * process's host; a call from another host travels there and back. Only what gives out a pointer into that memory
 * is refused elsewhere, with MR_ENOHOST and the name of the call to use instead. Every object is ended by its
 * close function, by whoever knows that nobody needs it any more; closing twice is harmless, those who wait for it
 * get MR_ECLOSED, and so does any use after it. What is left open is released by mr_finalize.
 *
 * All calls on them may also return MR_EINVAL (NULL, a handle that is none, a time-out of NaN), MR_ECLOSED,
 * MR_ENOTINIT, MR_EFINALIZED, MR_EDIED (another host, from which main's cannot be reached any more), and those
 * that make one MR_ELIMIT or MR_ENOMEM. Who waits sleeps, and takes no CPU.
 *
 * A process that ends, in whatever way, while it holds something does not keep the others from it: the next to get
 * it is told MR_EOWNERDEAD. That is a warning, not a failure: the call has done what it is for. */

/* A lock: mutual exclusion between threads of any processes. Both kinds have this one type.
 * Mirrors multiprocessing.Lock and multiprocessing.RLock. */
typedef struct mr_lock {
    uint64_t mr__handle;
} mr_lock;

/* Makes a lock that is free. It may be released by any thread of any process, not only by the one that acquired
 * it, and a thread that acquires it twice waits for somebody else to release it. Mirrors multiprocessing.Lock().
 */
mr_status mr_lock_init(mr_lock *lock);

/* Makes a lock that belongs to the thread which has acquired it: that one may acquire it again, has to release it
 * as often, and nobody else may. Mirrors multiprocessing.RLock(). */
mr_status mr_lock_init_recursive(mr_lock *lock);

/* Acquires it; waits at most timeout seconds. Those who wait get it in turn: one who has been woken competes with
 * those that come by just then, but loses once at most. Errors: MR_ETIMEDOUT; MR_EOWNERDEAD: the lock is held by
 * the caller now, but the process that held it before has ended without releasing it, so what it protects may be
 * half changed; MR_EOVERFLOW (an RLock taken 2^32 times). Mirrors Lock.acquire(block, timeout), and MPI_Win_lock.
 */
mr_status mr_lock_acquire(const mr_lock *lock, double timeout);

/* Releases it. Errors: MR_ESTATE (a lock that nobody holds); MR_ENOTOWNER (an RLock that the calling thread does
 * not hold). Mirrors Lock.release, and MPI_Win_unlock. */
mr_status mr_lock_release(const mr_lock *lock);

/* Whether anybody holds it at this moment, the caller or another; false on failure. A lock whose holder has ended
 * is not held, although the next to acquire it is told MR_EOWNERDEAD. Any process. While others use the lock, the
 * answer may be wrong on return: to hold it, acquire it with a time-out of 0. Errors: MR_EINVAL, MR_ECLOSED.
 * Mirrors Lock.locked and RLock.locked (CPython 3.14). */
bool mr_lock_is_locked(const mr_lock *lock);

/* Ends it, whether it is held or not. */
mr_status mr_lock_destroy(const mr_lock *lock);

/* A semaphore: a number of units that can be acquired and released. Mirrors multiprocessing.Semaphore and
 * BoundedSemaphore.
 *
 * A process holds the units that it has acquired and not released. When it ends, they go back, and whoever
 * acquires next, as many as there were, is told MR_EOWNERDEAD. A unit released by a process that holds none counts
 * as released by one that does; what goes back never lifts the value above what the semaphore was made with. So
 * one that starts at 0 and counts what has happened gets nothing back: there, acquiring is not holding. */
typedef struct mr_semaphore {
    uint64_t mr__handle;
} mr_semaphore;

/* Makes a semaphore with value units, 0 or more. One that is bounded never has more.
 * Mirror multiprocessing.Semaphore(value) and multiprocessing.BoundedSemaphore(value). */
mr_status mr_semaphore_init(mr_semaphore *semaphore, int64_t value);
mr_status mr_semaphore_init_bounded(mr_semaphore *semaphore, int64_t value);

/* Acquires one unit; waits at most timeout seconds, in order. Errors: MR_ETIMEDOUT; MR_EOWNERDEAD: the caller has
 * the unit, which came back from a process that ended while it held it. Mirrors Semaphore.acquire. */
mr_status mr_semaphore_acquire(const mr_semaphore *semaphore, double timeout);

/* Releases one unit, to whoever has waited longest. Any process may. Errors: MR_EOVERFLOW (a bounded semaphore of
 * which all units are free; one whose value would pass 2^63 - 1). Mirrors Semaphore.release. */
mr_status mr_semaphore_release(const mr_semaphore *semaphore);

/* How many units are free just now; -1 on failure. Mirrors Semaphore.get_value. */
int64_t mr_semaphore_value(const mr_semaphore *semaphore);

/* Ends it. */
mr_status mr_semaphore_destroy(const mr_semaphore *semaphore);

/* ---- Conditions and events ---------------------------------------------------------------------------------- */

/* A condition: where threads that hold a lock wait until another says that something has changed.
 * Mirrors multiprocessing.Condition. */
typedef struct mr_condition {
    uint64_t mr__handle;
} mr_condition;

/* Makes a condition for a lock of either kind, which stays the caller's to close; NULL: for an RLock of its own.
 * Mirrors multiprocessing.Condition(lock). */
mr_status mr_condition_init(mr_condition *condition, const mr_lock *lock);

/* Acquires and releases its lock, as mr_lock_acquire and mr_lock_release do. Mirror Condition.acquire and release.
 */
mr_status mr_condition_acquire(const mr_condition *condition, double timeout);
mr_status mr_condition_release(const mr_condition *condition);

/* Releases the lock, however often the caller has acquired it, waits at most timeout seconds to be notified, and
 * acquires it again as often, for as long as that takes. May return without a reason when a process has died, so
 * what is waited for has to be looked at again. Errors: MR_ETIMEDOUT; MR_EOWNERDEAD (somebody has ended while he
 * held the lock: all who wait are woken, and the first of them is told); with both of them the lock is held.
 * MR_ENOTOWNER: the calling thread does not hold the lock. Mirrors Condition.wait. */
mr_status mr_condition_wait(const mr_condition *condition, double timeout);

/* Waits until predicate(argument), which is called with the lock held, is true; at most timeout seconds, plus what
 * it takes to acquire the lock. Errors: as mr_condition_wait; MR_EOWNERDEAD is returned whatever the predicate
 * says. Mirrors Condition.wait_for. */
mr_status mr_condition_wait_for(const mr_condition *condition, bool (*predicate)(void *argument), void *argument,
                                double timeout);

/* Wakes up to count of those who wait, the longest waiting first; or all. Those who die before they hold the lock
 * are replaced by others. Errors: MR_ENOTOWNER (the calling thread does not hold the lock), MR_EINVAL (count below
 * 0). Mirror Condition.notify(n) and notify_all. */
mr_status mr_condition_notify(const mr_condition *condition, int count);
mr_status mr_condition_notify_all(const mr_condition *condition);

/* Ends it, and its lock if that is its own. */
mr_status mr_condition_destroy(const mr_condition *condition);

/* An event: a flag that processes wait for. Mirrors multiprocessing.Event. */
typedef struct mr_event {
    uint64_t mr__handle;
} mr_event;

/* Makes an event that is not set. Mirrors multiprocessing.Event(). */
mr_status mr_event_init(mr_event *event);

/* Sets it, which wakes all who wait; clears it. Mirror Event.set and Event.clear. */
mr_status mr_event_set(const mr_event *event);
mr_status mr_event_clear(const mr_event *event);

/* Whether it is set; false on failure. Mirrors Event.is_set. */
bool mr_event_is_set(const mr_event *event);

/* Waits until it is set, at most timeout seconds; one that is set costs a look. Errors: MR_ETIMEDOUT. Mirrors
 * Event.wait. */
mr_status mr_event_wait(const mr_event *event, double timeout);

/* Ends it. */
mr_status mr_event_destroy(const mr_event *event);

#ifdef __GNUC__ /* gcc and clang */

/* Holds a lock, a semaphore or a condition for the length of a block, however that is left:
 *
 *     MR_LOCKED(&lock) {
 *         if (*balance < amount)
 *             return false;        // releases it
 *         *balance -= amount;
 *     }
 *
 * It waits for ever. If it cannot be had (it is closed, say), the block is not run. break and continue leave the
 * block, not a loop around it; goto and return work as ever; longjmp and exit release nothing. MR_LOCKED_STATUS
 * also sets a variable of the caller's to what acquiring has given: MR_OK, MR_EOWNERDEAD (the block is run with
 * the lock held), or why the block is not run. Costs three words on the stack, besides acquire and release. Needs
 * gcc or clang (__attribute__((cleanup))); in C++ an exception that leaves the block releases it, too. Mirrors
 * Python's `with lock:`. */
#ifndef __cplusplus /* its own is in multirank_cxx.h */
#define MR_LOCKED(object) MR__LOCKED(object, NULL, __COUNTER__)
#define MR_LOCKED_STATUS(object, status) MR__LOCKED(object, &(status), __COUNTER__)

#define MR__LOCKED(object, status, number) MR__LOCKED_AS(object, status, number)
#define MR__LOCKED_AS(object, status, number) \
    for (mr__scope mr__scope_##number __attribute__((cleanup(mr__scope_leave))) = _Generic((object), \
            mr_lock *: mr__scope_of_lock,                                                            \
            const mr_lock *: mr__scope_of_lock,                                                      \
            mr_semaphore *: mr__scope_of_semaphore,                                                  \
            const mr_semaphore *: mr__scope_of_semaphore,                                            \
            mr_condition *: mr__scope_of_condition,                                                  \
            const mr_condition *: mr__scope_of_condition)((object), (status));                       \
         mr__scope_##number.runs; mr__scope_##number.runs = false)

/* What the macros are made of. */
typedef struct mr__scope {
    mr_status (*release)(uint64_t handle); /* NULL: nothing is held */
    uint64_t handle;
    bool runs;
} mr__scope;

static inline mr__scope mr__scope_of(mr_status acquired, mr_status *status, mr_status (*release)(uint64_t),
                                     uint64_t handle)
{
    bool is_held = acquired == MR_OK || acquired == MR_EOWNERDEAD;
    if (status != NULL)
        *status = acquired;
    return (mr__scope){is_held ? release : NULL, handle, is_held};
}

static inline mr_status mr__scope_release_lock(uint64_t handle)
{
    return mr_lock_release(&(mr_lock){handle});
}

static inline mr_status mr__scope_release_semaphore(uint64_t handle)
{
    return mr_semaphore_release(&(mr_semaphore){handle});
}

static inline mr_status mr__scope_release_condition(uint64_t handle)
{
    return mr_condition_release(&(mr_condition){handle});
}

static inline mr__scope mr__scope_of_lock(const mr_lock *lock, mr_status *status)
{
    return mr__scope_of(mr_lock_acquire(lock, MR_FOREVER), status, mr__scope_release_lock,
                        lock != NULL ? lock->mr__handle : 0);
}

static inline mr__scope mr__scope_of_semaphore(const mr_semaphore *semaphore, mr_status *status)
{
    return mr__scope_of(mr_semaphore_acquire(semaphore, MR_FOREVER), status, mr__scope_release_semaphore,
                        semaphore != NULL ? semaphore->mr__handle : 0);
}

static inline mr__scope mr__scope_of_condition(const mr_condition *condition, mr_status *status)
{
    return mr__scope_of(mr_condition_acquire(condition, MR_FOREVER), status, mr__scope_release_condition,
                        condition != NULL ? condition->mr__handle : 0);
}

static inline void mr__scope_leave(mr__scope *scope)
{
    if (scope->release != NULL)
        scope->release(scope->handle);
}

#endif
#endif

/* ---- Barriers ----------------------------------------------------------------------------------------------- */

/* A barrier: a fixed number of parties (threads of any processes) wait there for each other, again and again.
 * Mirrors multiprocessing.Barrier, and MPI_Barrier. */
typedef struct mr_barrier {
    uint64_t mr__handle;
} mr_barrier;

/* Makes a barrier for so many parties. action, unless NULL, is run by one of them each time when all have come,
 * before any goes on; if it does not return 0 the barrier breaks. timeout: for those who wait with MR_DEFAULT. Any
 * process. Errors: MR_EINVAL (NULL, no parties, NaN), MR_EBUILD (the action is no function of this program),
 * MR_ELIMIT. Mirrors Barrier(parties, action, timeout). */
mr_status mr_barrier_init(mr_barrier *barrier, int parties, int (*action)(void), double timeout);

/* Waits until all parties have come, at most timeout seconds. *index (may be NULL) gets a number from 0 to parties
 * - 1, another one for each. Errors: MR_EBROKEN: the barrier was broken, before or meanwhile, because somebody
 * aborted or reset it, died in it, did not come before somebody's time-out (the caller's own, maybe), or the
 * action failed; it stays so until it is reset. MR_ECLOSED, MR_EINVAL; MR_ETIMEDOUT (only if there are more to
 * come than parties, and those before have not left in time). Mirrors Barrier.wait. */
mr_status mr_barrier_wait(const mr_barrier *barrier, int *index, double timeout);

/* Makes it as new; those who wait get MR_EBROKEN. Mirrors Barrier.reset. */
mr_status mr_barrier_reset(const mr_barrier *barrier);

/* Breaks it: those who wait, or come later, get MR_EBROKEN. Mirrors Barrier.abort. */
mr_status mr_barrier_abort(const mr_barrier *barrier);

/* How many have to come, and how many have; -1 on failure. Whether it is broken; false on failure. Mirror
 * Barrier.parties, n_waiting and broken. */
int mr_barrier_parties(const mr_barrier *barrier);
int mr_barrier_n_waiting(const mr_barrier *barrier);
bool mr_barrier_is_broken(const mr_barrier *barrier);

/* Ends it, for all processes; those who wait get MR_ECLOSED. Closing twice is harmless. */
mr_status mr_barrier_destroy(const mr_barrier *barrier);

/* ---- Values and arrays -------------------------------------------------------------------------------------- */

/* An array in memory that processes share: elements of one C type or struct, by size, as in an array of C. A
 * handle: it may be copied, also into the arguments of a process, and means the same array there. It lasts until
 * somebody closes it, for all, or mr_finalize. */
typedef struct mr_array {
    uint64_t mr__handle;
} mr_array;

/* Makes an array of length elements of element_size bytes each, with the values of initial (as many), or zeros
 * where that is NULL, and with a lock of its own, an RLock; a raw array has none. Any process. Errors: MR_EINVAL
 * (NULL, elements of 0 bytes), MR_ENOMEM, MR_ELIMIT. Mirror multiprocessing.Array and RawArray. */
mr_status mr_array_init(mr_array *array, size_t element_size, size_t length, const void *initial);
mr_status mr_array_init_raw(mr_array *array, size_t element_size, size_t length, const void *initial);

/* Gives a raw array a lock: this one, which stays the caller's to close; NULL: an RLock of its own. To be called
 * before others use the array. Errors: MR_ESTATE (it has a lock), MR_EINVAL, MR_ECLOSED (the lock is none, or no
 * more). Mirrors sharedctypes.synchronized(obj, lock), and Array(..., lock=lock). */
mr_status mr_array_synchronize(const mr_array *array, const mr_lock *lock);

/* Gives its lock, to be held over what must not be interrupted, such as adding to an element. Errors: MR_ESTATE
 * (it is a raw array). Mirrors Array.get_lock. */
mr_status mr_array_get_lock(const mr_array *array, mr_lock *lock);

/* The elements themselves: what is written there, all processes see. Aligned for any C type; valid until the array
 * is closed, in the process that calls. NULL on failure: MR_ENOHOST (another host than main's: mr_array_get and
 * mr_array_set work there). Mirrors the array that get_obj() gives. */
void *mr_array_data(const mr_array *array);

/* How many elements it has, -1 on failure; of how many bytes each, 0 on failure. Mirror len(array) and
 * ctypes.sizeof. */
ptrdiff_t mr_array_length(const mr_array *array);
size_t mr_array_element_size(const mr_array *array);

/* Copies count elements, from the one of index first (from 0) on, out of the array, or into it, while it holds the
 * array's lock, if there is one. Errors: MR_EINVAL (NULL, not all of them lie in the array: nothing is copied);
 * MR_EOWNERDEAD: it has been done, but somebody died while he held the lock, and may have left the elements half
 * changed. Mirror array[i:j] and array[i:j] = ... */
mr_status mr_array_get(const mr_array *array, size_t first, size_t count, void *out);
mr_status mr_array_set(const mr_array *array, size_t first, size_t count, const void *in);

/* Makes another array with the same elements, and a lock of its own if this one has a lock. Errors: as
 * mr_array_init and mr_array_get. Mirrors sharedctypes.copy. */
mr_status mr_array_copy(mr_array *copy, const mr_array *array);

/* Ends the array, for all processes, and its own lock. Closing twice is harmless; any other use after it is
 * MR_ECLOSED. Any process.
 */
mr_status mr_array_destroy(const mr_array *array);

/* One variable that processes share: as an array of one element. The functions are those of arrays. Mirrors
 * multiprocessing.Value and RawValue. */
typedef struct mr_value {
    uint64_t mr__handle;
} mr_value;

mr_status mr_value_init(mr_value *value, size_t size, const void *initial);
mr_status mr_value_init_raw(mr_value *value, size_t size, const void *initial);
void *mr_value_data(const mr_value *value);
mr_status mr_value_get(const mr_value *value, void *out);
mr_status mr_value_set(const mr_value *value, const void *in);
mr_status mr_value_synchronize(const mr_value *value, const mr_lock *lock);
mr_status mr_value_get_lock(const mr_value *value, mr_lock *lock);
mr_status mr_value_copy(mr_value *copy, const mr_value *value);
mr_status mr_value_destroy(const mr_value *value);

/* ---- Shared memory ------------------------------------------------------------------------------------------ */

/* The most bytes in the name of a block of shared memory. */
enum { MR_SHARED_MEMORY_NAME_MAX = 127 };

/* A block of memory that processes find by its name; or by a handle that they are given, whose first use there
 * attaches them. It lives until it has been unlinked and nobody is attached to it any more; a process that ends,
 * however it ends, is no longer attached. Names are known within the program only, and nothing of them is left
 * when it has ended. Mirrors shared_memory.SharedMemory. */
typedef struct mr_shared_memory {
    uint64_t mr__handle, mr__attachment;
} mr_shared_memory;

/* Makes a block of size bytes, all zero, and attaches the caller to it. name is copied; NULL: one is made up. Any
 * process. Errors: MR_EINVAL (NULL, size 0, a name that is empty or too long), MR_EEXIST (the name is taken),
 * MR_ENOMEM, MR_ELIMIT. Mirrors SharedMemory(name, create=True, size=size). */
mr_status mr_shared_memory_init(mr_shared_memory *memory, const char *name, size_t size);

/* Attaches the caller to the block of that name. Errors: MR_ENOENT (there is none, or no more), MR_EINVAL,
 * MR_ENOMEM. Mirrors SharedMemory(name). */
mr_status mr_shared_memory_attach(mr_shared_memory *memory, const char *name);

/* The memory itself, for as long as the caller is attached. NULL on failure: MR_ECLOSED; MR_ENOENT (the handle
 * came from another process, and the block has been unlinked before its first use here); MR_ENOHOST (another host
 * than main's: mr_shared_memory_read and mr_shared_memory_write work there). Mirrors SharedMemory.buf. */
void *mr_shared_memory_data(const mr_shared_memory *memory);

/* Copy size bytes, from byte offset (from 0) on, out of the block, or into it: what processes on other hosts use,
 * which cannot have the memory itself. Whoever writes the same bytes meanwhile is not waited for. Errors:
 * MR_EINVAL (NULL, not all of them lie in the block: nothing is copied), MR_ECLOSED, MR_ENOENT. Mirror buf[i:j]
 * and buf[i:j] = ..., and MPI_Get and MPI_Put. */
mr_status mr_shared_memory_read(const mr_shared_memory *memory, size_t offset, size_t size, void *out);
mr_status mr_shared_memory_write(const mr_shared_memory *memory, size_t offset, size_t size, const void *in);

/* The size in bytes that was asked for, 0 on failure; the name, which lasts as long as the block, NULL on failure.
 * Both also after close. Mirror SharedMemory.size and SharedMemory.name. */
size_t mr_shared_memory_size(const mr_shared_memory *memory);
const char *mr_shared_memory_name(const mr_shared_memory *memory);

/* Detaches the calling process; other handles stay as they are, also copies of this one in other processes.
 * Closing twice is harmless. Errors: MR_EINVAL, MR_ENOMEM. Mirrors SharedMemory.close. */
mr_status mr_shared_memory_close(const mr_shared_memory *memory);

/* Takes the name away, so that nobody can attach any more, and the name can be used again. The memory stays for
 * those who are attached. May be called after close. Errors: MR_ENOENT (that has been done). Mirrors
 * SharedMemory.unlink. */
mr_status mr_shared_memory_unlink(const mr_shared_memory *memory);

/* The types of items. Shareable lists hold those up to bytes; dicts, lists and namespaces hold all. */
typedef enum mr_item_type {
    MR_ITEM_NONE,
    MR_ITEM_BOOL,
    MR_ITEM_INT,
    MR_ITEM_DOUBLE,
    MR_ITEM_STRING,
    MR_ITEM_BYTES,
    MR_ITEM_ARRAY, /* numbers of one type, as Python's array.array */
    MR_ITEM_OBJECT /* the handle of a shared object */
} mr_item_type;

/* The shared objects whose handles can be items: name, handle. */
#define MR_OBJECT_MAP(X)                 \
    X(LOCK, mr_lock)                     \
    X(SEMAPHORE, mr_semaphore)           \
    X(CONDITION, mr_condition)           \
    X(EVENT, mr_event)                   \
    X(BARRIER, mr_barrier)               \
    X(ARRAY, mr_array)                   \
    X(VALUE, mr_value)                   \
    X(SHARED_MEMORY, mr_shared_memory)   \
    X(SHAREABLE_LIST, mr_shareable_list) \
    X(CONNECTION, mr_connection)         \
    X(QUEUE, mr_queue)                   \
    X(DICT, mr_dict)                     \
    X(LIST, mr_list)                     \
    X(NAMESPACE, mr_namespace)           \
    X(SET, mr_set)                       \
    X(POOL, mr_pool)                     \
    X(INSTANCE, mr_instance)

typedef enum mr_object_type {
    MR_OBJECT_NONE,
#define MR_OBJECT_NUMBER(name, handle) MR_OBJECT_##name,
    MR_OBJECT_MAP(MR_OBJECT_NUMBER)
#undef MR_OBJECT_NUMBER
} mr_object_type;

/* An item: MR_INT(5), MR_STRING("five"), MR_OBJECT(&queue) ... */
typedef struct mr_item {
    mr_item_type type;
    bool boolean;
    char code; /* of an array: the type of its elements, by the letters of Python's array: b B h H i I q Q f d */
    mr_object_type object; /* of an object: which handle it is */
    int64_t integer;
    double real;
    const void *data; /* of a string (without its closing zero byte), bytes or an array; not copied here */
    size_t size;      /* in bytes */
    uint64_t mr__handle[2];
} mr_item;

#ifndef __cplusplus /* C++ has inline functions by these names, in multirank_cxx.h */
#define MR_NONE ((mr_item){.type = MR_ITEM_NONE})
#define MR_BOOL(value) ((mr_item){.type = MR_ITEM_BOOL, .boolean = (value)})
#define MR_INT(value) ((mr_item){.type = MR_ITEM_INT, .integer = (value)})
#define MR_DOUBLE(value) ((mr_item){.type = MR_ITEM_DOUBLE, .real = (value)})
#define MR_STRING(text) ((mr_item){.type = MR_ITEM_STRING, .data = (text), .size = strlen(text)})
#define MR_BYTES(bytes, length) ((mr_item){.type = MR_ITEM_BYTES, .data = (bytes), .size = (length)})

/* An array of count numbers that start at a pointer: to 8, 16, 32 or 64 bits, signed or not, float or double. */
#define MR_ARRAY(numbers, count)                          \
    ((mr_item){.type = MR_ITEM_ARRAY,                     \
               .code = _Generic((numbers)[0], int8_t      \
                                : 'b', uint8_t            \
                                : 'B', int16_t            \
                                : 'h', uint16_t           \
                                : 'H', int32_t            \
                                : 'i', uint32_t           \
                                : 'I', long               \
                                : 'q', unsigned long      \
                                : 'Q', long long          \
                                : 'q', unsigned long long \
                                : 'Q', float              \
                                : 'f', double             \
                                : 'd'),                   \
               .data = (numbers),                         \
               .size = (count) * sizeof((numbers)[0])})

/* The handle behind a pointer, as an item. What it names stays whoever's it is: an item does not own it. */
#define MR_OBJECT(handle) mr__object_item(MR__OBJECT_TYPE(handle), (handle), sizeof *(handle))

/* The reverse: MR_TAKE_OBJECT(item, &queue). Both arguments are pointers. Errors: MR_EINVAL (NULL, or the item is
 * something else). */
#define MR_TAKE_OBJECT(item, handle) mr__item_object((item), MR__OBJECT_TYPE(handle), (handle), sizeof *(handle))

#define MR__OBJECT_CASE(name, handle) handle * : MR_OBJECT_##name, const handle * : MR_OBJECT_##name,
#define MR__OBJECT_TYPE(handle) (_Generic((handle), MR_OBJECT_MAP(MR__OBJECT_CASE) default : MR_OBJECT_NONE))
#endif
mr_status mr__item_object(const mr_item *item, mr_object_type type, void *handle, size_t size);

static inline mr_item mr__object_item(mr_object_type type, const void *handle, size_t size)
{
    mr_item item;
    memset(&item, 0, sizeof item);
    item.type = MR_ITEM_OBJECT;
    item.object = type;
    memcpy(item.mr__handle, handle, size < sizeof item.mr__handle ? size : sizeof item.mr__handle);
    return item;
}

/* A list of fixed length in a block of shared memory, shm: its name, closing and unlinking are those of the block.
 * Each item's slot has a fixed room: for a string or bytes what they need at first, plus 1, rounded up to 8; for
 * anything else 8. An item is read and written as a whole, whoever else reads and writes. Indices count from 0,
 * negative ones from the end. Mirrors shared_memory.ShareableList. */
typedef struct mr_shareable_list {
    mr_shared_memory shm;
} mr_shareable_list;

/* Makes a list of these items; name: as in mr_shared_memory_init, with the same errors; MR_EINVAL also for an
 * item of no known type, or a string that is NULL. */
mr_status mr_shareable_list_init(mr_shareable_list *list, const char *name, const mr_item items[], size_t length);

/* Attaches to the list of that name. Errors: as mr_shared_memory_attach; MR_EINVAL (what lies there is no list).
 */
mr_status mr_shareable_list_attach(mr_shareable_list *list, const char *name);

/* Makes another list of the same items, with a name of its own. */
mr_status mr_shareable_list_copy(mr_shareable_list *copy, const char *name, const mr_shareable_list *list);

/* The number of items; -1 on failure. */
ptrdiff_t mr_shareable_list_length(const mr_shareable_list *list);

/* Gives an item. A string or bytes is copied to buffer, of capacity bytes, and item->data points there; a string
 * has a closing zero byte in addition to its size. Errors: MR_EINVAL (NULL, no such index), MR_ETOOSMALL
 * (item->size says how long it is), MR_ECLOSED, MR_ENOENT. Mirrors list[index]. */
mr_status mr_shareable_list_get(const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                                size_t capacity);

/* Sets an item, also to another type. Errors: MR_EINVAL (no such index), MR_ETOOSMALL (longer than its slot: the
 * item stays as it was). Mirrors list[index] = item. */
mr_status mr_shareable_list_set(const mr_shareable_list *list, ptrdiff_t index, mr_item item);

/* How many items are equal to this one (of the same type and value), and the index of the first (MR_ENOENT: there
 * is none). Mirror ShareableList.count and ShareableList.index. */
mr_status mr_shareable_list_count(const mr_shareable_list *list, mr_item item, size_t *count);
mr_status mr_shareable_list_index(const mr_shareable_list *list, mr_item item, size_t *index);

/* Writes the types of all items as Python's struct module does ("8sqd"), as a string. Errors: MR_ETOOSMALL.
 * Mirrors ShareableList.format. */
mr_status mr_shareable_list_format(const mr_shareable_list *list, char *text, size_t size);

/* ---- Connections -------------------------------------------------------------------------------------------- */

/* One end of a pipe: a handle, a plain value. It may be passed in the arguments of a process or sent in a message,
 * and used there.
 *
 * An end belongs to one process at a time: first to the one that made the pipe, then to the process that it is
 * handed to in its arguments, and in any case to the one that uses it (sends, receives, polls or waits); a message
 * of up to 1024 bytes takes the ends that are in it along, too. Whoever has handed an end over need not close his
 * copy, and if he does, nothing happens. When the owner closes an end or ends himself, however he ends, the other
 * side receives what is still in the pipe, and then MR_EEOF. An end that its owner has not used before that is as
 * good as closed; but if another process has got hold of it, it is open again when that one uses it.
 * Several threads of the owner may use an end at the same time. Messages go straight from process to process. */
typedef struct mr_connection {
    uint64_t mr__handle;
} mr_connection;

/* Makes a pipe. duplex: both ends send and receive; else a receives only and b sends only. A pipe holds up to
 * 1 MiB that nobody has received yet in each direction; then sending waits. Any process. Errors:
 * MR_EINVAL, MR_ELIMIT, MR_ENOMEM, MR_ENOTINIT, MR_EFINALIZED. Mirrors multiprocessing.Pipe. */
mr_status mr_pipe_init(mr_connection *a, mr_connection *b, bool duplex);

/* Sends one message of any size, also 0 (data may then be NULL). Waits at most timeout seconds until the other
 * side makes room; once that has begun to receive the message, as long as that takes. When it returns MR_OK the
 * message arrives, even if the caller ends at once; else nothing of it does. Errors: MR_ETIMEDOUT; MR_EEOF (the
 * other side has closed, or died: Python's BrokenPipeError); MR_ECLOSED (this end is closed); MR_ENOTOWNER
 * (another process is using this end at this moment); MR_EINVAL (NULL, NaN, an end that only receives). Mirrors
 * Connection.send_bytes and MPI_Send. */
mr_status mr_connection_send(const mr_connection *connection, const void *data, size_t size, double timeout);

/* Receives one message into a buffer of capacity bytes, waiting for it at most timeout seconds. *size (may be
 * NULL) becomes its size. Errors: MR_ETOOSMALL (*size says what is needed; the message can still be received),
 * MR_ETIMEDOUT, MR_EEOF (nothing more will come: Python's EOFError), MR_ECLOSED, MR_ENOTOWNER, MR_EINVAL,
 * MR_ESTATE (the next message is a descriptor, which mr_connection_recv_fd receives; or some process has written
 * over the memory of the pipe). Mirrors Connection.recv_bytes_into and MPI_Recv. */
mr_status mr_connection_recv(const mr_connection *connection, void *buffer, size_t capacity, size_t *size,
                             double timeout);

/* The same into memory that is made for the message; *data is the caller's to free(). Errors: as above, MR_ENOMEM
 * (the message can still be received). Mirrors Connection.recv_bytes, and MPI_Mprobe with MPI_Mrecv. */
mr_status mr_connection_recv_alloc(const mr_connection *connection, void **data, size_t *size, double timeout);

/* Sends an open descriptor (of a file, a socket, a pipe of the operating system) to another process of the main
 * process's host: a message of its own, in order with the others. The receiver gets a descriptor of the same open
 * file, as by dup(2), so the position in the file is common to both. The caller may close his own as soon as this
 * returns. When it returns MR_OK the descriptor arrives, even if the caller ends at once: main keeps it open
 * meanwhile, until it is received, or the receiving end is closed (noticed within about a second). Main keeps at
 * most half as many as it may have descriptors (ulimit -n). Errors: as mr_connection_send; MR_EINVAL also for what
 * is no open descriptor; MR_ENOHOST (the caller or the owner of the receiving end is on another host); MR_ELIMIT
 * (no more can be kept); MR_EDIED (main does not answer). Mirrors multiprocessing.reduction.send_handle and DupFd,
 * and SCM_RIGHTS of Unix sockets. */
mr_status mr_connection_send_fd(const mr_connection *connection, int fd, double timeout);

/* Receives the descriptor that is the next message, waiting for it at most timeout seconds: *fd is the caller's to
 * close, and is closed by exec. On errors the message stays, and *fd is left as it was. Errors: as
 * mr_connection_recv; MR_ESTATE also if the next message is no descriptor; MR_ENOHOST (another host than main's:
 * nothing can be received there then, until the end is handed back); MR_ELIMIT (this process can have no more);
 * MR_EDIED. Mirrors multiprocessing.reduction.recv_handle. */
mr_status mr_connection_recv_fd(const mr_connection *connection, int *fd, double timeout);

/* Waits at most timeout seconds until there is something to receive: a message, or the end of file. Errors:
 * MR_ETIMEDOUT (there is nothing: Python's False), MR_ECLOSED, MR_ENOTOWNER, MR_EINVAL. Mirrors Connection.poll
 * and MPI_Probe. */
mr_status mr_connection_poll(const mr_connection *connection, double timeout);

/* A descriptor for poll(2), select, epoll and event loops, so that one thread can wait for connections, sockets
 * and pipes of the operating system together: readable as long as there is something to receive, a message or the
 * end of file, or an error that receiving will tell. -1 on failure. Asking is a use of the end, as polling is;
 * whoever asks again gets the same one.
 *
 * It may only be polled, by any thread of the process that asked, and is that process's own: the number means
 * nothing in another one, nor does a child that was forked by hand keep it up to date. It must be neither read,
 * nor written, nor closed: it is closed by mr_connection_close in this process, and by mr_finalize. Take it out of
 * an event loop first; its number may soon be another file's. A poll(2) that is under way then returns (POLLIN or
 * POLLNVAL).
 *
 * Who is told that it is readable should receive with a time-out of 0, and go back to waiting on MR_ETIMEDOUT:
 * another thread may have been faster, or the sender may have given up a large message. After the other side has
 * closed it stays readable. Before the end is handed to another process take the descriptor out, too: receiving
 * would take the end back. Until that happens messages do not make it readable.
 *
 * The first call starts a thread, which sleeps until something comes; a message then wakes one thread more (on
 * another host than main's, receiving costs one more call to main). Connections without a descriptor are as fast
 * as before. Errors: MR_EINVAL (no connection, or an end that only sends), MR_ECLOSED, MR_ENOTOWNER, MR_ELIMIT (no
 * more descriptors), MR_ENOMEM, MR_ESYSTEM, MR_ESTATE (a child that was forked by hand). Mirrors
 * Connection.fileno. */
int mr_connection_fileno(const mr_connection *connection);

/* Closes an end, if it is the caller's (else the other process keeps it). Threads that wait at it get MR_ECLOSED.
 * Closing twice is harmless. Errors: MR_EINVAL (no connection). Mirrors Connection.close. */
mr_status mr_connection_close(const mr_connection *connection);

/* Whether one can receive and send at this end, and whether it has been closed. Anybody may ask: that is no use.
 * The first two are false, the third true, for what is no connection (any more). Mirror Connection.readable,
 * writable and closed. */
bool mr_connection_is_readable(const mr_connection *connection);
bool mr_connection_is_writable(const mr_connection *connection);
bool mr_connection_is_closed(const mr_connection *connection);

/* A connection that is closed when its variable goes out of scope, also on an early return:
 *     mr_scoped_connection a = {0}, b = {0};
 *     mr_pipe_init(&a, &b, true);
 * Mirrors `with connection:`. */
#define mr_scoped_connection __attribute__((cleanup(mr_connection_cleanup))) mr_connection
void mr_connection_cleanup(const mr_connection *connection);

/* What mr_wait waits for: exactly one of the three is set; ready is the answer. */
typedef struct mr_waitable {
    const mr_connection *connection; /* something to receive, or the end of file */
    mr_process *process;             /* its end (its sentinel) */
    const struct mr_queue *queue;    /* something to get */
    bool ready;
} mr_waitable;

/* Waits at most timeout seconds until at least one of count items is ready; sets their members ready, and *ready
 * to how many are. Errors: MR_ETIMEDOUT (*ready is 0), MR_EINVAL, and what is wrong with an item: MR_ECLOSED,
 * MR_ENOTOWNER, MR_ESTATE (a process that has not been started), MR_ENOTCREATOR.
 *     mr_waitable items[] = {{.connection = &c}, {.process = &p}};
 *     size_t ready;
 *     mr_wait(items, 2, &ready, MR_FOREVER);
 * Mirrors multiprocessing.connection.wait. */
mr_status mr_wait(mr_waitable items[], size_t count, size_t *ready, double timeout);

/* ---- Programs that were started separately ------------------------------------------------------------------ */

/* Where a program that was started separately would connect to this one. Open MPI 4.1 cannot do it: each program
 * has a runtime of its own, MPI_Comm_connect fails between two of them, and MPI_Comm_accept never returns. So the
 * calls of this section check what they are given and then fail with MR_ENOTSUP. What works instead is to make one
 * program of the two: run the other as a process of this one (mr_process_init), with a pipe (mr_pipe_init).
 * Mirrors multiprocessing.connection.Listener. */
typedef struct mr_listener {
    uint64_t mr__handle;
} mr_listener;

/* Would listen at an address, a name that both programs know, for those who know the key: size bytes, at most 256;
 * NULL and 0: the caller's own (mr_process_authkey). Both would be copied. Any process. Errors: MR_EINVAL (NULL,
 * an empty address, too long a key), MR_ENOTINIT, MR_EFINALIZED; MR_ENOTSUP in any other case. Mirrors
 * multiprocessing.connection.Listener(address, authkey=key), and MPI_Open_port. */
mr_status mr_listener_init(mr_listener *listener, const char *address, const void *key, size_t size);

/* Would wait at most timeout seconds until a program connects, and make *connection the end of a pipe to it.
 * Errors: as mr_listener_init; MR_EINVAL also for NaN. Mirrors Listener.accept, and MPI_Comm_accept. */
mr_status mr_listener_accept(const mr_listener *listener, mr_connection *connection, double timeout);

/* Would end the listener. Errors: as mr_listener_init. Mirrors Listener.close, and MPI_Close_port. */
mr_status mr_listener_close(const mr_listener *listener);

/* Would connect to the program that listens at the address, within timeout seconds, and make *connection the end
 * of a pipe to it. Errors: as mr_listener_init; MR_EINVAL also for NaN. Mirrors multiprocessing.connection.Client,
 * and MPI_Comm_connect. */
mr_status mr_connection_connect(mr_connection *connection, const char *address, const void *key, size_t size,
                                double timeout);

/* ---- Queues ------------------------------------------------------------------------------------------------- */

/* A queue: a line of items, byte strings of any length, that any process may put into and get from. A handle: it
 * may be copied, passed in arguments or sent through a queue, and means the same queue in every process. Items
 * come out in the order in which they went in; so those of one producer keep their order.
 *
 * When a process dies. An item is in the queue before the put that brought it returns. A process that is killed
 * while it puts leaves either the whole item or nothing. One that is killed while it gets has the item if its
 * bytes were all in its buffer and it was about to return; otherwise the item is still at the head, or goes back
 * there, and the next get takes it: none is lost to others, and none is taken twice. Until somebody has it, an
 * item keeps its place in a bounded queue; places are never lost. The others go on at once. */
typedef struct mr_queue {
    uint64_t mr__handle;
} mr_queue;

/* Makes a queue for at most maxsize items at a time (0: any number that memory allows), one that can be joined,
 * or a simple one. It lasts until mr_queue_destroy or mr_finalize, whatever becomes of the process that made it.
 * Any process. Errors: MR_EINVAL (NULL, maxsize above INT_MAX), MR_ENOMEM, MR_ELIMIT. Mirror
 * multiprocessing.Queue(maxsize), JoinableQueue(maxsize) and SimpleQueue(). */
mr_status mr_queue_init(mr_queue *queue, size_t maxsize);
mr_status mr_queue_init_joinable(mr_queue *queue, size_t maxsize);
mr_status mr_queue_init_simple(mr_queue *queue);

/* Puts a copy of size bytes (0: an empty item; data may then be NULL) at the end. While the queue is full it
 * waits, at most timeout seconds. On MR_OK the item is in the queue, and does not need this process any more; on
 * errors nothing is. Errors: MR_ETIMEDOUT (still full; Python's Full), MR_EINVAL, MR_ENOMEM, MR_ELIMIT (2^32
 * items), MR_ECLOSED (closed by this process, or destroyed). Mirrors Queue.put, MPI_Send. */
mr_status mr_queue_put(const mr_queue *queue, const void *data, size_t size, double timeout);

/* Takes the first item: copies it into the buffer of so many bytes, its length into *size (may be NULL). While the
 * queue is empty it waits, at most timeout seconds. Errors: MR_ETIMEDOUT (still empty; Python's Empty),
 * MR_ETOOSMALL (*size is what it needs; the item stays at the head, so another process may get it meanwhile),
 * MR_EINVAL, MR_ECLOSED (closed by this process, or destroyed). Mirrors Queue.get, MPI_Recv. */
mr_status mr_queue_get(const mr_queue *queue, void *buffer, size_t capacity, size_t *size, double timeout);

/* The same into memory from malloc, of the right size: *data is the caller's, who frees it with free(). It is
 * never NULL on MR_OK. Errors: as mr_queue_get, and MR_ENOMEM (the item stays at the head). */
mr_status mr_queue_get_alloc(const mr_queue *queue, void **data, size_t *size, double timeout);

/* How many items are in it, those included that somebody is just getting; -1 on failure. Whether a get would have
 * to wait, whether a put would; false on failure. While others use the queue, all of this may
 * have changed on return. Errors: MR_ECLOSED, MR_EINVAL. Mirror Queue.qsize, Queue.empty and Queue.full. */
ptrdiff_t mr_queue_length(const mr_queue *queue);
bool mr_queue_is_empty(const mr_queue *queue);
bool mr_queue_is_full(const mr_queue *queue);

/* A descriptor as mr_connection_fileno gives: readable as long as there is something to get, or an error that
 * getting will tell (the queue has been destroyed). What is said there holds; it is closed by mr_queue_close and
 * mr_queue_destroy in this process, and by mr_finalize. Of several processes that wait for one queue so, each is
 * told of an item, and one gets it: the others find the queue empty (get with a time-out of 0), which makes their
 * descriptors unreadable again. -1 on failure. Errors: MR_EINVAL, MR_ECLOSED (closed by this process, or
 * destroyed), MR_ELIMIT, MR_ENOMEM, MR_ESYSTEM, MR_ESTATE. Mirrors what event loops do with
 * Queue._reader.fileno(). */
int mr_queue_fileno(const mr_queue *queue);

/* Says that an item is done with, once for each that was got. Errors: MR_EOVERFLOW (more often than items were
 * put; Python's ValueError), MR_EINVAL (no joinable queue), MR_ECLOSED. Mirrors JoinableQueue.task_done. */
mr_status mr_queue_task_done(const mr_queue *queue);

/* Waits until every item that was put is done with, at most timeout seconds. MR_EDIED: the queue is empty, and all
 * that is left to do was got by processes that have ended; it waits again once somebody has called
 * mr_queue_task_done for them, or put them again. Other errors: MR_ETIMEDOUT, MR_EINVAL (no joinable queue; NaN),
 * MR_ECLOSED. Mirrors JoinableQueue.join, which waits for the dead for ever. */
mr_status mr_queue_join(const mr_queue *queue, double timeout);

/* Says that the calling process has finished with the queue: from here on it can neither put nor get nor, unless
 * nothing has ever been put, look at it: MR_ECLOSED. Nothing changes for other processes, and what is in the queue
 * stays there. (A simple queue cannot be looked at in any case.) Closing twice is harmless. Errors: MR_EINVAL,
 * MR_ECLOSED (destroyed), MR_ENOMEM. Mirrors Queue.close. */
mr_status mr_queue_close(const mr_queue *queue);

/* In Python these wait for the thread that sends what was put, or say not to. Here whatever was put has arrived,
 * so neither has anything to do; the first may be called only after mr_queue_close (MR_ESTATE). Errors: MR_EINVAL,
 * MR_ECLOSED (destroyed). Mirror Queue.join_thread and Queue.cancel_join_thread. */
mr_status mr_queue_join_thread(const mr_queue *queue);
mr_status mr_queue_cancel_join_thread(const mr_queue *queue);

/* Ends the queue for everybody, and drops what is in it: calls that wait for it in any process, and all later
 * ones, are MR_ECLOSED. Any process. Errors: MR_EINVAL, MR_ECLOSED (destroyed before). In Python this happens when
 * the last reference is gone. */
mr_status mr_queue_destroy(const mr_queue *queue);

/* ---- Dicts, lists, sets and namespaces
 * ---------------------------------------------------------------------------- */

/* Containers of items. All four are handles, as other shared objects are: any process may use them, and whoever
 * knows that nobody needs one any more closes it. An item is copied into the container and out of it. The handle
 * of a shared object (MR_OBJECT), also of a container, stays a handle: what is changed through it is seen by all.
 * A container does not own such objects: they are there until they are closed themselves, whatever becomes of the
 * containers that they are in; so containers may hold each other, and themselves. Each call is atomic: others see
 * all of it or nothing, and a process that is killed in the middle of it has done all of it or nothing.
 *
 * Errors of all calls, besides those of any shared object: MR_EINVAL (an item of no known type; a string that is
 * NULL), MR_ENOMEM, MR_ELIMIT (more than 2^31 - 1 items); MR_ENOENT: there is no such key, index or item.
 *
 * A call that gives one item gives a string, bytes or an array in buffer, of capacity bytes, and item->data points
 * there; a string has a closing zero byte in addition to its size. MR_ETOOSMALL: item->size says how long it is;
 * nothing has been taken away. The same call with _alloc at its end gives it in memory from malloc instead,
 * item->data, which the caller has to free(); that is NULL for other types. Where nobody asks for the item it may
 * be NULL. A call that gives several items gives an array from malloc; free() of the array frees all that belongs
 * to it. */

/* A dict: values by keys, in the order in which the keys came. Keys are none, booleans, integers, floating point
 * numbers other than NaN, strings, bytes and handles; as in Python, numbers that are equal are one key (1, 1.0 and
 * true). Mirrors SyncManager.dict(). */
typedef struct mr_dict {
    uint64_t mr__handle;
} mr_dict;

/* Makes an empty dict, or one of these keys, all with the same value. Mirror dict() and dict.fromkeys(keys,
 * value).
 */
mr_status mr_dict_init(mr_dict *dict);
mr_status mr_dict_init_fromkeys(mr_dict *dict, const mr_item keys[], size_t count, mr_item value);

/* Ends it, for all processes. */
mr_status mr_dict_destroy(const mr_dict *dict);

/* How many keys it has, -1 on failure; whether it has this one, false on failure. Mirror len(d) and key in d. */
ptrdiff_t mr_dict_length(const mr_dict *dict);
bool mr_dict_has(const mr_dict *dict, mr_item key);

/* Sets, gives, deletes the value of a key. Mirror d[key] = value, d[key] (and d.get(key)) and del d[key]. */
mr_status mr_dict_set(const mr_dict *dict, mr_item key, mr_item value);
mr_status mr_dict_get(const mr_dict *dict, mr_item key, mr_item *value, void *buffer, size_t capacity);
mr_status mr_dict_get_alloc(const mr_dict *dict, mr_item key, mr_item *value);
mr_status mr_dict_del(const mr_dict *dict, mr_item key);

/* Takes the key away and gives its value. Mirrors d.pop(key). */
mr_status mr_dict_pop(const mr_dict *dict, mr_item key, mr_item *value, void *buffer, size_t capacity);
mr_status mr_dict_pop_alloc(const mr_dict *dict, mr_item key, mr_item *value);

/* Takes the youngest key away: (*pair)[0] is the key, (*pair)[1] its value. Mirrors d.popitem(). */
mr_status mr_dict_popitem(const mr_dict *dict, mr_item **pair);

/* Gives the value of a key, which is set to this default before if there is none. Mirrors d.setdefault(key,
 * default): get or insert. */
mr_status mr_dict_setdefault(const mr_dict *dict, mr_item key, mr_item default_, mr_item *value, void *buffer,
                             size_t capacity);
mr_status mr_dict_setdefault_alloc(const mr_dict *dict, mr_item key, mr_item default_, mr_item *value);

/* Sets count keys at once: pairs[0] is a key, pairs[1] its value, and so on. Mirrors d.update(...) and d |= other.
 */
mr_status mr_dict_update(const mr_dict *dict, const mr_item pairs[], size_t count);

/* Takes all keys away. Mirrors d.clear(). */
mr_status mr_dict_clear(const mr_dict *dict);

/* Makes another dict with the same keys and values. Mirrors d.copy(). */
mr_status mr_dict_copy(mr_dict *copy, const mr_dict *dict);

/* All keys, all values, or pairs as in mr_dict_update: *count is the number of keys, or of pairs. Mirror d.keys(),
 * d.values() and d.items(). */
mr_status mr_dict_keys(const mr_dict *dict, mr_item **keys, size_t *count);
mr_status mr_dict_values(const mr_dict *dict, mr_item **values, size_t *count);
mr_status mr_dict_items(const mr_dict *dict, mr_item **pairs, size_t *count);

/* All keys, the youngest first. Mirrors reversed(d). */
mr_status mr_dict_reversed(const mr_dict *dict, mr_item **keys, size_t *count);

/* The pairs of the dict with more_count pairs set in addition, in the order that a dict would have; the dict stays
 * as it is. Mirrors d | other. */
mr_status mr_dict_union(const mr_dict *dict, const mr_item more[], size_t more_count, mr_item **pairs,
                        size_t *count);

/* The dict as Python would print it, "{0: 0, 'one': 1}"; handles as what they are, "<queue>". *text is the
 * caller's to free(). Mirrors str(d). */
mr_status mr_dict_text(const mr_dict *dict, char **text);

/* Adds to the number of a key, which is taken to be 0 where there is no such key, and gives the sum (may be NULL).
 * Integers stay integers. Errors: MR_EINVAL (not a number), MR_EOVERFLOW (the sum is no 64-bit integer; nothing is
 * changed). No counterpart in Python, where d[key] += 1 is not atomic; mirrors MPI_Fetch_and_op. */
mr_status mr_dict_add(const mr_dict *dict, mr_item key, mr_item amount, mr_item *sum);

/* Sets the value of a key if it is expected, of the same type and value (NULL: if there is no such key), and tells
 * whether it was. No counterpart in Python; mirrors MPI_Compare_and_swap. */
mr_status mr_dict_compare_and_swap(const mr_dict *dict, mr_item key, const mr_item *expected, mr_item desired,
                                   bool *swapped);

/* What makes a new value of an old one (NULL: there was none). *next is to become the new value; what it points to
 * has to stay until the change is called again or the call that called it returns. What it returns other than
 * MR_OK leaves all as it is and is passed on. */
typedef mr_status (*mr_change)(const mr_item *now, mr_item *next, void *argument);

/* Changes the value of a key by a function, as if at one instant: it is called with the lock of the dict held
 * (mr_dict_get_lock), and again should somebody without the lock have set the value meanwhile. It may use any
 * shared object. No counterpart in Python. */
mr_status mr_dict_modify(const mr_dict *dict, mr_item key, mr_change change, void *argument);

/* Gives the lock of the dict, an RLock, to be held over several calls that belong together. Single calls do not
 * wait for it, but for mr_dict_modify. */
mr_status mr_dict_get_lock(const mr_dict *dict, mr_lock *lock);

/* Goes through a container:
 *
 *     mr_iterator all;
 *     mr_status status = mr_dict_iterate(&dict, &all);
 *     while ((status = mr_iterator_next(&all)) == MR_OK)
 *         use(&all.key, &all.value);
 *     mr_iterator_close(&all);
 *     if (status != MR_EEOF) ...   // MR_ESTATE: keys came or went meanwhile
 *
 * What key and value point to lasts until the next call. A list (of which there is no key) is gone through by
 * index, to its end as it is then; of a set, key and value are both the item. Errors of mr_iterator_next: MR_EEOF
 * (there is nothing more: Python's StopIteration), MR_ESTATE (a dict or set changed its size: RuntimeError); and
 * it repeats why mr_dict_iterate has failed. mr_iterator_close frees what the iterator holds. Mirror iter(d),
 * next(i).
 */
typedef struct mr_iterator {
    mr_item key, value;
    uint64_t mr__handle, mr__position, mr__changes;
    mr_item *mr__items;
    int mr__kind;
    mr_status mr__status;
} mr_iterator;

mr_status mr_dict_iterate(const mr_dict *dict, mr_iterator *iterator);
mr_status mr_iterator_next(mr_iterator *iterator);
mr_status mr_iterator_close(mr_iterator *iterator);

/* A list. Indices count from 0, negative ones from the end. Mirrors SyncManager.list(). */
typedef struct mr_list {
    uint64_t mr__handle;
} mr_list;

/* Makes a list of these items (NULL: none, if count is 0). Mirrors list(items). */
mr_status mr_list_init(mr_list *list, const mr_item items[], size_t count);

/* Ends it, for all processes. */
mr_status mr_list_destroy(const mr_list *list);

/* How many items it has, -1 on failure; whether one of them equals this one, false on failure. Numbers are equal
 * whatever their type, as in Python. Mirror len(l) and item in l. */
ptrdiff_t mr_list_length(const mr_list *list);
bool mr_list_has(const mr_list *list, mr_item item);

/* Sets, gives, deletes the item of an index. Mirror l[i] = item, l[i] and del l[i]. */
mr_status mr_list_set(const mr_list *list, ptrdiff_t index, mr_item item);
mr_status mr_list_get(const mr_list *list, ptrdiff_t index, mr_item *item, void *buffer, size_t capacity);
mr_status mr_list_get_alloc(const mr_list *list, ptrdiff_t index, mr_item *item);
mr_status mr_list_del(const mr_list *list, ptrdiff_t index);

/* Adds items at the end; or one before an index, at an end if that lies beyond it. Mirror l.append(item),
 * l.extend(items) (and +=) and l.insert(i, item). */
mr_status mr_list_append(const mr_list *list, mr_item item);
mr_status mr_list_extend(const mr_list *list, const mr_item items[], size_t count);
mr_status mr_list_insert(const mr_list *list, ptrdiff_t index, mr_item item);

/* Takes an item away and gives it; takes the first one that equals this one away. Those at both ends are taken,
 * and added at the end, in a time that does not depend on the length. Mirror l.pop(i) and l.remove(item). */
mr_status mr_list_pop(const mr_list *list, ptrdiff_t index, mr_item *item, void *buffer, size_t capacity);
mr_status mr_list_pop_alloc(const mr_list *list, ptrdiff_t index, mr_item *item);
mr_status mr_list_remove(const mr_list *list, mr_item item);

/* How many items equal this one; the index of the first (MR_ENOENT: there is none). Mirror l.count and l.index. */
mr_status mr_list_count(const mr_list *list, mr_item item, size_t *count);
mr_status mr_list_index(const mr_list *list, mr_item item, size_t *index);

/* Takes all items away; turns their order round; sorts them, equal ones staying in order (MR_EINVAL: they are not
 * all numbers, all strings or all bytes; nothing is changed); repeats them so many times (0 or less: none). Mirror
 * l.clear(), l.reverse(), l.sort(reverse=...) and l *= times. */
mr_status mr_list_clear(const mr_list *list);
mr_status mr_list_reverse(const mr_list *list);
mr_status mr_list_sort(const mr_list *list, bool reverse);
mr_status mr_list_repeat(const mr_list *list, ptrdiff_t times);

/* A start or stop of a slice that is left out, as in l[::2]. */
#define MR_OMITTED PTRDIFF_MIN

/* The items of a slice; sets a slice to these items, as many as it has unless the step is 1; deletes it. Errors:
 * MR_EINVAL (the step is 0, or the number of items is wrong). Mirror l[start:stop:step], l[...] = items and
 * del l[...]. */
mr_status mr_list_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step, mr_item **items,
                        size_t *count);
mr_status mr_list_set_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step,
                            const mr_item items[], size_t count);
mr_status mr_list_del_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step);

/* All items; in reverse order; with these items behind them; so many times. Mirror list(l), reversed(l), l + items
 * and l * times, which give lists of the caller's own, too. */
mr_status mr_list_items(const mr_list *list, mr_item **items, size_t *count);
mr_status mr_list_reversed(const mr_list *list, mr_item **items, size_t *count);
mr_status mr_list_plus(const mr_list *list, const mr_item more[], size_t more_count, mr_item **items,
                       size_t *count);
mr_status mr_list_times(const mr_list *list, ptrdiff_t times, mr_item **items, size_t *count);

/* Makes another list of the same items. Mirrors l.copy(). */
mr_status mr_list_copy(mr_list *copy, const mr_list *list);

/* As those of dicts, with an index instead of a key: adding to an item that there is, and so on. */
mr_status mr_list_text(const mr_list *list, char **text);
mr_status mr_list_add(const mr_list *list, ptrdiff_t index, mr_item amount, mr_item *sum);
mr_status mr_list_compare_and_swap(const mr_list *list, ptrdiff_t index, const mr_item *expected, mr_item desired,
                                   bool *swapped);
mr_status mr_list_modify(const mr_list *list, ptrdiff_t index, mr_change change, void *argument);
mr_status mr_list_get_lock(const mr_list *list, mr_lock *lock);
mr_status mr_list_iterate(const mr_list *list, mr_iterator *iterator);

/* A set: items, each once, in the order in which they came. What can be an item is what can be a key of a dict.
 * Mirrors SyncManager.set(). */
typedef struct mr_set {
    uint64_t mr__handle;
} mr_set;

/* Makes a set of these items (NULL: none, if count is 0). Mirrors set(items). */
mr_status mr_set_init(mr_set *set, const mr_item items[], size_t count);

/* Ends it, for all processes. */
mr_status mr_set_destroy(const mr_set *set);

/* How many items it has, -1 on failure; whether it has this one, false on failure. Mirror len(s) and item in s. */
ptrdiff_t mr_set_length(const mr_set *set);
bool mr_set_has(const mr_set *set, mr_item item);

/* Adds an item; takes one away, if it is there; takes one away (MR_ENOENT: it is not there). Mirror s.add(item),
 * s.discard(item) and s.remove(item). */
mr_status mr_set_add(const mr_set *set, mr_item item);
mr_status mr_set_discard(const mr_set *set, mr_item item);
mr_status mr_set_remove(const mr_set *set, mr_item item);

/* Takes any item away, the youngest, and gives it: **item. Mirrors s.pop(). */
mr_status mr_set_pop(const mr_set *set, mr_item **item);

/* Takes all items away. Mirrors s.clear(). */
mr_status mr_set_clear(const mr_set *set);

/* All items; another set of the same items; the set as Python would print it. Mirror list(s), s.copy() and str(s).
 */
mr_status mr_set_items(const mr_set *set, mr_item **items, size_t *count);
mr_status mr_set_copy(mr_set *copy, const mr_set *set);
mr_status mr_set_text(const mr_set *set, char **text);

/* What comes of the set and of other items (those of another set are what mr_set_items gives of it); the set stays
 * as it is. Mirror s.union(others) and s | others, s.intersection(others) and &, s.difference(others) and -,
 * s.symmetric_difference(others) and ^. */
mr_status mr_set_union(const mr_set *set, const mr_item others[], size_t other_count, mr_item **items,
                       size_t *count);
mr_status mr_set_intersection(const mr_set *set, const mr_item others[], size_t other_count, mr_item **items,
                              size_t *count);
mr_status mr_set_difference(const mr_set *set, const mr_item others[], size_t other_count, mr_item **items,
                            size_t *count);
mr_status mr_set_symmetric_difference(const mr_set *set, const mr_item others[], size_t other_count,
                                      mr_item **items, size_t *count);

/* The same, and that is what the set then has. Mirror s.update(others) and s |= others, and so on. */
mr_status mr_set_update(const mr_set *set, const mr_item others[], size_t count);
mr_status mr_set_intersection_update(const mr_set *set, const mr_item others[], size_t count);
mr_status mr_set_difference_update(const mr_set *set, const mr_item others[], size_t count);
mr_status mr_set_symmetric_difference_update(const mr_set *set, const mr_item others[], size_t count);

/* Whether the set and the others have no item in common; whether all of the set's are among the others; whether
 * all of the others' are in the set. false on failure. Mirror s.isdisjoint(others), s.issubset(others) and <=,
 * s.issuperset(others) and >=. */
bool mr_set_is_disjoint(const mr_set *set, const mr_item others[], size_t count);
bool mr_set_is_subset(const mr_set *set, const mr_item others[], size_t count);
bool mr_set_is_superset(const mr_set *set, const mr_item others[], size_t count);

/* As those of dicts. */
mr_status mr_set_iterate(const mr_set *set, mr_iterator *iterator);
mr_status mr_set_get_lock(const mr_set *set, mr_lock *lock);

/* A namespace: values by names. Mirrors SyncManager.Namespace(). */
typedef struct mr_namespace {
    uint64_t mr__handle;
} mr_namespace;

mr_status mr_namespace_init(mr_namespace *space);
mr_status mr_namespace_destroy(const mr_namespace *space);

/* Sets, gives, deletes an attribute; whether there is one. Errors: MR_ENOENT (Python's AttributeError), MR_EINVAL
 * (a name that is NULL or empty). Mirror n.name = value, n.name, del n.name and hasattr(n, name). */
mr_status mr_namespace_set(const mr_namespace *space, const char *name, mr_item value);
mr_status mr_namespace_get(const mr_namespace *space, const char *name, mr_item *value, void *buffer,
                           size_t capacity);
mr_status mr_namespace_get_alloc(const mr_namespace *space, const char *name, mr_item *value);
mr_status mr_namespace_del(const mr_namespace *space, const char *name);
bool mr_namespace_has(const mr_namespace *space, const char *name);

/* As those of dicts. The text, "Namespace(x=1, y='two')", leaves names out that begin with '_'; the attributes, in
 * pairs, are all there are. Mirror str(n) and vars(n). */
mr_status mr_namespace_text(const mr_namespace *space, char **text);
mr_status mr_namespace_attributes(const mr_namespace *space, mr_item **pairs, size_t *count);
mr_status mr_namespace_add(const mr_namespace *space, const char *name, mr_item amount, mr_item *sum);
mr_status mr_namespace_compare_and_swap(const mr_namespace *space, const char *name, const mr_item *expected,
                                        mr_item desired, bool *swapped);
mr_status mr_namespace_modify(const mr_namespace *space, const char *name, mr_change change, void *argument);
mr_status mr_namespace_get_lock(const mr_namespace *space, mr_lock *lock);

/* ---- Managers ----------------------------------------------------------------------------------------------- */

/* A manager: makes shared objects, which end with it, and keeps objects of the program's own types. Shared objects
 * lie in memory that main's host shares, so a manager needs a process of its own only for an initializer and for
 * types: what a program's own code does there, and be it to crash, concerns that process alone. Other processes
 * may use a copy of the struct; it is started, joined and shut down by the process that made it only
 * (MR_ENOTCREATOR). If that one ends without shutting it down, its process ends too; the shared objects stay until
 * they are closed, or mr_finalize. Mirrors managers.BaseManager, SyncManager (Manager()) and SharedMemoryManager.
 */
typedef struct mr_manager {
    uint64_t mr__handle;
    mr_process mr__process;
} mr_manager;

/* Makes a manager that has not been started: until then its objects are MR_ESTATE. Any process. Mirrors
 * BaseManager(). */
mr_status mr_manager_init(mr_manager *manager);

/* Starts it. initializer (may be NULL) runs once in the manager's process, on a copy of args, before anything
 * else; MR_ETASK: it has not returned 0; MR_EDIED: it has ended that process. Other errors: MR_ESTATE (it runs),
 * MR_EDAEMON and those of mr_process_start, where there has to be a process. Mirrors
 * BaseManager.start(initializer, initargs). */
mr_status mr_manager_start(mr_manager *manager, mr_target initializer, const void *args, size_t size);

/* Ends all objects that were made through it, for all processes, and its process: politely, and if that takes more
 * than a second by SIGTERM. Shutting down twice is harmless; after it the manager may be started again. Mirrors
 * BaseManager.shutdown. */
mr_status mr_manager_shutdown(mr_manager *manager);

/* Waits at most timeout seconds until its process has ended (MR_ETIMEDOUT); the exit code of that
 * (MR_EXITCODE_NONE: it has not ended, or there was none). Mirror BaseManager.join, and what shutdown leaves in
 * exitcode. */
mr_status mr_manager_join(mr_manager *manager, double timeout);
int mr_manager_exitcode(const mr_manager *manager);

/* Shuts it down, if need be, and ends it. Closing twice is harmless. */
mr_status mr_manager_close(mr_manager *manager);

/* A manager that is closed when its variable goes out of scope:
 *     mr_scoped_manager manager = {0};     // in C++: = {}
 * Mirrors `with manager:`. */
#define mr_scoped_manager __attribute__((cleanup(mr_manager_cleanup))) mr_manager
void mr_manager_cleanup(mr_manager *manager);

/* Would connect to the manager of a program that was started separately, which Open MPI 4.1 cannot do
 * (mr_listener): MR_ENOTSUP, or MR_EINVAL. Mirrors BaseManager.connect. */
mr_status mr_manager_connect(mr_manager *manager, const char *address, const void *key, size_t size);

/* Make shared objects as the functions without a manager do, with the same errors; MR_ESTATE (the manager has not
 * been started), MR_ECLOSED (it has been shut down). Any process that has the manager. */
mr_status mr_manager_make_dict(const mr_manager *manager, mr_dict *dict);
mr_status mr_manager_make_list(const mr_manager *manager, mr_list *list, const mr_item items[], size_t count);
mr_status mr_manager_make_set(const mr_manager *manager, mr_set *set, const mr_item items[], size_t count);
mr_status mr_manager_make_namespace(const mr_manager *manager, mr_namespace *space);
mr_status mr_manager_make_value(const mr_manager *manager, mr_value *value, size_t size, const void *initial);
mr_status mr_manager_make_array(const mr_manager *manager, mr_array *array, size_t element_size, size_t length,
                                const void *initial);
mr_status mr_manager_make_queue(const mr_manager *manager, mr_queue *queue, size_t maxsize);
mr_status mr_manager_make_queue_joinable(const mr_manager *manager, mr_queue *queue, size_t maxsize);
mr_status mr_manager_make_lock(const mr_manager *manager, mr_lock *lock);
mr_status mr_manager_make_lock_recursive(const mr_manager *manager, mr_lock *lock);
mr_status mr_manager_make_semaphore(const mr_manager *manager, mr_semaphore *semaphore, int64_t value);
mr_status mr_manager_make_semaphore_bounded(const mr_manager *manager, mr_semaphore *semaphore, int64_t value);
mr_status mr_manager_make_condition(const mr_manager *manager, mr_condition *condition, const mr_lock *lock);
mr_status mr_manager_make_event(const mr_manager *manager, mr_event *event);
mr_status mr_manager_make_barrier(const mr_manager *manager, mr_barrier *barrier, int parties, int (*action)(void),
                                  double timeout);

struct mr_pool;

/* The same for a pool, which is terminated when the manager is shut down. The process that makes it is its
 * creator. */
mr_status mr_manager_make_pool(const mr_manager *manager, struct mr_pool *pool, int processes);

/* The same for shared memory, which is unlinked when the manager is shut down. Mirror
 * SharedMemoryManager.SharedMemory(size) and ShareableList(items). */
mr_status mr_manager_make_shared_memory(const mr_manager *manager, mr_shared_memory *memory, size_t size);
mr_status mr_manager_make_shareable_list(const mr_manager *manager, mr_shareable_list *list, const mr_item items[],
                                         size_t count);

/* An object of a type of the program's own, which lives in the manager's process. A handle; also an item. */
typedef struct mr_instance {
    uint64_t mr__handle, mr__number;
} mr_instance;

/* What a method answers. */
typedef struct mr_reply mr_reply;

/* A method of a type: runs in the manager's process, on the object itself and on copies of the arguments. What it
 * returns is what the caller gets, and if that is an error, the sentence too: that of the Multirank call which
 * failed, or one from mr_fail. */
typedef struct mr_method {
    const char *name;
    mr_status (*run)(void *self, const mr_item args[], size_t count, mr_reply *reply);
} mr_method;

/* A type of the program's own: a static object of the program. Of its methods those can be called that are
 * exposed; with NULL those whose names do not begin with '_'. The methods of all objects of a manager run one
 * after the other, so they need no locks, and none may wait for another. */
typedef struct mr_type {
    const char *name;
    size_t size;                                                       /* of an object, in bytes; zeroed */
    mr_status (*init)(void *self, const mr_item args[], size_t count); /* or NULL */
    void (*end)(void *self);                                           /* or NULL */
    const mr_method *methods;
    size_t method_count;
    const char *const *exposed; /* names */
    size_t exposed_count;
} mr_type;

/* Lets a manager, before it is started, make objects of a type. Errors: MR_EINVAL (a type without name, size or
 * methods), MR_EEXIST (the name is taken), MR_EBUILD (the type is not static in this program), MR_ESTATE (the
 * manager runs), MR_ENOTCREATOR. Mirrors BaseManager.register. */
mr_status mr_manager_register(mr_manager *manager, const mr_type *type);

/* Makes an object of the type of that name; what init makes of the arguments is the caller's answer. Errors: as
 * mr_instance_call. Mirrors manager.TypeName(...). */
mr_status mr_manager_make_instance(const mr_manager *manager, mr_instance *instance, const char *type,
                                   const mr_item args[], size_t count);

/* Has a method run, and waits for it, at most timeout seconds. *answer (may be NULL) is an array from malloc, to
 * be freed with free(), as the containers give it. Errors: whatever the method returns; MR_ENOENT (there is no
 * such method, or it is not exposed), MR_ETIMEDOUT (the method may run all the same), MR_EDIED (the manager's
 * process has died), MR_ECLOSED (the object was closed, or the manager shut down). Mirrors proxy.method(...), and
 * RemoteError. */
mr_status mr_instance_call(const mr_instance *instance, const char *method, const mr_item args[], size_t count,
                           mr_item **answer, size_t *answer_count, double timeout);

/* Ends an object. Closing twice is harmless. */
mr_status mr_instance_destroy(const mr_instance *instance);

/* For methods: sets the answer, which is copied; records a sentence for the caller and returns the status, as in
 * `return mr_fail(MR_ETASK, "there are only %d", n);`. Errors of the first: MR_EINVAL, MR_ENOMEM. */
mr_status mr_reply_set(mr_reply *reply, const mr_item items[], size_t count);
mr_status mr_fail(mr_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

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
    MR_SCHEDULE_EVEN     /* mr_pool_map and mr_pool_apply by main: an equal share for each, by MPI_Scatterv and
                            MPI_Gatherv,     for tasks that all take as long; all else, and all after the death of a
                            worker: DYNAMIC. All     workers are fresh ranks of one batch. Not with a host or a
                            task_timeout */
} mr_schedule;

/* How a pool is to be. What is 0 has the default. */
typedef struct mr_pool_options {
    int processes;         /* number of workers (default: as many as mr_core_count() says) */
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
    bool progress;       /* shows on standard error how far it is: a bar on a terminal, else a line at times */
} mr_pool_options;

/* Starts a pool of so many workers (0: as many as mr_core_count() says) with default options; or with others. Does
 * not wait until the workers are up. Any process on main's host that is no daemon; a pool ends with the process
 * that made it. With MR_SCHEDULE_EVEN: the main process only. Errors: MR_EINVAL, MR_EDAEMON, MR_ELAUNCH,
 * MR_ETIMEDOUT, MR_ENOHOST, MR_EBUILD, MR_ENOMEM; if one worker cannot be started, none is left. Mirror
 * multiprocessing.Pool(processes, initializer, initargs, maxtasksperchild). */
mr_status mr_pool_init(mr_pool *pool, int processes);
mr_status mr_pool_init_with(mr_pool *pool, const mr_pool_options *options);

/* The number of workers; -1 on failure. */
int mr_pool_processes(const mr_pool *pool);

/* Runs one task and waits for its result of out_size bytes. Errors: as mr_pool_map. Mirrors Pool.apply. */
mr_status mr_pool_apply(const mr_pool *pool, mr_task task, const void *in, size_t in_size, void *out,
                        size_t out_size);

/* out[i] = task(in[i]) for i < count. in and out are arrays of elements of in_size and out_size bytes. Waits until
 * all are done. Errors: MR_ETASK (some have failed: mr_last_error tells of the first, mr_last_failures of all; out
 * holds the others' results, and what those had written themselves); MR_ECLOSED (the pool is closed, or was
 * terminated meanwhile, or its creator has ended); MR_EINVAL, MR_EBUILD, MR_ENOMEM, MR_ELIMIT; MR_EDIED (its
 * workers die as soon as they are started). Mirrors Pool.map. */
mr_status mr_pool_map(const mr_pool *pool, mr_task task, const void *in, size_t in_size, void *out,
                      size_t out_size, size_t count);

/* out[i] = task({columns[0][i], columns[1][i], ...}) for i < count: a column is an array of elements of
 * columns[c].size bytes, and the task is given a pointer to one of each. Errors: as mr_pool_map. Mirrors
 * Pool.starmap, with the tuples laid out as C programs have them: an array for each part. */
mr_status mr_pool_starmap(const mr_pool *pool, mr_star_task task, const mr_slice columns[], size_t column_count,
                          void *out, size_t out_size, size_t count);

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

/* Have tasks run, and return at once. The future has to be closed; it may be NULL: then the results are dropped
 * when the callbacks have returned. Errors: as mr_pool_map, but for MR_ETASK; those of the source. Mirror
 * Pool.apply_async, Pool.map_async and Pool.starmap_async (which takes star tasks only). */
mr_status mr_pool_apply_async(const mr_pool *pool, mr_task task, const void *in, size_t in_size, size_t out_size,
                              mr_future *future);
mr_status mr_pool_map_async(const mr_pool *pool, const mr_tasks *tasks, mr_future *future);
mr_status mr_pool_starmap_async(const mr_pool *pool, const mr_tasks *tasks, mr_future *future);

/* Waits at most timeout seconds until all tasks are done. Errors: MR_ETIMEDOUT, MR_EINVAL, MR_ECLOSED, MR_EDIED
 * (as mr_pool_map). Mirrors AsyncResult.wait. */
mr_status mr_future_wait(const mr_future *future, double timeout);

/* Waits, and copies all results, an array as mr_pool_map gives it. May be called again. Errors: as
 * mr_future_wait; MR_ETASK (as mr_pool_map); MR_ETOOSMALL, MR_EINVAL (results of MR_ANY_SIZE). Mirrors
 * AsyncResult.get. */
mr_status mr_future_get(const mr_future *future, void *out, size_t capacity, double timeout);

/* Waits, and copies the result of one task, whose size is put into *size (may be NULL). Errors: as mr_future_get;
 * MR_ETOOSMALL (*size is what it needs, so a capacity of 0 asks for that); MR_ETASK only if this task has failed.
 */
mr_status mr_future_result(const mr_future *future, size_t index, void *out, size_t capacity, size_t *size,
                           double timeout);

/* Whether all tasks are done; whether all have succeeded (false with MR_ESTATE if they are not all done: Python's
 * ValueError). false on failure. Mirror AsyncResult.ready and AsyncResult.successful. */
bool mr_future_is_ready(const mr_future *future);
bool mr_future_is_successful(const mr_future *future);

/* How many tasks it is for; -1 on failure. */
ptrdiff_t mr_future_count(const mr_future *future);

/* Gives it up, and the memory of its inputs and results back; tasks that have not begun are not run. It ends with
 * its process in any case. Closing twice is harmless. */
mr_status mr_future_close(const mr_future *future);

/* A future that is closed when its variable goes out of scope; to be initialised with {0}. */
#define mr_scoped_future __attribute__((cleanup(mr_future_cleanup))) mr_future
void mr_future_cleanup(const mr_future *future);

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
const mr_failure *mr_last_failures(size_t *count);

/* ---- Inside a task ---- */

/* The number of its input; the size of that in bytes. */
size_t mr_task_index(void);
size_t mr_task_in_size(void);

/* Says why the task fails, as printf does, and gives what it should return: return mr_task_fail("no %s", name);
 * Mirrors an exception. */
int mr_task_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Gives the result of a task whose results are MR_ANY_SIZE (copied), and what it should then return: 0, or that it
 * has failed: MR_ENOMEM there is no room. Called twice, the last one counts; never, the result has no bytes.
 * Mirrors return. */
int mr_task_return(const void *data, size_t size);

/* ---- Iterators ---- */

/* Results one by one, as they are asked for; inputs are taken as there is room (buffer_size). Belongs to the
 * thread that made it. */
typedef struct mr_imap {
    struct mr__imap *mr__state;
} mr_imap;

/* Make an iterator, in the order of the inputs, or in that in which they are done. Errors: as mr_pool_map_async.
 * Mirror Pool.imap and Pool.imap_unordered. */
mr_status mr_pool_imap(const mr_pool *pool, const mr_tasks *tasks, mr_imap *imap);
mr_status mr_pool_imap_unordered(const mr_pool *pool, const mr_tasks *tasks, mr_imap *imap);

/* The next result, into out; its size into *size and the number of its input into *index (both may be NULL). Waits
 * at most timeout seconds. Errors: MR_EEOF (there are no more: Python's StopIteration); MR_ETASK (this one has
 * failed, *index is set; the next call gives the next one); MR_ETOOSMALL (it stays the next one); MR_ETIMEDOUT;
 * the source's own, when all inputs before it have come out; as mr_future_wait. Mirrors IMapIterator.next. */
mr_status mr_imap_next(mr_imap *imap, void *out, size_t capacity, size_t *size, size_t *index, double timeout);

/* Ends it; what is still to come is dropped. Closing twice is harmless. */
mr_status mr_imap_close(mr_imap *imap);

/* ---- Maps that go on after an interruption ---- */

/* As mr_pool_map, for tasks whose results have a fixed size and whose inputs are an array or records; but each
 * result is also written to the file of that name as it comes. If the program is ended before all is done (a time
 * limit, a node that fails), the same call in its next run takes from there what is done and runs the rest; tasks
 * that had failed are tried again. mr_task_index counts the tasks of this run. When all is done the file stays,
 * and the call has nothing to do any more, until somebody removes it. What is written survives the program, not a
 * crash of the host that has the file. Errors: as mr_pool_map; MR_EINVAL (also: the file holds something else than
 * results of these inputs); MR_ESTATE (another program is at work on it); MR_ESYSTEM (it cannot be read or
 * written). Python's pools have no such thing. */
mr_status mr_pool_map_resumable(const mr_pool *pool, const mr_tasks *tasks, void *out, const char *path);

/* ---- How a pool is doing, and its end ---- */

/* What the workers in one place of a pool have done so far. */
typedef struct mr_insight {
    int rank; /* the present one's, -1: there is none at the moment */
    pid_t pid;
    char host[65];
    unsigned started;                  /* how many there have been in this place */
    size_t tasks;                      /* finished */
    double starting, waiting, working; /* seconds until they were ready, that they had nothing to do, and had */
} mr_insight;

/* Fills in up to capacity of them, and gives the number of workers; -1 on failure. Anybody, until it is joined. */
int mr_pool_insights(const mr_pool *pool, mr_insight insights[], int capacity);

/* Takes no more tasks; workers end when all is done. Closing twice is harmless. Mirrors Pool.close. */
mr_status mr_pool_close(const mr_pool *pool);

/* Ends at once: workers that have something to do get SIGTERM, and half a second later SIGKILL; who waits for
 * results gets MR_ECLOSED. Twice is harmless. Mirrors Pool.terminate. */
mr_status mr_pool_terminate(const mr_pool *pool);

/* Waits at most timeout seconds until all workers have ended, and releases the pool; futures stay. Twice is
 * harmless. Errors: MR_ESTATE (neither closed nor terminated), MR_ETIMEDOUT, MR_EINVAL. Mirrors Pool.join. */
mr_status mr_pool_join(const mr_pool *pool, double timeout);

/* A pool that is terminated and joined when its variable goes out of scope; to be initialised with {0}. Mirrors
 * `with Pool() as pool`. */
#define mr_scoped_pool __attribute__((cleanup(mr_pool_cleanup))) mr_pool
void mr_pool_cleanup(const mr_pool *pool);

#pragma GCC visibility pop

#ifdef __cplusplus
}

#include "multirank_cxx.h"
#endif

#endif
