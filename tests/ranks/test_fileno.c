/* Descriptors of connections and queues, with poll(2) and epoll. */
#include "scenario.h"
#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const double soon = 30;

/* Whether a descriptor becomes readable within so many seconds. */
static bool is_readable(int fd, double seconds)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    int count = poll(&item, 1, (int)(seconds * 1000));
    return count == 1 && item.revents == POLLIN;
}

/* Nothing that was sent can make it readable later: the watcher has had its chance. */
static bool stays_unreadable(int fd)
{
    return !is_readable(fd, 0.1);
}

static bool is_gone(int fd)
{
    return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

/* ---- Readable as long as there is something ---- */

/* Connection.fileno */
SCENARIO_SHARED(fileno, follows_messages)
{
    mr_connection r, w;
    int value;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    int fd = mr_connection_fileno(&r);
    CHECK_OR_STOP(CHECK(fd > STDERR_FILENO));
    CHECK_EQ(mr_connection_fileno(&r), fd);
    for (int round = 0; round < 3; round++) {
        CHECK(stays_unreadable(fd));
        for (int i = 0; i < 2; i++)
            CHECK_OK(mr_connection_send(&w, &i, sizeof i, 0));
        CHECK(is_readable(fd, soon));
        CHECK_OK(mr_connection_recv(&r, &value, sizeof value, NULL, 0));
        CHECK(is_readable(fd, 0));
        CHECK_STATUS(mr_connection_recv(&r, &value, 1, NULL, 0), MR_ETOOSMALL);
        CHECK(is_readable(fd, 0));
        CHECK_OK(mr_connection_recv(&r, &value, sizeof value, NULL, 0));
        CHECK_EQ(value, 1);
        CHECK(!is_readable(fd, 0)); /* at once: so one may also receive without a time-out of 0 */
        CHECK_STATUS(mr_connection_recv(&r, &value, sizeof value, NULL, 0), MR_ETIMEDOUT);
        CHECK(mr_last_status() == MR_ETIMEDOUT && mr_last_error()[0] != '\0');
    }
    CHECK_OK(mr_connection_send(&w, NULL, 0, 0));
    CHECK_OK(mr_connection_close(&w));
    CHECK(is_readable(fd, soon));
    CHECK_OK(mr_connection_recv(&r, &value, sizeof value, NULL, 0));
    CHECK(is_readable(fd, 0)); /* the end of file */
    CHECK_STATUS(mr_connection_recv(&r, &value, sizeof value, NULL, 0), MR_EEOF);
    CHECK(is_readable(fd, 0));
    CHECK_OK(mr_connection_poll(&r, 0));
    CHECK(is_readable(fd, 0));
    CHECK_OK(mr_connection_close(&r));
    CHECK(is_gone(fd));
}

SCENARIO_SHARED(fileno, follows_items)
{
    mr_queue q;
    int value;
    CHECK_OK(mr_queue_init(&q, 0));
    CHECK_OK(mr_queue_put(&q, "first", 5, 0));
    int fd = mr_queue_fileno(&q);
    CHECK_OR_STOP(CHECK(fd > STDERR_FILENO));
    CHECK_EQ(mr_queue_fileno(&q), fd);
    CHECK(is_readable(fd, 0)); /* it was there before */
    CHECK_STATUS(mr_queue_get(&q, &value, 1, NULL, 0), MR_ETOOSMALL);
    CHECK(is_readable(fd, 0));
    void *data;
    size_t size;
    CHECK_OK(mr_queue_get_alloc(&q, &data, &size, 0));
    free(data);
    CHECK(stays_unreadable(fd));
    CHECK_STATUS(mr_queue_get(&q, &value, sizeof value, NULL, 0), MR_ETIMEDOUT);
    CHECK_OK(mr_queue_put(&q, &value, sizeof value, 0));
    CHECK(is_readable(fd, soon));
    CHECK_OK(mr_queue_close(&q));
    CHECK(is_gone(fd));
    CHECK_REFUSED(mr_queue_fileno(&q) < 0, MR_ECLOSED);
    CHECK_OK(mr_queue_destroy(&q));
    CHECK_REFUSED(mr_queue_fileno(&q) < 0, MR_ECLOSED);
}

/* ---- One thread waits for everything ---- */

enum { WRITERS = 3, MESSAGES = 50 };

struct job {
    mr_connection w;
    mr_queue q;
};

static int writes(const void *args, size_t size)
{
    const struct job *job = args;
    CHECK_EQ(size, sizeof *job);
    for (int i = 0; i < MESSAGES; i++) {
        if (i % 10 == 0)
            rest(0.01);
        CHECK_OK(mr_connection_send(&job->w, &i, sizeof i, soon));
        CHECK_OK(mr_queue_put(&job->q, &i, sizeof i, soon));
    }
    return 0;
}

struct loop {
    mr_connection r[WRITERS];
    mr_queue q;
    int next[WRITERS], items, ends, bytes;
};

/* What the descriptor number i says; the last two are the queue's and the socket. */
static void serve(struct loop *loop, int events, int i, int stream)
{
    int value = -1;
    char byte;
    mr_status status;
    if (i == WRITERS + 1) {
        loop->bytes += (int)read(stream, &byte, 1);
    } else if (i == WRITERS) {
        status = mr_queue_get(&loop->q, &value, sizeof value, NULL, 0);
        CHECK(status == MR_OK || status == MR_ETIMEDOUT);
        loop->items += status == MR_OK;
    } else {
        status = mr_connection_recv(&loop->r[i], &value, sizeof value, NULL, 0);
        if (status == MR_OK)
            CHECK_EQ(value, loop->next[i]++);
        if (status == MR_EEOF) {
            int fd = mr_connection_fileno(&loop->r[i]);
            CHECK_EQ(epoll_ctl(events, EPOLL_CTL_DEL, fd, NULL), 0);
            CHECK_OK(mr_connection_close(&loop->r[i]));
            loop->ends++;
        }
        CHECK(status == MR_OK || status == MR_ETIMEDOUT || status == MR_EEOF);
    }
}

/* TestWait.test_wait_socket, test_wait_socket_slow: with processes that write into pipes of theirs and all into
 * one queue, and a socket. */
SCENARIO_SHARED(fileno, event_loop)
{
    struct loop loop = {.items = 0};
    mr_process p[WRITERS];
    int sockets[2], fds[WRITERS + 2], events = epoll_create1(EPOLL_CLOEXEC);
    CHECK_OK(mr_queue_init(&loop.q, 0));
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    for (int i = 0; i < WRITERS; i++) {
        struct job job = {.q = loop.q};
        CHECK_OK(mr_pipe_init(&loop.r[i], &job.w, false));
        fds[i] = mr_connection_fileno(&loop.r[i]);
        CHECK_OR_STOP(begin(&p[i], writes, &job, sizeof job));
    }
    fds[WRITERS] = mr_queue_fileno(&loop.q);
    fds[WRITERS + 1] = sockets[0];
    for (int i = 0; i < WRITERS + 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        CHECK_EQ(epoll_ctl(events, EPOLL_CTL_ADD, fds[i], &event), 0);
    }
    CHECK_EQ(write(sockets[1], "x", 1), 1);
    double deadline = now() + soon;
    while ((loop.ends < WRITERS || loop.items < WRITERS * MESSAGES || loop.bytes < 1) && CHECK(now() < deadline)) {
        struct epoll_event event;
        if (epoll_wait(events, &event, 1, (int)(soon * 1000)) == 1)
            serve(&loop, events, (int)event.data.u32, sockets[0]);
    }
    for (int i = 0; i < WRITERS; i++) {
        CHECK_EQ(loop.next[i], MESSAGES);
        CHECK(end(&p[i], soon, 0));
    }
    close(events);
    close(sockets[0]);
    close(sockets[1]);
    CHECK_OK(mr_queue_destroy(&loop.q));
}

/* ---- Several consumers of one queue ---- */

enum { ITEMS = 200 };

struct shared {
    mr_queue items, results;
};

/* Ends at an empty item. */
static int consumes(const void *args, size_t size)
{
    const struct shared *shared = args;
    int fd = mr_queue_fileno(&shared->items), value;
    size_t got;
    (void)size;
    CHECK_OK(mr_queue_put(&shared->results, NULL, 0, 0));
    while (CHECK(is_readable(fd, soon))) {
        mr_status status = mr_queue_get(&shared->items, &value, sizeof value, &got, 0);
        if (status == MR_OK && got == 0)
            return 0;
        if (status == MR_OK)
            CHECK_OK(mr_queue_put(&shared->results, &value, sizeof value, 0));
        else if (!CHECK_EQ(status, MR_ETIMEDOUT))
            return 1;
    }
    return 1;
}

/* Each item is got by one of them, and none is left while somebody waits. */
SCENARIO_SHARED(fileno, consumers)
{
    enum { CONSUMERS = 3 };
    struct shared shared;
    mr_process p[CONSUMERS];
    bool seen[ITEMS] = {false};
    CHECK_OK(mr_queue_init(&shared.items, 0));
    CHECK_OK(mr_queue_init(&shared.results, 0));
    for (int i = 0; i < CONSUMERS; i++)
        CHECK_OR_STOP(begin(&p[i], consumes, &shared, sizeof shared));
    for (int i = 0; i < CONSUMERS; i++)
        CHECK_OK(mr_queue_get(&shared.results, NULL, 0, NULL, soon));
    for (int i = 0; i < ITEMS; i++) {
        CHECK_OK(mr_queue_put(&shared.items, &i, sizeof i, soon));
        if (i % 20 == 0)
            rest(0.005);
    }
    for (int i = 0, value; i < ITEMS; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_queue_get(&shared.results, &value, sizeof value, NULL, soon)));
        CHECK(!seen[value]);
        seen[value] = true;
    }
    for (int i = 0; i < CONSUMERS; i++)
        CHECK_OK(mr_queue_put(&shared.items, NULL, 0, soon));
    for (int i = 0; i < CONSUMERS; i++)
        CHECK(end(&p[i], soon, 0));
    CHECK_OK(mr_queue_destroy(&shared.items));
    CHECK_OK(mr_queue_destroy(&shared.results));
}

