/* Far calls on connections and queues, and waiting for several of them. */
#include "base/status.h"
#include "far/deputy.h"
#include "messages/fileno.h"
#include "messages/pipe.h"
#include "messages/queue.h"
#include "object/watch.h"

#include <stdlib.h>

#define HANDLE(type, i) ((type *)&call->handles[i])

/* ---- Connections ---- */

static mr_status receive(mr__call *call)
{
    size_t size = 0;
    mr_status status =
        mr__connection_recv_within(call->numbers[0] != 0 ? "mr_connection_recv_alloc" : "mr_connection_recv",
                                   HANDLE(mr_connection, 0), &call->buffer, call->capacity, &size, call->seconds);
    call->numbers[0] = (int64_t)size;
    call->received = status == MR_OK ? size : 0;
    return status;
}

static mr_status poll(mr__call *call)
{
    mr_status status = mr_connection_poll(HANDLE(mr_connection, 0), call->seconds);
    call->numbers[0] = status == MR_OK;
    return status == MR_ETIMEDOUT ? MR_OK : status;
}

static mr_status tell_state(mr__call *call)
{
    const mr_connection *connection = HANDLE(mr_connection, 0);
    call->numbers[0] = mr_connection_is_readable(connection);
    call->numbers[1] = mr_connection_is_writable(connection);
    call->numbers[2] = mr_connection_is_closed(connection);
    return MR_OK;
}

/* ---- Several ---- */

static mr_status wait_for_several(mr__call *call)
{
    size_t count = call->size / sizeof(mr__watched), ready = 0;
    const mr__watched *watched = call->data;
    mr_waitable *items = calloc(count + 1, sizeof *items);
    char *flags = calloc(count + 1, 1);
    mr_status status = items != NULL && flags != NULL
                           ? MR_OK
                           : mr__fail(MR_ENOMEM, "main has no memory for %zu items to wait for", count);
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        if (watched[i].kind == MR__KIND_PIPE)
            items[i].connection = (const mr_connection *)&watched[i].handle;
        else
            items[i].queue = (const mr_queue *)&watched[i].handle;
    }
    if (status == MR_OK)
        status = mr_wait(items, count, &ready, call->seconds);
    for (size_t i = 0; i < count && status == MR_OK; i++)
        flags[i] = items[i].ready;
    free(items);
    call->buffer = flags;
    call->received = status == MR_OK ? count : 0;
    return status;
}

/* ---- Queues ---- */

static mr_status get(mr__call *call)
{
    size_t size = 0;
    mr_status status =
        mr__queue_get_within(call->numbers[0] != 0 ? "mr_queue_get_alloc" : "mr_queue_get", HANDLE(mr_queue, 0),
                             &call->buffer, call->capacity, &size, call->seconds);
    call->numbers[0] = (int64_t)size;
    call->received = status == MR_OK ? size : 0;
    return status;
}

void mr__serve_put_back(const mr__call *call)
{
    if (call->procedure == MR__FAR_QUEUE_GET)
        mr__queue_put_back(HANDLE(const mr_queue, 0), call->buffer, call->received);
}

/* What is asked of a queue: the failure shows in its size. */
static mr_status ask_queue(mr__call *call)
{
    const mr_queue *queue = HANDLE(mr_queue, 0);
    ptrdiff_t size = mr_queue_length(queue);
    if (size < 0)
        return mr_last_status();
    call->numbers[0] = call->procedure == MR__FAR_QUEUE_SIZE    ? size
                       : call->procedure == MR__FAR_QUEUE_EMPTY ? mr_queue_is_empty(queue)
                                                                : mr_queue_is_full(queue);
    return MR_OK;
}

/* Whether the caller may get from a queue. */
static mr_status check_open(const mr_queue *queue)
{
    mr__queue *q;
    mr_status status = mr__queue_enter_open("mr_queue_fileno", queue, &q);
    if (status == MR_OK)
        mr__object_leave(&q->object);
    return status;
}

static mr_status serve_queue(mr__call *call)
{
    mr_queue *queue = HANDLE(mr_queue, 0);
    switch (call->procedure) {
    case MR__FAR_QUEUE_INIT:
        return mr_queue_init(queue, (size_t)call->numbers[0]);
    case MR__FAR_JOINABLE_QUEUE_INIT:
        return mr_queue_init_joinable(queue, (size_t)call->numbers[0]);
    case MR__FAR_SIMPLE_QUEUE_INIT:
        return mr_queue_init_simple(queue);
    case MR__FAR_QUEUE_PUT:
        return mr_queue_put(queue, call->data, call->size, call->seconds);
    case MR__FAR_QUEUE_GET:
        return get(call);
    case MR__FAR_QUEUE_TASK_DONE:
        return mr_queue_task_done(queue);
    case MR__FAR_QUEUE_JOIN:
        return mr_queue_join(queue, call->seconds);
    case MR__FAR_QUEUE_CLOSE:
        return mr_queue_close(queue);
    case MR__FAR_QUEUE_JOIN_THREAD:
        return mr_queue_join_thread(queue);
    case MR__FAR_QUEUE_CANCEL_JOIN_THREAD:
        return mr_queue_cancel_join_thread(queue);
    case MR__FAR_QUEUE_OPEN:
        return check_open(queue);
    case MR__FAR_QUEUE_DESTROY:
        return mr_queue_destroy(queue);
    default:
        return ask_queue(call);
    }
}

mr_status mr__serve_messages(mr__call *call)
{
    switch (call->procedure) {
    case MR__FAR_PIPE:
        return mr_pipe_init(HANDLE(mr_connection, 0), HANDLE(mr_connection, 1), call->numbers[0] != 0);
    case MR__FAR_SEND:
        return mr_connection_send(HANDLE(mr_connection, 0), call->data, call->size, call->seconds);
    case MR__FAR_RECV:
        return receive(call);
    case MR__FAR_POLL:
        return poll(call);
    case MR__FAR_CONNECTION_CLOSE:
        return mr_connection_close(HANDLE(mr_connection, 0));
    case MR__FAR_CONNECTION_STATE:
        return tell_state(call);
    case MR__FAR_WAIT:
        return wait_for_several(call);
    case MR__FAR_WATCH:
        return mr__fileno_serve(call);
    default:
        return serve_queue(call);
    }
}
