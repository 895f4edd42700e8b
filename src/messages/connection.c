/* Connections: sending, receiving and polling at the ends of pipes. Those over sockets have socket_connection.c;
 * which of the two it is, each call of multirank.h looks at first. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "messages/fileno.h"
#include "messages/pipe.h"
#include "messages/socket.h"
#include "messages/vault.h"
#include "object/watch.h"

#include <fcntl.h>
#include <stdlib.h>

/* Of a message this small every word is looked at: a connection in it moves. */
enum { HAND_OVER_MAX = 1024 };

static const size_t LARGEST = (size_t)1 << 59;

static bool leads_out(const mr_connection *connection)
{
    return connection != NULL && mr__is_socket(connection->mr__handle);
}

/* The sentence for what stopped an end. */
static mr_status explain(const mr__end *end, mr_status status, const char *what)
{
    uint64_t other = end->pipe->ends[1 - end->number], own = end->pipe->ends[end->number];
    switch (status) {
    case MR_ETIMEDOUT:
        return mr__fail(status, "%s: %s within %g s", end->call, what,
                        end->flow.timeout > 0 ? end->flow.timeout : 0);
    case MR_EEOF:
        return mr__fail(status, "%s: the other end of the pipe %s", end->call,
                        other & MR__END_DIED ? "is closed, since its process has ended" : "has been closed");
    case MR_ECLOSED:
        return mr__fail(status, "%s: this end of the pipe was closed %s", end->call,
                        own & MR__END_DIED ? "when its process ended" : "by another thread");
    case MR_ESTATE:
        return mr__fail(status,
                        "%s: there is something in the pipe that is no message; has one of the processes written "
                        "through a wrong pointer?",
                        end->call);
    default:
        return status;
    }
}

static mr_status check_message(const void *data, size_t size)
{
    if ((data != NULL || size == 0) && size <= LARGEST)
        return MR_OK;
    return mr__fail(MR_EINVAL, "mr_connection_send was given %s",
                    data == NULL ? "NULL instead of a message of some size"
                                 : "a size that no message can have; was it negative?");
}

static mr_status send(const mr_connection *connection, const void *data, size_t size, double timeout)
{
    mr__end end;
    mr_status status = mr__end_enter("mr_connection_send", connection, MR__WRITING, timeout, &end);
    if (status != MR_OK)
        return status;
    status = check_message(data, size);
    if (status == MR_OK)
        status = end.flow.look_around(&end);
    if (status == MR_OK) {
        if (size >= sizeof(mr_connection) && size <= HAND_OVER_MAX)
            mr__connections_hand_over(data, size, mr__caller(), MR__ANYBODY);
        status = mr__ring_write(&end.flow, data, size);
    }
    if (status != MR_OK && status != MR_EINVAL)
        explain(&end, status, "the other side has not made room for the message");
    mr__end_leave(&end);
    return status;
}

static mr_status run_send(mr__call *c)
{
    return send(&(mr_connection){c->handles[0]}, c->data, c->size, c->seconds);
}
MR__METHOD(connection_send, "mr_connection_send", MR__KIND_PIPE, run_send);

mr_status mr_connection_send(const mr_connection *connection, const void *data, size_t size, double timeout)
{
    if (leads_out(connection))
        return mr__socket_send(connection->mr__handle, data, size, timeout);
    mr_status status = MR_OK;
    if (connection != NULL && data != NULL && size >= sizeof(mr_connection) && size <= HAND_OVER_MAX)
        status = mr__connections_let_go(data, size, mr__handle_home(connection->mr__handle));
    if (status != MR_OK)
        return status;
    if (!mr__is_far(connection))
        return send(connection, data, size, timeout);
    status = check_message(data, size);
    return status != MR_OK
               ? status
               : mr__ask_method(
                     MR__HANDLE(connection),
                     &(mr__call){.method = &connection_send, .seconds = timeout, .data = data, .size = size});
}

/* ---- Receiving ---- */

/* Where a message goes: a buffer of the caller's, or one that is made for it. */
typedef struct sink {
    void *buffer;
    size_t capacity;
    bool makes_buffer;
} sink;

