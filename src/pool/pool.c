/* mr_pool: making and ending pools, and what can be asked of them. */
#include "pool/pool.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "pool/pool_far.h"
#include "pool/pool_threads.h"
#include "pool/worker_times.h"
#include "universe/universe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_RETRIES = 3 };

mr__pool_body *mr__pool_body_of(const mr__pool *pool)
{
    return mr__at(pool->body);
}

const void *mr__pool_args(const mr__pool *pool)
{
    return &mr__pool_body_of(pool)->workers[pool->size];
}

mr_status mr__pool_enter(const char *call, const mr_pool *handle, mr__pool **pool)
{
    mr__object *object = NULL;
    mr_status status = mr__object_given(call, MR__KIND_POOL, handle);
    if (status == MR_OK)
        status = mr__object_enter(call, handle->mr__handle, MR__KIND_POOL, &object);
    *pool = (mr__pool *)object;
    return status;
}

void mr__pool_ring(mr__pool *pool, uint64_t how_many)
{
    pool->bell++;
    if (pool->sleepers > 0)
        mr__futex_wake(&pool->bell, how_many < INT_MAX ? (int)how_many : INT_MAX);
}

void mr__pool_ring_keeper(const mr__pool *pool)
{
    if (pool->keeper != 0)
        mr__bell_ring(pool->keeper);
}

bool mr__pool_lets_go(const mr__pool *pool)
{
    return pool->state > MR__POOL_CLOSED || (pool->state == MR__POOL_CLOSED && pool->unfinished == 0);
}

/* ---- Making ---- */

static mr_status check_options(const mr_pool_options *options)
{
    const char *what =
        options->processes < 0                                               ? "less than 0 processes"
        : options->args_size > 0 && options->args == NULL                    ? "NULL instead of arguments"
        : options->max_tasks_per_child > PTRDIFF_MAX                         ? "less than 0 tasks a child"
        : options->max_retries < -1                                          ? "less than -1 retries"
        : !(options->task_timeout >= 0)                                      ? "a time-out of less than 0"
        : (unsigned)options->schedule > (unsigned)MR_SCHEDULE_EVEN           ? "no schedule"
        : options->host != NULL && options->schedule == MR_SCHEDULE_EVEN     ? "a host for MR_SCHEDULE_EVEN"
        : options->schedule == MR_SCHEDULE_EVEN && options->task_timeout > 0 ? "a time-out for MR_SCHEDULE_EVEN"
        : options->host != NULL && strlen(options->host) >= MR__HOST_SIZE    ? "too long a host name"
                                                                             : NULL;
    return what == NULL ? MR_OK : mr__fail(MR_EINVAL, "mr_pool_init was given %s", what);
}

/* What threads cannot have: they cannot be killed, and are where their process is. */
static mr_status check_threads(const mr_pool_options *options)
{
    const char *what = options->schedule == MR_SCHEDULE_EVEN ? "MR_SCHEDULE_EVEN"
                       : options->host != NULL               ? "a host"
                       : options->task_timeout > 0           ? "a task_timeout"
                       : options->max_tasks_per_child > 0    ? "max_tasks_per_child"
                       : options->max_memory_per_child > 0   ? "max_memory_per_child"
                       : options->max_retries > 0            ? "max_retries"
                       : options->reuse                      ? "reuse"
                                                             : NULL;
    return what == NULL
               ? MR_OK
               : mr__fail(MR_EINVAL, "mr_pool_init was given %s for a pool of threads, which is for processes",
                          what);
}

