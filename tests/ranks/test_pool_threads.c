/* Pools whose workers are threads: the same calls, on the memory of one process. */
#include "scenario.h"
#include "targets.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS = 4, INPUTS = 1001 };
static const double patience = 30;

static void fill(int *in, int count)
{
    for (int i = 0; i < count; i++)
        in[i] = i;
}

static void end_pool(const mr_pool *pool)
{
    CHECK_OK(mr_pool_close(pool));
    CHECK_OK(mr_pool_join(pool, patience));
}

/* Waits until a number of this process is so large. */
static bool await(const _Atomic int *number, int wanted)
{
    for (double end = now() + patience; *number < wanted && now() < end;)
        rest(0.001);
    return *number >= wanted;
}

/* ---- The same calls ---- */

static _Atomic int runs;

/* Of the number that a pointer points to; and its index is right, whichever thread runs it. */
static int squares_there(const void *in, void *out)
{
    const int *number = *(const int *const *)in;
    runs++;
    *(int *)out = *number * *number;
    return mr_task_index() == (size_t)*number ? 0 : mr_task_fail("input %zu", mr_task_index());
}

static int square(const void *in, void *out)
{
    *(int *)out = *(const int *)in * *(const int *)in;
    return 0;
}

static int adds(const void *const in[], void *out)
{
    *(int *)out = *(const int *)in[0] + *(const int *)in[1];
    return 0;
}

static int tells_index(const void *in, void *out)
{
    char text[64];
    (void)in, (void)out;
    int length = snprintf(text, sizeof text, "task %zu of %d", mr_task_index(), (int)getpid());
    rest(0.001);
    return mr_task_return(text, (size_t)length + 1);
}

static void check_squares(const int *out)
{
    for (int i = 0; i < INPUTS; i++)
        CHECK_EQ(out[i], i * i);
}

static void take_all(const mr_pool *pool, bool is_ordered)
{
    static int in[INPUTS], out[INPUTS];
    int result;
    size_t index;
    mr_imap imap;
    fill(in, INPUTS);
    mr_tasks tasks = {.task = square,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = INPUTS,
                      .out_size = sizeof *out,
                      .chunk_size = 10};
    CHECK_OK(is_ordered ? mr_pool_imap(pool, &tasks, &imap) : mr_pool_imap_unordered(pool, &tasks, &imap));
    for (size_t i = 0; i < INPUTS; i++) {
        CHECK_OK(mr_imap_next(&imap, &result, sizeof result, NULL, &index, patience));
        CHECK(!is_ordered || index == i);
        out[index] = result;
    }
    CHECK_STATUS(mr_imap_next(&imap, &result, sizeof result, NULL, NULL, patience), MR_EEOF);
    CHECK_OK(mr_imap_close(&imap));
    check_squares(out);
}

SCENARIO_LOCAL(pool_threads, same_calls)
{
    static int numbers[INPUTS], out[INPUTS], *pointers[INPUTS];
    const mr_slice columns[] = {{numbers, sizeof *numbers}, {numbers, sizeof *numbers}};
    char text[64], wanted[64];
    mr_pool pool;
    mr_future future;
    fill(numbers, INPUTS);
    for (int i = 0; i < INPUTS; i++)
        pointers[i] = &numbers[i];
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, THREADS)));
    CHECK_EQ(mr_pool_processes(&pool), THREADS);
    CHECK_OK(mr_pool_map(&pool, squares_there, pointers, sizeof *pointers, out, sizeof *out, INPUTS));
    CHECK_EQ(runs, INPUTS);
    check_squares(out);
    CHECK_OK(mr_pool_apply(&pool, square, &(int){12}, sizeof(int), out, sizeof *out));
    CHECK_EQ(out[0], 144);
    CHECK_OK(mr_pool_starmap(&pool, adds, columns, 2, out, sizeof *out, INPUTS));
    CHECK_EQ(out[INPUTS - 1], 2 * (INPUTS - 1));
    mr_tasks tasks = {
        .task = square, .in = numbers, .in_size = sizeof *numbers, .count = INPUTS, .out_size = sizeof *out};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_get(&future, out, sizeof out, patience));
    CHECK_OK(mr_future_close(&future));
    check_squares(out);
    take_all(&pool, true);
    take_all(&pool, false);
    mr_tasks texts = {.task = tells_index, .count = 100, .out_size = MR_ANY_SIZE, .chunk_size = 1};
    CHECK_OK(mr_pool_map_async(&pool, &texts, &future));
    for (int i = 0; i < 100; i++) {
        CHECK_OK(mr_future_result(&future, (size_t)i, text, sizeof text, NULL, patience));
        snprintf(wanted, sizeof wanted, "task %d of %d", i, (int)getpid());
        CHECK_TEXT(text, wanted);
    }
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
    CHECK_STATUS(mr_pool_map(&pool, square, numbers, sizeof *numbers, out, sizeof *out, 1), MR_ECLOSED);
}

