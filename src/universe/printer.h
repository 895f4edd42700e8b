/* The printer: a thread in main that prints what the ranks on other hosts write. Their standard output and error
 * are sockets to main; on main's own host a rank has main's descriptors themselves. */
#ifndef MR_PRINTER_H
#define MR_PRINTER_H

#include "universe/universe.h"

/* Starts and ends the thread; at the end, what has arrived is printed. No lock. */
mr_status mr__printer_start(mr__universe *universe);
void mr__printer_stop(mr__universe *universe);

/* From now on prints what a rank writes to target (STDOUT_FILENO or STDERR_FILENO). Takes over the socket. Lock
 * held.
 */
void mr__printer_add(mr__universe *universe, int rank, int target, int socket);

/* A rank's process has ended: all that it wrote is printed before anybody hears of it. Lock held. */
void mr__printer_end(mr__universe *universe, int rank, int code, bool is_dead);

/* Connects a rank's own standard output and error with the printer; and waits until what it has written so far has
 * reached main's host. In a rank on another host than main's. */
mr_status mr__printer_connect(const mr__address *hub, int rank);
void mr__printer_flush(void);

#endif
