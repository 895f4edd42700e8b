/* Putting and getting: every item's way into a queue and out of it, and all that these two wait for. */
#include "messages/queue.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "messages/fileno.h"
#include "object/seat.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- Waking ---- */

/* From the other side, after an item has been put, or taken. */
static void wake_getter(const char *call, uint64_t handle)
{
    mr__object *object;
    if (mr__object_enter(call, handle, MR__KIND_QUEUE, &object) == MR_OK) {
        mr__queue_grant_getters((mr__queue *)object, 1);
        mr__object_leave(object);
    }
}

static void wake_putter(const char *call, uint64_t handle)
{
    mr__object *object;
    if (mr__object_enter(call, handle, MR__KIND_INLET, &object) == MR_OK) {
        mr__inlet_grant_putters((mr__inlet *)object, 1);
        mr__object_leave(object);
    }
}

/* ---- Waiting ---- */

/* One call's way through the queue. */
typedef struct visit {
    const char *call;
    const mr_queue *handle;
    double timeout, deadline;
    bool has_deadline, has_lingered;
    bool was_granted; /* somebody has woken us, and nobody else, for what has come */
} visit;

static mr_status start_visit(visit *v, const char *call, const mr_queue *handle, double timeout)
{
    *v = (visit){.call = call, .handle = handle, .timeout = timeout};
    return mr__is_timeout(timeout) ? MR_OK : mr__deadline(call, timeout, &v->deadline);
}

/* Looks for a short while whether the other side does something. Giving way to it, should it have no core, is
 * cheaper than to be woken for each item. */
static void linger(const _Atomic mr__mark *mark, mr__mark seen)
{
    enum { LOOKS = 200, TURNS = 10 };
    for (int turn = 0; turn < TURNS; turn++) {
        for (int look = 0; look < LOOKS; look++) {
            if (*mark != seen)
                return;
            mr__relax();
        }
        sched_yield();
    }
}

/* Sleeps at an object that has been entered, which is left in any case. */
static mr_status sleep_at(visit *v, mr__object *object, uint32_t purpose)
{
    mr_status status = MR_OK;
    if (!v->has_deadline)
        status = mr__deadline(v->call, v->timeout, &v->deadline);
    v->has_deadline = true;
    if (status != MR_OK) {
        mr__object_leave(object);
        return status;
    }
    status = mr__seat_wait(object, purpose, NULL, v->deadline);
    v->was_granted = status == MR_OK;
    if (status == MR_ECLOSED)
        return mr__fail(status, "%s: this queue has been closed", v->call);
    return status;
}

/* Enters the inlet when there is room. */
static mr_status await_room(visit *v, mr__inlet **entered)
{
    for (;;) {
        mr_status status = mr__inlet_enter(v->call, v->handle, entered);
        if (status != MR_OK)
            return status;
        mr__inlet *in = *entered;
        if (mr__inlet_has_room(in))
            return MR_OK;
        if (v->timeout <= 0) {
            status = MR_ETIMEDOUT;
            mr__object_leave(&in->object);
        } else if (!v->has_lingered) {
            v->has_lingered = true;
            const mr__queue *q = mr__queue_of(in);
            mr__mark seen = in->seen_head;
            mr__object_leave(&in->object);
            linger(&q->head, seen);
        } else {
            v->has_lingered = false;
            in->is_waited_at = 1;
            if (mr__inlet_has_room(in))
                return MR_OK;
            status = sleep_at(v, &in->object, MR__INLET_PUT);
        }
        if (status == MR_ETIMEDOUT)
            return mr__fail(status, "%s: the queue is still full after %g s; somebody has to get from it", v->call,
                            v->timeout > 0 ? v->timeout : 0);
        if (status != MR_OK)
            return status;
    }
}

