/* Checks that the tour can tell what is wrong: breaks one thing at a time in a copy of it, and visits that stop.
 *
 *     mutants SOURCES LIBRARY COMPILER [FLAG ...]
 *
 * A mutant is right when the stop is not seen, and for the reason that was meant. One line each. */
#include <ftw.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHANGES = 3, SOURCES = 16, OUTPUT = 65536, COMMAND = 16384 };

struct mutant {
    int stop;
    const char *reason; /* what says "no" there */
    const char *file;   /* in which it is broken */
    struct {
        const char *old, *new;
    } changes[CHANGES];
};

static const struct mutant mutants[] = {
    {1, "each index once", "processes.c", {{"{*notebook, i}", "{*notebook, i / 2}"}}},
    {1,
     "each index once",
     "processes.c",
     {{"return write_note(&call", "return call->index == 3 ? 0 : write_note(&call"}}},
    {2,
     "numbered by creation",
     "processes.c",
     {{"mr_process_set_name(&processes[1]", "mr_process_set_name(&processes[2]"}}},
    {2,
     "each reports its start",
     "processes.c",
     {{"if (write_note(&meeting->notebook, \"start\", NO_NUMBER) != 0)", "if (0)"}}},
    {2,
     "nobody ends",
     "processes.c",
     {{"mr_barrier_wait(&meeting->all_here, NULL, LIMIT) != MR_OK", "0"},
      {"if (mr_process_start(&processes[i]) != MR_OK)",
       "if (mr_process_start(&processes[i]) != MR_OK || mr_process_join(&processes[i], LIMIT) != MR_OK)"}}},
    {3,
     "the daemon",
     "ends.c",
     {{"mr_process_set_daemon(&background, true)", "mr_process_set_daemon(&background, false)"},
      {"nap(10)", "nap(0.5)"}}},
    {3,
     "main is finished",
     "ends.c",
     {{"    if (write_note(&scene->notebook, \"finished\"",
       "    mr_barrier_wait(&scene->all_here, NULL, LIMIT);\n    mr_process_join(&foreground, LIMIT);\n    return "
       "write_note(&scene->notebook, \"finished\", NO_NUMBER);\n    if (write_note(&scene->notebook, "
       "\"finished\""}}},
    {3,
     "main is finished",
     "ends.c",
     {{"mr_process_set_daemon(&background, true)", "mr_process_set_daemon(&foreground, true)"},
      {"nap(10)", "nap(0.5)"},
      {"nap(0.2)", "nap(5)"}}},
    {4, "ended by signal 15", "ends.c", {{"mr_process_terminate(&process)", "mr_process_kill(&process)"}}},
    {4,
     "it has not come",
     "ends.c",
     {{"mr_process_terminate(&process) != MR_OK", "false"}, {"nap(10)", "nap(0.5)"}}},
    {4,
     "alive before start",
     "ends.c",
     {{"if (mr_process_join(&process, LIMIT) != MR_OK)", "if (0)"},
      {"mr_process_terminate(&process) != MR_OK", "0"}}},
    {5, "named after their class", "processes.c", {{"{\"MyProcess\", ", "{\"Process\", "}}},
    {5, "each ran the function", "processes.c", {{"processes[i].index = i;", "processes[i].index = 0;"}}},
    {6,
     "who waits gets",
     "exchange.c",
     {{"if (write_note(&worker->notebook, \"got\"", "if (count != 2 && write_note(&worker->notebook, \"got\""}}},
    {6,
     "and stops at the sentinel",
     "exchange.c",
     {{"start(&consumer, &consumer_class", "start(&consumer, &hasty_class"}}},
    {6,
     "who stops at an empty queue",
     "exchange.c",
     {{"start(&hasty, &hasty_class", "start(&hasty, &producer_class"}}},
    {7, "the squares", "exchange.c", {{"number * number", "number + number"}}},
    {7, "the squares", "exchange.c", {{"LIMIT)) == MR_OK) {", "LIMIT)) == MR_OK && number < 3) {"}}},
    {7,
     "then the end",
     "exchange.c",
     {{"while ((status = mr_connection_recv(&squares_in",
       "while (count < SQUARES && (status = mr_connection_recv(&squares_in"}}},
    {8, "nobody passes", "together.c", {{"party->waits && mr", "0 && mr"}, {"nap(0.2)", "nap(1)"}}},
    {8,
     "who has no barrier",
     "together.c",
     {{"\"free-1\", \"barrier-2\", \"free-2\"", "\"free-2\", \"barrier-2\", \"free-1\""}}},
    {8,
     "the two lines",
     "together.c",
     {{"MR_LOCKED(&party->lock)", "while (party != NULL)"}, {"nap(0.05)", "nap(0.5)"}}},
    {9, "each process has set", "together.c", {{"MR_INT(2 * setter->key)", "MR_INT(setter->key)"}}},
    {9, "each process has set", "together.c", {{"setter.key = i;", "setter.key = i % 9;"}}},
    {9,
     "they worked",
     "together.c",
     {{"mr_barrier_wait(&setter->all_here, NULL, LIMIT) != MR_OK", "0"},
      {"if (mr_process_start(&processes[i]) != MR_OK)\n            return failed();\n    }\n    for (int i = 0; i "
       "< SETTERS",
       "if (mr_process_start(&processes[i]) != MR_OK || mr_process_join(&processes[i], LIMIT) != MR_OK)\n         "
       "   return failed();\n    }\n    for (int i = 0; i < SETTERS"}}},
    {9, "the dict ends", "together.c", {{"mr_manager_close(&manager) != MR_OK", "0"}}},
    {10, "the squares", "together.c", {{"{number * number,", "{number + number,"}}},
    {10, "main has not", "together.c", {{"mr_process_rank(mr_current_process())", "0"}}},
    {10, "once it is closed", "together.c", {{"mr_pool_close(&pool) != MR_OK", "0"}}},
};

