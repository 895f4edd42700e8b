/* Locks: mr_lock, made by mr_lock_init or mr_lock_init_recursive.
 *
 * The owner's seat stands in a word of its own. Taking a free lock and releasing one that nobody waits for are one
 * compare-and-swap each; everything else is done inside the object. A release frees the lock and wakes who has
 * waited longest, the heir, who then competes with those that come by: a lock that is busy keeps moving while he
 * wakes up. An heir who comes too late sits down again as patient, and a patient one gets the lock handed over. So
 * everybody loses one race at most, and the patient are served in order. */
#include "sync/lock.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "object/view.h"
#include "object/waits.h"

#include <stdio.h>

/* The word: the generation of the object above, so that who comes with a stale handle can change nothing; then
 * flags and the owner's seat, 0: free. */
static const uint64_t WAITED = (uint64_t)1 << 31; /* release has to look who waits */
static const uint64_t ORPHAN = (uint64_t)1 << 30; /* the last owner has died, and nobody has been told */
static const uint64_t OWNER = MR__SEATS * 2 - 1;
static const uint64_t GENERATION = (uint64_t)UINT32_MAX << 32;

enum { NEWCOMER, PATIENT }; /* purposes of seats */
enum { WOKEN, HANDED };     /* amounts of granted seats */
enum { SPINS = 100 };       /* looks at a lock that is held before a thread sits down */

typedef struct lock {
    mr__object object;
    _Atomic uint64_t word;
    bool is_recursive;
    uint32_t depth;          /* of an RLock: how often its owner has taken it; the owner's */
    uint32_t dead_rank;      /* of the last owner who died */
    _Atomic uint32_t heir;   /* seat that has been woken and has not come yet; 0: none */
    _Atomic uint32_t handed; /* seat that the lock is just being handed to; 0: none */
} lock;

_Static_assert(sizeof(lock) <= MR__SLOT_SIZE, "a lock fits its slot");

static uint32_t owner_of(uint64_t word)
{
    return (uint32_t)(word & OWNER);
}

static bool swap(lock *l, uint64_t from, uint64_t to)
{
    return atomic_compare_exchange_strong(&l->word, &from, to);
}

/* ---- Passing it on. All with the object entered. ---- */

/* The word already names the new owner. */
static void finish_handing(lock *l, mr_status status)
{
    mr__seat *seat = mr__seat_at(l->handed);
    if (mr__seat_waits(&l->object, l->handed)) {
        seat->amount = HANDED;
        mr__seat_grant(&l->object, seat, status);
    }
    l->handed = 0;
}

static void wake_heir(lock *l)
{
    mr__seat *seat = l->heir == 0 ? mr__seat_first(&l->object, NEWCOMER) : NULL;
    if (seat == NULL)
        return;
    l->heir = mr__seat_number(seat);
    seat->amount = WOKEN;
    mr__seat_grant(&l->object, seat, MR_OK);
}

/* The word is free, or its owner is done with it: hands the lock to the first who is patient, or frees it and
 * wakes the heir. orphan is ORPHAN or 0. false: the word is another one by now. */
static bool pass_on(lock *l, uint64_t word, uint64_t orphan)
{
    const mr__seat *next = mr__seat_first(&l->object, PATIENT);
    if (next == NULL) {
        if (!swap(l, word, (word & GENERATION) | orphan))
            return false;
        wake_heir(l);
        return true;
    }
    l->handed = mr__seat_number(next);
    if (!swap(l, word, (word & GENERATION) | WAITED | l->handed)) {
        l->handed = 0;
        return false;
    }
    finish_handing(l, orphan != 0 ? MR_EOWNERDEAD : MR_OK);
    return true;
}

/* Sees to it that those who wait will be served. */
static void settle(lock *l)
{
    bool settled = l->object.waiting == 0;
    while (!settled) {
        uint64_t word = l->word;
        settled = owner_of(word) == 0 ? pass_on(l, word, word & ORPHAN) : swap(l, word, word | WAITED);
    }
}

static void repair(mr__object *object)
{
    lock *l = (lock *)object;
    if (l->handed != 0 && owner_of(l->word) == l->handed)
        finish_handing(l, MR_OK);
    l->handed = 0;
    if (mr__seat_waits(object, l->heir))
        l->heir = 0; /* he was chosen, but not woken */
    settle(l);
}

