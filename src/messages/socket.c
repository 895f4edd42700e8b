#include "messages/socket.h"

#include "base/context.h"
#include "base/status.h"
#include "object/watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A handle in disguise: the rank + 1 in the upper half; in the lower one a bit that no slot of the arena has, and
 * the serial number. What a handle of a pipe looks like is told in pipe.c. */
static const uint64_t DISGUISE = 0x9e3779b9400a7c15;
static const uint64_t MARK = (uint64_t)1 << 30, NOT_MARK = (uint64_t)1 << 31;
static const uint64_t MOST_RANKS = (uint64_t)1 << 20;

/* Under the context's mutex sockets_lock. It is made once, and stays. */
typedef struct mr__sockets {
    mr__socket *first;
    uint32_t serial; /* of the last one */
    int epoll, stopper;
    pthread_t watcher;
    bool has_watcher;
} mr__sockets;

static void lock(void)
{
    pthread_mutex_lock(&mr__ctx.sockets_lock);
}

static void unlock(void)
{
    pthread_mutex_unlock(&mr__ctx.sockets_lock);
}

/* ---- Handles ---- */

bool mr__is_socket(uint64_t handle)
{
    handle ^= DISGUISE;
    return (handle & MARK) != 0 && (handle & NOT_MARK) == 0 && handle >> 32 != 0 && handle >> 32 <= MOST_RANKS;
}

mr_status mr__socket_enter(mr__socket *socket, uint64_t *handle)
{
    lock();
    if (mr__ctx.sockets == NULL)
        mr__ctx.sockets = calloc(1, sizeof *mr__ctx.sockets);
    mr__sockets *table = mr__ctx.sockets;
    bool is_room = table != NULL && table->serial < MARK - 1;
    if (is_room) {
        socket->serial = ++table->serial;
        socket->uses = 1;
        socket->next = table->first;
        table->first = socket;
        *handle = (((uint64_t)mr__ctx.rank + 1) << 32 | MARK | socket->serial) ^ DISGUISE;
    }
    unlock();
    return is_room ? MR_OK : mr__fail(MR_ENOMEM, "there is no memory for another socket");
}

static const char *name_of(mr__socket_kind kind)
{
    return kind == MR__SOCKET_LISTENER ? "listener" : "connection";
}

/* What a handle is not found for; the table's lock held. */
static mr_status fail_missing(const char *call, uint64_t handle, mr__socket_kind kind)
{
    uint64_t plain = handle ^ DISGUISE, owner = (plain >> 32) - 1;
    uint32_t serial = (uint32_t)plain & (uint32_t)(MARK - 1);
    if (!mr__is_socket(handle))
        return mr__fail(MR_EINVAL, "%s was given something that is no %s", call, name_of(kind));
    if (owner != (uint64_t)mr__ctx.rank)
        return mr__fail(MR_ENOTOWNER,
                        "%s: this %s is a socket of another process (rank %u), which alone can use it; send what "
                        "is to be said to that one, through a pipe or a queue",
                        call, name_of(kind), (unsigned)owner);
    if (mr__ctx.sockets == NULL || serial > mr__ctx.sockets->serial || serial == 0)
        return mr__fail(MR_EINVAL, "%s was given something that is no %s", call, name_of(kind));
    return mr__fail(MR_ECLOSED, "%s: this %s has been closed", call, name_of(kind));
}

/* The place of the pointer to it; NULL, with a sentence. */
static mr__socket **find(const char *call, uint64_t handle, mr__socket_kind kind, mr_status *status)
{
    uint64_t plain = handle ^ DISGUISE;
    mr__sockets *table = mr__ctx.sockets;
    bool is_mine = mr__is_socket(handle) && plain >> 32 == (uint64_t)mr__ctx.rank + 1;
    for (mr__socket **at = table != NULL ? &table->first : NULL; is_mine && at != NULL && *at != NULL;
         at = &(*at)->next)
        if ((*at)->serial == ((uint32_t)plain & (uint32_t)(MARK - 1)) && (*at)->kind == kind) {
            *status = MR_OK;
            return at;
        }
    *status = fail_missing(call, handle, kind);
    return NULL;
}

mr_status mr__socket_find(const char *call, uint64_t handle, mr__socket_kind kind, mr__socket **socket)
{
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    lock();
    mr__socket **at = find(call, handle, kind, &status);
    *socket = at != NULL ? *at : NULL;
    if (at != NULL)
        (*at)->uses++;
    unlock();
    return status;
}

/* ---- Ending ---- */

void mr__socket_put_back(mr__socket *socket)
{
    lock();
    bool is_last = --socket->uses == 0;
    unlock();
    if (!is_last)
        return;
    socket->free(socket);
    close(socket->fd);
    free(socket);
}

/* What the other side has sent and nobody has received is thrown away first: else TCP would tell it that the
 * connection was broken, and drop what is still on its way over there. */
