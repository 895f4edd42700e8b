/* Where processes run: the machine as hwloc sees it, cut down to what this program may use, and the places on it
 * that processes can be pinned to. Knows nothing of ranks. */
#ifndef MR_TOPOLOGY_H
#define MR_TOPOLOGY_H

#include "multirank.h"

typedef struct mr__topology mr__topology;

/* A set of hardware threads for processes to be pinned to. */
typedef struct mr__place {
    int core;     /* physical core (logical index among the allowed ones); -1: more than one core */
    int numa;     /* NUMA node (logical index) */
    int capacity; /* how many processes it is good for: 1 for a core, the number of its cores for a NUMA node */
    char *cpus;   /* hardware threads as a list, e.g. "0,8-9" (operating system numbers); owned by the places */
} mr__place;

typedef struct mr__places {
    int count;
    mr__place *place; /* in the order in which processes should be given them */
} mr__places;

/* Loads this machine, or the synthetic one (hwloc's notation, e.g. "pack:2 core:4 pu:2") if not NULL. allowed, if not
 * NULL, is a list of hardware threads ("0-3,8") that cuts it down further. The caller owns *topology. */
mr_status mr__topology_load(mr__topology **topology, const char *synthetic, const char *allowed);
void mr__topology_free(mr__topology *topology); /* NULL is fine */

int mr__topology_cores(const mr__topology *topology); /* physical cores this program may use, >= 1 */
int mr__topology_pus(const mr__topology *topology);   /* hardware threads this program may use, >= 1 */

/* The places of this machine, in the order that the pinning asks for. MR_PIN_NONE gives none. The caller owns them. */
mr_status mr__topology_places(const mr__topology *topology, mr_pinning pinning, mr__places *places);
void mr__places_free(mr__places *places);

/* Pins the calling process (all its threads from now on) to a list of hardware threads; NULL or "": unpins it, to all
 * that the topology allows. */
mr_status mr__topology_bind(const mr__topology *topology, const char *cpus);

/* "spread" ... "none" to a pinning: MR_EINVAL with a sentence for any other word. */
mr_status mr__pinning_parse(const char *word, mr_pinning *pinning);
const char *mr__pinning_name(mr_pinning pinning);

/* The machine as an indented tree of text (packages, NUMA nodes, cores with their hardware threads), one line each, for
 * a person. Malloced, the caller frees it; NULL when out of memory. */
char *mr__topology_describe(const mr__topology *topology);

#endif
