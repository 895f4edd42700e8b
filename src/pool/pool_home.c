/* What is done at the home of a pool for its workers on other hosts, and for processes there that use it. */
#include "base/context.h"
#include "base/status.h"
#include "pool/pool_far.h"
#include "pool/worker_times.h"

#include <stdlib.h>
#include <string.h>

enum { CREDITS = 8, MOST_RANGES = 64 }; /* tasks that a worker gets at a time, if it can */

#define HANDLE(type, i) ((type *)&call->handles[i])

/* What has been put into a packet goes back. */
static mr_status give(mr__call *call, mr__packet *packet)
{
    if (packet->has_failed || packet->size > call->capacity) {
        free(packet->bytes);
        return mr__fail(MR_ENOMEM, "main has no memory for what is to be sent to another host");
    }
    call->buffer = packet->bytes;
    call->received = packet->size;
    return MR_OK;
}

static mr_status fail_packet(void)
{
    return mr__fail(MR_EINVAL, "what came from another host is nothing that a pool knows");
}

/* ---- Workers ---- */

static mr_status enlist(mr__call *call)
{
    mr__pool *pool;
    mr__packet packet = {0};
    mr__worker_args args = {.pool = call->handles[0], .place = (uint32_t)call->numbers[0]};
    mr_status status = mr__worker_enlist(&args, call->data, mr__caller(), call->numbers[1], true, &pool);
    if (status != MR_OK)
        return status;
    const mr__pool_body *settings = mr__pool_body_of(pool);
    mr__far_welcome welcome = {.has_initializer = settings->has_initializer,
                               .initializer = settings->initializer,
                               .args_size = settings->args_size};
    mr__packet_put(&packet, &welcome, sizeof welcome);
    mr__packet_put(&packet, settings->args_size == 0 ? NULL : mr__pool_args(pool), settings->args_size);
    return give(call, &packet);
}
MR__SHARED_METHOD(mr__pool_enlist, "a pool's worker", MR__KIND_POOL, enlist, NULL);

/* The place of the worker that calls. It, and its pool, stay as long as this call: the end of the caller is told
 * when its deputies have come back. */
static mr_status find_worker(mr__call *call, mr__pool **pool, mr__worker **place)
{
    mr_status status = mr__pool_enter(call->method->call, HANDLE(mr_pool, 0), pool);
    if (status != MR_OK)
        return status;
    uint32_t number = (uint32_t)call->numbers[0];
    *place = number < (*pool)->size ? &mr__pool_body_of(*pool)->workers[number] : NULL;
    bool is_good = *place != NULL && (*place)->rank == mr__caller() && (*place)->is_far &&
                   ((*place)->state == MR__WORKER_STARTING || (*place)->state == MR__WORKER_READY);
    mr__object_leave(&(*pool)->object);
    return is_good ? MR_OK : mr__fail(MR_EINVAL, "this is no worker of the pool");
}

static mr_status note_ready(mr__call *call)
{
    mr__pool *pool;
    mr__worker *place;
    mr_status status = find_worker(call, &pool, &place);
    if (status != MR_OK || place->state == MR__WORKER_READY)
        return status;
    mr__times_note(place, false);
    place->has_been_ready = true;
    place->state = MR__WORKER_READY;
    return MR_OK;
}
MR__SHARED_METHOD(mr__pool_note_ready, "a pool's worker", MR__KIND_POOL, note_ready, NULL);

/* ---- Results ---- */

