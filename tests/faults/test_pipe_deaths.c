/* Processes that die at the end of a pipe: the other side hears of it at once, gets every message that was sent,
 * and none that was not. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double promise = 0.5; /* seconds from a death until the other side knows */
static const double soon = 30;

enum { HUGE_SIZE = 1 << 24 };

static void die(void)
{
    note("died", "%.6f", now());
    kill(getpid(), SIGKILL);
}

/* The other side has been told within the time that is promised. */
static void check_promise(mr_process *p)
{
    CHECK_AT_MOST(now() - noted_number("died", noted_lines("died") - 1), promise);
    CHECK(end(p, soon, -SIGKILL));
}

/* ---- The only writer, the only reader ---- */

static int sends_three_and_dies(const void *args, size_t size)
{
    (void)size;
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_connection_send(args, &i, sizeof i, soon));
    die();
    return 0;
}

static int receives_one_and_dies(const void *args, size_t size)
{
    int value;
    (void)size;
    CHECK_OK(mr_connection_recv(args, &value, sizeof value, NULL, soon));
    die();
    return 0;
}

SCENARIO_SHARED(pipe_deaths, only_side)
{
    mr_connection r, w;
    mr_process p;
    int value = -1;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, sends_three_and_dies, &w, sizeof w));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(mr_connection_recv(&r, &value, sizeof value, NULL, soon));
        CHECK_EQ(value, i);
    }
    CHECK_STATUS(mr_connection_recv(&r, &value, sizeof value, NULL, soon), MR_EEOF);
    check_promise(&p);
    CHECK_STATUS(mr_connection_send(&w, "x", 1, 0), MR_ECLOSED);

    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, receives_one_and_dies, &r, sizeof r));
    mr_status status = MR_OK;
    while (status == MR_OK)
        status = mr_connection_send(&w, "four", 4, soon); /* until the pipe is full, and then waiting */
    CHECK_EQ(status, MR_EEOF);
    check_promise(&p);
    CHECK(works());
}

/* ---- In the middle of a large message ---- */

static int sends_huge(const void *args, size_t size)
{
    char *huge = calloc(1, HUGE_SIZE);
    (void)size;
    CHECK_OK(mr_connection_send(args, "small", 5, soon));
    note("busy", "%d", (int)getpid());
    mr_connection_send(args, huge, HUGE_SIZE, soon);
    return 1;
}

/* Nobody receives, so it is stuck halfway when it is killed. */
SCENARIO_SHARED(pipe_deaths, half_written)
{
    mr_connection r, w;
    mr_process p;
    char *huge = malloc(HUGE_SIZE);
    size_t got, ready;
    CHECK_OK(mr_pipe_init(&r, &w, false));
    CHECK_OR_STOP(begin(&p, sends_huge, &w, sizeof w));
    CHECK(await_lines("busy", 1, soon));
    rest(0.1);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, soon, -SIGKILL));
    CHECK_OK(mr_connection_recv(&r, huge, HUGE_SIZE, &got, soon));
    CHECK_EQ(got, 5);
    mr_waitable item = {.connection = &r};
    CHECK_OK(mr_wait(&item, 1, &ready, soon));
    CHECK_STATUS(mr_connection_recv(&r, huge, HUGE_SIZE, &got, soon), MR_EEOF);
    CHECK_STATUS(mr_connection_recv(&r, huge, HUGE_SIZE, &got, 0), MR_EEOF);
    CHECK_OK(mr_connection_close(&r));
    free(huge);
}

/* ---- While waiting: in recv, in poll, in mr_wait; and before the first use ---- */

static int dies_before_use(const void *args, size_t size)
{
    (void)args, (void)size;
    die();
    return 0;
}

static int receives(const void *args, size_t size)
{
    (void)size;
    note("busy", "%d", (int)getpid());
    mr_connection_recv(args, NULL, 0, NULL, MR_FOREVER);
    return 1;
}

static int waits(const void *args, size_t size)
{
    (void)size;
    size_t ready;
    mr_waitable item = {.connection = args};
    note("busy", "%d", (int)getpid());
    mr_wait(&item, 1, &ready, MR_FOREVER);
    return 1;
}

