/* Values: arrays of one element. */
#include "data/array.h"

MR__METHOD(value_make, "mr_value_init", MR__KIND_VALUE, mr__array_run_make);

mr_status mr_value_init(mr_value *value, size_t size, const void *initial)
{
    return mr__array_make(&value_make, MR__HANDLE(value), size, 1, initial);
}

MR__METHOD(value_make_raw, "mr_value_init_raw", MR__KIND_VALUE, mr__array_run_make_raw);

mr_status mr_value_init_raw(mr_value *value, size_t size, const void *initial)
{
    return mr__array_make(&value_make_raw, MR__HANDLE(value), size, 1, initial);
}

void *mr_value_data(const mr_value *value)
{
    return mr__array_pointer("mr_value_data", MR__KIND_VALUE, MR__HANDLE(value), "mr_value_get and mr_value_set");
}

MR__METHOD(value_get, "mr_value_get", MR__KIND_VALUE, mr__array_run_read);

mr_status mr_value_get(const mr_value *value, void *out)
{
    return mr__array_read(&value_get, MR__HANDLE(value), 0, 1, out);
}

MR__METHOD(value_shape, "mr_value_set", MR__KIND_VALUE, mr__array_run_shape);
MR__METHOD(value_set, "mr_value_set", MR__KIND_VALUE, mr__array_run_write);

mr_status mr_value_set(const mr_value *value, const void *in)
{
    return mr__array_write(&value_set, &value_shape, MR__HANDLE(value), 0, 1, in);
}

MR__METHOD(value_synchronize, "mr_value_synchronize", MR__KIND_VALUE, mr__array_run_synchronize);

mr_status mr_value_synchronize(const mr_value *value, const mr_lock *lock)
{
    return mr__array_synchronize(&value_synchronize, MR__HANDLE(value), lock);
}

MR__METHOD(value_get_lock, "mr_value_get_lock", MR__KIND_VALUE, mr__array_run_lock);

mr_status mr_value_get_lock(const mr_value *value, mr_lock *lock)
{
    return mr__array_lock(&value_get_lock, MR__HANDLE(value), lock);
}

MR__METHOD(value_copy, "mr_value_copy", MR__KIND_VALUE, mr__array_run_copy);

mr_status mr_value_copy(mr_value *copy, const mr_value *value)
{
    return mr__array_copy(&value_copy, MR__HANDLE(copy), MR__HANDLE(value));
}

MR__METHOD(value_end, "mr_value_destroy", MR__KIND_VALUE, mr__array_run_close);

mr_status mr_value_destroy(const mr_value *value)
{
    return mr__call_on(&value_end, MR__HANDLE(value), 0);
}
