/* A hang is explained by the command `multirank stack`, which reads who waits for whom from the program's shared
 * memory; and by gdb, which tells in which call of the library each process is, and in which line of the program.
 * One is enough.
 */
#include "hang.h"

#include "lines.h"
#include "proctree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 512 };

/* Takes all that a command prints; NULL if it failed. */
static const char *output_of(const char *command)
{
    char line[LINE];
    const char *text = "";
    FILE *output = popen(command, "re");
    while (output != NULL && fgets(line, sizeof line, output) != NULL)
        if (line[strspn(line, " \n")] != '\0')
            text = say("%s    %s", text, line);
    return output != NULL && pclose(output) == 0 ? text : NULL;
}

static bool is_ours(const struct proctree_process *process)
{
    return process->state != 'Z' && strstr(process->name, "superv") == NULL &&
           strncmp(process->name, "orted", 5) != 0 && strncmp(process->name, "mpirun", 6) != 0 &&
           strncmp(process->name, "orterun", 7) != 0;
}

/* What `multirank stack` says of the process that main runs in: the one that has the program's own name. */
static const char *stack_of(const proctree *tree)
{
    const char *tool = getenv("LESSON_TOOL");
    for (int i = 0; i < tree->count && tool != NULL; i++) {
        if (!is_ours(&tree->process[i]) || strncmp(tree->process[i].name, "mr-rank", 7) == 0)
            continue;
        const char *text =
            output_of(say("timeout 10 '%s' stack %ld 2>/dev/null </dev/null", tool, (long)tree->process[i].pid));
        if (text != NULL && *text != '\0')
            return text;
    }
    return NULL;
}

/* Of gdb's lines those that mean something to the one who wrote the program: "#3 0x... in mr_queue_get (...) ...",
 * "#4 0x... in work (...) at exercise.c:17". NULL: none of them does; a rank that waits for work. */
static const char *frames_of(pid_t pid)
{
    char line[LINE];
    const char *text = NULL, *call = NULL;
    FILE *gdb =
        popen(say("timeout 10 gdb -nx -batch -iex 'set debuginfod enabled off' -p %ld -ex 'bt 40' 2>/dev/null "
                  "</dev/null",
                  (long)pid),
              "re");
    while (gdb != NULL && fgets(line, sizeof line, gdb) != NULL) {
        const char *name = strstr(line, " in "), *place = strstr(line, " at ");
        name = name != NULL ? name + 4 : line;
        if (line[0] != '#' || text != NULL || strstr(line, "sysdeps") != NULL)
            continue;
        if (strncmp(name, "mr_", 3) == 0 && strncmp(name, "mr__", 4) != 0)
            call = say("%.*s", (int)strcspn(name, " ("), name);
        if (place == NULL || strstr(place, ".c:") == NULL)
            continue;
        const char *slash = strrchr(place, '/');
        place = slash != NULL ? slash + 1 : place + 4;
        text = call != NULL ? say("waits in %s, called at %s", call, place) : say("is at %s", place);
    }
    if (gdb != NULL)
        pclose(gdb);
    return text != NULL || call == NULL ? text : say("waits in %s\n", call);
}

/* What gdb says of all processes that run something of the program. */
static const char *all_frames(const proctree *tree)
{
    const char *text = "";
    for (int i = 0; i < tree->count; i++) {
        const char *frames = is_ours(&tree->process[i]) ? frames_of(tree->process[i].pid) : NULL;
        if (frames != NULL)
            text =
                say("%s    process %ld (%s) %s", text, (long)tree->process[i].pid, tree->process[i].name, frames);
    }
    return text;
}

const char *explain_hang(const struct running *running)
{
    proctree tree = proctree_read(running->folder);
    const char *waits = stack_of(&tree);
    const char *text = say("%s%s", waits != NULL ? waits : "", all_frames(&tree));
    proctree_free(&tree);
    return *text != '\0' ? text : say("    (neither `multirank stack` nor gdb can tell)\n");
}
