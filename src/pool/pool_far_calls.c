/* What processes on other hosts than main's do with pools: the same calls, by far calls. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "pool/pool_far.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Pools ---- */

mr_status mr__far_pool_init(mr_pool *pool, const mr_pool_options *options)
{
    mr__far_options head = {.options = *options, .has_initializer = options->initializer != NULL};
    mr__packet packet = {0};
    void *address;
    mr_status status = MR_OK;
    memcpy(&address, &options->initializer, sizeof address);
    if (address != NULL)
        status = mr__symbol_of(address, true, "the initializer", &head.initializer);
    if (status == MR_OK && mr_process_is_daemon(mr_current_process()))
        status = mr__fail(MR_EDAEMON, "%s is a daemon, and a daemon may not start processes",
                          mr_process_name(mr_current_process()));
    if (options->host != NULL)
        snprintf(head.host, sizeof head.host, "%s", options->host);
    mr__packet_put(&packet, &head, sizeof head);
    mr__packet_put(&packet, options->args_size == 0 ? NULL : options->args, options->args_size);
    if (status == MR_OK && packet.has_failed)
        status = mr__fail(MR_ENOMEM, "mr_pool_init: there is no memory for such arguments");
    mr__call call = {.method = &mr__pool_init_here, .data = packet.bytes, .size = packet.size};
    if (status == MR_OK)
        status = mr__ask_method(&(uint64_t){0}, &call);
    free(packet.bytes);
    if (status == MR_OK)
        pool->mr__handle = call.handles[0];
    return status;
}

int mr__far_insights(const mr_pool *pool, mr_insight insights[], int capacity)
{
    mr_insight nothing;
    mr__call call = {.method = &mr__pool_tell_insights,
                     .buffer = capacity == 0 ? &nothing : insights,
                     .capacity = (size_t)capacity * sizeof *insights};
    return mr__ask_method(MR__HANDLE(pool), &call) == MR_OK ? (int)call.numbers[0] : -1;
}

/* ---- Jobs ---- */

static void put_slices(mr__packet *packet, const mr_slice *slices, uint64_t slice_count, uint64_t each)
{
    size_t table = mr__packet_put(packet, NULL, slice_count * sizeof(mr__piece));
    for (uint64_t i = 0; i < slice_count; i++) {
        size_t bytes = slices[i].size * each;
        mr__piece piece = {mr__packet_put(packet, bytes == 0 ? NULL : slices[i].data, bytes), slices[i].size};
        if (!packet->has_failed)
            memcpy(packet->bytes + table + i * sizeof piece, &piece, sizeof piece);
    }
}

mr_status mr__far_submit(const mr_pool *pool, const mr__order *order, uint64_t *future)
{
    const mr_tasks *tasks = order->tasks;
    mr__packet packet = {0};
    mr__far_order head = {.task = order->task,
                          .form = order->records != NULL   ? MR__INPUT_RECORDS
                                  : tasks->columns != NULL ? MR__INPUT_COLUMNS
                                                           : MR__INPUT_ARRAY,
                          .is_star = order->is_star,
                          .is_hold = order->is_hold,
                          .continues = order->continues,
                          .count = order->count,
                          .first = order->first,
                          .in_size = tasks->in_size,
                          .out_size = tasks->out_size,
                          .column_count = tasks->column_count,
                          .chunk_size = tasks->chunk_size,
                          .task_timeout = tasks->task_timeout};
    uint64_t bytes;
    if (__builtin_mul_overflow(order->count, tasks->in_size, &bytes))
        return mr__fail(MR_ENOMEM, "%s: there is no memory for such inputs", order->call);
    mr__packet_put(&packet, &head, sizeof head);
    if (head.form == MR__INPUT_ARRAY)
        mr__packet_put(&packet, tasks->in, bytes);
    else if (head.form == MR__INPUT_RECORDS)
        put_slices(&packet, order->records, order->count, 1);
    else
        put_slices(&packet, tasks->columns, tasks->column_count, order->count);
    mr__call call = {.method = &mr__pool_submit, .data = packet.bytes, .size = packet.size};
    mr_status status = packet.has_failed
                           ? mr__fail(MR_ENOMEM, "%s: there is no memory to send the inputs", order->call)
                           : mr__ask_method(MR__HANDLE(pool), &call);
    free(packet.bytes);
    if (status == MR_OK)
        *future = call.handles[1];
    return status;
}

/* The failures that the call before was about, which are known where its deputy is. */
static void get_failures(void)
{
    char sentence[MR__SENTENCE_SIZE];
    snprintf(sentence, sizeof sentence, "%s", mr_last_error());
    mr__call call = {.method = &mr__future_failures, .capacity = SIZE_MAX};
    mr_failure *list = NULL;
    if (mr__ask_method(&(uint64_t){0}, &call) == MR_OK)
        list = mr__failures_begin((size_t)call.numbers[0], call.received); /* its texts are in what came */
    char *text = list == NULL ? NULL : (char *)(list + call.numbers[0]);
    mr__unpacking from = {.bytes = call.buffer, .size = call.received};
    for (int64_t i = 0; list != NULL && i < call.numbers[0]; i++) {
        const mr__far_failure *failure = mr__packet_take(&from, sizeof *failure);
        const char *message = failure == NULL ? NULL : mr__packet_take(&from, failure->length);
        if (message == NULL) {
            mr__failures_begin(0, 0);
            break;
        }
        list[i] = (mr_failure){.index = failure->index,
                               .status = (mr_status)failure->status,
                               .code = failure->code,
                               .rank = failure->rank,
                               .host = text};
        text = stpcpy(text, failure->host) + 1;
        list[i].message = text;
        text = stpcpy(text, message) + 1;
    }
    free(call.buffer);
    mr__fail(MR_ETASK, "%s", sentence);
}

mr_status mr__far_get(uint64_t handle, void *out, size_t capacity, double timeout)
{
    char nothing;
    mr__call call = {.method = &mr__future_get,
                     .seconds = timeout,
                     .buffer = out != NULL ? out : &nothing,
                     .capacity = out != NULL ? capacity : 0};
    mr_status status = mr__ask_method(&handle, &call);
    if (status == MR_ETASK)
        get_failures();
    return status;
}

mr_status mr__far_result(uint64_t handle, size_t index, void *out, size_t capacity, size_t *size, double timeout)
{
    char nothing;
    mr__call call = {.method = &mr__future_result,
                     .numbers = {(int64_t)index},
                     .seconds = timeout,
                     .buffer = out != NULL ? out : &nothing,
                     .capacity = out != NULL ? capacity : 0};
    mr_status status = mr__ask_method(&handle, &call);
    if (size != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *size = (size_t)call.numbers[1];
    if (status == MR_ETASK)
        get_failures();
    return status;
}
