/* Processes that use locks, semaphores, a condition and an event all the time and are killed at random instants.
 * The others never hang; who comes after a dead owner is told; nobody is where somebody else is; nothing is lost
 * in the end.
 *
 * Most kills hit forks of the test that share an arena, without MPI: they are cheap, so there can be thousands. A
 * few hit ranks. MR_TEST_LONG=1 asks for more, MR_TEST_SEED for the same again. */
#include "forks.h"
#include "page.h"
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORKERS = 4, UNITS = 2 };

/* Counts in the page. A mark is 1 while somebody is inside. */
enum { LOCK_MARK, RLOCK_MARK, BOUNDED_MARK, CONDITION_MARK, INTRUSIONS, FAILURES, STEPS };

static const double hang = 20; /* seconds without a step that are no bad luck any more */

struct objects {
    mr_lock lock, rlock;
    mr_semaphore units, bounded;
    mr_condition condition;
    mr_event event;
};

struct worker {
    struct objects objects;
    int number;
};

static bool make(struct objects *o)
{
    return mr_lock_init(&o->lock) == MR_OK && mr_lock_init_recursive(&o->rlock) == MR_OK &&
           mr_semaphore_init(&o->units, UNITS) == MR_OK && mr_semaphore_init_bounded(&o->bounded, 1) == MR_OK &&
           mr_condition_init(&o->condition, NULL) == MR_OK && mr_event_init(&o->event) == MR_OK;
}

/* ---- What a worker does ---- */

static void expect(page *p, mr_status status, bool may_time_out)
{
    if (status != MR_OK && status != MR_EOWNERDEAD && (status != MR_ETIMEDOUT || !may_time_out)) {
        fprintf(stderr, "%s\n", mr_last_error());
        p->counts[FAILURES]++;
    }
}

/* Having acquired something with that status. A mark that is there already is of somebody else who is inside,
 * unless he is dead, and then we were told. */
static void go_in(page *p, int mark, mr_status status)
{
    expect(p, status, false);
    if (atomic_exchange(&p->counts[mark], 1) != 0 && status != MR_EOWNERDEAD)
        p->counts[INTRUSIONS]++;
}

static void go_out(page *p, int mark)
{
    p->counts[mark] = 0;
}

static void use_condition(const mr_condition *c, page *p)
{
    go_in(p, CONDITION_MARK, mr_condition_acquire(c, hang));
    expect(p, mr_condition_notify(c, 1), false);
    go_out(p, CONDITION_MARK);
    mr_status status = mr_condition_wait(c, 0.0005);
    go_in(p, CONDITION_MARK, status == MR_ETIMEDOUT ? MR_OK : status);
    go_out(p, CONDITION_MARK);
    expect(p, mr_condition_release(c), false);
}

static void use_one(const struct objects *o, page *p, int which)
{
    switch (which) {
    case 0:
        go_in(p, LOCK_MARK, mr_lock_acquire(&o->lock, hang));
        go_out(p, LOCK_MARK);
        expect(p, mr_lock_release(&o->lock), false);
        break;
    case 1:
        go_in(p, RLOCK_MARK, mr_lock_acquire(&o->rlock, hang));
        expect(p, mr_lock_acquire(&o->rlock, 0), false);
        expect(p, mr_lock_release(&o->rlock), false);
        go_out(p, RLOCK_MARK);
        expect(p, mr_lock_release(&o->rlock), false);
        break;
    case 2:
        expect(p, mr_semaphore_acquire(&o->units, hang), false);
        expect(p, mr_semaphore_release(&o->units), false);
        break;
    case 3:
        go_in(p, BOUNDED_MARK, mr_semaphore_acquire(&o->bounded, hang));
        go_out(p, BOUNDED_MARK);
        expect(p, mr_semaphore_release(&o->bounded), false);
        break;
    case 4:
        use_condition(&o->condition, p);
        break;
    default:
        expect(p, mr_event_set(&o->event), false);
        expect(p, mr_event_wait(&o->event, 0.0005), true);
        expect(p, mr_event_clear(&o->event), false);
    }
}

static _Noreturn void work(const struct worker *w, page *p, unsigned seed)
{
    for (;;) {
        use_one(&w->objects, p, (int)(rand_r(&seed) % 6));
        p->counts[STEPS + w->number]++;
    }
}

/* ---- Judging ---- */

