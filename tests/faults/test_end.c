/* The end of the whole program, in every way: nothing is left (the runner looks), and the shell learns main's exit
 * code. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* mr_init, then children that would sleep for ever: one of them a daemon, one with a child of its own. */

static int has_a_child(const void *args, size_t size)
{
    mr_process p;
    CHECK(begin(&p, says_alive, args, size));
    return sleeps(NULL, 0);
}

static void begin_program(int argc, char **argv)
{
    static mr_process daemon, child, parent;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_process_init(&daemon, says_alive, "children", sizeof "children"));
    CHECK_OK(mr_process_set_daemon(&daemon, true));
    CHECK_OK(mr_process_start(&daemon));
    CHECK(begin(&child, says_alive, "children", sizeof "children"));
    CHECK(begin(&parent, has_a_child, "children", sizeof "children"));
    CHECK_OR_STOP(CHECK(await_lines("children", 3, 30)));
}

/* ---- Main ends ---- */

PROGRAM(end, normal, .exit_code = 3)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK_OK(mr_finalize());
    return 3;
}

PROGRAM(end, normal_without_any_process, .exit_code = 0)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    return mr_finalize();
}

static int ends_after_main(const void *args, size_t size)
{
    (void)args, (void)size;
    CHECK(await_lines("main is done", 1, 30));
    rest(0.3);
    note("waited for", "%s", mr_process_name(mr_current_process()));
    return 0;
}

/* Two that are waited for, and a daemon that is not. */
static void begin_some(int argc, char **argv)
{
    static mr_process daemon, children[2];
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_process_init(&daemon, sleeps, NULL, 0));
    CHECK_OK(mr_process_set_daemon(&daemon, true));
    CHECK_OK(mr_process_start(&daemon));
    for (int i = 0; i < 2; i++)
        CHECK(begin(&children[i], ends_after_main, NULL, 0));
    note("main is done", "%s", "now");
}

static void both_have_ended(const struct outcome *outcome)
{
    CHECK_EQ(noted_lines("waited for"), 2);
    CHECK(strstr(outcome->err, "multirank:") == NULL);
}

/* Who forgets mr_finalize has it done, whoever ends the program. */
PROGRAM(end, of_main_without_finalize, .exit_code = 5, .examine = both_have_ended)
{
    begin_some(argc, argv);
    return 5;
}

static void *exits_with_3(void *unused)
{
    (void)unused;
    exit(3);
}

PROGRAM(end, of_main_by_exit_in_a_thread, .exit_code = 3, .examine = both_have_ended)
{
    pthread_t thread;
    begin_some(argc, argv);
    pthread_create(&thread, NULL, exits_with_3, NULL);
    pthread_join(thread, NULL);
    return 0;
}

static void *notes_late(void *unused)
{
    (void)unused;
    rest(0.5);
    note("waited for", "%s", "a thread");
    return NULL;
}

static void all_have_ended(const struct outcome *outcome)
{
    (void)outcome;
    CHECK_EQ(noted_lines("waited for"), 3);
}

/* Main's first thread ends, and a thread that it has left running, but for those of the library. */
PROGRAM_LOCAL(end, of_mains_first_thread, .exit_code = 0, .examine = all_have_ended)
{
    pthread_t thread;
    begin_some(argc, argv);
    pthread_create(&thread, NULL, notes_late, NULL);
    pthread_exit(NULL);
}

PROGRAM_LOCAL(end, of_mains_first_thread_after_finalize, .exit_code = 0)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK_OK(mr_finalize());
    pthread_exit(NULL);
}

static void exit_with_3(int signal_number)
{
    (void)signal_number;
    exit(3);
}

/* The handler of a signal calls exit, while main waits in a call that it never comes back to. */
PROGRAM_LOCAL(end, of_main_by_exit_in_a_handler, .exit_code = 3, .examine = both_have_ended)
{
    static mr_process sleeper;
    begin_some(argc, argv);
    CHECK_OK(mr_process_init(&sleeper, sleeps, NULL, 0));
    CHECK_OK(mr_process_set_daemon(&sleeper, true));
    CHECK_OK(mr_process_start(&sleeper));
    signal(SIGALRM, exit_with_3);
    alarm(1);
    mr_process_join(&sleeper, MR_FOREVER);
    return 0;
}

/* A child that the user has forked does not finalise for main. */
PROGRAM(end, of_a_child_that_exits, .exit_code = 3, .examine = both_have_ended)
{
    begin_some(argc, argv);
    pid_t child = fork();
    if (child == 0)
        exit(0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    exit(3);
}

static void says_who_ends(const struct outcome *outcome)
{
    bool is_crash = outcome->exit_code == 128 + SIGABRT || outcome->exit_code == 128 + SIGSEGV;
    CHECK(strstr(outcome->err,
                 is_crash ? "multirank: main has crashed" : "multirank: main has ended with exit code 6") != NULL);
    CHECK(strstr(outcome->err, "; 4 processes that still ran end with it: Process-1 (rank ") != NULL);
    CHECK(strstr(outcome->err, ", Process-2 (rank ") != NULL);
    CHECK(strstr(outcome->err, ", Process-3:1 (rank ") != NULL);
}

PROGRAM(end, of_main_by_immediate_exit, .exit_code = 6, .examine = says_who_ends)
{
    begin_program(argc, argv);
    _exit(6);
}

PROGRAM(end, of_main_by_abort, .exit_code = 128 + SIGABRT, .examine = says_who_ends)
{
    begin_program(argc, argv);
    abort();
}

PROGRAM(end, of_main_by_a_crash, .exit_code = 128 + SIGSEGV, .examine = says_who_ends)
{
    begin_program(argc, argv);
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return 0;
}

PROGRAM(end, of_main_by_kill, .exit_code = 128 + SIGKILL)
{
    begin_program(argc, argv);
    raise(SIGKILL);
    return 0;
}

/* Main dies at once: before it has ranks, so to say. */
PROGRAM(end, of_main_right_after_init, .exit_code = 128 + SIGKILL)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    raise(SIGKILL);
    return 0;
}

