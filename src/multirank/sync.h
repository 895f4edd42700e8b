/* Locks, semaphores, conditions, events and barriers: who waits for whom. Part of multirank.h, which is what
 * programs include. */
#ifndef MULTIRANK_SYNC_H
#define MULTIRANK_SYNC_H

#include "program.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Locks and semaphores ----------------------------------------------------------------------------------- */

/* Shared objects (locks and all that follows down to the pool) are handles: small values, which may be copied,
 * given to processes in their arguments, and used by any thread of any process. They lie in the memory of the main
 * process's host; a call from another host travels there and back. Only what gives out a pointer into that memory
 * is refused elsewhere, with MR_ENOHOST and the name of the call to use instead. Every object is ended by its
 * destroy function, by whoever knows that nobody needs it any more; twice is harmless, those who wait for it
 * get MR_ECLOSED, and so does any use after it. What is left is released by mr_finalize.
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
MR_API mr_status mr_lock_init(mr_lock *lock);

/* Makes a lock that belongs to the thread which has acquired it: that one may acquire it again, has to release it
 * as often, and nobody else may. Mirrors multiprocessing.RLock(). */
MR_API mr_status mr_lock_init_recursive(mr_lock *lock);

/* Acquires it; waits at most timeout seconds. Those who wait get it in turn: one who has been woken competes with
 * those that come by just then, but loses once at most. Errors: MR_ETIMEDOUT; MR_EOWNERDEAD: the lock is held by
 * the caller now, but the process that held it before has ended without releasing it, so what it protects may be
 * half changed; MR_EOVERFLOW (an RLock taken 2^32 times). Mirrors Lock.acquire(block, timeout), and MPI_Win_lock.
 */
MR_API mr_status mr_lock_acquire(const mr_lock *lock, double timeout);

/* Releases it. Errors: MR_ESTATE (a lock that nobody holds); MR_ENOTOWNER (an RLock that the calling thread does
 * not hold). Mirrors Lock.release, and MPI_Win_unlock. */
MR_API mr_status mr_lock_release(const mr_lock *lock);

/* Whether anybody holds it at this moment, the caller or another; false on failure. A lock whose holder has ended
 * is not held, although the next to acquire it is told MR_EOWNERDEAD. Any process. While others use the lock, the
 * answer may be wrong on return: to hold it, acquire it with a time-out of 0. Errors: MR_EINVAL, MR_ECLOSED.
 * Mirrors Lock.locked and RLock.locked (CPython 3.14). */
MR_API bool mr_lock_is_locked(const mr_lock *lock);

/* Ends it, whether it is held or not. */
MR_API mr_status mr_lock_destroy(const mr_lock *lock);

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
MR_API mr_status mr_semaphore_init(mr_semaphore *semaphore, int64_t value);
MR_API mr_status mr_semaphore_init_bounded(mr_semaphore *semaphore, int64_t value);

/* Acquires one unit; waits at most timeout seconds, in order. Errors: MR_ETIMEDOUT; MR_EOWNERDEAD: the caller has
 * the unit, which came back from a process that ended while it held it. Mirrors Semaphore.acquire. */
MR_API mr_status mr_semaphore_acquire(const mr_semaphore *semaphore, double timeout);

/* Releases one unit, to whoever has waited longest. Any process may. Errors: MR_EOVERFLOW (a bounded semaphore of
 * which all units are free; one whose value would pass 2^63 - 1). Mirrors Semaphore.release. */
MR_API mr_status mr_semaphore_release(const mr_semaphore *semaphore);

/* How many units are free just now; -1 on failure. Mirrors Semaphore.get_value. */
MR_API int64_t mr_semaphore_value(const mr_semaphore *semaphore);

/* Ends it. */
MR_API mr_status mr_semaphore_destroy(const mr_semaphore *semaphore);

/* ---- Conditions and events ---------------------------------------------------------------------------------- */

/* A condition: where threads that hold a lock wait until another says that something has changed.
 * Mirrors multiprocessing.Condition. */
typedef struct mr_condition {
    uint64_t mr__handle;
} mr_condition;

/* Makes a condition for a lock of either kind, which stays the caller's to destroy; NULL: for an RLock of its own.
 * Mirrors multiprocessing.Condition(lock). */
MR_API mr_status mr_condition_init(mr_condition *condition, const mr_lock *lock);

/* Acquires and releases its lock, as mr_lock_acquire and mr_lock_release do. Mirror Condition.acquire and release.
 */
MR_API mr_status mr_condition_acquire(const mr_condition *condition, double timeout);
MR_API mr_status mr_condition_release(const mr_condition *condition);

/* Releases the lock, however often the caller has acquired it, waits at most timeout seconds to be notified, and
 * acquires it again as often, for as long as that takes. May return without a reason when a process has died, so
 * what is waited for has to be looked at again. Errors: MR_ETIMEDOUT; MR_EOWNERDEAD (somebody has ended while he
 * held the lock: all who wait are woken, and the first of them is told); with both of them the lock is held.
 * MR_ENOTOWNER: the calling thread does not hold the lock. Mirrors Condition.wait. */