/* The results of one range, out of the packet into the job. */
static bool take_results(mr__unpacking *from, mr__pool *pool, const mr__worker *place, mr__job_body *body,
                         const mr__far_range *range)
{
    if (!body->has_any_size) {
        const void *results = mr__packet_take_array(from, range->count, body->out_size);
        if (results != NULL && body->out_size > 0)
            memcpy((char *)mr__at(body->results) + range->index * body->out_size, results,
                   range->count * body->out_size);
        return results != NULL;
    }
    for (uint64_t t = 0; t < range->count; t++) {
        mr__ref ref = 0;
        mr__piece *result = (mr__piece *)mr__at(body->results) + range->index + t;
        const mr__piece *piece = mr__packet_take(from, sizeof *piece);
        const void *bytes = piece == NULL ? NULL : mr__packet_take(from, piece->size);
        if (bytes == NULL)
            return false;
        mr__free(result->data);
        if (mr__alloc(piece->size + 1, &ref) == MR_OK) {
            memcpy(mr__at(ref), bytes, piece->size);
            *result = (mr__piece){ref, piece->size};
            continue;
        }
        *result = (mr__piece){0};
        mr__object_reenter(&pool->object);
        mr__job_add_failure(body, range->index + t, MR_ENOMEM, 1, place->rank, place->host, mr_last_error());
        mr__object_leave(&pool->object);
    }
    return true;
}

static bool take_failures(mr__unpacking *from, mr__pool *pool, const mr__worker *place, mr__job_body *body,
                          uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const mr__far_failure *failure = mr__packet_take(from, sizeof *failure);
        const char *message = failure == NULL ? NULL : mr__packet_take(from, failure->length);
        if (message == NULL || failure->length == 0 || message[failure->length - 1] != '\0' ||
            failure->index >= body->count + body->even_count)
            return false;
        mr__object_reenter(&pool->object);
        mr__job_add_failure(body, failure->index, (mr_status)failure->status, failure->code, place->rank,
                            place->host, message);
        mr__object_leave(&pool->object);
    }
    return true;
}

/* Whether a range is what the worker has been given. */
static bool is_given(const mr__job *job, uint32_t number, const mr__far_range *range)
{
    const mr__job_body *body = mr__job_body_of(job);
    uint64_t offset;
    return mr__job_owns(job, number, range->chunk, &offset) && range->offset == offset &&
           range->count <= mr__job_chunk_count(body, range->chunk) - offset &&
           range->index == range->chunk * body->chunk_size + offset;
}

/* Takes over what a worker has done; all of it, before any of it counts. */
static mr_status deliver(const mr__call *call, mr__pool *pool, mr__worker *place)
{
    mr__unpacking from = {.bytes = call->data, .size = call->size};
    if (call->size == 0)
        return MR_OK;
    const mr__far_results *head = mr__packet_take(&from, sizeof *head);
    mr__job *job = place->job == 0 ? NULL : (mr__job *)mr__slot_at(place->job);
    if (head == NULL || job == NULL || head->job != mr__object_handle(&job->object))
        return fail_packet();
    uint32_t number = (uint32_t)call->numbers[0];
    mr__job_body *body = mr__job_body_of(job);
    const mr__far_range *ranges = mr__packet_take_array(&from, head->ranges, sizeof *ranges);
    for (uint32_t i = 0; ranges != NULL && i < head->ranges; i++)
        if (!is_given(job, number, &ranges[i]) || !take_results(&from, pool, place, body, &ranges[i]))
            return fail_packet();
    if (ranges == NULL || !take_failures(&from, pool, place, body, head->failures))
        return fail_packet();
    place->since = 0;
    for (uint32_t i = 0; i < head->ranges; i++) {
        place->served += ranges[i].count;
        place->tasks += ranges[i].count;
        place->task = ranges[i].offset + ranges[i].count;
        mr__job_note(job, number, ranges[i].chunk, place->task);
    }
    return MR_OK;
}

/* ---- Batches ---- */

/* How many tasks a worker may get, so that others are not left without at the end, and it does not serve too long.
 */
static uint64_t credits(const mr__pool *pool, const mr__worker *place, const mr__job_body *body)
{
    uint64_t most = CREDITS, limit = mr__pool_body_of(pool)->max_tasks;
    if (limit > 0 && limit - place->served < most)
        most = limit > place->served ? limit - place->served : 1;
    uint64_t next = body->next, left = next < body->chunks ? (body->chunks - next) * body->chunk_size : 0;
    uint64_t share = left / (2 * (uint64_t)pool->size);
    return share < 1 ? 1 : share < most ? share : most;
}

