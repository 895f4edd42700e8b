#include "proctree.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROCESSES_MAX = 4096, STACKS_MAX = 24 };

/* Reads a file of /proc; gives its length. Zero bytes become spaces, so that it is a string. */
static size_t read_proc(pid_t pid, const char *what, char *text, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    FILE *file = fopen(path, "re");
    size_t length = file == NULL ? 0 : fread(text, 1, size - 1, file);
    if (file != NULL)
        fclose(file);
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    text[length] = '\0';
    return length;
}

static bool read_process(pid_t pid, struct proctree_process *process)
{
    char text[1024];
    int parent;
    if (read_proc(pid, "stat", text, sizeof text) == 0)
        return false;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (open == NULL || close == NULL || sscanf(close, ") %c %d", &process->state, &parent) != 2)
        return false;
    *close = '\0';
    snprintf(process->name, sizeof process->name, "%s", open + 1);
    process->pid = pid;
    process->parent = (pid_t)parent;
    process->depth = -1;
    return process->state != 'Z' && process->state != 'X';
}

static int read_all(struct proctree_process *all)
{
    DIR *proc = opendir("/proc");
    int count = 0;
    for (struct dirent *entry; proc != NULL && count < PROCESSES_MAX && (entry = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && read_process((pid_t)atoi(entry->d_name), &all[count]))
            count++;
    if (proc != NULL)
        closedir(proc);
    return count;
}

static bool mentions(pid_t pid, const char *folder)
{
    static char text[1 << 17];
    return (read_proc(pid, "cmdline", text, sizeof text) > 0 && strstr(text, folder) != NULL) ||
           (read_proc(pid, "environ", text, sizeof text) > 0 && strstr(text, folder) != NULL);
}

/* Adds the children of parent, and theirs, to the tree. */
static void add_below(proctree *tree, pid_t parent, int depth, struct proctree_process *all, int count)
{
    for (int i = 0; i < count; i++) {
        if (all[i].parent != parent || all[i].depth >= 0)
            continue;
        all[i].depth = depth;
        tree->process[tree->count++] = all[i];
        add_below(tree, all[i].pid, depth + 1, all, count);
    }
}

proctree proctree_read(const char *folder)
{
    struct proctree_process *all = calloc(PROCESSES_MAX, sizeof *all);
    proctree tree = {.process = calloc(PROCESSES_MAX, sizeof *all)};
    if (all == NULL || tree.process == NULL)
        abort();
    int count = read_all(all);
    add_below(&tree, getpid(), 0, all, count);
    for (int i = 0; i < count; i++) {
        if (all[i].depth >= 0 || all[i].pid == getpid() || !mentions(all[i].pid, folder))
            continue;
        all[i].depth = 0;
        tree.process[tree.count++] = all[i];
        add_below(&tree, all[i].pid, 1, all, count);
    }
    free(all);
    return tree;
}

void proctree_free(proctree *tree)
{
    free(tree->process);
    tree->process = NULL;
    tree->count = 0;
}

static void print_process(const struct proctree_process *process, FILE *file)
{
    char command[200];
    read_proc(process->pid, "cmdline", command, sizeof command);
    fprintf(file, "  %*s%d %s [%c] %s\n", 2 * process->depth, "", (int)process->pid, process->name, process->state,
            command);
}

void proctree_print(const proctree *tree, FILE *file)
{
    for (int i = 0; i < tree->count; i++)
        print_process(&tree->process[i], file);
}

/* Every thread: its name, state and the kernel function it sleeps in. */
static void print_threads(const struct proctree_process *process, FILE *file)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
        struct proctree_process thread;
        char wchan[64];
        pid_t id = (pid_t)atoi(entry->d_name);
        if (id == 0 || !read_process(id, &thread))
            continue;
        read_proc(id, "wchan", wchan, sizeof wchan);
        fprintf(file, "  %*s  thread %d %s [%c] in %s\n", 2 * process->depth, "", (int)id, thread.name,
                thread.state, wchan[0] == '\0' ? "?" : wchan);
    }
    if (tasks != NULL)
        closedir(tasks);
}

static void print_stacks(const struct proctree_process *process, FILE *file)
{
    char command[256], line[512];
    snprintf(command, sizeof command,
             "timeout 10 gdb -nx -batch -iex 'set debuginfod enabled off' -p %d -ex 'thread apply all bt 12' "
             "2>/dev/null </dev/null",
             (int)process->pid);
    FILE *gdb = popen(command, "re");
    while (gdb != NULL && fgets(line, sizeof line, gdb) != NULL)
        if (line[0] == '#' || strncmp(line, "Thread", 6) == 0)
            fprintf(file, "  %*s    %s", 2 * process->depth, "", line);
    if (gdb != NULL)
        pclose(gdb);
}

void proctree_explain(const proctree *tree, FILE *file)
{
    for (int i = 0; i < tree->count; i++) {
        print_process(&tree->process[i], file);
        print_threads(&tree->process[i], file);
        if (i < STACKS_MAX)
            print_stacks(&tree->process[i], file);
    }
}

void proctree_kill(const proctree *tree)
{
    for (int i = 0; i < tree->count; i++)
        kill(tree->process[i].pid, SIGKILL);
}
