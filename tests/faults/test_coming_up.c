/* Ranks that die while they come up: before mr_init, where only the runtime knows of them; before MPI knows of
 * them; and of MPI itself. (One that is killed in the middle of MPI_Init may block Open MPI's own daemon for good:
 * see Limits in src/README.md.) */
#include "scenario.h"
#include "targets.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* A process cannot be started, which is said soon and with the reason; the ranks that have ended are not waited
 * for a second time at the end. All of it in less than MULTIRANK_START_TIMEOUT, by which such ranks were noticed
 * once: the time-outs of these programs see to that. */
static void check_refused_start(const char *how, const char *where)
{
    mr_process process;
    CHECK_OK(mr_process_init(&process, returns, &(int){3}, sizeof(int)));
    CHECK_STATUS(mr_process_start(&process), MR_ELAUNCH);
    note("sentence", "%s", mr_last_error());
    CHECK(strstr(mr_last_error(), how) != NULL);
    CHECK(strstr(mr_last_error(), where) != NULL);
}

static bool is_rank(void)
{
    return getenv("MULTIRANK_HUB") != NULL;
}

/* The program ends in every rank before mr_init. When it does not do so any more, ranks come up. */
PROGRAM(coming_up, ends_before_init, .timeout = 40)
{
    if (is_rank() && noted_lines("healed") == 0)
        _exit(3);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    check_refused_start("exit status 3", "before it called mr_init");
    note("healed", "yes");
    CHECK(works());
    CHECK_OK(mr_finalize());
    return 0;
}

PROGRAM_LOCAL(coming_up, aborts_before_init, .timeout = 40)
{
    if (is_rank()) {
        signal(SIGABRT, SIG_DFL);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        abort();
    }
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    check_refused_start("signal 6", "before it called mr_init");
    CHECK_OK(mr_finalize());
    return 0;
}

/* Of a rank on another host the runtime tells no number. */
PROGRAM_ON_HOSTS(coming_up, ends_on_hosts, .timeout = 40)
{
    if (is_rank())
        _exit(3);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    check_refused_start("exit status other than 0", "before it called mr_init");
    CHECK_OK(mr_finalize());
    return 0;
}

static void check_few_lines(const struct outcome *outcome)
{
    int lines = 0;
    for (size_t i = 0; i < outcome->err_size; i++)
        lines += outcome->err[i] == '\n';
    CHECK_AT_MOST(lines, 200); /* there were 1400 in a minute */
}

/* MPI does not start in the ranks. What it says of it is in the sentence, and it is not tried without end. */
PROGRAM_LOCAL(coming_up, fails_in_mpi, .timeout = 40, .examine = check_few_lines)
{
    if (is_rank())
        setenv("UCX_TLS", "there-is-none", 1);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    check_refused_start("exit status 1", "while MPI started in it; it wrote: ");
    CHECK_OK(mr_finalize());
    return 0;
}

/* What has been waited for once, by who wanted to start a process, is not waited for again at the end. */
PROGRAM_LOCAL(coming_up, hangs_before_init, .timeout = 40, .variable = "MULTIRANK_START_TIMEOUT=6")
{
    mr_process process;
    while (is_rank())
        pause();
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_process_init(&process, returns, &(int){3}, sizeof(int)));
    CHECK_STATUS(mr_process_start(&process), MR_ETIMEDOUT);
    CHECK(strstr(mr_last_error(), "has not reported yet") != NULL);
    double began = now();
    CHECK_OK(mr_finalize());
    CHECK_AT_MOST(now() - began, 5);
    return 0;
}
