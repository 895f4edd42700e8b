#include "array.h"

#include "status.h"

#include <string.h>

void *mr__array_data(mr__array *array)
{
    return array->data != 0 ? mr__at(array->data) : array->inline_data;
}

/* ---- What arrays and values have in common ---- */

mr_status mr__array_make(mr__array_call call, uint64_t element_size, uint64_t length, const void *initial,
                         uint64_t *handle)
{
    uint64_t size = 0;
    mr__object *object = NULL;
    mr_status status = mr__arena_ready(call.name);
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
                               const void *buffer, void **elements, size_t *size)
{
    mr__array *array = NULL;
    mr_status status = mr__array_find(call, handle, &array);
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

mr_status mr__array_read(mr__array_call call, const uint64_t *handle, size_t first, size_t count, void *out)
{
    void *elements = NULL;
    size_t size = 0;
    mr_status status = find_elements(call, handle, first, count, out, &elements, &size);
    if (status == MR_OK && size > 0)
        memcpy(out, elements, size);
    return status;
}

mr_status mr__array_write(mr__array_call call, const uint64_t *handle, size_t first, size_t count, const void *in)
{
    void *elements = NULL;
    size_t size = 0;
    mr_status status = find_elements(call, handle, first, count, in, &elements, &size);
    if (status == MR_OK && size > 0)
        memcpy(elements, in, size);
    return status;
}

mr_status mr__array_copy(mr__array_call call, uint64_t *copy, const uint64_t *handle)
{
    mr__array *array = NULL;
    mr_status status = mr__array_find(call, handle, &array);
    if (status == MR_OK)
        status = mr__array_make(call, array->element_size, array->length, mr__array_data(array), copy);
    return status;
}

mr_status mr__array_close(mr__array_call call, const uint64_t *handle)
{
    mr__object *object = NULL;
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the object", call.name);
    mr_status status = mr__object_enter(call.name, *handle, call.kind, &object);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status == MR_OK)
        mr__object_close(object);
    return status;
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
    return mr__array_make(as("mr_array_init"), element_size, length, initial,
                          array == NULL ? NULL : &array->mr__handle);
}

mr_status mr_raw_array_init(mr_array *array, size_t element_size, size_t length, const void *initial)
{
    return mr__array_make(as("mr_raw_array_init"), element_size, length, initial,
                          array == NULL ? NULL : &array->mr__handle);
}

void *mr_array_data(const mr_array *array)
{
    mr__array *found = NULL;
    return mr__array_find(as("mr_array_data"), handle_of(array), &found) == MR_OK ? mr__array_data(found) : NULL;
}

size_t mr_array_length(const mr_array *array)
{
    mr__array *found = NULL;
    return mr__array_find(as("mr_array_length"), handle_of(array), &found) == MR_OK ? found->length : 0;
}

size_t mr_array_element_size(const mr_array *array)
{
    mr__array *found = NULL;
    mr_status status = mr__array_find(as("mr_array_element_size"), handle_of(array), &found);
    return status == MR_OK ? found->element_size : 0;
}

mr_status mr_array_get(const mr_array *array, size_t first, size_t count, void *out)
{
    return mr__array_read(as("mr_array_get"), handle_of(array), first, count, out);
}

mr_status mr_array_set(const mr_array *array, size_t first, size_t count, const void *in)
{
    return mr__array_write(as("mr_array_set"), handle_of(array), first, count, in);
}

mr_status mr_array_copy(mr_array *copy, const mr_array *array)
{
    return mr__array_copy(as("mr_array_copy"), copy == NULL ? NULL : &copy->mr__handle, handle_of(array));
}

mr_status mr_array_close(const mr_array *array)
{
    return mr__array_close(as("mr_array_close"), handle_of(array));
}
