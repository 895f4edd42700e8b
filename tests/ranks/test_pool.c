/* Pools: apply, map, starmap, futures and callbacks, and tasks that fail. */
#include "scenario.h"
#include "targets.h"

#include "arena/arena.h"
#include "base/context.h"

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
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

/* ---- Apply, and futures ---- */

static const double patience = 30;

static void fill(int *in, int count)
{
    for (int i = 0; i < count; i++)
        in[i] = i;
}

static void check_squares(const int *out, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_EQ(out[i], i * i);
}

static void end_pool(const mr_pool *pool)
{
    CHECK_OK(mr_pool_close(pool));
    CHECK_OK(mr_pool_join(pool, patience));
}

struct sum {
    int a, b;
    char name[8];
};

static int adds(const void *in, void *out)
{
    const struct sum *sum = in;
    CHECK_EQ(mr_task_in_size(), sizeof *sum);
    CHECK_EQ(mr_task_index(), 0);
    *(long *)out = strcmp(sum->name, "minus") == 0 ? sum->a - sum->b : sum->a + sum->b;
    return 0;
}

static int rests(const void *in, void *out)
{
    rest(*(const double *)in);
    *(double *)out = *(const double *)in;
    return 0;
}

SCENARIO_SHARED(pool, apply)
{
    mr_pool pool;
    mr_future future;
    long result = 0;
    double seconds = 0.3;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_apply(&pool, adds, &(struct sum){3, 4, ""}, sizeof(struct sum), &result, sizeof result));
    CHECK_EQ(result, 7);
    CHECK_OK(mr_pool_apply(&pool, adds, &(struct sum){3, 4, "minus"}, sizeof(struct sum), &result, sizeof result));
    CHECK_EQ(result, -1);

    CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof seconds, &future));
    double begin = now();
    CHECK(!mr_future_is_ready(&future));
    CHECK_REFUSED(!mr_future_is_successful(&future), MR_ESTATE);
    CHECK_STATUS(mr_future_get(&future, &seconds, sizeof seconds, 0.1), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - begin, 0.1);
    CHECK_STATUS(mr_future_wait(&future, -1), MR_ETIMEDOUT);
    seconds = 0;
    CHECK_OK(mr_future_get(&future, &seconds, sizeof seconds, patience));
    CHECK(seconds > 0.29);
    CHECK(mr_future_is_ready(&future) && mr_future_is_successful(&future));
    CHECK_STATUS(mr_future_get(&future, &seconds, 7, 0), MR_ETOOSMALL);
    CHECK_OK(mr_future_get(&future, &seconds, sizeof seconds, 0));
    CHECK_OK(mr_future_close(&future));
    CHECK_OK(mr_future_close(&future));
    CHECK_STATUS(mr_future_wait(&future, 0), MR_ECLOSED);
    seconds = 0.3;
    CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof seconds, &future));
    rest(0.1);
    CHECK_OK(mr_future_close(&future)); /* a worker is still at it */
    CHECK_STATUS(mr_future_wait(&future, patience), MR_ECLOSED);
    CHECK_STATUS(mr_future_get(&future, &seconds, sizeof seconds, patience), MR_ECLOSED);
    end_pool(&pool);
}

static int joins_words(const void *const in[], void *out)
{
    const int *number = in[0];
    snprintf(out, 48, "%d-%s-%c", *number, (const char *)in[1], *(const char *)in[2]);
    return 0;
}

