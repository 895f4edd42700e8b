/* Versions, statuses, and what went wrong. Part of multirank.h, which is what programs include. */
#ifndef MULTIRANK_STATUS_H
#define MULTIRANK_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the library shows to programs; nothing else of it is visible. */
#define MR_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; mr_version gives that of the library which the program has loaded, in the form of
 * MR_VERSION_NUMBER. Until 1.0 what differs in the second number does not fit together. */
#define MR_VERSION_MAJOR 0
#define MR_VERSION_MINOR 1
#define MR_VERSION_PATCH 0
#define MR_VERSION "0.1.0"
#define MR_VERSION_NUMBER (MR_VERSION_MAJOR * 10000 + MR_VERSION_MINOR * 100 + MR_VERSION_PATCH)
MR_API int mr_version(void);

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
MR_API const char *mr_strerror(mr_status status);

/* The name of a status, e.g. "MR_ETIMEDOUT"; never NULL. */
MR_API const char *mr_status_name(mr_status status);

/* What the last failed call of this thread returned (MR_OK if none has failed). */
MR_API mr_status mr_last_status(void);

/* The sentence for a person about the last failed call of this thread: what failed, why, what to do.
 * Owned by the library, valid until the thread's next failing call; "" if none has failed. */
MR_API const char *mr_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
