/* Processes killed while they use a barrier or shared memory: those who wait are told, and nothing is left. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double promise = 0.5; /* seconds from a death to the moment when all know */

/* ---- Barriers ---- */

typedef struct meeting {
    mr_barrier barrier;
    mr_value reached; /* passes that the victims have completed */
} meeting;

static int waits(const void *args, size_t size)
{
    const meeting *m = args;
    CHECK_EQ(size, sizeof *m);
    mr_barrier_wait(&m->barrier, NULL, MR_FOREVER);
    return 0;
}

static int is_told(const void *args, size_t size)
{
    const meeting *m = args;
    CHECK_EQ(size, sizeof *m);
    CHECK_STATUS(mr_barrier_wait(&m->barrier, NULL, MR_FOREVER), MR_EBROKEN);
    note("told", "%.6f", now());
    return 0;
}

static void await_waiting(const mr_barrier *barrier, int count)
{
    double give_up = now() + 30;
    while (mr_barrier_n_waiting(barrier) != count && now() < give_up)
        rest(0.001);
    CHECK_EQ(mr_barrier_n_waiting(barrier), count);
}

/* A party that dies while it waits breaks the barrier; after a reset it is as new. */
SCENARIO_SHARED(shared_deaths, in_a_barrier)
{
    meeting m;
    mr_process victim, others[2];
    CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&m.barrier, 4, NULL, MR_FOREVER)));
    CHECK_OR_STOP(begin(&victim, waits, &m, sizeof m));
    for (int i = 0; i < 2; i++)
        CHECK_OR_STOP(begin(&others[i], is_told, &m, sizeof m));
    await_waiting(&m.barrier, 3);
    double died = now();
    CHECK_OK(mr_process_kill(&victim));
    CHECK(await_lines("told", 2, 30));
    for (int i = 0; i < 2; i++) {
        CHECK_AT_MOST(noted_number("told", i) - died, promise);
        CHECK(end(&others[i], 30, 0));
    }
    CHECK(end(&victim, 30, -SIGKILL));
    CHECK(mr_barrier_is_broken(&m.barrier));
    CHECK_STATUS(mr_barrier_wait(&m.barrier, NULL, MR_FOREVER), MR_EBROKEN);
    CHECK_OK(mr_barrier_reset(&m.barrier));
    CHECK_EQ(mr_barrier_n_waiting(&m.barrier), 0);
    for (int i = 0; i < 2; i++)
        CHECK_OR_STOP(begin(&others[i], waits, &m, sizeof m));
    CHECK_OR_STOP(begin(&victim, waits, &m, sizeof m));
    CHECK_OK(mr_barrier_wait(&m.barrier, NULL, 30));
    for (int i = 0; i < 2; i++)
        CHECK(end(&others[i], 30, 0));
    CHECK(end(&victim, 30, 0));
}

static int kills_itself(void)
{
    note("died", "%.6f", now());
    kill(getpid(), SIGKILL);
    return 0;
}

/* So does one that dies in the action. */
SCENARIO_SHARED(shared_deaths, in_an_action)
{
    meeting m;
    mr_process other, victim;
    CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&m.barrier, 2, kills_itself, MR_FOREVER)));
    CHECK_OR_STOP(begin(&other, is_told, &m, sizeof m));
    await_waiting(&m.barrier, 1);
    CHECK_OR_STOP(begin(&victim, waits, &m, sizeof m));
    CHECK(await_lines("told", 1, 30));
    CHECK_AT_MOST(noted_number("told", 0) - noted_number("died", 0), promise);
    CHECK(end(&other, 30, 0));
    CHECK(end(&victim, 30, -SIGKILL));
}

static int passes_until_it_breaks(const void *args, size_t size)
{
    const meeting *m = args;
    CHECK_EQ(size, sizeof *m);
    note("passing", "%d", (int)getpid());
    for (long reached = 1; mr_barrier_wait(&m->barrier, NULL, MR_FOREVER) == MR_OK; reached++)
        CHECK_OK(mr_value_set(&m->reached, &reached));
    CHECK_EQ(mr_last_status(), MR_EBROKEN);
    return 0;
}

/* Killed at random instants of pass after pass: the others are always told, if need be by a time-out of main's. */
SCENARIO_SHARED(shared_deaths, at_random_in_a_barrier, .timeout = 120)
{
    enum { ROUNDS = 12, PARTIES = 3 };
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        meeting m;
        mr_process p[PARTIES], *all[PARTIES];
        CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&m.barrier, PARTIES, NULL, MR_FOREVER)));
        CHECK_OR_STOP(CHECK_OK(mr_value_init_raw(&m.reached, sizeof(long), NULL)));
        for (int i = 0; i < PARTIES; i++) {
            all[i] = &p[i];
            CHECK_OK(mr_process_init(all[i], passes_until_it_breaks, &m, sizeof m));
        }
        CHECK_OR_STOP(CHECK_OK(mr_process_start_all(all, PARTIES)));
        CHECK(await_lines("passing", (round + 1) * PARTIES, 30));
        rest(0.001 + 1e-5 * (rand() % 1000));
        CHECK_OK(mr_process_kill(&p[0]));
        CHECK(end(&p[0], 30, -SIGKILL));
        /* It may have died outside of the barrier, which nobody can know: main speaks for it. */
        if (!mr_barrier_is_broken(&m.barrier))
            CHECK_OK(mr_barrier_abort(&m.barrier));
        for (int i = 1; i < PARTIES; i++)
            CHECK_OR_STOP(end(&p[i], 30, 0));
        long reached = 0;
        CHECK_OK(mr_value_get(&m.reached, &reached));
        CHECK_AT_LEAST((double)reached, 1);
        CHECK_OK(mr_barrier_destroy(&m.barrier));
        CHECK_OK(mr_value_destroy(&m.reached));
    }
}

