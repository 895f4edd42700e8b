/* Values: arrays of one element. */
#include "base/status.h"
#include "data/array.h"
#include "far/far.h"

static mr__array_call as(const char *name)
{
    return (mr__array_call){name, MR__KIND_VALUE};
}

/* The handle in it; NULL for NULL. */
static const uint64_t *handle_of(const mr_value *value)
{
    return value == NULL ? NULL : &value->mr__handle;
}

mr_status mr_value_init(mr_value *value, size_t size, const void *initial)
{
    return mr__array_make(as("mr_value_init"), size, 1, initial, false, value == NULL ? NULL : &value->mr__handle);
}

mr_status mr_value_init_raw(mr_value *value, size_t size, const void *initial)
{
    return mr__array_make(as("mr_value_init_raw"), size, 1, initial, true,
                          value == NULL ? NULL : &value->mr__handle);
}

void *mr_value_data(const mr_value *value)
{
    mr__array *found = NULL;
    if (mr__is_far(value))
        return mr__fail_far("mr_value_data", "mr_value_get and mr_value_set"), NULL;
    return mr__array_find(as("mr_value_data"), handle_of(value), &found) == MR_OK ? mr__array_data(found) : NULL;
}

mr_status mr_value_get(const mr_value *value, void *out)
{
    return mr__array_read(as("mr_value_get"), handle_of(value), 0, 1, out);
}

mr_status mr_value_set(const mr_value *value, const void *in)
{
    return mr__array_write(as("mr_value_set"), handle_of(value), 0, 1, in);
}

mr_status mr_value_synchronize(const mr_value *value, const mr_lock *lock)
{
    return mr__array_synchronize(as("mr_value_synchronize"), handle_of(value), lock);
}

mr_status mr_value_get_lock(const mr_value *value, mr_lock *lock)
{
    return mr__array_lock(as("mr_value_get_lock"), handle_of(value), lock);
}

mr_status mr_value_copy(mr_value *copy, const mr_value *value)
{
    return mr__array_copy(as("mr_value_copy"), copy == NULL ? NULL : &copy->mr__handle, handle_of(value));
}

mr_status mr_value_destroy(const mr_value *value)
{
    return mr__array_close(as("mr_value_destroy"), handle_of(value));
}
