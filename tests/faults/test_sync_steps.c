/* A process is killed in the middle of a call on a lock, semaphore, condition or event, at one instruction after
 * the other. Each time, those who wait are served, and in the end everything is free. The instructions are picked
 * at random (MR_TEST_SEED); MR_TEST_LONG=1 picks many. */
#include "forks.h"
#include "notes.h"
#include "object/object.h"
#include "page.h"
#include "steps.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <multirank.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAITERS = 2, RELEASE = 0 /* count in the page: the holder may let go */ };
static const double hang = 5; /* seconds */

struct objects {
    mr_lock lock, rlock;
    mr_semaphore semaphore;
    mr_condition condition;
    mr_event event;
};

/* One call, and what stands around it. All but waited_for run in processes of their own. */
struct step {
    bool (*hold)(const struct objects *o); /* in somebody who is there before the victim; or NULL */
    bool (*let_go)(const struct objects *o);
    bool (*prepare)(const struct objects *o); /* in the victim, before its steps are counted; or NULL */
    bool (*act)(const struct objects *o);     /* the call; it must not wait for long */
    bool (*wait)(const struct objects *o);    /* in those who wait meanwhile */
    bool (*rouse)(const struct objects *o);   /* afterwards, where the victim may not have done it; or NULL */
    uint64_t (*waited_for)(const struct objects *o);
    bool waiters_first; /* they wait before the victim prepares itself */
};

static bool had(mr_status status)
{
    return status == MR_OK || status == MR_EOWNERDEAD;
}

static bool make(struct objects *o)
{
    return mr_lock_init(&o->lock) == MR_OK && mr_lock_init_recursive(&o->rlock) == MR_OK &&
           mr_semaphore_init_bounded(&o->semaphore, 1) == MR_OK &&
           mr_condition_init(&o->condition, NULL) == MR_OK && mr_event_init(&o->event) == MR_OK;
}

static void close_all(const struct objects *o)
{
    mr_lock_destroy(&o->lock);
    mr_lock_destroy(&o->rlock);
    mr_semaphore_destroy(&o->semaphore);
    mr_condition_destroy(&o->condition);
    mr_event_destroy(&o->event);
}

static bool is_all_free(const struct objects *o)
{
    return had(mr_lock_acquire(&o->lock, 0)) && mr_lock_release(&o->lock) == MR_OK &&
           had(mr_lock_acquire(&o->rlock, 0)) && mr_lock_release(&o->rlock) == MR_OK &&
           mr_semaphore_value(&o->semaphore) == 1 && had(mr_semaphore_acquire(&o->semaphore, 0)) &&
           mr_semaphore_release(&o->semaphore) == MR_OK && mr_semaphore_release(&o->semaphore) == MR_EOVERFLOW &&
           had(mr_condition_acquire(&o->condition, 0)) && mr_condition_notify_all(&o->condition) == MR_OK &&
           mr_condition_release(&o->condition) == MR_OK && mr_event_set(&o->event) == MR_OK;
}

/* ---- The calls ---- */

static bool take_lock(const struct objects *o)
{
    return had(mr_lock_acquire(&o->lock, hang));
}

static bool release_lock(const struct objects *o)
{
    return mr_lock_release(&o->lock) == MR_OK;
}

static bool pass_lock(const struct objects *o)
{
    return take_lock(o) && release_lock(o);
}

static bool wait_for_lock(const struct objects *o)
{
    return mr_lock_acquire(&o->lock, 0.0005) == MR_ETIMEDOUT;
}

static uint64_t lock_of(const struct objects *o)
{
    return o->lock.mr__handle;
}

static bool take_rlock(const struct objects *o)
{
    return had(mr_lock_acquire(&o->rlock, hang)) && mr_lock_acquire(&o->rlock, 0) == MR_OK;
}

static bool release_rlock(const struct objects *o)
{
    return mr_lock_release(&o->rlock) == MR_OK && mr_lock_release(&o->rlock) == MR_OK;
}

static bool pass_rlock(const struct objects *o)
{
    return take_rlock(o) && release_rlock(o);
}

static uint64_t rlock_of(const struct objects *o)
{
    return o->rlock.mr__handle;
}

static bool take_unit(const struct objects *o)
{
    return had(mr_semaphore_acquire(&o->semaphore, hang));
}

static bool release_unit(const struct objects *o)
{
    return mr_semaphore_release(&o->semaphore) == MR_OK;
}

static bool pass_unit(const struct objects *o)
{
    return take_unit(o) && release_unit(o);
}

static bool wait_for_unit(const struct objects *o)
{
    return mr_semaphore_acquire(&o->semaphore, 0.0005) == MR_ETIMEDOUT;
}

static uint64_t semaphore_of(const struct objects *o)
{
    return o->semaphore.mr__handle;
}

static bool take_condition(const struct objects *o)
{
    return had(mr_condition_acquire(&o->condition, hang));
}

static bool release_condition(const struct objects *o)
{
    return mr_condition_release(&o->condition) == MR_OK;
}

static bool notify_and_release(const struct objects *o)
{
    return mr_condition_notify_all(&o->condition) == MR_OK && release_condition(o);
}

static bool notify(const struct objects *o)
{
    return take_condition(o) && notify_and_release(o);
}

static bool wait_at_condition(const struct objects *o)
{
    return take_condition(o) && had(mr_condition_wait(&o->condition, hang)) && release_condition(o);
}

static bool wait_at_condition_briefly(const struct objects *o)
{
    return mr_condition_wait(&o->condition, 0.0005) == MR_ETIMEDOUT && release_condition(o);
}

static uint64_t condition_of(const struct objects *o)
{
    return o->condition.mr__handle;
}

