/* Programs that were started separately. Most scenarios have both sides in one process, where nothing differs: the
 * client is a thread. The comments name the tests of CPython's own suite that are covered. */
#include "page.h"
#include "scenario.h"
#include "targets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const double soon = 30;
static const char KEY[] = "a key";
enum { KEY_SIZE = sizeof KEY - 1 };

static char *path_in(const char *folder, char path[64])
{
    snprintf(path, 64, "%s/socket", folder);
    return path;
}

static mr_status listen_at(mr_listener *l, const char *address)
{
    return mr_listener_init(l, address, KEY, KEY_SIZE);
}

/* ---- A client in a thread ---- */

typedef struct visitor {
    pthread_t thread;
    const char *address, *key;
    size_t key_size;
    mr_connection c;
    mr_status status;
} visitor;

static void *run_visitor(void *argument)
{
    visitor *v = argument;
    v->status = mr_connection_connect(&v->c, v->address, v->key, v->key_size, soon);
    return NULL;
}

static void visit(visitor *v, const mr_listener *l, const char *key, size_t key_size)
{
    *v = (visitor){.address = mr_listener_address(l), .key = key, .key_size = key_size};
    CHECK_EQ(pthread_create(&v->thread, NULL, run_visitor, v), 0);
}

static mr_status leave(visitor *v)
{
    CHECK_EQ(pthread_join(v->thread, NULL), 0);
    return v->status;
}

/* Both ends of a new connection. */
static bool connect_both(const mr_listener *l, mr_connection *here, mr_connection *there)
{
    visitor v;
    visit(&v, l, KEY, KEY_SIZE);
    bool is_well = CHECK_OK(mr_listener_accept(l, here, soon));
    is_well = CHECK_EQ(leave(&v), MR_OK) && is_well;
    *there = v.c;
    return is_well;
}

static bool passes(const mr_connection *from, const mr_connection *to, const char *text)
{
    char got[64] = "";
    size_t size = 0;
    return CHECK_OK(mr_connection_send(from, text, strlen(text), soon)) &&
           CHECK_OK(mr_connection_recv(to, got, sizeof got - 1, &size, soon)) && CHECK_EQ(size, strlen(text)) &&
           CHECK_TEXT(got, text);
}

/* ---- A stranger: a plain socket ---- */

static int call_as_stranger(const char *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    name.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

/* ---- Connections ---- */

/* _TestListenerClient.test_listener_client, test_issue16955; _TestConnection's, over sockets */
static void check_connection(const char *address)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0}, b = {0};
    char bytes[16];
    size_t size = 0;
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, address)));
    CHECK_REFUSED(mr_listener_last_accepted(&l) == NULL, MR_ESTATE);
    if (!connect_both(&l, &a, &b))
        return;
    CHECK(mr_listener_last_accepted(&l) != NULL);
    passes(&a, &b, "to the client");
    passes(&b, &a, "and back");
    passes(&b, &a, "");

    CHECK_STATUS(mr_connection_recv(&b, bytes, sizeof bytes, NULL, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_connection_poll(&b, 0.01), MR_ETIMEDOUT);
    CHECK_OK(mr_connection_send(&a, "too much for it", 15, soon));
    CHECK_OK(mr_connection_poll(&b, soon));
    CHECK_STATUS(mr_connection_recv(&b, bytes, 3, &size, soon), MR_ETOOSMALL);
    CHECK_EQ(size, 15);
    struct pollfd one = {.fd = mr_connection_fileno(&b), .events = POLLIN};
    CHECK_EQ(poll(&one, 1, 0), 1); /* it is still there */
    CHECK_OK(mr_connection_recv(&b, bytes, sizeof bytes, &size, soon));
    CHECK_EQ(poll(&one, 1, 0), 0);

    CHECK(mr_connection_is_readable(&a) && mr_connection_is_writable(&a) && !mr_connection_is_closed(&a));
    CHECK_STATUS(mr_connection_send_fd(&a, 0, 0), MR_ENOTSUP);
    CHECK_STATUS(mr_connection_recv_fd(&a, &(int){0}, 0), MR_ENOTSUP);
    CHECK_STATUS(mr_connection_send(&a, NULL, 1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send(&a, "", SIZE_MAX, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv(&a, bytes, 1, NULL, NAN), MR_EINVAL);

    /* What was sent before the end arrives; _TestListenerClient.test_issue14725 */
    CHECK_OK(mr_connection_send(&b, "last", 4, soon));
    CHECK_OK(mr_connection_close(&b));
    CHECK_OK(mr_connection_close(&b));
    CHECK(mr_connection_is_closed(&b) && !mr_connection_is_readable(&b));
    CHECK_STATUS(mr_connection_send(&b, "", 0, 0), MR_ECLOSED);
    CHECK_OK(mr_connection_recv(&a, bytes, sizeof bytes, &size, soon));
    CHECK_EQ(size, 4);
    CHECK_STATUS(mr_connection_recv(&a, bytes, sizeof bytes, NULL, soon), MR_EEOF);
    CHECK_OK(mr_connection_poll(&a, 0));
    mr_status status = MR_OK;
    for (int i = 0; i < 100 && status == MR_OK; i++, usleep(10000)) /* TCP hears of it after the first one */
        status = mr_connection_send(&a, "lost", 4, soon);
    CHECK_EQ(status, MR_EEOF);
}

/* Some machines have none. */
static bool has_ipv6(void)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

/* _TestListener.test_abstract_socket, too */
SCENARIO_SHARED(listener, round_trips)
{
    char folder[] = "/tmp/listener-XXXXXX", path[64];
    CHECK_OR_STOP(CHECK(mkdtemp(folder) != NULL));
    check_connection(path_in(folder, path));
    CHECK(access(path, F_OK) != 0); /* the listener's end removes it */
    CHECK_EQ(rmdir(folder), 0);
    check_connection("localhost:0");
    if (has_ipv6())
        check_connection("[::1]:0");
    check_connection(":0");
    snprintf(path, sizeof path, "@listener-%d", (int)getpid());
    check_connection(path);
}

typedef struct load {
    const mr_connection *c;
    unsigned char *bytes;
    size_t size;
    mr_status status;
} load;

static void *run_sender(void *argument)
{
    load *l = argument;
    l->status = mr_connection_send(l->c, l->bytes, l->size, 0); /* begins at once, and goes on as it is received */
    return NULL;
}

/* _TestConnection.test_connection: very long messages */
SCENARIO_LOCAL(listener, long_message)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0}, b = {0};
    load whole = {.c = &a, .size = 100 << 20};
    void *got = NULL;
    size_t size = 0;
    pthread_t sender;
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")) && connect_both(&l, &a, &b));
    whole.bytes = malloc(whole.size);
    for (size_t i = 0; i < whole.size; i++)
        whole.bytes[i] = (unsigned char)(i * 7 + (i >> 12));
    CHECK_EQ(pthread_create(&sender, NULL, run_sender, &whole), 0);
    int tries = 0;
    while (mr_connection_recv_alloc(&b, &got, &size, 0.01) == MR_ETIMEDOUT) /* what has come stays */
        tries++;
    CHECK_EQ(pthread_join(sender, NULL), 0);
    CHECK_EQ(whole.status, MR_OK);
    CHECK_EQ(size, whole.size);
    CHECK(got != NULL && memcmp(got, whole.bytes, size) == 0);
    free(got);
    free(whole.bytes);
}

