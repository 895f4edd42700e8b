/* Shared arrays; a value is one of length 1. */
#ifndef MR_ARRAY_H
#define MR_ARRAY_H

#include "far/far.h"

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

void *mr__array_data(mr__array *array);

/* ---- What the methods of arrays and values do ---- */

/* numbers: size of an element, how many; data: the elements, if they are given. raw: without a lock. */
mr_status mr__array_run_make(mr__call *call);
mr_status mr__array_run_make_raw(mr__call *call);
mr_status mr__array_run_shape(mr__call *call); /* numbers come back: size of an element, how many */

/* numbers: the first element, how many, whether there is a place for them; the elements: buffer, or data. */
mr_status mr__array_run_read(mr__call *call);
mr_status mr__array_run_write(mr__call *call);

/* handles[1]: the lock, which is given (if numbers[0] says so) or comes back; the copy, which comes back. */
mr_status mr__array_run_synchronize(mr__call *call);
mr_status mr__array_run_lock(mr__call *call);
mr_status mr__array_run_copy(mr__call *call);
mr_status mr__array_run_close(mr__call *call);

/* ---- Asking for them, for the public calls; handles may be NULL, which is an error ---- */

mr_status mr__array_make(const mr__method *method, uint64_t *handle, size_t element_size, size_t length,
                         const void *initial);
mr_status mr__array_read(const mr__method *method, const uint64_t *handle, size_t first, size_t count, void *out);
mr_status mr__array_write(const mr__method *method, const mr__method *shape, const uint64_t *handle, size_t first,
                          size_t count, const void *in);
mr_status mr__array_synchronize(const mr__method *method, const uint64_t *handle, const mr_lock *lock);
mr_status mr__array_lock(const mr__method *method, const uint64_t *handle, mr_lock *lock);
mr_status mr__array_copy(const mr__method *method, uint64_t *copy, const uint64_t *handle);

/* Where the elements lie; NULL, with a sentence: not here. */
void *mr__array_pointer(const char *call, mr__kind_number kind, const uint64_t *handle, const char *instead);

#endif
