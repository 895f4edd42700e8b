/* Advantage 1, performance: the same work alone, by processes and by threads, for 1, 2, 4 ... of them. */
#include "common.h"
#include <omp.h>
#include <stdlib.h>

enum { PIECES = 16 };

static int piece(const void *in, void *out)
{
    *(unsigned *)out = compute(*(const long *)in);
    return 0;
}

static void show(const char *what, int workers, double seconds, double alone)
{
    printf("%-9s %2d %7.3f s %5.2f x ", what, workers, seconds, alone / seconds);
    bar(seconds / alone);
}

int main(int argc, char **argv)
{
    long rounds[PIECES];
    unsigned results[PIECES], expected;
    double alone = 0;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < PIECES; i++)
        rounds[i] = argc > 1 ? atol(argv[1]) : 20000000; /* a smaller number for a quick look */
    expected = compute(rounds[0]);

    for (int workers = 1; workers <= 2 * omp_get_num_procs(); workers *= 2) {
        mr_pool pool;
        if (mr_pool_init(&pool, (size_t)workers) != MR_OK)
            return failed();
        double start = now();
        if (mr_pool_map(&pool, piece, rounds, sizeof rounds[0], results, sizeof results[0], PIECES) != MR_OK)
            return failed();
        const double processes = now() - start;
        if (mr_pool_close(&pool) != MR_OK || mr_pool_join(&pool, MR_FOREVER) != MR_OK)
            return failed();

        start = now();
#pragma omp parallel for num_threads(workers) schedule(dynamic)
        for (int i = 0; i < PIECES; i++)
            results[i] += compute(rounds[i]); /* now twice what it should be */
        const double threads = now() - start;

        alone = workers == 1 ? threads : alone;
        show("processes", workers, processes, alone);
        show("threads", workers, threads, alone);
        for (int i = 0; i < PIECES; i++) {
            if (results[i] != 2 * expected)
                return 1;
        }
    }
    return mr_finalize();
}
