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
