/* Pipes and the connections at their ends. The comments name the tests of CPython's own suite
 * (Lib/test/_test_multiprocessing.py) whose behaviour a scenario covers. */
#include "scenario.h"
#include "targets.h"

#include <mpi.h>
#include <multirank_mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double soon = 30; /* seconds within which what must happen has happened, even here */

/* Bytes of which every message has its own. */
static unsigned char byte_of(size_t message, size_t i)
{
    return (unsigned char)(7 * message + 31 * i + (i >> 8));
}

static unsigned char *make_message(size_t message, size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_of(message, i);
    return bytes;
}

static bool is_message(const unsigned char *bytes, size_t message, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_of(message, i))
            return false;
    return true;
}

static bool send_text(const mr_connection *c, const char *text)
{
    return CHECK_OK(mr_connection_send(c, text, strlen(text), soon));
}

static bool recv_text(const mr_connection *c, const char *wanted)
{
    char text[256] = "";
    size_t size = 0;
    return CHECK_OK(mr_connection_recv(c, text, sizeof text - 1, &size, soon)) && CHECK_EQ(size, strlen(wanted)) &&
           CHECK(memcmp(text, wanted, size) == 0);
}

static bool is_ready(const mr_connection *c, double timeout)
{
    mr_status status = mr_connection_poll(c, timeout);
    CHECK(status == MR_OK || status == MR_ETIMEDOUT);
    return status == MR_OK;
}

/* ---- Between two processes ---- */

static int echoes(const void *args, size_t size)
{
    const mr_connection *c = args;
    void *data;
    CHECK_EQ(size, sizeof *c);
    mr_status status;
    while ((status = mr_connection_recv_alloc(c, &data, &size, soon)) == MR_OK) {
        CHECK_OK(mr_connection_send(c, data, size, soon));
        free(data);
    }
    CHECK_EQ(status, MR_EEOF);
    return 0;
}

static void check_echo(const mr_connection *c, size_t number, size_t size)
{
    unsigned char *sent = make_message(number, size), *got = make_message(number + 1, size);
    size_t got_size = size + 1;
    CHECK_OK(mr_connection_send(c, sent, size, soon));
    CHECK_OK(mr_connection_recv(c, got, size, &got_size, soon));
    CHECK_EQ(got_size, size);
    CHECK(is_message(got, number, size));
    free(sent);
    free(got);
}

/* _TestConnection.test_connection, _TestConnection.test_spawn_close: the parent closes its copy at once;
 * _TestConnection.test_sendbytes: any part of a buffer, also an empty one */
SCENARIO_SHARED(pipe, echo, .timeout = 120)
{
    static const size_t sizes[] = {0, 1, 7, 8, 9, 4096, 16383, 16384, 16385, 100000, 1 << 18, (1 << 24) + 3};
    mr_connection a, b;
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_pipe_init(&a, &b, true)));
    CHECK(mr_connection_is_readable(&a) && mr_connection_is_writable(&a) && !mr_connection_is_closed(&a));
    CHECK_OR_STOP(begin(&p, echoes, &b, sizeof b));
    CHECK_OK(mr_connection_close(&b));
    CHECK(!is_ready(&a, 0) && !is_ready(&a, -1));
    double before = now();
    CHECK(!is_ready(&a, 0.1));
    CHECK_AT_LEAST(now() - before, 0.09);
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, 0), MR_ETIMEDOUT);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_echo(&a, i, sizes[i]);

    unsigned char *large = make_message(1, 60000), small[10];
    size_t size = 0;
    CHECK_OK(mr_connection_send(&a, large + 100, 50000, soon));
    CHECK(is_ready(&a, soon));
    CHECK_STATUS(mr_connection_recv(&a, small, sizeof small, &size, soon), MR_ETOOSMALL);
    CHECK_EQ(size, 50000);
    CHECK_STATUS(mr_connection_recv(&a, small, sizeof small, &size, soon), MR_ETOOSMALL);
    CHECK_OK(mr_connection_recv(&a, large, 60000, &size, soon));
    CHECK_EQ(large[49999], byte_of(1, 50099));
    free(large);

    CHECK_OK(mr_connection_close(&a));
    CHECK(mr_connection_is_closed(&a));
    CHECK_OK(mr_connection_close(&a));
    CHECK_STATUS(mr_connection_send(&a, "x", 1, 0), MR_ECLOSED);
    CHECK(end(&p, soon, 0));
}

