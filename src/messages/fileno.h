/* Descriptors for poll(2) and event loops: one for a connection or a queue, readable while there is something to
 * receive, or to get. Behind it is an eventfd of the process that asked, which nobody else knows of: who sends
 * rings a bell, as for mr_wait (watch.h), if somebody watches. A thread of the process that asked, the watcher,
 * sleeps by that bell and makes readable what has become ready; who receives makes it unreadable again when
 * nothing is left. On another host than main's the watcher sleeps in a far call. */
#ifndef MR_FILENO_H
#define MR_FILENO_H

#include "base/context.h"
#include "object/object.h"

/* The descriptor of what has just been found to be the caller's to receive from; made when it is first asked for.
 * -1, with a sentence: there is none to be had. */
int mr__fileno(const char *call, mr__kind_number kind, uint64_t handle);

/* Something was received, or nothing was found: what is readable may not be ready any more. Costs nothing where
 * nobody has asked for a descriptor. */
void mr__fileno_look_again(mr__kind_number kind, uint64_t handle);
static inline void mr__fileno_update(mr__kind_number kind, uint64_t handle)
{
    if (mr__ctx.filenos != NULL && mr__acts_for == MR__ITSELF)
        mr__fileno_look_again(kind, handle);
}

/* Closes the descriptor, if there is one, since this process has closed what it was for; who polls it wakes up. */
void mr__fileno_close(mr__kind_number kind, uint64_t handle);

/* Closes all descriptors that this process has made for messages, sockets too, and ends the watcher. */
void mr__filenos_stop(void);

#endif
