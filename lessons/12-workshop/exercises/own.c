//@title en: A problem of your own
//@title es: Un problema propio
//@hint en: What is one task of your problem, and which bytes does it need?
//@hint es: ¿Cuál es una tarea de tu problema y qué bytes necesita?
//@hint en: compute() is the task; both ways of main call it, one in a loop, the other by mr_pool_map.
//@hint es: compute() es la tarea; las dos maneras de main la llaman, una en un bucle y la otra con mr_pool_map.
//@hint en: mr_pool_map(&pool, compute, inputs, sizeof inputs[0], parallel, sizeof parallel[0], TASKS) where the comment stands.
//@hint es: mr_pool_map(&pool, compute, inputs, sizeof inputs[0], parallel, sizeof parallel[0], TASKS) donde está el comentario.
//@fails: nothing was computed
//@en Lesson 12, exercise own. A skeleton for a problem of your own. As it is, it counts the steps of Collatz's numbers to 1,
//@en one after the other. First let the pool do the same. Then put your own problem into compute() and the inputs: the
//@en table and the comparison stay. When does it pay?
//@es Lección 12, ejercicio own. Un esqueleto para un problema propio. Tal como está, cuenta los pasos de los números de
//@es Collatz hasta 1, uno tras otro. Primero haz que el pool haga lo mismo. Después pon tu propio problema en compute() y en
//@es las entradas: la tabla y la comparación se quedan. ¿Cuándo vale la pena?
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { TASKS = 2000 };

struct input {
    long first, count; /* numbers to look at */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Your problem: one task. Reads in, writes out; the same for the same input, whoever computes it. */
static int compute(const void *in, void *out)
{
    const struct input *input = in;
    long steps = 0;
    for (long number = input->first; number < input->first + input->count; number++)
        for (long n = number; n != 1; n = n % 2 == 0 ? n / 2 : 3 * n + 1)
            steps++;
    *(long *)out = steps;
    return 0;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    static struct input inputs[TASKS];
    static long sequential[TASKS], parallel[TASKS];
    int same = 0;

    for (long i = 0; i < TASKS; i++)
        inputs[i] = (struct input){100 * i + 1, 100};
    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    double start = now();
    for (int i = 0; i < TASKS; i++)
        compute(&inputs[i], &sequential[i]);
    double alone = now() - start;
    printf("%9s %10s %9s\n", "workers", "seconds", "speed-up");
    printf("%9s %10.3f %9.2f\n", "none", alone, 1.0);
    for (int workers = 1; workers <= 4; workers *= 2) {
        mr_pool pool;
        for (int i = 0; i < TASKS; i++)
            parallel[i] = 0;
        if (mr_pool_init(&pool, workers) != MR_OK)
            return failed();
        start = now();
        //@exercise
        /* here: the same, by the pool */
        //@solution
        if (mr_pool_map(&pool, compute, inputs, sizeof inputs[0], parallel, sizeof parallel[0], TASKS) != MR_OK)
            return failed();
        //@mutant half: some inputs have no result
        if (mr_pool_map(&pool, compute, inputs, sizeof inputs[0], parallel, sizeof parallel[0], TASKS / 2) != MR_OK)
            return failed();
        //@mutant not-waited: nothing was computed
        mr_tasks tasks = {.task = compute, .in = inputs, .in_size = sizeof inputs[0], .count = TASKS,
                          .out_size = sizeof parallel[0]};
        mr_future future;
        if (mr_pool_map_async(&pool, &tasks, &future) != MR_OK)
            return failed();
        mr_future_get(&future, parallel, sizeof parallel, 0);
        mr_future_close(&future);
        //@end
        double seconds = now() - start;
        printf("%9d %10.3f %9.2f\n", workers, seconds, alone / seconds);
        same = 0;
        for (int i = 0; i < TASKS; i++)
            same += parallel[i] == sequential[i];
        printf("same results with %d: %d\n", workers, same);
        mr_pool_terminate(&pool);
    }
    return mr_finalize();
}
