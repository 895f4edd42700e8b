/* Disadvantage 1, resource use: what a process costs to start, and in memory, beside what a thread costs. */
#include "common.h"
#include <pthread.h>

enum { TIMES = 8 };

static long own_kilobytes(void) /* memory that nobody else uses as well */
{
    char line[128];
    long kilobytes = 0, part;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Private_Clean: %ld", &part) == 1 || sscanf(line, "Private_Dirty: %ld", &part) == 1)
            kilobytes += part;
    }
    if (file != NULL)
        fclose(file);
    return kilobytes;
}

static int report(const void *in, void *out)
{
    (void)in;
    *(long *)out = own_kilobytes();
    return 0;
}

static void *nothing(void *args)
{
    return args;
}

static int idle(const void *args, size_t size)
{
    (void)args;
    (void)size;
    return 0;
}

int main(int argc, char **argv)
{
    mr_process process;
    mr_pool pool;
    pthread_t thread;
    long kilobytes;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    double start = now();
    for (int i = 0; i < TIMES; i++) {
        if (mr_process_init(&process, idle, NULL, 0) != MR_OK || mr_process_start(&process) != MR_OK ||
            mr_process_join(&process, MR_FOREVER) != MR_OK)
            return failed();
    }
    const double by_process = (now() - start) / TIMES * 1e6;

    start = now();
    for (int i = 0; i < TIMES; i++) {
        if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return 1;
    }
    const double by_thread = (now() - start) / TIMES * 1e6;

    if (mr_pool_init(&pool, 1) != MR_OK ||
        mr_pool_apply(&pool, report, "", 1, &kilobytes, sizeof kilobytes) != MR_OK ||
        mr_pool_close(&pool) != MR_OK || mr_pool_join(&pool, MR_FOREVER) != MR_OK)
        return failed();
    printf("a process: %9.0f us to start and join, %.1f MB of its own\n", by_process, (double)kilobytes / 1024);
    printf("a thread:  %9.0f us to start and join, %.0f times less\n", by_thread, by_process / by_thread);
    return mr_finalize();
}