/* A folder in which copies of the tour are built and run. */
static struct {
    char folder[64];
    const char *sources;
    char compiler[COMMAND]; /* and its flags, quoted for the shell */
    char library[COMMAND];  /* what it is linked with */
    char *names[SOURCES];   /* of the sources, without the folder */
    size_t count;
} workshop = {.folder = "/tmp/mutants-XXXXXX"};

static char output[OUTPUT]; /* of the last command */

/* Runs a command of the shell; gives its exit code. */
static int __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
    static char command[3 * COMMAND];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    FILE *stream = popen(command, "re");
    size_t size = stream == NULL ? 0 : fread(output, 1, sizeof output - 1, stream);
    output[size] = '\0';
    int status = stream == NULL ? -1 : pclose(stream);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void quote(char *into, size_t size, const char *word)
{
    size_t length = strlen(into);
    snprintf(into + length, size - length, " '%s'", word);
}

static char *read_source(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", workshop.sources, name);
    FILE *file = fopen(path, "re");
    char *text = calloc(1, OUTPUT);
    if (file == NULL || text == NULL)
        abort();
    text[fread(text, 1, OUTPUT - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* Makes NAME.o of a text in the folder. */
static bool compile(const char *name, const char *text)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/source.c", workshop.folder);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        return false;
    return run("%s -c '%s' -o '%s/%s.o' 2>&1", workshop.compiler, path, workshop.folder, name) == 0;
}

/* Links all sources, but `mutant` instead of `replaced` (NULL: none), and visits a stop (0: all). */
static int visit(const char *replaced, const char *mutant, int stop)
{
    char objects[COMMAND] = "", path[PATH_MAX], number[16] = "";
    for (size_t i = 0; i < workshop.count; i++) {
        bool is_replaced = replaced != NULL && strcmp(workshop.names[i], replaced) == 0;
        snprintf(path, sizeof path, "%s/%s.o", workshop.folder, is_replaced ? mutant : workshop.names[i]);
        quote(objects, sizeof objects, path);
    }
    if (run("%s%s%s -o '%s/example' 2>&1", workshop.compiler, objects, workshop.library, workshop.folder) != 0)
        return -1;
    if (stop > 0)
        snprintf(number, sizeof number, "%d", stop);
    return run("timeout -k 5 60 '%s/example' %s 2>&1", workshop.folder, number);
}

/* The text with the first `old` replaced; takes the text. NULL if there is none. */
static char *replace(char *text, const char *old, const char *new)
{
    char *place = strstr(text, old), *result = NULL;
    if (place != NULL && asprintf(&result, "%.*s%s%s", (int)(place - text), text, new, place + strlen(old)) < 0)
        abort();
    free(text);
    return result;
}

/* Whether the stop is not seen, and for the reason that was meant. */
static bool is_caught(const struct mutant *mutant)
{
    char no[256];
    char *text = read_source(mutant->file);
    for (int i = 0; i < CHANGES && text != NULL && mutant->changes[i].old != NULL; i++) {
        text = replace(text, mutant->changes[i].old, mutant->changes[i].new);
        if (text == NULL)
            snprintf(output, sizeof output, "\"%s\" is not in %s any more", mutant->changes[i].old, mutant->file);
    }
    if (text == NULL)
        return false;
    bool is_compiled = compile("mutant", text);
    free(text);
    snprintf(no, sizeof no, "\n  no  %s", mutant->reason);
    return is_compiled && visit(mutant->file, "mutant", mutant->stop) == 1 &&
           strstr(output, "\n  not seen") != NULL && strstr(output, no) != NULL;
}

static bool report(bool is_good, const char *what, const char *old, const char *new)
{
    printf("%s: %s%s%s%s\n%s%s", is_good ? "ok" : "not ok", what, old, *new != '\0' ? " -> " : "", new,
           is_good ? "" : output, is_good ? "" : "\n");
    return is_good;
}

static bool build_all(void)
{
    char pattern[PATH_MAX];
    glob_t found;
    bool is_good = true;
    static const char *const others[] = {"check.c", "mutants.c", "mpi.c"};
    snprintf(pattern, sizeof pattern, "%s/*.c", workshop.sources);
    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc && workshop.count < SOURCES; i++) {
        const char *name = basename(found.gl_pathv[i]);
        bool is_other = false;
        for (size_t j = 0; j < sizeof others / sizeof *others; j++)
            is_other |= strcmp(name, others[j]) == 0;
        if (is_other)
            continue;
        char *text = read_source(name);
        workshop.names[workshop.count++] = strdup(name);
        is_good &= compile(name, text);
        free(text);
    }
    globfree(&found);
    return is_good;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static void set_up(char **argv)
{
    char option[PATH_MAX + 32], copy[PATH_MAX];
    workshop.sources = argv[1];
    for (char **word = argv + 3; *word != NULL; word++)
        quote(workshop.compiler, sizeof workshop.compiler, *word);
    snprintf(option, sizeof option, "-I%s/../../src", argv[1]);
    quote(workshop.compiler, sizeof workshop.compiler, option);
    snprintf(option, sizeof option, "-I%s", argv[1]);
    quote(workshop.compiler, sizeof workshop.compiler, option);
    quote(workshop.compiler, sizeof workshop.compiler, "-D_POSIX_C_SOURCE=200809L");
    quote(workshop.library, sizeof workshop.library, argv[2]);
    snprintf(copy, sizeof copy, "%s", argv[2]);
    snprintf(option, sizeof option, "-Wl,-rpath,%s", dirname(copy));
    quote(workshop.library, sizeof workshop.library, option);
    quote(workshop.library, sizeof workshop.library, "-Wl,--build-id=sha1");
}

int main(int argc, char **argv)
{
    bool is_good;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 4 || mkdtemp(workshop.folder) == NULL) {
        fprintf(stderr, "Usage: mutants SOURCES LIBRARY COMPILER [FLAG ...]\n");
        return 2;
    }
    set_up(argv);
    is_good = report(build_all() && visit(NULL, NULL, 0) == 0, "the tour itself", "", "");
    for (size_t i = 0; i < sizeof mutants / sizeof *mutants; i++) {
        char what[256];
        snprintf(what, sizeof what, "stop %d, %s: ", mutants[i].stop, mutants[i].reason);
        is_good &= report(is_caught(&mutants[i]), what, mutants[i].changes[0].old, mutants[i].changes[0].new);
    }
    nftw(workshop.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < workshop.count; i++)
        free(workshop.names[i]);
    return is_good ? 0 : 1;
}
