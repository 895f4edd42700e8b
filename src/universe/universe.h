/* The universe of ranks, as main sees it: which ranks there are, in batches, on which hosts, and what each is
 * doing. hub.c hears from the ranks, growth.c gets more of them, universe.c hands them processes. All of it lives
 * in main only and is guarded by the context's lock. */
#ifndef MR_UNIVERSE_H
#define MR_UNIVERSE_H

#include "base/context.h"
#include "transport/wire.h"
#include "universe/start.h"

typedef enum mr__rank_state {
    MR__RANK_STARTING,
    MR__RANK_PARKED,
    MR__RANK_BUSY,
    MR__RANK_SERVING, /* it is the agent of its host */
    MR__RANK_DEAD
} mr__rank_state;

/* Some of the homes (homes.h). */
typedef struct mr__home_set {
    uint64_t words[MR__HOMES / 64];
} mr__home_set;

typedef struct mr__batch {
    uint64_t number;
    int first, size; /* numbers of its ranks */
    int alive;
    bool is_abandoned; /* its spawn will never return, see mr__growth_renew */
    bool is_lost;      /* a rank of it died while it came up */
    bool has_notes;    /* the shell that starts its ranks writes down how they end, see mr__births_note */
    unsigned long job; /* the runtime's number of it; 0: not known */
    bool has_crashed;  /* a rank of it has; what that had sent may still be on its way */
    MPI_Comm comm;     /* main is 0 in it; MPI_COMM_NULL until all have joined */
} mr__batch;

typedef struct mr__rank {
    mr__rank_state state;
    mr__stage stage;
    mr__batch *batch;
    int rank_in_batch;
    struct mr__connection *link, *supervisor; /* hub.c; NULL: not connected */
    uint32_t seat;                            /* whose bell wakes it; 0: it listens to its link alone */
    uint64_t message;                         /* of the process that runs there, in the arena; 0: it went by MPI */
    int host;                                 /* index; -1: not heard of yet */
    pid_t pid;
    double lost_at;            /* when its link closed while it came up; 0: it has not */
    bool is_told;              /* its supervisor has told how it ended, in end_code and words */
    char *words;               /* that it wrote; NULL: none */
    bool was_used;             /* its memory is not fresh any more */
    uint64_t process, creator; /* what runs there, and who started it */
    bool is_daemon;
    uint64_t reservation; /* of a pool that is about to start; 0: none */
    int place;            /* on its host; -1: not pinned */
    bool awaits_home;     /* it is not welcome before its host's agent is up */
    mr__home_set touched; /* homes of other hosts that it may hold something of */
    mr__home_set awaited; /* those that have not yet said that its end is known to them */
    bool is_ending;       /* death.c: its process has ended with that code, and not all is done yet */
    bool is_dying;        /* and the rank with it */
    int end_code;
    uint32_t entry; /* in the roster; 0: none */
} mr__rank;

typedef struct mr__host {
    char name[MR__HOST_SIZE];
    mr__places places;
    int *taken; /* by place: processes there */
    int busy;   /* processes on the host */
    int pus, cores;
    int seats;     /* in a job, or under srun: how many processes are meant to run there; 0: its cores tell */
    int reporter;  /* the rank that was asked for its places; 0: none */
    bool is_known; /* they have arrived */
    char address[MR__PEER_SIZE]; /* that its ranks come from; "": main's own host */
    bool is_lost;                /* nothing of it answers any more, so it is left alone */
    int agent;                   /* homes.c: the rank that keeps its memory; 0: none so far */
    bool is_home;                /* objects may lie there */
    mr__address home;            /* where its agent is reached */
} mr__host;

/* A process that a rank other than main wants to start. */
typedef struct mr__wish {
    struct mr__wish *next;
    int rank;
    size_t size;
    int pending;
} mr__wish;

typedef struct mr__universe {
    mr__address address;
    unsigned char build_id[MR__BUILD_ID_SIZE];
    mr_pinning pinning;
    mr_placement placement;
    char *executable;           /* what spawned ranks run, if set */
    char own_program[PATH_MAX]; /* else */
    char **arguments;           /* main's, for the spawned ranks; the caller's */

    mr__rank **ranks; /* by number; [0] is NULL */
    int rank_count;   /* main included */
    mr__batch **batches;
    int batch_count;
    mr__host *hosts;
    int host_count;
    uint64_t last_process, last_group;

    int listeners[2], events, stop; /* hub.c */
    struct mr__connection *connections;
    pthread_t hub;
    uint64_t records_heard, records_told;
    int arena;                   /* its descriptor, for the ranks */
    struct mr__printer *printer; /* printer.c; NULL: all ranks are on main's host */
    struct mr__vault *vault;     /* vault.c: descriptors on their way; NULL: none */
    uint64_t last_ticket;

    pthread_t grower, broker; /* growth.c */
    bool grows, stopping, is_spawning;
    double spawned_at;               /* when the last spawn began */
    int lost_batches;                /* in a row, since a rank came up */
    int lost_ranks;                  /* in all batches that were given up */
    bool lost_early;                 /* one of them before it called mr_init */
    double paused_until;             /* no spawn before */
    unsigned long last_job;          /* births.c: the last one that is there; 0: not known */
    int watchers;                    /* threads of births.c */
    int demand;                      /* ranks that somebody waits for */
    int wanted_batch;                /* how many of them must be of one batch; 0: no matter */
    char wanted_host[MR__HOST_SIZE]; /* where; "": anywhere */
    mr_status failure;               /* of the last attempt, for those who wait */
    char failure_text[1024];
    unsigned failures;
    mr__wish *wishes;
    char spawning_on[MR__HOST_SIZE]; /* the host of the batch that is being spawned; "": all */
    int stuck;                       /* growers that wait for a lost host's ranks, and are left to that */
} mr__universe;

