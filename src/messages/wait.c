/* mr_wait: one wait for several connections, processes and queues. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "messages/pipe.h"
#include "messages/socket.h"
#include "object/object.h"
#include "object/seat.h"
#include "object/watch.h"
#include "process/registry.h"
#include "universe/self.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static mr_status look_at_process(mr_process *object, bool *is_ready)
{
    mr__process *process;
    mr_status status = mr__enter("mr_wait", object, &process);
    if (status != MR_OK)
        return status;
    if (process->role == MR__SELF || process->state == MR__PROCESS_NEW)
        status = mr__fail(MR_ESTATE, "mr_wait: %s %s", process->name,
                          process->role == MR__SELF ? "cannot wait for itself" : "has not been started");
    *is_ready = process->state == MR__PROCESS_ENDED;
    mr__unlock();
    return status;
}

/* Sockets are this process's own, as processes are. */
static bool is_socket(const mr_waitable *item)
{
    return item->connection != NULL && mr__is_socket(item->connection->mr__handle);
}

static bool is_own(const mr_waitable *item)
{
    return item->process != NULL || is_socket(item);
}

static uint64_t object_of(const mr_waitable *item)
{
    return item->connection != NULL ? mr__connection_object(item->connection) : item->queue->mr__handle;
}

static uint64_t bits_of(const mr_waitable items[], size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++)
        bits |= is_own(&items[i]) ? MR__WATCH_PROCESSES : mr__watch_bit(object_of(&items[i]));
    return bits;
}

static mr_status look_at(const mr_waitable *item, bool *is_ready)
{
    if (item->process != NULL)
        return look_at_process(item->process, is_ready);
    if (is_socket(item)) {
        mr_status status = mr__socket_watch("mr_wait", item->connection->mr__handle);
        return status == MR_OK ? mr__socket_look("mr_wait", item->connection->mr__handle, is_ready) : status;
    }
    if (item->connection != NULL)
        return mr__kinds[MR__KIND_PIPE]->look("mr_wait", item->connection->mr__handle, is_ready);
    return mr__kinds[MR__KIND_QUEUE]->look("mr_wait", item->queue->mr__handle, is_ready);
}

static mr_status look_at_all(mr_waitable items[], size_t count, size_t *ready)
{
    mr_status status = MR_OK;
    *ready = 0;
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        status = look_at(&items[i], &items[i].ready);
        *ready += items[i].ready;
    }
    return status;
}

static mr_status check(const mr_waitable items[], size_t count, double timeout, const size_t *ready)
{
    mr_status status = mr__running("mr_wait");
    if (status != MR_OK)
        return status;
    if (ready == NULL || (items == NULL && count > 0))
        return mr__fail(MR_EINVAL, "mr_wait was given NULL instead of %s",
                        ready == NULL ? "a place for the number of items that are ready" : "items");
    if (count == 0 && timeout == MR_FOREVER)
        return mr__fail(MR_EINVAL, "mr_wait was asked to wait for nothing, forever");
    for (size_t i = 0; i < count; i++)
        if ((items[i].connection != NULL) + (items[i].process != NULL) + (items[i].queue != NULL) != 1)
            return mr__fail(MR_EINVAL, "mr_wait: item %zu must name exactly one connection, process or queue", i);
    return MR_OK;
}

static mr_status time_out(size_t count, double timeout)
{
    return mr__fail(MR_ETIMEDOUT, "mr_wait: none of the %zu items has become ready within %g s", count,
                    timeout > 0 ? timeout : 0);
}

/* ---- For sockets alone ---- */

/* They are held meanwhile, so that their descriptors stay theirs. One that is closed is ready, and the look says
 * so. */
