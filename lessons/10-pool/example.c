/* Lesson 10: a pool of 4 workers squares the numbers 0 to 99. */
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { WORKERS = 4, NUMBERS = 100, LINE = 10 };

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

/* Runs in one of the workers, once for each number. */
static int square(const void *in, void *out)
{
    const int *number = in;
    int *result = out;
    const struct timespec while_it_computes = {.tv_nsec = 5000000}; /* 5 ms: as if squares were hard work */
    nanosleep(&while_it_computes, NULL);
    *result = *number * *number;
    return 0; /* anything else would mean that this task has failed */
}

int main(int argc, char **argv)
{
    int numbers[NUMBERS], squares[NUMBERS];
    mr_pool pool;
    mr_insight workers[WORKERS];

    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i;

    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init(&pool, WORKERS) != MR_OK)
        return failed();

    /* The numbers go to the workers, and the squares come back in the order of the numbers. */
    if (mr_pool_map(&pool, square, numbers, sizeof numbers[0], squares, sizeof squares[0], NUMBERS) != MR_OK)
        return failed();

    for (int i = 0; i < NUMBERS; i++)
        printf("%d%c", squares[i], i % LINE == LINE - 1 ? '\n' : ' ');

    mr_pool_insights(&pool, workers, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        printf("worker %d: %zu squares\n", i + 1, workers[i].tasks);

    /* No more tasks; then wait for the workers to end. */
    if (mr_pool_close(&pool) != MR_OK || mr_pool_join(&pool, MR_FOREVER) != MR_OK)
        return failed();
    return mr_finalize();
}