/* ---- Shared memory ---- */

static int attaches_and_sleeps(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_shared_memory_write(args, 0, sizeof "was here", "was here"));
    return says_alive("attached", sizeof "attached");
}

static int makes_and_sleeps(const void *args, size_t size)
{
    mr_shared_memory kept, unlinked;
    (void)args, (void)size;
    CHECK_OK(mr_shared_memory_init(&kept, "kept", 64));
    CHECK_OK(mr_shared_memory_init(&unlinked, "unlinked", 64));
    CHECK_OK(mr_shared_memory_unlink(&unlinked));
    CHECK_OK(mr_shared_memory_write(&kept, 0, sizeof "still there", "still there"));
    char handle[64];
    snprintf(handle, sizeof handle, "%llu", (unsigned long long)unlinked.mr__handle);
    note("handle", "%s", handle);
    return says_alive("made", sizeof "made");
}

/* _TestSharedMemory.test_shared_memory_cleaned_after_process_termination, test_shared_memory_tracking: whoever is
 * killed while attached is detached; what nobody else can use goes with him, what has a name stays. */
SCENARIO_SHARED(shared_deaths, while_attached)
{
    mr_shared_memory m;
    mr_process p;
    char text[20] = "";
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&m, "mine", 100)));
    CHECK_OR_STOP(begin(&p, attaches_and_sleeps, &m, sizeof m));
    CHECK(await_lines("attached", 1, 30));
    CHECK_OK(mr_shared_memory_unlink(&m));
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
    CHECK_OK(mr_shared_memory_read(&m, 0, sizeof text, text));
    CHECK_TEXT(text, "was here");
    CHECK_OK(mr_shared_memory_close(&m));
    CHECK_REFUSED(mr_shared_memory_size(&m) == 0, MR_ECLOSED); /* the block is gone: main was the last */

    CHECK_OR_STOP(begin(&p, makes_and_sleeps, NULL, 0));
    CHECK(await_lines("made", 1, 30));
    mr_shared_memory gone = {(uint64_t)noted_number("handle", 0), 0};
    CHECK_EQ(mr_shared_memory_size(&gone), 64);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
    CHECK_REFUSED(mr_shared_memory_size(&gone) == 0, MR_ECLOSED);
    CHECK_OK(mr_shared_memory_attach(&m, "kept"));
    CHECK_OK(mr_shared_memory_read(&m, 0, sizeof text, text));
    CHECK_TEXT(text, "still there");
}

/* ---- Arrays ---- */

static int dies_with_the_lock(const void *args, size_t size)
{
    mr_lock lock;
    CHECK_OR_STOP(CHECK_OK(mr_array_get_lock(args, &lock)));
    CHECK_OR_STOP(CHECK_OK(mr_lock_acquire(&lock, 30)));
    CHECK_OK(mr_array_set(args, 0, 1, &(int){1})); /* and no more */
    note("holds", "the lock");
    CHECK_EQ(size, sizeof(mr_array));
    CHECK(await_lines("die", 1, 30));
    rest(0.2);
    note("died", "%.6f", now());
    kill(getpid(), SIGKILL);
    return 0;
}

/* Whoever comes next gets what he asked for, with a warning; after him all is as ever. */
SCENARIO_SHARED(shared_deaths, with_the_lock_of_an_array)
{
    mr_array array, copy;
    mr_process p;
    int numbers[2];
    for (int round = 0; round < 2; round++) {
        CHECK_OR_STOP(CHECK_OK(mr_array_init(&array, sizeof(int), 2, NULL)));
        CHECK_OR_STOP(begin(&p, dies_with_the_lock, &array, sizeof array));
        CHECK(await_lines("holds", round + 1, 30));
        note("die", "now");
        CHECK_STATUS(round == 0 ? mr_array_get(&array, 0, 2, numbers) : mr_array_copy(&copy, &array),
                     MR_EOWNERDEAD);
        CHECK_AT_MOST(now() - noted_number("died", round), promise);
        CHECK_OK(mr_array_get(round == 0 ? &array : &copy, 0, 2, numbers));
        CHECK_EQ(numbers[0], 1);
        CHECK_EQ(numbers[1], 0);
        CHECK_OK(mr_array_set(&array, 0, 2, (int[]){5, 6}));
        CHECK(end(&p, 30, -SIGKILL));
        CHECK_OK(mr_array_destroy(&array));
    }
}
