/* Queues. The comments name the tests of CPython's own suite (Lib/test/_test_multiprocessing.py) whose behaviour a
 * scenario covers. */
#include "scenario.h"
#include "targets.h"

#include "arena/arena.h"
#include "base/context.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const double patience = 30; /* seconds for what must happen */
static const double at_once = 1.0; /* seconds within which a call that does not wait has returned, even here */
static const double clock_slack = 0.05; /* seconds that a clock may be off */

static bool put_number(const mr_queue *q, int number)
{
    return CHECK_OK(mr_queue_put(q, &number, sizeof number, patience));
}

static int get_number(const mr_queue *q)
{
    int number = -1;
    size_t size = 0;
    CHECK_OK(mr_queue_get(q, &number, sizeof number, &size, patience));
    CHECK_EQ(size, sizeof number);
    return number;
}

/* ---- Putting and getting ---- */

typedef struct two_queues {
    mr_queue items, answers;
} two_queues;

/* Gets six numbers when it is told to, and says so. */
static int drains(const void *args, size_t size)
{
    (void)size;
    const two_queues *both = args;
    CHECK_EQ(get_number(&both->answers), 1);
    for (int i = 1; i <= 6; i++)
        CHECK_EQ(get_number(&both->items), i);
    put_number(&both->answers, 2);
    return 0;
}

/* _TestQueue.test_put */
SCENARIO_SHARED(queue, put)
{
    two_queues both;
    mr_process p;
    CHECK_OK(mr_queue_init(&both.items, 6));
    CHECK_OK(mr_queue_init(&both.answers, 0));
    CHECK_OR_STOP(begin(&p, drains, &both, sizeof both));
    CHECK(mr_queue_is_empty(&both.items));
    CHECK(!mr_queue_is_full(&both.items));
    for (int i = 1; i <= 6; i++)
        CHECK_OK(mr_queue_put(&both.items, &i, sizeof i, i % 3 == 0 ? 0 : i % 3 == 1 ? MR_FOREVER : 1));
    CHECK(!mr_queue_is_empty(&both.items));
    CHECK(mr_queue_is_full(&both.items));
    double start = now();
    CHECK_STATUS(mr_queue_put(&both.items, "x", 1, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_queue_put(&both.items, "x", 1, -3), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - start, at_once);
    start = now();
    CHECK_STATUS(mr_queue_put(&both.items, "x", 1, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - start, 0.2 - clock_slack);
    CHECK_EQ(mr_queue_length(&both.items), 6);
    put_number(&both.answers, 1);
    CHECK(end(&p, patience, 0));
    CHECK_EQ(get_number(&both.answers), 2);
    CHECK(mr_queue_is_empty(&both.items));
    CHECK(!mr_queue_is_full(&both.items));
}

static int fills(const void *args, size_t size)
{
    (void)size;
    for (int i = 2; i < 6; i++)
        put_number(args, i);
    return 0;
}

/* _TestQueue.test_get, _TestQueue.test_qsize, _TestQueue.test_timeout */
SCENARIO_SHARED(queue, get)
{
    mr_queue q;
    mr_process p;
    int number = 0;
    CHECK_OK(mr_queue_init(&q, 0));
    CHECK_EQ(mr_queue_length(&q), 0);
    put_number(&q, 0);
    CHECK_EQ(mr_queue_length(&q), 1);
    put_number(&q, 1);
    CHECK_EQ(mr_queue_length(&q), 2);
    CHECK_EQ(get_number(&q), 0);
    CHECK_EQ(mr_queue_length(&q), 1);
    CHECK_EQ(get_number(&q), 1);
    CHECK_EQ(mr_queue_length(&q), 0);

    CHECK_OR_STOP(begin(&p, fills, &q, sizeof q));
    CHECK(end(&p, patience, 0));
    CHECK(!mr_queue_is_empty(&q));
    CHECK(!mr_queue_is_full(&q));
    CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, MR_FOREVER));
    CHECK_EQ(number, 2);
    CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, 1));
    CHECK_EQ(number, 3);
    CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, 0));
    CHECK_EQ(number, 4);
    CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, -1));
    CHECK_EQ(number, 5);
    CHECK(mr_queue_is_empty(&q));
    double start = now();
    CHECK_STATUS(mr_queue_get(&q, &number, sizeof number, NULL, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_queue_get(&q, &number, sizeof number, NULL, -1), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - start, at_once);
    start = now();
    CHECK_STATUS(mr_queue_get(&q, &number, sizeof number, NULL, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - start, 0.2 - clock_slack);
    CHECK_EQ(number, 5);
}

static int puts_ten_and_ends(const void *args, size_t size)
{
    (void)size;
    for (int i = 10; i < 20; i++)
        put_number(args, i);
    return 0;
}

/* What a process has put is there when it has ended. _TestQueue.test_fork */
SCENARIO_SHARED(queue, fork)
{
    mr_queue q;
    mr_process p;
    CHECK_OK(mr_queue_init(&q, 0));
    for (int i = 0; i < 10; i++)
        put_number(&q, i);
    CHECK_OR_STOP(begin(&p, puts_ten_and_ends, &q, sizeof q));
    CHECK(end(&p, patience, 0));
    for (int i = 0; i < 20; i++)
        CHECK_EQ(get_number(&q), i);
    CHECK_STATUS(mr_queue_get(&q, NULL, 0, NULL, 0), MR_ETIMEDOUT);
}

/* ---- Items of any size ---- */

static void fill(unsigned char *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(seed + 7 * i + (i >> 8));
}

static bool is_filled(const unsigned char *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != (unsigned char)(seed + 7 * i + (i >> 8)))
            return false;
    return true;
}

