/* The calls that give a pool something to do: apply, map, starmap, and what they have in common. */
#include "pool/pool_map.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"

#include <stdlib.h>
#include <string.h>

/* ---- Checking ---- */

static mr_status check_inputs(const char *call, const mr_tasks *tasks)
{
    int forms =
        (tasks->in != NULL) + (tasks->records != NULL) + (tasks->columns != NULL) + (tasks->source != NULL);
    if (forms > 1)
        return mr__fail(MR_EINVAL, "%s was given inputs in more than one form", call);
    if (tasks->columns != NULL && tasks->star_task == NULL)
        return mr__fail(MR_EINVAL, "%s: columns are for a star_task", call);
    if (tasks->star_task != NULL && (tasks->columns == NULL || tasks->column_count == 0))
        return mr__fail(MR_EINVAL, "%s: a star_task needs columns", call);
    if (forms == 0 && tasks->count > 0 && tasks->in_size > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of inputs", call);
    for (size_t c = 0; c < tasks->column_count && tasks->columns != NULL; c++)
        if (tasks->columns[c].data == NULL && tasks->columns[c].size > 0 && tasks->count > 0)
            return mr__fail(MR_EINVAL, "%s was given NULL as column %zu", call, c);
    for (size_t i = 0; i < tasks->count && tasks->records != NULL; i++)
        if (tasks->records[i].data == NULL && tasks->records[i].size > 0)
            return mr__fail(MR_EINVAL, "%s was given NULL as input %zu", call, i);
    return MR_OK;
}

/* Finding a function's name takes longer than a small task. */
static mr_status name_task(const mr_tasks *tasks, mr__symbol *symbol)
{
    static _Thread_local struct {
        void *address;
        mr__symbol symbol;
    } known;
    void *address;
    if (tasks->star_task != NULL)
        memcpy(&address, &tasks->star_task, sizeof address);
    else
        memcpy(&address, &tasks->task, sizeof address);
    mr_status status = MR_OK;
    if (address != known.address)
        status = mr__symbol_of(address, true, "the task", &known.symbol);
    known.address = status == MR_OK ? address : NULL;
    *symbol = known.symbol;
    return status;
}

mr_status mr__order_check(const char *call, const mr_pool *pool, const mr_tasks *tasks, mr__order *order)
{
    mr_status status = mr__object_given(call, MR__KIND_POOL, pool);
    if (status != MR_OK)
        return status;
    if (tasks == NULL || (tasks->task == NULL) == (tasks->star_task == NULL))
        return mr__fail(MR_EINVAL, "%s was given %s", call,
                        tasks == NULL         ? "NULL instead of tasks"
                        : tasks->task == NULL ? "NULL as the task"
                                              : "both a task and a star_task");
    status = check_inputs(call, tasks);
    if (status == MR_OK && (isnan(tasks->task_timeout) || tasks->task_timeout < 0))
        status = mr__fail(MR_EINVAL, "%s was given a task_timeout of %g", call, tasks->task_timeout);
    *order = (mr__order){.call = call,
                         .tasks = tasks,
                         .records = tasks->records,
                         .count = tasks->count,
                         .is_star = tasks->star_task != NULL};
    return status == MR_OK ? name_task(tasks, &order->task) : status;
}

/* ---- Sources ---- */

void mr__slices_free(mr_slice *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)records[i].data);
    free(records);
}

