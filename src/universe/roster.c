#include "universe/roster.h"

#include "universe/universe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *mr__stage_text(uint32_t stage)
{
    static const char *const texts[] = {"has not reported yet", "waits in MPI_Init",
                                        "waits for the other ranks of its batch to join main", "is ready"};
    return texts[stage < sizeof texts / sizeof texts[0] ? stage : 0];
}

/* Everything between these two may be seen half done, and is then looked at again. */
static void begin_change(mr__roster_entry *entry)
{
    entry->version++;
    atomic_thread_fence(memory_order_seq_cst);
}

static void end_change(mr__roster_entry *entry)
{
    atomic_thread_fence(memory_order_seq_cst);
    entry->version++;
}

void mr__roster_begin(mr__roster *roster)
{
    mr__roster_entry *entry = &roster->entries[0];
    begin_change(entry);
    entry->state = MR__ROSTER_BUSY;
    entry->pid = getpid();
    entry->core = -1;
    snprintf(entry->host, sizeof entry->host, "%s", mr__ctx.host);
    snprintf(entry->name, sizeof entry->name, "MainProcess");
    end_change(entry);
    roster->used = 1;
    mr__ctx.roster = roster;
}

/* The rank's own entry, or a free one; 0: there is none. */
static uint32_t find_entry(mr__roster *roster, const mr__rank *rank)
{
    uint32_t entry = rank->entry, used = roster->used;
    for (uint32_t e = 1; e < used && entry == 0; e++)
        if (roster->entries[e].state == MR__ROSTER_FREE)
            entry = e;
    if (entry == 0 && used < MR__ROSTER_SIZE) {
        roster->used = used + 1;
        entry = used;
    }
    return entry;
}

static mr__roster_state state_of(const mr__rank *rank)
{
    return rank->state == MR__RANK_DEAD                                        ? MR__ROSTER_FREE
           : rank->state == MR__RANK_PARKED || rank->state == MR__RANK_SERVING ? MR__ROSTER_PARKED
           : rank->state == MR__RANK_BUSY                                      ? MR__ROSTER_BUSY
                                                                               : MR__ROSTER_COMING;
}

void mr__roster_note(const mr__universe *universe, mr__rank *rank, const char *name)
{
    mr__roster *roster = mr__ctx.roster;
    mr__roster_state state = state_of(rank);
    if (roster == NULL || (state == MR__ROSTER_FREE && rank->entry == 0))
        return;
    uint32_t number = find_entry(roster, rank);
    if (number == 0) {
        roster->missed++;
        return;
    }
    mr__roster_entry *entry = &roster->entries[number];
    bool is_pinned = state == MR__ROSTER_BUSY && rank->place >= 0;
    begin_change(entry);
    entry->state = state;
    entry->stage = rank->stage;
    entry->rank = (uint32_t)(rank->batch->first + rank->rank_in_batch - 1);
    entry->pid = rank->pid;
    entry->core = is_pinned ? universe->hosts[rank->host].places.place[rank->place].core : -1;
    entry->process = rank->process;
    entry->creator = rank->creator;
    entry->is_daemon = rank->is_daemon;
    snprintf(entry->host, sizeof entry->host, "%s", rank->host >= 0 ? universe->hosts[rank->host].name : "");
    if (name != NULL || state != MR__ROSTER_BUSY)
        snprintf(entry->name, sizeof entry->name, "%.*s", MR__ROSTER_NAME - 1, name != NULL ? name : "");
    end_change(entry);
    rank->entry = state == MR__ROSTER_FREE ? 0 : number;
}
