/* Lock and RLock, and blocks that hold them. The comments name the tests of CPython's own suite
 * (Lib/test/_test_multiprocessing.py) whose behaviour a scenario covers. */
#include "page.h"
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static const double at_once = 1.0; /* seconds within which a call that does not wait has returned, even here */

static int cannot_have(const void *args, size_t size)
{
    (void)size;
    CHECK_STATUS(mr_lock_acquire(args, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_lock_acquire(args, -1), MR_ETIMEDOUT);
    CHECK_STATUS(mr_lock_acquire(args, 0.05), MR_ETIMEDOUT);
    return 0;
}

static int releases(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_lock_release(args));
    return 0;
}

static int acquires_and_says_so(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_lock_acquire(args, 30));
    note("acquired", "%d", 1);
    CHECK(await_lines("release", 1, 30));
    CHECK_OK(mr_lock_release(args));
    return 0;
}

/* _TestLock.test_lock, within a process and between processes; any process may release */
SCENARIO_SHARED(lock, basics)
{
    mr_lock lock;
    mr_process p;
    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_lock_acquire(&lock, MR_FOREVER));
    CHECK_STATUS(mr_lock_acquire(&lock, 0), MR_ETIMEDOUT);
    CHECK_OK(mr_lock_release(&lock));
    CHECK_STATUS(mr_lock_release(&lock), MR_ESTATE);

    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK(begin(&p, cannot_have, &lock, sizeof lock) && end(&p, 30, 0));
    CHECK(begin(&p, releases, &lock, sizeof lock) && end(&p, 30, 0));
    CHECK_STATUS(mr_lock_release(&lock), MR_ESTATE);

    CHECK(begin(&p, acquires_and_says_so, &lock, sizeof lock) && await_lines("acquired", 1, 30));
    double before = now();
    CHECK_STATUS(mr_lock_acquire(&lock, 0.3), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.3);
    note("release", "%d", 1);
    CHECK_OK(mr_lock_acquire(&lock, 30));
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_lock_release(&lock));
    CHECK_OK(mr_lock_destroy(&lock));
}

static void *says_whether_locked(void *lock)
{
    return mr_lock_is_locked(lock) ? lock : NULL;
}

static int sees_it_locked(const void *args, size_t size)
{
    (void)size;
    CHECK(mr_lock_is_locked(args));
    return 0;
}

static int dies_holding(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_lock_acquire(args, 30));
    CHECK(mr_lock_is_locked(args));
    kill(getpid(), SIGKILL);
    return 0;
}

static void is_seen_as_locked(mr_lock *lock)
{
    mr_process p;
    pthread_t other;
    void *answer = NULL;
    CHECK(!mr_lock_is_locked(lock));
    CHECK_OK(mr_lock_acquire(lock, 0));
    CHECK(mr_lock_is_locked(lock));
    CHECK_EQ(pthread_create(&other, NULL, says_whether_locked, lock), 0);
    CHECK_EQ(pthread_join(other, &answer), 0);
    CHECK(answer == lock);
    CHECK(begin(&p, sees_it_locked, lock, sizeof *lock) && end(&p, 30, 0));
    CHECK_OK(mr_lock_release(lock));
    CHECK(!mr_lock_is_locked(lock));
    CHECK(begin(&p, dies_holding, lock, sizeof *lock) && end(&p, 30, -SIGKILL));
    CHECK(!mr_lock_is_locked(lock));
    CHECK_STATUS(mr_lock_acquire(lock, 30), MR_EOWNERDEAD);
    CHECK(mr_lock_is_locked(lock));
    CHECK_OK(mr_lock_destroy(lock));
    CHECK_REFUSED(!mr_lock_is_locked(lock), MR_ECLOSED);
}

/* Lock.locked and RLock.locked of CPython 3.14 */
SCENARIO_SHARED(lock, is_locked)
{
    mr_lock lock, none = {0};
    CHECK_OK(mr_lock_init(&lock));
    is_seen_as_locked(&lock);
    CHECK_OK(mr_lock_init_recursive(&lock));
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_OK(mr_lock_release(&lock));
    CHECK(mr_lock_is_locked(&lock)); /* once taken still */
    CHECK_OK(mr_lock_release(&lock));
    is_seen_as_locked(&lock);
    CHECK_REFUSED(!mr_lock_is_locked(&none), MR_EINVAL);
    CHECK_REFUSED(!mr_lock_is_locked(NULL), MR_EINVAL);
}

