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

static int set_event(const void *args, size_t size)
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

static mr_process *start(mr_target target, const shared *s, const char *name)
{
    static int count = 0;
    mr_process *p = &processes[count++];
    if (mr_process_init(p, target, s, sizeof *s) != MR_OK || mr_process_set_name(p, name) != MR_OK ||
        mr_process_start(p) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        exit(1);
    }
    return p;
}

static void ready(void)
{
    nanosleep(&MOMENT, NULL); /* for the others to come where they wait */
    printf("ready\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    shared s = {0};
    mr_process *p;
    if (mr_init(&argc, &argv) != MR_OK || argc != 2) {
        fprintf(stderr, "%s\n", mr_last_error());
        return 1;
    }
    const char *kind = argv[1];
    if (mr_lock_init(&s.locks[0]) != MR_OK || mr_lock_init(&s.locks[1]) != MR_OK ||
        mr_barrier_init(&s.all, strcmp(kind, "barrier") == 0 ? 3 : 2, NULL, MR_FOREVER) != MR_OK ||
        mr_queue_init(&s.queue, 3) != MR_OK || mr_event_init(&s.event) != MR_OK)
        return 1;
    if (strcmp(kind, "locks") == 0) {
        start(lock_both, &s, "Ann");
        s.number = 1;
        p = start(lock_both, &s, "Ben");
    } else if (strcmp(kind, "barrier") == 0) {
        start(meet, &s, "Ann");
        start(meet, &s, "Ben");
        p = start(miss, &s, "Tim");
    } else if (strcmp(kind, "queue") == 0) {
        start(put, &s, "Putter");
        p = start(set_event, &s, "Waiter\033[2J");
    } else if (strcmp(kind, "pipe") == 0) {
        mr_connection mine;
        if (mr_pipe_init(&mine, &s.end, true) != MR_OK)
            return 1;
        p = start(receive, &s, "Reader");
    } else if (strcmp(kind, "pool") == 0) {
        mr_pool pool;
        int inputs[100] = {0};
        if (mr_pool_init(&pool, 2) != MR_OK ||
            mr_pool_map(&pool, quick, inputs, sizeof inputs[0], NULL, 0, 100) != MR_OK)
            return 1;
        p = start(miss, &s, "Tim");
    } else if (strcmp(kind, "short") == 0) {
        ready();
        sleep(2);
        return mr_finalize() == MR_OK ? 0 : 1;
    } else {
        return 2;
    }
    ready();
    mr_process_join(p, MINUTE);
    return 0;
}
