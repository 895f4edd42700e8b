/* The workshop: the sum of the first integers, with its table and its picture; and what learners make of the
 * exercises. */
#include "lesson.h"

#include <stdlib.h>
#include <string.h>

EXAMPLE(.ranks = 5, .arguments = "20000000")
{
    check_times(run, "sum of the first 20000000 integers: 200000010000000", 1, "how is it split?");
    matches rows = lines_like(run, " *([0-9]+) +([0-9.]+) +([0-9.]+) +([0-9.]+) *[0-9. ]*");
    check_sequence(&rows, 1, "a row for each number of workers", "1 2 4 8", "the list of numbers");
    check_times(run, "all sums are the same", 1, "is each number in one part?");
    matches part = lines_like(run, "serial part, by your figures: ([0-9.]+) %");
    double percent = part.count == 1 ? strtod(part.at[0].text[1], NULL) : -1;
    check(percent >= 0 && percent <= 100, "the serial part", "0 to 100 %", say("%.1f %%", percent),
          "which figures is it of?");
}

EXERCISE(parts, .ranks = 5, .limit = 20)
{
    long n = seeded_number("n", 1003, 1002, 1003), next = 1, shortest = LONG_MAX, longest = 0;
    matches parts = lines_like(run, "part (-?[0-9]+) to (-?[0-9]+)"), sum = lines_like(run, "sum ([0-9]+)");
    bool is_twice = false;
    for (size_t i = 0; i < parts.count; i++) {
        long first = number_in(&parts.at[i], 1), last = number_in(&parts.at[i], 2), length = last - first + 1;
        is_twice |= first < next && i > 0;
        next = last + 1;
        shortest = length < shortest ? length : shortest;
        longest = length > longest ? length : longest;
    }
    check_sequence(&sum, 1, "the sum", say("%ld", n * (n + 1) / 2), "is each number in one part?");
    check(next == n + 1 && !is_twice, "each number in one part", say("1 to %ld", n), say("to %ld", next - 1),
          "where does a part begin, and where does the one before it end?");
    check(longest - shortest <= 1, "equal parts", "none longer by more than one",
          say("%ld to %ld", shortest, longest), "who gets what is left over?");
    recognise(parts.count > 0 && next <= n, "the remainder of the division is in no part");
    recognise(is_twice, "a number is in two parts: one ends where the next begins");
    recognise(longest - shortest > 1 && !is_twice && next == n + 1,
              "one part is longer than the others: all of what is left over went to one process");
}

EXERCISE(own, .ranks = 5, .limit = 60)
{
    matches same = lines_like(run, "same results with ([0-9]+): ([0-9]+)");
    check_sequence(&same, 2, "the pool's results are those of the loop", "2000 2000 2000",
                   "what is given to the pool?");
    long most = 0;
    for (size_t i = 0; i < same.count; i++)
        most = number_in(&same.at[i], 2) > most ? number_in(&same.at[i], 2) : most;
    recognise(
        same.count == 3 && most == 0,
        "nothing was computed by the pool when the results were compared: is it asked, and does anybody wait?");
    recognise(same.count == 3 && most > 0 && most < 2000,
              "some inputs have no result, or another's: inputs and results go by their index");
}
