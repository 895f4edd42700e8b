/* Conditions. Who waits sits down before he releases the lock, with the condition entered all the while, so no
 * notification passes unseen. Who has been notified keeps the condition's slot as his errand until he holds the
 * lock again: if he dies before, another is notified in his place. */
#include "base/context.h"
#include "base/status.h"
#include "far/deputy.h"
#include "far/far.h"
#include "object/seat.h"
#include "object/view.h"
#include "sync/lock.h"

#include <stdio.h>

typedef struct condition {
    mr__object object;
    mr_lock lock;
    bool has_own_lock; /* which is closed with it */
} condition;

_Static_assert(sizeof(condition) <= MR__SLOT_SIZE, "a condition fits its slot");

/* Object entered. */
static void notify(condition *c, uint32_t count)
{
    mr__seat *seat;
    for (; count > 0 && (seat = mr__seat_first(&c->object, 0)) != NULL; count--) {
        seat->errand = mr__object_slot(&c->object);
        mr__seat_grant(&c->object, seat, MR_OK);
    }
}

/* Somebody has died: what he was notified of is passed on. If he held the lock, what is waited for may have
 * changed, and he can no longer say so: all have a look, and the first of them is told by the lock. */
static void forget(mr__object *object, uint32_t rank)
{
    condition *c = (condition *)object;
    if (object->waiting == 0)
        return;
    uint32_t lost = mr__lock_is_orphan(c->lock.mr__handle, rank) ? object->waiting : 0;
    for (uint32_t number = 1; number < mr__ctx.arena->seats; number++) {
        mr__seat *seat = mr__seat_at(number);
        if (seat->rank != rank || seat->errand != mr__object_slot(&c->object) || mr__seat_waits(object, number))
            continue;
        seat->errand = 0;
        lost++;
    }
    notify(c, lost);
}

static void discard(mr__object *object)
{
    const condition *c = (const condition *)object;
    if (c->has_own_lock)
        mr_lock_destroy(&c->lock);
}

static void tell(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told)
{
    (void)view, (void)object, (void)purpose;
    snprintf(told->what, sizeof told->what, "a notification of condition %u", slot);
}

static const mr__kind_view condition_view = {.layout = sizeof(condition), .tell = tell};

const mr__kind mr__condition_kind = {
    .name = "condition", .forget = forget, .discard = discard, .view = &condition_view};

/* ---- Making and closing ---- */

/* handles[1]: of the lock; 0: one of its own. */
static mr_status make(mr__call *c)
{
    const char *call = c->method->call;
    mr__object *object;
    mr_lock used = {c->handles[1]};
    bool has_own_lock = c->numbers[0] == 0;
    mr_status status = has_own_lock ? mr__make_lock_here(&used)
                                    : mr__object_find(call, used.mr__handle, MR__KIND_LOCK, &object);
    if (status != MR_OK)
        return status;
    status = mr__object_new(call, MR__KIND_CONDITION, &object, &c->handles[0]);
    if (status != MR_OK) {
        if (has_own_lock)
            mr_lock_destroy(&used);
        return status;
    }
    ((condition *)object)->lock = used;
    ((condition *)object)->has_own_lock = has_own_lock;
    mr__object_leave(object);
    return MR_OK;
}
MR__METHOD(condition_make, "mr_condition_init", MR__KIND_CONDITION, make);

mr_status mr_condition_init(mr_condition *handle, const mr_lock *lock)
{
    mr__call c = {
        .method = &condition_make, .handles = {0, lock != NULL ? lock->mr__handle : 0}, .numbers = {lock != NULL}};
    uint64_t home = lock != NULL ? mr__handle_of(0, mr__handle_home(lock->mr__handle), 0) : mr__home_here();
    return mr__ask_new_object(&c, home, MR__HANDLE(handle));
}

MR__METHOD(condition_end, "mr_condition_destroy", MR__KIND_CONDITION, mr__run_end);

mr_status mr_condition_destroy(const mr_condition *handle)
{
    return mr__call_on(&condition_end, MR__HANDLE(handle), 0);
}

static mr_status find(const mr__call *call, condition **c)
{
    mr__object *object = NULL;
    mr_status status = mr__object_find(call->method->call, call->handles[0], MR__KIND_CONDITION, &object);
    *c = (condition *)object;
    return status;
}

/* ---- The lock ---- */

static mr_status acquire(mr__call *call)
{
    condition *c;
    mr_status status = find(call, &c);
    return status == MR_OK ? mr_lock_acquire(&c->lock, call->seconds) : status;
}
MR__METHOD(condition_acquire, "mr_condition_acquire", MR__KIND_CONDITION, acquire);

mr_status mr_condition_acquire(const mr_condition *handle, double timeout)
{
    return mr__call_on(&condition_acquire, MR__HANDLE(handle), timeout);
}

static mr_status release(mr__call *call)
{
    condition *c;
    mr_status status = find(call, &c);
    return status == MR_OK ? mr_lock_release(&c->lock) : status;
}
MR__METHOD(condition_release, "mr_condition_release", MR__KIND_CONDITION, release);

mr_status mr_condition_release(const mr_condition *handle)
{
    return mr__call_on(&condition_release, MR__HANDLE(handle), 0);
}

