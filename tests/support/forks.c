#include "forks.h"

#include "arena/arena.h"
#include "base/context.h"
#include "check.h"
#include "notes.h"
#include "object/object.h"
#include "object/seat.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int last_rank;

void forks_begin(void)
{
    int fd;
    if (mr__arena_create(&fd) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        abort();
    }
    mr__ctx.phase = MR__PHASE_RUNNING;
}

pid_t forks_fork(int *rank)
{
    *rank = ++last_rank;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        mr__ctx.rank = *rank;
    }
    return pid;
}

static void forget(int rank)
{
    mr__objects_forget((uint32_t)rank);
    mr__seats_free((uint32_t)rank);
}

void forks_bury(pid_t pid, int rank)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    forget(rank);
}

bool forks_end(pid_t pid, int rank, double seconds)
{
    int status = -1;
    double end = now() + seconds;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now() > end) {
            forks_bury(pid, rank);
            return false;
        }
        rest(20e-6);
    }
    forget(rank);
    return status == 0;
}
