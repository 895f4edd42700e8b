#include "launch/leavings.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* UCX makes such a file, fills it with pages, maps it, and only then takes its name away. */
static const char FOLDER[] = "/dev/shm", PREFIX[] = "ucx_shm_posix_";

static bool is_open_in(const char *process, const char *path)
{
    char name[PATH_MAX], target[PATH_MAX];
    bool is_found = false;
    snprintf(name, sizeof name, "/proc/%.20s/fd", process);
    DIR *descriptors = opendir(name);
    if (descriptors == NULL)
        return false;
    for (const struct dirent *each; !is_found && (each = readdir(descriptors)) != NULL;) {
        ssize_t length = readlinkat(dirfd(descriptors), each->d_name, target, sizeof target - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        is_found = strcmp(target, path) == 0;
    }
    closedir(descriptors);
    return is_found;
}

static bool is_mapped_in(const char *process, const char *path)
{
    char name[64], *line = NULL;
    size_t room = 0;
    bool is_found = false;
    snprintf(name, sizeof name, "/proc/%.20s/maps", process);
    FILE *maps = fopen(name, "re");
    if (maps == NULL)
        return false;
    while (!is_found && getline(&line, &room, maps) > 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *file = strchr(line, '/');
        is_found = file != NULL && strcmp(file, path) == 0;
    }
    free(line);
    fclose(maps);
    return is_found;
}

static bool is_used(const char *path)
{
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return true; /* nobody knows */
    bool is_found = false;
    for (const struct dirent *each; !is_found && (each = readdir(processes)) != NULL;)
        is_found = isdigit((unsigned char)each->d_name[0]) &&
                   (is_open_in(each->d_name, path) || is_mapped_in(each->d_name, path));
    closedir(processes);
    return is_found;
}

void mr__leavings_remove(void)
{
    DIR *folder = opendir(FOLDER);
    if (folder == NULL)
        return;
    for (const struct dirent *each; (each = readdir(folder)) != NULL;) {
        char path[PATH_MAX];
        struct stat file;
        if (strncmp(each->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", FOLDER, each->d_name);
        if (lstat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == geteuid() && !is_used(path))
            unlink(path);
    }
    closedir(folder);
}
