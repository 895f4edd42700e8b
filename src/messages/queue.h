/* Queues. A queue is two objects, so that producers and consumers do not get into each other's way: the queue
 * itself, whose mutex is the consumers', and its inlet, whose mutex is the producers'. Between them is a chain of
 * items (chain.h). Each side reads the other's mark without its mutex, and enters the other's object only to wake
 * somebody who sleeps there. Who needs both enters the queue first. While a process is in either of them, both are
 * there: the inlet ends with the queue's mutex held, and the chain after that.
 *
 * queue.c holds all but putting and getting, which are in transfer.c. */
#ifndef MR_QUEUE_H
#define MR_QUEUE_H

#include "messages/chain.h"
#include "object/object.h"

/* Why a seat waits at a queue, and at an inlet. */
enum { MR__QUEUE_GET = 1, MR__QUEUE_JOIN };
enum { MR__INLET_PUT = 1 };

/* Both structs are laid out by cache lines: the head, what every item changes, what hardly ever changes. */
typedef struct mr__queue {
    mr__object object;
    _Atomic mr__mark head;
    mr__mark seen_tail; /* the inlet's, when it was last looked at */
    mr__ref segment;
    char unused[40];
    uint64_t inlet;                /* its handle */
    uint32_t maxsize;              /* 0: unbounded */
    _Atomic uint32_t is_waited_at; /* somebody sleeps, or watches, until there is an item */
    _Atomic uint32_t held;         /* parcels in the list: their items have passed the head, but nobody has them */
    uint32_t returned;             /* those among them that nobody reads, since who did so is dead */
    mr__ref parcels;
    _Atomic mr__ref members; /* processes of which something is to be known */
    uint32_t done;           /* tasks, modulo 2^32 */
    bool is_joinable, is_simple;
    bool is_watched; /* by somebody in mr_wait */
} mr__queue;

typedef struct mr__inlet {
    mr__object object;
    _Atomic mr__mark tail;
    mr__mark seen_head; /* the queue's, when it was last looked at */
    mr__ref segment;
    char unused[40];
    uint32_t queue; /* its slot */
    uint32_t maxsize;
    _Atomic uint32_t is_waited_at; /* somebody sleeps until there is room */
    mr__ref parcels;               /* that are being filled */
    mr__ref spares;                /* parcels whose memory is there to be used again, which saves its mapping */
    uint32_t spare_count;
} mr__inlet;

/* A process that has closed the queue, or has got items of one that can be joined. When it has ended, its place in
 * the list serves another. */
typedef struct mr__queue_member {
    mr__ref next;
    _Atomic uint32_t rank;
    _Atomic bool is_closed;
    uint32_t tasks; /* that it has got and not done */
} mr__queue_member;

/* How they look from outside (queue_view.c). */
extern const struct mr__kind_view mr__queue_view, mr__inlet_view;

static inline mr__inlet *mr__inlet_of(const mr__queue *q)
{
    return (mr__inlet *)mr__slot_of(q->inlet);
}

static inline mr__queue *mr__queue_of(const mr__inlet *in)
{
    return (mr__queue *)mr__slot_at(in->queue);
}

/* Enter either side; MR_ECLOSED where this process has closed the queue, which the first does not mind. */
mr_status mr__queue_enter(const char *call, const mr_queue *handle, mr__queue **q);
mr_status mr__queue_enter_open(const char *call, const mr_queue *handle, mr__queue **q);
mr_status mr__inlet_enter(const char *call, const mr_queue *handle, mr__inlet **in);

/* Whether a get would find an item, a put room. That side entered. */
bool mr__queue_has_item(mr__queue *q);
bool mr__inlet_has_room(mr__inlet *in);

/* Let up to count of those go on who wait for an item, or for room. That side
 * entered. */
void mr__queue_grant_getters(mr__queue *q, uint32_t count);
void mr__inlet_grant_putters(mr__inlet *in, uint32_t count);

/* Notes that the calling process gets an item of a queue that can be joined. Queue entered. */
mr_status mr__queue_note_task(mr__queue *q);

#endif
