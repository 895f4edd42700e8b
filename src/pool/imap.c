/* mr_imap: results one by one. An iterator gives the pool a job for each chunk of inputs, as long as there is room
 * for more; so what is under way has a bound, and a source is asked only for what is needed soon. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "pool/pool_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNKS_A_WORKER = 8, FAR_NAP_NS = 1000000 };

/* A job that is under way, or whose results are being taken. */
typedef struct chunk {
    uint64_t job;
    uint64_t first, count, taken;
} chunk;

typedef struct mr__imap {
    const char *call;
    mr_pool pool;
    mr_tasks tasks;
    mr_slice *columns; /* of the chunk that is being submitted */
    mr__order order;
    uint64_t hold;  /* the job that keeps the pool; 0: no more inputs are to come */
    uint64_t given; /* inputs so far */
    uint32_t seat;
    bool is_unordered;
    mr_status error; /* of the source, or of submitting: comes after all results */
    char sentence[MR__SENTENCE_SIZE];
    size_t room, count; /* chunks, oldest first */
    chunk chunks[];
} mr__imap;

/* ---- Giving ---- */

/* No more inputs are to come. */
static void finish(mr__imap *imap, mr_status error)
{
    if (error != MR_EEOF && error != MR_OK) {
        imap->error = error;
        snprintf(imap->sentence, sizeof imap->sentence, "%s", mr_last_error());
    }
    mr__job_release(imap->hold);
    imap->hold = 0;
}

/* Up to a chunk of what the source has. */
static mr_status read_source(mr__imap *imap, mr_slice *records, uint64_t *count)
{
    mr_status status = MR_OK;
    mr__fail(MR_OK, "%s", ""); /* what is found there later is the source's */
    for (*count = 0; *count < imap->tasks.chunk_size && status == MR_OK;) {
        status = mr__source_next(imap->call, &imap->tasks, &records[*count]);
        *count += status == MR_OK;
    }
    return status == MR_OK || status == MR_EEOF ? status
                                                : mr__source_fail(imap->call, status, imap->given + *count);
}

/* Makes a job of the next inputs, which are at those pointers. */
static mr_status submit(mr__imap *imap, const mr_slice *records, uint64_t count)
{
    mr_tasks tasks = imap->tasks;
    mr__order order = imap->order;
    chunk *next = &imap->chunks[imap->count];
    order.tasks = &tasks;
    order.records = records;
    order.count = count;
    order.first = imap->given;
    order.continues = true;
    tasks.chunk_size = count;
    if (tasks.in != NULL)
        tasks.in = (const char *)tasks.in + imap->given * tasks.in_size;
    for (size_t c = 0; c < tasks.column_count && tasks.columns != NULL; c++)
        imap->columns[c] = (mr_slice){(const char *)tasks.columns[c].data + imap->given * tasks.columns[c].size,
                                      tasks.columns[c].size};
    if (tasks.columns != NULL)
        tasks.columns = imap->columns;
    *next = (chunk){.first = imap->given, .count = count};
    mr_status status = mr__job_submit(&imap->pool, &order, imap->seat, &next->job);
    if (status != MR_OK)
        return status;
    imap->given += count;
    imap->count++;
    return MR_OK;
}

static mr_status give_from_source(mr__imap *imap)
{
    uint64_t count;
    mr_slice *records = calloc(imap->tasks.chunk_size, sizeof *records);
    if (records == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for chunks of %zu inputs", imap->call,
                        imap->tasks.chunk_size);
    mr_status status = read_source(imap, records, &count);
    if (count > 0) {
        char sentence[MR__SENTENCE_SIZE];
        snprintf(sentence, sizeof sentence, "%s", mr_last_error());
        mr_status submitted = submit(imap, records, count);
        if (submitted != MR_OK)
            status = submitted;
        else if (status != MR_OK)
            mr__fail(status, "%s", sentence);
    }
    mr__slices_free(records, count);
    return status;
}

static mr_status give_from_memory(mr__imap *imap)
{
    uint64_t left = imap->tasks.count - imap->given;
    uint64_t count = left < imap->tasks.chunk_size ? left : imap->tasks.chunk_size;
    if (count == 0)
        return MR_EEOF;
    return submit(imap, imap->tasks.records == NULL ? NULL : imap->tasks.records + imap->given, count);
}

static void give(mr__imap *imap)
{
    while (imap->hold != 0 && imap->count < imap->room) {
        mr_status status = imap->tasks.source != NULL ? give_from_source(imap) : give_from_memory(imap);
        if (status != MR_OK)
            finish(imap, status);
    }
}

/* ---- Making ---- */

