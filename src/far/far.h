/* Far calls: how a process uses shared objects that lie on another host. The call itself travels to their home:
 * the numbers and up to 64 KiB of bytes over a socket of the calling thread's own, more bytes to main by MPI. A
 * thread there, the deputy, makes the call in its place (deputy.h) and sends back what came of it. */
#ifndef MR_FAR_H
#define MR_FAR_H

#include "far/method.h"
#include "transport/links.h"

enum { MR__FAR_HANDLES = 3, MR__FAR_NUMBERS = 4 };

/* A call, and what came of it. Handles and numbers go both ways. */
typedef struct mr__call {
    const mr__method *method;
    uint64_t handles[MR__FAR_HANDLES];
    double seconds;
    int64_t numbers[MR__FAR_NUMBERS];
    const void *data; /* bytes that go along */
    size_t size;
    void *buffer; /* where the bytes that come back are to go: the caller's, of that capacity; NULL: made by malloc
                   */
    size_t capacity;
    size_t received;   /* bytes that have come back */
    bool is_kept;      /* what comes back is lost to others, so its arrival is confirmed */
    bool is_from_afar; /* of a call that is run: another host asks, so what goes back needs memory from malloc */
} mr__call;

/* Whether an object of a public type (whose handle comes first), not NULL, lies on another host than this: then
 * the call has to travel. Whether main is on another one. */
bool mr__is_far(const void *object);
bool mr__is_main_far(void);

/* The failure of what only a process on the object's host can have: a pointer; and which calls to use instead. */
mr_status mr__fail_far(const char *call, const char *instead);

/* Makes a call at a home and waits for what comes of it, its status and sentence. MR_EDIED, MR_EHOSTLOST: main, or
 * that host, cannot be reached. */
mr_status mr__far(uint32_t home, mr__call *call);

/* ---- Calls of methods ---- */

/* The handle behind a public type, NULL if that is. */
#define MR__HANDLE(object) ((object) != NULL ? &(object)->mr__handle : NULL)

/* Has a method run on the object behind a handle (NULL: which is an error), here or where the object is; for those
 * that bring no bytes back. */
mr_status mr__ask_method(const uint64_t *handle, mr__call *call);

/* The same for a method that makes an object, at a home (mr__home_here). */
mr_status mr__ask_new_object(mr__call *call, uint64_t home, uint64_t *handle);

/* The usual forms, whose methods read nothing else: perhaps with a time-out, and a number that comes back; one
 * that makes an object, of a number perhaps; one that gives a number, which is otherwise on_failure. */
mr_status mr__call_on(const mr__method *method, const uint64_t *handle, double seconds);
mr_status mr__call_asking(const mr__method *method, const uint64_t *handle, double seconds, int64_t *number);
mr_status mr__call_new(const mr__method *method, uint64_t *handle, int64_t number);
int64_t mr__call_number(const mr__method *method, const uint64_t *handle, int64_t on_failure);

/* For a method's function that is called from afar: memory for what goes back. */
mr_status mr__call_make_room(mr__call *call, size_t size);

/* What the close of most kinds does, as a method's function. */
mr_status mr__run_end(mr__call *call);

/* ---- What travels, for far.c and deputy.c ---- */

enum {
    MR__FAR_INLINE = 1 << 16
}; /* bytes that go right behind a call; for more the home says first that it has room */

/* The statuses of a reply that is none: run this function (the data: its mr__symbol) and say what it returned. */
enum { MR__FAR_CALL_BACK = -1 };

typedef struct mr__far_head {
    int32_t method, status;
    uint64_t handles[MR__FAR_HANDLES];
    double seconds;
    int64_t numbers[MR__FAR_NUMBERS];
    uint64_t size;     /* of the bytes that follow */
    uint64_t capacity; /* for those that come back; UINT64_MAX: any number */
    uint32_t sentence; /* the length of the sentence that follows the head, before the bytes */
    uint32_t is_kept;
} mr__far_head;

/* Sends, receives exactly so many bytes; false: the other side is gone. */
bool mr__far_send(int fd, const void *bytes, size_t size);
bool mr__far_receive(int fd, void *bytes, size_t size);

#endif
