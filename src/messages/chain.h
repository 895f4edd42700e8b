/* What a queue holds, in order: items in a chain of segments, which producers lengthen at one end and consumers
 * shorten at the other, each side under a mutex of its own. Where a side stands is one word, its mark; moving it
 * is what puts an item in or takes it out. So there is no instant at which a process could be killed and leave
 * half an item, or a number that is off by one. */
#ifndef MR_CHAIN_H
#define MR_CHAIN_H

#include "arena/arena.h"

/* Items up to this size travel in the chain itself, and are copied with the mutex held; of bigger ones only the
 * ref of their parcel does. */
enum { MR__INLINE = 4000 };

/* How many items have passed this side, and the position of the next one; both modulo 2^32. */
typedef uint64_t mr__mark;

static inline uint32_t mr__mark_count(mr__mark mark)
{
    return (uint32_t)(mark >> 32);
}

typedef struct mr__item {
    uint64_t size;
    unsigned char bytes[]; /* or the parcel's ref */
} mr__item;

/* The first segment of a new chain, whose marks are 0; the end of a chain. */
mr_status mr__chain_new(mr__ref *segment);
void mr__chain_free(mr__ref segment);

/* Where the next item goes; *segment is the last one, and moves on if the item does not fit there. */
mr_status mr__chain_next(mr__ref *segment, mr__mark tail, uint64_t size, mr__item **item);

/* The first item, when there is one; *segment is the first one, and moves on, freeing what nobody needs. */
mr__item *mr__chain_first(mr__ref *segment, mr__mark head);

/* A mark behind that item. */
mr__mark mr__chain_after(mr__mark mark, const mr__item *item);

/* A parcel: the memory of one big item, which is filled and read without any mutex. It is in a list of its queue
 * meanwhile, so that it is not lost with the process that does it. Lists change by single stores, under their
 * queue's mutex. */
typedef struct mr__parcel {
    mr__ref next;
    uint64_t size;
    uint32_t owner;    /* rank + 1 of the process that fills or reads it; 0: nobody */
    uint32_t number;   /* the items that were before it in the queue */
    uint64_t capacity; /* at least its size */
    unsigned char bytes[];
} mr__parcel;

mr_status mr__parcel_new(size_t size, mr__ref *parcel);
mr__parcel *mr__parcel_at(mr__ref parcel);
void mr__parcel_link(mr__ref *list, mr__ref parcel);
void mr__parcel_unlink(mr__ref *list, mr__ref parcel); /* nothing happens if it is not there */

/* The parcel that an item of more than MR__INLINE bytes is in. */
mr__ref mr__item_parcel(const mr__item *item);
void mr__item_set_parcel(mr__item *item, mr__ref parcel);

#endif
