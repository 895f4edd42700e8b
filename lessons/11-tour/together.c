/* Stop 8: what processes do together. */
#include "notebook.h"
#include "tour.h"

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
    if (party->waits && mr_barrier_wait(&party->barrier, LIMIT, NULL) != MR_OK)
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
    mr_lock_close(&party.lock);
    mr_barrier_close(&party.barrier);
    mr_queue_destroy(&party.reports);
    return seen;
}
