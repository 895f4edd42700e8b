/* mr_connection_connect: the client's side of a connection with a program that was started separately. */
#include "base/context.h"
#include "base/status.h"
#include "messages/address.h"
#include "messages/handshake.h"
#include "messages/socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char CALL[] = "mr_connection_connect";

static mr_status explain(const char *address, int error)
{
    switch (error) {
    case ENOENT:
    case ECONNREFUSED:
        return mr__fail(MR_ENOENT, "%s: nobody listens at %s (%s)", CALL, address, strerror(error));
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
        return mr__fail(MR_ENOHOST, "%s: the host of %s cannot be reached: %s", CALL, address, strerror(error));
    case ETIMEDOUT:
    case EINPROGRESS:
        return mr__fail(MR_ETIMEDOUT, "%s: %s has not answered in time", CALL, address);
    case EMFILE:
    case ENFILE:
        return mr__fail(MR_ELIMIT, "%s: there is no descriptor to be had: %s", CALL, strerror(error));
    default:
        return mr__fail(MR_ESYSTEM, "%s: connecting to %s failed: %s", CALL, address, strerror(error));
    }
}

/* Connects the socket: 0, or an errno. A UNIX socket whose listener has its hands full says EAGAIN. */
static int connect_socket(int fd, const mr__socket_address *to, double deadline)
{
    static const useconds_t PAUSE = 5000;
    int error = 0;
    socklen_t size = sizeof error;
    while (connect(fd, (const struct sockaddr *)&to->name, to->size) != 0) {
        if (errno == EISCONN)
            return 0;
        if (errno == EINPROGRESS || errno == EALREADY || errno == EINTR) {
            if (!mr__socket_wait(fd, POLLOUT, deadline))
                return EINPROGRESS;
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
        }
        if (errno != EAGAIN)
            return errno;
        if (mr__now() >= deadline)
            return EINPROGRESS;
        usleep(PAUSE);
    }
    return 0;
}

/* A connected socket; -1, with a sentence. */
static int reach(const char *address, double deadline)
{
    mr__socket_address found[MR__SOCKET_ADDRESSES];
    size_t count;
    int error = 0;
    if (mr__socket_address_find(CALL, address, false, deadline, found, &count) != MR_OK)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int fd = mr__above_stdio(socket(found[i].name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        error = fd >= 0 ? connect_socket(fd, &found[i], deadline) : errno;
        if (fd >= 0 && error == 0)
            return fd;
        if (fd >= 0)
            close(fd);
    }
    explain(address, error);
    return -1;
}

static mr_status prove(int fd, const char *address, const mr__key *key, double deadline)
{
    mr__handshake handshake;
    mr_status status = mr__handshake_begin(&handshake, fd, false, key);
    while (status == MR_OK) {
        mr__step step = mr__handshake_step(&handshake);
        if (step == MR__STEP_DONE)
            break;
        if (step == MR__STEP_FAILED)
            status = mr__fail(handshake.failure, "%s: no connection with who listens at %s: %s", CALL, address,
                              handshake.why);
        else if (!mr__socket_wait(fd, step == MR__STEP_READS ? POLLIN : POLLOUT, deadline))
            status = mr__fail(MR_ETIMEDOUT, "%s: who listens at %s has not accepted the connection in time", CALL,
                              address);
    }
    return status;
}

mr_status mr_connection_connect(mr_connection *connection, const char *address, const void *key, size_t size,
                                double timeout)
{
    mr__key chosen;
    double deadline;
    mr_status status = mr__running(CALL);
    if (status == MR_OK && connection == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a connection", CALL);
    if (status == MR_OK && (address == NULL || *address == '\0'))
        status = mr__fail(MR_EINVAL, "%s was given no address; give \"host:port\", a path, or \"@name\"", CALL);
    if (status == MR_OK)
        status = mr__deadline(CALL, timeout, &deadline);
    if (status == MR_OK)
        status = mr__key_choose(CALL, key, size, &chosen);
    if (status != MR_OK)
        return status;
    int fd = reach(address, deadline);
    status = fd >= 0 ? prove(fd, address, &chosen, deadline) : mr_last_status();
    explicit_bzero(&chosen, sizeof chosen);
    if (status == MR_OK) {
        mr__socket_tune(fd);
        return mr__socket_connection_new(CALL, fd, connection);
    }
    if (fd >= 0)
        close(fd);
    return status;
}
