/* What processes send each other: connections, programs that were started separately, queues. Part of multirank.h,
 * which is what programs include. */
#ifndef MULTIRANK_MESSAGES_H
#define MULTIRANK_MESSAGES_H

#include "process.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Connections -------------------------------------------------------------------------------------------- */

/* One end of a pipe: a handle, a plain value. It may be passed in the arguments of a process or sent in a message,
 * and used there.
 *
 * An end belongs to one process at a time: first to the one that made the pipe, then to the process that it is
 * handed to in its arguments, and in any case to the one that uses it (sends, receives, polls or waits); a message
 * of up to 1024 bytes takes the ends that are in it along, too. Whoever has handed an end over need not close his
 * copy, and if he does, nothing happens. When the owner closes an end or ends himself, however he ends, the other
 * side receives what is still in the pipe, and then MR_EEOF. An end that its owner has not used before that is as
 * good as closed; but if another process has got hold of it, it is open again when that one uses it.
 * Several threads of the owner may use an end at the same time. Messages go straight from process to process.
 * A connection with another program (mr_listener) is used alike, but stays with the process that made it. */
typedef struct mr_connection {
    uint64_t mr__handle;
} mr_connection;

/* Makes a pipe. duplex: both ends send and receive; else a receives only and b sends only. A pipe holds up to
 * 1 MiB that nobody has received yet in each direction; then sending waits. Any process. Errors:
 * MR_EINVAL, MR_ELIMIT, MR_ENOMEM, MR_ENOTINIT, MR_EFINALIZED. Mirrors multiprocessing.Pipe. */
MR_API mr_status mr_pipe_init(mr_connection *a, mr_connection *b, bool duplex);

/* Sends one message of any size, also 0 (data may then be NULL). Waits at most timeout seconds until the other
 * side makes room; once that has begun to receive the message, as long as that takes. When it returns MR_OK the
 * message arrives, even if the caller ends at once; else nothing of it does. Errors: MR_ETIMEDOUT; MR_EEOF (the
 * other side has closed, or died: Python's BrokenPipeError); MR_ECLOSED (this end is closed); MR_ENOTOWNER
 * (another process is using this end at this moment); MR_EINVAL (NULL, NaN, an end that only receives). Mirrors
 * Connection.send_bytes and MPI_Send. */
MR_API mr_status mr_connection_send(const mr_connection *connection, const void *data, size_t size,
                                    double timeout);

/* Receives one message into a buffer of capacity bytes, waiting for it at most timeout seconds. *size (may be
 * NULL) becomes its size. Errors: MR_ETOOSMALL (*size says what is needed; the message can still be received),
 * MR_ETIMEDOUT, MR_EEOF (nothing more will come: Python's EOFError), MR_ECLOSED, MR_ENOTOWNER, MR_EINVAL,
 * MR_ESTATE (the next message is a descriptor, which mr_connection_recv_fd receives; or some process has written
 * over the memory of the pipe). Mirrors Connection.recv_bytes_into and MPI_Recv. */
MR_API mr_status mr_connection_recv(const mr_connection *connection, void *buffer, size_t capacity, size_t *size,
                                    double timeout);

/* The same into memory that is made for the message; *data is the caller's to free(). Errors: as above, MR_ENOMEM
 * (the message can still be received). Mirrors Connection.recv_bytes, and MPI_Mprobe with MPI_Mrecv. */
MR_API mr_status mr_connection_recv_alloc(const mr_connection *connection, void **data, size_t *size,
                                          double timeout);

/* Sends an open descriptor (of a file, a socket, a pipe of the operating system) to another process of the main
 * process's host: a message of its own, in order with the others. The receiver gets a descriptor of the same open
 * file, as by dup(2), so the position in the file is common to both. The caller may close his own as soon as this
 * returns. When it returns MR_OK the descriptor arrives, even if the caller ends at once: main keeps it open
 * meanwhile, until it is received, or the receiving end is closed (noticed within about a second). Main keeps at
 * most half as many as it may have descriptors (ulimit -n). Errors: as mr_connection_send; MR_EINVAL also for what
 * is no open descriptor; MR_ENOHOST (the caller or the owner of the receiving end is on another host); MR_ELIMIT
 * (no more can be kept); MR_EDIED (main does not answer); MR_ENOTSUP (the connection is one of mr_listener).
 * Mirrors multiprocessing.reduction.send_handle and DupFd, and SCM_RIGHTS of Unix sockets. */
