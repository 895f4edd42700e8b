/* What the rest of the library needs to know of pools. */
#ifndef MR_POOL_H
#define MR_POOL_H

#include "links.h"

/* A worker is ready for the gather. Lock held. */
void mr__pool_result(const mr__record *record);

/* Closes the pools that are left open. */
void mr__pools_close(void);

#endif
