/* Semaphores. Who holds how many units is written in a ledger, by rank; how many are free follows from it, so that
 * a unit can be neither lost nor doubled, whoever is killed when: each change is one store into the ledger. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "object/view.h"
#include "object/waits.h"

#include <stdio.h>
#include <string.h>

typedef struct holder {
    uint32_t rank; /* NOBODY: free */
    _Atomic int64_t units;
} holder;

static const uint32_t NOBODY = UINT32_MAX;

typedef struct ledger {
    uint32_t capacity;
    holder holders[];
} ledger;

enum { FIRST_CAPACITY = 6 };

typedef struct semaphore {
    mr__object object;
    bool is_bounded;
    int64_t start; /* what it was made with */
    int64_t total; /* units that there are: start, and what was released beyond what was held */
    int64_t held;  /* sum of the ledger */
    int64_t told;  /* units of dead processes that came back and whose next holders must be told */
    mr__ref ledger;
    uint32_t handed_place;
    int64_t handed_units;
    _Atomic uint32_t
        handed; /* seat that a unit is being given to: its place in the ledger is to say handed_units */
} semaphore;

_Static_assert(sizeof(semaphore) <= MR__SLOT_SIZE, "a semaphore fits its slot");

/* ---- The ledger. Object entered. ---- */

static ledger *ledger_of(const semaphore *s)
{
    return mr__at(s->ledger);
}

static holder *find_holder(const semaphore *s, uint32_t rank)
{
    ledger *l = ledger_of(s);
    for (uint32_t i = 0; i < l->capacity; i++)
        if (l->holders[i].rank == rank)
            return &l->holders[i];
    return NULL;
}

/* Somebody who holds a unit, the rank itself if it does; NULL: nobody holds any. */
static holder *find_debtor(const semaphore *s, uint32_t rank)
{
    ledger *l = ledger_of(s);
    holder *own = find_holder(s, rank);
    if (own != NULL && own->units > 0)
        return own;
    for (uint32_t i = 0; i < l->capacity; i++)
        if (l->holders[i].units > 0)
            return &l->holders[i];
    return NULL;
}

static mr_status make_ledger(semaphore *s, uint32_t capacity)
{
    mr__ref ref, old = s->ledger;
    mr_status status = mr__alloc(sizeof(ledger) + capacity * sizeof(holder), &ref);
    if (status != MR_OK)
        return status;
    ledger *new = mr__at(ref);
    new->capacity = capacity;
    for (uint32_t i = 0; i < capacity; i++)
        new->holders[i].rank = NOBODY;
    if (old != 0)
        memcpy(new->holders, ledger_of(s)->holders, ledger_of(s)->capacity * sizeof(holder));
    atomic_signal_fence(memory_order_seq_cst);
    s->ledger = ref;
    atomic_signal_fence(memory_order_seq_cst);
    mr__free(old);
    return MR_OK;
}

/* The rank's place, which stays its own until it has ended. */
static mr_status get_place(semaphore *s, uint32_t rank, holder **place)
{
    *place = find_holder(s, rank);
    if (*place == NULL)
        *place = find_holder(s, NOBODY);
    if (*place == NULL) {
        uint32_t capacity = ledger_of(s)->capacity;
        mr_status status = make_ledger(s, 2 * capacity);
        if (status != MR_OK)
            return status;
        *place = &ledger_of(s)->holders[capacity];
    }
    (*place)->rank = rank;
    return MR_OK;
}

static void recount(semaphore *s)
{
    const ledger *l = ledger_of(s);
    int64_t held = 0;
    for (uint32_t i = 0; i < l->capacity; i++)
        held += l->holders[i].units;
    s->held = held;
}

/* ---- Giving units to those who wait. Object entered. ---- */

/* MR_EOWNERDEAD for the first holders of units that a dead process held. */
static mr_status take_news(semaphore *s)
{
    if (s->told == 0)
        return MR_OK;
    s->told--;
    return MR_EOWNERDEAD;
}

static void finish_handing(semaphore *s)
{
    ledger_of(s)->holders[s->handed_place].units = s->handed_units;
    recount(s);
    if (mr__seat_waits(&s->object, s->handed))
        mr__seat_grant(&s->object, mr__seat_at(s->handed), take_news(s));
    s->handed = 0;
}

