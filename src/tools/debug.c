#include "tools/debug.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The settings for gdb lie where they were installed, which is found from where this program lies. */
static bool find_settings(char *path, size_t size)
{
    static const char FILE_FROM_FOLDER[] = "/../share/multirank/multirank.gdb";
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) + sizeof FILE_FROM_FOLDER > size)
        return false;
    strcpy(slash, FILE_FROM_FOLDER);
    return access(path, R_OK) == 0;
}

/* Only what makes valgrind end: its search for leaks would go through all memory that the processes share, tens of
 * gigabytes of it, most of which do not exist. */
static int run_valgrind(char **arguments, size_t count)
{
    char *words[] = {"valgrind", "--trace-children=yes", "--leak-check=no"};
    enum { WORDS = sizeof words / sizeof words[0] };
    char **command = calloc(WORDS + count + 1, sizeof *command);
    if (command == NULL)
        return 1;
    memcpy(command, words, sizeof words);
    memcpy(command + WORDS, arguments, count * sizeof *command);
    setenv("MULTIRANK_START_TIMEOUT", "600", 0); /* it is slow */
    execvp(command[0], command);
    fprintf(stderr, "multirank: valgrind cannot be run: %s\n", strerror(errno));
    free(command);
    return 1;
}

/* How many of these are options of gdb, with what belongs to them. */
static size_t count_options(char **arguments)
{
    static const char *const with_word[] = {"-ex", "-x", "-iex", "-ix"};
    size_t count = 0;
    while (arguments[count] != NULL && arguments[count][0] == '-') {
        bool takes_word = false;
        for (size_t i = 0; i < sizeof with_word / sizeof with_word[0]; i++)
            takes_word = takes_word || strcmp(arguments[count], with_word[i]) == 0;
        count += takes_word && arguments[count + 1] != NULL ? 2 : 1;
    }
    return count;
}

static int run_gdb(char **arguments, size_t count)
{
    char settings[4096] = "";
    if (!find_settings(settings, sizeof settings)) {
        fprintf(stderr, "multirank: the settings for gdb are not there: %s\n", settings);
        return 1;
    }
    char *words[] = {"gdb", "-q", "-x", settings};
    enum { WORDS = sizeof words / sizeof words[0] };
    char **command = calloc(WORDS + count + 2, sizeof *command);
    size_t options = count_options(arguments);
    if (command == NULL)
        return 1;
    memcpy(command, words, sizeof words);
    memcpy(command + WORDS, arguments, options * sizeof *command);
    command[WORDS + options] = "--args";
    memcpy(command + WORDS + options + 1, arguments + options, (count - options) * sizeof *command);
    execvp(command[0], command);
    fprintf(stderr, "multirank: gdb cannot be run: %s\n", strerror(errno));
    free(command);
    return 1;
}

int mr__debug_program(char **arguments)
{
    size_t count = 0;
    bool for_valgrind = arguments[0] != NULL && strcmp(arguments[0], "--valgrind") == 0;
    arguments += for_valgrind;
    while (arguments[count] != NULL)
        count++;
    if (count > count_options(arguments))
        return for_valgrind ? run_valgrind(arguments, count) : run_gdb(arguments, count);
    fprintf(stderr, "multirank: debug needs a program; see: multirank help\n");
    return 2;
}
