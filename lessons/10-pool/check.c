/* Lesson 10: the squares of a hundred numbers, by four workers. */
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

/* The squares stand in lines of several numbers. */
static const char *numbers_of(const struct run *run, size_t *count)
{
    const char *text = "";
    *count = 0;
    for (size_t i = 0; i < run->count; i++) {
        const char *line = run->lines[i].text;
        if (*line == '\0' || line[strspn(line, "0123456789 ")] != '\0')
            continue;
        text = say("%s%s%s", text, *text != '\0' ? " " : "", line);
    }
    for (const char *at = text; *at != '\0'; at += strspn(at, " "))
        at += strcspn(at, " "), ++*count;
    return text;
}

EXAMPLE(.ranks = 5)
{
    size_t count;
    const char *seen = numbers_of(run, &count), *wanted = "";
    for (int i = 0; i < 100; i++)
        wanted = say("%s%s%d", wanted, i > 0 ? " " : "", i * i);
    check(strcmp(seen, wanted) == 0, "the squares of 0 to 99, in the order of the numbers", "0 1 4 ... 9801",
          say("%zu numbers, beginning with %.12s", count, seen),
          "what the function computes, and of which number");
    matches shares = lines_like(run, "worker [0-9]+: ([0-9]+) squares");
    long sum = 0;
    int idle = 0;
    for (size_t i = 0; i < shares.count; i++) {
        sum += number_in(&shares.at[i], 1);
        idle += number_in(&shares.at[i], 1) == 0;
    }
    check(shares.count == 4 && sum == 100, "four workers have done all of it, each square once",
          "4 numbers, 100 together", say("%s: %ld together", all_of(&shares, 1), sum), "the number of workers");
    check(idle <= 2, "the work is shared", "two workers at least have done something",
          say("%d have done nothing", idle), "does a task take long enough to be worth sharing?");
}
