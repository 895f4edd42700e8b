/* Lesson 2: names, and that the processes overlap. */
#include "lesson.h"

#include <stdio.h>
#include <string.h>

/* When each of the names that have started took how long; the longest and the shortest. */
static void check_times_taken(const matches *starts, const matches *ends)
{
    double longest = 0, shortest = 1e9, first = 1e9, last = 0;
    for (size_t i = 0; i < starts->count; i++)
        for (size_t j = 0; j < ends->count; j++) {
            if (strcmp(starts->at[i].text[1], ends->at[j].text[1]) != 0)
                continue;
            double took = ends->at[j].when - starts->at[i].when;
            longest = took > longest ? took : longest;
            shortest = took < shortest ? took : shortest;
            first = starts->at[i].when < first ? starts->at[i].when : first;
            last = ends->at[j].when > last ? ends->at[j].when : last;
        }
    check(shortest > 1 && shortest < 1e9, "each takes its time", "about 2 s each, at least 1",
          say("%.1f s to %.1f s", shortest < 1e9 ? shortest : 0, longest), "the nap in work");
    check(last - first < 2 * longest, "together they take little longer than one",
          say("less than twice the longest (%.1f s)", 2 * longest), say("%.1f s", last - first),
          "where is join: in the loop that starts them, or behind it?");
}

EXAMPLE(.ranks = 4)
{
    static const char wanted[] = "Process-1 courier Process-3";
    matches made = lines_like(run, "([^ ]+) made");
    matches starts = lines_like(run, "([^ ]+) start"), ends = lines_like(run, "([^ ]+) end");
    check_sequence(&made, 1, "names, numbered by creation", wanted, "the order of the calls of mr_process_init");
    check_set(&starts, 1, "each starts once, under its own name", wanted, "the name that work asks for");
    check_set(&ends, 1, "each ends once, under its own name", wanted, "the exit code: did one of them die?");
    check_overlap(&starts, &ends, "where is join: in the loop that starts them, or behind it?");
    check_times_taken(&starts, &ends);
}
