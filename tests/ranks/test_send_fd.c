/* Open descriptors that travel through connections. The comments name the tests of CPython's own suite whose
 * behaviour a scenario covers. */
#include "scenario.h"
#include "targets.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const double soon = 30;

/* The files of a_file that this process has open. */
static int open_files(void)
{
    static const char name[] = "/memfd:multirank-test ";
    int count = 0, folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fdopendir(folder);
    for (const struct dirent *each; (each = readdir(entries)) != NULL;) {
        char path[64];
        ssize_t length = readlinkat(folder, each->d_name, path, sizeof path);
        count += length > (ssize_t)strlen(name) && memcmp(path, name, strlen(name)) == 0;
    }
    closedir(entries);
    return count;
}

/* Whether so many are left soon: the hub closes what it keeps in its own time. */
static bool are_left(int count)
{
    double deadline = now() + soon;
    while (open_files() != count && now() < deadline)
        rest(0.01);
    return CHECK_EQ(open_files(), count);
}

static int a_file(void)
{
    int fd = memfd_create("multirank-test", 0);
    CHECK(fd >= 0);
    return fd;
}

/* What an open file says from its beginning. */
static void check_says(int fd, const char *text)
{
    char found[64] = "";
    CHECK(pread(fd, found, sizeof found - 1, 0) >= 0);
    CHECK_TEXT(found, text);
}

/* ---- What can be sent ---- */

/* Adds to a file, writes into a pipe and a socket, in the order in which they come, and sends back a new file. */
static int writes_into_three(const void *args, size_t size)
{
    int fd;
    char text[8] = "";
    (void)size;
    CHECK_OK(mr_connection_recv_fd(args, &fd, soon));
    CHECK(fd > STDERR_FILENO && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_EQ(write(fd, "bar", 3), 3); /* behind what is there: the position is common */
    CHECK_EQ(close(fd), 0);
    CHECK_OK(mr_connection_recv(args, text, sizeof text, NULL, soon));
    CHECK_TEXT(text, "between");
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mr_connection_recv_fd(args, &fd, soon));
        CHECK_EQ(write(fd, "x", 1), 1);
        CHECK_EQ(close(fd), 0);
    }
    fd = a_file();
    CHECK_EQ(write(fd, "back", 4), 4);
    CHECK_OK(mr_connection_send_fd(args, fd, soon));
    return 0;
}

/* _TestConnection.test_fd_transfer, test_large_fd_transfer */
SCENARIO_LOCAL(send_fd, of_all_kinds)
{
    mr_connection a, b;
    mr_process p;
    int file = a_file(), ends[2], sockets[2], back;
    enum { LARGE = 300 };
    char byte;
    CHECK_EQ(write(file, "foo", 3), 3);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    CHECK_EQ(dup2(file, LARGE), LARGE);
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, writes_into_three, &b, sizeof b));
    CHECK_OK(mr_connection_send_fd(&a, LARGE, soon));
    CHECK_EQ(close(LARGE), 0);
    CHECK_OK(mr_connection_send(&a, "between", 8, soon));
    CHECK_OK(mr_connection_send_fd(&a, ends[1], soon));
    CHECK_OK(mr_connection_send_fd(&a, sockets[1], soon));
    CHECK_EQ(close(ends[1]), 0);
    CHECK_EQ(close(sockets[1]), 0);
    CHECK_OK(mr_connection_recv_fd(&a, &back, soon));
    CHECK(end(&p, soon, 0));
    check_says(file, "foobar");
    check_says(back, "back");
    CHECK(read(ends[0], &byte, 1) == 1 && read(ends[0], &byte, 1) == 0); /* nobody has it open any more */
    CHECK(read(sockets[0], &byte, 1) == 1 && read(sockets[0], &byte, 1) == 0);
    CHECK(close(file) == 0 && close(back) == 0 && close(ends[0]) == 0 && close(sockets[0]) == 0);
    CHECK_OK(mr_connection_close(&a));
    are_left(0);
}

enum { MANY = 200 };

/* Each with its number in it. */
static int sends_many(const void *args, size_t size)
{
    (void)size;
    for (int i = 0; i < MANY; i++) {
        int fd = a_file();
        CHECK_EQ(write(fd, &i, sizeof i), sizeof i);
        CHECK_OK(mr_connection_send_fd(args, fd, soon));
        CHECK_EQ(close(fd), 0);
    }
    return 0;
}

static int receives_many(const void *args, size_t size)
{
    (void)size;
    for (int i = 0; i < MANY; i++) {
        int fd, number = -1;
        CHECK_OR_STOP(CHECK_OK(mr_connection_recv_fd(args, &fd, soon)));
        CHECK_EQ(pread(fd, &number, sizeof number, 0), sizeof number);
        CHECK_EQ(number, i);
        CHECK_EQ(close(fd), 0);
    }
    return 0;
}