static mr_status make_body(const mr_pool_options *options, uint32_t size, mr__ref *ref)
{
    mr__pool_body body = {.max_tasks = (uint64_t)options->max_tasks_per_child,
                          .max_memory = options->max_memory_per_child,
                          .task_timeout = isfinite(options->task_timeout) ? options->task_timeout : 0,
                          .max_retries = options->max_retries == 0  ? DEFAULT_RETRIES
                                         : options->max_retries < 0 ? 0
                                                                    : (uint32_t)options->max_retries,
                          .has_initializer = options->initializer != NULL,
                          .shows_progress = options->progress,
                          .are_threads = options->threads,
                          .args_size = options->args_size};
    mr_status status = MR_OK;
    void *address;
    memcpy(&address, &options->initializer, sizeof address);
    if (address != NULL)
        status = mr__symbol_of(address, true, "the initializer", &body.initializer);
    uint64_t bytes = sizeof body + size * sizeof(mr__worker) + 64;
    if (status == MR_OK && __builtin_add_overflow(bytes, options->args_size, &bytes))
        status = mr__fail(MR_ENOMEM, "mr_pool_init: there is no memory for such arguments");
    if (status == MR_OK)
        status = mr__alloc(bytes, ref);
    if (status != MR_OK)
        return status;
    mr__ref block = *ref;
    *ref = (block + 63) / 64 * 64;
    body.block = block;
    mr__pool_body *made = mr__at(*ref);
    memcpy(made, &body, sizeof body);
    if (options->args_size > 0)
        memcpy(&made->workers[size], options->args, options->args_size);
    return MR_OK;
}

/* The object in the arena. Its creator is this process, even if it makes the pool for another. */
static mr_status make_object(const mr_pool_options *options, uint32_t size, mr_pool *handle)
{
    mr__ref body;
    mr__object *object;
    mr_status status = make_body(options, size, &body);
    if (status != MR_OK)
        return status;
    status = mr__object_new("mr_pool_init", MR__KIND_POOL, &object, &handle->mr__handle);
    if (status != MR_OK) {
        mr__free(((mr__pool_body *)mr__at(body))->block);
        return status;
    }
    mr__pool *pool = (mr__pool *)object;
    pool->creator = (uint32_t)mr__ctx.rank;
    pool->owner = mr__caller();
    pool->size = size;
    pool->body = body;
    mr__object_leave(object);
    return MR_OK;
}

static mr__own_pool *make_own(const mr_pool_options *options, uint32_t size)
{
    mr__own_pool *own = calloc(1, sizeof *own);
    mr_process *workers = options->threads ? NULL : calloc(size, sizeof *workers);
    mr__pool_thread *threads = options->threads ? mr__pool_threads_make(size) : NULL;
    if (own == NULL || (workers == NULL && threads == NULL)) {
        free(own);
        free(workers);
        free(threads);
        mr__fail(MR_ENOMEM, "there is no memory for a pool of %u workers", size);
        return NULL;
    }
    *own = (mr__own_pool){.size = size, .workers = workers, .threads = threads, .reuse = options->reuse};
    if (options->host != NULL)
        snprintf(own->host, sizeof own->host, "%s", options->host);
    return own;
}

void mr__own_pool_free(mr__own_pool *own)
{
    free(own->threads);
    free(own->workers);
    free(own);
}

mr_status mr_pool_init_with(mr_pool *pool, const mr_pool_options *options)
{
    mr_status status = mr__object_given("mr_pool_init", MR__KIND_POOL, pool);
    if (status == MR_OK && options == NULL)
        status = mr__fail(MR_EINVAL, "mr_pool_init_with was given NULL instead of options");
    if (status == MR_OK)
        status = check_options(options);
    if (status == MR_OK && options->schedule == MR_SCHEDULE_EVEN &&
        (mr__ctx.rank != 0 || mr__acts_for != MR__ITSELF))
        status =
            mr__fail(MR_ENOTCREATOR, "mr_pool_init: MR_SCHEDULE_EVEN is for the main process, which scatters");
    if (status == MR_OK && options->threads)
        status = check_threads(options);
    if (status == MR_OK && options->threads && mr__is_main_far())
        status = mr__fail(MR_ENOTSUP, "mr_pool_init: a pool of threads is for processes on main's host");
    if (status == MR_OK && mr__is_main_far())
        return mr__far_pool_init(pool, options);
    if (status == MR_OK)
        status = mr__arena_ready("mr_pool_init");
    if (status != MR_OK)
        return status;
    uint32_t size = (uint32_t)(options->processes > 0 ? options->processes
                               : options->threads     ? mr_cpu_count()
                                                      : mr_core_count());
    mr__own_pool *own = make_own(options, size);
    if (own == NULL)
        return mr_last_status();
    status = make_object(options, size, &own->handle);
    if (status != MR_OK) {
        mr__own_pool_free(own);
        return status;
    }
    mr_pool made = own->handle;
    if (options->schedule == MR_SCHEDULE_EVEN)
        status = mr__even_reserve(own);
    if (status == MR_OK)
        status = mr__keeper_add(own);
    else
        mr__keeper_refuse(own);
    if (status == MR_OK)
        *pool = made;
    return status;
}

