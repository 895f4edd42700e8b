#include "transport/links.h"

#include "base/context.h"
#include "base/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* An address reads "KEY LOCAL-NAME IP:PORT IP:PORT ...". */

static const int SEND_SECONDS = 10, CONNECT_MILLISECONDS = 5000;

static socklen_t local_name(const char *name, struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX; /* a leading zero byte: a name outside the file system, gone with its socket */
    size_t length = strlen(name);
    memcpy(address->sun_path + 1, name, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

static mr_status fail_errno(const char *what)
{
    return mr__fail(MR_ESYSTEM, "%s failed: %s", what, strerror(errno));
}

static mr_status random_hex(char *text, size_t digits)
{
    unsigned char bytes[MR__KEY_SIZE];
    if (getrandom(bytes, digits / 2, 0) != (ssize_t)(digits / 2))
        return fail_errno("getting random bytes");
    for (size_t i = 0; i < digits / 2; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return MR_OK;
}

/* Appends every IPv4 address of this host that others can reach. */
static mr_status append_interfaces(mr__address *address, unsigned port)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return fail_errno("listing the network interfaces");
    size_t used = strlen(address->text);
    for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
            (i->ifa_flags & IFF_LOOPBACK))
            continue;
        struct sockaddr_in in;
        memcpy(&in, i->ifa_addr, sizeof in);
        char ip[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &in.sin_addr, ip, sizeof ip);
        int length = snprintf(address->text + used, sizeof address->text - used, " %s:%u", ip, port);
        if (length < 0 || (size_t)length >= sizeof address->text - used) {
            address->text[used] = '\0'; /* a host with very many addresses: the first ones will do */
            break;
        }
        used += (size_t)length;
    }
    freeifaddrs(all);
    return MR_OK;
}

static mr_status listen_remote(int *remote, mr__address *address)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof any;
    int fd = mr__above_stdio(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return fail_errno("opening a network socket");
    if (bind(fd, (struct sockaddr *)&any, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&any, &size) != 0) {
        close(fd);
        return fail_errno("listening on a network socket");
    }
    mr_status status = append_interfaces(address, ntohs(any.sin_port));
    if (status != MR_OK)
        close(fd);
    else
        *remote = fd;
    return status;
}