SCENARIO_SHARED(pool, starmap)
{
    enum { COUNT = 100 };
    mr_pool pool;
    mr_future future;
    int numbers[COUNT];
    char words[COUNT][16], letters[COUNT], out[COUNT][48], again[COUNT][48], wanted[48];
    const mr_slice columns[] = {{numbers, sizeof *numbers}, {words, sizeof *words}, {letters, 1}};
    for (int i = 0; i < COUNT; i++) {
        numbers[i] = i;
        snprintf(words[i], sizeof *words, "w%d", i);
        letters[i] = (char)('a' + i % 26);
    }
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_starmap(&pool, joins_words, columns, 3, out, sizeof *out, COUNT));
    mr_tasks tasks = {.star_task = joins_words,
                      .columns = columns,
                      .column_count = 3,
                      .count = COUNT,
                      .out_size = sizeof *out,
                      .chunk_size = 7};
    CHECK_OK(mr_pool_starmap_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_get(&future, again, sizeof again, patience));
    for (int i = 0; i < COUNT; i++) {
        snprintf(wanted, sizeof wanted, "%d-w%d-%c", i, i, 'a' + i % 26);
        CHECK_TEXT(out[i], wanted);
        CHECK_TEXT(again[i], wanted);
    }
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
}

/* Chunks of any size, and several maps at a time. */
SCENARIO_LOCAL(pool, map_async)
{
    static const size_t chunks[] = {1, 20, 1000, SIZE_MAX};
    static int in[INPUTS], out[INPUTS];
    mr_pool pool;
    mr_future futures[4];
    fill(in, INPUTS);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int i = 0; i < 4; i++) {
        mr_tasks tasks = {.task = square,
                          .in = in,
                          .in_size = sizeof *in,
                          .count = INPUTS,
                          .out_size = sizeof *out,
                          .chunk_size = chunks[i]};
        CHECK_OK(mr_pool_map_async(&pool, &tasks, &futures[i]));
    }
    for (int i = 3; i >= 0; i--) {
        memset(out, 0, sizeof out);
        CHECK_EQ(mr_future_count(&futures[i]), INPUTS);
        CHECK_OK(mr_future_get(&futures[i], out, sizeof out, patience));
        check_squares(out, INPUTS);
        CHECK_OK(mr_future_result(&futures[i], 1000, out, sizeof *out, NULL, 0));
        CHECK_EQ(out[0], 1000 * 1000);
        CHECK_STATUS(mr_future_result(&futures[i], INPUTS, out, sizeof *out, NULL, 0), MR_EINVAL);
        CHECK_OK(mr_future_close(&futures[i]));
    }
    end_pool(&pool);
}

static int tells_size(const void *in, void *out)
{
    (void)in;
    *(int *)out = (int)mr_task_in_size();
    return 0;
}

static void notes_callback(const mr_future *future, void *state)
{
    (void)future, (void)state;
    note("callback", "called");
}

static mr_status gives_nothing(void *state, mr_slice *in)
{
    (void)state, (void)in;
    return MR_EEOF;
}

/* A map in one call, with its options: _TestPool.test_map, test_starmap, with a chunksize. */
SCENARIO_SHARED(pool, map_with)
{
    int in[INPUTS], out[INPUTS] = {0};
    char joined[20][48], words[20][16], letters[20];
    mr_slice records[20];
    const mr_slice columns[] = {{in, sizeof *in}, {words, sizeof *words}, {letters, 1}};
    mr_pool pool;
    fill(in, INPUTS);
    for (int i = 0; i < 20; i++) {
        snprintf(words[i], sizeof *words, "w%d", i);
        letters[i] = 'x';
        records[i] = (mr_slice){in, (size_t)i};
    }
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    mr_tasks tasks = {.task = square,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = INPUTS,
                      .out_size = sizeof *out,
                      .chunk_size = 20};
    CHECK_OK(mr_pool_map_with(&pool, &tasks, out));
    check_squares(out, INPUTS);
    mr_tasks pieces = {
        .task = tells_size, .records = records, .count = 20, .out_size = sizeof *out, .chunk_size = 3};
    CHECK_OK(mr_pool_map_with(&pool, &pieces, out));
    for (int i = 0; i < 20; i++)
        CHECK_EQ(out[i], i);
    mr_tasks star = {.star_task = joins_words, .columns = columns, .column_count = 3, .count = 20, .out_size = 48};
    CHECK_OK(mr_pool_map_with(&pool, &star, joined));
    CHECK_TEXT(joined[19], "19-w19-x");
    tasks.task_timeout = 0.2;
    tasks.task = rests;
    tasks.in = &(double){patience};
    tasks.in_size = tasks.out_size = sizeof(double);
    tasks.count = 1;
    CHECK_STATUS(mr_pool_map_with(&pool, &tasks, out), MR_ETASK);

    CHECK_STATUS(mr_pool_map_with(&pool, NULL, out), MR_EINVAL);
    CHECK_STATUS(mr_pool_map_with(&pool, &pieces, NULL), MR_EINVAL);
    pieces.callback = notes_callback;
    CHECK_STATUS(mr_pool_map_with(&pool, &pieces, out), MR_EINVAL);
    pieces.callback = NULL;
    pieces.out_size = MR_ANY_SIZE;
    CHECK_STATUS(mr_pool_map_with(&pool, &pieces, out), MR_EINVAL);
    mr_tasks from_source = {.task = square, .source = gives_nothing, .out_size = sizeof *out};
    CHECK_STATUS(mr_pool_map_with(&pool, &from_source, out), MR_EINVAL);
    CHECK_EQ(noted_lines("callback"), 0);
    end_pool(&pool);
}

