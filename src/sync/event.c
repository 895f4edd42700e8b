/* Events: a flag that processes wait for. Clearing is one compare-and-swap, so that who was woken can clear it
 * while the one who has set it is still busy waking. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "object/view.h"

#include <stdio.h>

/* The word: the generation of the object above, as in a lock's, and flags. */
static const uint64_t SET = 1;
static const uint64_t WAKING = 2; /* those who wait are being woken, whether it is still set or not */
static const uint64_t GENERATION = (uint64_t)UINT32_MAX << 32;

typedef struct event {
    mr__object object;
    _Atomic uint64_t word;
} event;

_Static_assert(sizeof(event) <= MR__SLOT_SIZE, "an event fits its slot");

static void wake_all(event *e)
{
    mr__seat_grant_all(&e->object, MR_OK);
    e->word &= ~WAKING;
}

/* Somebody may have been killed before he had woken all. */
static void repair(mr__object *object)
{
    if ((((event *)object)->word & WAKING) != 0)
        wake_all((event *)object);
}

static void discard(mr__object *object)
{
    ((event *)object)->word = 0;
}

static void tell(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told)
{
    (void)view, (void)object, (void)purpose;
    snprintf(told->what, sizeof told->what, "event %u to be set", slot);
}

static const mr__kind_view event_view = {.layout = sizeof(event), .tell = tell};

const mr__kind mr__event_kind = {.name = "event", .repair = repair, .discard = discard, .view = &event_view};

static mr_status enter(const char *call, const mr_event *handle, event **e)
{
    mr__object *object = NULL;
    mr_status status = mr__object_given(call, MR__KIND_EVENT, handle);
    if (status == MR_OK)
        status = mr__object_enter(call, handle->mr__handle, MR__KIND_EVENT, &object);
    *e = (event *)object;
    return status;
}

/* Without entering it. */
static mr_status find(const char *call, const mr_event *handle, event **e)
{
    mr__object *object = NULL;
    mr_status status = mr__object_given(call, MR__KIND_EVENT, handle);
    if (status == MR_OK)
        status = mr__object_find(call, handle->mr__handle, MR__KIND_EVENT, &object);
    *e = (event *)object;
    return status;
}

mr_status mr_event_init(mr_event *handle)
{
    if (mr__is_far(handle))
        return mr__far_new(MR__FAR_EVENT_INIT, &handle->mr__handle, 0);
    mr__object *object;
    mr_status status = mr__object_given("mr_event_init", MR__KIND_EVENT, handle);
    if (status == MR_OK)
        status = mr__object_new("mr_event_init", MR__KIND_EVENT, &object, &handle->mr__handle);
    if (status != MR_OK)
        return status;
    ((event *)object)->word = handle->mr__handle & GENERATION;
    mr__object_leave(object);
    return MR_OK;
}

mr_status mr_event_set(const mr_event *handle)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_EVENT_SET, handle->mr__handle, 0);
    event *e;
    mr_status status = enter("mr_event_set", handle, &e);
    if (status != MR_OK)
        return status;
    e->word |= SET | WAKING;
    wake_all(e);
    mr__object_leave(&e->object);
    return MR_OK;
}

mr_status mr_event_clear(const mr_event *handle)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_EVENT_CLEAR, handle->mr__handle, 0);
    event *e;
    mr_status status = find("mr_event_clear", handle, &e);
    if (status != MR_OK)
        return status;
    uint64_t word = e->word;
    while ((word & SET) != 0 && (word & GENERATION) == (handle->mr__handle & GENERATION))
        if (atomic_compare_exchange_weak(&e->word, &word, word & ~SET))
            break;
    return MR_OK;
}

bool mr_event_is_set(const mr_event *handle)
{
    if (mr__is_far(handle))
        return mr__far_ask(MR__FAR_EVENT_IS_SET, handle->mr__handle, false) != 0;
    event *e;
    return find("mr_event_is_set", handle, &e) == MR_OK && (e->word & SET) != 0;
}

static mr_status time_out(double timeout)
{
    return mr__fail(MR_ETIMEDOUT, "mr_event_wait: the event has not been set within %g s",
                    timeout > 0 ? timeout : 0);
}

mr_status mr_event_wait(const mr_event *handle, double timeout)
{
    static const char call[] = "mr_event_wait";
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_EVENT_WAIT, handle->mr__handle, timeout);
    event *e;
    double deadline;
    mr_status status = find(call, handle, &e);
    if (status == MR_OK && (e->word & SET) != 0 && mr__is_timeout(timeout))
        return MR_OK;
    if (status == MR_OK)
        status = mr__deadline(call, timeout, &deadline);
    if (status == MR_OK && timeout <= 0)
        return time_out(timeout);
    if (status == MR_OK)
        status = enter(call, handle, &e);
    if (status != MR_OK)
        return status;
    if ((e->word & SET) != 0) {
        mr__object_leave(&e->object);
        return MR_OK;
    }
    status = mr__seat_wait(&e->object, 0, NULL, deadline);
    if (status == MR_ETIMEDOUT)
        return time_out(timeout);
    if (status == MR_ECLOSED)
        return mr__fail(MR_ECLOSED, "%s: the event was closed by another thread or process", call);
    return status;
}

mr_status mr_event_destroy(const mr_event *handle)
{
    if (mr__is_far(handle))
        return mr__far_on(MR__FAR_EVENT_CLOSE, handle->mr__handle, 0);
    return mr__object_end("mr_event_destroy", MR__KIND_EVENT, handle == NULL ? NULL : &handle->mr__handle);
}