MR_API mr_status mr_connection_send_fd(const mr_connection *connection, int fd, double timeout);

/* Receives the descriptor that is the next message, waiting for it at most timeout seconds: *fd is the caller's to
 * close, and is closed by exec. On errors the message stays, and *fd is left as it was. Errors: as
 * mr_connection_recv; MR_ESTATE also if the next message is no descriptor; MR_ENOHOST (another host than main's:
 * nothing can be received there then, until the end is handed back); MR_ELIMIT (this process can have no more);
 * MR_EDIED. Mirrors multiprocessing.reduction.recv_handle. */
MR_API mr_status mr_connection_recv_fd(const mr_connection *connection, int *fd, double timeout);

/* Waits at most timeout seconds until there is something to receive: a message, or the end of file. Errors:
 * MR_ETIMEDOUT (there is nothing: Python's False), MR_ECLOSED, MR_ENOTOWNER, MR_EINVAL. Mirrors Connection.poll
 * and MPI_Probe. */
MR_API mr_status mr_connection_poll(const mr_connection *connection, double timeout);

/* A descriptor for poll(2), select, epoll and event loops, so that one thread can wait for connections, sockets
 * and pipes of the operating system together: readable as long as there is something to receive, a message or the
 * end of file, or an error that receiving will tell. -1 on failure. Asking is a use of the end, as polling is;
 * whoever asks again gets the same one.
 *
 * It may only be polled, by any thread of the process that asked, and is that process's own: the number means
 * nothing in another one, nor does a child that was forked by hand keep it up to date. It must be neither read,
 * nor written, nor closed: it is closed by mr_connection_close in this process, and by mr_finalize. Take it out of
 * an event loop first; its number may soon be another file's. A poll(2) that is under way then returns (POLLIN or
 * POLLNVAL).
 *
 * Who is told that it is readable should receive with a time-out of 0, and go back to waiting on MR_ETIMEDOUT:
 * another thread may have been faster, or the sender may have given up a large message. After the other side has
 * closed it stays readable. Before the end is handed to another process take the descriptor out, too: receiving
 * would take the end back. Until that happens messages do not make it readable.
 *
 * The first call starts a thread, which sleeps until something comes; a message then wakes one thread more (on
 * another host than main's, receiving costs one more call to main). Connections without a descriptor are as fast
 * as before. Errors: MR_EINVAL (no connection, or an end that only sends), MR_ECLOSED, MR_ENOTOWNER, MR_ELIMIT (no
 * more descriptors), MR_ENOMEM, MR_ESYSTEM, MR_ENOTINIT. For a connection of mr_listener it is
 * the socket itself, without a thread. Mirrors Connection.fileno. */
MR_API int mr_connection_fileno(const mr_connection *connection);

/* Closes an end, if it is the caller's (else the other process keeps it). Threads that wait at it get MR_ECLOSED.
 * Closing twice is harmless. Errors: MR_EINVAL (no connection). Mirrors Connection.close. */
MR_API mr_status mr_connection_close(const mr_connection *connection);

/* Whether one can receive and send at this end, and whether it has been closed. Anybody may ask: that is no use.
 * The first two are false, the third true, for what is no connection (any more). Mirror Connection.readable,
 * writable and closed. */
MR_API bool mr_connection_is_readable(const mr_connection *connection);
MR_API bool mr_connection_is_writable(const mr_connection *connection);
MR_API bool mr_connection_is_closed(const mr_connection *connection);

