#include "launch/relay.h"

#include "base/context.h"
#include "base/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 1 << 16, MOST_HOSTS = 4096 };

/* What has come from one side and not yet gone to the other. */
typedef struct flow {
    char bytes[BUFFER];
    size_t used;
} flow;

/* The two sides of a connection, and what goes through it. */
typedef struct pair {
    struct pair *next;
    int daemon, runtime; /* sockets; -1: lost */
    flow up, down;       /* to main's host, and from it */
    char host[MR__PEER_SIZE];
} pair;

static struct {
    int listener, bell, hub;
    char port_file[sizeof((mr__session *)0)->folder + 8];
    pair *pairs;
    int pair_count;
    _Atomic bool ending;
} * relay;

/* ---- Before the supervisor forks ---- */

static const char AGENT[] = "OMPI_MCA_plm_rsh_agent";

/* The runtime starts each daemon by a command `AGENT HOST COMMAND`, where COMMAND names the address that the
 * daemon is to report to. This agent puts the relay's port there, and writes down the right one. */
static bool write_agent(const char *folder, int port)
{
    static const char script[] = "host=$1\n"
                                 "shift\n"
                                 "command=$*\n"
                                 "port=${command#*orte_hnp_uri*tcp://}\n"
                                 "port=${port#*:}\n"
                                 "port=${port%%%%[!0-9]*}\n"
                                 "echo \"$port\" >'%s/port'.$$ && mv '%s/port'.$$ '%s/port'\n"
                                 "exec %s \"$host\" \"${command%%%%:\"$port\"*}:%d${command#*:\"$port\"}\"\n";
    char path[300];
    const char *users = getenv(AGENT);
    snprintf(path, sizeof path, "%s/agent", folder);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    fprintf(file, script, folder, folder, folder, users != NULL && *users != '\0' ? users : "ssh -x", port);
    if (fclose(file) != 0)
        return false;
    char agent[sizeof path + 4];
    snprintf(agent, sizeof agent, "sh %s", path);
    return setenv(AGENT, agent, 1) == 0;
}

void mr__relay_prepare(mr__launch *launch)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof any;
    const char *folder = launch->session.folder;
    if (*folder == '\0' || strpbrk(folder, " \t\n'") != NULL) /* Open MPI would cut it up */
        return;
    int fd = mr__above_stdio(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return;
    if (bind(fd, (struct sockaddr *)&any, size) == 0 && listen(fd, MOST_HOSTS) == 0 &&
        getsockname(fd, (struct sockaddr *)&any, &size) == 0 && write_agent(folder, ntohs(any.sin_port)))
        launch->relay = fd;
    else
        close(fd);
}

/* ---- The thread ---- */

static int runtime_port(void)
{
    int port = 0;
    FILE *file = fopen(relay->port_file, "re");
    if (file == NULL || fscanf(file, "%d", &port) != 1 || port < 1 || port > UINT16_MAX)
        port = 0;
    if (file != NULL)
        fclose(file);
    return port;
}

