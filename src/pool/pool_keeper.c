/* The keeper: a thread of every process that has pools, or callbacks to be called. It starts workers, gives back
 * what dead ones had, and replaces those that have died, have served long enough, or take too long. It sleeps by
 * its bell, which is rung from the arena. */
#include "pool/callbacks.h"
#include "pool/pool.h"

#include "base/context.h"
#include "base/status.h"
#include "object/seat.h"
#include "pool/pool_threads.h"
#include "pool/progress.h"
#include "pool/worker_times.h"
#include "process/process.h"
#include "universe/universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double LONGEST_SLEEP = 1, KILL_SECONDS = 0.5, RETRY_SECONDS = 0.5;
static const double SHOW_SECONDS = 0.1; /* between two looks at how far a pool is */

enum {
    SPARE_DEATHS = 3
}; /* that a pool survives in a row, beyond one for each worker, before one was ever ready */

typedef struct mr__keeper {
    pthread_t thread;
    uint32_t seat;
    bool is_up, is_stopping, is_over;
    bool leaves_threads;    /* when it stopped there were threads at work */
    mr__own_pool *arrivals; /* pools that the thread has not seen yet; lock held */
    mr__own_pool *pools;    /* the thread's own */
    size_t pool_count;      /* of both. Lock held */
} mr__keeper;

/* ---- Workers ---- */

static mr__worker *place_of(const mr__own_pool *own, uint32_t i)
{
    const mr__pool *pool = (const mr__pool *)mr__slot_of(own->handle.mr__handle);
    return &mr__pool_body_of(pool)->workers[i];
}

static mr__pool *enter(const mr__own_pool *own)
{
    mr__object *object = mr__slot_of(own->handle.mr__handle); /* it is there as long as we look after it */
    mr__object_reenter(object);
    return (mr__pool *)object;
}

static mr_status make_worker(mr__own_pool *own, uint32_t i)
{
    mr_process *process = &own->workers[i];
    mr__worker_args args = {.pool = own->handle.mr__handle, .place = i};
    char name[32];
    snprintf(name, sizeof name, "PoolWorker-%u", i + 1);
    mr_status status = mr_process_init(process, mr__work_in_pool, &args, sizeof args);
    if (status == MR_OK)
        status = mr_process_set_name(process, name);
    if (status == MR_OK)
        status = mr_process_set_daemon(process, true);
    if (status == MR_OK)
        status = mr_process_set_reuse(process, own->reuse);
    if (status == MR_OK && own->host[0] != '\0')
        status = mr_process_set_host(process, own->host);
    if (status == MR_OK && own->reservation != 0)
        status = mr__process_reserve(process, own->reservation);
    return status;
}

static mr_status start_worker(mr__own_pool *own, uint32_t i)
{
    mr__worker *place = place_of(own, i);
    bool is_thread = own->threads != NULL;
    uint32_t nobody = 0;
    mr__times_start(place);
    place->has_been_ready = false;
    place->late_job = 0;
    place->started++;
    if (is_thread)
        place->rank = (uint32_t)mr__ctx.rank;
    place->state = MR__WORKER_STARTING;
    mr_status status = is_thread ? mr__pool_thread_start(own, i) : mr_process_start(&own->workers[i]);
    if (status != MR_OK) {
        mr__times_end(place);
        place->state = MR__WORKER_ABSENT;
        place->started--;
        return status;
    }
    if (!is_thread)
        atomic_compare_exchange_strong(&place->rank, &nobody, (uint32_t)mr_process_rank(&own->workers[i]));
    return MR_OK;
}

static void close_worker(mr_process *process)
{
    mr_process_close(process);
    process->mr__handle = 0;
}

/* All are made before the first is started, so that their ranks come in one batch. */
static mr_status start_missing(mr__own_pool *own)
{
    mr_status status = MR_OK;
    for (uint32_t i = 0; i < own->size && status == MR_OK && own->threads == NULL; i++)
        if (own->workers[i].mr__handle == 0)
            status = make_worker(own, i);
    for (uint32_t i = 0; i < own->size && status == MR_OK; i++)
        if (place_of(own, i)->state == MR__WORKER_ABSENT)
            status = start_worker(own, i);
    for (uint32_t i = 0; i < own->size && status != MR_OK && own->threads == NULL; i++)
        if (own->workers[i].mr__handle != 0 && place_of(own, i)->state == MR__WORKER_ABSENT)
            close_worker(&own->workers[i]);
    return status;
}

/* ---- Deaths ---- */

/* Those on other hosts may wait in MPI for one who is dead, and cannot be told. */
static void kill_far(mr__own_pool *own)
{
    for (uint32_t i = 0; i < own->size; i++)
        if (own->workers[i].mr__handle != 0 && place_of(own, i)->is_far)
            mr_process_kill(&own->workers[i]);
}

