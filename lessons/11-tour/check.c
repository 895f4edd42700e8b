/* Lesson 11: what each stop of the tour tells is looked at once more, from outside. */
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

/* A stop: what it has to tell (as a pattern; "yes " may stand before it), and when that is right. */
struct stop {
    const char *name, *pattern;
    bool (*is_right)(const struct match *told); /* NULL: the pattern says it all */
};

/* Whether the words are the numbers from 0 to 4, in any order. */
static bool is_each_index(const struct match *told)
{
    bool is_there[5] = {false};
    for (const char *at = told->text[1]; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        long index = strtol(at, NULL, 10);
        if (length != 1 || index > 4 || is_there[index])
            return false;
        is_there[index] = true;
        at += length;
    }
    return is_there[0] && is_there[1] && is_there[2] && is_there[3] && is_there[4];
}

static bool is_two_more(const struct match *told)
{
    return number_in(told, 2) == number_in(told, 1) + 2;
}

static bool is_four_more(const struct match *told)
{
    return number_in(told, 2) == number_in(told, 1) + 4;
}

static bool is_background(const struct match *told)
{
    static const char last[] = "foreground end";
    size_t length = strlen(told->text[1]);
    return strstr(told->text[1], "main finished, ") != NULL && strstr(told->text[1], "background end") == NULL &&
           length > strlen(last) && strcmp(told->text[1] + length - strlen(last), last) == 0;
}

static bool is_free(const struct match *told)
{
    const char *first = strstr(told->text[1], "free-1 went on"), *second = strstr(told->text[1], "free-2 came");
    return first != NULL && second != NULL && first < second;
}

static bool is_dict(const struct match *told)
{
    const char *text = say(", %s,", told->text[1]);
    size_t length = 1;
    bool is_good = true;
    for (int i = 0; i < 10; i++) {
        const char *pair = say(", %d: %d,", i, 2 * i);
        is_good &= strstr(text, pair) != NULL;
        length += strlen(pair) - 1;
    }
    return is_good && strlen(text) == length;
}

static const struct stop stops[] = {
    {"functions", "each index once, in any order: ([0-9 ]+)", is_each_index},
    {"names", "numbered by creation, .*: Process-([0-9]+), courier, Process-([0-9]+)", is_two_more},
    {"background", "(.*background start.*)", is_background},
    {"kill", "alive before start, .*: false, true, (true|false), false", NULL},
    {"subclass", "named after their class, .*: MyProcess-([0-9]+) to MyProcess-([0-9]+)", is_four_more},
    {"queue", "who waits gets every number once, in order: [0-9]+( [0-9]+){4}", NULL},
    {"pipe", "the squares of 0 to 9, in order: 0 1 4 9 16 25 36 49 64 81", NULL},
    {"barrier", "((barrier|free)-1 came, .*)", is_free},
    {"manager", "[{]([0-9]: .*)[}]", is_dict},
    {"pool", "the squares of 0 to 99, in order: 0 1 4 9 16 25 36 49 64 81 [.][.][.] 9801", NULL},
};
enum { STOPS = sizeof stops / sizeof *stops };

/* The lines of a form between two places of the output. */
static matches lines_between(const struct run *run, size_t first, size_t last, const char *pattern)
{
    struct run part = *run;
    part.lines += first;
    part.count = last - first;
    return lines_like(&part, pattern);
}

/* Looks at a stop whose lines are these; gives the seconds that it says it took. */
static double check_stop(const struct run *run, const struct stop *stop, size_t first, size_t last)
{
    matches result = lines_between(run, first, last, " *(seen|not seen), ([0-9]+[.][0-9]+) s");
    matches bad = lines_between(run, first, last, " *(no .*)");
    bool is_seen = result.count == 1 && strcmp(result.at[0].text[1], "seen") == 0 && bad.count == 0;
    check(is_seen, say("%s: what was to be seen", stop->name), "seen, and no line that says no",
          is_seen ? "seen" : say("%s; %s", all_of(&result, 1), all_of(&bad, 1)),
          "the lines of this stop that say no");
    matches told = lines_between(run, first, last, say(" *(yes )?(%s)", stop->pattern));
    bool is_told = told.count > 0;
    if (is_told &&
        stop->is_right != NULL) { /* without what may stand before it, so that its groups are the first */
        struct match *match = &told.at[0];
        memmove(match->text[1], match->text[3], sizeof match->text[1]);
        memmove(match->text[2], match->text[4], sizeof match->text[2]);
        is_told = stop->is_right(match);
    }
    check(is_told, say("%s: what it tells", stop->name), stop->pattern,
          told.count > 0 ? told.at[0].text[0] : "nothing like it", "what this stop does");
    return result.count == 1 ? strtod(result.at[0].text[2], NULL) : 0;
}