static const size_t sizes[] = {0,    1,    7,     8,     9,     63,      4000,   4001, 0,
                               3999, 4000, 65536, 70000, 5,     1 << 20, 0,      17,   (1 << 20) + 1,
                               4000, 4000, 4000,  3,     12345, 1 << 24, 100000, 1};
enum { SIZES = sizeof sizes / sizeof sizes[0], LARGEST = 1 << 24 };

static int puts_all_sizes(const void *args, size_t size)
{
    (void)size;
    unsigned char *bytes = malloc(LARGEST);
    for (unsigned i = 0; i < 3 * SIZES; i++) {
        fill(bytes, sizes[i % SIZES], i);
        CHECK_OK(mr_queue_put(args, bytes, sizes[i % SIZES], patience));
    }
    free(bytes);
    return 0;
}

SCENARIO_SHARED(queue, any_size)
{
    mr_queue q;
    mr_process p;
    unsigned char *bytes = malloc(LARGEST);
    CHECK_OK(mr_queue_init(&q, 3));
    CHECK_OR_STOP(begin(&p, puts_all_sizes, &q, sizeof q));
    for (unsigned i = 0; i < 3 * SIZES; i++) {
        size_t wanted = sizes[i % SIZES], size = 99;
        void *data = NULL;
        if (wanted > 0) { /* what does not fit stays at the head */
            CHECK_STATUS(mr_queue_get(&q, bytes, wanted - 1, &size, patience), MR_ETOOSMALL);
            CHECK_EQ(size, wanted);
            size = 99;
        }
        if (i % 2 == 0) {
            CHECK_OK(mr_queue_get(&q, bytes, LARGEST, &size, patience));
            CHECK(is_filled(bytes, wanted, i));
        } else {
            CHECK_OK(mr_queue_get_alloc(&q, &data, &size, patience));
            CHECK(data != NULL && is_filled(data, wanted, i));
            free(data);
        }
        CHECK_EQ(size, wanted);
    }
    CHECK(end(&p, patience, 0));
    CHECK_EQ(mr_queue_length(&q), 0);
    CHECK_OK(mr_queue_destroy(&q));
    free(bytes);
}

enum { HUGE_WORD = 8 };
static const size_t huge = ((size_t)5 << 29) + 24; /* 2.5 GiB and a bit */

static int puts_huge(const void *args, size_t size)
{
    (void)size;
    uint64_t *words = malloc(huge);
    CHECK_OR_STOP(CHECK(words != NULL));
    for (size_t i = 0; i < huge / HUGE_WORD; i++)
        words[i] = i * 0x9e3779b97f4a7c15u;
    CHECK_OK(mr_queue_put(args, words, huge, patience));
    free(words);
    return 0;
}

