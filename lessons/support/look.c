/* What was expected, what was seen, what to look at next. */
#include "look.h"

#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static bool is_silent;
static const char *complaints = ""; /* all that was said of what is not ok */

void look_begin(bool is_hung)
{
    failures = 0;
    is_silent = is_hung;
    complaints = "";
}

int look_failures(void)
{
    return failures;
}

const char *look_complaints(void)
{
    return complaints;
}

void complain(const char *text)
{
    failures++;
    complaints = say("%s%s", complaints, text);
    printf("%s", text);
}

bool check(bool is_good, const char *what, const char *expected, const char *seen, const char *next)
{
    if (is_silent)
        return is_good;
    if (is_good)
        printf("%s", say("ok: %s: %s\n", translated(what), translated(seen)));
    else
        complain(say("not ok: %s\n    expected: %s\n    seen:     %s\n    next:     %s\n", translated(what),
                     translated(expected), translated(seen), translated(next)));
    return is_good;
}

bool recognise(bool is_it, const char *sentence)
{
    if (is_it)
        complain(say("not ok: %s\n", translated(sentence)));
    return is_it;
}

void measured(const char *format, ...)
{
    va_list arguments;
    if (is_silent)
        return;
    printf("%s", translated("measured: "));
    va_start(arguments, format);
    vprintf(translated(format), arguments);
    va_end(arguments);
    printf("\n");
}

bool check_set(const matches *found, int group, const char *what, const char *wanted, const char *next)
{
    const char *seen = all_of(found, group);
    bool is_good = strcmp(sorted(found->count > 0 ? seen : ""), sorted(wanted)) == 0;
    return check(is_good, what, say("%s, each once, in any order", wanted), seen, next);
}

bool check_sequence(const matches *found, int group, const char *what, const char *wanted, const char *next)
{
    const char *seen = all_of(found, group);
    return check(strcmp(found->count > 0 ? seen : "", wanted) == 0, what, wanted, seen, next);
}

static const char *times_text(size_t times)
{
    return times == 0 ? say("never") : times == 1 ? say("once") : say("%zu times", times);
}

bool check_times(const struct run *run, const char *line, size_t times, const char *next)
{
    size_t seen = line_times(run, line);
    return check(seen == times, say("\"%s\"", line), times_text(times), times_text(seen), next);
}

bool check_order(const struct run *run, const char *first, const char *second, const char *what, const char *next)
{
    matches before = lines_like(run, first), after = lines_like(run, second);
    size_t last = before.count > 0 ? before.at[before.count - 1].place : 0;
    size_t next_place = after.count > 0 ? after.at[0].place : 0;
    const char *seen = before.count == 0 || after.count == 0
                           ? say("%zu lines of the first kind, %zu of the second", before.count, after.count)
                           : say("\"%s\" in line %zu, \"%s\" in line %zu", before.at[before.count - 1].text[0],
                                 last, after.at[0].text[0], next_place);
    return check(last > 0 && next_place > last, what, say("all of \"%s\" before any of \"%s\"", first, second),
                 seen, next);
}

bool check_overlap(const matches *starts, const matches *ends, const char *next)
{
    bool is_there = starts->count > 0 && ends->count > 0;
    double last = is_there ? starts->at[starts->count - 1].when : 0, first = is_there ? ends->at[0].when : 0;
    bool is_good = is_there && starts->at[starts->count - 1].place < ends->at[0].place;
    return check(is_good, "all at once, not one after another",
                 "the last one has started before the first one ends",
                 is_there ? say("the last start after %.1f s, the first end after %.1f s", last, first)
                          : say("%zu starts, %zu ends", starts->count, ends->count),
                 next);
}

bool is_shipped(void)
{
    return getenv("LESSON_SHIPPED") != NULL;
}
