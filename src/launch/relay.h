/* The relay: over several hosts, the daemons of Open MPI's runtime talk with the one on main's host through here.
 * That one ends the whole program when it loses one of the others (its errmgr has no other answer). So when a
 * daemon is lost, the relay keeps the connection open on main's side, swallows what is sent there, and tells the
 * hub. */
#ifndef MR_RELAY_H
#define MR_RELAY_H

#include "launch/launch.h"

/* Opens the relay's socket, and sets the environment up so that the daemons come to it. Where that cannot be done
 * they talk directly, as Open MPI would have it. */
void mr__relay_prepare(mr__launch *launch);

/* Starts the thread, in main's supervisor. */
mr_status mr__relay_start(const mr__launch *launch);

/* From now on tells this hub of lost daemons. */
void mr__relay_report_to(const mr__address *hub);

/* The program ends: connections of lost daemons are closed, so that nobody waits for them. */
void mr__relay_end(void);

#endif
