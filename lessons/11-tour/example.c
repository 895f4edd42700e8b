/* Lesson 11: a tour of the ten lessons before. Each stop does in small what the lesson does, and tells whether
 * what was to be seen there was seen. */
#include "tour.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_LEFT = 16 };

static const struct {
    const char *heading;
    stop *visit;
} stops[] = {
    {"functions: How do you run functions in parallel?", see_functions},
    {"names: How do you give processes names, and find out what they are called?", see_names},
    {"background: How do you run a process in the background?", see_background},
    {"kill: How do you kill a process?", see_kill},
    {"subclass: How do you use a process in a subclass?", see_subclass},
    {"queue: How do you exchange objects between processes: with a queue?", see_queue},
    {"pipe: How do you exchange objects between processes: with a pipe?", see_pipe},
    {"barrier: How do you synchronize processes?", see_barrier},
    {"manager: How do you synchronize processes, with a manager?", see_manager},
    {"pool: How do you run a function in parallel over many inputs: with a pool?", see_pool},
};
enum { STOPS = sizeof stops / sizeof stops[0] };

/* The time in seconds, on a clock that is never put forward or back. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Stops are wanted all, or those whose numbers were given. */
static bool is_wanted(int number, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strtol(argv[i], NULL, 10) == number)
            return true;
    }
    return argc < 2;
}

/* A stop that has failed half-way leaves processes behind, which the next one need not have. */
static void end_what_is_left(void)
{
    mr_process left[MOST_LEFT];
    const int count = mr_active_children(left, MOST_LEFT);

    for (int i = 0; i < count && i < MOST_LEFT; i++) {
        mr_process_kill(&left[i]);
        mr_process_join(&left[i], LIMIT);
    }
}

/* Whether what was to be seen at this stop was seen. */
static bool visit(int index)
{
    const double start = now();
    mr_queue notebook;

    printf("%d, %s\n", index + 1, stops[index].heading);
    const bool seen = mr_queue_init(&notebook, 0) == MR_OK ? stops[index].visit(&notebook) : failed();
    printf("  %s, %.2f s\n\n", seen ? "seen" : "not seen", now() - start);
    end_what_is_left();
    mr_queue_destroy(&notebook);
    return seen;
}

/* The exit code is the number of stops that were not seen; STOPS + 1 if there was no tour. */
int main(int argc, char **argv)
{
    const double start = now();
    int visited = 0, seen = 0;

    if (mr_init(&argc, &argv) != MR_OK)
        return STOPS + complain();
    for (int i = 0; i < STOPS; i++) {
        if (is_wanted(i + 1, argc, argv)) {
            visited++;
            seen += visit(i);
        }
    }
    if (visited == 0) {
        fprintf(stderr, "There are stops 1 to %d.\n", STOPS);
        mr_finalize();
        return STOPS + 1;
    }
    printf("%d of %d seen, %.2f s\n", seen, visited, now() - start);
    if (mr_finalize() != MR_OK)
        return STOPS + complain();
    return visited - seen;
}
