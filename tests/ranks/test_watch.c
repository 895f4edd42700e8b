/* Looking at an arena from outside bears whatever is found there; and what time-outs say of who waits for whom. */
#include "arena/arena.h"
#include "base/context.h"
#include "scenario.h"
#include "tools/stack.h"
#include "tools/top.h"
#include "universe/universe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Garbage ---- */

typedef struct shared {
    mr_lock locks[2];
    mr_semaphore semaphore;
    mr_barrier barrier;
    mr_queue queue;
    mr_connection end;
    mr_event event;
} shared;

static int wait_at_queue(const void *args, size_t size)
{
    const shared *s = args;
    (void)size;
    int item;
    mr_status status = mr_queue_get(&s->queue, &item, sizeof item, NULL, MR_FOREVER);
    if (status == MR_OK) /* and never says that it is done */
        status = mr_lock_acquire(&s->locks[0], MR_FOREVER);
    return status == MR_OK ? 0 : 1;
}

static int wait_at_pipe(const void *args, size_t size)
{
    char byte;
    (void)size;
    return mr_connection_recv(&((const shared *)args)->end, &byte, 1, NULL, MR_FOREVER) == MR_OK ? 0 : 1;
}

static int wait_at_barrier(const void *args, size_t size)
{
    (void)size;
    return mr_barrier_wait(&((const shared *)args)->barrier, NULL, MR_FOREVER) == MR_OK ? 0 : 1;
}

static int nothing(const void *in, void *out)
{
    (void)in, (void)out;
    return 0;
}

/* A copy of what has been used of the arena: the holes stay holes. */
static int copy_arena(void)
{
    char block[4096];
    int copy = memfd_create("copy", MFD_CLOEXEC), arena = mr__ctx.universe->arena;
    CHECK_EQ(ftruncate(copy, (off_t)mr__ctx.arena_size), 0);
    for (off_t at = 0; (at = lseek(arena, at, SEEK_DATA)) >= 0; at += (off_t)sizeof block) {
        CHECK_EQ(pread(arena, block, sizeof block, at), (ssize_t)sizeof block);
        CHECK_EQ(pwrite(copy, block, sizeof block, at), (ssize_t)sizeof block);
    }
    return copy;
}

static bool look(mr__program *program, FILE *out)
{
    mr__picture first, second;
    if (!mr__program_read(program) || !mr__picture_take(program, NULL, &first))
        return false;
    bool is_taken = mr__picture_take(program, &first, &second);
    mr__stack_print(out, program, &first);
    if (is_taken) {
        mr__top_print(out, program, &second, 0, 0);
        mr__top_print(out, program, &second, 10, 40);
        mr__picture_free(&second);
    }
    mr__picture_free(&first);
    return is_taken;
}

/* A numbers generator of its own: the same garbage each time. */
static uint64_t next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24;
}

/* A word somewhere in the parts that are looked at becomes another one. */
static void spoil(int copy, uint64_t *state)
{
    const mr__arena *arena = mr__ctx.arena;
    const uint64_t parts[][2] = {{sizeof arena->magic + 12, sizeof *arena},
                                 {mr__roster_at(), 8 * sizeof(mr__roster_entry)},
                                 {mr__seats_at(), arena->seats * sizeof(mr__seat)},
                                 {mr__slots_at(), (uint64_t)arena->slots * MR__SLOT_SIZE},
                                 {mr__heap_at(), 1 << 20}};
    const uint64_t values[] = {
        0, 1, 2, UINT64_MAX, mr__heap_at(), mr__ctx.arena_size - 8, 1 << 16, next_number(state)};
    uint64_t part = next_number(state) % 5, value = values[next_number(state) % 8];
    uint64_t at = parts[part][0] + next_number(state) % parts[part][1] / 4 * 4;
    size_t size = next_number(state) % 2 == 0 ? 4 : 8;
    CHECK_EQ(pwrite(copy, &value, size, (off_t)at), (ssize_t)size);
}

/* Something of each kind, and processes that wait there. */
typedef struct world {
    shared s;
    mr_connection mine;
    mr_process waiting[3];
    mr_pool pool;
} world;

static void begin(world *w)
{
    mr_target targets[] = {wait_at_queue, wait_at_pipe, wait_at_barrier};
    int item = 1, inputs[10] = {0};
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_lock_init(&w->s.locks[i]));
    CHECK_OK(mr_semaphore_init(&w->s.semaphore, 2));
    CHECK_OK(mr_barrier_init(&w->s.barrier, 3, NULL, MR_FOREVER));
    CHECK_OK(mr_queue_init_joinable(&w->s.queue, 10));
    CHECK_OK(mr_event_init(&w->s.event));
    CHECK_OK(mr_pipe_init(&w->mine, &w->s.end, true));
    CHECK_OK(mr_pool_init(&w->pool, 1));
    CHECK_OK(mr_pool_map(&w->pool, nothing, inputs, sizeof inputs[0], NULL, 0, 10));
    CHECK_OK(mr_semaphore_acquire(&w->s.semaphore, 0));
    CHECK_OK(mr_lock_acquire(&w->s.locks[0], 0));
    CHECK_OK(mr_queue_put(&w->s.queue, &item, sizeof item, 0));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(mr_process_init(&w->waiting[i], targets[i], &w->s, sizeof w->s));
        CHECK_OK(mr_process_start(&w->waiting[i]));
    }
}

static void end(world *w)
{
    for (int i = 0; i < 3; i++) {
        CHECK_OK(mr_process_kill(&w->waiting[i]));
        CHECK_OK(mr_process_join(&w->waiting[i], MR_FOREVER));
    }
    mr_pool_cleanup(&w->pool);
}

