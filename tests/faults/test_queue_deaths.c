/* Processes that are killed while they use a queue: nobody else waits for what they held, no item is lost to
 * others, none arrives twice, no place of a bounded queue gets lost. */
#include "scenario.h"
#include "targets.h"

#include "arena/arena.h"
#include "base/context.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static const double patience = 30;
static const double promise = 0.5; /* seconds from a death until those whom it concerns go on */

static void kill_and_join(mr_process *p)
{
    CHECK_OK(mr_process_kill(p));
    CHECK_OK(mr_process_join(p, patience));
    CHECK_OK(mr_process_close(p));
}

/* The state of a process as /proc tells it: S is asleep, T stopped. */
static void await_state(const mr_process *p, char state)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)mr_process_pid(p));
    for (double end = now() + patience; now() < end; rest(0.01)) {
        FILE *file = fopen(path, "re");
        const char *close = file != NULL && fgets(text, sizeof text, file) != NULL ? strrchr(text, ')') : NULL;
        if (file != NULL)
            fclose(file);
        if (close != NULL && close[2] == state)
            return;
    }
    CHECK(!"the process has come to that state");
}

/* ---- Somebody who waits dies ---- */

static int gets_one(const void *args, size_t size)
{
    int number = 0;
    note("getting", "%d", (int)getpid());
    CHECK_OK(mr_queue_get(args, &number, sizeof number, &size, patience));
    note("got", "%.6f", now());
    return number;
}

static int puts_nine(const void *args, size_t size)
{
    (void)size;
    note("putting", "%d", (int)getpid());
    CHECK_OK(mr_queue_put(args, &(int){9}, sizeof(int), patience));
    note("put", "%.6f", now());
    return 9;
}

static void begin_waiting(mr_process *p, mr_target target, const mr_queue *q, const char *name, int line)
{
    CHECK_OR_STOP(begin(p, target, q, sizeof *q));
    CHECK(await_lines(name, line, patience));
    rest(0.05);
    await_state(p, 'S');
}

/* The first in line is told of an item, or of room, and killed before it can do anything about it. */
static void survive_first_in_line(mr_target target, const char *begun, const char *done)
{
    mr_queue q;
    mr_process first, second;
    bool puts = target == puts_nine;
    int number = 7;
    CHECK_OK(mr_queue_init(&q, 1));
    if (puts)
        CHECK_OK(mr_queue_put(&q, &number, sizeof number, 0));
    begin_waiting(&first, target, &q, begun, 1);
    begin_waiting(&second, target, &q, begun, 2);
    CHECK_EQ(kill(mr_process_pid(&first), SIGSTOP), 0);
    await_state(&first, 'T');
    if (puts)
        CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, 0));
    else
        CHECK_OK(mr_queue_put(&q, &number, sizeof number, 0));
    rest(0.1);
    double killed = now();
    kill_and_join(&first);
    CHECK(end(&second, patience, puts ? 9 : 7));
    CHECK_AT_MOST(noted_number(done, 0) - killed, promise);
    if (puts)
        CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, 0));
    CHECK_EQ(number, puts ? 9 : 7);
    CHECK_EQ(mr_queue_length(&q), 0);
}

SCENARIO_LOCAL(queue_deaths, of_the_consumer_that_was_woken)
{
    survive_first_in_line(gets_one, "getting", "got");
}

SCENARIO_LOCAL(queue_deaths, of_the_producer_that_was_woken)
{
    survive_first_in_line(puts_nine, "putting", "put");
}

/* The only reader dies while it waits, the only writer while it waits for room; what was put is there for others.
 */
SCENARIO_LOCAL(queue_deaths, of_the_only_ones)
{
    mr_queue q;
    mr_process reader, writer;
    int number = 0;
    CHECK_OK(mr_queue_init(&q, 1));
    begin_waiting(&reader, gets_one, &q, "getting", 1);
    kill_and_join(&reader);
    CHECK_OK(mr_queue_put(&q, &(int){1}, sizeof(int), 0));
    begin_waiting(&writer, puts_nine, &q, "putting", 1);
    kill_and_join(&writer);
    CHECK_OK(mr_queue_get(&q, &number, sizeof number, NULL, 0));
    CHECK_EQ(number, 1);
    CHECK_STATUS(mr_queue_get(&q, &number, sizeof number, NULL, 0), MR_ETIMEDOUT);
    begin_waiting(&reader, gets_one, &q, "getting", 2);
    CHECK_OK(mr_queue_put(&q, &(int){2}, sizeof(int), 0));
    CHECK(end(&reader, patience, 2));
}

