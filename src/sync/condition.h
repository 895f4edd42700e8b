/* For what is waited for by steps. */
#ifndef MR_CONDITION_H
#define MR_CONDITION_H

#include "multirank.h"

/* MR_OK if the calling thread holds the condition's lock. */
mr_status mr__condition_check(const char *call, const mr_condition *handle);

#endif
