/* Packets: what travels in a far call that is more than numbers, put together piece by piece and taken apart
 * again. Nothing that is taken lies beyond the end, whatever the bytes say. */
#ifndef MR_PACKET_H
#define MR_PACKET_H

#include <stdbool.h>
#include <stddef.h>

enum { MR__PACKET_ALIGNMENT = 16 };

typedef struct mr__packet {
    char *bytes; /* from malloc */
    size_t size, room;
    bool has_failed; /* there was no memory */
} mr__packet;

/* Adds bytes (NULL: zeroes) at the next multiple of the alignment, and gives where they begin. */
size_t mr__packet_put(mr__packet *packet, const void *bytes, size_t size);

typedef struct mr__unpacking {
    const char *bytes;
    size_t size, next;
    bool has_failed; /* something was taken that is not there */
} mr__unpacking;

/* What comes next; NULL: there is not so much. */
const void *mr__packet_take(mr__unpacking *from, size_t size);

/* The same, count times size bytes. */
const void *mr__packet_take_array(mr__unpacking *from, size_t count, size_t size);

#endif
