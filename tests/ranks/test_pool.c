/* The pool, first form: map over equal chunks. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 2, INPUTS = 1001 };

static int square(const void *in, void *out)
{
    int number;
    memcpy(&number, in, sizeof number);
    number *= number;
    memcpy(out, &number, sizeof number);
    return 0;
}

static void map_squares(mr_pool *pool, int count)
{
    int in[INPUTS] = {0}, out[INPUTS + 1];
    for (int i = 0; i < count; i++)
        in[i] = i;
    out[count] = -1;
    CHECK_OK(mr_pool_map(pool, square, in, sizeof *in, out, sizeof *out, (size_t)count));
    for (int i = 0; i < count; i++)
        CHECK_EQ(out[i], i * i);
    CHECK_EQ(out[count], -1);
}

/* _TestPool.test_map, with the counts at which chunks are uneven or empty. */
SCENARIO_HOSTS_N(pool, map_keeps_the_order)
{
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_EQ(mr_pool_processes(&pool), WORKERS);
    const int counts[] = {0, 1, WORKERS, WORKERS + 1, INPUTS};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        map_squares(&pool, counts[i]);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
    CHECK_STATUS(mr_pool_map(&pool, square, NULL, 0, NULL, 0, 0), MR_ECLOSED);
}

static int fails_for_7(const void *in, void *out)
{
    square(in, out);
    int number;
    memcpy(&number, in, sizeof number);
    return number == 7 ? 3 : 0;
}

/* A task's own failure is told with its input, and costs nobody else's result. */
SCENARIO(pool, map_with_a_task_that_fails)
{
    mr_pool pool;
    int in[10], out[10];
    for (int i = 0; i < 10; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_STATUS(mr_pool_map(&pool, fails_for_7, in, sizeof *in, out, sizeof *out, 10), MR_ETASK);
    CHECK(strstr(mr_last_error(), "input 7") != NULL);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(out[i], i * i);
    map_squares(&pool, INPUTS);
    CHECK_OK(mr_pool_close(&pool));
}

static int dies_for_7(const void *in, void *out)
{
    int number;
    memcpy(&number, in, sizeof number);
    if (number == 7)
        raise(SIGKILL);
    return square(in, out);
}

static int dies_once_for_7(const void *in, void *out)
{
    int number;
    memcpy(&number, in, sizeof number);
    if (number == 7 && noted_lines("dead") == 0) {
        note("dead", "%d", (int)getpid());
        raise(SIGKILL);
    }
    return square(in, out);
}

/* A worker that dies in the middle of a map costs nothing; a task that kills whoever runs it is reported. */
SCENARIO_HOSTS_N(pool, map_with_a_worker_that_dies)
{
    mr_pool pool;
    int in[10], out[10];
    size_t count = 0;
    for (int i = 0; i < 10; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_map(&pool, dies_once_for_7, in, sizeof *in, out, sizeof *out, 10));
    for (int i = 0; i < 10; i++)
        CHECK_EQ(out[i], i * i);
    CHECK_STATUS(mr_pool_map(&pool, dies_for_7, in, sizeof *in, out, sizeof *out, 10), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_OR_STOP(CHECK_EQ(count, 1));
    CHECK_EQ(failures->index, 7);
    CHECK_EQ(failures->status, MR_EDIED);
    CHECK_EQ(failures->code, -SIGKILL);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(out[i], i == 7 ? 0 : i * i);
    map_squares(&pool, INPUTS);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
}
