/* Barriers. All that changes is one word: the turn, which is a number and whether it is broken, and how many have
 * come for it. Who comes counts itself in, and the last one begins the next turn, each by a single
 * compare-and-swap, so a process that is killed leaves nothing half done. Before that, everyone writes in its seat
 * which turn it waits for: a death is noticed by that, and breaking a turn that is over by then tells those who
 * are still on their way out. */
#include "base/context.h"
#include "base/module.h"
#include "base/status.h"
#include "far/deputy.h"
#include "far/far.h"
#include "object/object.h"
#include "object/seat.h"
#include "object/view.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Why a turn has been broken. */
typedef enum cause { NOT_BROKEN, ABORTED, TIMED_OUT, DIED, FAILED, RESET, CLOSED } cause;

struct barrier {
    mr__object object;
    _Alignas(64) _Atomic uint64_t state; /* turn, and above it the count */
    _Alignas(64) uint32_t parties;
    bool is_crowded; /* more parties than cores */
    bool has_action;
    mr__symbol action;
    double timeout;
    _Atomic uint32_t cause; /* of the turn that is broken */
};

_Static_assert(sizeof(struct barrier) <= MR__SLOT_SIZE, "a barrier fits its slot");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the turn is where the futex is");

static const uint32_t BROKEN = 1, NEXT = 2;                                  /* in the turn */
static const uint64_t ONE = (uint64_t)1 << 32, SLEEPERS = (uint64_t)1 << 63; /* in the state */

/* Looks before a party goes to sleep. Spinning is worth it only where each party has a core; giving the core away
 * is always, for a while: it is given to those who have yet to come. */
enum { SPINS = 1000, YIELDS = 100 };

static uint32_t turn_of(uint64_t state)
{
    return (uint32_t)state;
}

static uint32_t count_of(uint64_t state)
{
    return (uint32_t)((state & ~SLEEPERS) >> 32);
}

static _Atomic uint32_t *turn_word(struct barrier *barrier)
{
    return (_Atomic uint32_t *)&barrier->state;
}

static void wake(struct barrier *barrier)
{
    mr__futex_wake(turn_word(barrier), INT_MAX);
}

/* ---- What a party writes in its seat: the turn that it waits for, at which barrier ---- */

/* The bits: a tag that no other use of a ticket has; slot; cause, when the turn has been broken; turn. */
static const uint64_t TAG = (uint64_t)1 << 63;
enum { CAUSE_SHIFT = 32, SLOT_SHIFT = 36 };

static uint64_t ticket_for(uint64_t slot, uint32_t turn)
{
    return TAG | slot << SLOT_SHIFT | turn;
}

static cause cause_in(const mr__seat *seat)
{
    return (cause)(seat->ticket >> CAUSE_SHIFT & 15);
}

/* Whoever sits there may be gone by now, and the seat be in other use: so only a ticket for this turn is changed.
 */
static void tell(mr__seat *seat, uint64_t ticket, cause why)
{
    atomic_compare_exchange_strong((_Atomic uint64_t *)&seat->ticket, &ticket,
                                   ticket | (uint64_t)why << CAUSE_SHIFT);
}

/* ---- Breaking: object entered ---- */

/* Breaks a turn, unless it is over. */
static void break_turn(struct barrier *barrier, uint32_t turn, cause why)
{
    uint64_t state = barrier->state;
    if (turn_of(state) != turn || (turn & BROKEN) != 0)
        return;
    barrier->cause = why;
    while (turn_of(state) == turn)
        if (atomic_compare_exchange_weak(&barrier->state, &state, state | BROKEN))
            break;
    wake(barrier);
}

/* Tells those who wait for a turn that has been broken: they may not look before the next ones. */
static void tell_waiting(const struct barrier *barrier, cause why)
{
    uint32_t slot = mr__object_slot(&barrier->object);
    uint64_t ticket = ticket_for(slot, turn_of(barrier->state) & ~BROKEN);
    for (uint32_t number = 1; number < mr__ctx.arena->seats; number++) {
        mr__seat *seat = mr__seat_at(number);
        if (seat->slot == slot)
            tell(seat, ticket, why);
    }
}

