/* What the calls that give a pool something to do have in common. */
#ifndef MR_POOL_MAP_H
#define MR_POOL_MAP_H

#include "pool/pool.h"

/* Checks what a call was given, and makes an order of it. */
mr_status mr__order_check(const char *call, const mr_pool *pool, const mr_tasks *tasks, mr__order *order);

/* The next input of a source, as a copy in memory from malloc. Any status but MR_OK is the source's own. */
mr_status mr__source_next(const char *call, const mr_tasks *tasks, mr_slice *record);

/* The sentence for that, where the source has left none. */
mr_status mr__source_fail(const char *call, mr_status status, uint64_t index);

void mr__slices_free(mr_slice *records, size_t count);

#endif
