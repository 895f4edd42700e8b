/* All the ways out of code that the library calls: none makes anybody wait for ever. */
#include "scenario.h"
#include "targets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends_its_thread(const void *args, size_t size)
{
    (void)args, (void)size;
    pthread_exit((void *)5); /* which is nobody's to see */
}

static int ends_quickly(const void *args, size_t size)
{
    (void)args, (void)size;
    quick_exit(3);
}

static int ends_at_once(const void *args, size_t size)
{
    (void)args, (void)size;
    _exit(4);
}

static void *exits(void *code)
{
    exit(*(int *)code);
}

static int ends_from_another_thread(const void *args, size_t size)
{
    pthread_t thread;
    int code = 6;
    (void)args, (void)size;
    CHECK_EQ(pthread_create(&thread, NULL, exits, &code), 0);
    pthread_join(thread, NULL);
    return 1;
}

static int ends_with_a_child(const void *args, size_t size)
{
    mr_process child;
    (void)args, (void)size;
    CHECK(begin(&child, says_alive, "child", sizeof "child"));
    CHECK(await_lines("child", 1, 30));
    CHECK_OK(mr_process_terminate(&child));
    pthread_exit(NULL); /* joins it, as a return would */
}

SCENARIO_HOSTS(exits, of_targets)
{
    static const struct {
        mr_target target;
        int code;
    } ways[] = {{ends_its_thread, 0},
                {ends_quickly, 3},
                {ends_at_once, 4},
                {ends_from_another_thread, 6},
                {ends_with_a_child, 0}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        mr_process p;
        CHECK_OR_STOP(begin(&p, ways[i].target, NULL, 0));
        CHECK(end(&p, 30, ways[i].code));
    }
    CHECK(works());
}

static void exits_with_5(int signal_number)
{
    (void)signal_number;
    exit(5);
}

static int waits_with_a_handler(const void *args, size_t size)
{
    mr_process children[3]; /* whose ends are news, one after the other */
    (void)args, (void)size;
    signal(SIGTERM, exits_with_5);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(mr_process_init(&children[i], sleeps, NULL, 0));
        CHECK_OK(mr_process_set_daemon(&children[i], true));
        CHECK_OK(mr_process_start(&children[i]));
    }
    note("waits", "%s", "now");
    mr_process_join(&children[0], MR_FOREVER);
    return 1;
}

/* The handler of a signal calls exit, in the middle of a call. */
SCENARIO_SHARED(exits, of_a_handler)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, waits_with_a_handler, NULL, 0));
    CHECK(await_lines("waits", 1, 30));
    rest(0.3); /* and it sits there */
    CHECK_OK(mr_process_terminate(&p));
    CHECK(end(&p, 30, 5));
}

static int run_ends_its_thread(mr_process *self)
{
    (void)self;
    pthread_exit(NULL);
}

static const mr_class leaver = {"Leaver", sizeof(mr_process), run_ends_its_thread};

SCENARIO_LOCAL(exits, of_a_class)
{
    mr_process p;
    CHECK_OK(mr_process_init_class(&p, &leaver));
    CHECK_OK(mr_process_set_reuse(&p, true));
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 30, 0));
    CHECK(works());
}

/* ---- Pools ---- */

enum { TASKS = 20, BAD = 7 };

static int squares_or_leaves(const void *in, void *out)
{
    int number = *(const int *)in;
    if (number == BAD)
        pthread_exit(NULL);
    *(int *)out = number * number;
    return 0;
}

