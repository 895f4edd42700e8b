/* What is done when a process has ended, step by step:
 *
 * 1. What a rank elsewhere has written is printed (printer.c).
 * 2. If the rank is dead, nobody does anything in its name any more: its deputies are dismissed.
 * 3. Every home that it may hold something of releases that, main's last.
 * 4. Whoever waits for its end is told (mr__universe_ended).
 */
#ifndef MR_DEATH_H
#define MR_DEATH_H

#include "universe/callers.h"
#include "universe/universe.h"

/* A rank's process has ended with that code; if is_dead, the rank with it. Lock held. */
void mr__death(mr__universe *universe, int rank, int code, bool is_dead);

/* One of the things that were waited for has come. Lock held. */
void mr__death_go_on(mr__universe *universe, int rank);

/* What callers have to know of the ranks of main's universe. */
extern const mr__caller_ranks mr__death_ranks;

#endif
