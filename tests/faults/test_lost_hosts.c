/* Hosts that are lost, and processes that die on other hosts: whoever waits is told in time, and the rest goes on.
 */
#include "nodes.h"
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The shortest time-out that leaves room for two questions of the kernel's, so that the tests do not take long. */
#define NODE_TIMEOUT "MULTIRANK_NODE_TIMEOUT=3"
static const double longest = 3 + 3; /* a host's loss, and the printer's patience with what its processes wrote */

enum { NODES = 3, LOST = 1 };
static const char *const nodes[NODES] = {"node1", "node2", "node3"};

/* ---- What the lost one has in hand ---- */

typedef struct hands {
    mr_lock lock;
    mr_connection end;
    mr_queue queue;
} hands;

/* Takes the lock, keeps its end of the pipe, and waits for an item that never comes. */
static int holds(const void *args, size_t size)
{
    const hands *in = args;
    int item;
    CHECK_EQ(size, sizeof *in);
    CHECK_OK(mr_lock_acquire(&in->lock, MR_FOREVER));
    CHECK_OK(mr_connection_send(&in->end, "hello", sizeof "hello", 10));
    note("holds", "%d", (int)getpid());
    mr_queue_get(&in->queue, &item, sizeof item, NULL, MR_FOREVER);
    return 1;
}

static int lives(const void *args, size_t size)
{
    (void)args, (void)size;
    note("lives", "%d", (int)getpid());
    return await_lines("end", 1, 60) ? 11 : 1;
}

static bool begin_on(mr_process *process, mr_target target, const void *args, size_t size, const char *node)
{
    return CHECK_OK(mr_process_init(process, target, args, size)) &&
           CHECK_OK(mr_process_set_host(process, node)) && CHECK_OK(mr_process_start(process));
}

/* The program of all ways to lose a host: those who wait for the processes there are told, those elsewhere live
 * on, new ones go to the hosts that are left, and the program's end says what has happened. */
static int lose_a_host(int argc, char **argv)
{
    mr_process others[2], holder, nobody;
    mr_connection mine;
    hands in;
    char word[16];
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_lock_init(&in.lock));
    CHECK_OK(mr_queue_init(&in.queue, 0));
    CHECK_OK(mr_pipe_init(&mine, &in.end, true));
    CHECK_OR_STOP(begin_on(&others[0], lives, NULL, 0, nodes[0]) &&
                  begin_on(&others[1], lives, NULL, 0, nodes[2]));
    CHECK_OR_STOP(begin_on(&holder, holds, &in, sizeof in, nodes[LOST]));
    CHECK(await_lines("holds", 1, 30) && await_lines("lives", 2, 30));
    CHECK_OK(mr_connection_recv(&mine, word, sizeof word, NULL, 10));
    CHECK_EQ(mr_host_count(), NODES);
    scenario_ready();
    CHECK_STATUS(mr_lock_acquire(&in.lock, 30), MR_EOWNERDEAD);
    CHECK_STATUS(mr_connection_recv(&mine, word, sizeof word, NULL, 30), MR_EEOF);
    CHECK_OK(mr_process_join(&holder, 30));
    CHECK_AT_MOST(now() - noted_number("lost", 0), longest);
    CHECK_EQ(mr_process_exitcode(&holder), -SIGKILL);
    CHECK_EQ(mr_host_count(), NODES - 1);
    for (int i = 0; i < 8; i++)
        CHECK(works());
    CHECK_OK(mr_process_init(&nobody, does_nothing, NULL, 0));
    CHECK_OK(mr_process_set_host(&nobody, nodes[LOST]));
    CHECK_STATUS(mr_process_start(&nobody), MR_EHOSTLOST);
    note("end", "now");
    CHECK(end(&others[0], 30, 11) && end(&others[1], 30, 11));
    CHECK_STATUS(mr_finalize(), MR_EHOSTLOST);
    CHECK(strstr(mr_last_error(), nodes[LOST]) != NULL);
    return 4;
}

/* ---- Ways to lose it ---- */

static void cut(const struct victims *victims)
{
    (void)victims;
    note("lost", "%.6f", now());
    node_do("cut", nodes[LOST]);
}

/* What is on the host knows that nobody wants it any more, and ends, the runtime's daemon too. */
static void heal(const struct outcome *outcome)
{
    (void)outcome;
    CHECK(node_await(nodes[LOST], "! grep -qx -e orted -e mr-supervisor /proc/[0-9]*/comm", 15));
    node_do("heal", nodes[LOST]);
}

PROGRAM_ON_HOSTS(lost_hosts, cut_off, .exit_code = 4, .interfere = cut, .examine = heal, .variable = NODE_TIMEOUT)
{
    return lose_a_host(argc, argv);
}

static void kill_daemon(const struct victims *victims)
{
    (void)victims;
    note("lost", "%.6f", now());
    CHECK(node_run(nodes[LOST],
                   "for p in /proc/[0-9]*; do if [ \"$(cat $p/comm)\" = orted ]; then "
                   "kill -KILL ${p#/proc/}; fi; done; rm -r /tmp/ompi.*")); /* which it cannot do itself */
}

PROGRAM_ON_HOSTS(lost_hosts, without_the_runtimes_daemon, .exit_code = 4, .interfere = kill_daemon)
{
    return lose_a_host(argc, argv);
}

static void switch_off(const struct victims *victims)
{
    (void)victims;
    note("lost", "%.6f", now());
    node_do("kill", nodes[LOST]);
}

