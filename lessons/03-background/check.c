/* Lesson 3: nobody waits for a daemon. */
#include "lesson.h"

#include <signal.h>

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

EXERCISE(progress, .ranks = 3, .limit = 20)
{
    size_t dots = lines_like(run, "dot [0-9]+").count, wrong = line_times(run, "work begins in a daemon");
    size_t main = line_place(run, "main has nothing more to do");
    check_times(run, "work begins", 1, "is the worker started, and is it no daemon?");
    check_times(run, "work is done", 1, "who is terminated at the end, and who is waited for?");
    check(dots > 0, "the display shows something", "a dot at least", say("%zu", dots), "is the display started?");
    check(run->seconds < 6, "the program ends with the work", "about 1 s, less than 6",
          say("%.1f s", run->seconds), "for whom does it wait?");
    recognise(wrong > 0, "the worker was made the daemon: which of the two may be cut off?");
    recognise(dots >= 50 && main == run->count, "main waits for the display itself: there is a join too many");
    recognise(
        wrong == 0 && dots >= 50 && main < run->count,
        "the display was not made a daemon before its start; once it runs, it is too late to make it a daemon "
        "(MR_ESTATE)");
    recognise(main > 0 && dots == 0, "there is no dot: has the display been started?");
}

EXERCISE(diary, .ranks = 2, .limit = 20)
{
    size_t pages = (size_t)seeded_number("pages", 5, 4, 8);
    matches written = lines_like(run, "page ([0-9]+)");
    const char *wanted = "";
    for (size_t i = 1; i <= pages; i++)
        wanted = say("%s%s%zu", wanted, i > 1 ? " " : "", i);
    check_sequence(&written, 1, "all pages, each once", wanted, "who ends the diary, and when?");
    matches main = lines_like(run, "main ends; the diary has exit code (-?[0-9]+)");
    check(main.count == 1, "main comes to its end", "once", say("%zu times", main.count), "the exit code");
    bool is_short = written.count < pages && main.count == 1;
    bool is_early = is_short && main.at[0].place <= 2;
    bool is_killed = is_short && number_in(&main.at[0], 1) == -SIGTERM;
    recognise(written.count > pages, "pages are written twice: one process is enough, if it is not cut off");
    recognise(is_early, "pages are lost: a daemon is cut off as soon as main ends, whatever it is doing");
    recognise(is_short && !is_early && !is_killed,
              "pages are lost: the diary takes longer than main was ready to wait, and a daemon is cut off then");
    recognise(is_killed, "pages are lost: main itself has ended the diary (SIGTERM) before it was done");
}
