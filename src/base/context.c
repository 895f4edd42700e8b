#include "base/context.h"

#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

mr__context mr__ctx = {.lock = PTHREAD_MUTEX_INITIALIZER,
                       .filenos_lock = PTHREAD_MUTEX_INITIALIZER,
                       .sockets_lock = PTHREAD_MUTEX_INITIALIZER,
                       .home = MR__NO_HOME,
                       .makes_at = MR__NO_HOME};
_Thread_local int mr__acts_for = MR__ITSELF;
_Thread_local uint32_t mr__makes_at = MR__NO_HOME;

mr_status mr__running(const char *call)
{
    switch (mr__is_forked() ? MR__PHASE_FORKED : mr__ctx.phase) {
    case MR__PHASE_RUNNING:
        return MR_OK;
    case MR__PHASE_FORKED:
        return mr__fail(
            MR_ENOTINIT,
            "%s was called in a child that the program has forked by itself (pid %ld); nobody would learn "
            "of its end, so it has no part in Multirank: use mr_process_start instead of fork",
            call, (long)getpid());
    case MR__PHASE_FINALIZED:
        return mr__fail(MR_EFINALIZED, "%s was called after mr_finalize", call);
    default:
        return mr__fail(MR_ENOTINIT, "%s was called before mr_init; call mr_init first thing in main", call);
    }
}

static void become_a_fork(void)
{
    if (mr__ctx.phase == MR__PHASE_RUNNING)
        mr__ctx.phase = MR__PHASE_FORKED;
}

/* A child that is made by clone or _Fork runs no handler; but the page is empty there. */
void mr__watch_forks(void)
{
    const size_t size = sizeof *mr__ctx.is_own;
    bool *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) {
        *page = true;
        madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK); /* or else handlers must do */
        mr__ctx.is_own = page;
    }
    pthread_atfork(NULL, NULL, become_a_fork);
}

bool mr__is_forked(void)
{
    return mr__ctx.phase == MR__PHASE_FORKED || (mr__ctx.is_own != NULL && !*mr__ctx.is_own);
}

void mr__end_fork(int code)
{
    if (mr__is_forked())
        exit(code);
}

double mr__now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

mr_status mr__deadline(const char *call, double timeout, double *deadline)
{
    if (isnan(timeout))
        return mr__fail(MR_EINVAL, "%s: the time-out is not a number; give seconds, or MR_FOREVER", call);
    if (!mr__is_timeout(timeout))
        return mr__fail(MR_EINVAL, "%s: there is no MR_DEFAULT here; give seconds, or MR_FOREVER", call);
    *deadline = mr__now() + (timeout > 0 ? timeout : 0);
    return MR_OK;
}

void mr__lock(void)
{
    pthread_mutex_lock(&mr__ctx.lock);
}

bool mr__lock_within(double seconds)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += (time_t)seconds;
    return pthread_mutex_timedlock(&mr__ctx.lock, &end) == 0;
}

void mr__unlock(void)
{
    pthread_mutex_unlock(&mr__ctx.lock);
}

/* No condition variable: who never comes back from waiting there, since a signal's handler has called exit, makes
 * all others hang that use it. */
void mr__changed(void)
{
    mr__ctx.changes++;
    if (mr__ctx.waiting > 0)
        syscall(SYS_futex, &mr__ctx.changes, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

bool mr__wait(double deadline)
{
    static const double LONGEST = 1e8; /* seconds; keeps the conversion below within range */
    double left = deadline - mr__now();
    if (left <= 0)
        return false;
    double end = mr__now() + (left < LONGEST ? left : LONGEST);
    struct timespec time = {.tv_sec = (time_t)end};
    time.tv_nsec = (long)((end - (double)time.tv_sec) * 1e9);
    uint32_t seen = mr__ctx.changes;
    mr__ctx.waiting++;
    mr__unlock();
    bool is_late = syscall(SYS_futex, &mr__ctx.changes, FUTEX_WAIT_BITSET_PRIVATE, seen, &time, NULL,
                           FUTEX_BITSET_MATCH_ANY) != 0 &&
                   errno == ETIMEDOUT;
    mr__lock();
    mr__ctx.waiting--;
    return !is_late;
}

mr_status mr__thread_start(pthread_t *thread, const char *name, void *(*body)(void *))
{
    return mr__thread_start_with(thread, name, body, NULL);
}

mr_status mr__thread_start_with(pthread_t *thread, const char *name, void *(*body)(void *), void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return mr__fail(MR_ESYSTEM, "starting the thread %s failed: %s", name, strerror(error));
    pthread_setname_np(*thread, name);
    return MR_OK;
}

void mr__signal_event(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written; /* it fails only where it is readable already */
}

void mr__whole_lines(void)
{
    static const size_t LONGEST = 1 << 16;
    char *buffer =
        malloc(LONGEST); /* the stream's from now on; left to itself it takes 1024 bytes on a terminal */
    if (buffer != NULL && setvbuf(stdout, buffer, _IOLBF, LONGEST) != 0)
        free(buffer);
}

void mr__leave_input(void)
{
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing > STDIN_FILENO) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
}

int mr__above_stdio(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}
