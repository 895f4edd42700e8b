/* An outbox: what is on its way to somebody who may not read for a while (a process that is stopped, say). Sending
 * never waits. */
#ifndef MR_OUTBOX_H
#define MR_OUTBOX_H

#include "transport/links.h"

typedef struct mr__outbox {
    mr__record *waiting;
    size_t count, capacity;
    size_t sent; /* bytes of the first one */
} mr__outbox;

/* Sends a record, or keeps it if others are kept or the socket takes no more. MR_ELIMIT: there are too many. */
mr_status mr__outbox_send(mr__outbox *outbox, int fd, const mr__record *record);

/* Sends what is kept, as far as the socket takes it. true: nothing is kept any more. */
bool mr__outbox_flush(mr__outbox *outbox, int fd);

void mr__outbox_free(mr__outbox *outbox);

#endif
