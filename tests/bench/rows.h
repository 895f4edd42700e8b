/* What is measured, and against what. */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>

typedef struct figures {
    double ours, other; /* in seconds, cores or bytes; other stays 0 where there is nothing to compare with */
} figures;

typedef struct row {
    const char *name; /* on the command line */
    const char *what, *other;
    bool (*measure)(bool quick, figures *round); /* one round: first ours, then the other's */
    int rounds;
    const char *unit; /* that the figures are shown in */
    double units;     /* so many in a second, a core or a byte */
    double aim;       /* what the ratio should be at most or, with no other, the figure in its unit; 0: none */
} row;

extern const row rows[];
extern const int row_count;

#endif
