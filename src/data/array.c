#include "data/array.h"

#include "base/context.h"
#include "base/status.h"

#include <string.h>

void *mr__array_data(mr__array *array)
{
    return array->data != 0 ? mr__at(array->data) : array->inline_data;
}

/* ---- Making ---- */

static mr_status make_raw(const mr__method *method, uint64_t element_size, uint64_t length, const void *initial,
                          uint64_t *handle)
{
    uint64_t size = element_size * length;
    mr__object *object = NULL;
    mr__ref data = 0;
    mr_status status = size > MR__ARRAY_INLINE ? mr__alloc(size, &data) : MR_OK;
    if (status == MR_OK)
        status = mr__object_new(method->call, method->kind, &object, handle);
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

/* The array has a lock of its own, or gets one that is given (0: none is). */
static mr_status synchronize(const mr__method *method, uint64_t handle, uint64_t lock)
{
    mr_lock own = {0};
    mr__object *object = NULL;
    mr_status status = lock != 0 ? MR_OK : mr__make_lock_here(&own);
    if (status == MR_OK)
        status = mr__object_enter(method->call, handle, method->kind, &object);
    if (status == MR_OK) {
        mr__array *array = (mr__array *)object;
        if (array->lock != 0) {
            status = mr__fail(MR_ESTATE, "%s: it has a lock already", method->call);
        } else {
            array->owns_lock = lock == 0;
            array->lock = lock != 0 ? lock : own.mr__handle;
        }
        mr__object_leave(object);
    }
    if (status != MR_OK && own.mr__handle != 0)
        mr_lock_destroy(&own);
    return status;
}

static mr_status close_array(const mr__method *method, uint64_t handle)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(method->call, handle, method->kind, &object);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    const mr__array *array = (const mr__array *)object;
    mr_lock own = {array->owns_lock ? array->lock : 0};
    mr__object_close(object);
    return own.mr__handle != 0 ? mr_lock_destroy(&own) : MR_OK;
}

static mr_status make(const mr__method *method, uint64_t element_size, uint64_t length, const void *initial,
                      bool is_raw, uint64_t *handle)
{
    uint64_t made = 0;
    mr_status status = make_raw(method, element_size, length, initial, &made);
    if (status == MR_OK && !is_raw)
        status = synchronize(method, made, 0);
    if (status == MR_OK)
        *handle = made;
    else if (made != 0)
        close_array(method, made);
    return status;
}

static mr_status check_and_make(mr__call *c, bool is_raw)
{
    uint64_t element_size = (uint64_t)c->numbers[0], length = (uint64_t)c->numbers[1], size;
    if (element_size == 0)
        return mr__fail(MR_EINVAL, "%s was given elements of 0 bytes", c->method->call);
    if (__builtin_mul_overflow(element_size, length, &size))
        return mr__fail(MR_ENOMEM, "%s: %llu elements of %llu bytes are more than there can be", c->method->call,
                        (unsigned long long)length, (unsigned long long)element_size);
    if (c->size != 0 && c->size != size)
        return mr__fail(MR_EINVAL, "%s was given something else than its elements", c->method->call);
    return make(c->method, element_size, length, c->size > 0 ? c->data : NULL, is_raw, &c->handles[0]);
}

mr_status mr__array_run_make(mr__call *call)
{
    return check_and_make(call, false);
}

mr_status mr__array_run_make_raw(mr__call *call)
{
    return check_and_make(call, true);
}

mr_status mr__array_make(const mr__method *method, uint64_t *handle, size_t element_size, size_t length,
                         const void *initial)
{
    uint64_t size;
    mr__call call = {.method = method, .numbers = {(int64_t)element_size, (int64_t)length}, .data = initial};
    if (initial != NULL && !__builtin_mul_overflow(element_size, length, &size))
        call.size = size;
    return mr__ask_new_object(&call, mr__home_here(), handle);
}

mr_status mr__array_run_close(mr__call *call)
{
    return close_array(call->method, call->handles[0]);
}

static mr_status find(const mr__call *c, mr__array **array)
{
    mr__object *object = NULL;
    mr_status status = mr__object_find(c->method->call, c->handles[0], c->method->kind, &object);
    *array = (mr__array *)object;
    return status;
}

/* ---- Their locks ---- */

mr_status mr__array_run_synchronize(mr__call *c)
{
    mr__object *lock;
    bool has_lock = c->numbers[0] != 0;
    mr_status status = has_lock ? mr__object_find(c->method->call, c->handles[1], MR__KIND_LOCK, &lock) : MR_OK;
    return status == MR_OK ? synchronize(c->method, c->handles[0], has_lock ? c->handles[1] : 0) : status;
}

