/* A ring: messages of any size, one way, through memory that processes share. One thread at a time writes, one at
 * a time reads, each under its side's lock. A message that is small enough appears whole; a larger one streams
 * through the ring in pieces, while both sides copy at the same time. */
#ifndef MR_RING_H
#define MR_RING_H

#include "arena/arena.h"

enum { MR__RING_SIZE = 1 << 20, MR__LINE = 64 };

/* What writers and readers touch often lies on cache lines of its own. Positions count bytes and only grow. */
typedef struct mr__ring {
    _Alignas(MR__LINE) _Atomic uint64_t head;   /* written up to here */
    _Alignas(MR__LINE) _Atomic uint64_t tail;   /* read up to here */
    _Alignas(MR__LINE) _Atomic uint64_t writer; /* the lock of the writing side */
    uint64_t seen_tail;                         /* what the writer last saw of tail */
    _Alignas(MR__LINE) _Atomic uint64_t reader;
    uint64_t seen_head;
    _Alignas(MR__LINE) _Atomic uint32_t reader_sleeps; /* futexes: 1 while that side sleeps, or is about to */
    _Atomic uint32_t writer_sleeps;
    _Atomic uint32_t watched; /* somebody waits for this and other things; rings watch.h */
    _Alignas(MR__LINE) char bytes[MR__RING_SIZE];
} mr__ring;

/* ---- Locks of a side. They carry a tag, the generation of the object that the ring is of, so that one that has
 * been freed is never mistaken for one that is free. Only threads of the process that holds it wait for one. ----
 */

typedef enum mr__side_lock { MR__SIDE_LOCKED, MR__SIDE_GONE, MR__SIDE_FOREIGN, MR__SIDE_TIMEDOUT } mr__side_lock;

mr__side_lock mr__side_try(_Atomic uint64_t *side, uint32_t tag);
mr__side_lock mr__side_acquire(_Atomic uint64_t *side, uint32_t tag, double deadline);
void mr__side_release(_Atomic uint64_t *side, uint32_t tag);

/* Releases it if a rank that is dead held it. */
void mr__side_forget(_Atomic uint64_t *side, uint32_t tag, uint32_t rank);

/* Whether a lock, as it was read, is held; and the rank that has it. */
bool mr__side_holder(uint64_t lock, uint32_t *rank);

/* Makes a lock that nobody holds one that nobody can take; false: somebody holds it. */
bool mr__side_end(_Atomic uint64_t *side, uint32_t tag);

/* ---- Messages: the caller holds the side's lock ---- */

/* One side of a ring in use, and how to know that waiting makes no sense any more. */
typedef struct mr__flow {
    mr__ring *ring;
    double timeout, deadline;                    /* the deadline is computed when waiting starts; -1: not yet */
    mr_status (*look_around)(const void *place); /* MR_OK while both ends are there; no sentence */
    void (*ring_watchers)(const void *place);
    const void *place;
    bool is_descriptor; /* the message is the ticket of one (vault.h): to be set before write; what peek has found
                         */
} mr__flow;

/* Write a message whole. MR_ETIMEDOUT: nothing of it is there; what look_around says. */
mr_status mr__ring_write(mr__flow *flow, const void *data, uint64_t size);

/* Waits for a message and tells its size. It stays. MR_ESTATE: what lies there is none; the memory was damaged. */
mr_status mr__ring_await(mr__flow *flow, uint64_t *size);

/* The same without waiting: MR_ETIMEDOUT if there is none. */
mr_status mr__ring_peek(mr__flow *flow, uint64_t *size);

/* Reads the message that await or peek has told of. MR_ETIMEDOUT: its writer has just taken it back. */
mr_status mr__ring_read(mr__flow *flow, void *data, uint64_t size);

/* Copies a message of a few bytes that await or peek has told of, and lets it stay. */
void mr__ring_copy(const mr__flow *flow, void *data, uint64_t size);

/* Wakes who sleeps at either side. */
void mr__ring_wake(mr__ring *ring);

#endif
