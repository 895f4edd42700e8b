/* Lesson 3 in plain MPI: there are no daemons. MPI_Finalize waits for all, so the daemon must be asked to stop. */
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { BACKGROUND, FOREGROUND, PROCESSES };
enum { TENTHS_BACKGROUND = 100, TENTHS_FOREGROUND = 20 };

/* Works in small steps and looks for main's word after each. A daemon that forgets to look is never stopped. */
static void work(MPI_Comm main_process)
{
    const char *name;
    int rank, tenths, stop = false;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    name = rank == BACKGROUND ? "background" : "foreground";
    tenths = rank == BACKGROUND ? TENTHS_BACKGROUND : TENTHS_FOREGROUND;

    printf("%s start\n", name);
    for (int i = 0; i < tenths && !stop; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        MPI_Iprobe(0, 0, main_process, &stop, MPI_STATUS_IGNORE);
    }
    if (stop)
        MPI_Recv(NULL, 0, MPI_INT, 0, 0, main_process, MPI_STATUS_IGNORE);
    else
        printf("%s end\n", name);
    if (rank == FOREGROUND)
        MPI_Send(NULL, 0, MPI_INT, 0, 0, main_process);
}

int main(int argc, char **argv)
{
    MPI_Comm parent, children;

    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        work(parent);
        return MPI_Finalize();
    }

    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, PROCESSES, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children,
                   MPI_ERRCODES_IGNORE);
    printf("main finished\n");

    /* What mr_finalize does by itself: wait for the one, then end the other. */
    MPI_Recv(NULL, 0, MPI_INT, FOREGROUND, 0, children, MPI_STATUS_IGNORE);
    MPI_Send(NULL, 0, MPI_INT, BACKGROUND, 0, children);
    return MPI_Finalize();
}
