/* The even schedule of pools: everybody gets an equal share of a map, by MPI_Scatterv, and MPI_Gatherv brings the
 * results back. The first workers of such a pool are all the ranks of one batch, so the batch's communicator
 * serves. All is nonblocking, so that the death of a worker is noticed; the map is then done in chunks, and so are
 * all after it. */
#include "base/context.h"
#include "base/status.h"
#include "pool/pool_task.h"
#include "process/process.h"
#include "universe/self.h"
#include "universe/universe.h"

#include <stdlib.h>
#include <string.h>

/* What main has of such a pool. Lock held. */
typedef struct mr__even {
    struct mr__even *next;
    uint64_t pool;
    bool is_broken;
    bool is_busy;  /* a map is under way */
    MPI_Comm comm; /* main is 0 in it, and takes no part in the work */
    int size;      /* workers */
} mr__even;

/* ---- Both sides ---- */

/* Errors of nonblocking collectives go to this communicator's handler, whatever they are on. */
static void bear_errors(void)
{
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

/* The first count % size workers get one more. */
static int share_of(uint64_t count, int size, int worker, int *offset)
{
    uint64_t each = count / (uint64_t)size, rest = count % (uint64_t)size, before = (uint64_t)worker;
    *offset = (int)(each * before + (before < rest ? before : rest));
    return (int)(each + (before < rest));
}

/* An element as an MPI datatype, so that counts and displacements are in elements. */
static MPI_Datatype make_type(uint64_t size)
{
    MPI_Datatype type;
    MPI_Type_contiguous((int)size, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    return type;
}

/* ---- A worker ---- */

static bool is_flag_set(const void *flag)
{
    return flag != NULL && *(const _Atomic bool *)flag;
}

static void run_share(const mr__job_body *job, const mr__even_side *side, const char *in, char *out, int count,
                      int offset)
{
    mr__function function = {0};
    mr__job_body body = {.form = MR__INPUT_ARRAY, .in_size = job->in_size, .first = (uint64_t)offset};
    mr__function_find(&function, &job->task, false);
    for (int i = 0; i < count; i++) {
        mr__task_end end;
        int code = mr__task_run(&function, &body, in, in, (uint64_t)i, out + (uint64_t)i * job->out_size, &end);
        if (code != 0)
            side->report(side->argument, (uint64_t)(offset + i), code, &end);
        mr__task_end_free(&end);
    }
}

mr_status mr__even_share(const mr__job_body *job, const mr__even_side *side)
{
    MPI_Comm comm = mr__ctx.self->comm;
    int rank, size, offset;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int count = share_of(job->even_count, size - 1, rank - 1, &offset);
    bear_errors();
    char *in = malloc((size_t)count * job->in_size + 1), *out = calloc((size_t)count * job->out_size + 1, 1);
    if (in == NULL || out == NULL) {
        free(in);
        free(out);
        return mr__fail(MR_ENOMEM, "there is no memory for a share of %d tasks", count);
    }
    MPI_Datatype in_type = make_type(job->in_size), out_type = make_type(job->out_size);
    MPI_Request request;
    MPI_Iscatterv(NULL, NULL, NULL, in_type, in, count, in_type, 0, comm, &request);
    mr_status status = mr__wire_wait(&request, "the scatter of a pool", is_flag_set, side->is_broken);
    if (status == MR_OK)
        run_share(job, side, in, out, count, offset);
    if (status == MR_OK)
        status = side->finish(side->argument, (uint64_t)count);
    if (status == MR_OK) {
        MPI_Igatherv(out, count, out_type, NULL, NULL, NULL, out_type, 0, comm, &request);
        status = mr__wire_wait(&request, "the gather of a pool", is_flag_set, side->is_broken);
    }
    MPI_Type_free(&in_type);
    MPI_Type_free(&out_type);
    if (status != MR_OK)
        return status; /* MPI may still look at what it was given */
    free(in);
    free(out);
    return MR_OK;
}

/* ---- Main: the communicator ---- */

static mr__even *find(uint64_t pool)
{
    mr__even *even = mr__ctx.evens;
    while (even != NULL && even->pool != pool)
        even = even->next;
    return even;
}

mr_status mr__even_reserve(mr__own_pool *own)
{
    const mr__batch *batch;
    mr__even *even = calloc(1, sizeof *even);
    int *numbers = calloc(own->size, sizeof *numbers);
    mr_status status = MR_OK;
    if (even == NULL || numbers == NULL)
        status = mr__fail(MR_ENOMEM, "there is no memory for a pool of %u workers", own->size);
    if (status == MR_OK)
        status = mr__universe_reserve((int)own->size, own->handle.mr__handle, true, numbers, &batch);
    free(numbers);
    if (status != MR_OK) {
        free(even);
        return status;
    }
    own->reservation = own->handle.mr__handle;
    bear_errors();
    mr__lock();
    *even = (mr__even){
        .next = mr__ctx.evens, .pool = own->handle.mr__handle, .comm = batch->comm, .size = (int)own->size};
    mr__ctx.evens = even;
    mr__unlock();
    mr__pool_body_of((const mr__pool *)mr__slot_of(own->handle.mr__handle))->is_even = true;
    return MR_OK;
}

bool mr__even_break(const mr_pool *pool)
{
    mr__pool_body_of((const mr__pool *)mr__slot_of(pool->mr__handle))->is_broken = true;
    mr__lock();
    mr__even *even = find(pool->mr__handle);
    bool may_hang = even != NULL && even->is_busy;
    if (even != NULL)
        even->is_broken = true;
    mr__unlock();
    return may_hang;
}

void mr__even_end(const mr_pool *pool)
{
    mr__lock();
    mr__even **link = &mr__ctx.evens;
    while (*link != NULL && (*link)->pool != pool->mr__handle)
        link = &(*link)->next;
    mr__even *even = *link;
    if (even != NULL && even->is_busy)
        even = NULL; /* somebody still maps; it stays */
    if (even != NULL)
        *link = even->next;
    mr__unlock();
    free(even);
}

/* ---- Main: a map ---- */

static bool is_broken(const void *argument)
{
    mr__lock();
    bool answer = ((const mr__even *)argument)->is_broken;
    mr__unlock();
    return answer;
}

/* Has each worker of the pool take its share, when it comes to look for something to do. */
static bool tell_workers(const mr_pool *handle, const mr__job *job)
{
    mr__pool *pool;
    if (mr__pool_enter("mr_pool_map", handle, &pool) != MR_OK)
        return false;
    mr__pool_body *body = mr__pool_body_of(pool);
    bool is_whole = !body->is_broken;
    for (uint32_t i = 0; i < pool->size && is_whole; i++)
        body->workers[i].even_job = mr__object_slot(&job->object);
    mr__object_leave(&pool->object);
    mr__pool_ring(pool, UINT64_MAX);
    return is_whole;
}

/* What MPI is given: copies, which have to stay where a worker dies in the middle. */
typedef struct buffers {
    char *in, *out;
    int *counts, *offsets;
} buffers;

static bool make_buffers(buffers *all, const mr__order *order, int size)
{
    const mr_tasks *tasks = order->tasks;
    size_t in = order->count * tasks->in_size;
    *all = (buffers){malloc(in + 1), malloc(order->count * tasks->out_size + 1),
                     calloc((size_t)size + 1, sizeof(int)), calloc((size_t)size + 1, sizeof(int))};
    if (all->in == NULL || all->out == NULL || all->counts == NULL || all->offsets == NULL)
        return false;
    if (in > 0)
        memcpy(all->in, tasks->in, in);
    for (int i = 0; i < size; i++)
        all->counts[i + 1] = share_of(order->count, size, i, &all->offsets[i + 1]);
    return true;
}

static void free_buffers(buffers *all)
{
    free(all->in);
    free(all->out);
    free(all->counts);
    free(all->offsets);
}

static mr_status scatter_and_gather(const mr__even *even, const mr_tasks *tasks, const buffers *all)
{
    MPI_Datatype in_type = make_type(tasks->in_size), out_type = make_type(tasks->out_size);
    MPI_Request request;
    MPI_Iscatterv(all->in, all->counts, all->offsets, in_type, NULL, 0, in_type, 0, even->comm, &request);
    mr_status status = mr__wire_wait(&request, "the scatter of a pool", is_broken, even);
    if (status == MR_OK) {
        MPI_Igatherv(NULL, 0, out_type, all->out, all->counts, all->offsets, out_type, 0, even->comm, &request);
        status = mr__wire_wait(&request, "the gather of a pool", is_broken, even);
    }
    MPI_Type_free(&in_type);
    MPI_Type_free(&out_type);
    return status;
}

/* The job under which workers find the task, and put down what has failed. */
static mr_status make_job(const mr_pool *pool, const mr__order *order, mr__job **job, uint64_t *handle)
{
    mr_tasks tasks = *order->tasks;
    mr__order hold = {.call = order->call, .tasks = &tasks, .task = order->task, .is_hold = true};
    tasks.in = NULL;
    tasks.count = 0;
    mr_status status = mr__job_submit(pool, &hold, 0, handle);
    if (status != MR_OK)
        return status;
    *job = (mr__job *)mr__slot_of(*handle);
    mr__job_body_of(*job)->even_count = order->count;
    return MR_OK;
}

static mr_status map(const mr_pool *pool, mr__even *even, const mr__order *order, void *out)
{
    mr__job *job;
    uint64_t handle;
    buffers all;
    mr_status status = make_job(pool, order, &job, &handle);
    if (status != MR_OK)
        return status;
    bool is_lent = false;
    if (!make_buffers(&all, order, even->size))
        status = mr__fail(MR_ENOMEM, "%s: there is no memory to share out %llu inputs", order->call,
                          (unsigned long long)order->count);
    if (status == MR_OK && !tell_workers(pool, job))
        status = mr__fail(MR_EDIED, "%s: a worker of the pool has died", order->call);
    if (status == MR_OK) {
        status = scatter_and_gather(even, order->tasks, &all);
        is_lent = status != MR_OK;
    }
    if (status == MR_OK) {
        if (order->tasks->out_size > 0)
            memcpy(out, all.out, order->count * order->tasks->out_size);
        mr__job_complete_hold(pool, job);
        mr__object_reenter(&job->object);
        status = mr__job_outcome(order->call, job);
        mr__object_leave(&job->object);
    }
    if (!is_lent)
        free_buffers(&all);
    mr__job_release(handle);
    return status;
}

/* Whether the pool can do a map so; if it can, it is busy with it from now on. */
static mr__even *engage(const mr_pool *pool, const mr__order *order)
{
    const mr_tasks *tasks = order->tasks;
    bool is_fit = mr__ctx.rank == 0 && mr__acts_for == MR__ITSELF && tasks->task != NULL &&
                  order->records == NULL && tasks->chunk_size == 0 && tasks->task_timeout <= 0 &&
                  order->count > 0 && order->count <= INT_MAX && tasks->in_size <= INT_MAX &&
                  tasks->out_size <= INT_MAX && mr__ctx.evens != NULL;
    if (!is_fit)
        return NULL;
    mr__lock();
    mr__even *even = find(pool->mr__handle);
    if (even != NULL && (even->is_broken || even->is_busy))
        even = NULL;
    if (even != NULL)
        even->is_busy = true;
    mr__unlock();
    return even;
}

bool mr__even_map(const mr_pool *pool, const mr__order *order, void *out, mr_status *status)
{
    mr__even *even = engage(pool, order);
    if (even == NULL)
        return false;
    *status = map(pool, even, order, out);
    bool is_to_be_done_otherwise = *status == MR_EDIED || *status == MR_EMPI;
    mr__lock();
    even->is_busy = false;
    even->is_broken = even->is_broken || is_to_be_done_otherwise;
    mr__unlock();
    if (is_to_be_done_otherwise)
        *status = MR_OK;
    return !is_to_be_done_otherwise;
}
