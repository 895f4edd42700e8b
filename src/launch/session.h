/* The session folder: where our own runtime keeps its files while the program runs. The supervisor removes it at
 * the end; if it cannot, because it was killed, the next start of any program of the same user does. */
#ifndef MR_SESSION_H
#define MR_SESSION_H

#include "multirank.h"

#include <stddef.h>

typedef struct mr__session {
    char folder[256]; /* "": there is none */
    int lock;         /* held as long as the folder is in use; -1: none */
} mr__session;

/* Removes what dead programs have left, and makes a folder. */
mr_status mr__session_open(mr__session *session);

/* Removes the folder as it is now, though somebody may still write there. */
void mr__session_empty(const mr__session *session);

/* Removes the folder and all that is in it. */
void mr__session_remove(mr__session *session);

#endif
