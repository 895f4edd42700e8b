/* A worker of a pool on another host than main's: it fetches tasks with their inputs, and brings back the results
 * of those before in the same far call. */
#include "pool/pool_far.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Inputs ---- */

static void put_pieces(mr__packet *packet, const mr__piece *pieces, const char *base, uint64_t pieces_count,
                       uint64_t skipped, uint64_t each)
{
    size_t table = mr__packet_put(packet, NULL, pieces_count * sizeof *pieces);
    for (uint64_t i = 0; i < pieces_count; i++) {
        const char *data = base + pieces[i].data + skipped * pieces[i].size;
        mr__piece piece = {mr__packet_put(packet, data, pieces[i].size * each), pieces[i].size};
        if (!packet->has_failed)
            memcpy(packet->bytes + table + i * sizeof piece, &piece, sizeof piece);
    }
}

void mr__inputs_put(mr__packet *packet, mr__input_form form, const void *inputs, const char *base, uint64_t index,
                    uint64_t count, uint64_t in_size, uint64_t column_count)
{
    if (form == MR__INPUT_ARRAY)
        mr__packet_put(packet, in_size == 0 ? NULL : (const char *)inputs + index * in_size, count * in_size);
    else if (form == MR__INPUT_RECORDS)
        put_pieces(packet, (const mr__piece *)inputs + index, base, count, 0, 1);
    else
        put_pieces(packet, inputs, base, column_count, index, count);
}

const void *mr__inputs_take(mr__unpacking *from, mr__input_form form, uint64_t count, uint64_t in_size,
                            uint64_t column_count)
{
    if (form == MR__INPUT_ARRAY)
        return mr__packet_take_array(from, count, in_size);
    bool are_columns = form == MR__INPUT_COLUMNS;
    uint64_t pieces_count = are_columns ? column_count : count;
    const mr__piece *pieces = mr__packet_take_array(from, pieces_count, sizeof *pieces);
    for (uint64_t i = 0; i < pieces_count && !from->has_failed; i++) {
        const char *data = mr__packet_take_array(from, are_columns ? count : 1, pieces[i].size);
        if (data != NULL && data != from->bytes + pieces[i].data)
            from->has_failed = true;
    }
    return from->has_failed ? NULL : pieces;
}

/* ---- A batch ---- */

typedef struct batch {
    mr__unpacking from;
    const mr__far_batch *head;
    const mr__far_range *ranges;
    mr__packet results, failures;
    uint32_t failure_count;
    size_t *outs; /* by range: where its results are in the packet */
} batch;

static void put_failure(batch *work, uint64_t index, int code, const mr__task_end *end)
{
    const char *message = end->message != NULL ? end->message : "";
    mr__far_failure failure = {
        .index = index, .code = code, .status = (int32_t)end->status, .length = strlen(message) + 1};
    mr__packet_put(&work->failures, &failure, sizeof failure);
    mr__packet_put(&work->failures, message, failure.length);
    work->failure_count++;
}

static void run_range(batch *work, mr__function *function, size_t i)
{
    const mr__far_batch *head = work->head;
    const mr__far_range *range = &work->ranges[i];
    const void *inputs =
        mr__inputs_take(&work->from, (mr__input_form)head->form, range->count, head->in_size, head->column_count);
    mr__job_body body = {.form = (mr__input_form)head->form,
                         .has_any_size = head->has_any_size != 0,
                         .in_size = head->in_size,
                         .column_count = head->column_count,
                         .first = head->first + range->index};
    for (uint64_t t = 0; t < range->count && !work->from.has_failed; t++) {
        mr__task_end end;
        void *out = head->has_any_size ? NULL : work->results.bytes + work->outs[i] + t * head->out_size;
        int code = mr__task_run(function, &body, inputs, work->from.bytes, t, out, &end);
        if (head->has_any_size) {
            size_t size = code == 0 ? end.size : 0;
            mr__packet_put(&work->results, &(mr__piece){0, size}, sizeof(mr__piece));
            mr__packet_put(&work->results, size == 0 ? NULL : end.result, size);
        }
        if (code != 0)
            put_failure(work, range->index + t, code, &end);
        mr__task_end_free(&end);
    }
}

/* ---- A share ---- */

typedef struct share {
    const mr__worker_args *args;
    batch work;
} share;

static mr_status ask_home(const mr__method *method, const mr__worker_args *args, const mr__packet *data,
                          int64_t first, int64_t second, mr__unpacking *answer)
{
    mr__call call = {.method = method,
                     .numbers = {args->place, first, second},
                     .data = data->bytes,
                     .size = data->size,
                     .capacity = SIZE_MAX};
    mr_status status = mr__ask_method(&args->pool, &call);
    *answer = (mr__unpacking){.bytes = call.buffer, .size = call.received};
    return status;
}