static void bring_up(const struct outcome *outcome)
{
    (void)outcome;
    nodes_down();
}

PROGRAM_ON_HOSTS(lost_hosts, switched_off, .exit_code = 4, .interfere = switch_off, .examine = bring_up,
                 .variable = NODE_TIMEOUT)
{
    return lose_a_host(argc, argv);
}

/* ---- While ranks are being spawned there, and something is on its way ---- */

static int takes_its_time(const void *args, size_t size)
{
    (void)args, (void)size;
    rest(0.1);
    return 0;
}

PROGRAM_ON_HOSTS(lost_hosts, cut_off_while_it_gets_ranks, .interfere = cut, .examine = heal,
                 .variable = NODE_TIMEOUT)
{
    enum { COUNT = 12 };
    mr_process p[COUNT];
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    scenario_ready();
    CHECK(await_lines("lost", 1, 30));
    rest(0.5); /* now it is, and nobody knows */
    for (int i = 0; i < COUNT; i++)
        CHECK_OR_STOP(begin(&p[i], takes_its_time, NULL, 0));
    int killed = 0;
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_join(&p[i], 30));
        killed += mr_process_exitcode(&p[i]) == -SIGKILL;
        CHECK(mr_process_exitcode(&p[i]) == 0 || mr_process_exitcode(&p[i]) == -SIGKILL);
    }
    CHECK_AT_MOST(killed, COUNT / 2);
    for (int i = 0; i < COUNT; i++)
        CHECK(works());
    CHECK_STATUS(mr_finalize(), MR_EHOSTLOST);
    return 0;
}

/* ---- Deaths on other hosts, under load ---- */

static int counts(const void *args, size_t size)
{
    const mr_value *total = args;
    CHECK_EQ(size, sizeof *total);
    for (;;) {
        int64_t number;
        CHECK_OR_STOP(CHECK_OK(mr_value_get(total, &number)));
        CHECK_OR_STOP(CHECK_OK(mr_value_set(total, &(int64_t){number + 1})));
    }
    return 0;
}

/* Dies while it computes, while it calls, and while it waits, in turn. */
static int dies(const void *args, size_t size)
{
    const int *turn = args;
    CHECK_EQ(size, sizeof *turn);
    note("died", "%.6f", now());
    alarm(*turn % 2 == 0 ? 0 : 1);
    raise(*turn % 2 == 0 ? SIGKILL : SIGSEGV);
    return 0;
}

SCENARIO_ON_HOSTS(lost_hosts, deaths_under_load, .timeout = 120)
{
    enum { ROUNDS = 12 };
    mr_process busy[NODES];
    mr_value totals[NODES];
    for (int i = 0; i < NODES; i++) {
        CHECK_OK(mr_value_init(&totals[i], sizeof(int64_t), &(int64_t){0}));
        CHECK_OR_STOP(begin_on(&busy[i], counts, &totals[i], sizeof totals[i], nodes[i]));
    }
    for (int round = 0; round < ROUNDS; round++) {
        mr_process victim;
        int64_t before[NODES], after;
        for (int i = 0; i < NODES; i++)
            CHECK_OK(mr_value_get(&totals[i], &before[i]));
        CHECK_OR_STOP(begin_on(&victim, dies, &round, sizeof round, nodes[1 + round % 2]));
        CHECK_OK(mr_process_join(&victim, 30));
        CHECK_AT_MOST(now() - noted_number("died", round), 1);
        CHECK_EQ(mr_process_exitcode(&victim), round % 2 == 0 ? -SIGKILL : -SIGSEGV);
        CHECK_OK(mr_process_close(&victim));
        for (int i = 0; i < NODES; i++)
            for (after = before[i]; after == before[i] && CHECK(mr_process_is_alive(&busy[i]));)
                CHECK_OR_STOP(CHECK_OK(mr_value_get(&totals[i], &after)));
    }
    for (int i = 0; i < NODES; i++) {
        CHECK_OK(mr_process_kill(&busy[i]));
        CHECK(end(&busy[i], 10, -SIGKILL));
    }
}

/* ---- A process that does not read ---- */

static void continues(int number)
{
    (void)number;
    note("signals", "one");
}

static int counts_signals(const void *args, size_t size)
{
    (void)args, (void)size;
    signal(SIGTERM, continues);
    note("supervisor", "%d", (int)getppid());
    for (;;)
        pause();
    return 0;
}

/* Its socket is full long before the last signal is sent, and nobody has to wait for that. */
SCENARIO_LOCAL(lost_hosts, not_needed_to_be_held_up)
{
    enum { MANY = 5000 };
    mr_process stopped;
    CHECK_OR_STOP(begin(&stopped, counts_signals, NULL, 0));
    CHECK(await_lines("supervisor", 1, 30));
    pid_t supervisor = (pid_t)noted_number("supervisor", 0);
    CHECK_EQ(kill(supervisor, SIGSTOP), 0);
    double started = now();
    for (int i = 0; i < MANY; i++)
        CHECK_OR_STOP(CHECK_OK(mr_process_terminate(&stopped)));
    CHECK(works());
    CHECK_AT_MOST(now() - started, 5);
    CHECK_EQ(noted_lines("signals"), 0);
    CHECK_EQ(kill(supervisor, SIGCONT), 0);
    CHECK(await_lines("signals", 1, 30));
    CHECK_OK(mr_process_kill(&stopped));
    CHECK(end(&stopped, 30, -SIGKILL));
}
