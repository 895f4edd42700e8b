/* How a process ends, and what becomes of its standard streams. The comments name the tests of CPython's own
 * suite. */
#undef NDEBUG /* an assertion that fails is what one of these is about */
#include "scenario.h"
#include "targets.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Exit codes ---- */

enum how { BY_RETURN, BY_EXIT, BY_IMMEDIATE_EXIT, BY_SIGNAL };

struct ending {
    enum how how;
    int value;
    int code; /* that the parent must see */
};

static int ends(const void *args, size_t size)
{
    struct ending ending;
    CHECK_EQ(size, sizeof ending);
    memcpy(&ending, args, sizeof ending);
    switch (ending.how) {
    case BY_EXIT:
        exit(ending.value);
    case BY_IMMEDIATE_EXIT:
        _exit(ending.value);
    case BY_SIGNAL:
        raise(ending.value);
        return 0;
    case BY_RETURN:
        break;
    }
    return ending.value;
}

/* _TestSubclassingProcess.test_sys_exit (True, False, None and other objects are integers in C) */
SCENARIO_HOSTS(ending, codes, .timeout = 120)
{
    static const struct ending endings[] = {{BY_RETURN, 0, 0},
                                            {BY_RETURN, 1, 1},
                                            {BY_RETURN, 8, 8},
                                            {BY_RETURN, 255, 255},
                                            {BY_RETURN, 256, 0},
                                            {BY_RETURN, -1, 255},
                                            {BY_EXIT, 0, 0},
                                            {BY_EXIT, 3, 3},
                                            {BY_EXIT, 254, 254},
                                            {BY_IMMEDIATE_EXIT, 0, 0},
                                            {BY_IMMEDIATE_EXIT, 7, 7},
                                            {BY_SIGNAL, SIGABRT, -SIGABRT},
                                            {BY_SIGNAL, SIGUSR1, -SIGUSR1}};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        mr_process p;
        CHECK(begin(&p, ends, &endings[i], sizeof endings[i]));
        CHECK(end(&p, 30, endings[i].code));
    }
}

/* Signals mean in a process what they mean in any program: nothing that a launcher ignores is ignored there. */
SCENARIO_HOSTS(ending, by_any_signal, .timeout = 120)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct ending ending = {BY_SIGNAL, signals[i], -signals[i]};
        mr_process p;
        CHECK(begin(&p, ends, &ending, sizeof ending));
        CHECK(end(&p, 30, ending.code));
    }
}

/* ---- Handlers and threads ---- */

static void note_handler(void)
{
    note("handlers", "%d", (int)getpid());
}

static int registers_handler(const void *args, size_t size)
{
    atexit(note_handler);
    return ends(args, size);
}

/* _TestAtExit.test_atexit */
SCENARIO_HOSTS(ending, runs_atexit_handlers)
{
    static const struct ending endings[] = {{BY_RETURN, 0, 0}, {BY_EXIT, 3, 3}, {BY_IMMEDIATE_EXIT, 4, 4}};
    static const int handlers_run[] = {1, 2, 2}; /* not by the last */
    for (int i = 0; i < 3; i++) {
        mr_process p;
        CHECK(begin(&p, registers_handler, &endings[i], sizeof endings[i]));
        CHECK(end(&p, 30, endings[i].code));
        CHECK_EQ(noted_lines("handlers"), handlers_run[i]);
    }
}

static void *waits(void *seconds)
{
    rest(*(double *)seconds);
    note("thread", "done");
    return NULL;
}

static int has_threads(const void *args, size_t size)
{
    (void)args, (void)size;
    static double short_time = 0.5, long_time = 1000;
    pthread_t joined, detached;
    CHECK_EQ(pthread_create(&joined, NULL, waits, &short_time), 0);
    CHECK_EQ(pthread_create(&detached, NULL, waits, &long_time), 0);
    pthread_detach(detached);
    pthread_join(joined, NULL);
    return 0;
}