/* What mr_wait waits for: exactly one of the three is set; ready is the answer. */
typedef struct mr_waitable {
    const mr_connection *connection; /* something to receive, or the end of file */
    mr_process *process;             /* its end (its sentinel) */
    const struct mr_queue *queue;    /* something to get */
    bool ready;
} mr_waitable;

/* Waits at most timeout seconds until at least one of count items is ready; sets their members ready, and *ready
 * to how many are. Errors: MR_ETIMEDOUT (*ready is 0), MR_EINVAL, and what is wrong with an item: MR_ECLOSED,
 * MR_ENOTOWNER, MR_ESTATE (a process that has not been started), MR_ENOTCREATOR.
 *     mr_waitable items[] = {{.connection = &c}, {.process = &p}};
 *     size_t ready;
 *     mr_wait(items, 2, &ready, MR_FOREVER);
 * Mirrors multiprocessing.connection.wait. */
MR_API mr_status mr_wait(mr_waitable items[], size_t count, size_t *ready, double timeout);

/* ---- Programs that were started separately ------------------------------------------------------------------ */

/* Where programs that were started separately connect to this one: a UNIX or TCP socket, for those who know the
 * key. It belongs to the process that made it, on whatever host, and ends with it. The other side may be a program
 * with Multirank, or one in Python 3.12 or later, by multiprocessing.connection.Client(address, authkey=key),
 * send_bytes and recv_bytes. Both sides prove that they know the key by HMAC-SHA-256 of random bytes, so it never
 * travels; what is sent afterwards is neither encrypted nor signed. Mirrors multiprocessing.connection.Listener.
 */
typedef struct mr_listener {
    uint64_t mr__handle;
} mr_listener;

/* Listens at an address: "host:port" ("[host]:port"; port 0: any that is free; no host: all of this machine's
 * own), the path of a file that is made, and removed when the listener ends, or "@name", which leaves no file. The
 * key has size bytes, at most 256; NULL and 0: the caller's own (mr_process_authkey); "" and 0: an empty one,
 * which keeps nobody out. Both are copied. Any process. Errors: MR_EINVAL (NULL, no or too long an address, too
 * long a key), MR_EEXIST (the address is taken), MR_ENOENT (no such folder), MR_ENOHOST (no such host, or not this
 * one), MR_ELIMIT (no more descriptors), MR_ENOMEM, MR_ESYSTEM, MR_ENOTINIT, MR_EFINALIZED. Mirrors
 * multiprocessing.connection.Listener(address, authkey=key), and MPI_Open_port. */
MR_API mr_status mr_listener_init(mr_listener *listener, const char *address, const void *key, size_t size);

/* The address, with the port that was chosen; owned by the listener, NULL on failure. Mirrors Listener.address. */
MR_API const char *mr_listener_address(const mr_listener *listener);

/* Waits at most timeout seconds until somebody who knows the key connects, and makes *connection this side's end,
 * for the calling process alone: it can be used in all that takes a connection, but for mr_connection_send_fd and
 * mr_connection_recv_fd (MR_ENOTSUP), and is not handed over to other processes (MR_ENOTOWNER there). Newcomers
 * are attended to at the same time, 10 seconds each, so one that says nothing is in nobody's way. MR_EAUTH says
 * that one was sent away (another key, or no handshake at all), which concerns nobody else: accept again. Several
 * threads may accept. Errors: MR_EAUTH, MR_ETIMEDOUT, MR_ECLOSED (closed, also meanwhile by another thread),
 * MR_ENOTOWNER (another process's listener), MR_EINVAL, MR_ELIMIT (no more descriptors), MR_ENOMEM, MR_ENOTINIT,
 * MR_EFINALIZED. Mirrors Listener.accept, and MPI_Comm_accept. */
MR_API mr_status mr_listener_accept(const mr_listener *listener, mr_connection *connection, double timeout);

/* The address of the one who was accepted last ("" for a UNIX socket without a name); owned by the listener, valid
 * until the next accept; NULL on failure: MR_ESTATE (nobody so far). Mirrors Listener.last_accepted. */
MR_API const char *mr_listener_last_accepted(const mr_listener *listener);

