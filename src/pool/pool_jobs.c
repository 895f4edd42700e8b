/* The jobs of pools: making them, handing out their chunks, and what becomes of both when somebody dies. */
#include "pool/pool.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "pool/pool_far.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t LINE = 64;

mr__job_body *mr__job_body_of(const mr__job *job)
{
    return mr__at(job->body);
}

static mr__job *job_at(uint32_t slot)
{
    return (mr__job *)mr__slot_at(slot);
}

static mr__chunk *states_of(const mr__job_body *body)
{
    return mr__at(body->states);
}

static uint64_t low_half(uint64_t word)
{
    return (uint32_t)word;
}

uint64_t mr__job_chunk_count(const mr__job_body *body, uint64_t chunk)
{
    uint64_t left = body->count - chunk * body->chunk_size;
    return left < body->chunk_size ? left : body->chunk_size;
}

/* ---- Making ---- */

/* How the block of a job is laid out: where its parts begin, and its size. */
typedef struct layout {
    uint64_t states, results, inputs, size;
    bool is_too_large;
} layout;

static uint64_t append(layout *block, uint64_t count, uint64_t each)
{
    uint64_t bytes, begin = block->size;
    block->is_too_large = block->is_too_large || __builtin_mul_overflow(count, each, &bytes) ||
                          __builtin_add_overflow(begin, bytes, &block->size) ||
                          __builtin_add_overflow(block->size, LINE - 1, &block->size);
    block->size = block->size / LINE * LINE;
    return begin;
}

static void append_records(layout *block, const mr_slice *records, uint64_t count)
{
    for (uint64_t i = 0; i < count && !block->is_too_large; i++)
        block->is_too_large = __builtin_add_overflow(block->size, records[i].size, &block->size) ||
                              __builtin_add_overflow(block->size, 15, &block->size);
    append(block, 1, 0);
}

static layout lay_out(const mr__order *order, const mr__job_body *body)
{
    const mr_tasks *tasks = order->tasks;
    layout block = {0};
    append(&block, 1, sizeof(mr__job_body) + LINE); /* the block itself is aligned to 16 only */
    block.states = append(&block, body->chunks, sizeof(mr__chunk));
    block.results = append(&block, body->count, body->has_any_size ? sizeof(mr__piece) : body->out_size);
    if (body->form == MR__INPUT_ARRAY) {
        block.inputs = append(&block, body->count, body->in_size);
    } else if (body->form == MR__INPUT_RECORDS) {
        block.inputs = append(&block, body->count, sizeof(mr__piece));
        append_records(&block, order->records, body->count);
    } else {
        block.inputs = append(&block, body->column_count, sizeof(mr__piece));
        for (size_t c = 0; c < tasks->column_count; c++)
            append(&block, body->count, tasks->columns[c].size);
    }
    return block;
}

static void copy(void *to, const void *from, uint64_t size)
{
    if (size > 0)
        memcpy(to, from, size);
}

static void copy_inputs(const mr__order *order, const mr__job_body *body)
{
    mr__piece *pieces = mr__at(body->inputs);
    if (body->form == MR__INPUT_ARRAY) {
        copy(pieces, order->tasks->in, body->count * body->in_size);
        return;
    }
    bool are_columns = body->form == MR__INPUT_COLUMNS;
    uint64_t pieces_count = are_columns ? body->column_count : body->count, step = are_columns ? LINE : 16;
    const mr_slice *from = are_columns ? order->tasks->columns : order->records;
    mr__ref next = body->inputs + (pieces_count * sizeof *pieces + LINE - 1) / LINE * LINE;
    for (uint64_t i = 0; i < pieces_count; i++) {
        uint64_t bytes = are_columns ? body->count * from[i].size : from[i].size;
        pieces[i] = (mr__piece){next, from[i].size};
        copy(mr__at(next), from[i].data, bytes);
        next += (bytes + step - 1) / step * step;
    }
}

/* What a job has from its pool. */
typedef struct settings {
    uint32_t workers;
    double task_timeout;
    uint32_t max_retries;
} settings;