static void settle(semaphore *s)
{
    const mr__seat *seat;
    while (s->held < s->total && (seat = mr__seat_first(&s->object, 0)) != NULL) {
        const holder *place = find_holder(s, seat->rank); /* made before it sat down */
        s->handed_place = (uint32_t)(place - ledger_of(s)->holders);
        s->handed_units = place->units + 1;
        s->handed = mr__seat_number(seat); /* from here on it is done, if need be by who comes next */
        finish_handing(s);
    }
}

static void repair(mr__object *object)
{
    semaphore *s = (semaphore *)object;
    if (s->ledger == 0)
        return; /* it was just being made */
    if (s->handed != 0)
        finish_handing(s);
    recount(s);
    settle(s);
}

/* The units go back, but never lift the value above what it was made with: a semaphore that starts at 0 and counts
 * what has happened is left alone. */
static void forget(mr__object *object, uint32_t rank)
{
    semaphore *s = (semaphore *)object;
    holder *place = s->ledger != 0 ? find_holder(s, rank) : NULL;
    if (place == NULL)
        return;
    int64_t units = place->units, room = s->start - (s->total - s->held), back = units;
    if (back > room)
        back = room > 0 ? room : 0;
    place->units = 0;
    place->rank = NOBODY;
    s->held -= units;
    s->total -= units - back;
    s->told += back;
    settle(s);
}

static void discard(mr__object *object)
{
    semaphore *s = (semaphore *)object;
    mr__ref ref = s->ledger;
    s->ledger = 0;
    mr__free(ref);
}

/* ---- As it looks from outside ---- */

static void tell(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told)
{
    (void)purpose;
    ledger l;
    holder each;
    mr__ref ref = ((const semaphore *)object)->ledger;
    snprintf(told->what, sizeof told->what, "a unit of semaphore %u", slot);
    told->by = ", held by ";
    if (ref == 0 || !mr__view_read(view, ref, &l, sizeof l))
        return;
    for (uint32_t i = 0; i < l.capacity && i < MR__ROSTER_SIZE; i++) {
        if (!mr__view_read(view, ref + sizeof l + i * sizeof each, &each, sizeof each))
            return;
        if (each.rank != NOBODY && each.units > 0)
            mr__told_add(told, each.rank);
    }
}

static bool state(const mr__view *view, const mr__object *object, char *text, size_t size)
{
    (void)view;
    const semaphore *s = (const semaphore *)object;
    snprintf(text, size, "%lld of %lld units free", (long long)(s->total - s->held), (long long)s->total);
    return s->held != 0 || s->total != s->start || object->waiting > 0;
}

static const mr__kind_view semaphore_view = {
    .layout = sizeof(semaphore) << 10 ^ sizeof(holder), .tell = tell, .state = state};

const mr__kind mr__semaphore_kind = {
    .name = "semaphore", .repair = repair, .forget = forget, .discard = discard, .view = &semaphore_view};

/* ---- Making and closing ---- */

static mr_status make(mr__call *c, bool is_bounded)
{
    mr__object *object;
    int64_t value = c->numbers[0];
    if (value < 0)
        return mr__fail(MR_EINVAL, "%s: a semaphore cannot start at %lld; give 0 or more", c->method->call,
                        (long long)value);
    mr_status status = mr__object_new(c->method->call, MR__KIND_SEMAPHORE, &object, &c->handles[0]);
    if (status != MR_OK)
        return status;
    semaphore *s = (semaphore *)object;
    s->is_bounded = is_bounded;
    s->start = s->total = value;
    status = make_ledger(s, FIRST_CAPACITY);
    if (status == MR_OK)
        mr__object_leave(object);
    else
        mr__object_close(object);
    return status;
}

static mr_status make_plain(mr__call *c)
{
    return make(c, false);
}
MR__METHOD(semaphore_make, "mr_semaphore_init", MR__KIND_SEMAPHORE, make_plain);

static mr_status make_bounded(mr__call *c)
{
    return make(c, true);
}
MR__METHOD(bounded_semaphore_make, "mr_semaphore_init_bounded", MR__KIND_SEMAPHORE, make_bounded);

mr_status mr_semaphore_init(mr_semaphore *handle, int64_t value)
{
    return mr__call_new(&semaphore_make, MR__HANDLE(handle), value);
}

