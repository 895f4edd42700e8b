/* Stops 8 to 10: what processes do together. */
#include "notebook.h"
#include "tour.h"
#include <stdlib.h>

/* ---- 8, barrier --------------------------------------------------------------------------------------------- */

enum { PARTIES = 2, COMERS = 4 };

struct party {
    mr_queue notebook;
    mr_queue reports; /* a notebook, too */
    mr_barrier barrier;
    mr_lock lock;
    bool waits; /* at the barrier */
};

static int come_and_go_on(const void *args, size_t size)
{
    const struct party *party = args;
    (void)size;

    if (write_note(&party->notebook, "came", NO_NUMBER) != 0)
        return 1;
    if (party->waits && mr_barrier_wait(&party->barrier, NULL, LIMIT) != MR_OK)
        return complain();
    if (write_note(&party->notebook, "went on", NO_NUMBER) != 0)
        return 1;

    /* A report has two lines, and without the lock somebody else's would get in between. */
    MR_LOCKED(&party->lock)
    {
        if (write_note(&party->reports, "line", 1) != 0)
            return 1;
        nap(0.05);
        return write_note(&party->reports, "line", 2);
    }
    return complain();
}

/* Whether line 1 of each report is followed by line 2 of the same process. */
static bool are_whole(const struct notes *reports)
{
    for (int i = 0; i + 1 < reports->count; i += 2) {
        const struct note *one = &reports->all[i], *two = &reports->all[i + 1];
        if (one->number != 1 || two->number != 2 || strcmp(one->who, two->who) != 0)
            return false;
    }
    return reports->count == 2 * COMERS;
}

bool see_barrier(const mr_queue *notebook)
{
    static const char *const names[COMERS] = {"barrier-1", "free-1", "barrier-2", "free-2"};
    struct party party = {.notebook = *notebook};
    mr_process processes[COMERS];

    if (mr_queue_init(&party.reports, 0) != MR_OK ||
        mr_barrier_init(&party.barrier, PARTIES, NULL, MR_FOREVER) != MR_OK || mr_lock_init(&party.lock) != MR_OK)
        return failed();
    for (int i = 0; i < COMERS; i++) {
        party.waits = i % 2 == 0;
        if (mr_process_init(&processes[i], come_and_go_on, &party, sizeof party) != MR_OK ||
            mr_process_set_name(&processes[i], names[i]) != MR_OK)
            return failed();
    }

    /* One of each pair comes late: when free-1 has already gone, and barrier-1 has had time to go, if it could. */
    if (mr_process_start(&processes[0]) != MR_OK || mr_process_start(&processes[1]) != MR_OK)
        return failed();
    bool seen = ended_well(&processes[1]);
    nap(0.2);
    if (mr_process_start(&processes[2]) != MR_OK || mr_process_start(&processes[3]) != MR_OK)
        return failed();
    seen &= ended_well(&processes[0]);
    seen &= ended_well(&processes[2]);
    seen &= ended_well(&processes[3]);

    const struct notes notes = read_notes(notebook), reports = read_notes(&party.reports);
    bool complete = notes.count == 2 * COMERS, together = true;
    for (int i = 0; i < COMERS; i++)
        complete &= place(&notes, names[i], "came") > 0 && place(&notes, names[i], "went on") > 0;
    for (int i = 0; i < COMERS; i += 2)
        together &= place(&notes, names[0], "came") < place(&notes, names[i], "went on") &&
                    place(&notes, names[2], "came") < place(&notes, names[i], "went on");
    seen &=
        look(complete && together, "nobody passes the barrier before both have come:\n      %s", text_of(&notes));
    seen &= look(complete && place(&notes, "free-1", "went on") < place(&notes, "free-2", "came"),
                 "who has no barrier does not wait: free-1 goes on before free-2 comes");
    seen &= look(are_whole(&reports), "the two lines of each report stay together:\n      %s", text_of(&reports));
    mr_lock_destroy(&party.lock);
    mr_barrier_destroy(&party.barrier);
    mr_queue_destroy(&party.reports);
    return seen;
}

/* ---- 9, manager --------------------------------------------------------------------------------------------- */

enum { SETTERS = 10 };

struct setter {
    mr_queue notebook;
    mr_barrier all_here; /* so that nobody's time is up before the last one has begun */
    mr_dict dict;
    int key;
};

static int set_key(const void *args, size_t size)
{
    const struct setter *setter = args;
    (void)size;

    if (write_note(&setter->notebook, "start", NO_NUMBER) != 0)
        return 1;
    if (mr_barrier_wait(&setter->all_here, NULL, LIMIT) != MR_OK)
        return complain();
    nap(0.2);
    if (mr_dict_set(&setter->dict, MR_INT(setter->key), MR_INT(2 * setter->key)) != MR_OK)
        return complain();
    return write_note(&setter->notebook, "end", NO_NUMBER);
}