static mr_status make_body(const mr__order *order, const settings *from_pool, mr__ref *ref)
{
    const mr_tasks *tasks = order->tasks;
    mr__job_body body = {.task = order->task, .is_star = order->is_star, .count = order->count};
    body.first = order->first;
    body.form = order->records != NULL   ? MR__INPUT_RECORDS
                : tasks->columns != NULL ? MR__INPUT_COLUMNS
                                         : MR__INPUT_ARRAY;
    body.in_size = tasks->in_size;
    body.column_count = tasks->column_count;
    body.has_any_size = tasks->out_size == MR_ANY_SIZE;
    body.out_size = body.has_any_size ? 0 : tasks->out_size;
    uint64_t share = 4 * (uint64_t)from_pool->workers;
    body.chunk_size = tasks->chunk_size > 0 ? tasks->chunk_size : (body.count + share - 1) / share;
    if (body.chunk_size > UINT32_MAX || body.chunk_size == 0)
        body.chunk_size = body.chunk_size == 0 ? 1 : UINT32_MAX;
    body.chunks = body.count / body.chunk_size + (body.count % body.chunk_size > 0);
    body.task_timeout = tasks->task_timeout > 0 ? tasks->task_timeout : from_pool->task_timeout;
    body.max_retries = from_pool->max_retries;
    body.returned = UINT64_MAX;
    layout block = lay_out(order, &body);
    if (block.is_too_large)
        return mr__fail(MR_ENOMEM, "%s: inputs and results of %llu tasks do not fit into memory", order->call,
                        (unsigned long long)body.count);
    mr_status status = mr__alloc(block.size, ref);
    if (status != MR_OK)
        return status;
    mr__ref aligned = (*ref + LINE - 1) / LINE * LINE;
    body.block = *ref;
    body.states = aligned + block.states;
    body.results = aligned + block.results;
    body.inputs = aligned + block.inputs;
    *ref = aligned;
    memcpy(mr__at(aligned), &body, sizeof body);
    copy_inputs(order, &body);
    return MR_OK;
}

/* Puts a job at the end of the list of those that have something to claim. Pool entered. */
static void list(mr__pool *pool, mr__job *job)
{
    uint32_t slot = mr__object_slot(&job->object);
    if (job->is_listed)
        return;
    job->is_listed = true;
    job->next_open = 0;
    if (pool->first_open == 0)
        pool->first_open = slot;
    else
        job_at(pool->last_open)->next_open = slot;
    pool->last_open = slot;
}

static void unlist(mr__pool *pool, mr__job *job)
{
    uint32_t slot = mr__object_slot(&job->object), before = 0;
    if (!job->is_listed)
        return;
    for (uint32_t each = pool->first_open; each != 0 && each != slot; each = job_at(each)->next_open)
        before = each;
    if (before == 0)
        pool->first_open = job->next_open;
    else
        job_at(before)->next_open = job->next_open;
    if (pool->last_open == slot)
        pool->last_open = before;
    job->is_listed = false;
}

/* MR_OK where the pool takes the job. */
static mr_status admit(const mr__order *order, const mr__pool *pool)
{
    if (pool->state == MR__POOL_RUNNING || (order->continues && pool->state == MR__POOL_CLOSED))
        return MR_OK;
    if (pool->state == MR__POOL_BROKEN)
        return mr__fail(MR_EDIED, "%s: the workers of this pool die before they are ready; is it its initializer?",
                        order->call);
    return mr__fail(MR_ECLOSED, "%s: this pool is not running any more", order->call);
}

/* The pool may be gone right after this. */
static mr_status read_settings(const mr_pool *handle, const mr__order *order, settings *read)
{
    mr__pool *pool;
    mr_status status = mr__pool_enter(order->call, handle, &pool);
    if (status != MR_OK)
        return status;
    const mr__pool_body *body = mr__pool_body_of(pool);
    status = admit(order, pool);
    if (status == MR_OK && body->are_threads && order->tasks->task_timeout > 0)
        status =
            mr__fail(MR_EINVAL, "%s was given a task_timeout: threads cannot be stopped in a task", order->call);
    if (status == MR_OK) {
        *read = (settings){pool->size, body->task_timeout, body->max_retries};
    }
    mr__object_leave(&pool->object);
    return status;
}

