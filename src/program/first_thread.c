#include "program/first_thread.h"

#include "base/context.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const long LOOK_NANOSECONDS = 20000000;

/* Calls a function for every thread of this process but its first; gives how often it said yes. */
static int count_threads(bool (*counts)(pid_t thread))
{
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0 && thread != getpid())
            count += counts(thread);
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static bool take_note(pid_t thread)
{
    if (mr__ctx.own_thread_count == MR__OWN_THREADS)
        return false;
    mr__ctx.own_threads[mr__ctx.own_thread_count++] = thread;
    return true;
}

/* The library's later ones are known by their names. */
static bool is_the_users(pid_t thread)
{
    char path[64], name[32] = "";
    for (int i = 0; i < mr__ctx.own_thread_count; i++)
        if (mr__ctx.own_threads[i] == thread)
            return false;
    snprintf(path, sizeof path, "/proc/self/task/%ld/comm", (long)thread);
    FILE *file = fopen(path, "re");
    bool is_there = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL)
        fclose(file);
    return is_there && strncmp(name, "mr-", 3) != 0;
}

static void end_with_the_last(void *unused)
{
    (void)unused;
    while (count_threads(is_the_users) > 0)
        nanosleep(&(struct timespec){0, LOOK_NANOSECONDS}, NULL);
    exit(0);
}

void mr__first_thread_watch(void)
{
    pthread_key_t at_its_end;
    count_threads(take_note);
    if (pthread_key_create(&at_its_end, end_with_the_last) == 0)
        pthread_setspecific(at_its_end, &mr__ctx);
}
