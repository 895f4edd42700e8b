#include "leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHM_FOLDER "/dev/shm"

struct leftovers_before {
    char *files;    /* names in /dev/shm */
    char *segments; /* ids of System V segments */
    bool on_hosts;
    char *hosts; /* paths on the simulated hosts */
};

/* A list of names is a text with each of them between newlines, or NULL. */
static void add_name(char **names, const char *name)
{
    size_t old = *names == NULL ? 0 : strlen(*names), more = strlen(name) + 3;
    *names = realloc(*names, old + more);
    if (*names == NULL)
        abort();
    snprintf(*names + old, more, old == 0 ? "\n%s\n" : "%s\n", name);
}

static bool has_name(const char *names, const char *name)
{
    char wanted[600];
    snprintf(wanted, sizeof wanted, "\n%s\n", name);
    return names != NULL && strstr(names, wanted) != NULL;
}

/* The entries of a folder, "." and ".." left out. The caller frees them; NULL if there are none. */
static char *list_folder(const char *path)
{
    char *names = NULL;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add_name(&names, entry->d_name);
    if (folder != NULL)
        closedir(folder);
    return names;
}

/* The System V segments that nobody is attached to, or all of them. */
static char *list_segments(bool only_unused)
{
    char line[256], *ids = NULL;
    FILE *file = fopen("/proc/sysvipc/shm", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        int id;
        unsigned long attached;
        if (sscanf(line, "%*d %d %*o %*u %*d %*d %lu", &id, &attached) != 2 || (only_unused && attached > 0))
            continue;
        char text[16];
        snprintf(text, sizeof text, "%d", id);
        add_name(&ids, text);
    }
    if (file != NULL)
        fclose(file);
    return ids;
}

/* What lies in the hosts' own folders. */
static char *list_hosts(void)
{
    char command[1024], line[512], *paths = NULL;
    for (int node = 1; node <= TEST_HOSTS_COUNT; node++) {
        snprintf(command, sizeof command,
                 "cd / && '" TEST_HOSTS
                 "' on node%d find /tmp /dev/shm -mindepth 1 -maxdepth 1 -printf 'node%d:%%p\\n'",
                 node, node);
        FILE *listing = popen(command, "re");
        while (listing != NULL && fgets(line, sizeof line, listing) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            add_name(&paths, line);
        }
        if (listing != NULL)
            pclose(listing);
    }
    return paths;
}

leftovers_before *leftovers_remember(bool on_hosts)
{
    leftovers_before *before = calloc(1, sizeof *before);
    if (before == NULL)
        abort();
    before->files = list_folder(SHM_FOLDER);
    before->segments = list_segments(false);
    before->on_hosts = on_hosts;
    if (on_hosts)
        before->hosts = list_hosts();
    return before;
}

void leftovers_free(leftovers_before *before)
{
    free(before->files);
    free(before->segments);
    free(before->hosts);
    free(before);
}

/* Whether another user's program may have made it. What that one has open only root can see, so it counts as in
 * use. */
static bool is_anothers(const char *path)
{
    struct stat status;
    return geteuid() != 0 && lstat(path, &status) == 0 && status.st_uid != geteuid();
}

static bool maps(const char *pid, const char *path)
{
    char name[300], line[1024];
    snprintf(name, sizeof name, "/proc/%s/maps", pid);
    FILE *file = fopen(name, "re");
    bool found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = strstr(line, path) != NULL;
    if (file != NULL)
        fclose(file);
    return found;
}

static bool has_open(const char *pid, const char *path)
{
    char name[300], entry_path[600], target[600];
    snprintf(name, sizeof name, "/proc/%s/fd", pid);
    DIR *folder = opendir(name);
    bool found = false;
    for (struct dirent *entry; folder != NULL && !found && (entry = readdir(folder)) != NULL;) {
        snprintf(entry_path, sizeof entry_path, "%s/%s", name, entry->d_name);
        ssize_t length = readlink(entry_path, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        found = strcmp(target, path) == 0;
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

/* Whether a living process has the file mapped or open. */
static bool in_use(const char *path)
{
    DIR *proc = opendir("/proc");
    bool found = false;
    for (struct dirent *entry; proc != NULL && !found && (entry = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]))
            found = maps(entry->d_name, path) || has_open(entry->d_name, path);
    if (proc != NULL)
        closedir(proc);
    return found;
}

/* Counts the names that were not there before; takes the list. */
static int count_new(char *names, const char *before, const char *kind, const char *folder, FILE *file)
{
    int count = 0;
    char *next = NULL;
    for (char *name = names == NULL ? NULL : strtok_r(names, "\n", &next); name;
         name = strtok_r(NULL, "\n", &next)) {
        char path[600];
        snprintf(path, sizeof path, "%s%s%s", folder, *folder == '\0' ? "" : "/", name);
        if (has_name(before, name) ||
            (strcmp(folder, SHM_FOLDER) == 0 && (access(path, F_OK) != 0 || is_anothers(path) || in_use(path))))
            continue;
        count++;
        if (file != NULL)
            fprintf(file, "  %s %s\n", kind, path);
    }
    free(names);
    return count;
}

int leftovers_count(const leftovers_before *before, const char *temporary_folder, FILE *file)
{
    return count_new(list_folder(SHM_FOLDER), before->files, "shared memory", SHM_FOLDER, file) +
           count_new(list_segments(true), before->segments, "System V segment", "", file) +
           count_new(list_folder(temporary_folder), NULL, "temporary file", temporary_folder, file) +
           (before->on_hosts ? count_new(list_hosts(), before->hosts, "on a host:", "", file) : 0);
}
