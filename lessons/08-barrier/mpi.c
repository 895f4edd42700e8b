/* Lesson 8 in plain MPI: the first two ranks meet at a barrier, the other two do not. Run it with four ranks. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES = 4, PARTIES = 2 };

int main(int argc, char **argv)
{
    static const char *const names[PROCESSES] = {"barrier-1", "barrier-2", "free-1", "free-2"};
    double times[2], all[PROCESSES][2]; /* when it came, when it went on */
    int rank, size;
    MPI_Comm pair;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != PROCESSES)
        MPI_Abort(MPI_COMM_WORLD, 2);

    /* MPI_Barrier is for all ranks of a communicator, so those who are to meet need one of their own. */
    MPI_Comm_split(MPI_COMM_WORLD, rank < PARTIES, rank, &pair);
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime(); /* a clock for each rank; on one host they agree */

    sleep(rank % 2 == 0 ? 0 : 1); /* the second of each pair comes a second later */
    times[0] = MPI_Wtime() - start;
    if (rank < PARTIES)
        MPI_Barrier(pair); /* without a limit: if the other one never comes, this is the end */
    times[1] = MPI_Wtime() - start;

    /* No lock keeps two lines together. So one rank prints for all, and all must wait until it has everything. */
    MPI_Gather(times, 2, MPI_DOUBLE, all, 2, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    for (int i = 0; rank == 0 && i < PROCESSES; i++) {
        printf("%s came after %.3f s\n", names[i], all[i][0]);
        printf("%s went on after %.3f s\n", names[i], all[i][1]);
    }
    MPI_Comm_free(&pair);
    return MPI_Finalize();
}