SCENARIO_LOCAL(exits, of_a_task)
{
    mr_pool_options options = {.processes = 2, .max_retries = 1};
    mr_pool pool;
    int in[TASKS], out[TASKS];
    size_t count;
    for (int i = 0; i < TASKS; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_STATUS(mr_pool_map(&pool, squares_or_leaves, in, sizeof in[0], out, sizeof out[0], TASKS), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_EQ(count, 1);
    CHECK_EQ(failures[0].index, BAD);
    CHECK_EQ(failures[0].status, MR_EDIED);
    for (int i = 0; i < TASKS; i++)
        CHECK(i == BAD || out[i] == i * i);
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
}

static _Atomic int runs[TASKS];

static int counts_and_leaves(const void *in, void *out)
{
    int number = *(const int *)in;
    runs[number]++;
    *(int *)out = number * number;
    if (number == BAD || number == TASKS - 1) {
        mr_task_fail("said before the end");
        pthread_exit(NULL);
    }
    return 0;
}

static int leaves_its_thread(const void *in, void *out)
{
    (void)in, (void)out;
    pthread_exit(NULL);
}

/* Only its thread ends; another one takes the place, and what was left of its chunk. */
SCENARIO_LOCAL(exits, of_a_task_in_a_thread)
{
    mr_pool pool;
    int in[TASKS], out[TASKS];
    size_t count;
    for (int i = 0; i < TASKS; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_threads(&pool, 2)));
    mr_tasks tasks = {.task = counts_and_leaves,
                      .in = in,
                      .in_size = sizeof *in,
                      .count = TASKS,
                      .out_size = sizeof *out,
                      .chunk_size = TASKS};
    CHECK_STATUS(mr_pool_map_with(&pool, &tasks, out), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_OR_STOP(CHECK_EQ(count, 2));
    CHECK_EQ(failures[0].index, BAD);
    CHECK_EQ(failures[0].status, MR_EDIED);
    CHECK(strstr(failures[0].message, "pthread_exit") != NULL);
    CHECK_EQ(failures[1].index, TASKS - 1);
    for (int i = 0; i < TASKS; i++) {
        CHECK_EQ(runs[i], 1);
        CHECK_EQ(out[i], i * i);
    }
    CHECK_STATUS(mr_pool_map(&pool, leaves_its_thread, NULL, 0, NULL, 0, 100), MR_ETASK);
    mr_last_failures(&count);
    CHECK_EQ(count, 100);
    CHECK_OK(mr_pool_apply(&pool, squares_or_leaves, &in[3], sizeof *in, out, sizeof *out));
    CHECK_EQ(out[0], 9);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
}

SCENARIO_LOCAL(exits, of_an_initializer)
{
    mr_pool_options options = {.processes = 1, .initializer = ends_its_thread};
    mr_pool pool;
    int in = 1, out;
    for (int i = 0; i < 2; i++) {
        options.threads = i == 1;
        CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
        CHECK_STATUS(mr_pool_map(&pool, squares_or_leaves, &in, sizeof in, &out, sizeof out, 1), MR_EDIED);
        CHECK_OK(mr_pool_terminate(&pool));
        CHECK_OK(mr_pool_join(&pool, 30));
    }
}

static void leaves(const mr_future *future, void *state)
{
    (void)future, (void)state;
    note("called", "first");
    pthread_exit(NULL);
}

static int squares_in_time(const void *in, void *out)
{
    *(int *)out = *(const int *)in * *(const int *)in;
    return 0;
}

static int dies_once(const void *in, void *out)
{
    (void)in, (void)out;
    if (noted_lines("died") == 0) {
        note("died", "here");
        abort();
    }
    *(int *)out = 1;
    return 0;
}

/* The pool that it is given has a worker that will die: somebody else has to look after that. */
static void waits_for_a_task(const mr_future *future, void *state)
{
    int in = 1, out = 0;
    (void)future;
    CHECK_OK(mr_pool_apply(state, dies_once, &in, sizeof in, &out, sizeof out));
    CHECK_EQ(out, 1);
    note("called", "second");
}

static void notes_third(const mr_future *future, void *state)
{
    (void)future, (void)state;
    note("called", "third");
}

SCENARIO_LOCAL(exits, of_a_callback)
{
    mr_callback callbacks[] = {leaves, waits_for_a_task, notes_third};
    mr_pool pool;
    int in = 3;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 2)));
    for (int i = 0; i < 3; i++) {
        mr_tasks tasks = {.task = squares_in_time,
                          .in = &in,
                          .in_size = sizeof in,
                          .count = 1,
                          .out_size = sizeof in,
                          .callback = callbacks[i],
                          .callback_state = &pool};
        CHECK_OK(mr_pool_map_async(&pool, &tasks, NULL));
        CHECK(await_lines("called", i + 1, 30));
    }
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
}

/* A rank that serves again has a keeper and callbacks again. */
static int uses_a_pool(const void *args, size_t size)
{
    mr_pool pool;
    int in = 3, out = 0;
    mr_tasks tasks = {.task = squares_in_time,
                      .in = &in,
                      .in_size = sizeof in,
                      .count = 1,
                      .out_size = sizeof in,
                      .callback = notes_third};
    (void)args, (void)size;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 1)));
    CHECK_OK(mr_pool_map_async(&pool, &tasks, NULL));
    CHECK_OK(mr_pool_apply(&pool, dies_once, &in, sizeof in, &out, sizeof out));
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
    return 0;
}

