#include "program/runtime.h"

#include "base/context.h"
#include "base/status.h"
#include "transport/wire.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The same pipe or terminal, opened anew; -1: it is something else, or may not be opened. */
static int reopen(int fd)
{
    char path[32];
    struct stat file;
    if (fstat(fd, &file) != 0 || (!S_ISFIFO(file.st_mode) && !S_ISCHR(file.st_mode)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return mr__above_stdio(open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
}

/* Puts what our runtime may keep in the place of a descriptor; gives main's own, -1: it was not open. */
static int lend(int theirs, int fd)
{
    int ours = mr__above_stdio(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    dup2(theirs, fd);
    close(theirs);
    return ours;
}

static void take_back(int ours, int fd)
{
    if (ours < 0) {
        close(fd);
        return;
    }
    dup2(ours, fd);
    close(ours);
}

/* Open MPI wants to know where it is. If main's folder has been removed, it is given another one meanwhile; gives
 * main's, to go back to; -1: it is there. */
static int leave_removed_folder(void)
{
    char path[PATH_MAX];
    if (getcwd(path, sizeof path) != NULL)
        return -1;
    int folder = mr__above_stdio(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder >= 0 && chdir("/") != 0) {
        close(folder);
        return -1;
    }
    return folder;
}

/* MPI_Init, in which our runtime's daemon is started, with a standard input, output and error that it may keep. It
 * reads its input, to hand it on to ranks, and what it has read main would miss. Over several hosts it runs ssh,
 * which makes the other two non-blocking for all who share them, and what main prints would be lost. */
mr_status mr__runtime_start(void)
{
    int ours[STDERR_FILENO + 1] = {-1, -1, -1};
    bool is_lent[STDERR_FILENO + 1] = {false};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int theirs = fd == STDIN_FILENO ? mr__above_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC)) : -1;
        if (fd != STDIN_FILENO && mr__ctx.launch.many_hosts)
            theirs = reopen(fd);
        if (theirs < 0)
            continue;
        is_lent[fd] = true;
        ours[fd] = lend(theirs, fd);
    }
    int folder = leave_removed_folder();
    mr_status status = mr__mpi_init();
    if (folder >= 0) {
        int unused = fchdir(folder); /* it was there before */
        (void)unused;
        close(folder);
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (is_lent[fd])
            take_back(ours[fd], fd);
    return status;
}
