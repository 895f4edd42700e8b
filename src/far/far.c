#include "far/far.h"

#include "base/context.h"
#include "base/module.h"
#include "base/status.h"
#include "transport/wire.h"
#include "universe/homes.h"
#include "universe/self.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Bytes ---- */

bool mr__far_send(int fd, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0) {
        ssize_t sent = send(fd, next, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        next += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool mr__far_receive(int fd, void *bytes, size_t size)
{
    char *next = bytes;
    while (size > 0) {
        ssize_t got = recv(fd, next, size, MSG_WAITALL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        next += got;
        size -= (size_t)got;
    }
    return true;
}

/* ---- A thread's own sockets ---- */

/* To a home. A thread has one for each that it calls, and another one while it serves a call back. */
typedef struct line {
    struct line *next;
    uint32_t home;
    int fd, tag;
    bool is_busy;
} line;

static _Thread_local line *lines;
static pthread_key_t at_thread_end;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void hang_up(line *gone)
{
    line **link = &lines;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    close(gone->fd);
    free(gone);
    pthread_setspecific(at_thread_end, lines);
}

static void hang_up_all(void *unused)
{
    (void)unused;
    while (lines != NULL)
        hang_up(lines);
}

static void make_key(void)
{
    pthread_key_create(&at_thread_end, hang_up_all);
}

static mr_status find_home(uint32_t home, mr__address *address)
{
    if (mr__ctx.rank == 0)
        return mr__homes_find(mr__ctx.universe, home, address);
    if (home != MR__MAINS_HOME)
        return mr__self_find_home(home, address);
    *address = mr__ctx.self->hub;
    return MR_OK;
}

static mr_status say_hello(int fd, const mr__address *home, int tag)
{
    mr__record hello = {.type = MR__HELLO, .rank = mr__ctx.rank, .a = tag, .b = MR__FROM_CALLER};
    mr_status status = mr__address_key(home, hello.text);
    if (status == MR_OK)
        status = mr__link_send(fd, &hello, NULL, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){0}, sizeof(struct timeval));
    return status;
}

static mr_status connect_to(uint32_t home, line **made)
{
    static _Atomic int last_tag;
    mr__address address;
    bool is_local;
    line *new = calloc(1, sizeof *new);
    mr_status status =
        new != NULL ? find_home(home, &address) : mr__fail(MR_ENOMEM, "there is no memory for a call");
    if (status == MR_OK)
        status = mr__link_connect(&address, &new->fd, &is_local);
    if (status != MR_OK) {
        free(new);
        return status == MR_ELAUNCH && home != MR__MAINS_HOME ? mr__fail(MR_EHOSTLOST, "%s", mr_last_error())
                                                              : status;
    }
    new->home = home;
    new->tag = MR__TAG_FAR + last_tag++ % MR__FAR_TAGS;
    status = say_hello(new->fd, &address, new->tag);
    if (status != MR_OK) {
        close(new->fd);
        free(new);
        return status;
    }
    new->next = lines;
    lines = new;
    pthread_once(&key_once, make_key);
    pthread_setspecific(at_thread_end, lines);
    *made = new;
    return MR_OK;
}

static mr_status line_to(uint32_t home, line **found)
{
    for (*found = lines; *found != NULL; *found = (*found)->next)
        if ((*found)->home == home && !(*found)->is_busy)
            return MR_OK;
    return connect_to(home, found);
}

/* ---- Calling ---- */

static mr_status lost(line *l)
{
    uint32_t home = l->home;
    hang_up(l);
    if (home == MR__MAINS_HOME)
        return mr__fail(MR_EDIED, "the main process's host cannot be reached any more from %s", mr__ctx.host);
    return mr__fail(MR_EHOSTLOST, "the host that the object lies on cannot be reached any more from %s",
                    mr__ctx.host);
}

/* Bytes that are too many to go with a call or an answer: to main by MPI, rank to rank. */
static mr_status send_many(line *l, const void *bytes, size_t size)
{
    if (l->home == MR__MAINS_HOME)
        return mr__wire_send(mr__ctx.self->comm, 0, l->tag, bytes, size, NULL, NULL);
    return mr__far_send(l->fd, bytes, size) ? MR_OK : lost(l);
}

static mr_status receive_many(line *l, void *bytes, size_t size)
{
    if (l->home == MR__MAINS_HOME)
        return mr__wire_receive(mr__ctx.self->comm, 0, l->tag, bytes, size, NULL, NULL);
    return mr__far_receive(l->fd, bytes, size) ? MR_OK : lost(l);
}

static mr_status ask(line *l, const mr__call *call)
{
    struct {
        mr__far_head head;
        char bytes[256]; /* a small call goes out in one piece */
    } out = {.head = {.method = mr__method_number(call->method),
                      .seconds = call->seconds,
                      .size = call->size,
                      .capacity = call->buffer != NULL ? call->capacity : UINT64_MAX,
                      .is_kept = call->is_kept}};
    size_t along = call->size <= sizeof out.bytes ? call->size : 0;
    memcpy(out.head.handles, call->handles, sizeof out.head.handles);
    memcpy(out.head.numbers, call->numbers, sizeof out.head.numbers);
    if (along > 0)
        memcpy(out.bytes, call->data, along);
    if (!mr__far_send(l->fd, &out, sizeof out.head + along))
        return lost(l);
    if (call->size <= along)
        return MR_OK;
    if (call->size <= MR__FAR_INLINE)
        return mr__far_send(l->fd, call->data, call->size) ? MR_OK : lost(l);
    char has_room = 0; /* if not, the answer says so */
    if (!mr__far_receive(l->fd, &has_room, 1))
        return lost(l);
    return has_room ? send_many(l, call->data, call->size) : MR_OK;
}

/* Runs the function that the deputy has named, and says what it returned. */
static bool serve_call_back(line *l, const mr__far_head *head)
{
    mr__symbol symbol;
    int (*function)(void) = NULL;
    if (head->size != sizeof symbol || !mr__far_receive(l->fd, &symbol, sizeof symbol))
        return false;
    l->is_busy = true; /* what the function calls goes over another socket, and so does the question where it is */
    void *address = mr__symbol_find(&symbol);
    memcpy(&function, &address, sizeof function);
    int32_t code = function != NULL ? function() : -1;
    mr__end_fork(code);
    l->is_busy = false;
    return mr__far_send(l->fd, &code, sizeof code);
}

/* No memory for what comes: it cannot be skipped. */
static mr_status refuse_bytes(line *l, uint64_t size)
{
    hang_up(l);
    return mr__fail(MR_ENOMEM, "there is no memory for the %llu bytes that have come from another host",
                    (unsigned long long)size);
}

static mr_status take_bytes(line *l, mr__call *call, const mr__far_head *head)
{
    bool makes_buffer = call->buffer == NULL;
    if (makes_buffer)
        call->buffer = malloc(head->size > 0 ? head->size : 1);
    if (call->buffer == NULL)
        return refuse_bytes(l, head->size);
    mr_status status = MR_OK;
    if (head->size > MR__FAR_INLINE)
        status = receive_many(l, call->buffer, head->size);
    else if (!mr__far_receive(l->fd, call->buffer, head->size))
        status = lost(l);
    call->received = head->size;
    char arrived = 1;
    if (status == MR_OK && call->is_kept && !mr__far_send(l->fd, &arrived, 1))
        status = lost(l);
    if (status == MR_OK || !makes_buffer)
        return status;
    free(call->buffer);
    call->buffer = NULL;
    return status;
}

static mr_status hear_answer(line *l, mr__call *call)
{
    mr__far_head head;
    char sentence[MR__SENTENCE_SIZE];
    do
        if (!mr__far_receive(l->fd, &head, sizeof head))
            return lost(l);
    while (head.status == MR__FAR_CALL_BACK && serve_call_back(l, &head));
    if (head.status < 0 || head.sentence >= sizeof sentence || !mr__far_receive(l->fd, sentence, head.sentence))
        return lost(l);
    sentence[head.sentence] = '\0';
    memcpy(call->handles, head.handles, sizeof head.handles);
    memcpy(call->numbers, head.numbers, sizeof head.numbers);
    mr_status status = (mr_status)head.status, taken = MR_OK;
    if (status == MR_OK || head.size > 0)
        taken = take_bytes(l, call, &head);
    if (taken != MR_OK)
        return taken;
    return status == MR_OK ? MR_OK : mr__fail(status, "%s", sentence);
}

static bool can_call(void)
{
    return mr__ctx.phase == MR__PHASE_RUNNING && !mr__is_forked();
}

bool mr__is_far(const void *object)
{
    return object != NULL && !mr__is_at_home(*(const uint64_t *)object) && can_call();
}

bool mr__is_main_far(void)
{
    return mr__ctx.home != MR__MAINS_HOME && can_call();
}

mr_status mr__fail_far(const char *call, const char *instead)
{
    return mr__fail(MR_ENOHOST,
                    "%s: this process runs on %s, and what it asks for lies in the memory of another host; "
                    "use %s, or start it there with mr_process_set_host",
                    call, mr__ctx.host, instead);
}

/* Somebody else's work is done where it was sent: nobody waits for a third home meanwhile. */
static mr_status check_caller(const mr__call *call)
{
    if (mr__acts_for == MR__ITSELF)
        return MR_OK;
    return mr__fail(MR_ENOHOST, "%s: the objects of one call lie on different hosts", call->method->call);
}

mr_status mr__far(uint32_t home, mr__call *call)
{
    line *l;
    mr_status status = check_caller(call);
    if (status == MR_OK)
        status = line_to(home, &l);
    if (status == MR_OK)
        status = ask(l, call);
    return status == MR_OK ? hear_answer(l, call) : status;
}

/* ---- Calls of methods ---- */

static mr_status ask_there(mr__call *call)
{
    char nothing;
    bool is_empty = call->buffer == NULL && call->capacity == 0;
    if (is_empty)
        call->buffer = &nothing;
    mr_status status = mr__far(mr__handle_home(call->handles[0]), call);
    if (is_empty)
        call->buffer = NULL;
    return status;
}

mr_status mr__call_make_room(mr__call *call, size_t size)
{
    call->buffer = malloc(size > 0 ? size : 1);
    return call->buffer != NULL ? MR_OK : mr__fail(MR_ENOMEM, "there is no memory for %zu bytes", size);
}

mr_status mr__ask_method(const uint64_t *handle, mr__call *call)
{
    mr_status status = mr__object_given(call->method->call, call->method->kind, handle);
    if (status != MR_OK)
        return status;
    call->handles[0] = *handle;
    return mr__is_at_home(*handle) ? call->method->run(call) : ask_there(call);
}

/* To clear a whole call takes as long as what many methods do. So here it holds only what these forms say. */
static mr_status run_here(const mr__method *method, uint64_t handle, double seconds, int64_t *number)
{
    mr__call call;
    call.method = method;
    call.handles[0] = handle;
    call.seconds = seconds;
    mr_status status = method->run(&call);
    if (number != NULL && status == MR_OK)
        *number = call.numbers[0];
    return status;
}

mr_status mr__call_asking(const mr__method *method, const uint64_t *handle, double seconds, int64_t *number)
{
    mr_status status = mr__object_given(method->call, method->kind, handle);
    if (status != MR_OK)
        return status;
    if (mr__is_at_home(*handle))
        return run_here(method, *handle, seconds, number);
    mr__call call = {.method = method, .handles = {*handle}, .seconds = seconds};
    status = ask_there(&call);
    if (number != NULL && status == MR_OK)
        *number = call.numbers[0];
    return status;
}

mr_status mr__call_on(const mr__method *method, const uint64_t *handle, double seconds)
{
    return mr__call_asking(method, handle, seconds, NULL);
}

mr_status mr__ask_new_object(mr__call *call, uint64_t home, uint64_t *handle)
{
    mr_status status = mr__ask_method(handle != NULL ? &home : NULL, call);
    if (status == MR_OK)
        *handle = call->handles[0];
    return status;
}

mr_status mr__call_new(const mr__method *method, uint64_t *handle, int64_t number)
{
    mr__call call = {.method = method, .numbers = {number}};
    return mr__ask_new_object(&call, mr__home_here(), handle);
}

int64_t mr__call_number(const mr__method *method, const uint64_t *handle, int64_t on_failure)
{
    int64_t number;
    return mr__call_asking(method, handle, 0, &number) == MR_OK ? number : on_failure;
}

mr_status mr__run_end(mr__call *call)
{
    return mr__object_end(call->method->call, call->method->kind, &call->handles[0]);
}
