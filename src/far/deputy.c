#include "far/deputy.h"

#include "base/context.h"
#include "base/status.h"
#include "object/seat.h"
#include "transport/wire.h"
#include "universe/callers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct mr__deputy {
    struct mr__deputy *next;
    int rank, tag, socket;
    _Atomic bool is_gone;                  /* its caller is dead */
    _Atomic(_Atomic uint32_t *) sleeps_at; /* the futex; NULL: it does not sleep */
} mr__deputy;

static _Thread_local mr__deputy *mine;

/* ---- Waiting ---- */

bool mr__caller_is_dead(void)
{
    return mine != NULL && mine->is_gone;
}

/* The caller's death wakes the deputy. Should that come just before it falls asleep, it wakes up after a second.
 */
bool mr__deputy_sleep(_Atomic uint32_t *word, uint32_t value, double deadline)
{
    static const double LONGEST = 1;
    for (bool is_woken = false; !is_woken;) {
        double now = mr__now();
        if (now >= deadline)
            return false;
        mine->sleeps_at = word;
        if (!mine->is_gone)
            is_woken = mr__futex_sleep(word, value, now + LONGEST < deadline ? now + LONGEST : deadline);
        mine->sleeps_at = NULL;
        if (mine->is_gone)
            return false;
    }
    return true;
}

/* ---- One call ---- */

static bool is_gone(const void *deputy)
{
    return ((const mr__deputy *)deputy)->is_gone;
}

/* MPI's way to the caller; MPI_COMM_NULL: there is none, so all goes over the socket. */
static MPI_Comm comm_of(const mr__deputy *deputy, int *number)
{
    mr__lock();
    MPI_Comm comm = mr__ctx.caller_ranks->comm(deputy->rank, number);
    mr__unlock();
    return comm;
}

/* Gets and sends the bytes of a call. *is_lent: MPI may use them still, so they must not be freed. */
static bool get_bytes(const mr__deputy *deputy, void *bytes, size_t size, bool *is_lent)
{
    int number;
    if (size <= MR__FAR_INLINE)
        return mr__far_receive(deputy->socket, bytes, size);
    if (!mr__far_send(deputy->socket, &(char){1}, 1))
        return false;
    MPI_Comm comm = comm_of(deputy, &number);
    if (comm == MPI_COMM_NULL)
        return mr__far_receive(deputy->socket, bytes, size);
    *is_lent = mr__wire_receive(comm, number, deputy->tag, bytes, size, is_gone, deputy) != MR_OK;
    return !*is_lent;
}

static bool send_bytes(const mr__deputy *deputy, const void *bytes, size_t size, bool *is_lent)
{
    int number;
    MPI_Comm comm = size > MR__FAR_INLINE ? comm_of(deputy, &number) : MPI_COMM_NULL;
    if (comm == MPI_COMM_NULL)
        return mr__far_send(deputy->socket, bytes, size);
    *is_lent = mr__wire_send(comm, number, deputy->tag, bytes, size, is_gone, deputy) != MR_OK;
    return !*is_lent;
}

static mr_status serve(mr__call *call, int32_t method)
{
    call->method = mr__method_at(method);
    if (call->method == NULL)
        return mr__fail(MR_ENOTSUP, "there is no method %d for processes on other hosts", method);
    const mr__kind *kind = mr__kinds[call->method->kind];
    if (mr__ctx.home != MR__MAINS_HOME && kind != NULL && kind->lies_with_main)
        return mr__fail(MR_EINVAL, "%s: this %s lies with main, and not on %s", call->method->call, kind->name,
                        mr__ctx.host);
    return call->method->run(call);
}

/* The reply: head and sentence, then the bytes. */
static bool answer(const mr__deputy *deputy, const mr__call *call, mr_status status, bool *is_lent)
{
    struct {
        mr__far_head head;
        char sentence[MR__SENTENCE_SIZE];
    } out = {.head = {.status = (int32_t)status, .size = call->received}};
    memcpy(out.head.handles, call->handles, sizeof out.head.handles);
    memcpy(out.head.numbers, call->numbers, sizeof out.head.numbers);
    if (status != MR_OK) {
        out.head.sentence = (uint32_t)strnlen(mr_last_error(), sizeof out.sentence - 1);
        memcpy(out.sentence, mr_last_error(), out.head.sentence);
    }
    char arrived;
    return mr__far_send(deputy->socket, &out, sizeof out.head + out.head.sentence) &&
           send_bytes(deputy, call->buffer, call->received, is_lent) &&
           (!call->is_kept || status != MR_OK || mr__far_receive(deputy->socket, &arrived, 1));
}

/* There is no memory for the bytes of a call. */
static bool refuse(const mr__deputy *deputy, const mr__call *call)
{
    bool unused;
    if (call->size <= MR__FAR_INLINE || !mr__far_send(deputy->socket, &(char){0}, 1))
        return false; /* they are on their way, so nothing after them can be understood */
    return answer(deputy, call,
                  mr__fail(MR_ENOMEM, "there is no memory for %zu bytes; were so many meant?", call->size),
                  &unused);
}

