/* Messages of any size between two ranks, by MPI point-to-point. */
#ifndef MR_WIRE_H
#define MR_WIRE_H

#include "multirank.h"

#include <mpi.h>

enum { MR__TAG_START = 1, MR__TAG_REQUEST, MR__TAG_GREETING, MR__TAG_FAR = 1000, MR__FAR_TAGS = 1 << 20 };

/* MPI_Init for all threads. Signals go on meaning what they meant before, whatever Open MPI and UCX would like to
 * catch. */
mr_status mr__mpi_init(void);

/* Connects every two ranks, which otherwise happens with their first message, and needs the launcher's server
 * then. Collective. Gives MPI's error. */
int mr__wire_connect_all(MPI_Comm comm);

/* Says whether the other side of a transfer has died; may be NULL. */
typedef bool (*mr__is_gone)(const void *other);

/* Send and receive exactly size bytes, in pieces that MPI's int counts can express. MR_EDIED when is_gone says so
 * (the buffer may then still be read by MPI: it must not be freed), MR_EMPI when MPI fails. */
mr_status mr__wire_send(MPI_Comm comm, int rank, int tag, const void *buffer, size_t size, mr__is_gone is_gone,
                        const void *other);
mr_status mr__wire_receive(MPI_Comm comm, int rank, int tag, void *buffer, size_t size, mr__is_gone is_gone,
                           const void *other);

/* Waits for one request, without burning a core for long. Errors as above. */
mr_status mr__wire_wait(MPI_Request *request, const char *what, mr__is_gone is_gone, const void *other);

/* The sentence for a failed MPI call. */
mr_status mr__fail_mpi(int error, const char *what);

#endif