/* Begins a new turn after one that has been broken. Nobody counts himself in meanwhile. */
static void renew(struct barrier *barrier)
{
    uint32_t turn = turn_of(barrier->state);
    tell_waiting(barrier, barrier->cause);
    barrier->state = (uint32_t)((turn & ~BROKEN) + NEXT);
    wake(barrier);
}

/* A turn is broken by a reset only until that has been done. */
static bool is_being_reset(const struct barrier *barrier)
{
    return (turn_of(barrier->state) & BROKEN) != 0 && barrier->cause == RESET;
}

static void repair(mr__object *object)
{
    if (is_being_reset((struct barrier *)object))
        renew((struct barrier *)object);
}

static void forget(mr__object *object, uint32_t rank)
{
    struct barrier *barrier = (struct barrier *)object;
    uint32_t slot = mr__object_slot(object), turn = turn_of(barrier->state);
    for (uint32_t number = 1; number < mr__ctx.arena->seats; number++) {
        const mr__seat *seat = mr__seat_at(number);
        if (seat->rank == rank && seat->slot == slot && seat->ticket == ticket_for(slot, turn))
            break_turn(barrier, turn, DIED);
    }
    wake(barrier); /* it may have been killed before it did */
}

static void discard(mr__object *object)
{
    struct barrier *barrier = (struct barrier *)object;
    break_turn(barrier, turn_of(barrier->state), CLOSED);
    tell_waiting(barrier, CLOSED);
    wake(barrier);
}

static bool looks_broken(const struct barrier *barrier)
{
    return (turn_of(barrier->state) & BROKEN) != 0;
}

static bool state(const mr__view *view, const mr__object *object, char *text, size_t size)
{
    (void)view;
    const struct barrier *barrier = (const struct barrier *)object;
    uint32_t count = count_of(barrier->state);
    if (looks_broken(barrier))
        snprintf(text, size, "broken");
    else
        snprintf(text, size, "%u of %u have come", count, barrier->parties);
    return looks_broken(barrier) || count > 0;
}

static void tell_from_outside(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose,
                              mr__told *told)
{
    (void)purpose;
    char text[64];
    state(view, object, text, sizeof text);
    snprintf(told->what, sizeof told->what, "barrier %u", slot);
    snprintf(told->note, sizeof told->note, "%s%s",
             looks_broken((const struct barrier *)object) ? "which is " : "where ", text);
}

static const mr__kind_view barrier_view = {
    .layout = sizeof(struct barrier), .tell = tell_from_outside, .state = state, .is_tacit = true};

const mr__kind mr__barrier_kind = {
    .name = "barrier", .repair = repair, .forget = forget, .discard = discard, .view = &barrier_view};

static mr_status broken(const char *call, cause why)
{
    static const char *const reasons[] = {
        [NOT_BROKEN] = "is broken",
        [ABORTED] = "was aborted",
        [TIMED_OUT] = "was broken because not all came in time",
        [DIED] = "was broken because a process died there",
        [FAILED] = "was broken because its action failed",
        [RESET] = "was reset",
    };
    if (why == CLOSED)
        return mr__fail(MR_ECLOSED, "%s: this barrier has been closed", call);
    return mr__fail(MR_EBROKEN, "%s: the barrier %s%s", call, reasons[why <= RESET ? why : NOT_BROKEN],
                    why == RESET ? "" : "; mr_barrier_reset makes it usable again");
}

/* ---- Waiting ---- */

/* true: the turn is over. */
static bool look_awake(const struct barrier *barrier, uint32_t turn, double deadline)
{
    for (int i = barrier->is_crowded ? SPINS : 0; i < SPINS; i++) {
        if (turn_of(barrier->state) != turn)
            return true;
        mr__relax();
    }
    for (int i = 0; i < YIELDS && (isinf(deadline) || mr__now() < deadline); i++) {
        if (turn_of(barrier->state) != turn)
            return true;
        sched_yield();
    }
    return false;
}

