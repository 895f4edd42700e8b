/* Typed MPI data over Multirank's connections: for programs that know MPI and include mpi.h themselves. */
#ifndef MULTIRANK_MPI_H
#define MULTIRANK_MPI_H

#include "multirank.h"

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Sends count elements of a committed datatype as one message: as mr_connection_send, which names the errors, and
 * MR_EINVAL for a datatype that is null or not committed, or a negative count. Mirrors MPI_Send. */
mr_status mr_connection_send_mpi(const mr_connection *connection, const void *buffer, int count,
                                 MPI_Datatype datatype, double timeout);

/* Receives one message that mr_connection_send_mpi has sent, at most count elements of a datatype that matches the
 * sender's; *received (may be NULL) becomes the number of whole elements. Errors: as mr_connection_recv, with
 * *received as what is needed for MR_ETOOSMALL; MR_EINVAL as above. Mirrors MPI_Recv and MPI_Get_count. */
mr_status mr_connection_recv_mpi(const mr_connection *connection, void *buffer, int count, MPI_Datatype datatype,
                                 int *received, double timeout);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
