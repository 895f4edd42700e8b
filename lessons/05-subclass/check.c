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
