/* The hub: the thread in main that hears from all ranks and their supervisors. It only reads and writes sockets,
 * never enters MPI, and so never waits for anybody. */
#include "arena/arena.h"
#include "base/status.h"
#include "messages/vault.h"
#include "transport/outbox.h"
#include "universe/callers.h"
#include "universe/death.h"
#include "universe/homes.h"
#include "universe/printer.h"
#include "universe/roster.h"
#include "universe/universe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64, MOST_CORES = 1 << 16, MOST_PENDING = 1 << 16, LOOK_MS = 1000, MOST_WORDS = 1024 };

/* What a socket is for. */
typedef struct mr__connection {
    struct mr__connection *next;
    enum { LISTENER, STOP, STRANGER, RANK, SUPERVISOR, OUTPUT, CALLER, RELAY, BEARER, DYING } kind;
    int fd;
    bool is_local;
    int rank;
    mr__inbox inbox;
    int descriptor; /* that came with the record; -1: none */
    mr__outbox outbox;
} mr__connection;

static mr__connection *watch(mr__universe *universe, int fd, int kind, bool is_local)
{
    mr__connection *new = calloc(1, sizeof *new);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = new};
    if (new == NULL || epoll_ctl(universe->events, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(new);
        return NULL;
    }
    new->kind = kind;
    new->fd = fd;
    new->is_local = is_local;
    new->descriptor = -1;
    new->next = universe->connections;
    universe->connections = new;
    return new;
}

/* Takes a connection off the list; its socket stays open. */
static void unwatch(mr__universe *universe, mr__connection *gone)
{
    mr__connection **link = &universe->connections;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    epoll_ctl(universe->events, EPOLL_CTL_DEL, gone->fd, NULL);
    mr__outbox_free(&gone->outbox);
    if (gone->descriptor >= 0)
        close(gone->descriptor);
    free(gone);
}

static void drop(mr__universe *universe, mr__connection *gone)
{
    int fd = gone->fd;
    unwatch(universe, gone);
    close(fd);
}

/* The hub hears of it when the other side reads again. */
static void listen_for_room(const mr__universe *universe, mr__connection *to, bool wanted)
{
    struct epoll_event event = {.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = to};
    epoll_ctl(universe->events, EPOLL_CTL_MOD, to->fd, &event);
}

void mr__hub_send(mr__universe *universe, mr__connection *to, const mr__record *record)
{
    universe->records_told++;
    if (mr__outbox_send(&to->outbox, to->fd, record) != MR_OK)
        mr__hub_hang_up(to);
    else if (to->outbox.count == 1)
        listen_for_room(universe, to, true);
}

void mr__hub_hang_up(const mr__connection *to)
{
    shutdown(to->fd, SHUT_RDWR);
}

static void send_rest(const mr__universe *universe, mr__connection *to)
{
    mr__lock();
    if (mr__outbox_flush(&to->outbox, to->fd))
        listen_for_room(universe, to, false);
    mr__unlock();
}

/* Which of the universe's ranks says hello; NULL if none of ours. */
static mr__rank *rank_of_hello(mr__universe *universe, const mr__record *hello, int *number)
{
    bool is_by_batch = hello->b == MR__FROM_RANK || hello->b == MR__FROM_DYING;
    *number = is_by_batch ? -1 : hello->rank;
    for (int i = 0; i < universe->batch_count && is_by_batch; i++) {
        const mr__batch *batch = universe->batches[i];
        if (batch->number == hello->process && hello->rank >= 0 && hello->rank < batch->size)
            *number = batch->first + hello->rank;
    }
    return *number > 0 && *number < universe->rank_count ? universe->ranks[*number] : NULL;
}

/* Another build would run other functions at the same offsets. */
static bool is_same_build(mr__universe *universe, const mr__record *hello, const mr__rank *rank, const char *host)
{
    char expected[2 * MR__BUILD_ID_SIZE + 1];
    for (size_t i = 0; i < MR__BUILD_ID_SIZE; i++)
        snprintf(expected + 2 * i, 3, "%02x", universe->build_id[i]);
    if (strncmp(hello->text + MR__KEY_SIZE, expected, strlen(expected)) == 0)
        return true;
    char text[512];
    snprintf(text, sizeof text,
             "the program on %s is another build than main's; has it been rebuilt while this one runs? Copy the "
             "same file to all hosts, or check mr_program_set_executable",
             host);
    mr__growth_lost_batch(universe, rank->batch, text);
    mr__growth_fail(universe, MR_EBUILD, text);
    return false;
}

