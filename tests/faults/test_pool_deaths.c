/* Workers of pools that are killed, one by one or all at once, in the middle of anything; and those who use a
 * pool, or made it. Nobody waits in vain, no result is lost, none is wrong, and nothing is left. */
#include "scenario.h"
#include "targets.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 4, MANY = 2000, SMALL = 50 };
static const double patience = 60;

static int square(const void *in, void *out)
{
    *(int *)out = *(const int *)in * *(const int *)in;
    return 0;
}

static int star_square(const void *const in[], void *out)
{
    *(int *)out = *(const int *)in[0] * *(const int *)in[1];
    return 0;
}

static int returns_square(const void *in, void *out)
{
    int number = *(const int *)in * *(const int *)in;
    (void)out;
    return mr_task_return(&number, sizeof number);
}

static int fails_if_odd(const void *in, void *out)
{
    square(in, out);
    return *(const int *)in % 2 == 1 ? mr_task_fail("%d is odd", *(const int *)in) : 0;
}

static int rests(const void *in, void *out)
{
    rest(*(const double *)in);
    *(int *)out = 7;
    return 0;
}

static void end_pool(const mr_pool *pool)
{
    CHECK_OK(mr_pool_close(pool));
    CHECK_OK(mr_pool_join(pool, patience));
}

/* ---- Killed at random ---- */

static int in[MANY], out[MANY];

static void check_squares(int count)
{
    int wrong = 0;
    for (int i = 0; i < count; i++)
        wrong += out[i] != i * i;
    CHECK_EQ(wrong, 0);
    memset(out, 0xff, sizeof out);
}

static void map(const mr_pool *pool, size_t chunk_size, int count)
{
    mr_scoped_future future = {0};
    mr_tasks tasks = {.task = square,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = (size_t)count,
                      .out_size = sizeof *out,
                      .chunk_size = chunk_size};
    CHECK_OK(mr_pool_map_async(pool, &tasks, &future));
    CHECK_OK(mr_future_get(&future, out, sizeof out, patience));
    check_squares(count);
}

static void starmap(const mr_pool *pool)
{
    const mr_slice columns[] = {{in, sizeof *in}, {in, sizeof *in}};
    CHECK_OK(mr_pool_starmap(pool, star_square, columns, 2, out, sizeof *out, MANY));
    check_squares(MANY);
}

static void map_any_size(const mr_pool *pool)
{
    mr_scoped_future future = {0};
    mr_tasks tasks = {
        .task = returns_square, .in = in, .in_size = sizeof *in, .count = SMALL, .out_size = MR_ANY_SIZE};
    CHECK_OK(mr_pool_map_async(pool, &tasks, &future));
    for (size_t i = 0; i < SMALL; i++)
        CHECK_OK(mr_future_result(&future, i, &out[i], sizeof *out, NULL, patience));
    check_squares(SMALL);
}

