/* Shared arrays; a value is one of length 1. */
#ifndef MR_ARRAY_H
#define MR_ARRAY_H

#include "object/object.h"

enum { MR__ARRAY_INLINE = 128 }; /* bytes that lie in the slot itself */

/* Nothing but the elements and the lock ever changes, so readers need not enter the object. */
typedef struct mr__array {
    mr__object object;
    uint64_t element_size, length;
    mr__ref data;          /* 0: inline */
    _Atomic uint64_t lock; /* 0: a raw one */
    bool owns_lock;
    _Alignas(16) unsigned char inline_data[MR__ARRAY_INLINE];
} mr__array;

_Static_assert(sizeof(mr__array) <= MR__SLOT_SIZE, "an array fits its slot");

/* Which call it is, for sentences, and on what kind of object: MR__KIND_ARRAY or MR__KIND_VALUE. */
typedef struct mr__array_call {
    const char *name;
    mr__kind_number kind;
} mr__array_call;

mr_status mr__array_make(mr__array_call call, uint64_t element_size, uint64_t length, const void *initial,
                         bool is_raw, uint64_t *handle);
mr_status mr__array_synchronize(mr__array_call call, const uint64_t *handle, const mr_lock *lock);
mr_status mr__array_find(mr__array_call call, const uint64_t *handle, mr__array **array);
mr_status mr__array_shape(mr__array_call call, const uint64_t *handle, uint64_t *element_size, uint64_t *length);
void *mr__array_data(mr__array *array);
mr_status mr__array_read(mr__array_call call, const uint64_t *handle, size_t first, size_t count, void *out);
mr_status mr__array_write(mr__array_call call, const uint64_t *handle, size_t first, size_t count, const void *in);
mr_status mr__array_lock(mr__array_call call, const uint64_t *handle, mr_lock *lock);
mr_status mr__array_copy(mr__array_call call, uint64_t *copy, const uint64_t *handle);
mr_status mr__array_close(mr__array_call call, const uint64_t *handle);

#endif
