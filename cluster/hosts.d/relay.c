/* A cable between two network interfaces, as slow and as lossy as wanted: relay A B MICROSECONDS LOSS-PERCENT
 *
 * Every packet that comes in at one interface goes out at the other, so much later, unless it is lost. (tc's netem does
 * the same, but not every kernel has it.) Prints "ready", and ends when one of the interfaces is deleted. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* A packet under way. All take equally long, so they arrive in the order in which they set out. */
struct packet {
    struct packet *next;
    long due; /* microseconds */
    int to;   /* which end */
    size_t size;
    char data[];
};

struct end {
    unsigned interface;
    int socket;
};

static struct packet *first;
static struct packet **last = &first;

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void set(int socket, int level, int option, const void *value, socklen_t size)
{
    if (setsockopt(socket, level, option, value, size) != 0)
        die("setsockopt");
}

static struct end open_end(const char *name)
{
    struct end end = {.interface = if_nametoindex(name), .socket = socket(AF_PACKET, SOCK_RAW, 0)};
    if (end.interface == 0 || end.socket < 0)
        die(name);
    const int one = 1;
    const int big = 1 << 24;
    /* With the header, packets that are yet to be cut up or to be given a checksum pass as they are. */
    set(end.socket, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one);
    set(end.socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    set(end.socket, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
    set(end.socket, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)end.interface};
    if (bind(end.socket, (struct sockaddr *)&address, sizeof address) != 0)
        die(name);
    struct packet_mreq all = {.mr_ifindex = (int)end.interface, .mr_type = PACKET_MR_PROMISC};
    set(end.socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all);
    return end;
}

static void take_in(const struct end ends[2], int from, long delay, double loss)
{
    static char buffer[1 << 17];
    ssize_t size;
    while ((size = recv(ends[from].socket, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        if (drand48() < loss)
            continue;
        struct packet *packet = malloc(sizeof *packet + (size_t)size);
        if (packet == NULL)
            continue; /* lost */
        packet->next = NULL;
        packet->due = now() + delay;
        packet->to = 1 - from;
        packet->size = (size_t)size;
        memcpy(packet->data, buffer, packet->size);
        *last = packet;
        last = &packet->next;
    }
}

static void give_out(const struct end ends[2])
{
    while (first != NULL && first->due <= now()) {
        struct packet *packet = first;
        (void)!send(ends[packet->to].socket, packet->data, packet->size, 0); /* if it fails, it is lost */
        first = packet->next;
        if (first == NULL)
            last = &first;
        free(packet);
    }
}

static int is_gone(const struct end *end)
{
    char name[IF_NAMESIZE];
    return if_indextoname(end->interface, name) == NULL;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: relay INTERFACE INTERFACE MICROSECONDS LOSS-PERCENT\n");
        return 2;
    }
    const struct end ends[2] = {open_end(argv[1]), open_end(argv[2])};
    const long delay = atol(argv[3]);
    const double loss = atof(argv[4]) / 100;
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd polls[2] = {{.fd = ends[0].socket, .events = POLLIN}, {.fd = ends[1].socket, .events = POLLIN}};
        struct timespec wait = {0};
        if (first != NULL) {
            const long left = first->due > now() ? first->due - now() : 0;
            wait = (struct timespec){left / 1000000, left % 1000000 * 1000};
        }
        ppoll(polls, 2, first != NULL ? &wait : NULL, NULL);
        give_out(ends);
        for (int i = 0; i < 2; i++) {
            if ((polls[i].revents & POLLERR) != 0 && is_gone(&ends[i]))
                return 0;
            if (polls[i].revents != 0)
                take_in(ends, i, delay, loss);
        }
    }
}
