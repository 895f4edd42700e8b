/* The kinds of shared objects, by number. */
#include "object.h"

const mr__kind *const mr__kinds[MR__KINDS] = {
    [MR__KIND_NONE] = NULL,
};
