#ifndef MEDIAN_H
#define MEDIAN_H

/* The median of at least one figure; sorts them. */
double median(double *figures, int count);

#endif