mr_status mr__source_next(const char *call, const mr_tasks *tasks, mr_slice *record)
{
    mr_slice given = {0};
    mr_status status = tasks->source(tasks->source_state, &given);
    if (mr__is_forked())
        return mr__running(call);
    if (status != MR_OK)
        return status;
    if (given.data == NULL && given.size > 0)
        return mr__fail(MR_EINVAL, "%s: the source gave NULL as an input", call);
    void *own = malloc(given.size > 0 ? given.size : 1);
    if (own == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for an input of %zu bytes", call, given.size);
    if (given.size > 0)
        memcpy(own, given.data, given.size);
    *record = (mr_slice){own, given.size};
    return MR_OK;
}

mr_status mr__source_fail(const char *call, mr_status status, uint64_t index)
{
    if (mr_last_status() == status && status != MR_OK && mr_last_error()[0] != '\0')
        return status; /* the source has said what it is */
    return mr__fail(status, "%s: the source of the inputs failed at number %llu: %s", call,
                    (unsigned long long)index, mr_strerror(status));
}

/* All that a source has. */
static mr_status read_source(mr__order *order, mr_slice **records)
{
    size_t room = 0, count = 0;
    mr_status status = MR_OK;
    *records = NULL;
    mr__fail(MR_OK, "%s", ""); /* what is found there later is the source's */
    while (status == MR_OK) {
        if (count == room) {
            room = room == 0 ? 64 : 2 * room;
            mr_slice *grown = realloc(*records, room * sizeof *grown);
            if (grown == NULL) {
                status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu inputs", order->call, room);
                break;
            }
            *records = grown;
        }
        status = mr__source_next(order->call, order->tasks, &(*records)[count]);
        count += status == MR_OK;
    }
    order->records = *records;
    order->count = count;
    if (status == MR_EEOF)
        return MR_OK;
    mr__source_fail(order->call, status, count);
    mr__slices_free(*records, count);
    *records = NULL;
    return status;
}

/* ---- Submitting ---- */

static mr_status submit(mr__order *order, const mr_pool *pool, mr_future *future)
{
    const mr_tasks *tasks = order->tasks;
    bool has_callbacks = tasks->callback != NULL || tasks->error_callback != NULL || future == NULL;
    mr_slice *records = NULL;
    uint32_t watcher = 0;
    uint64_t job;
    mr_status status = MR_OK;
    if (has_callbacks && mr__is_far(pool))
        status = mr__fail(MR_ENOTSUP, "%s: nobody calls callbacks, or drops results, on other hosts than main's",
                          order->call);
    else if (has_callbacks)
        status = mr__keeper_seat(&watcher);
    if (status == MR_OK && tasks->source != NULL)
        status = read_source(order, &records);
    if (status != MR_OK)
        return status;
    status = mr__job_submit(pool, order, watcher, &job);
    if (records != NULL)
        mr__slices_free(records, order->count);
    if (status == MR_OK && has_callbacks)
        status = mr__keeper_watch(job, tasks, future == NULL);
    if (status == MR_OK && future != NULL)
        future->mr__handle = job;
    return status;
}

mr_status mr_pool_map_async(const mr_pool *pool, const mr_tasks *tasks, mr_future *future)
{
    mr__order order;
    mr_status status = mr__order_check("mr_pool_map_async", pool, tasks, &order);
    return status == MR_OK ? submit(&order, pool, future) : status;
}

mr_status mr_pool_starmap_async(const mr_pool *pool, const mr_tasks *tasks, mr_future *future)
{
    mr__order order;
    mr_status status = mr__order_check("mr_pool_starmap_async", pool, tasks, &order);
    if (status == MR_OK && tasks->star_task == NULL)
        status = mr__fail(MR_EINVAL, "mr_pool_starmap_async needs a star_task");
    return status == MR_OK ? submit(&order, pool, future) : status;
}

mr_status mr_pool_apply_async(const mr_pool *pool, mr_task task, const void *in, size_t in_size, size_t out_size,
                              mr_future *future)
{
    mr_tasks tasks = {.task = task, .in = in, .in_size = in_size, .out_size = out_size, .count = 1};
    mr__order order;
    mr_status status = mr__order_check("mr_pool_apply_async", pool, &tasks, &order);
    return status == MR_OK ? submit(&order, pool, future) : status;
}

/* Submits, waits, copies and closes. */
static mr_status run(const char *call, const mr_pool *pool, const mr_tasks *tasks, void *out)
{
    mr__order order;
    uint64_t job, bytes = 0;
    mr_status status = mr__order_check(call, pool, tasks, &order);
    if (status == MR_OK && (tasks->callback != NULL || tasks->error_callback != NULL))
        status = mr__fail(MR_EINVAL, "%s waits until all is done: callbacks are for mr_pool_map_async", call);
    if (status == MR_OK && tasks->source != NULL)
        status =
            mr__fail(MR_EINVAL,
                     "%s cannot know how much room the results of a source need: give it to mr_pool_map_async "
                     "or mr_pool_imap",
                     call);
    if (status == MR_OK && tasks->count > 0 && tasks->out_size > 0 && out == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of room for the results", call);
    if (status == MR_OK && tasks->out_size == MR_ANY_SIZE)
        status = mr__fail(MR_EINVAL, "%s: results of MR_ANY_SIZE are for mr_pool_map_async", call);
    if (status == MR_OK && __builtin_mul_overflow(tasks->count, tasks->out_size, &bytes))
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for such results", call);
    if (status == MR_OK && mr__even_map(pool, &order, out, &status))
        return status;
    if (status == MR_OK)
        status = mr__job_submit(pool, &order, 0, &job);
    if (status != MR_OK)
        return status;
    status = mr__job_get(call, job, out, (size_t)bytes, MR_FOREVER);
    mr__job_release(job);
    return status;
}

mr_status mr_pool_map_with(const mr_pool *pool, const mr_tasks *tasks, void *out)
{
    return run("mr_pool_map_with", pool, tasks, out);
}

mr_status mr_pool_apply(const mr_pool *pool, mr_task task, const void *in, size_t in_size, void *out,
                        size_t out_size)
{
    mr_tasks tasks = {.task = task, .in = in, .in_size = in_size, .out_size = out_size, .count = 1};
    return run("mr_pool_apply", pool, &tasks, out);
}

mr_status mr_pool_map(const mr_pool *pool, mr_task task, const void *in, size_t in_size, void *out,
                      size_t out_size, size_t count)
{
    mr_tasks tasks = {.task = task, .in = in, .in_size = in_size, .out_size = out_size, .count = count};
    return run("mr_pool_map", pool, &tasks, out);
}

mr_status mr_pool_starmap(const mr_pool *pool, mr_star_task task, const mr_slice columns[], size_t column_count,
                          void *out, size_t out_size, size_t count)
{
    mr_tasks tasks = {
        .star_task = task, .columns = columns, .column_count = column_count, .out_size = out_size, .count = count};
    return run("mr_pool_starmap", pool, &tasks, out);
}
