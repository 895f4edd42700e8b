/* A small program that spawns ranks twice. tests/spawn-soak runs it thousands of times, to see whether it ever
 * hangs. */
#include <multirank.h>
#include <stdio.h>

static int nothing(const void *args, size_t size)
{
    (void)args, (void)size;
    return 0;
}

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int run_batch(size_t count)
{
    mr_process p[8], *pointers[8];
    for (size_t i = 0; i < count; i++) {
        if (mr_process_init(&p[i], nothing, NULL, 0) != MR_OK)
            return complain();
        pointers[i] = &p[i];
    }
    if (mr_process_start_all(pointers, count) != MR_OK)
        return complain();
    for (size_t i = 0; i < count; i++)
        if (mr_process_join(&p[i], MR_FOREVER) != MR_OK || mr_process_exitcode(&p[i]) != 0)
            return complain();
    return 0;
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK)
        return complain();
    int failed = run_batch(2) || run_batch(8); /* more than the first batch of ranks can have left */
    return mr_finalize() != MR_OK ? complain() : failed;
}