/* ---- Ends ---- */

static int waits_to_be_killed(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_connection_send(args, "x", 1, soon));
    note("sent", "%d", 1);
    return sleeps(NULL, 0);
}

static int destroys(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_queue_destroy(args));
    return 0;
}

/* It is told that the descriptor is readable, or is none any more. */
static void *polls(void *fd)
{
    struct pollfd item = {.fd = *(const int *)fd, .events = POLLIN};
    return poll(&item, 1, (int)(soon * 1000)) == 1 ? fd : NULL;
}

SCENARIO_SHARED(fileno, ends)
{
    mr_connection r, w;
    mr_queue q;
    mr_process p;
    pthread_t other;
    char byte;
    void *answer = NULL;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    int fd = mr_connection_fileno(&r);
    CHECK_OR_STOP(begin(&p, waits_to_be_killed, &w, sizeof w));
    CHECK(await_lines("sent", 1, soon) && is_readable(fd, soon));
    CHECK_OK(mr_connection_recv(&r, &byte, 1, NULL, 0));
    CHECK(stays_unreadable(fd));
    CHECK_OK(mr_process_kill(&p));
    CHECK(is_readable(fd, soon));
    CHECK_STATUS(mr_connection_recv(&r, &byte, 1, NULL, 0), MR_EEOF);
    CHECK(end(&p, soon, -SIGKILL));
    CHECK_OK(mr_connection_close(&r));

    CHECK_OK(mr_queue_init(&q, 0));
    fd = mr_queue_fileno(&q);
    CHECK(begin(&p, destroys, &q, sizeof q) && end(&p, soon, 0));
    CHECK(is_readable(fd, soon));
    CHECK_STATUS(mr_queue_get(&q, &byte, 1, NULL, 0), MR_ECLOSED);
    CHECK(strstr(mr_last_error(), "mr_queue_get") != NULL); /* not of the look that followed */
    CHECK(is_readable(fd, 0));
    mr_queue_close(&q);
    CHECK(is_gone(fd));

    CHECK_OK(mr_pipe_init(&r, &w, false)); /* closed while it is polled */
    fd = mr_connection_fileno(&r);
    CHECK_EQ(pthread_create(&other, NULL, polls, &fd), 0);
    rest(0.1);
    CHECK_OK(mr_connection_close(&r));
    CHECK_EQ(pthread_join(other, &answer), 0);
    CHECK(answer == &fd);
    CHECK_OK(mr_connection_close(&w));
}

