/* Barriers. The comments name the tests of CPython's own suite (which has five parties, as here) whose behaviour a
 * scenario covers. */
#include "scenario.h"
#include "targets.h"

#include <pthread.h>
#include <string.h>

enum { PARTIES = 5, THOUSAND = 1000 };
static const double long_time = 30, short_time = 0.5;

/* What the parties share. */
typedef struct meeting {
    mr_barrier barrier, other;
    mr_array counters; /* of COUNTERS */
} meeting;

enum { PASSES, LEADERS, BROKEN, ACTIONS, PHASES, COUNTERS = PHASES + PARTIES };

static long counted(const meeting *m, size_t which)
{
    long count = -1;
    CHECK_OK(mr_array_get(&m->counters, which, 1, &count));
    return count;
}

static void count_one(const meeting *m, size_t which)
{
    mr_lock lock;
    CHECK_OK(mr_array_get_lock(&m->counters, &lock));
    CHECK_OK(mr_lock_acquire(&lock, long_time));
    long count = counted(m, which) + 1;
    CHECK_OK(mr_array_set(&m->counters, which, 1, &count));
    CHECK_OK(mr_lock_release(&lock));
}

static meeting arrange(int parties, int (*action)(void), double timeout)
{
    meeting m;
    CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&m.barrier, parties, action, timeout)));
    CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&m.other, parties, NULL, MR_FOREVER)));
    CHECK_OR_STOP(CHECK_OK(mr_array_init(&m.counters, sizeof(long), COUNTERS, NULL)));
    return m;
}

/* Four processes and main do the same. */
static void meet(mr_target takes_part, const meeting *m)
{
    mr_process p[PARTIES - 1], *all[PARTIES - 1];
    for (int i = 0; i < PARTIES - 1; i++) {
        all[i] = &p[i];
        CHECK_OK(mr_process_init(all[i], takes_part, m, sizeof *m));
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(all, PARTIES - 1)));
    takes_part(m, sizeof *m);
    for (int i = 0; i < PARTIES - 1; i++)
        CHECK(end(all[i], long_time, 0));
}

static void is_as_new(const mr_barrier *barrier)
{
    CHECK_EQ(mr_barrier_n_waiting(barrier), 0);
    CHECK(!mr_barrier_is_broken(barrier));
}

/* No party is ever a phase ahead of another; one of them leads in each. */
static int keeps_step(const void *args, size_t size)
{
    const meeting *m = args;
    CHECK_EQ(size, sizeof *m);
    for (int pass = 1; pass <= 10; pass++) {
        int index = -1;
        count_one(m, PASSES);
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&m->barrier, &index, long_time)));
        CHECK_EQ(counted(m, PASSES), pass * PARTIES);
        CHECK_OR_STOP(CHECK(index >= 0 && index < PARTIES));
        count_one(m, (size_t)(PHASES + index));
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&m->other, NULL, MR_FOREVER)));
    }
    return 0;
}

/* _TestBarrier.test_barrier, test_barrier_10, test_wait_return */
SCENARIO_SHARED(barrier, keeps_step)
{
    meeting m = arrange(PARTIES, NULL, MR_FOREVER);
    CHECK_EQ(mr_barrier_parties(&m.barrier), PARTIES);
    is_as_new(&m.barrier);
    meet(keeps_step, &m);
    is_as_new(&m.barrier);
    for (int i = 0; i < PARTIES; i++)
        CHECK_EQ(counted(&m, (size_t)(PHASES + i)), 10); /* each index once in each pass */
}

static int counts_all(const void *args, size_t size)
{
    const meeting *m = args;
    CHECK_EQ(size, sizeof *m);
    for (long pass = 1; pass <= THOUSAND; pass++) {
        int index = -1;
        long seen[PARTIES];
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&m->barrier, &index, long_time)));
        CHECK_OR_STOP(CHECK_OK(mr_array_set(&m->counters, (size_t)(PHASES + index), 1, &pass)));
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&m->barrier, NULL, long_time)));
        CHECK_OR_STOP(CHECK_OK(mr_array_get(&m->counters, PHASES, PARTIES, seen)));
        for (int i = 0; i < PARTIES; i++)
            CHECK_OR_STOP(CHECK_EQ(seen[i], pass));
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&m->barrier, NULL, long_time)));
    }
    return 0;
}

/* _TestBarrier.test_thousand */
SCENARIO_SHARED(barrier, thousand)
{
    meeting m = arrange(PARTIES, NULL, MR_FOREVER);
    meet(counts_all, &m);
    is_as_new(&m.barrier);
}

static meeting the_meeting; /* for the action, which has no arguments; each process has its own */