/* _TestPool.test_map_chunksize, test_empty_iterable */
SCENARIO_LOCAL(pool, nothing)
{
    mr_pool pool;
    mr_future future;
    mr_imap imap;
    int unused;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_map(&pool, square, NULL, sizeof(int), NULL, sizeof(int), 0));
    mr_tasks tasks = {.task = square, .in_size = sizeof(int), .out_size = sizeof(int), .chunk_size = 1};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_get(&future, NULL, 0, 0));
    CHECK(mr_future_is_successful(&future));
    CHECK_OK(mr_future_close(&future));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(i == 0 ? mr_pool_imap(&pool, &tasks, &imap) : mr_pool_imap_unordered(&pool, &tasks, &imap));
        CHECK_STATUS(mr_imap_next(&imap, &unused, sizeof unused, NULL, NULL, 0), MR_EEOF);
        CHECK_STATUS(mr_imap_next(&imap, &unused, sizeof unused, NULL, NULL, 0), MR_EEOF);
        CHECK_OK(mr_imap_close(&imap));
    }
    end_pool(&pool);
}

/* ---- Inputs and results of other forms ---- */

static int doubles_text(const void *in, void *out)
{
    (void)out;
    size_t size = mr_task_in_size();
    char *text = malloc(2 * size + 1);
    memcpy(text, in, size);
    memcpy(text + size, in, size);
    int code = mr_task_return(text, 2 * size);
    free(text);
    return code;
}

SCENARIO_SHARED(pool, records_of_any_size)
{
    enum { COUNT = 50, LARGE = 3 << 20 };
    mr_pool pool;
    mr_future future;
    mr_slice records[COUNT];
    char *bytes = malloc(LARGE), *out = malloc(2 * LARGE);
    size_t size;
    memset(bytes, 'x', LARGE);
    for (size_t i = 0; i < COUNT; i++)
        records[i] = (mr_slice){i == 0 ? NULL : bytes, i == 7 ? LARGE : i};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    mr_tasks tasks = {.task = doubles_text, .records = records, .count = COUNT, .out_size = MR_ANY_SIZE};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_STATUS(mr_future_get(&future, out, LARGE, patience), MR_EINVAL);
    for (size_t i = 0; i < COUNT; i++) {
        if (i > 0)
            CHECK_STATUS(mr_future_result(&future, i, out, 2 * records[i].size - 1, &size, 0), MR_ETOOSMALL);
        CHECK_OK(mr_future_result(&future, i, out, 2 * LARGE, &size, patience));
        CHECK_EQ(size, 2 * records[i].size);
        CHECK(size == 0 || (out[0] == 'x' && out[size - 1] == 'x'));
    }
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
    free(out);
    free(bytes);
}