static int polls_for_ever(const void *args, size_t size)
{
    (void)size;
    struct pollfd item = {.fd = mr_connection_fileno(args), .events = POLLIN};
    note("polls", "%d", item.fd);
    return poll(&item, 1, -1);
}

/* Main, where its watcher sleeps in a far call, lets go of it at once. */
SCENARIO_ON_HOSTS(fileno, far_death)
{
    mr_connection r, w;
    mr_process p;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OK(mr_process_init(&p, polls_for_ever, &r, sizeof r));
    CHECK_OK(mr_process_set_host(&p, "node2"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK(await_lines("polls", 1, soon));
    rest(0.1);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, soon, -SIGKILL));
    CHECK_STATUS(mr_connection_send(&w, "x", 1, 0), MR_EEOF);
}

/* ---- An end that another process has, and that comes back ---- */

static int receives_one(const void *args, size_t size)
{
    char text[8];
    size_t got;
    (void)size;
    CHECK(is_readable(mr_connection_fileno(args), soon));
    CHECK_OK(mr_connection_recv(args, text, sizeof text, &got, soon));
    note("received", "%d", (int)got);
    CHECK(await_lines("go", 1, soon));
    return 0;
}

SCENARIO_SHARED(fileno, moves)
{
    mr_connection r, w;
    mr_process p;
    CHECK_OK(mr_pipe_init(&r, &w, true));
    int fd = mr_connection_fileno(&r);
    CHECK_OR_STOP(begin(&p, receives_one, &r, sizeof r));
    CHECK_OK(mr_connection_send(&w, "one", 3, 0));
    CHECK(await_lines("received", 1, soon));
    CHECK_OK(mr_connection_send(&w, "two", 3, 0));
    CHECK(stays_unreadable(fd));
    CHECK_OK(mr_connection_send(&r, "mine", 4, 0)); /* takes it back */
    CHECK(is_readable(fd, soon));
    char text[4];
    CHECK_OK(mr_connection_recv(&r, text, sizeof text, NULL, 0));
    CHECK(stays_unreadable(fd));
    CHECK_OK(mr_connection_send(&w, "three", 5, 0));
    CHECK(is_readable(fd, soon));
    note("go", "%d", 1);
    CHECK(end(&p, soon, 0));
    CHECK_OK(mr_connection_close(&r));
    CHECK(is_gone(fd));
}

