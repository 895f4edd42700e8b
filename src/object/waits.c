#include "object/waits.h"

#include "base/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WAITERS = MR__ROSTER_SIZE, NAME = MR__ROSTER_NAME + 32 };

/* ---- Finding those who wait ---- */

static mr__waiter *add(mr__waits *waits, uint32_t seat, uint32_t rank, uint32_t slot)
{
    if (waits->count == waits->room) {
        size_t room = waits->room == 0 ? 16 : 2 * waits->room;
        mr__waiter *grown = room <= MOST_WAITERS ? realloc(waits->waiters, room * sizeof *grown) : NULL;
        if (grown == NULL) {
            waits->is_cut = true;
            return NULL;
        }
        waits->waiters = grown;
        waits->room = room;
    }
    mr__waiter *new = &waits->waiters[waits->count++];
    *new = (mr__waiter){.seat = seat, .rank = rank, .slot = slot, .next = SIZE_MAX};
    return new;
}

static void tell(const mr__view *view, const mr__kind *kind, const mr__object *object, uint32_t purpose,
                 mr__waiter *waiter)
{
    mr__told *told = &waiter->told;
    snprintf(told->what, sizeof told->what, "%s %u", kind->name, waiter->slot);
    if (kind->view != NULL && kind->view->tell != NULL)
        kind->view->tell(view, object, waiter->slot, purpose, told);
}

/* Those that a process waits for when it has nothing more to do itself. */
static void tell_of_ends(const mr__view *view, uint32_t rank, mr__told *told)
{
    mr__roster_entry own, each;
    bool is_known = mr__view_rank(view, rank, &own);
    snprintf(told->what, sizeof told->what, "all its processes to end");
    told->by = ": ";
    for (uint32_t number = 1; is_known && number < view->ranks; number++)
        if (mr__view_entry(view, number, &each) && each.state == MR__ROSTER_BUSY &&
            (rank == 0 || each.creator == own.process))
            mr__told_add(told, each.rank);
}

static void tell_pursuit(const mr__view *view, const mr__seat *seat, mr__told *told)
{
    mr__roster_entry entry;
    switch ((mr__pursuit)seat->pursuit) {
    case MR__JOINS:
        snprintf(told->what, sizeof told->what, "the end");
        told->by = " of ";
        if (mr__view_process(view, seat->amount, &entry))
            mr__told_add(told, entry.rank);
        break;
    case MR__STARTS:
        snprintf(told->what, sizeof told->what, "a rank to start a process in");
        break;
    case MR__ENDS:
        tell_of_ends(view, seat->rank, told);
        break;
    default:
        snprintf(told->what, sizeof told->what, "any of several things (mr_wait)");
    }
}

static void look_at_seat(const mr__view *view, mr__waits *waits, uint32_t number)
{
    mr__seat seat;
    mr__slot_copy copy;
    mr__waiter *new = NULL;
    if (!mr__view_seat(view, number, &seat) || seat.is_vacant || seat.pursuit == MR__SERVES)
        return;
    const mr__kind *kind = mr__view_slot(view, seat.slot, &copy);
    bool is_tacit = kind != NULL && kind->view != NULL && kind->view->is_tacit;
    if (kind != NULL && (seat.state == MR__SEAT_WAITING || (is_tacit && seat.state == 0))) {
        new = add(waits, number, seat.rank, seat.slot);
        if (new != NULL)
            tell(view, kind, &copy.object, seat.purpose, new);
    } else if (seat.pursuit != MR__NO_PURSUIT || seat.watches != 0) {
        new = add(waits, number, seat.rank, 0);
        if (new != NULL)
            tell_pursuit(view, &seat, &new->told);
    }
    if (new != NULL)
        new->ticket = seat.ticket;
}

static void look_at_slot(const mr__view *view, mr__waits *waits, uint32_t slot)
{
    mr__slot_copy copy;
    uint32_t rank, purpose;
    const mr__kind *kind = mr__view_slot(view, slot, &copy);
    if (kind == NULL || kind->view == NULL || kind->view->next == NULL)
        return;
    for (uint32_t index = 0; kind->view->next(view, &copy.object, &index, &rank, &purpose);) {
        mr__waiter *new = add(waits, 0, rank, slot);
        if (new == NULL)
            return;
        new->ticket = purpose;
        tell(view, kind, &copy.object, purpose, new);
    }
}

