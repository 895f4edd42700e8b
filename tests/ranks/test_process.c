/* The life of one process, from mr_process_init to mr_process_close. The comments name the tests of CPython's own
 * suite (Lib/test/_test_multiprocessing.py) whose behaviour a scenario covers. */
#include "scenario.h"
#include "targets.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const double at_once = 1.0;     /* seconds within which a call that does not wait has returned, even here */
static const double clock_slack = 0.1; /* seconds that a clock may be off */

static bool is_readable(int fd, int milliseconds)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    return poll(&end, 1, milliseconds) == 1 && (end.revents & POLLIN) != 0;
}

/* Whether the process is among the caller's active children. */
static bool is_active(const mr_process *process)
{
    mr_process children[64];
    int count = mr_active_children(children, 64);
    for (int i = 0; i < count && i < 64; i++)
        if (mr_process_pid(&children[i]) == mr_process_pid(process))
            return true;
    return false;
}

/* _TestProcess.test_current */
SCENARIO_HOSTS(process, current)
{
    mr_process *self = mr_current_process();
    size_t size = 0;
    CHECK_OR_STOP(CHECK(self != NULL));
    CHECK(mr_process_is_alive(self));
    CHECK(!mr_process_is_daemon(self));
    CHECK(mr_process_authkey(self, &size) != NULL);
    CHECK(size > 0);
    CHECK_EQ(mr_process_pid(self), getpid());
    CHECK_EQ(mr_process_exitcode(self), MR_EXITCODE_NONE);
    CHECK_EQ(mr_process_rank(self), 0);
    CHECK(mr_process_name(self) != NULL);
    char host[256];
    gethostname(host, sizeof host);
    CHECK_TEXT(mr_process_host(self), host);
}

static int tells_who_it_is(const void *args, size_t size)
{
    const mr_process *self = mr_current_process();
    char host[256];
    gethostname(host, sizeof host);
    CHECK_EQ(size, 5);
    CHECK_TEXT(args, "args");
    CHECK(mr_process_is_alive(self));
    CHECK_EQ(mr_process_exitcode(self), MR_EXITCODE_NONE);
    CHECK_TEXT(mr_process_host(self), host);
    size_t key_size = 0;
    const unsigned char *key = mr_process_authkey(self, &key_size);
    CHECK_EQ(key_size, 3);
    CHECK(memcmp(key, "k\0y", 3) == 0);
    note("self", "%s %d %d %s", mr_process_name(self), (int)getpid(), mr_process_rank(self), host);
    CHECK(await_lines("go", 1, 30));
    return 0;
}

static void check_not_started(mr_process *p)
{
    CHECK(!mr_process_is_alive(p));
    CHECK(!mr_process_is_daemon(p));
    CHECK_EQ(mr_process_exitcode(p), MR_EXITCODE_NONE);
    CHECK_EQ(mr_process_pid(p), -1);
    CHECK_EQ(mr_process_rank(p), -1);
    CHECK_EQ(mr_process_core(p), -1);
    CHECK(mr_process_host(p) == NULL);
    CHECK_EQ(mr_active_children(NULL, 0), 0);
}

/* _TestProcess.test_process: the whole life, seen from both sides */
SCENARIO_HOSTS(process, life)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, tells_who_it_is, "args", 5));
    CHECK_OK(mr_process_set_authkey(&p, "k\0y", 3));
    check_not_started(&p);

    CHECK_OK(mr_process_start(&p));
    CHECK(mr_process_is_alive(&p));
    CHECK_EQ(mr_process_exitcode(&p), MR_EXITCODE_NONE);
    CHECK_EQ(mr_active_children(NULL, 0), 1);
    CHECK(is_active(&p));
    char seen[600];
    snprintf(seen, sizeof seen, "%s %d %d %s\n", mr_process_name(&p), (int)mr_process_pid(&p), mr_process_rank(&p),
             mr_process_host(&p));
    CHECK(await_lines("self", 1, 30));
    char *self = noted("self");
    CHECK_TEXT(self, seen);
    free(self);

    note("go", "go");
    CHECK_OK(mr_process_join(&p, MR_FOREVER));
    CHECK_EQ(mr_process_exitcode(&p), 0);
    CHECK(!mr_process_is_alive(&p));
    CHECK_EQ(mr_active_children(NULL, 0), 0);
    CHECK_OK(mr_process_close(&p));
}

static int notes_thread(const void *args, size_t size)
{
    (void)args, (void)size;
    note("thread", "%ld", (long)syscall(SYS_gettid));
    return 0;
}

/* _TestProcess.test_process_mainthread_native_id */
SCENARIO(process, native_thread)
{
    mr_process p;
    CHECK(begin(&p, notes_thread, NULL, 0));
    CHECK(end(&p, 30, 0));
    CHECK_EQ(noted_lines("thread"), 1);
    CHECK((long)noted_number("thread", 0) != (long)syscall(SYS_gettid));
}

