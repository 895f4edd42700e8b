#include "agent/agent.h"

#include "arena/arena.h"
#include "base/status.h"
#include "far/deputy.h"
#include "object/seat.h"
#include "universe/self.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct timeval HELLO_PATIENCE = {.tv_sec = 10}; /* that a newcomer may take to say who it is */

typedef struct mr__agent {
    int link, memory, listeners[2];
    mr__address address;
    pthread_t thread;
    unsigned char *dead; /* by rank: 1 when it is known to be dead */
    size_t dead_count;   /* ranks that there is room for; those beyond live */
} mr__agent;

/* ---- Ends: lock held ---- */

static bool is_dead(int rank)
{
    const mr__agent *agent = mr__ctx.agent;
    return (size_t)rank < agent->dead_count && agent->dead[rank] != 0;
}

static void note_dead(mr__agent *agent, int rank)
{
    size_t count = (size_t)rank + 1;
    if (count > agent->dead_count) {
        size_t room = 2 * count;
        unsigned char *grown = realloc(agent->dead, room);
        if (grown == NULL)
            return; /* a late call in its name would be served, as if it lived */
        memset(grown + agent->dead_count, 0, room - agent->dead_count);
        agent->dead = grown;
        agent->dead_count = room;
    }
    agent->dead[rank] = 1;
}

static void release(int rank)
{
    mr__record record = {.type = MR__FORGOTTEN, .rank = rank};
    mr__objects_forget((uint32_t)rank);
    if (is_dead(rank))
        mr__seats_free((uint32_t)rank);
    mr__link_send(mr__ctx.agent->link, &record, NULL, 0);
}

static void forget(int rank, bool is_rank_dead)
{
    if (rank < 0)
        return;
    if (is_rank_dead)
        note_dead(mr__ctx.agent, rank);
    if (!is_rank_dead || !mr__ctx.callers->dismiss(rank))
        release(rank);
}

/* ---- What callers have to know of their ranks ---- */

static bool takes(int rank)
{
    return rank >= 0 && !is_dead(rank);
}

static MPI_Comm no_comm(int rank, int *number)
{
    *number = rank;
    return MPI_COMM_NULL;
}

static const mr__caller_ranks ranks = {takes, no_comm, release};

/* ---- Newcomers ---- */

/* A socket's other side says who it is; then it is served, or given the memory. */
static void *meet(void *given)
{
    int fd = (int)(intptr_t)given;
    mr__record hello, welcome = {.type = MR__WELCOME};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &HELLO_PATIENCE, sizeof HELLO_PATIENCE);
    bool is_ours =
        mr__link_receive(fd, &hello, NULL) == MR_OK && mr__address_opens(&mr__ctx.agent->address, &hello);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0}, sizeof(struct timeval));
    if (is_ours && hello.b == MR__FROM_CALLER) {
        mr__deputy_become(hello.rank, (int)hello.a, fd);
        return NULL;
    }
    if (is_ours && hello.b == MR__FROM_NEIGHBOUR)
        mr__link_send(fd, &welcome, &mr__ctx.agent->memory, 1);
    close(fd);
    return NULL;
}

static void take_newcomer(int listener, bool is_local)
{
    pthread_t thread;
    int fd = mr__link_accept(listener, is_local);
    if (fd < 0)
        return;
    if (mr__thread_start_with(&thread, "mr-deputy", meet, (void *)(intptr_t)fd) == MR_OK)
        pthread_detach(thread);
    else
        close(fd);
}

/* ---- What main says ---- */

static void hear(const mr__record *record)
{
    mr__lock();
    if (record->type == MR__FORGET)
        forget(record->rank, record->a != 0);
    else if (record->type == MR__HAND_OVER)
        mr__kinds[MR__KIND_PIPE]->custody->hand_over(&record->process, sizeof record->process, MR__ANYBODY,
                                                     (uint32_t)record->rank);
    mr__unlock();
}

static _Noreturn void *run(void *unused)
{
    (void)unused;
    mr__agent *agent = mr__ctx.agent;
    struct pollfd sources[] = {
        {agent->link, POLLIN, 0}, {agent->listeners[0], POLLIN, 0}, {agent->listeners[1], POLLIN, 0}};
    for (;;) {
        if (poll(sources, 3, -1) < 0)
            continue;
        mr__record record = {0};
        if (sources[0].revents != 0) {
            mr__self_hear(&record);
            hear(&record);
        }
        for (int i = 0; i < 2; i++)
            if (sources[1 + i].revents != 0)
                take_newcomer(agent->listeners[i], i == 0);
    }
}

/* ---- Beginning ---- */

static void send_piece(const mr__record *record, void *link)
{
    mr__link_send(*(int *)link, record, NULL, 0);
}

mr_status mr__agent_start(uint32_t home, int link)
{
    mr__agent *agent = calloc(1, sizeof *agent);
    if (agent == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for the agent of %s", mr__ctx.host);
    agent->link = link;
    mr_status status = mr__topology_load(&mr__ctx.topology, NULL, NULL); /* methods ask for it */
    if (status == MR_OK)
        status = mr__arena_create(&agent->memory);
    if (status == MR_OK)
        status = mr__link_listen(true, &agent->listeners[0], &agent->listeners[1], &agent->address);
    if (status != MR_OK) {
        free(agent);
        return status;
    }
    mr__ctx.agent = agent;
    mr__ctx.home = home;
    mr__ctx.caller_ranks = &ranks;
    mr__ctx.phase = MR__PHASE_RUNNING;
    status = mr__thread_start(&agent->thread, "mr-agent", run);
    mr__record record = {.type = MR__HOME};
    if (status == MR_OK)
        mr__address_send(&agent->address, &record, send_piece, &agent->link);
    return status;
}

_Noreturn void mr__agent_serve(void)
{
    char name[16];
    snprintf(name, sizeof name, "mr-agent-%u", mr__ctx.home);
    prctl(PR_SET_NAME, name);
    for (;;)
        pause();
}

/* ---- Its neighbours ---- */

mr_status mr__agent_join(uint32_t home, const char *where)
{
    mr__address address;
    mr__record record = {.type = MR__HELLO, .rank = mr__ctx.rank, .b = MR__FROM_NEIGHBOUR};
    int fd = -1, descriptors[MR__DESCRIPTORS] = {-1, -1, -1};
    bool is_local;
    snprintf(address.text, sizeof address.text, "%s", where);
    mr_status status = mr__address_key(&address, record.text);
    if (status == MR_OK)
        status = mr__link_connect(&address, &fd, &is_local);
    if (status != MR_OK)
        return status;
    status = mr__link_send(fd, &record, NULL, 0);
    if (status == MR_OK)
        status = mr__link_receive(fd, &record, descriptors);
    if (status == MR_OK && descriptors[0] < 0)
        status = mr__fail(MR_ELAUNCH, "the agent of %s has given no memory", mr__ctx.host);
    if (status == MR_OK)
        status = mr__arena_join(descriptors[0]);
    if (status == MR_OK)
        mr__ctx.home = home;
    if (descriptors[0] >= 0)
        close(descriptors[0]);
    close(fd);
    return status;
}