static int connect_runtime(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    here.sin_port = htons((uint16_t)runtime_port());
    int fd = mr__above_stdio(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&here, sizeof here) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void take_daemon(void)
{
    int daemon = mr__link_accept(relay->listener, false);
    if (daemon < 0)
        return;
    int runtime = connect_runtime();
    pair *new = calloc(1, sizeof *new);
    if (runtime < 0 || new == NULL) {
        close(daemon);
        if (runtime >= 0)
            close(runtime);
        free(new);
        return;
    }
    mr__link_peer(daemon, new->host);
    new->daemon = daemon;
    new->runtime = runtime;
    new->next = relay->pairs;
    relay->pairs = new;
    relay->pair_count++;
}

/* Reads into a flow that is empty. false: the other side is gone. */
static bool fill(int fd, flow *into)
{
    ssize_t got = recv(fd, into->bytes, sizeof into->bytes, MSG_DONTWAIT);
    if (got > 0)
        into->used = (size_t)got;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

static bool empty(int fd, flow *from)
{
    ssize_t sent = send(fd, from->bytes, from->used, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
        from->used -= (size_t)sent;
        memmove(from->bytes, from->bytes + sent, from->used);
    }
    return sent >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void tell_hub(const pair *lost)
{
    mr__record record = {.type = MR__LOST};
    snprintf(record.text, sizeof record.text, "%s", lost->host);
    if (relay->hub >= 0 && !relay->ending)
        mr__link_send(relay->hub, &record, NULL, 0);
}

static void lose_daemon(pair *lost)
{
    close(lost->daemon);
    lost->daemon = -1;
    lost->down.used = 0;
    tell_hub(lost);
}

/* Moves on what can be moved. false: the runtime's side is closed, and so is this connection. */
static bool move(pair *each, short daemon, short runtime)
{
    bool runs = true;
    if (daemon & (POLLIN | POLLHUP | POLLERR) && each->up.used == 0 && !fill(each->daemon, &each->up))
        lose_daemon(each);
    if (runtime & (POLLIN | POLLHUP | POLLERR) && each->down.used == 0)
        runs = fill(each->runtime, &each->down);
    if (each->daemon < 0)
        each->down.used = 0; /* nobody is there to get it */
    else if (each->down.used > 0 && !empty(each->daemon, &each->down))
        lose_daemon(each);
    if (runs && each->up.used > 0)
        runs = empty(each->runtime, &each->up);
    return runs && !(each->daemon < 0 && relay->ending);
}

static void move_all(const struct pollfd *ready, int count)
{
    int i = 0;
    for (pair **link = &relay->pairs, *each; i < count && (each = *link) != NULL; i++) {
        if (move(each, ready[2 * i].revents, ready[2 * i + 1].revents)) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        relay->pair_count--;
        if (each->daemon >= 0)
            close(each->daemon);
        close(each->runtime);
        free(each);
    }
}

static struct pollfd watched(int fd, const flow *in, const flow *out)
{
    return (struct pollfd){.fd = fd,
                           .events = (short)((in->used == 0 ? POLLIN : 0) | (out->used > 0 ? POLLOUT : 0))};
}

static void *run_relay(void *unused)
{
    (void)unused;
    for (;;) {
        int count = relay->pair_count, i = 0;
        struct pollfd *ready = calloc(2 * (size_t)count + 2, sizeof *ready);
        if (ready == NULL)
            return NULL;
        for (const pair *each = relay->pairs; each != NULL; each = each->next, i++) {
            ready[2 * i] = watched(each->daemon, &each->up, &each->down);
            ready[2 * i + 1] = watched(each->runtime, &each->down, &each->up);
        }
        ready[2 * count] = (struct pollfd){relay->bell, POLLIN, 0};
        ready[2 * count + 1] = (struct pollfd){relay->listener, POLLIN, 0};
        if (poll(ready, 2 * (nfds_t)count + 2, -1) > 0) {
            move_all(ready, count);
            if (ready[2 * count].revents != 0) {
                uint64_t rings;
                ssize_t got = read(relay->bell, &rings, sizeof rings);
                (void)got;
            }
            if (ready[2 * count + 1].revents != 0)
                take_daemon();
        }
        free(ready);
    }
}

/* ---- The supervisor ---- */

mr_status mr__relay_start(const mr__launch *launch)
{
    pthread_t thread;
    if (launch->relay < 0)
        return MR_OK;
    relay = calloc(1, sizeof *relay);
    if (relay == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for the relay");
    relay->listener = launch->relay;
    relay->hub = -1;
    relay->bell = mr__above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    snprintf(relay->port_file, sizeof relay->port_file, "%s/port", launch->session.folder);
    return mr__thread_start(&thread, "mr-relay", run_relay);
}

void mr__relay_report_to(const mr__address *hub)
{
    mr__record hello = {.type = MR__HELLO, .b = MR__FROM_RELAY};
    bool is_local;
    int fd;
    if (relay == NULL || mr__address_key(hub, hello.text) != MR_OK ||
        mr__link_connect(hub, &fd, &is_local) != MR_OK)
        return;
    mr__link_send(fd, &hello, NULL, 0);
    relay->hub = fd;
}

void mr__relay_end(void)
{
    if (relay == NULL)
        return;
    relay->ending = true;
    mr__signal_event(relay->bell);
}
