/* Pools over hosts: what travels between a worker, or somebody who uses a pool, and its home. Each
 * struct is one piece of a packet. */
#ifndef MR_POOL_FAR_H
#define MR_POOL_FAR_H

#include "far/far.h"
#include "far/packet.h"
#include "pool/pool_task.h"

/* To a worker that comes up: its initializer; the arguments follow. */
typedef struct mr__far_welcome {
    uint32_t has_initializer;
    mr__symbol initializer;
    uint64_t args_size;
} mr__far_welcome;

/* To a worker: tasks of one job. Ranges follow, then the inputs of each: an array; or an mr__piece for each
 * record, or for each column, and then those. Their data are where in the packet they begin. */
typedef struct mr__far_batch {
    uint64_t job;
    mr__symbol task;
    uint32_t form, is_star, has_any_size, ranges;
    uint64_t in_size, out_size, column_count, first;
    uint64_t even_count; /* not 0: no ranges, but the worker's share of so many tasks */
} mr__far_batch;

/* Tasks of one chunk. */
typedef struct mr__far_range {
    uint64_t chunk, offset, count; /* offset: of the first in the chunk */
    uint64_t index;                /* of the first in the job */
} mr__far_range;

/* From a worker: what came of a batch. The same ranges follow; then results, an array for each range, or an
 * mr__piece with a size and its bytes for each task; then failures. */
typedef struct mr__far_results {
    uint64_t job;
    uint32_t ranges, failures;
} mr__far_results;

typedef struct mr__far_failure {
    uint64_t index;
    int32_t code, status, rank; /* rank and host count on the way to users only */
    char host[65];
    uint64_t length; /* of the message that follows, with its end */
} mr__far_failure;

/* From a user: the options of a pool; the arguments follow. */
typedef struct mr__far_options {
    mr_pool_options options; /* what its pointers point to does not travel with it */
    uint32_t has_initializer;
    mr__symbol initializer;
    char host[65];
} mr__far_options;

/* From a user: a job; the inputs follow, as of a batch. */
typedef struct mr__far_order {
    mr__symbol task;
    uint32_t form, is_star, is_hold, continues;
    uint64_t count, first, in_size, out_size, column_count, chunk_size;
    double task_timeout;
} mr__far_order;

/* Puts the inputs of some tasks into a packet: count of them from the index on. base: what the pieces' data count
 * from.
 */
void mr__inputs_put(mr__packet *packet, mr__input_form form, const void *inputs, const char *base, uint64_t index,
                    uint64_t count, uint64_t in_size, uint64_t column_count);

/* Takes them out again; NULL: the packet is not right. */
const void *mr__inputs_take(mr__unpacking *from, mr__input_form form, uint64_t count, uint64_t in_size,
                            uint64_t column_count);

/* What workers and users elsewhere ask for (pool_home.c). The failures are those of the call before. */
extern const mr__method mr__pool_enlist, mr__pool_note_ready, mr__pool_fetch, mr__pool_report;
extern const mr__method mr__pool_init_here, mr__pool_submit, mr__pool_tell_insights;
extern const mr__method mr__future_get, mr__future_result, mr__future_failures;

/* The calls of users on other hosts. */
mr_status mr__far_pool_init(mr_pool *pool, const mr_pool_options *options);
mr_status mr__far_submit(const mr_pool *pool, const mr__order *order, uint64_t *future);
int mr__far_insights(const mr_pool *pool, mr_insight insights[], int capacity);
mr_status mr__far_get(uint64_t handle, void *out, size_t capacity, double timeout);
mr_status mr__far_result(uint64_t handle, size_t index, void *out, size_t capacity, size_t *size, double timeout);

#endif
