/* main() of every lesson's check. */
#include "hang.h"
#include "lines.h"
#include "look.h"
#include "proctree.h"
#include "seed.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/options.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_NOTHING = 2 };

static const char usage[] =
    "Usage: check [OPTION...] [PROGRAM]\n"
    "Runs the lesson's example (PROGRAM; if it is not given, the one beside this check) and looks at what "
    "happened.\n"
    "  --exercise NAME   PROGRAM is an exercise of the lesson\n"
    "  --launch LAUNCH   alone: no launcher (so it is if not given); mpirun1: mpirun -n 1; mpirunN: mpirun with a "
    "rank\n"
    "                    for each process\n"
    "  --seed NUMBER     the exercise was made with this seed\n"
    "  --lang LANGUAGE   en or es; if it is not given, the locale's\n"
    "  --shipped         the program has not been changed by anybody: looks more closely\n"
    "  --wrong WORDS     the program is wrong, and the check has to say so, with these words\n"
    "Exit code: 0 all is well, 1 something is not, 2 nothing could be checked.\n";

/* ---- In the Criterion test ---- */

long seeded_number(const char *name, long usual, long low, long high)
{
    const char *seed = getenv("LESSON_SEED");
    return seed_number(seed != NULL ? strtoul(seed, NULL, 10) : 0, name, usual, low, high);
}

const char *seeded_word(const char *name, const char *usual, const char *choices)
{
    const char *seed = getenv("LESSON_SEED");
    int count = 1, chosen;
    for (const char *bar = choices; (bar = strchr(bar, '|')) != NULL; bar++)
        count++;
    chosen = seed_choice(seed != NULL ? strtoul(seed, NULL, 10) : 0, name, -1, count);
    if (chosen < 0)
        return usual;
    while (chosen-- > 0)
        choices = strchr(choices, '|') + 1;
    return say("%.*s", (int)strcspn(choices, "|"), choices);
}

static void look_at_end(struct running *running)
{
    const struct subject *subject = running->subject;
    const struct run *run = &running->run;
    if (run->is_hung) {
        complain(
            say("not ok: the program hangs\n    expected: an end within %.0f s\n    seen:     none; who waits "
                "for whom:\n%s    next:     which of them waits for something that nobody will do any more?\n",
                subject->limit > 0 ? subject->limit : 60, explain_hang(running)));
        return;
    }
    if (subject->exit_code == EXIT_ANY)
        return;
    const char *seen = run->exit_code > 128 ? say("%d: signal %d ended it", run->exit_code, run->exit_code - 128)
                                            : say("%d", run->exit_code);
    check(run->exit_code == subject->exit_code, "exit code", say("%d", subject->exit_code), seen,
          *run->errors != '\0' ? "what it wrote to standard error, below" : say("what main returns"));
}

static void look_at_traces(struct running *running)
{
    const char *all_gone = say("none within 5 s of the end");
    int processes, files;
    if (running->run.is_hung)
        return;
    run_settle(running, &processes, &files);
    check(processes == 0, "no process is left", all_gone, processes == 0 ? "none" : say("%d", processes),
          "the processes that are listed here: who should have ended them?");
    if (processes > 0) {
        proctree tree = proctree_read(running->folder);
        proctree_print(&tree, stdout);
        proctree_free(&tree);
    }
    check(files == 0, "no file is left in /dev/shm, no session folder in $TMPDIR", all_gone,
          files == 0 ? "none" : say("%d", files), "the files that are listed here");
    if (files > 0)
        leftovers_count(running->before, running->folder, stdout);
}

static void show_output(const struct run *run)
{
    if (look_failures() > 0) {
        printf("%s", translated("what the program printed, and when:\n"));
        for (size_t i = 0; i < run->count; i++)
            printf("  %6.2f s  %s\n", run->lines[i].when, run->lines[i].text);
    }
    if (*run->errors != '\0')
        printf(translated("what it wrote to standard error:\n%s%s"), run->errors,
               run->errors[strlen(run->errors) - 1] == '\n' ? "" : "\n");
}

