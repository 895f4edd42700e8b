#include "messages/queue.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "messages/fileno.h"
#include "object/seat.h"
#include "object/waits.h"
#include "object/watch.h"

_Static_assert(sizeof(mr__queue) <= MR__SLOT_SIZE && sizeof(mr__inlet) <= MR__SLOT_SIZE, "they fit into slots");

typedef mr__queue_member member;

static const uint32_t NOBODY = UINT32_MAX; /* no rank */

/* ---- Members ---- */

static member *member_at(mr__ref ref)
{
    return ref != 0 ? mr__at(ref) : NULL;
}

static member *find_member(const mr__queue *q, uint32_t rank)
{
    member *each = member_at(q->members);
    while (each != NULL && each->rank != rank)
        each = member_at(each->next);
    return each;
}

/* The calling process, which becomes one if need be. Queue entered. */
static mr_status become_member(mr__queue *q, member **me)
{
    mr__ref ref;
    *me = find_member(q, mr__caller());
    if (*me == NULL)
        *me = find_member(q, NOBODY);
    if (*me == NULL) {
        mr_status status = mr__alloc(sizeof(member), &ref);
        if (status != MR_OK)
            return status;
        *me = mr__at(ref);
        (*me)->rank = NOBODY;
        (*me)->next = q->members;
        q->members = ref;
    }
    (*me)->rank = mr__caller();
    return MR_OK;
}

static void forget_member(mr__queue *q, uint32_t rank)
{
    member *gone = find_member(q, rank);
    if (gone == NULL)
        return;
    gone->tasks = 0;
    gone->is_closed = false;
    gone->rank = NOBODY;
}

static bool is_closed_here(const mr__queue *q)
{
    if (q->members == 0)
        return false;
    const member *me = find_member(q, mr__caller());
    return me != NULL && me->is_closed;
}

/* ---- What is in it ---- */

bool mr__queue_has_item(mr__queue *q)
{
    if (q->returned > 0 || mr__mark_count(q->head) != mr__mark_count(q->seen_tail))
        return true;
    q->seen_tail = mr__inlet_of(q)->tail;
    return mr__mark_count(q->head) != mr__mark_count(q->seen_tail);
}

/* Entered: the queue. An item counts until somebody has it. */
static uint32_t size_of(const mr__queue *q)
{
    return mr__mark_count(mr__inlet_of(q)->tail) - mr__mark_count(q->head) + q->held;
}

/* Entered: the inlet. An item that becomes a held parcel is counted before it passes the head, so looking at the
 * head first never finds too much room. */
bool mr__inlet_has_room(mr__inlet *in)
{
    if (in->maxsize == 0)
        return true;
    const mr__queue *q = mr__queue_of(in);
    uint32_t tail = mr__mark_count(in->tail);
    if (tail - mr__mark_count(in->seen_head) + q->held < in->maxsize)
        return true;
    in->seen_head = q->head;
    return tail - mr__mark_count(in->seen_head) + q->held < in->maxsize;
}

/* ---- Waking ---- */

void mr__queue_grant_getters(mr__queue *q, uint32_t count)
{
    mr__seat_grant_some(&q->object, MR__QUEUE_GET, count, MR_OK);
    q->is_waited_at = mr__seat_first(&q->object, MR__QUEUE_GET) != NULL;
    if (q->is_watched) {
        q->is_watched = false;
        mr__watch_ring(&q->object);
    }
}

void mr__inlet_grant_putters(mr__inlet *in, uint32_t count)
{
    mr__seat_grant_some(&in->object, MR__INLET_PUT, count, MR_OK);
    in->is_waited_at = mr__seat_first(&in->object, MR__INLET_PUT) != NULL;
}

/* What those who join are to be told; MR_ETIMEDOUT: nothing yet. */
static mr_status joined(const mr__queue *q)
{
    if (q->done == mr__mark_count(mr__inlet_of(q)->tail))
        return MR_OK;
    if (size_of(q) > 0)
        return MR_ETIMEDOUT;
    for (const member *each = member_at(q->members); each != NULL; each = member_at(each->next))
        if (each->tasks > 0)
            return MR_ETIMEDOUT;
    return MR_EDIED;
}

static void grant_joiners(mr__queue *q)
{
    mr_status status = q->object.waiting > 0 && q->is_joinable ? joined(q) : MR_ETIMEDOUT;
    if (status != MR_ETIMEDOUT)
        mr__seat_grant_some(&q->object, MR__QUEUE_JOIN, UINT32_MAX, status);
}