static int counts_once(void)
{
    CHECK_EQ(mr_barrier_n_waiting(&the_meeting.barrier), PARTIES); /* nobody has left */
    count_one(&the_meeting, ACTIONS);
    return 0;
}

static int sees_the_action(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof the_meeting);
    memcpy(&the_meeting, args, size);
    for (int pass = 1; pass <= 20; pass++) {
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&the_meeting.barrier, NULL, long_time)));
        CHECK_EQ(counted(&the_meeting, ACTIONS), pass);
        CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&the_meeting.other, NULL, long_time)));
    }
    return 0;
}

static int fails(void)
{
    return 1;
}

/* _TestBarrier.test_action, test_single_thread */
SCENARIO_SHARED(barrier, action)
{
    meeting m = arrange(PARTIES, counts_once, MR_FOREVER);
    meet(sees_the_action, &m);
    CHECK_EQ(counted(&m, ACTIONS), 20);

    mr_barrier alone;
    int index = -1;
    CHECK_OK(mr_barrier_init(&alone, 1, NULL, MR_FOREVER));
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_barrier_wait(&alone, &index, MR_FOREVER));
    CHECK_EQ(index, 0);
    CHECK_OK(mr_barrier_init(&alone, 1, fails, MR_FOREVER));
    CHECK_STATUS(mr_barrier_wait(&alone, NULL, MR_FOREVER), MR_EBROKEN);
    CHECK(mr_barrier_is_broken(&alone));
}

/* One who is told index 2 aborts. */
static int aborts_or_is_told(const void *args, size_t size)
{
    const meeting *m = args;
    int index = -1;
    CHECK_EQ(size, sizeof *m);
    CHECK_OK(mr_barrier_wait(&m->barrier, &index, long_time));
    if (index == PARTIES / 2) {
        CHECK_OK(mr_barrier_abort(&m->barrier));
        count_one(m, PASSES);
        return 0;
    }
    CHECK_STATUS(mr_barrier_wait(&m->barrier, NULL, long_time), MR_EBROKEN);
    count_one(m, BROKEN);
    return 0;
}

/* _TestBarrier.test_abort */
SCENARIO_SHARED(barrier, abort)
{
    meeting m = arrange(PARTIES, NULL, MR_FOREVER);
    meet(aborts_or_is_told, &m);
    CHECK_EQ(counted(&m, PASSES), 1);
    CHECK_EQ(counted(&m, BROKEN), PARTIES - 1);
    CHECK(mr_barrier_is_broken(&m.barrier));
    CHECK_EQ(mr_barrier_n_waiting(&m.barrier), 0);
    CHECK_STATUS(mr_barrier_wait(&m.barrier, NULL, MR_FOREVER), MR_EBROKEN);
}

static void await_waiting(const mr_barrier *barrier, int count)
{
    double give_up = now() + long_time;
    while (mr_barrier_n_waiting(barrier) != count && now() < give_up)
        rest(0.001);
    CHECK_EQ(mr_barrier_n_waiting(barrier), count);
}

/* One resets when the others wait; or it aborts, and resets when all have been told. Then all can pass. */
static int resets_or_is_told(const meeting *m, bool aborts)
{
    int index = -1;
    CHECK_OK(mr_barrier_wait(&m->barrier, &index, long_time));
    if (index == PARTIES / 2) {
        await_waiting(&m->barrier, PARTIES - 1);
        CHECK_OK(aborts ? mr_barrier_abort(&m->barrier) : mr_barrier_reset(&m->barrier));
    } else {
        CHECK_STATUS(mr_barrier_wait(&m->barrier, NULL, long_time), MR_EBROKEN);
        count_one(m, BROKEN);
    }
    if (aborts) {
        CHECK_OK(mr_barrier_wait(&m->other, &index, long_time));
        if (index == 0)
            CHECK_OK(mr_barrier_reset(&m->barrier));
        CHECK_OK(mr_barrier_wait(&m->other, NULL, long_time));
    }
    CHECK_OK(mr_barrier_wait(&m->barrier, NULL, long_time));
    count_one(m, PASSES);
    return 0;
}

static int resets(const void *args, size_t size)
{
    (void)size;
    return resets_or_is_told(args, false);
}

static int aborts_and_resets(const void *args, size_t size)
{
    (void)size;
    return resets_or_is_told(args, true);
}

/* _TestBarrier.test_reset, test_abort_and_reset */
SCENARIO_SHARED(barrier, reset)
{
    mr_target targets[] = {resets, aborts_and_resets};
    for (int i = 0; i < 2; i++) {
        meeting m = arrange(PARTIES, NULL, MR_FOREVER);
        meet(targets[i], &m);
        CHECK_EQ(counted(&m, BROKEN), PARTIES - 1);
        CHECK_EQ(counted(&m, PASSES), PARTIES);
        is_as_new(&m.barrier);
        CHECK_OK(mr_barrier_reset(&m.barrier)); /* which does nothing to one that is as new */
        is_as_new(&m.barrier);
    }
}