/* An empty job is complete at once. */
static mr_status open_job(const mr_pool *handle, const mr__order *order, mr__job *job)
{
    mr__pool *pool;
    const mr__job_body *body = mr__job_body_of(job);
    uint64_t chunks = body->chunks;
    double limit = body->task_timeout;
    mr_status status = mr__pool_enter(order->call, handle, &pool);
    if (status != MR_OK)
        return status;
    status = admit(order, pool);
    if (status == MR_OK && chunks == 0 && !order->is_hold) {
        job->state = MR__JOB_COMPLETE;
    } else if (status == MR_OK) {
        job->state = MR__JOB_OPEN;
        pool->unfinished++;
        pool->given += body->count;
        if (chunks > 0)
            list(pool, job);
        if (limit > 0 && (pool->shortest_limit <= 0 || limit < pool->shortest_limit))
            pool->shortest_limit = limit;
    }
    bool has_show = mr__pool_body_of(pool)->shows_progress;
    mr__object_leave(&pool->object);
    if (status != MR_OK)
        return status;
    mr__pool_ring(pool, chunks);
    if (limit > 0 || has_show)
        mr__pool_ring_keeper(pool);
    return status;
}

mr_status mr__job_submit(const mr_pool *handle, const mr__order *order, uint32_t watcher, uint64_t *future)
{
    mr__object *object;
    mr__ref body;
    if (mr__is_far(handle))
        return mr__far_submit(handle, order, future);
    settings from_pool;
    mr_status status = read_settings(handle, order, &from_pool);
    if (status == MR_OK)
        status = make_body(order, &from_pool, &body);
    if (status != MR_OK)
        return status;
    status = mr__object_new(order->call, MR__KIND_JOB, &object, future);
    if (status != MR_OK) {
        mr__free(((mr__job_body *)mr__at(body))->block);
        return status;
    }
    mr__job *job = (mr__job *)object;
    job->pool = handle->mr__handle;
    job->owner = mr__caller();
    job->watcher = watcher;
    job->body = body;
    mr__object_leave(object);
    status = open_job(handle, order, job);
    if (status != MR_OK) {
        mr__object_reenter(object);
        mr__object_close(object);
    }
    return status;
}

/* ---- Being done ---- */

/* Wakes those who wait for a job. */
static void tell(mr__job *job)
{
    mr__object_reenter(&job->object);
    mr__seat_grant_all(&job->object, MR_OK);
    uint32_t watcher = job->watcher;
    mr__object_leave(&job->object);
    if (watcher != 0)
        mr__bell_ring(watcher);
}

static void end_job(mr__pool *pool, mr__job *job, mr__job_state state)
{
    job->state = (uint32_t)state;
    pool->unfinished--;
    tell(job);
    if (pool->unfinished == 0 && pool->state != MR__POOL_RUNNING)
        mr__pool_ring(pool, UINT64_MAX); /* they may go */
}

/* Whether all chunks are done, as far as can be seen; then it is complete. */
static void settle(mr__pool *pool, mr__job *job)
{
    mr__job_body *body = mr__job_body_of(job);
    const mr__chunk *states = states_of(body);
    if (job->state != MR__JOB_OPEN || body->chunks == 0)
        return; /* a hold is never done by itself */
    while (body->cursor < body->chunks && low_half(states[body->cursor]) == MR__CHUNK_DONE)
        body->cursor++;
    if (body->cursor == body->chunks)
        end_job(pool, job, MR__JOB_COMPLETE);
}

/* Frees a job that nobody wants and no worker is at. */
static void free_if_unused(const mr__pool *pool, mr__job *job)
{
    uint32_t slot = mr__object_slot(&job->object);
    const mr__worker *workers = mr__pool_body_of(pool)->workers;
    if (!job->is_released || job->state == MR__JOB_OPEN || job->is_listed)
        return;
    for (uint32_t i = 0; i < pool->size; i++)
        if (workers[i].job == slot)
            return;
    mr__object_reenter(&job->object);
    mr__object_close(&job->object);
}

