/* The sum of the first N integers: alone, with processes, and with threads, for several numbers of workers; as a
 * table, and as a picture beside Amdahl's law:
 *
 *     example [N [PICTURE.svg]]
 */
#include "plot.h"

#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COUNTS = 4, MOST_WORKERS = 8, TIMES = 3 };

static const int workers[COUNTS] = {1, 2, 4, MOST_WORKERS};

struct part {
    long first, last;
};

/* What was measured, in seconds; each the best of TIMES. */
struct figures {
    double alone, start[COUNTS], processes[COUNTS], threads[COUNTS];
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double best(double one, double other)
{
    return one < other ? one : other;
}

static long add(struct part part)
{
    long sum = 0;
    for (long number = part.first; number <= part.last; number++) {
        sum += number;
        __asm__ volatile("" : "+r"(sum)); /* or the compiler would know the sum without adding anything */
    }
    return sum;
}

static int add_part(const void *in, void *out)
{
    *(long *)out = add(*(const struct part *)in);
    return 0;
}

static struct part part_of(long n, int count, int i)
{
    return (struct part){n / count * i + (n % count * i) / count + 1,
                         n / count * (i + 1) + (n % count * (i + 1)) / count};
}

static long with_threads(long n, int count)
{
    long sum = 0;
#pragma omp parallel for num_threads(count) reduction(+ : sum) schedule(static, 1)
    for (int i = 0; i < count; i++)
        sum += add(part_of(n, count, i));
    return sum;
}

/* false: it failed, mr_last_error tells why. */
static bool with_processes(const mr_pool *pool, long n, int count, long *sum)
{
    struct part parts[MOST_WORKERS];
    long sums[MOST_WORKERS];
    for (int i = 0; i < count; i++)
        parts[i] = part_of(n, count, i);
    const mr_tasks tasks = {.task = add_part,
                            .in = parts,
                            .in_size = sizeof parts[0],
                            .count = (size_t)count,
                            .out_size = sizeof sums[0],
                            .chunk_size = 1};
    *sum = 0;
    if (mr_pool_map_with(pool, &tasks, sums) != MR_OK)
        return false;
    for (int i = 0; i < count; i++)
        *sum += sums[i];
    return true;
}

/* One row of the table: processes and threads, as many as workers[row]. */
static bool measure_row(struct figures *figures, int row, long n, long wanted, bool *is_same)
{
    mr_pool pool;
    long sum;
    int count = workers[row];
    double start = now();
    if (mr_pool_init(&pool, count) != MR_OK || !with_processes(&pool, count, count, &sum)) /* until they are up */
        return false;
    figures->start[row] = now() - start;
    figures->processes[row] = figures->threads[row] = 1e9;
    with_threads(count, count); /* so that their team is there, too */
    for (int i = 0; i < TIMES; i++) {
        start = now();
        if (!with_processes(&pool, n, count, &sum))
            return false;
        figures->processes[row] = best(figures->processes[row], now() - start);
        *is_same &= sum == wanted;
        start = now();
        sum = with_threads(n, count);
        figures->threads[row] = best(figures->threads[row], now() - start);
        *is_same &= sum == wanted;
    }
    return mr_pool_close(&pool) == MR_OK && mr_pool_join(&pool, MR_FOREVER) == MR_OK;
}

/* The row from which the serial part is taken: the most workers that have a core each, two at least. */
static int telling_row(void)
{
    int row = 1;
    for (int i = 1; i < COUNTS; i++)
        row = workers[i] <= mr_core_count() ? i : row;
    return row;
}

static int show(const struct figures *figures, const char *picture)
{
    double ideal[COUNTS], processes[COUNTS], threads[COUNTS], law[COUNTS];
    int row = telling_row();
    double serial = serial_part(figures->alone / figures->processes[row], workers[row]);
    printf("alone: %.4f s\n", figures->alone);
    printf("%7s %10s %12s %10s %9s %9s %9s\n", "workers", "start", "processes", "threads", "speed-up", "(threads)",
           "Amdahl");
    for (int i = 0; i < COUNTS; i++) {
        ideal[i] = workers[i];
        processes[i] = figures->alone / figures->processes[i];
        threads[i] = figures->alone / figures->threads[i];
        law[i] = amdahl(serial, workers[i]);
        printf("%7d %10.4f %12.4f %10.4f %9.2f %9.2f %9.2f\n", workers[i], figures->start[i],
               figures->processes[i], figures->threads[i], processes[i], threads[i], law[i]);
    }
    printf("cores: %d\n", mr_core_count());
    printf("serial part, by your figures: %.1f %%\n", 100 * serial);
    const struct curve curves[] = {{"ideal", "#999999", true, ideal},
                                   {"Amdahl, with your serial part", "#2a7d2a", true, law},
                                   {"processes", "#b03030", false, processes},
                                   {"threads", "#3050b0", false, threads}};
    if (picture != NULL && !plot(picture, "The sum of the first N integers: speed-up for so many workers", workers,
                                 COUNTS, curves, sizeof curves / sizeof *curves)) {
        perror(picture);
        return 1;
    }
    return 0;
}

static int run(long n, const char *picture)
{
    struct figures figures = {.alone = 1e9};
    bool is_same = true;
    long sum = 0;
    for (int i = 0; i < TIMES; i++) {
        double start = now();
        sum = add((struct part){1, n});
        figures.alone = best(figures.alone, now() - start);
    }
    for (int row = 0; row < COUNTS; row++) {
        if (!measure_row(&figures, row, n, sum, &is_same)) {
            fprintf(stderr, "%s\n", mr_last_error());
            return 1;
        }
    }
    printf("sum of the first %ld integers: %ld\n", n, sum);
    printf("%s\n", is_same ? "all sums are the same" : "not all sums are the same");
    return show(&figures, picture) != 0 || !is_same;
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        return 1;
    }
    char *end = "";
    long n = argc > 1 ? strtol(argv[1], &end, 10) : 400000000;
    int code = 2;
    if (argc > 3 || *end != '\0' || n < 1000 || n > 4000000000)
        fprintf(stderr, "usage: example [N [PICTURE.svg]], with N from 1000 to 4000000000\n");
    else
        code = run(n, argc > 2 ? argv[2] : NULL);
    mr_status status = mr_finalize();
    return status == MR_OK ? code : 1;
}
