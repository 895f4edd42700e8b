/* What comes from outside may be anything: records on links, what connects to the hub, what lies in a ring. The
 * hub here is the real one, with ranks that are made up. MR_TEST_SEED gives the first seed, MR_TEST_LONG=1 a
 * hundred times as many rounds. */
#include "arena/arena.h"
#include "far/deputy.h"
#include "messages/ring.h"
#include "process/process.h"
#include "transport/links.h"
#include "universe/death.h"
#include "universe/universe.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned seed;

static int at_random(int limit)
{
    return rand_r(&seed) % limit;
}

static int rounds(int count)
{
    const char *first = getenv("MR_TEST_SEED"), *is_long = getenv("MR_TEST_LONG");
    seed = first != NULL ? (unsigned)strtoul(first, NULL, 10) : 1;
    return is_long != NULL && *is_long == '1' ? 100 * count : count;
}

/* Numbers at which something may go wrong. */
static int64_t odd_number(void)
{
    static const int64_t numbers[] = {0,         1,         -1,         2,         3,         15,
                                      16,        255,       65535,      65536,     INT32_MAX, INT32_MIN,
                                      INT64_MAX, INT64_MIN, UINT32_MAX, 1LL << 32, 1LL << 40};
    return at_random(4) == 0 ? (int64_t)((uint64_t)rand_r(&seed) << at_random(40))
                             : numbers[at_random(sizeof numbers / sizeof numbers[0])];
}

static void scribble(void *place, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)place)[i] = (unsigned char)(at_random(3) == 0 ? 255 : rand_r(&seed));
}

static bool is_readable(int socket, int milliseconds)
{
    struct pollfd end = {.fd = socket, .events = POLLIN};
    return poll(&end, 1, milliseconds) == 1;
}

/* ---- Links ---- */