static mr_status make(const char *call, const mr_pool *pool, const mr_tasks *tasks, bool is_unordered,
                      mr_imap *made)
{
    mr__order order;
    mr_status status = mr__order_check(call, pool, tasks, &order);
    if (status == MR_OK && made == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of an iterator", call);
    if (status == MR_OK && (tasks->callback != NULL || tasks->error_callback != NULL))
        status = mr__fail(MR_EINVAL, "%s: iterators have no callbacks", call);
    int workers = status == MR_OK ? mr_pool_processes(pool) : 0;
    if (workers < 0)
        return mr_last_status();
    if (status != MR_OK)
        return status;
    size_t chunk_size = tasks->chunk_size > 0 ? tasks->chunk_size : 1;
    size_t room = (size_t)workers * CHUNKS_A_WORKER;
    if (tasks->buffer_size > 0)
        room = tasks->buffer_size / chunk_size + (tasks->buffer_size % chunk_size > 0);
    if (room > SIZE_MAX / 2 / sizeof(chunk))
        return mr__fail(MR_EINVAL, "%s was given a buffer_size of %zu", call, tasks->buffer_size);
    mr__imap *imap = calloc(1, sizeof *imap + room * sizeof *imap->chunks);
    mr_slice *columns = calloc(tasks->column_count + 1, sizeof *columns);
    if (imap == NULL || columns == NULL) {
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu chunks at a time", call, room);
        goto fail;
    }
    *imap = (mr__imap){.call = call,
                       .pool = *pool,
                       .tasks = *tasks,
                       .columns = columns,
                       .order = order,
                       .is_unordered = is_unordered,
                       .room = room};
    imap->tasks.chunk_size = chunk_size;
    imap->order.tasks = &imap->tasks;
    if (!mr__is_far(pool))
        status = mr__seat_mine(&imap->seat);
    mr_tasks none = {.task = tasks->task, .task_timeout = tasks->task_timeout}; /* or it is refused */
    mr__order hold = {.call = call, .tasks = &none, .is_hold = true};
    if (status == MR_OK)
        status = mr__job_submit(pool, &hold, 0, &imap->hold);
    if (status != MR_OK)
        goto fail;
    give(imap);
    made->mr__state = imap;
    return MR_OK;
fail:
    free(columns);
    free(imap);
    return status;
}

mr_status mr_pool_imap(const mr_pool *pool, const mr_tasks *tasks, mr_imap *imap)
{
    return make("mr_pool_imap", pool, tasks, false, imap);
}

mr_status mr_pool_imap_unordered(const mr_pool *pool, const mr_tasks *tasks, mr_imap *imap)
{
    return make("mr_pool_imap_unordered", pool, tasks, true, imap);
}

/* ---- Taking ---- */

/* The chunk whose results are being taken, or the first one that is done; SIZE_MAX: none is. */
static size_t find_done(const mr__imap *imap)
{
    for (size_t i = 0; i < imap->count; i++)
        if (imap->chunks[i].taken > 0)
            return i;
    for (size_t i = 0; i < imap->count; i++)
        if (mr__job_is_over(imap->chunks[i].job))
            return i;
    return SIZE_MAX;
}

/* The chunk that the next result comes from. Whoever completes a job rings this thread's bell. */
static mr_status choose(const mr__imap *imap, double deadline, size_t *chosen)
{
    *chosen = 0;
    if (!imap->is_unordered)
        return MR_OK; /* getting its results waits for it */
    for (;;) {
        mr__seat *mine = imap->seat == 0 ? NULL : mr__seat_at(imap->seat);
        uint32_t was = mine == NULL ? 0 : mine->bell;
        *chosen = find_done(imap);
        if (*chosen != SIZE_MAX)
            return MR_OK;
        if (mr__now() >= deadline)
            return mr__fail(MR_ETIMEDOUT, "mr_imap_next: no task is done yet");
        if (mine != NULL)
            mr__futex_wait(&mine->bell, was, deadline);
        else
            nanosleep(&(struct timespec){0, FAR_NAP_NS}, NULL); /* no bell can be heard over there */
    }
}

static void drop(mr__imap *imap, size_t i)
{
    mr__job_release(imap->chunks[i].job);
    imap->count--;
    memmove(&imap->chunks[i], &imap->chunks[i + 1], (imap->count - i) * sizeof *imap->chunks);
}

static mr_status end_of(mr__imap *imap)
{
    mr_status error = imap->error;
    imap->error = MR_OK;
    return error != MR_OK ? mr__fail(error, "%s", imap->sentence)
                          : mr__fail(MR_EEOF, "mr_imap_next: there are no more results");
}

mr_status mr_imap_next(mr_imap *handle, void *out, size_t capacity, size_t *size, size_t *index, double timeout)
{
    mr__imap *imap = handle == NULL ? NULL : handle->mr__state;
    double deadline;
    size_t i;
    mr_status status = mr__running("mr_imap_next");
    if (status == MR_OK && imap == NULL)
        status = mr__fail(handle == NULL ? MR_EINVAL : MR_ECLOSED, "mr_imap_next: this is no iterator (any more)");
    if (status == MR_OK)
        status = mr__deadline("mr_imap_next", timeout, &deadline);
    if (status != MR_OK)
        return status;
    give(imap);
    if (imap->count == 0)
        return end_of(imap);
    status = choose(imap, deadline, &i);
    if (status != MR_OK)
        return status;
    chunk *from = &imap->chunks[i];
    double left = deadline - mr__now();
    status = mr__job_result("mr_imap_next", from->job, from->taken, out, capacity, size, left > 0 ? left : 0);
    if (index != NULL)
        *index = from->first + from->taken;
    if (status != MR_OK && status != MR_ETASK)
        return status;
    from->taken++;
    if (from->taken < from->count)
        return status;
    drop(imap, i);
    if (status == MR_OK)
        give(imap); /* while the caller is busy with this one */
    return status;
}

mr_status mr_imap_close(mr_imap *handle)
{
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "mr_imap_close was given NULL instead of an iterator");
    mr__imap *imap = handle->mr__state;
    if (imap == NULL)
        return MR_OK;
    if (mr__running("mr_imap_close") == MR_OK) {
        while (imap->count > 0)
            drop(imap, imap->count - 1);
        if (imap->hold != 0)
            finish(imap, MR_OK);
    }
    free(imap->columns);
    free(imap);
    handle->mr__state = NULL;
    return MR_OK;
}
