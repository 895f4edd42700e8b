/* Callers: threads of ranks on other hosts that use objects of this one (far/deputy.c stands in for them), and
 * what has to be known of their ranks for it. All with the context's lock held. */
#ifndef MR_CALLERS_H
#define MR_CALLERS_H

#include <mpi.h>
#include <stdbool.h>

/* What is done for them; the context's `callers`. */
typedef struct mr__callers {
    void (*take)(int rank, int tag, int socket); /* one has connected; the socket is theirs from now on */
    bool (*dismiss)(int rank); /* the rank is dead; true: some are still at work for it, and `gone` will tell */
    void (*stop)(void);        /* ends all there are, and waits for it; no lock */
} mr__callers;

/* What is known of their ranks: main's universe, or a host's agent; the context's `caller_ranks`. */
typedef struct mr__caller_ranks {
    bool (*takes)(int rank);                 /* it lives, so that its calls are taken */
    MPI_Comm (*comm)(int rank, int *number); /* and its number there; MPI_COMM_NULL: bytes go over the socket */
    void (*gone)(int rank);                  /* nobody is at work any more for one that is dead */
} mr__caller_ranks;

#endif