/* Prepares the sink for a message that is still in the pipe. */
static mr_status prepare(const mr__end *end, sink *to, uint64_t size)
{
    if (to->makes_buffer && size <= to->capacity) {
        free(to->buffer); /* of a message that was taken back */
        to->buffer = malloc(size > 0 ? size : 1);
        if (to->buffer == NULL)
            return mr__fail(MR_ENOMEM, "%s: there is no memory for a message of %llu bytes", end->call,
                            (unsigned long long)size);
    } else if (size > to->capacity) {
        return mr__fail(MR_ETOOSMALL,
                        "%s: the message has %llu bytes, the buffer %zu; it waits for a larger buffer", end->call,
                        (unsigned long long)size, to->capacity);
    }
    return MR_OK;
}

static mr_status receive(const char *call, const mr_connection *connection, sink *to, size_t *size, double timeout)
{
    mr__end end;
    uint64_t found = 0;
    mr_status status = mr__end_enter(call, connection, MR__READING, timeout, &end);
    if (status != MR_OK)
        return status;
    bool is_done = false;
    while (!is_done) {
        status = mr__ring_await(&end.flow, &found);
        is_done = status != MR_OK;
        if (is_done) {
            explain(&end, status, "no message has come");
        } else if (end.flow.is_descriptor) {
            is_done = true;
            status = mr__fail(MR_ESTATE,
                              "%s: the next message is an open descriptor; receive it with mr_connection_recv_fd, "
                              "in a process on the main process's host",
                              call);
        } else {
            status = prepare(&end, to, found);
            is_done = status != MR_OK;
        }
        if (!is_done) {
            status = mr__ring_read(&end.flow, to->buffer, found);
            is_done = status != MR_ETIMEDOUT;
            if (is_done && status != MR_OK)
                explain(&end, status, "");
        }
    }
    bool is_watched = end.flow.ring->watched != 0; /* by a thread that could not look meanwhile */
    mr__end_leave(&end);
    if (is_watched)
        mr__watch_ring(&end.pipe->object);
    mr__fileno_update(MR__KIND_PIPE, connection->mr__handle);
    if (size != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *size = found;
    return status;
}

/* numbers[0]: the size of the message comes back, also where there is no room for it. */
static mr_status run_receive(mr__call *c)
{
    size_t size = 0;
    sink to = {.makes_buffer = true, .capacity = c->capacity};
    mr_status status = receive(c->method->call, &(mr_connection){c->handles[0]}, &to, &size, c->seconds);
    c->numbers[0] = (int64_t)size;
    c->buffer = to.buffer;
    c->received = status == MR_OK ? size : 0;
    return status;
}
MR__METHOD(connection_recv, "mr_connection_recv", MR__KIND_PIPE, run_receive);
MR__METHOD(connection_recv_alloc, "mr_connection_recv_alloc", MR__KIND_PIPE, run_receive);

static mr_status ask_receive(const mr__method *method, const mr_connection *connection, sink *to, size_t *size,
                             double timeout)
{
    mr__call receiving = {.method = method, .seconds = timeout, .buffer = to->buffer, .capacity = to->capacity};
    mr_status status = mr__ask_method(MR__HANDLE(connection), &receiving);
    to->buffer = receiving.buffer;
    if (size != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *size = status == MR_OK ? receiving.received : (size_t)receiving.numbers[0];
    mr__fileno_update(MR__KIND_PIPE, connection->mr__handle);
    return status;
}

mr_status mr_connection_recv(const mr_connection *connection, void *buffer, size_t capacity, size_t *size,
                             double timeout)
{
    char nothing;
    sink to = {.buffer = buffer != NULL ? buffer : &nothing, .capacity = buffer != NULL ? capacity : 0};
    if (leads_out(connection))
        return mr__socket_recv("mr_connection_recv", connection->mr__handle, buffer, capacity, size, timeout);
    return mr__is_far(connection) ? ask_receive(&connection_recv, connection, &to, size, timeout)
                                  : receive("mr_connection_recv", connection, &to, size, timeout);
}

mr_status mr_connection_recv_alloc(const mr_connection *connection, void **data, size_t *size, double timeout)
{
    static const char call[] = "mr_connection_recv_alloc";
    sink to = {.makes_buffer = true, .capacity = SIZE_MAX};
    mr_status status = mr__running(call);
    if (status == MR_OK && data == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a place for the message", call);
    if (status != MR_OK)
        return status;
    if (leads_out(connection))
        return mr__socket_recv_alloc(call, connection->mr__handle, data, SIZE_MAX, size, timeout);
    status = mr__is_far(connection) ? ask_receive(&connection_recv_alloc, connection, &to, size, timeout)
                                    : receive(call, connection, &to, size, timeout);
    if (status == MR_OK)
        *data = to.buffer;
    else
        free(to.buffer);
    return status;
}

/* ---- Descriptors ---- */

static mr_status refuse_afar(const char *call)
{
    return mr__fail(
        MR_ENOHOST,
        "%s: this process runs on %s; descriptors are passed among the processes of the main process's "
        "host only",
        call, mr__ctx.host);
}

mr_status mr_connection_send_fd(const mr_connection *connection, int fd, double timeout)
{
    static const char call[] = "mr_connection_send_fd";
    mr__end end;
    if (leads_out(connection))
        return mr__socket_refuse_fd(call, connection->mr__handle);
    if (mr__is_far(connection))
        return refuse_afar(call);
    mr_status status = mr__end_enter(call, connection, MR__WRITING, timeout, &end);
    if (status != MR_OK)
        return status;
    mr__passage passage = {.pipe = end.handle, .end = 1 - end.number, .socket = -1};
    if (fcntl(fd, F_GETFD) < 0)
        status = mr__fail(MR_EINVAL, "%s: there is no open descriptor %d", call, fd);
    if (status == MR_OK) {
        status = end.flow.look_around(&end);
        explain(&end, status, "");
    }
    if (status == MR_OK)
        status = mr__vault_keep(call, &passage, fd);
    if (status == MR_OK) {
        end.flow.is_descriptor = true;
        status = mr__ring_write(&end.flow, &passage.ticket, sizeof passage.ticket);
        if (status != MR_OK) {
            explain(&end, status, "the other side has not made room for the descriptor");
            mr__vault_drop(&passage);
        }
    }
    mr__vault_leave(&passage);
    mr__end_leave(&end);
    return status;
}

/* The message is gone once its descriptor is there. */
static mr_status fetch(mr__end *end, int *fd, uint64_t size)
{
    mr__passage passage = {.pipe = end->handle, .end = end->number, .socket = -1};
    int got = -1;
    if (!end->flow.is_descriptor)
        return mr__fail(MR_ESTATE, "%s: the next message is no descriptor; receive it with mr_connection_recv",
                        end->call);
    if (size != sizeof passage.ticket)
        return explain(end, MR_ESTATE, "");
    mr__ring_copy(&end->flow, &passage.ticket, size);
    mr_status status = mr__vault_give(end->call, &passage, &got);
    if (status != MR_OK)
        return status;
    mr__ring_read(&end->flow, &passage.ticket, size);
    mr__vault_drop(&passage);
    mr__vault_leave(&passage);
    *fd = got;
    return MR_OK;
}

mr_status mr_connection_recv_fd(const mr_connection *connection, int *fd, double timeout)
{
    static const char call[] = "mr_connection_recv_fd";
    mr__end end;
    uint64_t size;
    mr_status status = mr__running(call);
    if (status == MR_OK && fd == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a place for the descriptor", call);
    if (status == MR_OK && leads_out(connection))
        status = mr__socket_refuse_fd(call, connection->mr__handle);
    else if (status == MR_OK && mr__is_far(connection))
        status = refuse_afar(call);
    if (status == MR_OK)
        status = mr__end_enter(call, connection, MR__READING, timeout, &end);
    if (status != MR_OK)
        return status;
    status = mr__ring_await(&end.flow, &size);
    if (status == MR_OK)
        status = fetch(&end, fd, size);
    else
        explain(&end, status, "no descriptor has come");
    bool is_watched = end.flow.ring->watched != 0;
    mr__end_leave(&end);
    if (is_watched)
        mr__watch_ring(&end.pipe->object);
    mr__fileno_update(MR__KIND_PIPE, connection->mr__handle);
    return status;
}

/* ---- Asking ---- */

static mr_status run_poll(mr__call *c)
{
    mr__end end;
    uint64_t size;
    mr_status status =
        mr__end_enter(c->method->call, &(mr_connection){c->handles[0]}, MR__READING, c->seconds, &end);
    if (status != MR_OK)
        return status;
    status = mr__ring_await(&end.flow, &size);
    if (status == MR_ECLOSED)
        explain(&end, status, "");
    else if (status == MR_ETIMEDOUT)
        mr__fail(MR_ETIMEDOUT, "%s: there is nothing to receive", c->method->call);
    mr__end_leave(&end);
    return status == MR_ECLOSED || status == MR_ETIMEDOUT ? status : MR_OK; /* the end of file can be received */
}
MR__METHOD(connection_poll, "mr_connection_poll", MR__KIND_PIPE, run_poll);

mr_status mr_connection_poll(const mr_connection *connection, double timeout)
{
    mr_status status = mr__running("mr_connection_poll");
    if (status == MR_OK && leads_out(connection))
        return mr__socket_poll(connection->mr__handle, timeout);
    if (status == MR_OK)
        status = mr__call_on(&connection_poll, MR__HANDLE(connection), timeout);
    if (connection != NULL)
        mr__fileno_update(MR__KIND_PIPE, connection->mr__handle);
    return status;
}

int mr_connection_fileno(const mr_connection *connection)
{
    static const char call[] = "mr_connection_fileno";
    if (leads_out(connection))
        return mr__socket_fileno(connection->mr__handle);
    mr_status status =
        mr_connection_poll(connection, 0); /* now the end is the caller's, and one to receive from */
    if (status != MR_OK && status != MR_ETIMEDOUT) {
        mr__fail(status, "%s: %s", call, mr_last_error());
        return -1;
    }
    return mr__fileno(call, MR__KIND_PIPE, connection->mr__handle);
}

/* Sets the flag while another thread of this process is receiving; that one rings when it has done. */
static mr_status watch_busy(const char *call, const mr_connection *connection)
{
    mr__object *object;
    mr__pipe *pipe = NULL;
    int number = 0;
    mr_status status = mr__end_find(call, connection, &pipe, &number);
    if (status == MR_OK)
        status = mr__object_enter(call, mr__connection_object(connection), MR__KIND_PIPE, &object);
    if (status != MR_OK)
        return status;
    ((mr__ring *)mr__at(pipe->rings[1 - number]))->watched = 1;
    mr__object_leave(object);
    return MR_OK;
}

mr_status mr__connection_look(const char *call, uint64_t handle, bool *is_ready)
{
    mr__end end;
    uint64_t size;
    *is_ready = false;
    mr_connection connection = {handle};
    mr_status status = mr__end_enter(call, &connection, MR__READING, 0, &end);
    if (status == MR_ETIMEDOUT)
        return watch_busy(call, &connection);
    if (status != MR_OK)
        return status;
    end.flow.ring->watched = 1;
    *is_ready = mr__ring_peek(&end.flow, &size) != MR_ETIMEDOUT || end.flow.look_around(&end) != MR_OK ||
                mr__ring_peek(&end.flow, &size) != MR_ETIMEDOUT;
    mr__end_leave(&end);
    return MR_OK;
}

/* Whether an end has a way in that direction. */
static mr_status has_way(mr__call *c, mr__direction direction)
{
    mr__pipe *pipe;
    int number;
    mr_status status = mr__end_find(c->method->call, &(mr_connection){c->handles[0]}, &pipe, &number);
    if (status == MR_OK)
        c->numbers[0] = pipe->rings[direction == MR__WRITING ? number : 1 - number] != 0;
    return status;
}

static mr_status is_readable(mr__call *c)
{
    return has_way(c, MR__READING);
}
MR__METHOD(connection_is_readable, "mr_connection_is_readable", MR__KIND_PIPE, is_readable);

bool mr_connection_is_readable(const mr_connection *connection)
{
    if (leads_out(connection))
        return mr__socket_is_open(connection->mr__handle);
    return mr__call_number(&connection_is_readable, MR__HANDLE(connection), false) != 0;
}

static mr_status is_writable(mr__call *c)
{
    return has_way(c, MR__WRITING);
}
MR__METHOD(connection_is_writable, "mr_connection_is_writable", MR__KIND_PIPE, is_writable);

bool mr_connection_is_writable(const mr_connection *connection)
{
    if (leads_out(connection))
        return mr__socket_is_open(connection->mr__handle);
    return mr__call_number(&connection_is_writable, MR__HANDLE(connection), false) != 0;
}

static mr_status is_closed(mr__call *c)
{
    mr__pipe *pipe;
    int number;
    mr_status status = mr__end_find(c->method->call, &(mr_connection){c->handles[0]}, &pipe, &number);
    if (status == MR_OK)
        c->numbers[0] = (pipe->ends[number] & (MR__END_CLOSED | MR__END_LAPSED)) != 0;
    return status;
}
MR__METHOD(connection_is_closed, "mr_connection_is_closed", MR__KIND_PIPE, is_closed);

bool mr_connection_is_closed(const mr_connection *connection)
{
    if (leads_out(connection))
        return !mr__socket_is_open(connection->mr__handle);
    return mr__call_number(&connection_is_closed, MR__HANDLE(connection), true) != 0;
}