/* Looks at a copy as it is, until all are where they are to be. */
static bool is_seen(void)
{
    mr__program program;
    char why[512], *text = NULL;
    size_t size = 0;
    FILE *page = open_memstream(&text, &size);
    CHECK(mr__program_open_arena(copy_arena(), &program, why, sizeof why));
    CHECK(look(&program, page));
    mr__program_close(&program);
    fclose(page);
    bool is_there = strstr(text, "waits for lock") != NULL &&
                    strstr(text, "waits for a message through") != NULL &&
                    strstr(text, "where 1 of 3 have come") != NULL;
    free(text);
    return is_there;
}

SCENARIO_LOCAL(watch, garbage, .timeout = 100)
{
    enum { ROUNDS = 1000, MOST_CHANGES = 64, PAUSE = 10000, PAUSES = 2000 };
    world w;
    mr__program program;
    char why[512];
    begin(&w);
    int pauses = 0;
    while (!is_seen() && pauses++ < PAUSES)
        usleep(PAUSE);
    CHECK(pauses < PAUSES);

    FILE *nowhere = fopen("/dev/null", "w");
    int seen = 0;
    uint64_t state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        int copy = copy_arena();
        for (uint64_t i = 0, changes = 1 + next_number(&state) % MOST_CHANGES; i < changes; i++)
            spoil(copy, &state);
        CHECK(mr__program_open_arena(copy, &program, why, sizeof why));
        seen += look(&program, nowhere);
        mr__program_close(&program);
    }
    fclose(nowhere);
    CHECK(seen > ROUNDS / 4); /* the others had counts that make no sense */
    end(&w);
}

/* One of another layout, one that is cut off, one that is none. */
SCENARIO_LOCAL(watch, other_versions)
{
    mr__program program;
    mr_lock lock;
    char why[512] = "";
    uint32_t layout = 0;
    CHECK_OK(mr_lock_init(&lock));
    int copy = copy_arena();
    CHECK_EQ(pwrite(copy, &layout, sizeof layout, offsetof(mr__arena, layout)), (ssize_t)sizeof layout);
    CHECK(!mr__program_open_arena(copy, &program, why, sizeof why));
    CHECK(strstr(why, "layout 00000000, and this command is of") != NULL);
    mr__program_close(&program);

    copy = copy_arena();
    CHECK_EQ(ftruncate(copy, 8192), 0);
    CHECK(!mr__program_open_arena(copy, &program, why, sizeof why));
    mr__program_close(&program);

    copy = memfd_create("empty", MFD_CLOEXEC);
    CHECK(!mr__program_open_arena(copy, &program, why, sizeof why));
    CHECK_EQ(ftruncate(copy, (off_t)mr__ctx.arena_size), 0);
    mr__program_close(&program);

    copy = memfd_create("zeros", MFD_CLOEXEC);
    CHECK_EQ(ftruncate(copy, (off_t)mr__ctx.arena_size), 0);
    CHECK(!mr__program_open_arena(copy, &program, why, sizeof why));
    CHECK(strstr(why, "older than this command") != NULL);
    mr__program_close(&program);
}

/* ---- What time-outs say ---- */

static int hold_and_want(const void *args, size_t size)
{
    const shared *s = args;
    (void)size;
    if (mr_lock_acquire(&s->locks[1], MR_FOREVER) != MR_OK || mr_event_set(&s->event) != MR_OK)
        return 1;
    return mr_lock_acquire(&s->locks[0], MR_FOREVER) == MR_OK ? 0 : 1;
}

SCENARIO_LOCAL(watch, timeouts_say_who)
{
    shared s;
    mr_process p;
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_lock_init(&s.locks[i]));
    CHECK_OK(mr_event_init(&s.event));
    CHECK_OK(mr_semaphore_init(&s.semaphore, 1));
    CHECK_OK(mr_lock_acquire(&s.locks[0], 0));
    CHECK_OK(mr_semaphore_acquire(&s.semaphore, 0));
    CHECK_OK(mr_process_init(&p, hold_and_want, &s, sizeof s));
    CHECK_OK(mr_process_set_name(&p, "Ann"));
    CHECK_OK(mr_process_start(&p));
    CHECK_OK(mr_event_wait(&s.event, MR_FOREVER));
    usleep(200000);

    CHECK_EQ(mr_lock_acquire(&s.locks[1], 0.3), MR_ETIMEDOUT);
    note("lock", "%s", mr_last_error());
    CHECK(strstr(mr_last_error(), "(Ann); rank ") != NULL);
    CHECK(strstr(mr_last_error(), ", held by rank 0 (MainProcess): a circle of waits") != NULL);
    CHECK_EQ(mr_process_join(&p, 0.3), MR_ETIMEDOUT);
    CHECK(strstr(mr_last_error(), "(Ann) waits for lock ") != NULL);
    CHECK_EQ(mr_semaphore_acquire(&s.semaphore, 0.1), MR_ETIMEDOUT);
    CHECK(strstr(mr_last_error(), "held by rank 0 (MainProcess): a circle of waits") != NULL);
    CHECK_EQ(mr_lock_acquire(&s.locks[1], 0), MR_ETIMEDOUT);
    CHECK(strstr(mr_last_error(), "holds it") != NULL && strstr(mr_last_error(), "circle") == NULL);

    CHECK_OK(mr_lock_release(&s.locks[0]));
    CHECK_OK(mr_process_join(&p, MR_FOREVER));
    CHECK_EQ(mr_process_exitcode(&p), 0);
}