/* Sends small messages until there is no room; gives their number. */
static size_t fill(const mr_connection *c, double timeout)
{
    char kilobyte[1024] = "";
    size_t sent = 0;
    while (mr_connection_send(c, kilobyte, sizeof kilobyte, timeout) == MR_OK)
        sent++;
    CHECK_EQ(mr_last_status(), MR_ETIMEDOUT);
    return sent;
}

/* Nobody receives: a message that has not begun leaves no trace. A UNIX socket takes small ones whole. */
SCENARIO_LOCAL(listener, no_room)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0}, b = {0};
    char address[64], kilobyte[1024];
    snprintf(address, sizeof address, "@listener-%d", (int)getpid());
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, address)) && connect_both(&l, &a, &b));
    size_t sent = fill(&a, 0.02);
    CHECK(sent >= 10);
    for (size_t i = 0; i < sent; i++)
        CHECK_OK(mr_connection_recv(&b, kilobyte, sizeof kilobyte, NULL, soon));
    passes(&a, &b, "the next");
}

/* A message of more than 2 GiB has a long head. Its bytes are thrown away as they come. */
SCENARIO_LOCAL(listener, gigabytes, .only_long = true)
{
    static const unsigned char HEAD[] = {255, 255, 255, 255, 0, 0, 0, 0, 128, 0, 0, 0};
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0}, b = {0};
    load whole = {.c = &a, .size = (size_t)1 << 31};
    unsigned char head[12] = {0};
    pthread_t sender;
    size_t left = whole.size;
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")) && connect_both(&l, &a, &b));
    whole.bytes = mmap(NULL, whole.size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK_EQ(pthread_create(&sender, NULL, run_sender, &whole), 0);
    CHECK_OK(mr_connection_poll(&b, soon));
    CHECK_EQ(recv(mr_connection_fileno(&b), head, sizeof head, 0), (ssize_t)sizeof head);
    CHECK(memcmp(head, HEAD, sizeof head) == 0);
    while (left > 0 && mr_connection_poll(&b, soon) == MR_OK) {
        ssize_t got = recv(mr_connection_fileno(&b), NULL, left, MSG_TRUNC);
        left -= got > 0 ? (size_t)got : 0;
    }
    CHECK_EQ(pthread_join(sender, NULL), 0);
    CHECK_EQ(whole.status, MR_OK);
    CHECK_EQ(left, 0);
    passes(&a, &b, "the next");
    CHECK_EQ(munmap(whole.bytes, whole.size), 0);
}

/* Who connects and says nothing is sent away after a while. */
SCENARIO_LOCAL(listener, silence, .only_long = true)
{
    mr_scoped_listener l = {0};
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")));
    int fd = call_as_stranger(mr_listener_address(&l));
    double before = now();
    CHECK_STATUS(mr_listener_accept(&l, &(mr_connection){0}, MR_FOREVER), MR_EAUTH);
    CHECK_AT_LEAST(now() - before, 9);
    close(fd);
}

