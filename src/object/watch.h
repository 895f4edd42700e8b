/* Watching: how one thread waits for several things at the same time (mr_wait). It rings when any of them may have
 * become ready, and the thread looks again.
 *
 * What a kind of object has to do to take part: its `look` sets a flag of the object first, then says whether the
 * object is ready; whoever makes it ready does so first, and then, if the flag is set, clears it and calls
 * mr__watch_ring. `forget` calls mr__watch_ring wherever the dead process may have been about to. So nothing is
 * written in an object about who waits, and nothing has to be taken out when a waiting process dies. */
#ifndef MR_WATCH_H
#define MR_WATCH_H

#include "object/object.h"

/* A connection or a queue that a process on another host waits for. */
typedef struct mr__watched {
    uint64_t kind, handle; /* MR__KIND_PIPE, MR__KIND_QUEUE; the public handle */
} mr__watched;

/* Wakes all threads that watch the object (and perhaps some that do not). */
void mr__watch_ring(const mr__object *object);

/* Wakes the threads of this process that watch processes. */
void mr__watch_ring_processes(void);

/* The bits in which a seat says what its thread watches. */
uint64_t mr__watch_bit(uint64_t handle);
static const uint64_t MR__WATCH_PROCESSES = (uint64_t)1 << 63;

#endif
