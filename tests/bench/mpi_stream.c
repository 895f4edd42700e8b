/* Raw MPI's side of the benchmark of queues, for two ranks: mpi_stream ITEMS SIZE prints the seconds that a
 * message takes when rank 0 sends so many of so many bytes to rank 1. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    int count = argc == 3 ? atoi(argv[1]) : 0, size = argc == 3 ? atoi(argv[2]) : 0;
    char *item = calloc(1, (size_t)size + 1);
    if (ranks != 2 || count <= 0 || size <= 0 || item == NULL) {
        fprintf(stderr, "Usage: mpirun -n 2 mpi_stream ITEMS SIZE\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = MPI_Wtime();
    for (int i = 0; i < count; i++)
        if (rank == 0)
            MPI_Send(item, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
        else
            MPI_Recv(item, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        printf("%.9g\n", (MPI_Wtime() - begin) / count);
    free(item);
    MPI_Finalize();
    return 0;
}
