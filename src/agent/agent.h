/* The agent of a host other than main's: a rank that runs no code of the program's. It keeps the memory that the
 * ranks of its host share, serves the calls of those elsewhere on what lies there (far/deputy.c), and releases
 * what a process held that has ended. Nothing that a process does can end it; if it ends, its host counts as lost.
 */
#ifndef MR_AGENT_H
#define MR_AGENT_H

#include "transport/links.h"

/* Makes this rank the agent of its host, which is the home of that number; the link leads to the hub. From now on
 * a thread serves all that comes. */
mr_status mr__agent_start(uint32_t home, int link);

/* What the thread that has called mr_init does from when MPI is up. */
_Noreturn void mr__agent_serve(void);

/* For the other ranks of its host: gets the memory from the agent that is reached there. */
mr_status mr__agent_join(uint32_t home, const char *where);

#endif