static void report_share(void *argument, uint64_t index, int code, const mr__task_end *end)
{
    put_failure(&((share *)argument)->work, index, code, end);
}

static mr_status finish_share(void *argument, uint64_t count)
{
    share *mine = argument;
    mr__unpacking answer;
    mr_status status = ask_home(&mr__pool_report, mine->args, &mine->work.failures, mine->work.failure_count,
                                (int64_t)count, &answer);
    free((void *)answer.bytes);
    return status;
}

static mr_status run_share(const mr__worker_args *args, const mr__far_batch *head)
{
    share mine = {.args = args};
    mr__job_body body = {
        .task = head->task, .in_size = head->in_size, .out_size = head->out_size, .even_count = head->even_count};
    mr__even_side side = {.report = report_share, .finish = finish_share, .argument = &mine};
    mr_status status = mr__even_share(&body, &side);
    free(mine.work.failures.bytes);
    return status;
}

/* ---- Batches ---- */

/* Runs what a fetch has brought, and puts the results together. */
static mr_status run_batch(batch *work, const mr__worker_args *args, mr__function *function)
{
    work->head = mr__packet_take(&work->from, sizeof *work->head);
    if (work->head == NULL)
        return mr__fail(MR_EDIED, "what main has sent is no batch of tasks");
    if (work->head->even_count > 0)
        return run_share(args, work->head);
    size_t count = work->head->ranges;
    work->ranges = mr__packet_take_array(&work->from, count, sizeof *work->ranges);
    work->outs = calloc(count + 1, sizeof *work->outs);
    if (work->ranges == NULL || work->outs == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for a batch of tasks");
    mr__far_results head = {.job = work->head->job, .ranges = work->head->ranges};
    mr__packet_put(&work->results, &head, sizeof head);
    mr__packet_put(&work->results, work->ranges, count * sizeof *work->ranges);
    for (size_t i = 0; i < count && !work->head->has_any_size; i++)
        work->outs[i] = mr__packet_put(&work->results, NULL, work->ranges[i].count * work->head->out_size);
    if (work->results.has_failed)
        return mr__fail(MR_ENOMEM, "there is no memory for the results of a batch of tasks");
    mr__function_find(function, &work->head->task, work->head->is_star != 0);
    for (size_t i = 0; i < count; i++)
        run_range(work, function, i);
    mr__packet_put(&work->results, work->failures.bytes, work->failures.size);
    if (work->results.has_failed || work->failures.has_failed || work->from.has_failed)
        return mr__fail(MR_ENOMEM, "there is no memory for the results of a batch of tasks");
    head.failures = work->failure_count;
    memcpy(work->results.bytes, &head, sizeof head);
    return MR_OK;
}

/* ---- The worker ---- */

/* Fetches and runs, as long as there is something. */
static int work(const mr__worker_args *args)
{
    mr__function function = {0};
    mr__packet results = {0};
    for (;;) {
        batch now = {0};
        mr_status status = ask_home(&mr__pool_fetch, args, &results, 0, (int64_t)mr__own_memory(), &now.from);
        free(results.bytes);
        results = (mr__packet){0};
        if (status == MR_OK)
            status = run_batch(&now, args, &function);
        results = now.results;
        free(now.failures.bytes);
        free(now.outs);
        free((void *)now.from.bytes);
        if (status != MR_OK) {
            free(results.bytes);
            return status == MR_ECLOSED ? 0 : 1;
        }
    }
}

int mr__work_far(const mr__worker_args *args)
{
    mr__unpacking answer, unused;
    mr__packet host = {.bytes = mr__ctx.host, .size = strlen(mr__ctx.host)};
    if (ask_home(&mr__pool_enlist, args, &host, getpid(), 0, &answer) != MR_OK)
        return 0; /* it is not needed any more */
    const mr__far_welcome *welcome = mr__packet_take(&answer, sizeof *welcome);
    void *kept;
    const void *given = welcome == NULL ? NULL : mr__packet_take(&answer, welcome->args_size);
    int code = given == NULL ? 1
                             : mr__worker_initialize(welcome->has_initializer != 0, &welcome->initializer, given,
                                                     welcome->args_size, &kept);
    free((void *)answer.bytes);
    if (code != 0)
        return code;
    mr_status status = ask_home(&mr__pool_note_ready, args, &(mr__packet){0}, 0, 0, &unused);
    free((void *)unused.bytes);
    return status == MR_OK ? work(args) : 0;
}