/* ---- Waiting and notifying ---- */

/* Enters the condition if the caller holds its lock. */
static mr_status enter_as_owner(const mr__call *call, condition **c)
{
    mr__object *object;
    mr_status status = find(call, c);
    if (status == MR_OK)
        status = mr__lock_check_mine(call->method->call, (*c)->lock.mr__handle);
    if (status == MR_OK)
        status = mr__object_enter(call->method->call, call->handles[0], MR__KIND_CONDITION, &object);
    return status;
}

/* When it returns the lock is held as before, unless it was closed, or never was held. */
static mr_status wait(mr__call *c)
{
    const char *call = c->method->call;
    condition *waited;
    uint32_t depth, me;
    double deadline;
    mr_status status = mr__deadline(call, c->seconds, &deadline);
    if (status == MR_OK)
        status = enter_as_owner(c, &waited);
    if (status != MR_OK)
        return status;
    uint64_t lock = waited->lock.mr__handle;
    status = mr__seat_mine(&me);
    if (status == MR_OK)
        status = mr__lock_give_up(call, lock, &depth);
    if (status != MR_OK) {
        mr__object_leave(&waited->object);
        return status;
    }
    mr_status ended = mr__seat_wait(&waited->object, 0, NULL, deadline);
    mr_status taken = mr__caller_is_dead() ? MR_EDIED : mr__lock_take_back(call, lock, depth);
    if (!mr__caller_is_dead()) /* else what it was notified of is passed on, when it is forgotten */
        mr__seat_at(me)->errand = 0;
    if (taken != MR_OK)
        return taken;
    if (ended == MR_ETIMEDOUT)
        return mr__fail(MR_ETIMEDOUT, "%s: nobody has notified the caller within %g s", call,
                        c->seconds > 0 ? c->seconds : 0);
    if (ended == MR_ECLOSED)
        return mr__fail(MR_ECLOSED, "%s: the condition was closed by another thread or process", call);
    return ended;
}
MR__METHOD(condition_wait, "mr_condition_wait", MR__KIND_CONDITION, wait);
MR__METHOD(condition_wait_step, "mr_condition_wait_for", MR__KIND_CONDITION, wait);

mr_status mr_condition_wait(const mr_condition *handle, double timeout)
{
    return mr__call_on(&condition_wait, MR__HANDLE(handle), timeout);
}

static mr_status check(mr__call *call)
{
    condition *c;
    mr_status status = find(call, &c);
    return status == MR_OK ? mr__lock_check_mine(call->method->call, c->lock.mr__handle) : status;
}
MR__METHOD(condition_check, "mr_condition_wait_for", MR__KIND_CONDITION, check);

/* The predicate is the caller's, and called where he is. */
mr_status mr_condition_wait_for(const mr_condition *handle, bool (*predicate)(void *argument), void *argument,
                                double timeout)
{
    static const char call[] = "mr_condition_wait_for";
    double deadline;
    mr_status status = mr__object_given(call, MR__KIND_CONDITION, handle);
    if (status == MR_OK && predicate == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a predicate", call);
    if (status == MR_OK)
        status = mr__deadline(call, timeout, &deadline);
    if (status == MR_OK)
        status = mr__call_on(&condition_check, MR__HANDLE(handle), 0);
    while (status == MR_OK && !predicate(argument)) {
        status = mr__call_on(&condition_wait_step, MR__HANDLE(handle), deadline - mr__now());
        if (status == MR_ETIMEDOUT && predicate(argument))
            return MR_OK;
        if (status == MR_ETIMEDOUT)
            status = mr__fail(MR_ETIMEDOUT, "%s: nobody has notified the caller within %g s", call,
                              timeout > 0 ? timeout : 0);
    }
    return status;
}

static mr_status notify_some(mr__call *call)
{
    condition *c;
    mr_status status = MR_OK;
    if (call->numbers[0] < 0)
        status = mr__fail(MR_EINVAL, "%s: %lld cannot be notified; give 0 or more", call->method->call,
                          (long long)call->numbers[0]);
    if (status == MR_OK)
        status = enter_as_owner(call, &c);
    if (status != MR_OK)
        return status;
    notify(c, (uint32_t)call->numbers[0]);
    mr__object_leave(&c->object);
    return MR_OK;
}
MR__METHOD(condition_notify, "mr_condition_notify", MR__KIND_CONDITION, notify_some);

mr_status mr_condition_notify(const mr_condition *handle, int count)
{
    return mr__ask_method(MR__HANDLE(handle), &(mr__call){.method = &condition_notify, .numbers = {count}});
}

static mr_status notify_all(mr__call *call)
{
    condition *c;
    mr_status status = enter_as_owner(call, &c);
    if (status != MR_OK)
        return status;
    notify(c, c->object.waiting);
    mr__object_leave(&c->object);
    return MR_OK;
}
MR__METHOD(condition_notify_all, "mr_condition_notify_all", MR__KIND_CONDITION, notify_all);

mr_status mr_condition_notify_all(const mr_condition *handle)
{
    return mr__call_on(&condition_notify_all, MR__HANDLE(handle), 0);
}
