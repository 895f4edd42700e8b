/* Looks at trial.c, which does wrong on purpose: that it is noticed is what CMakeLists.txt tests. */
#include "lesson.h"

#include <signal.h>
#include <string.h>

EXERCISE(fine, .ranks = 2, .limit = 20)
{
    matches words = lines_like(run, "word ([a-z]+)");
    check_sequence(&words, 1, "words", "one two two", "trial.c");
    check_set(&words, 1, "words", "two one two", "trial.c");
    check_times(run, "word two", 2, "trial.c");
    check_order(run, "word one", "word two", "their order", "trial.c");
    check(errors_mention(run, "^complaint$"), "standard error", "complaint", run->errors, "trial.c");
    measured("%zu lines", run->count);
}

EXERCISE(order, .ranks = 2, .limit = 20)
{
    check_order(run, "word two", "word one", "their order", "the lines of trial.c");
}

EXERCISE(hangs, .ranks = 2, .limit = 3, .arguments = "hangs")
{
    check(false, "what a hang silences", "", "", "");
    recognise(run->is_hung && line_times(run, "word one") == 1, "recognised, although it hangs");
}

EXERCISE(dies, .ranks = 2, .limit = 20, .arguments = "dies 9")
{
    (void)run;
}

EXERCISE(seven, .ranks = 2, .limit = 20, .exit_code = 7, .arguments = "dies 7")
{
    (void)run;
}

EXERCISE(leaves, .ranks = 2, .limit = 20, .arguments = "leaves")
{
    (void)run;
}

/* Interrupts the program as soon as it has said something. */
static void interrupt(struct run *run)
{
    if (run->count > 0)
        kill(run->pid, SIGTERM);
}

EXERCISE(interrupted, .ranks = 2, .limit = 20, .exit_code = EXIT_ANY, .meanwhile = interrupt, .arguments = "hangs")
{
    check(run->exit_code == 128 + SIGTERM && run->seconds < 15, "it is interrupted", "143",
          say("%d", run->exit_code), "");
}