static void *cannot_release(void *lock)
{
    CHECK_STATUS(mr_lock_release(lock), MR_ENOTOWNER);
    CHECK_STATUS(mr_lock_acquire(lock, 0), MR_ETIMEDOUT);
    return NULL;
}

static int cannot_release_either(const void *args, size_t size)
{
    (void)size;
    mr_lock lock = *(const mr_lock *)args;
    cannot_release(&lock);
    return 0;
}

/* _TestLock.test_rlock: it counts, and belongs to a thread */
SCENARIO_SHARED(lock, rlock)
{
    enum { TIMES = 3 };
    mr_lock lock;
    mr_process p;
    pthread_t thread;
    CHECK_OK(mr_lock_init_recursive(&lock));
    for (int i = 0; i < TIMES; i++)
        CHECK_OK(mr_lock_acquire(&lock, MR_FOREVER));
    for (int i = 0; i < TIMES; i++) {
        CHECK_EQ(pthread_create(&thread, NULL, cannot_release, &lock), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        if (i == TIMES - 1)
            CHECK(begin(&p, cannot_release_either, &lock, sizeof lock) && end(&p, 30, 0));
        CHECK_OK(mr_lock_release(&lock));
    }
    CHECK_STATUS(mr_lock_release(&lock), MR_ENOTOWNER);
    CHECK(begin(&p, acquires_and_says_so, &lock, sizeof lock) && await_lines("acquired", 1, 30));
    CHECK_STATUS(mr_lock_release(&lock), MR_ENOTOWNER);
    note("release", "%d", 1);
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_lock_destroy(&lock));
}

/* ---- Blocks ---- */

static int leaves_by_return(const mr_lock *lock)
{
    MR_LOCKED(lock)
    {
        CHECK_STATUS(mr_lock_acquire(lock, 0), MR_ETIMEDOUT);
        return 7;
    }
    return 0;
}

static bool leaves_by_goto(const mr_lock *lock)
{
    MR_LOCKED(lock)
    {
        goto out;
    }
    return false;
out:
    return true;
}

static bool is_free(const mr_lock *lock)
{
    return mr_lock_acquire(lock, 0) == MR_OK && mr_lock_release(lock) == MR_OK;
}

/* _TestLock.test_lock_context: a block holds the lock for as long as it runs, however it is left */
SCENARIO_SHARED(lock, scoped)
{
    mr_lock lock, other;
    mr_semaphore semaphore;
    mr_condition condition;
    mr_status status = MR_ESTATE;
    int runs = 0;
    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_lock_init_recursive(&other));
    CHECK_OK(mr_semaphore_init(&semaphore, 2));
    CHECK_OK(mr_condition_init(&condition, &other));

    MR_LOCKED(&lock)
    {
        MR_LOCKED(&other)
        {
            CHECK_STATUS(mr_lock_acquire(&lock, 0), MR_ETIMEDOUT);
            runs++;
        }
    }
    CHECK(is_free(&lock) && is_free(&other));
    CHECK_EQ(leaves_by_return(&lock), 7);
    CHECK(is_free(&lock));
    CHECK(leaves_by_goto(&lock));
    CHECK(is_free(&lock));
    for (int i = 0; i < 3; i++) {
        MR_LOCKED(&lock)
        {
            if (i == 0)
                continue;
            if (i == 1)
                break;
            runs++;
        }
        CHECK(is_free(&lock));
    }
    MR_LOCKED_STATUS(&semaphore, status)
    {
        CHECK_EQ(mr_semaphore_value(&semaphore), 1);
        runs++;
    }
    CHECK_EQ(status, MR_OK);
    CHECK_EQ(mr_semaphore_value(&semaphore), 2);
    MR_LOCKED(&condition)
    {
        CHECK_OK(mr_condition_notify_all(&condition));
        runs++;
    }
    CHECK_STATUS(mr_condition_notify_all(&condition), MR_ENOTOWNER);
    CHECK_EQ(runs, 4);

    CHECK_OK(mr_lock_destroy(&lock));
    MR_LOCKED_STATUS(&lock, status)
    {
        runs++;
    }
    CHECK_STATUS(status, MR_ECLOSED);
    CHECK_EQ(runs, 4);
}

