/* Disadvantage 3 again, a deadlock: each of two processes has a lock and wants the other's. Time-outs reveal it.
 */
#include "common.h"
#include <unistd.h>

struct job {
    mr_lock first, second;
    mr_barrier both_have_one; /* so that it happens every time, not just on a bad day */
    double limit;
};

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    const char *name = mr_process_name(mr_current_process());
    mr_status status;
    (void)size;

    if (mr_lock_acquire(&job->first, MR_FOREVER) != MR_OK ||
        mr_barrier_wait(&job->both_have_one, NULL, MR_FOREVER) != MR_OK)
        return 1;
    status = mr_lock_acquire(&job->second, job->limit);
    if (status == MR_ETIMEDOUT)
        printf("%s gives up: %s\n", name, mr_last_error());
    else
        printf("%s has both\n", name);
    if (status == MR_OK)
        mr_lock_release(&job->second);
    mr_lock_release(&job->first);
    return status == MR_OK ? 0 : 3;
}

int main(int argc, char **argv)
{
    mr_process ann, ben;
    struct job job;

    if (mr_init(&argc, &argv) != MR_OK || mr_lock_init(&job.first) != MR_OK ||
        mr_lock_init(&job.second) != MR_OK || mr_barrier_init(&job.both_have_one, 2, NULL, MR_FOREVER) != MR_OK)
        return failed();
    job.limit = 1;
    const struct job other = {job.second, job.first, job.both_have_one, 4}; /* the locks in the other order */
    if (mr_process_init(&ann, work, &job, sizeof job) != MR_OK || mr_process_set_name(&ann, "Ann") != MR_OK ||
        mr_process_init(&ben, work, &other, sizeof other) != MR_OK || mr_process_set_name(&ben, "Ben") != MR_OK ||
        mr_process_start(&ann) != MR_OK || mr_process_start(&ben) != MR_OK ||
        mr_process_join(&ann, MR_FOREVER) != MR_OK || mr_process_join(&ben, MR_FOREVER) != MR_OK)
        return failed();
    printf("exit codes: %d, %d\n", mr_process_exitcode(&ann), mr_process_exitcode(&ben));
    return mr_finalize();
}
