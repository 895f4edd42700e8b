/* Scenarios: tests that run as a user's program.
 *
 *     SCENARIO(process, exit_code)         // the body runs in the main process, between mr_init and mr_finalize
 *     {
 *         mr_process p;
 *         CHECK_OK(mr_process_init(&p, returns, &(int){3}, sizeof(int)));
 *         CHECK_OK(mr_process_start(&p));
 *         CHECK_OK(mr_process_join(&p, MR_FOREVER));
 *         CHECK_EQ(mr_process_exitcode(&p), 3);
 *     }
 *
 *     PROGRAM(end, no_finalize)            // the body is the whole program: int body(int argc, char **argv)
 *     {
 *         return mr_init(&argc, &argv);
 *     }
 *
 * A rank is a copy of the program that enters main, so no scenario can run inside a Criterion test. Each becomes
 * one Criterion test per launch instead (process/exit_code__alone, __mpirun1, __mpirunN; __hosts with
 * SCENARIO_HOSTS, __hostsN too with SCENARIO_HOSTS_N; __alone, __hostsFar, __hostsOwn and __hostsThird with
 * SCENARIO_SHARED, for shared objects;
 * __alone with SCENARIO_LOCAL and PROGRAM_LOCAL, for those that need to be on main's host; __hosts alone with
 * SCENARIO_ON_HOSTS and PROGRAM_ON_HOSTS), which starts this same executable as `exe --scenario process.exit_code
 * FOLDER` and watches it (runner.h).
 *
 * After the name may come members of struct scenario: SCENARIO(output, flood, .timeout = 120, .examine =
 * whole_lines).
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "check.h"
#include "notes.h"
#include "runner.h"

#include <criterion/criterion.h>

#define SCENARIO(...) SCENARIO_OF_KIND(BODY, __VA_ARGS__, .next = NULL)
#define SCENARIO_SHARED(...) SCENARIO_OF_KIND(BODY_SHARED, __VA_ARGS__, .next = NULL)
#define SCENARIO_LOCAL(...) SCENARIO_OF_KIND(BODY_LOCAL, __VA_ARGS__, .next = NULL)
#define SCENARIO_HOSTS(...) SCENARIO_OF_KIND(BODY_HOSTS, __VA_ARGS__, .next = NULL)
#define SCENARIO_HOSTS_N(...) SCENARIO_OF_KIND(BODY_HOSTS_N, __VA_ARGS__, .next = NULL)
#define SCENARIO_ON_HOSTS(...) SCENARIO_ON(hosts, BODY, __VA_ARGS__, .next = NULL)
#define PROGRAM(...) SCENARIO_OF_KIND(PROGRAM, __VA_ARGS__, .next = NULL)
#define PROGRAM_LOCAL(...) SCENARIO_OF_KIND(PROGRAM_LOCAL, __VA_ARGS__, .next = NULL)
#define PROGRAM_ON_HOSTS(...) SCENARIO_ON(hosts, PROGRAM, __VA_ARGS__, .next = NULL)

/* Says that the scenario cannot be tried here, and leaves its body. */
#define SKIP(reason)                   \
    do {                               \
        note("skipped", "%s", reason); \
        return;                        \
    } while (0)

/* Tells the runner that it may now interfere (member interfere of struct scenario). Main process only. */
void scenario_ready(void);

/* How this program was launched. */
enum launch scenario_launch(void);

/* What main() does with `--scenario NAME LAUNCH FOLDER`; returns the program's exit code. */
int scenario_main(int argc, char **argv);

/* What the macros are made of. */
void scenario_register(struct scenario *scenario);

#define SCENARIO_OF_KIND(kind, suite, name, ...)      \
    SCENARIO_DECLARED(kind, suite, name, __VA_ARGS__) \
    SCENARIO_TEST(suite, name, alone)                 \
    SCENARIO_##kind##_MORE(suite, name) SCENARIO_##kind##_PROTOTYPE(suite##__##name##__body)

#define SCENARIO_ON(launch, kind, suite, name, ...)   \
    SCENARIO_DECLARED(kind, suite, name, __VA_ARGS__) \
    SCENARIO_TEST(suite, name, launch) SCENARIO_##kind##_PROTOTYPE(suite##__##name##__body)

#define SCENARIO_DECLARED(kind, suite, name, ...)                                                              \
    SCENARIO_##kind##_PROTOTYPE(suite##__##name##__body);                                                      \
    static struct scenario suite##__##name = {#suite, #name, SCENARIO_##kind##_ENTRY(suite##__##name##__body), \
                                              __VA_ARGS__};                                                    \
    static void __attribute__((constructor)) suite##__##name##__register(void)                                 \
    {                                                                                                          \
        scenario_register(&suite##__##name);                                                                   \
    }

#define SCENARIO_TEST(suite, name, launch)              \
    Test(suite, name##__##launch)                       \
    {                                                   \
        runner_test(&suite##__##name, LAUNCH_##launch); \
    }

#define SCENARIO_BODY_PROTOTYPE(function) static void function(void)
#define SCENARIO_BODY_ENTRY(function) .body = function
#define SCENARIO_BODY_MORE(suite, name) SCENARIO_TEST(suite, name, mpirun1) SCENARIO_TEST(suite, name, mpirunN)
#define SCENARIO_BODY_SHARED_PROTOTYPE(function) static void function(void)
#define SCENARIO_BODY_SHARED_ENTRY(function) .body = function
#define SCENARIO_BODY_SHARED_MORE(suite, name) \
    SCENARIO_TEST(suite, name, hostsFar)       \
    SCENARIO_TEST(suite, name, hostsOwn)       \
    SCENARIO_TEST(suite, name, hostsThird)
#define SCENARIO_BODY_LOCAL_PROTOTYPE(function) static void function(void)
#define SCENARIO_BODY_LOCAL_ENTRY(function) .body = function
#define SCENARIO_BODY_LOCAL_MORE(suite, name)
#define SCENARIO_BODY_HOSTS_PROTOTYPE(function) static void function(void)
#define SCENARIO_BODY_HOSTS_ENTRY(function) .body = function
#define SCENARIO_BODY_HOSTS_MORE(suite, name) SCENARIO_BODY_MORE(suite, name) SCENARIO_TEST(suite, name, hosts)
#define SCENARIO_BODY_HOSTS_N_PROTOTYPE(function) static void function(void)
#define SCENARIO_BODY_HOSTS_N_ENTRY(function) .body = function
#define SCENARIO_BODY_HOSTS_N_MORE(suite, name) \
    SCENARIO_BODY_HOSTS_MORE(suite, name) SCENARIO_TEST(suite, name, hostsN)
#define SCENARIO_PROGRAM_PROTOTYPE(function) static int function(int argc, char **argv)
#define SCENARIO_PROGRAM_ENTRY(function) .program = function
#define SCENARIO_PROGRAM_MORE(suite, name) SCENARIO_BODY_MORE(suite, name)
#define SCENARIO_PROGRAM_LOCAL_PROTOTYPE(function) static int function(int argc, char **argv)
#define SCENARIO_PROGRAM_LOCAL_ENTRY(function) .program = function
#define SCENARIO_PROGRAM_LOCAL_MORE(suite, name)

#endif
