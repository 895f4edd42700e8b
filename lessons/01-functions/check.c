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

EXERCISE(overlap, .ranks = 7, .limit = 20)
{
    size_t count = (size_t)seeded_number("processes", 4, 3, 6);
    matches starts = lines_like(run, "([0-9]+) start in process ([0-9]+)"), ends = lines_like(run, "([0-9]+) end");
    matches main = lines_like(run, "main: process ([0-9]+)");
    size_t last = line_place(run, "all have ended");
    bool is_all = check_set(&starts, 1, "each starts once", indexes(count), "the limits of the loop");
    check_set(&ends, 1, "each ends once", indexes(count), "the limits of the loop");
    check_overlap(&starts, &ends, "in which of the two loops is join?");
    check(last == run->count && last > 0, "main's line comes at the very end", say("line %zu", run->count),
          say("line %zu", last), "who has to wait for whom before it is printed?");
    check_processes(&main, &starts, 2);
    bool is_main = starts.count > 0 && main.count == 1 && strcmp(starts.at[0].text[2], main.at[0].text[1]) == 0;
    bool is_serial = starts.count > 1 && ends.count > 0 && starts.at[starts.count - 1].place > ends.at[0].place;
    recognise(!is_all && starts.count > 0,
              "an index is missing: the loop has to begin with 0, to end before PROCESSES");
    recognise(is_main,
              "the function is called by main itself; a process calls it when mr_process_start starts it");
    recognise(!is_main && is_serial,
              "they work one after another: each is waited for before the next one is started");
    recognise(last > 0 && (ends.count == 0 || last < ends.at[ends.count - 1].place),
              "main does not wait for them: it has to join them all before it says so");
}

EXERCISE(copies, .ranks = 4, .limit = 20)
{
    const char *third = seeded_word("third", "three", "three|seven|eight");
    matches words = lines_like(run, "([a-z]+)"), codes = lines_like(run, "exit code (-?[0-9]+)");
    check_set(&words, 1, "each word as often as it should be", say("one %s %s two two two", third, third),
              "the bytes that mr_process_init copies");
    check_sequence(&codes, 1, "how the processes ended", "0 0 0", "-11 is SIGSEGV: memory that is not there");
    recognise(words.count == 0,
              "no word has arrived: an address means nothing in another process, which has memory of "
              "its own");
    recognise(line_times(run, say("%.3s", third)) > 0,
              "only the beginning of the word arrives: how large is the array, "
              "and how much of it is filled?");
    recognise(line_times(run, "one") == 6,
              "it is the same word for all: which of the words belongs to process i?");
    recognise(line_times(run, "two") == 1,
              "the number is lost: how often it is to be printed travels in the struct, too");
}

EXERCISE(total, .ranks = 5, .limit = 20)
{
    const char *second = seeded_word("second", "process", "process|rank|core|program");
    const char *counts = say("1 %zu 11 6", strlen(second));
    long wanted = 18 + (long)strlen(second);
    matches letters = lines_like(run, ".+: ([0-9]+)"), totals = lines_like(run, "total (-?[0-9]+)");
    long seen = totals.count == 1 ? number_in(&totals.at[0], 1) : -1;
    check_set(&letters, 1, "each process counts its word", counts, "the function that counts");
    check(seen == wanted, "the total", say("%ld", wanted), all_of(&totals, 1),
          "how does a count get from a process to main?");
    recognise(seen == 0,
              "the total is still 0: each process has memory of its own, so it has added to its own variable");
    recognise(seen == 6, "that is the count of only the last process: add to the total, do not replace it");
    recognise(seen == wanted - 1, "main does not count the first process: where does the loop begin?");
    recognise(totals.count == 1 && (seen < -1 || seen > 100000),
              "an exit code was asked for of a process that has not ended yet (MR_EXITCODE_NONE): join it first");
}
