/* Pipes: making them, whose their ends are, and when an end is closed.
 *
 * An end has one owner. The creator's at first, it becomes the process's that it is handed to in the arguments of
 * mr_process_start, and in the end always that of who uses it. What an owner has used is closed when he closes it
 * or ends. What he has not is given up by that, as if closed, until another process, which has got hold of it on
 * a way that cannot be seen, uses it. */
#include "messages/pipe.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "messages/fileno.h"
#include "messages/socket.h"
#include "object/seat.h"
#include "object/watch.h"

#include <sched.h>
#include <string.h>

/* Connections look like nothing else, so that they can be found among other bytes; but their home stays as it is.
 */
static const uint64_t DISGUISE = 0x9e3779b9400a7c15;
static const uint64_t SECOND_END = (uint64_t)1 << 31;

static const double PATIENCE = 0.01; /* seconds that another process may still be at work with an end */

static uint64_t owner_of(uint64_t end)
{
    return (uint32_t)end;
}

static bool is_open(uint64_t end)
{
    return (end & (MR__END_LAPSED | MR__END_CLOSED)) == 0;
}

static uint64_t mine(void)
{
    return mr__caller();
}

/* ---- Making ---- */

/* Rings begin on cache lines. */
static mr_status make_rings(mr__pipe *pipe, bool duplex)
{
    mr_status status = mr__alloc((duplex ? 2 : 1) * sizeof(mr__ring) + MR__LINE, &pipe->memory);
    if (status != MR_OK)
        return status;
    pipe->rings[1] = (pipe->memory + MR__LINE - 1) / MR__LINE * MR__LINE;
    if (duplex)
        pipe->rings[0] = pipe->rings[1] + sizeof(mr__ring);
    for (int i = 0; i < 2; i++)
        if (pipe->rings[i] != 0) {
            mr__ring *ring = mr__at(pipe->rings[i]);
            ring->writer = ring->reader = (uint64_t)pipe->object.generation << 32;
        }
    return MR_OK;
}

/* numbers[0]: both ways. */
static mr_status make(mr__call *c)
{
    mr__object *object;
    uint64_t handle;
    mr_status status = mr__object_new(c->method->call, MR__KIND_PIPE, &object, &handle);
    if (status != MR_OK)
        return status;
    mr__pipe *pipe = (mr__pipe *)object;
    pipe->ends[0] = pipe->ends[1] = mine();
    status = make_rings(pipe, c->numbers[0] != 0);
    if (status != MR_OK) {
        mr__object_close(object);
        return status;
    }
    c->handles[0] = handle ^ DISGUISE;
    c->handles[1] = (handle | SECOND_END) ^ DISGUISE;
    mr__object_leave(object);
    return MR_OK;
}
MR__METHOD(pipe_make, "mr_pipe_init", MR__KIND_PIPE, make);

mr_status mr_pipe_init(mr_connection *a, mr_connection *b, bool duplex)
{
    mr__call c = {.method = &pipe_make, .numbers = {duplex}};
    mr_status status = mr__object_given(pipe_make.call, MR__KIND_PIPE, a != NULL ? b : NULL);
    if (status == MR_OK)
        status = mr__ask_method(&(uint64_t){mr__home_here()}, &c);
    if (status == MR_OK) {
        a->mr__handle = c.handles[0];
        b->mr__handle = c.handles[1];
    }
    return status;
}

/* ---- Ending ---- */

static mr__ring *ring_of(const mr__pipe *pipe, int i)
{
    return pipe->rings[i] != 0 ? mr__at(pipe->rings[i]) : NULL;
}

static void wake_all(mr__pipe *pipe)
{
    for (int i = 0; i < 2; i++)
        if (pipe->rings[i] != 0)
            mr__ring_wake(ring_of(pipe, i));
    mr__watch_ring(&pipe->object);
}

/* Whether both ends are closed and nobody is at work with either any more. */
static bool is_over(const mr__object *object)
{
    const mr__pipe *pipe = (const mr__pipe *)object;
    bool over = !is_open(pipe->ends[0]) && !is_open(pipe->ends[1]);
    for (int i = 0; i < 2 && over; i++) {
        mr__ring *ring = ring_of(pipe, i);
        over = ring == NULL || (mr__side_end(&ring->writer, object->generation) &&
                                mr__side_end(&ring->reader, object->generation));
    }
    return over;
}

static void leave_or_end(mr__object *object)
{
    if (is_over(object))
        mr__object_close(object);
    else
        mr__object_leave(object);
}

