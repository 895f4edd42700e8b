/* Connections over sockets. A message has its length before it, as Python has it: 4 bytes, big-endian; for 2 GiB
 * and more these are -1, and 8 bytes follow. No byte is taken from the socket that belongs to a later message, so
 * the socket is readable as long as there is something to receive. */
#include "base/context.h"
#include "base/status.h"
#include "messages/socket.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SHORT_HEAD = 4, LONG_HEAD = 12 };

static const uint64_t LARGEST = (uint64_t)1 << 59;
static const double PATIENCE = 10; /* seconds at least that the other side may pause within a message */

typedef struct connection {
    mr__socket socket;
    pthread_mutex_t reading, writing;

    /* The message that is coming in: under reading. */
    unsigned char head[LONG_HEAD];
    size_t head_size; /* so much of it is there */
    bool is_known;    /* the size is */
    uint64_t size, have, room;
    unsigned char *bytes;
    bool is_no_message; /* something came that is none: nothing can be received any more */

    bool is_cut; /* a message was not sent to its end, so no other can be: under writing */
} connection;

static void free_connection(mr__socket *socket)
{
    connection *c = (connection *)socket;
    free(c->bytes);
    pthread_mutex_destroy(&c->reading);
    pthread_mutex_destroy(&c->writing);
}

mr_status mr__socket_connection_new(const char *call, int fd, mr_connection *made)
{
    connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return mr__fail(MR_ENOMEM, "%s: there is no memory for another connection", call);
    }
    c->socket = (mr__socket){.kind = MR__SOCKET_CONNECTION, .fd = fd, .free = free_connection};
    pthread_mutex_init(&c->reading, NULL);
    pthread_mutex_init(&c->writing, NULL);
    mr_status status = mr__socket_enter(&c->socket, &made->mr__handle);
    if (status != MR_OK) {
        free_connection(&c->socket);
        close(fd);
        free(c);
    }
    return status;
}

/* Finds the connection and takes the mutex of one direction. */
static mr_status enter(const char *call, uint64_t handle, bool writes, double timeout, double *deadline,
                       connection **found)
{
    mr__socket *socket;
    mr_status status = mr__deadline(call, timeout, deadline);
    if (status == MR_OK)
        status = mr__socket_find(call, handle, MR__SOCKET_CONNECTION, &socket);
    if (status != MR_OK)
        return status;
    connection *c = (connection *)socket;
    if (!mr__socket_lock(writes ? &c->writing : &c->reading, *deadline)) {
        mr__socket_put_back(socket);
        return mr__fail(MR_ETIMEDOUT, "%s: another thread of this process is using the connection", call);
    }
    *found = c;
    return MR_OK;
}

static void leave(connection *c, bool writes)
{
    pthread_mutex_unlock(writes ? &c->writing : &c->reading);
    mr__socket_put_back(&c->socket);
}

static mr_status fail_closed(const char *call)
{
    return mr__fail(MR_ECLOSED, "%s: this connection was closed by another thread", call);
}

static mr_status fail_time(const char *call, const char *what, double timeout)
{
    return mr__fail(MR_ETIMEDOUT, "%s: %s within %g s", call, what, timeout > 0 ? timeout : 0);
}

/* ---- Sending ---- */

static size_t write_head(unsigned char head[LONG_HEAD], uint64_t size)
{
    uint32_t brief = htobe32(size <= INT32_MAX ? (uint32_t)size : UINT32_MAX);
    uint64_t whole = htobe64(size);
    memcpy(head, &brief, sizeof brief);
    memcpy(head + SHORT_HEAD, &whole, sizeof whole);
    return size <= INT32_MAX ? SHORT_HEAD : LONG_HEAD;
}

/* Sends what the socket takes at once: 0 if nothing, -1 if it is broken. */
static ssize_t send_some(int fd, struct iovec parts[2])
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    size_t left = (size_t)sent;
    for (int i = 0; i < 2; i++) {
        size_t part = left < parts[i].iov_len ? left : parts[i].iov_len;
        parts[i].iov_base = (char *)parts[i].iov_base + part;
        parts[i].iov_len -= part;
        left -= part;
    }
    return sent;
}

