/* A picture of speed-ups, as SVG. */
#ifndef PLOT_H
#define PLOT_H

#include <stdbool.h>
#include <stddef.h>

/* What one line of the picture shows: a speed-up for each number of workers. */
struct curve {
    const char *label, *colour;
    bool is_dashed; /* computed, not measured */
    const double *speedups;
};

/* Amdahl's law: how much faster `workers` are, if the part `serial` of the work (0 to 1) is one's alone. */
double amdahl(double serial, int workers);

/* The serial part that explains a measured speed-up (Karp and Flatt), from 0 to 1. workers: 2 or more. */
double serial_part(double speedup, int workers);

/* Writes the picture to a file. false: it could not be written, errno tells why. */
bool plot(const char *path, const char *title, const int workers[], size_t count, const struct curve curves[],
          size_t curve_count);

#endif
