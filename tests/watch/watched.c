/* Programs for the tests of `multirank top` and `multirank stack` to look at: watched KIND. Each says "ready" once
 * everybody is where the test wants him, and ends when it is killed, or after a minute. */
#include <multirank.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MINUTE = 60 };

static const struct timespec MOMENT = {.tv_nsec = 300000000};

typedef struct shared {
    mr_lock locks[2];
    mr_barrier all;
    mr_queue queue;
    mr_connection end;
    mr_event event;
    int number;
} shared;

/* Each holds one lock and wants the other's. */
static int lock_both(const void *args, size_t size)
{
    const shared *s = args;
    (void)size;
    if (mr_lock_acquire(&s->locks[s->number], MR_FOREVER) != MR_OK ||
        mr_barrier_wait(&s->all, NULL, MINUTE) != MR_OK)
        return 1;
    return mr_lock_acquire(&s->locks[1 - s->number], MINUTE) == MR_OK ? 0 : 1;
}

static int meet(const void *args, size_t size)
{
    (void)size;
    return mr_barrier_wait(&((const shared *)args)->all, NULL, MINUTE) == MR_OK ? 0 : 1;
}

/* Never comes to the barrier. */
static int miss(const void *args, size_t size)
{
    (void)args, (void)size;
    sleep(MINUTE);
    return 0;
}

static int put(const void *args, size_t size)
{
    const shared *s = args;
    (void)size;
    for (int i = 0; i < 5; i++)
        if (mr_queue_put(&s->queue, &i, sizeof i, MINUTE) != MR_OK)
            return 1;
    return 0;
}

static int receive(const void *args, size_t size)
{
    char byte;
    (void)size;
    return mr_connection_recv(&((const shared *)args)->end, &byte, 1, NULL, MINUTE) == MR_OK ? 0 : 1;
}

static int wait_for_event(const void *args, size_t size)
{
    (void)size;
    return mr_event_wait(&((const shared *)args)->event, MINUTE) == MR_OK ? 0 : 1;
}

static int quick(const void *input, void *output)
{
    (void)input, (void)output;
    return 0;
}

static mr_process processes[3]; /* the last of them is joined */
static int count;

static void start(mr_target target, const shared *s, const char *name)
{
    mr_process *p = &processes[count++];
    if (mr_process_init(p, target, s, sizeof *s) != MR_OK || mr_process_set_name(p, name) != MR_OK ||
        mr_process_start(p) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        exit(1);
    }
}

/* Waits all the time, for this and that, never for long. */
static int be_busy(const void *args, size_t size)
{
    const shared *s = args;
    bool goes_on = true;
    (void)size;
    for (int item = s->number; goes_on;) {
        goes_on = mr_lock_acquire(&s->locks[0], MINUTE) == MR_OK &&
                  mr_lock_acquire(&s->locks[1], MINUTE) == MR_OK && mr_lock_release(&s->locks[1]) == MR_OK &&
                  mr_lock_release(&s->locks[0]) == MR_OK &&
                  mr_queue_put(&s->queue, &item, sizeof item, MINUTE) == MR_OK &&
                  mr_queue_get(&s->queue, &item, sizeof item, NULL, MINUTE) == MR_OK;
    }
    return 1;
}

/* ---- The kinds: each starts its processes ---- */

static void lock_crosswise(shared *s)
{
    start(lock_both, s, "Ann");
    s->number = 1;
    start(lock_both, s, "Ben");
}

static void miss_barrier(shared *s)
{
    start(meet, s, "Ann");
    start(meet, s, "Ben");
    start(miss, s, "Tim");
}

static void fill_queue(shared *s)
{
    start(put, s, "Putter");
    start(wait_for_event, s, "Waiter\033[2J");
}

static void read_pipe(shared *s)
{
    mr_connection mine;
    if (mr_pipe_init(&mine, &s->end, true) == MR_OK)
        start(receive, s, "Reader");
}

static void use_pool(shared *s)
{
    mr_pool pool;
    int inputs[100] = {0};
    if (mr_pool_init(&pool, 2) == MR_OK &&
        mr_pool_map(&pool, quick, inputs, sizeof inputs[0], NULL, 0, 100) == MR_OK)
        start(miss, s, "Tim");
}

static void work(shared *s)
{
    start(be_busy, s, "Ann");
    start(be_busy, s, "Ben");
    start(be_busy, s, "Tim");
}

static void rest(shared *s)
{
    (void)s;
}

static const struct {
    const char *name;
    void (*begin)(shared *s);
    int parties; /* of the barrier */
} kinds[] = {
    {"locks", lock_crosswise, 2}, {"barrier", miss_barrier, 3}, {"queue", fill_queue, 2},
    {"pipe", read_pipe, 2},       {"pool", use_pool, 2},        {"busy", work, 2},
    {"short", rest, 2},
};

int main(int argc, char **argv)
{
    shared s = {0};
    size_t kind = 0;
    if (mr_init(&argc, &argv) != MR_OK || argc != 2) {
        fprintf(stderr, "%s\n", mr_last_error());
        return 1;
    }
    while (kind < sizeof kinds / sizeof kinds[0] && strcmp(kinds[kind].name, argv[1]) != 0)
        kind++;
    if (kind == sizeof kinds / sizeof kinds[0] || mr_lock_init(&s.locks[0]) != MR_OK ||
        mr_lock_init(&s.locks[1]) != MR_OK ||
        mr_barrier_init(&s.all, kinds[kind].parties, NULL, MR_FOREVER) != MR_OK ||
        mr_queue_init(&s.queue, 3) != MR_OK || mr_event_init(&s.event) != MR_OK)
        return 2;
    kinds[kind].begin(&s);
    nanosleep(&MOMENT, NULL); /* for the others to come where they wait */
    printf("ready\n");
    fflush(stdout);
    if (count > 0)
        mr_process_join(&processes[count - 1], MINUTE);
    else
        sleep(2);
    return mr_finalize() == MR_OK ? 0 : 1;
}