static void leave_job(mr__pool *pool, mr__worker *worker)
{
    if (worker->job == 0)
        return;
    mr__job *job = job_at(worker->job);
    settle(pool, job);
    worker->job = 0;
    worker->chunk = 0;
    free_if_unused(pool, job);
}

/* ---- Claiming ---- */

/* The chunk is put down before it is owned, so that the owner of a chunk always knows how far it has come. */
static bool own(mr__chunk *state, uint64_t found, mr__worker *worker, uint32_t place, uint64_t chunk)
{
    worker->is_again = low_half(found) == MR__CHUNK_RETURNED;
    worker->chunk = 0;
    worker->task = found >> 32;
    worker->chunk = chunk + 1;
    return atomic_compare_exchange_strong(state, &found,
                                          (found >> 32 << 32) | ((uint64_t)MR__CHUNK_OWNED + place));
}

bool mr__job_owns(const mr__job *job, uint32_t place, uint64_t chunk, uint64_t *offset)
{
    const mr__job_body *body = mr__job_body_of(job);
    uint64_t word = chunk < body->chunks ? states_of(body)[chunk] : 0;
    *offset = word >> 32;
    return low_half(word) == (uint64_t)MR__CHUNK_OWNED + place;
}

bool mr__job_claim(mr__job *job, mr__worker *worker, uint32_t place, uint64_t *chunk, uint64_t *offset)
{
    mr__job_body *body = mr__job_body_of(job);
    while (job->state == MR__JOB_OPEN && body->next < body->chunks) {
        *chunk = body->next++;
        *offset = 0;
        if (*chunk >= body->chunks)
            return false;
        if (own(&states_of(body)[*chunk], MR__CHUNK_FREE, worker, place, *chunk))
            return true; /* else it was taken for a dead worker's, and given back */
    }
    return false;
}

/* Tasks that are run again find their results as they were at first. */
static void wipe(const mr__job_body *body, uint64_t chunk, uint64_t offset, uint64_t count)
{
    uint64_t first = chunk * body->chunk_size + offset;
    mr__piece *pieces = (mr__piece *)mr__at(body->results) + first;
    if (!body->has_any_size)
        memset((char *)mr__at(body->results) + first * body->out_size, 0, count * body->out_size);
    for (uint64_t i = 0; body->has_any_size && i < count; i++) {
        mr__ref old = pieces[i].data;
        pieces[i] = (mr__piece){0};
        mr__free(old);
    }
}

static bool reclaim(mr__job *job, mr__worker *worker, uint32_t place, uint64_t *chunk, uint64_t *offset)
{
    mr__job_body *body = mr__job_body_of(job);
    if (job->state != MR__JOB_OPEN)
        return false;
    for (uint64_t c = body->returned; c < body->chunks; c++) {
        uint64_t found = states_of(body)[c];
        if (low_half(found) != MR__CHUNK_RETURNED || !own(&states_of(body)[c], found, worker, place, c))
            continue;
        body->returned = c + 1;
        wipe(body, c, found >> 32, mr__job_chunk_count(body, c) - (found >> 32));
        *chunk = c;
        *offset = found >> 32;
        return true;
    }
    body->returned = UINT64_MAX;
    return false;
}

mr__job *mr__job_next(mr__pool *pool, uint32_t place, uint64_t *chunk, uint64_t *offset)
{
    mr__worker *worker = &mr__pool_body_of(pool)->workers[place];
    if (worker->even_job != 0) {
        leave_job(pool, worker);
        worker->job = worker->even_job;
        worker->even_job = 0;
        *chunk = MR__EVEN_SHARE;
        return job_at(worker->job);
    }
    if (worker->job != 0 && reclaim(job_at(worker->job), worker, place, chunk, offset))
        return job_at(worker->job);
    leave_job(pool, worker);
    while (pool->first_open != 0) {
        mr__job *job = job_at(pool->first_open);
        worker->job = pool->first_open;
        if (mr__job_claim(job, worker, place, chunk, offset) || reclaim(job, worker, place, chunk, offset))
            return job;
        unlist(pool, job);
        leave_job(pool, worker);
    }
    return NULL;
}