static void forget(mr__object *object, uint32_t rank)
{
    lock *l = (lock *)object;
    if (mr__seat_rank(l->heir) == rank)
        l->heir = 0;
    uint64_t word = l->word;
    while (mr__seat_rank(owner_of(word)) == rank) {
        l->dead_rank = rank;
        if (pass_on(l, word, ORPHAN))
            break;
        word = l->word;
    }
    settle(l);
}

static void discard(mr__object *object)
{
    ((lock *)object)->word = 0;
}

/* ---- As it looks from outside ---- */

static void tell(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told)
{
    (void)slot, (void)purpose; /* it is called what it is: "lock 7" */
    mr__seat seat;
    uint32_t owner = owner_of(((const lock *)object)->word);
    if (owner == 0 || !mr__view_seat(view, owner, &seat))
        return;
    told->by = ", held by ";
    mr__told_add(told, seat.rank);
    if (seat.is_vacant)
        snprintf(told->note, sizeof told->note, "by a thread that has ended");
    else
        told->seat = owner;
}

static bool state(const mr__view *view, const mr__object *object, char *text, size_t size)
{
    mr__told told = {0};
    char name[MR__TOLD_TEXT];
    tell(view, object, 0, 0, &told);
    if (told.rank_count == 0)
        return false;
    mr__view_name(view, told.ranks[0], name, sizeof name);
    snprintf(text, size, "held by %s", name);
    return true;
}

static const mr__kind_view lock_view = {.layout = sizeof(lock), .tell = tell, .state = state};

const mr__kind mr__lock_kind = {
    .name = "lock", .repair = repair, .forget = forget, .discard = discard, .view = &lock_view};

/* ---- Making and closing ---- */

static mr_status make(mr__call *c)
{
    mr__object *object;
    mr_status status = mr__object_new(c->method->call, MR__KIND_LOCK, &object, &c->handles[0]);
    if (status != MR_OK)
        return status;
    lock *l = (lock *)object;
    l->is_recursive = c->numbers[0] != 0;
    l->word = c->handles[0] & GENERATION;
    mr__object_leave(object);
    return MR_OK;
}
MR__METHOD(lock_make, "mr_lock_init", MR__KIND_LOCK, make);
MR__METHOD(recursive_lock_make, "mr_lock_init_recursive", MR__KIND_LOCK, make);

mr_status mr_lock_init(mr_lock *handle)
{
    return mr__call_new(&lock_make, MR__HANDLE(handle), false);
}

mr_status mr_lock_init_recursive(mr_lock *handle)
{
    return mr__call_new(&recursive_lock_make, MR__HANDLE(handle), true);
}

MR__METHOD(lock_end, "mr_lock_destroy", MR__KIND_LOCK, mr__run_end);

mr_status mr_lock_destroy(const mr_lock *handle)
{
    return mr__call_on(&lock_end, MR__HANDLE(handle), 0);
}

/* The lock and the caller's seat. */
static mr_status find(const char *call, uint64_t handle, lock **l, uint32_t *me)
{
    mr__object *object = NULL;
    mr_status status = mr__object_find(call, handle, MR__KIND_LOCK, &object);
    if (status == MR_OK)
        status = mr__seat_mine(me);
    *l = (lock *)object;
    return status;
}

/* ---- Acquiring ---- */

static bool take_free(lock *l, uint64_t generation, uint32_t me)
{
    return l->word == generation && swap(l, generation, generation | me);
}

static bool spin(lock *l, uint64_t generation, uint32_t me)
{
    for (int i = 0; i < SPINS; i++) {
        if (take_free(l, generation, me))
            return true;
        mr__relax();
    }
    return false;
}

/* Object entered. false: somebody holds it, and will serve those who wait. */
static bool take_entered(lock *l, uint32_t me, mr_status *status)
{
    for (;;) {
        uint64_t word = l->word;
        if (owner_of(word) == 0 && swap(l, word, (word & GENERATION) | me)) {
            *status = (word & ORPHAN) != 0 ? MR_EOWNERDEAD : MR_OK;
            return true;
        }
        if (owner_of(word) != 0 && swap(l, word, word | WAITED))
            return false;
    }
}

static mr_status time_out(const char *call, const lock *l, double timeout)
{
    char holder[1024] = "";
    uint32_t rank = mr__seat_rank(owner_of(l->word));
    if (timeout > 0)
        mr__waits_explain(mr__object_handle(&l->object), NEWCOMER, holder, sizeof holder);
    else if (rank != UINT32_MAX) /* who only tries does so often */
        snprintf(holder, sizeof holder, "; rank %u holds it", rank);
    return mr__fail(MR_ETIMEDOUT, "%s: the lock could not be had within %g s%s", call, timeout > 0 ? timeout : 0,
                    holder);
}

