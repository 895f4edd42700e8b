/* What the programs that measure have in common. */
#ifndef MEASURING_H
#define MEASURING_H

#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline _Noreturn void fail(const char *why)
{
    fprintf(stderr, "a measurement failed: %s\n", why);
    exit(1);
}

static inline void need(mr_status status)
{
    if (status != MR_OK)
        fail(mr_last_error());
}

static inline double now_on(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        fail("a clock cannot be read");
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Seconds on a clock that is the same for all processes of a host. */
static inline double now(void)
{
    return now_on(CLOCK_MONOTONIC);
}

#endif
