/* Lesson 8: two processes that wait for each other, two that do not, and lines that stay together. */
#include "lesson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char report[] = "([^ ]+) (came|went on) after ([0-9]+[.][0-9]+) s";

/* When a process came, or went on; -1 if it does not say so. */
static double when(const matches *told, const char *name, const char *what)
{
    for (size_t i = 0; i < told->count; i++)
        if (strcmp(told->at[i].text[1], name) == 0 && strcmp(told->at[i].text[2], what) == 0)
            return strtod(told->at[i].text[3], NULL);
    return -1;
}

static void check_lines(const struct run *run, const matches *told)
{
    bool is_good = told->count == run->count && told->count % 2 == 0;
    for (size_t i = 0; i + 1 < told->count; i += 2)
        is_good &= strcmp(told->at[i].text[1], told->at[i + 1].text[1]) == 0 &&
                   strcmp(told->at[i].text[2], told->at[i + 1].text[2]) != 0;
    check(is_good, "the two lines of a report stay together, and no other line comes in between",
          "came, went on, of the same process", all_of(told, 1), "is the lock held around both lines?");
}

EXAMPLE(.ranks = 5)
{
    matches told = lines_like(run, report);
    bool is_whole = check_set(&told, 1, "each process reports twice",
                              "barrier-1 barrier-1 barrier-2 barrier-2 free-1 free-1 free-2 free-2",
                              "which of them did not get to its report?");
    check_lines(run, &told);
    if (!is_whole)
        return;
    double came[] = {when(&told, "barrier-1", "came"), when(&told, "barrier-2", "came")};
    double went[] = {when(&told, "barrier-1", "went on"), when(&told, "barrier-2", "went on")};
    double apart = fabs(came[0] - came[1]), together = fabs(went[0] - went[1]);
    check(fmin(went[0], went[1]) >= fmax(came[0], came[1]), "nobody passes the barrier before both have come",
          say("not before %.3f s", fmax(came[0], came[1])), say("%.3f s", fmin(went[0], went[1])),
          "how many does the barrier wait for?");
    check(together < apart / 2, "both go on at the same time",
          say("closer together than they came (%.3f s), by half at least", apart), say("%.3f s apart", together),
          "what lies between the barrier and the report?");
    double free_went = when(&told, "free-1", "went on"), free_came = when(&told, "free-2", "came");
    check(free_went < free_came, "those without a barrier do not wait",
          say("free-1 goes on before free-2 comes (%.3f s)", free_came), say("%.3f s", free_went),
          "do they hold the lock while they sleep?");
}

EXERCISE(missing, .ranks = 6, .limit = 8)
{
    size_t workers = (size_t)seeded_number("workers", 4, 3, 5);
    matches came = lines_like(run, "worker ([0-9]+) arrives"), went = lines_like(run, "worker ([0-9]+) goes on");
    const char *all = "";
    for (size_t i = 0; i < workers; i++)
        all = say("%s%s%zu", all, i > 0 ? " " : "", i);
    check_set(&came, 1, "all workers arrive", all, "are all of them started?");
    check_set(&went, 1, "all workers go on", all, "how many does the barrier wait for, and how many come?");
    bool is_ordered =
        check_order(run, "worker [0-9]+ arrives", "worker [0-9]+ goes on",
                    "nobody goes on before all have arrived", "does each of them wait at the barrier?");
    bool is_broken = errors_mention(run, "barrier");
    recognise(run->is_hung && came.count == workers && went.count == 0,
              "nobody goes on: the barrier waits for one more than come");
    recognise(
        run->is_hung && went.count > 0 && went.count < workers,
        "one worker is left over: the barrier opens for fewer than come, and he waits for others that never will");
    recognise(is_broken && !run->is_hung,
              "who does not wait long enough breaks it for all: a time-out at a barrier is for failures");
    recognise(!run->is_hung && !is_broken && !is_ordered && went.count == workers,
              "somebody goes on before all have arrived: nobody waits at the barrier");
}

EXERCISE(lost, .ranks = 5, .limit = 30)
{
    long all = 4 * seeded_number("rounds", 50, 30, 60);
    matches counter = lines_like(run, "counter (-?[0-9]+)");
    check_sequence(&counter, 1, "every addition counts", say("%ld", all), "who comes in between read and write?");
    long seen = counter.count == 1 ? number_in(&counter.at[0], 1) : all;
    recognise(seen < all,
              "lost updates: two have read the same number, and both have written the next one. One lock for "
              "all has to be held from the read to the write; a lock of its own keeps nobody out");
    recognise(seen > all, "the counter is more than it should be: how much does each round add?");
}

EXERCISE(transfer, .ranks = 3, .limit = 15)
{
    matches done = lines_like(run, "transfer from ([01])");
    check_set(&done, 1, "all transfers are done", "0 0 0 0 0 1 1 1 1 1", "which of them did not come through?");
    check_times(run, "balances 65 135", 1, "100 - 5 * 10 + 5 * 3, and 100 + 5 * 10 - 5 * 3");
    recognise(run->is_hung, "the two take the locks in opposite orders: each holds what the other waits for");
    recognise(!run->is_hung && done.count == 10 && line_times(run, "balances 65 135") == 0,
              "a transfer changes both accounts: the other account was changed without its lock");
    recognise(!run->is_hung && done.count < 10,
              "a transfer was given up: a time-out shows a deadlock, it does not cure it");
}
