/* Iterators over the results of a pool: order, laziness, errors of the source, and what becomes of those that are
 * left.
 */
#include "scenario.h"
#include "targets.h"

#include <stdint.h>
#include <string.h>

enum { WORKERS = 2, MANY = 1000 };
static const double patience = 30;

static int square(const void *in, void *out)
{
    *(int *)out = *(const int *)in * *(const int *)in;
    return 0;
}

static void fill(int *in, int count)
{
    for (int i = 0; i < count; i++)
        in[i] = i;
}

static mr_tasks squares_of(const int *in, size_t count, size_t chunk_size)
{
    return (mr_tasks){.task = square,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = count,
                      .out_size = sizeof(int),
                      .chunk_size = chunk_size};
}

/* Takes the squares of 0 to count - 1, in order or each once. */
static void take_squares(mr_imap *imap, bool is_ordered, int count)
{
    static bool seen[MANY];
    int out;
    size_t index, size;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < count; i++) {
        if (!CHECK_OK(mr_imap_next(imap, &out, sizeof out, &size, &index, patience)))
            return;
        CHECK_EQ(size, sizeof out);
        CHECK(index < (size_t)count && !seen[index]);
        if (is_ordered)
            CHECK_EQ(index, i);
        CHECK_EQ(out, (int)(index * index));
        seen[index] = true;
    }
}

static mr_status begin_imap(const mr_pool *pool, const mr_tasks *tasks, bool is_ordered, mr_imap *imap)
{
    return is_ordered ? mr_pool_imap(pool, tasks, imap) : mr_pool_imap_unordered(pool, tasks, imap);
}

/* _TestPool.test_imap, test_imap_unordered: all, with chunks, and with any bound on what is under way. */
SCENARIO_SHARED(pool_imap, all)
{
    static const size_t chunks[] = {0, 1, 100}, buffers[] = {0, 1, 150};
    int in[MANY], unused;
    mr_pool pool;
    mr_imap imap;
    fill(in, MANY);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int i = 0; i < 6; i++) {
        mr_tasks tasks = squares_of(in, MANY, chunks[i % 3]);
        tasks.buffer_size = buffers[i % 3];
        CHECK_OK(begin_imap(&pool, &tasks, i < 3, &imap));
        take_squares(&imap, i < 3, MANY);
        CHECK_STATUS(mr_imap_next(&imap, &unused, sizeof unused, NULL, NULL, patience), MR_EEOF);
        CHECK_OK(mr_imap_close(&imap));
        CHECK_OK(mr_imap_close(&imap));
    }
    mr_tasks tasks = squares_of(in, MANY, 1);
    CHECK_OK(mr_pool_imap(&pool, &tasks, &imap));
    CHECK_OK(mr_pool_close(&pool));
    rest(0.1);
    take_squares(&imap, true, MANY); /* what was begun is done, although it was closed meanwhile */
    CHECK_OK(mr_imap_close(&imap));
    CHECK_OK(mr_pool_join(&pool, patience));
}

struct counter {
    int next, end;
    mr_status last;
};

static mr_status counts(void *state, mr_slice *in)
{
    struct counter *counter = state;
    static int given;
    if (counter->next == counter->end)
        return counter->last;
    given = counter->next++;
    *in = (mr_slice){&given, sizeof given};
    return MR_OK;
}

/* Inputs are asked for when there is room for them, not before. */
SCENARIO_LOCAL(pool_imap, is_lazy)
{
    mr_pool pool;
    mr_imap imap;
    int out;
    struct counter endless = {.end = -1};
    mr_tasks tasks = {.task = square,
                      .source = counts,
                      .source_state = &endless,
                      .out_size = sizeof(int),
                      .chunk_size = 2,
                      .buffer_size = 10};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_imap(&pool, &tasks, &imap));
    CHECK_EQ(endless.next, 10);
    for (int i = 0; i < 100; i++) {
        CHECK_OK(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, patience));
        CHECK_EQ(out, i * i);
        CHECK_AT_MOST(endless.next, i + 1 + 10);
    }
    CHECK_OK(mr_imap_close(&imap));
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}

/* _TestPool.test_imap_handle_iterable_exception, and unordered: what came before the error comes out, then the
 * error, then the end. */
SCENARIO_LOCAL(pool_imap, source_that_fails)
{
    mr_pool pool;
    mr_imap imap;
    int out;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int i = 0; i < 6; i++) {
        struct counter breaks = {.end = i % 3 == 0 ? 0 : 7, .last = MR_EAUTH};
        mr_tasks tasks = {.task = square,
                          .source = counts,
                          .source_state = &breaks,
                          .out_size = sizeof(int),
                          .chunk_size = i % 3 == 2 ? 4 : 1};
        CHECK_OK(begin_imap(&pool, &tasks, i < 3, &imap));
        take_squares(&imap, i < 3, breaks.end);
        CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, patience), MR_EAUTH);
        CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, patience), MR_EEOF);
        CHECK_OK(mr_imap_close(&imap));
    }
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}

static int waits_or_fails(const void *in, void *out)
{
    int number = *(const int *)in;
    if (number == 0)
        rest(0.5);
    if (number == 1)
        return mr_task_fail("not %d", number);
    return square(in, out);
}

/* The first one takes long: in order, all wait for it; unordered, nobody does. A failure is one item's. */
SCENARIO_SHARED(pool_imap, one_by_one)
{
    mr_pool pool;
    mr_imap imap;
    int in[4], out;
    size_t index, count;
    fill(in, 4);
    mr_tasks tasks = squares_of(in, 4, 1);
    tasks.task = waits_or_fails;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_imap(&pool, &tasks, &imap));
    CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_imap_next(&imap, &out, 3, NULL, NULL, patience), MR_ETOOSMALL);
    CHECK_OK(mr_imap_next(&imap, &out, sizeof out, NULL, &index, patience));
    CHECK_EQ(index, 0);
    CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, &index, patience), MR_ETASK);
    CHECK_EQ(index, 1);
    CHECK_EQ(mr_last_failures(&count)->index, 1);
    CHECK_TEXT(mr_last_failures(&count)->message, "not 1");
    CHECK_OK(mr_imap_next(&imap, &out, sizeof out, NULL, &index, patience));
    CHECK_EQ(out, 4);
    CHECK_OK(mr_imap_close(&imap));

    CHECK_OK(mr_pool_imap_unordered(&pool, &tasks, &imap));
    for (int i = 0; i < 4; i++) {
        mr_status status = mr_imap_next(&imap, &out, sizeof out, NULL, &index, patience);
        CHECK_EQ(status, index == 1 ? MR_ETASK : MR_OK);
        CHECK_EQ(index == 0, i == 3);
    }
    CHECK_OK(mr_imap_close(&imap));
    CHECK_OK(mr_pool_imap(&pool, &tasks, &imap));
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, patience), MR_ECLOSED);
    CHECK_OK(mr_imap_close(&imap));
    CHECK_OK(mr_pool_join(&pool, patience));
}

/* A chunk that is larger than all there is, and than what may be under way. */
SCENARIO_LOCAL(pool_imap, huge_chunk)
{
    mr_pool pool;
    mr_imap imap;
    int in[10], out;
    fill(in, 10);
    mr_tasks tasks = squares_of(in, 10, SIZE_MAX);
    tasks.buffer_size = 2;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_imap(&pool, &tasks, &imap));
    take_squares(&imap, true, 10);
    CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, patience), MR_EEOF);
    CHECK_OK(mr_imap_close(&imap));
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}
