//@title en: A poisonous task
//@title es: Una tarea venenosa
//@hint en: mr_pool_map says MR_ETASK. What of the tasks that did not fail?
//@hint es: mr_pool_map dice MR_ETASK. ¿Qué pasa con las tareas que no fallaron?
//@hint en: With MR_ETASK the other results are there all the same; mr_last_failures tells which are not, and why.
//@hint es: Con MR_ETASK los demás resultados están ahí de todos modos; mr_last_failures dice cuáles no, y por qué.
//@hint en: On MR_ETASK go on; mark failures[k].index for each k below count, and print "failed" for those that are marked.
//@hint es: Con MR_ETASK sigue adelante; marca failures[k].index para cada k menor que count, e imprime "failed" en los marcados.
//@fails: gives up all results
//@en Lesson 10, exercise poison. One of ten inputs kills every worker that takes it. The pool survives that; main does not.
//@en Print a line for each input: "4: 16" where there is a result, "7: failed" where there is none.
//@es Lección 10, ejercicio poison. Una de diez entradas mata a todo trabajador que la toma. El pool lo sobrevive; main no.
//@es Imprime una línea por entrada: "4: 16" si hay resultado, "7: failed" si no lo hay.
#include <multirank.h>
#include <signal.h>
#include <stdio.h>

enum { TASKS = 10, POISON = 7 /*@seed poison 2 9*/ };

static int square(const void *in, void *out)
{
    int number = *(const int *)in;
    if (number == POISON)
        raise(SIGKILL); /* as a bug in it would do */
    *(int *)out = number * number;
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
    const mr_pool_options options = {.processes = 2, .max_retries = 1};
    int numbers[TASKS], squares[TASKS] = {0};
    bool is_bad[TASKS] = {false};
    mr_pool pool;

    for (int i = 0; i < TASKS; i++)
        numbers[i] = i + 1;
    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init_with(&pool, &options) != MR_OK)
        return failed();
    mr_status status =
        mr_pool_map(&pool, square, numbers, sizeof numbers[0], squares, sizeof squares[0], TASKS);
    //@exercise
    if (status != MR_OK)
        return failed();
    //@solution
    if (status == MR_ETASK) {
        size_t count = 0;
        const mr_failure *failures = mr_last_failures(&count);
        for (size_t k = 0; k < count; k++)
            is_bad[failures[k].index] = true;
    } else if (status != MR_OK)
        return failed();
    //@mutant as-if-well: 0 is no result
    (void)status;
    //@mutant off-by-one: an index begins with 0
    if (status == MR_ETASK) {
        size_t count = 0;
        const mr_failure *failures = mr_last_failures(&count);
        for (size_t k = 0; k < count; k++)
            is_bad[failures[k].index - 1] = true;
    }
    //@mutant all-bad: the others have a result
    for (int i = 0; i < TASKS; i++)
        is_bad[i] = status != MR_OK;
    //@end
    for (int i = 0; i < TASKS; i++) {
        if (is_bad[i])
            printf("%d: failed\n", numbers[i]);
        else
            printf("%d: %d\n", numbers[i], squares[i]);
    }
    mr_pool_close(&pool);
    return mr_finalize();
}
