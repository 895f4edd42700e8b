/* The arena: memory that main and all processes on its host share, and rank 0's window for those elsewhere. Holds
 * the slots of shared objects (object.h), the seats of waiting threads (seat.h) and a heap for what they carry.
 * Nothing in it is a pointer: a ref is an offset, the same in every process. */
#ifndef MR_ARENA_H
#define MR_ARENA_H

#include "multirank.h"

#include <pthread.h>
#include <stdatomic.h>

typedef uint64_t mr__ref; /* 0: none */

enum { MR__LIBRARIES = 64, MR__SIZE_CLASSES = 176, MR__SEATS = 1 << 16, MR__SLOTS = 1 << 20, MR__SLOT_SIZE = 256 };

/* A library that holds functions of the program (far/libraries.c). */
typedef struct mr__library {
    unsigned char build_id[20];
    char path[1004];
} mr__library;

/* The head of the arena. All of it is under the mutex, but for the names. Changes commit by a single store each,
 * so that a process which is killed halfway leaks a block at most. */
typedef struct mr__arena {
    char magic[8]; /* MR__ARENA_MAGIC once all is in its place: for `multirank top`, as what follows
                      (object/view.h) */
    uint32_t layout, version;
    int32_t main; /* its number as a process */
    pthread_mutex_t mutex;
    uint64_t size;
    bool is_limited;     /* it would be larger without a limit of the process that made it */
    _Atomic mr__ref top; /* of the heap: everything from here on has never been used, and is zero */
    _Atomic mr__ref free_blocks[MR__SIZE_CLASSES];
    _Atomic uint32_t slots, free_slot; /* slots ever used; the first free one, 0: none */
    _Atomic uint32_t seats, free_seat;
    pthread_mutex_t names;                   /* over the names of shared memory */
    _Atomic uint32_t first_named, last_name; /* the first slot of the list; the number in the last generated one */
    _Atomic uint32_t library_count;
    mr__library libraries[MR__LIBRARIES];
} mr__arena;

#define MR__ARENA_MAGIC "mrarena"

/* Where its parts lie. */
uint64_t mr__roster_at(void);
uint64_t mr__seats_at(void);
uint64_t mr__slots_at(void);
uint64_t mr__heap_at(void);

/* Makes the arena (main), or joins it (fd was passed by main; stays the caller's). */
mr_status mr__arena_create(int *fd);
mr_status mr__arena_join(int fd);
void mr__arena_leave(void);

/* Whether the caller has been taken out of a call, by a signal whose handler calls exit, where it can be neither
 * ended nor waited for: a mutex is held. */
bool mr__is_amid_call(void);

/* MR_OK where the arena can be used; else a sentence for the call. */
mr_status mr__arena_ready(const char *call);

/* Zeroed memory, aligned to 16 bytes; anybody may free it. mr__free(0) does nothing. */
mr_status mr__alloc(uint64_t size, mr__ref *ref);
void mr__free(mr__ref ref);

/* Where a ref lies in this process. */
void *mr__at(mr__ref ref);

/* A mutex in the arena, which survives its owner. true: that was killed while it held it. */
void mr__shared_mutex_init(pthread_mutex_t *mutex);
bool mr__shared_lock(pthread_mutex_t *mutex);
void mr__shared_unlock(pthread_mutex_t *mutex);

#endif