/* An item of more than 2^31 bytes. */
SCENARIO_SHARED(queue, huge, .only_long = true, .timeout = 200)
{
    mr_queue q;
    mr_process p;
    void *data = NULL;
    size_t size = 0, wrong = 0;
    CHECK_OK(mr_queue_init(&q, 1));
    CHECK_OR_STOP(begin(&p, puts_huge, &q, sizeof q));
    CHECK(end(&p, 120, 0));
    CHECK_OR_STOP(CHECK_OK(mr_queue_get_alloc(&q, &data, &size, 120)));
    CHECK_EQ(size, huge);
    for (size_t i = 0; i < huge / HUGE_WORD; i++)
        wrong += ((const uint64_t *)data)[i] != i * 0x9e3779b97f4a7c15u;
    CHECK_EQ(wrong, 0);
    free(data);
}

/* What cannot be put is refused, its place stays free, and later items go through.
 * _TestQueue.test_queue_feeder_donot_stop_onexc, _TestQueue.test_queue_feeder_on_queue_feeder_error (put itself
 * tells its caller) */
SCENARIO_SHARED(queue, bad_item)
{
    mr_queue q;
    CHECK_OK(mr_queue_init(&q, 1));
    CHECK_STATUS(mr_queue_put(&q, "x", SIZE_MAX, 1), MR_ENOMEM);
    CHECK_STATUS(mr_queue_put(&q, "x", SIZE_MAX / 2, 1), MR_ENOMEM);
    CHECK_STATUS(mr_queue_put(&q, NULL, 1, 1), MR_EINVAL);
    CHECK_EQ(mr_queue_length(&q), 0);
    for (int i = 0; i < 3; i++) {
        put_number(&q, i);
        CHECK(mr_queue_is_full(&q));
        CHECK_EQ(get_number(&q), i);
    }
    CHECK(mr_queue_is_empty(&q));
}

/* ---- Many at a time ---- */

enum { SIDE = 4, EACH = 1500 };

typedef struct crowd {
    mr_queue items, results;
    unsigned index;
} crowd;

typedef struct label {
    unsigned producer, number;
} label;

/* Mostly small; now and then a parcel. */
static size_t size_of_item(unsigned number)
{
    return sizeof(label) + (number % 50 == 0 ? 5000 + 37 * number : number % 100);
}

static int puts_many(const void *args, size_t size)
{
    (void)size;
    const crowd *all = args;
    static unsigned char item[1 << 17];
    for (unsigned i = 0; i < EACH; i++) {
        fill(item, size_of_item(i), i);
        memcpy(item, &(label){all->index, i}, sizeof(label));
        CHECK_OR_STOP(CHECK_OK(mr_queue_put(&all->items, item, size_of_item(i), patience)));
    }
    return 0;
}

/* Gets until there is an empty item, and sends on what it got. */
static int gets_many(const void *args, size_t size)
{
    const crowd *all = args;
    static unsigned char item[1 << 17], good[sizeof item];
    static label got[SIDE * EACH];
    size_t count = 0;
    for (;;) {
        CHECK_OR_STOP(CHECK_OK(mr_queue_get(&all->items, item, sizeof item, &size, patience)));
        if (size == 0)
            break;
        memcpy(&got[count], item, sizeof(label));
        fill(good, size, got[count].number);
        CHECK_EQ(size, size_of_item(got[count].number));
        CHECK(memcmp(item + sizeof(label), good + sizeof(label), size - sizeof(label)) == 0);
        count++;
    }
    CHECK_OK(mr_queue_put(&all->results, got, count * sizeof(label), patience));
    return 0;
}

static void check_crowd(size_t maxsize)
{
    crowd all = {.index = 0};
    mr_process p[2 * SIDE], *pointers[2 * SIDE];
    static unsigned char seen[SIDE][EACH];
    unsigned total = 0;
    memset(seen, 0, sizeof seen);
    CHECK_OK(mr_queue_init(&all.items, maxsize));
    CHECK_OK(mr_queue_init(&all.results, 0));
    for (unsigned i = 0; i < 2 * SIDE; i++) {
        all.index = i;
        CHECK_OK(mr_process_init(&p[i], i < SIDE ? puts_many : gets_many, &all, sizeof all));
        pointers[i] = &p[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, 2 * SIDE)));
    for (int i = 0; i < SIDE; i++)
        CHECK(end(&p[i], patience, 0));
    for (int i = 0; i < SIDE; i++)
        CHECK_OK(mr_queue_put(&all.items, NULL, 0, patience));
    for (int i = 0; i < SIDE; i++) {
        void *data = NULL;
        size_t size = 0;
        long last[SIDE] = {-1, -1, -1, -1};
        CHECK_OR_STOP(CHECK_OK(mr_queue_get_alloc(&all.results, &data, &size, patience)));
        const label *got = data;
        for (size_t k = 0; k < size / sizeof(label); k++) {
            CHECK_OR_STOP(CHECK(got[k].producer < SIDE && got[k].number < EACH));
            CHECK(got[k].number > last[got[k].producer]); /* in the order in which they were put */
            last[got[k].producer] = got[k].number;
            seen[got[k].producer][got[k].number]++;
            total++;
        }
        free(data);
    }
    CHECK_EQ(total, SIDE * EACH);
    for (int i = 0; i < SIDE * EACH; i++)
        CHECK_EQ(seen[i / EACH][i % EACH], 1);
    for (int i = SIDE; i < 2 * SIDE; i++)
        CHECK(end(&p[i], patience, 0));
    CHECK(mr_queue_is_empty(&all.items));
    CHECK_OK(mr_queue_destroy(&all.items));
    CHECK_OK(mr_queue_destroy(&all.results));
}

