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

EXERCISE(verdict, .ranks = 6, .limit = 20)
{
    long code = seeded_number("code", 3, 2, 99);
    const char *fail = say("broken: failed with code %ld", code);
    check_times(run, "quiet: ended well", 1, "exit code 0");
    check_times(run, fail, 1, "exit codes above 0");
    check_times(run, "terminated: killed by signal 15", 1, "exit codes below 0");
    check_times(run, "shot: killed by signal 9", 1, "exit codes below 0");
    check_times(run, "busy: still running", 1, "what is the exit code of one that has not ended?");
    bool is_shell = lines_like(run, "shot: failed with code 137").count > 0;
    bool is_failure = lines_like(run, "shot: failed with code -9").count > 0;
    bool is_negative = lines_like(run, "shot: killed by signal -9").count > 0;
    recognise(is_failure, "a signal is not a failure of the program's own: below 0 is the signal that ended it");
    recognise(is_shell, "137 is 128 + 9: that is what a shell shows; here a signal is a number below 0");
    recognise(is_negative, "a signal has a number above 0: turn the sign round");
    recognise(
        lines_like(run, "busy: killed.*").count > 0 && !is_negative,
        "who has not ended has no exit code: MR_EXITCODE_NONE is below 0, too, and has to be asked for first");
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
