#include "object/watch.h"

#include "base/context.h"
#include "object/seat.h"

uint64_t mr__watch_bit(uint64_t handle)
{
    return (uint64_t)1 << (uint32_t)handle % 63;
}

void mr__watch_ring(const mr__object *object)
{
    const mr__arena *arena = mr__ctx.arena;
    uint64_t bit = mr__watch_bit(mr__object_handle(object));
    for (uint32_t number = 1; number < arena->seats; number++)
        if (mr__seat_at(number)->watches & bit)
            mr__bell_ring(number);
}

void mr__watch_ring_processes(void)
{
    const mr__arena *arena = mr__ctx.arena;
    for (uint32_t number = 1; arena != NULL && number < arena->seats; number++) {
        mr__seat *seat = mr__seat_at(number);
        if (seat->watches & MR__WATCH_PROCESSES && seat->rank == mr__caller())
            mr__bell_ring(number);
    }
}
