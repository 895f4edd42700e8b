#include "messages/vault.h"

#include "base/status.h"
#include "messages/pipe.h"
#include "universe/self.h"
#include "universe/universe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- In any process ---- */

static const int PATIENCE = 30; /* seconds for the hub's answer, which comes at once unless main is stopped */

static mr_status fail_link(const char *call)
{
    return mr__fail(MR_EDIED, "%s: the main process, which passes descriptors on, does not answer", call);
}

static mr_status reach_hub(const char *call, mr__passage *passage)
{
    const mr__address *hub = mr__ctx.rank == 0 ? &mr__ctx.universe->address : &mr__ctx.self->hub;
    mr__record hello = {.type = MR__HELLO, .rank = mr__ctx.rank, .b = MR__FROM_BEARER};
    bool is_local = false;
    mr_status status = mr__address_key(hub, hello.text);
    if (status == MR_OK)
        status = mr__link_connect(hub, &passage->socket, &is_local);
    if (status != MR_OK) {
        passage->socket = -1;
        return errno == EMFILE || errno == ENFILE
                   ? mr__fail(MR_ELIMIT, "%s: this process has no descriptor left for the way to main", call)
                   : fail_link(call);
    }
    setsockopt(passage->socket, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = PATIENCE},
               sizeof(struct timeval));
    return is_local && mr__link_send(passage->socket, &hello, NULL, 0) == MR_OK ? MR_OK : fail_link(call);
}

static mr_status ask(const char *call, const mr__passage *passage, mr__record_type type, int fd,
                     mr__record *answer, int descriptors[MR__DESCRIPTORS])
{
    mr__record request = {.type = (uint32_t)type,
                          .rank = mr__ctx.rank,
                          .process = passage->pipe,
                          .a = passage->end,
                          .b = (int64_t)passage->ticket};
    if (mr__link_send(passage->socket, &request, &fd, fd >= 0) != MR_OK)
        return errno == ETOOMANYREFS ? mr__fail(MR_ELIMIT, "%s: too many descriptors are on their way", call)
                                     : fail_link(call);
    if (mr__link_receive(passage->socket, answer, descriptors) != MR_OK)
        return fail_link(call);
    if (answer->type == MR__REFUSED)
        return mr__fail((mr_status)answer->a, "%s: %s", call, answer->text);
    return MR_OK;
}

mr_status mr__vault_keep(const char *call, mr__passage *passage, int fd)
{
    mr__record answer = {0};
    mr_status status = reach_hub(call, passage);
    if (status == MR_OK)
        status = ask(call, passage, MR__KEEP, fd, &answer, NULL);
    if (status == MR_OK)
        passage->ticket = (uint64_t)answer.b;
    else
        mr__vault_leave(passage);
    return status;
}

mr_status mr__vault_give(const char *call, mr__passage *passage, int *fd)
{
    mr__record answer = {0};
    int descriptors[MR__DESCRIPTORS] = {-1, -1, -1};
    mr_status status = reach_hub(call, passage);
    if (status == MR_OK)
        status = ask(call, passage, MR__GIVE, -1, &answer, descriptors);
    *fd = mr__above_stdio(descriptors[0]);
    if (status == MR_OK && *fd < 0)
        status = mr__fail(MR_ELIMIT,
                          "%s: this process has no room for another descriptor (see ulimit -n); the message stays",
                          call);
    if (status != MR_OK)
        mr__vault_leave(passage);
    return status;
}

void mr__vault_drop(mr__passage *passage)
{
    mr__record request = {
        .type = MR__DROP, .process = passage->pipe, .a = passage->end, .b = (int64_t)passage->ticket};
    mr__link_send(passage->socket, &request, NULL, 0);
}

void mr__vault_leave(mr__passage *passage)
{
    if (passage->socket >= 0)
        close(passage->socket);
    passage->socket = -1;
}

/* ---- The hub's ---- */

typedef struct mr__vault {
    struct mr__vault *next;
    uint64_t pipe, ticket;
    int end, fd;
} mr__vault;

static void forget(mr__vault **link)
{
    mr__vault *gone = *link;
    *link = gone->next;
    close(gone->fd);
    free(gone);
}

static bool answer(int socket, const mr__record *record, int fd)
{
    return mr__link_send(socket, record, &fd, fd >= 0) == MR_OK;
}