/* Claims what the worker gets next; 0 ranges: a share, or without a job it is to leave. A chunk of which a worker
 * has died, and one whose tasks have a limit, is given task by task, so that it is known which one it was. */
static uint32_t claim(const mr__call *call, mr__pool *pool, mr__worker *place, mr__far_range ranges[],
                      mr__job **job)
{
    uint32_t count = 0, number = (uint32_t)call->numbers[0];
    uint64_t chunk = place->chunk - 1, offset;
    *job = place->job == 0 ? NULL : (mr__job *)mr__slot_at(place->job);
    bool goes_on = *job != NULL && place->chunk != 0 && mr__job_owns(*job, number, chunk, &offset);
    if (!goes_on &&
        (*job == NULL || mr__pool_body_of(pool)->max_tasks > 0 || mr__pool_body_of(pool)->max_memory > 0 ||
         !mr__job_claim(*job, place, number, &chunk, &offset)))
        *job = mr__worker_next(pool, number, (uint64_t)call->numbers[2], &chunk, &offset);
    if (*job == NULL)
        return 0;
    if (chunk == MR__EVEN_SHARE)
        return 0;
    const mr__job_body *body = mr__job_body_of(*job);
    bool is_single = place->is_again || body->task_timeout > 0;
    uint64_t tasks = 0, most = credits(pool, place, body);
    do {
        uint64_t left = mr__job_chunk_count(body, chunk) - offset;
        ranges[count++] = (mr__far_range){.chunk = chunk,
                                          .offset = offset,
                                          .count = is_single ? 1 : left,
                                          .index = chunk * body->chunk_size + offset};
        tasks += ranges[count - 1].count;
    } while (!is_single && tasks < most && count < MOST_RANGES &&
             mr__job_claim(*job, place, number, &chunk, &offset));
    place->given = tasks < UINT32_MAX ? (uint32_t)tasks : UINT32_MAX;
    return count;
}

/* What has failed of a worker's share. */
static mr_status report(mr__call *call)
{
    mr__pool *pool;
    mr__worker *place;
    mr_status status = find_worker(call, &pool, &place);
    if (status != MR_OK)
        return status;
    mr__job *job = place->job == 0 ? NULL : (mr__job *)mr__slot_at(place->job);
    mr__unpacking from = {.bytes = call->data, .size = call->size};
    if (job == NULL || mr__job_body_of(job)->even_count == 0 ||
        !take_failures(&from, pool, place, mr__job_body_of(job), (uint32_t)call->numbers[1]))
        return fail_packet();
    place->tasks += (uint64_t)call->numbers[2];
    return MR_OK;
}
MR__SHARED_METHOD(mr__pool_report, "a pool's worker", MR__KIND_POOL, report, NULL);

static mr_status fetch(mr__call *call)
{
    mr__pool *pool;
    mr__worker *place;
    mr__job *job;
    mr__far_range ranges[MOST_RANGES];
    mr_status status = find_worker(call, &pool, &place);
    if (status == MR_OK)
        status = deliver(call, pool, place);
    if (status != MR_OK)
        return status;
    mr__times_note(place, false);
    uint32_t count = claim(call, pool, place, ranges, &job);
    if (job == NULL)
        return mr__fail(MR_ECLOSED, "the pool has ended, or this worker has served long enough");
    mr__times_note(place, true);
    const mr__job_body *body = mr__job_body_of(job);
    mr__far_batch head = {.job = mr__object_handle(&job->object),
                          .task = body->task,
                          .form = (uint32_t)body->form,
                          .is_star = body->is_star,
                          .has_any_size = body->has_any_size,
                          .ranges = count,
                          .in_size = body->in_size,
                          .out_size = body->out_size,
                          .column_count = body->column_count,
                          .first = body->first,
                          .even_count = count == 0 ? body->even_count : 0};
    mr__packet packet = {0};
    mr__packet_put(&packet, &head, sizeof head);
    mr__packet_put(&packet, ranges, count * sizeof *ranges);
    for (uint32_t i = 0; i < count; i++)
        mr__inputs_put(&packet, body->form, mr__at(body->inputs), mr__at(0), ranges[i].index, ranges[i].count,
                       body->in_size, body->column_count);
    place->since = body->task_timeout > 0 ? mr__now() : 0;
    return give(call, &packet);
}
MR__SHARED_METHOD(mr__pool_fetch, "a pool's worker", MR__KIND_POOL, fetch, NULL);