SCENARIO_SHARED(queue, many_processes)
{
    check_crowd(0);
    check_crowd(3);
    check_crowd(1);
}

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Waits for an item, then at a queue that is full; says each time what that has cost. */
static int waits_on_both_sides(const void *args, size_t size)
{
    (void)size;
    const two_queues *both = args;
    double before = cpu_seconds();
    CHECK_EQ(get_number(&both->items), 1);
    CHECK_AT_MOST(cpu_seconds() - before, 0.1);
    put_number(&both->answers, 1);
    before = cpu_seconds();
    put_number(&both->answers, 2); /* which is full */
    CHECK_AT_MOST(cpu_seconds() - before, 0.1);
    return 0;
}

/* Who waits is asleep, and is woken. */
SCENARIO_SHARED(queue, sleeps)
{
    two_queues both;
    mr_process p;
    CHECK_OK(mr_queue_init(&both.items, 0));
    CHECK_OK(mr_queue_init(&both.answers, 1));
    CHECK_OR_STOP(begin(&p, waits_on_both_sides, &both, sizeof both));
    rest(0.5);
    put_number(&both.items, 1);
    while (!mr_queue_is_full(&both.answers))
        rest(0.01);
    rest(0.5);
    CHECK_EQ(get_number(&both.answers), 1);
    CHECK_EQ(get_number(&both.answers), 2);
    CHECK(end(&p, patience, 0));
}

static int puts_after_a_while(const void *args, size_t size)
{
    (void)size;
    rest(0.2);
    put_number(args, 5);
    return 0;
}

static int destroys_after_a_while(const void *args, size_t size)
{
    (void)size;
    rest(0.2);
    CHECK_OK(mr_queue_destroy(args));
    return 0;
}

/* mr_wait, over queues. */
SCENARIO_SHARED(queue, wait)
{
    mr_queue q, other;
    mr_process p;
    size_t ready = 9;
    CHECK_OK(mr_queue_init(&q, 0));
    CHECK_OK(mr_queue_init(&other, 0));
    mr_waitable items[] = {{.queue = &other}, {.queue = &q}};
    CHECK_STATUS(mr_wait(items, 2, &ready, 0.1), MR_ETIMEDOUT);
    CHECK_EQ(ready, 0);
    CHECK_OR_STOP(begin(&p, puts_after_a_while, &q, sizeof q));
    CHECK_OK(mr_wait(items, 2, &ready, patience));
    CHECK_EQ(ready, 1);
    CHECK(!items[0].ready && items[1].ready);
    CHECK_OK(mr_wait(items, 2, &ready, 0));
    CHECK_EQ(get_number(&q), 5);
    CHECK(end(&p, patience, 0));
    CHECK_STATUS(mr_wait(items, 2, &ready, 0), MR_ETIMEDOUT);
    CHECK_OR_STOP(begin(&p, destroys_after_a_while, &q, sizeof q));
    CHECK_STATUS(mr_wait(items, 2, &ready, patience), MR_ECLOSED);
    CHECK(end(&p, patience, 0));
    CHECK_OK(mr_queue_close(&other));
    CHECK_STATUS(mr_wait(items, 1, &ready, patience), MR_ECLOSED);
}

/* ---- Queues that can be joined ---- */

static int does_tasks(const void *args, size_t size)
{
    for (int number = 0;;) {
        CHECK_OR_STOP(CHECK_OK(mr_queue_get(args, &number, sizeof number, &size, patience)));
        if (size == 0)
            return 0;
        rest(0.01);
        CHECK_OK(mr_queue_task_done(args));
    }
}