/* What a source gives: 0, 1, 2 ... until its end. */
struct counter {
    int next, end;
    mr_status last; /* what it says then */
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

/* _TestPool.test_map_handle_iterable_exception */
SCENARIO_SHARED(pool, source)
{
    int out[40];
    mr_pool pool;
    mr_future future;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    struct counter all = {.end = 40, .last = MR_EEOF};
    mr_tasks tasks = {.task = square, .source = counts, .source_state = &all, .out_size = sizeof(int)};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_EQ(mr_future_count(&future), 40);
    CHECK_OK(mr_future_get(&future, out, sizeof out, patience));
    check_squares(out, 40);
    CHECK_OK(mr_future_close(&future));
    for (int i = 0; i < 6; i++) {
        struct counter breaks = {.end = i % 2 == 0 ? 0 : 5, .last = i < 3 ? MR_EAUTH : MR_ENOENT};
        tasks.source_state = &breaks;
        CHECK_STATUS(mr_pool_map_async(&pool, &tasks, &future), breaks.last);
    }
    fill(out, 40);
    CHECK_OK(mr_pool_map(&pool, square, out, sizeof *out, out, sizeof *out, 40));
    check_squares(out, 40);
    end_pool(&pool);
}

/* ---- Callbacks ---- */

static int fails_for_7(const void *in, void *out)
{
    square(in, out);
    int number;
    memcpy(&number, in, sizeof number);
    return number == 7 ? 3 : 0;
}

static struct heard {
    _Atomic int good, bad;
    int sum, index;
    mr_status status;
} heard;

static void hear_good(const mr_future *future, void *state)
{
    struct heard *all = state;
    int out[10];
    CHECK_OK(mr_future_get(future, out, sizeof out, 0));
    for (int i = 0; i < 10; i++)
        all->sum += out[i];
    all->good++;
}

static void hear_bad(const mr_future *future, void *state)
{
    struct heard *all = state;
    int out[10];
    size_t count;
    all->status = mr_future_get(future, out, sizeof out, 0);
    const mr_failure *failures = mr_last_failures(&count);
    all->index = count == 1 ? (int)failures->index : -1;
    all->bad++;
}

/* Each is called once, and with the whole result, or the error; also when nobody holds the future. */
SCENARIO(pool, callbacks)
{
    mr_pool pool;
    mr_future future;
    int in[10];
    fill(in, 10);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    mr_tasks tasks = {.task = square,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = 10,
                      .out_size = sizeof *in,
                      .callback = hear_good,
                      .error_callback = hear_bad,
                      .callback_state = &heard};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_wait(&future, patience));
    tasks.task = fails_for_7;
    CHECK_OK(mr_pool_map_async(&pool, &tasks, NULL));
    for (double end = now() + patience; heard.good + heard.bad < 2 && now() < end;)
        rest(0.01);
    rest(0.1);
    CHECK_EQ(heard.good, 1);
    CHECK_EQ(heard.sum, 285);
    CHECK_EQ(heard.bad, 1);
    CHECK_EQ(heard.status, MR_ETASK);
    CHECK_EQ(heard.index, 7);
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
}

/* ---- Failures ---- */

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

static int says_why(const void *in, void *out)
{
    (void)out;
    int number;
    memcpy(&number, in, sizeof number);
    if (number % 10 == 3)
        return mr_task_fail("%s:%d: no number %d here", "test_pool.c", 1234, number), 40 + number / 10;
    return 0;
}

/* _TestPool.test_traceback, test_wrapped_exception: all are told, each with its code, where, and what it has said.
 */
