/* What can be said of a running program at one instant: its processes, with what the system knows of those on this
 * host, and who waits for whom. */
#ifndef MR__TOOLS_PICTURE_H
#define MR__TOOLS_PICTURE_H

#include "object/waits.h"
#include "tools/program.h"

#include <stdio.h>

typedef struct mr__figure { /* a process */
    mr__roster_entry entry;
    pid_t pid;       /* on this host; 0: it is elsewhere */
    char state;      /* as in /proc; '\0': not known */
    double cpu;      /* seconds so far */
    double load;     /* of a core, since the picture before; negative: not known */
    uint64_t memory; /* bytes */
    uint64_t tasks;  /* done in pools */
    bool is_worker;
    size_t waiters; /* threads that wait */
} mr__figure;

typedef struct mr__picture {
    double time;
    mr__figure *figures; /* main first */
    size_t count;
    uint32_t parked, coming, missed;
    mr__waits waits;
} mr__picture;

/* Takes one of a program that has been read; before, if not NULL, tells how busy all were since, and what circles
 * of waits are still the same: others may have been none. To be freed in any case. false: there is no memory. */
bool mr__picture_take(const mr__program *program, const mr__picture *before, mr__picture *picture);
void mr__picture_free(mr__picture *picture);

/* What a process does: "waits", "runs", "sleeps" ... */
const char *mr__figure_state(const mr__figure *figure);

/* Writes the circles of waits, and a line for each object that has something to say. */
void mr__picture_circles(FILE *out, const mr__program *program, const mr__picture *picture);
void mr__picture_objects(FILE *out, const mr__program *program, size_t most);

#endif
