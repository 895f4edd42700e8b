/* Processes. Part of multirank.h, which is what programs include. */
#ifndef MULTIRANK_PROCESS_H
#define MULTIRANK_PROCESS_H

#include "program.h"

#include <limits.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

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
 * process, too, from the same path; if it is not there on that host, the process says so on standard error and
 * ends with code 127. Mirrors multiprocessing.Process(target=..., args=...). */
MR_API mr_status mr_process_init(mr_process *process, mr_target target, const void *args, size_t size);

/* Makes a process of a class out of the struct's first member; the other members are the caller's to set, up to
 * the start, which copies the struct byte for byte (so pointers in it mean nothing over there). Errors: as
 * mr_process_init, and MR_EBUILD for a class that is not static in this program, MR_EINVAL for one without name,
 * size or run. Mirrors the constructor of a subclass of multiprocessing.Process. */
MR_API mr_status mr_process_init_class(mr_process *process, const mr_class *class_);

/* The name: "Process-1", "Process-1:2" (child of a child), "MyProcess-1" (of a class), unless set. Owned by the
 * process, valid until it is closed or renamed; NULL on failure. Mirrors Process.name. */
MR_API const char *mr_process_name(const mr_process *process);

/* Sets the name (copied). Before or after the start; a running process keeps the name it started with for itself.
 * Errors: MR_EINVAL (NULL), MR_ECLOSED. */
MR_API mr_status mr_process_set_name(mr_process *process, const char *name);

/* Whether it is a daemon; by default what its creator is. false on failure. Mirrors Process.daemon. */
MR_API bool mr_process_is_daemon(const mr_process *process);

/* Makes it a daemon, or not: daemons are terminated, not joined, when their creator ends, and may not start
 * processes. Errors: MR_ESTATE (already started). */
MR_API mr_status mr_process_set_daemon(mr_process *process, bool daemon);

/* The key for authenticated connections, inherited from the creator: *size bytes, owned by the process.
 * NULL on failure. Mirrors Process.authkey. */
MR_API const void *mr_process_authkey(const mr_process *process, size_t *size);

/* Sets the key (copied, 1 to 256 bytes). Errors: MR_EINVAL, MR_ESTATE (already started). */
MR_API mr_status mr_process_set_authkey(mr_process *process, const void *key, size_t size);

/* Asks for the host (name as gethostname gives it there; copied) that the process is to run on.
 * Errors: MR_EINVAL, MR_ESTATE (already started); a host that is not there is MR_ENOHOST from the start, one that
 * was lost MR_EHOSTLOST. */
MR_API mr_status mr_process_set_host(mr_process *process, const char *host);

/* Allows the process to run in a rank that has served before, and that rank to serve again: starting is then much
 * faster, but static variables may hold what the process before left in them. By default memory is fresh.
 * Errors: MR_ESTATE (already started). No counterpart in Python. */
MR_API mr_status mr_process_set_reuse(mr_process *process, bool reuse);

/* Starts it: the function runs in a rank of its own, with fresh memory and its own core if there are enough.
 * It works in the folder that main was in when the rank was spawned; where that is gone, or a host has none of
 * that name, in the home folder. Its standard input is empty. Returns when it has been handed to that rank.
 * Errors: MR_ESTATE (started before), MR_EDAEMON (the caller is a daemon), MR_ENOTCREATOR, MR_ENOHOST, MR_EBUILD
 * (the program's file is another build by now), MR_ELAUNCH (no rank to be had; where ranks die while they come up,
 * the sentence tells how, and what they wrote) and MR_ETIMEDOUT (none came up; the sentence tells who waits for
 * what). Mirrors Process.start and MPI_Comm_spawn. */
MR_API mr_status mr_process_start(mr_process *process);

/* Starts count processes whose ranks, if need be, are spawned in one batch. On failure the first error is returned
 * and those not yet started stay so. */
MR_API mr_status mr_process_start_all(mr_process *const processes[], size_t count);

/* Waits until it has ended, at most timeout seconds. Errors: MR_ETIMEDOUT, MR_ESTATE (not started, or the caller
 * itself), MR_ENOTCREATOR, MR_EINVAL (NaN). mr_parent_process() may be joined too. Mirrors Process.join. */
MR_API mr_status mr_process_join(mr_process *process, double timeout);

/* Whether it has been started and has not ended. false on failure. Mirrors Process.is_alive. */
MR_API bool mr_process_is_alive(const mr_process *process);

/* What mr_process_exitcode gives for a process that has no exit code yet; Python's None. */
#define MR_EXITCODE_NONE INT_MIN

/* 0: it ended well; n > 0: it ended with that code; -n: signal n killed it; MR_EXITCODE_NONE: it has not ended, or
 * failure. A process whose host was lost (it has not answered for MULTIRANK_NODE_TIMEOUT seconds, 10 if that is
 * not set) counts as killed: -SIGKILL. Mirrors Process.exitcode. */
MR_API int mr_process_exitcode(const mr_process *process);

/* Sends SIGTERM, SIGINT (as Ctrl-C does), or SIGKILL to it, on whatever host it is. Nothing happens if it has
 * ended. Errors: MR_ESTATE (not started), MR_ENOTCREATOR. Mirror Process.terminate, Process.interrupt and
 * Process.kill. */
MR_API mr_status mr_process_terminate(mr_process *process);
MR_API mr_status mr_process_interrupt(mr_process *process);
MR_API mr_status mr_process_kill(mr_process *process);

/* Releases what the library holds for it. Closing twice is harmless; any other use after it is MR_ECLOSED.
 * Errors: MR_ESTATE (it is still alive), MR_ENOTCREATOR. Mirrors Process.close. */
MR_API mr_status mr_process_close(mr_process *process);

/* A file descriptor that poll(2) reports readable once the process has ended. Owned by the process, valid until it
 * is closed; not to be read. -1 on failure: MR_ESTATE (not started), MR_ENOTCREATOR. Mirrors Process.sentinel. */
MR_API int mr_process_sentinel(const mr_process *process);

/* Where it runs, or ran: process id on its host, number of its rank (main is 0), name of its host (owned by the
 * process), physical core on that host it is pinned to. Before the start, and on failure: -1, -1, NULL, -1; the
 * core is -1 also when it is not pinned. */
MR_API pid_t mr_process_pid(const mr_process *process);
MR_API int mr_process_rank(const mr_process *process);
MR_API const char *mr_process_host(const mr_process *process);
MR_API int mr_process_core(const mr_process *process);

/* The process that calls; in one of a class, the struct that run() was given. NULL before mr_init and after
 * mr_finalize. Mirrors multiprocessing.current_process. */
MR_API mr_process *mr_current_process(void);

/* The process that started the caller: has a name, pid, host and rank, may be joined and asked if it is alive.
 * NULL in the main process. Mirrors multiprocessing.parent_process. */
MR_API mr_process *mr_parent_process(void);

/* The caller's children that are alive: at most capacity of them are written to children (may be NULL when
 * capacity is 0); returns how many there are, -1 on failure. What is written are copies, good for every call but
 * those that need the members of a class. Mirrors multiprocessing.active_children. */
MR_API int mr_active_children(mr_process children[], int capacity);

#ifdef __cplusplus
}
#endif

#endif
