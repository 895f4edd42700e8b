/* Far calls on locks, semaphores, conditions, events and barriers. */
#include "base/status.h"
#include "far/deputy.h"
#include "object/object.h"
#include "sync/barrier.h"
#include "sync/condition.h"

#include <string.h>

/* A handle of the call, as one of the public types. */
#define HANDLE(type, i) ((type *)&call->handles[i])

/* For calls that answer with a number. */
static mr_status number(mr__call *call, int64_t answer, bool is_failure)
{
    call->numbers[0] = answer;
    return is_failure ? mr_last_status() : MR_OK;
}

/* For those whose answer may be false, or that they failed. */
static mr_status truth(mr__call *call, bool answer, mr_status checked)
{
    call->numbers[0] = answer;
    return checked;
}

static mr_status make_barrier(mr__call *call)
{
    mr__symbol action;
    bool has_action = call->size == sizeof action;
    if (has_action)
        memcpy(&action, call->data, sizeof action);
    return mr__barrier_make(HANDLE(mr_barrier, 0), (int)call->numbers[0], has_action ? &action : NULL,
                            call->seconds);
}

static mr_status wait_at_barrier(mr__call *call)
{
    int index = -1;
    mr_status status = mr_barrier_wait(HANDLE(mr_barrier, 0), &index, call->seconds);
    call->numbers[0] = index;
    return status;
}

static mr_status serve_barrier(mr__call *call)
{
    const mr_barrier *barrier = HANDLE(mr_barrier, 0);
    int parties = mr_barrier_parties(barrier);
    mr_status known = parties < 0 ? mr_last_status() : MR_OK;
    switch (call->procedure) {
    case MR__FAR_BARRIER_PARTIES:
        return number(call, parties, parties < 0);
    case MR__FAR_BARRIER_N_WAITING:
        return number(call, mr_barrier_n_waiting(barrier), known != MR_OK);
    default:
        return truth(call, mr_barrier_is_broken(barrier), known);
    }
}

mr_status mr__serve_sync(mr__call *call)
{
    mr__object *unused;
    switch (call->procedure) {
    case MR__FAR_LOCK_INIT:
        return mr_lock_init(HANDLE(mr_lock, 0));
    case MR__FAR_RLOCK_INIT:
        return mr_lock_init_recursive(HANDLE(mr_lock, 0));
    case MR__FAR_LOCK_ACQUIRE:
        return mr_lock_acquire(HANDLE(mr_lock, 0), call->seconds);
    case MR__FAR_LOCK_RELEASE:
        return mr_lock_release(HANDLE(mr_lock, 0));
    case MR__FAR_LOCK_IS_LOCKED:
        return truth(call, mr_lock_is_locked(HANDLE(mr_lock, 0)),
                     mr__object_find("mr_lock_is_locked", call->handles[0], MR__KIND_LOCK, &unused));
    case MR__FAR_LOCK_CLOSE:
        return mr_lock_destroy(HANDLE(mr_lock, 0));
    case MR__FAR_SEMAPHORE_INIT:
        return mr_semaphore_init(HANDLE(mr_semaphore, 0), call->numbers[0]);
    case MR__FAR_BOUNDED_SEMAPHORE_INIT:
        return mr_semaphore_init_bounded(HANDLE(mr_semaphore, 0), call->numbers[0]);
    case MR__FAR_SEMAPHORE_ACQUIRE:
        return mr_semaphore_acquire(HANDLE(mr_semaphore, 0), call->seconds);
    case MR__FAR_SEMAPHORE_RELEASE:
        return mr_semaphore_release(HANDLE(mr_semaphore, 0));
    case MR__FAR_SEMAPHORE_VALUE:
        call->numbers[0] = mr_semaphore_value(HANDLE(mr_semaphore, 0));
        return number(call, call->numbers[0], call->numbers[0] < 0);
    case MR__FAR_SEMAPHORE_CLOSE:
        return mr_semaphore_destroy(HANDLE(mr_semaphore, 0));
    case MR__FAR_CONDITION_INIT:
        return mr_condition_init(HANDLE(mr_condition, 0), call->numbers[0] != 0 ? HANDLE(mr_lock, 1) : NULL);
    case MR__FAR_CONDITION_ACQUIRE:
        return mr_condition_acquire(HANDLE(mr_condition, 0), call->seconds);
    case MR__FAR_CONDITION_RELEASE:
        return mr_condition_release(HANDLE(mr_condition, 0));
    case MR__FAR_CONDITION_WAIT:
        return mr_condition_wait(HANDLE(mr_condition, 0), call->seconds);
    case MR__FAR_CONDITION_CHECK:
        return mr__condition_check("mr_condition_wait_for", HANDLE(mr_condition, 0));
    case MR__FAR_CONDITION_NOTIFY:
        return mr_condition_notify(HANDLE(mr_condition, 0), (int)call->numbers[0]);
    case MR__FAR_CONDITION_NOTIFY_ALL:
        return mr_condition_notify_all(HANDLE(mr_condition, 0));
    case MR__FAR_CONDITION_CLOSE:
        return mr_condition_destroy(HANDLE(mr_condition, 0));
    case MR__FAR_EVENT_INIT:
        return mr_event_init(HANDLE(mr_event, 0));
    case MR__FAR_EVENT_SET:
        return mr_event_set(HANDLE(mr_event, 0));
    case MR__FAR_EVENT_CLEAR:
        return mr_event_clear(HANDLE(mr_event, 0));
    case MR__FAR_EVENT_IS_SET:
        return truth(call, mr_event_is_set(HANDLE(mr_event, 0)),
                     mr__object_find("mr_event_is_set", call->handles[0], MR__KIND_EVENT, &unused));
    case MR__FAR_EVENT_WAIT:
        return mr_event_wait(HANDLE(mr_event, 0), call->seconds);
    case MR__FAR_EVENT_CLOSE:
        return mr_event_destroy(HANDLE(mr_event, 0));
    case MR__FAR_BARRIER_INIT:
        return make_barrier(call);
    case MR__FAR_BARRIER_WAIT:
        return wait_at_barrier(call);
    case MR__FAR_BARRIER_RESET:
        return mr_barrier_reset(HANDLE(mr_barrier, 0));
    case MR__FAR_BARRIER_ABORT:
        return mr_barrier_abort(HANDLE(mr_barrier, 0));
    case MR__FAR_BARRIER_CLOSE:
        return mr_barrier_destroy(HANDLE(mr_barrier, 0));
    default:
        return serve_barrier(call);
    }
}
