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

EXERCISE(exchange, .ranks = 3, .limit = 10)
{
    long first = seeded_number("first", 3, 1, 100);
    matches told = lines_like(run, "process ([01]) has ([0-9]+) bytes, the last one is ([0-9]+)");
    check_set(&told, 1, "both have got something", "0 1", "what does each of them wait for?");
    bool is_whole = told.count == 2, is_others = told.count == 2;
    for (size_t i = 0; i < told.count; i++) {
        is_whole &= number_in(&told.at[i], 2) == 4 << 20;
        is_others &= number_in(&told.at[i], 3) == first + 1 - number_in(&told.at[i], 1);
    }
    check(is_whole, "whole blocks", "4194304 bytes each", all_of(&told, 2), "how much is sent?");
    check(is_others, "each has the other's block", say("%ld and %ld, in some order", first, first + 1),
          all_of(&told, 3), "who receives what?");
    bool is_sending = errors_mention(run, "has not made room");
    recognise(run->is_hung && told.count == 0,
              "each waits for the other to receive, since so much does not fit into the pipe; or both wait to "
              "receive, and "
              "nobody sends: one has to begin with the one thing, the other with the other");
    recognise(!run->is_hung && told.count == 2 && !is_whole && !is_sending,
              "the blocks are not whole: that little fits into the pipe without anybody receiving, but a block "
              "does not");
    recognise(is_sending, "who gives up loses the block: a time-out ends the waiting, not its reason");
}
