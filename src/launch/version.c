#include "launch/version.h"

#include "base/status.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

/* How a runtime is started, and what its parameters are called, differs between 4.1 and 5.0; and a program that
 * was built with one finds the other under the same name of a library. There MPI_Init would fail with pages of its
 * own. */
enum { MAJOR = 4, MINOR = 1 };

#ifndef OMPI_MAJOR_VERSION
#error "Multirank needs Open MPI"
#elif OMPI_MAJOR_VERSION != 4 || OMPI_MINOR_VERSION != 1
#error "Multirank needs Open MPI 4.1"
#endif

mr_status mr__mpi_check(const char *library)
{
    int major, minor;
    if (sscanf(library, "Open MPI v%d.%d", &major, &minor) == 2 && major == MAJOR && minor == MINOR)
        return MR_OK;
    return mr__fail(
        MR_ENOTSUP,
        "mr_init: this program runs with %.*s, and Multirank works with Open MPI %d.%d only; install that, or "
        "let LD_LIBRARY_PATH lead to it",
        (int)strcspn(library, ",\n"), library, MAJOR, MINOR);
}

mr_status mr__mpi_check_own(void)
{
    char library[MPI_MAX_LIBRARY_VERSION_STRING] = "an MPI that does not tell its version";
    int length;
    MPI_Get_library_version(library, &length);
    return mr__mpi_check(library);
}