/* ---- Deaths, and the end ---- */

/* Whoever was killed in the middle of claiming a parcel had linked it, but its item has not passed the head. */
static void repair_queue(mr__object *object)
{
    mr__queue *q = (mr__queue *)object;
    mr__ref newest = q->parcels;
    if (newest != 0 && mr__parcel_at(newest)->number == mr__mark_count(q->head))
        q->parcels = mr__parcel_at(newest)->next;
    uint32_t held = 0, returned = 0;
    for (mr__ref each = q->parcels; each != 0; each = mr__parcel_at(each)->next) {
        held++;
        returned += mr__parcel_at(each)->owner == 0;
    }
    q->held = held;
    q->returned = returned;
}

/* Whoever was killed in the middle of putting a parcel had given it up, but not unlinked it. It is in the queue if
 * the tail has passed it. */
static void repair_inlet(mr__object *object)
{
    mr__inlet *in = (mr__inlet *)object;
    for (mr__ref each = in->parcels, next; each != 0; each = next) {
        const mr__parcel *parcel = mr__parcel_at(each);
        next = parcel->next;
        if (parcel->owner != 0)
            continue;
        bool is_put = parcel->number + 1 == mr__mark_count(in->tail);
        mr__parcel_unlink(&in->parcels, each);
        if (!is_put)
            mr__free(each);
    }
    in->spare_count = 0;
    for (mr__ref each = in->spares; each != 0; each = mr__parcel_at(each)->next)
        in->spare_count++;
}

/* What the dead process was reading goes back to the head. It may also have been about to wake somebody. */
static void forget_queue(mr__object *object, uint32_t rank)
{
    mr__queue *q = (mr__queue *)object;
    if (q->inlet == 0)
        return; /* it was never finished */
    forget_member(q, rank);
    for (mr__ref each = q->parcels; each != 0; each = mr__parcel_at(each)->next)
        if (mr__parcel_at(each)->owner == rank + 1) {
            mr__parcel_at(each)->owner = 0;
            q->returned++;
        }
    if (mr__queue_has_item(q)) {
        q->is_watched = true;
        mr__queue_grant_getters(q, size_of(q));
    }
    grant_joiners(q);
}

static void forget_inlet(mr__object *object, uint32_t rank)
{
    mr__inlet *in = (mr__inlet *)object;
    for (mr__ref each = in->parcels, next; each != 0; each = next) {
        next = mr__parcel_at(each)->next;
        if (mr__parcel_at(each)->owner != rank + 1)
            continue;
        mr__parcel_unlink(&in->parcels, each);
        mr__free(each);
    }
    if (mr__inlet_has_room(in))
        mr__inlet_grant_putters(in, in->maxsize);
}

/* But for those that somebody fills or reads: he frees them once he finds that the queue has ended. */
static void free_parcels(mr__ref list)
{
    for (mr__ref each = list, next; each != 0; each = next) {
        next = mr__parcel_at(each)->next;
        if (mr__parcel_at(each)->owner == 0)
            mr__free(each);
    }
}

static void discard_queue(mr__object *object)
{
    mr__queue *q = (mr__queue *)object;
    mr__object *other;
    mr__watch_ring(object);
    if (q->inlet == 0 || mr__object_enter("mr_queue_destroy", q->inlet, MR__KIND_INLET, &other) != MR_OK)
        return;
    mr__mark tail = mr__inlet_of(q)->tail;
    mr__ref spares = mr__inlet_of(q)->spares;
    mr__object_close(other);
    free_parcels(spares);
    free_parcels(q->parcels);
    for (mr__mark head = q->head; mr__mark_count(head) != mr__mark_count(tail);) {
        const mr__item *item = mr__chain_first(&q->segment, head);
        if (item->size > MR__INLINE)
            mr__free(mr__item_parcel(item));
        head = mr__chain_after(head, item);
    }
    mr__chain_free(q->segment);
    for (mr__ref each = q->members, next; each != 0; each = next) {
        next = member_at(each)->next;
        mr__free(each);
    }
}

/* ---- Making ---- */

