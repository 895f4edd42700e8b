/* What ranks leave in the folder of shared memory when they are killed in the middle of MPI_Init. */
#ifndef MR_LEAVINGS_H
#define MR_LEAVINGS_H

/* Removes UCX's files there that are this user's and that no process uses. */
void mr__leavings_remove(void);

#endif