void mr__job_note(mr__job *job, uint32_t place, uint64_t chunk, uint64_t tasks)
{
    mr__job_body *body = mr__job_body_of(job);
    bool is_done = tasks == mr__job_chunk_count(body, chunk);
    states_of(body)[chunk] = is_done ? MR__CHUNK_DONE : tasks << 32 | ((uint64_t)MR__CHUNK_OWNED + place);
}

/* ---- Deaths ---- */

mr_status mr__job_add_failure(mr__job_body *body, uint64_t index, mr_status status, int code, uint32_t rank,
                              const char *host, const char *message)
{
    mr__ref ref;
    size_t length = strlen(message) + 1;
    mr_status made = mr__alloc(sizeof(mr__job_failure) + length, &ref);
    if (made != MR_OK)
        return made;
    mr__job_failure *new = mr__at(ref);
    new->next = body->failures;
    new->index = index;
    new->status = (int32_t)status;
    new->code = code;
    new->rank = (int32_t)rank;
    snprintf(new->host, sizeof new->host, "%.64s", host);
    memcpy(new->message, message, length);
    body->failures = ref;
    body->failure_count++;
    return MR_OK;
}

/* What was put down for tasks that are going to be run again. */
static void drop_failures(mr__job_body *body, uint64_t from, uint64_t to)
{
    mr__ref *link = &body->failures;
    while (*link != 0) {
        mr__ref ref = *link;
        mr__job_failure *failure = mr__at(ref);
        if (failure->index < from || failure->index >= to) {
            link = &failure->next;
            continue;
        }
        *link = failure->next;
        body->failure_count--;
        mr__free(ref);
    }
}

/* How often workers have died of a task, this time included. */
static uint32_t count_try(mr__job_body *body, uint64_t index)
{
    mr__ref ref = body->tries;
    while (ref != 0 && ((mr__job_tries *)mr__at(ref))->index != index)
        ref = ((mr__job_tries *)mr__at(ref))->next;
    if (ref == 0) {
        if (mr__alloc(sizeof(mr__job_tries), &ref) != MR_OK)
            return UINT32_MAX;
        mr__job_tries *new = mr__at(ref);
        new->next = body->tries;
        new->index = index;
        body->tries = ref;
    }
    return ++((mr__job_tries *)mr__at(ref))->count;
}

/* A worker has died at a task. true: that is the task's end, too. */
static bool give_up(mr__job_body *body, const mr__worker *worker, uint64_t chunk, uint64_t task, int code,
                    const char *host)
{
    uint64_t index = chunk * body->chunk_size + task;
    bool is_late = worker->late_job == worker->job && worker->late_chunk == chunk + 1 && worker->late_task == task;
    uint32_t tries = is_late ? 0 : count_try(body, index);
    char message[200];
    if (!is_late && tries <= body->max_retries)
        return false;
    if (is_late)
        snprintf(message, sizeof message, "it was not done within %g s", body->task_timeout);
    else if (code < 0)
        snprintf(message, sizeof message, "signal %d killed its worker; tried %u times", -code, tries);
    else
        snprintf(message, sizeof message, "its worker ended with exit code %d; tried %u times", code, tries);
    wipe(body, chunk, task, 1);
    return mr__job_add_failure(body, index, is_late ? MR_ETIMEDOUT : MR_EDIED, code, worker->rank, host,
                               message) == MR_OK;
}

/* Gives back a chunk of a dead worker, or one that it may have been about to own. */
static void give_back(mr__job_body *body, uint32_t place, const mr__worker *worker, uint64_t chunk, int code,
                      const char *host)
{
    mr__chunk *state = &states_of(body)[chunk];
    uint64_t found = *state, done = found >> 32, count = mr__job_chunk_count(body, chunk);
    if (found == MR__CHUNK_FREE) {
        if (atomic_compare_exchange_strong(state, &found, MR__CHUNK_RETURNED) && chunk < body->returned)
            body->returned = chunk;
        return;
    }
    if (low_half(found) != (uint64_t)MR__CHUNK_OWNED + place)
        return;
    bool is_at_task = worker->chunk == chunk + 1 && (!worker->is_far || worker->given == 1);
    if (is_at_task && worker->task > done)
        done = worker->task;
    uint64_t first = chunk * body->chunk_size;
    drop_failures(body, first + done, first + count);
    if (is_at_task && done < count && give_up(body, worker, chunk, done, code, host))
        done++;
    *state = done >= count ? MR__CHUNK_DONE : done << 32 | MR__CHUNK_RETURNED;
    if (done < count && chunk < body->returned)
        body->returned = chunk;
}