/* Whatever arrives, in whatever pieces, comes out in records of the right size, whose text ends. */
Test(fuzz, records_come_in_pieces)
{
    for (int left = rounds(2000); left > 0; left--) {
        unsigned char bytes[5 * sizeof(mr__record)];
        size_t size = (size_t)at_random(sizeof bytes), sent = 0;
        mr__inbox inbox = {0};
        int ends[2], arrived = 0, records = 0;
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        scribble(bytes, sizeof bytes);
        while (arrived >= 0) {
            size_t piece =
                (size_t)at_random(300) < size - sent ? (size_t)at_random((int)(size - sent)) + 1 : size - sent;
            cr_assert_eq(send(ends[1], bytes + sent, piece, MSG_NOSIGNAL), (ssize_t)piece);
            sent += piece;
            if (sent == size)
                shutdown(ends[1], SHUT_WR);
            while ((arrived = mr__link_poll(ends[0], &inbox)) == 1) {
                cr_assert(memchr(inbox.record.text, '\0', sizeof inbox.record.text) != NULL);
                cr_assert_eq(memcmp(&inbox.record, bytes + (size_t)records * sizeof(mr__record), 24), 0);
                records++;
            }
        }
        cr_assert_eq(records, (int)(size / sizeof(mr__record)));
        close(ends[0]);
        close(ends[1]);
    }
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* The same where one waits for a record; descriptors that nobody has asked for are closed. */
Test(fuzz, records_come_with_descriptors)
{
    int before = count_descriptors();
    for (int left = rounds(500); left > 0; left--) {
        mr__record record, seen;
        int ends[2], given[] = {0, 1, 2}, taken[MR__DESCRIPTORS], count = at_random(MR__DESCRIPTORS + 1);
        bool wants = at_random(2) == 0, is_cut = at_random(3) == 0;
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        scribble(&record, sizeof record);
        cr_assert_eq(mr__link_send(ends[1], &record, given, count), MR_OK);
        cr_assert_eq(send(ends[1], &record, (size_t)at_random(sizeof record), 0) >= 0, true);
        close(ends[1]);
        cr_assert_eq(mr__link_receive(ends[0], &seen, wants ? taken : NULL), MR_OK);
        cr_assert(memchr(seen.text, '\0', sizeof seen.text) != NULL);
        for (int i = 0; i < MR__DESCRIPTORS && wants; i++) {
            cr_assert_eq(taken[i] >= 0, i < count);
            if (taken[i] >= 0)
                close(taken[i]);
        }
        if (is_cut) /* what is left is no record */
            cr_assert_eq(mr__link_receive(ends[0], &seen, NULL), MR_EDIED);
        close(ends[0]);
    }
    cr_assert_eq(count_descriptors(), before);
}

/* Addresses come by the environment. Nothing here may lead to a host that there is. */
Test(fuzz, addresses)
{
    static const char front[] = "0123456789abcdef0123456789abcdef multirank-nobody",
                      back[] = " 127.0.0.1:0 127.0.0.1:65537 127.0.0.1 host:1 :: :";
    for (int left = rounds(300); left > 0; left--) {
        mr__address address = {""};
        char key[MR__KEY_SIZE];
        int fd;
        bool is_local;
        snprintf(address.text, sizeof address.text, "%s%s", front, back);
        for (int i = at_random(5); i >= 0; i--)
            address.text[at_random(sizeof front)] = " :\0a0\xff"[at_random(6)];
        if (at_random(10) == 0) /* a name that is longer than a socket's may be */
            memset(address.text + 33, 'n', 500);
        mr_status status = mr__address_key(&address, key);
        cr_assert(status == MR_ELAUNCH || (status == MR_OK && strlen(key) < sizeof key));
        cr_assert_eq(mr__link_connect(&address, &fd, &is_local), MR_ELAUNCH, "connected: %s", address.text);
    }
}

/* ---- The hub ---- */

enum { RANKS = 6, SOCKETS = 32 };

static mr__universe *universe;

static void come(void)
{
    gethostname(mr__ctx.host, sizeof mr__ctx.host);
    static mr__tally tally;
    cr_assert_eq(mr__universe_create(&universe), MR_OK);
    cr_assert_eq(mr__arena_create(&universe->arena), MR_OK);
    mr__ctx.universe = universe;
    mr__ctx.tally = &tally;
    mr__ctx.family = &mr__process_family;
    mr__ctx.callers = &mr__deputies;
    mr__ctx.caller_ranks = &mr__death_ranks;
    cr_assert_not_null(mr__universe_add_batch(universe, RANKS, MPI_COMM_NULL));
    cr_assert_eq(mr__hub_start(universe, false), MR_OK);
}

static void go(void)
{
    mr__hub_stop(universe);
    mr__universe_free(universe);
    mr__arena_leave();
}

static int connect_to_hub(void)
{
    int fd;
    bool is_local;
    cr_assert_eq(mr__link_connect(&universe->address, &fd, &is_local), MR_OK);
    return fd;
}

static mr__record make_hello(mr__sender sender, int rank)
{
    mr__record hello = {.type = MR__HELLO, .rank = rank, .process = 1, .a = getpid(), .b = sender};
    size_t used = (size_t)snprintf(hello.text, sizeof hello.text, "%.32s ", universe->address.text);
    for (size_t i = 0; i < MR__BUILD_ID_SIZE; i++)
        used += (size_t)snprintf(hello.text + used, sizeof hello.text - used, "%02x", universe->build_id[i]);
    snprintf(hello.text + used, sizeof hello.text - used, " %s", mr__ctx.host);
    return hello;
}

/* A rank that behaves (the last one) is welcomed, as its supervisor is, and can leave: the hub is there. */
static void check_is_there(void)
{
    mr__record hello = make_hello(MR__FROM_RANK, RANKS - 1), welcome = {0};
    int descriptors[MR__DESCRIPTORS], rank = connect_to_hub();
    cr_assert_eq(mr__link_send(rank, &hello, NULL, 0), MR_OK);
    cr_assert(is_readable(rank, 10000), "the hub does not answer");
    cr_assert_eq(mr__link_receive(rank, &welcome, descriptors), MR_OK);
    cr_assert_eq(welcome.type, MR__WELCOME);
    cr_assert_eq(welcome.rank, RANKS);
    for (int i = 0; i < MR__DESCRIPTORS; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    close(rank);
    double until = mr__now() + 10;
    for (bool is_gone = false; !is_gone && mr__now() < until; usleep(100)) {
        mr__lock();
        is_gone = universe->ranks[RANKS]->link == NULL;
        mr__unlock();
    }
}

/* What a stranger may say first; now and then he is let in, but never as the rank that behaves. */
static mr__record make_doubtful_hello(void)
{
    mr__record hello = make_hello((mr__sender)at_random(5), at_random(RANKS - 1));
    switch (at_random(6)) {
    case 0:
        scribble(&hello, sizeof hello);
        break;
    case 1:
        hello.text[at_random(32)] ^= 1; /* a wrong key */
        break;
    case 2:
        hello.rank = (int32_t)odd_number();
        hello.process = (uint64_t)odd_number();
        break;
    case 3:
        hello.b = odd_number();
        break;
    case 4:
        hello.text[MR__KEY_SIZE + at_random(40)] = '?'; /* another build */
        break;
    default:
        hello.type = (uint32_t)odd_number();
        break;
    }
    return hello;
}

Test(fuzz, strangers_at_the_hub, .init = come, .fini = go, .timeout = 600)
{
    int sockets[SOCKETS];
    for (int i = 0; i < SOCKETS; i++)
        sockets[i] = connect_to_hub();
    for (int left = rounds(3000); left > 0; left--) {
        int i = at_random(SOCKETS), files[] = {0, 1, 2};
        mr__record hello = make_doubtful_hello();
        if (at_random(2) == 0)
            mr__link_send(sockets[i], &hello, files, at_random(4));
        else
            send(sockets[i], &hello, (size_t)at_random(sizeof hello), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (at_random(3) == 0) { /* the others stay, in the middle of a record */
            close(sockets[i]);
            sockets[i] = connect_to_hub();
        }
        if (left % 100 == 0)
            check_is_there();
    }
    for (int i = 0; i < SOCKETS; i++)
        close(sockets[i]);
    check_is_there();
}

/* A rank and its supervisor, who have been let in. */
typedef struct pair {
    int rank, supervisor;
} pair;

static pair let_in(int rank)
{
    pair new = {connect_to_hub(), connect_to_hub()};
    mr__record hello = make_hello(MR__FROM_RANK, rank);
    mr__link_send(new.rank, &hello, NULL, 0);
    hello = make_hello(MR__FROM_SUPERVISOR, rank + 1);
    mr__link_send(new.supervisor, &hello, NULL, 0);
    return new;
}

static void drain(int socket)
{
    char bytes[4096];
    while (recv(socket, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

static void say_anything(const pair *from)
{
    mr__record record;
    scribble(&record, sizeof record);
    if (at_random(20) != 0) {
        record.type = (uint32_t)at_random(MR__RECORD_TYPES + 2);
        record.rank = (int32_t)odd_number();
        record.process = (uint64_t)(at_random(2) == 0 ? at_random(10) : odd_number());
        record.a = odd_number();
        record.b = odd_number();
    }
    mr__link_send(at_random(4) == 0 ? from->supervisor : from->rank, &record, NULL, 0);
    drain(from->rank);
    drain(from->supervisor);
}

/* As if a process ran there. */
static void make_busy(int number)
{
    mr__lock();
    mr__rank *rank = universe->ranks[number];
    if (rank->host >= 0 && rank->state != MR__RANK_BUSY) {
        if (rank->state == MR__RANK_DEAD)
            rank->batch->alive++;
        rank->state = MR__RANK_BUSY;
        rank->process = ++universe->last_process;
        rank->creator = (uint64_t)at_random(4);
        universe->hosts[rank->host].busy++;
    }
    mr__unlock();
}

static void check_sanity(void)
{
    char text[300];
    mr__lock();
    mr__universe_who_waits(universe, text, sizeof text);
    for (int i = 1; i <= RANKS; i++) {
        const mr__rank *rank = universe->ranks[i];
        cr_assert(rank->seat < mr__ctx.arena->seats);
        cr_assert(rank->host >= -1 && rank->host < universe->host_count);
        cr_assert(rank->stage >= MR__STAGE_NONE && rank->stage <= MR__STAGE_READY);
    }
    for (int i = 0; i < universe->host_count; i++)
        cr_assert(universe->hosts[i].busy >= 0 && universe->hosts[i].pus >= 1 && universe->hosts[i].cores >= 1);
    cr_assert_geq(mr__universe_cores(universe), 1);
    while (universe->wishes != NULL) { /* nobody else serves them here */
        mr__wish *next = universe->wishes->next;
        cr_assert(universe->wishes->pending >= 0);
        free(universe->wishes);
        universe->wishes = next;
    }
    mr__unlock();
}

/* Those who know the key may go mad, too; then they harm themselves only. */
Test(fuzz, ranks_that_went_mad, .init = come, .fini = go, .timeout = 600)
{
    pair pairs[RANKS - 1];
    for (int i = 0; i < RANKS - 1; i++)
        pairs[i] = let_in(i);
    for (int left = rounds(5000); left > 0; left--) {
        int i = at_random(RANKS - 1);
        say_anything(&pairs[i]);
        if (at_random(10) == 0)
            make_busy(i + 1);
        if (at_random(5) == 0) {
            close(pairs[i].rank);
            close(pairs[i].supervisor);
            pairs[i] = let_in(i);
        }
        if (left % 100 == 0) {
            check_is_there();
            check_sanity();
        }
    }
    for (int i = 0; i < RANKS - 1; i++) {
        close(pairs[i].rank);
        close(pairs[i].supervisor);
    }
    check_is_there();
}

/* Many who only connect take all descriptors; the hub still hears those who have something to say. */
/* Whether a rank that comes now is let in. */
static bool is_let_in(void)
{
    mr__record hello = make_hello(MR__FROM_RANK, RANKS - 1), welcome = {0};
    int descriptors[MR__DESCRIPTORS], rank = connect_to_hub();
    return mr__link_send(rank, &hello, NULL, 0) == MR_OK && is_readable(rank, 10000) &&
           mr__link_receive(rank, &welcome, descriptors) == MR_OK && welcome.type == MR__WELCOME;
}

/* The strangers are another process, since the descriptors of this one, the hub's too, run out. */
Test(fuzz, strangers_who_stay, .init = come, .fini = go, .timeout = 60)
{
    enum { FEW = 64, MANY = 150 };
    struct rlimit before, few;
    int status = -1;
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = FEW;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    pid_t others = fork();
    cr_assert_geq(others, 0);
    if (others == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setrlimit(RLIMIT_NOFILE, &before);
        for (int i = 0; i < MANY; i++)
            connect_to_hub();
        _exit(is_let_in() ? 0 : 1);
    }
    cr_assert_eq(waitpid(others, &status, 0), others);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the hub has no room for a rank among the strangers");
}

/* ---- Rings ---- */

static mr_status nobody_is_there(const void *place)
{
    (void)place;
    return MR_EEOF;
}

static void ring_nobody(const void *place)
{
    (void)place;
}

/* What damage does best: some bytes here and there, a position, a header. */
static void damage(mr__ring *ring)
{
    uint64_t odd = at_random(2) == 0 ? (uint64_t)odd_number() : (uint64_t)at_random(1 << 21);
    switch (at_random(5)) {
    case 0:
        ring->head = odd;
        break;
    case 1:
        ring->tail = odd;
        break;
    case 2:
        ring->seen_head = odd;
        break;
    case 3:
        ring->seen_tail = odd;
        break;
    default: /* flags, too */
        ((uint64_t *)(void *)ring->bytes)[at_random(64)] = odd | (uint64_t)at_random(8) << 61;
        break;
    }
}

/* Writers and readers of a ring that somebody has written over stay within it and its messages, and come back. */
Test(fuzz, damaged_rings, .timeout = 600)
{
    enum { GUARD = 64, CAPACITY = 1 << 17 };
    static const unsigned char guard[GUARD] = {0};
    struct guarded {
        unsigned char before[GUARD];
        mr__ring ring;
        unsigned char behind[GUARD];
    } *place = aligned_alloc(MR__LINE, (sizeof *place + MR__LINE - 1) / MR__LINE * MR__LINE);
    unsigned char *buffer = malloc(CAPACITY);
    int refused = 0;
    memset(place, 0, sizeof *place);
    for (int left = rounds(5000); left > 0; left--) {
        memset(place, 0, offsetof(struct guarded, ring.bytes));
        place->ring.head = place->ring.tail = place->ring.seen_head = place->ring.seen_tail =
            (uint64_t)(at_random(4) == 0 ? MR__RING_SIZE - 64 : 0);
        mr__flow flow = {
            .ring = &place->ring, .deadline = -1, .look_around = nobody_is_there, .ring_watchers = ring_nobody};
        uint64_t size;
        for (int i = at_random(6); i > 0; i--)
            mr__ring_write(&flow, buffer, (uint64_t)at_random(at_random(3) == 0 ? CAPACITY : 200));
        bool is_damaged = at_random(8) != 0;
        for (int i = at_random(3); is_damaged && i >= 0; i--)
            damage(&place->ring);
        mr__ring_write(&flow, buffer, (uint64_t)at_random(CAPACITY));
        mr_status status = MR_OK;
        for (int i = 0; i < 100 && status == MR_OK; i++) {
            status = mr__ring_await(&flow, &size);
            if (status == MR_OK)
                status = size > CAPACITY ? MR_ETOOSMALL : mr__ring_read(&flow, buffer, size);
        }
        cr_assert(is_damaged || status == MR_EEOF, "%s", mr_status_name(status));
        cr_assert_neq(status, MR_ETIMEDOUT, "a reader would try for ever");
        refused += status == MR_ESTATE;
        cr_assert(memcmp(place->before, guard, GUARD) == 0 && memcmp(place->behind, guard, GUARD) == 0);
    }
    cr_assert_gt(refused, 0);
    free(buffer);
    free(place);
}