/* The first two words of an address: the key, and the name of the local socket. */
static void put_local(const mr__address *address, char text[sizeof((mr__record *)0)->text])
{
    size_t words = strcspn(address->text, " ");
    words += address->text[words] != '\0' ? 1 + strcspn(address->text + words + 1, " ") : 0;
    snprintf(text, sizeof((mr__record *)0)->text, "%.*s", (int)words, address->text);
}

void mr__hub_welcome(mr__universe *universe, int number)
{
    const mr__rank *rank = universe->ranks[number];
    const mr__connection *to = rank->link;
    mr__host *host = &universe->hosts[rank->host];
    mr__lodging lodging = mr__homes_lodge(universe, number);
    if (lodging == MR__WAIT)
        return;
    if (!host->is_known && (host->reporter == 0 || universe->ranks[host->reporter]->state == MR__RANK_DEAD))
        host->reporter = number;
    mr__record record = {.type = MR__WELCOME, .rank = number, .a = host->reporter == number};
    record.b = (int64_t)universe->pinning;
    if (lodging != MR__NO_LODGING)
        record.process = (uint64_t)rank->host;
    if (lodging == MR__LODGING)
        put_local(&host->home, record.text);
    int descriptors[MR__DESCRIPTORS] = {universe->arena, STDOUT_FILENO, STDERR_FILENO};
    bool is_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0 && fcntl(STDERR_FILENO, F_GETFD) >= 0;
    mr__link_send(to->fd, &record, descriptors, !to->is_local ? 0 : is_open ? 3 : 1);
}

