/* Processes that die while they hold, or wait for, a lock, semaphore, condition or event: whoever waits is told at
 * once, nothing is lost or doubled, and all of it works afterwards. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <unistd.h>

static const double promise = 0.5; /* seconds from a death until those who wait are told */

struct objects {
    mr_lock lock, rlock;
    mr_semaphore units, bounded;
    mr_condition condition;
    mr_event event;
};

struct waiter {
    struct objects objects;
    int which;
};

static void make(struct objects *o)
{
    CHECK_OK(mr_lock_init(&o->lock));
    CHECK_OK(mr_lock_init_recursive(&o->rlock));
    CHECK_OK(mr_semaphore_init(&o->units, 2));
    CHECK_OK(mr_semaphore_init_bounded(&o->bounded, 1));
    CHECK_OK(mr_condition_init(&o->condition, NULL));
    CHECK_OK(mr_event_init(&o->event));
}

/* Kills a process, and notes when. */
static double murder(mr_process *p)
{
    double when = now();
    CHECK_OK(mr_process_kill(p));
    return when;
}

static void bury(mr_process *p)
{
    CHECK(end(p, 30, -SIGKILL));
}

/* ---- While it holds ---- */

static int holds_all(const void *args, size_t size)
{
    (void)size;
    const struct objects *o = args;
    CHECK_OK(mr_lock_acquire(&o->lock, 30));
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_lock_acquire(&o->rlock, 30));
    CHECK_OK(mr_semaphore_acquire(&o->units, 30));
    CHECK_OK(mr_semaphore_acquire(&o->units, 30));
    CHECK_OK(mr_semaphore_acquire(&o->bounded, 30));
    CHECK_OK(mr_condition_acquire(&o->condition, 30));
    note("holds", "%d", 1);
    return await_lines("return", 1, 30) ? 0 : sleeps(NULL, 0);
}

/* Waits for one of the objects, which is held by who is about to die, and is told. */
static int is_told(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(struct waiter));
    const struct objects o = ((const struct waiter *)args)->objects;
    int which = ((const struct waiter *)args)->which;
    note("waits", "%d", which);
    switch (which) {
    case 0:
        CHECK_STATUS(mr_lock_acquire(&o.lock, 30), MR_EOWNERDEAD);
        CHECK_OK(mr_lock_release(&o.lock));
        break;
    case 1:
        CHECK_STATUS(mr_lock_acquire(&o.rlock, 30), MR_EOWNERDEAD);
        CHECK_OK(mr_lock_release(&o.rlock));
        CHECK_STATUS(mr_lock_release(&o.rlock), MR_ENOTOWNER);
        break;
    case 2:
        CHECK_STATUS(mr_semaphore_acquire(&o.units, 30), MR_EOWNERDEAD);
        CHECK_STATUS(mr_semaphore_acquire(&o.units, 30), MR_EOWNERDEAD);
        CHECK_OK(mr_semaphore_release(&o.units));
        CHECK_OK(mr_semaphore_release(&o.units));
        break;
    case 3:
        CHECK_STATUS(mr_semaphore_acquire(&o.bounded, 30), MR_EOWNERDEAD);
        CHECK_OK(mr_semaphore_release(&o.bounded));
        break;
    default:
        CHECK_STATUS(mr_condition_acquire(&o.condition, 30), MR_EOWNERDEAD);
        CHECK_OK(mr_condition_release(&o.condition));
    }
    note("told", "%.6f", now());
    return 0;
}

static void check_all_free(const struct objects *o)
{
    CHECK_OK(mr_lock_acquire(&o->lock, 0));
    CHECK_OK(mr_lock_release(&o->lock));
    CHECK_OK(mr_lock_acquire(&o->rlock, 0));
    CHECK_OK(mr_lock_release(&o->rlock));
    CHECK_EQ(mr_semaphore_value(&o->units), 2);
    CHECK_OK(mr_semaphore_acquire(&o->units, 0));
    CHECK_OK(mr_semaphore_release(&o->units));
    CHECK_EQ(mr_semaphore_value(&o->bounded), 1);
    CHECK_OK(mr_semaphore_acquire(&o->bounded, 0));
    CHECK_OK(mr_semaphore_release(&o->bounded));
    CHECK_OK(mr_condition_acquire(&o->condition, 0));
    CHECK_OK(mr_condition_notify_all(&o->condition));
    CHECK_OK(mr_condition_release(&o->condition));
    CHECK_OK(mr_event_set(&o->event));
    CHECK_OK(mr_event_wait(&o->event, 0));
    CHECK_OK(mr_event_clear(&o->event));
}