/* numbers[0]: for how many items there is to be room. */
static mr_status make(mr__call *c, bool is_joinable, bool is_simple)
{
    mr__object *object, *other;
    uint64_t handle;
    if (c->numbers[0] < 0 || c->numbers[0] > INT32_MAX)
        return mr__fail(MR_EINVAL, "%s: a queue cannot have room for %lld items; give 0 for one without a limit",
                        c->method->call, (long long)c->numbers[0]);
    mr_status status = mr__object_new(c->method->call, MR__KIND_QUEUE, &object, &handle);
    if (status != MR_OK)
        return status;
    mr__queue *q = (mr__queue *)object;
    q->maxsize = (uint32_t)c->numbers[0];
    q->is_joinable = is_joinable;
    q->is_simple = is_simple;
    status = mr__chain_new(&q->segment);
    if (status == MR_OK)
        status = mr__object_new(c->method->call, MR__KIND_INLET, &other, &q->inlet);
    if (status != MR_OK) {
        mr__free(q->segment);
        q->inlet = 0;
        mr__object_close(object);
        return status;
    }
    mr__inlet *in = (mr__inlet *)other;
    in->queue = mr__handle_slot(handle);
    in->maxsize = q->maxsize;
    in->segment = q->segment;
    mr__object_leave(other);
    mr__object_leave(object);
    c->handles[0] = handle;
    return MR_OK;
}

static mr_status make_plain(mr__call *c)
{
    return make(c, false, false);
}
MR__METHOD(queue_make, "mr_queue_init", MR__KIND_QUEUE, make_plain);

mr_status mr_queue_init(mr_queue *made, size_t maxsize)
{
    return mr__call_new(&queue_make, MR__HANDLE(made), (int64_t)maxsize);
}

static mr_status make_joinable(mr__call *c)
{
    return make(c, true, false);
}
MR__METHOD(joinable_queue_make, "mr_queue_init_joinable", MR__KIND_QUEUE, make_joinable);

mr_status mr_queue_init_joinable(mr_queue *made, size_t maxsize)
{
    return mr__call_new(&joinable_queue_make, MR__HANDLE(made), (int64_t)maxsize);
}

static mr_status make_simple(mr__call *c)
{
    return make(c, false, true);
}
MR__METHOD(simple_queue_make, "mr_queue_init_simple", MR__KIND_QUEUE, make_simple);

mr_status mr_queue_init_simple(mr_queue *made)
{
    return mr__call_new(&simple_queue_make, MR__HANDLE(made), 0);
}

/* ---- Entering ---- */

static mr_status fail_closed(const char *call)
{
    return mr__fail(MR_ECLOSED, "%s: this process has closed the queue", call);
}

mr_status mr__queue_enter(const char *call, const mr_queue *handle, mr__queue **q)
{
    mr__object *object = NULL;
    mr_status status = handle != NULL ? mr__object_enter(call, handle->mr__handle, MR__KIND_QUEUE, &object)
                                      : mr__fail(MR_EINVAL, "%s: the queue is NULL", call);
    *q = (mr__queue *)object;
    return status;
}

/* For what a process may not do any more after it has closed the queue. */
mr_status mr__queue_enter_open(const char *call, const mr_queue *handle, mr__queue **q)
{
    mr_status status = mr__queue_enter(call, handle, q);
    if (status != MR_OK || !is_closed_here(*q))
        return status;
    mr__object_leave(&(*q)->object);
    return fail_closed(call);
}

/* The queue that this thread has put into last: looking it up is what its consumers disturb most. */
static _Thread_local struct {
    uint64_t queue, inlet;
} last;

mr_status mr__inlet_enter(const char *call, const mr_queue *handle, mr__inlet **in)
{
    mr__object *object;
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "%s: the queue is NULL", call);
    if (last.queue != handle->mr__handle || last.queue == 0) {
        mr__queue *q;
        mr_status status = mr__queue_enter(call, handle, &q);
        if (status != MR_OK)
            return status;
        last.queue = handle->mr__handle;
        last.inlet = q->inlet;
        mr__object_leave(&q->object);
    }
    mr_status status = mr__object_enter(call, last.inlet, MR__KIND_INLET, &object);
    if (status != MR_OK)
        return status;
    *in = (mr__inlet *)object;
    if (!is_closed_here(mr__queue_of(*in)))
        return MR_OK;
    mr__object_leave(object);
    return fail_closed(call);
}

/* ---- Looking ---- */

/* A queue that nothing has ever been put into has nothing to close: it can still be looked at. */
static mr_status enter_to_look(const char *call, const mr_queue *handle, mr__queue **q)
{
    mr_status status = mr__queue_enter(call, handle, q);
    if (status != MR_OK || !is_closed_here(*q))
        return status;
    if (!(*q)->is_simple && mr__inlet_of(*q)->tail == 0)
        return MR_OK;
    mr__object_leave(&(*q)->object);
    return fail_closed(call);
}

