/* Homes, as main knows them: the hosts in whose memory shared objects lie. Main's own is number 0; another host
 * has the number that main knows it by, and an agent, the first rank that comes up there, which keeps the memory
 * (agent/agent.h). Lock held, unless said otherwise. */
#ifndef MR_HOMES_H
#define MR_HOMES_H

#include "universe/universe.h"

/* A rank says hello. MR__AGENT: it is to be its host's agent; MR__WAIT: it is welcome when that one is up. */
typedef enum mr__lodging { MR__NO_LODGING, MR__LODGING, MR__AGENT, MR__WAIT } mr__lodging;
mr__lodging mr__homes_lodge(mr__universe *universe, int rank);

/* An agent says where it is reached, in pieces. false: it is none. */
bool mr__homes_hear(mr__universe *universe, int rank, const mr__record *record);

/* The agent of a host is gone. */
void mr__homes_lose_agent(mr__universe *universe, int rank);

/* Where a home is reached. MR_EINVAL: there is none of that number; MR_EHOSTLOST. Takes the lock itself. */
mr_status mr__homes_find(mr__universe *universe, uint32_t home, mr__address *address);

/* The number of the home of that name, as soon as it is one. Takes the lock itself. */
mr_status mr__homes_await(mr__universe *universe, const char *name, uint32_t *home);

/* Tells a rank the number of the home of that name; or that it is not up so far (a refusal with b 1), or none. */
void mr__homes_tell_number(mr__universe *universe, int rank, const char *name);

/* Tells a rank where a home is reached, which so may come to hold something for it. */
void mr__homes_tell(mr__universe *universe, int rank, int64_t home);

/* Has every home that a rank may hold something of release it: its process has ended; if is_dead, the rank with
 * it. Whether some have not done so yet; one has. */
void mr__homes_forget(mr__universe *universe, int rank, bool is_dead);
bool mr__homes_are_awaited(const mr__rank *rank);
void mr__homes_forgot(mr__universe *universe, int agent, int rank);

/* A host is lost, and with it what lay there. */
void mr__homes_lost(mr__universe *universe, int host);

/* An end of a pipe that lies elsewhere becomes a rank's. */
void mr__homes_hand_over(mr__universe *universe, uint64_t connection, int rank);

#endif
