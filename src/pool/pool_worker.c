/* What a worker of a pool does: claims chunks, runs their tasks, waits for more. On another host than main's it
 * has that done by far calls (pool_far.c). */
#include "pool/pool.h"

#include "base/context.h"
#include "base/status.h"
#include "far/deputy.h"
#include "object/seat.h"
#include "pool/pool_task.h"
#include "pool/worker_times.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPINS = 300 }; /* looks at the bell before a worker goes to sleep, some microseconds */

typedef struct worker {
    mr__pool *pool;
    mr__worker *place; /* in the arena */
    uint32_t number;
    mr__function function;
    mr__task_end end;  /* of the task that it is at, */
    mr__job *job;      /* which is of this job; NULL: it is at none */
    uint64_t chunk, t; /* and its number in that chunk, */
    uint64_t offset;   /* with which it has begun */
    void *args;        /* of the initializer, its own */
} worker;

static _Thread_local uint64_t my_pool; /* that the thread works for; 0: none */

bool mr__works_for(const mr_pool *pool)
{
    return my_pool != 0 && pool->mr__handle == my_pool;
}

/* ---- Running ---- */

static void report(const worker *me, mr__job_body *body, uint64_t index, int code, const mr__task_end *end)
{
    mr__object_reenter(&me->pool->object);
    mr_status status = mr__job_add_failure(body, index, end->status, code, (uint32_t)mr__ctx.rank, mr__ctx.host,
                                           end->message != NULL ? end->message : "");
    if (status != MR_OK)
        mr__job_add_failure(body, index, end->status, code, (uint32_t)mr__ctx.rank, mr__ctx.host, "");
    mr__object_leave(&me->pool->object);
}

/* The result of a task whose results have any size. */
static mr_status store(mr__piece *piece, const mr__task_end *end)
{
    mr__ref ref = 0;
    mr_status status = mr__alloc(end->size > 0 ? end->size : 1, &ref);
    if (status != MR_OK)
        return status;
    if (end->size > 0)
        memcpy(mr__at(ref), end->result, end->size);
    piece->size = end->size;
    piece->data = ref;
    return MR_OK;
}

static void run_task(worker *me, mr__job_body *body, uint64_t index)
{
    mr__task_end *end = &me->end;
    char *results = mr__at(body->results);
    void *out = body->has_any_size ? NULL : results + index * body->out_size;
    int code = mr__task_run(&me->function, body, mr__at(body->inputs), mr__at(0), index, out, end);
    if (code == 0 && body->has_any_size) {
        end->status = store((mr__piece *)mr__at(body->results) + index, end);
        code = end->status == MR_OK ? 0 : 1;
        if (code != 0 && end->message == NULL)
            end->message = strdup(mr_last_error());
    }
    if (code != 0)
        report(me, body, index, code, end);
    mr__task_end_free(end);
}

static void run_chunk(worker *me, mr__job *job, uint64_t chunk, uint64_t offset)
{
    mr__worker *place = me->place;
    mr__job_body *body = mr__job_body_of(job);
    uint64_t count = mr__job_chunk_count(body, chunk), first = chunk * body->chunk_size;
    bool has_limit = body->task_timeout > 0;
    mr__function_find(&me->function, &body->task, body->is_star);
    me->job = job;
    me->chunk = chunk;
    me->offset = offset;
    for (me->t = offset; me->t < count && job->state == MR__JOB_OPEN; me->t++) {
        if (has_limit)
            place->since = mr__now();
        run_task(me, body, first + me->t);
        atomic_store_explicit(&place->task, me->t + 1, memory_order_release);
    }
    me->job = NULL;
    if (has_limit)
        place->since = 0;
    mr__job_note(job, me->number, chunk, me->t);
    place->served += me->t - offset;
    atomic_store_explicit(&place->tasks, place->tasks + (me->t - offset), memory_order_relaxed);
}

/* ---- Coming and going ---- */

