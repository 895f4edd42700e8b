//@title en: A lost update
//@title es: Una actualización perdida
//@hint en: Two processes read the same 5. What does each of them write?
//@hint es: Dos procesos leen el mismo 5. ¿Qué escribe cada uno?
//@hint en: From the read to the write nobody else may come in between. Which object serves all processes for that?
//@hint es: Entre leer y escribir no puede meterse nadie. ¿Qué objeto sirve para eso a todos los procesos?
//@hint en: MR_LOCKED(&lock) { get, add, set } with a lock from main: mr_value_get_lock(&job->counter, &lock), say.
//@hint es: MR_LOCKED(&lock) { get, sumar, set } con un candado de main: por ejemplo mr_value_get_lock(&job->counter, &lock).
//@fails: lost updates
//@en Lesson 8, exercise lost. Four processes each add 1 to a shared counter fifty times. It should be 200. The pause between
//@en read and write only makes you see it each time; leave it there, and cure the program.
//@es Lección 8, ejercicio lost. Cuatro procesos suman 1 a un contador compartido cincuenta veces cada uno. Deberían ser 200.
//@es La pausa entre leer y escribir solo hace que lo veas siempre; déjala donde está y cura el programa.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { PROCESSES = 4, ROUNDS = 50 /*@seed rounds 30 60*/ };

static int count(const void *args, size_t size)
{
    const struct timespec nap = {.tv_nsec = 200000};
    const mr_value *counter = args;
    (void)size;
    //@exercise
    //@solution
    mr_lock lock;
    if (mr_value_get_lock(counter, &lock) != MR_OK)
        return 1;
    //@mutant own-lock: lock of its own
    mr_lock lock;
    if (mr_lock_init(&lock) != MR_OK)
        return 1;
    //@end
    for (int i = 0; i < ROUNDS; i++) {
        int number;
        //@exercise
        mr_value_get(counter, &number);
        nanosleep(&nap, NULL);
        number++;
        mr_value_set(counter, &number);
        //@solution
        MR_LOCKED(&lock)
        {
            mr_value_get(counter, &number);
            nanosleep(&nap, NULL);
            number++;
            mr_value_set(counter, &number);
        }
        //@mutant write-only: lost updates
        mr_value_get(counter, &number);
        nanosleep(&nap, NULL);
        number++;
        MR_LOCKED(&lock)
        {
            mr_value_set(counter, &number);
        }
        //@mutant twice: more than
        MR_LOCKED(&lock)
        {
            mr_value_get(counter, &number);
            nanosleep(&nap, NULL);
            number += 2;
            mr_value_set(counter, &number);
        }
        //@end
    }
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
    mr_process processes[PROCESSES];
    mr_value counter;
    int number = 0;

    if (mr_init(&argc, &argv) != MR_OK || mr_value_init(&counter, sizeof number, NULL) != MR_OK)
        return failed();
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], count, &counter, sizeof counter) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    mr_value_get(&counter, &number);
    printf("counter %d\n", number);
    return mr_finalize();
}