/* Until a byte is gone the time-out holds; from there on the other side may pause, but not go away. */
static mr_status send_all(connection *c, struct iovec parts[2], double timeout, double deadline)
{
    static const char call[] = "mr_connection_send";
    double pause = timeout > PATIENCE ? timeout : PATIENCE;
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = send_some(c->socket.fd, parts);
        if (c->socket.is_closed)
            return fail_closed(call);
        if (sent < 0) {
            c->is_cut = true;
            return mr__fail(MR_EEOF, "%s: the other side has closed the connection, or has ended (%s)", call,
                            strerror(errno));
        }
        if (sent > 0) {
            c->is_cut = true; /* as long as there is a rest */
            deadline = mr__now() + pause;
        } else if (!mr__socket_wait(c->socket.fd, POLLOUT, deadline)) {
            return c->is_cut ? mr__fail(MR_ETIMEDOUT,
                                        "%s: the other side has stopped receiving in the middle of the message, "
                                        "for %g s; nothing more can be sent here, so close the connection",
                                        call, pause)
                             : fail_time(call, "the other side has not made room for the message", timeout);
        }
    }
    c->is_cut = false;
    return MR_OK;
}

mr_status mr__socket_send(uint64_t handle, const void *data, size_t size, double timeout)
{
    static const char call[] = "mr_connection_send";
    connection *c = NULL;
    double deadline;
    unsigned char head[LONG_HEAD];
    if ((data == NULL && size > 0) || size > LARGEST)
        return mr__fail(MR_EINVAL, "%s was given %s", call,
                        data == NULL ? "NULL instead of a message of some size"
                                     : "a size that no message can have; was it negative?");
    mr_status status = enter(call, handle, true, timeout, &deadline, &c);
    if (status != MR_OK)
        return status;
    if (c->is_cut) {
        status =
            mr__fail(MR_EEOF, "%s: an earlier message could not be sent to its end; close the connection", call);
    } else {
        struct iovec parts[2] = {{.iov_base = head, .iov_len = write_head(head, size)},
                                 {.iov_base = (void *)(uintptr_t)data, .iov_len = size}};
        status = send_all(c, parts, timeout, deadline);
    }
    leave(c, true);
    return status;
}

/* ---- Receiving ---- */

static mr_status fail_end(const char *call, const connection *c, const char *why)
{
    return mr__fail(MR_EEOF, "%s: the other side has closed the connection%s%s", call,
                    c->head_size > 0 ? ", or has died, in the middle of a message" : "", why);
}

/* Receives at least a byte. */
static mr_status receive_some(const char *call, connection *c, void *bytes, size_t most, double deadline,
                              double timeout, size_t *got)
{
    for (;;) {
        ssize_t received = recv(c->socket.fd, bytes, most, MSG_DONTWAIT);
        int error = errno;
        if (c->socket.is_closed)
            return fail_closed(call);
        if (received > 0) {
            *got = (size_t)received;
            return MR_OK;
        }
        if (received == 0)
            return fail_end(call, c, "");
        if (error != EAGAIN && error != EINTR)
            return fail_end(call, c, error == ECONNRESET ? " (without receiving all)" : " (the network says so)");
        if (!mr__socket_wait(c->socket.fd, POLLIN, deadline))
            return fail_time(
                call, c->head_size > 0 ? "the rest of the message has not come" : "no message has come", timeout);
    }
}

static mr_status fail_garbage(const char *call, connection *c)
{
    c->is_no_message = true;
    return mr__fail(MR_ESTATE,
                    "%s: what the other side sends are no messages (a length that none can have); is it a program "
                    "that uses Multirank, or Python's multiprocessing.connection?",
                    call);
}

/* Reads the length. */
static mr_status receive_head(const char *call, connection *c, double deadline, double timeout)
{
    while (!c->is_known) {
        uint32_t brief = 0;
        uint64_t whole;
        memcpy(&brief, c->head, sizeof brief);
        bool is_long = c->head_size >= SHORT_HEAD && brief == UINT32_MAX;
        size_t wanted = is_long ? LONG_HEAD : SHORT_HEAD, got = 0;
        if (c->head_size < wanted) {
            mr_status status =
                receive_some(call, c, c->head + c->head_size, wanted - c->head_size, deadline, timeout, &got);
            if (status != MR_OK)
                return status;
            c->head_size += got;
            continue;
        }
        memcpy(&whole, c->head + SHORT_HEAD, sizeof whole);
        c->size = is_long ? be64toh(whole) : be32toh(brief);
        if (c->size > LARGEST || (!is_long && c->size > INT32_MAX))
            return fail_garbage(call, c);
        c->is_known = true;
    }
    return MR_OK;
}

/* Makes room as the message comes: a length that is a lie costs nothing. */
static mr_status make_room(const char *call, connection *c)
{
    static const uint64_t FIRST = 1 << 20;
    if (c->room > c->have || (c->size == 0 && c->bytes != NULL))
        return MR_OK;
    uint64_t room = 2 * c->have > FIRST ? 2 * c->have : FIRST;
    room = room < c->size ? room : c->size;
    unsigned char *grown = realloc(c->bytes, room > 0 ? (size_t)room : 1);
    if (grown == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for a message of %llu bytes", call,
                        (unsigned long long)c->size);
    c->bytes = grown;
    c->room = room;
    return MR_OK;
}

