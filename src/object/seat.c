#include "object/seat.h"

#include "base/context.h"
#include "base/status.h"
#include "far/deputy.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, WAITING = MR__SEAT_WAITING, GRANTED }; /* states; a grant carries its status above these bits */
enum { STATE_BITS = 2 };

enum { SPINS = 200 }; /* looks before a thread goes to sleep, about a microsecond */

_Static_assert(sizeof(mr__seat) == 64, "a seat fills a cache line");

/* ---- Futexes ---- */

bool mr__futex_sleep(_Atomic uint32_t *word, uint32_t value, double deadline)
{
    static const double LONGEST = 1e9; /* seconds since the start of the clock */
    struct timespec time, *end = NULL;
    if (deadline < LONGEST) {
        time.tv_sec = (time_t)deadline;
        time.tv_nsec = (long)((deadline - (double)time.tv_sec) * 1e9);
        end = &time;
    }
    return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, end, NULL, FUTEX_BITSET_MATCH_ANY) == 0 ||
           errno != ETIMEDOUT;
}

bool mr__futex_wait(_Atomic uint32_t *word, uint32_t value, double deadline)
{
    return mr__acts_for != MR__ITSELF ? mr__deputy_sleep(word, value, deadline)
                                      : mr__futex_sleep(word, value, deadline);
}

void mr__futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

void mr__bell_ring(uint32_t number)
{
    mr__seat *seat = mr__seat_at(number);
    seat->bell++;
    mr__futex_wake(&seat->bell, 1);
}

void mr__bell_wait(uint32_t number, uint32_t was)
{
    mr__futex_wait(&mr__seat_at(number)->bell, was, INFINITY);
}

/* ---- A thread's own seat ---- */

static _Thread_local uint32_t my_number;
static pthread_key_t at_thread_end;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void put_back(mr__arena *arena, uint32_t number)
{
    mr__seat *seat = mr__seat_at(number);
    mr__shared_lock(&arena->mutex);
    seat->rank = UINT32_MAX;
    seat->is_vacant = false;
    seat->watches = 0; /* or it would be rung for ever */
    seat->next_free = arena->free_seat;
    arena->free_seat = number;
    mr__shared_unlock(&arena->mutex);
}

void mr__seat_disown(void)
{
    my_number = 0;
}

/* The seat stays this process's: what the thread has not released is still known to be held by it. */
void mr__seat_vacate(void)
{
    if (mr__ctx.arena != NULL && my_number != 0 && !mr__is_forked()) { /* there the seat is the parent's */
        mr__shared_lock(&mr__ctx.arena->mutex);
        mr__seat_at(my_number)->is_vacant = true;
        mr__shared_unlock(&mr__ctx.arena->mutex);
    }
    my_number = 0;
}

static void leave_seat(void *unused)
{
    (void)unused;
    mr__seat_vacate();
}

static void make_key(void)
{
    pthread_key_create(&at_thread_end, leave_seat);
}

/* One that a thread of this process has left; 0: there is none. */
static uint32_t vacant_seat(const mr__arena *arena)
{
    for (uint32_t number = 1; number < arena->seats; number++)
        if (mr__seat_at(number)->is_vacant && mr__seat_at(number)->rank == mr__caller())
            return number;
    return 0;
}

static uint32_t take_seat(mr__arena *arena)
{
    mr__shared_lock(&arena->mutex);
    uint32_t number = vacant_seat(arena);
    if (number != 0) {
        mr__seat_at(number)->is_vacant = false;
    } else if (arena->free_seat != 0) {
        number = arena->free_seat;
        arena->free_seat = mr__seat_at(number)->next_free;
    } else if (arena->seats < MR__SEATS) {
        number = arena->seats;
        arena->seats = number + 1;
    }
    if (number != 0) {
        mr__seat *seat = mr__seat_at(number);
        seat->state = IDLE;
        seat->slot = 0;
        seat->mail = 0;
        seat->errand = 0;
        seat->watches = 0;
        seat->pursuit = MR__NO_PURSUIT;
        seat->rank = mr__caller();
    }
    mr__shared_unlock(&arena->mutex);
    return number;
}

mr_status mr__seat_mine(uint32_t *number)
{
    if (my_number == 0) {
        pthread_once(&key_once, make_key);
        my_number = take_seat(mr__ctx.arena);
        if (my_number == 0)
            return mr__fail(MR_ELIMIT, "more than %d threads use shared objects", MR__SEATS);
        pthread_setspecific(at_thread_end, &my_number);
    }
    *number = my_number;
    return MR_OK;
}

void mr__seat_pursue(mr__pursuit pursuit, uint64_t whom)
{
    uint32_t number;
    if (mr__ctx.arena == NULL || mr__is_forked() || mr__seat_mine(&number) != MR_OK)
        return;
    mr__seat *seat = mr__seat_at(number);
    if (seat->pursuit == MR__SERVES)
        return; /* for good */
    seat->amount = whom;
    atomic_store_explicit(&seat->pursuit, pursuit, memory_order_release);
}

