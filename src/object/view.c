#include "object/view.h"

#include "base/context.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading ---- */

bool mr__view_read(const mr__view *view, uint64_t at, void *to, size_t size)
{
    return size <= view->size && at <= view->size - size && view->read(view, at, to, size);
}

static bool read_own(const mr__view *view, uint64_t at, void *to, size_t size)
{
    memcpy(to, (const char *)view->source + at, size);
    return true;
}

bool mr__view_own(mr__view *view)
{
    *view = (mr__view){.read = read_own, .source = mr__ctx.arena, .size = mr__ctx.arena_size};
    return mr__ctx.arena != NULL && mr__view_refresh(view);
}

bool mr__view_refresh(mr__view *view)
{
    uint64_t counts = offsetof(mr__roster, used);
    view->seats = view->slots = view->ranks = 0;
    return mr__view_read(view, offsetof(mr__arena, seats), &view->seats, sizeof view->seats) &&
           mr__view_read(view, offsetof(mr__arena, slots), &view->slots, sizeof view->slots) &&
           mr__view_read(view, mr__roster_at() + counts, &view->ranks, sizeof view->ranks) &&
           view->seats <= MR__SEATS && view->slots <= MR__SLOTS && view->ranks <= MR__ROSTER_SIZE;
}

bool mr__view_seat(const mr__view *view, uint32_t number, mr__seat *seat)
{
    return number > 0 && number < view->seats &&
           mr__view_read(view, mr__seats_at() + number * sizeof *seat, seat, sizeof *seat) &&
           seat->rank != UINT32_MAX;
}

const mr__kind *mr__view_slot(const mr__view *view, uint32_t slot, mr__slot_copy *copy)
{
    uint64_t at = mr__slots_at() + (uint64_t)slot * MR__SLOT_SIZE;
    uint32_t kind = MR__KIND_NONE;
    if (slot == 0 || slot >= view->slots ||
        !mr__view_read(view, at + offsetof(mr__object, kind), &kind, sizeof kind) || kind == MR__KIND_NONE ||
        kind >= MR__KINDS || !mr__view_read(view, at, copy, sizeof *copy) || copy->object.kind != kind)
        return NULL;
    return mr__kinds[kind];
}

bool mr__view_entry(const mr__view *view, uint32_t number, mr__roster_entry *entry)
{
    enum { TRIES = 100 };
    uint64_t at = mr__roster_at() + offsetof(mr__roster, entries) + (uint64_t)number * sizeof *entry;
    for (int i = 0; i < TRIES && number < view->ranks; i++) {
        uint32_t version;
        if (!mr__view_read(view, at, entry, sizeof *entry))
            return false;
        atomic_thread_fence(memory_order_seq_cst);
        if (!mr__view_read(view, at + offsetof(mr__roster_entry, version), &version, sizeof version))
            return false;
        if (version == entry->version && version % 2 == 0) {
            entry->host[sizeof entry->host - 1] = entry->name[sizeof entry->name - 1] = '\0';
            mr__make_printable(entry->host);
            mr__make_printable(entry->name);
            return entry->state != MR__ROSTER_FREE && entry->state <= MR__ROSTER_BUSY;
        }
    }
    return false; /* main was killed while it wrote there */
}

bool mr__view_rank(const mr__view *view, uint32_t rank, mr__roster_entry *entry)
{
    for (uint32_t number = 0; number < view->ranks; number++)
        if (mr__view_entry(view, number, entry) && entry->rank == rank)
            return true;
    return false;
}

bool mr__view_process(const mr__view *view, uint64_t process, mr__roster_entry *entry)
{
    for (uint32_t number = 0; number < view->ranks; number++)
        if (mr__view_entry(view, number, entry) && entry->state == MR__ROSTER_BUSY && entry->process == process)
            return true;
    return false;
}

bool mr__view_flag(const bool *place)
{
    unsigned char byte;
    memcpy(&byte, place, sizeof byte);
    return byte != 0;
}

/* ---- What is written in the head ---- */

uint32_t mr__view_layout(void)
{
    uint32_t sum = 2166136261u;
    const uint64_t facts[] = {MR__LAYOUT,
                              sizeof(mr__arena),
                              offsetof(mr__arena, slots),
                              offsetof(mr__arena, seats),
                              sizeof(mr__seat),
                              sizeof(mr__object),
                              sizeof(mr__roster),
                              MR__SEATS,
                              MR__SLOTS,
                              MR__SLOT_SIZE,
                              MR__KINDS};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        sum = (sum ^ (uint32_t)facts[i]) * 16777619u;
    for (size_t kind = 0; kind < MR__KINDS; kind++)
        if (mr__kinds[kind] != NULL && mr__kinds[kind]->view != NULL)
            sum = (sum ^ mr__kinds[kind]->view->layout) * 16777619u;
    return sum;
}

void mr__view_publish(mr__arena *arena)
{
    arena->layout = mr__view_layout();
    arena->version = MR_VERSION_NUMBER;
    arena->main = getpid();
    atomic_thread_fence(memory_order_seq_cst);
    memcpy(arena->magic, MR__ARENA_MAGIC, sizeof MR__ARENA_MAGIC);
}

/* ---- Texts ---- */

void mr__make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)) /* the latter in UTF-8 */
            *c = '?';
}

void mr__view_name(const mr__view *view, uint32_t rank, char *text, size_t size)
{
    mr__roster_entry entry;
    if (mr__view_rank(view, rank, &entry) && entry.name[0] != '\0')
        snprintf(text, size, "rank %u (%s)", rank, entry.name);
    else
        snprintf(text, size, "rank %u", rank);
}

void mr__told_add(mr__told *told, uint32_t rank)
{
    if (told->rank_count < MR__TOLD_RANKS)
        told->ranks[told->rank_count] = rank;
    told->rank_count++;
}
