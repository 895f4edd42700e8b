/* Items as plain bytes, for far calls. */
#ifndef MR_ITEMS_H
#define MR_ITEMS_H

#include "multirank.h"

/* Packs items, with the strings and bytes that they point to, into memory from malloc. */
mr_status mr__items_pack(const char *call, const mr_item items[], size_t count, void **bytes, size_t *size);

/* The reverse: an array from malloc, whose items point into the bytes. MR_EINVAL: they are no such thing. */
mr_status mr__items_unpack(const char *call, const void *bytes, size_t size, mr_item **items, size_t *count);

#endif
