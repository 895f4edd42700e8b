#include "far/method.h"

extern const mr__method *const __start_mr_methods[], *const __stop_mr_methods[];

static int32_t count(void)
{
    return (int32_t)(__stop_mr_methods - __start_mr_methods);
}

int32_t mr__method_number(const mr__method *method)
{
    int32_t number = 0;
    while (number < count() && __start_mr_methods[number] != method)
        number++;
    return number;
}

const mr__method *mr__method_at(int32_t number)
{
    return number >= 0 && number < count() ? __start_mr_methods[number] : NULL;
}
