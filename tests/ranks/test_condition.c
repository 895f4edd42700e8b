/* Condition. The comments name the tests of CPython's own suite (Lib/test/_test_multiprocessing.py) whose
 * behaviour a scenario covers. */
#include "page.h"
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static const double at_once = 1.0; /* seconds within which a call that does not wait has returned, even here */
static const double while_ = 0.1;  /* in which nothing is to happen */

enum { ASLEEP, AWAKE, TIMED_OUT }; /* counts in the page */

struct waiter {
    mr_condition condition;
    double timeout;
};

/* Says that it is about to wait, with the lock held, so that who gets the lock after that knows that it waits. */
static int waits(const void *args, size_t size)
{
    (void)size;
    const struct waiter *w = args;
    page *p = page_open("page");
    CHECK_OK(mr_condition_acquire(&w->condition, 30));
    p->counts[ASLEEP]++;
    mr_status status = mr_condition_wait(&w->condition, w->timeout);
    CHECK_STATUS(status, w->timeout < 30 ? MR_ETIMEDOUT : MR_OK);
    p->counts[status == MR_OK ? AWAKE : TIMED_OUT]++;
    CHECK_OK(mr_condition_release(&w->condition));
    return 0;
}

static void *waits_in_thread(void *waiter)
{
    waits(waiter, sizeof(struct waiter));
    return NULL;
}

enum { PROCESSES = 3, THREADS = 3, WAITERS = PROCESSES + THREADS };

struct crowd {
    struct waiter waiter;
    page *page;
    mr_process processes[PROCESSES];
    pthread_t threads[THREADS];
};

/* Six more waiters, who all wait when it returns. */
static void gather(struct crowd *c, const mr_condition *condition, double timeout)
{
    long before = c->page->counts[ASLEEP];
    c->waiter = (struct waiter){*condition, timeout};
    for (int i = 0; i < PROCESSES; i++)
        CHECK_OR_STOP(begin(&c->processes[i], waits, &c->waiter, sizeof c->waiter));
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&c->threads[i], NULL, waits_in_thread, &c->waiter), 0);
    CHECK_OR_STOP(CHECK(page_await(c->page, ASLEEP, before + WAITERS, 30)));
}

static void disperse(struct crowd *c)
{
    for (int i = 0; i < PROCESSES; i++)
        CHECK(end(&c->processes[i], 30, 0));
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(c->threads[i], NULL), 0);
}

static void notify(const mr_condition *c, int count)
{
    CHECK_OK(mr_condition_acquire(c, 30));
    CHECK_OK(count < 0 ? mr_condition_notify_all(c) : mr_condition_notify(c, count));
    CHECK_OK(mr_condition_release(c));
}

/* So many are awake, and stay the only ones. */
static void check_awake(const struct crowd *c, long count)
{
    CHECK(page_await(c->page, AWAKE, count, 30));
    rest(while_);
    CHECK_EQ(c->page->counts[AWAKE], count);
}

/* _TestCondition.test_notify, _TestCondition.test_notify_n, _TestCondition.test_notify_all: processes and threads
 * wait; each notification wakes as many as it says, none is kept for those who come later */
SCENARIO_SHARED(condition, notify)
{
    mr_condition condition;
    struct crowd c = {.page = page_open("page")};
    CHECK_OK(mr_condition_init(&condition, NULL));
    notify(&condition, 1);
    gather(&c, &condition, 60);
    check_awake(&c, 0);
    notify(&condition, 1);
    check_awake(&c, 1);
    notify(&condition, 0);
    notify(&condition, 1);
    check_awake(&c, 2);
    notify(&condition, 4);
    check_awake(&c, 6);
    notify(&condition, 3);
    disperse(&c);

    gather(&c, &condition, 0.2);
    disperse(&c);
    CHECK_EQ(c.page->counts[TIMED_OUT], WAITERS);
    gather(&c, &condition, 60);
    notify(&condition, -1);
    check_awake(&c, 2 * WAITERS);
    disperse(&c);
}

/* ---- Waiting for something ---- */

enum { TARGET = 4 };

struct shared {
    mr_condition condition;
    mr_lock lock;
    page *page;
};

static bool is_reached(void *shared)
{
    return ((struct shared *)shared)->page->plain == TARGET;
}

