/* Limits that a shell or a batch system sets, and folders that are not as they should be. */
#include "scenario.h"
#include "targets.h"

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static void set_limit(__rlimit_resource_t resource, rlim_t limit)
{
    CHECK_EQ(setrlimit(resource, &(struct rlimit){limit, limit}), 0);
}

/* Address space, which the sanitizers need more of than there is. */
PROGRAM_LOCAL(limits, address_space)
{
#ifdef __SANITIZE_ADDRESS__
    note("skipped", "the address sanitizer needs 20 TiB of address space");
    (void)argc, (void)argv;
    return 0;
#else
    set_limit(RLIMIT_AS, (rlim_t)2048 * MIB);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    mr_array array;
    CHECK_OK(mr_array_init(&array, 1, (size_t)64 * MIB, NULL));
    CHECK_OK(mr_array_destroy(&array));
    CHECK_STATUS(mr_array_init(&array, 1, (size_t)2048 * MIB, NULL), MR_ENOMEM);
    CHECK(strstr(mr_last_error(), "ulimit -v") != NULL);
    CHECK_OK(mr_finalize());
    return 0;
#endif
}

PROGRAM_LOCAL(limits, too_little_address_space)
{
#ifdef __SANITIZE_ADDRESS__
    note("skipped", "the address sanitizer needs 20 TiB of address space");
    (void)argc, (void)argv;
#else
    set_limit(RLIMIT_AS, (rlim_t)256 * MIB);
    CHECK_STATUS(mr_init(&argc, &argv), MR_ESYSTEM);
    CHECK(strstr(mr_last_error(), "ulimit -v") != NULL);
#endif
    return 0;
}

/* Files: to the kernel the memory that processes share is one, and the signal for too long a file kills. */
PROGRAM_LOCAL(limits, length_of_files)
{
    signal(SIGXFSZ, SIG_DFL);
    set_limit(RLIMIT_FSIZE, (rlim_t)512 * MIB);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK_OK(mr_finalize());
    return 0;
}

PROGRAM_LOCAL(limits, too_short_files)
{
    signal(SIGXFSZ, SIG_DFL);
    set_limit(RLIMIT_FSIZE, 100 * 1024);
    CHECK_STATUS(mr_init(&argc, &argv), MR_ESYSTEM);
    CHECK(strstr(mr_last_error(), "ulimit -f") != NULL);
    return 0;
}

/* The folder for temporary files need not be there, as in Python; it is not made, and the next one is used. */
PROGRAM(limits, missing_temporary_folder)
{
    char missing[PATH_MAX];
    snprintf(missing, sizeof missing, "%s/missing", notes_folder());
    CHECK_EQ(setenv("TMP", getenv("TMPDIR"), 1), 0); /* which the runner looks into */
    CHECK_EQ(setenv("TMPDIR", missing, 1), 0);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK_OK(mr_finalize());
    CHECK(access(missing, F_OK) != 0);
    return 0;
}

/* Ranks come up although /dev/shm has no room for what they send each other. */
PROGRAM_LOCAL(limits, small_shared_memory_folder)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=256k") != 0) {
        note("skipped", "only root can put another /dev/shm in place");
        return 0;
    }
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK_OK(mr_finalize());
    return 0;
}