/* _TestQueue.test_task_done */
SCENARIO_SHARED(queue, task_done)
{
    enum { WORKERS = 4, TASKS = 10 };
    mr_queue q, plain;
    mr_process p[WORKERS];
    CHECK_OK(mr_queue_init_joinable(&q, 0));
    CHECK_OK(mr_queue_join(&q, 0));
    for (int i = 0; i < WORKERS; i++)
        CHECK_OR_STOP(begin(&p[i], does_tasks, &q, sizeof q));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < TASKS; i++)
            put_number(&q, i);
        CHECK_OK(mr_queue_join(&q, patience));
        CHECK(mr_queue_is_empty(&q));
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK_OK(mr_queue_put(&q, NULL, 0, patience));
    for (int i = 0; i < WORKERS; i++)
        CHECK(end(&p[i], patience, 0));

    CHECK_STATUS(mr_queue_join(&q, patience), MR_EDIED); /* those who got the empty ones have gone */
    for (int i = 0; i < WORKERS; i++)
        CHECK_OK(mr_queue_task_done(&q));
    CHECK_OK(mr_queue_join(&q, 0));
    put_number(&q, 1);
    double start = now();
    CHECK_STATUS(mr_queue_join(&q, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - start, 0.2 - clock_slack);
    CHECK_STATUS(mr_queue_join(&q, 0), MR_ETIMEDOUT);
    CHECK_EQ(get_number(&q), 1);
    CHECK_STATUS(mr_queue_join(&q, 0), MR_ETIMEDOUT);
    CHECK_OK(mr_queue_task_done(&q));
    CHECK_STATUS(mr_queue_task_done(&q), MR_EOVERFLOW);
    CHECK_OK(mr_queue_join(&q, 0));
    CHECK_OK(mr_queue_init(&plain, 0));
    CHECK_STATUS(mr_queue_task_done(&plain), MR_EINVAL);
    CHECK_STATUS(mr_queue_join(&plain, 0), MR_EINVAL);
}

/* ---- Closing ---- */

/* The parent has closed the queue; here it is open, until this process closes it too. */
static int uses_and_closes(const void *args, size_t size)
{
    (void)size;
    CHECK_EQ(get_number(args), 1);
    put_number(args, 2);
    put_number(args, 3);
    CHECK_OK(mr_queue_close(args));
    CHECK_STATUS(mr_queue_put(args, "x", 1, 0), MR_ECLOSED);
    return 0;
}

static int gets_two(const void *args, size_t size)
{
    (void)size;
    CHECK_EQ(get_number(args), 2);
    CHECK_EQ(get_number(args), 3);
    return 0;
}

/* _TestQueue.test_closed_queue_empty_exceptions, _TestQueue.test_closed_queue_put_get_exceptions */
SCENARIO_SHARED(queue, closed)
{
    char byte;
    mr_status (*const make[])(mr_queue *, size_t) = {mr_queue_init, mr_queue_init_joinable};
    for (int i = 0; i < 2; i++) {
        mr_queue unused, used;
        CHECK_OK(make[i](&unused, 0));
        CHECK_STATUS(mr_queue_join_thread(&unused), MR_ESTATE);
        CHECK_OK(mr_queue_close(&unused));
        CHECK_OK(mr_queue_join_thread(&unused));
        CHECK(mr_queue_is_empty(&unused));
        CHECK_EQ(mr_queue_length(&unused), 0);
        CHECK_STATUS(mr_queue_put(&unused, "foo", 3, 0), MR_ECLOSED);
        CHECK_STATUS(mr_queue_get(&unused, &byte, 1, NULL, 0), MR_ECLOSED);
        CHECK_OK(make[i](&used, 0));
        CHECK_OK(mr_queue_cancel_join_thread(&used));
        put_number(&used, 1);
        CHECK_OK(mr_queue_close(&used));
        CHECK_OK(mr_queue_close(&used));
        CHECK_OK(mr_queue_join_thread(&used));
        CHECK_REFUSED(!mr_queue_is_empty(&used), MR_ECLOSED);
        CHECK_REFUSED(!mr_queue_is_full(&used), MR_ECLOSED);
        CHECK_REFUSED(mr_queue_length(&used) == -1, MR_ECLOSED);
        CHECK_STATUS(mr_queue_put(&used, "foo", 3, 0), MR_ECLOSED);
        CHECK_STATUS(mr_queue_put(&used, &used, 5000, 0), MR_ECLOSED);
        CHECK_STATUS(mr_queue_get(&used, &byte, 1, NULL, 0), MR_ECLOSED);

        const mr_target targets[] = {uses_and_closes, gets_two}; /* in one rank, after each other */
        for (int k = 0; k < 2; k++) {
            mr_process p;
            CHECK_OK(mr_process_init(&p, targets[k], &used, sizeof used));
            CHECK_OK(mr_process_set_reuse(&p, true));
            CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
            CHECK(end(&p, patience, 0));
        }
    }
}

