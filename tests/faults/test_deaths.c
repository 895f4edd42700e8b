/* Processes that die, in every way: whoever joins them learns it at once, and nobody else comes to harm. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const double promise = 0.5; /* seconds from a death to the return of join */

/* ---- Ways to die ---- */

/* To be called by who is about to die: from here the time runs. */
static void note_death(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a dump would take its time */
    note("died", "%.6f", now());
}

static int exits(const void *args, size_t size)
{
    (void)args, (void)size;
    note_death();
    exit(17);
}

static int aborts(const void *args, size_t size)
{
    (void)args, (void)size;
    note_death();
    abort();
}

static int kills_itself(const void *args, size_t size)
{
    (void)args, (void)size;
    note_death();
    kill(getpid(), SIGKILL);
    return 0;
}

/* ---- What all of them share ---- */

static int waits_for_the_end(const void *args, size_t size)
{
    (void)args, (void)size;
    note("sibling", "%d", (int)getpid());
    CHECK(await_lines("end", 1, 60));
    CHECK(works());
    return 11;
}

static void begin_sibling(mr_process *sibling)
{
    CHECK_OR_STOP(begin(sibling, waits_for_the_end, NULL, 0));
    CHECK(await_lines("sibling", 1, 30));
}

/* The older sibling is well, a younger one can be started, and so can children of either. */
static void end_sibling(mr_process *sibling)
{
    CHECK(works());
    CHECK(mr_process_is_alive(sibling));
    note("end", "now");
    CHECK(end(sibling, 60, 11));
}

/* Joins who died, or is about to; the time of death is in the note. */
static void join_dead(mr_process *p, int exit_code)
{
    CHECK_OK(mr_process_join(p, 30));
    CHECK_AT_MOST(now() - noted_number("died", 0), promise);
    CHECK_EQ(mr_process_exitcode(p), exit_code);
    CHECK(!mr_process_is_alive(p));
    CHECK_OK(mr_process_close(p));
}

static void survive(mr_target dies, int exit_code)
{
    mr_process sibling, victim;
    begin_sibling(&sibling);
    CHECK_OR_STOP(begin(&victim, dies, NULL, 0));
    join_dead(&victim, exit_code);
    end_sibling(&sibling);
}

SCENARIO_HOSTS(deaths, by_exit)
{
    survive(exits, 17);
}

SCENARIO_HOSTS(deaths, by_abort)
{
    survive(aborts, -SIGABRT);
}

#if !defined __SANITIZE_ADDRESS__ /* which replaces both signals */

static int follows_a_wild_pointer(const void *args, size_t size)
{
    (void)args, (void)size;
    int *volatile nowhere = (int *)(uintptr_t)16;
    signal(SIGSEGV, SIG_DFL);
    note_death();
    return *nowhere;
}

static int divides_by_zero(const void *args, size_t size)
{
    (void)args;
    signal(SIGFPE, SIG_DFL);
    note_death();
    volatile int zero = (int)(size - size), one = 1;
    volatile int quotient = one / zero;
    (void)quotient;
    raise(SIGFPE); /* where the machine does not mind */
    return 0;
}

SCENARIO_HOSTS(deaths, by_a_wild_pointer)
{
    survive(follows_a_wild_pointer, -SIGSEGV);
}

SCENARIO_HOSTS(deaths, by_division_by_zero)
{
    survive(divides_by_zero, -SIGFPE);
}
#endif

SCENARIO_HOSTS(deaths, at_the_very_start)
{
    survive(kills_itself, -SIGKILL);
}

/* ---- Killed from outside ---- */

/* Kills a process that is up to something, without the library's help. */
static void survive_outside_kill(mr_target busy)
{
    mr_process sibling, victim;
    begin_sibling(&sibling);
    CHECK_OR_STOP(begin(&victim, busy, "busy", sizeof "busy"));
    CHECK(await_lines("busy", 1, 30));
    rest(0.3);
    note_death();
    CHECK_EQ(kill(mr_process_pid(&victim), SIGKILL), 0);
    join_dead(&victim, -SIGKILL);
    end_sibling(&sibling);
}

SCENARIO(deaths, by_a_kill_from_outside)
{
    survive_outside_kill(says_alive);
}

static int says_it_spins(const void *args, size_t size)
{
    (void)size;
    note(args, "%d", (int)getpid());
    return spins(NULL, 0);
}

