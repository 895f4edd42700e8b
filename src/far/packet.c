#include "far/packet.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t aligned(size_t size)
{
    return (size + MR__PACKET_ALIGNMENT - 1) / MR__PACKET_ALIGNMENT * MR__PACKET_ALIGNMENT;
}

static bool make_room(mr__packet *packet, size_t begin, size_t size)
{
    if (packet->has_failed || size > PTRDIFF_MAX - begin)
        return false;
    if (begin + size <= packet->room)
        return true;
    size_t room = begin + size + (begin + size) / 2 + 256;
    char *grown = realloc(packet->bytes, room);
    if (grown == NULL)
        return false;
    packet->bytes = grown;
    packet->room = room;
    return true;
}

size_t mr__packet_put(mr__packet *packet, const void *bytes, size_t size)
{
    size_t begin = aligned(packet->size);
    if (!make_room(packet, begin, size)) {
        packet->has_failed = true;
        return 0;
    }
    memset(packet->bytes + packet->size, 0, begin - packet->size);
    if (bytes == NULL)
        memset(packet->bytes + begin, 0, size);
    else if (size > 0)
        memcpy(packet->bytes + begin, bytes, size);
    packet->size = begin + size;
    return begin;
}

const void *mr__packet_take(mr__unpacking *from, size_t size)
{
    size_t begin = aligned(from->next);
    if (from->has_failed || begin > from->size || size > from->size - begin) {
        from->has_failed = true;
        return NULL;
    }
    from->next = begin + size;
    return from->bytes + begin;
}

const void *mr__packet_take_array(mr__unpacking *from, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        from->has_failed = true;
    else
        return mr__packet_take(from, bytes);
    return NULL;
}