/* Enters the queue when there is an item. */
static mr_status await_item(visit *v, mr__queue **entered)
{
    for (;;) {
        mr_status status = mr__queue_enter_open(v->call, v->handle, entered);
        if (status != MR_OK)
            return status;
        mr__queue *q = *entered;
        if (mr__queue_has_item(q))
            return MR_OK;
        if (v->timeout <= 0) {
            status = MR_ETIMEDOUT;
            mr__object_leave(&q->object);
        } else if (!v->has_lingered) {
            v->has_lingered = true;
            const mr__inlet *in = mr__inlet_of(q);
            mr__mark seen = q->seen_tail;
            mr__object_leave(&q->object);
            linger(&in->tail, seen);
        } else {
            v->has_lingered = false;
            q->is_waited_at = 1;
            if (mr__queue_has_item(q))
                return MR_OK;
            status = sleep_at(v, &q->object, MR__QUEUE_GET);
        }
        if (status == MR_ETIMEDOUT)
            return mr__fail(status, "%s: the queue is still empty after %g s", v->call,
                            v->timeout > 0 ? v->timeout : 0);
        if (status != MR_OK)
            return status;
    }
}

/* ---- Putting ---- */

/* A count is good for fewer than 2^32. Looking at the other side for each item would be slow, but a segment is
 * always smaller than this margin. */
static mr_status check_count(const char *call, const mr__inlet *in)
{
    static const uint32_t MOST = UINT32_MAX - (1 << 20);
    const mr__queue *q = mr__queue_of(in);
    uint32_t tail = mr__mark_count(in->tail);
    if (tail - mr__mark_count(q->head) > MOST)
        return mr__fail(MR_ELIMIT, "%s: there are too many items in the queue", call);
    if (q->is_joinable && tail - q->done > MOST)
        return mr__fail(MR_ELIMIT, "%s: there are too many items that mr_queue_task_done was not called for",
                        call);
    return MR_OK;
}

/* Puts an item for which there is room, and leaves the inlet. parcel: what it is in, 0: nothing. */
static mr_status append(const visit *v, mr__inlet *in, const void *data, size_t size, mr__ref parcel)
{
    mr__item *item;
    mr__mark tail = atomic_load_explicit(&in->tail, memory_order_relaxed);
    mr_status status = mr__mark_count(tail) % 1024 == 0 ? check_count(v->call, in) : MR_OK;
    if (status == MR_OK)
        status = mr__chain_next(&in->segment, tail, size, &item);
    if (status != MR_OK) {
        mr__parcel_unlink(&in->parcels, parcel);
        mr__inlet_grant_putters(in, v->was_granted); /* the room is for somebody else */
        mr__object_leave(&in->object);
        mr__free(parcel);
        return status;
    }
    item->size = size;
    if (parcel != 0) {
        mr__item_set_parcel(item, parcel);
        mr__parcel_at(parcel)->number = mr__mark_count(tail);
        mr__parcel_at(parcel)->owner = 0;
    } else if (size > 0) {
        memcpy(item->bytes, data, size);
    }
    in->tail = mr__chain_after(tail, item); /* here it is in the mr__queue */
    if (parcel != 0)
        mr__parcel_unlink(&in->parcels, parcel);
    bool wakes = mr__queue_of(in)->is_waited_at;
    mr__object_leave(&in->object);
    if (wakes)
        wake_getter(v->call, v->handle->mr__handle);
    return MR_OK;
}

/* A spare parcel that such an item fits into, without wasting half of it; 0: none. Inlet entered. */
static mr__ref take_spare(mr__inlet *in, size_t size)
{
    mr__ref ref = in->spares;
    while (ref != 0 && (mr__parcel_at(ref)->capacity < size || mr__parcel_at(ref)->capacity / 2 > size))
        ref = mr__parcel_at(ref)->next;
    if (ref == 0)
        return 0;
    mr__parcel_unlink(&in->spares, ref);
    in->spare_count--;
    mr__parcel_at(ref)->size = size;
    return ref;
}

