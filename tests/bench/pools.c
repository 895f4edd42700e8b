/* Multirank's pools for the benchmark: pools WHAT AMOUNT prints the seconds that a task takes, on two workers:
 * tiny (chunks of the default size), tiny-one (of one), apply (one after the other), work (100 us each), rows (of
 * the Mandelbrot set); or with up how long it takes until a pool of four is ready, where ranks are parked. */
#include "measuring.h"
#include "median.h"
#include "pool_tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORKERS = 2, LARGE = 4, UPS_MAX = 64 };

static int row_count;

static int square(const void *in, void *out)
{
    *(int *)out = *(const int *)in * *(const int *)in;
    return 0;
}

static int work(const void *in, void *out)
{
    *(uint64_t *)out = work_hard((uint64_t) * (const int *)in);
    return 0;
}

static int know_rows(const void *args, size_t size)
{
    memcpy(&row_count, args, size);
    return 0;
}

static int draw(const void *in, void *out)
{
    *(uint64_t *)out = draw_row(*(const int *)in, row_count);
    return 0;
}

static void end(mr_pool *pool)
{
    need(mr_pool_close(pool));
    need(mr_pool_join(pool, MR_FOREVER));
}

/* The first map does not count: it finds the workers asleep, and memory that has never been used. */
static double time_map(mr_task task, int count, size_t out_size, size_t chunk_size, bool is_quick)
{
    mr_pool pool;
    mr_pool_options options = {
        .processes = WORKERS, .initializer = know_rows, .args = &count, .args_size = sizeof count};
    int *in = calloc((size_t)count, sizeof *in);
    char *out = calloc((size_t)count, out_size);
    double seconds = 0;
    if (in == NULL || out == NULL)
        fail("out of memory");
    for (int i = 0; i < count; i++)
        in[i] = i;
    need(mr_pool_init_with(&pool, &options));
    for (int round = 0; round < (is_quick ? 2 : 1); round++) {
        mr_future future;
        mr_tasks tasks = {.task = task,
                          .in = in,
                          .in_size = sizeof *in,
                          .count = (size_t)count,
                          .out_size = out_size,
                          .chunk_size = chunk_size};
        if (round == 0 && !is_quick)
            need(mr_pool_map(&pool, task, in, sizeof *in, out, out_size, WORKERS));
        double begin = now();
        need(mr_pool_map_async(&pool, &tasks, &future));
        need(mr_future_get(&future, out, (size_t)count * out_size, MR_FOREVER));
        seconds = now() - begin;
        need(mr_future_close(&future));
    }
    end(&pool);
    free(out);
    free(in);
    return seconds / count;
}

static double time_apply(int count)
{
    mr_pool pool;
    need(mr_pool_init(&pool, WORKERS));
    int out;
    need(mr_pool_apply(&pool, square, &count, sizeof count, &out, sizeof out));
    double begin = now();
    for (int i = 0; i < count; i++)
        need(mr_pool_apply(&pool, square, &i, sizeof i, &out, sizeof out));
    double seconds = now() - begin;
    end(&pool);
    return seconds / count;
}

/* Until each worker has said that it is there; the first pool spawns the ranks, and does not count. */
static double time_up(int count)
{
    double times[UPS_MAX + 1];
    if (count > UPS_MAX)
        fail("these are too many pools");
    for (int i = 0; i <= count; i++) {
        mr_pool pool;
        mr_insight workers[LARGE];
        mr_pool_options options = {.processes = LARGE, .reuse = true};
        int ready = 0;
        double begin = now();
        need(mr_pool_init_with(&pool, &options));
        while (ready < LARGE) {
            ready = 0;
            nanosleep(&(struct timespec){0, 10000}, NULL);
            mr_pool_insights(&pool, workers, LARGE);
            for (int w = 0; w < LARGE; w++)
                ready += workers[w].starting > 0;
        }
        times[i] = now() - begin;
        end(&pool);
    }
    return median(times + 1, count);
}

int main(int argc, char **argv)
{
    need(mr_init(&argc, &argv));
    const char *what = argc == 3 ? argv[1] : "";
    int amount = argc == 3 ? atoi(argv[2]) : 0;
    double seconds = amount < 1                      ? 0
                     : strcmp(what, "tiny") == 0     ? time_map(square, amount, sizeof(int), 0, true)
                     : strcmp(what, "tiny-one") == 0 ? time_map(square, amount, sizeof(int), 1, true)
                     : strcmp(what, "apply") == 0    ? time_apply(amount)
                     : strcmp(what, "work") == 0     ? time_map(work, amount, sizeof(uint64_t), 1, false)
                     : strcmp(what, "rows") == 0     ? time_map(draw, amount, sizeof(uint64_t), 1, false)
                     : strcmp(what, "up") == 0       ? time_up(amount)
                                                     : 0;
    if (seconds > 0)
        printf("%.9g\n", seconds);
    else
        fprintf(stderr, "Usage: pools tiny|tiny-one|apply|work|rows|up AMOUNT\n");
    return mr_finalize() != MR_OK ? 1 : seconds > 0 ? 0 : 2;
}
