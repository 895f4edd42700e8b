/* The runner: starts a scenario as a program of its own, watches it, judges how it ended and what it left behind.
 * Runs in the Criterion test. */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum launch {
    LAUNCH_alone,     /* exe */
    LAUNCH_mpirun1,   /* mpirun -n 1 exe */
    LAUNCH_mpirunN,   /* mpirun -n 4 --oversubscribe exe */
    LAUNCH_hosts,     /* on three simulated hosts: mpirun -n 1 exe */
    LAUNCH_hostsN,    /* on three simulated hosts: mpirun -n 6 exe */
    LAUNCH_hostsFar,  /* the same as hosts; the body runs in a process on another host, and makes objects with main
                       */
    LAUNCH_hostsOwn,  /* the same, but it makes objects on its own host */
    LAUNCH_hostsThird /* the same, but it makes objects on a third host */
};

/* How a scenario's program ended, for its examine function. */
struct outcome {
    enum launch launch;
    int exit_code;         /* as a shell shows it: 128 + n if signal n killed it */
    const char *out, *err; /* what it wrote to standard output and error */
    size_t out_size, err_size;
    double seconds; /* that it took */
};

/* Whom a scenario's interfere function may trouble. */
struct victims {
    int terminal;     /* what is written here is typed at the program's terminal */
    pid_t first;      /* what was launched: mpirun, or the supervisor itself */
    pid_t supervisor; /* the process that became the supervisor of main */
    pid_t main;       /* what mr_init returned in */
};

enum {
    EXIT_ANY = -1,        /* exit_code: let examine judge */
    EXIT_FAILURE_ANY = -2 /* exit_code: anything but 0 */
};

struct scenario {
    const char *suite, *name;
    void (*body)(void);
    int (*program)(int argc, char **argv);
    int exit_code;        /* that the program must end with */
    double timeout;       /* in seconds; 60 if not given */
    bool only_long;       /* runs only where MR_TEST_LONG=1 */
    bool closed_stdio;    /* is started without standard output and error */
    const char *variable; /* NAME=VALUE, for the program's environment */
    const char *cleaner;  /* the scenario whose start removes what this one could not; NULL: nothing may be left */
    bool terminal;        /* standard input is a terminal, and the program in its foreground */
    bool output_to_file;  /* standard output goes to a file, not into a pipe */
    size_t input; /* so many bytes (input_byte) come to standard input, through a pipe; else it is /dev/null */
    void (*interfere)(const struct victims *victims); /* called by the runner once the program is scenario_ready */
    void (*examine)(const struct outcome *outcome);   /* called by the runner at the end */
    struct scenario *next;
};

/* Runs one scenario under one launch: passes, fails or skips the Criterion test that calls it. */
void runner_test(const struct scenario *scenario, enum launch launch);

const char *launch_name(enum launch launch);

/* The byte at an offset of a scenario's input. */
unsigned char input_byte(size_t offset);

#endif