static mr_status wait_for_sockets(mr_waitable items[], size_t count, double timeout, double deadline,
                                  size_t *ready)
{
    struct pollfd *polled = calloc(count, sizeof *polled);
    mr__socket **held = calloc(count, sizeof(mr__socket *));
    mr_status status = polled != NULL && held != NULL ? MR_OK : mr__fail(MR_ENOMEM, "mr_wait: there is no memory");
    *ready = 0;
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        uint64_t handle = items[i].connection->mr__handle;
        status = mr__socket_find("mr_wait", handle, MR__SOCKET_CONNECTION, &held[i]);
        if (status == MR_OK)
            polled[i] = (struct pollfd){.fd = held[i]->fd, .events = POLLIN};
    }
    for (bool is_late = false; status == MR_OK && *ready == 0 && !is_late;) {
        is_late = timeout <= 0 || mr__now() >= deadline;
        poll(polled, (nfds_t)count, is_late ? 0 : mr__milliseconds_until(deadline));
        for (size_t i = 0; i < count && status == MR_OK; i++) {
            status = mr__socket_look("mr_wait", items[i].connection->mr__handle, &items[i].ready);
            *ready += items[i].ready;
        }
    }
    for (size_t i = 0; held != NULL && i < count && held[i] != NULL; i++)
        mr__socket_put_back(held[i]);
    free(held);
    free(polled);
    return status == MR_OK && *ready == 0 ? time_out(count, timeout) : status;
}

/* ---- On other hosts ---- */

/* What is waited for goes there, and a flag for each comes back. */
static mr_status run_wait(mr__call *c)
{
    size_t count = c->size / sizeof(mr__watched), ready = 0;
    const mr__watched *watched = c->data;
    mr_waitable *items = calloc(count + 1, sizeof *items);
    char *flags = calloc(count + 1, 1);
    mr_status status = items != NULL && flags != NULL
                           ? MR_OK
                           : mr__fail(MR_ENOMEM, "there is no memory for %zu items to wait for", count);
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        if (watched[i].kind == MR__KIND_PIPE)
            items[i].connection = (const mr_connection *)&watched[i].handle;
        else
            items[i].queue = (const mr_queue *)&watched[i].handle;
    }
    if (status == MR_OK)
        status = mr_wait(items, count, &ready, c->seconds);
    for (size_t i = 0; i < count && status == MR_OK; i++)
        flags[i] = items[i].ready;
    free(items);
    c->buffer = flags;
    c->received = status == MR_OK ? count : 0;
    return status;
}
MR__METHOD(wait_method, "mr_wait", MR__KIND_NONE, run_wait);

static uint64_t handle_of(const mr_waitable *item)
{
    return item->connection != NULL ? item->connection->mr__handle : item->queue->mr__handle;
}

/* Looks at the items that are the caller's own, processes and sockets. */
static mr_status look_at_own(mr_waitable items[], size_t count, size_t *ready)
{
    mr_status status = MR_OK;
    *ready = 0;
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        items[i].ready = false;
        if (items[i].process != NULL)
            status = look_at_process(items[i].process, &items[i].ready);
        else if (is_socket(&items[i]))
            status = mr__socket_look("mr_wait", items[i].connection->mr__handle, &items[i].ready);
        *ready += items[i].ready;
    }
    return status;
}

/* Waits for the objects of one home, there; counts those that are ready. */
static mr_status wait_at(uint32_t home, mr_waitable items[], size_t count, mr__watched watched[], double seconds,
                         size_t *ready)
{
    size_t others = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_own(&items[i]) && mr__handle_home(handle_of(&items[i])) == home)
            watched[others++] =
                (mr__watched){items[i].connection != NULL ? MR__KIND_PIPE : MR__KIND_QUEUE, handle_of(&items[i])};
    mr__call waiting = {.method = &wait_method,
                        .seconds = seconds,
                        .data = watched,
                        .size = others * sizeof *watched,
                        .capacity = others};
    mr_status status = mr__ask_method(&(uint64_t){mr__handle_of(0, home, 0)}, &waiting);
    const char *flags = waiting.buffer;
    for (size_t i = 0, next = 0; status == MR_OK && i < count; i++)
        if (!is_own(&items[i]) && mr__handle_home(handle_of(&items[i])) == home) {
            items[i].ready = flags[next++] != 0;
            *ready += items[i].ready;
        }
    free(waiting.buffer);
    return status == MR_ETIMEDOUT ? MR_OK : status;
}