/* ---- Contention ---- */

enum { WORKERS = 4, THREADS = 2, ROUNDS = 20000 };

struct contest {
    mr_lock lock;
    page *page;
    int worker;
};

static void *counts(void *argument)
{
    const struct contest *c = argument;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_lock_acquire(&c->lock, 30)));
        long before = c->page->plain;
        c->page->plain = before + 1;
        CHECK_OR_STOP(CHECK_OK(mr_lock_release(&c->lock)));
    }
    return NULL;
}

static int counts_in_threads(const void *args, size_t size)
{
    (void)size;
    struct contest c = *(const struct contest *)args;
    pthread_t threads[THREADS];
    c.page = page_open("page");
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, counts, &c), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    return 0;
}

/* Takes turns with the others until it is told to stop, and counts its own. */
static int takes_turns(const void *args, size_t size)
{
    (void)size;
    const struct contest *c = args;
    page *p = page_open("page");
    p->counts[WORKERS]++;
    CHECK(page_await(p, WORKERS, WORKERS, 30));
    while (p->counts[WORKERS + 1] == 0) {
        CHECK_OR_STOP(CHECK_OK(mr_lock_acquire(&c->lock, 30)));
        double until = now() + 20e-6;
        while (now() < until)
            ;
        CHECK_OR_STOP(CHECK_OK(mr_lock_release(&c->lock)));
        p->counts[c->worker]++;
    }
    return 0;
}

static void run_contest(const mr_lock *lock, mr_target target)
{
    mr_process p[WORKERS];
    page *shared = page_open("page");
    for (int i = 0; i < WORKERS; i++) {
        struct contest c = {*lock, NULL, i};
        CHECK_OR_STOP(begin(&p[i], target, &c, sizeof c));
    }
    if (target == takes_turns && CHECK(page_await(shared, WORKERS, WORKERS, 30))) {
        rest(1);
        shared->counts[WORKERS + 1] = 1;
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK(end(&p[i], 60, 0));
}

/* Nothing is lost between 4 processes of 2 threads each; and nobody starves: of 4 who all want the lock all the
 * time, each gets it again and again. */
SCENARIO_SHARED(lock, contended)
{
    mr_lock lock, rlock;
    page *shared = page_open("page");
    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_lock_init_recursive(&rlock));
    run_contest(&lock, counts_in_threads);
    CHECK_EQ(shared->plain, WORKERS * THREADS * ROUNDS);
    run_contest(&rlock, takes_turns);
    long sum = 0, least = shared->counts[0];
    for (int i = 0; i < WORKERS; i++) {
        sum += shared->counts[i];
        least = shared->counts[i] < least ? shared->counts[i] : least;
    }
    CHECK_AT_LEAST((double)sum, 100);
    CHECK_AT_LEAST((double)least, (double)sum / WORKERS / 20);
}

/* ---- Wrong use ---- */

static void check_calls(const mr_lock *l, mr_status status)
{
    CHECK_STATUS(mr_lock_acquire(l, 0), status);
    CHECK_STATUS(mr_lock_acquire(l, MR_FOREVER), status);
    CHECK_STATUS(mr_lock_release(l), status);
    CHECK_STATUS(mr_condition_init(&(mr_condition){0}, l), l != NULL ? status : MR_OK);
}

static void *waits_for_ever(void *lock)
{
    note("waiting", "%d", 1);
    CHECK_STATUS(mr_lock_acquire(lock, MR_FOREVER), MR_ECLOSED);
    return NULL;
}

