/* Lesson 8: two processes wait for each other at a barrier, two others do not; all report under one lock. */
#include <multirank.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 4, PARTIES = 2 };

/* What every process is given. Barriers and locks are handles: a copy means the same barrier, the same lock. */
struct job {
    mr_barrier barrier;
    mr_lock lock;
    bool waits;    /* at the barrier */
    unsigned late; /* seconds that it takes to come */
    double start;  /* when the program began */
};

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int failed(void)
{
    complain();
    mr_finalize();
    return 1;
}

/* The time in seconds, on a clock that all processes of this computer share. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    const char *name = mr_process_name(mr_current_process());
    (void)size; /* sizeof(struct job) */

    sleep(job->late);
    const double came = now() - job->start;
    if (job->waits && mr_barrier_wait(&job->barrier, NULL, MR_FOREVER) != MR_OK)
        return complain();
    const double went = now() - job->start;

    /* A report has two lines. The lock keeps them together: nobody else writes one in between. */
    MR_LOCKED(&job->lock)
    {
        printf("%s came after %.3f s\n", name, came);
        printf("%s went on after %.3f s\n", name, went);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const names[PROCESSES] = {"barrier-1", "barrier-2", "free-1", "free-2"};
    mr_process processes[PROCESSES];
    struct job job;

    if (mr_init(&argc, &argv) != MR_OK || mr_barrier_init(&job.barrier, PARTIES, NULL, MR_FOREVER) != MR_OK ||
        mr_lock_init(&job.lock) != MR_OK)
        return failed();
    job.start = now();

    for (int i = 0; i < PROCESSES; i++) {
        job.waits = i < PARTIES;
        job.late = i % 2 == 0 ? 0 : 1; /* the second of each pair comes a second later */
        if (mr_process_init(&processes[i], work, &job, sizeof job) != MR_OK ||
            mr_process_set_name(&processes[i], names[i]) != MR_OK || mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    return mr_finalize();
}
