//@title en: A forgotten sentinel
//@title es: Un centinela olvidado
//@hint en: Who waits, and for what? While the program hangs, run `multirank stack` in another terminal.
//@hint es: ¿Quién espera y qué espera? Mientras el programa está colgado, ejecuta `multirank stack` en otra terminal.
//@hint en: A sentinel is an item like others: who gets it takes it away from everybody else.
//@hint es: Un centinela es un elemento como los demás: quien lo recibe se lo quita a todos los otros.
//@hint en: Put one sentinel for each consumer, behind all numbers; or let each consumer put back the one that it has got.
//@hint es: Pon un centinela por consumidor, detrás de todos los números; o haz que cada consumidor devuelva el que recibió.
//@fails: a consumer still waits
//@en Lesson 6, exercise sentinels. Several consumers share the numbers of one producer. The program never ends. Find out who
//@en waits for what, and mend it: all numbers are to be got, each once, and all consumers are to end by themselves.
//@es Lección 6, ejercicio sentinels. Varios consumidores se reparten los números de un productor. El programa no termina
//@es nunca. Averigua quién espera qué, y arréglalo: hay que recibir todos los números, cada uno una vez, y todos los
//@es consumidores deben terminar por sí mismos.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { CONSUMERS = 3 /*@seed consumers 2 4*/, NUMBERS = 12 };

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int produce(const void *args, size_t size)
{
    const mr_queue *queue = args;
    (void)size;
    for (int number = 0; number < NUMBERS; number++)
        if (mr_queue_put(queue, &number, sizeof number, MR_FOREVER) != MR_OK)
            return complain();
    return 0;
}

/* Until an item comes that has no bytes: the sentinel. */
static int consume(const void *args, size_t size)
{
    const mr_queue *queue = args;
    int number;
    (void)size;
    for (;;) {
        size_t length;
        if (mr_queue_get(queue, &number, sizeof number, &length, MR_FOREVER) != MR_OK)
            return complain();
        if (length == 0)
            return 0;
        printf("got %d\n", number);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
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
    mr_process producer, consumers[CONSUMERS];
    mr_queue queue;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&queue, 0) != MR_OK)
        return failed();
    //@exercise
    //@solution
    //@mutant early: before the numbers
    for (int i = 0; i < CONSUMERS; i++)
        if (mr_queue_put(&queue, NULL, 0, MR_FOREVER) != MR_OK)
            return failed();
    //@end
    for (int i = 0; i < CONSUMERS; i++)
        if (mr_process_init(&consumers[i], consume, &queue, sizeof queue) != MR_OK ||
            mr_process_start(&consumers[i]) != MR_OK)
            return failed();
    if (mr_process_init(&producer, produce, &queue, sizeof queue) != MR_OK ||
        mr_process_start(&producer) != MR_OK || mr_process_join(&producer, MR_FOREVER) != MR_OK)
        return failed();

    //@exercise
    if (mr_queue_put(&queue, NULL, 0, MR_FOREVER) != MR_OK)
        return failed();
    //@solution
    for (int i = 0; i < CONSUMERS; i++)
        if (mr_queue_put(&queue, NULL, 0, MR_FOREVER) != MR_OK)
            return failed();
    //@mutant early
    //@mutant killed: by themselves
    for (int i = 0; i < CONSUMERS; i++)
        mr_process_terminate(&consumers[i]);
    //@end
    for (int i = 0; i < CONSUMERS; i++) {
        if (mr_process_join(&consumers[i], MR_FOREVER) != MR_OK)
            return failed();
        printf("consumer %d: exit code %d\n", i, mr_process_exitcode(&consumers[i]));
    }
    printf("left in the queue: %td\n", mr_queue_length(&queue));
    return mr_finalize();
}