static void forget(mr__object *object, uint32_t rank)
{
    mr__pipe *pipe = (mr__pipe *)object;
    bool is_changed = false;
    for (int i = 0; i < 2; i++) {
        mr__ring *ring = ring_of(pipe, i);
        if (ring != NULL) {
            mr__side_forget(&ring->writer, object->generation, rank);
            mr__side_forget(&ring->reader, object->generation, rank);
        }
        if (owner_of(pipe->ends[i]) != rank || pipe->ends[i] & MR__END_CLOSED)
            continue;
        pipe->ends[i] = pipe->ends[i] & MR__END_USED ? rank | MR__END_CLOSED | MR__END_DIED
                                                     : MR__ANYBODY | MR__END_LAPSED | MR__END_DIED;
        is_changed = true;
    }
    if (is_changed)
        wake_all(pipe);
}

static void discard(mr__object *object)
{
    mr__free(((mr__pipe *)object)->memory);
}

/* ---- Finding ---- */

uint64_t mr__connection_object(const mr_connection *connection)
{
    return (connection->mr__handle ^ DISGUISE) & ~SECOND_END;
}

mr_status mr__end_find(const char *call, const mr_connection *connection, mr__pipe **pipe, int *number)
{
    mr__object *object = NULL;
    if (connection == NULL) {
        mr_status status = mr__running(call);
        return status != MR_OK ? status : mr__fail(MR_EINVAL, "%s was given NULL instead of a connection", call);
    }
    uint64_t handle = connection->mr__handle ^ DISGUISE;
    *number = (handle & SECOND_END) != 0;
    mr_status status = mr__object_find(call, handle & ~SECOND_END, MR__KIND_PIPE, &object);
    *pipe = (mr__pipe *)object;
    return status;
}

/* ---- Owning ---- */

static mr_status fail_closed(const char *call, uint64_t end)
{
    return mr__fail(MR_ECLOSED, "%s: this end of the pipe %s", call,
                    end & MR__END_DIED ? "was closed when the process that owned it ended" : "has been closed");
}

/* Locks both directions of an end, or none. */
static bool lock_both(const mr__pipe *pipe, int number)
{
    mr__ring *out = ring_of(pipe, number), *in = ring_of(pipe, 1 - number);
    uint32_t tag = pipe->object.generation;
    if (out != NULL && mr__side_try(&out->writer, tag) != MR__SIDE_LOCKED)
        return false;
    if (in == NULL || mr__side_try(&in->reader, tag) == MR__SIDE_LOCKED)
        return true;
    if (out != NULL)
        mr__side_release(&out->writer, tag);
    return false;
}

static void unlock_both(const mr__pipe *pipe, int number)
{
    mr__ring *out = ring_of(pipe, number), *in = ring_of(pipe, 1 - number);
    if (out != NULL)
        mr__side_release(&out->writer, pipe->object.generation);
    if (in != NULL)
        mr__side_release(&in->reader, pipe->object.generation);
}

/* Gives an end to a rank; false: somebody is at work with it. Object entered. */
static bool move(mr__pipe *pipe, int number, uint64_t end)
{
    if (!lock_both(pipe, number))
        return false;
    pipe->ends[number] = end;
    unlock_both(pipe, number);
    return true;
}

/* Makes an end the caller's. */
static mr_status take(const char *call, uint64_t handle, int number)
{
    mr__object *object;
    double deadline = mr__now() + PATIENCE;
    for (;;) {
        mr_status status = mr__object_enter(call, handle, MR__KIND_PIPE, &object);
        if (status != MR_OK)
            return status;
        mr__pipe *pipe = (mr__pipe *)object;
        uint64_t end = pipe->ends[number];
        bool is_mine = owner_of(end) == mine(), done = is_mine && is_open(end);
        if (end & MR__END_CLOSED || (end & MR__END_LAPSED && is_mine))
            status = fail_closed(call, end);
        else if (done)
            pipe->ends[number] = mine() | MR__END_USED;
        else
            done = move(pipe, number, mine() | MR__END_USED);
        mr__object_leave(object);
        if (done && !is_mine) /* there may be a descriptor of it here, which has not followed it so far */
            mr__watch_ring(object);
        if (done || status != MR_OK)
            return status;
        if (mr__now() > deadline)
            return mr__fail(MR_ENOTOWNER,
                            "%s: another process (rank %u) is sending, receiving or waiting at this end of the "
                            "pipe; an end belongs to one process at a time",
                            call, (unsigned)owner_of(end));
        sched_yield();
    }
}