/* Waits until the turn is over, in whatever way; false: the time is. */
static bool await(struct barrier *barrier, uint32_t turn, double timeout)
{
    double deadline = INFINITY;
    mr__deadline("mr_barrier_wait", timeout, &deadline);
    if (timeout > 0 && look_awake(barrier, turn, deadline))
        return true;
    uint64_t state = barrier->state;
    while (turn_of(state) == turn) {
        if ((state & SLEEPERS) == 0 && !atomic_compare_exchange_weak(&barrier->state, &state, state | SLEEPERS))
            continue;
        bool in_time = mr__futex_wait(turn_word(barrier), turn, deadline);
        state = barrier->state;
        if (!in_time)
            return turn_of(state) != turn;
    }
    return true;
}

/* How a turn that the caller has waited for went. */
static mr_status outcome(const char *call, const struct barrier *barrier, const mr__seat *seat, uint32_t turn)
{
    if (turn_of(barrier->state) == (turn | BROKEN))
        return broken(call, barrier->cause);
    cause why = cause_in(seat);
    return why == NOT_BROKEN ? MR_OK : broken(call, why);
}

/* Breaks the turn from outside of the object. */
static void break_from_outside(const char *call, uint64_t handle, uint32_t turn, cause why)
{
    mr__object *object = NULL;
    if (mr__object_enter(call, handle, MR__KIND_BARRIER, &object) != MR_OK)
        return;
    break_turn((struct barrier *)object, turn, why);
    mr__object_leave(object);
}

/* Counts the caller in; gives the turn and its index. The action of the turn before may still be running. */
static mr_status arrive(const char *call, uint64_t handle, mr__seat *seat, double timeout, uint32_t *turn,
                        uint32_t *index)
{
    for (;;) {
        mr__object *object = NULL;
        mr_status status = mr__object_find(call, handle, MR__KIND_BARRIER, &object);
        if (status != MR_OK)
            return status;
        struct barrier *barrier = (struct barrier *)object;
        uint64_t state = barrier->state;
        *turn = turn_of(state);
        *index = count_of(state);
        if ((*turn & BROKEN) != 0 && !is_being_reset(barrier))
            return broken(call, barrier->cause);
        if ((*turn & BROKEN) != 0) {
            status = mr__object_enter(call, handle, MR__KIND_BARRIER, &object);
            if (status != MR_OK)
                return status;
            mr__object_leave(object); /* by now it has been done */
            continue;
        }
        if (*index == barrier->parties) {
            if (!await(barrier, *turn, timeout))
                return mr__fail(MR_ETIMEDOUT, "%s: those who came before have not left in time", call);
            continue;
        }
        uint32_t slot = mr__handle_slot(handle);
        seat->ticket = ticket_for(slot, *turn);
        atomic_store_explicit(&seat->slot, slot, memory_order_release);
        if (atomic_compare_exchange_strong(&barrier->state, &state, state + ONE))
            return MR_OK;
        atomic_store_explicit(&seat->slot, 0, memory_order_release);
    }
}

/* 0: all is well. */
static int run_action(const struct barrier *barrier)
{
    int (*action)(void) = NULL;
    void *address = barrier->has_action ? mr__symbol_find(&barrier->action) : NULL;
    if (!barrier->has_action)
        return 0;
    if (mr__acts_for != MR__ITSELF)
        return mr__call_back(&barrier->action);
    memcpy(&action, &address, sizeof action);
    int code = action == NULL ? -1 : action();
    mr__end_fork(code);
    return code;
}

/* The thread ends in the action (pthread_exit): the others must not wait for it. */
struct running {
    const char *call;
    uint64_t handle;
    uint32_t turn;
};

static void give_up(void *given)
{
    const struct running *action = given;
    mr__end_fork(0);
    break_from_outside(action->call, action->handle, action->turn, FAILED);
}

/* What the last one to come does: begins the next turn. */
static mr_status finish(const char *call, uint64_t handle, struct barrier *barrier, const mr__seat *seat,
                        uint32_t turn)
{
    int code;
    struct running action = {call, handle, turn};
    pthread_cleanup_push(give_up, &action);
    code = run_action(barrier);
    pthread_cleanup_pop(code != 0);
    uint64_t state = barrier->state;
    while (turn_of(state) == turn) {
        if (!atomic_compare_exchange_weak(&barrier->state, &state, (uint32_t)(turn + NEXT)))
            continue;
        if ((state & SLEEPERS) != 0)
            wake(barrier);
        return MR_OK;
    }
    return outcome(call, barrier, seat, turn);
}

