/* Lesson 7: numbers through one pipe, squares through another, and the end of the file. */
#include "lesson.h"

EXAMPLE(.ranks = 3)
{
    matches squares = lines_like(run, "main received ([0-9]+)"), codes = lines_like(run, "exit codes: (.+)");
    check_sequence(&squares, 1, "the squares of 0 to 9, in order", "0 1 4 9 16 25 36 49 64 81",
                   "a pipe keeps the order: what goes into it?");
    size_t times = line_times(run, "end of file"), end = line_place(run, "end of file");
    check(times == 1 && end == squares.count + 1, "the end of file, once, after the last square",
          "once, in line 11", say("%zu times, in line %zu", times, end),
          "who still holds the other end open? The end of file comes when nobody does");
    check_sequence(&codes, 1, "both processes ended well", "0, 0", "which of the two, and what does it return?");
}
