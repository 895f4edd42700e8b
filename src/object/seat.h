/* Seats: where threads wait for shared objects. Every thread that has ever waited has one seat in the arena, with
 * a futex as its doorbell. Who waits where, and in which order, is written in the seats alone, so nothing has to
 * be unlinked when a waiting process dies. Whoever lets others wait grants each one by one, the longest waiting
 * first. */
#ifndef MR_SEAT_H
#define MR_SEAT_H

#include "object/object.h"

enum { MR__NO_MAIL = 1, MR__SEAT_WAITING = 1 };

/* What else a thread may wait for, so that others can see it; the amount of its seat says whom it is about. */
typedef enum mr__pursuit {
    MR__NO_PURSUIT,
    MR__JOINS,  /* the end of the process of that number */
    MR__STARTS, /* a rank for a process */
    MR__ENDS,   /* all processes, in mr_finalize */
    MR__SERVES  /* it is the library's own, and sleeps between what it does */
} mr__pursuit;

typedef struct mr__seat {
    _Atomic uint32_t state;   /* the futex */
    uint32_t rank;            /* whose thread sits here */
    _Atomic uint32_t slot;    /* of the object that is waited for; 0: none */
    uint32_t purpose;         /* what for, where an object has several reasons to wait */
    uint64_t ticket;          /* its place in the order */
    uint64_t amount;          /* what it wants, or was given; the kind's own */
    _Atomic uint64_t watches; /* the objects that mr_wait waits for, as a sieve of bits (watch.h) */
    uint32_t next_free;
    _Atomic uint32_t bell;    /* a rank's: rung when main has sent it a record, or what is watched may be ready */
    _Atomic mr__ref mail;     /* a rank's: the process it is to run (MR__NO_MAIL: to be sent over its link) */
    uint16_t is_vacant;       /* its thread has ended, and the process lives on */
    _Atomic uint16_t pursuit; /* mr__pursuit: why its thread waits elsewhere than at an object; with the amount */
    _Atomic uint32_t errand;  /* slot of the condition it was notified of, until it holds the lock again */
} mr__seat;

/* The number of the calling thread's seat (from 1), which also serves as its identity. MR_ELIMIT when there are
 * too many threads. */
mr_status mr__seat_mine(uint32_t *number);

/* Sits down at an object that has been entered, leaves it, and sleeps until granted (MR_OK, or the status that
 * came with it) or until the deadline (MR_ETIMEDOUT, without a sentence). *amount is what is wanted and becomes
 * what was given; may be NULL. */
mr_status mr__seat_wait(mr__object *object, uint32_t purpose, uint64_t *amount, double deadline);

/* The seat that has waited longest at the object for a purpose; NULL: none. Object entered. */
mr__seat *mr__seat_first(const mr__object *object, uint32_t purpose);

/* Wakes it with a status. Its amount may be changed before. Object entered. */
void mr__seat_grant(mr__object *object, mr__seat *seat, mr_status status);

/* Wakes all seats, whatever for; up to count of them, and gives how many there were. Object entered. */
void mr__seat_grant_all(mr__object *object, mr_status status);
uint32_t mr__seat_grant_some(mr__object *object, uint32_t purpose, uint32_t count, mr_status status);

/* Counts anew who waits at an object whose owner was killed; takes away the seats of a rank that is dead. Object
 * entered. */
void mr__seat_recount(mr__object *object);
void mr__seat_remove(mr__object *object, uint32_t rank);

/* Rings a seat's bell; sleeps until it is rung, if it still is what it was. */
void mr__bell_ring(uint32_t number);
void mr__bell_wait(uint32_t number, uint32_t was);

/* Whether the seat of that number waits at the object. */
bool mr__seat_waits(const mr__object *object, uint32_t number);

/* The number of a seat; the seat of that number; the rank whose thread sits there. */
uint32_t mr__seat_number(const mr__seat *seat);
mr__seat *mr__seat_at(uint32_t number);
uint32_t mr__seat_rank(uint32_t number);

/* Writes down what the calling thread waits for from now on; MR__NO_PURSUIT: nothing any more. Nothing happens
 * where there is no arena. */
void mr__seat_pursue(mr__pursuit pursuit, uint64_t whom);

/* Ends the calling thread's claim to its seat: another thread of its process may have it; or it goes with the
 * rank, which is dead. */
void mr__seat_vacate(void);
void mr__seat_disown(void);

/* Frees the seats of a rank that is dead. */
void mr__seats_free(uint32_t rank);

/* Says to the processor that this is a loop which waits. */
static inline void mr__relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Sleeps while *word is value, until the deadline (false). Wakes those who sleep so, in any process. */
bool mr__futex_wait(_Atomic uint32_t *word, uint32_t value, double deadline);
bool mr__futex_sleep(_Atomic uint32_t *word, uint32_t value, double deadline); /* whoever it is */
void mr__futex_wake(_Atomic uint32_t *word, int count);

#endif
