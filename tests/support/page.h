/* A page of memory that all processes of a scenario share, so that they can see what they do to each other. */
#ifndef PAGE_H
#define PAGE_H

#include <stdatomic.h>
#include <stdbool.h>

enum { PAGE_COUNTS = 64 };

typedef struct page {
    volatile long plain;             /* to be changed under a lock only */
    atomic_long counts[PAGE_COUNTS]; /* whatever the scenario likes */
} page;

/* The page of that name; all zero when the first process asks for it. Stays mapped. */
page *page_open(const char *name);

/* Waits until a count is at least so much; false if it still is not after so many seconds. */
bool page_await(page *p, int index, long wanted, double seconds);

#endif