/* Nobody receives the rest of a message: it is cut off, and the connection with it. */
SCENARIO_LOCAL(listener, stalled, .only_long = true)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0}, b = {0};
    char *bytes = calloc(64, 1 << 20);
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")) && connect_both(&l, &a, &b));
    double before = now();
    CHECK_STATUS(mr_connection_send(&a, bytes, 64 << 20, 0), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 9);
    CHECK_STATUS(mr_connection_send(&a, "", 0, 0), MR_EEOF);
    CHECK_STATUS(mr_connection_recv_alloc(&b, (void **)&bytes, NULL, 1), MR_ETIMEDOUT);
    CHECK_OK(mr_connection_close(&a));
    CHECK_STATUS(mr_connection_recv_alloc(&b, (void **)&bytes, NULL, soon), MR_EEOF);
    free(bytes);
}

/* ---- Keys ---- */

static void check_keys(const char *mine, size_t mine_size, const char *theirs, size_t theirs_size,
                       mr_status wanted)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0};
    visitor v;
    CHECK_OR_STOP(CHECK_OK(mr_listener_init(&l, "127.0.0.1:0", mine, mine_size)));
    visit(&v, &l, theirs, theirs_size);
    if (wanted == MR_OK) {
        CHECK_OK(mr_listener_accept(&l, &a, soon));
        CHECK_EQ(leave(&v), MR_OK);
        passes(&v.c, &a, "hello");
        CHECK_OK(mr_connection_close(&v.c));
    } else {
        CHECK_STATUS(mr_listener_accept(&l, &a, soon), wanted);
        CHECK_EQ(leave(&v), wanted);
    }
}

/* _TestListener.test_empty_authkey; OtherTest.test_deliver_challenge_auth_failure,
 * test_answer_challenge_auth_failure; ChallengeResponseTest.test_challengeresponse */
SCENARIO_LOCAL(listener, keys)
{
    static const char LONG[256] = "long";
    size_t size = 0;
    const char *own = mr_process_authkey(mr_current_process(), &size);
    check_keys(KEY, KEY_SIZE, KEY, KEY_SIZE, MR_OK);
    check_keys(LONG, sizeof LONG, LONG, sizeof LONG, MR_OK);
    check_keys("", 0, "", 0, MR_OK);
    check_keys(NULL, 0, own, size, MR_OK);
    check_keys(KEY, KEY_SIZE, "b key", 5, MR_EAUTH);
    check_keys(KEY, KEY_SIZE, "", 0, MR_EAUTH);
    check_keys("", 0, KEY, KEY_SIZE, MR_EAUTH);
    check_keys(KEY, KEY_SIZE, NULL, 0, MR_EAUTH);
}

/* ---- Strangers ---- */

/* Sends bytes, perhaps hangs up; whoever knows the key is let in all the same. */
static void check_stranger(const mr_listener *l, const void *bytes, size_t size, bool hangs_up, bool is_told)
{
    mr_connection a, b;
    int fd = call_as_stranger(mr_listener_address(l));
    if (size > 0)
        CHECK_EQ(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
    if (hangs_up)
        close(fd);
    if (is_told)
        CHECK_STATUS(mr_listener_accept(l, &a, soon), MR_EAUTH);
    else
        CHECK_STATUS(mr_listener_accept(l, &a, 0.05), MR_ETIMEDOUT);
    double before = now();
    if (connect_both(l, &a, &b)) {
        CHECK_AT_MOST(now() - before, 8);
        passes(&a, &b, "well");
        CHECK_OK(mr_connection_close(&a));
        CHECK_OK(mr_connection_close(&b));
    }
    if (!hangs_up)
        close(fd);
    if (!hangs_up && !is_told) /* it hangs up now */
        CHECK_STATUS(mr_listener_accept(l, &a, soon), MR_EAUTH);
}

SCENARIO_LOCAL(listener, strangers)
{
    static const unsigned char HUGE_FRAME[] = {0x7f, 0xff, 0xff, 0xff, 'x'},
                               LONG_FRAME[] = {255, 255, 255, 255, 0, 0, 255, 255, 255, 255, 255, 255},
                               SHORT_FRAME[] = {0, 0, 0, 2, '#', 'C'}, EMPTY_FRAME[] = {0, 0, 0, 0},
                               HALF_FRAME[] = {0, 0, 0, 20, 'x'};
    mr_scoped_listener l = {0};
    unsigned char noise[300];
    unsigned state = 1;
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")));
    check_stranger(&l, "", 0, false, false);
    check_stranger(&l, "", 0, true, true);
    check_stranger(&l, HUGE_FRAME, sizeof HUGE_FRAME, false, true);
    check_stranger(&l, LONG_FRAME, sizeof LONG_FRAME, false, true);
    check_stranger(&l, SHORT_FRAME, sizeof SHORT_FRAME, false, true);
    check_stranger(&l, EMPTY_FRAME, sizeof EMPTY_FRAME, false, true);
    check_stranger(&l, HALF_FRAME, sizeof HALF_FRAME, false, false);
    check_stranger(&l, HALF_FRAME, sizeof HALF_FRAME, true, true);
    check_stranger(&l, "GET / HTTP/1.1\r\n\r\n", 18, false, true);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (unsigned char)((state = state * 1103515245 + 12345) >> 16);
        if (round % 2 == 0) /* a frame that is one */
            memcpy(noise, (unsigned char[]){0, 0, 0, noise[9]}, 4);
        int fd = call_as_stranger(mr_listener_address(&l));
        send(fd, noise, sizeof noise, MSG_NOSIGNAL);
        CHECK_STATUS(mr_listener_accept(&l, &(mr_connection){0}, soon), MR_EAUTH);
        close(fd);
    }
    check_stranger(&l, "", 0, true, true);
}

