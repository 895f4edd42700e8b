/* A rank that is killed while it comes up, before MPI knows of it. (Later, in the middle of MPI_Init, Open MPI's
 * own daemon may be blocked for good: see Limits in src/README.md.) */
#include "scenario.h"
#include "targets.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* In the process that becomes the rank, which its supervisor has just forked off; a timer is not inherited. */
static void die_soon(void)
{
    signal(SIGALRM, SIG_DFL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 1000}, NULL);
}

/* One rank of the whole run is to die; the first one that comes here. */
static bool is_chosen(void)
{
    int fd = open(note_path("chosen"), O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Main starts processes all the same, and ends as ever. */
PROGRAM(coming_up, killed, .timeout = 50)
{
    if (getenv("MULTIRANK_HUB") != NULL && is_chosen())
        pthread_atfork(NULL, NULL, die_soon);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK(works());
    CHECK_OK(mr_finalize());
    return 0;
}
