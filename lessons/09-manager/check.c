/* Lesson 9: ten processes set a key each of one dict. */
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

EXAMPLE(.ranks = 11)
{
    matches shown = lines_like(run, "results: [{](.*)[}]"), took = lines_like(run, "it took ([0-9]+[.][0-9]+) s");
    check(shown.count == 1, "main prints the dict", "once", say("%zu times", shown.count),
          "the last lines of main");
    bool is_good = shown.count == 1;
    size_t length = 0;
    for (int i = 0; i < 10; i++) { /* in any order */
        const char *pair = say(", %d: %d,", i, 2 * i);
        is_good &= shown.count == 1 && strstr(say(", %s,", shown.at[0].text[1]), pair) != NULL;
        length += strlen(pair) - 1;
    }
    is_good &= shown.count == 1 && strlen(shown.at[0].text[1]) + 2 == length;
    check(is_good, "each process has set its key, to twice its index", "0: 0 to 9: 18, each once, in any order",
          all_of(&shown, 1), "does main wait for all of them before it prints?");
    double seconds = took.count == 1 ? strtod(took.at[0].text[1], NULL) : 0;
    check(seconds > 1.9 && seconds < 10, "all at once, not one after another", "about 2 s, less than 10",
          say("%.1f s", seconds), "where is join: in the loop that starts them, or behind it?");
}

EXERCISE(tally, .ranks = 6, .limit = 30)
{
    long wanted = 4 * seeded_number("additions", 50, 30, 70);
    matches told = lines_like(run, "sum ([0-9]+)");
    long sum = told.count == 1 ? number_in(&told.at[0], 1) : 0;
    check_sequence(&told, 1, "every addition counts", say("%ld", wanted),
                   "what may another process do between the get and the set?");
    recognise(told.count == 1 && sum < wanted,
              say("updates are lost (%ld of %ld are there): two read the same number, and both write the same "
                  "sum; a lock "
                  "helps if it is held around both, and a lock of its own for each process keeps nobody out",
                  sum, wanted));
    recognise(sum > wanted, "the sum is more than was added: is an addition done twice?");
}

EXERCISE(value, .ranks = 3, .limit = 40)
{
    long orders = 2 * seeded_number("orders", 40, 30, 50);
    matches end = lines_like(run, "orders ([0-9]+), sum ([0-9]+)");
    check_times(run, "the reader saw a sum that does not fit: no", 1, "can anybody look between the two changes?");
    check_times(run, say("orders %ld, sum %ld", orders, 7 * orders), 1, "can two writers read the same number?");
    bool is_half = line_times(run, "the reader saw a sum that does not fit: yes") > 0;
    bool is_lost = end.count == 1 && number_in(&end.at[0], 1) < orders;
    recognise(is_half, "the reader sees what is half changed: both numbers have to change in one step");
    recognise(
        is_lost && !is_half,
        "two have read the same orders, and one's change is lost: hold the value's lock from the get to the set");
}

EXERCISE(hosts, .ranks = 4, .limit = 20)
{
    long part = seeded_number("part", 3, 2, 5);
    const char *wanted = "1";
    for (long i = 2; i <= 3 * part; i++) {
        wanted = say("%s %ld", wanted, i * i);
    }
    matches squares = lines_like(run, "square (-?[0-9]+)"), done = lines_like(run, "process ([0-2]) done");
    check_set(&done, 1, "all three processes come to their end", "0 1 2",
              "what does mr_array_data give on another host?");
    check_sequence(&squares, 1, "all squares are in main's array", wanted, "how do they get there?");
    bool is_untouched = squares.count == (size_t)(3 * part);
    for (long i = 0; is_untouched && i < 3 * part; i++)
        is_untouched = number_in(&squares.at[i], 1) == i + 1;
    recognise(
        lines_like(run, "no pointer in process [0-2]").count > 0,
        "the pointer is NULL on another host: the array lies in the memory of main's host, and is to be copied");
    recognise(is_untouched && done.count == 3,
              "nothing was put back into the array: a copy, or a variable of the process, is not main's");
    recognise(!is_untouched && done.count == 3 && squares.count > 0 &&
                  number_in(&squares.at[squares.count - 1], 1) == 3 * part,
              "all have worked on the same part: where does each one's begin?");
}