/* A handshake as if the key did not matter: a guess for an answer, and welcome whoever comes. */
static void send_frames_of_liar(int fd)
{
    static const char GUESS[] = "\0\0\0\050{sha256}01234567890123456789012345678901",
                      ASKS[] = "\0\0\0\073#CHALLENGE#{sha256}0123456789012345678901234567890123456789",
                      WELCOMES[] = "\0\0\0\011#WELCOME#";
    send(fd, ASKS, sizeof ASKS - 1, MSG_NOSIGNAL);
    send(fd, WELCOMES, sizeof WELCOMES - 1, MSG_NOSIGNAL);
    send(fd, GUESS, sizeof GUESS - 1, MSG_NOSIGNAL);
    send(fd, WELCOMES, sizeof WELCOMES - 1, MSG_NOSIGNAL);
}

/* Either side alone has to find out: who lies does not complain. */
SCENARIO_LOCAL(listener, liars)
{
    static const char GUESS[] = "\0\0\0\050{sha256}01234567890123456789012345678901";
    mr_scoped_listener l = {0};
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")));
    int fd = call_as_stranger(mr_listener_address(&l));
    send(fd, GUESS, sizeof GUESS - 1, MSG_NOSIGNAL);
    send_frames_of_liar(fd);
    CHECK_STATUS(mr_listener_accept(&l, &(mr_connection){0}, soon), MR_EAUTH);
    CHECK(strstr(mr_last_error(), "does not know the key") != NULL);
    close(fd);

    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    char address[32];
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, size), 0);
    CHECK_EQ(listen(fd, 8), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(name.sin_port));
    visitor v = {.address = address, .key = KEY, .key_size = KEY_SIZE};
    CHECK_EQ(pthread_create(&v.thread, NULL, run_visitor, &v), 0);
    int other = accept(fd, NULL, NULL);
    send_frames_of_liar(other);
    CHECK_EQ(leave(&v), MR_EAUTH);
    close(other);
    close(fd);
}

/* A listener that says nothing, or nonsense, and one that only hangs up. */
SCENARIO_LOCAL(listener, strange_listeners)
{
    static const unsigned char MD5[] = "\0\0\0\37#CHALLENGE#01234567890123456789",
                               HUGE_FRAME[] = {0x7f, 0xff, 0xff, 0xff};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    char address[32];
    mr_connection c = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, size), 0);
    CHECK_EQ(listen(fd, 8), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(name.sin_port));
    double before = now();
    CHECK_STATUS(mr_connection_connect(&c, address, KEY, KEY_SIZE, 0.1), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - before, 5);
    close(accept(fd, NULL, NULL));
    for (int i = 0; i < 3; i++) {
        visitor v = {.address = address, .key = KEY, .key_size = KEY_SIZE};
        CHECK_EQ(pthread_create(&v.thread, NULL, run_visitor, &v), 0);
        int other = accept(fd, NULL, NULL);
        if (i < 2)
            send(other, i == 0 ? MD5 : HUGE_FRAME, i == 0 ? sizeof MD5 - 1 : sizeof HUGE_FRAME, MSG_NOSIGNAL);
        else
            close(other);
        CHECK_EQ(leave(&v), i < 2 ? MR_EAUTH : MR_EEOF);
        if (i < 2)
            close(other);
    }
    close(fd);
    CHECK_STATUS(mr_connection_connect(&c, address, KEY, KEY_SIZE, soon), MR_ENOENT);
}

/* ---- Messages that are none ---- */

static void check_broken(const mr_listener *l, const void *bytes, size_t size, mr_status wanted,
                         const char *sentence)
{
    mr_connection a, b;
    void *got = NULL;
    if (!connect_both(l, &a, &b))
        return;
    CHECK_EQ(send(mr_connection_fileno(&a), bytes, size, MSG_NOSIGNAL), (ssize_t)size);
    CHECK_OK(mr_connection_poll(&b, soon));
    if (wanted == MR_EEOF)
        CHECK_STATUS(mr_connection_recv_alloc(&b, &got, NULL, 0.05), MR_ETIMEDOUT);
    else
        CHECK_STATUS(mr_connection_recv_alloc(&b, &got, NULL, soon), wanted);
    CHECK_OK(mr_connection_close(&a));
    CHECK_STATUS(mr_connection_recv_alloc(&b, &got, NULL, soon), wanted);
    CHECK(strstr(mr_last_error(), sentence) != NULL);
    CHECK_OK(mr_connection_close(&b));
}