static mr_status find(const mr__call *c, struct barrier **barrier)
{
    mr__object *object = NULL;
    mr_status status = mr__object_find(c->method->call, c->handles[0], MR__KIND_BARRIER, &object);
    *barrier = (struct barrier *)object;
    return status;
}

/* numbers[0]: the caller's index. */
static mr_status wait(mr__call *c)
{
    const char *call = c->method->call;
    uint64_t handle = c->handles[0];
    struct barrier *barrier = NULL;
    double timeout = c->seconds, unused;
    uint32_t number = 0, turn = 0, place = 0;
    mr_status status = find(c, &barrier);
    if (status == MR_OK && isnan(timeout))
        status = mr__deadline(call, timeout, &unused);
    if (status == MR_OK)
        status = mr__seat_mine(&number);
    if (status != MR_OK)
        return status;
    if (!mr__is_timeout(timeout)) /* MR_DEFAULT */
        timeout = barrier->timeout;
    mr__seat *seat = mr__seat_at(number);
    status = arrive(call, handle, seat, timeout, &turn, &place);
    if (status != MR_OK)
        return status;
    if (place + 1 == barrier->parties) {
        status = finish(call, handle, barrier, seat, turn);
    } else {
        if (!await(barrier, turn, timeout))
            break_from_outside(call, handle, turn, mr__caller_is_dead() ? DIED : TIMED_OUT);
        status = outcome(call, barrier, seat, turn);
    }
    atomic_store_explicit(&seat->slot, 0, memory_order_release);
    c->numbers[0] = place;
    return status;
}
MR__METHOD(barrier_wait, "mr_barrier_wait", MR__KIND_BARRIER, wait);

mr_status mr_barrier_wait(const mr_barrier *handle, int *index, double timeout)
{
    int64_t place;
    mr_status status = mr__call_asking(&barrier_wait, MR__HANDLE(handle), timeout, &place);
    if (status == MR_OK && index != NULL)
        *index = (int)place;
    return status;
}

/* ---- Making and closing ---- */

/* The action is known by name. */
static mr_status make(mr__call *c)
{
    mr__object *object = NULL;
    bool has_action = c->size == sizeof(mr__symbol);
    if (c->numbers[0] < 1)
        return mr__fail(MR_EINVAL, "%s: a barrier of %lld parties is none; it needs at least one", c->method->call,
                        (long long)c->numbers[0]);
    if (isnan(c->seconds))
        return mr__fail(MR_EINVAL, "%s: the time-out is not a number", c->method->call);
    mr_status status = mr__object_new(c->method->call, MR__KIND_BARRIER, &object, &c->handles[0]);
    if (status != MR_OK)
        return status;
    struct barrier *barrier = (struct barrier *)object;
    barrier->parties = (uint32_t)c->numbers[0];
    barrier->is_crowded = c->numbers[0] > mr_cpu_count();
    barrier->has_action = has_action;
    if (has_action)
        memcpy(&barrier->action, c->data, sizeof barrier->action);
    barrier->timeout = mr__is_timeout(c->seconds) ? c->seconds : MR_FOREVER;
    /* No turn of the slot's next barrier is to be taken for one of this. */
    barrier->state = (uint32_t)(object->generation * 0x9e3779b1u) & ~BROKEN;
    mr__object_leave(object);
    return MR_OK;
}
MR__METHOD(barrier_make, "mr_barrier_init", MR__KIND_BARRIER, make);

mr_status mr_barrier_init(mr_barrier *handle, int parties, int (*action)(void), double timeout)
{
    mr__symbol symbol;
    mr__call c = {.method = &barrier_make, .numbers = {parties}, .seconds = timeout};
    mr_status status = mr__object_given("mr_barrier_init", MR__KIND_BARRIER, handle);
    if (status == MR_OK && action != NULL) {
        void *address;
        memcpy(&address, &action, sizeof address);
        status = mr__symbol_of(address, true, "the action", &symbol);
        c.data = &symbol;
        c.size = sizeof symbol;
    }
    return status == MR_OK ? mr__ask_new_object(&c, mr__home_here(), MR__HANDLE(handle)) : status;
}

