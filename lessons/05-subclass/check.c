/* Lesson 5: objects of a class of processes. */
#include "lesson.h"

EXAMPLE(.ranks = 6)
{
    matches told = lines_like(run, "([^ ]+) run, index ([0-9]+)");
    const char *pairs = "";
    for (size_t i = 0; i < told.count; i++)
        pairs = say("%s%s%s with %s", pairs, i > 0 ? ", " : "", told.at[i].text[1], told.at[i].text[2]);
    check_set(&told, 1, "each object once, named after its class",
              "MyProcess-1 MyProcess-2 MyProcess-3 MyProcess-4 MyProcess-5", "the name in the mr_class");
    bool is_good = told.count == 5;
    for (size_t i = 0; i < told.count; i++) /* MyProcess-3 has index 2 */
        is_good &= told.at[i].text[1][10] == told.at[i].text[2][0] + 1;
    check(is_good, "each with its own member", "MyProcess-1 with 0 to MyProcess-5 with 4", pairs,
          "which member is set before the start, and of which object?");
}

EXERCISE(pointer, .ranks = 2, .limit = 20)
{
    const char *word = seeded_word("word", "hello", "hello|welcome|greetings|cheers");
    check_times(run, say("Greeter-1 says: %s, world", word), 1, "what of the struct arrives in the process?");
    check_times(run, "exit code 0", 1, "how does the process end?");
    bool is_empty = line_times(run, "Greeter-1 says: ") > 0, is_crash = lines_like(run, "exit code -.*").count > 0;
    bool is_other = lines_like(run, "Greeter-1 says: .+").count > 0 &&
                    line_times(run, say("Greeter-1 says: %s, world", word)) == 0;
    recognise(is_crash || is_other, "over there a pointer means nothing: what it points to has stayed with main");
    recognise(is_empty, "the text is empty over there: it lies in main's own memory, or was set after the start, "
                        "when the struct had been copied");
}

EXERCISE(result, .ranks = 4, .limit = 20)
{
    matches parts = lines_like(run, "part [0-2]: (-?[0-9]+)");
    check_sequence(&parts, 1, "the sum of each part", "500500 1500500 2500500", "how do the sums get to main?");
    int zeros = 0, small = 0;
    for (size_t i = 0; i < parts.count; i++) {
        zeros += number_in(&parts.at[i], 1) == 0;
        small += number_in(&parts.at[i], 1) > 0 && number_in(&parts.at[i], 1) < 256;
    }
    recognise(zeros == 3, "each process has put the sum into its own copy of the struct");
    recognise(small > 0, "an exit code has 8 bits: greater sums do not fit");
    recognise(zeros == 2, "only one answer was taken out of the queue: there is one for each process");
}
