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

EXERCISE(poison, .ranks = 4, .limit = 30, .exit_code = EXIT_ANY)
{
    long poison = seeded_number("poison", 7, 1, 11);
    matches given = lines_like(run, "([0-9]+) squared is ([0-9]+)"),
            named = lines_like(run, "input ([0-9]+) has failed");
    const char *wanted = "";
    bool is_right = true;
    for (long i = 0; i < 12; i++)
        if (i != poison)
            wanted = say("%s%s%ld", wanted, *wanted != '\0' ? " " : "", i);
    bool has_poison = line_times(run, say("%ld squared is 0", poison)) > 0;
    for (size_t i = 0; i < given.count; i++) {
        long number = number_in(&given.at[i], 1);
        is_right &= number_in(&given.at[i], 2) == number * number;
    }
    check_set(&given, 1, "the results of all others", wanted, "what has mr_pool_map left of them?");
    check(is_right, "the results are right", "squares", all_of(&given, 2), "is the function as it was?");
    check_sequence(&named, 1, "the poisonous input is named", say("%ld", poison), "mr_last_failures");
    check(run->exit_code == 0, "the program ends well", "exit code 0", say("exit code %d", run->exit_code),
          "what main returns");
    recognise(run->exit_code == 1 && given.count == 0,
              "one poisonous input costs all the others: MR_ETASK is not the end, the other results are there");
    recognise(has_poison, "the poisonous input has no result: what stands in its place is what was there before");
    recognise(
        !has_poison && given.count == 11 && named.count == 0,
        "nobody is told that an input has failed: a result that is missing without a word is a wrong result");
    recognise(given.count == 0 && named.count == 1,
              "the failure is named, but where are the others? they have results");
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
