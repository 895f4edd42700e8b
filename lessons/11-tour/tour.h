/* What all stops of the tour are like, and what they need. */
#ifndef TOUR_H
#define TOUR_H

#include <multirank.h>

/* Seconds that a stop waits for its processes, at most. Only what goes wrong takes that long. */
enum { LIMIT = 20 };

/* A stop starts processes, reads in the notebook what they did, and tells whether that is what was to be seen. */
typedef bool stop(const mr_queue *notebook);

stop see_functions, see_names, see_subclass; /* processes.c */
stop see_background, see_kill;               /* ends.c */
stop see_queue, see_pipe;                    /* exchange.c */
stop see_barrier, see_manager, see_pool;     /* together.c */

/* Prints what was to be seen, with what came instead of %s and the like, behind "yes" or "no"; returns is_so. */
bool look(bool is_so, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* Waits until the process has ended, and closes it. Whether it ended well: in time, with the exit code 0. Says so
 * only if not. */
bool ended_well(mr_process *process);

/* How many different numbers there are among them. */
int count_different(const int numbers[], int count);

/* A call has failed: prints the sentence that tells why. The first is for processes and returns their exit code,
 * the second is for stops. */
int complain(void);
bool failed(void);

/* Does nothing for so many seconds. */
void nap(double seconds);

#endif