/* Ends the listener, and removes its file; connections stay. Threads that accept get MR_ECLOSED. Closing twice is
 * harmless. Errors: MR_EINVAL (no listener), MR_ENOTOWNER. Mirrors Listener.close, and MPI_Close_port. */
MR_API mr_status mr_listener_close(const mr_listener *listener);

/* Connects to who listens at an address (as for mr_listener_init) and proves to know the key, within timeout
 * seconds; *connection becomes this side's end, as for mr_listener_accept. Any process. Errors: MR_EAUTH (one side
 * does not know the key, or there is no Multirank, nor Python of at least 3.12, over there), MR_ENOENT (nobody
 * listens there), MR_ENOHOST (no such host), MR_ETIMEDOUT (there is somebody, who does not accept), MR_EEOF (hung
 * up), MR_EINVAL, MR_ELIMIT, MR_ENOMEM, MR_ESYSTEM, MR_ENOTINIT, MR_EFINALIZED. What differs from a pipe: a
 * message for which there is no time or room ends MR_ETIMEDOUT without a trace, as there, but where the other side
 * takes no byte for 10 seconds (or the time-out) in the middle of one, the message is cut off, and the connection
 * can send no more; and MR_OK says that the message is on its way, not that it arrives: the other side, or its
 * host, may be gone before. Mirrors multiprocessing.connection.Client, and MPI_Comm_connect. */
MR_API mr_status mr_connection_connect(mr_connection *connection, const char *address, const void *key,
                                       size_t size, double timeout);

/* ---- Queues ------------------------------------------------------------------------------------------------- */

/* A queue: a line of items, byte strings of any length, that any process may put into and get from. A handle: it
 * may be copied, passed in arguments or sent through a queue, and means the same queue in every process. Items
 * come out in the order in which they went in; so those of one producer keep their order.
 *
 * When a process dies. An item is in the queue before the put that brought it returns. A process that is killed
 * while it puts leaves either the whole item or nothing. One that is killed while it gets has the item if its
 * bytes were all in its buffer and it was about to return; otherwise the item is still at the head, or goes back
 * there, and the next get takes it: none is lost to others, and none is taken twice. Until somebody has it, an
 * item keeps its place in a bounded queue; places are never lost. The others go on at once. */
typedef struct mr_queue {
    uint64_t mr__handle;
} mr_queue;

/* Makes a queue for at most maxsize items at a time (0: any number that memory allows), one that can be joined,
 * or a simple one. It lasts until mr_queue_destroy or mr_finalize, whatever becomes of the process that made it.
 * Any process. Errors: MR_EINVAL (NULL, maxsize above INT_MAX), MR_ENOMEM, MR_ELIMIT. Mirror
 * multiprocessing.Queue(maxsize), JoinableQueue(maxsize) and SimpleQueue(). */
MR_API mr_status mr_queue_init(mr_queue *queue, size_t maxsize);
MR_API mr_status mr_queue_init_joinable(mr_queue *queue, size_t maxsize);
MR_API mr_status mr_queue_init_simple(mr_queue *queue);

/* Puts a copy of size bytes (0: an empty item; data may then be NULL) at the end. While the queue is full it
 * waits, at most timeout seconds. On MR_OK the item is in the queue, and does not need this process any more; on
 * errors nothing is. Errors: MR_ETIMEDOUT (still full; Python's Full), MR_EINVAL, MR_ENOMEM, MR_ELIMIT (2^32
 * items), MR_ECLOSED (closed by this process, or destroyed). Mirrors Queue.put, MPI_Send. */
MR_API mr_status mr_queue_put(const mr_queue *queue, const void *data, size_t size, double timeout);

/* Takes the first item: copies it into the buffer of so many bytes, its length into *size (may be NULL). While the
 * queue is empty it waits, at most timeout seconds. Errors: MR_ETIMEDOUT (still empty; Python's Empty),
 * MR_ETOOSMALL (*size is what it needs; the item stays at the head, so another process may get it meanwhile),
 * MR_EINVAL, MR_ECLOSED (closed by this process, or destroyed). Mirrors Queue.get, MPI_Recv. */
