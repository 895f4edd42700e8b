//@title en: All at once
//@title es: Todos a la vez
//@hint en: How long does the whole program take, and how long does one nap take? Who waits meanwhile?
//@hint es: ¿Cuánto tarda el programa entero y cuánto una siesta? ¿Quién espera mientras tanto?
//@hint en: mr_process_join waits. What can main do before it has to wait for anybody?
//@hint es: mr_process_join espera. ¿Qué puede hacer main antes de tener que esperar a alguien?
//@hint en: Two loops: the first one inits and starts all of them, the second one joins all of them.
//@hint es: Dos bucles: el primero crea y arranca todos los procesos; el segundo los espera a todos con join.
//@fails: one after another
//@en Lesson 1, exercise overlap. The processes nap for a second each. Together they should not need much longer
//@en than one of them, but here each waits until the one before has ended. Make them work at the same time. The last
//@en line has to come when all have ended.
//@es Lección 1, ejercicio overlap. Cada proceso duerme un segundo. Juntos no deberían tardar mucho más que uno solo,
//@es pero aquí cada uno espera a que termine el anterior. Haz que trabajen a la vez. La última línea tiene que salir
//@es cuando todos hayan terminado.
#include <multirank.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 4 /*@seed processes 3 6*/ };

static int work(const void *args, size_t size)
{
    const int *index = args;
    const struct timespec nap = {.tv_sec = 1};
    (void)size;

    printf("%d start in process %ld\n", *index, (long)getpid());
    nanosleep(&nap, NULL);
    printf("%d end\n", *index);
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

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    printf("main: process %ld\n", (long)getpid());

    //@exercise
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK || mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    //@solution
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    //@mutant no-join: main does not wait for them
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    //@mutant no-process: the function is called by main itself
    for (int i = 0; i < PROCESSES; i++)
        work(&i, sizeof i);
    //@mutant one-missing: an index is missing
    for (int i = 1; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 1; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    //@end
    printf("all have ended\n");
    return mr_finalize();
}