SCENARIO_LOCAL(listener, broken_messages)
{
    static const unsigned char NEGATIVE[] = {255, 255, 255, 254, 0, 0},
                               TWO_GIGABYTES[] = {127, 255, 255, 255, 'x'},
                               PETABYTES[] = {255, 255, 255, 255, 0, 1, 0, 0, 0, 0, 0, 0, 'x'},
                               TOO_LONG[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
                               HALF[] = {0, 0},
                               LONG_HEAD[] = {255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c'};
    mr_scoped_listener l = {0};
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")));
    check_broken(&l, NEGATIVE, sizeof NEGATIVE, MR_ESTATE, "no messages");
    check_broken(&l, TOO_LONG, sizeof TOO_LONG, MR_ESTATE, "no messages");
    check_broken(&l, TWO_GIGABYTES, sizeof TWO_GIGABYTES, MR_EEOF, "in the middle");
    check_broken(&l, PETABYTES, sizeof PETABYTES, MR_EEOF, "in the middle");
    check_broken(&l, HALF, sizeof HALF, MR_EEOF, "in the middle");

    mr_scoped_connection a = {0}, b = {0}; /* a long head is one whatever the length */
    char text[8] = "";
    CHECK_OR_STOP(connect_both(&l, &a, &b));
    CHECK_EQ(send(mr_connection_fileno(&a), LONG_HEAD, sizeof LONG_HEAD, MSG_NOSIGNAL), (ssize_t)sizeof LONG_HEAD);
    CHECK_OK(mr_connection_recv(&b, text, sizeof text, NULL, soon));
    CHECK_TEXT(text, "abc");
    passes(&a, &b, "the next");
}

/* ---- Addresses ---- */

/* _TestListener.test_multiple_bind */
SCENARIO_LOCAL(listener, addresses)
{
    char folder[] = "/tmp/listener-XXXXXX", path[64], key[257] = {0}, longest[200];
    mr_listener l = {0}, second = {0};
    mr_connection c = {0};
    CHECK_OR_STOP(CHECK(mkdtemp(folder) != NULL));
    path_in(folder, path);
    CHECK_STATUS(mr_connection_connect(&c, path, KEY, KEY_SIZE, soon), MR_ENOENT);
    CHECK_OK(listen_at(&l, path));
    CHECK_TEXT(mr_listener_address(&l), path);
    CHECK_STATUS(listen_at(&second, path), MR_EEXIST);
    CHECK_OK(mr_listener_close(&l));
    CHECK_OK(mr_listener_close(&l));
    CHECK_STATUS(mr_listener_accept(&l, &c, soon), MR_ECLOSED); /* _TestListener.test_context */
    CHECK_REFUSED(mr_listener_address(&l) == NULL, MR_ECLOSED);

    CHECK_OK(listen_at(&l, path)); /* a file that is another's by now stays */
    CHECK_EQ(unlink(path), 0);
    CHECK_OK(listen_at(&second, path));
    CHECK_OK(mr_listener_close(&l));
    CHECK_EQ(access(path, F_OK), 0);
    CHECK_OK(mr_listener_close(&second));
    CHECK_EQ(rmdir(folder), 0);

    CHECK_OK(listen_at(&l, "127.0.0.1:0"));
    CHECK_STATUS(listen_at(&second, mr_listener_address(&l)), MR_EEXIST);
    CHECK_OK(mr_listener_close(&l));
    CHECK_STATUS(listen_at(&l, "/nowhere/at/all"), MR_ENOENT);
    CHECK_STATUS(listen_at(&l, "192.0.2.1:0"), MR_ENOHOST);
    CHECK_STATUS(listen_at(&l, "no host at all:0"), MR_ENOHOST);
    CHECK_STATUS(listen_at(&l, "localhost:"), MR_EINVAL);
    CHECK_STATUS(listen_at(&l, "localhost:70000"), MR_EINVAL);
    CHECK_STATUS(listen_at(&l, "localhost:port"), MR_EINVAL);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    CHECK_STATUS(listen_at(&l, longest), MR_EINVAL);

    CHECK_STATUS(mr_listener_init(NULL, path, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, "", NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, "@x", NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, "@x", key, sizeof key), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(NULL, &c, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(&(mr_listener){0}, &c, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(&l, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(&l, &c, NAN), MR_EINVAL);
    CHECK_STATUS(mr_listener_close(NULL), MR_EINVAL);
    CHECK_STATUS(mr_listener_close(&(mr_listener){0}), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(NULL, "@x", NULL, 0, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "", NULL, 0, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "@x", NULL, 1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "@x", key, sizeof key, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "@x", NULL, 0, NAN), MR_EINVAL);
    CHECK(works());
}

/* ---- Waiting ---- */

typedef struct waiter {
    pthread_t thread;
    const mr_listener *l;
    const mr_connection *c;
    mr_status status;
    atomic_bool is_done;
} waiter;

static void *run_waiter(void *argument)
{
    waiter *w = argument;
    mr_connection none;
    w->status = w->l != NULL ? mr_listener_accept(w->l, &none, MR_FOREVER)
                             : mr_connection_recv(w->c, NULL, 0, NULL, MR_FOREVER);
    w->is_done = true;
    return NULL;
}

static void nothing(int number)
{
    (void)number;
}

/* Closing wakes who waits; signals do not. TestIgnoreEINTR.test_ignore_listener */
SCENARIO_LOCAL(listener, waiting)
{
    mr_listener l = {0};
    mr_connection a = {0}, b = {0};
    CHECK_OK(listen_at(&l, "127.0.0.1:0"));
    CHECK_STATUS(mr_listener_accept(&l, &a, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_listener_accept(&l, &a, 0.05), MR_ETIMEDOUT);
    CHECK_OR_STOP(connect_both(&l, &a, &b));
    waiter waiters[3] = {{.l = &l}, {.l = &l}, {.c = &a}};
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&waiters[i].thread, NULL, run_waiter, &waiters[i]), 0);
    for (int i = 0; i < 20; i++, usleep(10000))
        pthread_kill(waiters[i % 3].thread, SIGUSR1);
    for (int i = 0; i < 3; i++)
        CHECK(!waiters[i].is_done);
    CHECK_STATUS(mr_listener_accept(&l, &(mr_connection){0}, 0.05), MR_ETIMEDOUT); /* others are accepting */
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, 0.05), MR_ETIMEDOUT);
    CHECK_OK(mr_listener_close(&l));
    CHECK_OK(mr_connection_close(&a));
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_join(waiters[i].thread, NULL), 0);
        CHECK_EQ(waiters[i].status, MR_ECLOSED);
    }
    CHECK_STATUS(mr_connection_recv(&b, NULL, 0, NULL, soon), MR_EEOF);
    CHECK_OK(mr_connection_close(&b));
}

