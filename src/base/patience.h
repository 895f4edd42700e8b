/* Waiting inside Open MPI without burning a core: see patience.c. */
#ifndef MR_PATIENCE_H
#define MR_PATIENCE_H

#include <stdbool.h>

/* Makes the calling thread patient, or not: its waits inside Open MPI sleep. For starting ranks, where a tenth of
 * a millisecond does not matter. */
void mr__patience(bool patient);

#endif
