/* The life of pools and their workers: options, limits, insights, progress, and the ends that there are. */
#include "scenario.h"
#include "targets.h"

#include "base/context.h"

#include <math.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 2 };
static const double patience = 30;

static int tells_pid(const void *in, void *out)
{
    (void)in;
    *(pid_t *)out = getpid();
    return 0;
}

static void end_pool(const mr_pool *pool)
{
    CHECK_OK(mr_pool_close(pool));
    CHECK_OK(mr_pool_join(pool, patience));
}

/* ---- Options ---- */

SCENARIO_LOCAL(pool_life, make)
{
    mr_pool pool;
    const mr_pool_options bad[] = {{.processes = -1},
                                   {.max_tasks_per_child = (size_t)-1},
                                   {.max_retries = -2},
                                   {.task_timeout = -1},
                                   {.task_timeout = NAN},
                                   {.args_size = 1},
                                   {.schedule = (mr_schedule)7},
                                   {.initializer = (mr_target)(uintptr_t)&patience}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_STATUS(mr_pool_init_with(&pool, &bad[i]), i < 7 ? MR_EINVAL : MR_EBUILD);
    CHECK_STATUS(mr_pool_init_with(&pool, NULL), MR_EINVAL);
    CHECK_STATUS(mr_pool_init_with(&pool, &(mr_pool_options){.processes = 1, .host = "nowhere"}), MR_ENOHOST);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 3)));
    CHECK_EQ(mr_pool_processes(&pool), 3);
    end_pool(&pool);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 0)));
    CHECK_EQ(mr_pool_processes(&pool), mr_core_count());
    end_pool(&pool);
}

static char word[8];

static int sets_word(const void *args, size_t size)
{
    memcpy(word, args, size);
    return 0;
}

static int tells_word(const void *in, void *out)
{
    (void)in;
    memcpy(out, word, sizeof word);
    return 0;
}

static int is_not_fit(const void *args, size_t size)
{
    (void)args, (void)size;
    return 3;
}

/* Each worker runs the initializer once; where it always fails, tasks are refused, and nobody waits for ever. */
SCENARIO_HOSTS(pool_life, initializer)
{
    mr_pool pool;
    char out[20][8];
    mr_future future;
    mr_tasks tasks = {.task = tells_word, .count = 20, .out_size = sizeof *out};
    mr_pool_options options = {.processes = WORKERS, .initializer = sets_word, .args = "hello", .args_size = 6};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_map(&pool, tells_word, NULL, 0, out, sizeof *out, 20));
    for (int i = 0; i < 20; i++)
        CHECK_TEXT(out[i], "hello");
    end_pool(&pool);
    options.initializer = is_not_fit;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_STATUS(mr_future_wait(&future, patience), MR_EDIED);
    CHECK_STATUS(mr_pool_map(&pool, tells_word, NULL, 0, out, sizeof *out, 20), MR_EDIED);
    CHECK_STATUS(mr_pool_map(&pool, tells_word, NULL, 0, out, sizeof *out, 20), MR_EDIED);
    CHECK_STATUS(mr_future_wait(&future, 0), MR_EDIED);
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
}

/* ---- Limits ---- */

/* _TestPoolWorkerLifetime.test_pool_worker_lifetime */
SCENARIO_HOSTS(pool_life, max_tasks)
{
    mr_pool pool;
    mr_insight insights[WORKERS];
    mr_future future;
    pid_t pids[100];
    int counts[100] = {0}, different = 0;
    mr_pool_options options = {.processes = WORKERS, .max_tasks_per_child = 10};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    mr_tasks tasks = {.task = tells_pid, .count = 100, .out_size = sizeof *pids, .chunk_size = 1};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_get(&future, pids, sizeof pids, patience));
    for (int i = 0; i < 100; i++) {
        int first = 0;
        while (pids[first] != pids[i])
            first++;
        different += counts[first]++ == 0;
    }
    for (int i = 0; i < 100; i++)
        CHECK_AT_MOST(counts[i], 10);
    CHECK_AT_LEAST(different, 10);
    CHECK_EQ(mr_pool_insights(&pool, insights, WORKERS), WORKERS);
    CHECK_AT_LEAST(insights[0].started + insights[1].started, 10);
    CHECK_EQ(insights[0].tasks + insights[1].tasks, 100);
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
}

