/* MPI's side of the benchmark of pipes: mpirun -n 2 mpi_pipes small|large COUNT prints the seconds that 8 bytes
 * take one way, or 1 MiB in a stream. UCX, as Multirank uses it, has to be chosen by the environment. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 8, LARGE = 1 << 20 };

static void go_there_and_back(int rank, char *bytes, int count)
{
    for (int i = 0; i < count; i++) {
        if (rank == 0)
            MPI_Send(bytes, SMALL, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
        MPI_Recv(bytes, SMALL, MPI_BYTE, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (rank == 1)
            MPI_Send(bytes, SMALL, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
    }
}

static void stream(int rank, char *bytes, int count)
{
    for (int i = 0; i < count; i++) {
        if (rank == 0)
            MPI_Send(bytes, LARGE, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
        else
            MPI_Recv(bytes, LARGE, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    if (rank == 0)
        MPI_Recv(bytes, 1, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else
        MPI_Send(bytes, 1, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    int rank, provided;
    char *bytes = calloc(1, LARGE);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    int count = argc == 3 ? atoi(argv[2]) : 0, is_small = argc == 3 && strcmp(argv[1], "small") == 0;
    if (count <= 0 || bytes == NULL)
        MPI_Abort(MPI_COMM_WORLD, 2);
    double begin = 0;
    for (int turn = 0; turn < 2; turn++) {
        begin = MPI_Wtime();
        (is_small ? go_there_and_back : stream)(rank, bytes, count);
    }
    if (rank == 0)
        printf("%.9g\n", (MPI_Wtime() - begin) / count / (is_small ? 2 : 1));
    MPI_Finalize();
    free(bytes);
    return 0;
}
