/* The progress of a pool, on standard error, for those who have asked for it. */
#ifndef MR_PROGRESS_H
#define MR_PROGRESS_H

#include "pool.h"

/* Shows how far a pool is, if it is time to; ends the line. */
void mr__progress_show(mr__own_pool *own, double now);
void mr__progress_end(mr__own_pool *own);

#endif
