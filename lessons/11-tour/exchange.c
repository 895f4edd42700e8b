/* Stops 6 and 7: what processes give each other, through a queue and through pipes. */
#include "notebook.h"
#include "tour.h"
#include <stdlib.h>

/* ---- 6, queue ----------------------------------------------------------------------------------------------- */

enum { NUMBERS = 5, HIGHEST = 256 };
static const double to_produce = 0.05, to_consume = 0.15; /* seconds that a number takes */

struct worker {
    mr_process base;
    mr_queue notebook;
    mr_queue queue;
};

static int produce(mr_process *self)
{
    const struct worker *worker = (const struct worker *)self;

    srand((unsigned)mr_process_pid(self));
    for (int i = 0; i < NUMBERS; i++) {
        const int number = rand() % (HIGHEST + 1);
        nap(to_produce);
        if (mr_queue_put(&worker->queue, &number, sizeof number, LIMIT) != MR_OK)
            return complain();
        const ptrdiff_t size = mr_queue_length(&worker->queue);
        if (write_note(&worker->notebook, "put", number) != 0 ||
            write_note(&worker->notebook, "size", (int)size) != 0)
            return 1;
    }
    return 0;
}

/* The trap: an empty queue does not mean that nothing more will come. */
static int consume_until_empty(mr_process *self)
{
    const struct worker *worker = (const struct worker *)self;
    int number, count = 0;

    for (; !mr_queue_is_empty(&worker->queue); count++) {
        if (mr_queue_get(&worker->queue, &number, sizeof number, NULL, LIMIT) != MR_OK)
            return complain();
        nap(to_consume);
    }
    return write_note(&worker->notebook, "stop", count);
}

static int consume_until_told(mr_process *self)
{
    const struct worker *worker = (const struct worker *)self;
    int number, count = 0;
    size_t size;

    for (;; count++) {
        if (mr_queue_get(&worker->queue, &number, sizeof number, &size, LIMIT) != MR_OK)
            return complain();
        if (size == 0)
            return write_note(&worker->notebook, "told", count);
        if (write_note(&worker->notebook, "got", number) != 0)
            return 1;
        nap(to_consume);
    }
}

static const mr_class hasty_class = {"Hasty", sizeof(struct worker), consume_until_empty};
static const mr_class consumer_class = {"Consumer", sizeof(struct worker), consume_until_told};
static const mr_class producer_class = {"Producer", sizeof(struct worker), produce};

static mr_status start(struct worker *worker, const mr_class *class, mr_queue notebook, mr_queue queue)
{
    const mr_status status = mr_process_init_class(&worker->base, class);
    worker->notebook = notebook;
    worker->queue = queue;
    return status == MR_OK ? mr_process_start(&worker->base) : status;
}

bool see_queue(const mr_queue *notebook)
{
    struct worker hasty, consumer, producer;
    int put[NOTES], got[NOTES], sizes[NOTES];
    mr_queue queue;

    /* Both consumers come before the first number; the first one has gone when it comes. */
    if (mr_queue_init(&queue, 0) != MR_OK || start(&hasty, &hasty_class, *notebook, queue) != MR_OK)
        return failed();
    bool seen = ended_well(&hasty.base);
    if (start(&consumer, &consumer_class, *notebook, queue) != MR_OK ||
        start(&producer, &producer_class, *notebook, queue) != MR_OK)
        return failed();
    seen &= ended_well(&producer.base);
    if (mr_queue_put(&queue, NULL, 0, LIMIT) != MR_OK) /* the sentinel */
        return failed();
    seen &= ended_well(&consumer.base);
    const ptrdiff_t left = mr_queue_length(&queue);
    mr_queue_destroy(&queue);

    const struct notes notes = read_notes(notebook);
    const int gone = place(&notes, NULL, "stop"), told = place(&notes, NULL, "told");
    seen &= look(gone == 1 && notes.all[0].number == 0,
                 "who stops at an empty queue has gone before the first number comes");
    const int put_count = numbers_of(&notes, "put", put), got_count = numbers_of(&notes, "got", got);
    seen &= look(put_count == NUMBERS && got_count == NUMBERS && memcmp(put, got, NUMBERS * sizeof put[0]) == 0,
                 "who waits gets every number once, in order: %s", listed(got, got_count));
    seen &= look(told > 0 && told == notes.count && notes.all[told - 1].number == NUMBERS && left == 0,
                 "and stops at the sentinel; left in the queue: %td", left);

    const int size_count = numbers_of(&notes, "size", sizes);
    bool fits = size_count == NUMBERS;
    for (int i = 0; i < size_count; i++)
        fits &= 0 <= sizes[i] && sizes[i] <= i + 1;
    return seen & look(fits, "the queue evens out that one is faster than the other; its size: %s",
                       listed(sizes, size_count));
}

/* ---- 7, pipe ------------------------------------------------------------------------------------------------ */

enum { SQUARES = 10 };

struct ends {
    mr_connection numbers;
    mr_connection squares;
};

static int send_numbers(const void *args, size_t size)
{
    const mr_connection *numbers = args;
    (void)size;

    for (int number = 0; number < SQUARES; number++) {
        if (mr_connection_send(numbers, &number, sizeof number, LIMIT) != MR_OK)
            return complain();
    }
    return 0;
}

static int send_squares(const void *args, size_t size)
{
    const struct ends *ends = args;
    mr_status status;
    int number;
    (void)size;

    while ((status = mr_connection_recv(&ends->numbers, &number, sizeof number, NULL, LIMIT)) == MR_OK) {
        const int square = number * number;
        if (mr_connection_send(&ends->squares, &square, sizeof square, LIMIT) != MR_OK)
            return complain();
    }
    return status == MR_EEOF ? 0 : complain();
}

/* Here main is the last in the row, and needs no notebook. */
bool see_pipe(const mr_queue *notebook)
{
    mr_process first, second;
    mr_connection numbers_in, numbers_out, squares_in, squares_out;
    mr_status status;
    int square, squares[2 * SQUARES], count = 0;
    (void)notebook;

    if (mr_pipe_init(&numbers_in, &numbers_out, false) != MR_OK ||
        mr_pipe_init(&squares_in, &squares_out, false) != MR_OK)
        return failed();
    const struct ends middle = {numbers_in, squares_out};
    if (mr_process_init(&first, send_numbers, &numbers_out, sizeof numbers_out) != MR_OK ||
        mr_process_init(&second, send_squares, &middle, sizeof middle) != MR_OK ||
        mr_process_start(&first) != MR_OK || mr_process_start(&second) != MR_OK)
        return failed();

    while ((status = mr_connection_recv(&squares_in, &square, sizeof square, NULL, LIMIT)) == MR_OK &&
           count < 2 * SQUARES)
        squares[count++] = square;
    bool seen = ended_well(&first);
    seen &= ended_well(&second);
    mr_connection_close(&squares_in);

    bool right = count == SQUARES;
    for (int i = 0; i < count; i++)
        right &= squares[i] == i * i;
    seen &= look(right, "the squares of 0 to %d, in order: %s", SQUARES - 1, listed(squares, count));
    return seen & look(status == MR_EEOF, "then the end: %s", mr_strerror(status));
}