static mr_status length(mr__call *c)
{
    mr__queue *q;
    mr_status status = enter_to_look(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status != MR_OK)
        return status;
    c->numbers[0] = size_of(q);
    mr__object_leave(&q->object);
    return MR_OK;
}
MR__METHOD(queue_length, "mr_queue_length", MR__KIND_QUEUE, length);

ptrdiff_t mr_queue_length(const mr_queue *handle)
{
    return (ptrdiff_t)mr__call_number(&queue_length, MR__HANDLE(handle), -1);
}

static mr_status is_empty(mr__call *c)
{
    mr__queue *q;
    mr_status status = enter_to_look(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status != MR_OK)
        return status;
    c->numbers[0] = !mr__queue_has_item(q);
    mr__object_leave(&q->object);
    return MR_OK;
}
MR__METHOD(queue_is_empty, "mr_queue_is_empty", MR__KIND_QUEUE, is_empty);

bool mr_queue_is_empty(const mr_queue *handle)
{
    return mr__call_number(&queue_is_empty, MR__HANDLE(handle), false) != 0;
}

static mr_status is_full(mr__call *c)
{
    mr__queue *q;
    mr_status status = enter_to_look(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status != MR_OK)
        return status;
    c->numbers[0] = q->maxsize > 0 && size_of(q) >= q->maxsize;
    mr__object_leave(&q->object);
    return MR_OK;
}
MR__METHOD(queue_is_full, "mr_queue_is_full", MR__KIND_QUEUE, is_full);

bool mr_queue_is_full(const mr_queue *handle)
{
    return mr__call_number(&queue_is_full, MR__HANDLE(handle), false) != 0;
}

/* For mr_wait. Before the look that counts come the flags: who puts an item looks at them afterwards. Where there
 * is an item already nobody has to ring, which would slow down the puts. */
static mr_status look_at_queue(const char *call, uint64_t handle, bool *is_ready)
{
    mr__queue *q;
    mr_status status = mr__queue_enter_open(call, &(mr_queue){handle}, &q);
    if (status != MR_OK)
        return status;
    *is_ready = mr__queue_has_item(q);
    if (!*is_ready) {
        q->is_watched = true;
        q->is_waited_at = 1;
        *is_ready = mr__queue_has_item(q);
    }
    mr__object_leave(&q->object);
    return MR_OK;
}

/* Whether the caller may get from it. Where it is, the look tells who puts to ring. */
static mr_status check_open(mr__call *c)
{
    bool unused;
    return look_at_queue(c->method->call, c->handles[0], &unused);
}
MR__METHOD(queue_open, "mr_queue_fileno", MR__KIND_QUEUE, check_open);

int mr_queue_fileno(const mr_queue *handle)
{
    mr_status status = mr__call_on(&queue_open, MR__HANDLE(handle), 0);
    return status == MR_OK ? mr__fileno(queue_open.call, MR__KIND_QUEUE, handle->mr__handle) : -1;
}

/* ---- Tasks ---- */

static mr_status enter_joinable(const mr__call *c, mr__queue **q)
{
    mr_status status = mr__queue_enter(c->method->call, &(mr_queue){c->handles[0]}, q);
    if (status != MR_OK || (*q)->is_joinable)
        return status;
    mr__object_leave(&(*q)->object);
    return mr__fail(MR_EINVAL, "%s: this is no joinable queue; make it with mr_queue_init_joinable",
                    c->method->call);
}

static mr_status task_done(mr__call *c)
{
    mr__queue *q;
    mr_status status = enter_joinable(c, &q);
    if (status != MR_OK)
        return status;
    if (q->done == mr__mark_count(mr__inlet_of(q)->tail)) {
        mr__object_leave(&q->object);
        return mr__fail(MR_EOVERFLOW, "%s was called more often than items were put", c->method->call);
    }
    member *me = find_member(q, mr__caller());
    if (me != NULL && me->tasks > 0) /* else somebody else has got it */
        me->tasks--;
    q->done++;
    grant_joiners(q);
    mr__object_leave(&q->object);
    return MR_OK;
}
MR__METHOD(queue_task_done, "mr_queue_task_done", MR__KIND_QUEUE, task_done);

mr_status mr_queue_task_done(const mr_queue *handle)
{
    return mr__call_on(&queue_task_done, MR__HANDLE(handle), 0);
}

mr_status mr__queue_note_task(mr__queue *q)
{
    member *me;
    mr_status status = become_member(q, &me);
    if (status == MR_OK)
        me->tasks++;
    return status;
}