SCENARIO_LOCAL(exits, of_ranks_that_serve_again)
{
    int first = -1;
    for (int i = 0; i < 3; i++) {
        mr_process p;
        CHECK_OK(mr_process_init(&p, uses_a_pool, NULL, 0));
        CHECK_OK(mr_process_set_reuse(&p, true));
        CHECK_OK(mr_process_start(&p));
        first = first < 0 ? mr_process_rank(&p) : first;
        CHECK_EQ(mr_process_rank(&p), first);
        CHECK(end(&p, 30, 0));
        CHECK(await_lines("called", i + 1, 30));
    }
}

/* ---- Barriers and managers ---- */

static int leaves_in_action(void)
{
    pthread_exit(NULL);
}

static int waits_at(const void *args, size_t size)
{
    (void)size;
    CHECK_STATUS(mr_barrier_wait(args, NULL, MR_FOREVER), MR_EBROKEN);
    return 0;
}

static void *waits_in_a_thread(void *barrier)
{
    mr_barrier_wait(barrier, NULL, MR_FOREVER);
    return NULL;
}

SCENARIO_LOCAL(exits, of_an_action)
{
    mr_barrier barrier;
    mr_process p;
    pthread_t thread;
    CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&barrier, 2, leaves_in_action, MR_FOREVER)));
    CHECK_OR_STOP(begin(&p, waits_at, &barrier, sizeof barrier));
    while (mr_barrier_n_waiting(&barrier) == 0)
        rest(0.001);
    CHECK_EQ(pthread_create(&thread, NULL, waits_in_a_thread, &barrier), 0); /* the last one, who runs it */
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(end(&p, 30, 0));
    CHECK(mr_barrier_is_broken(&barrier));
}

static mr_status method_leaves(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)args, (void)count, (void)reply;
    pthread_exit(NULL);
}

static const mr_method methods[] = {{"leave", method_leaves}};
static const mr_type type = {.name = "Leaver", .size = 8, .methods = methods, .method_count = 1};

SCENARIO_LOCAL(exits, of_a_method)
{
    mr_manager manager;
    mr_instance instance;
    CHECK_OK(mr_manager_init(&manager));
    CHECK_OK(mr_manager_register(&manager, &type));
    CHECK_OR_STOP(CHECK_OK(mr_manager_start(&manager, NULL, NULL, 0)));
    CHECK_OK(mr_manager_make_instance(&manager, &instance, "Leaver", NULL, 0));
    CHECK_STATUS(mr_instance_call(&instance, "leave", NULL, 0, NULL, NULL, 30), MR_EDIED);
    CHECK_OK(mr_manager_close(&manager));
}

/* ---- Changes of containers ---- */

static mr_status change_leaves(const mr_item *now, mr_item *next, void *argument)
{
    (void)now, (void)next, (void)argument;
    pthread_exit(NULL);
}

static mr_status sets_one(const mr_item *now, mr_item *next, void *argument)
{
    (void)argument;
    CHECK(now == NULL);
    *next = MR_INT(1);
    return MR_OK;
}

static void *leaves_in_a_change(void *dict)
{
    mr_dict_modify(dict, MR_INT(1), change_leaves, NULL);
    return NULL;
}

static int changes(const void *args, size_t size)
{
    mr_lock lock;
    (void)size;
    CHECK_OK(mr_dict_get_lock(args, &lock));
    CHECK_OR_STOP(CHECK_OK(mr_lock_acquire(&lock, 10)));
    CHECK_OK(mr_dict_modify(args, MR_INT(1), sets_one, NULL));
    CHECK_OK(mr_lock_release(&lock));
    return 0;
}

/* The thread ends in the change of a container, whose lock the library has taken for it. */
SCENARIO_SHARED(exits, of_a_change)
{
    pthread_t thread;
    mr_dict dict;
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_dict_init(&dict)));
    CHECK_EQ(pthread_create(&thread, NULL, leaves_in_a_change, &dict), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_OR_STOP(begin(&p, changes, &dict, sizeof dict));
    CHECK(end(&p, 30, 0));
}