/* ---- Users ---- */

static mr_status init(mr__call *call)
{
    mr__unpacking from = {.bytes = call->data, .size = call->size};
    const mr__far_options *given = mr__packet_take(&from, sizeof *given);
    if (given == NULL)
        return fail_packet();
    mr_pool_options options = given->options;
    char host[sizeof given->host];
    memcpy(host, given->host, sizeof host);
    host[sizeof host - 1] = '\0';
    options.args = mr__packet_take(&from, options.args_size);
    if (options.args == NULL)
        return fail_packet();
    options.host = host[0] != '\0' ? host : NULL;
    options.initializer = NULL;
    void *address = given->has_initializer ? mr__symbol_find(&given->initializer) : NULL;
    if (given->has_initializer && address == NULL)
        return mr__fail(MR_EBUILD, "the library that holds the initializer is not loaded in main");
    memcpy(&options.initializer, &address, sizeof address);
    return mr_pool_init_with(HANDLE(mr_pool, 0), &options);
}
MR__SHARED_METHOD(mr__pool_init_here, "mr_pool_init", MR__KIND_POOL, init, NULL);

/* Pieces of a packet as slices, in memory from malloc. */
static mr_slice *make_slices(const mr__unpacking *from, const mr__piece *pieces, uint64_t count)
{
    mr_slice *slices = calloc(count + 1, sizeof *slices);
    for (uint64_t i = 0; i < count && slices != NULL; i++)
        slices[i] = (mr_slice){from->bytes + pieces[i].data, pieces[i].size};
    return slices;
}

static mr_status submit(mr__call *call)
{
    mr__unpacking from = {.bytes = call->data, .size = call->size};
    const mr__far_order *given = mr__packet_take(&from, sizeof *given);
    if (given == NULL || given->form > MR__INPUT_COLUMNS || isnan(given->task_timeout))
        return fail_packet();
    const void *inputs =
        mr__inputs_take(&from, (mr__input_form)given->form, given->count, given->in_size, given->column_count);
    if (inputs == NULL)
        return fail_packet();
    mr_tasks tasks = {.in_size = given->in_size,
                      .out_size = given->out_size,
                      .chunk_size = given->chunk_size,
                      .task_timeout = given->task_timeout,
                      .column_count = given->column_count};
    mr__order order = {.call = "a pool's map",
                       .tasks = &tasks,
                       .task = given->task,
                       .count = given->count,
                       .first = given->first,
                       .is_star = given->is_star != 0,
                       .is_hold = given->is_hold != 0,
                       .continues = given->continues != 0};
    mr_slice *slices = NULL;
    if (given->form == MR__INPUT_ARRAY)
        tasks.in = inputs;
    else
        slices = make_slices(&from, inputs, given->form == MR__INPUT_COLUMNS ? given->column_count : given->count);
    if (given->form != MR__INPUT_ARRAY && slices == NULL)
        return mr__fail(MR_ENOMEM, "main has no memory for %llu inputs", (unsigned long long)given->count);
    if (given->form == MR__INPUT_COLUMNS)
        tasks.columns = slices;
    if (given->form == MR__INPUT_RECORDS)
        order.records = slices;
    mr_status status = order.is_star == (given->form == MR__INPUT_COLUMNS) || given->count == 0
                           ? mr__job_submit(HANDLE(mr_pool, 0), &order, 0, &call->handles[1])
                           : fail_packet();
    free(slices);
    return status;
}
MR__SHARED_METHOD(mr__pool_submit, "a pool's map", MR__KIND_POOL, submit, NULL);