/* Each failure is told once. */
static void map_failing(const mr_pool *pool)
{
    size_t count;
    CHECK_STATUS(mr_pool_map(pool, fails_if_odd, in, sizeof *in, out, sizeof *out, SMALL), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_EQ(count, SMALL / 2);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(failures[i].index, 2 * i + 1);
    check_squares(SMALL);
}

static void apply_async(const mr_pool *pool)
{
    mr_future futures[SMALL];
    for (int i = 0; i < SMALL; i++)
        CHECK_OK(mr_pool_apply_async(pool, square, &i, sizeof i, sizeof *out, &futures[i]));
    for (int i = 0; i < SMALL; i++) {
        CHECK_OK(mr_future_get(&futures[i], &out[i], sizeof *out, patience));
        CHECK_OK(mr_future_close(&futures[i]));
    }
    check_squares(SMALL);
}

static void iterate(const mr_pool *pool, bool is_ordered)
{
    mr_imap imap;
    size_t index;
    int got;
    mr_tasks tasks = {.task = square, .in = in, .in_size = sizeof *in, .count = SMALL, .out_size = sizeof *out};
    CHECK_OK(is_ordered ? mr_pool_imap(pool, &tasks, &imap) : mr_pool_imap_unordered(pool, &tasks, &imap));
    for (size_t i = 0; i < SMALL; i++) {
        CHECK_OK(mr_imap_next(&imap, &got, sizeof got, NULL, &index, patience));
        CHECK(index < SMALL && (!is_ordered || index == i) && out[index] == -1);
        out[index] = got;
    }
    CHECK_STATUS(mr_imap_next(&imap, &got, sizeof got, NULL, &index, patience), MR_EEOF);
    CHECK_OK(mr_imap_close(&imap));
    check_squares(SMALL);
}

static struct {
    mr_pool pool;
    unsigned seed;
    int kills;
    _Atomic bool is_over;
} killer;

static void *kill_at_random(void *unused)
{
    mr_insight insights[WORKERS];
    while (!killer.is_over) {
        rest(1e-6 * (rand_r(&killer.seed) % 8000));
        mr_pool_insights(&killer.pool, insights, WORKERS);
        pid_t pid = insights[rand_r(&killer.seed) % WORKERS].pid;
        killer.kills += pid > 0 && kill(pid, SIGKILL) == 0;
    }
    return unused;
}

static void survive_kills(double seconds)
{
    pthread_t thread;
    const char *seed = getenv("MR_TEST_SEED");
    mr_pool_options options = {.processes = WORKERS, .max_retries = 1000000};
    killer.seed = seed != NULL ? (unsigned)atoi(seed) : (unsigned)getpid();
    for (int i = 0; i < MANY; i++)
        in[i] = i;
    memset(out, 0xff, sizeof out);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&killer.pool, &options)));
    CHECK_OR_STOP(CHECK_EQ(pthread_create(&thread, NULL, kill_at_random, NULL), 0));
    int rounds = 0;
    for (double end = now() + seconds; now() < end && !check_failed(); rounds++) {
        const mr_pool *pool = &killer.pool;
        map(pool, 0, MANY);
        map(pool, 1, MANY);
        map(pool, 3, SMALL);
        starmap(pool);
        map_any_size(pool);
        map_failing(pool);
        apply_async(pool);
        iterate(pool, true);
        iterate(pool, false);
    }
    killer.is_over = true;
    pthread_join(thread, NULL);
    end_pool(&killer.pool);
    fprintf(stderr, "%d rounds, %d kills, MR_TEST_SEED=%u\n", rounds, killer.kills, killer.seed);
    CHECK(rounds > 0 && killer.kills > 0);
}

SCENARIO_LOCAL(pool_deaths, at_random)
{
    survive_kills(8);
}

SCENARIO_LOCAL(pool_deaths, at_random_for_long, .only_long = true, .timeout = 280)
{
    survive_kills(200);
}

/* In the middle of a scatter, a share, a gather, or of making the communicator. */
static void *kill_one(void *unused)
{
    mr_insight insights[WORKERS];
    rest(1e-6 * (rand_r(&killer.seed) % 20000));
    for (double end = now() + patience; now() < end && !killer.is_over; rest(0.0001)) {
        mr_pool_insights(&killer.pool, insights, WORKERS);
        pid_t pid = insights[rand_r(&killer.seed) % WORKERS].pid;
        if (pid > 0 && kill(pid, SIGKILL) == 0)
            break;
    }
    return unused;
}

SCENARIO_LOCAL(pool_deaths, of_an_even_share, .timeout = 120)
{
    pthread_t thread;
    const char *seed = getenv("MR_TEST_SEED"), *is_long = getenv("MR_TEST_LONG");
    mr_pool_options options = {.processes = WORKERS, .schedule = MR_SCHEDULE_EVEN};
    killer.seed = seed != NULL ? (unsigned)atoi(seed) : (unsigned)getpid();
    fprintf(stderr, "MR_TEST_SEED=%u\n", killer.seed);
    for (int i = 0; i < MANY; i++)
        in[i] = i;
    for (int round = 0; round < (is_long != NULL ? 100 : 8) && !check_failed(); round++) {
        CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&killer.pool, &options)));
        killer.is_over = false;
        CHECK_OR_STOP(CHECK_EQ(pthread_create(&thread, NULL, kill_one, NULL), 0));
        for (int i = 0; i < 30; i++) {
            CHECK_OK(mr_pool_map(&killer.pool, square, in, sizeof *in, out, sizeof *out, MANY));
            check_squares(MANY);
            rest(0.0005);
        }
        killer.is_over = true;
        pthread_join(thread, NULL);
        end_pool(&killer.pool);
    }
}

