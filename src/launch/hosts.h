/* The hosts that a program may spread over: as the user or mpirun names them, and as our own runtime reads them.
 */
#ifndef MR_HOSTS_H
#define MR_HOSTS_H

#include "launch/launch.h"

/* In rank 0 under mpirun: sets launch->hosts to those that mpirun may use, if it can be found out that they are
 * more than one (mpirun.c). */
void mr__hosts_of_mpirun(mr__launch *launch);

/* Where that cannot be found out: asks mpirun's PMIx server, before this program leaves it, which hosts the ranks
 * are on. MR_ELAUNCH: it does not answer. */
mr_status mr__hosts_ask(mr__launch *launch);

/* Writes launch->hosts into a host file in the session folder and tells the runtime to read it. */
mr_status mr__hosts_write(const mr__launch *launch);

/* Takes the next host off a list such as "node1:2,node2:2"; false at its end. A host without a number has one
 * slot. */
bool mr__hosts_next(const char **hosts, char name[MR__HOST_SIZE], int *slots);

/* How many hosts there are in "node1:2,node2:2", and how many slots in all (a host without a number counts 1). */
int mr__hosts_count(const char *hosts);
int mr__hosts_slots(const char *hosts);

/* The slots of one of them; 0: it is not named. */
int mr__hosts_slots_of(const char *hosts, const char *host);

/* The most slots that one of them has. */
int mr__hosts_most_slots(const char *hosts);

/* Whether two names are one host's: it may call itself by a short or by a full name. */
bool mr__hosts_same(const char *a, const char *b);

#endif