static mr_status join(mr__call *c)
{
    const char *call = c->method->call;
    mr__queue *q;
    double deadline;
    mr_status status = mr__deadline(call, c->seconds, &deadline);
    if (status == MR_OK)
        status = enter_joinable(c, &q);
    if (status != MR_OK)
        return status;
    status = joined(q);
    if (status == MR_ETIMEDOUT && c->seconds > 0)
        status = mr__seat_wait(&q->object, MR__QUEUE_JOIN, NULL, deadline);
    else
        mr__object_leave(&q->object);
    char why[1024] = "";
    switch (status) {
    case MR_ETIMEDOUT:
        if (c->seconds > 0)
            mr__waits_explain(c->handles[0], MR__QUEUE_JOIN, why, sizeof why);
        return mr__fail(status, "%s: after %g s there are items that mr_queue_task_done was not called for%s",
                        call, c->seconds > 0 ? c->seconds : 0, why);
    case MR_EDIED:
        return mr__fail(status,
                        "%s: all items that are left were got by processes that have ended without calling "
                        "mr_queue_task_done for them",
                        call);
    case MR_ECLOSED:
        return mr__fail(status, "%s: this queue has been closed", call);
    default:
        return status;
    }
}
MR__METHOD(queue_join, "mr_queue_join", MR__KIND_QUEUE, join);

mr_status mr_queue_join(const mr_queue *handle, double timeout)
{
    return mr__call_on(&queue_join, MR__HANDLE(handle), timeout);
}

/* ---- Closing ---- */

static mr_status close_here(mr__call *c)
{
    mr__queue *q;
    member *me;
    mr_status status = mr__queue_enter(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status != MR_OK)
        return status;
    status = become_member(q, &me);
    if (status == MR_OK)
        me->is_closed = true;
    mr__object_leave(&q->object);
    return status;
}
MR__METHOD(queue_close, "mr_queue_close", MR__KIND_QUEUE, close_here);

mr_status mr_queue_close(const mr_queue *handle)
{
    mr_status status = mr__call_on(&queue_close, MR__HANDLE(handle), 0);
    if (handle != NULL)
        mr__fileno_close(MR__KIND_QUEUE, handle->mr__handle);
    return status;
}

static mr_status join_thread(mr__call *c)
{
    mr__queue *q;
    mr_status status = mr__queue_enter(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status != MR_OK)
        return status;
    bool is_closed = is_closed_here(q);
    mr__object_leave(&q->object);
    return is_closed ? MR_OK : mr__fail(MR_ESTATE, "%s: call mr_queue_close first", c->method->call);
}
MR__METHOD(queue_join_thread, "mr_queue_join_thread", MR__KIND_QUEUE, join_thread);

mr_status mr_queue_join_thread(const mr_queue *handle)
{
    return mr__call_on(&queue_join_thread, MR__HANDLE(handle), 0);
}

static mr_status cancel_join_thread(mr__call *c)
{
    mr__queue *q;
    mr_status status = mr__queue_enter(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status == MR_OK)
        mr__object_leave(&q->object);
    return status;
}
MR__METHOD(queue_cancel_join_thread, "mr_queue_cancel_join_thread", MR__KIND_QUEUE, cancel_join_thread);

mr_status mr_queue_cancel_join_thread(const mr_queue *handle)
{
    return mr__call_on(&queue_cancel_join_thread, MR__HANDLE(handle), 0);
}

static mr_status destroy(mr__call *c)
{
    mr__queue *q;
    mr_status status = mr__queue_enter(c->method->call, &(mr_queue){c->handles[0]}, &q);
    if (status == MR_OK)
        mr__object_close(&q->object);
    return status;
}
MR__METHOD(queue_destroy, "mr_queue_destroy", MR__KIND_QUEUE, destroy);

mr_status mr_queue_destroy(const mr_queue *handle)
{
    mr_status status = mr__call_on(&queue_destroy, MR__HANDLE(handle), 0);
    if (handle != NULL)
        mr__fileno_close(MR__KIND_QUEUE, handle->mr__handle);
    return status;
}

/* ---- The kinds ---- */

const mr__kind mr__queue_kind = {.name = "queue",
                                 .repair = repair_queue,
                                 .forget = forget_queue,
                                 .discard = discard_queue,
                                 .look = look_at_queue,
                                 .view = &mr__queue_view};
const mr__kind mr__inlet_kind = {
    .name = "queue", .repair = repair_inlet, .forget = forget_inlet, .view = &mr__inlet_view};
