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

EXERCISE(verdict, .ranks = 5, .limit = 20)
{
    long failure = seeded_number("failure", 3, 2, 99);
    matches told =
        lines_like(run, "(Process-[0-9]) (did well|failed with (-?[0-9]+)|was ended by signal (-?[0-9]+))");
    check_sequence(&told, 1, "main speaks of each process once", "Process-1 Process-2 Process-3 Process-4",
                   "the loop that joins them");
    check_times(run, "Process-1 did well", 1, "exit code 0");
    check_times(run, say("Process-2 failed with %ld", failure), 1, "an exit code above 0");
    check_times(run, "Process-3 was ended by signal 9", 1, "an exit code below 0: SIGKILL is 9");
    check_times(run, "Process-4 was ended by signal 15", 1,
                "an exit code below 0: mr_process_terminate sends SIGTERM, 15");
    recognise(
        line_times(run, "Process-3 failed with -9") > 0,
        "a signal is not a failure of its own: a negative exit code says which signal has ended the process");
    recognise(line_times(run, "Process-3 was ended by signal -9") > 0,
              "a signal's number has no sign: the exit code is that number with a minus");
    recognise(line_times(run, "Process-3 was ended by signal -137") > 0,
              "137 is what 9 looks like as a shell shows it (128 + 9); here it is -9");
    recognise(line_times(run, say("Process-2 was ended by signal %ld", failure)) > 0,
              "Process-2 has ended by itself: an exit code above 0 is what it returned, or gave to exit");
}

EXERCISE(stubborn, .ranks = 3, .limit = 15)
{
    size_t saved = line_times(run, "polite: work is put away"), rest = line_times(run, "still there");
    check_times(run, "polite: work is put away", 1, "it needs a moment after SIGTERM");
    check_times(run, "alive: polite 0, stubborn 0", 1, "who can refuse which signal?");
    bool is_over = lines_like(run, "alive: .*").count > 0;
    recognise(run->is_hung, "one of them ignores SIGTERM, and main waits for it for ever: wait with a time-out");
    recognise(is_over && saved == 0 && rest == 0,
              "killed at once, with no time between, the polite one cannot put anything away");
    recognise(rest > 0,
              "asking twice does not help: who ignores SIGTERM ignores it again; SIGKILL cannot be ignored");
}

EXERCISE(restart, .ranks = 2, .limit = 40)
{
    matches flaky = lines_like(run, "flaky attempt ([0-9]+)"),
            hopeless = lines_like(run, "hopeless attempt ([0-9]+)");
    check_sequence(&flaky, 1, "the flaky job's attempts", "0 1 2", "when is it tried again?");
    check_sequence(&hopeless, 1, "the hopeless job's attempts", "0 1 2", "when is it given up?");
    check_times(run, "flaky: done", 1, "its third attempt succeeds");
    check_times(run, "hopeless: given up", 1, "none of its attempts succeeds");
    recognise(errors_mention(run, "start") && flaky.count == 1 && line_times(run, "flaky: given up") == 1,
              "a process cannot be started twice: each attempt needs an mr_process_init of its own");
    recognise(hopeless.count > 3, "the hopeless job is tried more often than was asked for");
    recognise(line_times(run, "hopeless: done") == 1, "a crash is below 0, and not a success: only 0 is one");
}
