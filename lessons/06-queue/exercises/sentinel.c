//@title en: A forgotten sentinel
//@title es: Un centinela olvidado
//@hint en: How many consumers read one sentinel?
//@hint es: ¿Cuántos consumidores leen un mismo centinela?
//@hint en: Each consumer takes one away. So how many are needed, and when may the first of them stand in the queue?
//@hint es: Cada consumidor se lleva uno. ¿Cuántos hacen falta, y desde cuándo puede estar el primero en la cola?
//@hint en: After the loop that puts the letters: a loop that puts an empty item CONSUMERS times.
//@hint es: Después del bucle que pone las cartas: un bucle que pone un elemento vacío CONSUMERS veces.
//@fails: a sentinel for each
//@en Lesson 6, exercise sentinel. Several consumers share a queue. One of them goes home at the sentinel, and the others wait
//@en for ever. (`multirank stack PID` shows where.) All have to go home, and no item may be left.
//@es Lección 6, ejercicio sentinel. Varios consumidores comparten una cola. Uno se va a casa al ver el centinela y los
//@es demás esperan para siempre. (`multirank stack PID` muestra dónde.) Todos tienen que irse a casa, y no puede quedar
//@es nada en la cola.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { CONSUMERS = 3 /*@seed consumers 2 4*/, LETTERS = 9 };

static int consume(const void *args, size_t size)
{
    const struct timespec nap = {.tv_nsec = 50000000};
    const mr_queue *queue = args;
    size_t length;
    int letter;
    (void)size;
    while (mr_queue_get(queue, &letter, sizeof letter, &length, MR_FOREVER) == MR_OK && length > 0) {
        printf("letter %d\n", letter);
        nanosleep(&nap, NULL);
    }
    printf("home\n");
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
    mr_process consumers[CONSUMERS];
    mr_queue queue;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&queue, 0) != MR_OK)
        return failed();
    for (int i = 0; i < CONSUMERS; i++) {
        if (mr_process_init(&consumers[i], consume, &queue, sizeof queue) != MR_OK ||
            mr_process_start(&consumers[i]) != MR_OK)
            return failed();
    }
    //@exercise
    //@solution
    //@mutant too-early: behind the sentinels
    for (int i = 0; i < CONSUMERS; i++)
        mr_queue_put(&queue, NULL, 0, MR_FOREVER);
    //@end
    for (int letter = 1; letter <= LETTERS; letter++) {
        if (mr_queue_put(&queue, &letter, sizeof letter, MR_FOREVER) != MR_OK)
            return failed();
    }
    //@exercise
    mr_queue_put(&queue, NULL, 0, MR_FOREVER);
    //@solution
    for (int i = 0; i < CONSUMERS; i++)
        mr_queue_put(&queue, NULL, 0, MR_FOREVER);
    //@mutant too-early
    //@mutant one-too-many: left in the queue
    for (int i = 0; i <= CONSUMERS; i++)
        mr_queue_put(&queue, NULL, 0, MR_FOREVER);
    //@mutant terminated: goes home by itself
    mr_queue_put(&queue, NULL, 0, MR_FOREVER);
    mr_process_join(&consumers[0], 2);
    for (int i = 0; i < CONSUMERS; i++)
        mr_process_terminate(&consumers[i]);
    //@end
    for (int i = 0; i < CONSUMERS; i++) {
        if (mr_process_join(&consumers[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    printf("left %td\n", mr_queue_length(&queue));
    return mr_finalize();
}