/* The first record of a connection. false: drop it. */
static bool hear_hello(mr__universe *universe, mr__connection *from)
{
    const mr__record *hello = &from->inbox.record;
    int number;
    if (hello->b == MR__FROM_RELAY && from->is_local && mr__address_opens(&universe->address, hello)) {
        from->kind = RELAY;
        return true;
    }
    if (hello->b == MR__FROM_BEARER && from->is_local && mr__address_opens(&universe->address, hello)) {
        from->kind = BEARER;
        return true;
    }
    mr__rank *rank = mr__address_opens(&universe->address, hello) ? rank_of_hello(universe, hello, &number) : NULL;
    if (rank == NULL)
        return false;
    from->rank = number;
    if (hello->b == MR__FROM_OUTPUT) {
        from->kind = OUTPUT;
        return universe->printer != NULL && (hello->a == STDOUT_FILENO || hello->a == STDERR_FILENO);
    }
    if (hello->b == MR__FROM_CALLER) {
        from->kind = CALLER;
        return !from->is_local && hello->a >= MR__TAG_FAR && hello->a < MR__TAG_FAR + MR__FAR_TAGS;
    }
    if (hello->b == MR__FROM_SUPERVISOR) {
        if (rank->supervisor != NULL)
            return false; /* it has one */
        from->kind = SUPERVISOR;
        rank->supervisor = from;
        rank->pid = (pid_t)hello->a;
        mr__rank_check_parked(rank);
        return true;
    }
    const char *host = hello->text + MR__KEY_SIZE + 2 * MR__BUILD_ID_SIZE + 1;
    if (hello->b == MR__FROM_DYING) {
        from->kind = DYING;
        if (rank->state != MR__RANK_STARTING)
            return false;
        rank->end_code = (int)hello->a;
        rank->lost_at = rank->link == NULL ? mr__now() : rank->lost_at;
        return true;
    }
    if (hello->b != MR__FROM_RANK || rank->link != NULL || rank->state == MR__RANK_DEAD)
        return false; /* dead: its batch has been given up */
    if (!is_same_build(universe, hello, rank, host))
        return false;
    rank->host = mr__universe_host(universe, host);
    if (rank->host < 0 || universe->hosts[rank->host].is_lost)
        return false;
    mr__link_peer(from->fd, universe->hosts[rank->host].address);
    if (mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
        universe->hosts[rank->host].seats++;
    from->kind = RANK;
    rank->link = from;
    rank->pid = (pid_t)hello->a;
    rank->stage = MR__STAGE_INIT;
    mr__roster_note(universe, rank, NULL);
    mr__hub_welcome(universe, number);
    return true;
}

/* A place to pin processes to, on a host that main is not on. */
static void hear_place(mr__universe *universe, const mr__rank *rank, const mr__record *record)
{
    mr__host *host = &universe->hosts[rank->host];
    if (host->is_known || record->b < 1 || record->b > MOST_CORES)
        return;
    mr__places *places = &host->places;
    mr__place *grown = realloc(places->place, (size_t)(places->count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    places->place = grown;
    int *taken = realloc(host->taken, (size_t)(places->count + 1) * sizeof *taken);
    char *cpus = strdup(record->text);
    if (taken != NULL)
        host->taken = taken;
    if (taken == NULL || cpus == NULL) {
        free(cpus);
        return;
    }
    taken[places->count] = 0;
    places->place[places->count++] = (mr__place){.core = (int)record->a, .capacity = (int)record->b, .cpus = cpus};
}

static bool hear_parked(mr__universe *universe, mr__rank *rank, const mr__record *record)
{
    mr__host *host = &universe->hosts[rank->host];
    uint32_t seats = mr__ctx.arena != NULL ? mr__ctx.arena->seats : 1;
    if (record->process >= seats || record->a < 1 || record->a > MOST_CORES || record->b < 1 ||
        record->b > MOST_CORES)
        return false;
    if (!host->is_known && universe->ranks[host->reporter] == rank) {
        host->pus = (int)record->a;
        host->cores = (int)record->b;
        host->is_known = true;
        mr__ctx.cores = mr__universe_cores(universe);
    }
    rank->stage = MR__STAGE_READY;
    rank->seat = (uint32_t)record->process;
    mr__rank_check_parked(rank);
    return true;
}

static void hear_request(mr__universe *universe, int number, const mr__record *record)
{
    mr__wish *wish = calloc(1, sizeof *wish);
    mr__wish **last = &universe->wishes;
    if (wish == NULL)
        return;
    int64_t pending = record->b < 0 ? 0 : record->b > MOST_PENDING ? MOST_PENDING : record->b;
    *wish = (mr__wish){.rank = number, .size = (size_t)record->a, .pending = (int)pending};
    while (*last != NULL)
        last = &(*last)->next;
    *last = wish;
    mr__changed();
}

static void hear_where(mr__universe *universe, int number, const mr__record *record)
{
    char name[sizeof record->text + 1] = "";
    memcpy(name, record->text, strnlen(record->text, sizeof record->text));
    if (name[0] == '\0')
        mr__homes_tell(universe, number, record->a);
    else
        mr__homes_tell_number(universe, number, name);
}

/* Before the end of a process is told, what it has written must be out. */
static void hear_end(mr__universe *universe, int number, int code, bool is_dead)
{
    const mr__rank *rank = universe->ranks[number];
    if (universe->printer != NULL && rank->host != 0)
        mr__printer_end(universe, number, code, is_dead);
    else
        mr__death(universe, number, code, is_dead);
}

/* A record from a rank that has said hello. false: drop the connection. */
static bool hear_rank(mr__universe *universe, int number, const mr__record *record)
{
    mr__rank *rank = universe->ranks[number];
    switch ((mr__record_type)record->type) {
    case MR__STAGE:
        rank->stage = record->a == MR__STAGE_MERGE ? MR__STAGE_MERGE : rank->stage;
        mr__roster_note(universe, rank, NULL);
        return true;
    case MR__PLACE:
        hear_place(universe, rank, record);
        return true;
    case MR__PARKED:
        return hear_parked(universe, rank, record);
    case MR__DONE:
        if (rank->state == MR__RANK_BUSY)
            hear_end(universe, number, (int)record->a, false);
        return true;
    case MR__SIGNAL:
        mr__universe_signal(universe, record->process, (int)record->a);
        return true;
    case MR__REQUEST:
        hear_request(universe, number, record);
        return true;
    case MR__WHERE:
        hear_where(universe, number, record);
        return true;
    case MR__HOME:
        return mr__homes_hear(universe, number, record);
    case MR__FORGOTTEN:
        mr__homes_forgot(universe, number, record->rank);
        return true;
    default:
        return false; /* none of ours sends that */
    }
}

/* The runtime's daemon at an address is gone, and without it no rank can live or be started there. */
static void hear_lost(mr__universe *universe, const char *address)
{
    for (int i = 1; i < universe->host_count; i++)
        if (strcmp(universe->hosts[i].address, address) == 0)
            mr__universe_lose_host(universe, i);
}

/* More of what a rank has written that died while it came up. */
static bool hear_words(mr__rank *rank, const mr__record *record)
{
    size_t used = rank->words == NULL ? 0 : strlen(rank->words);
    size_t length = strnlen(record->text, sizeof record->text);
    char *words = record->type == MR__WORDS && used < MOST_WORDS ? realloc(rank->words, used + length + 1) : NULL;
    if (words == NULL)
        return false;
    memcpy(words + used, record->text, length);
    words[used + length] = '\0';
    rank->words = words;
    return true;
}

/* A record from whoever has said hello. A rank does not speak for its supervisor, nor the other way round. */
static bool hear(mr__universe *universe, mr__connection *from)
{
    const mr__record *record = &from->inbox.record;
    if (from->kind == BEARER) {
        int descriptor = from->descriptor;
        from->descriptor = -1;
        return mr__vault_serve(universe, from->fd, record, descriptor);
    }
    if (from->kind == RANK)
        return hear_rank(universe, from->rank, record);
    if (from->kind == RELAY) {
        hear_lost(universe, record->text);
        return record->type == MR__LOST;
    }
    if (from->kind == DYING)
        return hear_words(universe->ranks[from->rank], record);
    if (record->type == MR__EXITED)
        hear_end(universe, from->rank, (int)record->a, true);
    return record->type == MR__EXITED;
}

/* Whether it is the host that does not answer; else the other side has closed, or was killed. */
static bool is_of_host(int error)
{
    return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH;
}

/* The other side of a socket is gone. A supervisor that has not said how its rank ended was killed itself, or its
 * host is lost. */
static void lose(mr__universe *universe, const mr__connection *from, int error)
{
    if (is_of_host(error) && (from->kind == RANK || from->kind == SUPERVISOR))
        mr__universe_lose_host(universe, universe->ranks[from->rank]->host);
    if (from->kind != RANK && from->kind != SUPERVISOR && from->kind != DYING)
        return;
    mr__rank *rank = universe->ranks[from->rank];
    if (from->kind == DYING) {
        rank->is_told = true; /* births.c sees to it */
        mr__changed();
        return;
    }
    if (from->kind == RANK) {
        rank->link = NULL;
        mr__homes_lose_agent(universe, from->rank);
        if (rank->state == MR__RANK_STARTING)
            rank->lost_at = mr__now(); /* births.c sees to it */
        mr__changed();
        return;
    }
    rank->supervisor = NULL;
    if (rank->state != MR__RANK_DEAD)
        hear_end(universe, from->rank, -SIGKILL, true); /* unless its end is known already */
    mr__changed();
}

static void read_connection(mr__universe *universe, mr__connection *from)
{
    int arrived, error = 0;
    bool stays = true;
    mr__lock();
    while (stays && from->kind != OUTPUT && from->kind != CALLER &&
           (arrived =
                mr__link_poll_with(from->fd, &from->inbox, from->kind == BEARER ? &from->descriptor : NULL)) != 0)
        if (arrived < 0) {
            error = errno;
            stays = false;
        } else {
            universe->records_heard++;
            stays = from->kind == STRANGER ? hear_hello(universe, from) : hear(universe, from);
        }
    if (!stays) {
        lose(universe, from, error);
        drop(universe, from);
    } else if (from->kind == OUTPUT) {
        mr__printer_add(universe, from->rank, (int)from->inbox.record.a, from->fd);
        unwatch(universe, from);
    } else if (from->kind == CALLER) {
        int rank = from->rank, tag = (int)from->inbox.record.a, socket = from->fd;
        unwatch(universe, from);
        mr__ctx.callers->take(rank, tag, socket);
    }
    mr__unlock();
}

/* Makes room when there are no more file descriptors: the stranger that has been silent for longest goes. */
static void drop_a_stranger(mr__universe *universe)
{
    mr__connection *oldest = NULL;
    for (mr__connection *c = universe->connections; c != NULL; c = c->next)
        if (c->kind == STRANGER)
            oldest = c; /* new ones come first */
    if (oldest != NULL)
        drop(universe, oldest);
}

/* Takes a new connection. false: others may be gone, and what was to be read of them. */
static bool take_stranger(mr__universe *universe, const mr__connection *listener)
{
    int fd = mr__link_accept(listener->fd, listener->is_local);
    if (fd < 0) {
        drop_a_stranger(universe);
        return false;
    }
    if (watch(universe, fd, STRANGER, listener->is_local) == NULL)
        close(fd);
    return true;
}

/* Looks after the hosts that have something on its way to them; the kernel does so for the others. */
static void look_for_losses(mr__universe *universe)
{
    mr__lock();
    for (const mr__connection *c = universe->connections; c != NULL; c = c->next)
        if ((c->kind == RANK || c->kind == SUPERVISOR) && !c->is_local && mr__link_is_silent(c->fd))
            mr__universe_lose_host(universe, universe->ranks[c->rank]->host);
    mr__unlock();
}

/* What is done once a second while there are other hosts, or descriptors in the vault. */
static void look_around(mr__universe *universe)
{
    if (mr__ctx.launch.many_hosts)
        look_for_losses(universe);
    mr__lock();
    mr__vault_sweep(universe);
    mr__unlock();
}

static void *run_hub(void *unused)
{
    (void)unused;
    mr__universe *universe = mr__ctx.universe;
    struct epoll_event events[EVENTS_AT_ONCE];
    double looked_at = 0;
    for (;;) {
        bool looks = mr__ctx.launch.many_hosts || universe->vault != NULL;
        int count = epoll_wait(universe->events, events, EVENTS_AT_ONCE, looks ? LOOK_MS : -1);
        if (looks && mr__now() - looked_at > 0.9 * LOOK_MS / 1000) {
            look_around(universe);
            looked_at = mr__now();
        }
        for (int i = 0; i < count; i++) {
            mr__connection *from = events[i].data.ptr;
            if (from->kind == STOP)
                return NULL;
            if (events[i].events & EPOLLOUT)
                send_rest(universe, from);
            if (from->kind != LISTENER) {
                if (events[i].events & ~(uint32_t)EPOLLOUT)
                    read_connection(universe, from);
                continue;
            }
            if (!take_stranger(universe, from))
                break; /* what else there is will be told again */
        }
    }
}

mr_status mr__hub_start(mr__universe *universe, bool over_network)
{
    mr_status status =
        mr__link_listen(over_network, &universe->listeners[0], &universe->listeners[1], &universe->address);
    if (status != MR_OK)
        return status;
    universe->events = mr__above_stdio(epoll_create1(EPOLL_CLOEXEC));
    universe->stop = mr__above_stdio(eventfd(0, EFD_CLOEXEC));
    bool watched = universe->events >= 0 && universe->stop >= 0 &&
                   watch(universe, universe->stop, STOP, true) != NULL &&
                   watch(universe, universe->listeners[0], LISTENER, true) != NULL &&
                   (!over_network || watch(universe, universe->listeners[1], LISTENER, false) != NULL);
    if (!watched)
        return mr__fail(MR_ESYSTEM, "setting up the hub failed: %s", strerror(errno));
    if (over_network)
        status = mr__printer_start(universe);
    return status != MR_OK ? status : mr__thread_start(&universe->hub, "mr-hub", run_hub);
}

void mr__hub_stop(mr__universe *universe)
{
    mr__signal_event(universe->stop);
    pthread_join(universe->hub, NULL);
    mr__printer_stop(universe);
    while (universe->connections != NULL)
        drop(universe, universe->connections);
    mr__vault_free(universe);
    close(universe->events);
}
