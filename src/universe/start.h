/* The message that starts a process in another rank, where it is put, and who is told of its end. */
#ifndef MR_START_H
#define MR_START_H

#include "base/module.h"
#include "transport/links.h"

/* The head of the message that starts a process: the payload (arguments, or the struct of a class) follows, then
 * the four strings in the order of their lengths. All ranks run the same build, so its layout is the same
 * everywhere. */
typedef struct mr__start {
    uint64_t payload;
    uint64_t creator;
    mr__symbol run; /* the target, or the class */
    int64_t creator_pid;
    int32_t creator_rank;
    uint32_t name, identity, creator_name, key; /* lengths; the first three count a closing zero byte */
    uint32_t group;                             /* how many processes were started together; 0: it was not so */
    uint64_t reservation;                       /* of ranks that only this start may take; 0: none */
    bool is_class, daemon, reuse;
    char wanted_host[MR__HOST_SIZE];
    char creator_host[MR__HOST_SIZE];
    max_align_t aligned_payload[];
} mr__start;

/* Where a process has been put. */
typedef struct mr__placed {
    uint64_t number; /* of the process, in the whole universe; main is 0 */
    int rank, core;
    pid_t pid;
    char host[MR__HOST_SIZE];
} mr__placed;

/* Whom the universe tells, in every process, what it hears of others (process/process.c). Lock held. */
typedef struct mr__family {
    void (*ended)(uint64_t process, int code); /* one of this context, known by its number */
    void (*orphaned)(uint64_t parent);         /* that process has ended; it may be the caller's parent */
} mr__family;

#endif
