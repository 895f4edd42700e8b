/* Lesson 6: one process puts numbers into a queue, another takes them out; a third one gives up too early. */
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NUMBERS = 5, HIGHEST = 256 };
enum { TO_PRODUCE = 200, TO_CONSUME = 600 }; /* milliseconds that a number takes */

/* A process that has a queue: producers and consumers alike. Every copy of the handle means the same queue. */
struct worker {
    mr_process base;
    mr_queue queue;
};

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int failed(void)
{
    complain();
    mr_finalize();
    return 1;
}

static int produce(mr_process *self)
{
    const mr_queue *queue = &((const struct worker *)self)->queue;

    srand((unsigned)time(NULL));
    for (int i = 0; i < NUMBERS; i++) {
        nap(TO_PRODUCE);
        int number = rand() % (HIGHEST + 1);
        if (mr_queue_put(queue, &number, sizeof number, MR_FOREVER) != MR_OK)
            return complain();
        printf("%s put %d, size %td\n", mr_process_name(self), number, mr_queue_length(queue));
    }
    return 0;
}

/* The trap: that the queue is empty does not mean that nothing more will come. */
static int consume_until_empty(mr_process *self)
{
    const mr_queue *queue = &((const struct worker *)self)->queue;
    int number, count = 0;

    while (!mr_queue_is_empty(queue)) {
        if (mr_queue_get(queue, &number, sizeof number, NULL, MR_FOREVER) != MR_OK)
            return complain();
        printf("%s got %d\n", mr_process_name(self), number);
        count++;
        nap(TO_CONSUME);
    }
    printf("%s stops at an empty queue, numbers: %d\n", mr_process_name(self), count);
    return 0;
}

/* The right way: to wait for the next item, until one comes that means the end. Ours is an item of no bytes. */
static int consume_until_told(mr_process *self)
{
    const mr_queue *queue = &((const struct worker *)self)->queue;
    int number, count = 0;
    size_t size;

    for (;;) {
        if (mr_queue_get(queue, &number, sizeof number, &size, MR_FOREVER) != MR_OK)
            return complain();
        if (size == 0)
            break;
        printf("%s got %d\n", mr_process_name(self), number);
        count++;
        nap(TO_CONSUME);
    }
    printf("%s stops at the sentinel, numbers: %d\n", mr_process_name(self), count);
    return 0;
}

static const mr_class hasty_class = {"Hasty", sizeof(struct worker), consume_until_empty};
static const mr_class consumer_class = {"Consumer", sizeof(struct worker), consume_until_told};
static const mr_class producer_class = {"Producer", sizeof(struct worker), produce};

/* Starts a worker of that class on the queue. */
static mr_status start(struct worker *worker, const mr_class *class, mr_queue queue)
{
    mr_status status = mr_process_init_class(&worker->base, class);
    worker->queue = queue;
    return status == MR_OK ? mr_process_start(&worker->base) : status;
}

int main(int argc, char **argv)
{
    struct worker hasty, consumer, producer;
    mr_queue queue;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&queue, 0) != MR_OK) /* 0: of any length */
        return failed();

    /* Both consumers come before the first number. The first one looks, sees nothing, and is gone. */
    if (start(&hasty, &hasty_class, queue) != MR_OK || mr_process_join(&hasty.base, MR_FOREVER) != MR_OK)
        return failed();

    /* The second one waits. */
    if (start(&consumer, &consumer_class, queue) != MR_OK || start(&producer, &producer_class, queue) != MR_OK ||
        mr_process_join(&producer.base, MR_FOREVER) != MR_OK)
        return failed();

    /* All numbers are in the queue, or have been: only the sentinel is missing behind them. */
    if (mr_queue_put(&queue, NULL, 0, MR_FOREVER) != MR_OK || mr_process_join(&consumer.base, MR_FOREVER) != MR_OK)
        return failed();
    printf("main: left in the queue %td\n", mr_queue_length(&queue));
    return mr_finalize();
}