/* What is resident, without what it shares. */
uint64_t mr__own_memory(void)
{
    unsigned long long size = 0, resident = 0, shared = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    int found = fscanf(file, "%llu %llu %llu", &size, &resident, &shared);
    fclose(file);
    return found == 3 && resident > shared ? (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool is_used_up(const mr__pool_body *settings, const mr__worker *place, uint64_t memory)
{
    return (settings->max_tasks > 0 && place->served >= settings->max_tasks) ||
           (settings->max_memory > 0 && memory > settings->max_memory);
}

mr_status mr__worker_enlist(const mr__worker_args *args, const char *host, uint32_t rank, int64_t pid, bool is_far,
                            mr__pool **found)
{
    mr__pool *pool;
    mr_status status = mr__pool_enter("a pool's worker", &(mr_pool){args->pool}, &pool);
    if (status != MR_OK)
        return status;
    mr__worker *place = &mr__pool_body_of(pool)->workers[args->place < pool->size ? args->place : 0];
    if (args->place >= pool->size || place->state != MR__WORKER_STARTING ||
        (place->rank != 0 && place->rank != rank) || mr__pool_lets_go(pool)) {
        mr__object_leave(&pool->object);
        return mr__fail(MR_ECLOSED, "this worker is none of the pool's (any more)");
    }
    place->rank = rank;
    place->pid = (int32_t)pid;
    place->is_far = is_far;
    place->served = 0;
    snprintf(place->host, sizeof place->host, "%s", host);
    mr__object_leave(&pool->object);
    *found = pool;
    return status;
}

int mr__worker_initialize(bool has_initializer, const mr__symbol *initializer, const void *args, size_t size,
                          void **kept)
{
    mr_target run;
    void *address = has_initializer ? mr__symbol_find(initializer) : NULL;
    if (!has_initializer)
        return 0;
    if (address == NULL)
        return 1;
    void *own = malloc(size + 1);
    if (own == NULL)
        return 1;
    *kept = own;
    memcpy(&run, &address, sizeof run);
    if (size > 0)
        memcpy(own, args, size);
    int code = run(size > 0 ? own : NULL, size); /* which may keep what it was given */
    mr__end_fork(code);
    return code;
}

mr__job *mr__worker_next(mr__pool *pool, uint32_t number, uint64_t memory, uint64_t *chunk, uint64_t *offset)
{
    const mr__pool_body *settings = mr__pool_body_of(pool);
    while (!mr__caller_is_dead()) {
        mr__object_reenter(&pool->object);
        mr__job *job = NULL;
        bool leaves = is_used_up(settings, &settings->workers[number], memory) || mr__pool_lets_go(pool);
        if (!leaves)
            job = mr__job_next(pool, number, chunk, offset);
        if (leaves || (job == NULL && mr__pool_lets_go(pool))) { /* that was the last one */
            mr__job_leave(pool, number);
            mr__object_leave(&pool->object);
            return NULL;
        }
        uint32_t was = pool->bell;
        mr__object_leave(&pool->object);
        if (job != NULL)
            return job;
        for (int i = 0; i < SPINS && pool->bell == was; i++)
            mr__relax();
        pool->sleepers++;
        while (pool->bell == was && mr__futex_wait(&pool->bell, was, INFINITY))
            ;
        pool->sleepers--;
    }
    return NULL;
}

static void report_share(void *me, uint64_t index, int code, const mr__task_end *end)
{
    const worker *self = me;
    report(self, mr__job_body_of((const mr__job *)mr__slot_at(self->place->job)), index, code, end);
}

static mr_status finish_share(void *me, uint64_t count)
{
    mr__worker *place = ((worker *)me)->place;
    place->served += count;
    place->tasks += count;
    return MR_OK;
}

static void run_share(worker *me, mr__job *job)
{
    mr__even_side side = {.is_broken = &mr__pool_body_of(me->pool)->is_broken,
                          .report = report_share,
                          .finish = finish_share,
                          .argument = me};
    mr_status status = mr__even_share(mr__job_body_of(job), &side);
    if (status != MR_OK && !*side.is_broken)
        exit(1); /* the others wait for its share: they have to be told */
}

static void work(worker *me)
{
    const mr__pool_body *settings = mr__pool_body_of(me->pool);
    bool has_limits = settings->max_tasks > 0 || settings->max_memory > 0;
    uint64_t chunk, offset;
    mr__job *job = NULL;
    for (;;) {
        uint64_t memory = settings->max_memory > 0 ? mr__own_memory() : 0;
        bool may_go_on = job != NULL && (!has_limits || !is_used_up(settings, me->place, memory));
        if (!may_go_on || !mr__job_claim(job, me->place, me->number, &chunk, &offset)) {
            mr__times_note(me->place, false);
            job = mr__worker_next(me->pool, me->number, memory, &chunk, &offset);
            if (job == NULL)
                return;
            mr__times_note(me->place, true);
        }
        if (chunk != MR__EVEN_SHARE) {
            run_chunk(me, job, chunk, offset);
            continue;
        }
        run_share(me, job);
        job = NULL;
    }
}

/* All that a worker does. Gives the code of its initializer, if that has failed. */
static int serve(worker *me, const mr__worker_args *args)
{
    me->number = args->place;
    if (mr__worker_enlist(args, mr__ctx.host, (uint32_t)mr__ctx.rank, getpid(), false, &me->pool) != MR_OK)
        return 0;
    const mr__pool_body *settings = mr__pool_body_of(me->pool);
    me->place = &mr__pool_body_of(me->pool)->workers[args->place];
    int code = mr__worker_initialize(settings->has_initializer, &settings->initializer, mr__pool_args(me->pool),
                                     settings->args_size, &me->args);
    if (code != 0)
        return code;
    mr__times_note(me->place, false);
    me->place->has_been_ready = true;
    me->place->state = MR__WORKER_READY;
    my_pool = args->pool;
    work(me);
    my_pool = 0; /* the rank may serve somebody else next */
    return 0;
}

int mr__work_in_pool(const void *given, size_t size)
{
    const mr__worker_args *args = given;
    (void)size;
    worker me = {0};
    return mr__is_far(&args->pool) ? mr__work_far(args) : serve(&me, args);
}

/* ---- In a thread ---- */

/* A task has ended its thread: it has failed. What is left of its chunk goes back, untouched. */
static void give_up_task(worker *me)
{
    mr__job_body *body = mr__job_body_of(me->job);
    mr__task_end_free(&me->end);
    me->end = (mr__task_end){.status = MR_EDIED, .message = strdup("it has ended its thread (pthread_exit)")};
    report(me, body, me->chunk * body->chunk_size + me->t, 0, &me->end);
    mr__task_end_free(&me->end);
    mr__job_note(me->job, me->number, me->chunk, me->t + 1);
    me->place->chunk = 0;
    me->place->tasks += me->t + 1 - me->offset;
}

/* However a thread ends, the keeper hears of it, and joins it. Until then the pool is there. */
static void end_thread(void *given)
{
    worker *me = given;
    if (me->job != NULL)
        give_up_task(me);
    free(me->args);
    me->place->state = MR__WORKER_DEAD;
    mr__pool_ring_keeper(me->pool);
}

void mr__work_as_thread(const mr__worker_args *args)
{
    worker me = {.pool = (mr__pool *)mr__slot_of(args->pool)};
    me.place = &mr__pool_body_of(me.pool)->workers[args->place];
    pthread_cleanup_push(end_thread, &me);
    serve(&me, args);
    pthread_cleanup_pop(1);
}