mr_status mr_pool_init(mr_pool *pool, int processes)
{
    return mr_pool_init_with(pool, &(mr_pool_options){.processes = processes});
}

mr_status mr_pool_init_threads(mr_pool *pool, int threads)
{
    return mr_pool_init_with(pool, &(mr_pool_options){.processes = threads, .threads = true});
}

/* ---- Asking ---- */

static mr_status processes(mr__call *c)
{
    mr__pool *pool;
    mr_status status = mr__pool_enter(c->method->call, &(mr_pool){c->handles[0]}, &pool);
    if (status != MR_OK)
        return status;
    c->numbers[0] = pool->size;
    mr__object_leave(&pool->object);
    return MR_OK;
}
MR__METHOD(pool_processes, "mr_pool_processes", MR__KIND_POOL, processes);

int mr_pool_processes(const mr_pool *handle)
{
    return (int)mr__call_number(&pool_processes, MR__HANDLE(handle), -1);
}

int mr_pool_insights(const mr_pool *handle, mr_insight insights[], int capacity)
{
    mr__pool *pool;
    if (capacity < 0 || (capacity > 0 && insights == NULL)) {
        mr__fail(MR_EINVAL, "mr_pool_insights needs room for %d workers", capacity);
        return -1;
    }
    if (mr__is_far(handle))
        return mr__far_insights(handle, insights, capacity);
    if (mr__pool_enter("mr_pool_insights", handle, &pool) != MR_OK)
        return -1;
    int size = (int)pool->size;
    for (int i = 0; i < size && i < capacity; i++) {
        const mr__worker *worker = &mr__pool_body_of(pool)->workers[i];
        bool is_up = worker->state == MR__WORKER_READY;
        insights[i] = (mr_insight){.rank = is_up ? (int)worker->rank : -1,
                                   .pid = is_up ? (pid_t)worker->pid : -1,
                                   .started = worker->started,
                                   .tasks = worker->tasks};
        mr__times_read(worker, &insights[i].starting, &insights[i].waiting, &insights[i].working);
        memcpy(insights[i].host, worker->host, sizeof insights[i].host);
    }
    mr__object_leave(&pool->object);
    return size;
}

/* ---- Ending ---- */

static mr_status close_pool(mr__call *c)
{
    mr__pool *pool;
    mr_status status = mr__pool_enter(c->method->call, &(mr_pool){c->handles[0]}, &pool);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    if (pool->state == MR__POOL_RUNNING || pool->state == MR__POOL_BROKEN)
        pool->state = MR__POOL_CLOSED;
    mr__object_leave(&pool->object);
    mr__pool_ring(pool, UINT64_MAX);
    mr__pool_ring_keeper(pool);
    return MR_OK;
}
MR__METHOD(pool_close, "mr_pool_close", MR__KIND_POOL, close_pool);

mr_status mr_pool_close(const mr_pool *handle)
{
    return mr__call_on(&pool_close, MR__HANDLE(handle), 0);
}

static void terminate(mr__pool *pool)
{
    if (pool->state >= MR__POOL_TERMINATED && pool->state != MR__POOL_BROKEN)
        return;
    pool->state = MR__POOL_TERMINATED;
    mr__jobs_end(pool, MR__JOB_TERMINATED);
    mr__pool_ring(pool, UINT64_MAX);
    mr__pool_ring_keeper(pool);
}

static mr_status run_terminate(mr__call *c)
{
    mr__pool *pool;
    mr_status status = mr__pool_enter(c->method->call, &(mr_pool){c->handles[0]}, &pool);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    terminate(pool);
    mr__object_leave(&pool->object);
    return MR_OK;
}
MR__METHOD(pool_terminate, "mr_pool_terminate", MR__KIND_POOL, run_terminate);

mr_status mr_pool_terminate(const mr_pool *handle)
{
    return mr__call_on(&pool_terminate, MR__HANDLE(handle), 0);
}

