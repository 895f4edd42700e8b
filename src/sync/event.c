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

static mr_status enter(const char *call, uint64_t handle, event **e)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(call, handle, MR__KIND_EVENT, &object);
    *e = (event *)object;
    return status;
}

/* Without entering it. */
static mr_status find(const char *call, uint64_t handle, event **e)
{
    mr__object *object = NULL;
    mr_status status = mr__object_find(call, handle, MR__KIND_EVENT, &object);
    *e = (event *)object;
    return status;
}

/* ---- Making and closing ---- */

static mr_status make(mr__call *c)
{
    mr__object *object;
    mr_status status = mr__object_new(c->method->call, MR__KIND_EVENT, &object, &c->handles[0]);
    if (status != MR_OK)
        return status;
    ((event *)object)->word = c->handles[0] & GENERATION;
    mr__object_leave(object);
    return MR_OK;
}
MR__METHOD(event_make, "mr_event_init", MR__KIND_EVENT, make);

mr_status mr_event_init(mr_event *handle)
{
    return mr__call_new(&event_make, MR__HANDLE(handle), 0);
}

MR__METHOD(event_end, "mr_event_destroy", MR__KIND_EVENT, mr__run_end);

mr_status mr_event_destroy(const mr_event *handle)
{
    return mr__call_on(&event_end, MR__HANDLE(handle), 0);
}

/* ---- Setting and clearing ---- */

static mr_status set(mr__call *c)
{
    event *e;
    mr_status status = enter(c->method->call, c->handles[0], &e);
    if (status != MR_OK)
        return status;
    e->word |= SET | WAKING;
    wake_all(e);
    mr__object_leave(&e->object);
    return MR_OK;
}
MR__METHOD(event_set, "mr_event_set", MR__KIND_EVENT, set);

mr_status mr_event_set(const mr_event *handle)
{
    return mr__call_on(&event_set, MR__HANDLE(handle), 0);
}

static mr_status clear(mr__call *c)
{
    event *e;
    mr_status status = find(c->method->call, c->handles[0], &e);
    if (status != MR_OK)
        return status;
    uint64_t word = e->word;
    while ((word & SET) != 0 && (word & GENERATION) == (c->handles[0] & GENERATION))
        if (atomic_compare_exchange_weak(&e->word, &word, word & ~SET))
            break;
    return MR_OK;
}
MR__METHOD(event_clear, "mr_event_clear", MR__KIND_EVENT, clear);

mr_status mr_event_clear(const mr_event *handle)
{
    return mr__call_on(&event_clear, MR__HANDLE(handle), 0);
}

static mr_status is_set(mr__call *c)
{
    event *e;
    mr_status status = find(c->method->call, c->handles[0], &e);
    c->numbers[0] = status == MR_OK && (e->word & SET) != 0;
    return status;
}
MR__METHOD(event_is_set, "mr_event_is_set", MR__KIND_EVENT, is_set);

bool mr_event_is_set(const mr_event *handle)
{
    return mr__call_number(&event_is_set, MR__HANDLE(handle), false) != 0;
}

/* ---- Waiting ---- */

static mr_status time_out(const char *call, double timeout)
{
    return mr__fail(MR_ETIMEDOUT, "%s: the event has not been set within %g s", call, timeout > 0 ? timeout : 0);
}

static mr_status wait(mr__call *c)
{
    const char *call = c->method->call;
    event *e;
    double deadline;
    mr_status status = find(call, c->handles[0], &e);
    if (status == MR_OK && (e->word & SET) != 0 && mr__is_timeout(c->seconds))
        return MR_OK;
    if (status == MR_OK)
        status = mr__deadline(call, c->seconds, &deadline);
    if (status == MR_OK && c->seconds <= 0)
        return time_out(call, c->seconds);
    if (status == MR_OK)
        status = enter(call, c->handles[0], &e);
    if (status != MR_OK)
        return status;
    if ((e->word & SET) != 0) {
        mr__object_leave(&e->object);
        return MR_OK;
    }
    status = mr__seat_wait(&e->object, 0, NULL, deadline);
    if (status == MR_ETIMEDOUT)
        return time_out(call, c->seconds);
    if (status == MR_ECLOSED)
        return mr__fail(MR_ECLOSED, "%s: the event was closed by another thread or process", call);
    return status;
}
MR__METHOD(event_wait, "mr_event_wait", MR__KIND_EVENT, wait);

mr_status mr_event_wait(const mr_event *handle, double timeout)
{
    return mr__call_on(&event_wait, MR__HANDLE(handle), timeout);
}
