/* How a pool, and a job, look from outside. */
#include "object/view.h"
#include "pool/pool.h"

#include <stdio.h>

static bool read_worker(const mr__view *view, const mr__pool *pool, uint32_t place, mr__worker *worker)
{
    return pool->body != 0 && place < pool->size && place < MR__ROSTER_SIZE &&
           mr__view_read(view, pool->body + offsetof(mr__pool_body, workers) + place * sizeof *worker, worker,
                         sizeof *worker);
}

static bool is_there(const mr__worker *worker)
{
    return worker->state == MR__WORKER_STARTING || worker->state == MR__WORKER_READY;
}

static void tell_of_pool(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose,
                         mr__told *told)
{
    mr__worker worker;
    if (purpose == MR__POOL_WORK) {
        snprintf(told->what, sizeof told->what, "work of pool %u", slot);
        return;
    }
    snprintf(told->what, sizeof told->what, "the end of pool %u", slot);
    told->by = ", with workers ";
    for (uint32_t i = 0; read_worker(view, (const mr__pool *)object, i, &worker); i++)
        if (is_there(&worker))
            mr__told_add(told, worker.rank);
}

/* Workers that are threads are not told: which threads of their process they are, nobody could say. */
static bool next_worker(const mr__view *view, const mr__object *object, uint32_t *index, uint32_t *rank,
                        uint32_t *purpose)
{
    const mr__pool *pool = (const mr__pool *)object;
    mr__worker worker;
    bool are_threads = true;
    if (pool->body == 0 ||
        !mr__view_read(view, pool->body + offsetof(mr__pool_body, are_threads), &are_threads,
                       sizeof are_threads) ||
        mr__view_flag(&are_threads))
        return false;
    *purpose = MR__POOL_WORK;
    while (read_worker(view, pool, *index, &worker)) {
        (*index)++;
        *rank = worker.rank;
        if (worker.state == MR__WORKER_READY && worker.job == 0 && worker.times.activity == MR__WAITING)
            return true;
    }
    return false;
}

static bool state_of_pool(const mr__view *view, const mr__object *object, char *text, size_t size)
{
    const mr__pool *pool = (const mr__pool *)object;
    mr__worker worker;
    uint32_t there = 0, working = 0;
    uint64_t done = 0;
    for (uint32_t i = 0; read_worker(view, pool, i, &worker); i++) {
        there += is_there(&worker);
        working += is_there(&worker) && worker.times.activity == MR__WORKING;
        done += worker.tasks;
    }
    snprintf(text, size, "%llu of %llu tasks done, %u worker%s, %u at work", (unsigned long long)done,
             (unsigned long long)pool->given, there, there == 1 ? "" : "s", working);
    return true;
}

static size_t tasks_of_pool(const mr__view *view, const mr__object *object, mr__tasks_done *done, size_t most)
{
    mr__worker worker;
    size_t count = 0;
    for (uint32_t i = 0; count < most && read_worker(view, (const mr__pool *)object, i, &worker); i++)
        if (is_there(&worker))
            done[count++] = (mr__tasks_done){.rank = worker.rank, .tasks = worker.served};
    return count;
}

const mr__kind_view mr__pool_view = {.layout = (uint32_t)(sizeof(mr__pool) << 10 ^ sizeof(mr__worker)),
                                     .tell = tell_of_pool,
                                     .next = next_worker,
                                     .state = state_of_pool,
                                     .tasks = tasks_of_pool};

static void tell_of_job(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose,
                        mr__told *told)
{
    (void)purpose;
    const mr__job *job = (const mr__job *)object;
    mr__slot_copy copy;
    mr__worker worker;
    uint32_t pool = mr__handle_slot(job->pool);
    snprintf(told->what, sizeof told->what, "the tasks of job %u of pool %u", slot, pool);
    told->by = ", at which work ";
    if (mr__view_slot(view, pool, &copy) != mr__kinds[MR__KIND_POOL])
        return;
    for (uint32_t i = 0; read_worker(view, (const mr__pool *)&copy, i, &worker); i++)
        if (is_there(&worker) && worker.job == slot)
            mr__told_add(told, worker.rank);
}

const mr__kind_view mr__job_view = {.layout = sizeof(mr__job), .tell = tell_of_job};
