/* One run of a program, from its start until its last traces have gone. */
#ifndef LESSON_RUN_H
#define LESSON_RUN_H

#include "leftovers.h"
#include "lesson.h"

#include <limits.h>

#define SETTLE 5.0 /* seconds that the last traces of a program have to go away in, after it has ended */

/* What is being written, as it comes. */
struct stream {
    int end; /* of the pipe to read from; -1: closed */
    char *text;
    size_t size;
};

struct running {
    const struct subject *subject;
    const char *program;
    struct run run;
    char folder[PATH_MAX]; /* TMPDIR of the program: what lies in it afterwards is its own */
    leftovers_before *before;
    struct stream out, err;
    size_t taken; /* so many bytes of out have become lines */
    double started;
    bool is_ended;
};

/* Starts it, and follows it to its end, or to its limit. Says on standard error why it cannot be started. */
bool run_program(struct running *running);

/* Gives processes and files a moment to go; how many processes and files are still there then. */
int run_settle(struct running *running, int *processes, int *files);

/* Ends what is left of it, first politely, and frees all. */
void run_end(struct running *running);

double seconds_now(void);
const char *launch_name(enum launch launch);

#endif
