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

EXERCISE(answer, .ranks = 4, .limit = 20)
{
    long first = seeded_number("first", 40, 30, 60);
    matches told = lines_like(run, "1 to ([0-9]+): (-?[0-9]+)");
    const char *limits = "", *sums = "";
    size_t zero = 0, same = 0, bytes = 0;
    for (long i = 0; i < 3; i++) {
        long limit = first + i, sum = limit * (limit + 1) / 2;
        limits = say("%s%s%ld", limits, i > 0 ? " " : "", limit);
        sums = say("%s%s%ld", sums, i > 0 ? " " : "", sum);
        long seen = (size_t)i < told.count ? number_in(&told.at[i], 2) : -1;
        zero += seen == 0;
        same += told.count == 3 && seen == number_in(&told.at[0], 2);
        bytes += seen == sum % 256;
    }
    check_sequence(&told, 1, "main asks all of them", limits, "the last loop");
    check_sequence(&told, 2, "the sums come back", sums,
                   "which memory does run write into, and which does main read?");
    recognise(zero == 3,
              "run writes into its own copy of the struct: main's has not changed, since a process shares no "
              "memory with it");
    recognise(bytes == 3, "an exit code has only one byte (0 to 255): these sums do not fit into it");
    recognise(zero == 0 && same == 3, "all have written into the same value, and the last one is left");
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