/* Waits for one that has ended, and releases it. Gives its exit code. */
static int join_worker(mr__own_pool *own, uint32_t i)
{
    if (own->threads != NULL) {
        mr__pool_thread_join(own, i);
        return 0;
    }
    mr_process_join(&own->workers[i], LONGEST_SLEEP); /* who is not main hears of it later than the arena */
    int code = mr_process_exitcode(&own->workers[i]);
    close_worker(&own->workers[i]);
    return code;
}

/* Gives back what a worker had that has ended. */
static void reap(mr__own_pool *own, uint32_t i)
{
    int code = join_worker(own, i);
    mr__pool *pool = enter(own);
    mr__worker *place = place_of(own, i);
    mr__job_take_back(pool, i, code, place->host);
    mr__times_end(place);
    place->state = MR__WORKER_ABSENT;
    place->rank = 0;
    place->since = 0;
    bool has_even = mr__pool_body_of(pool)->is_even;
    mr__object_leave(&pool->object);
    if (has_even && mr__even_break(&own->handle))
        kill_far(own);
}

static void reap_all(mr__own_pool *own)
{
    bool is_any_ready = false;
    for (uint32_t i = 0; i < own->size; i++) {
        const mr__worker *place = place_of(own, i);
        bool was_ready = place->has_been_ready;
        is_any_ready = is_any_ready || place->state == MR__WORKER_READY;
        bool is_alive =
            place->state != MR__WORKER_DEAD && (own->threads != NULL || mr_process_is_alive(&own->workers[i]));
        if (place->state == MR__WORKER_ABSENT || is_alive)
            continue;
        reap(own, i);
        own->in_a_row = was_ready ? 0 : own->in_a_row + 1;
    }
    if (is_any_ready)
        own->in_a_row = 0;
}

/* ---- Limits ---- */

/* Kills a worker whose task has taken too long, and puts down which one that was. */
static void check_limit(mr__own_pool *own, uint32_t i, double now)
{
    mr__pool *pool = enter(own);
    mr__worker *place = place_of(own, i);
    const mr__job *job = place->job == 0 ? NULL : (const mr__job *)mr__slot_at(place->job);
    double limit = job == NULL ? 0 : mr__job_body_of(job)->task_timeout, since = place->since;
    bool is_late = limit > 0 && since > 0 && now - since > limit && place->late_job == 0;
    if (is_late) {
        place->late_chunk = place->chunk;
        place->late_task = place->task;
        place->late_job = place->job;
    }
    mr__object_leave(&pool->object);
    if (is_late)
        mr_process_kill(&own->workers[i]);
}

static void signal_all(mr__own_pool *own, mr_status (*send)(mr_process *process), bool are_busy)
{
    for (uint32_t i = 0; i < own->size; i++)
        if (own->workers[i].mr__handle != 0 && (!are_busy || place_of(own, i)->job != 0))
            send(&own->workers[i]);
}

/* Those who have something to do are asked to end, then made to. The others go by themselves. */
static void end_workers(mr__own_pool *own, double now)
{
    if (own->kill_at <= 0) {
        own->kill_at = now + KILL_SECONDS;
        signal_all(own, mr_process_terminate, true);
    } else if (now >= own->kill_at) {
        own->kill_at = now + LONGEST_SLEEP;
        signal_all(own, mr_process_kill, false);
    }
}

/* ---- A pool ---- */

static bool has_workers(const mr__own_pool *own)
{
    for (uint32_t i = 0; i < own->size; i++)
        if (place_of(own, i)->state != MR__WORKER_ABSENT)
            return true;
    return false;
}

static bool lacks_workers(const mr__own_pool *own)
{
    for (uint32_t i = 0; i < own->size; i++)
        if (place_of(own, i)->state == MR__WORKER_ABSENT)
            return true;
    return false;
}

static void break_pool(mr__own_pool *own)
{
    mr__pool *pool = enter(own);
    pool->state = MR__POOL_BROKEN;
    mr__jobs_end(pool, MR__JOB_BROKEN);
    mr__pool_ring(pool, UINT64_MAX);
    mr__object_leave(&pool->object);
}

static void replace(mr__own_pool *own, double now)
{
    if (own->in_a_row >= own->size + SPARE_DEATHS) {
        break_pool(own);
        return;
    }
    if (now < own->retry_at || start_missing(own) == MR_OK)
        return;
    mr__debug("a pool cannot replace its workers: %s", mr_last_error());
    own->retry_at = now + RETRY_SECONDS;
    if (!has_workers(own))
        break_pool(own);
}

