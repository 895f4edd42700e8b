//@title en: A progress display
//@title es: Un indicador de progreso
//@hint en: How long does the program take, and for whom does it wait at its end?
//@hint es: ¿Cuánto tarda el programa y a quién espera al final?
//@hint en: mr_process_set_daemon returns a status. What does mr_last_error() say behind it?
//@hint es: mr_process_set_daemon devuelve un estado. ¿Qué dice mr_last_error() después?
//@hint en: Before the start: mr_process_set_daemon(&progress, true); and only for the progress display.
//@hint es: Antes de arrancar: mr_process_set_daemon(&progress, true); y solo para el indicador de progreso.
//@fails: too late to make it a daemon
//@en Lesson 3, exercise progress. A display shows a dot every 0.2 s, for 10 s at most, while somebody else works for one
//@en second. When the work is done, the program has to end: nobody wants to wait for the display. Here everybody does.
//@es Lección 3, ejercicio progress. Un indicador muestra un punto cada 0,2 s, durante 10 s como mucho, mientras otro
//@es proceso trabaja un segundo. Cuando el trabajo acaba, el programa tiene que terminar: nadie quiere esperar al
//@es indicador. Aquí todos lo esperan.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

static void nap(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static int show(const void *args, size_t size)
{
    (void)args;
    (void)size;
    for (int i = 1; i <= 50; i++) {
        printf("dot %d\n", i);
        nap(200);
    }
    return 0;
}

static int work(const void *args, size_t size)
{
    (void)args;
    (void)size;
    printf("work begins%s\n", mr_process_is_daemon(mr_current_process()) ? " in a daemon" : "");
    nap(1000);
    printf("work is done\n");
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
    mr_process progress, worker;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    if (mr_process_init(&progress, show, NULL, 0) != MR_OK || mr_process_init(&worker, work, NULL, 0) != MR_OK)
        return failed();

    //@exercise
    if (mr_process_start(&progress) != MR_OK || mr_process_start(&worker) != MR_OK)
        return failed();
    mr_process_set_daemon(&progress, true);
    //@solution
    if (mr_process_set_daemon(&progress, true) != MR_OK)
        return failed();
    if (mr_process_start(&progress) != MR_OK || mr_process_start(&worker) != MR_OK)
        return failed();
    //@mutant wrong-one: the worker was made the daemon
    if (mr_process_set_daemon(&worker, true) != MR_OK)
        return failed();
    if (mr_process_start(&progress) != MR_OK || mr_process_start(&worker) != MR_OK)
        return failed();
    //@mutant joined: main waits for the display
    if (mr_process_set_daemon(&progress, true) != MR_OK)
        return failed();
    if (mr_process_start(&progress) != MR_OK || mr_process_start(&worker) != MR_OK)
        return failed();
    if (mr_process_join(&progress, MR_FOREVER) != MR_OK)
        return failed();
    //@mutant no-display: there is no dot
    if (mr_process_start(&worker) != MR_OK)
        return failed();
    //@end
    if (mr_process_join(&worker, MR_FOREVER) != MR_OK)
        return failed();
    printf("main has nothing more to do\n");
    return mr_finalize();
}