/* Makes room in the inlet's list for an item, of which the caller is the owner, and leaves the inlet. */
static mr_status make_parcel(const visit *v, mr__inlet *in, size_t size, mr__ref *parcel)
{
    *parcel = take_spare(in, size);
    if (*parcel == 0) {
        mr__object_leave(&in->object);
        mr_status status = mr__parcel_new(size, parcel);
        if (status == MR_OK)
            status = mr__inlet_enter(v->call, v->handle, &in);
        if (status != MR_OK)
            return status;
    }
    mr__parcel_at(*parcel)->owner = mr__caller() + 1;
    mr__parcel_link(&in->parcels, *parcel);
    mr__object_leave(&in->object);
    return MR_OK;
}

/* Fills a parcel without being in anybody's way. It is in the inlet's list meanwhile: a process that is killed
 * does not take the memory with it. Waits for room before, so as not to fill memory in vain. */
static mr_status put_parcel(visit *v, const void *data, size_t size)
{
    mr__inlet *in;
    mr__ref parcel = 0;
    mr__object *object;
    mr_status status = await_room(v, &in);
    if (status != MR_OK)
        return status;
    uint64_t inlet = mr__object_handle(&in->object);
    status = make_parcel(v, in, size, &parcel);
    if (status == MR_OK) {
        memcpy(mr__parcel_at(parcel)->bytes, data, size);
        status = await_room(v, &in);
    }
    if (status == MR_OK)
        return append(v, in, NULL, size, parcel);
    if (mr__object_enter(v->call, inlet, MR__KIND_INLET, &object) == MR_OK) {
        mr__parcel_unlink(&((mr__inlet *)object)->parcels, parcel);
        mr__inlet_grant_putters((mr__inlet *)object, v->was_granted); /* the room is for somebody else */
        mr__object_leave(object);
    }
    mr__free(parcel);
    return status;
}

static mr_status put(const mr_queue *handle, const void *data, size_t size, double timeout)
{
    visit v;
    mr__inlet *in;
    mr_status status = start_visit(&v, "mr_queue_put", handle, timeout);
    if (status != MR_OK)
        return status;
    if (size > MR__INLINE)
        return put_parcel(&v, data, size);
    status = await_room(&v, &in);
    return status == MR_OK ? append(&v, in, data, size, 0) : status;
}

static mr_status run_put(mr__call *c)
{
    return put(&(mr_queue){c->handles[0]}, c->data, c->size, c->seconds);
}
MR__METHOD(queue_put, "mr_queue_put", MR__KIND_QUEUE, run_put);

mr_status mr_queue_put(const mr_queue *handle, const void *data, size_t size, double timeout)
{
    if (data == NULL && size > 0)
        return mr__fail(MR_EINVAL, "%s: the data are NULL", queue_put.call);
    if (size > PTRDIFF_MAX)
        return mr__fail(MR_ENOMEM, "%s: no item can have %zu bytes; was the size negative?", queue_put.call, size);
    if (!mr__is_far(handle))
        return put(handle, data, size, timeout);
    return mr__ask_method(MR__HANDLE(handle),
                          &(mr__call){.method = &queue_put, .seconds = timeout, .data = data, .size = size});
}

/* ---- Getting ---- */

/* Where an item is to go. */
typedef struct receipt {
    void *buffer;
    size_t capacity, size;
    bool allocates;
} receipt;

static mr_status prepare(const char *call, receipt *to, uint64_t size)
{
    to->size = (size_t)size;
    if (to->allocates && size <= to->capacity) {
        to->buffer = malloc(size > 0 ? (size_t)size : 1);
        return to->buffer != NULL ? MR_OK
                                  : mr__fail(MR_ENOMEM, "%s: there is no memory for an item of %llu bytes", call,
                                             (unsigned long long)size);
    }
    if (size > to->capacity)
        return mr__fail(
            MR_ETOOSMALL,
            "%s: the item has %llu bytes and the buffer only %zu; it stays in the queue, get it with a "
            "bigger one",
            call, (unsigned long long)size, to->capacity);
    return MR_OK;
}

