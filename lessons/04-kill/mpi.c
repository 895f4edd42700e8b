/* Lesson 4 in plain MPI: MPI cannot end a rank. A rank can be asked to end; with the argument `signal` it is
 * killed, and you see what that does to the others. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Works for a second, and looks every hundredth of it whether it is to end. Its "exit code" is its last message.
 */
static void work(MPI_Comm main_process)
{
    int asked = 0, pid = (int)getpid(), code = 0;

    MPI_Send(&pid, 1, MPI_INT, 0, 0, main_process);
    for (int i = 0; i < 100 && !asked; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        MPI_Iprobe(0, 0, main_process, &asked, MPI_STATUS_IGNORE);
    }
    if (asked) {
        MPI_Recv(NULL, 0, MPI_INT, 0, 0, main_process, MPI_STATUS_IGNORE);
        code = -SIGTERM; /* nobody sees how a rank ended, so it says it itself */
    }
    MPI_Send(&code, 1, MPI_INT, 0, 0, main_process);
}

/* Alive means here: its last message has not come. MPI moves messages only inside its own calls, so one look is
 * not enough to see one that has been waiting for us. */
static void show(const char *when, MPI_Comm child)
{
    int over = 0;

    for (int i = 0; i < 1000 && child != MPI_COMM_NULL && !over; i++)
        MPI_Iprobe(0, 0, child, &over, MPI_STATUS_IGNORE);
    printf("%s: alive %s\n", when, child != MPI_COMM_NULL && !over ? "true" : "false");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    MPI_Comm parent, child = MPI_COMM_NULL;
    int pid, code;

    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        work(parent);
        return MPI_Finalize();
    }
    show("before start", child);
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &child, MPI_ERRCODES_IGNORE);
    MPI_Recv(&pid, 1, MPI_INT, 0, 0, child, MPI_STATUS_IGNORE);
    show("after start", child);
    if (argc > 1 && strcmp(argv[1], "signal") == 0)
        kill((pid_t)pid, SIGTERM); /* works on this host only, and mpirun ends the whole program */
    else
        MPI_Send(NULL, 0, MPI_INT, 0, 0, child);
    show("after terminate", child);
    sleep(1);
    show("one second later", child);
    MPI_Recv(&code, 1, MPI_INT, 0, 0, child, MPI_STATUS_IGNORE);
    printf("exit code: %d\n", code);
    return MPI_Finalize();
}
