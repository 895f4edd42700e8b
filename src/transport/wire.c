#include "transport/wire.h"

#include "base/context.h"
#include "base/status.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

static const size_t PIECE = (size_t)1 << 30;
static const double SPIN_SECONDS = 500e-6;
static const long LONGEST_NAP_NS = 100000;

mr_status mr__fail_mpi(int error, const char *what)
{
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(error, text, &length);
    return mr__fail(MR_EMPI, "%s failed: %.*s", what, length, text);
}

mr_status mr__mpi_init(void)
{
    struct sigaction before[NSIG];
    int provided;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, NULL, &before[number]);
    int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &before[number], NULL);
    if (error != MPI_SUCCESS)
        return mr__fail_mpi(error, "MPI_Init");
    if (provided < MPI_THREAD_MULTIPLE)
        return mr__fail(MR_EMPI, "this Open MPI was built without MPI_THREAD_MULTIPLE");
    return MR_OK;
}

int mr__wire_connect_all(MPI_Comm comm)
{
    int rank, size, error = MPI_SUCCESS;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int i = 1; i < size && error == MPI_SUCCESS; i++)
        error = MPI_Sendrecv(NULL, 0, MPI_BYTE, (rank + i) % size, MR__TAG_GREETING, NULL, 0, MPI_BYTE,
                             (rank - i + size) % size, MR__TAG_GREETING, comm, MPI_STATUS_IGNORE);
    return error;
}

mr_status mr__wire_wait(MPI_Request *request, const char *what, mr__is_gone is_gone, const void *other)
{
    double spin_until = mr__now() + SPIN_SECONDS;
    long nap = 1000;
    for (;;) {
        int done = 0;
        int error = MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (error != MPI_SUCCESS)
            return mr__fail_mpi(error, what);
        if (done)
            return MR_OK;
        if (is_gone != NULL && is_gone(other))
            return mr__fail(MR_EDIED, "%s failed: the process at the other end has died", what);
        if (mr__now() < spin_until) {
            sched_yield();
            continue;
        }
        nanosleep(&(struct timespec){0, nap}, NULL);
        nap = nap < LONGEST_NAP_NS ? 2 * nap : LONGEST_NAP_NS;
    }
}

static int piece_size(size_t left)
{
    return (int)(left < PIECE ? left : PIECE);
}

mr_status mr__wire_send(MPI_Comm comm, int rank, int tag, const void *buffer, size_t size, mr__is_gone is_gone,
                        const void *other)
{
    const char *next = buffer;
    for (size_t left = size; left > 0;) {
        MPI_Request request;
        int piece = piece_size(left);
        int error = MPI_Isend(next, piece, MPI_BYTE, rank, tag, comm, &request);
        if (error != MPI_SUCCESS)
            return mr__fail_mpi(error, "sending to a rank");
        mr_status status = mr__wire_wait(&request, "sending to a rank", is_gone, other);
        if (status != MR_OK)
            return status;
        next += piece;
        left -= (size_t)piece;
    }
    return MR_OK;
}

mr_status mr__wire_receive(MPI_Comm comm, int rank, int tag, void *buffer, size_t size, mr__is_gone is_gone,
                           const void *other)
{
    char *next = buffer;
    for (size_t left = size; left > 0;) {
        MPI_Request request;
        int piece = piece_size(left);
        int error = MPI_Irecv(next, piece, MPI_BYTE, rank, tag, comm, &request);
        if (error != MPI_SUCCESS)
            return mr__fail_mpi(error, "receiving from a rank");
        mr_status status = mr__wire_wait(&request, "receiving from a rank", is_gone, other);
        if (status != MR_OK)
            return status;
        next += piece;
        left -= (size_t)piece;
    }
    return MR_OK;
}