/* What the caller is told when a wait has ended so. */
static mr_status outcome(const char *call, lock *l, mr_status status, double timeout)
{
    if (status == MR_OK || status == MR_EOWNERDEAD)
        l->depth = 1;
    if (status == MR_EOWNERDEAD)
        return mr__fail(MR_EOWNERDEAD,
                        "%s: the lock is yours, but rank %u has ended while it held it; what it protects may be "
                        "half changed",
                        call, l->dead_rank);
    if (status == MR_ETIMEDOUT)
        return time_out(call, l, timeout);
    if (status == MR_ECLOSED)
        return mr__fail(MR_ECLOSED, "%s: the lock was closed by another thread or process", call);
    return status;
}

/* Object entered; leaves it. MR_OK and MR_EOWNERDEAD: the lock is held. */
static mr_status wait(const char *call, lock *l, uint64_t handle, uint32_t me, double deadline)
{
    mr__object *object = &l->object;
    for (uint32_t purpose = NEWCOMER;; purpose = PATIENT) {
        mr_status status;
        if (take_entered(l, me, &status)) {
            settle(l);
            mr__object_leave(object);
            return status;
        }
        if (mr__now() >= deadline) {
            mr__object_leave(object);
            return MR_ETIMEDOUT;
        }
        uint64_t given = WOKEN;
        status = mr__seat_wait(object, purpose, &given, deadline);
        if (status != MR_OK || given == HANDED)
            return status;
        bool is_taken = spin(l, handle & GENERATION, me);
        status = mr__object_enter(call, handle, MR__KIND_LOCK, &object);
        if (status != MR_OK)
            return status;
        l->heir = 0;
        settle(l);
        if (is_taken) {
            mr__object_leave(object);
            return MR_OK;
        }
    }
}

static mr_status acquire_slowly(const char *call, lock *l, uint64_t handle, uint32_t me, double timeout)
{
    mr__object *object;
    double deadline;
    mr_status status = mr__deadline(call, timeout, &deadline);
    if (status != MR_OK)
        return status;
    if (timeout <= 0 && owner_of(l->word) != 0)
        return time_out(call, l, timeout);
    if (timeout > 0 && (l->word & WAITED) == 0 && spin(l, handle & GENERATION, me))
        return outcome(call, l, MR_OK, timeout);
    status = mr__object_enter(call, handle, MR__KIND_LOCK, &object);
    if (status != MR_OK)
        return status;
    return outcome(call, l, wait(call, l, handle, me, deadline), timeout);
}

static mr_status nest(const char *call, lock *l)
{
    if (l->depth == UINT32_MAX)
        return mr__fail(MR_EOVERFLOW, "%s: this thread has taken the lock %u times already", call, l->depth);
    l->depth++;
    return MR_OK;
}

static mr_status acquire(const char *call, uint64_t handle, double timeout)
{
    lock *l;
    uint32_t me;
    mr_status status = find(call, handle, &l, &me);
    if (status != MR_OK)
        return status;
    if (mr__is_timeout(timeout) && take_free(l, handle & GENERATION, me)) {
        l->depth = 1;
        return MR_OK;
    }
    if (mr__is_timeout(timeout) && l->is_recursive && owner_of(l->word) == me)
        return nest(call, l);
    return acquire_slowly(call, l, handle, me, timeout);
}

static mr_status run_acquire(mr__call *c)
{
    return acquire(c->method->call, c->handles[0], c->seconds);
}
MR__METHOD(lock_acquire, "mr_lock_acquire", MR__KIND_LOCK, run_acquire);

/* The two calls that programs make most often go straight to what they ask for, if that is here. */
mr_status mr_lock_acquire(const mr_lock *handle, double timeout)
{
    if (mr__is_far(handle))
        return mr__call_on(&lock_acquire, MR__HANDLE(handle), timeout);
    mr_status status = mr__object_given("mr_lock_acquire", MR__KIND_LOCK, handle);
    return status == MR_OK ? acquire("mr_lock_acquire", handle->mr__handle, timeout) : status;
}

/* ---- Releasing ---- */

