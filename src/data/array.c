#include "data/array.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"

#include <string.h>

void *mr__array_data(mr__array *array)
{
    return array->data != 0 ? mr__at(array->data) : array->inline_data;
}

/* ---- What arrays and values have in common ---- */

/* An array without a lock. */
static mr_status make_raw(mr__array_call call, uint64_t element_size, uint64_t length, const void *initial,
                          uint64_t *handle)
{
    uint64_t size = 0;
    mr__object *object = NULL;
    mr_status status = mr__running(call.name);
    if (status != MR_OK)
        return status;
    if (handle == NULL || element_size == 0)
        return mr__fail(MR_EINVAL, "%s was given %s", call.name,
                        handle == NULL ? "NULL as the object" : "elements of 0 bytes");
    if (__builtin_mul_overflow(element_size, length, &size))
        return mr__fail(MR_ENOMEM, "%s: %llu elements of %llu bytes are more than there can be", call.name,
                        (unsigned long long)length, (unsigned long long)element_size);
    mr__ref data = 0;
    if (size > MR__ARRAY_INLINE)
        status = mr__alloc(size, &data);
    if (status == MR_OK)
        status = mr__object_new(call.name, call.kind, &object, handle);
    if (status != MR_OK) {
        mr__free(data);
        return status;
    }
    mr__array *array = (mr__array *)object;
    array->element_size = element_size;
    array->length = length;
    array->data = data;
    if (initial != NULL)
        memcpy(mr__array_data(array), initial, size);
    mr__object_leave(object);
    return MR_OK;
}

static mr_status make_from_afar(mr__array_call call, uint64_t element_size, uint64_t length, const void *initial,
                                bool is_raw, uint64_t *handle)
{
    char nothing;
    uint64_t size;
    if (element_size == 0 || __builtin_mul_overflow(element_size, length, &size))
        return make_raw(call, element_size, length, initial, handle);
    mr__call making = {.procedure = MR__FAR_ARRAY_MAKE,
                       .numbers = {call.kind, (int64_t)element_size, (int64_t)length, is_raw},
                       .data = initial,
                       .size = initial != NULL ? size : 0,
                       .buffer = &nothing};
    mr_status status = mr__far(&making);
    if (status == MR_OK)
        *handle = making.handles[0];
    return status;
}

mr_status mr__array_make(mr__array_call call, uint64_t element_size, uint64_t length, const void *initial,
                         bool is_raw, uint64_t *handle)
{
    uint64_t made = 0;
    if (mr__is_far(handle))
        return make_from_afar(call, element_size, length, initial, is_raw, handle);
    mr_status status = make_raw(call, element_size, length, initial, handle == NULL ? NULL : &made);
    if (status == MR_OK && !is_raw)
        status = mr__array_synchronize(call, &made, NULL);
    if (status == MR_OK)
        *handle = made;
    else if (made != 0)
        mr__array_close(call, &made);
    return status;
}

mr_status mr__array_find(mr__array_call call, const uint64_t *handle, mr__array **array)
{
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the object", call.name);
    mr__object *object = NULL;
    mr_status status = mr__object_find(call.name, *handle, call.kind, &object);
    if (status == MR_OK)
        *array = (mr__array *)object;
    return status;
}