mr_status mr__link_listen(bool over_network, int *local, int *remote, mr__address *address)
{
    char key[MR__KEY_SIZE], name[17];
    mr_status status = random_hex(key, sizeof key - 1);
    if (status == MR_OK)
        status = random_hex(name, sizeof name - 1);
    if (status != MR_OK)
        return status;
    snprintf(address->text, sizeof address->text, "%s multirank-%s", key, name);
    struct sockaddr_un un;
    socklen_t size = local_name(strchr(address->text, ' ') + 1, &un);
    int fd = mr__above_stdio(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return fail_errno("opening a local socket");
    if (bind(fd, (struct sockaddr *)&un, size) != 0 || listen(fd, 1024) != 0) {
        close(fd);
        return fail_errno("listening on a local socket");
    }
    *remote = -1;
    if (over_network)
        status = listen_remote(remote, address);
    if (status != MR_OK)
        close(fd);
    else
        *local = fd;
    return status;
}

mr_status mr__address_key(const mr__address *address, char key[MR__KEY_SIZE])
{
    const char *space = strchr(address->text, ' ');
    if (space == NULL || space - address->text != MR__KEY_SIZE - 1)
        return mr__fail(MR_ELAUNCH, "the hub's address is malformed; was MULTIRANK_HUB set by hand?");
    memcpy(key, address->text, MR__KEY_SIZE - 1);
    key[MR__KEY_SIZE - 1] = '\0';
    return MR_OK;
}

bool mr__address_opens(const mr__address *address, const mr__record *hello)
{
    char key[MR__KEY_SIZE];
    return hello->type == MR__HELLO && mr__address_key(address, key) == MR_OK &&
           strncmp(hello->text, key, MR__KEY_SIZE - 1) == 0;
}

void mr__address_send(const mr__address *address, mr__record *record,
                      void (*send)(const mr__record *record, void *argument), void *argument)
{
    const size_t most = sizeof record->text - 1;
    size_t left = strlen(address->text);
    for (const char *next = address->text; left > 0; next += most) {
        size_t length = left < most ? left : most;
        memcpy(record->text, next, length);
        record->text[length] = '\0';
        left -= length;
        record->b = left == 0;
        send(record, argument);
    }
}

bool mr__address_add(mr__address *address, const mr__record *record)
{
    size_t used = strlen(address->text);
    snprintf(address->text + used, sizeof address->text - used, "%.*s", (int)sizeof record->text, record->text);
    return record->b != 0;
}

/* The kernel asks a silent host whether it is still there, so that no thread of ours has to, and a process that is
 * stopped or busy is not taken for lost. */
static void watch_host(int fd)
{
    int on = 1, seconds = mr__ctx.launch.node_timeout, idle = seconds / 3 > 0 ? seconds / 3 : 1;
    int interval = seconds / 6 > 0 ? seconds / 6 : 1, probes = (seconds - idle) / interval;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

/* While something is on its way, the kernel does not ask, and would go on sending it for a quarter of an hour.
 * (TCP_USER_TIMEOUT would also end the connection with a process that is stopped.) */
bool mr__link_is_silent(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_unacked > 0 &&
           info.tcpi_last_ack_recv > 1000 * (unsigned)mr__ctx.launch.node_timeout;
}

static void set_up_stream(int fd, bool is_local)
{
    struct timeval patience = {.tv_sec = SEND_SECONDS};
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (is_local)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* small records at once */
    watch_host(fd);
}

int mr__link_accept(int listener, bool is_local)
{
    int fd = mr__above_stdio(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    if (fd >= 0)
        set_up_stream(fd, is_local);
    return fd;
}

void mr__link_peer(int fd, char address[MR__PEER_SIZE])
{
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    address[0] = '\0';
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET)
        inet_ntop(AF_INET, &peer.sin_addr, address, MR__PEER_SIZE);
}

static int connect_local(const char *name)
{
    struct sockaddr_un un;
    if (strlen(name) + 2 > sizeof un.sun_path)
        return -1;
    socklen_t size = local_name(name, &un);
    int fd = mr__above_stdio(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&un, size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_remote(char *ip_and_port)
{
    char *colon = strrchr(ip_and_port, ':');
    struct sockaddr_in in = {.sin_family = AF_INET};
    if (colon == NULL)
        return -1;
    *colon = '\0';
    unsigned long port = strtoul(colon + 1, NULL, 10);
    in.sin_port = htons((uint16_t)port);
    if (port == 0 || port > UINT16_MAX || inet_pton(AF_INET, ip_and_port, &in.sin_addr) != 1)
        return -1;
    int fd = mr__above_stdio(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return -1;
    unsigned milliseconds = (unsigned)CONNECT_MILLISECONDS; /* an address behind a firewall must not hold us up */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    if (connect(fd, (struct sockaddr *)&in, sizeof in) != 0) {
        close(fd);
        return -1;
    }
    milliseconds = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    return fd;
}

mr_status mr__link_connect(const mr__address *address, int *fd, bool *is_local)
{
    mr__address copy = *address;
    char *rest = NULL;
    strtok_r(copy.text, " ", &rest); /* the key */
    char *name = strtok_r(NULL, " ", &rest);
    *fd = name == NULL ? -1 : connect_local(name);
    *is_local = *fd >= 0;
    for (char *ip; *fd < 0 && (ip = strtok_r(NULL, " ", &rest)) != NULL;)
        *fd = connect_remote(ip);
    if (*fd < 0)
        return mr__fail(
            MR_ELAUNCH,
            "%s cannot reach another host's part of this program over any of its addresses; is there a "
            "firewall between the hosts?",
            mr__ctx.host);
    set_up_stream(*fd, *is_local);
    return MR_OK;
}

mr_status mr__link_send(int fd, const mr__record *record, const int *descriptors, int count)
{
    union {
        char bytes[CMSG_SPACE(MR__DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec part = {(void *)(uintptr_t)record, sizeof *record};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        size_t size = (size_t)count * sizeof(int);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(head), descriptors, size);
    }
    while (part.iov_len > 0) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return mr__fail(MR_EDIED, "sending a record failed: %s", strerror(errno));
        part.iov_base = (char *)part.iov_base + sent;
        part.iov_len -= (size_t)sent;
        message.msg_controllen = 0; /* the descriptors went with the first byte */
    }
    return MR_OK;
}

/* Takes the descriptors out of a message; those that nobody wants are closed. */
static void take_descriptors(struct msghdr *message, int descriptors[MR__DESCRIPTORS])
{
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            if (descriptors != NULL && i < MR__DESCRIPTORS)
                descriptors[i] = fd;
            else
                close(fd);
        }
    }
}

mr_status mr__link_receive(int fd, mr__record *record, int descriptors[MR__DESCRIPTORS])
{
    size_t filled = 0;
    if (descriptors != NULL)
        descriptors[0] = descriptors[1] = descriptors[2] = -1;
    while (filled < sizeof *record) {
        union {
            char bytes[CMSG_SPACE(MR__DESCRIPTORS * sizeof(int))];
            struct cmsghdr align;
        } control;
        struct iovec part = {(char *)record + filled, sizeof *record - filled};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return mr__fail(MR_EDIED, "the other side of a link is gone");
        take_descriptors(&message, descriptors);
        filled += (size_t)got;
    }
    record->text[sizeof record->text - 1] = '\0';
    return MR_OK;
}

static ssize_t receive_with(int fd, struct iovec part, int *descriptor)
{
    union {
        char bytes[CMSG_SPACE(MR__DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    int descriptors[MR__DESCRIPTORS] = {-1, -1, -1};
    if (got > 0)
        take_descriptors(&message, descriptors);
    for (int i = 0; i < MR__DESCRIPTORS; i++)
        if (descriptors[i] >= 0) {
            if (*descriptor >= 0)
                close(*descriptor);
            *descriptor = descriptors[i];
        }
    return got;
}

int mr__link_poll(int fd, mr__inbox *inbox)
{
    return mr__link_poll_with(fd, inbox, NULL);
}

int mr__link_poll_with(int fd, mr__inbox *inbox, int *descriptor)
{
    if (inbox->filled == sizeof inbox->record)
        inbox->filled = 0;
    while (inbox->filled < sizeof inbox->record) {
        struct iovec rest = {(char *)&inbox->record + inbox->filled, sizeof inbox->record - inbox->filled};
        ssize_t got = descriptor != NULL ? receive_with(fd, rest, descriptor)
                                         : recv(fd, rest.iov_base, rest.iov_len, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (got <= 0) {
            errno = got == 0 ? 0 : errno;
            return -1;
        }
        inbox->filled += (size_t)got;
    }
    inbox->record.text[sizeof inbox->record.text - 1] = '\0';
    return 1;
}