static mr_status refuse_release(const char *call, const lock *l)
{
    uint32_t owner = mr__seat_rank(owner_of(l->word));
    if (!l->is_recursive)
        return mr__fail(MR_ESTATE, "%s: nobody holds this lock", call);
    if (owner == UINT32_MAX)
        return mr__fail(MR_ENOTOWNER, "%s: the calling thread does not hold this lock, and nobody else does",
                        call);
    return mr__fail(MR_ENOTOWNER, "%s: the calling thread does not hold this lock; one of rank %u does", call,
                    owner);
}

static mr_status release_held(const char *call, uint64_t handle, lock *l)
{
    uint64_t word = l->word;
    if ((word & WAITED) == 0 && owner_of(word) != 0 && (word & GENERATION) == (handle & GENERATION) &&
        swap(l, word, word & GENERATION))
        return MR_OK;
    mr__object *object;
    mr_status status = mr__object_enter(call, handle, MR__KIND_LOCK, &object);
    if (status != MR_OK)
        return status;
    do
        word = l->word;
    while (owner_of(word) != 0 && !pass_on(l, word, 0));
    mr__object_leave(object);
    return owner_of(word) != 0 ? MR_OK : refuse_release(call, l);
}

static mr_status release(const char *call, uint64_t handle)
{
    lock *l;
    uint32_t me;
    mr_status status = find(call, handle, &l, &me);
    if (status != MR_OK)
        return status;
    if (l->is_recursive && owner_of(l->word) != me)
        return refuse_release(call, l);
    if (l->is_recursive && l->depth > 1) {
        l->depth--;
        return MR_OK;
    }
    return release_held(call, handle, l);
}

static mr_status run_release(mr__call *c)
{
    return release(c->method->call, c->handles[0]);
}
MR__METHOD(lock_release, "mr_lock_release", MR__KIND_LOCK, run_release);

mr_status mr_lock_release(const mr_lock *handle)
{
    if (mr__is_far(handle))
        return mr__call_on(&lock_release, MR__HANDLE(handle), 0);
    mr_status status = mr__object_given("mr_lock_release", MR__KIND_LOCK, handle);
    return status == MR_OK ? release("mr_lock_release", handle->mr__handle) : status;
}

/* ---- Asking ---- */

static mr_status is_locked(mr__call *c)
{
    mr__object *object;
    mr_status status = mr__object_find(c->method->call, c->handles[0], MR__KIND_LOCK, &object);
    if (status != MR_OK)
        return status;
    uint64_t word = ((const lock *)object)->word;
    c->numbers[0] = (word & GENERATION) == (c->handles[0] & GENERATION) && owner_of(word) != 0;
    return MR_OK;
}
MR__METHOD(lock_is_locked, "mr_lock_is_locked", MR__KIND_LOCK, is_locked);

bool mr_lock_is_locked(const mr_lock *handle)
{
    return mr__call_number(&lock_is_locked, MR__HANDLE(handle), false) != 0;
}

/* ---- For conditions ---- */

mr_status mr__lock_check_mine(const char *call, uint64_t handle)
{
    lock *l;
    uint32_t me;
    mr_status status = find(call, handle, &l, &me);
    if (status == MR_OK && owner_of(l->word) != me)
        status = mr__fail(MR_ENOTOWNER,
                          "%s: the calling thread does not hold the condition's lock; acquire it first", call);
    return status;
}

mr_status mr__lock_give_up(const char *call, uint64_t handle, uint32_t *depth)
{
    lock *l;
    uint32_t me;
    mr_status status = find(call, handle, &l, &me);
    if (status != MR_OK)
        return status;
    *depth = l->depth;
    return release_held(call, handle, l);
}

mr_status mr__lock_take_back(const char *call, uint64_t handle, uint32_t depth)
{
    lock *l;
    uint32_t me;
    mr_status taken = acquire(call, handle, MR_FOREVER);
    if ((taken == MR_OK || taken == MR_EOWNERDEAD) && find(call, handle, &l, &me) == MR_OK)
        l->depth = depth;
    return taken;
}

bool mr__lock_is_orphan(uint64_t handle, uint32_t rank)
{
    const lock *l = (const lock *)mr__slot_of(handle);
    uint64_t word = l->word;
    return l->object.kind == MR__KIND_LOCK && (word & GENERATION) == (handle & GENERATION) &&
           ((word & ORPHAN) != 0 || mr__seat_rank(owner_of(word)) == rank);
}
