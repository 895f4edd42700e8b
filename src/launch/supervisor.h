/* The supervisor: the process that the shell or the launcher started. It forks before MPI_Init, the child becomes
 * the rank, and it waits. However the child ends, the launcher sees a process that ended well, so that nobody else
 * is taken down; and the exact exit status reaches main's hub. */
#ifndef MR_SUPERVISOR_H
#define MR_SUPERVISOR_H

#include "launch/launch.h"

/* Forks. Returns in the child only, with the descriptor for mr__supervisor_report; the parent ends with the child,
 * main's with main's own exit code. */
mr_status mr__supervise(const mr__launch *launch, int *report);

/* From the child, once MPI_Init has returned: tells its supervisor so, and where the hub is and as which rank to
 * report there (both ignored by main's supervisor). */
mr_status mr__supervisor_report(int report, const mr__address *hub, int rank);

/* From the child that is about to end well: tells the launcher so, which spares the supervisor to do it. MPI can
 * no longer be used. */
void mr__supervisor_leave_launcher(int report);

#endif