/* Large messages, more than one gigabyte: MR_TEST_LONG=1. */
SCENARIO_SHARED(pipe, gigabytes, .only_long = true, .timeout = 280)
{
    mr_connection a, b;
    mr_process p;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, echoes, &b, sizeof b));
    check_echo(&a, 3, ((size_t)1 << 30) + 12345);
    CHECK_OK(mr_connection_close(&a));
    CHECK(end(&p, soon, 0));
}

enum { STREAM = 3000 };

static size_t stream_size(size_t i)
{
    return i % 100 == 99 ? 40000 : i % 7 * 13;
}

/* Sends as fast as it can, and ends at once when the last send has returned. */
static int streams(const void *args, size_t size)
{
    (void)size;
    for (size_t i = 0; i < STREAM; i++) {
        unsigned char *bytes = make_message(i, stream_size(i));
        CHECK_OK(mr_connection_send(args, bytes, stream_size(i), soon));
        free(bytes);
    }
    _exit(check_failed() ? CHECK_EXIT_CHILD : 0);
}

/* _TestPoll.test_strings, test_dont_merge, test_boundaries: messages stay apart, in order, whatever is asked in
 * between; then the end of file, though the parent still has a copy of the writer */
SCENARIO_SHARED(pipe, stream)
{
    mr_connection r, w;
    mr_process p;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, streams, &w, sizeof w));
    bool all_well = true;
    for (size_t i = 0; i < STREAM && all_well; i++) {
        unsigned char bytes[40000];
        size_t size = 0;
        all_well = (i % 3 != 0 || is_ready(&r, soon)) &&
                   mr_connection_recv(&r, bytes, sizeof bytes, &size, soon) == MR_OK && size == stream_size(i) &&
                   is_message(bytes, i, size);
        CHECK(all_well);
    }
    CHECK(is_ready(&r, soon));
    CHECK_STATUS(mr_connection_recv(&r, NULL, 0, NULL, soon), MR_EEOF);
    CHECK_STATUS(mr_connection_recv(&r, NULL, 0, NULL, MR_FOREVER), MR_EEOF);
    CHECK(end(&p, soon, 0));
    CHECK_OK(mr_connection_close(&r));
}

/* ---- In one process ---- */

/* _TestConnection.test_duplex_false, _TestPoll.test_empty_string, _TestConnection.test_context */
SCENARIO_SHARED(pipe, alone)
{
    mr_connection r, w, a, b;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK(mr_connection_is_readable(&r) && !mr_connection_is_writable(&r));
    CHECK(!mr_connection_is_readable(&w) && mr_connection_is_writable(&w));
    CHECK_STATUS(mr_connection_send(&r, "x", 1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv(&w, NULL, 0, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_poll(&w, 0), MR_EINVAL);
    CHECK_OK(mr_connection_send(&w, NULL, 0, 0));
    CHECK(is_ready(&r, 0) && is_ready(&r, 0));
    CHECK(recv_text(&r, ""));
    CHECK(!is_ready(&r, 0));
    CHECK(send_text(&w, "hello") && send_text(&w, "") && send_text(&w, "there"));
    CHECK(recv_text(&r, "hello") && recv_text(&r, "") && recv_text(&r, "there"));
    CHECK_OK(mr_connection_close(&r));
    CHECK_STATUS(mr_connection_send(&w, "x", 1, soon), MR_EEOF);
    CHECK_OK(mr_connection_close(&w));

    mr_connection copy;
    {
        mr_scoped_connection c = {0}, d = {0};
        CHECK_OK(mr_pipe_init(&c, &d, true));
        copy = c;
        CHECK(!mr_connection_is_closed(&copy));
    }
    CHECK(mr_connection_is_closed(&copy));
    CHECK_STATUS(mr_connection_recv(&copy, NULL, 0, NULL, 0), MR_ECLOSED);

    CHECK_OK(mr_pipe_init(&a, &b, true)); /* closed without ever having been used */
    CHECK_OK(mr_connection_close(&b));
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, soon), MR_EEOF);
    CHECK_STATUS(mr_connection_send(&b, "x", 1, 0), MR_ECLOSED);
    CHECK_OK(mr_connection_close(&a));
    for (int i = 0; i < 2000; i++) { /* nothing is used up */
        CHECK_OR_STOP(CHECK_OK(mr_pipe_init(&a, &b, true)));
        CHECK_OK(mr_connection_send(&a, &i, sizeof i, 0));
        mr_connection_close(&a);
        mr_connection_close(&b);
    }
}

