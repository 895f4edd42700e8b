/* What a rank other than main knows of itself, what it hears from main, and what it asks main for. */
#ifndef MR_SELF_H
#define MR_SELF_H

#include "base/context.h"
#include "transport/wire.h"
#include "universe/start.h"

typedef struct mr__self {
    int link;
    uint32_t seat; /* in the arena, of the main thread; 0: this is not main's host */
    int report;    /* to the supervisor, until MPI is up */
    bool is_local; /* on main's host */
    mr__address hub;
    bool wants_places;
    int held[2]; /* the true standard output and error, until it is up */
    mr_pinning pinning;
    pid_t pid;                                /* to tell this process from one that the user forked off it */
    char cpus[sizeof((mr__record *)0)->text]; /* what it is pinned to; "": nothing */
    MPI_Comm comm;
    MPI_Comm group; /* of the processes started together with the one that runs; MPI_COMM_NULL: not made */
    pthread_t listener;
    pthread_mutex_t reading; /* over the start of the listener */
    bool is_listening;       /* the listener runs; before, a parked rank reads the link itself, which is faster */

    /* what the listener has heard */
    uint64_t mail; /* the block of the arena that the work came in; 0: it came over the link */
    bool has_work; /* a process to run */
    mr__record work;
    bool is_asking; /* a request of ours is under way */
    bool is_answered;
    mr_status answer;
    char answer_text[sizeof((mr__record *)0)->text];
    int64_t answer_a, answer_b;
    void (*tell)(const mr__placed *placed, void *argument);
    void *argument;
    mr__placed *placed;
    mr__address *asked;           /* the home that has been asked for */
    struct mr__known_home *homes; /* those that have been told */
} mr__self;

/* Where a home (homes.h) is reached. MR_EINVAL, MR_EHOSTLOST: nowhere. */
mr_status mr__self_find_home(uint32_t home, mr__address *address);

/* Has main start a process for this rank. As mr__universe_start, but the message stays the caller's. */
mr_status mr__self_request_start(const mr__start *message, size_t size, int pending, mr__placed *placed,
                                 void (*tell)(const mr__placed *placed, void *argument), void *argument);

/* The number of the home of that name, as soon as it is one. */
mr_status mr__self_await_home(const char *host, uint32_t *home);

/* Has main send a signal to a process. */
mr_status mr__self_request_signal(uint64_t process, int signal);

/* From now on takes in what main has to say as it comes: for a process that has children, or asks for its parent.
 */
mr_status mr__self_listen(void);

/* Takes in the next record. When main is gone, or says that the program ends, this process ends. */
void mr__self_hear(mr__record *record);

/* Waits for the next record that is work for this rank. */
mr__record mr__self_next_work(void);

#endif