/* ---- Somebody ends it ---- */

/* Main waits to be disturbed, for ever. */
static int wait_to_be_ended(int argc, char **argv)
{
    begin_program(argc, argv);
    scenario_ready();
    return sleeps(NULL, 0);
}

static void kill_supervisor(const struct victims *victims)
{
    CHECK_EQ(kill(victims->supervisor, SIGKILL), 0);
}

PROGRAM(end, by_kill_of_the_supervisor, .exit_code = 128 + SIGKILL, .interfere = kill_supervisor,
        .cleaner = "end.normal_without_any_process")
{
    return wait_to_be_ended(argc, argv);
}

static void kill_main(const struct victims *victims)
{
    CHECK_EQ(kill(victims->main, SIGKILL), 0);
}

PROGRAM(end, by_kill_of_main, .exit_code = 128 + SIGKILL, .interfere = kill_main)
{
    return wait_to_be_ended(argc, argv);
}

static void kill_first(const struct victims *victims)
{
    CHECK_EQ(kill(victims->first, SIGKILL), 0);
}

/* The launcher, or without one the supervisor again. */
PROGRAM(end, by_kill_of_what_was_launched, .exit_code = 128 + SIGKILL, .interfere = kill_first,
        .cleaner = "end.normal_without_any_process")
{
    return wait_to_be_ended(argc, argv);
}

static void press_ctrl_c(const struct victims *victims)
{
    CHECK_EQ(write(victims->terminal, "\003", 1), 1);
}

static void died_of_sigint(const struct outcome *outcome)
{
    if (outcome->launch == LAUNCH_alone)
        CHECK_EQ(outcome->exit_code, 128 + SIGINT);
}

/* mpirun has codes of its own for this. */
PROGRAM(end, by_ctrl_c, .exit_code = EXIT_FAILURE_ANY, .terminal = true, .interfere = press_ctrl_c,
        .examine = died_of_sigint)
{
    return wait_to_be_ended(argc, argv);
}

static void terminate_first(const struct victims *victims)
{
    CHECK_EQ(kill(victims->first, SIGTERM), 0);
}

static void died_of_sigterm(const struct outcome *outcome)
{
    if (outcome->launch == LAUNCH_alone)
        CHECK_EQ(outcome->exit_code, 128 + SIGTERM);
}

PROGRAM(end, by_sigterm, .exit_code = EXIT_FAILURE_ANY, .interfere = terminate_first, .examine = died_of_sigterm)
{
    return wait_to_be_ended(argc, argv);
}

static void hang_up(const struct victims *victims)
{
    CHECK_EQ(kill(-victims->first, SIGHUP), 0);
}

/* The terminal is closed. */
PROGRAM(end, by_sighup, .exit_code = EXIT_FAILURE_ANY, .interfere = hang_up)
{
    return wait_to_be_ended(argc, argv);
}

/* ---- Main has something to say about it ---- */

static volatile sig_atomic_t caught;

static void catch_signal(int signal_number)
{
    caught = signal_number;
}

static void ended_by_its_own_handler(const struct outcome *outcome)
{
    if (outcome->launch == LAUNCH_alone) { /* mpirun kills, after a moment, whatever is done about it */
        CHECK_EQ(outcome->exit_code, 4);
        CHECK_EQ(noted_lines("cleaned up"), 1);
    }
}

/* A signal sent to the supervisor reaches main's own handler, and main ends in its own way. */
PROGRAM(end, by_sigterm_that_main_handles, .exit_code = EXIT_FAILURE_ANY, .interfere = terminate_first,
        .examine = ended_by_its_own_handler)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    signal(SIGTERM, catch_signal);
    mr_process p;
    CHECK(begin(&p, sleeps, NULL, 0));
    scenario_ready();
    while (!caught)
        rest(0.02);
    CHECK_OK(mr_process_terminate(&p));
    CHECK(end(&p, 30, -SIGTERM));
    CHECK_OK(mr_finalize());
    note("cleaned up", "%d", (int)caught);
    return 4;
}

/* The same with Ctrl-C: main gets it once, not twice. */
static volatile sig_atomic_t interrupts;

static void count_interrupt(int signal_number)
{
    (void)signal_number;
    interrupts = interrupts + 1;
}

PROGRAM(end, by_ctrl_c_that_main_handles, .exit_code = EXIT_FAILURE_ANY, .terminal = true,
        .interfere = press_ctrl_c, .examine = ended_by_its_own_handler)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    signal(SIGINT, count_interrupt);
    scenario_ready();
    while (interrupts == 0)
        rest(0.02);
    rest(0.3);
    CHECK_EQ((int)interrupts, 1);
    CHECK_OK(mr_finalize());
    note("cleaned up", "%d", (int)interrupts);
    return 4;
}