/* Whether the bytes of a word may be a connection. Others look so once in a hundred thousand times, if that. */
static bool looks_like_connection(uint64_t word)
{
    static const uint32_t MOST =
        1 << 16; /* pipes that have been in a slot one after the other: few have so many */
    static const uint64_t NEVER = (uint64_t)1 << 30;
    uint64_t handle = word ^ DISGUISE;
    uint32_t generation = mr__handle_generation(handle);
    return generation > 0 && generation < MOST && mr__handle_slot(handle) != 0 && (handle & NEVER) == 0;
}

void mr__connections_hand_over(const void *bytes, size_t size, uint32_t from, uint32_t to)
{
    if (mr__ctx.arena == NULL)
        return;
    uint32_t slots = mr__ctx.arena->slots;
    for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
        uint64_t handle;
        memcpy(&handle, (const char *)bytes + at, sizeof handle);
        handle ^= DISGUISE;
        uint32_t slot = mr__handle_slot(handle);
        if (slot == 0 || slot >= slots || !mr__is_at_home(handle))
            continue;
        mr__object *object = mr__slot_at(slot);
        int number = (handle & SECOND_END) != 0;
        if (object->kind != MR__KIND_PIPE || object->generation != mr__handle_generation(handle) ||
            mr__object_enter("", handle & ~SECOND_END, MR__KIND_PIPE, &object) != MR_OK)
            continue;
        uint64_t end = ((mr__pipe *)object)->ends[number];
        if (!(end & MR__END_CLOSED) && (owner_of(end) == from || !(end & MR__END_USED)))
            move((mr__pipe *)object, number, to);
        mr__object_leave(object);
    }
}

mr_status mr__connections_elsewhere(const void *bytes, size_t size, uint32_t home,
                                    mr_status (*visit)(uint64_t connection, void *argument), void *argument)
{
    mr_status status = MR_OK;
    if (!mr__ctx.launch.many_hosts) /* this is on the way of every short message */
        return MR_OK;
    for (size_t at = 0; status == MR_OK && at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + at, sizeof word);
        if (looks_like_connection(word) && mr__handle_home(word) != home)
            status = visit(word, argument);
    }
    return status;
}

/* The end is on its way: its next owner is told, or tells by using it. */
static mr_status run_let_go(mr__call *c)
{
    mr__connections_hand_over(&c->handles[0], sizeof c->handles[0], mr__caller(), MR__ANYBODY);
    return MR_OK;
}
MR__METHOD(connection_let_go, "mr_process_start", MR__KIND_PIPE, run_let_go);

static mr_status let_go(uint64_t connection, void *unused)
{
    (void)unused;
    mr_status status = mr__call_on(&connection_let_go, &connection, 0);
    return status == MR_EDIED ? status : MR_OK; /* what only looks like a connection is none of ours */
}

mr_status mr__connections_let_go(const void *bytes, size_t size, uint32_t home)
{
    return mr__connections_elsewhere(bytes, size, home, let_go, NULL);
}

/* ---- Using ---- */

static mr_status look_around(const void *place)
{
    const mr__end *end = place;
    if (end->pipe->ends[end->number] != (mine() | MR__END_USED))
        return MR_ECLOSED;
    return is_open(end->pipe->ends[1 - end->number]) ? MR_OK : MR_EEOF;
}

static void ring_watchers(const void *place)
{
    mr__watch_ring(&((const mr__end *)place)->pipe->object);
}

/* Takes the lock of the end's side, where the pipe still is what was found. */
static mr_status lock_side(mr__end *end, mr__direction direction)
{
    mr__pipe *pipe = end->pipe;
    mr__ref ref = pipe->rings[direction == MR__WRITING ? end->number : 1 - end->number];
    end->tag = (uint32_t)(end->handle >> 32);
    if (pipe->object.generation != end->tag || pipe->object.kind != MR__KIND_PIPE)
        return MR_OK; /* not locked: the next look tells why */
    if (ref == 0)
        return mr__fail(MR_EINVAL, "%s: this end of a one-way pipe is for %s only", end->call,
                        direction == MR__WRITING ? "receiving" : "sending");
    end->flow.ring = mr__at(ref);
    _Atomic uint64_t *side = direction == MR__WRITING ? &end->flow.ring->writer : &end->flow.ring->reader;
    mr__side_lock lock = mr__side_try(side, end->tag);
    if (lock == MR__SIDE_TIMEDOUT && end->flow.timeout > 0) {
        if (end->flow.deadline < 0)
            end->flow.deadline = mr__now() + end->flow.timeout;
        lock = mr__side_acquire(side, end->tag, end->flow.deadline);
    }
    if (lock == MR__SIDE_LOCKED)
        end->side = side;
    return lock != MR__SIDE_TIMEDOUT
               ? MR_OK
               : mr__fail(MR_ETIMEDOUT, "%s: another thread of this process is using the connection", end->call);
}

