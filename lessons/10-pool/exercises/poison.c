//@title en: A poisonous task to survive
//@title es: Una tarea venenosa a la que sobrevivir
//@hint en: What does mr_pool_map return, and what has become of the other results?
//@hint es: ¿Qué devuelve mr_pool_map y qué ha sido de los demás resultados?
//@hint en: MR_ETASK means that some tasks have failed; mr_last_failures tells which, the others have their results.
//@hint es: MR_ETASK significa que algunas tareas fallaron; mr_last_failures dice cuáles, las demás tienen su resultado.
//@hint en: failures = mr_last_failures(&count); failures[i].index is the index of an input that has failed.
//@hint es: failures = mr_last_failures(&count); failures[i].index es el índice de una entrada que falló.
//@fails: costs all the others
//@en Lesson 10, exercise poison. One number kills whatever worker computes with it (think of a bug in a library). Leave the
//@en function as it is. Print all other results, and for the poisonous one "input INDEX has failed"; then end well.
//@es Lección 10, ejercicio poison. Un número mata al trabajador que calcula con él (piensa en un error de una biblioteca).
//@es Deja la función como está. Imprime todos los demás resultados y, para el venenoso, "input INDEX has failed"; después,
//@es termina bien.
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 3, NUMBERS = 12, POISON = 7 /*@seed poison 1 11*/ };

static int square(const void *in, void *out)
{
    const int *number = in;
    int *result = out;
    if (*number == POISON)
        abort();
    *result = *number * *number;
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
    int numbers[NUMBERS], squares[NUMBERS] = {0};
    mr_pool pool;

    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i;
    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init(&pool, WORKERS) != MR_OK)
        return failed();
    mr_status status = mr_pool_map(&pool, square, numbers, sizeof numbers[0], squares, sizeof squares[0], NUMBERS);
    //@exercise
    if (status != MR_OK)
        return failed();
    for (int i = 0; i < NUMBERS; i++)
        printf("%d squared is %d\n", i, squares[i]);
    //@solution
    size_t count = 0;
    const mr_failure *failures = status == MR_ETASK ? mr_last_failures(&count) : NULL;
    if (status != MR_OK && status != MR_ETASK)
        return failed();
    for (size_t i = 0; i < NUMBERS; i++) {
        bool is_failed = false;
        for (size_t j = 0; j < count; j++)
            is_failed |= failures[j].index == i;
        if (is_failed)
            printf("input %zu has failed\n", i);
        else
            printf("%zu squared is %d\n", i, squares[i]);
    }
    //@mutant blind: the poisonous input has no result
    (void)status;
    for (int i = 0; i < NUMBERS; i++)
        printf("%d squared is %d\n", i, squares[i]);
    //@mutant silent: nobody is told
    size_t count = 0;
    const mr_failure *failures = status == MR_ETASK ? mr_last_failures(&count) : NULL;
    for (size_t i = 0; i < NUMBERS; i++)
        if (count == 0 || failures[0].index != i)
            printf("%zu squared is %d\n", i, squares[i]);
    //@mutant names-only: are the others
    size_t count = 0;
    const mr_failure *failures = status == MR_ETASK ? mr_last_failures(&count) : NULL;
    for (size_t i = 0; i < count; i++)
        printf("input %zu has failed\n", failures[i].index);
    //@end
    if (mr_pool_close(&pool) != MR_OK || mr_pool_join(&pool, MR_FOREVER) != MR_OK)
        return failed();
    return mr_finalize();
}