static void *send_later(void *connection)
{
    usleep(100000);
    CHECK_OK(mr_connection_send(connection, "x", 1, soon));
    return NULL;
}

static void *close_later(void *connection)
{
    usleep(100000);
    CHECK_OK(mr_connection_close(connection));
    return NULL;
}

/* Closed by another thread meanwhile: who waits is told at once. */
static void wait_for_closed(mr_waitable items[], size_t count, mr_connection *closed)
{
    pthread_t thread;
    size_t ready = 0;
    double before = now();
    CHECK_EQ(pthread_create(&thread, NULL, close_later, closed), 0);
    CHECK_STATUS(mr_wait(items, count, &ready, soon), MR_ECLOSED);
    CHECK_AT_MOST(now() - before, 10);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Waits until the one item is ready that is sent to. */
static void wait_for_one(mr_waitable items[], size_t count, size_t which, mr_connection *sender)
{
    pthread_t thread;
    size_t ready = 0;
    CHECK_STATUS(mr_wait(items, count, &ready, 0.02), MR_ETIMEDOUT);
    CHECK_EQ(pthread_create(&thread, NULL, send_later, sender), 0);
    CHECK_OK(mr_wait(items, count, &ready, soon));
    CHECK_EQ(ready, 1);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(items[i].ready, i == which);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_OK(mr_connection_recv(items[which].connection, &(char){0}, 1, NULL, soon));
}

/* mr_wait, for sockets alone and with other things. */
SCENARIO_SHARED(listener, wait_for_several)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection a = {0}, b = {0}, c = {0}, d = {0}, p = {0}, q = {0};
    mr_queue queue;
    mr_process process;
    size_t ready = 0;
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")) && connect_both(&l, &a, &b) && connect_both(&l, &c, &d));
    CHECK_OK(mr_pipe_init(&p, &q, true));
    CHECK_OK(mr_queue_init(&queue, 0));
    CHECK_OR_STOP(begin(&process, sleeps, NULL, 0));
    mr_waitable items[] = {
        {.connection = &a}, {.connection = &c}, {.connection = &p}, {.queue = &queue}, {.process = &process}};
    wait_for_one(items, 2, 1, &d);
    wait_for_one(items, 3, 0, &b);
    wait_for_one(items, 5, 1, &d);
    wait_for_one(items, 5, 2, &q);
    mr_waitable with_process[] = {{.connection = &a}, {.process = &process}};
    wait_for_one(with_process, 2, 0, &b);
    CHECK_OK(mr_process_kill(&process));
    CHECK_OK(mr_wait(items, 5, &ready, soon));
    CHECK(items[4].ready);
    CHECK_OK(mr_process_join(&process, soon));
    CHECK_OK(mr_process_close(&process));
    CHECK_OK(mr_connection_close(&b)); /* the end of file */
    CHECK_OK(mr_wait(items, 3, &ready, soon));
    CHECK(items[0].ready);
    CHECK_OK(mr_connection_close(&a));
    CHECK_STATUS(mr_wait(items, 3, &ready, soon), MR_ECLOSED);
    wait_for_closed(items + 1, 2, &c); /* with a pipe */
    CHECK_OR_STOP(connect_both(&l, &a, &b));
    wait_for_closed(items, 1, &a);
    CHECK_OK(mr_queue_destroy(&queue));
}

enum { CROWD = 40 };

static void *run_in_crowd(void *argument)
{
    visitor *v = argument;
    run_visitor(v);
    if (v->status == MR_OK) {
        int number = 0;
        v->status = mr_connection_send(&v->c, &v, sizeof v, soon);
        if (v->status == MR_OK)
            v->status = mr_connection_recv(&v->c, &number, sizeof number, NULL, soon);
        mr_connection_close(&v->c);
    }
    return NULL;
}

SCENARIO_LOCAL(listener, crowd)
{
    mr_scoped_listener l = {0};
    visitor visitors[CROWD];
    int strangers[4];
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")));
    for (int i = 0; i < 4; i++)
        strangers[i] = call_as_stranger(mr_listener_address(&l));
    for (int i = 0; i < CROWD; i++) {
        visitors[i] = (visitor){.address = mr_listener_address(&l), .key = KEY, .key_size = KEY_SIZE};
        CHECK_EQ(pthread_create(&visitors[i].thread, NULL, run_in_crowd, &visitors[i]), 0);
    }
    for (int i = 0; i < CROWD; i++) {
        mr_connection c;
        visitor *who = NULL;
        CHECK_OR_STOP(CHECK_OK(mr_listener_accept(&l, &c, soon)));
        CHECK_OK(mr_connection_recv(&c, &who, sizeof who, NULL, soon));
        CHECK(who >= visitors && who < visitors + CROWD);
        CHECK_OK(mr_connection_send(&c, &i, sizeof i, soon));
        CHECK_OK(mr_connection_close(&c));
    }
    for (int i = 0; i < CROWD; i++)
        CHECK_EQ(leave(&visitors[i]), MR_OK);
    for (int i = 0; i < 4; i++)
        close(strangers[i]);
}