EXAMPLE(.ranks = 11)
{
    matches headings = lines_like(run, "([0-9]+), ([a-z]+): How .+[?]");
    matches end = lines_like(run, "([0-9]+) of ([0-9]+) seen, ([0-9]+[.][0-9]+) s");
    const char *wanted = "", *numbers = "";
    for (int i = 0; i < STOPS; i++) {
        wanted = say("%s%s%s", wanted, i > 0 ? " " : "", stops[i].name);
        numbers = say("%s%s%d", numbers, i > 0 ? " " : "", i + 1);
    }
    bool is_whole = check_sequence(&headings, 2, "all stops", wanted, "the table of stops");
    is_whole &= check_sequence(&headings, 1, "a stop for each lesson, in order", numbers, "the table of stops");
    double sum = 0, total = end.count == 1 ? strtod(end.at[0].text[3], NULL) : 0;
    for (size_t i = 0; is_whole && i < STOPS; i++)
        sum += check_stop(run, &stops[i], headings.at[i].place,
                          i + 1 < STOPS ? headings.at[i + 1].place : run->count);
    bool is_end = end.count == 1 && number_in(&end.at[0], 1) == STOPS && number_in(&end.at[0], 2) == STOPS;
    check(is_end, "the tour's end", say("%d of %d seen", STOPS, STOPS), all_of(&end, 0),
          "which stop was not seen?");
    check(sum < total + 0.2 && total < run->seconds + 0.2, "each stop's time, and the tour's",
          say("no more in all than the program took (%.2f s)", run->seconds),
          say("%.2f s at the stops, %.2f s in all", sum, total), "how is the time taken?");
}

EXERCISE(pipeline, .ranks = 5, .limit = 15)
{
    matches squares = lines_like(run, "square ([0-9]+)"), left = lines_like(run, "left (-?[0-9]+)");
    check_set(&squares, 1, "each square once", "1 4 9 16 25 36 49 64 81", "when does the collector go home?");
    check_times(run, "collector goes home", 1, "who tells it that no more will come?");
    check_sequence(&left, 1, "nothing is left in the queue", "0", "what is left, and for whom was it meant?");
    recognise(squares.count < 9 && line_place(run, "collector goes home") > 0,
              "the collector has gone home when only the first worker had finished, or earlier: the end may be "
              "told when all "
              "workers have ended");
    recognise(run->is_hung && squares.count == 9, "all squares are there, and nobody tells the collector");
}

EXERCISE(survivors, .ranks = 6, .limit = 15)
{
    long every = seeded_number("every", 2, 2, 4), fallen = 0;
    const char *wanted = "";
    for (long i = 0; i < 5; i++) {
        if (i % every == 1)
            fallen++;
        else
            wanted = say("%s%s%ld", wanted, *wanted != '\0' ? " " : "", 10 * i);
    }
    matches answers = lines_like(run, "answer (-?[0-9]+)"), lost = lines_like(run, "lost ([0-9]+)");
    check_set(&answers, 1, "the answers that came", wanted, "for which answers does main wait, and how long?");
    check_sequence(&lost, 1, "how many were lost", say("%ld", fallen), "which exit codes does a crash have?");
    recognise(run->is_hung, "main waits for an answer that never comes: its process has crashed");
    recognise(lost.count == 1 && (long)answers.count < 5 - fallen,
              "the queue was emptied before all have ended: more was to come");
    recognise(lost.count == 1 && number_in(&lost.at[0], 1) < fallen,
              "a crash is below 0: every exit code but 0 is a loss");
}
