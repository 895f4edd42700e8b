/* Lesson 2 in plain MPI: ranks have numbers, not names. The names are data that main sends. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROCESSES = 3, LONGEST = 32 };

static void work(MPI_Comm main_process)
{
    char name[LONGEST];
    int done = 1;

    MPI_Recv(name, LONGEST, MPI_CHAR, 0, 0, main_process, MPI_STATUS_IGNORE);
    printf("%s start\n", name);
    fflush(stdout); /* mpirun passes the output on in blocks: without this, start and end come together */
    sleep(2);
    printf("%s end\n", name);
    fflush(stdout);
    MPI_Send(&done, 1, MPI_INT, 0, 0, main_process);
}

int main(int argc, char **argv)
{
    char names[PROCESSES][LONGEST];
    MPI_Comm parent, children;
    int done;

    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        work(parent);
        return MPI_Finalize();
    }

    /* Default names, counted by creation: this is ours to do. */
    for (int i = 0; i < PROCESSES; i++)
        snprintf(names[i], LONGEST, "Process-%d", i + 1);
    strcpy(names[1], "courier");

    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, PROCESSES, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children,
                   MPI_ERRCODES_IGNORE);
    for (int i = 0; i < PROCESSES; i++) {
        printf("%s made\n", names[i]);
        MPI_Send(names[i], (int)strlen(names[i]) + 1, MPI_CHAR, i, 0, children);
    }
    for (int i = 0; i < PROCESSES; i++)
        MPI_Recv(&done, 1, MPI_INT, i, 0, children, MPI_STATUS_IGNORE);
    return MPI_Finalize();
}