/* ---- Other processes ---- */

typedef struct things {
    mr_connection c;
    mr_listener l;
} things;

static int misuses(const void *args, size_t size)
{
    things t;
    CHECK_EQ(size, sizeof t);
    memcpy(&t, args, sizeof t);
    CHECK_STATUS(mr_connection_send(&t.c, "", 0, 0), MR_ENOTOWNER);
    CHECK_STATUS(mr_connection_recv(&t.c, NULL, 0, NULL, 0), MR_ENOTOWNER);
    CHECK_STATUS(mr_connection_poll(&t.c, 0), MR_ENOTOWNER);
    CHECK_STATUS(mr_connection_close(&t.c), MR_ENOTOWNER);
    CHECK_STATUS(mr_listener_accept(&t.l, &t.c, 0), MR_ENOTOWNER);
    CHECK_STATUS(mr_listener_close(&t.l), MR_ENOTOWNER);
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

/* Connects, and dies in the middle of a message. */
static int dies_sending(const void *address, size_t size)
{
    mr_connection c;
    (void)size;
    CHECK_OK(mr_connection_connect(&c, address, NULL, 0, soon)); /* the key is inherited */
    send(mr_connection_fileno(&c), "\0\0\1", 3, MSG_NOSIGNAL);
    raise(SIGKILL);
    return 0;
}

/* Listens where it is told to, and just ends. */
static int listens_and_ends(const void *path, size_t size)
{
    mr_listener l;
    (void)size;
    CHECK_OK(listen_at(&l, path));
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

SCENARIO_LOCAL(listener, other_processes)
{
    char folder[] = "/tmp/listener-XXXXXX", path[64];
    mr_process process;
    things t = {0};
    mr_connection there = {0};
    CHECK_OR_STOP(CHECK(mkdtemp(folder) != NULL));
    path_in(folder, path);
    CHECK_OR_STOP(CHECK_OK(mr_listener_init(&t.l, path, NULL, 0)));
    CHECK_OR_STOP(begin(&process, dies_sending, path, strlen(path) + 1));
    CHECK_OK(mr_listener_accept(&t.l, &t.c, soon));
    CHECK_STATUS(mr_connection_recv(&t.c, NULL, 0, NULL, soon), MR_EEOF);
    CHECK(end(&process, soon, -SIGKILL));
    CHECK_OK(mr_connection_close(&t.c));
    CHECK_OK(mr_listener_close(&t.l));

    CHECK_OR_STOP(CHECK_OK(listen_at(&t.l, path)) && connect_both(&t.l, &t.c, &there));
    CHECK_OR_STOP(begin(&process, misuses, &t, sizeof t));
    CHECK(end(&process, soon, 0));
    pid_t child = fork(); /* by hand: no part in it */
    if (child == 0)
        _exit(mr_connection_send(&t.c, "", 0, 0) == MR_ENOTINIT && mr_listener_close(&t.l) == MR_ENOTINIT ? 0 : 1);
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    child = fork();
    if (child == 0)
        exit(0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    passes(&t.c, &there, "still mine");
    CHECK_EQ(access(path, F_OK), 0);
    CHECK_OK(mr_connection_close(&t.c));
    CHECK_OK(mr_connection_close(&there));
    CHECK_OK(mr_listener_close(&t.l));

    CHECK_OR_STOP(begin(&process, listens_and_ends, path, strlen(path) + 1));
    CHECK(end(&process, soon, 0));
    CHECK(access(path, F_OK) != 0);
    for (int i = 0; i < 2; i++) { /* in the same rank */
        CHECK_OK(mr_process_init(&process, listens_and_ends, path, strlen(path) + 1));
        CHECK_OK(mr_process_set_reuse(&process, true));
        CHECK_OK(mr_process_start(&process));
        CHECK(end(&process, soon, 0));
        CHECK(access(path, F_OK) != 0);
    }
    CHECK_EQ(rmdir(folder), 0);
}

/* ---- Other programs ---- */

extern char **environ;

/* The environment as a shell would give it, and where to connect. */
static char **make_environment(const char *address)
{
    static char variable[128];
    static char *variables[1024];
    size_t count = 0;
    for (char **each = environ; *each != NULL && count < 1000; each++)
        if (strncmp(*each, "OMPI_", 5) != 0 && strncmp(*each, "PMIX_", 5) != 0 &&
            strncmp(*each, "MULTIRANK_", 10) != 0)
            variables[count++] = *each;
    snprintf(variable, sizeof variable, "TEST_CONNECT=%s", address);
    variables[count++] = variable;
    variables[count] = NULL;
    return variables;
}

/* The other program: a main of its own, with processes of its own. */
static void be_the_other(const char *address)
{
    mr_connection c;
    CHECK_STATUS(mr_connection_connect(&c, address, NULL, 0, soon), MR_EAUTH); /* its own key is another one */
    CHECK_OR_STOP(CHECK_OK(mr_connection_connect(&c, address, KEY, KEY_SIZE, soon)));
    CHECK_OK(mr_connection_send(&c, "from the other program", 22, soon));
    CHECK(works());
    CHECK_STATUS(mr_connection_recv(&c, NULL, 0, NULL, soon), MR_EEOF);
    CHECK_OK(mr_connection_close(&c));
}

static void meet_the_other(char **argv)
{
    mr_scoped_listener l = {0};
    mr_scoped_connection c = {0};
    pid_t pid = -1;
    char text[64] = "";
    int status = -1;
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, "127.0.0.1:0")));
    CHECK_EQ(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, make_environment(mr_listener_address(&l))), 0);
    CHECK_STATUS(mr_listener_accept(&l, &c, soon), MR_EAUTH);
    CHECK_OR_STOP(CHECK_OK(mr_listener_accept(&l, &c, soon)));
    CHECK_OK(mr_connection_recv(&c, text, sizeof text - 1, NULL, soon));
    CHECK_TEXT(text, "from the other program");
    CHECK(works());
    CHECK_OK(mr_connection_close(&c));
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