/* ---- Circles ---- */

/* The threads of a rank that use shared objects, those of them that wait, and the first of these. */
typedef struct crew {
    uint32_t rank;
    size_t threads, waiting, first;
} crew;

static int compare_crews(const void *a, const void *b)
{
    uint32_t left = ((const crew *)a)->rank, right = ((const crew *)b)->rank;
    return left < right ? -1 : left > right;
}

/* Of all ranks in which somebody waits, sorted. NULL: there is no memory. */
static crew *find_crews(const mr__view *view, const mr__waits *waits, size_t *count)
{
    crew *crews = calloc(waits->count + 1, sizeof *crews);
    *count = 0;
    if (crews == NULL)
        return NULL;
    for (size_t i = 0; i < waits->count; i++)
        crews[i] = (crew){.rank = waits->waiters[i].rank, .waiting = 1, .first = i};
    qsort(crews, waits->count, sizeof *crews, compare_crews);
    for (size_t i = 0; i < waits->count; i++) {
        crew *last = *count > 0 ? &crews[*count - 1] : NULL;
        if (last == NULL || last->rank != crews[i].rank) {
            crews[(*count)++] = crews[i];
            continue;
        }
        last->waiting++;
        last->first = last->first < crews[i].first ? last->first : crews[i].first;
    }
    for (uint32_t number = 1; number < view->seats; number++) {
        mr__seat seat;
        if (!mr__view_seat(view, number, &seat) || seat.is_vacant || seat.pursuit == MR__SERVES)
            continue;
        crew *its = bsearch(&(crew){.rank = seat.rank}, crews, *count, sizeof *crews, compare_crews);
        if (its != NULL)
            its->threads++;
    }
    return crews;
}

static size_t waiter_in(const mr__waits *waits, uint32_t seat)
{
    for (size_t i = 0; i < waits->count; i++)
        if (waits->waiters[i].seat == seat)
            return i;
    return SIZE_MAX;
}

/* Whom a waiter waits for in turn. A rank is stuck if all its threads wait, as far as anybody can see: one that
 * waits without a seat may have one. Several who could end a wait are no reason to be stuck: any of them may. */
static size_t find_next(const mr__waits *waits, const mr__waiter *waiter, const crew *crews, size_t count)
{
    const mr__told *told = &waiter->told;
    if (told->seat != 0)
        return waiter_in(waits, told->seat);
    if (told->rank_count != 1)
        return SIZE_MAX;
    const crew *its = bsearch(&(crew){.rank = told->ranks[0]}, crews, count, sizeof *crews, compare_crews);
    return its != NULL && its->waiting >= its->threads ? its->first : SIZE_MAX;
}

static void find_circles(const mr__view *view, mr__waits *waits)
{
    size_t count;
    crew *crews = find_crews(view, waits, &count);
    for (size_t i = 0; i < waits->count && crews != NULL; i++)
        waits->waiters[i].next = find_next(waits, &waits->waiters[i], crews, count);
    free(crews);
    for (size_t i = 0; i < waits->count; i++) {
        size_t at = i;
        for (size_t steps = 0; steps < waits->count && at != SIZE_MAX; steps++)
            at = waits->waiters[at].next; /* by now it is in a circle, if the way leads into one */
        if (at == SIZE_MAX || waits->waiters[at].circle != 0)
            continue;
        waits->circles++;
        for (; waits->waiters[at].circle == 0; at = waits->waiters[at].next)
            waits->waiters[at].circle = waits->circles;
    }
}

static void collect(const mr__view *view, mr__waits *waits)
{
    for (uint32_t number = 1; number < view->seats; number++)
        look_at_seat(view, waits, number);
    for (uint32_t slot = 1; slot < view->slots; slot++)
        look_at_slot(view, waits, slot);
}

void mr__waits_find(const mr__view *view, mr__waits *waits)
{
    *waits = (mr__waits){0};
    collect(view, waits);
    find_circles(view, waits);
}

void mr__waits_free(mr__waits *waits)
{
    free(waits->waiters);
    *waits = (mr__waits){0};
}

/* ---- Texts ---- */

static void __attribute__((format(printf, 3, 4))) append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

