//@title en: A consumer that stops early
//@title es: Un consumidor que se va antes de tiempo
//@hint en: Empty now: does that mean that nothing more will come?
//@hint es: Vacía ahora: ¿significa eso que ya no vendrá nada?
//@hint en: Only the producer knows that it has finished. How can it tell the consumer, in the right place?
//@hint es: Solo el productor sabe que ha terminado. ¿Cómo puede decírselo al consumidor, y en el lugar correcto?
//@hint en: After its loop the producer puts an item of no bytes; the consumer gets with MR_FOREVER and stops at size 0.
//@hint es: Después de su bucle, el productor pone un elemento sin bytes; el consumidor saca con MR_FOREVER y para con size 0.
//@fails: empty only says
//@en Lesson 6, exercise early. The producer takes pauses of different lengths, and the consumer goes home when the queue is
//@en empty. It has to take all numbers, however long the pauses are, and to end after the last one.
//@es Lección 6, ejercicio early. El productor hace pausas de distinta duración, y el consumidor se va a casa cuando la cola
//@es está vacía. Tiene que sacar todos los números, duren lo que duren las pausas, y terminar después del último.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { NUMBERS = 6 /*@seed numbers 4 8*/ };

static void nap(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static int produce(const void *args, size_t size)
{
    const mr_queue *queue = args;
    (void)size;
    for (int number = 1; number <= NUMBERS; number++) {
        nap(number == 3 ? 1500 : 100);
        if (mr_queue_put(queue, &number, sizeof number, MR_FOREVER) != MR_OK)
            return 1;
    }
    //@exercise
    return 0;
    //@solution
    return mr_queue_put(queue, NULL, 0, MR_FOREVER) == MR_OK ? 0 : 1;
    //@mutant patience: a longer pause
    return 0;
    //@mutant sentinel-first: before the numbers
    return 0;
    //@mutant nobody-says: waits for one more
    return 0;
    //@end
}

static int consume(const void *args, size_t size)
{
    const mr_queue *queue = args;
    int number;
    (void)size;
    //@exercise
    nap(300);
    while (!mr_queue_is_empty(queue)) {
        if (mr_queue_get(queue, &number, sizeof number, NULL, MR_FOREVER) != MR_OK)
            return 1;
        printf("got %d\n", number);
        nap(200);
    }
    //@solution
    size_t length;
    while (mr_queue_get(queue, &number, sizeof number, &length, MR_FOREVER) == MR_OK && length > 0)
        printf("got %d\n", number);
    //@mutant patience
    while (mr_queue_get(queue, &number, sizeof number, NULL, 1) == MR_OK)
        printf("got %d\n", number);
    //@end
    printf("consumer goes home\n");
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
    mr_process producer, consumer;
    mr_queue queue;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&queue, 0) != MR_OK)
        return failed();
    if (mr_process_init(&producer, produce, &queue, sizeof queue) != MR_OK ||
        mr_process_init(&consumer, consume, &queue, sizeof queue) != MR_OK)
        return failed();
    //@exercise
    //@solution
    //@mutant sentinel-first
    if (mr_queue_put(&queue, NULL, 0, MR_FOREVER) != MR_OK)
        return failed();
    //@end
    if (mr_process_start(&producer) != MR_OK || mr_process_start(&consumer) != MR_OK)
        return failed();
    if (mr_process_join(&producer, MR_FOREVER) != MR_OK || mr_process_join(&consumer, MR_FOREVER) != MR_OK)
        return failed();
    printf("left %td\n", mr_queue_length(&queue));
    return mr_finalize();
}