/* In a task of the pool that it joins. */
static int joins_its_pool(const void *in, void *out)
{
    const mr_pool *pool = in;
    *(mr_status *)out = MR_OK;
    if (mr_pool_close(pool) == MR_OK)
        *(mr_status *)out = mr_pool_join(pool, patience);
    return 0;
}

SCENARIO_LOCAL(pool_threads, joined_by_a_task)
{
    mr_pool pool;
    mr_status status;
    for (int i = 0; i < 2; i++) {
        CHECK_OR_STOP(CHECK_OK(i == 0 ? mr_pool_init_threads(&pool, 2) : mr_pool_init(&pool, 1)));
        CHECK_OK(mr_pool_apply(&pool, joins_its_pool, &pool, sizeof pool, &status, sizeof status));
        CHECK_EQ(status, MR_ESTATE);
        end_pool(&pool);
    }
}

/* ---- Many at a time ---- */

enum { MANY = 64 };
static _Atomic int arrived;

static int waits_for_all(const void *in, void *out)
{
    (void)in, (void)out;
    arrived++;
    return await(&arrived, MANY) ? 0 : 1;
}

/* They wait for each other, so none could end if not all were running; however many cores there are. */
SCENARIO_LOCAL(pool_threads, wait_together)
{
    mr_pool pool;
    mr_insight insights[MANY];
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, MANY)));
    mr_tasks tasks = {.task = waits_for_all, .count = MANY, .chunk_size = 1};
    CHECK_OK(mr_pool_map_with(&pool, &tasks, NULL));
    CHECK_EQ(mr_pool_insights(&pool, insights, MANY), MANY);
    for (int i = 0; i < MANY; i++) {
        CHECK_EQ(insights[i].rank, 0);
        CHECK_EQ(insights[i].pid, getpid());
        CHECK_EQ(insights[i].tasks, 1);
    }
    end_pool(&pool);
}

/* ---- Failures and callbacks ---- */

static int fails_for_odd(const void *in, void *out)
{
    int number = *(const int *)in;
    *(int *)out = number;
    return number % 2 == 0 ? 0 : mr_task_fail("%d is odd", number);
}

static struct heard {
    _Atomic int good, bad;
    pthread_t thread;
} heard;

static void hears_good(const mr_future *future, void *state)
{
    int out[INPUTS];
    CHECK_OK(mr_future_get(future, out, sizeof out, 0));
    ((struct heard *)state)->thread = pthread_self();
    ((struct heard *)state)->good++;
}

static void hears_bad(const mr_future *future, void *state)
{
    (void)future;
    ((struct heard *)state)->bad++;
}

SCENARIO_LOCAL(pool_threads, failures_and_callbacks)
{
    static int in[INPUTS], out[INPUTS];
    char wanted[32];
    size_t count;
    mr_pool pool;
    fill(in, INPUTS);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, THREADS)));
    CHECK_STATUS(mr_pool_map(&pool, fails_for_odd, in, sizeof *in, out, sizeof *out, INPUTS), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_OR_STOP(CHECK_EQ(count, INPUTS / 2));
    for (size_t i = 0; i < count; i++) {
        snprintf(wanted, sizeof wanted, "%d is odd", (int)(2 * i + 1));
        CHECK_EQ(failures[i].index, 2 * i + 1);
        CHECK_TEXT(failures[i].message, wanted);
    }
    CHECK_EQ(out[INPUTS - 1], INPUTS - 1);
    mr_tasks tasks = {.task = square,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = INPUTS,
                      .out_size = sizeof *out,
                      .callback = hears_good,
                      .error_callback = hears_bad,
                      .callback_state = &heard};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, NULL));
    CHECK(await(&heard.good, 1));
    tasks.task = fails_for_odd;
    CHECK_OK(mr_pool_map_async(&pool, &tasks, NULL));
    CHECK(await(&heard.bad, 1));
    CHECK_EQ(heard.good, 1);
    CHECK_EQ(heard.bad, 1);
    end_pool(&pool);
}