/* The elements first .. first + count - 1. */
static mr_status find_elements(mr__array_call call, const uint64_t *handle, size_t first, size_t count,
                               const void *buffer, mr__array **found, void **elements, size_t *size)
{
    mr_status status = mr__array_find(call, handle, found);
    mr__array *array = *found;
    if (status != MR_OK)
        return status;
    if (first > array->length || count > array->length - first)
        return mr__fail(MR_EINVAL, "%s: %zu elements from index %zu on do not lie in an array of %llu", call.name,
                        count, first, (unsigned long long)array->length);
    if (buffer == NULL && count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL as the elements", call.name);
    *elements = (char *)mr__array_data(array) + first * array->element_size;
    *size = count * array->element_size;
    return MR_OK;
}

/* ---- Their locks ---- */

/* A call about an array and a lock, or another array. */
static mr_status call_with_two(mr__array_call call, int procedure, const uint64_t *handle, uint64_t *other,
                               bool has_other)
{
    char nothing;
    mr__call travelling = {.procedure = procedure,
                           .handles = {*handle, *other},
                           .numbers = {call.kind, has_other},
                           .buffer = &nothing};
    mr_status status = mr__far(&travelling);
    if (status == MR_OK || status == MR_EOWNERDEAD)
        *other = travelling.handles[1];
    return status;
}

mr_status mr__array_synchronize(mr__array_call call, const uint64_t *handle, const mr_lock *lock)
{
    uint64_t given = lock != NULL ? lock->mr__handle : 0;
    if (mr__is_far(handle))
        return call_with_two(call, MR__FAR_ARRAY_SYNCHRONIZE, handle, &given, lock != NULL);
    mr_lock own = {0};
    mr__object *object = NULL;
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the object", call.name);
    mr_status status = lock != NULL ? mr__object_find(call.name, lock->mr__handle, MR__KIND_LOCK, &object)
                                    : mr_lock_init_recursive(&own);
    if (status == MR_OK)
        status = mr__object_enter(call.name, *handle, call.kind, &object);
    if (status == MR_OK) {
        mr__array *array = (mr__array *)object;
        if (array->lock != 0) {
            status = mr__fail(MR_ESTATE, "%s: it has a lock already", call.name);
        } else {
            array->owns_lock = lock == NULL;
            array->lock = lock != NULL ? lock->mr__handle : own.mr__handle;
        }
        mr__object_leave(object);
    }
    if (status != MR_OK && own.mr__handle != 0)
        mr_lock_destroy(&own);
    return status;
}

mr_status mr__array_lock(mr__array_call call, const uint64_t *handle, mr_lock *lock)
{
    mr__array *array = NULL;
    mr_status status =
        lock != NULL ? mr__running(call.name) : mr__fail(MR_EINVAL, "%s was given NULL as the lock", call.name);
    if (status == MR_OK && mr__is_far(handle))
        return call_with_two(call, MR__FAR_ARRAY_LOCK, handle, &lock->mr__handle, true);
    if (status == MR_OK)
        status = mr__array_find(call, handle, &array);
    if (status != MR_OK)
        return status;
    if (array->lock == 0)
        return mr__fail(MR_ESTATE, "%s: it is a raw one, without a lock", call.name);
    *lock = (mr_lock){array->lock};
    return MR_OK;
}

/* Gives the lock, held; MR_EOWNERDEAD, which is to be passed on: its owner has died and it is held all the same.
 */
static mr_status acquire(const mr__array *array, mr_lock *lock)
{
    *lock = (mr_lock){array->lock};
    return lock->mr__handle != 0 ? mr_lock_acquire(lock, MR_FOREVER) : MR_OK;
}

static bool is_held(mr_status acquired)
{
    return acquired == MR_OK || acquired == MR_EOWNERDEAD;
}

static void release(const mr_lock *lock)
{
    if (lock->mr__handle != 0)
        mr_lock_release(lock);
}

/* ---- Reading and writing ---- */

static mr_status move(const mr__array *array, void *to, const void *from, size_t size)
{
    mr_lock lock;
    mr_status status = acquire(array, &lock);
    if (!is_held(status))
        return status;
    if (size > 0)
        memcpy(to, from, size);
    release(&lock);
    return status;
}

static mr_status read_from_afar(mr__array_call call, uint64_t handle, size_t first, size_t count, void *out)
{
    char nothing;
    mr__call reading = {.procedure = MR__FAR_ARRAY_READ,
                        .handles = {handle},
                        .numbers = {call.kind, (int64_t)first, (int64_t)count, out != NULL},
                        .buffer = out != NULL ? out : &nothing,
                        .capacity = SIZE_MAX};
    return mr__far(&reading);
}

static mr_status write_from_afar(mr__array_call call, uint64_t handle, size_t first, size_t count, const void *in)
{
    static _Thread_local uint64_t known, element_size; /* of the array that was written last: it never changes */
    char nothing;
    uint64_t length, size;
    mr_status status = MR_OK;
    if (handle != known)
        status = mr__array_shape(call, &handle, &element_size, &length);
    known = status == MR_OK ? handle : 0;
    if (status != MR_OK)
        return status;
    mr__call writing = {.procedure = MR__FAR_ARRAY_WRITE,
                        .handles = {handle},
                        .numbers = {call.kind, (int64_t)first, (int64_t)count, in != NULL},
                        .data = in,
                        .buffer = &nothing};
    bool is_too_much = __builtin_mul_overflow(count, element_size, &size); /* main says that, and why */
    writing.size = in != NULL && !is_too_much && size <= PTRDIFF_MAX ? size : 0;
    return mr__far(&writing);
}

mr_status mr__array_shape(mr__array_call call, const uint64_t *handle, uint64_t *element_size, uint64_t *length)
{
    char nothing;
    mr__array *array = NULL;
    if (!mr__is_far(handle)) {
        mr_status status = mr__array_find(call, handle, &array);
        *element_size = status == MR_OK ? array->element_size : 0;
        *length = status == MR_OK ? array->length : 0;
        return status;
    }
    mr__call asking = {
        .procedure = MR__FAR_ARRAY_SHAPE, .handles = {*handle}, .numbers = {call.kind}, .buffer = &nothing};
    mr_status status = mr__far(&asking);
    *element_size = status == MR_OK ? (uint64_t)asking.numbers[0] : 0;
    *length = status == MR_OK ? (uint64_t)asking.numbers[1] : 0;
    return status;
}

mr_status mr__array_read(mr__array_call call, const uint64_t *handle, size_t first, size_t count, void *out)
{
    mr__array *array = NULL;
    void *elements = NULL;
    size_t size = 0;
    if (mr__is_far(handle))
        return read_from_afar(call, *handle, first, count, out);
    mr_status status = find_elements(call, handle, first, count, out, &array, &elements, &size);
    return status == MR_OK ? move(array, out, elements, size) : status;
}

mr_status mr__array_write(mr__array_call call, const uint64_t *handle, size_t first, size_t count, const void *in)
{
    mr__array *array = NULL;
    void *elements = NULL;
    size_t size = 0;
    if (mr__is_far(handle))
        return write_from_afar(call, *handle, first, count, in);
    mr_status status = find_elements(call, handle, first, count, in, &array, &elements, &size);
    return status == MR_OK ? move(array, elements, in, size) : status;
}

mr_status mr__array_copy(mr__array_call call, uint64_t *copy, const uint64_t *handle)
{
    mr__array *array = NULL;
    mr_lock lock;
    mr_status status =
        copy != NULL ? mr__running(call.name) : mr__fail(MR_EINVAL, "%s was given NULL as the copy", call.name);
    if (status == MR_OK && mr__is_far(handle))
        return call_with_two(call, MR__FAR_ARRAY_COPY, handle, copy, true);
    if (status == MR_OK)
        status = mr__array_find(call, handle, &array);
    if (status != MR_OK)
        return status;
    status = acquire(array, &lock);
    if (!is_held(status))
        return status;
    mr_status made = mr__array_make(call, array->element_size, array->length, mr__array_data(array),
                                    lock.mr__handle == 0, copy);
    release(&lock);
    return made != MR_OK ? made : status;
}

mr_status mr__array_close(mr__array_call call, const uint64_t *handle)
{
    mr__object *object = NULL;
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the object", call.name);
    if (mr__is_far(handle))
        return call_with_two(call, MR__FAR_ARRAY_CLOSE, handle, &(uint64_t){0}, false);
    mr_status status = mr__object_enter(call.name, *handle, call.kind, &object);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status != MR_OK)
        return status;
    const mr__array *array = (const mr__array *)object;
    mr_lock own = {array->owns_lock ? array->lock : 0};
    mr__object_close(object);
    return own.mr__handle != 0 ? mr_lock_destroy(&own) : MR_OK;
}

