/* Pool, first form: workers of one batch, and one function over equal chunks by scatter and gather. */
#include "pool.h"

#include "context.h"
#include "module.h"
#include "rank.h"
#include "status.h"
#include "universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_GROUP = 77 };

typedef struct mr__pool {
    struct mr__pool *next;
    uint64_t handle;
    int size;
    mr_process *workers;
    MPI_Comm comm; /* main, then the workers in order */
    bool is_broken, is_mapping;
    /* of the map that runs */
    int results;
    int64_t failed_index;
    int failed_code;
} mr__pool;

/* What a worker is started with. */
struct worker_args {
    int size;
    int ranks[]; /* main, then the workers, in the batch's communicator */
};

/* What travels in the text of an MR__TASK record. */
struct task {
    mr__symbol function;
    uint64_t in_size, out_size;
};

/* ---- Both sides ---- */

static mr_status make_comm(MPI_Comm batch, const int *ranks, int size, MPI_Comm *comm)
{
    MPI_Group all, group;
    MPI_Comm_group(batch, &all);
    MPI_Group_incl(all, size, ranks, &group);
    int error = MPI_Comm_create_group(batch, group, TAG_GROUP, comm);
    MPI_Group_free(&group);
    MPI_Group_free(&all);
    if (error != MPI_SUCCESS)
        return mr__fail_mpi(error, "making the pool's communicator");
    MPI_Comm_set_errhandler(*comm, MPI_ERRORS_RETURN);
    return MR_OK;
}

/* An element as an MPI datatype, so that counts and displacements are in elements. Sizes are checked by
 * mr_pool_map. */
static MPI_Datatype make_type(uint64_t size)
{
    MPI_Datatype type;
    MPI_Type_contiguous((int)size, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    return type;
}

/* ---- A worker ---- */

static mr_status run_chunk(MPI_Comm comm, const mr__record *work)
{
    struct task task;
    memcpy(&task, work->text, sizeof task);
    size_t count = (size_t)work->a;
    MPI_Datatype in_type = make_type(task.in_size), out_type = make_type(task.out_size);
    char *in = malloc(count * task.in_size + 1), *out = calloc(count + 1, task.out_size + 1);
    void *address = mr__symbol_find(&task.function);
    mr_status status = in == NULL || out == NULL ? mr__fail(MR_ENOMEM, "there is no memory for a chunk")
                       : address == NULL         ? mr__fail(MR_EBUILD, "the task is in a library not loaded here")
                                                 : MR_OK;
    if (status != MR_OK)
        goto end;
    mr_task function;
    memcpy(&function, &address, sizeof function);
    MPI_Request request;
    MPI_Iscatterv(NULL, NULL, NULL, in_type, in, (int)count, in_type, 0, comm, &request);
    status = mr__wire_wait(&request, "the scatter of a pool", NULL, NULL);
    mr__record result = {.type = MR__RESULT, .rank = mr__ctx.rank, .process = work->process, .a = -1};
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        int code = function(in + i * task.in_size, out + i * task.out_size);
        if (code != 0 && result.a < 0) {
            result.a = work->b + (int64_t)i;
            result.b = code;
        }
    }
    if (status == MR_OK)
        status = mr__link_send(mr__ctx.self->link, &result, NULL, 0);
    if (status == MR_OK && task.out_size > 0) {
        MPI_Igatherv(out, (int)count, out_type, NULL, NULL, NULL, out_type, 0, comm, &request);
        status = mr__wire_wait(&request, "the gather of a pool", NULL, NULL);
    }
end:
    free(out);
    free(in);
    MPI_Type_free(&out_type);
    MPI_Type_free(&in_type);
    return status;
}

static int work_in_pool(const void *args, size_t size)
{
    (void)size;
    const struct worker_args *workers = args;
    MPI_Comm comm;
    if (make_comm(mr__ctx.self->comm, workers->ranks, workers->size, &comm) != MR_OK)
        return 1;
    for (;;) {
        mr__record work = mr__rank_next_work();
        if (run_chunk(comm, &work) != MR_OK) {
            fprintf(stderr, "multirank: a pool worker (rank %d on %s) ends: %s\n", mr__ctx.rank, mr__ctx.host,
                    mr_last_error());
            return 1;
        }
    }
}

/* ---- Main: making and closing ---- */

