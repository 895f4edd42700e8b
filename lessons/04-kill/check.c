/* Lesson 4: a process is terminated, and its exit code tells. */
#include "lesson.h"

#include <string.h>

EXAMPLE(.ranks = 2)
{
    matches states =
        lines_like(run, "(before start|after start|after terminate|one second later): alive (true|false)");
    const char *whens = "";
    for (size_t i = 0; i < states.count; i++)
        whens = say("%s%s%s", whens, i > 0 ? ", " : "", states.at[i].text[1]);
    static const char wanted[] = "before start, after start, after terminate, one second later";
    bool is_whole = check(strcmp(whens, wanted) == 0, "four looks at the process", wanted, whens,
                          "mr_process_is_alive, before and after each step");
    bool is_good = is_whole && strcmp(states.at[0].text[2], "false") == 0 &&
                   strcmp(states.at[1].text[2], "true") == 0 && strcmp(states.at[3].text[2], "false") == 0;
    check(is_good, "alive", "false, true, true or false, false", all_of(&states, 2),
          "right after terminate it may still be dying; a second later it may not");
    matches codes = lines_like(run, "exit code: (-?[0-9]+)");
    check_sequence(&codes, 1, "its exit code", "-15",
                   "-15 is SIGTERM, what mr_process_terminate sends; -9 is SIGKILL");
    check_times(run, "work end", 0, "was it ended before it got to its own end?");
}
