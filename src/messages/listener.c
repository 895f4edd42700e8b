/* Listeners: where programs that were started separately connect to this one. Several newcomers prove at the same
 * time that they know the key, by steps that do not wait (handshake.h), so nobody who says nothing is in the way.
 */
#include "base/context.h"
#include "base/status.h"
#include "messages/address.h"
#include "messages/handshake.h"
#include "messages/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEWCOMERS = 64, BACKLOG = 128 }; /* where more come, the one that has taken the longest is sent away */

static const double LIMIT = 10; /* seconds that a newcomer may take, while somebody accepts */

typedef struct newcomer {
    mr__handshake handshake;
    mr__socket_address from;
    double deadline;
    short events;
} newcomer;

typedef struct listener {
    mr__socket socket;
    int waker; /* an eventfd: readable once it is closed */
    mr__key key;
    char address[MR__SOCKET_ADDRESS_SIZE];
    char *path; /* of the file, to be removed; NULL: there is none */
    dev_t device;
    ino_t inode;

    pthread_mutex_t accepting; /* over all below */
    newcomer *newcomers[NEWCOMERS];
    size_t count;
    double left_at; /* when nobody was accepting any more */
    char last[MR__SOCKET_ADDRESS_SIZE];
    bool has_last;
} listener;

/* ---- Ending ---- */

static void send_away(listener *l, size_t i)
{
    close(l->newcomers[i]->handshake.fd);
    explicit_bzero(l->newcomers[i], sizeof *l->newcomers[i]);
    free(l->newcomers[i]);
    l->count--;
    memmove(&l->newcomers[i], &l->newcomers[i + 1], (l->count - i) * sizeof l->newcomers[i]);
}

/* The file is removed if it is still the one that was made. */
static void stop_listener(mr__socket *socket)
{
    listener *l = (listener *)socket;
    struct stat file;
    mr__signal_event(l->waker);
    if (l->path != NULL && lstat(l->path, &file) == 0 && file.st_dev == l->device && file.st_ino == l->inode)
        unlink(l->path);
}

static void free_listener(mr__socket *socket)
{
    listener *l = (listener *)socket;
    while (l->count > 0)
        send_away(l, 0);
    if (l->waker >= 0)
        close(l->waker);
    free(l->path);
    explicit_bzero(&l->key, sizeof l->key);
    pthread_mutex_destroy(&l->accepting);
}

/* ---- Making ---- */

static mr_status explain(const char *address, int error)
{
    static const char call[] = "mr_listener_init";
    switch (error) {
    case EADDRINUSE:
        return mr__fail(MR_EEXIST,
                        "%s: the address %s is taken; if it is a file that a program has left, remove it", call,
                        address);
    case ENOENT:
        return mr__fail(MR_ENOENT, "%s: the folder of %s does not exist", call, address);
    case EADDRNOTAVAIL:
        return mr__fail(MR_ENOHOST, "%s: the host of %s is not this one", call, address);
    case EMFILE:
    case ENFILE:
        return mr__fail(MR_ELIMIT, "%s: there is no descriptor to be had: %s", call, strerror(error));
    default:
        return mr__fail(MR_ESYSTEM, "%s: listening at %s failed: %s", call, address, strerror(error));
    }
}

