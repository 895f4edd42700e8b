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

EXERCISE(sentinel, .ranks = 5, .limit = 15)
{
    size_t consumers = (size_t)seeded_number("consumers", 3, 2, 4);
    matches letters = lines_like(run, "letter ([0-9]+)"), left = lines_like(run, "left (-?[0-9]+)");
    size_t home = line_times(run, "home");
    check_set(&letters, 1, "each letter once", up_to(9), "what stands behind the sentinels?");
    check_times(run, "home", consumers, "how many sentinels are there, and who takes them?");
    check_sequence(&left, 1, "nothing is left in the queue", "0", "what is left, and for whom was it meant?");
    bool is_left = left.count == 1 && number_in(&left.at[0], 1) > 0;
    recognise(run->is_hung && home > 0,
              "who takes the sentinel takes it from the others: there has to be a sentinel for each");
    recognise(is_left && letters.count < 9, "letters stand behind the sentinels: nobody takes them any more");
    recognise(is_left && letters.count == 9, "something is left in the queue: count the sentinels");
    recognise(!run->is_hung && home < consumers && !is_left && letters.count == 9,
              "main has ended them; a consumer that is told of the end goes home by itself");
}

EXERCISE(done, .ranks = 3, .limit = 15)
{
    matches packed = lines_like(run, "packed ([0-9]+)");
    size_t end = line_place(run, "all done");
    check_set(&packed, 1, "each parcel once", up_to(6), "does main wait for all of them?");
    check(end == 7, "main says so at the very end", "in line 7", say("in line %zu", end),
          "when is an item done with?");
    recognise(
        run->is_hung && packed.count == 6,
        "main waits in mr_queue_join: nobody has said that the items are done, or only the first of them were");
    recognise(end > 0 && packed.count < 6, "a parcel was called done before it was packed: taken is not done");
}
