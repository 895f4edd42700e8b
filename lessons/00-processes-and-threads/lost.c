/* Disadvantage 3, synchronization: two processes add to one number, without a lock and with it. */
#include "common.h"
#include <sched.h>

enum { WORKERS = 2, TIMES = 200000 };

struct job {
    mr_value total;
    mr_barrier gate; /* without it the first might be done before the second begins */
    bool locked;
};

static int add(const void *args, size_t size)
{
    const struct job *job = args;
    volatile long *total = mr_value_data(&job->total);
    mr_lock lock;
    (void)size;

    if (mr_value_get_lock(&job->total, &lock) != MR_OK || mr_barrier_wait(&job->gate, NULL, MR_FOREVER) != MR_OK)
        return 1;
    for (int i = 0; i < TIMES; i++) {
        if (job->locked && mr_lock_acquire(&lock, MR_FOREVER) != MR_OK)
            return 1;
        const long seen = *total;
        if (i % 100 == 0)
            sched_yield(); /* here the other one may come in between: also on a machine with one core */
        *total = seen + 1;
        if (job->locked && mr_lock_release(&lock) != MR_OK)
            return 1;
    }
    return 0;
}

static mr_status count(bool locked)
{
    mr_process processes[WORKERS];
    struct job job = {.locked = locked};
    long total = 0;
    mr_status status = mr_value_init(&job.total, sizeof total, &total);

    if (status == MR_OK)
        status = mr_barrier_init(&job.gate, WORKERS, NULL, MR_FOREVER);
    for (int i = 0; i < WORKERS && status == MR_OK; i++) {
        if ((status = mr_process_init(&processes[i], add, &job, sizeof job)) == MR_OK)
            status = mr_process_start(&processes[i]);
    }
    for (int i = 0; i < WORKERS && status == MR_OK; i++)
        status = mr_process_join(&processes[i], MR_FOREVER);
    if (status == MR_OK && (status = mr_value_get(&job.total, &total)) == MR_OK)
        printf("%s: %ld of %d, lost: %ld\n", locked ? "with a lock" : "without", total, WORKERS * TIMES,
               WORKERS * TIMES - total);
    return status;
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK || count(false) != MR_OK || count(true) != MR_OK)
        return failed();
    return mr_finalize();
}
