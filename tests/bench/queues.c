/* Multirank's queues for the benchmark: queues PRODUCERS CONSUMERS ITEMS SIZE prints the seconds that an item
 * takes on its way through one queue, when so many producers put so many items of so many bytes each. */
#include "measuring.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PROCESSES_MAX = 64, SIZE_MAX_BYTES = 1 << 24 };

typedef struct job {
    mr_queue gate, items, done;
    int count;
    size_t size;
} job;

/* Says that it is there, and waits for the others. */
static void line_up(const job *all)
{
    need(mr_queue_put(&all->done, NULL, 0, MR_FOREVER));
    need(mr_queue_get(&all->gate, NULL, 0, NULL, MR_FOREVER));
}

static int produce(const void *args, size_t size)
{
    (void)size;
    const job *all = args;
    char *item = calloc(1, all->size);
    if (item == NULL)
        fail("out of memory");
    line_up(all);
    for (int i = 0; i < all->count; i++)
        need(mr_queue_put(&all->items, item, all->size, MR_FOREVER));
    free(item);
    return 0;
}

static int consume(const void *args, size_t size)
{
    (void)size;
    const job *all = args;
    char *item = calloc(1, all->size);
    if (item == NULL)
        fail("out of memory");
    line_up(all);
    for (int i = 0; i < all->count; i++)
        need(mr_queue_get(&all->items, item, all->size, NULL, MR_FOREVER));
    need(mr_queue_put(&all->done, NULL, 0, MR_FOREVER));
    free(item);
    return 0;
}

static void await(const job *all, int count)
{
    for (int i = 0; i < count; i++)
        need(mr_queue_get(&all->done, NULL, 0, NULL, MR_FOREVER));
}

static double measure(int producers, int consumers, int count, size_t size)
{
    mr_process processes[2 * PROCESSES_MAX], *pointers[2 * PROCESSES_MAX];
    job all = {.count = count, .size = size};
    int both = producers + consumers;
    need(mr_queue_init(&all.gate, 0));
    need(mr_queue_init(&all.items, 0));
    need(mr_queue_init(&all.done, 0));
    for (int i = 0; i < both; i++) {
        all.count = i < producers ? count : count * producers / consumers;
        need(mr_process_init(&processes[i], i < producers ? produce : consume, &all, sizeof all));
        pointers[i] = &processes[i];
    }
    need(mr_process_start_all(pointers, (size_t)both));
    await(&all, both);
    double begin = now();
    for (int i = 0; i < both; i++)
        need(mr_queue_put(&all.gate, NULL, 0, MR_FOREVER));
    await(&all, consumers);
    double seconds = now() - begin;
    for (int i = 0; i < both; i++)
        need(mr_process_join(&processes[i], MR_FOREVER));
    return seconds / ((double)count * producers);
}

int main(int argc, char **argv)
{
    need(mr_init(&argc, &argv));
    int producers = argc == 5 ? atoi(argv[1]) : 0, consumers = argc == 5 ? atoi(argv[2]) : 0;
    int count = argc == 5 ? atoi(argv[3]) : 0, size = argc == 5 ? atoi(argv[4]) : 0;
    bool is_good = producers > 0 && producers <= PROCESSES_MAX && consumers > 0 && consumers <= PROCESSES_MAX &&
                   count > 0 && count % consumers == 0 && size > 0 && size <= SIZE_MAX_BYTES;
    if (is_good)
        printf("%.9g\n", measure(producers, consumers, count, (size_t)size));
    else
        fprintf(stderr, "Usage: queues PRODUCERS CONSUMERS ITEMS SIZE\n");
    return mr_finalize() != MR_OK ? 1 : is_good ? 0 : 2;
}
