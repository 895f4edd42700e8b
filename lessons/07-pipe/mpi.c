/* Lesson 7 in plain MPI: rank 1 sends numbers to rank 2, rank 2 sends their squares to rank 0. Three ranks. */
#include <mpi.h>
#include <stdio.h>

enum { NUMBERS = 10 };
enum { ITEM, END }; /* MPI has no end of file: a message with a tag of its own says that no more will come */

static void send_numbers(void)
{
    for (int number = 0; number < NUMBERS; number++)
        MPI_Send(&number, 1, MPI_INT, 2, ITEM, MPI_COMM_WORLD);
    MPI_Send(NULL, 0, MPI_INT, 2, END, MPI_COMM_WORLD);
}

/* The next number from that rank, or 0 at the end. Who dies without an END leaves us here for ever. */
static int receive(int *number, int rank)
{
    MPI_Status status;

    MPI_Recv(number, 1, MPI_INT, rank, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    return status.MPI_TAG == ITEM;
}

static void send_squares(void)
{
    int number;

    while (receive(&number, 1)) {
        const int square = number * number;
        MPI_Send(&square, 1, MPI_INT, 0, ITEM, MPI_COMM_WORLD);
    }
    MPI_Send(NULL, 0, MPI_INT, 0, END, MPI_COMM_WORLD);
}

static void print_squares(void)
{
    int square;

    while (receive(&square, 2))
        printf("main received %d\n", square);
    printf("end of file\n");
}

int main(int argc, char **argv)
{
    static void (*const part[])(void) = {print_squares, send_numbers, send_squares};
    int rank, size;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != 3)
        MPI_Abort(MPI_COMM_WORLD, 2);
    part[rank]();
    return MPI_Finalize();
}