SCENARIO_SHARED(pool, all_failures_are_told)
{
    enum { COUNT = 100 };
    mr_pool pool;
    mr_future future;
    int in[COUNT];
    size_t count;
    char wanted[64];
    fill(in, COUNT);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_STATUS(mr_pool_map(&pool, says_why, in, sizeof *in, NULL, 0, COUNT), MR_ETASK);
    CHECK(strstr(mr_last_error(), "input 3 failed with code 40") != NULL);
    CHECK(strstr(mr_last_error(), "no number 3 here") != NULL);
    CHECK(strstr(mr_last_error(), "9 more") != NULL);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_OR_STOP(CHECK_EQ(count, 10));
    for (size_t i = 0; i < count; i++) {
        snprintf(wanted, sizeof wanted, "test_pool.c:1234: no number %d here", (int)(10 * i + 3));
        CHECK_EQ(failures[i].index, 10 * i + 3);
        CHECK_EQ(failures[i].status, MR_ETASK);
        CHECK_EQ(failures[i].code, 40 + (int)i);
        CHECK_TEXT(failures[i].message, wanted);
        CHECK(failures[i].rank > 0 && strlen(failures[i].host) > 0);
    }
    mr_tasks tasks = {.task = says_why, .in = in, .in_size = sizeof *in, .count = COUNT};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_result(&future, 4, NULL, 0, NULL, patience));
    CHECK_STATUS(mr_future_result(&future, 13, NULL, 0, NULL, 0), MR_ETASK);
    CHECK_EQ(mr_last_failures(&count)->code, 41);
    CHECK_EQ(count, 1);
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
}

static int fails_at_length(const void *in, void *out)
{
    (void)in, (void)out;
    static char text[1 << 20];
    memset(text, 'x', sizeof text - 1);
    if (mr_task_index() == 0)
        return mr_task_fail("%s", text);
    rest(0.2);
    note("done", "%zu", mr_task_index());
    return 0;
}

/* _TestPool.test_map_no_failfast */
SCENARIO_LOCAL(pool, failures_do_not_hurry)
{
    mr_pool pool;
    size_t count;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_STATUS(mr_pool_map(&pool, fails_at_length, NULL, 0, NULL, 0, 4), MR_ETASK);
    CHECK_EQ(noted_lines("done"), 3);
    CHECK_EQ(strlen(mr_last_failures(&count)->message), (1 << 20) - 1);
    end_pool(&pool);
}

static int returns_too_much(const void *in, void *out)
{
    (void)out;
    return mr_task_return(in, SIZE_MAX);
}

/* _TestPoolWorkerErrors.test_unpickleable_result: the worker survives. */
SCENARIO_LOCAL(pool, result_that_cannot_be_returned)
{
    mr_pool pool;
    mr_insight insight;
    size_t count;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 1)));
    for (int i = 0; i < 20; i++) {
        mr_scoped_future future = {0};
        CHECK_OK(mr_pool_apply_async(&pool, returns_too_much, "", 1, MR_ANY_SIZE, &future));
        CHECK_STATUS(mr_future_result(&future, 0, NULL, 0, NULL, patience), MR_ETASK);
        CHECK_EQ(mr_last_failures(&count)->status, MR_ENOMEM);
        CHECK(strstr(mr_last_error(), "no memory for a result") != NULL);
    }
    CHECK_EQ(mr_pool_insights(&pool, &insight, 1), 1);
    CHECK_EQ(insight.started, 1);
    CHECK_EQ(insight.tasks, 20);
    end_pool(&pool);
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

/* ---- The even schedule ---- */