static void shut(mr__socket *socket)
{
    char bytes[4096];
    socket->is_closed = true;
    if (mr__ctx.sockets->has_watcher)
        epoll_ctl(mr__ctx.sockets->epoll, EPOLL_CTL_DEL, socket->fd, NULL);
    if (socket->stop != NULL)
        socket->stop(socket);
    for (int i = 0; socket->kind == MR__SOCKET_CONNECTION && i < 256; i++)
        if (recv(socket->fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
            break;
    shutdown(socket->fd, SHUT_RDWR); /* also for copies of it in children that were forked by hand */
    if (mr__ctx.sockets->has_watcher)
        mr__watch_ring_processes(); /* it is not watched any more, but somebody may wait */
}

mr_status mr__socket_close(const char *call, uint64_t handle, mr__socket_kind kind)
{
    mr__socket *socket = NULL;
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    lock();
    mr__socket **at = find(call, handle, kind, &status);
    if (at != NULL) {
        socket = *at;
        *at = socket->next;
        shut(socket);
    }
    unlock();
    if (socket != NULL)
        mr__socket_put_back(socket);
    return status == MR_ECLOSED ? MR_OK : status;
}

void mr__sockets_stop(void)
{
    if (mr__ctx.phase == MR__PHASE_FORKED)
        return; /* they are the parent's */
    lock();
    mr__sockets *table = mr__ctx.sockets;
    mr__socket *first = table != NULL ? table->first : NULL;
    bool has_watcher = table != NULL && table->has_watcher;
    for (mr__socket *socket = first; socket != NULL; socket = socket->next)
        shut(socket);
    if (table != NULL) {
        table->first = NULL;
        table->has_watcher = false;
    }
    unlock();
    while (first != NULL) {
        mr__socket *next = first->next;
        mr__socket_put_back(first);
        first = next;
    }
    if (!has_watcher)
        return;
    mr__signal_event(table->stopper);
    pthread_join(table->watcher, NULL);
    close(table->epoll);
    close(table->stopper);
}

/* ---- Waiting ---- */

int mr__milliseconds_until(double deadline)
{
    static const double LONGEST = 1e6;
    double left = (deadline - mr__now()) * 1e3;
    if (deadline == INFINITY)
        return -1;
    return left <= 0 ? 0 : left < LONGEST ? (int)left + 1 : (int)LONGEST;
}

bool mr__socket_wait(int fd, short events, double deadline)
{
    struct pollfd one = {.fd = fd, .events = events};
    for (;;) {
        bool is_over = mr__now() >= deadline;
        if (poll(&one, 1, is_over ? 0 : mr__milliseconds_until(deadline)) > 0)
            return true;
        if (is_over)
            return false;
    }
}

void mr__socket_tune(int fd)
{
    /* seconds; for a UNIX socket they mean nothing */
    static const int ON = 1, IDLE = 30, INTERVAL = 10, COUNT = 3;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &ON, sizeof ON);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &ON, sizeof ON);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &IDLE, sizeof IDLE);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &INTERVAL, sizeof INTERVAL);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &COUNT, sizeof COUNT);
}

bool mr__socket_lock(pthread_mutex_t *mutex, double deadline)
{
    static const double LONGEST = 1e8;
    double now = mr__now(), end = deadline < now + LONGEST ? deadline : now + LONGEST;
    struct timespec time = {.tv_sec = (time_t)end};
    time.tv_nsec = (long)((end - (double)time.tv_sec) * 1e9);
    return pthread_mutex_trylock(mutex) == 0 || pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &time) == 0;
}

mr_status mr__socket_look(const char *call, uint64_t handle, bool *is_ready)
{
    mr__socket *socket;
    *is_ready = false;
    mr_status status = mr__socket_find(call, handle, MR__SOCKET_CONNECTION, &socket);
    if (status != MR_OK)
        return status;
    *is_ready = mr__socket_wait(socket->fd, POLLIN, 0);
    mr__socket_put_back(socket);
    return MR_OK;
}

static void *run_watcher(void *argument)
{
    mr__sockets *table = argument;
    struct epoll_event event;
    for (;;) {
        int count = epoll_wait(table->epoll, &event, 1, -1);
        if (count == 1 && event.data.fd == table->stopper)
            return NULL;
        if (count == 1)
            mr__watch_ring_processes();
    }
}

/* The table's lock held. */
static mr_status start_watcher(const char *call, mr__sockets *table)
{
    struct epoll_event event = {.events = EPOLLIN};
    mr_status status = MR_OK;
    table->epoll = mr__above_stdio(epoll_create1(EPOLL_CLOEXEC));
    table->stopper = mr__above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    event.data.fd = table->stopper;
    if (table->epoll < 0 || table->stopper < 0 ||
        epoll_ctl(table->epoll, EPOLL_CTL_ADD, table->stopper, &event) != 0)
        status = mr__fail(errno == EMFILE || errno == ENFILE ? MR_ELIMIT : MR_ESYSTEM,
                          "%s: there is no descriptor to watch sockets with: %s", call, strerror(errno));
    if (status == MR_OK)
        status = mr__thread_start_with(&table->watcher, "mr-sockets", run_watcher, table);
    table->has_watcher = status == MR_OK;
    if (status != MR_OK) {
        if (table->epoll >= 0)
            close(table->epoll);
        if (table->stopper >= 0)
            close(table->stopper);
    }
    return status;
}

mr_status mr__socket_watch(const char *call, uint64_t handle)
{
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    lock();
    mr__socket **at = find(call, handle, MR__SOCKET_CONNECTION, &status);
    if (at != NULL && !mr__ctx.sockets->has_watcher)
        status = start_watcher(call, mr__ctx.sockets);
    if (status == MR_OK) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.fd = (*at)->fd};
        int epoll = mr__ctx.sockets->epoll;
        if (epoll_ctl(epoll, EPOLL_CTL_MOD, (*at)->fd, &event) != 0 &&
            epoll_ctl(epoll, EPOLL_CTL_ADD, (*at)->fd, &event) != 0)
            status = mr__fail(MR_ESYSTEM, "%s: the socket cannot be watched: %s", call, strerror(errno));
    }
    unlock();
    return status;
}
