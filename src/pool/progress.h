/* The progress of a pool, on standard error, for those who have asked for it: on a terminal a bar that changes in
 * place, elsewhere a line after a second and then ever more rarely, and in any case a last word when there is
 * nothing left to do. */
#ifndef MR_PROGRESS_H
#define MR_PROGRESS_H

#include "pool/pool.h"

/* Shows how far a pool is, if it is time to. */
void mr__progress_show(mr__own_pool *own, double now);

#endif
