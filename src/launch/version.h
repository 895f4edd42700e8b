/* Which versions of Open MPI this library can work with. */
#ifndef MR_VERSION_OF_MPI_H
#define MR_VERSION_OF_MPI_H

#include "multirank.h"

/* MR_ENOTSUP, with a sentence: the MPI that calls itself so (MPI_Get_library_version) is none of them. */
mr_status mr__mpi_check(const char *library);

/* The same of the MPI that this program runs with. */
mr_status mr__mpi_check_own(void);

#endif