/* The parcel at the head that was returned; 0: none. */
static mr__ref first_returned(const mr__queue *q)
{
    uint32_t head = mr__mark_count(q->head), age = 0;
    mr__ref first = 0;
    for (mr__ref each = q->parcels; each != 0; each = mr__parcel_at(each)->next) {
        const mr__parcel *parcel = mr__parcel_at(each);
        if (parcel->owner == 0 && head - parcel->number > age) {
            age = head - parcel->number;
            first = each;
        }
    }
    return first;
}

/* Takes the first item's parcel out of the chain, to read it. */
static mr__ref claim(mr__queue *q, const mr__item *item)
{
    mr__mark head = q->head;
    mr__ref parcel = mr__item_parcel(item);
    mr__parcel_at(parcel)->number = mr__mark_count(head);
    mr__parcel_at(parcel)->owner = mr__caller() + 1;
    mr__parcel_link(&q->parcels, parcel);
    q->held++;
    q->head = mr__chain_after(head, item);
    return parcel;
}

/* Keeps some parcels that have been read for those who put the next ones. */
static void give_back(const char *call, uint64_t handle, mr__ref parcel)
{
    enum { SPARES = 4, LARGEST_SPARE = 1 << 24 };
    mr__object *object;
    if (mr__object_enter(call, handle, MR__KIND_INLET, &object) == MR_OK) {
        mr__inlet *in = (mr__inlet *)object;
        if (in->spare_count < SPARES && mr__parcel_at(parcel)->capacity <= LARGEST_SPARE) {
            mr__parcel_at(parcel)->owner = 0;
            mr__parcel_link(&in->spares, parcel);
            in->spare_count++;
            parcel = 0;
        }
        if (in->is_waited_at)
            mr__inlet_grant_putters(in, 1);
        mr__object_leave(object);
    }
    mr__free(parcel);
}

/* Reads a parcel that is this process's; the queue has been left. */
static mr_status read_parcel(const visit *v, receipt *to, mr__ref parcel)
{
    mr__queue *q;
    memcpy(to->buffer, mr__parcel_at(parcel)->bytes, to->size);
    mr_status status = mr__queue_enter(v->call, v->handle, &q);
    if (status == MR_OK) {
        mr__parcel_unlink(&q->parcels, parcel); /* here it has been handed over */
        q->held--;
        uint64_t inlet = q->inlet;
        mr__object_leave(&q->object);
        give_back(v->call, inlet, parcel);
        return MR_OK;
    }
    if (to->allocates)
        free(to->buffer);
    mr__free(parcel);
    return status;
}

/* Takes the first item, and leaves the queue. */
static mr_status take(const visit *v, mr__queue *q, receipt *to)
{
    mr__ref parcel = q->returned > 0 ? first_returned(q) : 0;
    const mr__item *item = parcel == 0 ? mr__chain_first(&q->segment, q->head) : NULL;
    mr_status status = prepare(v->call, to, item != NULL ? item->size : mr__parcel_at(parcel)->size);
    if (status == MR_OK && q->is_joinable) {
        status = mr__queue_note_task(q);
        if (status != MR_OK && to->allocates)
            free(to->buffer);
    }
    if (status != MR_OK) {
        mr__queue_grant_getters(q, v->was_granted); /* it is for somebody else */
        mr__object_leave(&q->object);
        return status;
    }
    if (item != NULL && item->size <= MR__INLINE) {
        if (item->size > 0)
            memcpy(to->buffer, item->bytes, item->size);
        mr__mark head = atomic_load_explicit(&q->head, memory_order_relaxed);
        q->head = mr__chain_after(head, item); /* here it has been handed over */
        uint64_t other = q->maxsize > 0 && mr__inlet_of(q)->is_waited_at ? q->inlet : 0;
        mr__object_leave(&q->object);
        if (other != 0)
            wake_putter(v->call, other);
        return MR_OK;
    }
    if (item != NULL) {
        parcel = claim(q, item);
    } else {
        mr__parcel_at(parcel)->owner = mr__caller() + 1;
        q->returned--;
    }
    mr__object_leave(&q->object);
    return read_parcel(v, to, parcel);
}