/* All workers have ended, and no more are to come. */
static void say_over(mr__own_pool *own)
{
    mr__even_end(&own->handle);
    mr__pool *pool = enter(own);
    bool has_owner = !pool->is_ownerless;
    pool->state = MR__POOL_OVER;
    mr__seat_grant_all(&pool->object, MR_OK);
    if (has_owner)
        mr__object_leave(&pool->object);
    else
        mr__object_close(&pool->object);
}

/* false: it is over. *wake: when to look again. */
static bool look_after(mr__own_pool *own, double now, double *wake)
{
    reap_all(own);
    mr__pool *pool = enter(own);
    if (pool->is_dirty) {
        pool->is_dirty = false;
        mr__jobs_sweep(pool);
    }
    uint32_t state = pool->state;
    bool is_at_work = pool->unfinished > 0, lets_go = mr__pool_lets_go(pool);
    double limit = is_at_work ? pool->shortest_limit : 0, look = LONGEST_SLEEP;
    bool has_show = mr__pool_body_of(pool)->shows_progress;
    mr__object_leave(&pool->object);
    if (has_show)
        mr__progress_show(own, now);
    if (lets_go && state != MR__POOL_BROKEN && !has_workers(own)) {
        say_over(own);
        return false;
    }
    for (uint32_t i = 0; i < own->size && limit > 0; i++)
        check_limit(own, i, now);
    bool is_to_end = state >= MR__POOL_TERMINATED && own->threads == NULL; /* threads cannot be made to */
    if (is_to_end)
        end_workers(own, now);
    else if (!lets_go && lacks_workers(own))
        replace(own, now);
    if (limit > 0)
        look = limit / 8 < 0.002 ? 0.002 : limit / 8 < 0.05 ? limit / 8 : 0.05;
    if (has_show && is_at_work && look > SHOW_SECONDS)
        look = SHOW_SECONDS;
    if (is_to_end && look > own->kill_at - now)
        look = own->kill_at - now;
    if (now + look < *wake)
        *wake = now + look;
    return true;
}

/* ---- The thread ---- */

static void take_arrivals(mr__keeper *keeper)
{
    mr__lock();
    mr__own_pool **end = &keeper->pools;
    while (*end != NULL)
        end = &(*end)->next;
    *end = keeper->arrivals;
    keeper->arrivals = NULL;
    mr__unlock();
}

/* Whether threads of a pool are at a task or an initializer, which may take any time, or be what ends the process.
 */
static bool is_busy_in_threads(const mr__own_pool *own)
{
    bool is_busy = false;
    for (uint32_t i = 0; i < own->size && own->threads != NULL; i++) {
        const mr__worker *place = place_of(own, i);
        is_busy = is_busy || place->state == MR__WORKER_STARTING || place->job != 0;
    }
    return is_busy;
}

static void look_after_all(mr__keeper *keeper, bool is_stopping, double *wake)
{
    mr__own_pool **link = &keeper->pools;
    while (*link != NULL) {
        mr__own_pool *own = *link;
        bool is_over = !look_after(own, mr__now(), wake);
        bool is_left = !is_over && is_stopping && is_busy_in_threads(own);
        if (!is_over && !is_left) {
            link = &own->next;
            continue;
        }
        *link = own->next;
        if (is_over)
            mr__own_pool_free(own);
        else
            keeper->leaves_threads = true; /* which still look at it */
        mr__lock();
        keeper->pool_count--;
        mr__changed();
        mr__unlock();
    }
}

static void terminate_all(const mr__keeper *keeper)
{
    for (const mr__own_pool *own = keeper->pools; own != NULL; own = own->next)
        mr_pool_terminate(&own->handle);
}

static void *run_keeper(void *argument)
{
    mr__keeper *keeper = argument;
    uint32_t seat = 0;
    mr_status status = mr__seat_mine(&seat);
    mr__seat_pursue(MR__SERVES, 0);
    mr__lock();
    keeper->seat = status == MR_OK ? seat : 0;
    keeper->is_up = true;
    mr__changed();
    mr__unlock();
    while (status == MR_OK) {
        mr__seat *mine = mr__seat_at(seat);
        uint32_t was = mine->bell;
        double wake = mr__now() + LONGEST_SLEEP;
        take_arrivals(keeper);
        mr__lock();
        bool is_stopping = keeper->is_stopping;
        mr__unlock();
        if (is_stopping)
            terminate_all(keeper);
        look_after_all(keeper, is_stopping, &wake);
        mr__callbacks_look();
        mr__lock();
        bool is_over = keeper->is_stopping && keeper->pool_count == 0;
        mr__unlock();
        if (is_over)
            break;
        mr__futex_wait(&mine->bell, was, wake);
    }
    mr__seat_vacate();
    return NULL;
}

