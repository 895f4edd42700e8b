/* Advantage 2, capacity: how much all cores together get done in half a second, against one process alone. */
#include "common.h"
#include <omp.h>
#include <sched.h>
#include <unistd.h>

enum { MOST = 8 };

struct done {
    long rounds;
    int core;
    char host[32];
};

static int work(const void *in, void *out)
{
    struct done *done = out;
    const double end = now() + 0.5;
    volatile unsigned keep = 0;
    (void)in;

    *done = (struct done){.core = sched_getcpu()};
    gethostname(done->host, sizeof done->host - 1);
    while (now() < end) {
        keep += compute(100000);
        done->rounds++;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char inputs[MOST] = {0};
    struct done alone, all[MOST];
    long sum = 0;
    mr_pool pool;

    const int count = omp_get_num_procs() < MOST ? omp_get_num_procs() : MOST;
    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init(&pool, (size_t)count) != MR_OK ||
        mr_pool_apply(&pool, work, inputs, 1, &alone, sizeof alone) != MR_OK ||
        mr_pool_map(&pool, work, inputs, 1, all, sizeof all[0], (size_t)count) != MR_OK)
        return failed();

    printf("alone:    %6ld rounds ", alone.rounds);
    bar(1);
    for (int i = 0; i < count; i++) {
        printf("%s, core %d: %6ld rounds ", all[i].host, all[i].core, all[i].rounds);
        bar((double)all[i].rounds / (double)alone.rounds);
        sum += all[i].rounds;
    }
    printf("together: %6ld rounds, %.2f times one alone, with %d processes\n", sum,
           (double)sum / (double)alone.rounds, count);
    if (mr_pool_close(&pool) != MR_OK || mr_pool_join(&pool, MR_FOREVER) != MR_OK)
        return failed();
    return mr_finalize();
}