/* Serves the next call; false: there will be none. */
static bool serve_next(const mr__deputy *deputy)
{
    mr__far_head head;
    if (!mr__far_receive(deputy->socket, &head, sizeof head))
        return false;
    mr__call call = {.seconds = head.seconds,
                     .size = head.size,
                     .capacity = head.capacity == UINT64_MAX ? SIZE_MAX : head.capacity,
                     .is_kept = head.is_kept != 0,
                     .is_from_afar = true};
    memcpy(call.handles, head.handles, sizeof call.handles);
    memcpy(call.numbers, head.numbers, sizeof call.numbers);
    void *data = call.size <= PTRDIFF_MAX ? malloc(call.size + 1) : NULL;
    bool is_served = false, data_are_lent = false, buffer_is_lent = false;
    if (data == NULL) {
        is_served = refuse(deputy, &call);
        goto end;
    }
    call.data = data;
    if (!get_bytes(deputy, data, call.size, &data_are_lent))
        goto end;
    ((char *)data)[call.size] = '\0'; /* texts have an end */
    mr_status status = serve(&call, head.method);
    is_served = answer(deputy, &call, status, &buffer_is_lent);
    if (!is_served && status == MR_OK && call.method != NULL && call.method->undo != NULL)
        call.method->undo(&call);
end:
    if (!buffer_is_lent)
        free(call.buffer);
    if (!data_are_lent)
        free(data);
    return is_served;
}

int mr__call_back(const mr__symbol *function)
{
    struct {
        mr__far_head head;
        mr__symbol function;
    } out = {.head = {.status = MR__FAR_CALL_BACK, .size = sizeof *function}, .function = *function};
    int32_t code;
    bool is_done = mr__far_send(mine->socket, &out, offsetof(__typeof__(out), function)) &&
                   mr__far_send(mine->socket, function, sizeof *function) &&
                   mr__far_receive(mine->socket, &code, sizeof code);
    return is_done ? code : -1;
}

/* ---- Coming and going: lock held ---- */

static int count_of(int rank)
{
    int count = 0;
    for (const mr__deputy *each = mr__ctx.deputies; each != NULL; each = each->next)
        count += each->rank == rank;
    return count;
}

static void enlist(mr__deputy *new)
{
    new->next = mr__ctx.deputies;
    mr__ctx.deputies = new;
}

/* Takes a deputy off the list. The last one of a rank that is dead tells so. */
static void leave(mr__deputy *deputy)
{
    mr__deputy **link = &mr__ctx.deputies;
    while (*link != deputy)
        link = &(*link)->next;
    *link = deputy->next;
    if (deputy->is_gone && count_of(deputy->rank) == 0)
        mr__ctx.caller_ranks->gone(deputy->rank);
    mr__changed();
}

static mr__deputy *make(int rank, int tag, int socket)
{
    static const struct timeval forever = {0};
    mr__deputy *new = mr__ctx.caller_ranks->takes(rank) ? calloc(1, sizeof *new) : NULL;
    if (new == NULL) {
        close(socket);
        return NULL;
    }
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof forever);
    *new = (mr__deputy){.rank = rank, .tag = tag, .socket = socket};
    enlist(new);
    return new;
}

static void *run_deputy(void *argument)
{
    mr__deputy *deputy = argument;
    mine = deputy;
    mr__acts_for = deputy->rank;
    while (!deputy->is_gone && serve_next(deputy))
        ;
    mr__lock();
    close(deputy->socket);
    if (deputy->is_gone)
        mr__seat_disown(); /* it goes with the rank */
    else
        mr__seat_vacate();
    leave(deputy);
    mr__unlock();
    free(deputy);
    return NULL;
}

void mr__deputy_become(int rank, int tag, int socket)
{
    mr__lock();
    mr__deputy *new = make(rank, tag, socket);
    mr__unlock();
    if (new != NULL)
        run_deputy(new);
}

static void take(int rank, int tag, int socket)
{
    pthread_t thread;
    mr__deputy *new = make(rank, tag, socket);
    if (new == NULL)
        return;
    if (mr__thread_start_with(&thread, "mr-deputy", run_deputy, new) == MR_OK) {
        pthread_detach(thread);
        return;
    }
    close(socket);
    leave(new);
    free(new);
}

static void send_home(mr__deputy *deputy)
{
    deputy->is_gone = true;
    shutdown(deputy->socket, SHUT_RDWR);
    _Atomic uint32_t *word = deputy->sleeps_at;
    if (word != NULL)
        mr__futex_wake(word, INT_MAX);
}

static bool dismiss(int rank)
{
    for (mr__deputy *each = mr__ctx.deputies; each != NULL; each = each->next)
        if (each->rank == rank)
            send_home(each);
    return count_of(rank) > 0;
}

static void stop(void)
{
    mr__lock();
    for (mr__deputy *each = mr__ctx.deputies; each != NULL; each = each->next)
        send_home(each);
    while (mr__ctx.deputies != NULL)
        mr__wait(INFINITY);
    mr__unlock();
}

const mr__callers mr__deputies = {take, dismiss, stop};