mr_status mr__end_enter(const char *call, const mr_connection *connection, mr__direction direction, double timeout,
                        mr__end *end)
{
    if (!mr__is_timeout(timeout))
        return mr__deadline(call, timeout, &timeout);
    *end = (mr__end){.call = call,
                     .flow = {.timeout = timeout,
                              .deadline = -1,
                              .look_around = look_around,
                              .ring_watchers = ring_watchers,
                              .place = end}};
    for (;;) {
        mr_status status = mr__end_find(call, connection, &end->pipe, &end->number);
        if (status != MR_OK)
            return status;
        end->handle = mr__connection_object(connection);
        status = lock_side(end, direction);
        if (status != MR_OK)
            return status;
        if (end->side != NULL && end->pipe->ends[end->number] == (mine() | MR__END_USED))
            return MR_OK;
        if (end->side != NULL)
            mr__side_release(end->side, end->tag);
        end->side = NULL;
        status = take(call, end->handle, end->number);
        if (status != MR_OK)
            return status;
    }
}

void mr__end_leave(mr__end *end)
{
    mr__object *object;
    mr__side_release(end->side, end->tag);
    if (!is_open(end->pipe->ends[end->number]) &&
        mr__object_enter(end->call, end->handle, MR__KIND_PIPE, &object) == MR_OK)
        leave_or_end(object); /* another thread has closed it meanwhile */
}

/* ---- Looking ---- */

static bool has_something(const mr__pipe *pipe, int number)
{
    const mr__ring *ring = ring_of(pipe, 1 - number);
    return !is_open(pipe->ends[1 - number]) || ring->head != ring->tail;
}

mr_status mr__connection_glance(const char *call, uint64_t handle, bool *is_ready)
{
    mr__object *object;
    mr_connection connection = {handle};
    int number = ((handle ^ DISGUISE) & SECOND_END) != 0;
    *is_ready = false;
    mr_status status = mr__object_enter(call, mr__connection_object(&connection), MR__KIND_PIPE, &object);
    if (status != MR_OK)
        return status;
    const mr__pipe *pipe = (const mr__pipe *)object;
    mr__ring *ring = ring_of(pipe, 1 - number);
    uint64_t end = pipe->ends[number];
    if (owner_of(end) == mine() && !is_open(end)) {
        *is_ready = true;
    } else if (end == (mine() | MR__END_USED) && ring != NULL) {
        *is_ready = has_something(pipe, number);
        if (!*is_ready) {
            ring->watched = 1;
            *is_ready = has_something(pipe, number);
        }
    }
    mr__object_leave(object);
    return MR_OK;
}

/* ---- Closing ---- */

static mr_status close_end(mr__call *c)
{
    const char *call = c->method->call;
    const mr_connection connection = {c->handles[0]};
    mr__pipe *pipe = NULL;
    mr__object *object;
    int number = 0;
    mr_status status = mr__end_find(call, &connection, &pipe, &number);
    if (status == MR_OK)
        status = mr__object_enter(call, mr__object_handle(&pipe->object), MR__KIND_PIPE, &object);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    uint64_t end = pipe->ends[number];
    if (owner_of(end) == mine() && is_open(end)) {
        pipe->ends[number] = mine() | (end & MR__END_USED ? MR__END_CLOSED : MR__END_LAPSED);
        wake_all(pipe);
    }
    leave_or_end(object);
    return MR_OK;
}
MR__METHOD(connection_close, "mr_connection_close", MR__KIND_PIPE, close_end);

mr_status mr_connection_close(const mr_connection *connection)
{
    if (connection != NULL && mr__is_socket(connection->mr__handle))
        return mr__socket_close("mr_connection_close", connection->mr__handle, MR__SOCKET_CONNECTION);
    mr_status status = mr__call_on(&connection_close, MR__HANDLE(connection), 0);
    if (connection != NULL)
        mr__fileno_close(MR__KIND_PIPE, connection->mr__handle);
    return status;
}

void mr_connection_cleanup(const mr_connection *connection)
{
    if (connection != NULL && connection->mr__handle != 0 && mr__ctx.phase == MR__PHASE_RUNNING)
        mr_connection_close(connection);
}

static const mr__custody custody = {mr__connections_hand_over, mr__connections_elsewhere, mr__connections_let_go};

const mr__kind mr__pipe_kind = {.name = "connection",
                                .forget = forget,
                                .discard = discard,
                                .is_over = is_over,
                                .look = mr__connection_look,
                                .custody = &custody,
                                .view = &mr__pipe_view};