MR_API mr_status mr_queue_get(const mr_queue *queue, void *buffer, size_t capacity, size_t *size, double timeout);

/* The same into memory from malloc, of the right size: *data is the caller's, who frees it with free(). It is
 * never NULL on MR_OK. Errors: as mr_queue_get, and MR_ENOMEM (the item stays at the head). */
MR_API mr_status mr_queue_get_alloc(const mr_queue *queue, void **data, size_t *size, double timeout);

/* How many items are in it, those included that somebody is just getting; -1 on failure. Whether a get would have
 * to wait, whether a put would; false on failure. While others use the queue, all of this may
 * have changed on return. Errors: MR_ECLOSED, MR_EINVAL. Mirror Queue.qsize, Queue.empty and Queue.full. */
MR_API ptrdiff_t mr_queue_length(const mr_queue *queue);
MR_API bool mr_queue_is_empty(const mr_queue *queue);
MR_API bool mr_queue_is_full(const mr_queue *queue);

/* A descriptor as mr_connection_fileno gives: readable as long as there is something to get, or an error that
 * getting will tell (the queue has been destroyed). What is said there holds; it is closed by mr_queue_close and
 * mr_queue_destroy in this process, and by mr_finalize. Of several processes that wait for one queue so, each is
 * told of an item, and one gets it: the others find the queue empty (get with a time-out of 0), which makes their
 * descriptors unreadable again. -1 on failure. Errors: MR_EINVAL, MR_ECLOSED (closed by this process, or
 * destroyed), MR_ELIMIT, MR_ENOMEM, MR_ESYSTEM, MR_ESTATE. Mirrors what event loops do with
 * Queue._reader.fileno(). */
MR_API int mr_queue_fileno(const mr_queue *queue);

/* Says that an item is done with, once for each that was got. Errors: MR_EOVERFLOW (more often than items were
 * put; Python's ValueError), MR_EINVAL (no joinable queue), MR_ECLOSED. Mirrors JoinableQueue.task_done. */
MR_API mr_status mr_queue_task_done(const mr_queue *queue);

/* Waits until every item that was put is done with, at most timeout seconds. MR_EDIED: the queue is empty, and all
 * that is left to do was got by processes that have ended; it waits again once somebody has called
 * mr_queue_task_done for them, or put them again. Other errors: MR_ETIMEDOUT, MR_EINVAL (no joinable queue; NaN),
 * MR_ECLOSED. Mirrors JoinableQueue.join, which waits for the dead for ever. */
MR_API mr_status mr_queue_join(const mr_queue *queue, double timeout);

/* Says that the calling process has finished with the queue: from here on it can neither put nor get nor, unless
 * nothing has ever been put, look at it: MR_ECLOSED. Nothing changes for other processes, and what is in the queue
 * stays there. (A simple queue cannot be looked at in any case.) Closing twice is harmless. Errors: MR_EINVAL,
 * MR_ECLOSED (destroyed), MR_ENOMEM. Mirrors Queue.close. */
MR_API mr_status mr_queue_close(const mr_queue *queue);

/* In Python these wait for the thread that sends what was put, or say not to. Here whatever was put has arrived,
 * so neither has anything to do; the first may be called only after mr_queue_close (MR_ESTATE). Errors: MR_EINVAL,
 * MR_ECLOSED (destroyed). Mirror Queue.join_thread and Queue.cancel_join_thread. */
MR_API mr_status mr_queue_join_thread(const mr_queue *queue);
MR_API mr_status mr_queue_cancel_join_thread(const mr_queue *queue);

/* Ends the queue for everybody, and drops what is in it: calls that wait for it in any process, and all later
 * ones, are MR_ECLOSED. Any process. Errors: MR_EINVAL, MR_ECLOSED (destroyed before). In Python this happens when
 * the last reference is gone. */
MR_API mr_status mr_queue_destroy(const mr_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