mr_status mr__array_synchronize(const mr__method *method, const uint64_t *handle, const mr_lock *lock)
{
    mr__call call = {
        .method = method, .handles = {0, lock != NULL ? lock->mr__handle : 0}, .numbers = {lock != NULL}};
    return mr__ask_method(handle, &call);
}

mr_status mr__array_run_lock(mr__call *c)
{
    mr__array *array;
    mr_status status = find(c, &array);
    if (status == MR_OK && array->lock == 0)
        status = mr__fail(MR_ESTATE, "%s: it is a raw one, without a lock", c->method->call);
    if (status == MR_OK)
        c->handles[1] = array->lock;
    return status;
}

mr_status mr__array_lock(const mr__method *method, const uint64_t *handle, mr_lock *lock)
{
    mr__call call = {.method = method};
    mr_status status = mr__object_given(method->call, MR__KIND_LOCK, lock);
    if (status == MR_OK)
        status = mr__ask_method(handle, &call);
    if (status == MR_OK)
        *lock = (mr_lock){call.handles[1]};
    return status;
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

mr_status mr__array_run_shape(mr__call *c)
{
    mr__array *array;
    mr_status status = find(c, &array);
    if (status == MR_OK) {
        c->numbers[0] = (int64_t)array->element_size;
        c->numbers[1] = (int64_t)array->length;
    }
    return status;
}

/* Where the elements of a call lie. */
static mr_status find_elements(const mr__call *c, mr__array **array, void **elements, size_t *size)
{
    uint64_t first = (uint64_t)c->numbers[0], count = (uint64_t)c->numbers[1];
    mr_status status = find(c, array);
    if (status != MR_OK)
        return status;
    if (first > (*array)->length || count > (*array)->length - first)
        return mr__fail(MR_EINVAL, "%s: %llu elements from index %llu on do not lie in an array of %llu",
                        c->method->call, (unsigned long long)count, (unsigned long long)first,
                        (unsigned long long)(*array)->length);
    if (c->numbers[2] == 0 && count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL as the elements", c->method->call);
    *elements = (char *)mr__array_data(*array) + first * (*array)->element_size;
    *size = count * (*array)->element_size;
    return MR_OK;
}

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

mr_status mr__array_run_read(mr__call *c)
{
    mr__array *array;
    void *elements = NULL;
    size_t size = 0;
    mr_status status = find_elements(c, &array, &elements, &size);
    if (status == MR_OK && c->is_from_afar)
        status = mr__call_make_room(c, size);
    if (status == MR_OK)
        status = move(array, c->buffer, elements, size);
    if (c->is_from_afar && is_held(status))
        c->received = size;
    return status;
}

mr_status mr__array_read(const mr__method *method, const uint64_t *handle, size_t first, size_t count, void *out)
{
    return mr__ask_method(handle, &(mr__call){.method = method,
                                              .numbers = {(int64_t)first, (int64_t)count, out != NULL},
                                              .buffer = out,
                                              .capacity = out != NULL ? SIZE_MAX : 0});
}

mr_status mr__array_run_write(mr__call *c)
{
    mr__array *array;
    void *elements = NULL;
    size_t size = 0;
    mr_status status = find_elements(c, &array, &elements, &size);
    if (status == MR_OK && c->is_from_afar && size != c->size)
        status = mr__fail(MR_EINVAL, "%s was given something else than elements", c->method->call);
    return status == MR_OK ? move(array, elements, c->data, size) : status;
}

/* How many bytes an element has, which never changes. */
static mr_status look_up_element_size(const mr__method *shape, uint64_t handle, uint64_t *size)
{
    static _Thread_local uint64_t known, element_size; /* of the array that was written last */
    mr__call asking = {.method = shape};
    mr_status status = handle == known ? MR_OK : mr__ask_method(&handle, &asking);
    if (status == MR_OK && handle != known)
        element_size = (uint64_t)asking.numbers[0];
    known = status == MR_OK ? handle : 0;
    *size = element_size;
    return status;
}

mr_status mr__array_write(const mr__method *method, const mr__method *shape, const uint64_t *handle, size_t first,
                          size_t count, const void *in)
{
    mr__call call = {.method = method, .numbers = {(int64_t)first, (int64_t)count, in != NULL}, .data = in};
    uint64_t element_size, size;
    if (mr__is_far(handle)) { /* so many bytes have to go there */
        mr_status status = look_up_element_size(shape, *handle, &element_size);
        if (status != MR_OK)
            return status;
        bool is_too_much = __builtin_mul_overflow(count, element_size, &size); /* which its home says, and why */
        call.size = in != NULL && !is_too_much && size <= PTRDIFF_MAX ? size : 0;
    }
    return mr__ask_method(handle, &call);
}

/* ---- Copying ---- */

mr_status mr__array_run_copy(mr__call *c)
{
    mr__array *array = NULL;
    mr_lock lock;
    mr_status status = find(c, &array);
    if (status == MR_OK)
        status = acquire(array, &lock);
    if (!is_held(status))
        return status;
    mr_status made = make(c->method, array->element_size, array->length, mr__array_data(array),
                          lock.mr__handle == 0, &c->handles[1]);
    release(&lock);
    return made != MR_OK ? made : status;
}

mr_status mr__array_copy(const mr__method *method, uint64_t *copy, const uint64_t *handle)
{
    mr__call call = {.method = method};
    mr_status status = mr__object_given(method->call, method->kind, copy);
    if (status == MR_OK)
        status = mr__ask_method(handle, &call);
    if (is_held(status))
        *copy = call.handles[1];
    return status;
}

static void discard(mr__object *object)
{
    mr__free(((mr__array *)object)->data);
}

const mr__kind mr__array_kind = {.name = "array", .discard = discard};
const mr__kind mr__value_kind = {.name = "value", .discard = discard};

void *mr__array_pointer(const char *call, mr__kind_number kind, const uint64_t *handle, const char *instead)
{
    mr__object *found = NULL;
    if (mr__is_far(handle))
        return mr__fail_far(call, instead), NULL;
    if (mr__object_given(call, kind, handle) != MR_OK || mr__object_find(call, *handle, kind, &found) != MR_OK)
        return NULL;
    return mr__array_data((mr__array *)found);
}

/* ---- Arrays ---- */

MR__METHOD(array_make, "mr_array_init", MR__KIND_ARRAY, mr__array_run_make);

mr_status mr_array_init(mr_array *array, size_t element_size, size_t length, const void *initial)
{
    return mr__array_make(&array_make, MR__HANDLE(array), element_size, length, initial);
}

MR__METHOD(array_make_raw, "mr_array_init_raw", MR__KIND_ARRAY, mr__array_run_make_raw);

mr_status mr_array_init_raw(mr_array *array, size_t element_size, size_t length, const void *initial)
{
    return mr__array_make(&array_make_raw, MR__HANDLE(array), element_size, length, initial);
}

void *mr_array_data(const mr_array *array)
{
    return mr__array_pointer("mr_array_data", MR__KIND_ARRAY, MR__HANDLE(array), "mr_array_get and mr_array_set");
}

MR__METHOD(array_length, "mr_array_length", MR__KIND_ARRAY, mr__array_run_shape);

ptrdiff_t mr_array_length(const mr_array *array)
{
    mr__call call = {.method = &array_length};
    return mr__ask_method(MR__HANDLE(array), &call) == MR_OK ? (ptrdiff_t)call.numbers[1] : -1;
}

MR__METHOD(array_element_size, "mr_array_element_size", MR__KIND_ARRAY, mr__array_run_shape);

size_t mr_array_element_size(const mr_array *array)
{
    return (size_t)mr__call_number(&array_element_size, MR__HANDLE(array), 0);
}

MR__METHOD(array_get, "mr_array_get", MR__KIND_ARRAY, mr__array_run_read);

mr_status mr_array_get(const mr_array *array, size_t first, size_t count, void *out)
{
    return mr__array_read(&array_get, MR__HANDLE(array), first, count, out);
}

MR__METHOD(array_set, "mr_array_set", MR__KIND_ARRAY, mr__array_run_write);

mr_status mr_array_set(const mr_array *array, size_t first, size_t count, const void *in)
{
    return mr__array_write(&array_set, &array_element_size, MR__HANDLE(array), first, count, in);
}

MR__METHOD(array_synchronize, "mr_array_synchronize", MR__KIND_ARRAY, mr__array_run_synchronize);

mr_status mr_array_synchronize(const mr_array *array, const mr_lock *lock)
{
    return mr__array_synchronize(&array_synchronize, MR__HANDLE(array), lock);
}

MR__METHOD(array_get_lock, "mr_array_get_lock", MR__KIND_ARRAY, mr__array_run_lock);

mr_status mr_array_get_lock(const mr_array *array, mr_lock *lock)
{
    return mr__array_lock(&array_get_lock, MR__HANDLE(array), lock);
}

MR__METHOD(array_copy, "mr_array_copy", MR__KIND_ARRAY, mr__array_run_copy);

mr_status mr_array_copy(mr_array *copy, const mr_array *array)
{
    return mr__array_copy(&array_copy, MR__HANDLE(copy), MR__HANDLE(array));
}

MR__METHOD(array_end, "mr_array_destroy", MR__KIND_ARRAY, mr__array_run_close);

mr_status mr_array_destroy(const mr_array *array)
{
    return mr__call_on(&array_end, MR__HANDLE(array), 0);
}