/* Between two processes that are both not main. */
SCENARIO_LOCAL(send_fd, many)
{
    mr_connection r, w;
    mr_process p, q;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, sends_many, &w, sizeof w) && begin(&q, receives_many, &r, sizeof r));
    CHECK(end(&p, soon, 0) && end(&q, soon, 0));
    are_left(0);
}

/* ---- Deaths ---- */

enum { FEW = 3 };

static int sends_and_dies(const void *args, size_t size)
{
    (void)size;
    for (int i = 0; i < FEW; i++) {
        int fd = a_file();
        CHECK_EQ(write(fd, "last words", 10), 10);
        CHECK_OK(mr_connection_send_fd(args, fd, soon));
    }
    kill(getpid(), SIGKILL);
    return 0;
}

/* It receives one, and dies with the others unreceived. */
static int receives_and_dies(const void *args, size_t size)
{
    int fd;
    (void)size;
    CHECK(await_lines("all sent", 1, soon));
    CHECK_OK(mr_connection_recv_fd(args, &fd, soon));
    kill(getpid(), SIGKILL);
    return 0;
}

static void send_few(const mr_connection *w)
{
    for (int i = 0; i < FEW; i++) {
        int fd = a_file();
        CHECK_OK(mr_connection_send_fd(w, fd, soon));
        close(fd);
    }
}

/* Nothing is lost with the sender, and nothing stays in main of what nobody can receive. */
SCENARIO_LOCAL(send_fd, deaths)
{
    mr_connection r, w;
    mr_process p;
    int fd;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, sends_and_dies, &w, sizeof w));
    CHECK(end(&p, soon, -SIGKILL));
    for (int i = 0; i < FEW; i++) {
        CHECK_OK(mr_connection_recv_fd(&r, &fd, soon));
        check_says(fd, "last words");
        close(fd);
    }
    CHECK_STATUS(mr_connection_recv_fd(&r, &fd, soon), MR_EEOF);
    CHECK_OK(mr_connection_close(&r));

    CHECK_OK(mr_pipe_init(&r, &w, false)); /* the receiver dies, the sender has its end open */
    CHECK_OR_STOP(begin(&p, receives_and_dies, &r, sizeof r));
    send_few(&w);
    note("all sent", "%d", 1);
    CHECK(end(&p, soon, -SIGKILL));
    CHECK_STATUS(mr_connection_send_fd(&w, STDIN_FILENO, 0), MR_EEOF);

    mr_connection r2, w2; /* nobody dies, the receiver closes */
    CHECK_OK(mr_pipe_init(&r2, &w2, false));
    send_few(&w2);
    CHECK_OK(mr_connection_poll(&r2, 0));
    CHECK_OK(mr_connection_close(&r2));

    are_left(0);
    CHECK_OK(mr_connection_close(&w));
    CHECK_OK(mr_connection_close(&w2));
}

/* Main has the descriptor, and its ticket is not in the pipe yet. */
static int waits_for_room(const void *args, size_t size)
{
    (void)size;
    while (mr_connection_send(args, "fill", 5, 0) == MR_OK)
        ;
    note("full", "%d", 1);
    mr_connection_send_fd(args, a_file(), MR_FOREVER);
    return 1;
}

SCENARIO_LOCAL(send_fd, death_before_its_ticket)
{
    mr_connection r, w;
    mr_process p;
    char text[8];
    mr_status status;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, waits_for_room, &w, sizeof w));
    CHECK(await_lines("full", 1, soon) && are_left(1));
    rest(0.1);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, soon, -SIGKILL));
    while ((status = mr_connection_recv(&r, text, sizeof text, NULL, soon)) == MR_OK)
        ;
    CHECK_EQ(status, MR_EEOF);
    CHECK_OK(mr_connection_close(&r));
    are_left(0);
}

/* ---- The wrong call, and time-outs ---- */

