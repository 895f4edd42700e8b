/* The roster: the ranks that there are, and what runs in each, where `multirank top` finds them from outside. It
 * lies in the arena, and only main writes it; each entry says whether it is just being written. */
#ifndef MR_ROSTER_H
#define MR_ROSTER_H

#include "transport/links.h"

#include <stdatomic.h>

struct mr__rank;
struct mr__universe;

enum { MR__ROSTER_SIZE = 4096, MR__ROSTER_NAME = 64 };

typedef enum mr__roster_state {
    MR__ROSTER_FREE,
    MR__ROSTER_COMING,
    MR__ROSTER_PARKED,
    MR__ROSTER_BUSY
} mr__roster_state;

typedef struct mr__roster_entry {
    _Atomic uint32_t version; /* odd while it is being written */
    uint32_t state, stage;    /* the stage of one that is coming */
    uint32_t rank;
    int32_t pid, core;         /* core -1: not pinned */
    uint64_t process, creator; /* numbers, main's is 0 */
    uint32_t is_daemon;
    char host[MR__HOST_SIZE];
    char name[MR__ROSTER_NAME]; /* of the process, cut if need be */
} mr__roster_entry;

typedef struct mr__roster {
    _Atomic uint32_t used;   /* no entry from here on has ever been used */
    _Atomic uint32_t missed; /* ranks that there was no room for */
    mr__roster_entry entries[MR__ROSTER_SIZE];
} mr__roster;

/* Writes main down, in entry 0. */
void mr__roster_begin(mr__roster *roster);

/* Writes down what a rank of main's universe is doing; with the name of the process that has just been given to
 * it, or NULL. The context's lock is held. */
void mr__roster_note(const struct mr__universe *universe, struct mr__rank *rank, const char *name);

/* What is to be said of the stage of a rank that comes up: "waits in MPI_Init". */
const char *mr__stage_text(uint32_t stage);

#endif
