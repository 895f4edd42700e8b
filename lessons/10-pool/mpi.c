/* Lesson 10 in plain MPI: 100 squares, first in equal shares, then one by one (a farm). Run it with five ranks. */
#include <mpi.h>
#include <stdio.h>
#include <time.h>

enum { RANKS = 5, NUMBERS = 100, SHARE = NUMBERS / RANKS, LINE = 10, STOP = NUMBERS };

static int square(int number)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); /* 5 ms: as if squares were hard work */
    return number * number;
}

/* Equal shares: everybody waits for the slowest, and NUMBERS must be a multiple of RANKS. */
static void share(const int *numbers, int *squares)
{
    int mine[SHARE];

    MPI_Scatter(numbers, SHARE, MPI_INT, mine, SHARE, MPI_INT, 0, MPI_COMM_WORLD);
    for (int i = 0; i < SHARE; i++)
        mine[i] = square(mine[i]);
    MPI_Gather(mine, SHARE, MPI_INT, squares, SHARE, MPI_INT, 0, MPI_COMM_WORLD);
}

/* Rank 0 gives each worker a number, and the next one when its square has come. The tag is the place in the
 * result. */
static void farm(const int *numbers, int *squares, int *done)
{
    int next = 0, result;
    MPI_Status status;

    for (int rank = 1; rank < RANKS; rank++, next++)
        MPI_Send(&numbers[next], 1, MPI_INT, rank, next, MPI_COMM_WORLD);
    for (int i = 0; i < NUMBERS; i++, next++) {
        MPI_Recv(&result, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        squares[status.MPI_TAG] = result;
        done[status.MPI_SOURCE]++;
        const int more = next < NUMBERS;
        MPI_Send(more ? &numbers[next] : NULL, more, MPI_INT, status.MPI_SOURCE, more ? next : STOP,
                 MPI_COMM_WORLD);
    }
}

static void work(void)
{
    MPI_Status status;
    int number;

    while (MPI_Recv(&number, 1, MPI_INT, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status), status.MPI_TAG != STOP) {
        number = square(number);
        MPI_Send(&number, 1, MPI_INT, 0, status.MPI_TAG, MPI_COMM_WORLD);
    }
}

int main(int argc, char **argv)
{
    int numbers[NUMBERS], shared[NUMBERS], farmed[NUMBERS], done[RANKS] = {0}, rank, size;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != RANKS)
        MPI_Abort(MPI_COMM_WORLD, 2);
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i;

    share(numbers, shared);
    if (rank > 0) {
        work();
    } else {
        farm(numbers, farmed, done);
        for (int i = 0; i < NUMBERS; i++)
            printf("%d %d%c", shared[i], farmed[i], i % LINE == LINE - 1 ? '\n' : ' ');
        for (int i = 1; i < RANKS; i++)
            printf("worker %d: %d squares\n", i, done[i]);
    }
    return MPI_Finalize();
}
