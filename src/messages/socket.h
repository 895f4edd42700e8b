/* Sockets: listeners, and connections with programs that were started separately. They are this process's own, and
 * have nothing to do with the arena, so they are alike on every host. A handle tells whose it is. */
#ifndef MR_SOCKET_H
#define MR_SOCKET_H

#include "multirank.h"

#include <pthread.h>
#include <stdatomic.h>

typedef enum mr__socket_kind { MR__SOCKET_CONNECTION = 1, MR__SOCKET_LISTENER } mr__socket_kind;

/* The head of what is behind a handle. */
typedef struct mr__socket {
    mr__socket_kind kind;
    uint32_t serial; /* never used twice in a process */
    unsigned uses;   /* by the table while it is open, and by threads: the last one frees it */
    int fd;          /* non-blocking */
    _Atomic bool is_closed;
    void (*stop)(struct mr__socket *); /* wakes those who wait at it; NULL: nothing but the socket wakes them */
    void (*free)(struct mr__socket *); /* all but the descriptor */
    struct mr__socket *next;
} mr__socket;

/* Whether a handle is one of a socket, of any process. */
bool mr__is_socket(uint64_t handle);

/* Enters it into the table, and gives its handle. From now on it is the table's. */
mr_status mr__socket_enter(mr__socket *socket, uint64_t *handle);

/* Finds it, for the time until it is put back. MR_EINVAL: no such thing; MR_ENOTOWNER: another process's;
 * MR_ECLOSED. */
mr_status mr__socket_find(const char *call, uint64_t handle, mr__socket_kind kind, mr__socket **socket);
void mr__socket_put_back(mr__socket *socket);

/* Closes it, once nobody uses it any more. Closing twice is harmless. */
mr_status mr__socket_close(const char *call, uint64_t handle, mr__socket_kind kind);

/* Closes all that this process has, when it ends. */
void mr__sockets_stop(void);

/* Waits until the descriptor is ready for one of the events of poll(2). false: the deadline has passed. */
bool mr__socket_wait(int fd, short events, double deadline);

/* The milliseconds that poll(2) may wait until a deadline; a wait that long may end too early. */
int mr__milliseconds_until(double deadline);

/* What a connected socket needs: small messages at once, and to notice a host that is gone. */
void mr__socket_tune(int fd);

/* Takes one of its mutexes; false: the deadline has passed. */
bool mr__socket_lock(pthread_mutex_t *mutex, double deadline);

/* ---- Several at once, for mr_wait: the threads that wait by a bell are rung as when a process has ended ---- */

/* Has them rung once when there is something to receive, from now on. */
mr_status mr__socket_watch(const char *call, uint64_t handle);
mr_status mr__socket_look(const char *call, uint64_t handle, bool *is_ready);

/* ---- Connections (socket_connection.c); the calls of the same names in multirank.h ---- */

/* A connection out of a connected socket, which is its own from now on, also if that fails. */
mr_status mr__socket_connection_new(const char *call, int fd, mr_connection *connection);

mr_status mr__socket_send(uint64_t handle, const void *data, size_t size, double timeout);
mr_status mr__socket_recv(const char *call, uint64_t handle, void *buffer, size_t capacity, size_t *size,
                          double timeout);
mr_status mr__socket_recv_alloc(const char *call, uint64_t handle, void **data, size_t most, size_t *size,
                                double timeout);
mr_status mr__socket_poll(uint64_t handle, double timeout);
int mr__socket_fileno(uint64_t handle);
mr_status mr__socket_refuse_fd(const char *call, uint64_t handle);
bool mr__socket_is_open(uint64_t handle); /* false, with a sentence */

#endif