PROGRAM(listener, two_programs, .exit_code = 0)
{
    const char *address = getenv("TEST_CONNECT");
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    if (address != NULL)
        be_the_other(address);
    else
        meet_the_other(argv);
    CHECK_OK(mr_finalize());
    return 0;
}

/* Starts peer.py; its standard output comes to *out. */
static pid_t start_python(const char *role, const char *address, const char *key, int *out)
{
    int ends[2];
    pid_t pid = -1;
    char *argv[] = {"python3", TEST_PEER, (char *)role, (char *)address, (char *)key, NULL};
    posix_spawn_file_actions_t actions;
    CHECK_EQ(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    CHECK_EQ(posix_spawnp(&pid, "python3", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *out = ends[0];
    return pid;
}

static void end_python(pid_t pid, int out, int wanted)
{
    int status = -1;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(WEXITSTATUS(status), wanted);
    close(out);
}

static void check_python(mr_connection *c)
{
    size_t size = 0, length = 3 << 20;
    unsigned char *bytes = malloc(length), *back = NULL;
    char text[8] = "";
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(i % 251);
    CHECK_OK(mr_connection_send(c, "abc", 3, soon));
    CHECK_OK(mr_connection_recv(c, text, sizeof text, &size, soon));
    CHECK_TEXT(text, "cba");
    CHECK_OK(mr_connection_send(c, "", 0, soon));
    CHECK_OK(mr_connection_recv(c, text, sizeof text, &size, soon));
    CHECK_EQ(size, 0);
    CHECK_OK(mr_connection_send(c, bytes, length, soon));
    if (CHECK_OK(mr_connection_recv_alloc(c, (void **)&back, &size, soon)) && CHECK_EQ(size, length))
        for (size_t i = 0; i < length; i++)
            if (!CHECK_EQ(back[i], bytes[length - 1 - i]))
                break;
    free(back);
    free(bytes);
    CHECK_OK(mr_connection_close(c));
}

/* ChallengeResponseTest, with a Python program on either side; one that only knows MD5 is refused. */
SCENARIO_LOCAL(listener, python)
{
    mr_scoped_listener l = {0};
    mr_connection c = {0};
    char address[64] = "";
    int out = -1;
    snprintf(address, sizeof address, "@listener-%d", (int)getpid());
    CHECK_OR_STOP(CHECK_OK(listen_at(&l, address)));
    pid_t pid = start_python("client", address, KEY, &out);
    if (CHECK_OK(mr_listener_accept(&l, &c, soon)))
        check_python(&c);
    end_python(pid, out, 0);
    pid = start_python("client", address, "another key", &out);
    CHECK_STATUS(mr_listener_accept(&l, &c, soon), MR_EAUTH);
    end_python(pid, out, 3);
    pid = start_python("md5", address, KEY, &out);
    CHECK_STATUS(mr_listener_accept(&l, &c, soon), MR_EAUTH);
    CHECK(strstr(mr_last_error(), "MD5") != NULL);
    end_python(pid, out, 3);

    for (int wrong = 0; wrong < 2; wrong++) {
        char line[64] = "";
        pid = start_python("listener", "", KEY, &out);
        CHECK(read(out, line, sizeof line - 1) > 0);
        line[strcspn(line, "\n")] = '\0';
        if (wrong)
            CHECK_STATUS(mr_connection_connect(&c, line, "x", 1, soon), MR_EAUTH);
        else if (CHECK_OK(mr_connection_connect(&c, line, KEY, KEY_SIZE, soon)))
            check_python(&c);
        end_python(pid, out, wrong ? 3 : 0);
    }
}

/* ---- Before and after ---- */

static void check_calls(mr_status status)
{
    mr_listener l = {0};
    mr_connection c = {0};
    CHECK_STATUS(mr_listener_init(&l, "@here", "key", 3), status);
    CHECK_STATUS(mr_listener_accept(&l, &c, MR_FOREVER), status);
    CHECK_STATUS(mr_listener_close(&l), status);
    CHECK_REFUSED(mr_listener_address(&l) == NULL, status);
    CHECK_REFUSED(mr_listener_last_accepted(&l) == NULL, status);
    CHECK_STATUS(mr_connection_connect(&c, "@here", "key", 3, MR_FOREVER), status);
}

PROGRAM_LOCAL(listener, before_init_and_after_finalize, .exit_code = 0)
{
    mr_listener l;
    check_calls(MR_ENOTINIT);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(listen_at(&l, "127.0.0.1:0")); /* left open */
    CHECK_OK(mr_finalize());
    check_calls(MR_EFINALIZED);
    return 0;
}