/* ---- What is refused, and what is left ---- */

SCENARIO_SHARED(fileno, misuse)
{
    mr_connection r, w, none = {0};
    mr_queue no_queue = {0};
    CHECK_REFUSED(mr_connection_fileno(NULL) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_connection_fileno(&none) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_queue_fileno(NULL) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_queue_fileno(&no_queue) == -1, MR_EINVAL);
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_REFUSED(mr_connection_fileno(&w) == -1, MR_EINVAL);
    CHECK(mr_connection_fileno(&r) >= 0);
    pid_t child = fork(); /* by hand: it has no watcher */
    if (child == 0) {
        bool refused = mr_connection_fileno(&r) == -1 && mr_last_status() == MR_ENOTINIT;
        _exit(refused ? 0 : 1);
    }
    int state = -1;
    CHECK_EQ(waitpid(child, &state, 0), child);
    CHECK_EQ(state, 0);
    CHECK_OK(mr_connection_close(&r));
    CHECK_REFUSED(mr_connection_fileno(&r) == -1, MR_ECLOSED);
    CHECK_OK(mr_connection_close(&w));
}

/* Leaves its descriptors open, in a rank that serves again. */
static int leaves_descriptors(const void *args, size_t size)
{
    mr_connection r, w;
    (void)size;
    int fd = mr_queue_fileno(args);
    CHECK(fd >= 0 && stays_unreadable(fd));
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK(mr_connection_fileno(&r) >= 0);
    note("served", "%d", (int)getpid());
    note("descriptor", "%d", fd);
    return 0;
}

SCENARIO_SHARED(fileno, reused_rank)
{
    enum { TIMES = 3 };
    mr_queue q;
    mr_process p;
    CHECK_OK(mr_queue_init(&q, 0));
    for (int i = 0; i < TIMES; i++) {
        CHECK_OK(mr_process_init(&p, leaves_descriptors, &q, sizeof q));
        CHECK_OK(mr_process_set_reuse(&p, true));
        CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
        CHECK(end(&p, soon, 0));
    }
    for (int i = 1; i < TIMES; i++)
        if (noted_number("served", i) == noted_number("served", 0)) /* the same rank, and the same number again */
            CHECK_EQ((int)noted_number("descriptor", i), (int)noted_number("descriptor", 0));
    CHECK_OK(mr_queue_destroy(&q));
}