SCENARIO_SHARED(lock, misuse)
{
    mr_lock lock, copy, nonsense = {UINT64_MAX}, far = {(uint64_t)1 << 32 | 0xFFFFF}, none = {0};
    mr_event event;
    pthread_t thread;
    check_calls(NULL, MR_EINVAL);
    check_calls(&nonsense, MR_EINVAL);
    check_calls(&far, MR_EINVAL);
    check_calls(&none, MR_EINVAL);
    CHECK_STATUS(mr_lock_init(NULL), MR_EINVAL);
    CHECK_STATUS(mr_lock_init_recursive(NULL), MR_EINVAL);
    CHECK_STATUS(mr_lock_destroy(NULL), MR_EINVAL);
    CHECK_OK(mr_event_init(&event));
    check_calls(&(mr_lock){event.mr__handle}, MR_EINVAL);

    CHECK_OK(mr_lock_init(&lock));
    CHECK_STATUS(mr_lock_acquire(&lock, NAN), MR_EINVAL);
    CHECK_STATUS(mr_lock_acquire(&lock, MR_DEFAULT), MR_EINVAL);
    CHECK_OK(mr_lock_acquire(&lock, -1e300));
    CHECK_STATUS(mr_lock_acquire(&lock, NAN), MR_EINVAL);
    copy = lock;
    CHECK_EQ(pthread_create(&thread, NULL, waits_for_ever, &copy), 0);
    CHECK(await_lines("waiting", 1, 30));
    rest(0.1);
    double before = now();
    CHECK_OK(mr_lock_destroy(&lock));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_AT_MOST(now() - before, at_once);
    CHECK_OK(mr_lock_destroy(&lock));
    check_calls(&copy, MR_ECLOSED);
    CHECK_OK(mr_lock_init(&lock)); /* perhaps in the same place */
    check_calls(&copy, MR_ECLOSED);
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_OK(mr_lock_destroy(&copy));
    CHECK_OK(mr_lock_release(&lock));
}

/* Every call on a lock, semaphore, condition or event. */
static void check_all_calls(mr_status status)
{
    mr_lock lock = {1};
    mr_semaphore semaphore = {1};
    mr_condition condition = {1};
    mr_event event = {1};
    CHECK_STATUS(mr_lock_init(&lock), status);
    CHECK_STATUS(mr_lock_init_recursive(&lock), status);
    CHECK_STATUS(mr_lock_acquire(&lock, 0), status);
    CHECK_STATUS(mr_lock_release(&lock), status);
    CHECK_STATUS(mr_lock_destroy(&lock), status);
    CHECK_STATUS(mr_semaphore_init(&semaphore, 1), status);
    CHECK_STATUS(mr_semaphore_init_bounded(&semaphore, 1), status);
    CHECK_STATUS(mr_semaphore_acquire(&semaphore, 0), status);
    CHECK_STATUS(mr_semaphore_release(&semaphore), status);
    CHECK_REFUSED(mr_semaphore_value(&semaphore) == -1, status);
    CHECK_STATUS(mr_semaphore_destroy(&semaphore), status);
    CHECK_STATUS(mr_condition_init(&condition, NULL), status);
    CHECK_STATUS(mr_condition_acquire(&condition, 0), status);
    CHECK_STATUS(mr_condition_release(&condition), status);
    CHECK_STATUS(mr_condition_wait(&condition, 0), status);
    CHECK_STATUS(mr_condition_wait_for(&condition, NULL, NULL, 0), status);
    CHECK_STATUS(mr_condition_notify(&condition, 1), status);
    CHECK_STATUS(mr_condition_notify_all(&condition), status);
    CHECK_STATUS(mr_condition_destroy(&condition), status);
    CHECK_STATUS(mr_event_init(&event), status);
    CHECK_STATUS(mr_event_set(&event), status);
    CHECK_STATUS(mr_event_clear(&event), status);
    CHECK_REFUSED(!mr_event_is_set(&event), status);
    CHECK_STATUS(mr_event_wait(&event, 0), status);
    CHECK_STATUS(mr_event_destroy(&event), status);
}

PROGRAM(lock, before_init_and_after_finalize, .exit_code = 0)
{
    check_all_calls(MR_ENOTINIT);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    mr_lock left_open;
    CHECK_OK(mr_lock_init(&left_open));
    CHECK_OK(mr_lock_acquire(&left_open, 0));
    CHECK_OK(mr_finalize());
    check_all_calls(MR_EFINALIZED);
    CHECK_STATUS(mr_lock_release(&left_open), MR_EFINALIZED);
    return 0;
}