static mr_status start_thread(mr__keeper *keeper)
{
    *keeper = (mr__keeper){.is_over = true};
    mr_status status = mr__thread_start_with(&keeper->thread, "mr-keeper", run_keeper, keeper);
    keeper->is_over = status != MR_OK;
    return status;
}

/* The keeper of this process; started if need be. */
static mr_status start_keeper(mr__keeper **keeper)
{
    mr_status status = MR_OK;
    mr__lock();
    if (mr__ctx.is_ending) {
        mr__unlock();
        return mr__fail(MR_EFINALIZED, "mr_finalize is under way, so there can be no more pools");
    }
    if (mr__ctx.keeper == NULL || mr__ctx.keeper->is_over) { /* a rank that serves again has another one */
        mr__keeper *new = mr__ctx.keeper != NULL ? mr__ctx.keeper : calloc(1, sizeof *new);
        if (new == NULL)
            status = mr__fail(MR_ENOMEM, "there is no memory for the thread that looks after pools");
        else
            status = start_thread(new);
        mr__ctx.keeper = new;
    }
    *keeper = mr__ctx.keeper;
    while (status == MR_OK && !(*keeper)->is_up)
        mr__wait(INFINITY);
    if (status == MR_OK && (*keeper)->seat == 0)
        status = mr__fail(MR_ELIMIT, "more than %d threads use shared objects", MR__SEATS);
    mr__unlock();
    return status;
}

mr_status mr__keeper_seat(uint32_t *seat)
{
    mr__keeper *keeper;
    mr_status status = start_keeper(&keeper);
    if (status == MR_OK)
        *seat = keeper->seat;
    return status;
}

void mr__keeper_refuse(mr__own_pool *own)
{
    mr__object_close(&enter(own)->object);
    mr__own_pool_free(own);
}

/* A pool of which not all workers could be started: none stays. */
static void undo(mr__own_pool *own)
{
    if (own->threads != NULL)
        mr_pool_terminate(&own->handle);
    else
        signal_all(own, mr_process_kill, false);
    for (uint32_t i = 0; i < own->size && own->threads != NULL; i++)
        if (place_of(own, i)->state != MR__WORKER_ABSENT)
            mr__pool_thread_join(own, i);
    for (uint32_t i = 0; i < own->size && own->threads == NULL; i++) {
        if (own->workers[i].mr__handle == 0)
            continue;
        mr_process_join(&own->workers[i], MR_FOREVER);
        close_worker(&own->workers[i]);
    }
    if (own->reservation != 0)
        mr__universe_unreserve(own->reservation);
    mr__keeper_refuse(own);
}

mr_status mr__keeper_add(mr__own_pool *own)
{
    mr__keeper *keeper;
    mr_status status = start_keeper(&keeper);
    if (status != MR_OK) {
        mr__keeper_refuse(own);
        return status;
    }
    mr__pool *pool = enter(own);
    pool->keeper = keeper->seat;
    mr__object_leave(&pool->object);
    status = start_missing(own);
    if (status != MR_OK) {
        char sentence[MR__SENTENCE_SIZE];
        snprintf(sentence, sizeof sentence, "%s", mr_last_error());
        undo(own);
        return mr__fail(status, "%s", sentence);
    }
    own->reservation = 0; /* those who come later have other ranks */
    mr__lock();
    own->next = keeper->arrivals;
    keeper->arrivals = own;
    keeper->pool_count++;
    mr__unlock();
    mr__bell_ring(keeper->seat);
    return MR_OK;
}

mr_status mr__keeper_watch(uint64_t job, const mr_tasks *tasks, bool is_dropped)
{
    mr__keeper *keeper;
    mr_status status = start_keeper(&keeper);
    if (status == MR_OK)
        status = mr__callbacks_add(job, tasks, is_dropped);
    if (status == MR_OK)
        mr__bell_ring(keeper->seat);
    return status;
}

bool mr__keeper_stop(void)
{
    mr__lock();
    mr__keeper *keeper = mr__ctx.keeper;
    bool is_there = keeper != NULL && !keeper->is_over && !keeper->is_stopping;
    if (is_there)
        keeper->is_stopping = true;
    mr__unlock();
    if (!is_there)
        return true;
    mr__bell_ring(keeper->seat);
    pthread_join(keeper->thread, NULL);
    mr__callbacks_stop();
    mr__lock();
    keeper->is_over = true;
    bool have_all_ended = !keeper->leaves_threads;
    mr__unlock();
    /* it is not freed: a thread that is making a pool at this moment may still look at it */
    return have_all_ended;
}