/* _TestConnection.test_missing_fd_transfer; whatever is refused stays */
SCENARIO_LOCAL(send_fd, wrong_calls)
{
    mr_connection r, w, none = {0};
    int fd = -7, file = a_file();
    char text[8] = "";
    void *data;
    size_t got;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OK(mr_connection_send(&w, "text", 5, 0));
    CHECK_STATUS(mr_connection_recv_fd(&r, &fd, 0), MR_ESTATE);
    CHECK_EQ(fd, -7);
    CHECK_OK(mr_connection_recv(&r, text, sizeof text, NULL, 0));
    CHECK_TEXT(text, "text");

    CHECK_OK(mr_connection_send_fd(&w, file, 0));
    CHECK_OK(mr_connection_poll(&r, 0));
    CHECK_STATUS(mr_connection_recv(&r, text, sizeof text, &got, 0), MR_ESTATE);
    CHECK(strstr(mr_last_error(), "mr_connection_recv_fd") != NULL);
    CHECK_STATUS(mr_connection_recv_alloc(&r, &data, &got, 0), MR_ESTATE);
    CHECK_OK(mr_connection_recv_fd(&r, &fd, 0));
    CHECK_EQ(close(fd), 0);

    CHECK_STATUS(mr_connection_send_fd(&w, -1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_fd(&w, fd, 0), MR_EINVAL); /* which has been closed */
    CHECK_STATUS(mr_connection_send_fd(&r, file, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_fd(NULL, file, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_fd(&none, file, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_fd(&w, file, NAN), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv_fd(&w, &fd, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv_fd(&r, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv_fd(NULL, &fd, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv_fd(&r, &fd, 0), MR_ETIMEDOUT);
    double before = now();
    CHECK_STATUS(mr_connection_recv_fd(&r, &fd, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.19);

    while (mr_connection_send(&w, text, sizeof text, 0) == MR_OK) /* until it is full */
        ;
    before = now();
    CHECK_STATUS(mr_connection_send_fd(&w, file, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_connection_send_fd(&w, file, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.19);
    are_left(1); /* it is not kept */
    CHECK_OK(mr_connection_close(&r));
    CHECK_STATUS(mr_connection_send_fd(&w, file, soon), MR_EEOF);
    CHECK_OK(mr_connection_close(&w));
    CHECK_STATUS(mr_connection_send_fd(&w, file, 0), MR_ECLOSED);
    CHECK_STATUS(mr_connection_recv_fd(&r, &fd, 0), MR_ECLOSED);
    close(file);
}

/* ---- As many as there may be ---- */

static void allow(int descriptors)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)descriptors;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* As many as are open, wherever their numbers are, and so many more. */
static void allow_more(int more)
{
    int number = 0;
    for (int free_ones = 0; free_ones < more || fcntl(number, F_GETFD) >= 0; number++)
        free_ones += fcntl(number, F_GETFD) < 0;
    allow(number);
}

static int receives_with_little_room(const void *args, size_t size)
{
    int fd = -1;
    (void)size;
    for (int room = 0; room < 2; room++) {
        allow_more(room); /* not even for the way to main; not for what comes */
        CHECK_STATUS(mr_connection_recv_fd(args, &fd, soon), MR_ELIMIT);
    }
    allow_more(2);
    CHECK_OK(mr_connection_recv_fd(args, &fd, soon));
    CHECK(fcntl(fd, F_GETFD) >= 0);
    return 0;
}

SCENARIO_LOCAL(send_fd, limits)
{
    enum { ALLOWED = 100 };
    mr_connection r, w;
    mr_process p;
    int file = a_file(), kept = 0, fd;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK(works());
    allow(ALLOWED);
    mr_status status;
    while ((status = mr_connection_send_fd(&w, file, soon)) == MR_OK)
        kept++;
    CHECK_EQ(status, MR_ELIMIT);
    CHECK_EQ(kept, ALLOWED / 2);
    CHECK(works()); /* main has enough for itself */
    for (int i = 0; i < kept - 1; i++) {
        CHECK_OK(mr_connection_recv_fd(&r, &fd, soon));
        CHECK_EQ(close(fd), 0);
    }
    CHECK(begin(&p, receives_with_little_room, &r, sizeof r) && end(&p, soon, 0));
    CHECK_STATUS(mr_connection_send_fd(&w, file, soon), MR_EEOF);
    close(file);
}

/* ---- Other hosts ---- */

static int can_pass_none(const void *args, size_t size)
{
    const mr_connection *ends = args;
    char text[8];
    int fd;
    CHECK_EQ(size, 2 * sizeof *ends);
    CHECK_STATUS(mr_connection_send_fd(&ends[0], STDIN_FILENO, 0), MR_ENOHOST);
    CHECK_STATUS(mr_connection_recv_fd(&ends[0], &fd, 0), MR_ENOHOST);
    CHECK_OK(mr_connection_send(&ends[0], "mine", 5, 0)); /* main knows now whose it is */
    CHECK_STATUS(mr_connection_recv(&ends[1], text, sizeof text, NULL, soon), MR_ESTATE);
    return 0;
}

SCENARIO_ON_HOSTS(send_fd, other_hosts)
{
    mr_connection a, others[2], c;
    mr_process p;
    char text[8];
    int file = a_file(), fd;
    CHECK_OK(mr_pipe_init(&a, &others[0], true));
    CHECK_OK(mr_pipe_init(&c, &others[1], true));
    CHECK_OK(mr_connection_send_fd(&c, file, 0)); /* as long as the other end is here */
    CHECK_OK(mr_process_init(&p, can_pass_none, others, sizeof others));
    CHECK_OK(mr_process_set_host(&p, "node2"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK_OK(mr_connection_recv(&a, text, sizeof text, NULL, soon));
    CHECK_STATUS(mr_connection_send_fd(&a, file, 0), MR_ENOHOST);
    CHECK(end(&p, soon, 0));
    CHECK_STATUS(mr_connection_recv_fd(&a, &fd, soon), MR_EEOF);
    close(file);
}
