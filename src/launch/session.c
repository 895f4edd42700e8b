#include "launch/session.h"

#include "base/context.h"
#include "base/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char PREFIX[] = "multirank-";
enum { DEEPEST = 16 };

/* The first folder that can be used of those in which Python looks: what TMPDIR names need not be there. "": none.
 */
static const char *base_folder(void)
{
    const char *const folders[] = {getenv("TMPDIR"), getenv("TEMP"), getenv("TMP"), "/tmp", "/var/tmp"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        struct stat status;
        const char *folder = folders[i];
        if (folder != NULL && stat(folder, &status) == 0 && S_ISDIR(status.st_mode) &&
            access(folder, W_OK | X_OK) == 0)
            return folder;
    }
    return "";
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    remove(path); /* what cannot be removed is left for the next start */
    return 0;
}

static void remove_tree(const char *folder)
{
    nftw(folder, remove_entry, DEEPEST, FTW_DEPTH | FTW_PHYS);
}

/* The lock tells a folder in use from a left one, also between containers that share the temporary folder. -1: in
 * use, or not ours. */
static int try_lock(const char *folder)
{
    struct stat status;
    int fd = mr__above_stdio(open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return -1;
}

static void remove_left_folders(const char *base)
{
    DIR *entries = opendir(base);
    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char folder[512];
        int length = snprintf(folder, sizeof folder, "%s/%s", base, entry->d_name);
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0 || length < 0 ||
            (size_t)length >= sizeof folder)
            continue;
        int lock = try_lock(folder);
        if (lock < 0)
            continue;
        remove_tree(folder);
        close(lock);
    }
    closedir(entries);
}

mr_status mr__session_open(mr__session *session)
{
    const char *base = base_folder(), *asked = getenv("TMPDIR");
    session->lock = -1;
    if (*base == '\0')
        return mr__fail(
            MR_ESYSTEM,
            "there is no folder for temporary files: neither /tmp nor /var/tmp may be written, and TMPDIR "
            "is %s%s; set it to a folder where this program may write",
            asked == NULL ? "not set" : "", asked == NULL ? "" : asked);
    if (asked != NULL && *asked != '\0' && strcmp(asked, base) != 0) {
        mr__debug("%s, which TMPDIR names, cannot be used for temporary files, so it is %s now", asked, base);
        setenv("TMPDIR", base, 1); /* Open MPI would make the folder that is not there, and leave it */
    }
    remove_left_folders(base);
    int length = snprintf(session->folder, sizeof session->folder, "%s/%sXXXXXX", base, PREFIX);
    if (length < 0 || (size_t)length >= sizeof session->folder) {
        session->folder[0] = '\0'; /* too long a name for us, not for Open MPI */
        return MR_OK;
    }
    if (mkdtemp(session->folder) == NULL) {
        session->folder[0] = '\0';
        return mr__fail(MR_ESYSTEM,
                        "making a folder for temporary files in %s failed: %s; set TMPDIR to a folder where "
                        "this program may write",
                        base, strerror(errno));
    }
    session->lock = try_lock(session->folder);
    return MR_OK;
}

/* Over several hosts main itself makes a folder in the runtime's default place, which stays empty. */
static void remove_empty_defaults(void)
{
    char host[256] = "", pattern[512];
    glob_t found;
    gethostname(host, sizeof host - 1);
    snprintf(pattern, sizeof pattern, "%s/ompi.%.*s.%ld/jf.*", base_folder(), (int)strcspn(host, "."), host,
             (long)geteuid());
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            rmdir(found.gl_pathv[i]); /* fails where somebody uses it */
        globfree(&found);
    }
    *strrchr(pattern, '/') = '\0';
    rmdir(pattern);
}

void mr__session_empty(const mr__session *session)
{
    if (session->folder[0] != '\0')
        remove_tree(session->folder);
}

void mr__session_remove(mr__session *session)
{
    remove_empty_defaults();
    mr__session_empty(session);
    if (session->lock >= 0)
        close(session->lock);
}
