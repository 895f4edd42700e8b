/* Parents, children and daemons. The comments name the tests of CPython's own suite whose behaviour is covered. */
#include "scenario.h"
#include "targets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether a process of this host is gone, or is so within so many seconds. */
static bool is_gone(pid_t pid, double seconds)
{
    for (double limit = now() + seconds; now() < limit; rest(0.02))
        if (kill(pid, 0) != 0 && errno == ESRCH)
            return true;
    return false;
}

/* ---- Parents ---- */

static int checks_parent(const void *args, size_t size)
{
    CHECK(size > 0);
    const mr_process *parent = mr_parent_process();
    CHECK(parent != NULL);
    char seen[600];
    snprintf(seen, sizeof seen, "%d %s %d %s", (int)mr_process_pid(parent), mr_process_name(parent),
             mr_process_rank(parent), mr_process_host(parent));
    CHECK_TEXT(seen, args);
    CHECK(mr_process_is_alive(parent));
    return 0;
}

/* _TestProcess.test_parent_process_attributes */
SCENARIO_HOSTS(family, parent_attributes)
{
    const mr_process *self = mr_current_process();
    char seen[600];
    mr_process p;
    CHECK(mr_parent_process() == NULL);
    snprintf(seen, sizeof seen, "%d %s %d %s", (int)getpid(), mr_process_name(self), mr_process_rank(self),
             mr_process_host(self));
    CHECK(begin(&p, checks_parent, seen, strlen(seen) + 1));
    CHECK(end(&p, 30, 0));
}

static int waits_for_its_parent(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_process *parent = mr_parent_process();
    CHECK(mr_process_is_alive(parent));
    CHECK_STATUS(mr_process_join(parent, 0), MR_ETIMEDOUT);
    note("grandchild", "sees its parent alive");
    CHECK_OK(mr_process_join(parent, 30));
    CHECK(!mr_process_is_alive(parent));
    note("grandchild", "sees its parent gone");
    return 0;
}

static int starts_a_grandchild(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_process p;
    CHECK(begin(&p, waits_for_its_parent, NULL, 0));
    return sleeps(NULL, 0);
}

/* _TestProcess.test_parent_process */
SCENARIO_HOSTS(family, parent_that_is_terminated)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, starts_a_grandchild, NULL, 0));
    CHECK(await_lines("grandchild", 1, 30));
    CHECK_OK(mr_process_terminate(&p));
    CHECK(end(&p, 30, -SIGTERM));
    CHECK(await_lines("grandchild", 2, 30));
}

/* ---- Children ---- */

/* _TestProcess.test_active_children */
SCENARIO_HOSTS(family, active_children)
{
    enum { COUNT = 3 };
    mr_process p[COUNT], seen[COUNT + 1];
    CHECK_EQ(mr_active_children(seen, COUNT), 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OR_STOP(begin(&p[i], sleeps, NULL, 0));
        CHECK_EQ(mr_active_children(NULL, 0), i + 1);
    }
    CHECK_EQ(mr_active_children(seen, 1), COUNT); /* one is written, all are counted */
    CHECK_EQ(mr_active_children(seen, COUNT + 1), COUNT);
    int found = 0;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++)
            found += strcmp(mr_process_name(&seen[i]), mr_process_name(&p[j])) == 0;
    CHECK_EQ(found, COUNT);

    for (int i = 0; i < COUNT; i++) /* what is written is as good as what was started */
        CHECK_OK(mr_process_terminate(&seen[i]));
    for (int i = 0; i < COUNT; i++)
        CHECK(end(&p[i], 30, -SIGTERM));
    CHECK_EQ(mr_active_children(seen, COUNT), 0);
}

struct node {
    int depth;
    char id[16];
};

/* Notes its id, then starts two of its kind, one after the other. */
static int tree(const void *args, size_t size)
{
    enum { DEPTH = 3 };
    struct node node;
    CHECK_EQ(size, sizeof node);
    memcpy(&node, args, sizeof node);
    note("tree", "%s", node.id);
    for (char side = '0'; node.depth < DEPTH && side <= '1'; side++) {
        struct node below = {.depth = node.depth + 1};
        snprintf(below.id, sizeof below.id, "%.10s%c", node.id, side);
        mr_process p;
        CHECK(begin(&p, tree, &below, sizeof below));
        CHECK(end(&p, 100, 0));
    }
    return 0;
}

/* _TestProcess.test_recursion */
SCENARIO_HOSTS(family, recursion, .timeout = 120)
{
    CHECK_EQ(tree(&(struct node){.id = "r"}, sizeof(struct node)), 0);
    char *order = noted("tree");
    CHECK_TEXT(order, "r\nr0\nr00\nr000\nr001\nr01\nr010\nr011\nr1\nr10\nr100\nr101\nr11\nr110\nr111\n");
    free(order);
}

static int names_below(const void *args, size_t size)
{
    int depth;
    CHECK_EQ(size, sizeof depth);
    memcpy(&depth, args, sizeof depth);
    note("names", "%s", mr_process_name(mr_current_process()));
    for (int i = 0; depth > 0 && i < 2; i++) {
        mr_process p;
        CHECK(begin(&p, names_below, &(int){depth - 1}, sizeof(int)));
        CHECK(end(&p, 60, 0));
    }
    return 0;
}