void mr__job_take_back(mr__pool *pool, uint32_t place, int code, const char *host)
{
    mr__worker *worker = &mr__pool_body_of(pool)->workers[place];
    if (worker->job == 0)
        return;
    mr__job *job = job_at(worker->job);
    mr__job_body *body = mr__job_body_of(job);
    uint64_t end = body->next < body->chunks ? body->next : body->chunks;
    if (job->state == MR__JOB_OPEN) {
        for (uint64_t c = body->cursor; c < end; c++)
            give_back(body, place, worker, c, code, host);
        if (body->returned < body->chunks) {
            list(pool, job);
            mr__pool_ring(pool, UINT64_MAX);
        }
    }
    leave_job(pool, worker);
}

void mr__job_complete_hold(const mr_pool *handle, mr__job *job)
{
    mr__pool *pool;
    if (mr__pool_enter("mr_pool_map", handle, &pool) != MR_OK)
        return;
    if (job->state == MR__JOB_OPEN)
        end_job(pool, job, MR__JOB_COMPLETE);
    mr__object_leave(&pool->object);
}

void mr__job_leave(mr__pool *pool, uint32_t place)
{
    leave_job(pool, &mr__pool_body_of(pool)->workers[place]);
}

/* ---- Jobs that end otherwise ---- */

/* Calls a function for each job of a pool. */
static void each_job(mr__pool *pool, void (*visit)(mr__pool *pool, mr__job *job, uint32_t with), uint32_t with)
{
    const mr__arena *arena = mr__ctx.arena;
    uint64_t handle = mr__object_handle(&pool->object);
    for (uint32_t slot = 1; slot < arena->slots; slot++) {
        mr__job *job = job_at(slot);
        if (job->object.kind == MR__KIND_JOB && job->pool == handle && job->state != MR__JOB_NEW)
            visit(pool, job, with);
    }
}

static void end_one(mr__pool *pool, mr__job *job, uint32_t state)
{
    if (job->state != MR__JOB_OPEN)
        return;
    job->is_listed = false;
    end_job(pool, job, (mr__job_state)state);
}

void mr__jobs_end(mr__pool *pool, mr__job_state state)
{
    pool->first_open = pool->last_open = 0;
    each_job(pool, end_one, (uint32_t)state);
}

static void count_one(mr__pool *pool, mr__job *job, uint32_t unused)
{
    (void)unused;
    pool->unfinished += job->state == MR__JOB_OPEN;
    if (job->state != MR__JOB_OPEN && job->object.waiting > 0)
        tell(job);
}

/* Somebody was killed while he had the pool entered: the list's links are right, but not, perhaps, what follows
 * from them; and whoever waits for a job may not have been told. */
void mr__jobs_repair(mr__pool *pool)
{
    pool->last_open = 0;
    for (uint32_t slot = pool->first_open; slot != 0; slot = job_at(slot)->next_open)
        pool->last_open = slot;
    pool->unfinished = 0;
    each_job(pool, count_one, 0);
}

static void sweep_one(mr__pool *pool, mr__job *job, uint32_t unused)
{
    (void)unused;
    pool->unfinished += job->state == MR__JOB_OPEN;
    if (!job->is_released)
        return;
    if (job->state == MR__JOB_CANCELLED)
        unlist(pool, job);
    free_if_unused(pool, job);
}

/* After the end of processes that wanted jobs done. */
void mr__jobs_sweep(mr__pool *pool)
{
    pool->unfinished = 0;
    each_job(pool, sweep_one, 0);
}