static bool refuse(int socket, mr_status status, const char *why)
{
    mr__record record = {.type = MR__REFUSED, .a = (int64_t)status};
    snprintf(record.text, sizeof record.text, "%s", why);
    return answer(socket, &record, -1);
}

/* The pipe; NULL: it has ended. It is only looked at, as it may end at any time. */
static const mr__pipe *pipe_of(uint64_t handle)
{
    uint32_t slot = mr__handle_slot(handle);
    if (slot == 0 || slot >= mr__ctx.arena->slots)
        return NULL;
    const mr__object *object = mr__slot_at(slot);
    return object->kind == MR__KIND_PIPE && object->generation == handle >> 32 ? (const mr__pipe *)object : NULL;
}

static bool is_on_another_host(const mr__universe *universe, const mr__pipe *pipe, int end)
{
    uint32_t owner = pipe != NULL ? (uint32_t)pipe->ends[end] : 0;
    return owner > 0 && owner < (uint32_t)universe->rank_count && universe->ranks[owner]->host > 0;
}

/* Half of main's descriptors are left to main. */
static bool has_room(const mr__universe *universe)
{
    struct rlimit limit;
    rlim_t count = 0;
    for (const mr__vault *each = universe->vault; each != NULL; each = each->next)
        count++;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && count < limit.rlim_cur / 2;
}

/* New ones come first. */
static bool keep(mr__universe *universe, int socket, const mr__record *request, int descriptor)
{
    int end = (int)request->a & 1;
    const char *why = NULL;
    mr_status status = MR_ELIMIT;
    mr__vault *new = NULL;
    if (is_on_another_host(universe, pipe_of(request->process), end)) {
        status = MR_ENOHOST;
        why = "descriptors are passed among the processes of main's host only, and the receiver is on another";
    } else if (descriptor < 0 || !has_room(universe)) {
        why = "main has no room for another descriptor until those before it have been received (see ulimit -n)";
    } else if ((new = malloc(sizeof *new)) == NULL) {
        status = MR_ENOMEM;
        why = "main has no memory to keep it";
    }
    if (why != NULL) {
        if (descriptor >= 0)
            close(descriptor);
        return refuse(socket, status, why);
    }
    *new = (mr__vault){.next = universe->vault,
                       .pipe = request->process,
                       .ticket = ++universe->last_ticket,
                       .end = end,
                       .fd = descriptor};
    universe->vault = new;
    return answer(socket, &(mr__record){.type = MR__KEPT, .b = (int64_t) new->ticket}, -1);
}

static bool give(const mr__universe *universe, int socket, const mr__record *request)
{
    for (const mr__vault *each = universe->vault; each != NULL; each = each->next)
        if (each->ticket == (uint64_t)request->b && each->pipe == request->process && each->end == request->a)
            return answer(socket, &(mr__record){.type = MR__KEPT, .b = request->b}, each->fd);
    return refuse(socket, MR_ESTATE, "main does not have this descriptor any more");
}

/* With it go those that were handed over before it, for the same end, and never sent, since their sender died. */
static void forget_up_to(mr__universe *universe, const mr__record *request)
{
    mr__vault **link = &universe->vault;
    while (*link != NULL)
        if ((*link)->pipe == request->process && (*link)->end == request->a &&
            (*link)->ticket <= (uint64_t)request->b)
            forget(link);
        else
            link = &(*link)->next;
}

bool mr__vault_serve(mr__universe *universe, int socket, const mr__record *request, int descriptor)
{
    if (request->type == MR__KEEP)
        return keep(universe, socket, request, descriptor);
    if (descriptor >= 0)
        close(descriptor);
    if (request->type == MR__GIVE)
        return give(universe, socket, request);
    if (request->type == MR__DROP)
        forget_up_to(universe, request);
    return request->type == MR__DROP;
}

void mr__vault_sweep(mr__universe *universe)
{
    mr__vault **link = &universe->vault;
    while (*link != NULL) {
        const mr__pipe *pipe = pipe_of((*link)->pipe);
        if (pipe == NULL || pipe->ends[(*link)->end] & MR__END_CLOSED)
            forget(link);
        else
            link = &(*link)->next;
    }
}

void mr__vault_free(mr__universe *universe)
{
    while (universe->vault != NULL)
        forget(&universe->vault);
}
