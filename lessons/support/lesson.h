/* What a lesson's check.c is written with: it looks at one run of a program, as a user would have started it.
 *
 *     EXAMPLE(.ranks = 6)                       // the lesson's example.c
 *     {
 *         matches work = lines_like(run, "work: index ([0-9]+) in process ([0-9]+)");
 *         check_set(&work, 1, "each index once", "0 1 2 3 4", "Does each round of the loop start a process?");
 *     }
 *
 *     EXERCISE(overlap, .ranks = 4, .limit = 20) // exercises/overlap.c
 *     {
 *         recognise(is_serial, "You join each process right after its start: nobody else can work meanwhile.");
 *     }
 *
 * That the program ends in time, its exit code, and that it leaves nothing behind, is looked at for every program.
 * README.md in this folder tells how to write an exercise. */
#ifndef LESSON_H
#define LESSON_H

#include <criterion/criterion.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum launch {
    LAUNCH_alone,   /* PROGRAM */
    LAUNCH_mpirun1, /* mpirun -n 1 PROGRAM */
    LAUNCH_mpirunN  /* mpirun -n RANKS --oversubscribe PROGRAM */
};

/* A line of standard output. */
struct line {
    double when; /* it came: seconds since the program's start */
    const char *text;
};

/* One run of a program. */
struct run {
    enum launch launch;
    bool is_hung;  /* it had not ended after the limit; all checks are silent then, recognise is not */
    int exit_code; /* as a shell shows it: 128 + n if signal n killed it */
    double seconds;
    struct line *lines;
    size_t count;       /* of lines */
    const char *errors; /* all of standard error */
    pid_t pid;          /* of what was started: the program's supervisor, or mpirun */
};

#define EXIT_ANY (-1)

/* What is looked at, and how it is started. */
struct subject {
    const char *name;
    void (*look)(struct run *run);
    int ranks;             /* for mpirun -n: main, and one for each process */
    double limit;          /* seconds, after which it counts as hung; 60 if not given */
    int exit_code;         /* that it must end with; EXIT_ANY: the check looks itself */
    const char *arguments; /* separated by blanks */
    void (*meanwhile)(
        struct run *run); /* called some fifty times a second while it runs: to kill a process, say */
};

/* ---- What came --------------------------------------------------------------------------------------------- */

enum { GROUPS_MAX = 5, GROUP_SIZE = 256 };

/* A line that has the form that was asked for. */
struct match {
    double when;
    size_t place;                      /* in the output: 1 is the first line */
    char text[GROUPS_MAX][GROUP_SIZE]; /* the line, and the groups of the pattern */
};

typedef struct matches {
    size_t count;
    struct match *at;
} matches;

/* The lines that are, from their first to their last character, of this form (an extended regular expression). */
matches lines_like(const struct run *run, const char *pattern);

/* Whether there is something of this form in standard error; ^ and $ are the ends of a line. */
bool errors_mention(const struct run *run, const char *pattern);

/* How often exactly this line came, and where first (1: the first line; 0: it did not). */
size_t line_times(const struct run *run, const char *text);
size_t line_place(const struct run *run, const char *text);

/* A group of a match, as a number; 0 if it is none. */
long number_in(const struct match *match, int group);

/* All that one group matched, in the order of the lines: "2 0 1"; "nothing" if there is none. */
const char *all_of(const matches *found, int group);

/* The sentence that printf would print; it lives until the check ends. */
const char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- What was expected --------------------------------------------------------------------------------------
 * Each gives one line, or in case of failure four: what it is about, what was expected, what was seen, and what to
 * look at next. All return whether it was as expected. */

bool check(bool is_good, const char *what, const char *expected, const char *seen, const char *next);

/* The group's texts are the words of `wanted` (separated by blanks), each once: in any order, or in this order. */
bool check_set(const matches *found, int group, const char *what, const char *wanted, const char *next);
bool check_sequence(const matches *found, int group, const char *what, const char *wanted, const char *next);

/* Exactly this line came so many times. */
bool check_times(const struct run *run, const char *line, size_t times, const char *next);

/* All lines of the first form come before all of the second; both must be there. */
bool check_order(const struct run *run, const char *first, const char *second, const char *what, const char *next);

/* Names in group 1 of both: all of them have started before the first one ends. */
bool check_overlap(const matches *starts, const matches *ends, const char *next);

/* Says what has probably been done, if `is_it`; the run counts as failed then. Meant for the mistakes that are
 * easily made: the sentence speaks to the one that wrote the program. */
bool recognise(bool is_it, const char *sentence);

/* A figure of this machine, for the learner to see; it never fails. */
void measured(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether the program is the project's own, as it is shipped, rather than one that a learner may have changed. */
bool is_shipped(void);

/* The number, or the word out of "one|two|three", that this learner's exercise has instead of the one in the
 * master; as there: default, limits, choices. */
long seeded_number(const char *name, long usual, long low, long high);
const char *seeded_word(const char *name, const char *usual, const char *choices);

/* ---- The macros --------------------------------------------------------------------------------------------- */

#define EXAMPLE(...) LESSON_SUBJECT(example, example, __VA_ARGS__)
#define EXERCISE(name, ...) LESSON_SUBJECT(exercise, name, __VA_ARGS__)

#define LESSON_SUBJECT(suite, title, ...)                               \
    static void suite##__##title##__look(struct run *run);              \
    static const struct subject suite##__##title = {                    \
        .name = #title, .look = suite##__##title##__look, __VA_ARGS__}; \
    Test(suite, title##__alone)                                         \
    {                                                                   \
        lesson_look(&suite##__##title, LAUNCH_alone);                   \
    }                                                                   \
    Test(suite, title##__mpirun1)                                       \
    {                                                                   \
        lesson_look(&suite##__##title, LAUNCH_mpirun1);                 \
    }                                                                   \
    Test(suite, title##__mpirunN)                                       \
    {                                                                   \
        lesson_look(&suite##__##title, LAUNCH_mpirunN);                 \
    }                                                                   \
    static void suite##__##title##__look(struct run *run)

/* Runs the program that was named on the command line, and looks at it. */
void lesson_look(const struct subject *subject, enum launch launch);

#endif