mr_status mr__job_enter(const char *call, uint64_t handle, mr__job **job)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(call, handle, MR__KIND_JOB, &object);
    *job = (mr__job *)object;
    return status;
}

/* One that has been closed is over, and that is no failure. */
static mr_status is_over(mr__call *c)
{
    uint64_t handle = c->handles[0];
    uint32_t slot = mr__handle_slot(handle);
    const mr__job *job = slot < mr__ctx.arena->slots ? job_at(slot) : NULL;
    c->numbers[0] = job == NULL || job->object.kind != MR__KIND_JOB || job->object.generation != handle >> 32 ||
                    job->state > MR__JOB_OPEN;
    return MR_OK;
}
MR__METHOD(job_is_over, "mr_future_is_ready", MR__KIND_JOB, is_over);

bool mr__job_is_over(uint64_t handle)
{
    return mr__call_number(&job_is_over, &handle, true) != 0;
}

static bool is_there(uint64_t pool)
{
    const mr__object *object = mr__slot_of(pool);
    return object->kind == MR__KIND_POOL && object->generation == pool >> 32;
}

static mr_status release(mr__call *c)
{
    const char *call = c->method->call;
    uint64_t handle = c->handles[0];
    mr__job *job;
    mr__pool *pool = NULL;
    mr_status status = mr__job_enter(call, handle, &job);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    mr_pool owner = {job->pool};
    mr__object_leave(&job->object);
    bool has_pool = mr__pool_enter(call, &owner, &pool) == MR_OK;
    status = mr__job_enter(call, handle, &job); /* a pool is entered before its jobs */
    if (status == MR_OK && !has_pool) {
        mr__object_close(&job->object);
    } else if (status == MR_OK) {
        job->is_released = true;
        mr__seat_grant_all(&job->object, MR_ECLOSED);
        mr__object_leave(&job->object);
        unlist(pool, job);
        if (job->state == MR__JOB_OPEN)
            end_job(pool, job, MR__JOB_CANCELLED);
        free_if_unused(pool, job);
    }
    if (has_pool)
        mr__object_leave(&pool->object);
    return status == MR_ECLOSED ? MR_OK : status;
}
MR__METHOD(job_release, "mr_future_close", MR__KIND_JOB, release);

mr_status mr__job_release(uint64_t handle)
{
    return mr__call_on(&job_release, &handle, 0);
}

/* ---- The kind ---- */

static void forget_job(mr__object *object, uint32_t rank)
{
    mr__job *job = (mr__job *)object;
    uint32_t open = MR__JOB_OPEN;
    if (job->owner != rank || job->is_released)
        return;
    job->is_released = true;
    atomic_compare_exchange_strong(&job->state, &open, MR__JOB_CANCELLED);
    if (!is_there(job->pool))
        return;
    mr__pool *pool = (mr__pool *)mr__slot_of(job->pool);
    pool->is_dirty = true;
    mr__pool_ring_keeper(pool);
}

static bool is_job_over(const mr__object *object)
{
    const mr__job *job = (const mr__job *)object;
    if (job->body == 0)
        return true; /* its owner was killed while he made it */
    return job->is_released && (job->state == MR__JOB_NEW || !is_there(job->pool));
}

static void free_list(mr__ref first)
{
    while (first != 0) {
        mr__ref ref = first;
        first = *(mr__ref *)mr__at(ref); /* every list begins with its link */
        mr__free(ref);
    }
}

static void discard_job(mr__object *object)
{
    const mr__job *job = (const mr__job *)object;
    if (job->body == 0)
        return;
    mr__job_body *body = mr__job_body_of(job);
    const mr__piece *pieces = mr__at(body->results);
    for (uint64_t i = 0; body->has_any_size && i < body->count; i++)
        mr__free(pieces[i].data);
    free_list(body->failures);
    free_list(body->tries);
    mr__free(body->block);
}

const mr__kind mr__job_kind = {.name = "future",
                               .forget = forget_job,
                               .is_over = is_job_over,
                               .discard = discard_job,
                               .view = &mr__job_view,
                               .lies_with_main = true};