uint32_t mr__seat_number(const mr__seat *seat)
{
    return (uint32_t)(seat - mr__seat_at(0));
}

uint32_t mr__seat_rank(uint32_t number)
{
    return number > 0 && number < mr__ctx.arena->seats ? mr__seat_at(number)->rank : UINT32_MAX;
}

void mr__seats_free(uint32_t rank)
{
    mr__arena *arena = mr__ctx.arena;
    if (arena == NULL)
        return;
    for (uint32_t number = 1; number < arena->seats; number++)
        if (mr__seat_at(number)->rank == rank)
            put_back(arena, number);
}

/* ---- Waiting ---- */

/* true: granted. */
static bool sleep_in(mr__seat *seat, double deadline)
{
    for (int i = 0; i < SPINS; i++) {
        if (seat->state != WAITING)
            return true;
        mr__relax();
    }
    while (seat->state == WAITING)
        if (!mr__futex_wait(&seat->state, WAITING, deadline))
            return seat->state != WAITING;
    return true;
}

mr_status mr__seat_wait(mr__object *object, uint32_t purpose, uint64_t *amount, double deadline)
{
    uint32_t number;
    mr_status status = mr__seat_mine(&number);
    if (status != MR_OK) {
        mr__object_leave(object);
        return status;
    }
    mr__seat *seat = mr__seat_at(number);
    seat->purpose = purpose;
    seat->amount = amount != NULL ? *amount : 0;
    seat->ticket = object->tickets++;
    seat->slot = mr__object_slot(object);
    seat->state = WAITING;
    object->waiting++;
    mr__object_leave(object);
    if (!sleep_in(seat, deadline)) {
        mr__object_reenter(object);
        if (seat->state == WAITING) {
            object->waiting--;
            seat->state = GRANTED | (uint32_t)MR_ETIMEDOUT << STATE_BITS;
        }
        mr__object_leave(object);
    }
    if (amount != NULL)
        *amount = seat->amount;
    status = (mr_status)(seat->state >> STATE_BITS);
    seat->slot = 0;
    seat->state = IDLE;
    return status;
}

/* Seats are read without a lock of their own: what a thread writes there while it waits elsewhere does not matter
 * here. */
static bool waits_here(const mr__seat *seat, uint32_t slot)
{
    return seat->slot == slot && seat->state == WAITING;
}

bool mr__seat_waits(const mr__object *object, uint32_t number)
{
    return number > 0 && number < mr__ctx.arena->seats && waits_here(mr__seat_at(number), mr__object_slot(object));
}

mr__seat *mr__seat_first(const mr__object *object, uint32_t purpose)
{
    const mr__arena *arena = mr__ctx.arena;
    uint32_t slot = mr__object_slot(object), left = object->waiting;
    mr__seat *first = NULL;
    for (uint32_t number = 1; number < arena->seats && left > 0; number++) {
        mr__seat *seat = mr__seat_at(number);
        if (!waits_here(seat, slot))
            continue;
        left--;
        if (seat->purpose == purpose && (first == NULL || seat->ticket < first->ticket))
            first = seat;
    }
    return first;
}

void mr__seat_grant(mr__object *object, mr__seat *seat, mr_status status)
{
    seat->state = GRANTED | (uint32_t)status << STATE_BITS;
    object->waiting--;
    mr__futex_wake(&seat->state, 1);
}

void mr__seat_grant_all(mr__object *object, mr_status status)
{
    const mr__arena *arena = mr__ctx.arena;
    uint32_t slot = mr__object_slot(object);
    for (uint32_t number = 1; number < arena->seats && object->waiting > 0; number++)
        if (waits_here(mr__seat_at(number), slot))
            mr__seat_grant(object, mr__seat_at(number), status);
}

uint32_t mr__seat_grant_some(mr__object *object, uint32_t purpose, uint32_t count, mr_status status)
{
    uint32_t granted = 0;
    for (mr__seat *seat; granted < count && (seat = mr__seat_first(object, purpose)) != NULL; granted++)
        mr__seat_grant(object, seat, status);
    return granted;
}

void mr__seat_recount(mr__object *object)
{
    const mr__arena *arena = mr__ctx.arena;
    uint32_t slot = mr__object_slot(object);
    object->waiting = 0;
    for (uint32_t number = 1; number < arena->seats; number++) {
        mr__seat *seat = mr__seat_at(number);
        if (waits_here(seat, slot))
            object->waiting++;
        else if (seat->slot == slot) /* granted; but whoever did it may have been killed before he rang */
            mr__futex_wake(&seat->state, 1);
    }
}

void mr__seat_remove(mr__object *object, uint32_t rank)
{
    const mr__arena *arena = mr__ctx.arena;
    uint32_t slot = mr__object_slot(object);
    for (uint32_t number = 1; number < arena->seats; number++) {
        mr__seat *seat = mr__seat_at(number);
        if (waits_here(seat, slot) &&
            seat->rank == rank) /* a rank that is used again may have threads left over */
            mr__seat_grant(object, seat, MR_EDIED);
    }
}