static void discard(mr__object *object)
{
    mr__free(((mr__array *)object)->data);
}

const mr__kind mr__array_kind = {.name = "array", .discard = discard};
const mr__kind mr__value_kind = {.name = "value", .discard = discard};

/* ---- Arrays ---- */

static mr__array_call as(const char *name)
{
    return (mr__array_call){name, MR__KIND_ARRAY};
}

/* The handle in it; NULL for NULL. */
static const uint64_t *handle_of(const mr_array *array)
{
    return array == NULL ? NULL : &array->mr__handle;
}

mr_status mr_array_init(mr_array *array, size_t element_size, size_t length, const void *initial)
{
    return mr__array_make(as("mr_array_init"), element_size, length, initial, false,
                          array == NULL ? NULL : &array->mr__handle);
}

mr_status mr_array_init_raw(mr_array *array, size_t element_size, size_t length, const void *initial)
{
    return mr__array_make(as("mr_array_init_raw"), element_size, length, initial, true,
                          array == NULL ? NULL : &array->mr__handle);
}

void *mr_array_data(const mr_array *array)
{
    mr__array *found = NULL;
    if (mr__is_far(array))
        return mr__fail_far("mr_array_data", "mr_array_get and mr_array_set"), NULL;
    return mr__array_find(as("mr_array_data"), handle_of(array), &found) == MR_OK ? mr__array_data(found) : NULL;
}

ptrdiff_t mr_array_length(const mr_array *array)
{
    uint64_t element_size, length;
    mr_status status = mr__array_shape(as("mr_array_length"), handle_of(array), &element_size, &length);
    return status == MR_OK ? (ptrdiff_t)length : -1;
}

size_t mr_array_element_size(const mr_array *array)
{
    uint64_t element_size, length;
    mr__array_shape(as("mr_array_element_size"), handle_of(array), &element_size, &length);
    return element_size;
}

mr_status mr_array_get(const mr_array *array, size_t first, size_t count, void *out)
{
    return mr__array_read(as("mr_array_get"), handle_of(array), first, count, out);
}

mr_status mr_array_set(const mr_array *array, size_t first, size_t count, const void *in)
{
    return mr__array_write(as("mr_array_set"), handle_of(array), first, count, in);
}

mr_status mr_array_synchronize(const mr_array *array, const mr_lock *lock)
{
    return mr__array_synchronize(as("mr_array_synchronize"), handle_of(array), lock);
}

mr_status mr_array_get_lock(const mr_array *array, mr_lock *lock)
{
    return mr__array_lock(as("mr_array_get_lock"), handle_of(array), lock);
}

mr_status mr_array_copy(mr_array *copy, const mr_array *array)
{
    return mr__array_copy(as("mr_array_copy"), copy == NULL ? NULL : &copy->mr__handle, handle_of(array));
}

mr_status mr_array_destroy(const mr_array *array)
{
    return mr__array_close(as("mr_array_destroy"), handle_of(array));
}
