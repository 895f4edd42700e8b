/* Deputies: threads that stand in for processes on other hosts, in main, and in the agent of every other host.
 * Each serves the far calls (far.h) of one thread over there, by making the same call here in the name of its
 * rank; so whatever holds for a process of this host holds for one elsewhere, and also when that dies. */
#ifndef MR_DEPUTY_H
#define MR_DEPUTY_H

#include "base/module.h"
#include "far/far.h"
#include "universe/callers.h"

/* What the universe, or the agent, has done for callers. */
extern const mr__callers mr__deputies;

/* Serves a caller that has connected, in the calling thread, until it is gone. No lock. */
void mr__deputy_become(int rank, int tag, int socket);

/* ---- For what a deputy calls ---- */

/* As mr__futex_wait, for a deputy: for one whose caller is dead every time-out is over. */
bool mr__deputy_sleep(_Atomic uint32_t *word, uint32_t value, double deadline);

/* Whether the calling thread is a deputy whose caller is dead. */
bool mr__caller_is_dead(void);

/* Has the caller run a function of the program; gives what it returned, -1 if that cannot be had. */
int mr__call_back(const mr__symbol *function);

#endif
