/* Lesson 3: nobody waits for a daemon. */
#include "lesson.h"

EXAMPLE(.ranks = 3)
{
    static const char *const once[] = {"main finished", "foreground start", "foreground end"};
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        check_times(run, once[i], 1, "was the foreground started, and has it ended by itself?");
    size_t started = line_times(run, "background start"); /* it may be terminated before it gets to say so */
    check(started <= 1, "\"background start\"", "at most once", say("%zu times", started),
          "the name of the daemon");
    check_times(run, "background end", 0, "is the daemon a daemon, and was that said before its start?");
    check_order(run, "main finished", "foreground end", "main does not wait", "is there a join in main?");
    double lasted = run->seconds - (run->count > 0 ? run->lines[0].when : 0);
    check(lasted < 8, "the program ends with the foreground, not with the daemon",
          "about 2 s from the first line to the end, less than 8", say("%.1f s", lasted),
          "is the daemon a daemon, and was that said before its start?");
}