static int waits_for_the_queue_to_end(const void *args, size_t size)
{
    (void)size;
    const two_queues *both = args;
    int number;
    note("waiting", "now");
    CHECK_STATUS(mr_queue_get(&both->items, &number, sizeof number, NULL, patience), MR_ECLOSED);
    note("waiting", "now");
    CHECK_STATUS(mr_queue_put(&both->answers, "x", 1, patience), MR_ECLOSED);
    return 0;
}

SCENARIO_SHARED(queue, destroy)
{
    two_queues both;
    mr_process p;
    CHECK_OK(mr_queue_init(&both.items, 0));
    CHECK_OK(mr_queue_init(&both.answers, 1));
    put_number(&both.answers, 1);
    CHECK_OR_STOP(begin(&p, waits_for_the_queue_to_end, &both, sizeof both));
    CHECK(await_lines("waiting", 1, patience));
    rest(0.1);
    CHECK_OK(mr_queue_destroy(&both.items));
    CHECK(await_lines("waiting", 2, patience));
    rest(0.1);
    CHECK_OK(mr_queue_destroy(&both.answers));
    CHECK(end(&p, patience, 0));
    CHECK_STATUS(mr_queue_destroy(&both.items), MR_ECLOSED);
    CHECK_STATUS(mr_queue_close(&both.items), MR_ECLOSED);
    CHECK_STATUS(mr_queue_put(&both.items, "x", 1, 0), MR_ECLOSED);
}

/* What a queue held is used again. */
SCENARIO_LOCAL(queue, memory)
{
    unsigned char *bytes = calloc(1, 1 << 20);
    uint64_t top = 0;
    for (int i = 0; i < 40; i++) {
        mr_queue q;
        CHECK_OK(mr_queue_init(&q, 0));
        for (int k = 0; k < 5; k++)
            CHECK_OK(mr_queue_put(&q, bytes, k % 2 == 0 ? 1 << 20 : 4000, 0));
        CHECK_OK(mr_queue_destroy(&q));
        if (i == 0)
            top = mr__ctx.arena->top;
    }
    CHECK_EQ(mr__ctx.arena->top, top);
    free(bytes);
}

/* ---- Simple queues ---- */

/* Sees the queue empty, puts two items, then waits until both are gone. */
static int fills_simple(const void *args, size_t size)
{
    (void)size;
    const two_queues *both = args;
    CHECK(mr_queue_is_empty(&both->items));
    put_number(&both->items, 1);
    put_number(&both->items, 2);
    CHECK(!mr_queue_is_empty(&both->items));
    put_number(&both->answers, 1);
    return 0;
}

/* TestSimpleQueue.test_empty, TestSimpleQueue.test_empty_exceptions, TestSimpleQueue.test_close,
 * TestSimpleQueue.test_closed */
SCENARIO_SHARED(queue, simple)
{
    two_queues both;
    mr_process p;
    mr_queue unused;
    char byte;
    CHECK_OK(mr_queue_init_simple(&both.items));
    CHECK_OK(mr_queue_init_simple(&both.answers));
    CHECK(mr_queue_is_empty(&both.items));
    CHECK_OR_STOP(begin(&p, fills_simple, &both, sizeof both));
    CHECK_EQ(get_number(&both.answers), 1);
    CHECK(!mr_queue_is_empty(&both.items));
    CHECK_EQ(get_number(&both.items), 1);
    CHECK_EQ(get_number(&both.items), 2);
    CHECK(mr_queue_is_empty(&both.items));
    CHECK(end(&p, patience, 0));
    CHECK_OK(mr_queue_init_simple(&unused));
    const mr_queue *closed[] = {&both.items, &unused};
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mr_queue_close(closed[i]));
        CHECK_OK(mr_queue_close(closed[i]));
        CHECK_REFUSED(!mr_queue_is_empty(closed[i]), MR_ECLOSED);
        CHECK_STATUS(mr_queue_put(closed[i], "x", 1, 0), MR_ECLOSED);
        CHECK_STATUS(mr_queue_get(closed[i], &byte, 1, NULL, 0), MR_ECLOSED);
    }
}

