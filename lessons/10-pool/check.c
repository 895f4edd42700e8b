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

EXERCISE(chunks, .ranks = 5, .limit = 60)
{
    matches faster = lines_like(run, "times faster ([0-9]+[.][0-9]+)"),
            by = lines_like(run, "by the workers ([0-9]+)");
    double times = faster.count == 1 ? strtod(faster.at[0].text[1], NULL) : 0;
    bool is_right = check_times(run, "right 10000", 1, "are all results there?");
    long done = by.count == 1 ? number_in(&by.at[0], 1) : 0;
    bool is_theirs =
        check(done >= 10000, "the workers do the work", "10000 tasks", say("%ld tasks", done), "who calls cube?");
    check(times >= 3, "faster than one by one", "3 times at least", say("%.1f times", times),
          "how many calls are there, and what does each of them cost?");
    measured("%.1f times faster than one by one", times);
    recognise(is_right && is_theirs && times < 3,
              "the tasks are still handed over one by one: that costs more than a task");
    recognise(is_right && done < 10000,
              "it is fast, but the work was done by main itself: no worker had a part in it");
    recognise(run->count > 0 && !is_right, "results are missing: all inputs have to be given to the pool");
}

EXERCISE(poison, .ranks = 3, .limit = 60)
{
    long poison = seeded_number("poison", 7, 2, 9);
    matches told = lines_like(run, "([0-9]+): (failed|[0-9]+)");
    const char *wanted = "";
    for (long i = 1; i <= 10; i++)
        wanted = say("%s%s%s", wanted, i > 1 ? " " : "", i == poison ? "failed" : say("%ld", i * i));
    check_sequence(&told, 2, "a result, or \"failed\", for each input", wanted, "mr_last_failures, and its index");
    size_t bad = lines_like(run, "[0-9]+: failed").count;
    recognise(told.count == 0, "main gives up all results because of one task; the others are there");
    recognise(line_times(run, say("%ld: 0", poison)) > 0 && bad == 0,
              "0 is no result: what a task has not written is 0, and nobody sees that it has failed");
    recognise(bad == 1 && line_times(run, say("%ld: failed", poison)) == 0,
              "the wrong one is called failed: an index begins with 0, and the numbers with 1");
    recognise(bad > 1, "only one task has failed: the others have a result");
}

EXERCISE(pressure, .ranks = 5, .limit = 40)
{
    matches pictures = lines_like(run, "picture ([0-9]+)"), most = lines_like(run, "in memory at most ([0-9]+)");
    const char *wanted = "1";
    for (int i = 2; i <= 60; i++)
        wanted = say("%s %d", wanted, i);
    check_sequence(&pictures, 1, "all pictures, in order", wanted, "which of the two iterators keeps the order?");
    long ahead = most.count == 1 ? number_in(&most.at[0], 1) : 0;
    check(ahead >= 4 && ahead <= 9, "how many are in memory", "4 to 9", say("%ld", ahead), "buffer_size");
    recognise(ahead > 9, "the source runs ahead of who takes the results: there is more in memory than fits");
    recognise(ahead > 0 && ahead < 4, "workers are idle: with so few tasks under way not all four have one");
    recognise(pictures.count == 60 && strcmp(all_of(&pictures, 1), wanted) != 0,
              "the pictures come as they are done, not in their order");
}

EXERCISE(checkpoint, .ranks = 2, .limit = 30)
{
    long death = seeded_number("death", 5, 3, 6);
    const char *before = "0", *after = say("%ld", death);
    for (long i = 1; i < death; i++)
        before = say("%s %ld", before, i);
    for (long i = death + 1; i < 8; i++)
        after = say("%s %ld", after, i);
    matches first = lines_like(run, "start 1 part ([0-9])"), second = lines_like(run, "start 2 part ([0-9])");
    matches sum = lines_like(run, "sum (-?[0-9]+)");
    check_sequence(&first, 1, "the parts that the first start computes", before, "where was it killed?");
    check_sequence(&second, 1, "the parts that the second start computes", after,
                   "what stands in the file by then?");
    check_sequence(&sum, 1, "the sum of all parts", "36000", "which part has a wrong result?");
    recognise(second.count == 8,
              "the second start begins from the beginning: what is done has to be in the file, not "
              "only in memory, before the next part begins");
    recognise(second.count > 0 && (long)second.count < 8 - death,
              "half a line was taken for a part: a line counts only with its end");
}
