/* What the measured pools have to do, the same for all sides. */
#ifndef POOL_TASKS_H
#define POOL_TASKS_H

#include <stdint.h>

enum { WORK_STEPS = 50000, WIDTH = 600, MOST_STEPS = 2000 };

/* Some 100 us of a core: numbers that hang together, so that no compiler shortens it. */
static inline uint64_t work_hard(uint64_t seed)
{
    for (int i = 0; i < WORK_STEPS; i++)
        seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed;
}

/* One row of the Mandelbrot set: rows differ by more than a hundredfold. Gives how many steps it took. */
static inline uint64_t draw_row(int row, int rows)
{
    uint64_t all = 0;
    double im = 2.4 * row / rows - 1.2;
    for (int column = 0; column < WIDTH; column++) {
        double re = 3.0 * column / WIDTH - 2.2, x = 0, y = 0;
        int step = 0;
        for (; step < MOST_STEPS && x * x + y * y < 4; step++) {
            double next = x * x - y * y + re;
            y = 2 * x * y + im;
            x = next;
        }
        all += (uint64_t)step;
    }
    return all;
}

#endif
