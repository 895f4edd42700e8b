/* OpenMP's side of the benchmark of pools: omp_pools work|rows AMOUNT prints the seconds that a task takes, on two
 * threads with schedule(dynamic). */
#include "pool_tasks.h"

#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double time_tasks(int count, bool are_rows)
{
    uint64_t *out = calloc((size_t)count, sizeof *out);
    if (out == NULL)
        exit(1);
        /* They are there before it counts, as the workers of a pool are. */
#pragma omp parallel num_threads(2)
    out[omp_get_thread_num() % count] = 1;
    double begin = omp_get_wtime();
#pragma omp parallel for schedule(dynamic) num_threads(2)
    for (int i = 0; i < count; i++)
        out[i] = are_rows ? draw_row(i, count) : work_hard((uint64_t)i);
    double seconds = omp_get_wtime() - begin;
    free(out);
    return seconds / count;
}

int main(int argc, char **argv)
{
    int amount = argc == 3 ? atoi(argv[2]) : 0;
    if (amount < 1 || (strcmp(argv[1], "work") != 0 && strcmp(argv[1], "rows") != 0)) {
        fprintf(stderr, "Usage: omp_pools work|rows AMOUNT\n");
        return 2;
    }
    printf("%.9g\n", time_tasks(amount, strcmp(argv[1], "rows") == 0));
    return 0;
}
