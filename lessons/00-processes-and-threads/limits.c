/* Advantage 4, resources: each process has its own account and its own limit, and gives all back when it ends. */
#include "common.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { WORKERS = 3, MEGA = 1 << 20 };

/* Takes 40, 80 and 120 MB, and computes as much longer. Each may use one second of a core at most. */
static int work(const void *args, size_t size)
{
    const int index = *(const int *)args;
    const size_t bytes = (size_t)(index + 1) * 40 * MEGA;
    struct rusage before, after;
    (void)size;

    setrlimit(RLIMIT_CPU, &(struct rlimit){1, 2});
    getrusage(RUSAGE_SELF, &before);
    volatile char *memory = malloc(bytes);
    if (memory == NULL)
        return 1;
    for (size_t i = 0; i < bytes; i += 4096)
        memory[i] = 1; /* a page is ours only when it has been written to */
    volatile unsigned keep = compute(20000000L * (index + 1));
    while (index == WORKERS - 1) /* the last one never stops by itself */
        keep += compute(1000);
    getrusage(RUSAGE_SELF, &after);
    printf("process %d: %ld MB more at its peak, %ld ms of a core\n", index,
           (after.ru_maxrss - before.ru_maxrss) / 1024,
           after.ru_utime.tv_sec * 1000 + after.ru_utime.tv_usec / 1000);
    free((void *)memory);
    return 0;
}

int main(int argc, char **argv)
{
    mr_process processes[WORKERS];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
        const int code = mr_process_exitcode(&processes[i]);
        printf("process %d: exit code %d%s\n", i, code, code == -SIGXCPU ? ", it had used up its second" : "");
    }
    return mr_finalize();
}