/* ---- All at once ---- */

static void kill_all(const mr_pool *pool)
{
    mr_insight insights[WORKERS];
    int killed = 0;
    for (double end = now() + patience; killed < WORKERS && now() < end;) {
        killed = 0;
        rest(0.01);
        mr_pool_insights(pool, insights, WORKERS);
        for (int i = 0; i < WORKERS; i++)
            killed += insights[i].pid > 0;
    }
    for (int i = 0; i < WORKERS; i++)
        kill(insights[i].pid, SIGKILL);
}

SCENARIO(pool_deaths, of_all_workers)
{
    mr_pool pool;
    mr_future future;
    double seconds[40];
    int results[40];
    for (int i = 0; i < 40; i++)
        seconds[i] = 0.05;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    kill_all(&pool); /* they have nothing to do */
    mr_tasks tasks = {.task = rests,
                      .in = seconds,
                      .in_size = sizeof *seconds,
                      .count = 40,
                      .out_size = sizeof *results,
                      .chunk_size = 1};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    kill_all(&pool);
    CHECK_OK(mr_pool_close(&pool)); /* which changes nothing for what is under way */
    kill_all(&pool);
    CHECK_OK(mr_future_get(&future, results, sizeof results, patience));
    for (int i = 0; i < 40; i++)
        CHECK_EQ(results[i], 7);
    CHECK_OK(mr_future_close(&future));
    CHECK_OK(mr_pool_join(&pool, patience));
}

/* ---- Those who use it ---- */

static int maps_for_ever(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(mr_pool));
    mr_future future;
    double seconds[100] = {0};
    note("mapping", "%d", (int)getpid());
    for (bool goes_on = true; goes_on;) {
        mr_tasks tasks = {
            .task = rests, .in = seconds, .in_size = sizeof *seconds, .count = 100, .out_size = sizeof(int)};
        mr_pool_map_async(args, &tasks, &future); /* never closed */
        int results[100];
        mr_future_get(&future, results, sizeof results, patience);
    }
    return 0;
}

/* What a dead process wanted done is dropped; the others' goes on, and the pool can be closed. */
SCENARIO(pool_deaths, of_a_user)
{
    mr_pool pool;
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int i = 0; i < MANY; i++)
        in[i] = i;
    for (int i = 0; i < 3; i++) {
        CHECK_OR_STOP(begin(&p, maps_for_ever, &pool, sizeof pool));
        CHECK(await_lines("mapping", i + 1, patience));
        map(&pool, 0, MANY);
        CHECK_OK(mr_process_kill(&p));
        CHECK(end(&p, patience, -SIGKILL));
        map(&pool, 0, MANY);
    }
    end_pool(&pool);
}

static int never_ends(const void *task_in, void *task_out)
{
    (void)task_in, (void)task_out;
    note("spinning", "%d", (int)getpid());
    signal(SIGTERM, SIG_IGN);
    for (volatile bool goes_on = true; goes_on;)
        ;
    return 0;
}

struct shared {
    mr_queue queue;
};

static int makes_a_pool(const void *args, size_t size)
{
    (void)size;
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_queue_put(&((const struct shared *)args)->queue, &pool, sizeof pool, 0));
    return sleeps(NULL, 0);
}