SCENARIO(deaths, by_a_kill_while_it_computes)
{
    survive_outside_kill(says_it_spins);
}

static int is_blocked_in_join(const void *args, size_t size)
{
    (void)size;
    mr_process p;
    CHECK(begin(&p, sleeps_seconds, &(double){4.0}, sizeof(double)));
    note(args, "%d", (int)getpid());
    CHECK_OK(mr_process_join(&p, MR_FOREVER));
    return 0;
}

SCENARIO(deaths, by_a_kill_while_it_joins)
{
    survive_outside_kill(is_blocked_in_join);
}

/* The library's own terminate and kill reach a process that never makes a system call. */
static void end_who_computes(mr_status (*finish)(mr_process *), int exit_code)
{
    mr_process sibling, victim;
    begin_sibling(&sibling);
    CHECK_OR_STOP(begin(&victim, says_it_spins, "busy", sizeof "busy"));
    CHECK(await_lines("busy", 1, 30));
    note_death();
    CHECK_OK(finish(&victim));
    join_dead(&victim, exit_code);
    end_sibling(&sibling);
}

SCENARIO_HOSTS(deaths, by_terminate_while_it_computes)
{
    end_who_computes(mr_process_terminate, -SIGTERM);
}

SCENARIO_HOSTS(deaths, by_kill_while_it_computes)
{
    end_who_computes(mr_process_kill, -SIGKILL);
}

/* ---- Its supervisor ---- */

static pid_t parent_of(pid_t pid)
{
    char path[64];
    long parent = -1;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL && fscanf(file, "%*d (%*[^)]) %*c %ld", &parent) == 1);
    if (file != NULL)
        fclose(file);
    return (pid_t)parent;
}

/* Whoever kills by number may well hit that: to the others it is the same. */
SCENARIO(deaths, of_a_supervisor)
{
    mr_process sibling, p;
    begin_sibling(&sibling);
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    CHECK_EQ(kill(parent_of(mr_process_pid(&p)), SIGKILL), 0);
    CHECK(end(&p, 30, -SIGKILL));
    rest(1); /* as long as the runtime might take to end the others */
    CHECK(mr_process_is_alive(&sibling));
    note("end", "now");
    CHECK(end(&sibling, 60, 11));
    CHECK(works());
}

/* ---- Many ---- */

SCENARIO(deaths, of_several_at_once)
{
    enum { COUNT = 4 };
    mr_process sibling, victims[COUNT], *pointers[COUNT];
    begin_sibling(&sibling);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_init(&victims[i], says_alive, "busy", sizeof "busy"));
        pointers[i] = &victims[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, COUNT)));
    CHECK(await_lines("busy", COUNT, 30));
    note_death();
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(kill(mr_process_pid(&victims[i]), SIGKILL), 0);
    for (int i = COUNT - 1; i >= 0; i--)
        join_dead(&victims[i], -SIGKILL);
    end_sibling(&sibling);
}

/* New ranks can be had after deaths, again and again. */
SCENARIO_HOSTS(deaths, and_growth, .timeout = 200)
{
    enum { ROUNDS = 10, COUNT = 3 };
    static const mr_target targets[COUNT] = {kills_itself, exits, aborts};
    static const int codes[COUNT] = {-SIGKILL, 17, -SIGABRT};
    for (int round = 0; round < ROUNDS; round++) {
        mr_process p[COUNT], *pointers[COUNT];
        for (int i = 0; i < COUNT; i++) {
            CHECK_OK(mr_process_init(&p[i], targets[i], NULL, 0));
            pointers[i] = &p[i];
        }
        CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, COUNT)));
        for (int i = 0; i < COUNT; i++)
            CHECK_OR_STOP(end(&p[i], 30, codes[i]));
        CHECK_OR_STOP(works());
    }
}

/* A death that nobody joins does not keep the program from its end; its exit code is main's. */
PROGRAM(deaths, leave_the_exit_code_to_main, .exit_code = 3)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    mr_process p[2];
    CHECK(begin(&p[0], aborts, NULL, 0));
    CHECK(begin(&p[1], kills_itself, NULL, 0));
    CHECK_OK(mr_process_join(&p[1], 30));
    CHECK_OK(mr_finalize());
    return 3;
}
