/* What every experiment of this lesson needs: a clock, work to do, and a bar to see how much of something there
 * is. */
#ifndef LESSON_COMMON_H
#define LESSON_COMMON_H

#include <multirank.h>
#include <stdio.h>
#include <time.h>

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A fixed amount of work: each round needs the one before, so that no compiler can leave it out. */
static inline unsigned compute(long rounds)
{
    unsigned x = 1;
    for (long i = 0; i < rounds; i++)
        x = x * 1664525u + 1013904223u;
    return x;
}

static inline void bar(double part) /* of 1, which is 40 characters */
{
    for (int i = 0; i < (int)(part * 40 + 0.5) && i < 70; i++)
        putchar('#');
    putchar('\n');
}

static inline int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

#endif
