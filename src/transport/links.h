/* Links: the out-of-band sockets between main's hub and every rank and its supervisor. They carry small records
 * (who is there, who ended, signals, "a message is waiting for you"), never user data: that goes by MPI. On main's
 * node a link is a Unix socket without a name in the file system, which can also pass main's standard output;
 * elsewhere TCP. */
#ifndef MR_LINKS_H
#define MR_LINKS_H

#include "multirank.h"

enum { MR__KEY_SIZE = 33, MR__ADDRESS_SIZE = 1024, MR__HOST_SIZE = 65, MR__DESCRIPTORS = 3, MR__PEER_SIZE = 46 };

typedef enum mr__record_type {
    MR__HELLO = 1, /* rank, supervisor -> hub: who I am (b: mr__sender); the first on every link */
    MR__WELCOME,   /* hub -> rank: your number; on main's host it brings the arena, and standard output and error;
                      elsewhere the number of the home (process; 0: it is none), and where its agent is to be found
                      (text); "": it is to be the agent */
    MR__STAGE,     /* rank -> hub: how far its start has come (a: mr__stage) */
    MR__PLACE,     /* rank -> hub: one place to pin a process to on its host (text: cpus, a: core, b: capacity) */
    MR__PARKED,    /* rank -> hub: ready for work (a: hardware threads, b: cores of its host, process: its seat) */
    MR__START,    /* hub -> rank: run the process whose message of a bytes comes by MPI, or lies behind this in its
                     mail */
    MR__DONE,     /* rank -> hub: the process has ended with code a, the rank lives and is parked again */
    MR__EXITED,   /* supervisor -> hub: the rank has ended with code a */
    MR__LOST,     /* relay -> hub: the runtime's daemon at this network address (text) is gone */
    MR__SIGNAL,   /* rank -> hub, hub -> supervisor: send signal a to a process */
    MR__REQUEST,  /* rank -> hub: start a process for me; a bytes follow by MPI; b more will follow this one */
    MR__STARTED,  /* hub -> rank: your request was met */
    MR__REFUSED,  /* hub -> rank: your request failed (a: status, text: sentence) */
    MR__ENDED,    /* hub -> rank: your child has ended with code a */
    MR__ORPHANED, /* hub -> rank: the process that started you has ended */
    MR__BYE,      /* hub -> rank: the program ends */
    MR__KEEP,     /* process -> hub: keep this descriptor for end a of the pipe process (vault.h) */
    MR__KEPT,     /* hub -> process: the ticket b of what was kept, or what the ticket is for */
    MR__GIVE,     /* process -> hub: let me have what ticket b is for */
    MR__DROP,     /* process -> hub: it is not needed any more */
    MR__WORDS,    /* supervisor -> hub: a piece of what a rank has written that died while it came up (text) */
    MR__HOME,   /* agent -> hub, hub -> rank: home a is reached there (a piece of the address; b: the last one) */
    MR__WHERE,  /* rank -> hub: where is home a reached? With a text: which is the home of that host? */
    MR__FORGET, /* hub -> agent: the process of the rank has ended; a: the rank with it */
    MR__FORGOTTEN, /* agent -> hub: nothing is held here for that rank any more */
    MR__HAND_OVER, /* hub -> agent: the end of a pipe (process: the connection) is the rank's from now on */
    MR__RECORD_TYPES
} mr__record_type;

/* Whose end of a link it is. */
typedef enum mr__sender {
    MR__FROM_RANK,
    MR__FROM_SUPERVISOR,
    MR__FROM_OUTPUT,    /* a rank's standard output or error (a); everything after the hello is what it writes */
    MR__FROM_RELAY,     /* the relay in main's supervisor (relay.h) */
    MR__FROM_BEARER,    /* a thread that hands a descriptor over, or fetches one (vault.h) */
    MR__FROM_CALLER,    /* a thread of a rank; far calls follow (far.h), whose bytes go by MPI with tag a */
    MR__FROM_NEIGHBOUR, /* a rank, to the agent of its host: it wants the memory */
    MR__FROM_DYING /* the supervisor of a rank that has ended with code a before it was up; its words follow */
} mr__sender;

/* How far a rank has come. */
typedef enum mr__stage {
    MR__STAGE_NONE,  /* not heard of yet */
    MR__STAGE_INIT,  /* in MPI_Init */
    MR__STAGE_MERGE, /* joining its communicator with main's */
    MR__STAGE_READY
} mr__stage;

/* One record, the same on every link. Which members count depends on the type. */
typedef struct mr__record {
    uint32_t type;
    int32_t rank;
    uint64_t process;
    int64_t a, b;
    char text[224];
} mr__record;

/* Where the hub is reached, as one line of text that fits into an environment variable. */
typedef struct mr__address {
    char text[MR__ADDRESS_SIZE];
} mr__address;

/* Opens the hub's listening sockets: *local always, *remote only if over_network (else -1). */
mr_status mr__link_listen(bool over_network, int *local, int *remote, mr__address *address);

/* Takes a connection that waits at a listening socket; -1 when none does. */
int mr__link_accept(int listener, bool is_local);

/* The network address that a link comes from; "" for a local one. */
void mr__link_peer(int fd, char address[MR__PEER_SIZE]);

/* Connects to the hub, or an agent: over the Unix socket if it is of this node, else over each of its network
 * addresses in turn. */
mr_status mr__link_connect(const mr__address *address, int *fd, bool *is_local);

/* The secret in an address that the first record on a link must carry in its text, followed by a space. */
mr_status mr__address_key(const mr__address *address, char key[MR__KEY_SIZE]);

/* Whether a hello carries it. */
bool mr__address_opens(const mr__address *address, const mr__record *hello);

/* Sends an address, in the texts of records that are otherwise as this one; the last one's b is 1. Puts a piece
 * behind those that have come; true: it was the last. */
void mr__address_send(const mr__address *address, mr__record *record,
                      void (*send)(const mr__record *record, void *argument), void *argument);
bool mr__address_add(mr__address *address, const mr__record *record);

/* Sends one record whole, with up to MR__DESCRIPTORS file descriptors (only over a local link). MR_EDIED when the
 * other side is gone or does not read. */
mr_status mr__link_send(int fd, const mr__record *record, const int *descriptors, int count);

/* Receives one record whole, waiting for it; with the file descriptors that came along in descriptors (-1 where
 * none came), if not NULL. MR_EDIED when the other side is gone. */
mr_status mr__link_receive(int fd, mr__record *record, int descriptors[MR__DESCRIPTORS]);

/* Whether the host at the other end has confirmed nothing for longer than a host may be silent, although something
 * is on its way to it. */
bool mr__link_is_silent(int fd);

/* What has arrived of a record, for reading without waiting. */
typedef struct mr__inbox {
    size_t filled;
    mr__record record;
} mr__inbox;

/* Reads on without waiting. 1: a record is complete in inbox->record; 0: not yet; -1: the other side is gone, with
 * errno 0 if it has closed. */
int mr__link_poll(int fd, mr__inbox *inbox);

/* The same, with a descriptor that comes along; what was in *descriptor, if not -1, is closed then. NULL: none may
 * come. */
int mr__link_poll_with(int fd, mr__inbox *inbox, int *descriptor);

#endif
