/* Making a barrier whose action is known by name. */
#ifndef MR_BARRIER_H
#define MR_BARRIER_H

#include "base/module.h"

mr_status mr__barrier_make(mr_barrier *handle, int parties, const mr__symbol *action, double timeout);

#endif
