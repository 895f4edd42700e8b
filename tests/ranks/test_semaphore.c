/* Semaphore and BoundedSemaphore. The comments name the tests of CPython's own suite
 * (Lib/test/_test_multiprocessing.py) whose behaviour a scenario covers. */
#include "page.h"
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <pthread.h>

static const double at_once = 1.0; /* seconds within which a call that does not wait has returned, even here */

/* What both kinds have in common: from 2 to 0 and back. */
static void check_counting(const mr_semaphore *s)
{
    CHECK_EQ(mr_semaphore_value(s), 2);
    CHECK_OK(mr_semaphore_acquire(s, MR_FOREVER));
    CHECK_EQ(mr_semaphore_value(s), 1);
    CHECK_OK(mr_semaphore_acquire(s, 0));
    CHECK_EQ(mr_semaphore_value(s), 0);
    CHECK_STATUS(mr_semaphore_acquire(s, 0), MR_ETIMEDOUT);
    CHECK_EQ(mr_semaphore_value(s), 0);
    CHECK_OK(mr_semaphore_release(s));
    CHECK_EQ(mr_semaphore_value(s), 1);
    CHECK_OK(mr_semaphore_release(s));
    CHECK_EQ(mr_semaphore_value(s), 2);
}

static int releases(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_semaphore_release(args));
    return 0;
}

/* _TestSemaphore.test_semaphore, _TestSemaphore.test_bounded_semaphore, _TestSemaphore.test_timeout */
SCENARIO_SHARED(semaphore, counts)
{
    mr_semaphore s, bounded;
    mr_process p;
    CHECK_OK(mr_semaphore_init(&s, 2));
    check_counting(&s);
    CHECK_OK(mr_semaphore_release(&s)); /* above the start value */
    CHECK_EQ(mr_semaphore_value(&s), 3);
    CHECK(begin(&p, releases, &s, sizeof s) && end(&p, 30, 0));
    CHECK_EQ(mr_semaphore_value(&s), 4);
    CHECK_OK(mr_semaphore_destroy(&s));

    CHECK_OK(mr_semaphore_init_bounded(&bounded, 2));
    check_counting(&bounded);
    CHECK_STATUS(mr_semaphore_release(&bounded), MR_EOVERFLOW);
    CHECK_EQ(mr_semaphore_value(&bounded), 2);
    CHECK_OK(mr_semaphore_acquire(&bounded, 0));
    CHECK(begin(&p, releases, &bounded, sizeof bounded) && end(&p, 30, 0)); /* another process may */
    CHECK_EQ(mr_semaphore_value(&bounded), 2);
    CHECK_STATUS(mr_semaphore_release(&bounded), MR_EOVERFLOW);

    CHECK_OK(mr_semaphore_init(&s, 0));
    double before = now();
    CHECK_STATUS(mr_semaphore_acquire(&s, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_semaphore_acquire(&s, -3), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - before, at_once);
    before = now();
    CHECK_STATUS(mr_semaphore_acquire(&s, 0.2), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.2);
    CHECK_AT_MOST(now() - before, 0.2 + at_once);
}

/* ---- Many ---- */

enum { WORKERS = 5, UNITS = 3, ROUNDS = 1000, INSIDE = 0, MOST = 1 };

struct contest {
    mr_semaphore units, items;
};

static int shares(const void *args, size_t size)
{
    (void)size;
    const struct contest *c = args;
    page *p = page_open("page");
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_semaphore_acquire(&c->units, 30)));
        long inside = ++p->counts[INSIDE], most = p->counts[MOST];
        while (inside > most && !atomic_compare_exchange_weak(&p->counts[MOST], &most, inside))
            ;
        p->counts[INSIDE]--;
        CHECK_OR_STOP(CHECK_OK(mr_semaphore_release(&c->units)));
        CHECK_OR_STOP(CHECK_OK(mr_semaphore_release(&c->items)));
    }
    return 0;
}

