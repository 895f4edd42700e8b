/* Where processes run: the machine as hwloc sees it, cut down to what this program may use, and the places on it
 * that processes can be pinned to. Knows nothing of ranks. */
#ifndef MR_TOPOLOGY_H
#define MR_TOPOLOGY_H

#include "multirank.h"

typedef struct mr__topology mr__topology;

/* A set of hardware threads for processes to be pinned to. */
typedef struct mr__place {
    int core;     /* physical core (logical index among the allowed ones); -1: the place is a NUMA node */
    int numa;     /* NUMA node (logical index in the whole machine); -1: the machine does not tell */
    int capacity; /* how many processes it is good for: 1 for a core, the number of its cores for a NUMA node */
    char *cpus;   /* its allowed hardware threads, e.g. "0,8-9" (operating system numbers); owned by the places */
} mr__place;

typedef struct mr__places {
    int count;
    mr__place *place; /* in the order in which processes should be given them */
} mr__places;

/* Loads this machine, or the synthetic one (hwloc's notation, e.g. "pack:2 core:4 pu:2") if not NULL. What the
 * program may use is what the system allows and, on this machine, what the calling process is bound to right now;
 * allowed, if not NULL, is a list of hardware threads ("0-3,8") that cuts it down further. The caller owns
 * *topology, which is NULL on failure. Errors: MR_EINVAL (not a machine, not a list, nothing left), MR_ENOMEM,
 * MR_ESYSTEM. */
mr_status mr__topology_load(mr__topology **topology, const char *synthetic, const char *allowed);
void mr__topology_free(mr__topology *topology); /* NULL is fine */

int mr__topology_cores(const mr__topology *topology); /* physical cores this program may use, >= 1 */
int mr__topology_pus(const mr__topology *topology);   /* hardware threads this program may use, >= 1 */

/* The places of this machine, in the order that the pinning asks for; no two of them share a core. Every first few
 * of MR_PIN_SPREAD are evenly spread over the packages, the NUMA nodes in each, and so on down; MR_PIN_COMPACT and
 * MR_PIN_NUMA are in logical order; MR_PIN_NONE gives none. Where hwloc knows of no cores, hardware threads count
 * as such. The caller owns them. Errors: MR_EINVAL, MR_ENOMEM. */
mr_status mr__topology_places(const mr__topology *topology, mr_pinning pinning, mr__places *places);
void mr__places_free(mr__places *places);

/* Pins the calling thread, and the threads that it starts from now on, to a list of hardware threads that the
 * topology allows (else MR_EINVAL); NULL or "": unpins it, to all that the topology allows. */
mr_status mr__topology_bind(const mr__topology *topology, const char *cpus);

/* "spread" ... "none" to a pinning: MR_EINVAL with a sentence for any other word. */
mr_status mr__pinning_parse(const char *word, mr_pinning *pinning);
const char *mr__pinning_name(mr_pinning pinning); /* never NULL */

/* The machine as an indented tree of text (packages, NUMA nodes, cores with their hardware threads), one line
 * each, for a person. Malloced, the caller frees it; NULL when out of memory. */
char *mr__topology_describe(const mr__topology *topology);

#endif
