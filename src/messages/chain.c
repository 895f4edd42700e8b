#include "messages/chain.h"

#include <stdatomic.h>
#include <string.h>

/* Positions count units. */
enum { UNIT = 8 };

/* Together with what the heap adds these are whole pages; many queues never need more than the first. */
static const uint64_t FIRST_SIZE = 4096 - 16, SIZE = 65536 - 16;

typedef struct segment {
    _Atomic mr__ref next; /* 0: this is the last */
    uint32_t base;        /* the position of the first unit */
    uint32_t units;       /* how many there are; they follow */
} segment;

_Static_assert(MR__INLINE + sizeof(mr__item) + sizeof(segment) <= 4096 - 16, "any item fits into any segment");

static mr_status make(uint64_t size, uint32_t base, mr__ref *ref)
{
    mr_status status = mr__alloc(size, ref);
    if (status != MR_OK)
        return status;
    segment *new = mr__at(*ref);
    new->base = base;
    new->units = (uint32_t)((size - sizeof *new) / UNIT);
    return MR_OK;
}

static uint32_t units_of(uint64_t size)
{
    uint64_t bytes = sizeof(mr__item) + (size <= MR__INLINE ? size : sizeof(mr__ref));
    return (uint32_t)((bytes + UNIT - 1) / UNIT);
}

static mr__item *item_at(segment *where, mr__mark mark)
{
    return (mr__item *)((char *)(where + 1) + (size_t)((uint32_t)mark - where->base) * UNIT);
}

mr_status mr__chain_new(mr__ref *ref)
{
    return make(FIRST_SIZE, 0, ref);
}

void mr__chain_free(mr__ref ref)
{
    while (ref != 0) {
        const segment *old = mr__at(ref);
        mr__ref next = old->next;
        mr__free(ref);
        ref = next;
    }
}

mr_status mr__chain_next(mr__ref *ref, mr__mark tail, uint64_t size, mr__item **item)
{
    segment *last = mr__at(*ref);
    mr__ref next = atomic_load_explicit(&last->next, memory_order_relaxed);
    if (next == 0 && (uint32_t)tail - last->base + units_of(size) > last->units) {
        mr_status status = make(SIZE, (uint32_t)tail, &next);
        if (status != MR_OK)
            return status;
        last->next = next;
    }
    if (next != 0) { /* made just now, or by somebody who was killed before he could go there */
        *ref = next;
        last = mr__at(next);
    }
    *item = item_at(last, tail);
    return MR_OK;
}

/* An item at the position where the next segment begins is there. It has been put, so whoever put it has gone
 * there too, and nobody needs this segment any more. */
mr__item *mr__chain_first(mr__ref *ref, mr__mark head)
{
    segment *first = mr__at(*ref);
    mr__ref next = atomic_load_explicit(&first->next, memory_order_acquire);
    if (next != 0 && ((segment *)mr__at(next))->base == (uint32_t)head) {
        mr__ref old = *ref;
        *ref = next;
        mr__free(old);
        first = mr__at(next);
    }
    return item_at(first, head);
}

mr__mark mr__chain_after(mr__mark mark, const mr__item *item)
{
    return ((mark >> 32) + 1) << 32 | (uint32_t)((uint32_t)mark + units_of(item->size));
}

/* ---- Parcels ---- */

mr_status mr__parcel_new(size_t size, mr__ref *ref)
{
    mr_status status = mr__alloc(size < SIZE_MAX - sizeof(mr__parcel) ? size + sizeof(mr__parcel) : SIZE_MAX, ref);
    if (status == MR_OK)
        mr__parcel_at(*ref)->size = mr__parcel_at(*ref)->capacity = size;
    return status;
}

mr__parcel *mr__parcel_at(mr__ref ref)
{
    return mr__at(ref);
}

void mr__parcel_link(mr__ref *list, mr__ref ref)
{
    mr__parcel_at(ref)->next = *list;
    atomic_signal_fence(memory_order_seq_cst);
    *list = ref;
}

void mr__parcel_unlink(mr__ref *list, mr__ref ref)
{
    while (*list != 0 && *list != ref)
        list = &mr__parcel_at(*list)->next;
    if (*list != 0)
        *list = mr__parcel_at(ref)->next;
}

mr__ref mr__item_parcel(const mr__item *item)
{
    mr__ref ref;
    memcpy(&ref, item->bytes, sizeof ref);
    return ref;
}

void mr__item_set_parcel(mr__item *item, mr__ref ref)
{
    memcpy(item->bytes, &ref, sizeof ref);
}
