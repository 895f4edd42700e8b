/* How a pipe looks from outside. Who waits there has no seat: the ring says that somebody sleeps, and the lock of
 * its side whose thread that is. */
#include "messages/pipe.h"
#include "object/view.h"

#include <stdio.h>

/* Who may wait at a pipe, which is the purpose, too: readers and writers of both rings. */
enum { WAYS = 4 };

static int ring_of(uint32_t way)
{
    return way / 2 % 2;
}

static mr__direction direction_of(uint32_t way)
{
    return way % 2 == 0 ? MR__READING : MR__WRITING;
}

static bool next(const mr__view *view, const mr__object *object, uint32_t *index, uint32_t *rank,
                 uint32_t *purpose)
{
    const mr__pipe *pipe = (const mr__pipe *)object;
    while (*index < WAYS) {
        uint32_t way = (*index)++;
        mr__ref ring = pipe->rings[ring_of(way)];
        bool reads = direction_of(way) == MR__READING;
        uint64_t lock = 0;
        uint32_t sleeps = 0;
        *purpose = way;
        if (ring != 0 &&
            mr__view_read(view, ring + (reads ? offsetof(mr__ring, reader) : offsetof(mr__ring, writer)), &lock,
                          sizeof lock) &&
            mr__view_read(view,
                          ring + (reads ? offsetof(mr__ring, reader_sleeps) : offsetof(mr__ring, writer_sleeps)),
                          &sleeps, sizeof sleeps) &&
            sleeps == 1 && lock >> 32 == object->generation && mr__side_holder(lock, rank))
            return true;
    }
    return false;
}

static void tell(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told)
{
    (void)view;
    const mr__pipe *pipe = (const mr__pipe *)object;
    bool reads = direction_of(purpose) == MR__READING;
    int other = reads ? ring_of(purpose) : 1 - ring_of(purpose);
    uint64_t end = pipe->ends[other];
    snprintf(told->what, sizeof told->what, reads ? "a message through pipe %u" : "room in pipe %u", slot);
    told->by = reads ? " from " : " to be made by ";
    if ((end & (MR__END_CLOSED | MR__END_LAPSED)) != 0)
        snprintf(told->note, sizeof told->note, "whose other end is closed");
    else if ((uint32_t)end != MR__ANYBODY)
        mr__told_add(told, (uint32_t)end);
}

const mr__kind_view mr__pipe_view = {
    .layout = (uint32_t)(sizeof(mr__pipe) << 10 ^ sizeof(mr__ring)), .tell = tell, .next = next};