/* _TestProcess.test_cpu_count */
SCENARIO_HOSTS(process, cpu_count)
{
    CHECK_AT_LEAST(mr_cpu_count(), 1);
    CHECK_AT_LEAST(mr_core_count(), 1);
}

/* A sleeping process is not joined by waiting, but by ending it. */
static void end_a_sleeper(mr_status (*finish)(mr_process *), int signal_number)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    double before = now();
    CHECK_STATUS(mr_process_join(&p, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_process_join(&p, -1), MR_ETIMEDOUT);
    CHECK_STATUS(mr_process_join(&p, -1e300), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - before, at_once);
    CHECK(mr_process_is_alive(&p));

    CHECK_OK(finish(&p));
    CHECK_OK(mr_process_join(&p, 30));
    CHECK(!mr_process_is_alive(&p));
    CHECK_EQ(mr_process_exitcode(&p), -signal_number);
    CHECK_OK(finish(&p)); /* nothing happens any more */
    CHECK_EQ(mr_process_exitcode(&p), -signal_number);
    CHECK_OK(mr_process_close(&p));
}

/* _TestProcess.test_terminate */
SCENARIO_HOSTS(process, terminate)
{
    end_a_sleeper(mr_process_terminate, SIGTERM);
}

/* _TestProcess.test_kill */
SCENARIO_HOSTS(process, kill)
{
    end_a_sleeper(mr_process_kill, SIGKILL);
}

static int ignores_sigterm(const void *args, size_t size)
{
    signal(SIGTERM, SIG_IGN);
    return says_alive(args, size);
}

/* kill works where terminate does not: a process may catch or ignore the one, never the other */
SCENARIO_HOSTS(process, kill_after_ignored_terminate)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, ignores_sigterm, "ignoring", sizeof "ignoring"));
    CHECK(await_lines("ignoring", 1, 30));
    CHECK_OK(mr_process_terminate(&p));
    CHECK_STATUS(mr_process_join(&p, 0.5), MR_ETIMEDOUT);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
}

static void ends_with_seven(int signal_number)
{
    (void)signal_number;
    _exit(7);
}

static int catches_sigterm(const void *args, size_t size)
{
    signal(SIGTERM, ends_with_seven);
    return says_alive(args, size);
}

/* terminate is a real SIGTERM: a handler of the process's own is called */
SCENARIO_HOSTS(process, terminate_is_caught)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, catches_sigterm, "catching", sizeof "catching"));
    CHECK(await_lines("catching", 1, 30));
    CHECK_OK(mr_process_terminate(&p));
    CHECK(end(&p, 30, 7));
}

static int catches_sigint(const void *args, size_t size)
{
    signal(SIGINT, ends_with_seven);
    return says_alive(args, size);
}

/* _TestProcess.test_interrupt, _TestProcess.test_interrupt_no_handler: on other hosts, too */
SCENARIO_HOSTS(process, interrupt)
{
    mr_process p;
    end_a_sleeper(mr_process_interrupt, SIGINT);
    CHECK_OK(mr_process_init(&p, catches_sigint, "catching", sizeof "catching"));
    if (scenario_launch() == LAUNCH_hosts)
        CHECK_OK(mr_process_set_host(&p, "node2"));
    CHECK_STATUS(mr_process_interrupt(&p), MR_ESTATE);
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK(await_lines("catching", 1, 30));
    CHECK_OK(mr_process_interrupt(&p));
    CHECK(end(&p, 30, 7));
    CHECK_STATUS(mr_process_interrupt(&p), MR_ECLOSED);
}

SCENARIO_HOSTS(process, join_times_out)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    double before = now();
    CHECK_STATUS(mr_process_join(&p, 0.4), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.4 - clock_slack);
    CHECK_AT_MOST(now() - before, 0.4 + at_once);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
}

SCENARIO_HOSTS(process, join_again)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, returns, &(int){5}, sizeof(int)));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(mr_process_join(&p, MR_FOREVER));
        CHECK_OK(mr_process_join(&p, 0));
        CHECK_EQ(mr_process_exitcode(&p), 5);
    }
    CHECK_OK(mr_process_close(&p));
}

static void *joins(void *process)
{
    CHECK_OK(mr_process_join(process, MR_FOREVER));
    return NULL;
}

SCENARIO(process, join_in_many_threads)
{
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, joins, &p), 0);
    rest(0.2);
    CHECK_OK(mr_process_terminate(&p));
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK(end(&p, 0, -SIGTERM));
}

/* _TestProcess.test_sentinel */
SCENARIO_HOSTS(process, sentinel)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, sleeps, NULL, 0));
    CHECK_REFUSED(mr_process_sentinel(&p) == -1, MR_ESTATE);
    CHECK_OK(mr_process_start(&p));
    int sentinel = mr_process_sentinel(&p);
    CHECK_OR_STOP(CHECK(sentinel >= 0));
    CHECK(!is_readable(sentinel, 300));
    CHECK_EQ(mr_process_sentinel(&p), sentinel);

    CHECK_OK(mr_process_terminate(&p));
    CHECK(is_readable(sentinel, 30000));
    CHECK(!mr_process_is_alive(&p));
    CHECK_OK(mr_process_join(&p, 0));
    CHECK(is_readable(sentinel, 0)); /* and stays so */
    CHECK_OK(mr_process_close(&p));
    CHECK_REFUSED(mr_process_sentinel(&p) == -1, MR_ECLOSED);
}

