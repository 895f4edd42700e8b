/* Lesson 1 in plain MPI: main spawns five ranks of the same program, and each gets an index. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES = 5 };

static void work(MPI_Comm main_process)
{
    int index, done = 1;

    MPI_Recv(&index, 1, MPI_INT, 0, 0, main_process, MPI_STATUS_IGNORE);
    printf("work: index %d in process %ld\n", index, (long)getpid());
    MPI_Send(&done, 1, MPI_INT, 0, 0, main_process);
}

int main(int argc, char **argv)
{
    MPI_Comm parent, children;
    int done;

    MPI_Init(&argc, &argv);

    /* The spawned ranks enter main as well. Who has no parent is the real main. */
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        work(parent);
        return MPI_Finalize();
    }
    printf("main: process %ld\n", (long)getpid());

    /* One call starts all five. What they are to run cannot be passed, only data. */
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, PROCESSES, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children,
                   MPI_ERRCODES_IGNORE);
    for (int i = 0; i < PROCESSES; i++)
        MPI_Send(&i, 1, MPI_INT, i, 0, children);

    /* MPI has no join: each rank sends a message when it has done its work. */
    for (int i = 0; i < PROCESSES; i++)
        MPI_Recv(&done, 1, MPI_INT, i, 0, children, MPI_STATUS_IGNORE);
    return MPI_Finalize();
}
