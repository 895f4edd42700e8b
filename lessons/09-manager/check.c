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