/* Gives the homes of the objects. */
static size_t list_homes(const mr_waitable items[], size_t count, uint32_t homes[])
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t home = is_own(&items[i]) ? MR__NO_HOME : mr__handle_home(handle_of(&items[i]));
        size_t known = 0;
        while (known < found && homes[known] != home)
            known++;
        if (known == found && home != MR__NO_HOME)
            homes[found++] = home;
    }
    return found;
}

/* Objects of one home are waited for there. If there are several, or processes and sockets, which are the caller's
 * own, each has its turn. */
static mr_status take_turns(mr_waitable items[], size_t count, const uint32_t homes[], size_t home_count,
                            mr__watched watched[], double timeout, double deadline, size_t *ready)
{
    static const double TURN = 0.02;
    bool is_alone = home_count == 1;
    for (size_t i = 0; i < count; i++)
        is_alone = is_alone && !is_own(&items[i]);
    for (;;) {
        mr_status status = look_at_own(items, count, ready);
        for (size_t i = 0; status == MR_OK && i < home_count; i++) {
            double left = *ready > 0 || timeout <= 0 ? 0 : deadline - mr__now();
            double turn = TURN / (double)home_count;
            status = wait_at(homes[i], items, count, watched, is_alone || left < turn ? left : turn, ready);
        }
        double left = *ready > 0 || timeout <= 0 ? 0 : deadline - mr__now();
        if (status == MR_OK && home_count == 0 && left > 0)
            usleep((useconds_t)((left < TURN ? left : TURN) * 1e6));
        if (status != MR_OK || *ready > 0)
            return status;
        if (timeout <= 0 || mr__now() >= deadline)
            return time_out(count, timeout);
    }
}

static mr_status wait_elsewhere(mr_waitable items[], size_t count, double timeout, double deadline, size_t *ready)
{
    mr__watched *watched = calloc(count + 1, sizeof *watched);
    uint32_t *homes = calloc(count + 1, sizeof *homes);
    mr_status status =
        watched != NULL && homes != NULL ? MR_OK : mr__fail(MR_ENOMEM, "mr_wait: there is no memory");
    if (status == MR_OK && mr__ctx.rank != 0)
        status = mr__self_listen();
    if (status == MR_OK)
        status =
            take_turns(items, count, homes, list_homes(items, count, homes), watched, timeout, deadline, ready);
    free(homes);
    free(watched);
    return status;
}

/* Whether something else than the memory of this host has to be watched. */
static bool is_elsewhere(const mr_waitable items[], size_t count)
{
    bool is_so = mr__ctx.arena == NULL;
    for (size_t i = 0; i < count && !is_so; i++)
        is_so = !is_own(&items[i]) &&
                mr__is_far(items[i].connection != NULL ? (const void *)items[i].connection : items[i].queue);
    return is_so;
}

/* ---- On this host ---- */

mr_status mr_wait(mr_waitable items[], size_t count, size_t *ready, double timeout)
{
    uint32_t number;
    double deadline;
    mr_status status = check(items, count, timeout, ready);
    if (status == MR_OK)
        status = mr__deadline("mr_wait", timeout, &deadline);
    size_t sockets = 0;
    for (size_t i = 0; status == MR_OK && i < count; i++)
        sockets += is_socket(&items[i]);
    if (status == MR_OK && sockets > 0 && sockets == count)
        return wait_for_sockets(items, count, timeout, deadline, ready);
    if (status == MR_OK && is_elsewhere(items, count))
        return wait_elsewhere(items, count, timeout, deadline, ready);
    if (status == MR_OK)
        status = mr__seat_mine(&number);
    if (status != MR_OK)
        return status;
    mr__seat *seat = mr__seat_at(number);
    seat->watches = bits_of(items, count);
    for (bool in_time = true;;) {
        uint32_t bell = seat->bell;
        status = look_at_all(items, count, ready);
        if (status != MR_OK || *ready > 0)
            break;
        if (!in_time || timeout <= 0) {
            status = time_out(count, timeout);
            break;
        }
        in_time = mr__futex_wait(&seat->bell, bell, deadline);
    }
    seat->watches = 0;
    return status;
}