static int rests(const void *in, void *out)
{
    rest(*(const double *)in);
    *(int *)out = 7;
    return 0;
}

/* _TestPoolWorkerLifetime.test_pool_worker_lifetime_early_close */
SCENARIO_LOCAL(pool_life, max_tasks_and_early_close)
{
    mr_pool pool;
    mr_future futures[6];
    double seconds = 0.1;
    mr_pool_options options = {.processes = WORKERS, .max_tasks_per_child = 1};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    for (int i = 0; i < 6; i++)
        CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof(int), &futures[i]));
    end_pool(&pool);
    for (int i = 0; i < 6; i++) {
        int out = 0;
        CHECK_OK(mr_future_get(&futures[i], &out, sizeof out, 0));
        CHECK_EQ(out, 7);
        CHECK_OK(mr_future_close(&futures[i]));
    }
}

static int takes_memory(const void *in, void *out)
{
    (void)in;
    static char *kept[100];
    for (int i = 0; i < 100; i++)
        if (kept[i] == NULL) {
            kept[i] = malloc(8 << 20);
            memset(kept[i], i + 1, 8 << 20);
            break;
        }
    *(pid_t *)out = getpid();
    return 0;
}

SCENARIO_LOCAL(pool_life, max_memory)
{
    mr_pool pool;
    mr_insight insight;
    mr_future future;
    mr_pool_options options = {.processes = 1, .max_memory_per_child = 64 << 20};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    mr_tasks tasks = {.task = takes_memory, .count = 40, .out_size = sizeof(pid_t), .chunk_size = 1};
    CHECK_OK(mr_pool_map_async(&pool, &tasks, &future));
    CHECK_OK(mr_future_wait(&future, patience));
    CHECK(mr_future_is_successful(&future));
    CHECK_EQ(mr_pool_insights(&pool, &insight, 1), 1);
    CHECK_AT_LEAST(insight.started, 4);
    CHECK_AT_MOST(insight.started, 15);
    CHECK_OK(mr_future_close(&future));
    end_pool(&pool);
}

static int spins_for_3(const void *in, void *out)
{
    if (*(const int *)in == 3)
        for (volatile bool goes_on = true; goes_on;)
            ;
    *(int *)out = *(const int *)in;
    return 0;
}

/* A task that takes too long is reported; the others of its chunk are done by somebody else. */
SCENARIO_HOSTS(pool_life, task_timeout)
{
    mr_pool pool;
    int in[20], out[20];
    size_t count;
    for (int i = 0; i < 20; i++)
        in[i] = i;
    mr_pool_options options = {.processes = WORKERS, .task_timeout = 0.3};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_STATUS(mr_pool_map(&pool, spins_for_3, in, sizeof *in, out, sizeof *out, 20), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_OR_STOP(CHECK_EQ(count, 1));
    CHECK_EQ(failures->index, 3);
    CHECK_EQ(failures->status, MR_ETIMEDOUT);
    CHECK(strstr(failures->message, "0.3 s") != NULL);
    for (int i = 0; i < 20; i++)
        CHECK_EQ(out[i], i == 3 ? 0 : i);
    end_pool(&pool);
}

/* ---- Insights and progress ---- */

SCENARIO_HOSTS(pool_life, insights)
{
    mr_pool pool;
    mr_insight insights[WORKERS];
    double in[8], working = 0, waiting = 0, begin = now();
    int out[8];
    size_t tasks = 0;
    for (int i = 0; i < 8; i++)
        in[i] = 0.1;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_map(&pool, rests, in, sizeof *in, out, sizeof *out, 8));
    rest(0.2);
    CHECK_OK(mr_pool_map(&pool, rests, in, sizeof *in, out, sizeof *out, 8));
    CHECK_EQ(mr_pool_insights(&pool, NULL, 0), WORKERS);
    CHECK_REFUSED(mr_pool_insights(&pool, NULL, 1) == -1, MR_EINVAL);
    CHECK_EQ(mr_pool_insights(&pool, insights, WORKERS), WORKERS);
    double all = now() - begin;
    for (int i = 0; i < WORKERS; i++) {
        CHECK(insights[i].rank > 0 && insights[i].pid > 0 && insights[i].host[0] != '\0');
        CHECK_EQ(insights[i].started, 1);
        CHECK(insights[i].starting > 0);
        CHECK_AT_MOST(insights[i].starting + insights[i].waiting + insights[i].working, all);
        tasks += insights[i].tasks;
        working += insights[i].working;
        waiting += insights[i].waiting;
    }
    CHECK_EQ(tasks, 16);
    CHECK_AT_LEAST(working, 1.6);
    CHECK_AT_LEAST(waiting, 0.2);
    end_pool(&pool);
}