/* poll(2) over several sentinels tells who has ended first */
SCENARIO_HOSTS(process, sentinels_of_several)
{
    enum { COUNT = 3, FIRST = 1 };
    mr_process p[COUNT];
    struct pollfd ends[COUNT];
    for (int i = 0; i < COUNT; i++) {
        CHECK_OR_STOP(begin(&p[i], sleeps, NULL, 0));
        ends[i] = (struct pollfd){.fd = mr_process_sentinel(&p[i]), .events = POLLIN};
    }
    CHECK_OK(mr_process_kill(&p[FIRST]));
    CHECK_EQ(poll(ends, COUNT, 30000), 1);
    CHECK((ends[FIRST].revents & POLLIN) != 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_kill(&p[i]));
        CHECK(end(&p[i], 30, -SIGKILL));
    }
}

/* _TestProcess.test_close */
SCENARIO_HOSTS(process, close)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    CHECK_STATUS(mr_process_close(&p), MR_ESTATE);
    CHECK(mr_process_is_alive(&p));
    CHECK_OK(mr_process_terminate(&p));
    CHECK_OK(mr_process_join(&p, 30));
    CHECK_OK(mr_process_close(&p));

    CHECK_REFUSED(!mr_process_is_alive(&p), MR_ECLOSED);
    CHECK_REFUSED(mr_process_exitcode(&p) == MR_EXITCODE_NONE, MR_ECLOSED);
    CHECK_STATUS(mr_process_join(&p, 0), MR_ECLOSED);
    CHECK_STATUS(mr_process_terminate(&p), MR_ECLOSED);
    CHECK_STATUS(mr_process_kill(&p), MR_ECLOSED);
    CHECK_STATUS(mr_process_start(&p), MR_ECLOSED);
    CHECK_OK(mr_process_close(&p)); /* twice is harmless */
}

/* One that was never started can be closed, and one that is closed can be made anew. */
SCENARIO(process, close_and_make_anew)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, sleeps, NULL, 0));
    CHECK_OK(mr_process_close(&p));
    CHECK(begin(&p, returns, &(int){6}, sizeof(int)));
    CHECK(end(&p, 30, 6));
}

static volatile sig_atomic_t interruptions;

static void count_interruption(int signal_number)
{
    (void)signal_number;
    interruptions = interruptions + 1;
}

static int interrupts_its_parent(const void *args, size_t size)
{
    (void)args, (void)size;
    for (int i = 0; i < 10; i++) {
        rest(0.1);
        CHECK_EQ(kill(mr_process_pid(mr_parent_process()), SIGUSR1), 0);
    }
    return 0;
}

/* _TestPollEintr.test_poll_eintr */
SCENARIO(process, join_survives_signals)
{
    struct sigaction action = {.sa_handler = count_interruption}; /* no SA_RESTART */
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    mr_process p;
    CHECK_OR_STOP(begin(&p, interrupts_its_parent, NULL, 0));
    CHECK_OK(mr_process_join(&p, MR_FOREVER));
    CHECK_EQ(mr_process_exitcode(&p), 0);
    CHECK_AT_LEAST((int)interruptions, 1);
    CHECK_OK(mr_process_close(&p));
}

/* Default names count in the order of creation, whether started or not. */
SCENARIO_HOSTS(process, names)
{
    mr_process p[3];
    char name[32];
    for (int i = 0; i < 3; i++) {
        CHECK_OK(mr_process_init(&p[i], does_nothing, NULL, 0));
        snprintf(name, sizeof name, "Process-%d", i + 1);
        CHECK_TEXT(mr_process_name(&p[i]), name);
    }
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_process_close(&p[i]));
}

static int checks_name(const void *args, size_t size)
{
    CHECK(size > 0);
    CHECK_TEXT(mr_process_name(mr_current_process()), args);
    CHECK(await_lines("renamed", 1, 30));
    CHECK_TEXT(mr_process_name(mr_current_process()), args);
    return 0;
}

SCENARIO_HOSTS(process, name_that_was_set)
{
    char name[] = "El señor 1 / \"2\"";
    mr_process p;
    CHECK_OK(mr_process_init(&p, checks_name, name, sizeof name));
    CHECK_OK(mr_process_set_name(&p, "another"));
    CHECK_OK(mr_process_set_name(&p, name));
    CHECK_OK(mr_process_start(&p));
    CHECK_TEXT(mr_process_name(&p), name);
    CHECK_OK(mr_process_set_name(&p, "renamed while it runs"));
    CHECK_TEXT(mr_process_name(&p), "renamed while it runs");
    note("renamed", "now");
    CHECK(end(&p, 30, 0));
}