/* Back-pressure, and what a send that has timed out leaves: nothing. */
SCENARIO_SHARED(pipe, full)
{
    enum { LARGE = 1 << 20 };
    mr_connection r, w;
    unsigned char *large = make_message(0, LARGE);
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_STATUS(mr_connection_send(&w, large, LARGE, 0), MR_ETIMEDOUT);
    CHECK(!is_ready(&r, 0));
    CHECK_STATUS(mr_connection_send(&w, large, LARGE, 0.05), MR_ETIMEDOUT);
    CHECK(send_text(&w, "after"));
    CHECK(recv_text(&r, "after"));
    size_t sent = 0, size;
    while (mr_connection_send(&w, large, 1000, 0) == MR_OK)
        sent++;
    CHECK_EQ(mr_last_status(), MR_ETIMEDOUT);
    CHECK_AT_LEAST((double)sent, 200);
    for (size_t i = 0; i < 100; i++)
        CHECK_OK(mr_connection_recv(&r, large, LARGE, &size, 0));
    CHECK_STATUS(mr_connection_send(&w, large, LARGE, 0.05), MR_ETIMEDOUT); /* behind others, and around the end */
    for (size_t i = 100; i < sent; i++)
        CHECK_OK(mr_connection_recv(&r, large, LARGE, &size, 0));
    CHECK(!is_ready(&r, 0));
    CHECK(send_text(&w, "last") && recv_text(&r, "last"));
    CHECK_OK(mr_connection_send(&w, large, 200000, 0)); /* fits, and so needs nobody who receives */
    CHECK_OK(mr_connection_recv(&r, large, LARGE, &size, 0));
    CHECK_EQ(size, 200000);
    free(large);
}

