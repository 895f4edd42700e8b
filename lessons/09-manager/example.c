/* Lesson 9: ten processes write into one dict, which a manager has made, and main prints it. */
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 10 };

/* What every process is given. A dict is a handle: a copy means the same dict. */
struct job {
    mr_dict results;
    int index;
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

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    (void)size; /* sizeof(struct job) */

    sleep(2); /* the work */
    if (mr_dict_set(&job->results, MR_INT(job->index), MR_INT(2 * job->index)) != MR_OK)
        return complain();
    return 0;
}

int main(int argc, char **argv)
{
    mr_process processes[PROCESSES];
    mr_process *all[PROCESSES];
    mr_manager manager;
    struct job job;
    char *text = NULL;

    if (mr_init(&argc, &argv) != MR_OK || mr_manager_init(&manager) != MR_OK ||
        mr_manager_start(&manager, NULL, NULL, 0) != MR_OK ||
        mr_manager_make_dict(&manager, &job.results) != MR_OK)
        return failed();

    for (job.index = 0; job.index < PROCESSES; job.index++) {
        all[job.index] = &processes[job.index];
        if (mr_process_init(all[job.index], work, &job, sizeof job) != MR_OK)
            return failed();
    }
    const double start = now();
    if (mr_process_start_all(all, PROCESSES) != MR_OK)
        return failed();
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }

    if (mr_dict_text(&job.results, &text) != MR_OK)
        return failed();
    printf("results: %s\n", text);
    printf("it took %.1f s\n", now() - start);
    free(text);
    mr_manager_close(&manager); /* the dict ends with it */
    return mr_finalize();
}