/* An equal share for each; what has failed is told; and after a death all goes on in chunks. */
SCENARIO_HOSTS(pool, even)
{
    static int in[INPUTS], out[INPUTS];
    const int counts[] = {0, 1, WORKERS, WORKERS + 1, INPUTS};
    mr_pool pool;
    mr_insight insights[WORKERS];
    size_t count;
    mr_pool_options options = {.processes = WORKERS, .schedule = MR_SCHEDULE_EVEN};
    fill(in, INPUTS);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_map(&pool, square, in, sizeof *in, out, sizeof *out, 100));
    CHECK_EQ(mr_pool_insights(&pool, insights, WORKERS), WORKERS);
    for (int i = 0; i < WORKERS; i++)
        CHECK_EQ(insights[i].tasks, 100 / WORKERS); /* which chunks would not do */
    const mr_slice records[] = {{&in[3], sizeof *in}, {&in[4], sizeof *in}};
    mr_tasks pieces = {.task = square, .records = records, .count = 2, .out_size = sizeof *out};
    CHECK_OK(mr_pool_map_with(&pool, &pieces, out)); /* these are not scattered */
    CHECK_EQ(out[0], 9);
    CHECK_EQ(out[1], 16);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        map_squares(&pool, counts[i]);
    CHECK_STATUS(mr_pool_map(&pool, says_why, in, sizeof *in, NULL, 0, 100), MR_ETASK);
    CHECK_EQ(mr_last_failures(&count)[9].index, 93);
    CHECK_EQ(count, 10);
    map_squares(&pool, INPUTS);
    memset(out, 0, sizeof out);
    CHECK_OK(mr_pool_map(&pool, dies_once_for_7, in, sizeof *in, out, sizeof *out, 100));
    check_squares(out, 100);
    map_squares(&pool, INPUTS);
    CHECK_EQ(noted_lines("dead"), 1);
    end_pool(&pool);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options))); /* and another works as the first did */
    map_squares(&pool, INPUTS);
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}

/* ---- Memory, and other processes ---- */

/* _TestPool.test_release_task_refs: what inputs, results and failures took is used again. */
SCENARIO_LOCAL(pool, memory_is_used_again)
{
    enum { COUNT = 200 };
    mr_pool pool;
    int in[COUNT], out[COUNT];
    uint64_t top = 0;
    uint32_t slots = 0;
    fill(in, COUNT);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int round = 0; round < 30; round++) {
        mr_scoped_future any = {0};
        mr_tasks tasks = {.task = doubles_text, .in = in, .in_size = 4, .count = COUNT, .out_size = MR_ANY_SIZE};
        CHECK_OK(mr_pool_map_async(&pool, &tasks, &any));
        CHECK_OK(mr_future_wait(&any, patience));
        CHECK_OK(mr_pool_map(&pool, square, in, sizeof *in, out, sizeof *out, COUNT));
        CHECK_STATUS(mr_pool_map(&pool, says_why, in, sizeof *in, NULL, 0, COUNT), MR_ETASK);
        if (round == 5) {
            top = mr__ctx.arena->top;
            slots = mr__ctx.arena->slots;
        }
    }
    CHECK_AT_MOST((double)(mr__ctx.arena->top - top), 20000); /* chunks that a late worker still had */
    CHECK_AT_MOST(mr__ctx.arena->slots - slots, 2);
    end_pool(&pool);
}

static int uses_the_pool(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(mr_pool));
    map_squares(&(mr_pool){((const mr_pool *)args)->mr__handle}, INPUTS);
    return 0;
}

static int makes_a_pool(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    map_squares(&pool, INPUTS);
    end_pool(&pool);
    return 0;
}

static int makes_none(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_pool pool;
    CHECK_STATUS(mr_pool_init(&pool, WORKERS), MR_EDAEMON);
    return 0;
}

/* A handle works in any process; and a process may have a pool of its own, but no daemon. */
SCENARIO(pool, in_other_processes)
{
    mr_pool pool;
    mr_process uses, makes, daemon;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK(begin(&uses, uses_the_pool, &pool, sizeof pool));
    CHECK(begin(&makes, makes_a_pool, NULL, 0));
    map_squares(&pool, INPUTS);
    CHECK(end(&uses, patience, 0));
    CHECK(end(&makes, patience, 0));
    CHECK_OK(mr_process_init(&daemon, makes_none, NULL, 0));
    CHECK_OK(mr_process_set_daemon(&daemon, true));
    CHECK_OK(mr_process_start(&daemon));
    CHECK(end(&daemon, patience, 0));
    end_pool(&pool);
}
