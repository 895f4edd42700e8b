/* Callbacks: what a process wants to be called when tasks are done. A thread of their own calls them, so one may
 * take its time, and wait for other tasks. */
#ifndef MR_CALLBACKS_H
#define MR_CALLBACKS_H

#include "multirank.h"

/* Has the callbacks of tasks called when the job is over; is_dropped: nobody else has its future. */
mr_status mr__callbacks_add(uint64_t job, const mr_tasks *tasks, bool is_dropped);

/* The keeper's: sees to it that those of jobs that are over by now get called. */
void mr__callbacks_look(void);

/* Waits until all that are due have been called, and drops the others. A callback that ends the program is not
 * waited for. */
void mr__callbacks_stop(void);

#endif
