/* mr_wait over connections and processes. The comments name the tests of CPython's own suite whose behaviour a
 * scenario covers. */
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <sys/resource.h>

static const double soon = 30;

enum { WRITERS = 4, MESSAGES = 10 };

struct job {
    mr_connection w;
    double pause;
};

static int writes(const void *args, size_t size)
{
    const struct job *job = args;
    CHECK_EQ(size, sizeof *job);
    for (int i = 0; i < MESSAGES; i++) {
        rest(job->pause);
        CHECK_OK(mr_connection_send(&job->w, &i, sizeof i, soon));
    }
    return 0;
}

/* Receives from all until the end of each file. */
static void collect(double pause)
{
    mr_connection r[WRITERS];
    mr_process p[WRITERS];
    mr_waitable items[WRITERS];
    int next[WRITERS] = {0}, ends = 0;
    for (int i = 0; i < WRITERS; i++) {
        struct job job = {.pause = pause};
        CHECK_OR_STOP(CHECK_OK(mr_pipe_init(&r[i], &job.w, false)));
        CHECK_OR_STOP(begin(&p[i], writes, &job, sizeof job));
        items[i] = (mr_waitable){.connection = &r[i]};
    }
    size_t left = WRITERS, ready;
    while (left > 0 && CHECK_OK(mr_wait(items, left, &ready, soon)) && CHECK(ready >= 1)) {
        for (size_t i = left; i-- > 0;) {
            int value = -1;
            long who = items[i].connection - r;
            if (!items[i].ready)
                continue;
            mr_status status = mr_connection_recv(items[i].connection, &value, sizeof value, NULL, 0);
            if (status == MR_OK) {
                CHECK_EQ(value, next[who]++);
                continue;
            }
            CHECK_EQ(status, MR_EEOF);
            ends++;
            items[i] = items[--left];
        }
    }
    CHECK_EQ(ends, WRITERS);
    for (int i = 0; i < WRITERS; i++) {
        CHECK_EQ(next[i], MESSAGES);
        CHECK(end(&p[i], soon, 0));
    }
}

/* TestWait.test_wait */
SCENARIO_SHARED(wait, many)
{
    collect(0);
}

/* TestWait.test_wait_slow */
SCENARIO_SHARED(wait, slow)
{
    collect(0.02);
}

static int answers(const void *args, size_t size)
{
    int value;
    (void)size;
    CHECK_OK(mr_connection_recv(args, &value, sizeof value, NULL, soon));
    CHECK_OK(mr_connection_send(args, &value, sizeof value, soon));
    CHECK_OK(mr_connection_recv(args, &value, sizeof value, NULL, soon));
    return value;
}

/* TestWait.test_wait_timeout, test_wait_integer (a process among connections), test_neg_timeout */
SCENARIO_SHARED(wait, mixed)
{
    mr_connection a, b, c, d;
    mr_process p;
    size_t ready = 9;
    int value = 3;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    CHECK_OK(mr_pipe_init(&c, &d, true));
    CHECK_OR_STOP(begin(&p, answers, &b, sizeof b));
    mr_waitable items[] = {{.connection = &a}, {.process = &p}, {.connection = &c}};
    double before = now();
    CHECK_STATUS(mr_wait(items, 3, &ready, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_wait(items, 3, &ready, -5), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - before, 1.0);
    CHECK_STATUS(mr_wait(items, 3, &ready, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.19);
    CHECK_EQ(ready, 0);
    CHECK(!items[0].ready && !items[1].ready && !items[2].ready);

    CHECK_OK(mr_connection_send(&a, &value, sizeof value, soon));
    CHECK_OK(mr_wait(items, 3, &ready, soon));
    CHECK_EQ(ready, 1);
    CHECK(items[0].ready && !items[1].ready);
    CHECK_OK(mr_connection_recv(&a, &value, sizeof value, NULL, soon));
    CHECK_OK(mr_connection_send(&d, NULL, 0, soon));
    CHECK_OK(mr_wait(items, 3, &ready, soon));
    CHECK(!items[0].ready && !items[1].ready && items[2].ready);

    CHECK_OK(mr_connection_send(&a, &value, sizeof value, soon));
    CHECK_OK(mr_wait(items, 2, &ready, soon)); /* its end, and the end of file */
    CHECK_OK(mr_process_join(&p, soon));
    CHECK_OK(mr_wait(items, 3, &ready, 0));
    CHECK_EQ(ready, 3);
    CHECK(end(&p, soon, 3));
    CHECK_STATUS(mr_wait(items, 3, &ready, 0), MR_ECLOSED);
}

SCENARIO_SHARED(wait, misuse)
{
    mr_connection a, b, none = {0};
    mr_process p;
    size_t ready;
    CHECK_OK(mr_pipe_init(&a, &b, false));
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    mr_waitable item = {.connection = &a};
    CHECK_STATUS(mr_wait(NULL, 1, &ready, 0), MR_EINVAL);
    CHECK_STATUS(mr_wait(&item, 1, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_wait(&item, 1, &ready, NAN), MR_EINVAL);
    CHECK_STATUS(mr_wait(NULL, 0, &ready, MR_FOREVER), MR_EINVAL);
    CHECK_STATUS(mr_wait(NULL, 0, &ready, 0), MR_ETIMEDOUT);
    item = (mr_waitable){.connection = &b}; /* which only sends */
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0), MR_EINVAL);
    item = (mr_waitable){.connection = &none};
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0), MR_EINVAL);
    item = (mr_waitable){0};
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0), MR_EINVAL);
    item = (mr_waitable){.connection = &a, .process = &p};
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0), MR_EINVAL);
    item = (mr_waitable){.process = &p};
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0), MR_ESTATE);
    item = (mr_waitable){.process = mr_current_process()};
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0), MR_ESTATE);
}

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_THREAD, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* Who waits costs no processor time: in recv, in send to a full pipe, in mr_wait. */
SCENARIO_SHARED(wait, costs_nothing)
{
    static char large[1 << 20];
    mr_connection a, b;
    size_t ready;
    CHECK_OK(mr_pipe_init(&a, &b, true));
    mr_waitable item = {.connection = &a};
    double before = cpu_seconds();
    CHECK_STATUS(mr_connection_recv(&a, NULL, 0, NULL, 0.3), MR_ETIMEDOUT);
    CHECK_STATUS(mr_connection_send(&a, large, sizeof large, 0.3), MR_ETIMEDOUT);
    CHECK_STATUS(mr_wait(&item, 1, &ready, 0.3), MR_ETIMEDOUT);
    CHECK_AT_MOST(cpu_seconds() - before, 0.03);
}
