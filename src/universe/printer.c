#include "universe/printer.h"

#include "base/status.h"
#include "universe/death.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_LINE = 1 << 20, READ_AT_ONCE = 1 << 16 };

static const double STRAGGLER_SECONDS =
    2; /* that output of a dead rank may take, on its way or held by its forks */
static const double FLUSH_SECONDS = 2;

/* One stream of one rank. */
typedef struct outlet {
    struct outlet *next;
    int rank, target, socket;
    char *text; /* the line that has not ended yet */
    size_t used, capacity;
} outlet;

/* The end of a process that is to be told when its output is out. */
typedef struct ending {
    struct ending *next;
    int rank, code;
    bool is_dead;
    double deadline;
} ending;

struct mr__printer {
    pthread_t thread;
    int bell; /* eventfd: outlets or endings have been added, or it is time to stop */
    bool stopping;
    outlet *added;   /* the lock is over these two */
    ending *endings; /* oldest first */
    outlet *outlets; /* the thread's own */
    struct pollfd *ready;
    size_t ready_capacity;
};

/* ---- The thread ---- */

static void print(int target, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(target, text, size);
        if (written < 0 && errno == EAGAIN) { /* somebody else has made it so */
            struct pollfd room = {target, POLLOUT, 0};
            poll(&room, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return; /* main's output is closed: nobody is interested */
        text += written;
        size -= (size_t)written;
    }
}

static bool make_room(outlet *from)
{
    if (from->capacity - from->used >= READ_AT_ONCE)
        return true;
    size_t capacity = 2 * from->capacity + READ_AT_ONCE;
    char *text = realloc(from->text, capacity);
    if (text == NULL)
        return false;
    from->text = text;
    from->capacity = capacity;
    return true;
}

/* How much of a text to write at once: as many whole lines as a pipe takes without mixing them with what others
 * write to it, at least one; a line that does not end is written when it has become very long. 0: nothing yet. */
static size_t next_portion(const char *text, size_t size)
{
    size_t window = size < PIPE_BUF ? size : PIPE_BUF;
    const char *end = window == 0 ? NULL : memrchr(text, '\n', window);
    if (end == NULL && size > window)
        end = memchr(text + window, '\n', size - window);
    return end != NULL ? (size_t)(end + 1 - text) : size >= LONGEST_LINE ? size : 0;
}

static void print_lines(outlet *from)
{
    size_t done = 0;
    for (size_t portion; (portion = next_portion(from->text + done, from->used - done)) > 0; done += portion)
        print(from->target, from->text + done, portion);
    from->used -= done;
    if (done > 0 && from->used > 0)
        memmove(from->text, from->text + done, from->used);
}

/* Prints all that has arrived. false: there will be no more. */
static bool drain(outlet *from)
{
    for (;;) {
        if (!make_room(from))
            return false;
        ssize_t got = recv(from->socket, from->text + from->used, from->capacity - from->used, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        from->used += (size_t)got;
        print_lines(from);
    }
}

static void drain_all(struct mr__printer *printer)
{
    for (outlet **link = &printer->outlets, *from; (from = *link) != NULL;) {
        if (drain(from)) {
            link = &from->next;
            continue;
        }
        print(from->target, from->text, from->used);
        *link = from->next;
        close(from->socket);
        free(from->text);
        free(from);
    }
}

static bool is_open(const struct mr__printer *printer, int rank)
{
    for (const outlet *from = printer->outlets; from != NULL; from = from->next)
        if (from->rank == rank)
            return true;
    return false;
}

/* Tells the endings whose output is out; what those of before the last draining have written has come. Gives when
 * to look again at the latest. Lock held. */
static double tell_endings(mr__universe *universe, double drained_at)
{
    struct mr__printer *printer = universe->printer;
    double next = INFINITY;
    for (ending **link = &printer->endings, *end; (end = *link) != NULL;) {
        bool waits = end->is_dead ? is_open(printer, end->rank) && mr__now() < end->deadline
                                  : end->deadline - STRAGGLER_SECONDS > drained_at;
        if (waits) {
            double again = end->is_dead ? end->deadline : 0;
            next = again < next ? again : next;
            link = &end->next;
            continue;
        }
        *link = end->next;
        mr__death(universe, end->rank, end->code, end->is_dead);
        free(end);
    }
    return next;
}

static void wait_for_output(struct mr__printer *printer, double until)
{
    size_t count = 1;
    for (const outlet *from = printer->outlets; from != NULL; from = from->next)
        count++;
    if (count > printer->ready_capacity) {
        struct pollfd *grown = realloc(printer->ready, 2 * count * sizeof *grown);
        if (grown == NULL)
            return;
        printer->ready = grown;
        printer->ready_capacity = 2 * count;
    }
    count = 0;
    printer->ready[count++] = (struct pollfd){printer->bell, POLLIN, 0};
    for (const outlet *from = printer->outlets; from != NULL; from = from->next)
        printer->ready[count++] = (struct pollfd){from->socket, POLLIN, 0};
    double left = until - mr__now();
    int milliseconds = isinf(until) ? -1 : left <= 0 ? 0 : (int)(left * 1000) + 1;
    if (poll(printer->ready, count, milliseconds) > 0 && printer->ready[0].revents != 0) {
        uint64_t rings;
        ssize_t got = read(printer->bell, &rings, sizeof rings);
        (void)got;
    }
}

static void *run_printer(void *unused)
{
    (void)unused;
    mr__universe *universe = mr__ctx.universe;
    struct mr__printer *printer = universe->printer;
    for (bool stopping = false; !stopping;) {
        mr__lock();
        stopping = printer->stopping;
        while (printer->added != NULL) {
            outlet *from = printer->added;
            printer->added = from->next;
            from->next = printer->outlets;
            printer->outlets = from;
        }
        mr__unlock();
        double drained_at = mr__now();
        drain_all(printer);
        mr__lock();
        double next = tell_endings(universe, drained_at);
        mr__unlock();
        if (!stopping)
            wait_for_output(printer, next);
    }
    return NULL;
}

/* ---- Main ---- */

mr_status mr__printer_start(mr__universe *universe)
{
    struct mr__printer *printer = calloc(1, sizeof *printer);
    if (printer == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for the printer");
    printer->bell = mr__above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    universe->printer = printer;
    mr_status status = printer->bell < 0
                           ? mr__fail(MR_ESYSTEM, "making the printer's bell failed: %s", strerror(errno))
                           : mr__thread_start(&printer->thread, "mr-printer", run_printer);
    if (status != MR_OK) {
        universe->printer = NULL;
        free(printer);
    }
    return status;
}

void mr__printer_stop(mr__universe *universe)
{
    struct mr__printer *printer = universe->printer;
    if (printer == NULL)
        return;
    mr__lock();
    printer->stopping = true;
    mr__unlock();
    mr__signal_event(printer->bell);
    pthread_join(printer->thread, NULL);
    universe->printer = NULL;
    for (outlet *from; (from = printer->outlets) != NULL;) {
        printer->outlets = from->next;
        print(from->target, from->text, from->used);
        close(from->socket);
        free(from->text);
        free(from);
    }
    for (ending *end; (end = printer->endings) != NULL;) {
        printer->endings = end->next;
        free(end);
    }
    close(printer->bell);
    free(printer->ready);
    free(printer);
}

void mr__printer_add(mr__universe *universe, int rank, int target, int socket)
{
    outlet *new = calloc(1, sizeof *new);
    if (new == NULL) {
        close(socket);
        return;
    }
    *new = (outlet){.next = universe->printer->added, .rank = rank, .target = target, .socket = socket};
    universe->printer->added = new;
    mr__signal_event(universe->printer->bell);
}

void mr__printer_end(mr__universe *universe, int rank, int code, bool is_dead)
{
    ending **last = &universe->printer->endings, *new = calloc(1, sizeof *new);
    if (new == NULL) {
        mr__death(universe, rank, code, is_dead);
        return;
    }
    *new = (ending){.rank = rank, .code = code, .is_dead = is_dead, .deadline = mr__now() + STRAGGLER_SECONDS};
    while (*last != NULL)
        last = &(*last)->next;
    *last = new;
    mr__signal_event(universe->printer->bell);
}

/* ---- A rank ---- */

mr_status mr__printer_connect(const mr__address *hub, int rank)
{
    for (int target = STDOUT_FILENO; target <= STDERR_FILENO; target++) {
        int fd;
        bool is_local;
        mr__record record = {.type = MR__HELLO, .rank = rank, .a = target, .b = MR__FROM_OUTPUT};
        mr_status status = mr__address_key(hub, record.text);
        if (status == MR_OK)
            status = mr__link_connect(hub, &fd, &is_local);
        if (status != MR_OK)
            return status;
        status = mr__link_send(fd, &record, NULL, 0);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){0}, sizeof(struct timeval)); /* as a pipe */
        dup2(fd, target);
        close(fd);
        if (status != MR_OK)
            return status;
    }
    return MR_OK;
}

void mr__printer_flush(void)
{
    double deadline = mr__now() + FLUSH_SECONDS;
    for (int target = STDOUT_FILENO; target <= STDERR_FILENO; target++)
        for (int left = 0; ioctl(target, SIOCOUTQ, &left) == 0 && left > 0 && mr__now() < deadline;)
            nanosleep(&(struct timespec){0, 20000}, NULL);
}
