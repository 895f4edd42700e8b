/* The vault: where main keeps open descriptors that are on their way through a connection from one process of its
 * host to another. The sender hands his to main's hub over a Unix socket and gets a ticket, which goes through the
 * pipe in its place; the receiver presents it to the hub. So the descriptor arrives although its sender has ended,
 * in the order of the messages, whoever has the receiving end by then. What can never be received is closed. */
#ifndef MR_VAULT_H
#define MR_VAULT_H

#include "transport/links.h"

struct mr__universe;

/* ---- In any process of main's host ---- */

/* The way of a descriptor: the object of the pipe, and which end receives it. */
typedef struct mr__passage {
    uint64_t pipe;
    int end;
    int socket; /* to the hub, while something is under way; -1: none */
    uint64_t ticket;
} mr__passage;

/* Hands over a copy of a descriptor, and gives the ticket. MR_ENOHOST: the receiver is on another host; MR_ELIMIT.
 */
mr_status mr__vault_keep(const char *call, mr__passage *passage, int fd);

/* Gives a copy of what the ticket is for; it stays there until it is dropped. MR_ELIMIT. */
mr_status mr__vault_give(const char *call, mr__passage *passage, int *fd);

/* Says that it is not needed there any more: it was received, or its ticket was not sent. */
void mr__vault_drop(mr__passage *passage);

/* Ends what keep or give have begun. */
void mr__vault_leave(mr__passage *passage);

/* ---- The hub's: lock held ---- */

/* Serves a record of a process; the descriptor that came along, or -1, is the vault's from now on. false: drop the
 * connection. */
bool mr__vault_serve(struct mr__universe *universe, int socket, const mr__record *request, int descriptor);

/* Closes what nobody can receive any more. */
void mr__vault_sweep(struct mr__universe *universe);

/* Closes everything. No lock. */
void mr__vault_free(struct mr__universe *universe);

#endif