static int waits_for_target(const void *args, size_t size)
{
    (void)size;
    struct shared s = *(const struct shared *)args;
    s.page = page_open("page");
    MR_LOCKED(&s.condition)
    {
        s.page->counts[ASLEEP]++;
        CHECK_OK(mr_condition_wait_for(&s.condition, is_reached, &s, 30));
        CHECK_EQ(s.page->plain, TARGET);
    }
    return 0;
}

static void *notifies_for_a_while(void *shared)
{
    struct shared *s = shared;
    for (int i = 0; i < 20; i++) {
        notify(&s->condition, -1);
        rest(0.01);
    }
    return NULL;
}

/* _TestCondition.test_waitfor, _TestCondition.test_waitfor_timeout: with a lock of either kind */
SCENARIO_SHARED(condition, wait_for)
{
    struct shared s = {.page = page_open("page")};
    mr_process p;
    pthread_t thread;
    CHECK_OK(mr_lock_init(&s.lock));
    CHECK_OK(mr_condition_init(&s.condition, &s.lock));
    CHECK_OR_STOP(begin(&p, waits_for_target, &s, sizeof s));
    CHECK(page_await(s.page, ASLEEP, 1, 30));
    for (int i = 0; i < TARGET; i++) {
        MR_LOCKED(&s.condition)
        {
            s.page->plain = s.page->plain + 1;
            CHECK_OK(mr_condition_notify(&s.condition, 1));
        }
        rest(0.01);
    }
    CHECK(end(&p, 30, 0));

    CHECK_OK(mr_condition_acquire(&s.condition, 0));
    CHECK_OK(mr_condition_wait_for(&s.condition, is_reached, &s, 0));
    s.page->plain = 0;
    CHECK_STATUS(mr_condition_wait_for(&s.condition, is_reached, &s, 0), MR_ETIMEDOUT);
    CHECK_EQ(pthread_create(&thread, NULL, notifies_for_a_while, &s), 0);
    double before = now();
    CHECK_STATUS(mr_condition_wait_for(&s.condition, is_reached, &s, 0.15), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.15);
    CHECK_AT_MOST(now() - before, 0.15 + at_once);
    CHECK_OK(mr_condition_release(&s.condition));
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* ---- What wait returns; wrong use ---- */

static volatile sig_atomic_t interruptions;

static void count_interruption(int signal_number)
{
    (void)signal_number;
    interruptions = interruptions + 1;
}

static int interrupts_and_notifies(const void *args, size_t size)
{
    (void)size;
    const mr_condition *c = args;
    CHECK_OK(mr_condition_acquire(c, 30)); /* so it waits, and has released all */
    CHECK_EQ(kill(mr_process_pid(mr_parent_process()), SIGUSR1), 0);
    rest(while_);
    CHECK_OK(mr_condition_notify_all(c));
    CHECK_OK(mr_condition_release(c));
    return 0;
}

static void check_calls(const mr_condition *c, mr_status status)
{
    CHECK_STATUS(mr_condition_acquire(c, 0), status);
    CHECK_STATUS(mr_condition_release(c), status);
    CHECK_STATUS(mr_condition_wait(c, MR_FOREVER), status);
    CHECK_STATUS(mr_condition_wait_for(c, is_reached, NULL, MR_FOREVER), status);
    CHECK_STATUS(mr_condition_notify(c, 1), status);
    CHECK_STATUS(mr_condition_notify_all(c), status);
}

static void check_not_owner(const mr_condition *c)
{
    CHECK_STATUS(mr_condition_wait(c, 0), MR_ENOTOWNER);
    CHECK_STATUS(mr_condition_wait_for(c, is_reached, NULL, MR_FOREVER), MR_ENOTOWNER);
    CHECK_STATUS(mr_condition_notify(c, 1), MR_ENOTOWNER);
    CHECK_STATUS(mr_condition_notify_all(c), MR_ENOTOWNER);
}

/* _TestCondition.test_timeout, _TestCondition.test_wait_result: MR_ETIMEDOUT or MR_OK; a signal is handled while
 * it waits. An RLock taken three times is released in between, and has to be released three times after. */
SCENARIO_LOCAL(condition, wait_result)
{
    struct sigaction action = {.sa_handler = count_interruption}; /* no SA_RESTART */
    mr_condition c;
    mr_process p;
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_OK(mr_condition_init(&c, NULL));
    check_not_owner(&c);
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_condition_acquire(&c, 0));
    double before = now();
    CHECK_STATUS(mr_condition_wait(&c, 0), MR_ETIMEDOUT);
    CHECK_STATUS(mr_condition_wait(&c, -1), MR_ETIMEDOUT);
    CHECK_AT_MOST(now() - before, at_once);
    before = now();
    CHECK_STATUS(mr_condition_wait(&c, 0.1), MR_ETIMEDOUT);
    CHECK_AT_LEAST(now() - before, 0.1);
    CHECK_STATUS(mr_condition_wait(&c, NAN), MR_EINVAL);

    CHECK_OR_STOP(begin(&p, interrupts_and_notifies, &c, sizeof c));
    CHECK_OK(mr_condition_wait(&c, 30));
    CHECK_EQ(interruptions, 1);
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_condition_release(&c));
    CHECK_STATUS(mr_condition_release(&c), MR_ENOTOWNER);
    CHECK(end(&p, 30, 0));
    check_not_owner(&c);
    CHECK_OK(mr_condition_destroy(&c));
}