/* Whether the check has said what it is expected to say. */
static bool is_as_wanted(void)
{
    const char *words = getenv("LESSON_WRONG");
    if (words == NULL)
        return look_failures() == 0;
    bool is_said = strstr(look_complaints(), words) != NULL;
    if (look_failures() == 0)
        printf("NOT CAUGHT: the program is wrong, and the check is content\n");
    else
        printf("%s \"%s\"\n",
               is_said ? "caught, as it should be, with the words" : "CAUGHT, but not with the words", words);
    return is_said;
}

void lesson_look(const struct subject *subject, enum launch launch)
{
    struct running running = {.subject = subject, .program = getenv("LESSON_PROGRAM"), .run = {.launch = launch}};
    setvbuf(stdout, NULL, _IOLBF, 0);
    choose_language(getenv("LESSON_LANGUAGE"));
    bool is_started = running.program != NULL && run_program(&running);
    bool is_good = false;
    if (is_started) {
        look_begin(running.run.is_hung);
        look_at_end(&running);
        subject->look(&running.run);
        look_at_traces(&running);
        show_output(&running.run);
        is_good = is_as_wanted();
        run_end(&running);
    }
    keep_nothing();
    fflush(stdout);
    cr_assert(is_good);
}

/* ---- The command ---- */

static int tests_run;

ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
    (void)stats;
    tests_run++;
}

/* The path of a program, from the root; NULL, with a sentence, if it is none. */
static char *find_program(const char *given)
{
    static char path[2 * PATH_MAX];
    struct stat status;
    if (given != NULL)
        snprintf(path, sizeof path, "%s", given);
    else
        snprintf(path, sizeof path, "%s/example", own_folder());
    char *whole = realpath(path, NULL);
    if (whole != NULL && stat(whole, &status) == 0 && S_ISREG(status.st_mode) && access(whole, X_OK) == 0)
        return whole;
    fprintf(stderr, "nothing to check: %s is not a program (has it been built?)\n", path);
    free(whole);
    return NULL;
}

/* The command `multirank` of the same build or installation, or any. */
static void find_tool(void)
{
    static const char *const places[] = {"../../../../bin/multirank", "../../src/multirank",
                                         "../../../src/multirank"};
    char path[PATH_MAX + 32];
    setenv("LESSON_TOOL", "multirank", 1);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s", own_folder(), places[i]);
        if (access(path, X_OK) == 0)
            setenv("LESSON_TOOL", path, 1);
    }
}

static int run_test(const char *exercise, const char *launch)
{
    char pattern[256];
    struct criterion_test_set *tests = criterion_initialize();
    snprintf(pattern, sizeof pattern, "%s/%s__%s", exercise != NULL ? "exercise" : "example",
             exercise != NULL ? exercise : "example", launch);
    criterion_options.pattern = pattern;
    criterion_options.jobs = 1;
    criterion_options.logging_threshold = (enum criterion_logging_level)(CRITERION_IMPORTANT + 10);
    bool is_good = criterion_run_all_tests(tests) != 0;
    criterion_finalize(tests);
    if (tests_run > 0)
        return is_good ? 0 : 1;
    fprintf(stderr, "nothing to check: there is no %s %s here\n", exercise != NULL ? "exercise" : "launch",
            exercise != NULL ? exercise : launch);
    return EXIT_NOTHING;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"exercise", required_argument, NULL, 'e'}, {"launch", required_argument, NULL, 'l'},
        {"seed", required_argument, NULL, 's'},     {"shipped", no_argument, NULL, 'o'},
        {"wrong", required_argument, NULL, 'w'},    {"lang", required_argument, NULL, 'L'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    const char *exercise = NULL, *launch = "alone";
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) >= 0;) {
        if (option == 'e')
            exercise = optarg;
        else if (option == 'l')
            launch = optarg;
        else if (option == 's')
            setenv("LESSON_SEED", optarg, 1);
        else if (option == 'L')
            setenv("LESSON_LANGUAGE", optarg, 1);
        else if (option == 'o')
            setenv("LESSON_SHIPPED", "1", 1);
        else if (option == 'w')
            setenv("LESSON_WRONG", optarg, 1);
        else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : EXIT_NOTHING;
        }
    }
    char *program = find_program(argv[optind]);
    if (program == NULL)
        return EXIT_NOTHING;
    setenv("LESSON_PROGRAM", program, 1);
    find_tool();
    free(program);
    return run_test(exercise, launch);
}
