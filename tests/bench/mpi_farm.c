/* A farm in plain MPI, for the benchmark of pools: mpi_farm tiny AMOUNT, under mpirun. Rank 0 hands out numbers,
 * as many as WINDOW at a time to each of the others, who send back the squares; prints the seconds that a task
 * takes. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { WINDOW = 8, TASK = 1, END = 2 };

static void work(void)
{
    for (;;) {
        int number;
        MPI_Status status;
        MPI_Recv(&number, 1, MPI_INT, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        if (status.MPI_TAG == END)
            return;
        number *= number;
        MPI_Send(&number, 1, MPI_INT, 0, TASK, MPI_COMM_WORLD);
    }
}

static double farm(int count, int workers)
{
    int sent = 0;
    double begin = MPI_Wtime();
    for (int i = 0; i < WINDOW * workers && sent < count; i++, sent++)
        MPI_Send(&sent, 1, MPI_INT, 1 + i % workers, TASK, MPI_COMM_WORLD);
    for (int got = 0; got < count; got++) {
        int square;
        MPI_Status status;
        MPI_Recv(&square, 1, MPI_INT, MPI_ANY_SOURCE, TASK, MPI_COMM_WORLD, &status);
        if (sent < count) {
            MPI_Send(&sent, 1, MPI_INT, status.MPI_SOURCE, TASK, MPI_COMM_WORLD);
            sent++;
        }
    }
    return (MPI_Wtime() - begin) / count;
}

int main(int argc, char **argv)
{
    int rank, size, count = argc == 3 ? atoi(argv[2]) : 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (rank > 0)
        work();
    if (rank == 0) {
        farm(count / 10 + 1, size - 1);
        printf("%.9g\n", farm(count, size - 1));
        for (int i = 1; i < size; i++)
            MPI_Send(&rank, 1, MPI_INT, i, END, MPI_COMM_WORLD);
    }
    MPI_Finalize();
    return count > 0 ? 0 : 2;
}
