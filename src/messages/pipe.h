/* What is behind the two ends of a pipe, and whose each end is. */
#ifndef MR_PIPE_H
#define MR_PIPE_H

#include "messages/ring.h"
#include "object/object.h"

/* An end: the rank whose it is, and flags. */
static const uint64_t MR__END_USED = (uint64_t)1 << 32; /* by that rank: only its end or its close ends it */
static const uint64_t MR__END_LAPSED = (uint64_t)1
                                       << 33; /* given up unused: as if closed, until another uses it */
static const uint64_t MR__END_CLOSED = (uint64_t)1 << 34; /* for good */
static const uint64_t MR__END_DIED = (uint64_t)1 << 35;   /* ... because its process has ended */

typedef struct mr__pipe {
    mr__object object;
    _Atomic uint64_t ends[2];
    mr__ref rings[2]; /* rings[i] carries what end i sends; 0: there is none that way */
    mr__ref memory;
} mr__pipe;

_Static_assert(sizeof(mr__pipe) <= MR__SLOT_SIZE, "a pipe fits into a slot");

extern const mr__kind mr__pipe_kind;
extern const struct mr__kind_view mr__pipe_view; /* pipe_view.c */

typedef enum mr__direction { MR__READING, MR__WRITING } mr__direction;

/* An end in use in one direction. */
typedef struct mr__end {
    const char *call;
    mr__pipe *pipe;
    uint64_t handle; /* of the object */
    int number;
    uint32_t tag;
    _Atomic uint64_t *side; /* the lock that is held */
    mr__flow flow;
} mr__end;

/* Finds the pipe and the end behind a connection. */
mr_status mr__end_find(const char *call, const mr_connection *connection, mr__pipe **pipe, int *number);

/* The handle of the object behind a connection, which may be none. */
uint64_t mr__connection_object(const mr_connection *connection);

/* For mr_wait (watch.h); the handle is the connection's. */
mr_status mr__connection_look(const char *call, uint64_t handle, bool *is_ready);

/* The same for a descriptor (fileno.h): an end that is another process's by now is left to that, and is not ready.
 * Where it is not ready the writer will ring. */
mr_status mr__connection_glance(const char *call, uint64_t handle, bool *is_ready);

/* Makes the end the calling process's, and takes the lock of one direction. The reverse. */
mr_status mr__end_enter(const char *call, const mr_connection *connection, mr__direction direction, double timeout,
                        mr__end *end);
void mr__end_leave(mr__end *end);

/* Ends that are found in bytes which rank from hands over become those of rank to. */
void mr__connections_hand_over(const void *bytes, size_t size, uint32_t from, uint32_t to);

/* Visits what looks like a connection in the bytes, and lies on another home than that one. */
mr_status mr__connections_elsewhere(const void *bytes, size_t size, uint32_t home,
                                    mr_status (*visit)(uint64_t connection, void *argument), void *argument);

/* Has those let go of by the caller: they are on their way to another process. */
mr_status mr__connections_let_go(const void *bytes, size_t size, uint32_t home);

#endif
