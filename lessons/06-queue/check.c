/* Lesson 6: a producer, a consumer that waits, and one that does not. */
#include "lesson.h"

EXAMPLE(.ranks = 4)
{
    matches put = lines_like(run, "Producer-3 put ([0-9]+), size ([0-9]+)");
    matches got = lines_like(run, "Consumer-2 got ([0-9]+)"), hasty = lines_like(run, "Hasty-1 got ([0-9]+)");
    bool is_small = put.count == 5, is_possible = true;
    long greatest = 0;
    for (size_t i = 0; i < put.count; i++) {
        long size = number_in(&put.at[i], 2);
        is_small &= number_in(&put.at[i], 1) <= 256;
        is_possible &= size <= (long)i + 1;
        greatest = size > greatest ? size : greatest;
    }
    check(is_small, "the producer puts 5 numbers", "5 numbers from 0 to 256", all_of(&put, 1),
          "the producer's loop");
    check(is_possible && greatest > 0, "the queue's size, each time",
          "never more than have been put, and not always 0", all_of(&put, 2),
          "does the size go up by a put, and down by a get?");
    size_t place = line_place(run, "Hasty-1 stops at an empty queue, numbers: 0");
    check(place == 1 && hasty.count == 0, "the consumer that does not wait has gone before the first number comes",
          "its end in line 1, without a number", say("its end in line %zu, %zu numbers", place, hasty.count),
          "what mr_queue_get_nowait returns");
    check_sequence(&got, 1, "the one that waits gets every number once, in order",
                   put.count > 0 ? all_of(&put, 1) : "", "who else takes from the queue?");
    size_t end = line_place(run, "Consumer-2 stops at the sentinel, numbers: 5");
    check(end > 0 && end == run->count - 1, "it stops when it is told to",
          "at the sentinel, the line before the last", say("line %zu of %zu", end, run->count),
          "is the sentinel put, and behind all numbers?");
    matches left = lines_like(run, "main: left in the queue (-?[0-9]+)");
    check_sequence(&left, 1, "nothing is left in the queue", "0", "who should have taken what is left?");
}

EXERCISE(sentinels, .ranks = 6, .limit = 8)
{
    long consumers = seeded_number("consumers", 3, 2, 4);
    matches got = lines_like(run, "got ([0-9]+)"),
            codes = lines_like(run, "consumer [0-9]+: exit code (-?[0-9]+)");
    matches left = lines_like(run, "left in the queue: ([0-9]+)");
    const char *well = "";
    for (long i = 0; i < consumers; i++)
        well = say("%s%s0", well, i > 0 ? " " : "");
    check_set(&got, 1, "all numbers, each once", "0 1 2 3 4 5 6 7 8 9 10 11",
              "who takes from the queue, and until when?");
    check_sequence(&codes, 1, "all consumers end well", well, "what ends them?");
    bool is_left = left.count == 1 && number_in(&left.at[0], 1) > 0;
    bool is_killed = codes.count > 0 && number_in(&codes.at[0], 1) == -15;
    recognise(run->is_hung && got.count == 12,
              "a consumer still waits: there are fewer sentinels than consumers, and who gets one takes it away");
    recognise(is_killed,
              "the consumers are killed; they are to end by themselves, when all numbers have been got");
    recognise(is_left && !is_killed && got.count < 12,
              "a sentinel stands before the numbers: who gets it does not see what comes behind it");
}

EXERCISE(done, .ranks = 3, .limit = 10)
{
    size_t items = (size_t)seeded_number("items", 8, 8, 12);
    matches done = lines_like(run, "item ([0-9]+) is done");
    const char *all = "";
    for (size_t i = 0; i < items; i++)
        all = say("%s%s%zu", all, i > 0 ? " " : "", i);
    check_set(&done, 1, "all items are worked on, each once", all, "who says that an item is done, and when?");
    size_t end = line_place(run, "main: all is done");
    check(end == run->count && end == items + 1, "main ends when the last one is done", "the last line",
          say("line %zu of %zu", end, run->count), "mr_queue_join");
    bool is_overdone = errors_mention(run, "more often than") ||
                       (2 * done.count + 1 >= items && done.count <= items / 2 + 1 + items % 2);
    recognise(run->is_hung && done.count == items,
              "all the work is there, and main waits: a worker never says that it is done with an item");
    recognise(is_overdone, "an item is said to be done more often than it was put");
    recognise(!run->is_hung && !is_overdone && done.count < items && done.count + 2 >= items,
              "the last items are cut off: they were said to be done before the work on them was");
    recognise(!run->is_hung && !is_overdone && done.count + 2 < items,
              "main does not wait for the work: the daemons are cut off");
}

/* "1 2 ... last". */
static const char *up_to(long last)
{
    const char *all = "1";
    for (long i = 2; i <= last; i++)
        all = say("%s %ld", all, i);
    return all;
}

EXERCISE(early, .ranks = 3, .limit = 15)
{
    long numbers = seeded_number("numbers", 6, 4, 8);
    matches got = lines_like(run, "got (-?[0-9]+)"), left = lines_like(run, "left (-?[0-9]+)");
    check_sequence(&got, 1, "every number once, in order", up_to(numbers), "when does the consumer stop?");
    check_times(run, "consumer goes home", 1, "how does it learn that no more will come?");
    check_sequence(&left, 1, "nothing is left in the queue", "0", "who should have taken what is left?");
    bool is_first = got.count == 0 && line_place(run, "consumer goes home") > 0;
    recognise(!is_first && got.count < (size_t)numbers && left.count > 0,
              "empty only says that there is nothing now; a longer pause of the producer looks the same");
    recognise(
        is_first,
        "it goes home without any number: the queue was still empty, or the sentinel stands before the numbers");
    recognise(run->is_hung && got.count >= (size_t)numbers,
              "the consumer waits for one more, and nobody tells it that there will be none");
}