/* What is just going on counts, too. */
SCENARIO_SHARED(pool_life, insights_of_now)
{
    mr_pool pool;
    mr_future future;
    mr_insight insights[WORKERS];
    double seconds = 2 * patience, deadline = now() + patience;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    do
        CHECK_EQ(mr_pool_insights(&pool, insights, WORKERS), WORKERS);
    while ((insights[0].rank < 0 || insights[1].rank < 0) && now() < deadline);
    CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof(int), &future));
    do {
        rest(0.1);
        CHECK_EQ(mr_pool_insights(&pool, insights, WORKERS), WORKERS);
    } while (insights[0].working < 0.5 && insights[1].working < 0.5 && now() < deadline);
    int busy = insights[0].working > insights[1].working ? 0 : 1;
    double waited = insights[busy].waiting;
    CHECK_AT_LEAST(insights[busy].working, 0.5);
    CHECK_AT_LEAST(insights[1 - busy].waiting, 0.5);
    CHECK_AT_MOST(insights[1 - busy].working, 0);
    rest(0.1);
    CHECK_EQ(mr_pool_insights(&pool, insights, WORKERS), WORKERS);
    CHECK(insights[busy].waiting <= waited && waited <= insights[busy].waiting);
    CHECK_AT_LEAST(insights[busy].working, 0.6);
    for (int i = 0; i < WORKERS; i++)
        CHECK_EQ(insights[i].tasks, 0);
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
    CHECK_OK(mr_future_close(&future));
}

/* Runs a map with progress of 8 tasks that take so many seconds; standard error is that descriptor meanwhile. */
static void map_showing(int descriptor, double seconds)
{
    mr_pool pool;
    double in[8];
    int out[8], before = dup(STDERR_FILENO);
    for (int i = 0; i < 8; i++)
        in[i] = seconds;
    dup2(descriptor, STDERR_FILENO);
    mr_pool_options options = {.processes = WORKERS, .progress = true};
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_map(&pool, rests, in, sizeof *in, out, sizeof *out, 8));
    end_pool(&pool);
    dup2(before, STDERR_FILENO);
    close(before);
}

SCENARIO_LOCAL(pool_life, progress)
{
    char text[8192] = "";
    int terminal, other, pipes[2];
    CHECK_OR_STOP(CHECK_EQ(pipe(pipes), 0));
    map_showing(pipes[1], 0.5);
    close(pipes[1]);
    CHECK(read(pipes[0], text, sizeof text - 1) > 0);
    close(pipes[0]);
    CHECK(strchr(text, '\r') == NULL);
    CHECK(text[strlen(text) - 1] == '\n');
    const char *last = strstr(text, "8 of 8 tasks");
    CHECK_OR_STOP(CHECK(last != NULL));
    CHECK_TEXT(strchr(last, '\n'), "\n");
    CHECK(strchr(text, '\n') < last); /* another one came before */

    memset(text, 0, sizeof text);
    CHECK_OR_STOP(CHECK_EQ(openpty(&terminal, &other, NULL, NULL, NULL), 0));
    map_showing(other, 0.15);
    CHECK(read(terminal, text, sizeof text - 1) > 0);
    close(other);
    close(terminal);
    CHECK(strstr(text, "\r[") != NULL);
    CHECK(strstr(text, " left") != NULL);
    CHECK(strstr(text, "8 of 8 tasks") != NULL);
}

/* ---- Ends ---- */

