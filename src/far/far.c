#include "far/far.h"

#include "base/context.h"
#include "base/module.h"
#include "base/status.h"
#include "transport/wire.h"
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

/* ---- A thread's own socket ---- */

static _Thread_local struct {
    int fd; /* 0: none yet */
    int tag;
} mine;
static pthread_key_t at_thread_end;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void hang_up(void *unused)
{
    (void)unused;
    if (mine.fd > 0)
        close(mine.fd);
    mine.fd = 0;
}

static void make_key(void)
{
    pthread_key_create(&at_thread_end, hang_up);
}

static mr_status connect_thread(void)
{
    static _Atomic int last_tag;
    bool is_local;
    int fd;
    if (mine.fd > 0)
        return MR_OK;
    mine.tag = MR__TAG_FAR + last_tag++ % MR__FAR_TAGS;
    mr__record hello = {.type = MR__HELLO, .rank = mr__ctx.rank, .a = mine.tag, .b = MR__FROM_CALLER};
    mr_status status = mr__address_key(&mr__ctx.self->hub, hello.text);
    if (status == MR_OK)
        status = mr__link_connect(&mr__ctx.self->hub, &fd, &is_local);
    if (status != MR_OK)
        return status;
    status = mr__link_send(fd, &hello, NULL, 0);
    if (status != MR_OK) {
        close(fd);
        return status;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){0}, sizeof(struct timeval));
    pthread_once(&key_once, make_key);
    pthread_setspecific(at_thread_end, &mine);
    mine.fd = fd;
    return MR_OK;
}

/* ---- Calling ---- */

static mr_status lost(void)
{
    hang_up(NULL);
    return mr__fail(MR_EDIED, "the main process's host cannot be reached any more from %s", mr__ctx.host);
}

static mr_status ask(const mr__call *call)
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
    if (!mr__far_send(mine.fd, &out, sizeof out.head + along))
        return lost();
    if (call->size <= along)
        return MR_OK;
    if (call->size <= MR__FAR_INLINE)
        return mr__far_send(mine.fd, call->data, call->size) ? MR_OK : lost();
    char has_room = 0; /* if not, the answer says so */
    if (!mr__far_receive(mine.fd, &has_room, 1))
        return lost();
    return has_room ? mr__wire_send(mr__ctx.self->comm, 0, mine.tag, call->data, call->size, NULL, NULL) : MR_OK;
}

/* Runs the function that the deputy has named, and says what it returned. */
static bool serve_call_back(const mr__far_head *head)
{
    mr__symbol symbol;
    int (*function)(void) = NULL;
    if (head->size != sizeof symbol || !mr__far_receive(mine.fd, &symbol, sizeof symbol))
        return false;
    int busy = mine.fd, tag = mine.tag;
    mine.fd = 0; /* what the function calls goes over another socket, and so does the question where it is */
    void *address = mr__symbol_find(&symbol);
    memcpy(&function, &address, sizeof function);
    int32_t code = function != NULL ? function() : -1;
    mr__end_fork(code);
    hang_up(NULL);
    mine.fd = busy;
    mine.tag = tag;
    return mr__far_send(mine.fd, &code, sizeof code);
}

static mr_status take_bytes(mr__call *call, const mr__far_head *head)
{
    bool makes_buffer = call->buffer == NULL;
    if (makes_buffer)
        call->buffer = malloc(head->size > 0 ? head->size : 1);
    if (call->buffer == NULL)
        return hang_up(NULL), mr__fail(MR_ENOMEM, "there is no memory for the %llu bytes that have come from main",
                                       (unsigned long long)head->size);
    mr_status status = MR_OK;
    if (head->size > MR__FAR_INLINE)
        status = mr__wire_receive(mr__ctx.self->comm, 0, mine.tag, call->buffer, head->size, NULL, NULL);
    else if (!mr__far_receive(mine.fd, call->buffer, head->size))
        status = lost();
    call->received = head->size;
    char arrived = 1;
    if (status == MR_OK && call->is_kept && !mr__far_send(mine.fd, &arrived, 1))
        status = lost();
    if (status == MR_OK || !makes_buffer)
        return status;
    free(call->buffer);
    call->buffer = NULL;
    return status;
}

static mr_status hear_answer(mr__call *call)
{
    mr__far_head head;
    char sentence[MR__SENTENCE_SIZE];
    do
        if (!mr__far_receive(mine.fd, &head, sizeof head))
            return lost();
    while (head.status == MR__FAR_CALL_BACK && serve_call_back(&head));
    if (head.status < 0 || head.sentence >= sizeof sentence || !mr__far_receive(mine.fd, sentence, head.sentence))
        return lost();
    sentence[head.sentence] = '\0';
    memcpy(call->handles, head.handles, sizeof head.handles);
    memcpy(call->numbers, head.numbers, sizeof head.numbers);
    mr_status status = (mr_status)head.status, taken = MR_OK;
    if (status == MR_OK || head.size > 0)
        taken = take_bytes(call, &head);
    if (taken != MR_OK)
        return taken;
    return status == MR_OK ? MR_OK : mr__fail(status, "%s", sentence);
}

bool mr__is_far(const void *handle)
{
    return mr__ctx.arena == NULL && mr__ctx.phase == MR__PHASE_RUNNING && handle != NULL && !mr__is_forked();
}

mr_status mr__fail_far(const char *call, const char *instead)
{
    return mr__fail(
        MR_ENOHOST,
        "%s: this process runs on %s, and what it asks for lies in the memory of the main process's host; "
        "use %s, or start it there with mr_process_set_host",
        call, mr__ctx.host, instead);
}

mr_status mr__far(mr__call *call)
{
    mr_status status = connect_thread();
    if (status == MR_OK)
        status = ask(call);
    return status == MR_OK ? hear_answer(call) : status;
}

/* ---- Calls of methods ---- */

static mr_status ask_there(mr__call *call)
{
    char nothing;
    bool is_empty = call->buffer == NULL && call->capacity == 0;
    if (is_empty)
        call->buffer = &nothing;
    mr_status status = mr__far(call);
    if (is_empty)
        call->buffer = NULL;
    return status;
}

mr_status mr__call_make_room(mr__call *call, size_t size)
{
    call->buffer = malloc(size > 0 ? size : 1);
    return call->buffer != NULL ? MR_OK : mr__fail(MR_ENOMEM, "main has no memory for %zu bytes", size);
}

static bool is_here(void)
{
    return mr__ctx.arena != NULL;
}

mr_status mr__ask_method(const uint64_t *handle, mr__call *call)
{
    mr_status status = mr__object_given(call->method->call, call->method->kind, handle);
    if (status != MR_OK)
        return status;
    call->handles[0] = *handle;
    return is_here() ? call->method->run(call) : ask_there(call);
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
    if (is_here())
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

mr_status mr__call_new(const mr__method *method, uint64_t *handle, int64_t number)
{
    mr__call call = {.method = method, .numbers = {number}};
    mr_status status = mr__ask_method(handle != NULL ? &(uint64_t){0} : NULL, &call);
    if (status == MR_OK)
        *handle = call.handles[0];
    return status;
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
