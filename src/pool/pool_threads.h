/* Workers that are threads of the process that made the pool. The keeper looks after them as after processes; what
 * is different is how they start and end: a thread cannot be killed, and says itself that it ends. */
#ifndef MR_POOL_THREADS_H
#define MR_POOL_THREADS_H

#include "pool/pool.h"

#include <pthread.h>
#include <signal.h>

/* A thread in its place, or what the next one in that place needs. */
typedef struct mr__pool_thread {
    pthread_t thread;
    mr__worker_args args;
    sigset_t signals; /* blocked in the thread that made the pool, and so in these */
} mr__pool_thread;

/* Room for the threads of a pool, as the calling thread would start them. NULL: there is none. */
mr__pool_thread *mr__pool_threads_make(uint32_t size);

/* Starts the thread of a place, whose state says so already. */
mr_status mr__pool_thread_start(mr__own_pool *own, uint32_t place);

/* Waits for one that has said that it ends. */
void mr__pool_thread_join(mr__own_pool *own, uint32_t place);

#endif