/* ---- What it is refused ---- */

static int sets_number(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(int));
    runs += *(const int *)args;
    return 0;
}

static int is_not_fit(const void *args, size_t size)
{
    (void)args, (void)size;
    return 3;
}

/* A daemon may have threads, too. */
static int has_threads(const void *args, size_t size)
{
    int out = 0;
    mr_pool pool;
    (void)args, (void)size;
    CHECK_OK(mr_pool_init_threads(&pool, 2));
    CHECK_OK(mr_pool_apply(&pool, square, &(int){5}, sizeof(int), &out, sizeof out));
    CHECK_EQ(out, 25);
    end_pool(&pool);
    return 0;
}

SCENARIO_SHARED(pool_threads, options)
{
    mr_pool pool;
    mr_process daemon;
    int out, ten = 10;
    if (scenario_launch() >= LAUNCH_hostsFar) {
        CHECK_STATUS(mr_pool_init_threads(&pool, 2), MR_ENOTSUP);
        return;
    }
    const mr_pool_options bad[] = {{.processes = -1},
                                   {.host = "localhost"},
                                   {.schedule = MR_SCHEDULE_EVEN},
                                   {.task_timeout = 1},
                                   {.max_tasks_per_child = 1},
                                   {.max_memory_per_child = 1},
                                   {.max_retries = 1},
                                   {.reuse = true}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mr_pool_options options = bad[i];
        options.threads = true;
        CHECK_STATUS(mr_pool_init_with(&pool, &options), MR_EINVAL);
    }
    CHECK_STATUS(mr_pool_init_threads(NULL, 2), MR_EINVAL);
    CHECK_STATUS(mr_pool_init_threads(&pool, -1), MR_EINVAL);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, 0)));
    CHECK_EQ(mr_pool_processes(&pool), mr_cpu_count());
    mr_imap imap;
    mr_tasks timed = {
        .task = square, .in = &ten, .in_size = sizeof ten, .count = 1, .out_size = sizeof out, .task_timeout = 1};
    CHECK_STATUS(mr_pool_map_with(&pool, &timed, &out), MR_EINVAL);
    CHECK_STATUS(mr_pool_imap(&pool, &timed, &imap), MR_EINVAL);
    end_pool(&pool);

    mr_pool_options options = {
        .processes = THREADS, .threads = true, .initializer = sets_number, .args = &ten, .args_size = sizeof ten};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK(await(&runs, THREADS * 10)); /* once in each */
    end_pool(&pool);
    options.initializer = is_not_fit;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_STATUS(mr_pool_apply(&pool, square, &ten, sizeof ten, &out, sizeof out), MR_EDIED);
    end_pool(&pool);

    CHECK_OK(mr_process_init(&daemon, has_threads, NULL, 0));
    CHECK_OK(mr_process_set_daemon(&daemon, true));
    CHECK_OK(mr_process_start(&daemon));
    CHECK(end(&daemon, patience, 0));
}

/* ---- Ends ---- */

static _Atomic int begun, may_go_on;

static int waits(const void *in, void *out)
{
    (void)in, (void)out;
    begun++;
    return await(&may_go_on, 1) ? 0 : 1;
}

/* Those that run are waited for, by the join; the others are not run, whether of the same chunk or of others. */
SCENARIO_LOCAL(pool_threads, terminate)
{
    mr_pool pool;
    mr_future futures[2];
    mr_tasks tasks = {.task = waits, .count = 1000, .chunk_size = 100};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, 2)));
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_pool_map_async(&pool, &tasks, &futures[i]));
    CHECK(await(&begun, 2));
    CHECK_OK(mr_pool_terminate(&pool));
    for (int i = 0; i < 2; i++)
        CHECK_STATUS(mr_future_wait(&futures[i], patience), MR_ECLOSED);
    CHECK_OK(mr_future_close(&futures[0])); /* threads are at it still */
    CHECK_STATUS(mr_pool_join(&pool, 0.2), MR_ETIMEDOUT);
    may_go_on = 1;
    CHECK_OK(mr_pool_join(&pool, patience));
    CHECK_OK(mr_future_close(&futures[1]));
    CHECK_EQ(begun, 2);
}

