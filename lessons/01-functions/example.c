/* Lesson 1: one function, run by five processes at the same time. */
#include <multirank.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES = 5 };

/* What every process runs. args is its own copy of the number that main gave it. */
static int work(const void *args, size_t size)
{
    const int *index = args;
    (void)size; /* sizeof(int), because main sends one int */

    printf("work: index %d in process %ld\n", *index, (long)getpid());
    return 0; /* the exit code: 0 says that all went well */
}

/* A call has failed: Multirank knows the sentence that tells why. */
static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    mr_process processes[PROCESSES];

    /* Only the main process comes back from here; the other ranks stay inside and wait for work. */
    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    printf("main: process %ld\n", (long)getpid());

    /* First start them all ... */
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }

    /* ... then wait for them all. */
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    return mr_finalize();
}
