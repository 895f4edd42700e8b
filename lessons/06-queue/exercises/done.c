//@title en: Work that is never done
//@title es: Un trabajo que nunca se da por hecho
//@hint en: What does mr_queue_join wait for? An empty queue is not enough for it.
//@hint es: ¿Qué espera mr_queue_join? Una cola vacía no le basta.
//@hint en: Who has got an item has to say when he has done with it, once for each.
//@hint es: Quien recibió un elemento tiene que decir cuándo ha acabado con él, una vez por cada uno.
//@hint en: Call mr_queue_task_done(queue) in the worker, after the line that prints.
//@hint es: Llama a mr_queue_task_done(queue) en el trabajador, después de la línea que imprime.
//@fails: never says that it is done
//@en Lesson 6, exercise done. Two daemons work on the items of a joinable queue, and main waits until all work is done. It
//@en waits for ever. Mend it: all items are worked on, and main ends when the last one is done, not before.
//@es Lección 6, ejercicio done. Dos demonios trabajan en los elementos de una cola con join, y main espera hasta que todo el
//@es trabajo esté hecho. Espera para siempre. Arréglalo: se trabaja en todos los elementos, y main termina cuando el último
//@es está hecho, no antes.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { WORKERS = 2, ITEMS = 8 /*@seed items 8 12*/ };

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int work(const void *args, size_t size)
{
    const mr_queue *queue = args;
    const struct timespec nap = {.tv_nsec = 150000000};
    int item;
    (void)size;
    for (;;) {
        if (mr_queue_get(queue, &item, sizeof item, NULL, MR_FOREVER) != MR_OK)
            return complain();
        //@exercise
        nanosleep(&nap, NULL);
        printf("item %d is done\n", item);
        //@solution
        nanosleep(&nap, NULL);
        printf("item %d is done\n", item);
        if (mr_queue_task_done(queue) != MR_OK)
            return complain();
        //@mutant before: before the work
        if (mr_queue_task_done(queue) != MR_OK)
            return complain();
        nanosleep(&nap, NULL);
        printf("item %d is done\n", item);
        //@mutant twice: more often than
        nanosleep(&nap, NULL);
        printf("item %d is done\n", item);
        if (mr_queue_task_done(queue) != MR_OK || mr_queue_task_done(queue) != MR_OK)
            return complain();
        //@end
    }
}

static int failed(void)
{
    complain();
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    mr_process workers[WORKERS];
    mr_queue queue;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init_joinable(&queue, 0) != MR_OK)
        return failed();
    for (int item = 0; item < ITEMS; item++)
        if (mr_queue_put(&queue, &item, sizeof item, MR_FOREVER) != MR_OK)
            return failed();
    for (int i = 0; i < WORKERS; i++)
        if (mr_process_init(&workers[i], work, &queue, sizeof queue) != MR_OK ||
            mr_process_set_daemon(&workers[i], true) != MR_OK || mr_process_start(&workers[i]) != MR_OK)
            return failed();
    //@exercise
    if (mr_queue_join(&queue, MR_FOREVER) != MR_OK)
        return failed();
    //@solution
    if (mr_queue_join(&queue, MR_FOREVER) != MR_OK)
        return failed();
    //@mutant no-join: main does not wait
    //@end
    printf("main: all is done\n");
    return mr_finalize();
}
