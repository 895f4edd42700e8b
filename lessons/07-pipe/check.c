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

EXERCISE(deadlock, .ranks = 3, .limit = 12)
{
    const char *word = seeded_word("word", "ping", "ping|hello|question|coffee");
    check_times(run, "0 heard pong", 1, "what does 1 send, and when?");
    check_times(run, say("1 heard %s", word), 1, "what does 0 send, and when?");
    bool is_deaf = line_times(run, "0 heard nothing") + line_times(run, "1 heard nothing") > 0;
    recognise(run->is_hung, "both wait for the other's word before they say their own: one of them has to begin");
    recognise(is_deaf,
              "one of them has heard nothing: a time-out ends the wait but brings no word, and who only sends "
              "gets no answer");
}

EXERCISE(either, .ranks = 3, .limit = 30)
{
    matches slow = lines_like(run, "slow ([0-9]+)"), fast = lines_like(run, "fast ([0-9]+)");
    check_sequence(&slow, 1, "the slow one's messages", "1 2 3", "when does main stop reading from it?");
    check_sequence(&fast, 1, "the fast one's messages", "1 2 3", "when does main stop reading from it?");
    check_times(run, "main has read all", 1, "how does it learn of the end?");
    bool is_whole = slow.count == 3 && fast.count == 3;
    check(is_whole && fast.at[2].place < slow.at[0].place, "every message as soon as it is there",
          "the fast one's three, then the slow one's",
          is_whole ? say("the fast one's last in line %zu", fast.at[2].place) : "not all",
          "for whom does main wait?");
    recognise(is_whole && slow.at[2].place < fast.at[0].place,
              "main reads in the order of the pipes, and waits for the slow one while the fast one has news");
    recognise(is_whole && slow.at[0].place < fast.at[0].place && fast.at[0].place < slow.at[2].place,
              "main reads from both in turns: each message of the fast one waits for one of the slow one");
    recognise(slow.count == 0 && fast.count == 3,
              "main has stopped at the first end of file: the other pipe is still open");
}

EXERCISE(goodbye, .ranks = 2, .limit = 12)
{
    long messages = seeded_number("messages", 5, 3, 7);
    const char *wanted = "1";
    for (long i = 2; i <= messages; i++)
        wanted = say("%s %ld", wanted, i);
    matches got = lines_like(run, "message ([0-9]+) of ([0-9]+) bytes");
    check_sequence(&got, 1, "every message, in order", wanted, "when is the end closed?");
    check_times(run, "end of file", 1, "who still holds the other end open?");
    check_times(run, "sender goes home", 1, "what does it wait for?");
    bool is_empty = got.count > 0 && number_in(&got.at[got.count - 1], 2) == 0;
    recognise(run->is_hung && !is_empty,
              "main waits for the end of file, and the sender, which holds the other end open, for main");
    recognise(is_empty, "an empty message is a message, too: the end of file comes when the other end is closed");
    recognise(!run->is_hung && (long)got.count < messages, "the end was closed before the last message");
}