static int threads_now(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* None leaves anything behind, neither threads nor what they had. */
SCENARIO_LOCAL(pool_threads, many_pools)
{
    int in[100], out[100], before = 0;
    fill(in, 100);
    for (int i = 0; i < 200; i++) {
        mr_scoped_pool pool = {0};
        CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, THREADS)));
        CHECK_OK(mr_pool_map(&pool, square, in, sizeof *in, out, sizeof *out, 100));
        CHECK_EQ(out[99], 99 * 99);
        if (i % 2 == 0)
            end_pool(&pool);
        if (i == 0)
            before = threads_now();
    }
    CHECK_EQ(threads_now(), before);
}

/* TestPoolNotLeakOnFailure: there is no memory for the stacks of all of them. */
SCENARIO_LOCAL(pool_threads, thread_that_cannot_be_started)
{
    unsigned long pages = 0;
    int out = 0;
    struct rlimit before, small;
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, 1))); /* what stays is there from now on */
    end_pool(&pool);
    int threads = threads_now();
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK_OR_STOP(CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1));
    fclose(file);
    getrlimit(RLIMIT_AS, &before);
    small = before;
    small.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)64 << 20);
    CHECK_EQ(setrlimit(RLIMIT_AS, &small), 0);
    CHECK_STATUS(mr_pool_init_threads(&pool, 1000), MR_ESYSTEM);
    CHECK_EQ(setrlimit(RLIMIT_AS, &before), 0);
    CHECK_EQ(threads_now(), threads);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, THREADS)));
    CHECK_OK(mr_pool_apply(&pool, square, &(int){5}, sizeof(int), &out, sizeof out));
    CHECK_EQ(out, 25);
    end_pool(&pool);
}

/* ---- The process that made it, and others ---- */

struct shared {
    mr_queue queue;
    bool ends_in_task;
};

static int tells_process(const void *in, void *out)
{
    (void)in;
    *(pid_t *)out = getpid();
    return 0;
}

static int waits_for_ever(const void *in, void *out)
{
    (void)in, (void)out;
    note("waiting", "%d", (int)getpid());
    for (;;)
        rest(10);
    return 0;
}

static int exits_with_7(const void *in, void *out)
{
    (void)in, (void)out;
    exit(7);
}

/* Ends with a task that never does. */
static int makes_threads(const void *args, size_t size)
{
    const struct shared *all = args;
    mr_pool pool;
    (void)size;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, 2)));
    CHECK_OK(mr_queue_put(&all->queue, &pool, sizeof pool, patience));
    CHECK(await_lines("waiting", 1, patience));
    if (all->ends_in_task) {
        CHECK_OK(mr_pool_apply_async(&pool, exits_with_7, NULL, 0, 0, NULL));
        rest(2 * patience);
    }
    return 0;
}

/* Another process may use the pool; tasks run where it was made. It ends with that process, which does not wait
 * for tasks, and whoever waits for results is told; also in a rank that is to serve again. */
static void use_threads_of_another(bool ends_in_task, bool has_reuse, int code)
{
    struct shared all = {.ends_in_task = ends_in_task};
    mr_process p;
    mr_pool pool;
    mr_future future;
    pid_t pid = 0;
    CHECK_OK(mr_queue_init(&all.queue, 0));
    CHECK_OK(mr_process_init(&p, makes_threads, &all, sizeof all));
    CHECK_OK(mr_process_set_reuse(&p, has_reuse));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK_OK(mr_queue_get(&all.queue, &pool, sizeof pool, NULL, patience));
    CHECK_OK(mr_pool_apply(&pool, tells_process, NULL, 0, &pid, sizeof pid));
    CHECK_EQ(pid, mr_process_pid(&p));
    CHECK_OK(mr_pool_apply_async(&pool, waits_for_ever, NULL, 0, 0, &future));
    CHECK_STATUS(mr_future_wait(&future, patience), MR_ECLOSED);
    CHECK(end(&p, patience, code));
    CHECK_OK(mr_future_close(&future));
    CHECK_OK(mr_pool_join(&pool, patience));
    CHECK_OK(mr_queue_destroy(&all.queue));
    remove(note_path("waiting"));
}

SCENARIO_LOCAL(pool_threads, end_with_their_process)
{
    use_threads_of_another(false, false, 0);
    use_threads_of_another(true, false, 7);
    use_threads_of_another(false, true, 0);
    CHECK(works());
}

/* Nor does mr_finalize wait for a task that never ends. */
SCENARIO(pool_threads, left_open)
{
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, 2)));
    CHECK_OK(mr_pool_apply_async(&pool, waits_for_ever, NULL, 0, 0, NULL));
    CHECK(await_lines("waiting", 1, patience));
}
