/* For programs that know MPI and include mpi.h themselves: typed data over connections, and the communicator of
 * processes that were started together. */
#ifndef MULTIRANK_MPI_H
#define MULTIRANK_MPI_H

#include "multirank.h"

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX                                                                    \
    1 /* MPI's own C++ classes are gone since MPI 3.0; who wants them includes mpi.h before \
       */
#endif
#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sends count elements of a committed datatype as one message: as mr_connection_send, which names the errors, and
 * MR_EINVAL for a datatype that is null or not committed, or a negative count. Mirrors MPI_Send. */
MR_API mr_status mr_connection_send_mpi(const mr_connection *connection, const void *buffer, int count,
                                        MPI_Datatype datatype, double timeout);

/* Receives one message that mr_connection_send_mpi has sent, at most count elements of a datatype that matches the
 * sender's; *received (may be NULL) becomes the number of whole elements. Errors: as mr_connection_recv, with
 * *received as what is needed for MR_ETOOSMALL; MR_EINVAL as above. Mirrors MPI_Recv and MPI_Get_count. */
MR_API mr_status mr_connection_recv_mpi(const mr_connection *connection, void *buffer, int count,
                                        MPI_Datatype datatype, int *received, double timeout);

/* Starts count processes (1 or more) as a group: all in ranks of one batch, so that they have an MPI communicator
 * in common, in which the process at processes[i] is rank i. They run on the hosts in turn. Main process only.
 * Errors: as mr_process_start_all (those that were started then stay so), MR_EINVAL (none, or one with a host of
 * its own), MR_ENOTCREATOR (not main). Mirrors MPI_Comm_spawn. */
MR_API mr_status mr_group_start(mr_process *const processes[], size_t count);

/* The communicator of the group that the caller was started in. All of the group have to call it, once, and then
 * have it for any call of MPI: MPI_Barrier(comm), MPI_Allreduce, windows ... It is the library's; do not free it.
 * Errors are returned by MPI, not fatal; but if one of the group dies, the others may wait for it in MPI for ever,
 * as MPI has it: main can end them (mr_process_terminate), and mr_barrier tells them. Errors: MR_ESTATE (not
 * started in a group, or the main process), MR_EMPI. Mirrors MPI_COMM_WORLD. */
MR_API mr_status mr_group_comm(MPI_Comm *comm);

#ifdef __cplusplus
}
#endif

#endif
