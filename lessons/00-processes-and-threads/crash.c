/* Advantage 3, stability: one of three processes crashes, and the others finish. One of three threads takes all
 * along. */
#include "common.h"
#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 3, BAD = 1 };

static void work(int index)
{
    usleep(100000);
    if (index == BAD)
        abort(); /* what a failed assert does; a wild pointer ends in the same way, by another signal */
    usleep(200000);
}

static int one(const void *args, size_t size)
{
    (void)size;
    work(*(const int *)args);
    return 0;
}

static int with_threads(const void *args, size_t size)
{
    (void)args;
    (void)size;
#pragma omp parallel num_threads(WORKERS)
    {
        work(omp_get_thread_num());
        printf("thread %d finished\n", omp_get_thread_num());
    }
    return 0;
}

int main(int argc, char **argv)
{
    mr_process processes[WORKERS], threaded;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_init(&processes[i], one, &i, sizeof i) != MR_OK || mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
        printf("process %d: exit code %d\n", i, mr_process_exitcode(&processes[i]));
    }

    /* The threads live in a process of their own, so that this program survives to tell. */
    if (mr_process_init(&threaded, with_threads, NULL, 0) != MR_OK || mr_process_start(&threaded) != MR_OK ||
        mr_process_join(&threaded, MR_FOREVER) != MR_OK)
        return failed();
    printf("all three threads: exit code %d\n", mr_process_exitcode(&threaded));
    return mr_finalize();
}
