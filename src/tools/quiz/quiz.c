/* The command `multirank quiz`: what it is asked for, and where its files are. */
#include "tools/quiz/quiz.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct request {
    const char *folder, *export; /* NULL: the course's own; a game */
    long lesson;                 /* -1: all */
    mr__quiz_game game;
} request;

static const char usage[] =
    "usage: multirank quiz [--lesson N] [--lang es|en] [--seed N] [--questions N] [--folder FOLDER]\n"
    "       multirank quiz --export moodle|gift [--lesson N] [--lang es|en] [--folder FOLDER]\n"
    "The questions are in FOLDER/NN-topic/quiz.txt; without --folder, in the course that is installed.\n";

/* The language of the user's locale, if the course speaks it. */
static mr__language own_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != '\0')
            return strncmp(value, "es", 2) == 0 ? MR__ES : MR__EN;
    }
    return MR__EN;
}

static bool read_number(const char *option, const char *text, long least, long *number)
{
    char *end;
    errno = 0;
    *number = strtol(text, &end, 10);
    if (*text != '\0' && *end == '\0' && errno == 0 && *number >= least)
        return true;
    fprintf(stderr, "multirank: quiz: %s takes a whole number, %ld at least, and not '%s'\n%s", option, least,
            text, usage);
    return false;
}

static bool read_option(request *r, const char *option, const char *value)
{
    long number;
    if (strcmp(option, "--lesson") == 0)
        return read_number(option, value, 0, &r->lesson);
    if (strcmp(option, "--seed") == 0 || strcmp(option, "--questions") == 0) {
        bool is_seed = option[2] == 's';
        if (!read_number(option, value, is_seed ? 0 : 1, &number))
            return false;
        if (is_seed)
            r->game.seed = (uint64_t)number;
        else
            r->game.most = (size_t)number;
        return true;
    }
    bool is_language = strcmp(option, "--lang") == 0, is_export = strcmp(option, "--export") == 0;
    if (strcmp(option, "--folder") == 0)
        r->folder = value;
    else if (is_language && (strcmp(value, "es") == 0 || strcmp(value, "en") == 0))
        r->game.language = value[1] == 's' ? MR__ES : MR__EN;
    else if (is_export && (strcmp(value, "moodle") == 0 || strcmp(value, "gift") == 0))
        r->export = value;
    else {
        fprintf(stderr, "multirank: quiz: %s is not %s, but '%s'\n%s", option,
                is_language ? "es or en" : "moodle or gift", value, usage);
        return false;
    }
    return true;
}

static bool read_arguments(request *r, char **arguments)
{
    static const char *const options[] = {"--lesson", "--lang", "--seed", "--questions", "--export", "--folder"};
    for (; arguments[0] != NULL; arguments += 2) {
        size_t i = 0, count = sizeof options / sizeof *options;
        while (i < count && strcmp(arguments[0], options[i]) != 0)
            i++;
        if (i == count || arguments[1] == NULL) {
            fprintf(stderr,
                    i == count ? "multirank: quiz: there is no option %s\n%s"
                               : "multirank: quiz: %s needs a value behind it\n%s",
                    arguments[0], usage);
            return false;
        }
        if (!read_option(r, arguments[0], arguments[1]))
            return false;
    }
    return true;
}

/* Beside the folder of this program, as installed and as built. */
static bool find_course(char *folder, size_t size)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return false;
    program[length] = '\0';
    int written = snprintf(folder, size, "%s/../share/multirank/lessons", dirname(program));
    return written > 0 && (size_t)written < size;
}

/* The files of the lessons that are asked for, in their order. */
static bool read_course(mr__quiz *quiz, const request *r)
{
    char own[PATH_MAX + 64], pattern[PATH_MAX + 128];
    const char *folder = r->folder;
    bool good = true;
    glob_t files = {0};
    if (folder == NULL && !find_course(own, sizeof own)) {
        fprintf(stderr,
                "multirank: quiz: this program does not find its own folder; is /proc there? Name the folder of "
                "the lessons with --folder\n");
        return false;
    }
    folder = folder == NULL ? own : folder;
    if (r->lesson >= 0)
        snprintf(pattern, sizeof pattern, "%s/%02ld-*/quiz.txt", folder, r->lesson);
    else
        snprintf(pattern, sizeof pattern, "%s/[0-9][0-9]-*/quiz.txt", folder);
    int found = glob(pattern, 0, NULL, &files);
    if (found == GLOB_NOMATCH && r->lesson >= 0)
        fprintf(stderr, "multirank: quiz: lesson %ld has no questions; the lessons are those in %s\n", r->lesson,
                folder);
    else if (found != 0)
        fprintf(stderr,
                "multirank: quiz: there are no questions in %s; install the package again, or name the folder of "
                "the lessons with --folder\n",
                folder);
    for (size_t i = 0; found == 0 && i < files.gl_pathc; i++)
        good = mr__quiz_read(quiz, files.gl_pathv[i]) && good; /* all mistakes are told at once */
    globfree(&files);
    return good && found == 0;
}

int mr__quiz_command(char **arguments)
{
    mr__quiz quiz = {0};
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    struct timespec now;
    int code = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    request r = {.lesson = -1,
                 .game = {.language = own_language(),
                          .colour = isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0') &&
                                    terminal != NULL && strcmp(terminal, "dumb") != 0,
                          .pauses = isatty(STDIN_FILENO),
                          .seed = (uint64_t)(now.tv_nsec ^ now.tv_sec) % 100000,
                          .most = SIZE_MAX}};
    if (!read_arguments(&r, arguments))
        return 2;
    if (!read_course(&quiz, &r))
        code = 1;
    else if (r.export == NULL)
        code = mr__quiz_play(&quiz, &r.game);
    else if (strcmp(r.export, "gift") == 0)
        mr__quiz_gift(stdout, &quiz, r.game.language);
    else
        mr__quiz_moodle(stdout, &quiz, r.game.language);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "multirank: quiz: the output cannot be written: %s\n", strerror(errno));
        code = 1;
    }
    mr__quiz_free(&quiz);
    return code;
}
