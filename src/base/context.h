/* The one object that holds all state of the library in a process, and the lock over it. */
#ifndef MR_CONTEXT_H
#define MR_CONTEXT_H

#include "base/topology.h"
#include "launch/launch.h"

#include <pthread.h>

struct mr__libraries; /* module.h */
struct mr__family;    /* start.h */
struct mr__process;   /* process.h */
struct mr__universe;  /* universe.h: main only */
struct mr__self;      /* self.h: every rank but main */
struct mr__keeper;    /* pool_keeper.c */
struct mr__callbacks; /* callbacks.c */
struct mr__even;      /* pool_even.c */
struct mr__arena;     /* arena.h */
struct mr__roster;    /* roster.h */
struct mr__server;    /* manager_server.c: a manager's process only */
struct mr__filenos;   /* fileno.c */
struct mr__sockets;   /* socket.c */
struct mr__callers;   /* callers.h */
struct mr__caller_ranks;
struct mr__deputy; /* deputy.c */
struct mr__agent;  /* agent.c */

typedef enum mr__phase { MR__PHASE_NEW, MR__PHASE_RUNNING, MR__PHASE_FINALIZED, MR__PHASE_FORKED } mr__phase;

/* The processes that run, which main's supervisor sees, too, and some of them by name. */
enum { MR__NAMED = 8 };
typedef struct mr__tally {
    _Atomic uint32_t running;
    struct {
        int rank; /* 0: free */
        char name[48];
    } named[MR__NAMED];
} mr__tally;

enum { MR__OWN_THREADS = 64 };

/* In a handle (object/handle.h): the first bit of the number of the home; hosts that can be one. */
enum { MR__HOME_SHIFT = 20, MR__HOMES = 1 << 10 };
#define MR__NO_HOME UINT32_MAX

typedef struct mr__context {
    pthread_mutex_t lock;     /* over everything below, and what it points to, unless said otherwise */
    _Atomic uint32_t changes; /* a futex: how often something that anybody may wait for has changed */
    uint32_t waiting;         /* threads that wait for that */
    mr__phase phase;
    bool is_ending;                     /* mr_finalize is under way */
    int rank;                           /* 0: main */
    pid_t pid;                          /* main's; to tell it from a child that the user forks */
    const bool *is_own;                 /* in a page that a forked child finds empty; NULL: not yet made */
    mr__tally *tally;                   /* main's */
    pid_t own_threads[MR__OWN_THREADS]; /* main's at the end of mr_init: MPI's, and the library's */
    int own_thread_count;
    char host[MR__HOST_SIZE];
    mr__launch launch;
    mr__topology *topology; /* of this host; set once, before anybody else can look */
    int cores;              /* that the program may use on all hosts */

    const struct mr__libraries *libraries; /* NULL: other ranks have those that the program starts with */
    int modules;                           /* how many there were at the end of mr_init */
    struct mr__arena *arena;               /* of this host; NULL: it has none */
    uint64_t arena_size;
    uint32_t home; /* the number of this host as a home of objects, main's is 0; MR__NO_HOME: it is none */
    _Atomic uint32_t
        makes_at; /* the home where objects are made, if that is to be another one; else MR__NO_HOME */
    struct mr__roster *roster; /* main's: where it writes down who is there */

    struct mr__process **processes; /* by slot; NULL: free */
    uint32_t *generations;          /* by slot: how often it has been used */
    size_t slots;
    mr_process *current, *parent;

    struct mr__universe *universe;
    struct mr__self *self;
    const struct mr__family *family;             /* whom the universe tells of ends */
    const struct mr__callers *callers;           /* callers.h */
    const struct mr__caller_ranks *caller_ranks; /* NULL: nobody elsewhere can call this process */
    struct mr__deputy *deputies;                 /* deputy.c */
    struct mr__agent *agent;                     /* agent.c; NULL: this is none */
    struct mr__keeper *keeper;                   /* NULL: this process has no pools */
    struct mr__callbacks *callbacks;             /* NULL: there have been none */
    struct mr__even *evens;                      /* communicators of pools */
    struct mr__server *server;
    pthread_mutex_t filenos_lock;        /* over what filenos points to; taken before lock */
    struct mr__filenos *_Atomic filenos; /* fileno.c; NULL: nobody has asked for a descriptor */
    pthread_mutex_t sockets_lock;        /* over sockets, and what it points to; taken after all others */
    struct mr__sockets *sockets;         /* NULL: there have been none */
    void *packer;                        /* MPI_Comm, of connection_mpi.c; NULL: not yet made */
} mr__context;

extern mr__context mr__ctx;

/* The rank that a thread does something for, in whose place it then stands (deputy.c); MR__ITSELF: for its own. */
enum { MR__ITSELF = -1 };
extern _Thread_local int mr__acts_for;

/* The home where the thread makes objects, whatever mr_set_home says; MR__NO_HOME: it says. */
extern _Thread_local uint32_t mr__makes_at;

/* The rank whose process uses a shared object: who is to be its owner, and whose end releases it. */
static inline uint32_t mr__caller(void)
{
    return (uint32_t)(mr__acts_for != MR__ITSELF ? mr__acts_for : mr__ctx.rank);
}

/* MR_OK while the library is up; else MR_ENOTINIT or MR_EFINALIZED with a sentence that names the call. */
mr_status mr__running(const char *call);

/* From now on a child that the user forks off this process knows that it is none of Multirank's. */
void mr__watch_forks(void);
bool mr__is_forked(void);

/* To be called when a function of the user's has returned to the library: a child that was forked in it goes no
 * further, or it would do its parent's work a second time. It ends with this code. */
void mr__end_fork(int code);

/* The time in seconds on a clock that never jumps. */
double mr__now(void);

/* When a wait of so many seconds from now ends: INFINITY for MR_FOREVER, now for negative ones. MR_EINVAL for NaN.
 */
mr_status mr__deadline(const char *call, double timeout, double *deadline);

/* Whether it can be one: neither NaN nor MR_DEFAULT, which only some calls know. */
static inline bool mr__is_timeout(double timeout)
{
    return timeout > MR_DEFAULT;
}

void mr__lock(void);
void mr__unlock(void);
bool mr__lock_within(double seconds); /* false: somebody else has it all that time */

/* With the lock held: wakes all who wait; waits until woken (true) or until the deadline (false). */
void mr__changed(void);
bool mr__wait(double deadline);

/* Starts a thread of the library's own that no signal of the user's ever interrupts. */
mr_status mr__thread_start(pthread_t *thread, const char *name, void *(*body)(void *));
mr_status mr__thread_start_with(pthread_t *thread, const char *name, void *(*body)(void *), void *argument);

/* Makes an eventfd readable. */
void mr__signal_event(int fd);

/* Makes standard output line buffered, with room for long lines, so that each goes out whole in one write. */
void mr__whole_lines(void);

/* Puts /dev/null in the place of standard input: that is main's alone. */
void mr__leave_input(void);

/* The descriptor moved above those of standard input, output and error, which the user may have closed and is free
 * to open again; closed at exec. -1 stays -1. */
int mr__above_stdio(int fd);

#endif