static bool set_event(const struct objects *o)
{
    return mr_event_set(&o->event) == MR_OK;
}

/* Only if the victim has not come so far: who has set it must have woken all, or somebody in his place. */
static bool set_event_if_need_be(const struct objects *o)
{
    return mr_event_is_set(&o->event) || set_event(o);
}

static bool wait_for_event(const struct objects *o)
{
    return mr_event_wait(&o->event, hang) == MR_OK;
}

static uint64_t event_of(const struct objects *o)
{
    return o->event.mr__handle;
}

/* ---- Killing ---- */

static pid_t start(bool (*run)(const struct objects *), const struct objects *o, int *rank)
{
    pid_t pid = forks_fork(rank);
    if (pid == 0)
        _exit(run(o) ? 0 : 1);
    return pid;
}

static bool run(bool (*body)(const struct objects *), const struct objects *o)
{
    int rank;
    return body == NULL || forks_end(start(body, o, &rank), rank, 2 * hang);
}

static pid_t start_holder(const struct step *s, const struct objects *o, page *p, int *rank)
{
    pid_t pid = forks_fork(rank);
    if (pid != 0)
        return pid;
    if (!s->hold(o))
        _exit(1);
    p->counts[RELEASE] = -1;
    _exit(page_await(p, RELEASE, 1, 2 * hang) && s->let_go(o) ? 0 : 1);
}

static bool await_waiters(uint64_t handle)
{
    const volatile uint32_t *waiting = &mr__slot_at((uint32_t)handle)->waiting;
    for (double end = now() + hang; *waiting < WAITERS && now() < end;)
        rest(20e-6);
    return *waiting == WAITERS;
}

static void start_waiters(const struct step *s, const struct objects *o, pid_t waiters[], int ranks[])
{
    for (int i = 0; i < WAITERS; i++)
        waiters[i] = start(s->wait, o, &ranks[i]);
    cr_assert(await_waiters(s->waited_for(o)), "nobody waits");
}

/* One life, of so many instructions; true: the call was through before its end. */
static bool live(const struct step *s, page *p, int steps, int *length)
{
    struct objects o;
    pid_t victim, holder = 0, waiters[WAITERS];
    int rank, holder_rank = 0, ranks[WAITERS];
    cr_assert(make(&o), "%s", mr_last_error());
    p->counts[RELEASE] = 0;
    if (s->hold != NULL)
        holder = start_holder(s, &o, p, &holder_rank);
    while (holder != 0 && p->counts[RELEASE] == 0)
        rest(20e-6);
    if (s->waiters_first)
        start_waiters(s, &o, waiters, ranks);
    victim = steps_start(s->prepare, s->act, &o, &rank);
    if (!s->waiters_first)
        start_waiters(s, &o, waiters, ranks);
    bool is_through = steps_on(victim, steps, length);
    forks_bury(victim, rank);
    p->counts[RELEASE] = 1;
    cr_assert(run(s->rouse, &o), "after %d steps: it cannot be used", steps);
    for (int i = 0; i < WAITERS; i++)
        cr_assert(forks_end(waiters[i], ranks[i], 2 * hang), "after %d steps: who waits is not served", steps);
    cr_assert(holder == 0 || forks_end(holder, holder_rank, 2 * hang), "after %d steps: the holder failed", steps);
    cr_assert(run(is_all_free, &o), "after %d steps: something is lost", steps);
    close_all(&o);
    return is_through;
}

/* Once through the whole call, to see how long it is; then with an end somewhere in it, again and again. */
static void kill_within(const struct step *s)
{
    int length = 0;
    page *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    forks_begin();
    cr_assert(live(s, p, INT_MAX, &length));
    cr_assert_geq(length, 50, "there was nothing to kill");
    unsigned seed = steps_seed();
    for (int i = 0; i < steps_budget() / length; i++)
        live(s, p, rand_r(&seed) % length, NULL);
}

Test(sync_steps, lock_release)
{
    kill_within(
        &(struct step){.prepare = take_lock, .act = release_lock, .wait = pass_lock, .waited_for = lock_of});
}

Test(sync_steps, lock_acquire)
{
    kill_within(&(struct step){.hold = take_lock,
                               .let_go = release_lock,
                               .act = wait_for_lock,
                               .wait = pass_lock,
                               .waited_for = lock_of});
}

Test(sync_steps, rlock_release)
{
    kill_within(
        &(struct step){.prepare = take_rlock, .act = release_rlock, .wait = pass_rlock, .waited_for = rlock_of});
}

Test(sync_steps, semaphore_release)
{
    kill_within(
        &(struct step){.prepare = take_unit, .act = release_unit, .wait = pass_unit, .waited_for = semaphore_of});
}

Test(sync_steps, semaphore_acquire)
{
    kill_within(&(struct step){.hold = take_unit,
                               .let_go = release_unit,
                               .act = wait_for_unit,
                               .wait = pass_unit,
                               .waited_for = semaphore_of});
}

Test(sync_steps, condition_notify)
{
    kill_within(&(struct step){.prepare = take_condition,
                               .act = notify_and_release,
                               .wait = wait_at_condition,
                               .waited_for = condition_of,
                               .waiters_first = true});
}

Test(sync_steps, condition_wait)
{
    kill_within(&(struct step){.prepare = take_condition,
                               .act = wait_at_condition_briefly,
                               .wait = wait_at_condition,
                               .rouse = notify,
                               .waited_for = condition_of,
                               .waiters_first = true});
}

Test(sync_steps, event_set)
{
    kill_within(&(struct step){
        .act = set_event, .wait = wait_for_event, .rouse = set_event_if_need_be, .waited_for = event_of});
}
