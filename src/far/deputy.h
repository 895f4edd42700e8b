/* Deputies: threads of main that stand in for processes on other hosts. Each serves the far calls (far.h) of one
 * thread over there, by making the same call here in the name of its rank; so whatever holds for a process on
 * main's host holds for one elsewhere, and also when that dies. */
#ifndef MR_DEPUTY_H
#define MR_DEPUTY_H

#include "base/module.h"
#include "far/far.h"

struct mr__universe;

/* ---- The hub's: lock held ---- */

/* Starts a deputy for a thread of a rank, which has connected by that socket; it is the deputy's from now on. */
void mr__deputy_start(struct mr__universe *universe, int rank, int tag, int socket);

/* A rank's process has ended. If the rank is dead, so are its deputies' calls: when the last has come back,
 * mr__universe_ended is told. */
void mr__deputies_end(struct mr__universe *universe, int rank, int code, bool is_dead);

/* Ends all that there are, and waits for it. Takes the lock itself. */
void mr__deputies_stop(struct mr__universe *universe);

/* ---- For what a deputy calls ---- */

/* As mr__futex_wait, for a deputy: for one whose caller is dead every time-out is over. */
bool mr__deputy_sleep(_Atomic uint32_t *word, uint32_t value, double deadline);

/* Whether the calling thread is a deputy whose caller is dead. */
bool mr__caller_is_dead(void);

/* Has the caller run a function of the program; gives what it returned, -1 if that cannot be had. */
int mr__call_back(const mr__symbol *function);

#endif
