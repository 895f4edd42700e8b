/* What a worker has spent its time on: starting, waiting, working. What it does at this moment counts, too. */
#ifndef MR_WORKER_TIMES_H
#define MR_WORKER_TIMES_H

#include "pool/pool.h"

/* From now on it comes up. */
void mr__times_start(mr__worker *worker);

/* Puts down what it has done since the last time, and what it does from now on. */
void mr__times_note(mr__worker *worker, bool is_working);

/* It has ended: the last thing that it did is put down. */
void mr__times_end(mr__worker *worker);

/* All of it until now. */
void mr__times_read(const mr__worker *worker, double *starting, double *waiting, double *working);

#endif