MR_API mr_status mr_condition_wait(const mr_condition *condition, double timeout);

/* Waits until predicate(argument), which is called with the lock held, is true; at most timeout seconds, plus what
 * it takes to acquire the lock. Errors: as mr_condition_wait; MR_EOWNERDEAD is returned whatever the predicate
 * says. Mirrors Condition.wait_for. */
MR_API mr_status mr_condition_wait_for(const mr_condition *condition, bool (*predicate)(void *argument),
                                       void *argument, double timeout);

/* Wakes up to count of those who wait, the longest waiting first; or all. Those who die before they hold the lock
 * are replaced by others. Errors: MR_ENOTOWNER (the calling thread does not hold the lock), MR_EINVAL (count below
 * 0). Mirror Condition.notify(n) and notify_all. */
MR_API mr_status mr_condition_notify(const mr_condition *condition, int count);
MR_API mr_status mr_condition_notify_all(const mr_condition *condition);

/* Ends it, and its lock if that is its own. */
MR_API mr_status mr_condition_destroy(const mr_condition *condition);

/* An event: a flag that processes wait for. Mirrors multiprocessing.Event. */
typedef struct mr_event {
    uint64_t mr__handle;
} mr_event;

/* Makes an event that is not set. Mirrors multiprocessing.Event(). */
MR_API mr_status mr_event_init(mr_event *event);

/* Sets it, which wakes all who wait; clears it. Mirror Event.set and Event.clear. */
MR_API mr_status mr_event_set(const mr_event *event);
MR_API mr_status mr_event_clear(const mr_event *event);

/* Whether it is set; false on failure. Mirrors Event.is_set. */
MR_API bool mr_event_is_set(const mr_event *event);

/* Waits until it is set, at most timeout seconds; one that is set costs a look. Errors: MR_ETIMEDOUT. Mirrors
 * Event.wait. */
MR_API mr_status mr_event_wait(const mr_event *event, double timeout);

/* Ends it. */
MR_API mr_status mr_event_destroy(const mr_event *event);

#ifdef __GNUC__ /* gcc and clang */

/* Holds a lock, a semaphore or a condition for the length of a block, however that is left:
 *
 *     MR_LOCKED(&lock) {
 *         if (*balance < amount)
 *             return false;        // releases it
 *         *balance -= amount;
 *     }
 *
 * It waits for ever. If it cannot be had (it has been destroyed, say), the block is not run. break and continue
 * leave the block, not a loop around it; goto and return work as ever; longjmp and exit release nothing.
 * MR_LOCKED_STATUS also sets a variable of the caller's to what acquiring has given: MR_OK, MR_EOWNERDEAD (the
 * block is run with the lock held), or why the block is not run. Costs three words on the stack, besides acquire
 * and release. Needs gcc or clang (__attribute__((cleanup))); in C++ an exception that leaves the block releases
 * it, too. Mirrors Python's `with lock:`. */
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
MR_API mr_status mr_barrier_init(mr_barrier *barrier, int parties, int (*action)(void), double timeout);

/* Waits until all parties have come, at most timeout seconds. *index (may be NULL) gets a number from 0 to parties
 * - 1, another one for each. Errors: MR_EBROKEN: the barrier was broken, before or meanwhile, because somebody
 * aborted or reset it, died in it, did not come before somebody's time-out (the caller's own, maybe), or the
 * action failed; it stays so until it is reset. MR_ECLOSED, MR_EINVAL; MR_ETIMEDOUT (only if there are more to
 * come than parties, and those before have not left in time). Mirrors Barrier.wait. */
MR_API mr_status mr_barrier_wait(const mr_barrier *barrier, int *index, double timeout);

/* Makes it as new; those who wait get MR_EBROKEN. Mirrors Barrier.reset. */
MR_API mr_status mr_barrier_reset(const mr_barrier *barrier);

/* Breaks it: those who wait, or come later, get MR_EBROKEN. Mirrors Barrier.abort. */
MR_API mr_status mr_barrier_abort(const mr_barrier *barrier);

/* How many have to come, and how many have; -1 on failure. Whether it is broken; false on failure. Mirror
 * Barrier.parties, n_waiting and broken. */
MR_API int mr_barrier_parties(const mr_barrier *barrier);
MR_API int mr_barrier_n_waiting(const mr_barrier *barrier);
MR_API bool mr_barrier_is_broken(const mr_barrier *barrier);

/* Ends it, for all processes; those who wait get MR_ECLOSED. Closing twice is harmless. */
MR_API mr_status mr_barrier_destroy(const mr_barrier *barrier);

#ifdef __cplusplus
}
#endif

#endif
