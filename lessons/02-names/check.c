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

EXERCISE(named, .ranks = 4, .limit = 20)
{
    const char *second = seeded_word("second", "courier", "courier|porter|runner");
    const char *wanted = say("producer %s consumer", second);
    matches greetings = lines_like(run, "hello from ([^ ]+)"), ended = lines_like(run, "([^ ]+) has ended");
    check_set(&greetings, 1, "each greets under the name that main has chosen", wanted,
              "when does the name travel to the process?");
    check_sequence(&ended, 1, "main calls them by the same names", wanted,
                   "the index of the process that is named");
    size_t defaults = lines_like(run, "hello from Process-[0-9]+").count;
    bool is_again = line_times(run, say("%s has ended", "consumer")) == 1 && ended.count == 3 &&
                    strcmp(ended.at[0].text[1], "consumer") == 0;
    recognise(is_again, "the first process is named again and again: which one is named in round i?");
    recognise(defaults == 3,
              "the processes do not know their names: each is started first, and it is named too late");
    recognise(line_times(run, "hello from producer") == 3,
              "all have the same name: names[i] belongs to process i");
    recognise(greetings.count == 6, "main greets in their place, too: each greeting has to come from a process");
}

EXERCISE(child, .ranks = 3, .limit = 20)
{
    matches ended = lines_like(run, "([^ ]+) has ended");
    matches works = lines_like(run, "([^ ]+) works, a child of ([^ ]+)");
    check_set(&works, 1, "a child works", "Process-1:1", "who makes the child, and where?");
    check_set(&works, 2, "it is a child of the parent", "Process-1", "who makes the child, and where?");
    check_sequence(&ended, 1, "first the child ends, then the parent", "Process-1:1 Process-1",
                   "what has the parent to do before its last line?");
    check_times(run, "exit code 0", 1, "what parent() returns");
    bool is_mains = works.count == 1 && strcmp(works.at[0].text[2], "MainProcess") == 0;
    bool is_call = is_mains && strcmp(works.at[0].text[1], "Process-1") == 0;
    bool is_named = is_mains && strcmp(works.at[0].text[1], "Process-1:1") == 0;
    recognise(works.count == 0, "nobody has started the child: the parent makes it, inside its own function");
    recognise(is_call,
              "a call is no process: child() has run in the parent itself; mr_process_start makes a process");
    recognise(is_mains && !is_call && !is_named, "it is a child of main, so it has its name from main");
    recognise(is_named, "the name was given by hand: a name alone does not make it a child of the parent");
    recognise(!is_mains && line_place(run, "Process-1:1 has ended") > line_place(run, "Process-1 has ended"),
              "the parent has not waited for its child before it says that it has ended");
}