/* Whether the dict is {0: 0, 1: 2, ..., 9: 18}, in whatever order the keys came. */
static bool is_complete(const mr_dict *dict)
{
    for (int key = 0; key < SETTERS; key++) {
        mr_item value;
        if (mr_dict_get(dict, MR_INT(key), &value, NULL, 0) != MR_OK || value.type != MR_ITEM_INT ||
            value.integer != 2 * key)
            return false;
    }
    return mr_dict_length(dict) == SETTERS;
}

bool see_manager(const mr_queue *notebook)
{
    struct setter setter = {.notebook = *notebook};
    mr_process processes[SETTERS];
    mr_scoped_manager manager = {0}; /* closed on whichever way this function is left */
    bool seen = true;
    char *text;

    if (mr_manager_init(&manager) != MR_OK || mr_manager_start(&manager, NULL, NULL, 0) != MR_OK ||
        mr_manager_make_dict(&manager, &setter.dict) != MR_OK ||
        mr_barrier_init(&setter.all_here, SETTERS, NULL, MR_FOREVER) != MR_OK)
        return failed();
    for (int i = 0; i < SETTERS; i++) {
        setter.key = i;
        if (mr_process_init(&processes[i], set_key, &setter, sizeof setter) != MR_OK)
            return failed();
    }
    for (int i = 0; i < SETTERS; i++) {
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < SETTERS; i++)
        seen &= ended_well(&processes[i]);

    if (mr_dict_text(&setter.dict, &text) != MR_OK)
        return failed();
    seen &= look(is_complete(&setter.dict), "each process has set its key to twice the key:\n      %s", text);
    free(text);

    const struct notes notes = read_notes(notebook);
    seen &= look(count_notes(&notes, "start") == SETTERS && count_notes(&notes, "end") == SETTERS &&
                     all_before(&notes, "start", "end"),
                 "they worked at the same time: all %d started before the first ended", SETTERS);
    mr_barrier_destroy(&setter.all_here);
    if (mr_manager_close(&manager) != MR_OK)
        return failed();
    const mr_status status = mr_dict_set(&setter.dict, MR_INT(SETTERS), MR_NONE);
    return seen & look(status == MR_ECLOSED, "the dict ends with its manager: %s", mr_strerror(status));
}

/* ---- 10, pool ----------------------------------------------------------------------------------------------- */

enum { WORKERS = 4, INPUTS = 100 };

struct answer {
    int square;
    int rank; /* of the worker that worked it out */
};

static int square(const void *in, void *out)
{
    const int number = *(const int *)in;

    nap(0.005); /* so that there is something to do for all workers */
    *(struct answer *)out = (struct answer){number * number, mr_process_rank(mr_current_process())};
    return 0;
}

bool see_pool(const mr_queue *notebook)
{
    int numbers[INPUTS], squares[INPUTS], ranks[INPUTS];
    struct answer answers[INPUTS];
    mr_scoped_pool pool = {0}; /* whichever way this function is left, it leaves no worker behind */
    bool right = true, by_workers = true;
    (void)notebook; /* what a worker finds out comes back by itself */

    for (int i = 0; i < INPUTS; i++)
        numbers[i] = i;
    if (mr_pool_init(&pool, WORKERS) != MR_OK ||
        mr_pool_map(&pool, square, numbers, sizeof numbers[0], answers, sizeof answers[0], INPUTS) != MR_OK ||
        mr_pool_close(&pool) != MR_OK)
        return failed();
    for (int i = 0; i < INPUTS; i++) {
        squares[i] = answers[i].square;
        ranks[i] = answers[i].rank;
        right &= squares[i] == i * i;
        by_workers &= ranks[i] > 0; /* 0 is main */
    }
    const int workers = count_different(ranks, INPUTS);
    bool seen = look(right, "the squares of 0 to %d, in order: %s ... %d", INPUTS - 1, listed(squares, 10),
                     squares[INPUTS - 1]);
    seen &= look(by_workers && workers <= WORKERS, "main has not worked out any of them; %d of %d workers have",
                 workers, WORKERS);

    const mr_status more =
        mr_pool_apply(&pool, square, &numbers[0], sizeof numbers[0], &answers[0], sizeof answers[0]);
    seen &= look(more == MR_ECLOSED, "once it is closed, the pool takes no more: %s", mr_strerror(more));
    return seen & look(mr_pool_join(&pool, LIMIT) == MR_OK, "and all workers end");
}