SCENARIO_HOSTS(family, names_of_descendants)
{
    mr_process p[2];
    CHECK_OK(mr_process_init(&p[0], does_nothing, NULL, 0));
    CHECK(begin(&p[1], names_below, &(int){2}, sizeof(int)));
    CHECK(end(&p[1], 60, 0));
    CHECK_OK(mr_process_close(&p[0]));
    char *names = noted("names");
    CHECK_TEXT(names, "Process-2\nProcess-2:1\nProcess-2:1:1\nProcess-2:1:2\n"
                      "Process-2:2\nProcess-2:2:1\nProcess-2:2:2\n");
    free(names);
}

static int finishes_late(const void *args, size_t size)
{
    (void)args, (void)size;
    rest(1.0);
    note("late", "done");
    return 0;
}

static int leaves_a_child_behind(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_process p;
    CHECK(begin(&p, finishes_late, NULL, 0));
    return 0;
}

/* A process that is not a daemon is joined when its creator ends: a child, and main. */
SCENARIO_HOSTS(family, child_waits_for_its_children)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, leaves_a_child_behind, NULL, 0));
    CHECK(end(&p, 30, 0));
    CHECK_EQ(noted_lines("late"), 1);
}

static void late_was_done(const struct outcome *outcome)
{
    (void)outcome;
    CHECK_EQ(noted_lines("late"), 1);
}

SCENARIO_HOSTS(family, main_waits_for_its_children, .examine = late_was_done)
{
    mr_process p;
    CHECK(begin(&p, finishes_late, NULL, 0));
}

/* ---- Daemons ---- */

static int makes_processes(const void *args, size_t size)
{
    bool daemon;
    CHECK_EQ(size, sizeof daemon);
    memcpy(&daemon, args, sizeof daemon);
    CHECK_EQ(mr_process_is_daemon(mr_current_process()), daemon);
    mr_process p;
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_EQ(mr_process_is_daemon(&p), daemon);
    CHECK_OK(mr_process_set_daemon(&p, !daemon));
    CHECK_EQ(mr_process_is_daemon(&p), !daemon);
    CHECK_OK(mr_process_close(&p));
    return 0;
}

/* _TestProcess.test_daemon_argument */
SCENARIO_HOSTS(family, daemon_flag_is_inherited)
{
    for (int i = 0; i < 2; i++) {
        bool daemon = i == 1;
        mr_process p;
        CHECK_OK(mr_process_init(&p, makes_processes, &daemon, sizeof daemon));
        CHECK(!mr_process_is_daemon(&p));
        CHECK_OK(mr_process_set_daemon(&p, daemon));
        CHECK_EQ(mr_process_is_daemon(&p), daemon);
        CHECK_OK(mr_process_start(&p));
        CHECK_STATUS(mr_process_set_daemon(&p, !daemon), MR_ESTATE);
        CHECK(end(&p, 30, 0));
    }
}

static void daemon_was_ended(const struct outcome *outcome)
{
    CHECK_AT_MOST(outcome->seconds, 30);
    CHECK_EQ(noted_lines("daemon"), 1);
    CHECK_EQ(noted_lines("late"), 1);
}

/* At the end of main a daemon is terminated, the others are joined. */
SCENARIO_HOSTS(family, daemons_of_main, .examine = daemon_was_ended)
{
    mr_process daemon, other;
    CHECK_OK(mr_process_init(&daemon, says_alive, "daemon", sizeof "daemon"));
    CHECK_OK(mr_process_set_daemon(&daemon, true));
    CHECK_OK(mr_process_start(&daemon));
    CHECK(begin(&other, finishes_late, NULL, 0));
    CHECK(await_lines("daemon", 1, 30));
}

static int leaves_a_daemon_behind(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_process p;
    CHECK_OK(mr_process_init(&p, says_alive, "daemon", sizeof "daemon"));
    CHECK_OK(mr_process_set_daemon(&p, true));
    CHECK_OK(mr_process_start(&p));
    CHECK(await_lines("daemon", 1, 30));
    return 0;
}

/* The same at the end of a child. */
SCENARIO(family, daemons_of_a_child)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, leaves_a_daemon_behind, NULL, 0));
    CHECK(end(&p, 30, 0));
    CHECK_OR_STOP(CHECK_EQ(noted_lines("daemon"), 1));
    CHECK(is_gone((pid_t)noted_number("daemon", 0), 5));
}

/* ---- The key ---- */

static int checks_key(const void *args, size_t size)
{
    size_t key_size = 0;
    const void *key = mr_process_authkey(mr_current_process(), &key_size);
    CHECK_EQ(key_size, size);
    CHECK(key != NULL && memcmp(key, args, size) == 0);
    return 0;
}

static int passes_key_on(const void *args, size_t size)
{
    checks_key(args, size);
    mr_process p;
    CHECK(begin(&p, checks_key, args, size));
    CHECK(end(&p, 30, 0));
    return 0;
}

/* _TestProcess.test_process, the key: children inherit their creator's, unless they get one of their own */
SCENARIO_HOSTS(family, authkey_is_inherited)
{
    size_t size = 0;
    const void *key = mr_process_authkey(mr_current_process(), &size);
    mr_process p;
    CHECK(begin(&p, passes_key_on, key, size));
    CHECK(end(&p, 30, 0));

    unsigned char own[256];
    for (size_t i = 0; i < sizeof own; i++)
        own[i] = (unsigned char)i;
    CHECK_OK(mr_process_init(&p, passes_key_on, own, sizeof own));
    CHECK_OK(mr_process_set_authkey(&p, own, sizeof own));
    CHECK_OK(mr_process_start(&p));
    CHECK_STATUS(mr_process_set_authkey(&p, "late", 4), MR_ESTATE);
    CHECK(end(&p, 30, 0));
}