enum { KINDS = 5 };

/* Somebody holds all objects and somebody else waits for each when it dies, or just returns: that counts the same.
 */
static void survive_holder(bool killed)
{
    struct waiter w;
    mr_process victim, waiters[KINDS];
    make(&w.objects);
    CHECK_OR_STOP(begin(&victim, holds_all, &w.objects, sizeof w.objects));
    CHECK(await_lines("holds", 1, 30));
    for (int i = 0; i < KINDS; i++) {
        w.which = i;
        CHECK_OR_STOP(begin(&waiters[i], is_told, &w, sizeof w));
    }
    CHECK(await_lines("waits", KINDS, 30));
    rest(0.1);
    double died = killed ? murder(&victim) : now();
    if (!killed)
        note("return", "now");
    for (int i = 0; i < KINDS; i++)
        CHECK(end(&waiters[i], 30, 0));
    for (int i = 0; i < KINDS && killed; i++)
        CHECK_AT_MOST(noted_number("told", i) - died, promise);
    CHECK(end(&victim, 30, killed ? -SIGKILL : 0));
    check_all_free(&w.objects);
}

SCENARIO_SHARED(sync_deaths, of_a_holder)
{
    survive_holder(true);
}

SCENARIO_SHARED(sync_deaths, of_a_holder_who_returns)
{
    survive_holder(false);
}

/* Nobody waits when the holder dies: the next to come is told. */
SCENARIO_SHARED(sync_deaths, before_anybody_comes)
{
    struct objects o;
    mr_process victim;
    make(&o);
    CHECK_OR_STOP(begin(&victim, holds_all, &o, sizeof o));
    CHECK(await_lines("holds", 1, 30));
    CHECK_STATUS(mr_lock_acquire(&o.lock, 0), MR_ETIMEDOUT);
    murder(&victim);
    bury(&victim);
    CHECK_STATUS(mr_lock_acquire(&o.lock, 0), MR_EOWNERDEAD);
    CHECK_OK(mr_lock_release(&o.lock));
    CHECK_STATUS(mr_lock_acquire(&o.rlock, MR_FOREVER), MR_EOWNERDEAD);
    CHECK_OK(mr_lock_release(&o.rlock));
    for (int i = 0; i < 2; i++)
        CHECK_STATUS(mr_semaphore_acquire(&o.units, 0), MR_EOWNERDEAD);
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_semaphore_release(&o.units));
    CHECK_STATUS(mr_semaphore_acquire(&o.bounded, 0), MR_EOWNERDEAD);
    CHECK_OK(mr_semaphore_release(&o.bounded));
    CHECK_STATUS(mr_semaphore_release(&o.bounded), MR_EOVERFLOW);
    mr_status status = MR_OK;
    MR_LOCKED_STATUS(&o.condition, status)
    {
        note("told", "%d", 1);
    }
    CHECK_STATUS(status, MR_EOWNERDEAD);
    CHECK_EQ(noted_lines("told"), 1);
    check_all_free(&o);
}

/* ---- While it waits ---- */

static int waits_for_one(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(struct waiter));
    const struct objects o = ((const struct waiter *)args)->objects;
    int which = ((const struct waiter *)args)->which;
    if (which == 4)
        CHECK_OK(mr_condition_acquire(&o.condition, 30));
    note("waits", "%d", which);
    mr_status status = which == 0   ? mr_lock_acquire(&o.lock, 60)
                       : which == 1 ? mr_lock_acquire(&o.rlock, 60)
                       : which == 2 ? mr_semaphore_acquire(&o.units, 60)
                       : which == 3 ? mr_semaphore_acquire(&o.bounded, 60)
                       : which == 4 ? mr_condition_wait(&o.condition, 60)
                                    : mr_event_wait(&o.event, 60);
    CHECK_OK(status);
    switch (which) {
    case 0:
        CHECK_OK(mr_lock_release(&o.lock));
        break;
    case 1:
        CHECK_OK(mr_lock_release(&o.rlock));
        break;
    case 2:
        CHECK_OK(mr_semaphore_release(&o.units));
        break;
    case 3:
        CHECK_OK(mr_semaphore_release(&o.bounded));
        break;
    case 4:
        CHECK_OK(mr_condition_release(&o.condition));
        break;
    default:
        break;
    }
    return 0;
}

