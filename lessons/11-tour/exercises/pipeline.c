//@title en: An assembly line that ends
//@title es: Una cadena de montaje que termina
//@hint en: Three stages, two queues. How does the end travel from the first stage to the last?
//@hint es: Tres etapas, dos colas. ¿Cómo viaja el fin desde la primera etapa hasta la última?
//@hint en: Several workers put into the second queue. Which of them knows that nothing more will come?
//@hint es: Varios trabajadores ponen en la segunda cola. ¿Cuál de ellos sabe que ya no vendrá nada?
//@hint en: Main joins all workers, and only then puts one sentinel for the collector into the second queue.
//@hint es: Main espera (join) a todos los trabajadores, y solo entonces pone un centinela para el recolector en la segunda cola.
//@fails: the first worker
//@en Lesson 11, exercise pipeline. Numbers go through a queue to three workers, squares through another one to a collector.
//@en Each worker passes its sentinel on, so the collector stops when the first worker has finished. Make it wait for all.
//@es Lección 11, ejercicio pipeline. Los números van por una cola a tres trabajadores, y los cuadrados por otra a un
//@es recolector. Cada trabajador deja pasar su centinela, así que el recolector para cuando termina el primer trabajador.
//@es Haz que espere a todos.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { WORKERS = 3, NUMBERS = 9 };

struct line {
    mr_queue numbers, squares;
    int index;
};

static int work(const void *args, size_t size)
{
    const struct line *line = args;
    const struct timespec nap = {.tv_nsec = line->index == 0 ? 100000000 : 400000000};
    size_t length;
    int number;
    (void)size;
    while (mr_queue_get(&line->numbers, &number, sizeof number, &length, MR_FOREVER) == MR_OK && length > 0) {
        int square = number * number;
        nanosleep(&nap, NULL);
        mr_queue_put(&line->squares, &square, sizeof square, MR_FOREVER);
    }
    //@exercise
    mr_queue_put(&line->squares, NULL, 0, MR_FOREVER); /* the collector may go home */
    //@solution
    //@end
    return 0;
}

static int collect(const void *args, size_t size)
{
    const struct line *line = args;
    size_t length;
    int square;
    (void)size;
    while (mr_queue_get(&line->squares, &square, sizeof square, &length, MR_FOREVER) == MR_OK && length > 0)
        printf("square %d\n", square);
    printf("collector goes home\n");
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
    mr_process workers[WORKERS], collector;
    struct line line;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&line.numbers, 0) != MR_OK ||
        mr_queue_init(&line.squares, 0) != MR_OK)
        return failed();
    if (mr_process_init(&collector, collect, &line, sizeof line) != MR_OK || mr_process_start(&collector) != MR_OK)
        return failed();
    for (line.index = 0; line.index < WORKERS; line.index++) {
        if (mr_process_init(&workers[line.index], work, &line, sizeof line) != MR_OK ||
            mr_process_start(&workers[line.index]) != MR_OK)
            return failed();
    }
    for (int number = 1; number <= NUMBERS; number++)
        mr_queue_put(&line.numbers, &number, sizeof number, MR_FOREVER);
    for (int i = 0; i < WORKERS; i++)
        mr_queue_put(&line.numbers, NULL, 0, MR_FOREVER);
    //@exercise
    //@solution
    //@mutant too-early: the first worker
    mr_queue_put(&line.squares, NULL, 0, MR_FOREVER);
    //@end
    for (int i = 0; i < WORKERS; i++) {
        if (mr_process_join(&workers[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    //@exercise
    //@solution
    mr_queue_put(&line.squares, NULL, 0, MR_FOREVER);
    //@mutant too-early
    //@mutant nobody: nobody tells the collector
    //@end
    if (mr_process_join(&collector, MR_FOREVER) != MR_OK)
        return failed();
    printf("left %td\n", mr_queue_length(&line.squares));
    return mr_finalize();
}