static mr_status join(mr__call *c)
{
    const mr_pool of = {c->handles[0]}, *handle = &of;
    double timeout = c->seconds;
    mr__pool *pool;
    double deadline;
    mr_status status = mr__deadline("mr_pool_join", timeout, &deadline);
    if (status == MR_OK)
        status = mr__pool_enter("mr_pool_join", handle, &pool);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    bool is_own = mr__works_for(handle);
    if (is_own || pool->state == MR__POOL_RUNNING || pool->state == MR__POOL_BROKEN) {
        mr__object_leave(&pool->object);
        return mr__fail(MR_ESTATE, is_own
                                       ? "mr_pool_join: a task cannot wait for the end of its own pool"
                                       : "mr_pool_join: the pool is still running; close or terminate it first");
    }
    if (pool->state != MR__POOL_OVER) {
        status = mr__seat_wait(&pool->object, MR__POOL_JOIN, NULL, deadline); /* leaves it */
        if (status == MR_ETIMEDOUT)
            return mr__fail(MR_ETIMEDOUT, "mr_pool_join: the pool's workers have not ended within %g s",
                            timeout > 0 ? timeout : 0);
        if (status == MR_OK)
            status = mr__pool_enter("mr_pool_join", handle, &pool);
        if (status != MR_OK)
            return status == MR_ECLOSED ? MR_OK : status;
    }
    mr__object_close(&pool->object);
    return MR_OK;
}
MR__METHOD(pool_join, "mr_pool_join", MR__KIND_POOL, join);

mr_status mr_pool_join(const mr_pool *handle, double timeout)
{
    return mr__call_on(&pool_join, MR__HANDLE(handle), timeout);
}

void mr_pool_cleanup(const mr_pool *pool)
{
    if (pool != NULL && pool->mr__handle != 0 && mr_pool_terminate(pool) == MR_OK)
        mr_pool_join(pool, MR_FOREVER);
}

/* ---- The kind ---- */

static void repair_pool(mr__object *object)
{
    mr__jobs_repair((mr__pool *)object);
}

/* With the creator went who would end the workers. Those that are idle go by themselves. Main's hub, lock held. */
static void kill_busy(const mr__pool *pool)
{
    const mr__worker *workers = mr__pool_body_of(pool)->workers;
    mr__universe *universe = mr__ctx.universe;
    for (uint32_t i = 0; i < pool->size; i++)
        if (workers[i].job != 0 && workers[i].rank > 0 && (int)workers[i].rank < universe->rank_count)
            mr__universe_signal(universe, universe->ranks[workers[i].rank]->process, SIGKILL);
}

static void forget_pool(mr__object *object, uint32_t rank)
{
    mr__pool *pool = (mr__pool *)object;
    if (pool->body == 0)
        return;
    mr__worker *workers = mr__pool_body_of(pool)->workers;
    for (uint32_t i = 0; i < pool->size; i++)
        if (workers[i].rank == rank &&
            (workers[i].state == MR__WORKER_STARTING || workers[i].state == MR__WORKER_READY)) {
            workers[i].state = MR__WORKER_DEAD;
            mr__pool_ring_keeper(pool);
        }
    if (rank == pool->creator) {
        pool->is_orphan = true;
        if (!mr__pool_body_of(pool)->are_threads) /* which have ended with it */
            kill_busy(pool);
    }
    if (rank == pool->owner && rank != pool->creator)
        pool->is_ownerless = true;
    if (rank == pool->creator || rank == pool->owner)
        terminate(pool);
}

/* Nobody looks after it any more, and nobody is at work. */
static bool is_pool_over(const mr__object *object)
{
    const mr__pool *pool = (const mr__pool *)object;
    if (pool->body == 0)
        return true; /* its creator was killed while he made it */
    const mr__worker *workers = mr__pool_body_of(pool)->workers;
    for (uint32_t i = 0; i < pool->size; i++)
        if (workers[i].state == MR__WORKER_STARTING || workers[i].state == MR__WORKER_READY)
            return false;
    return pool->is_orphan;
}

static void discard_pool(mr__object *object)
{
    const mr__pool *pool = (const mr__pool *)object;
    if (pool->body == 0)
        return;
    mr__free(mr__pool_body_of(pool)->block);
}

const mr__kind mr__pool_kind = {.name = "pool",
                                .repair = repair_pool,
                                .forget = forget_pool,
                                .is_over = is_pool_over,
                                .discard = discard_pool,
                                .view = &mr__pool_view,
                                .lies_with_main = true};