/* There are never more inside than units; what is released in one process can be acquired in another; a process
 * that ends takes nothing away from, and adds nothing to, a semaphore that counts what has happened. */
SCENARIO_SHARED(semaphore, between_processes)
{
    struct contest c;
    mr_process p[WORKERS];
    page *shared = page_open("page");
    CHECK_OK(mr_semaphore_init_bounded(&c.units, UNITS));
    CHECK_OK(mr_semaphore_init(&c.items, 0));
    for (int i = 0; i < WORKERS; i++)
        CHECK_OR_STOP(begin(&p[i], shares, &c, sizeof c));
    for (int i = 0; i < WORKERS * ROUNDS; i++)
        CHECK_OR_STOP(CHECK_OK(mr_semaphore_acquire(&c.items, 30)));
    for (int i = 0; i < WORKERS; i++)
        CHECK(end(&p[i], 30, 0));
    CHECK_AT_MOST((double)shared->counts[MOST], UNITS);
    CHECK_EQ(shared->counts[INSIDE], 0);
    CHECK_EQ(mr_semaphore_value(&c.units), UNITS);
    CHECK_STATUS(mr_semaphore_release(&c.units), MR_EOVERFLOW);
    CHECK_EQ(mr_semaphore_value(&c.items), 0);
}

/* ---- Wrong use ---- */

static void check_calls(const mr_semaphore *s, mr_status status)
{
    CHECK_STATUS(mr_semaphore_acquire(s, 0), status);
    CHECK_STATUS(mr_semaphore_acquire(s, MR_FOREVER), status);
    CHECK_STATUS(mr_semaphore_release(s), status);
    CHECK_REFUSED(mr_semaphore_value(s) == -1, status);
}

static void *waits_for_ever(void *semaphore)
{
    note("waiting", "%d", 1);
    CHECK_STATUS(mr_semaphore_acquire(semaphore, MR_FOREVER), MR_ECLOSED);
    return NULL;
}

SCENARIO_SHARED(semaphore, misuse)
{
    mr_semaphore s, copy, nonsense = {UINT64_MAX}, none = {0};
    mr_lock lock;
    pthread_t thread;
    check_calls(NULL, MR_EINVAL);
    check_calls(&nonsense, MR_EINVAL);
    check_calls(&none, MR_EINVAL);
    CHECK_OK(mr_lock_init(&lock));
    check_calls(&(mr_semaphore){lock.mr__handle}, MR_EINVAL);
    CHECK_STATUS(mr_semaphore_destroy(&(mr_semaphore){lock.mr__handle}), MR_EINVAL);
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_STATUS(mr_semaphore_init(NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_semaphore_init(&s, -1), MR_EINVAL);
    CHECK_STATUS(mr_semaphore_init_bounded(&s, INT64_MIN), MR_EINVAL);

    CHECK_OK(mr_semaphore_init(&s, INT64_MAX));
    CHECK_STATUS(mr_semaphore_release(&s), MR_EOVERFLOW);
    CHECK_OK(mr_semaphore_acquire(&s, 0));
    CHECK_OK(mr_semaphore_release(&s));
    CHECK_STATUS(mr_semaphore_acquire(&s, NAN), MR_EINVAL);
    CHECK_EQ(mr_semaphore_value(&s), INT64_MAX);
    CHECK_OK(mr_semaphore_destroy(&s));
    check_calls(&s, MR_ECLOSED);

    CHECK_OK(mr_semaphore_init(&s, 0));
    copy = s;
    CHECK_EQ(pthread_create(&thread, NULL, waits_for_ever, &copy), 0);
    CHECK(await_lines("waiting", 1, 30));
    rest(0.1);
    CHECK_OK(mr_semaphore_destroy(&s));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_OK(mr_semaphore_destroy(&s));
    check_calls(&copy, MR_ECLOSED);
}
