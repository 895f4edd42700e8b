/* Forks of a test that share an arena, without MPI and without a universe: processes that cost next to nothing, so
 * that thousands of them can be killed. The test itself must not use what needs a seat, since forks inherit it. */
#ifndef FORKS_H
#define FORKS_H

#include <stdbool.h>
#include <sys/types.h>

/* Makes the arena, and whatever else mr_init would have made for shared objects. */
void forks_begin(void);

/* Forks: gives the process to the test, which is rank 0, and 0 to the fork, which becomes a new rank. */
pid_t forks_fork(int *rank);

/* Kills and reaps one, and does what main does when it hears of an end. */
void forks_bury(pid_t pid, int rank);

/* Whether it ends by itself, with exit code 0, within so many seconds; buries it. */
bool forks_end(pid_t pid, int rank, double seconds);

#endif
