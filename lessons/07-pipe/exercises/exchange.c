//@title en: Two that send at once
//@title es: Dos que envían a la vez
//@hint en: How much fits into a pipe before somebody receives? What does a send do then?
//@hint es: ¿Cuánto cabe en una tubería antes de que alguien reciba? ¿Y qué hace entonces el que envía?
//@hint en: If both send first, both wait for the other to receive. One of them has to receive first.
//@hint es: Si los dos envían primero, ambos esperan a que el otro reciba. Uno de ellos tiene que recibir primero.
//@hint en: Give the processes their number, and let the second one receive before it sends.
//@hint es: Usa el número de cada proceso y haz que el segundo reciba antes de enviar.
//@fails: each waits for the other to receive
//@en Lesson 7, exercise exchange. Two processes exchange blocks of 4 MiB through a pipe, and wait for each other for ever. Mend
//@en it: each is to have the other's block, whole, however large it is.
//@es Lección 7, ejercicio exchange. Dos procesos intercambian bloques de 4 MiB por una tubería y se esperan el uno al otro para
//@es siempre. Arréglalo: cada uno debe tener el bloque del otro, entero, por grande que sea.
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 4 << 20, FIRST = 3 /*@seed first 1 100*/ };

struct job {
    mr_connection end;
    int number; /* 0 and 1 */
};

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int exchange(const void *args, size_t size)
{
    const struct job *job = args;
    unsigned char *own = malloc(SIZE), *others = calloc(SIZE, 1);
    size_t length = 0;
    (void)size;
    if (own == NULL || others == NULL)
        return 1;
    memset(own, FIRST + job->number, SIZE);
    //@exercise
    if (mr_connection_send(&job->end, own, SIZE, MR_FOREVER) != MR_OK ||
        mr_connection_recv(&job->end, others, SIZE, &length, MR_FOREVER) != MR_OK)
        return complain();
    //@solution
    if (job->number == 0 && mr_connection_send(&job->end, own, SIZE, MR_FOREVER) != MR_OK)
        return complain();
    if (mr_connection_recv(&job->end, others, SIZE, &length, MR_FOREVER) != MR_OK)
        return complain();
    if (job->number == 1 && mr_connection_send(&job->end, own, SIZE, MR_FOREVER) != MR_OK)
        return complain();
    //@mutant both-receive: nobody sends
    if (mr_connection_recv(&job->end, others, SIZE, &length, MR_FOREVER) != MR_OK ||
        mr_connection_send(&job->end, own, SIZE, MR_FOREVER) != MR_OK)
        return complain();
    //@mutant a-little: not whole
    if (mr_connection_send(&job->end, own, 100, MR_FOREVER) != MR_OK ||
        mr_connection_recv(&job->end, others, SIZE, &length, MR_FOREVER) != MR_OK)
        return complain();
    //@mutant given-up: gives up
    if (mr_connection_send(&job->end, own, SIZE, 1) != MR_OK)
        complain();
    if (mr_connection_recv(&job->end, others, SIZE, &length, 1) != MR_OK)
        complain();
    //@end
    printf("process %d has %zu bytes, the last one is %d\n", job->number, length,
           others[length > 0 ? length - 1 : 0]);
    free(own);
    free(others);
    return 0;
}

static int failed(void)
{
    complain();
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    mr_process processes[2];
    struct job jobs[2] = {{.number = 0}, {.number = 1}};

    if (mr_init(&argc, &argv) != MR_OK || mr_pipe_init(&jobs[0].end, &jobs[1].end, true) != MR_OK)
        return failed();
    for (int i = 0; i < 2; i++)
        if (mr_process_init(&processes[i], exchange, &jobs[i], sizeof jobs[i]) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    for (int i = 0; i < 2; i++)
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    return mr_finalize();
}