/* Gathers the next message. What has come of it stays if that fails, and the next call goes on. */
static mr_status gather(const char *call, connection *c, size_t most, double deadline, double timeout)
{
    if (c->is_no_message)
        return fail_garbage(call, c);
    mr_status status = receive_head(call, c, deadline, timeout);
    if (status == MR_OK && c->size > most)
        return mr__fail(MR_ETOOSMALL,
                        "%s: the message has %llu bytes, the buffer %zu; it waits for a larger buffer", call,
                        (unsigned long long)c->size, most);
    if (status == MR_OK)
        status = make_room(call, c);
    while (status == MR_OK && c->have < c->size) {
        uint64_t until = c->room < c->size ? c->room : c->size;
        size_t got = 0;
        status = receive_some(call, c, c->bytes + c->have, (size_t)(until - c->have), deadline, timeout, &got);
        c->have += got;
        if (status == MR_OK && c->have < c->size)
            status = make_room(call, c);
    }
    return status;
}

static void be_done(connection *c)
{
    c->head_size = 0;
    c->is_known = false;
    c->size = c->have = 0;
}

mr_status mr__socket_recv(const char *call, uint64_t handle, void *buffer, size_t capacity, size_t *size,
                          double timeout)
{
    connection *c = NULL;
    double deadline;
    mr_status status = enter(call, handle, false, timeout, &deadline, &c);
    if (status != MR_OK)
        return status;
    status = gather(call, c, buffer != NULL ? capacity : 0, deadline, timeout);
    if (size != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *size = (size_t)c->size;
    if (status == MR_OK) {
        static const uint64_t KEPT = 1 << 20; /* room for the next message */
        if (c->size > 0)
            memcpy(buffer, c->bytes, (size_t)c->size);
        if (c->room > KEPT) {
            free(c->bytes);
            c->bytes = NULL;
            c->room = 0;
        }
        be_done(c);
    }
    leave(c, false);
    return status;
}

mr_status mr__socket_recv_alloc(const char *call, uint64_t handle, void **data, size_t most, size_t *size,
                                double timeout)
{
    connection *c = NULL;
    double deadline;
    mr_status status = enter(call, handle, false, timeout, &deadline, &c);
    if (status != MR_OK)
        return status;
    status = gather(call, c, most, deadline, timeout);
    if (size != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *size = (size_t)c->size;
    if (status == MR_OK) {
        *data = c->bytes;
        c->bytes = NULL;
        c->room = 0;
        be_done(c);
    }
    leave(c, false);
    return status;
}

/* ---- Asking ---- */

/* Threads may poll while another one receives. */
mr_status mr__socket_poll(uint64_t handle, double timeout)
{
    static const char call[] = "mr_connection_poll";
    mr__socket *socket;
    double deadline;
    mr_status status = mr__deadline(call, timeout, &deadline);
    if (status == MR_OK)
        status = mr__socket_find(call, handle, MR__SOCKET_CONNECTION, &socket);
    if (status != MR_OK)
        return status;
    if (!mr__socket_wait(socket->fd, POLLIN, deadline))
        status = mr__fail(MR_ETIMEDOUT, "%s: there is nothing to receive", call);
    else if (socket->is_closed)
        status = fail_closed(call);
    mr__socket_put_back(socket);
    return status;
}

int mr__socket_fileno(uint64_t handle)
{
    mr__socket *socket;
    if (mr__socket_find("mr_connection_fileno", handle, MR__SOCKET_CONNECTION, &socket) != MR_OK)
        return -1;
    int fd = socket->fd;
    mr__socket_put_back(socket);
    return fd;
}

mr_status mr__socket_refuse_fd(const char *call, uint64_t handle)
{
    mr__socket *socket;
    mr_status status = mr__socket_find(call, handle, MR__SOCKET_CONNECTION, &socket);
    if (status != MR_OK)
        return status;
    mr__socket_put_back(socket);
    return mr__fail(
        MR_ENOTSUP,
        "%s: descriptors are passed through pipes, within one program; this connection leads to another "
        "one",
        call);
}

bool mr__socket_is_open(uint64_t handle)
{
    mr__socket *socket;
    if (mr__socket_find("mr_connection_is_closed", handle, MR__SOCKET_CONNECTION, &socket) != MR_OK)
        return false;
    mr__socket_put_back(socket);
    return true;
}