mr_status mr_semaphore_init_bounded(mr_semaphore *handle, int64_t value)
{
    return mr__call_new(&bounded_semaphore_make, MR__HANDLE(handle), value);
}

MR__METHOD(semaphore_end, "mr_semaphore_destroy", MR__KIND_SEMAPHORE, mr__run_end);

mr_status mr_semaphore_destroy(const mr_semaphore *handle)
{
    return mr__call_on(&semaphore_end, MR__HANDLE(handle), 0);
}

/* ---- Use ---- */

static mr_status enter(const mr__call *c, semaphore **s)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(c->method->call, c->handles[0], MR__KIND_SEMAPHORE, &object);
    *s = (semaphore *)object;
    return status;
}

static mr_status outcome(const char *call, const semaphore *s, mr_status status, double timeout)
{
    if (status == MR_EOWNERDEAD)
        return mr__fail(MR_EOWNERDEAD, "%s: the unit is yours, but its last holder has ended while it held it",
                        call);
    if (status == MR_ETIMEDOUT) {
        char why[1024] = "";
        if (timeout > 0) /* who only tries does so often */
            mr__waits_explain(mr__object_handle(&s->object), 0, why, sizeof why);
        return mr__fail(MR_ETIMEDOUT, "%s: no unit has become free within %g s%s", call, timeout > 0 ? timeout : 0,
                        why);
    }
    if (status == MR_ECLOSED)
        return mr__fail(MR_ECLOSED, "%s: the semaphore was closed by another thread or process", call);
    return status;
}

static mr_status acquire(mr__call *c)
{
    const char *call = c->method->call;
    semaphore *s;
    holder *place;
    double deadline;
    mr_status status = mr__deadline(call, c->seconds, &deadline);
    if (status == MR_OK)
        status = enter(c, &s);
    if (status != MR_OK)
        return status;
    status = get_place(s, mr__caller(), &place);
    if (status == MR_OK && s->held == s->total && c->seconds > 0)
        return outcome(call, s, mr__seat_wait(&s->object, 0, NULL, deadline), c->seconds);
    if (status == MR_OK && s->held == s->total)
        status = MR_ETIMEDOUT;
    if (status == MR_OK) {
        place->units++;
        s->held++;
        status = take_news(s);
    }
    mr__object_leave(&s->object);
    return outcome(call, s, status, c->seconds);
}
MR__METHOD(semaphore_acquire, "mr_semaphore_acquire", MR__KIND_SEMAPHORE, acquire);

mr_status mr_semaphore_acquire(const mr_semaphore *handle, double timeout)
{
    return mr__call_on(&semaphore_acquire, MR__HANDLE(handle), timeout);
}

static mr_status release(mr__call *c)
{
    const char *call = c->method->call;
    semaphore *s;
    mr_status status = enter(c, &s);
    if (status != MR_OK)
        return status;
    holder *debtor = find_debtor(s, mr__caller());
    if (debtor != NULL) {
        debtor->units--;
        s->held--;
    } else if (s->is_bounded) {
        status = mr__fail(MR_EOVERFLOW, "%s: all %lld units of this bounded semaphore are free already", call,
                          (long long)s->start);
    } else if (s->total == INT64_MAX) {
        status =
            mr__fail(MR_EOVERFLOW, "%s: a semaphore cannot count further than %lld", call, (long long)s->total);
    } else {
        s->total++;
    }
    settle(s);
    mr__object_leave(&s->object);
    return status;
}
MR__METHOD(semaphore_release, "mr_semaphore_release", MR__KIND_SEMAPHORE, release);

mr_status mr_semaphore_release(const mr_semaphore *handle)
{
    return mr__call_on(&semaphore_release, MR__HANDLE(handle), 0);
}

static mr_status value(mr__call *c)
{
    semaphore *s;
    mr_status status = enter(c, &s);
    if (status != MR_OK)
        return status;
    c->numbers[0] = s->total - s->held;
    mr__object_leave(&s->object);
    return MR_OK;
}
MR__METHOD(semaphore_value, "mr_semaphore_value", MR__KIND_SEMAPHORE, value);

int64_t mr_semaphore_value(const mr_semaphore *handle)
{
    return mr__call_number(&semaphore_value, MR__HANDLE(handle), -1);
}