/* One comes too late: all get to know. The time-out is the one given, or the barrier's own. */
static int is_late_or_waits(const void *args, size_t size)
{
    const meeting *m = args;
    int index = -1;
    CHECK_EQ(size, sizeof *m);
    double timeouts[] = {short_time, MR_DEFAULT};
    CHECK_OR_STOP(CHECK_OK(mr_barrier_wait(&m->other, &index, long_time)));
    bool is_late = index == PARTIES / 2;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mr_barrier_wait(&m->barrier, &index, long_time));
        double begin = now();
        if (is_late)
            rest(2 * short_time);
        CHECK_STATUS(mr_barrier_wait(&m->barrier, NULL, timeouts[i]), MR_EBROKEN);
        CHECK_AT_LEAST(now() - begin, 0.8 * short_time);
        CHECK_AT_MOST(now() - begin, 10);
        CHECK_OK(mr_barrier_wait(&m->other, &index, long_time));
        if (index == 0)
            CHECK_OK(mr_barrier_reset(&m->barrier));
        CHECK_OK(mr_barrier_wait(&m->other, NULL, long_time));
    }
    return 0;
}

/* _TestBarrier.test_timeout, test_default_timeout */
SCENARIO_SHARED(barrier, timeout)
{
    meeting m = arrange(PARTIES, NULL, short_time);
    meet(is_late_or_waits, &m);

    mr_barrier two;
    CHECK_OK(mr_barrier_init(&two, 2, NULL, MR_FOREVER));
    double begin = now();
    CHECK_STATUS(mr_barrier_wait(&two, NULL, 0), MR_EBROKEN);
    CHECK_AT_MOST(now() - begin, 1);
    CHECK_OK(mr_barrier_reset(&two));
    CHECK_STATUS(mr_barrier_wait(&two, NULL, -5), MR_EBROKEN);
}

static void *waits_in_thread(void *barrier)
{
    CHECK_STATUS(mr_barrier_wait(barrier, NULL, MR_FOREVER), MR_ECLOSED);
    return NULL;
}

SCENARIO_SHARED(barrier, bad_input)
{
    mr_barrier barrier, none = {0};
    int on_the_stack = 0;
    int (*no_function)(void);
    void *address = &on_the_stack;
    memcpy(&no_function, &address, sizeof no_function);
    CHECK_STATUS(mr_barrier_init(NULL, 1, NULL, MR_FOREVER), MR_EINVAL);
    CHECK_STATUS(mr_barrier_init(&barrier, 0, NULL, MR_FOREVER), MR_EINVAL);
    CHECK_STATUS(mr_barrier_init(&barrier, -1, NULL, MR_FOREVER), MR_EINVAL);
    CHECK_STATUS(mr_barrier_init(&barrier, 1, NULL, (double)NAN), MR_EINVAL);
    CHECK_STATUS(mr_barrier_init(&barrier, 1, no_function, MR_FOREVER), MR_EBUILD);
    CHECK_STATUS(mr_barrier_wait(NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_barrier_wait(&none, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_barrier_reset(NULL), MR_EINVAL);
    CHECK_STATUS(mr_barrier_abort(&none), MR_EINVAL);
    CHECK_REFUSED(mr_barrier_parties(NULL) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_barrier_n_waiting(&none) == -1, MR_EINVAL);
    CHECK_REFUSED(!mr_barrier_is_broken(NULL), MR_EINVAL);
    CHECK_STATUS(mr_barrier_destroy(NULL), MR_EINVAL);

    CHECK_OK(mr_barrier_init(&barrier, 2, NULL, MR_FOREVER));
    CHECK_STATUS(mr_barrier_wait(&barrier, NULL, (double)NAN), MR_EINVAL);
    is_as_new(&barrier);
    mr_array array = {barrier.mr__handle};
    CHECK_STATUS(mr_array_get(&array, 0, 1, &on_the_stack), MR_EINVAL);

    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, waits_in_thread, &barrier), 0);
    await_waiting(&barrier, 1);
    CHECK_OK(mr_barrier_destroy(&barrier));
    CHECK_OK(mr_barrier_destroy(&barrier));
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_STATUS(mr_barrier_wait(&barrier, NULL, 0), MR_ECLOSED);
    CHECK_REFUSED(mr_barrier_parties(&barrier) == -1, MR_ECLOSED);
}
