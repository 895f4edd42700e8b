/* The definition: processes have a memory each, threads share one. The same global variable, seen by both. */
#include "common.h"
#include <omp.h>

enum { WORKERS = 3 };

static int counter = 0; /* one for each process; one for all threads of a process */

static int work(const void *args, size_t size)
{
    (void)args;
    (void)size;
    counter++;
    printf("%s: counter %d\n", mr_process_name(mr_current_process()), counter);
    return 0;
}

int main(int argc, char **argv)
{
    mr_process processes[WORKERS];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_init(&processes[i], work, NULL, 0) != MR_OK || mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    printf("after three processes: main's counter %d\n", counter);

#pragma omp parallel num_threads(WORKERS)
    {
#pragma omp critical
        {
            counter++;
            printf("thread %d: counter %d\n", omp_get_thread_num(), counter);
        }
    }
    printf("after three threads: main's counter %d\n", counter);
    return mr_finalize();
}
