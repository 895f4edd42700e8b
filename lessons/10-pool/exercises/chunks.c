//@title en: Ten times faster by chunks
//@title es: Diez veces más rápido por bloques
//@hint en: How long does one task take, and how long does it take to hand one over?
//@hint es: ¿Cuánto dura una tarea y cuánto se tarda en entregarla?
//@hint en: One call for all: mr_pool_map cuts the inputs into chunks, and a worker takes a chunk at a time.
//@hint es: Una sola llamada para todas: mr_pool_map corta las entradas en bloques, y un trabajador toma un bloque cada vez.
//@hint en: mr_pool_map(pool, cube, in, sizeof in[0], out, sizeof out[0], TASKS) in place of the loop.
//@hint es: mr_pool_map(pool, cube, in, sizeof in[0], out, sizeof out[0], TASKS) en lugar del bucle.
//@fails: one by one
//@en Lesson 10, exercise chunks. Four workers compute thousands of cubes, one call for each, and it takes long. Make it at
//@en least three times faster; ten times and more are to be had. The workers still have to do the work.
//@es Lección 10, ejercicio chunks. Cuatro trabajadores calculan miles de cubos, con una llamada para cada uno, y tardan
//@es mucho. Haz que vaya al menos tres veces más rápido; se pueden ganar diez veces y más. El trabajo lo tienen que
//@es seguir haciendo los trabajadores.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { TASKS = 10000, WORKERS = 4 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int cube(const void *in, void *out)
{
    long number = *(const long *)in;
    *(long *)out = number * number * number;
    return 0;
}

static mr_status one_by_one(const mr_pool *pool, const long in[], long out[])
{
    for (int i = 0; i < TASKS; i++) {
        mr_status status = mr_pool_apply(pool, cube, &in[i], sizeof in[i], &out[i], sizeof out[i]);
        if (status != MR_OK)
            return status;
    }
    return MR_OK;
}

static mr_status yours(const mr_pool *pool, const long in[], long out[])
{
    //@exercise
    return one_by_one(pool, in, out);
    //@solution
    return mr_pool_map(pool, cube, in, sizeof in[0], out, sizeof out[0], TASKS);
    //@mutant by-main: by main itself
    for (int i = 0; i < TASKS; i++)
        cube(&in[i], &out[i]);
    (void)pool;
    return MR_OK;
    //@mutant half: results are missing
    return mr_pool_map(pool, cube, in, sizeof in[0], out, sizeof out[0], TASKS / 2);
    //@end
}

static size_t tasks_of_workers(const mr_pool *pool)
{
    mr_insight workers[WORKERS];
    size_t tasks = 0;
    mr_pool_insights(pool, workers, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        tasks += workers[i].tasks;
    return tasks;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    static long in[TASKS], out[TASKS];
    mr_pool pool;
    int right = 0;

    for (int i = 0; i < TASKS; i++)
        in[i] = i + 1;
    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init(&pool, WORKERS) != MR_OK)
        return failed();
    double start = now(); /* first the slow way, to compare with; it also waits until the workers are up */
    if (one_by_one(&pool, in, out) != MR_OK || (start = now(), one_by_one(&pool, in, out)) != MR_OK)
        return failed();
    double slow = now() - start;
    size_t before = tasks_of_workers(&pool);
    for (int i = 0; i < TASKS; i++)
        out[i] = 0;
    start = now();
    if (yours(&pool, in, out) != MR_OK)
        return failed();
    double fast = now() - start;
    for (int i = 0; i < TASKS; i++)
        right += out[i] == in[i] * in[i] * in[i];
    printf("right %d\n", right);
    printf("by the workers %zu\n", tasks_of_workers(&pool) - before);
    printf("times faster %.1f\n", slow / fast);
    mr_pool_close(&pool);
    return mr_finalize();
}
