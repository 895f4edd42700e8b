/* Environments that users have: no PATH, no home, a working folder that is not there any more. */
#include "scenario.h"
#include "targets.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* As under cron: no ssh is to be found, and on one host none is needed. */
SCENARIO_LOCAL(environment, no_path, .variable = "PATH=/nonexistent")
{
    CHECK(works());
}

/* Over hosts one is needed, and that is said in a sentence of ours. */
PROGRAM(environment, no_ssh)
{
    setenv("PATH", "/nonexistent", 1);
    setenv("MULTIRANK_HOSTS", "node1:2,node2:2", 1);
    CHECK_STATUS(mr_init(&argc, &argv), MR_ELAUNCH);
    CHECK(strstr(mr_last_error(), "there is none in the folders of PATH (/nonexistent)") != NULL);
    return 0;
}

static int has_no_home(const void *args, size_t size)
{
    (void)args, (void)size;
    return getenv("HOME") == NULL ? 7 : 1;
}

/* As in a container whose user is a number: nobody knows a name or a home of it. */
PROGRAM_LOCAL(environment, no_home)
{
    enum { STRANGER = 54321 };
    if (geteuid() == 0) { /* main; its ranks are the stranger from the start */
        if (getpwuid(STRANGER) != NULL)
            return note("skipped", "%s", "that user has a name here"), 0;
        CHECK_EQ(chmod(notes_folder(), 0777), 0);
        CHECK_EQ(setresgid(STRANGER, STRANGER, STRANGER) | setresuid(STRANGER, STRANGER, STRANGER), 0);
        prctl(PR_SET_DUMPABLE, 1); /* as if it had been this user's from the start */
        setenv("TMPDIR", notes_folder(), 1);
        unsetenv("HOME");
    } else if (getpwuid(geteuid()) != NULL) {
        return note("skipped", "%s", "only root may become a user without a name"), 0;
    }
    if (access("/proc/self/exe", X_OK) != 0)
        return note("skipped", "%s", "the build folder is closed to others"), 0;
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(getenv("HOME") == NULL);
    mr_process p;
    CHECK_OR_STOP(begin(&p, has_no_home, NULL, 0));
    CHECK(end(&p, 30, 7));
    CHECK_OK(mr_finalize());
    return 0;
}

static void enter_and_remove(const char *name)
{
    CHECK_EQ(mkdir(note_path(name), 0777), 0);
    CHECK_EQ(chdir(note_path(name)), 0);
    CHECK_EQ(rmdir(note_path(name)), 0);
}

static int notes_folder_of_its_own(const void *args, size_t size)
{
    char folder[PATH_MAX];
    (void)args, (void)size;
    note("folders", "%s", getcwd(folder, sizeof folder) != NULL ? folder : "none");
    return 0;
}

static void check_folder(int line, const char *wanted)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, notes_folder_of_its_own, NULL, 0));
    CHECK(end(&p, 30, 0));
    char *all = noted("folders"), *seen = all;
    for (int i = 0; i < line && seen != NULL; i++)
        seen = strchr(seen, '\n') + 1;
    seen[strcspn(seen, "\n")] = '\0';
    CHECK_TEXT(seen, wanted);
    free(all);
}

/* Main goes on in a folder that is gone, its processes begin at home; and from there to where main is then. */
static void run_without_folder(void)
{
    char unused[PATH_MAX];
    check_folder(0, "/");
    CHECK(getcwd(unused, sizeof unused) == NULL); /* it is still there, and nowhere else */
    CHECK_EQ(chdir(notes_folder()), 0);
    for (int i = 1; i < 40 && noted_lines("folders") <= i;
         i++) { /* ranks of the first batch are still to be used */
        mr_process p;
        CHECK_OR_STOP(begin(&p, notes_folder_of_its_own, NULL, 0));
        CHECK(end(&p, 30, 0));
    }
    char *all = noted("folders");
    CHECK(strstr(all, notes_folder()) != NULL);
    free(all);
}

PROGRAM(environment, folder_removed_before_init, .variable = "HOME=/nonexistent")
{
    if (getenv("MULTIRANK_HUB") == NULL && (getenv("PMIX_RANK") == NULL || strcmp(getenv("PMIX_RANK"), "0") == 0))
        enter_and_remove("gone"); /* main only */
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    run_without_folder();
    CHECK_OK(mr_finalize());
    return 0;
}

SCENARIO(environment, folder_removed_after_init, .variable = "HOME=/nonexistent")
{
    enter_and_remove("gone");
    run_without_folder();
}

/* As of a rank that was killed in the middle of its MPI_Init: the file has a name still, and nobody uses it. */
PROGRAM(environment, file_of_a_killed_rank)
{
    char path[64];
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    snprintf(path, sizeof path, "/dev/shm/ucx_shm_posix_of%ld", (long)getpid());
    FILE *file = fopen(path, "wx");
    CHECK(file != NULL && fclose(file) == 0);
    CHECK_OK(mr_finalize());
    return 0; /* that it is gone is looked at after every scenario */
}