static void append_names(const mr__view *view, const mr__waiter *waiter, char *text, size_t size)
{
    const mr__told *told = &waiter->told;
    uint32_t count = told->rank_count < MR__TOLD_RANKS ? told->rank_count : MR__TOLD_RANKS;
    for (uint32_t i = 0; i < count; i++) {
        char name[NAME];
        mr__view_name(view, told->ranks[i], name, sizeof name);
        append(text, size, "%s%s", i == 0 ? "" : i + 1 < told->rank_count ? ", " : " and ", name);
    }
    if (count < told->rank_count)
        append(text, size, " and %u more", told->rank_count - count);
    if (told->seat != 0 && told->seat == waiter->seat)
        append(text, size, ", which is the same thread");
}

void mr__waiter_text(const mr__view *view, const mr__waiter *waiter, char *text, size_t size)
{
    const mr__told *told = &waiter->told;
    snprintf(text, size, "%s", told->what);
    if (told->rank_count > 0) {
        append(text, size, "%s", told->by != NULL ? told->by : " of ");
        append_names(view, waiter, text, size);
    }
    if (told->note[0] != '\0')
        append(text, size, ", %s", told->note);
}

static void append_step(const mr__view *view, const mr__waiter *waiter, char *text, size_t size)
{
    char name[NAME], what[512];
    mr__view_name(view, waiter->rank, name, sizeof name);
    mr__waiter_text(view, waiter, what, sizeof what);
    append(text, size, "%s waits for %s", name, what);
}

void mr__circle_text(const mr__view *view, const mr__waits *waits, uint32_t circle, const char *before,
                     const char *after, char *text, size_t size)
{
    size_t first = 0;
    text[0] = '\0';
    while (first < waits->count && waits->waiters[first].circle != circle)
        first++;
    for (size_t at = first, steps = 0; at < waits->count && steps < waits->count; steps++) {
        append(text, size, "%s", before);
        append_step(view, &waits->waiters[at], text, size);
        append(text, size, "%s", after);
        at = waits->waiters[at].next;
        if (at == first)
            return;
    }
}

/* From a wait on, what those wait for who could end it. */
static void append_chain(const mr__view *view, const mr__waits *waits, size_t first, char *text, size_t size)
{
    enum { LONGEST = 4 };
    size_t at = first;
    for (int steps = 0; steps < LONGEST && waits->waiters[at].next != SIZE_MAX; steps++) {
        at = waits->waiters[at].next;
        if (at == first)
            break;
        append(text, size, "; ");
        append_step(view, &waits->waiters[at], text, size);
    }
    if (waits->waiters[first].circle != 0)
        append(text, size, ": a circle of waits");
}

void mr__waits_explain(uint64_t handle, uint32_t purpose, char *text, size_t size)
{
    mr__view view;
    mr__slot_copy copy;
    mr__waits waits = {0};
    uint32_t seat = 0, slot = mr__handle_slot(handle);
    text[0] = '\0';
    if (!mr__view_own(&view) || mr__seat_mine(&seat) != MR_OK)
        return;
    const mr__kind *kind = mr__view_slot(&view, slot, &copy);
    if (kind == NULL || copy.object.generation != mr__handle_generation(handle))
        return;
    mr__waiter *mine = add(&waits, seat, mr__caller(), slot);
    if (mine != NULL) {
        tell(&view, kind, &copy.object, purpose, mine);
        collect(&view, &waits);
        find_circles(&view, &waits);
        append(text, size, "; it waited for ");
        size_t used = strlen(text);
        mr__waiter_text(&view, &waits.waiters[0], text + used, size - used);
        append_chain(&view, &waits, 0, text, size);
    }
    mr__waits_free(&waits);
}

void mr__waits_explain_join(uint64_t process, char *text, size_t size)
{
    mr__view view;
    mr__waits waits;
    mr__seat seat;
    uint32_t mine = 0;
    text[0] = '\0';
    if (!mr__view_own(&view) || mr__seat_mine(&mine) != MR_OK)
        return;
    mr__waits_find(&view, &waits);
    for (size_t i = 0; i < waits.count; i++)
        if (waits.waiters[i].seat == mine && mr__view_seat(&view, mine, &seat) && seat.pursuit == MR__JOINS &&
            seat.amount == process)
            append_chain(&view, &waits, i, text, size);
    mr__waits_free(&waits);
}
