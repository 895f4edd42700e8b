#include "steps.h"

#include "forks.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_TRACE = 77 };

pid_t steps_start(bool (*prepare)(const struct objects *), bool (*act)(const struct objects *),
                  const struct objects *objects, int *rank)
{
    int status;
    pid_t pid = forks_fork(rank);
    if (pid != 0) {
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TRACE)
            cr_skip("no process may trace another here");
        return pid;
    }
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(CANNOT_TRACE);
    bool good = prepare == NULL || prepare(objects);
    raise(SIGSTOP);
    good = good && act(objects);
    raise(SIGSTOP);
    _exit(good ? 0 : 1);
}

bool steps_on(pid_t victim, int steps, int *length)
{
    int status;
    for (int i = 0; i < steps; i++) {
        if (length != NULL)
            *length = i;
        if (ptrace(PTRACE_SINGLESTEP, victim, NULL, NULL) != 0 || waitpid(victim, &status, 0) != victim)
            cr_assert_fail("the victim is gone");
        cr_assert(WIFSTOPPED(status), "the victim has ended");
        if (WSTOPSIG(status) == SIGSTOP)
            return true;
    }
    return false;
}

int steps_budget(void)
{
    const char *value = getenv("MR_TEST_LONG");
    return value != NULL && strcmp(value, "1") == 0 ? 1000000 : 40000;
}

unsigned steps_seed(void)
{
    const char *value = getenv("MR_TEST_SEED");
    return value != NULL ? (unsigned)strtoul(value, NULL, 10) : 1;
}
