#include "transport/outbox.h"

#include "base/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST_WAITING = 1 << 16 };

bool mr__outbox_flush(mr__outbox *outbox, int fd)
{
    size_t size = outbox->count * sizeof *outbox->waiting;
    while (outbox->sent < size) {
        ssize_t now = send(fd, (const char *)outbox->waiting + outbox->sent, size - outbox->sent,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            now = (ssize_t)(size - outbox->sent); /* the other side is gone, which whoever reads there will see */
        if (now < 0)
            break;
        outbox->sent += (size_t)now;
    }
    size_t done = outbox->sent / sizeof *outbox->waiting;
    outbox->count -= done;
    outbox->sent -= done * sizeof *outbox->waiting;
    if (done > 0 && outbox->count > 0)
        memmove(outbox->waiting, outbox->waiting + done, outbox->count * sizeof *outbox->waiting);
    return outbox->count == 0;
}

mr_status mr__outbox_send(mr__outbox *outbox, int fd, const mr__record *record)
{
    if (outbox->count == MOST_WAITING)
        return mr__fail(MR_ELIMIT, "%d records wait for a process that does not read them", MOST_WAITING);
    if (outbox->count == outbox->capacity) {
        size_t capacity = 2 * outbox->capacity + 1;
        mr__record *grown = realloc(outbox->waiting, capacity * sizeof *grown);
        if (grown == NULL)
            return mr__fail(MR_ENOMEM, "there is no memory for %zu records", capacity);
        outbox->waiting = grown;
        outbox->capacity = capacity;
    }
    outbox->waiting[outbox->count++] = *record;
    if (outbox->count == 1)
        mr__outbox_flush(outbox, fd);
    return MR_OK;
}

void mr__outbox_free(mr__outbox *outbox)
{
    free(outbox->waiting);
    *outbox = (mr__outbox){0};
}