/* ---- universe.c: lock held, unless said otherwise ---- */

mr_status mr__universe_create(mr__universe **universe); /* no lock */
void mr__universe_free(mr__universe *universe);         /* no lock; when all threads are gone */

/* Adds ranks that are to come, as one batch; NULL when out of memory. */
mr__batch *mr__universe_add_batch(mr__universe *universe, int size, MPI_Comm comm);

/* A batch has joined main: its ranks are parked as soon as they and their supervisors have reported. */
void mr__universe_joined(mr__universe *universe, mr__batch *batch, MPI_Comm comm);
void mr__rank_check_parked(mr__rank *rank);

/* Whether a rank (mr__rank) has died, for transfers with it. Takes the lock itself. */
bool mr__rank_is_gone(const void *rank);

/* The number of the host of that name; added if it is new; -1 when out of memory. */
int mr__universe_host(mr__universe *universe, const char *name);
int mr__universe_find_host(const mr__universe *universe, const char *name); /* -1: there is none */

/* Starts a process: finds or spawns a rank for it, and sends the message there. *message is the caller's to free,
 * but set to NULL when MPI may still read it. pending: how many more its creator is about to start. tell, if not
 * NULL, is called with the place before anybody can hear of the process's end. Takes the lock itself. */
mr_status mr__universe_start(mr__start **message, size_t size, int pending, mr__placed *placed,
                             void (*tell)(const mr__placed *placed, void *argument), void *argument);

/* Reserves fresh ranks of one batch, or a whole one, spawned if need be, and gives their numbers. Take the lock
 * themselves. */
mr_status mr__universe_reserve(int count, uint64_t reservation, bool is_whole, int *numbers,
                               const mr__batch **batch);
void mr__universe_unreserve(uint64_t reservation);

/* Has ranks spawned on a host, if none are there or about to be, and waits for anything to change. failures: how
 * many there had been when the caller began. */
mr_status mr__universe_want_rank(mr__universe *universe, const char *host, double deadline, unsigned failures);

/* A host has been lost: its ranks count as killed, and no more are put there. */
void mr__universe_lose_host(mr__universe *universe, int host);

/* The sentence about the hosts that were lost; MR_OK if none was. */
mr_status mr__universe_check_hosts(const mr__universe *universe);

/* Whether a host of that name was lost. */
bool mr__universe_has_lost(const mr__universe *universe, const char *name);

/* Sends a rank a record, and wakes it. */
void mr__universe_tell(const mr__rank *rank, const mr__record *record);

/* A rank's process has ended; if is_dead, the rank with it. */
void mr__universe_ended(mr__universe *universe, int rank, int code, bool is_dead);

/* Sends a signal to a process, wherever it runs; nothing if it has ended. */
void mr__universe_signal(mr__universe *universe, uint64_t process, int signal);

/* Sets the pinning, and plans the places of main's host anew. Hosts that main is not on keep the pinning that
 * their first rank was told. */
mr_status mr__universe_repin(mr__universe *universe, mr_pinning pinning);

/* Physical cores on all hosts. */
int mr__universe_cores(const mr__universe *universe);

/* The sentence that says which ranks are waited for, and what they wait for themselves. */
void mr__universe_who_waits(const mr__universe *universe, char *text, size_t size);

/* Joins the processes that nobody else will join, then ends all ranks. Takes the lock itself. */
mr_status mr__universe_end(mr__universe *universe);

/* ---- hub.c ---- */

mr_status mr__hub_start(mr__universe *universe, bool over_network); /* no lock */
void mr__hub_stop(mr__universe *universe);                          /* no lock */

/* Sends a record without waiting, in order. Lock held. */
void mr__hub_send(mr__universe *universe, struct mr__connection *to, const mr__record *record);

/* Tells a rank that has said hello who it is. Lock held. */
void mr__hub_welcome(mr__universe *universe, int rank);

/* Ends a connection; what that means for its rank is seen when the hub reads there. Lock held. */
void mr__hub_hang_up(const struct mr__connection *to);

/* ---- growth.c ---- */

mr_status mr__growth_start(mr__universe *universe); /* no lock */
bool mr__growth_stop(mr__universe *universe);       /* no lock; false: a thread hangs in MPI and was left behind */

/* A spawn that is under way will never return, because a host was lost: another thread goes on. Lock held. */
void mr__growth_renew(mr__universe *universe);

/* A rank that was coming up is gone, and with it its batch, if that is being spawned: another one is, unless that
 * has been tried often enough. Lock held. */
void mr__growth_lost_batch(mr__universe *universe, mr__batch *batch, const char *why);

/* No more ranks can be had, and all who wait for any are told. Lock held. */
void mr__growth_fail(mr__universe *universe, mr_status status, const char *text);

/* ---- births.c ---- */

/* The next job of the runtime will be this batch. No lock; MPI is up. */
void mr__births_expect(mr__universe *universe, mr__batch *batch);

/* Starts a thread that watches a batch come up. Lock held. */
void mr__births_watch(mr__universe *universe, mr__batch *batch);

/* Whether a batch is still coming up. Lock held. */
bool mr__births_await(const mr__universe *universe, const mr__batch *batch);

/* The file in which the shell that starts rank N of the batch writes down how that ends is this one with .N
 * behind. */
void mr__births_note(const mr__batch *batch, char *path, size_t size);

#endif