static void *waits_for_ever(void *condition)
{
    CHECK_OK(mr_condition_acquire(condition, 30));
    note("waiting", "%d", 1);
    CHECK_STATUS(mr_condition_wait(condition, MR_FOREVER), MR_ECLOSED);
    return NULL;
}

SCENARIO_SHARED(condition, misuse)
{
    mr_condition c, own, nonsense = {UINT64_MAX}, none = {0};
    mr_lock lock;
    pthread_t thread;
    check_calls(NULL, MR_EINVAL);
    check_calls(&nonsense, MR_EINVAL);
    check_calls(&none, MR_EINVAL);
    CHECK_OK(mr_lock_init(&lock));
    check_calls(&(mr_condition){lock.mr__handle}, MR_EINVAL);
    CHECK_STATUS(mr_condition_init(NULL, &lock), MR_EINVAL);
    CHECK_STATUS(mr_condition_init(&c, &(mr_lock){0}), MR_EINVAL);
    CHECK_STATUS(mr_condition_destroy(NULL), MR_EINVAL);

    CHECK_OK(mr_condition_init(&c, &lock));
    check_not_owner(&c);
    CHECK_OK(mr_condition_acquire(&c, 0));
    CHECK_STATUS(mr_condition_notify(&c, -1), MR_EINVAL);
    CHECK_STATUS(mr_condition_wait_for(&c, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_condition_wait_for(&c, is_reached, NULL, NAN), MR_EINVAL);
    CHECK_OK(mr_condition_release(&c));
    CHECK_STATUS(mr_condition_release(&c), MR_ESTATE);

    CHECK_OK(mr_condition_init(&own, NULL));
    for (int i = 0; i < 2; i++) { /* a lock of its own is closed with it, another is not */
        mr_condition *closed = i == 0 ? &c : &own;
        CHECK_EQ(pthread_create(&thread, NULL, waits_for_ever, closed), 0);
        CHECK(await_lines("waiting", i + 1, 30));
        CHECK_OK(mr_condition_acquire(closed, 30));
        CHECK_OK(mr_condition_destroy(closed));
        if (i == 0)
            CHECK_OK(mr_lock_release(&lock));
        CHECK_EQ(pthread_join(thread, NULL), 0);
        CHECK_OK(mr_condition_destroy(closed));
        check_calls(closed, MR_ECLOSED);
        if (i == 0)
            CHECK_OK(mr_lock_release(&lock)); /* the waiter held it when it returned; anybody may release it */
    }

    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_condition_init(&c, &lock));
    CHECK_OK(mr_condition_acquire(&c, 0));
    CHECK_OK(mr_lock_destroy(&lock)); /* under a condition that is in use */
    CHECK_STATUS(mr_condition_wait(&c, 0), MR_ECLOSED);
    CHECK_STATUS(mr_condition_notify_all(&c), MR_ECLOSED);
    CHECK_STATUS(mr_condition_acquire(&c, 0), MR_ECLOSED);
    CHECK_OK(mr_condition_destroy(&c));
}