/* _TestProcess.test_wait_for_threads: in C a process waits for the threads that it joins, and for no others */
SCENARIO_HOSTS(ending, waits_for_joined_threads_only)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, has_threads, NULL, 0));
    CHECK(end(&p, 30, 0));
    CHECK_EQ(noted_lines("thread"), 1);
}

/* ---- Standard streams ---- */

static int asserts(const void *args, size_t size)
{
    (void)args;
    assert(size == 4711);
    return 0;
}

static int complains(const void *args, size_t size)
{
    (void)args, (void)size;
    printf("not flushed by hand");
    fprintf(stderr, "the reason, in full\n");
    return 1;
}

static void complaints_are_shown(const struct outcome *outcome)
{
    CHECK(strstr(outcome->err, "test_ending.c") != NULL);
    CHECK(strstr(outcome->err, "Assertion `size == 4711' failed.\n") != NULL);
    CHECK(strstr(outcome->err, "the reason, in full\n") != NULL);
    CHECK(strstr(outcome->out, "not flushed by hand") != NULL);
}

/* _TestSubclassingProcess.test_stderr_flush: what a failing process says last is shown: file, line, source */
SCENARIO_HOSTS(ending, shows_last_words, .examine = complaints_are_shown)
{
    mr_process p;
    CHECK(begin(&p, asserts, NULL, 0));
    CHECK(end(&p, 30, -SIGABRT));
    CHECK(begin(&p, complains, NULL, 0));
    CHECK(end(&p, 30, 1));
}

/* _TestProcess.test_error_on_stdio_flush_1: main closes its streams, in either way, */
SCENARIO(ending, main_closes_stdio)
{
    CHECK(works());
    fclose(stdout);
    CHECK(works());
    close(STDERR_FILENO);
    CHECK(works());
}

/* or has none from the start. */
SCENARIO(ending, main_starts_without_stdio, .closed_stdio = true)
{
    CHECK(works());
    CHECK(works());
}

static int closes_stdio(const void *args, size_t size)
{
    (void)args, (void)size;
    printf("lost or not, it must do no harm");
    fclose(stdout);
    fclose(stderr);
    return 0;
}

static int closes_descriptors(const void *args, size_t size)
{
    (void)args, (void)size;
    printf("cannot be flushed");
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    return 0;
}

/* _TestProcess.test_error_on_stdio_flush_2 */
SCENARIO(ending, process_closes_stdio)
{
    mr_process p;
    CHECK(begin(&p, closes_stdio, NULL, 0));
    CHECK(end(&p, 30, 0));
    CHECK(begin(&p, closes_descriptors, NULL, 0));
    CHECK(end(&p, 30, 0));
    CHECK(works());
}

/* ---- What it leaves behind ---- */

static int forks(const void *args, size_t size)
{
    (void)args, (void)size;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    note("fork", "%d", (int)child);
    return 3;
}

/* It has ended when it has ended, whatever a child of its own still does. */
SCENARIO(ending, is_told_although_a_fork_lives)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, forks, NULL, 0));
    CHECK(end(&p, 20, 3));
    pid_t child = (pid_t)noted_number("fork", 0);
    CHECK_EQ(kill(child, 0), 0); /* it does live */
    CHECK_EQ(kill(child, SIGKILL), 0);
}

/* ---- The end of main ---- */

static void *finalizes(void *status)
{
    *(mr_status *)status = mr_finalize();
    return NULL;
}

/* One of two threads does it, the other is told. */
PROGRAM(ending, finalized_by_two_threads)
{
    pthread_t threads[2];
    mr_status statuses[2];
    mr_pool pool;
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_pool_init(&pool, 2));
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, finalizes, &statuses[i]), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK(statuses[0] == MR_OK || statuses[1] == MR_OK);
    CHECK(statuses[0] == MR_EFINALIZED || statuses[1] == MR_EFINALIZED);
    return 0;
}