/* In each line two wait, and the first is killed: the second gets what there is, and nothing is given to the dead.
 */
SCENARIO_SHARED(sync_deaths, of_those_who_wait)
{
    enum { WAITS = KINDS + 1 };
    struct objects o;
    struct waiter w;
    mr_process first[WAITS], second[WAITS];
    make(&o);
    CHECK_OK(mr_lock_acquire(&o.lock, 0));
    CHECK_OK(mr_lock_acquire(&o.rlock, 0));
    CHECK_OK(mr_semaphore_acquire(&o.units, 0));
    CHECK_OK(mr_semaphore_acquire(&o.units, 0));
    CHECK_OK(mr_semaphore_acquire(&o.bounded, 0));
    w.objects = o;
    for (int line = 0; line < 2; line++) {
        for (int i = 0; i < WAITS; i++) {
            w.which = i;
            CHECK_OR_STOP(begin(line == 0 ? &first[i] : &second[i], waits_for_one, &w, sizeof w));
        }
        CHECK(await_lines("waits", WAITS * (line + 1), 30));
        rest(0.1);
    }
    for (int i = 0; i < WAITS; i++)
        murder(&first[i]);
    for (int i = 0; i < WAITS; i++)
        bury(&first[i]);
    CHECK_OK(mr_lock_release(&o.lock));
    CHECK_OK(mr_lock_release(&o.rlock));
    CHECK_OK(mr_semaphore_release(&o.units));
    CHECK_OK(mr_semaphore_release(&o.bounded));
    CHECK_OK(mr_semaphore_release(&o.units));
    CHECK_OK(mr_condition_acquire(&o.condition, 30));
    CHECK_OK(mr_condition_notify(&o.condition, 1));
    CHECK_OK(mr_condition_release(&o.condition));
    CHECK_OK(mr_event_set(&o.event));
    for (int i = 0; i < WAITS; i++)
        CHECK(end(&second[i], 30, 0));
    check_all_free(&o);
}

/* ---- Conditions ---- */

static int waits_for_news(const void *args, size_t size)
{
    (void)size;
    const mr_condition *c = args;
    CHECK_OK(mr_condition_acquire(c, 30));
    note("waits", "%d", (int)getpid());
    mr_status status = mr_condition_wait(c, 60);
    note(status == MR_EOWNERDEAD ? "told" : "woken", "%.6f", now());
    CHECK(status == MR_OK || status == MR_EOWNERDEAD);
    CHECK_OK(mr_condition_release(c));
    return 0;
}

static int dies_with_the_lock(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_condition_acquire(args, 30));
    note("died", "%.6f", now());
    kill(getpid(), SIGKILL);
    return 0;
}

/* A notification that a process could not act upon, since it died before it had the lock, goes to another. And if
 * somebody dies with the lock, those who wait at the condition are woken, and one of them is told. */
SCENARIO_SHARED(sync_deaths, at_a_condition)
{
    enum { WAITERS = 3 };
    mr_condition c;
    mr_process p[WAITERS], victim;
    CHECK_OK(mr_condition_init(&c, NULL));
    for (int i = 0; i < WAITERS; i++) {
        CHECK_OR_STOP(begin(&p[i], waits_for_news, &c, sizeof c));
        CHECK(await_lines("waits", i + 1, 30));
    }
    CHECK_OK(mr_condition_acquire(&c, 30));
    CHECK_OK(mr_condition_notify(&c, 1)); /* for the first, who cannot have the lock yet */
    rest(0.1);
    murder(&p[0]);
    bury(&p[0]);
    CHECK_OK(mr_condition_release(&c));
    CHECK(end(&p[1], 30, 0));
    CHECK_EQ(noted_lines("woken"), 1);

    CHECK_OR_STOP(begin(&p[0], waits_for_news, &c, sizeof c));
    CHECK(await_lines("waits", WAITERS + 1, 30));
    CHECK_OR_STOP(begin(&victim, dies_with_the_lock, &c, sizeof c));
    CHECK(end(&p[0], 30, 0));
    CHECK(end(&p[2], 30, 0));
    CHECK_EQ(noted_lines("told"), 1);
    CHECK_EQ(noted_lines("woken"), 2);
    CHECK_AT_MOST(noted_number("told", 0) - noted_number("died", 0), promise);
    bury(&victim);
    CHECK_STATUS(mr_condition_acquire(&c, 0), MR_OK);
}
