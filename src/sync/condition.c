/* Conditions. Who waits sits down before he releases the lock, with the condition entered all the while, so no
 * notification passes unseen. Who has been notified keeps the condition's slot as his errand until he holds the
 * lock again: if he dies before, another is notified in his place. */
#include "sync/condition.h"

#include "base/context.h"
#include "base/status.h"
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

mr_status mr_condition_init(mr_condition *handle, const mr_lock *lock)
{
    static const char call[] = "mr_condition_init";
    if (mr__is_far(handle)) {
        char nothing;
        mr__call made = {.procedure = MR__FAR_CONDITION_INIT,
                         .handles = {0, lock != NULL ? lock->mr__handle : 0},
                         .numbers = {lock != NULL},
                         .buffer = &nothing};
        mr_status status_far = mr__far(&made);
        if (status_far == MR_OK)
            handle->mr__handle = made.handles[0];
        return status_far;
    }
    mr__object *object;
    mr_lock used;
    mr_status status = mr__object_given(call, MR__KIND_CONDITION, handle);
    if (status == MR_OK && lock == NULL)
        status = mr_lock_init_recursive(&used);
    else if (status == MR_OK)
        status = mr__object_find(call, (used = *lock).mr__handle, MR__KIND_LOCK, &object);
    if (status != MR_OK)
        return status;
    status = mr__object_new(call, MR__KIND_CONDITION, &object, &handle->mr__handle);
    if (status != MR_OK) {
        if (lock == NULL)
            mr_lock_destroy(&used);
        return status;
    }
    condition *c = (condition *)object;
    c->lock = used;
    c->has_own_lock = lock == NULL;
    mr__object_leave(object);
    return MR_OK;
}

static mr_status find(const char *call, const mr_condition *handle, condition **c)
{
    mr__object *object = NULL;
    mr_status status = mr__object_given(call, MR__KIND_CONDITION, handle);
    if (status == MR_OK)
        status = mr__object_find(call, handle->mr__handle, MR__KIND_CONDITION, &object);
    *c = (condition *)object;
    return status;
}

mr_status mr_condition_destroy(const mr_condition *handle)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_CONDITION_CLOSE, handle->mr__handle, 0);
    return mr__object_end("mr_condition_destroy", MR__KIND_CONDITION, handle == NULL ? NULL : &handle->mr__handle);
}

/* ---- The lock ---- */

mr_status mr_condition_acquire(const mr_condition *handle, double timeout)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_CONDITION_ACQUIRE, handle->mr__handle, timeout);
    condition *c;
    mr_status status = find("mr_condition_acquire", handle, &c);
    return status == MR_OK ? mr_lock_acquire(&c->lock, timeout) : status;
}

mr_status mr_condition_release(const mr_condition *handle)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_CONDITION_RELEASE, handle->mr__handle, 0);
    condition *c;
    mr_status status = find("mr_condition_release", handle, &c);
    return status == MR_OK ? mr_lock_release(&c->lock) : status;
}

/* ---- Waiting and notifying ---- */

/* Enters the condition if the caller holds its lock. */
static mr_status enter_as_owner(const char *call, const mr_condition *handle, condition **c)
{
    mr__object *object;
    mr_status status = find(call, handle, c);
    if (status == MR_OK)
        status = mr__lock_check_mine(call, (*c)->lock.mr__handle);
    if (status == MR_OK)
        status = mr__object_enter(call, handle->mr__handle, MR__KIND_CONDITION, &object);
    return status;
}

static mr_status time_out(const char *call, double timeout)
{
    return mr__fail(MR_ETIMEDOUT, "%s: nobody has notified the caller within %g s", call,
                    timeout > 0 ? timeout : 0);
}

/* When it returns the lock is held as before, unless it was closed, or never was held. */
static mr_status wait(const char *call, const mr_condition *handle, double timeout, double deadline)
{
    condition *c;
    uint32_t depth, me;
    mr_status status = enter_as_owner(call, handle, &c);
    if (status != MR_OK)
        return status;
    uint64_t lock = c->lock.mr__handle;
    status = mr__seat_mine(&me);
    if (status == MR_OK)
        status = mr__lock_give_up(call, lock, &depth);
    if (status != MR_OK) {
        mr__object_leave(&c->object);
        return status;
    }
    mr_status ended = mr__seat_wait(&c->object, 0, NULL, deadline);
    mr_status taken = mr__lock_take_back(call, lock, depth);
    mr__seat_at(me)->errand = 0;
    if (taken != MR_OK)
        return taken;
    if (ended == MR_ETIMEDOUT)
        return time_out(call, timeout);
    if (ended == MR_ECLOSED)
        return mr__fail(MR_ECLOSED, "%s: the condition was closed by another thread or process", call);
    return ended;
}

mr_status mr_condition_wait(const mr_condition *handle, double timeout)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_CONDITION_WAIT, handle->mr__handle, timeout);
    double deadline;
    mr_status status = mr__object_given("mr_condition_wait", MR__KIND_CONDITION, handle);
    if (status == MR_OK)
        status = mr__deadline("mr_condition_wait", timeout, &deadline);
    return status == MR_OK ? wait("mr_condition_wait", handle, timeout, deadline) : status;
}

mr_status mr__condition_check(const char *call, const mr_condition *handle)
{
    condition *c;
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_CONDITION_CHECK, handle->mr__handle, 0);
    mr_status status = find(call, handle, &c);
    return status == MR_OK ? mr__lock_check_mine(call, c->lock.mr__handle) : status;
}

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
        status = mr__condition_check(call, handle);
    while (status == MR_OK && !predicate(argument)) {
        double left = deadline - mr__now();
        status = mr__is_far(handle) ? mr__far_on(MR__FAR_CONDITION_WAIT, handle->mr__handle, left)
                                    : wait(call, handle, timeout, deadline);
        if (status == MR_ETIMEDOUT && predicate(argument))
            return MR_OK;
    }
    return status;
}

mr_status mr_condition_notify(const mr_condition *handle, int count)
{
    static const char call[] = "mr_condition_notify";
    if (mr__is_far(handle)) {
        char nothing;
        return mr__far(&(mr__call){.procedure = MR__FAR_CONDITION_NOTIFY,
                                   .handles = {handle->mr__handle},
                                   .numbers = {count},
                                   .buffer = &nothing});
    }
    condition *c;
    mr_status status = mr__object_given(call, MR__KIND_CONDITION, handle);
    if (status == MR_OK && count < 0)
        status = mr__fail(MR_EINVAL, "%s: %d cannot be notified; give 0 or more", call, count);
    if (status == MR_OK)
        status = enter_as_owner(call, handle, &c);
    if (status != MR_OK)
        return status;
    notify(c, (uint32_t)count);
    mr__object_leave(&c->object);
    return MR_OK;
}

mr_status mr_condition_notify_all(const mr_condition *handle)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_CONDITION_NOTIFY_ALL, handle->mr__handle, 0);
    condition *c;
    mr_status status = enter_as_owner("mr_condition_notify_all", handle, &c);
    if (status != MR_OK)
        return status;
    notify(c, c->object.waiting);
    mr__object_leave(&c->object);
    return MR_OK;
}
