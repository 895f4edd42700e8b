/* What processes of the tests run, over and over, and short ways to start them. */
#ifndef TARGETS_H
#define TARGETS_H

#include <multirank.h>
#include <pthread.h>
#include <stddef.h>

int does_nothing(const void *args, size_t size);   /* ends with 0 at once */
int returns(const void *args, size_t size);        /* ends with the int that it is given */
int sleeps(const void *args, size_t size);         /* never ends by itself */
int sleeps_seconds(const void *args, size_t size); /* sleeps for the double that it is given, ends with 0 */
int spins(const void *args, size_t size);          /* never ends, and never makes a system call */
int says_alive(const void *args, size_t size);     /* writes a line to the note that it is given, then sleeps */

/* mr_process_init and mr_process_start; false, and a failed check, if one does not work. */
bool begin(mr_process *process, mr_target target, const void *args, size_t size);

/* Joins for at most so many seconds, checks the exit code, closes. */
bool end(mr_process *process, double timeout, int exit_code);

/* Kills it after so many seconds, by a thread of the caller's, who joins that. */
bool kill_later(pthread_t *killer, mr_process *victim, double seconds);

/* Starts a process, lets it end with a code of its own, and sees that all of it works: someone is still well. */
bool works(void);

#endif