/* Every worker makes a step. */
static bool all_go_on(page *p)
{
    bool good = true;
    long before[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        before[i] = p->counts[STEPS + i];
    for (int i = 0; i < WORKERS && good; i++)
        good = page_await(p, STEPS + i, before[i] + 1, hang);
    return good && p->counts[INTRUSIONS] == 0 && p->counts[FAILURES] == 0;
}

static bool can_be_had(mr_status status)
{
    return status == MR_OK || status == MR_EOWNERDEAD;
}

/* When all are dead, everything is free. */
static bool is_all_free(const struct objects *o)
{
    return can_be_had(mr_lock_acquire(&o->lock, 0)) && can_be_had(mr_lock_acquire(&o->rlock, 0)) &&
           mr_semaphore_value(&o->units) == UNITS && mr_semaphore_value(&o->bounded) == 1 &&
           can_be_had(mr_semaphore_acquire(&o->bounded, 0)) &&
           can_be_had(mr_condition_acquire(&o->condition, 0)) && mr_lock_release(&o->lock) == MR_OK &&
           mr_lock_release(&o->rlock) == MR_OK && mr_semaphore_release(&o->bounded) == MR_OK &&
           mr_semaphore_release(&o->bounded) == MR_EOVERFLOW && mr_condition_release(&o->condition) == MR_OK &&
           mr_lock_release(&o->rlock) == MR_ENOTOWNER;
}

static bool is_long(void)
{
    const char *value = getenv("MR_TEST_LONG");
    return value != NULL && strcmp(value, "1") == 0;
}

static unsigned first_seed(void)
{
    const char *value = getenv("MR_TEST_SEED");
    return value != NULL ? (unsigned)strtoul(value, NULL, 10) : 20261124;
}

/* ---- Forks ---- */

static pid_t fork_worker(const struct worker *w, page *p, int *rank)
{
    pid_t pid = forks_fork(rank);
    if (pid == 0)
        work(w, p, (unsigned)*rank);
    return pid;
}

/* In a process of its own, since a fork must not inherit a seat. */
static bool check_all_free(const struct objects *o)
{
    int rank;
    pid_t pid = forks_fork(&rank);
    if (pid == 0)
        _exit(is_all_free(o) ? 0 : 1);
    return forks_end(pid, rank, hang);
}

static void kill_forks(int kills)
{
    struct worker workers[WORKERS];
    pid_t pids[WORKERS];
    int ranks[WORKERS];
    unsigned seed = first_seed();
    page *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    forks_begin();
    cr_assert(make(&workers[0].objects), "%s", mr_last_error());
    for (int i = 0; i < WORKERS; i++) {
        workers[i].objects = workers[0].objects;
        workers[i].number = i;
        pids[i] = fork_worker(&workers[i], p, &ranks[i]);
    }
    for (int n = 0; n < kills; n++) {
        int victim = rand_r(&seed) % WORKERS;
        rest(1e-6 * (rand_r(&seed) % 1500));
        forks_bury(pids[victim], ranks[victim]);
        pids[victim] = fork_worker(&workers[victim], p, &ranks[victim]);
        cr_assert(all_go_on(p), "after %d kills: %ld intrusions, %ld failures, or nobody goes on", n + 1,
                  p->counts[INTRUSIONS], p->counts[FAILURES]);
    }
    for (int i = 0; i < WORKERS; i++)
        forks_bury(pids[i], ranks[i]);
    cr_assert(check_all_free(&workers[0].objects), "something is lost after %d kills", kills);
}

Test(sync_kills, of_forks)
{
    kill_forks(is_long() ? 20000 : 500);
}

/* ---- Ranks ---- */

static int works_until_killed(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(struct worker));
    work(args, page_open("page"), (unsigned)getpid());
}

static void kill_ranks(int kills)
{
    struct worker workers[WORKERS];
    mr_process processes[WORKERS];
    unsigned seed = first_seed();
    page *p = page_open("page");
    CHECK_OR_STOP(CHECK(make(&workers[0].objects)));
    for (int i = 0; i < WORKERS; i++) {
        workers[i].objects = workers[0].objects;
        workers[i].number = i;
        CHECK_OR_STOP(begin(&processes[i], works_until_killed, &workers[i], sizeof workers[i]));
    }
    CHECK_OR_STOP(CHECK(all_go_on(p)));
    for (int n = 0; n < kills; n++) {
        int victim = rand_r(&seed) % WORKERS;
        rest(1e-6 * (rand_r(&seed) % 3000));
        CHECK_OK(mr_process_kill(&processes[victim]));
        CHECK_OR_STOP(end(&processes[victim], 30, -SIGKILL));
        CHECK_OR_STOP(begin(&processes[victim], works_until_killed, &workers[victim], sizeof workers[victim]));
        CHECK_OR_STOP(CHECK(all_go_on(p)));
    }
    for (int i = 0; i < WORKERS; i++) {
        CHECK_OK(mr_process_kill(&processes[i]));
        CHECK(end(&processes[i], 30, -SIGKILL));
    }
    CHECK(is_all_free(&workers[0].objects));
}

SCENARIO_SHARED(sync_kills, of_ranks, .timeout = 120)
{
    kill_ranks(10);
}

SCENARIO_SHARED(sync_kills, of_many_ranks, .timeout = 280, .only_long = true)
{
    kill_ranks(500);
}
