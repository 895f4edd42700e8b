/* Which MPI is refused, and in what words. */
#include "launch/version.h"

#include <criterion/criterion.h>
#include <string.h>

static void refused(const char *library, const char *named)
{
    cr_expect(mr__mpi_check(library) == MR_ENOTSUP, "%s", library);
    cr_expect(strstr(mr_last_error(), named) != NULL, "%s", mr_last_error());
    cr_expect(strstr(mr_last_error(), "Open MPI 4.1 only") != NULL, "%s", mr_last_error());
}

Test(version, works)
{
    cr_expect(mr__mpi_check("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4") == MR_OK);
    cr_expect(mr__mpi_check("Open MPI v4.1.10") == MR_OK);
    cr_expect(mr__mpi_check_own() == MR_OK);
}

Test(version, others)
{
    refused("Open MPI v5.0.7, package: Debian OpenMPI, ident: 5.0.7", "runs with Open MPI v5.0.7, and");
    refused("Open MPI v4.0.3, package: x", "Open MPI v4.0.3");
    refused("Open MPI v4.10.0", "v4.10.0");
    refused("MPICH Version:\t4.1.2\nMPICH Release date: x", "MPICH Version:\t4.1.2, and");
    refused("Open MPI", "runs with Open MPI, and");
    refused("", "Multirank works");
}