/* ---- Misuse ---- */

static void check_unusable(const mr_queue *q, mr_status status)
{
    int number;
    size_t size;
    void *data;
    CHECK_STATUS(mr_queue_put(q, "x", 1, MR_FOREVER), status);
    CHECK_STATUS(mr_queue_put(q, &size, 5000, MR_FOREVER), status);
    CHECK_STATUS(mr_queue_get(q, &number, sizeof number, &size, MR_FOREVER), status);
    CHECK_STATUS(mr_queue_get_alloc(q, &data, &size, MR_FOREVER), status);
    CHECK_REFUSED(mr_queue_length(q) == -1, status);
    CHECK_REFUSED(!mr_queue_is_empty(q), status);
    CHECK_REFUSED(!mr_queue_is_full(q), status);
    CHECK_STATUS(mr_queue_task_done(q), status);
    CHECK_STATUS(mr_queue_join(q, MR_FOREVER), status);
    CHECK_STATUS(mr_queue_close(q), status);
    CHECK_STATUS(mr_queue_join_thread(q), status);
    CHECK_STATUS(mr_queue_cancel_join_thread(q), status);
    CHECK_STATUS(mr_queue_destroy(q), status);
}

SCENARIO_SHARED(queue, misuse)
{
    mr_queue q, other;
    int number = 7;
    size_t size;
    void *data;
    CHECK_STATUS(mr_queue_init(NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_queue_init(&q, (size_t)-1), MR_EINVAL);
    CHECK_STATUS(mr_queue_init_joinable(&q, (size_t)INT_MAX + 1), MR_EINVAL);
    CHECK_STATUS(mr_queue_init_simple(NULL), MR_EINVAL);
    check_unusable(NULL, MR_EINVAL);
    check_unusable(&(mr_queue){0}, MR_EINVAL);
    CHECK_OK(mr_queue_init_joinable(&q, 0));
    CHECK_OK(mr_queue_init(&other, 0));
    CHECK_STATUS(mr_queue_put(&q, "x", 1, NAN), MR_EINVAL);
    CHECK_STATUS(mr_queue_get(&q, &number, sizeof number, NULL, NAN), MR_EINVAL);
    CHECK_STATUS(mr_queue_join(&q, NAN), MR_EINVAL);
    CHECK_STATUS(mr_queue_get(&q, NULL, 1, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_queue_get_alloc(&q, NULL, &size, 0), MR_EINVAL);
    CHECK_STATUS(mr_queue_get_alloc(&q, &data, NULL, 0), MR_EINVAL);
    srand(1);
    for (int i = 0; i < 20000; i++) { /* handles that are none: the slots, generations and bits of real ones */
        uint64_t high = i % 3 == 0 ? (uint64_t)rand() << 32 : q.mr__handle & ~(uint64_t)UINT32_MAX;
        mr_queue wild = {high | (i % 2 == 0 ? (uint64_t)rand() : (uint64_t)rand() % 64)};
        if (wild.mr__handle == q.mr__handle || wild.mr__handle == other.mr__handle)
            continue;
        mr_status status = mr_queue_put(&wild, "x", 1, 0);
        CHECK(status == MR_EINVAL || status == MR_ECLOSED);
        CHECK(mr_queue_length(&wild) == -1);
    }
    CHECK_EQ(mr_queue_length(&q), 0);
    CHECK_OK(mr_queue_destroy(&q));
    check_unusable(&q, MR_ECLOSED);
}

PROGRAM(queue, outside_of_the_library)
{
    mr_queue q = {1};
    CHECK_STATUS(mr_queue_init(&q, 0), MR_ENOTINIT);
    check_unusable(&q, MR_ENOTINIT);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_queue_init(&q, 0));
    put_number(&q, 1);
    CHECK_OK(mr_finalize());
    check_unusable(&q, MR_EFINALIZED);
    CHECK_STATUS(mr_queue_init(&q, 0), MR_EFINALIZED);
    return 0;
}
