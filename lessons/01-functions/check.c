/* Lesson 1: each call of the function in a process of its own, each input once. */
#include "lesson.h"

#include <stdio.h>
#include <string.h>

/* "0 1 2 3 4" */
static const char *indexes(size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = say("%s%s%zu", text, i > 0 ? " " : "", i);
    return text;
}

/* Whether the same text is in a group of two lines. */
static bool has_twice(const matches *found, int group)
{
    for (size_t i = 0; i < found->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(found->at[i].text[group], found->at[j].text[group]) == 0)
                return true;
    return false;
}

static void check_processes(const matches *main, const matches *work, int group)
{
    bool is_good = main->count == 1 && !has_twice(work, group);
    for (size_t i = 0; i < work->count; i++)
        is_good &= main->count == 1 && strcmp(main->at[0].text[1], work->at[i].text[group]) != 0;
    check(is_good, "main, and a process of its own for each call",
          say("%zu different process ids, one of them main's", work->count + 1),
          say("main: %s; work: %s", all_of(main, 1), all_of(work, group)),
          "is the function called by main, or by mr_process_start?");
}

EXAMPLE(.ranks = 6)
{
    matches work = lines_like(run, "work: index ([0-9]+) in process ([0-9]+)");
    matches main = lines_like(run, "main: process ([0-9]+)");
    size_t count = is_shipped() ? 5 : work.count; /* "Set PROCESSES to 12" */
    check(count > 1, "several processes", "two at least", say("%zu", count), "the number of rounds of the loop");
    check_set(&work, 1, "each index once", indexes(count),
              "which index is there twice, and which one is missing?");
    check_processes(&main, &work, 2);
}
