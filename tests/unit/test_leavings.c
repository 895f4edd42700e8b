/* Which of UCX's files in the folder of shared memory are removed: those of this user that nobody uses. */
#include "launch/leavings.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64], other[64];

static void name_files(void)
{
    snprintf(path, sizeof path, "/dev/shm/ucx_shm_posix_test%ld", (long)getpid());
    snprintf(other, sizeof other, "/dev/shm/test_leavings.%ld", (long)getpid());
}

static int make(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT | O_EXCL, 0600);
    cr_assert(fd >= 0);
    cr_assert(ftruncate(fd, 4096) == 0);
    return fd;
}

static bool is_there(const char *file)
{
    return access(file, F_OK) == 0;
}

Test(leavings, of_a_process_that_was_killed, .init = name_files)
{
    pid_t child = fork();
    if (child == 0) {
        make(path);
        abort();
    }
    cr_assert(waitpid(child, NULL, 0) == child);
    cr_assert(is_there(path));
    mr__leavings_remove();
    cr_expect(!is_there(path));
    unlink(path);
}

Test(leavings, what_is_open_or_mapped_stays, .init = name_files)
{
    int fd = make(path);
    mr__leavings_remove();
    cr_expect(is_there(path), "somebody has it open");
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert(memory != MAP_FAILED);
    close(fd);
    mr__leavings_remove();
    cr_expect(is_there(path), "somebody has it mapped");
    munmap(memory, 4096);
    mr__leavings_remove();
    cr_expect(!is_there(path));
    unlink(path);
}

Test(leavings, what_is_not_of_ucx_stays, .init = name_files)
{
    close(make(other));
    mr__leavings_remove();
    cr_expect(is_there(other));
    unlink(other);
}