/* _TestPool.test_terminate: promptly, although much is to be done; whoever waits is told. */
SCENARIO_HOSTS(pool_life, terminate)
{
    enum { QUEUED = 10000 };
    static mr_future futures[QUEUED];
    mr_pool pool;
    mr_imap imap;
    double seconds = 100, begin;
    int out;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    for (int i = 0; i < QUEUED; i++)
        CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof(int), &futures[i]));
    mr_tasks tasks = {
        .task = rests, .in = &seconds, .in_size = sizeof seconds, .count = 1, .out_size = sizeof(int)};
    CHECK_OK(mr_pool_imap(&pool, &tasks, &imap));
    CHECK_STATUS(mr_pool_join(&pool, 0), MR_ESTATE);
    rest(0.2);
    begin = now();
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_STATUS(mr_future_get(&futures[0], &out, sizeof out, 0), MR_ECLOSED);
    CHECK_STATUS(mr_future_get(&futures[QUEUED - 1], &out, sizeof out, 0), MR_ECLOSED);
    CHECK_STATUS(mr_future_wait(&futures[0], 0), MR_ECLOSED);
    CHECK_STATUS(mr_future_wait(&futures[QUEUED - 1], patience), MR_ECLOSED);
    CHECK_STATUS(mr_imap_next(&imap, &out, sizeof out, NULL, NULL, patience), MR_ECLOSED);
    CHECK_OK(mr_imap_close(&imap));
    CHECK_STATUS(mr_pool_apply(&pool, rests, &seconds, sizeof seconds, &out, sizeof out), MR_ECLOSED);
    CHECK_OK(mr_pool_join(&pool, patience));
    CHECK_AT_MOST(now() - begin, 5);
    CHECK_OK(mr_pool_join(&pool, 0));
    for (int i = 0; i < QUEUED; i++)
        CHECK_OK(mr_future_close(&futures[i]));
}

static int never_ends(const void *in, void *out)
{
    (void)in, (void)out;
    signal(SIGTERM, SIG_IGN);
    for (volatile bool goes_on = true; goes_on;)
        ;
    return 0;
}

/* _TestPool.test_context, test_enter: a scope is left, and with it all that was under way. */
SCENARIO_LOCAL(pool_life, scope)
{
    mr_pool copy;
    int out;
    {
        mr_scoped_pool never_made = {0};
        (void)never_made;
        mr_scoped_pool pool = {0};
        CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
        CHECK_OK(mr_pool_apply_async(&pool, never_ends, NULL, 0, 0, NULL));
        CHECK_OK(mr_pool_apply(&pool, rests, &(double){0.1}, sizeof(double), &out, sizeof out));
        copy = pool;
    }
    CHECK_STATUS(mr_pool_apply(&copy, rests, &(double){0}, sizeof(double), &out, sizeof out), MR_ECLOSED);
    CHECK_REFUSED(mr_pool_processes(&copy) == -1, MR_ECLOSED);
}

/* Neither is a pool that nobody has ended waited for, nor one that a process leaves behind. */
static int leaves_a_pool(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_pool pool;
    CHECK_OK(mr_pool_init(&pool, WORKERS));
    CHECK_OK(mr_pool_apply_async(&pool, never_ends, NULL, 0, 0, NULL));
    return 0;
}

SCENARIO(pool_life, left_open)
{
    mr_pool pool;
    mr_process p;
    double seconds = 100;
    CHECK(begin(&p, leaves_a_pool, NULL, 0));
    CHECK(end(&p, patience, 0));
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, WORKERS)));
    CHECK_OK(mr_pool_apply_async(&pool, rests, &seconds, sizeof seconds, sizeof(int), NULL));
}

/* TestPoolNotLeakOnFailure: some of the workers are there, others cannot be started, so none is left. */
SCENARIO_LOCAL(pool_life, worker_that_cannot_be_started)
{
    mr_pool pool;
    mr_process children[8];
    CHECK(works());
    CHECK_OK(mr_program_set_executable("/bin/false"));
    mr__ctx.launch.start_timeout = 2;
    double begin = now();
    mr_status status = mr_pool_init(&pool, 8);
    CHECK(status == MR_ELAUNCH || status == MR_ETIMEDOUT);
    CHECK(mr_last_error()[0] != '\0');
    CHECK_AT_MOST(now() - begin, 30);
    CHECK_EQ(mr_active_children(children, 8), 0);
}