/* A socket that listens at one address; -1: errno. */
static int open_at(const mr__socket_address *at)
{
    static const int ON = 1;
    int fd = mr__above_stdio(socket(at->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0)
        return -1;
    if (at->name.ss_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &ON, sizeof ON);
    if (bind(fd, (const struct sockaddr *)&at->name, at->size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* At the first of the addresses that can be had, those of IPv4 before others, since these are what Python uses. */
static mr_status open_listener(listener *l, const char *address)
{
    mr__socket_address found[MR__SOCKET_ADDRESSES];
    size_t count;
    int error = 0;
    mr_status status =
        mr__socket_address_find("mr_listener_init", address, true, mr__now() + LIMIT, found, &count);
    if (status != MR_OK)
        return status;
    l->socket.fd = -1;
    for (size_t i = 0; i < 2 * count && l->socket.fd < 0; i++)
        if ((found[i % count].name.ss_family != AF_INET6) == (i < count)) {
            l->socket.fd = open_at(&found[i % count]);
            error = l->socket.fd < 0 ? errno : 0;
        }
    return l->socket.fd >= 0 ? MR_OK : explain(address, error);
}

/* Notes its address, and the file. */
static mr_status describe(listener *l, const char *address)
{
    mr__socket_address own = {.size = sizeof own.name};
    struct stat file;
    if (getsockname(l->socket.fd, (struct sockaddr *)&own.name, &own.size) != 0)
        return explain(address, errno);
    mr__socket_address_write(&own, l->address);
    if (own.name.ss_family != AF_UNIX || *address == '@')
        return MR_OK;
    l->path = realpath(address, NULL);
    if (l->path == NULL || lstat(l->path, &file) != 0)
        return explain(address, errno);
    l->device = file.st_dev;
    l->inode = file.st_ino;
    return MR_OK;
}

static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

/* A process that just ends removes its files, too. */
static void stop_at_exit(void)
{
    atexit(mr__sockets_stop);
}

static mr_status make(listener *l, const char *address, mr_listener *made)
{
    mr_status status = open_listener(l, address);
    if (status != MR_OK)
        return status;
    status = describe(l, address);
    l->waker = status == MR_OK ? mr__above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) : -1;
    if (status == MR_OK && l->waker < 0)
        status = explain(address, errno);
    if (status == MR_OK)
        status = mr__socket_enter(&l->socket, &made->mr__handle);
    if (status == MR_OK) {
        pthread_once(&exit_once, stop_at_exit);
        return MR_OK;
    }
    stop_listener(&l->socket);
    close(l->socket.fd);
    return status;
}

mr_status mr_listener_init(mr_listener *made, const char *address, const void *key, size_t size)
{
    static const char call[] = "mr_listener_init";
    mr_status status = mr__running(call);
    if (status == MR_OK && made == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a listener", call);
    if (status == MR_OK && (address == NULL || *address == '\0'))
        status = mr__fail(MR_EINVAL, "%s was given no address; give \"host:port\", a path, or \"@name\"", call);
    if (status != MR_OK)
        return status;
    listener *l = calloc(1, sizeof *l);
    if (l == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for a listener", call);
    l->socket.kind = MR__SOCKET_LISTENER;
    l->socket.stop = stop_listener;
    l->socket.free = free_listener;
    l->waker = -1;
    l->left_at = mr__now();
    pthread_mutex_init(&l->accepting, NULL);
    status = mr__key_choose(call, key, size, &l->key);
    if (status == MR_OK)
        status = make(l, address, made);
    if (status != MR_OK) {
        free_listener(&l->socket);
        free(l);
    }
    return status;
}

/* ---- Accepting: the mutex held ---- */

static const char ACCEPT[] = "mr_listener_accept";

static mr_status fail_newcomer(listener *l, size_t i, const char *why)
{
    char from[MR__SOCKET_ADDRESS_SIZE];
    mr__socket_address_write(&l->newcomers[i]->from, from);
    send_away(l, i);
    return mr__fail(MR_EAUTH, "%s: somebody%s%s who connected was sent away: %s; others can still be accepted",
                    ACCEPT, *from != '\0' ? " from " : "", from, why);
}

static mr_status welcome(listener *l, size_t i, mr_connection *connection)
{
    int fd = l->newcomers[i]->handshake.fd;
    mr__socket_address_write(&l->newcomers[i]->from, l->last);
    l->has_last = true;
    l->newcomers[i]->handshake.fd = -1;
    send_away(l, i);
    mr__socket_tune(fd);
    return mr__socket_connection_new(ACCEPT, fd, connection);
}

/* One step of a newcomer. *is_over: the call is, too. */
static mr_status step(listener *l, size_t i, mr_connection *connection, bool *is_over)
{
    newcomer *n = l->newcomers[i];
    mr__step step = mr__handshake_step(&n->handshake);
    n->events = step == MR__STEP_WRITES ? POLLOUT : POLLIN;
    *is_over = step == MR__STEP_DONE || step == MR__STEP_FAILED;
    if (!*is_over)
        return MR_OK;
    return step == MR__STEP_DONE ? welcome(l, i, connection) : fail_newcomer(l, i, n->handshake.why);
}

/* Takes the next newcomer out of the socket, and sends the challenge. */
static mr_status let_in(listener *l)
{
    mr__socket_address from = {.size = sizeof from.name};
    int fd = mr__above_stdio(
        accept4(l->socket.fd, (struct sockaddr *)&from.name, &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        return mr__fail(MR_ELIMIT, "%s: there is no descriptor to be had: %s", ACCEPT, strerror(errno));
    if (fd < 0)
        return MR_OK; /* it has gone away meanwhile */
    newcomer *n = calloc(1, sizeof *n);
    mr_status status = n != NULL ? mr__handshake_begin(&n->handshake, fd, true, &l->key)
                                 : mr__fail(MR_ENOMEM, "%s: there is no memory for a newcomer", ACCEPT);
    if (status != MR_OK) {
        free(n);
        close(fd);
        return status;
    }
    if (l->count == NEWCOMERS)
        send_away(l, 0);
    n->from = from;
    n->deadline = mr__now() + LIMIT;
    n->events = POLLOUT;
    l->newcomers[l->count++] = n;
    return MR_OK;
}

/* Waits for something to do, and does it. */
static mr_status do_next(listener *l, mr_connection *connection, double deadline, bool *is_over)
{
    struct pollfd what[NEWCOMERS + 2] = {{.fd = l->waker, .events = POLLIN},
                                         {.fd = l->socket.fd, .events = POLLIN}};
    for (size_t i = 0; i < l->count; i++) {
        what[i + 2] = (struct pollfd){.fd = l->newcomers[i]->handshake.fd, .events = l->newcomers[i]->events};
        if (l->newcomers[i]->deadline < deadline)
            deadline = l->newcomers[i]->deadline;
    }
    poll(what, l->count + 2, mr__milliseconds_until(deadline));
    if (l->socket.is_closed) {
        *is_over = true;
        return mr__fail(MR_ECLOSED, "%s: the listener was closed by another thread", ACCEPT);
    }
    for (size_t i = 0; i < l->count; i++)
        if (what[i + 2].revents != 0) {
            mr_status status = step(l, i, connection, is_over);
            if (*is_over)
                return status;
        } else if (l->newcomers[i]->deadline <= mr__now()) {
            *is_over = true;
            return fail_newcomer(l, i, "it has not proved in time that it knows the key");
        }
    mr_status status = what[1].revents != 0 ? let_in(l) : MR_OK;
    *is_over = status != MR_OK;
    return status;
}

static mr_status accept_one(listener *l, mr_connection *connection, double timeout, double deadline)
{
    bool is_over = false, is_late = false;
    mr_status status = MR_OK;
    double away = mr__now() - l->left_at;
    for (size_t i = 0; i < l->count; i++)
        l->newcomers[i]->deadline += away; /* it was not up to them */
    while (!is_over && !is_late) {
        is_late = mr__now() >= deadline;
        status = do_next(l, connection, deadline, &is_over);
    }
    l->left_at = mr__now();
    return is_over ? status
                   : mr__fail(MR_ETIMEDOUT, "%s: nobody who knows the key has connected within %g s", ACCEPT,
                              timeout > 0 ? timeout : 0);
}

mr_status mr_listener_accept(const mr_listener *handle, mr_connection *connection, double timeout)
{
    double deadline;
    mr__socket *socket = NULL;
    mr_status status = mr__running(ACCEPT);
    if (status == MR_OK && (handle == NULL || connection == NULL))
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a %s", ACCEPT,
                          handle == NULL ? "listener" : "connection");
    if (status == MR_OK)
        status = mr__deadline(ACCEPT, timeout, &deadline);
    if (status == MR_OK)
        status = mr__socket_find(ACCEPT, handle->mr__handle, MR__SOCKET_LISTENER, &socket);
    if (status != MR_OK)
        return status;
    listener *l = (listener *)socket;
    if (mr__socket_lock(&l->accepting, deadline)) {
        status = accept_one(l, connection, timeout, deadline);
        pthread_mutex_unlock(&l->accepting);
    } else {
        status = mr__fail(MR_ETIMEDOUT, "%s: other threads of this process were accepting for %g s", ACCEPT,
                          timeout > 0 ? timeout : 0);
    }
    mr__socket_put_back(socket);
    return status;
}

/* ---- Asking, closing ---- */

const char *mr_listener_address(const mr_listener *handle)
{
    mr__socket *socket;
    if (mr__socket_find("mr_listener_address", handle != NULL ? handle->mr__handle : 0, MR__SOCKET_LISTENER,
                        &socket) != MR_OK)
        return NULL;
    const char *address = ((listener *)socket)->address;
    mr__socket_put_back(socket);
    return address;
}

const char *mr_listener_last_accepted(const mr_listener *handle)
{
    mr__socket *socket;
    if (mr__socket_find("mr_listener_last_accepted", handle != NULL ? handle->mr__handle : 0, MR__SOCKET_LISTENER,
                        &socket) != MR_OK)
        return NULL;
    const listener *l = (const listener *)socket;
    const char *last = l->has_last ? l->last : NULL;
    if (last == NULL)
        mr__fail(MR_ESTATE, "mr_listener_last_accepted: nobody has been accepted so far");
    mr__socket_put_back(socket);
    return last;
}

mr_status mr_listener_close(const mr_listener *handle)
{
    mr_status status = mr__running("mr_listener_close");
    if (status == MR_OK && handle == NULL)
        status = mr__fail(MR_EINVAL, "mr_listener_close was given NULL instead of a listener");
    return status == MR_OK ? mr__socket_close("mr_listener_close", handle->mr__handle, MR__SOCKET_LISTENER)
                           : status;
}

void mr_listener_cleanup(const mr_listener *handle)
{
    if (handle != NULL && handle->mr__handle != 0 && mr__ctx.phase == MR__PHASE_RUNNING)
        mr_listener_close(handle);
}