static mr_status get(const char *call, const mr_queue *handle, receipt *to, double timeout)
{
    visit v;
    mr__queue *q;
    mr_status status = start_visit(&v, call, handle, timeout);
    if (status == MR_OK)
        status = await_item(&v, &q);
    return status == MR_OK ? take(&v, q, to) : status;
}

/* numbers[0]: the size of the item comes back, also where there is no room for it. */
static mr_status run_get(mr__call *c)
{
    receipt to = {.allocates = true, .capacity = c->capacity};
    mr_status status = get(c->method->call, &(mr_queue){c->handles[0]}, &to, c->seconds);
    c->numbers[0] = (int64_t)to.size;
    if (status == MR_OK) {
        c->buffer = to.buffer;
        c->received = to.size;
    }
    return status;
}

/* Puts an item back to the head that has not arrived. */
static void put_back(const mr__call *c)
{
    mr__ref parcel;
    mr__queue *q;
    if (mr__parcel_new(c->received, &parcel) != MR_OK)
        return;
    if (c->received > 0)
        memcpy(mr__parcel_at(parcel)->bytes, c->buffer, c->received);
    if (mr__queue_enter(c->method->call, &(mr_queue){c->handles[0]}, &q) != MR_OK) {
        mr__free(parcel);
        return;
    }
    mr__parcel_at(parcel)->owner = 0;
    mr__parcel_at(parcel)->number = mr__mark_count(q->head) - 1;
    mr__parcel_link(&q->parcels, parcel);
    q->held++;
    q->returned++;
    mr__queue_grant_getters(q, 1);
    mr__object_leave(&q->object);
}

MR__METHOD_TAKING(queue_get, "mr_queue_get", MR__KIND_QUEUE, run_get, put_back);
MR__METHOD_TAKING(queue_get_alloc, "mr_queue_get_alloc", MR__KIND_QUEUE, run_get, put_back);

/* With an item that does not arrive it would be lost to others. */
static mr_status ask_get(const mr__method *method, const mr_queue *handle, receipt *to, double timeout)
{
    mr__call getting = {
        .method = method, .seconds = timeout, .buffer = to->buffer, .capacity = to->capacity, .is_kept = true};
    mr_status status = mr__ask_method(MR__HANDLE(handle), &getting);
    to->buffer = getting.buffer;
    to->size = status == MR_OK ? getting.received : (size_t)getting.numbers[0];
    return status;
}

static mr_status get_from_anywhere(const mr__method *method, const mr_queue *handle, receipt *to, double timeout)
{
    mr_status status =
        mr__is_far(handle) ? ask_get(method, handle, to, timeout) : get(method->call, handle, to, timeout);
    if (handle != NULL)
        mr__fileno_update(MR__KIND_QUEUE, handle->mr__handle);
    return status;
}

mr_status mr_queue_get(const mr_queue *handle, void *buffer, size_t capacity, size_t *size, double timeout)
{
    char nothing;
    receipt to = {.buffer = buffer != NULL ? buffer : &nothing, .capacity = capacity};
    if (buffer == NULL && capacity > 0)
        return mr__fail(MR_EINVAL, "%s: the buffer is NULL", queue_get.call);
    mr_status status = get_from_anywhere(&queue_get, handle, &to, timeout);
    if (size != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *size = to.size;
    return status;
}

mr_status mr_queue_get_alloc(const mr_queue *handle, void **data, size_t *size, double timeout)
{
    receipt to = {.allocates = true, .capacity = SIZE_MAX};
    if (data == NULL || size == NULL)
        return mr__fail(MR_EINVAL, "%s: there is nowhere to put the %s", queue_get_alloc.call,
                        data == NULL ? "data" : "size");
    mr_status status = get_from_anywhere(&queue_get_alloc, handle, &to, timeout);
    if (status == MR_OK || status == MR_ETOOSMALL)
        *size = to.size;
    if (status == MR_OK)
        *data = to.buffer;
    return status;
}