/* TestInvalidHandle.test_invalid_handles, and other bad input */
SCENARIO_SHARED(pipe, misuse)
{
    mr_connection a, b, none = {0}, noise = {0x0123456789abcdef}, ones = {UINT64_MAX};
    CHECK_STATUS(mr_pipe_init(NULL, &b, true), MR_EINVAL);
    CHECK_STATUS(mr_pipe_init(&a, NULL, true), MR_EINVAL);
    CHECK_STATUS(mr_connection_send(NULL, "", 0, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_poll(&none, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_poll(&noise, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_poll(&ones, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_close(&none), MR_EINVAL);
    CHECK(mr_connection_is_closed(&none) && !mr_connection_is_readable(&none) && !mr_connection_is_writable(NULL));
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_STATUS(mr_connection_send(&a, NULL, 1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send(&a, "", (size_t)-1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send(&a, "", 1, NAN), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv(&a, (char[1]){0}, 1, NULL, NAN), MR_EINVAL);
    CHECK_STATUS(mr_connection_poll(&a, MR_DEFAULT), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv_alloc(&a, NULL, NULL, 0), MR_EINVAL);
    CHECK_OK(mr_connection_send(&a, "abc", 3, 0));
    CHECK_STATUS(mr_connection_recv(&b, NULL, 100, NULL, 0), MR_ETOOSMALL);
    CHECK(recv_text(&b, "abc"));
    mr_connection_close(&a);
    mr_connection_close(&b);
    mr_connection c, d;
    CHECK_OK(mr_pipe_init(&c, &d, false)); /* in the same place, perhaps */
    CHECK_STATUS(mr_connection_send(&a, "x", 1, 0), MR_ECLOSED);
    CHECK_OK(mr_connection_close(&a));
    CHECK(!is_ready(&c, 0));
}

PROGRAM(pipe, before_and_after)
{
    mr_connection a = {1}, b;
    CHECK_STATUS(mr_pipe_init(&a, &b, true), MR_ENOTINIT);
    CHECK_STATUS(mr_connection_send(&a, "", 0, 0), MR_ENOTINIT);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OK(mr_finalize());
    CHECK_STATUS(mr_connection_send(&a, "", 0, 0), MR_EFINALIZED);
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, 0), MR_EFINALIZED);
    return 0;
}

/* ---- Handing ends over ---- */

static int answers_a_pipe_in_a_message(const void *args, size_t size)
{
    const mr_connection *c = args;
    mr_connection end;
    (void)size;
    CHECK_OK(mr_connection_recv(c, &end, sizeof end, NULL, soon));
    CHECK(!mr_connection_is_readable(&end));
    CHECK_STATUS(mr_connection_recv(&end, NULL, 0, NULL, 0), MR_EINVAL);
    CHECK(send_text(&end, "in a message"));
    CHECK(recv_text(c, "end"));
    return 0;
}

/* What a struct holds that both processes are given. */
struct both {
    mr_connection r, w;
};

static int receives_one(const void *args, size_t size)
{
    (void)size;
    CHECK(recv_text(&((const struct both *)args)->r, "one"));
    return 0;
}

static int ends_unused(const void *args, size_t size)
{
    (void)args, (void)size;
    return 0;
}

/* _TestPicklingConnections.test_pickling, test_access: ends in messages; and who owns an end when */
SCENARIO_SHARED(pipe, hand_over)
{
    mr_connection a, b, r, w;
    mr_process p;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, answers_a_pipe_in_a_message, &b, sizeof b));
    CHECK_OK(mr_connection_send(&w, "used", 4, 0));
    CHECK_OK(mr_connection_send(&a, &w, sizeof w, soon));
    CHECK_OK(mr_connection_close(&w)); /* the copy; the end is on its way */
    CHECK(recv_text(&r, "used") && recv_text(&r, "in a message"));
    CHECK(!is_ready(&r, 0));
    CHECK(send_text(&a, "end"));
    CHECK(end(&p, soon, 0));
    CHECK_STATUS(mr_connection_recv(&r, NULL, 0, NULL, soon), MR_EEOF);

    struct both both; /* in the arguments, but used here: stays open, whatever becomes of the process */
    CHECK_OK(mr_pipe_init(&both.r, &both.w, false));
    CHECK_OR_STOP(begin(&p, receives_one, &both, sizeof both));
    CHECK(send_text(&both.w, "one"));
    CHECK(end(&p, soon, 0));
    CHECK_STATUS(mr_connection_send(&both.w, "two", 3, soon), MR_EEOF);

    CHECK_OK(mr_pipe_init(&r, &w, false)); /* a process that ends without having used its end */
    CHECK_OR_STOP(begin(&p, ends_unused, &w, sizeof w));
    CHECK_STATUS(mr_connection_recv(&r, NULL, 0, NULL, soon), MR_EEOF);
    CHECK(end(&p, soon, 0));
    CHECK(send_text(&w, "mine again") && recv_text(&r, "mine again"));
}

static int creates_and_ends(const void *args, size_t size)
{
    (void)size;
    mr_connection r, w;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK(send_text(&w, "from the dead"));
    CHECK_OK(mr_connection_send(args, &r, sizeof r, soon));
    return 0;
}

/* The creator is gone before the other process has used its end; and two processes want one end. */
SCENARIO_SHARED(pipe, owners)
{
    mr_connection a, b, r;
    mr_process p;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, creates_and_ends, &b, sizeof b));
    CHECK(end(&p, soon, 0));
    CHECK_OK(mr_connection_recv(&a, &r, sizeof r, NULL, soon));
    CHECK(recv_text(&r, "from the dead"));
    CHECK_STATUS(mr_connection_recv(&r, NULL, 0, NULL, soon), MR_EEOF);

    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, echoes, &b, sizeof b));
    CHECK(send_text(&a, "x") && recv_text(&a, "x"));
    mr_status status;
    double until = now() + soon;
    while ((status = mr_connection_poll(&b, 0)) == MR_ETIMEDOUT && now() < until)
        rest(0.01); /* it may not be back in recv yet: then this moves the end, and its recv moves it back */
    CHECK_EQ(status, MR_ENOTOWNER);
    CHECK_OK(mr_connection_close(&a));
    CHECK(end(&p, soon, 0));
}