/* Nobody looks after it any more: whoever waits is told, and its workers end. */
SCENARIO(pool_deaths, of_the_creator)
{
    mr_pool pool;
    mr_process p;
    mr_future future;
    struct shared all;
    mr_insight insights[WORKERS];
    double seconds = 0.3;
    int got = 0, alive = WORKERS;
    CHECK_OK(mr_queue_init(&all.queue, 0));
    CHECK_OR_STOP(begin(&p, makes_a_pool, &all, sizeof all));
    CHECK_OK(mr_queue_get(&all.queue, &pool, sizeof pool, NULL, patience));
    CHECK_OK(mr_pool_apply(&pool, square, &(int){4}, sizeof(int), &got, sizeof got));
    CHECK_EQ(got, 16);
    CHECK_OK(mr_pool_apply_async(&pool, never_ends, NULL, 0, 0, &future));
    for (int i = 1; i < WORKERS; i++)
        CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof(int), &future));
    CHECK(await_lines("spinning", 1, patience));
    mr_pool_insights(&pool, insights, WORKERS);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, patience, -SIGKILL));
    CHECK_STATUS(mr_future_get(&future, &got, sizeof got, patience), MR_ECLOSED);
    CHECK_STATUS(mr_pool_apply(&pool, square, &got, sizeof got, &got, sizeof got), MR_ECLOSED);
    CHECK_OK(mr_pool_join(&pool, patience));
    for (double stop = now() + patience; alive > 0 && now() < stop; rest(0.05)) {
        alive = 0;
        for (int i = 0; i < WORKERS; i++)
            alive += insights[i].pid > 0 && kill(insights[i].pid, 0) == 0;
    }
    CHECK_EQ(alive, 0);
    CHECK(works());
}

static void kill_main(const struct victims *victims)
{
    CHECK_EQ(kill(victims->main, SIGKILL), 0);
}

/* Main is killed while some of its workers are busy and others idle; the runner sees that nothing is left. */
PROGRAM(pool_deaths, of_main, .exit_code = 128 + SIGKILL, .interfere = kill_main)
{
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_pool_apply_async(&pool, never_ends, NULL, 0, 0, NULL));
    CHECK(await_lines("spinning", 2, patience));
    scenario_ready();
    rest(patience);
    return 1;
}

/* ---- Large ---- */

/* MiscTestCase.test_large_pool */
SCENARIO_LOCAL(pool_deaths, two_hundred_workers, .timeout = 200)
{
    mr_pool pool;
    long sum = 0;
    for (int i = 0; i < 1000; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 200)));
    CHECK_EQ(mr_pool_processes(&pool), 200);
    CHECK_OK(mr_pool_map(&pool, square, in, sizeof *in, out, sizeof *out, 1000));
    for (int i = 0; i < 1000; i++)
        sum += out[i];
    CHECK_EQ(sum, 332833500);
    end_pool(&pool);
}

static int sums_bytes(const void *task_in, void *task_out)
{
    const unsigned char *bytes = task_in;
    uint64_t sum = 0;
    for (size_t i = 0; i < mr_task_in_size(); i++)
        sum += (uint64_t)bytes[i] * (i % 251 + 1);
    memcpy(task_out, &sum, sizeof sum);
    return 0;
}

static int returns_bytes(const void *task_in, void *task_out)
{
    size_t size = *(const size_t *)task_in;
    (void)task_out;
    unsigned char *bytes = malloc(size);
    if (bytes == NULL)
        return mr_task_fail("no memory");
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i % 253);
    int code = mr_task_return(bytes, size);
    free(bytes);
    return code;
}

static uint64_t sum_of(const unsigned char *bytes, size_t size)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += (uint64_t)bytes[i] * (i % 251 + 1);
    return sum;
}

static void move_much(size_t size)
{
    mr_pool pool;
    mr_future future;
    uint64_t sum = 0, wanted = 0;
    size_t got = 0;
    unsigned char *bytes = malloc(size);
    CHECK_OR_STOP(CHECK(bytes != NULL));
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i % 253);
    wanted = sum_of(bytes, size);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 1)));
    CHECK_OK(mr_pool_apply(&pool, sums_bytes, bytes, size, &sum, sizeof sum));
    CHECK(sum == wanted);
    CHECK_OK(mr_pool_apply_async(&pool, returns_bytes, &size, sizeof size, MR_ANY_SIZE, &future));
    memset(bytes, 0, size);
    CHECK_OK(mr_future_result(&future, 0, bytes, size, &got, 250));
    CHECK(got == size && sum_of(bytes, size) == wanted);
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
    free(bytes);
}

SCENARIO_LOCAL(pool_deaths, hundred_mebibytes)
{
    move_much((size_t)100 << 20);
}

SCENARIO_LOCAL(pool_deaths, three_gibibytes, .only_long = true, .timeout = 280)
{
    move_much(((size_t)3 << 30) + 5);
}