static int gets_two_and_does_one(const void *args, size_t size)
{
    int number;
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_queue_get(args, &number, sizeof number, &size, patience));
    CHECK_OK(mr_queue_task_done(args));
    note("got", "two");
    return sleeps(NULL, 0);
}

/* Who waits for all to be done is told that it will not be; by then, and not before, nobody is left who could. */
SCENARIO_SHARED(queue_deaths, of_a_worker_with_a_task)
{
    mr_queue q;
    mr_process worker;
    pthread_t killer;
    CHECK_OK(mr_queue_init_joinable(&q, 0));
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_queue_put(&q, &i, sizeof i, 0));
    CHECK_OR_STOP(begin(&worker, gets_two_and_does_one, &q, sizeof q));
    CHECK(await_lines("got", 1, patience));
    CHECK_STATUS(mr_queue_join(&q, 0.1), MR_ETIMEDOUT);
    double killed = now() + 0.3;
    CHECK_OR_STOP(kill_later(&killer, &worker, 0.3));
    CHECK_STATUS(mr_queue_join(&q, patience), MR_EDIED);
    CHECK_AT_MOST(now() - killed, promise);
    pthread_join(killer, NULL);
    CHECK(end(&worker, patience, -SIGKILL));
    CHECK_STATUS(mr_queue_join(&q, patience), MR_EDIED);
    CHECK_OK(mr_queue_task_done(&q));
    CHECK_OK(mr_queue_join(&q, 0));
    CHECK_STATUS(mr_queue_task_done(&q), MR_EOVERFLOW);
}

/* ---- Killed in the middle of copying ---- */

#if !defined __SANITIZE_ADDRESS__ /* which replaces the signal */

/* Memory whose second half kills whoever touches it. */
static unsigned char *half_a_buffer(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), half = (size / 2 + page - 1) / page * page;
    unsigned char *memory = mmap(NULL, 2 * half, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_OR_STOP(CHECK(memory != MAP_FAILED && mprotect(memory + half, half, PROT_NONE) == 0));
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(SIGSEGV, SIG_DFL);
    return memory + half - size / 2;
}

typedef struct torn {
    mr_queue items;
    size_t size;
} torn;

static int dies_getting(const void *args, size_t size)
{
    const torn *item = args;
    mr_queue_get(&item->items, half_a_buffer(item->size), item->size, &size, patience);
    return 0;
}

static int dies_putting(const void *args, size_t size)
{
    (void)size;
    const torn *item = args;
    mr_queue_put(&item->items, half_a_buffer(item->size), item->size, patience);
    return 0;
}

/* The item goes to the next one, before those that were put after it; what was not wholly put is not there. Small
 * items are copied with the mutex held, big ones without. */
SCENARIO_LOCAL(queue_deaths, in_the_middle_of_an_item)
{
    static const size_t sizes[] = {3000, 300000, 3 << 20};
    for (int i = 0; i < 3; i++) {
        torn item = {.size = sizes[i]};
        unsigned char *bytes = malloc(item.size);
        size_t size;
        mr_process p;
        CHECK_OK(mr_queue_init(&item.items, 3));
        for (int k = 0; k < 2; k++) {
            memset(bytes, 'a' + k, item.size);
            CHECK_OK(mr_queue_put(&item.items, bytes, item.size, 0));
        }
        for (int k = 0; k < 3; k++) { /* one of those who get is the next one after one who died */
            CHECK_OR_STOP(begin(&p, k == 1 ? dies_putting : dies_getting, &item, sizeof item));
            CHECK(end(&p, patience, -SIGSEGV));
            CHECK_EQ(mr_queue_length(&item.items), 2);
        }
        CHECK_OK(mr_queue_put(&item.items, "c", 1, 0));
        CHECK_STATUS(mr_queue_put(&item.items, "d", 1, 0), MR_ETIMEDOUT);
        for (int k = 0; k < 3; k++) {
            void *got = NULL;
            CHECK_OR_STOP(CHECK_OK(mr_queue_get_alloc(&item.items, &got, &size, 0)));
            const unsigned char *data = got;
            CHECK_EQ(size, k < 2 ? item.size : 1);
            CHECK_EQ(data[0], 'a' + k);
            CHECK_EQ(data[size - 1], 'a' + k);
            free(got);
        }
        CHECK_EQ(mr_queue_length(&item.items), 0);
        CHECK_OK(mr_queue_destroy(&item.items));
        free(bytes);
    }
}
#endif