/* ---- Threads and signals ---- */

static void *closes_soon(void *c)
{
    rest(0.1);
    CHECK_OK(mr_connection_close(c));
    return NULL;
}

static void ignore(int number)
{
    (void)number;
}

static int interrupts(const void *args, size_t size)
{
    (void)size;
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(kill(*(const pid_t *)args, SIGUSR1), 0);
        rest(0.002);
    }
    return 0;
}

static int pauses_then_echoes(const void *args, size_t size)
{
    rest(0.2);
    return echoes(args, size);
}

/* TestIgnoreEINTR.test_ignore; a thread that waits while another closes the end */
SCENARIO_LOCAL(pipe, interrupted)
{
    mr_connection a, b;
    mr_process p, q;
    pthread_t thread;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    pthread_create(&thread, NULL, closes_soon, &a);
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, soon), MR_ECLOSED);
    pthread_join(thread, NULL);
    CHECK_OK(mr_connection_close(&b));

    signal(SIGUSR1, ignore);
    pid_t self = getpid();
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, interrupts, &self, sizeof self));
    CHECK_OR_STOP(begin(&q, pauses_then_echoes, &b, sizeof b));
    check_echo(&a, 5, 3 << 20);
    check_echo(&a, 6, 100);
    CHECK_OK(mr_connection_close(&a));
    CHECK(end(&p, soon, 0));
    CHECK(end(&q, soon, 0));
}

/* ---- MPI datatypes ---- */

static int transposes(const void *args, size_t size)
{
    (void)size;
    double m[3][4];
    int received = 0;
    MPI_Datatype column, columns;
    MPI_Type_vector(3, 1, 4, MPI_DOUBLE, &column);
    MPI_Type_create_resized(column, 0, sizeof(double), &columns);
    MPI_Type_commit(&columns);
    CHECK_OK(mr_connection_recv_mpi(args, m, 4, columns, &received, soon));
    CHECK_EQ(received, 4);
    for (int i = 0; i < 12; i++)
        CHECK(m[i % 3][i / 3] == i);
    CHECK_OK(mr_connection_send_mpi(args, m, 12, MPI_DOUBLE, soon));
    MPI_Type_free(&columns);
    MPI_Type_free(&column);
    return 0;
}

SCENARIO_SHARED(pipe, datatypes)
{
    mr_connection a, b;
    mr_process p;
    double in[12], out[12];
    int received = 0;
    MPI_Datatype raw;
    for (int i = 0; i < 12; i++)
        in[i] = i;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, transposes, &b, sizeof b));
    CHECK_OK(mr_connection_send_mpi(&a, in, 12, MPI_DOUBLE, soon));
    CHECK(is_ready(&a, soon));
    CHECK_STATUS(mr_connection_recv_mpi(&a, out, 5, MPI_DOUBLE, &received, soon), MR_ETOOSMALL);
    CHECK_EQ(received, 12);
    CHECK_OK(mr_connection_recv_mpi(&a, out, 12, MPI_DOUBLE, &received, soon));
    CHECK_EQ(received, 12);
    for (int i = 0; i < 12; i++)
        CHECK(out[i] == i % 4 * 3 + i / 4);
    CHECK(end(&p, soon, 0));

    MPI_Type_contiguous(2, MPI_INT, &raw); /* and not committed */
    CHECK_STATUS(mr_connection_send_mpi(&a, in, 1, raw, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_recv_mpi(&a, in, 1, raw, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_mpi(&a, in, 1, MPI_DATATYPE_NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_mpi(&a, in, -1, MPI_INT, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_send_mpi(&a, NULL, 1, MPI_INT, 0), MR_EINVAL);
    MPI_Type_free(&raw);
}