MR__METHOD(barrier_end, "mr_barrier_destroy", MR__KIND_BARRIER, mr__run_end);

mr_status mr_barrier_destroy(const mr_barrier *handle)
{
    return mr__call_on(&barrier_end, MR__HANDLE(handle), 0);
}

/* ---- Breaking it, and asking ---- */

static mr_status enter(const mr__call *c, struct barrier **barrier)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(c->method->call, c->handles[0], MR__KIND_BARRIER, &object);
    *barrier = (struct barrier *)object;
    return status;
}

static mr_status abort_barrier(mr__call *c)
{
    struct barrier *barrier = NULL;
    mr_status status = enter(c, &barrier);
    if (status != MR_OK)
        return status;
    uint32_t turn;
    do {
        turn = turn_of(barrier->state);
        break_turn(barrier, turn, ABORTED);
    } while ((turn_of(barrier->state) & BROKEN) == 0);
    mr__object_leave(&barrier->object);
    return MR_OK;
}
MR__METHOD(barrier_abort, "mr_barrier_abort", MR__KIND_BARRIER, abort_barrier);

mr_status mr_barrier_abort(const mr_barrier *handle)
{
    return mr__call_on(&barrier_abort, MR__HANDLE(handle), 0);
}

static mr_status reset(mr__call *c)
{
    struct barrier *barrier = NULL;
    mr_status status = enter(c, &barrier);
    if (status != MR_OK)
        return status;
    for (uint64_t state = barrier->state; count_of(state) > 0 && (turn_of(state) & BROKEN) == 0;) {
        break_turn(barrier, turn_of(state), RESET);
        state = barrier->state;
    }
    if ((turn_of(barrier->state) & BROKEN) != 0)
        renew(barrier);
    mr__object_leave(&barrier->object);
    return MR_OK;
}
MR__METHOD(barrier_reset, "mr_barrier_reset", MR__KIND_BARRIER, reset);

mr_status mr_barrier_reset(const mr_barrier *handle)
{
    return mr__call_on(&barrier_reset, MR__HANDLE(handle), 0);
}

static mr_status parties(mr__call *c)
{
    struct barrier *barrier = NULL;
    mr_status status = find(c, &barrier);
    if (status == MR_OK)
        c->numbers[0] = barrier->parties;
    return status;
}
MR__METHOD(barrier_parties, "mr_barrier_parties", MR__KIND_BARRIER, parties);

int mr_barrier_parties(const mr_barrier *handle)
{
    return (int)mr__call_number(&barrier_parties, MR__HANDLE(handle), -1);
}

static mr_status n_waiting(mr__call *c)
{
    struct barrier *barrier = NULL;
    mr_status status = find(c, &barrier);
    if (status != MR_OK)
        return status;
    uint64_t state = barrier->state;
    c->numbers[0] = (turn_of(state) & BROKEN) != 0 ? 0 : count_of(state);
    return MR_OK;
}
MR__METHOD(barrier_n_waiting, "mr_barrier_n_waiting", MR__KIND_BARRIER, n_waiting);

int mr_barrier_n_waiting(const mr_barrier *handle)
{
    return (int)mr__call_number(&barrier_n_waiting, MR__HANDLE(handle), -1);
}

static mr_status is_broken(mr__call *c)
{
    struct barrier *barrier = NULL;
    mr_status status = find(c, &barrier);
    if (status == MR_OK)
        c->numbers[0] = (turn_of(barrier->state) & BROKEN) != 0 && !is_being_reset(barrier);
    return status;
}
MR__METHOD(barrier_is_broken, "mr_barrier_is_broken", MR__KIND_BARRIER, is_broken);

bool mr_barrier_is_broken(const mr_barrier *handle)
{
    return mr__call_number(&barrier_is_broken, MR__HANDLE(handle), false) != 0;
}