/* ---- Killed at random ---- */

enum { SIDE = 2, PLACES = 3, LOGGED = 1 << 16, LARGEST = 1 << 18 };

typedef struct label {
    uint32_t producer, number;
} label;

/* What the processes of one round write down, in memory that outlives them. A consumer gets straight into its part
 * of it: where it is killed, that shows which item it may have had. */
typedef struct board {
    _Atomic int halt, stop; /* for the producers, the consumers */
    struct {
        _Atomic uint32_t begun, done; /* items, from 1 */
    } producers[SIDE];
    struct {
        _Atomic uint32_t count;
        label got[LOGGED];
        _Alignas(64) unsigned char buffer[LARGEST];
    } consumers[SIDE];
} board;

typedef struct round_args {
    mr_queue items;
    uint32_t index;
} round_args;

static board *open_board(void)
{
    int fd = open(note_path("board"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_OR_STOP(CHECK(fd >= 0 && ftruncate(fd, sizeof(board)) == 0));
    void *memory = mmap(NULL, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    CHECK_OR_STOP(CHECK(memory != MAP_FAILED));
    return memory;
}

/* A third of them are parcels. */
static size_t size_of_item(label name)
{
    uint32_t mixed = name.number * 2654435761u + name.producer;
    return sizeof name + (mixed % 3 == 0 ? 4000 + mixed % (LARGEST - 5000) : mixed % 200);
}

static unsigned char byte_of_item(label name)
{
    return (unsigned char)(name.number * 31 + name.producer);
}

static int puts_until_halt(const void *args, size_t size)
{
    (void)size;
    const round_args *mine = args;
    board *all = open_board();
    unsigned char *item = malloc(LARGEST);
    for (label name = {mine->index, 1}; !all->halt && name.number < LOGGED; name.number++) {
        size = size_of_item(name);
        memset(item, byte_of_item(name), size);
        memcpy(item, &name, sizeof name);
        all->producers[mine->index].begun = name.number;
        CHECK_OR_STOP(CHECK_OK(mr_queue_put(&mine->items, item, size, patience)));
        all->producers[mine->index].done = name.number;
    }
    free(item);
    return 0;
}

static int gets_until_stop(const void *args, size_t size)
{
    const round_args *mine = args;
    board *all = open_board();
    unsigned char *item = all->consumers[mine->index].buffer;
    while (!all->stop) {
        mr_status status = mr_queue_get(&mine->items, item, LARGEST, &size, 0.02);
        if (status == MR_ETIMEDOUT)
            continue;
        CHECK_OR_STOP(CHECK_OK(status));
        uint32_t count = all->consumers[mine->index].count;
        label name;
        memcpy(&name, item, sizeof name);
        CHECK_OR_STOP(CHECK(count < LOGGED && size == size_of_item(name)));
        for (size_t i = sizeof name; i < size; i++)
            CHECK_OR_STOP(CHECK(item[i] == byte_of_item(name)));
        all->consumers[mine->index].got[count] = name;
        all->consumers[mine->index].count = count + 1;
    }
    return 0;
}

/* Every item that was put has arrived once, but for the one that a killed consumer had in its hands. */
static void account(const board *all, int victim)
{
    static unsigned char seen[SIDE][LOGGED];
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < SIDE; i++) {
        uint32_t last[SIDE] = {0};
        for (uint32_t k = 0; k < all->consumers[i].count; k++) {
            label name = all->consumers[i].got[k];
            CHECK_OR_STOP(CHECK(name.producer < SIDE && name.number < LOGGED));
            CHECK(++seen[name.producer][name.number] == 1);
            if (victim < SIDE) /* else one may have come back */
                CHECK(name.number > last[name.producer]);
            last[name.producer] = name.number;
        }
    }
    if (victim >= SIDE) {
        label name;
        memcpy(&name, all->consumers[victim - SIDE].buffer, sizeof name);
        if (name.producer < SIDE && name.number < LOGGED)
            seen[name.producer][name.number] = 1;
    }
    for (uint32_t i = 0; i < SIDE; i++)
        for (uint32_t number = 1; number < LOGGED; number++) {
            if (number <= all->producers[i].done)
                CHECK_OR_STOP(CHECK_EQ(seen[i][number], 1));
            else if (number > all->producers[i].begun)
                CHECK_OR_STOP(CHECK_EQ(seen[i][number], 0));
        }
}

/* All places are free. */
static void check_places(const mr_queue *q)
{
    char byte;
    for (int i = 0; i < PLACES; i++)
        CHECK_OK(mr_queue_put(q, "x", 1, 0));
    CHECK_STATUS(mr_queue_put(q, "x", 1, 0), MR_ETIMEDOUT);
    for (int i = 0; i < PLACES; i++)
        CHECK_OK(mr_queue_get(q, &byte, 1, NULL, 0));
    CHECK_EQ(mr_queue_length(q), 0);
}

static void await_empty(const mr_queue *q)
{
    double end = now() + patience;
    while (mr_queue_length(q) > 0 && now() < end)
        rest(0.001);
    CHECK_EQ(mr_queue_length(q), 0);
}

/* One of two producers and two consumers is killed, the others go on. */
static void play_round(board *all, const mr_queue *q, int victim, double moment)
{
    mr_process p[2 * SIDE], *pointers[2 * SIDE];
    memset(all, 0, sizeof *all);
    for (int i = 0; i < 2 * SIDE; i++) {
        round_args args = {*q, (uint32_t)(i % SIDE)};
        CHECK_OK(mr_process_init(&p[i], i < SIDE ? puts_until_halt : gets_until_stop, &args, sizeof args));
        CHECK_OK(mr_process_set_reuse(&p[i], true));
        pointers[i] = &p[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, 2 * SIDE)));
    double end_of_wait = now() + patience;
    while ((all->producers[0].done == 0 || all->producers[1].done == 0 || all->consumers[0].count == 0 ||
            all->consumers[1].count == 0) &&
           now() < end_of_wait)
        rest(0.0005);
    rest(moment);
    kill_and_join(&p[victim]);
    uint32_t before[SIDE] = {all->producers[0].done, all->producers[1].done};
    end_of_wait = now() + patience;
    for (int i = 0; i < SIDE; i++) /* all who live go on */
        while (i != victim && all->producers[i].done < before[i] + 2 * PLACES && now() < end_of_wait)
            rest(0.0005);
    CHECK(now() < end_of_wait);
    all->halt = 1;
    for (int i = 0; i < SIDE; i++)
        if (i != victim)
            CHECK_OR_STOP(end(&p[i], patience, 0));
    await_empty(q);
    all->stop = 1;
    for (int i = SIDE; i < 2 * SIDE; i++)
        if (i != victim)
            CHECK_OR_STOP(end(&p[i], patience, 0));
    account(all, victim);
    check_places(q);
}

static void play(int rounds, unsigned seed)
{
    board *all = open_board();
    mr_queue q;
    CHECK_OK(mr_queue_init(&q, PLACES));
    uint64_t top = 0;
    for (int i = 0; i < rounds; i++) {
        unsigned random = (unsigned)rand_r(&seed);
        play_round(all, &q, (int)(random % (2 * SIDE)), 1e-6 * (double)(random / 8 % 3000));
        if (check_failed()) {
            fprintf(stderr, "round %d, seed before the next %u\n", i, seed);
            return;
        }
        if (i == rounds / 2 && mr__ctx.arena != NULL)
            top = mr__ctx.arena->top;
    }
    if (rounds > 100 && mr__ctx.arena != NULL) /* those who die leave hardly any memory behind */
        CHECK_AT_MOST((double)(mr__ctx.arena->top - top), 64.0 * LARGEST);
    munmap(all, sizeof *all);
}

SCENARIO_SHARED(queue_deaths, at_random, .timeout = 120)
{
    play(12, 20240611);
}

SCENARIO_SHARED(queue_deaths, at_random_for_long, .only_long = true, .timeout = 280)
{
    play(1000, 1 + (unsigned)scenario_launch());
}
