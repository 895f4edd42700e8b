/* What a program has printed: the lines of a form, and texts made of them. */
#include "lines.h"

#include <libgen.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "multirank-lessons"

/* All that was allocated for the check; freed in one go at its end. */
static void **kept;
static size_t kept_count;

void *keep(void *memory)
{
    void **more = realloc(kept, (kept_count + 1) * sizeof *kept);
    if (memory == NULL || more == NULL)
        abort();
    kept = more;
    kept[kept_count++] = memory;
    return memory;
}

void keep_nothing(void)
{
    for (size_t i = 0; i < kept_count; i++)
        free(kept[i]);
    free(kept);
    kept = NULL;
    kept_count = 0;
}

const char *own_folder(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    return length > 0 ? dirname(path) : ".";
}

const char *translated(const char *text)
{
    return *text != '\0' ? dgettext(DOMAIN, text) : text; /* the empty one is the header of the translations */
}

/* Numbers stay as they are in C: programs print them so, and the checks read them. */
void choose_language(const char *language)
{
    char path[PATH_MAX + 64], found[PATH_MAX + 128];
    static const char *const places[] = {"../locale", "../../../../share/locale"}; /* as built, as installed */
    setlocale(LC_CTYPE, "");
    if (setlocale(LC_MESSAGES, "") == NULL || language != NULL)
        setlocale(LC_ALL, "C.UTF-8"); /* in "C" nothing is translated */
    if (language != NULL)
        setenv("LANGUAGE", language, 1);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s", own_folder(), places[i]);
        snprintf(found, sizeof found, "%s/es/LC_MESSAGES/" DOMAIN ".mo", path);
        if (access(found, R_OK) == 0)
            bindtextdomain(DOMAIN, path);
    }
    bind_textdomain_codeset(DOMAIN, "UTF-8");
}

const char *say(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, translated(format), arguments);
    va_end(arguments);
    return length < 0 ? "?" : keep(text);
}

static void compile(regex_t *expression, const char *pattern, int flags)
{
    char reason[256];
    int code = regcomp(expression, pattern, REG_EXTENDED | flags);
    if (code == 0)
        return;
    regerror(code, expression, reason, sizeof reason);
    fprintf(stderr, "the check itself is wrong: \"%s\": %s\n", pattern, reason);
    abort();
}

matches lines_like(const struct run *run, const char *pattern)
{
    matches found = {.at = keep(calloc(run->count + 1, sizeof *found.at))};
    regex_t expression;
    compile(&expression, say("^(%s)$", pattern), 0);
    for (size_t i = 0; i < run->count; i++) {
        regmatch_t groups[GROUPS_MAX + 1];
        if (regexec(&expression, run->lines[i].text, GROUPS_MAX + 1, groups, 0) != 0)
            continue;
        struct match *match = &found.at[found.count++];
        match->when = run->lines[i].when;
        match->place = i + 1;
        for (int group = 0; group < GROUPS_MAX; group++) { /* group 0 is ours, around the whole */
            regmatch_t span = groups[group + 1];
            if (span.rm_so >= 0)
                snprintf(match->text[group], GROUP_SIZE, "%.*s", (int)(span.rm_eo - span.rm_so),
                         run->lines[i].text + span.rm_so);
        }
    }
    regfree(&expression);
    return found;
}

bool errors_mention(const struct run *run, const char *pattern)
{
    regex_t expression;
    compile(&expression, pattern, REG_NEWLINE);
    bool is_there = regexec(&expression, run->errors, 0, NULL, 0) == 0;
    regfree(&expression);
    return is_there;
}

size_t line_times(const struct run *run, const char *text)
{
    size_t times = 0;
    for (size_t i = 0; i < run->count; i++)
        times += strcmp(run->lines[i].text, text) == 0;
    return times;
}

size_t line_place(const struct run *run, const char *text)
{
    for (size_t i = 0; i < run->count; i++)
        if (strcmp(run->lines[i].text, text) == 0)
            return i + 1;
    return 0;
}

long number_in(const struct match *match, int group)
{
    return strtol(match->text[group], NULL, 10);
}

const char *all_of(const matches *found, int group)
{
    const char *text = "";
    for (size_t i = 0; i < found->count; i++)
        text = say("%s%s%s", text, i > 0 ? " " : "", found->at[i].text[group]);
    return *text != '\0' ? text : translated("nothing");
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

const char *sorted(const char *words)
{
    char *copy = keep(strdup(words)), **word = keep(calloc(strlen(words) + 1, sizeof *word)), *next = NULL;
    size_t count = 0;
    for (char *each = strtok_r(copy, " ", &next); each != NULL; each = strtok_r(NULL, " ", &next))
        word[count++] = each;
    qsort(word, count, sizeof *word, compare);
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = say("%s%s%s", text, i > 0 ? " " : "", word[i]);
    return text;
}
