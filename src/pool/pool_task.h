/* Running one task of a job, wherever its inputs lie, and what came of it. */
#ifndef MR_POOL_TASK_H
#define MR_POOL_TASK_H

#include "pool/pool.h"

/* The function of a job, found once and kept. */
typedef struct mr__function {
    mr__symbol symbol;
    bool is_star;
    mr_task task;
    mr_star_task star_task;
} mr__function;

void mr__function_find(mr__function *function, const mr__symbol *symbol, bool is_star);

typedef struct mr__task_end {
    mr_status status; /* of a task that failed */
    char *message;    /* from malloc; NULL: none */
    void *result;     /* from malloc; what mr_task_return was given */
    size_t size, capacity;
} mr__task_end;

/* Runs a task; gives its code, and what else it has said. inputs: as body->form says; base: what the data of its
 * pieces count from. */
int mr__task_run(const mr__function *function, const mr__job_body *body, const void *inputs, const char *base,
                 uint64_t index, void *out, mr__task_end *end);
void mr__task_end_free(mr__task_end *end);

/* ---- pool_worker.c ---- */

/* Puts a worker down in its pool. MR_ECLOSED: it is not needed any more. */
mr_status mr__worker_enlist(const mr__worker_args *args, const char *host, uint32_t rank, int64_t pid, bool is_far,
                            mr__pool **pool);

/* Looks for a chunk of another job, or waits for one, for a worker with so much memory of its own. NULL: it is to
 * leave, or a deputy's caller is dead. */
mr__job *mr__worker_next(mr__pool *pool, uint32_t number, uint64_t memory, uint64_t *chunk, uint64_t *offset);

/* Runs the initializer, and gives its code. *kept: its copy of the arguments, from malloc, which has to last as
 * long as the worker. */
int mr__worker_initialize(bool has_initializer, const mr__symbol *initializer, const void *args, size_t size,
                          void **kept);

/* Memory of this process's own, in bytes. */
uint64_t mr__own_memory(void);

/* ---- pool_far.c ---- */

int mr__work_far(const mr__worker_args *args);

#endif
