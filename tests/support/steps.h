/* Processes that are stopped after each instruction of a call, so that they can be killed at any of them. */
#ifndef STEPS_H
#define STEPS_H

#include <stdbool.h>
#include <sys/types.h>

struct objects; /* the test's own */

/* Forks a victim (forks.h), which prepares itself (NULL: it need not), stops before the call, makes it, and stops
 * after it. Skips the test where no process may trace another. */
pid_t steps_start(bool (*prepare)(const struct objects *o), bool (*act)(const struct objects *o),
                  const struct objects *o, int *rank);

/* So many instructions further; true: the call is through. *length: how many they were; may be NULL. */
bool steps_on(pid_t victim, int steps, int *length);

/* To the end of the call. Gives after how many instructions the arena was another than before: at most so many of
 * them, and *length, how many instructions there were. */
int steps_changes(pid_t victim, int changes[], int most, int *length);

/* How many instructions a test is to see in all, and where to begin at random: as MR_TEST_LONG and MR_TEST_SEED
 * say. */
int steps_budget(void);
unsigned steps_seed(void);

#endif
