/* Lesson 6 in plain MPI: rank 0 keeps the queue, rank 1 produces, rank 2 consumes. Run it with three ranks. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NUMBERS = 5, HIGHEST = 256, SENTINEL = -1 };
enum { TO_PRODUCE = 200, TO_CONSUME = 600 }; /* milliseconds that a number takes */
enum { PUT, GET };                           /* what a message asks for: its tag */

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* Answers until the sentinel has been taken. A get is left unread while there is nothing: so the consumer waits.
 */
static void keep(void)
{
    int items[NUMBERS + 1], first = 0, last = 0, taken = 0;
    MPI_Status status;

    while (taken != SENTINEL) {
        MPI_Probe(MPI_ANY_SOURCE, first == last ? PUT : MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        if (status.MPI_TAG == PUT) {
            MPI_Recv(&items[last++], 1, MPI_INT, status.MPI_SOURCE, PUT, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            const int size = last - first;
            MPI_Send(&size, 1, MPI_INT, status.MPI_SOURCE, PUT, MPI_COMM_WORLD);
        } else {
            MPI_Recv(NULL, 0, MPI_INT, status.MPI_SOURCE, GET, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            taken = items[first++];
            MPI_Send(&taken, 1, MPI_INT, status.MPI_SOURCE, GET, MPI_COMM_WORLD);
        }
    }
    printf("main: left in the queue %d\n", last - first);
}

static void produce(void)
{
    int number, size;

    srand((unsigned)time(NULL));
    for (int i = 0; i <= NUMBERS; i++) {
        nap(TO_PRODUCE);
        number = i < NUMBERS ? rand() % (HIGHEST + 1) : SENTINEL;
        MPI_Sendrecv(&number, 1, MPI_INT, 0, PUT, &size, 1, MPI_INT, 0, PUT, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (number != SENTINEL)
            printf("Producer put %d, size %d\n", number, size);
    }
}

static void consume(void)
{
    int number, count = 0;

    for (;; count++) {
        MPI_Sendrecv(NULL, 0, MPI_INT, 0, GET, &number, 1, MPI_INT, 0, GET, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (number == SENTINEL)
            break;
        printf("Consumer got %d\n", number);
        nap(TO_CONSUME);
    }
    printf("Consumer stops at the sentinel, numbers: %d\n", count);
}

int main(int argc, char **argv)
{
    static void (*const part[])(void) = {keep, produce, consume};
    int rank, size;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != 3)
        MPI_Abort(MPI_COMM_WORLD, 2);
    part[rank]();
    return MPI_Finalize();
}
