/* Event. The comments name the tests of CPython's own suite (Lib/test/_test_multiprocessing.py) whose behaviour a
 * scenario covers. */
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <pthread.h>

static const double at_once = 1.0; /* seconds within which a call that does not wait has returned, even here */

static int sets(const void *args, size_t size)
{
    (void)size;
    CHECK(await_lines("waiting", 1, 30));
    CHECK_OK(mr_event_set(args));
    return 0;
}

/* _TestEvent.test_event, _TestEvent.test_repr: mr_event_is_set is all there is to print */
SCENARIO_SHARED(event, basics)
{
    mr_event e;
    mr_process p;
    CHECK_OK(mr_event_init(&e));
    CHECK(!mr_event_is_set(&e));
    double before = now();
    CHECK_STATUS(mr_event_wait(&e, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_event_wait(&e, -2), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - before, at_once);
    before = now();
    CHECK_STATUS(mr_event_wait(&e, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.2);
    CHECK_AT_MOST(now() - before, 0.2 + at_once);

    CHECK_OK(mr_event_set(&e));
    CHECK(mr_event_is_set(&e));
    CHECK_OK(mr_event_set(&e));
    CHECK_OK(mr_event_wait(&e, 0));
    CHECK_OK(mr_event_wait(&e, MR_FOREVER));
    CHECK_OK(mr_event_clear(&e));
    CHECK(!mr_event_is_set(&e));
    CHECK_STATUS(mr_event_wait(&e, 0), MR_ETIMEDOUT);

    CHECK_OR_STOP(begin(&p, sets, &e, sizeof e));
    note("waiting", "%d", 1);
    CHECK_OK(mr_event_wait(&e, 30));
    CHECK(mr_event_is_set(&e));
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_event_destroy(&e));
}

/* ---- Many ---- */

enum { WAITERS = 4, ROUNDS = 300 };

struct starts {
    mr_event go[2];
    mr_semaphore back;
};

static int waits_for_each_round(const void *args, size_t size)
{
    (void)size;
    const struct starts *s = args;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_event_wait(&s->go[i % 2], 30)));
        CHECK_OR_STOP(CHECK_OK(mr_semaphore_release(&s->back)));
    }
    return 0;
}

/* All who wait are woken, each time. */
SCENARIO_SHARED(event, many_rounds)
{
    struct starts s;
    mr_process p[WAITERS];
    CHECK_OK(mr_event_init(&s.go[0]));
    CHECK_OK(mr_event_init(&s.go[1]));
    CHECK_OK(mr_semaphore_init(&s.back, 0));
    for (int i = 0; i < WAITERS; i++)
        CHECK_OR_STOP(begin(&p[i], waits_for_each_round, &s, sizeof s));
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_OK(mr_event_clear(&s.go[(i + 1) % 2]));
        CHECK_OK(mr_event_set(&s.go[i % 2]));
        for (int waiter = 0; waiter < WAITERS; waiter++)
            CHECK_OR_STOP(CHECK_OK(mr_semaphore_acquire(&s.back, 30)));
    }
    for (int i = 0; i < WAITERS; i++)
        CHECK(end(&p[i], 30, 0));
}

/* ---- Wrong use ---- */

static void check_calls(const mr_event *e, mr_status status)
{
    CHECK_STATUS(mr_event_set(e), status);
    CHECK_STATUS(mr_event_clear(e), status);
    CHECK_REFUSED(!mr_event_is_set(e), status);
    CHECK_STATUS(mr_event_wait(e, 0), status);
    CHECK_STATUS(mr_event_wait(e, MR_FOREVER), status);
}

static void *waits_for_ever(void *event)
{
    note("waiting", "%d", 1);
    CHECK_STATUS(mr_event_wait(event, MR_FOREVER), MR_ECLOSED);
    return NULL;
}

SCENARIO_SHARED(event, misuse)
{
    mr_event e, copy, nonsense = {UINT64_MAX}, none = {0};
    mr_lock lock;
    pthread_t thread;
    check_calls(NULL, MR_EINVAL);
    check_calls(&nonsense, MR_EINVAL);
    check_calls(&none, MR_EINVAL);
    CHECK_OK(mr_lock_init(&lock));
    check_calls(&(mr_event){lock.mr__handle}, MR_EINVAL);
    CHECK_STATUS(mr_event_init(NULL), MR_EINVAL);
    CHECK_STATUS(mr_event_destroy(NULL), MR_EINVAL);
    CHECK_OK(mr_event_init(&e));
    CHECK_STATUS(mr_event_wait(&e, NAN), MR_EINVAL);
    CHECK_OK(mr_event_set(&e));
    CHECK_STATUS(mr_event_wait(&e, NAN), MR_EINVAL);
    CHECK_OK(mr_event_clear(&e));
    copy = e;
    CHECK_EQ(pthread_create(&thread, NULL, waits_for_ever, &copy), 0);
    CHECK(await_lines("waiting", 1, 30));
    rest(0.1);
    CHECK_OK(mr_event_destroy(&e));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_OK(mr_event_destroy(&e));
    check_calls(&copy, MR_ECLOSED);
}