static mr_status tell_insights(mr__call *call)
{
    int size = mr_pool_processes(HANDLE(mr_pool, 0));
    if (size < 0)
        return mr_last_status();
    size_t count =
        call->capacity / sizeof(mr_insight) < (size_t)size ? call->capacity / sizeof(mr_insight) : (size_t)size;
    mr_insight *insights = calloc(count + 1, sizeof *insights);
    if (insights == NULL)
        return mr__fail(MR_ENOMEM, "main has no memory for the insights of a pool");
    call->numbers[0] = mr_pool_insights(HANDLE(mr_pool, 0), insights, (int)count);
    call->buffer = insights;
    call->received = count * sizeof *insights;
    return call->numbers[0] < 0 ? mr_last_status() : MR_OK;
}
MR__SHARED_METHOD(mr__pool_tell_insights, "mr_pool_insights", MR__KIND_POOL, tell_insights, NULL);

/* ---- Futures ---- */

/* How many bytes a result, or all of them, take; 0 where it cannot be said. */
static size_t size_of(const mr__call *call, bool is_one)
{
    mr__job *job;
    if (mr__job_enter("mr_future_get", call->handles[0], &job) != MR_OK)
        return 0;
    const mr__job_body *body = mr__job_body_of(job);
    uint64_t index = (uint64_t)call->numbers[0], size = body->out_size * (is_one ? 1 : body->count);
    if (is_one && body->has_any_size && index < body->count)
        size = ((const mr__piece *)mr__at(body->results))[index].size;
    mr__object_leave(&job->object);
    return (size_t)size;
}

/* Results may come with a failure, too. */
static mr_status get(mr__call *call, bool is_one)
{
    mr_status status = mr_future_wait(HANDLE(mr_future, 0), call->seconds);
    if (status != MR_OK)
        return status;
    size_t size = size_of(call, is_one), needed = size;
    void *bytes = size <= call->capacity ? calloc(size + 1, 1) : NULL;
    size_t room = bytes == NULL ? 0 : size;
    if (size <= call->capacity && bytes == NULL)
        return mr__fail(MR_ENOMEM, "main has no memory for results of %zu bytes", size);
    if (is_one)
        status = mr_future_result(HANDLE(mr_future, 0), (size_t)call->numbers[0], bytes, room, &needed, 0);
    else
        status = mr_future_get(HANDLE(mr_future, 0), bytes, room, 0);
    bool has_results = status == MR_OK || (status == MR_ETASK && !is_one);
    call->numbers[1] = (int64_t)needed;
    call->buffer = bytes;
    call->received = has_results ? room : 0;
    return status;
}

static mr_status get_all(mr__call *call)
{
    return get(call, false);
}
MR__SHARED_METHOD(mr__future_get, "mr_future_get", MR__KIND_JOB, get_all, NULL);

static mr_status get_one(mr__call *call)
{
    return get(call, true);
}
MR__SHARED_METHOD(mr__future_result, "mr_future_result", MR__KIND_JOB, get_one, NULL);

/* Those of the call before, which was this thread's. */
static mr_status tell_failures(mr__call *call)
{
    size_t count;
    mr__packet packet = {0};
    const mr_failure *failures = mr_last_failures(&count);
    for (size_t i = 0; i < count; i++) {
        mr__far_failure failure = {.index = failures[i].index,
                                   .code = failures[i].code,
                                   .status = (int32_t)failures[i].status,
                                   .rank = failures[i].rank,
                                   .length = strlen(failures[i].message) + 1};
        strncpy(failure.host, failures[i].host, sizeof failure.host - 1);
        mr__packet_put(&packet, &failure, sizeof failure);
        mr__packet_put(&packet, failures[i].message, failure.length);
    }
    call->numbers[0] = (int64_t)count;
    return give(call, &packet);
}
MR__SHARED_METHOD(mr__future_failures, "mr_last_failures", MR__KIND_NONE, tell_failures, NULL);