SCENARIO_SHARED(pipe_deaths, while_waiting)
{
    static const mr_target targets[] = {receives, waits};
    mr_connection a, b;
    mr_process p;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OR_STOP(begin(&p, dies_before_use, &b, sizeof b));
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, soon), MR_EEOF);
    check_promise(&p);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mr_pipe_init(&a, &b, true));
        CHECK_OR_STOP(begin(&p, targets[i], &b, sizeof b));
        CHECK(await_lines("busy", i + 1, soon));
        rest(0.1);
        double before = now();
        CHECK_OK(mr_process_kill(&p));
        CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, soon), MR_EEOF);
        CHECK_AT_MOST(now() - before, promise);
        CHECK(end(&p, soon, -SIGKILL));
    }
    CHECK(works());
}

/* ---- At random ---- */

struct ends {
    mr_connection c;
    unsigned seed;
};

/* Messages that say which they are, of sizes from nothing to more than a pipe holds. */
static size_t random_size(unsigned *seed)
{
    static const size_t limits[] = {64, 20000, 3000000};
    return sizeof(unsigned) + (size_t)rand_r(seed) % limits[rand_r(seed) % 3];
}

static int sends_at_random(const void *args, size_t size)
{
    const struct ends *ends = args;
    unsigned seed = ends->seed;
    (void)size;
    char *bytes = malloc(1 << 22);
    for (unsigned i = 0;; i++) {
        size_t length = random_size(&seed);
        memset(bytes, (int)(i & 255), length);
        memcpy(bytes, &i, sizeof i);
        if (mr_connection_send(&ends->c, bytes, length, soon) != MR_OK)
            return 1;
    }
}

static int receives_at_random(const void *args, size_t size)
{
    const struct ends *ends = args;
    void *data;
    while (mr_connection_recv_alloc(&ends->c, &data, &size, soon) == MR_OK)
        free(data);
    return 1;
}

/* All that arrives is whole and in order, up to the end of file. */
static unsigned receive_all(const mr_connection *c, unsigned seed)
{
    unsigned count = 0, number;
    unsigned char *bytes = malloc(1 << 22);
    mr_status status;
    size_t size;
    while ((status = mr_connection_recv(c, bytes, 1 << 22, &size, soon)) == MR_OK) {
        memcpy(&number, bytes, sizeof number);
        bool is_well = number == count && size == random_size(&seed);
        for (size_t i = sizeof number; i < size && is_well; i++)
            is_well = bytes[i] == (count & 255);
        CHECK_OR_STOP(CHECK(is_well));
        count++;
    }
    CHECK_EQ(status, MR_EEOF);
    free(bytes);
    return count;
}

static void die_at_random(int rounds)
{
    const char *text = getenv("MR_TEST_SEED");
    unsigned seed = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 1;
    for (int round = 0; round < rounds; round++) {
        mr_connection a, b;
        mr_process p;
        pthread_t killer;
        struct ends ends = {.seed = seed + (unsigned)round};
        bool kills_writer = rand_r(&seed) % 2 == 0;
        CHECK_OR_STOP(CHECK_OK(mr_pipe_init(&a, &b, true)));
        ends.c = b;
        CHECK_OK(mr_process_init(&p, kills_writer ? sends_at_random : receives_at_random, &ends, sizeof ends));
        CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
        CHECK_OR_STOP(kill_later(&killer, &p, 1e-6 * (rand_r(&seed) % 5000)));
        unsigned count = 0;
        if (kills_writer) {
            receive_all(&a, ends.seed);
        } else {
            mr_status status = MR_OK;
            for (; status == MR_OK; count++)
                status = mr_connection_send(&a, &count, sizeof count, soon);
            CHECK_EQ(status, MR_EEOF);
        }
        pthread_join(killer, NULL);
        CHECK(end(&p, soon, -SIGKILL));
        CHECK_OK(mr_connection_close(&a));
        if (check_failed()) {
            note("seed", "%u in round %d", ends.seed, round);
            return;
        }
    }
}

SCENARIO_SHARED(pipe_deaths, at_random, .timeout = 120)
{
    die_at_random(20);
}

/* MR_TEST_LONG=1 */
SCENARIO_SHARED(pipe_deaths, at_random_long, .timeout = 290, .only_long = true)
{
    die_at_random(1000);
}
