/* Who waits for whom, in words: of a whole program, for `multirank top` and `multirank stack`, and for the
 * sentence of a time-out. */
#ifndef MR_WAITS_H
#define MR_WAITS_H

#include "object/view.h"

/* A thread that waits. */
typedef struct mr__waiter {
    uint32_t seat, rank; /* seat 0: it waits without one */
    uint32_t slot;       /* of what it waits for; 0: no object */
    uint64_t ticket;     /* with the rest: whether it is still the same wait */
    mr__told told;
    size_t next;     /* the waiter that it waits for in turn; SIZE_MAX: nobody who waits, or several */
    uint32_t circle; /* the number of the circle of waits that it is in, from 1 on; 0: none */
} mr__waiter;

typedef struct mr__waits {
    mr__waiter *waiters;
    size_t count, room;
    uint32_t circles;
    bool is_cut; /* there was no memory for more */
} mr__waits;

/* Finds all that wait, and the circles among them. To be freed in any case. */
void mr__waits_find(const mr__view *view, mr__waits *waits);
void mr__waits_free(mr__waits *waits);

/* What one waits for and for whom: "lock 7, held by rank 2 (Process-2)". */
void mr__waiter_text(const mr__view *view, const mr__waiter *waiter, char *text, size_t size);

/* The steps of a circle: "rank 1 (a) waits for lock 1, held by rank 2 (b)", each between these two. */
void mr__circle_text(const mr__view *view, const mr__waits *waits, uint32_t circle, const char *before,
                     const char *after, char *text, size_t size);

/* For the sentence of a time-out: what the calling thread waited for at an object until just now, and what those
 * wait for who could have ended it; starts with "; ". "" where nothing is known. */
void mr__waits_explain(uint64_t handle, uint32_t purpose, char *text, size_t size);

/* The same for the end of the process of that number, which the seat still says is waited for: only what follows.
 */
void mr__waits_explain_join(uint64_t process, char *text, size_t size);

#endif