static mr_status find(const char *call, const mr_pool *object, mr__pool **pool)
{
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    if (object == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of a pool", call);
    mr__lock();
    for (*pool = mr__ctx.pools; *pool != NULL && (*pool)->handle != object->mr__handle;)
        *pool = (*pool)->next;
    mr__unlock();
    if (*pool != NULL)
        return MR_OK;
    return object->mr__handle == 0 || object->mr__handle > mr__ctx.last_pool
               ? mr__fail(MR_EINVAL, "%s was given a pool that was never made; call mr_pool_init first", call)
               : mr__fail(MR_ECLOSED, "%s was called on a pool that has been closed", call);
}

static mr_status start_workers(mr__pool *pool, const mr__batch *batch, const int *numbers)
{
    size_t args_size = sizeof(struct worker_args) + (size_t)(pool->size + 1) * sizeof(int);
    struct worker_args *args = calloc(1, args_size);
    if (args == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for a pool of %d workers", pool->size);
    args->size = pool->size + 1;
    for (int i = 0; i < pool->size; i++)
        args->ranks[i + 1] = numbers[i] - batch->first + 1;
    mr_status status = MR_OK;
    for (int i = 0; i < pool->size && status == MR_OK; i++) {
        status = mr_process_init(&pool->workers[i], work_in_pool, args, args_size);
        if (status == MR_OK)
            status = mr__process_reserve(&pool->workers[i], pool->handle);
    }
    for (int i = 0; i < pool->size && status == MR_OK; i++)
        status = mr_process_start(&pool->workers[i]);
    if (status == MR_OK)
        status = make_comm(batch->comm, args->ranks, args->size, &pool->comm);
    free(args);
    return status;
}

static void end_workers(mr__pool *pool)
{
    for (int i = 0; i < pool->size; i++)
        if (pool->workers[i].mr__handle != 0 && mr_process_rank(&pool->workers[i]) >= 0)
            mr_process_kill(&pool->workers[i]);
    for (int i = 0; i < pool->size; i++) {
        if (pool->workers[i].mr__handle == 0)
            continue;
        if (mr_process_rank(&pool->workers[i]) >= 0)
            mr_process_join(&pool->workers[i], MR_FOREVER);
        mr_process_close(&pool->workers[i]);
    }
    /* What the survivors of a death have sent is still on its way, and would be taken for messages of the next
     * communicator, which gets the number that a freed one had. */
    if (pool->comm != MPI_COMM_NULL && !pool->is_broken)
        MPI_Comm_free(&pool->comm);
}

static void unlink_pool(mr__pool *pool)
{
    mr__lock();
    mr__pool **link = &mr__ctx.pools;
    while (*link != pool)
        link = &(*link)->next;
    *link = pool->next;
    mr__unlock();
}

mr_status mr_pool_init(mr_pool *object, int processes)
{
    mr_status status = mr__running("mr_pool_init");
    if (status != MR_OK)
        return status;
    if (mr__ctx.rank != 0)
        return mr__fail(MR_ENOTCREATOR, "mr_pool_init is for the main process; this is rank %d", mr__ctx.rank);
    int size = processes == 0 ? mr_core_count() : processes;
    if (object == NULL || size < 0)
        return mr__fail(MR_EINVAL, "mr_pool_init was given %s", object == NULL ? "NULL" : "less than 0 processes");
    mr__pool *pool = calloc(1, sizeof *pool);
    mr_process *workers = calloc((size_t)size, sizeof *workers);
    int *numbers = calloc((size_t)size, sizeof *numbers);
    if (pool == NULL || workers == NULL || numbers == NULL) {
        status = mr__fail(MR_ENOMEM, "there is no memory for a pool of %d workers", size);
        goto fail_memory;
    }
    *pool = (mr__pool){.size = size, .workers = workers, .comm = MPI_COMM_NULL};
    mr__lock();
    pool->handle = ++mr__ctx.last_pool;
    pool->next = mr__ctx.pools;
    mr__ctx.pools = pool;
    mr__unlock();
    const mr__batch *batch;
    status = mr__universe_reserve(size, pool->handle, numbers, &batch);
    if (status == MR_OK)
        status = start_workers(pool, batch, numbers);
    if (status != MR_OK)
        goto fail_workers;
    free(numbers);
    object->mr__handle = pool->handle;
    return MR_OK;
fail_workers:
    end_workers(pool);
    mr__universe_unreserve(pool->handle);
    unlink_pool(pool);
fail_memory:
    free(numbers);
    free(workers);
    free(pool);
    return status;
}

int mr_pool_processes(const mr_pool *object)
{
    mr__pool *pool;
    return find("mr_pool_processes", object, &pool) == MR_OK ? pool->size : -1;
}

mr_status mr_pool_close(mr_pool *object)
{
    mr__pool *pool;
    mr_status status = find("mr_pool_close", object, &pool);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status != MR_OK)
        return status;
    end_workers(pool);
    unlink_pool(pool);
    free(pool->workers);
    free(pool);
    return MR_OK;
}

void mr__pools_close(void)
{
    while (mr__ctx.pools != NULL)
        mr_pool_close(&(mr_pool){.mr__handle = mr__ctx.pools->handle});
}

/* ---- Main: mapping ---- */

void mr__pool_result(const mr__record *record)
{
    for (mr__pool *pool = mr__ctx.pools; pool != NULL; pool = pool->next) {
        if (pool->handle != record->process)
            continue;
        pool->results++;
        if (record->a >= 0 && (pool->failed_index < 0 || record->a < pool->failed_index)) {
            pool->failed_index = record->a;
            pool->failed_code = (int)record->b;
        }
    }
    mr__changed();
}

static bool is_worker_gone(const void *argument)
{
    const mr__pool *pool = argument;
    for (int i = 0; i < pool->size; i++)
        if (!mr_process_is_alive(&pool->workers[i]))
            return true;
    return false;
}

static mr_status fail_died(mr__pool *pool)
{
    pool->is_broken = true;
    for (int i = 0; i < pool->size; i++)
        if (!mr_process_is_alive(&pool->workers[i]))
            return mr__fail(MR_EDIED,
                            "a worker of the pool died (rank %d, process %ld on %s, exit code %d); close the "
                            "pool and make another",
                            mr_process_rank(&pool->workers[i]), (long)mr_process_pid(&pool->workers[i]),
                            mr_process_host(&pool->workers[i]), mr_process_exitcode(&pool->workers[i]));
    return mr_last_status();
}

/* Tells every worker its share, and how to split: the first count % size workers get one more. counts and offsets
 * have an entry for main too, which takes no part. */
static void send_tasks(mr__pool *pool, const struct task *task, size_t count, int *counts, int *offsets)
{
    mr__universe *universe = mr__ctx.universe;
    size_t share = count / (size_t)pool->size, rest = count % (size_t)pool->size, offset = 0;
    counts[0] = offsets[0] = 0;
    for (int i = 0; i < pool->size; i++) {
        size_t mine = share + ((size_t)i < rest);
        counts[i + 1] = (int)mine;
        offsets[i + 1] = (int)offset;
        mr__record record = {.type = MR__TASK, .process = pool->handle, .a = (int64_t)mine, .b = (int64_t)offset};
        memcpy(record.text, task, sizeof *task);
        int number = mr_process_rank(&pool->workers[i]);
        mr__lock();
        mr__universe_tell(universe->ranks[number], &record);
        mr__unlock();
        offset += mine;
    }
}

/* true: all workers have run their share; false: one of them died. */
static bool wait_for_results(mr__pool *pool)
{
    for (;;) {
        if (is_worker_gone(pool))
            return false;
        mr__lock();
        bool complete = pool->results == pool->size;
        if (!complete)
            mr__wait(INFINITY);
        mr__unlock();
        if (complete)
            return true;
    }
}

static mr_status map(mr__pool *pool, const struct task *task, const void *in, void *out, size_t count, int *counts,
                     int *offsets)
{
    MPI_Datatype in_type = make_type(task->in_size), out_type = make_type(task->out_size);
    MPI_Request request;
    pool->results = 0;
    pool->failed_index = -1;
    send_tasks(pool, task, count, counts, offsets);
    MPI_Iscatterv(in, counts, offsets, in_type, NULL, 0, in_type, 0, pool->comm, &request);
    mr_status status = mr__wire_wait(&request, "the scatter of a pool", is_worker_gone, pool);
    if (status == MR_OK && !wait_for_results(pool))
        status = MR_EDIED;
    if (status == MR_OK && task->out_size > 0) {
        MPI_Igatherv(NULL, 0, out_type, out, counts, offsets, out_type, 0, pool->comm, &request);
        status = mr__wire_wait(&request, "the gather of a pool", is_worker_gone, pool);
    }
    MPI_Type_free(&out_type);
    MPI_Type_free(&in_type);
    if (status == MR_EDIED)
        return fail_died(pool);
    if (status == MR_OK && pool->failed_index >= 0)
        return mr__fail(MR_ETASK, "the task for input %lld failed with code %d", (long long)pool->failed_index,
                        pool->failed_code);
    return status;
}

mr_status mr_pool_map(mr_pool *object, mr_task task, const void *in, size_t in_size, void *out, size_t out_size,
                      size_t count)
{
    mr__pool *pool;
    struct task what = {.in_size = in_size, .out_size = out_size};
    mr_status status = find("mr_pool_map", object, &pool);
    if (status != MR_OK)
        return status;
    if (task == NULL || (count > 0 && ((in == NULL && in_size > 0) || (out == NULL && out_size > 0))))
        return mr__fail(MR_EINVAL, "mr_pool_map was given NULL as %s", task == NULL ? "the task" : "an array");
    if (in_size > INT_MAX || out_size > INT_MAX || count > INT_MAX)
        return mr__fail(MR_ELIMIT, "mr_pool_map: elements and their number are limited to 2^31-1 (bytes)");
    void *address;
    memcpy(&address, &task, sizeof address);
    status = mr__symbol_of(address, true, "the task", &what.function);
    if (status != MR_OK || count == 0)
        return status;
    if (pool->is_broken)
        return fail_died(pool);
    int *counts = calloc(2 * ((size_t)pool->size + 1), sizeof *counts);
    if (counts == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory to split %zu inputs", count);
    mr__lock();
    bool busy = pool->is_mapping;
    pool->is_mapping = true;
    mr__unlock();
    if (busy)
        status = mr__fail(MR_ESTATE, "mr_pool_map: another thread is mapping over this pool");
    else
        status = map(pool, &what, in, out, count, counts, counts + pool->size + 1);
    pool->is_mapping = busy;
    free(counts);
    return status;
}
