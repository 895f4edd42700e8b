#include "messages/ring.h"

#include "base/context.h"
#include "object/seat.h"

#include <sched.h>
#include <string.h>

/* A message is a header, its size with flags, and its bytes, rounded up to whole words. */
static const uint64_t SIZE = ((uint64_t)1 << 60) - 1;
static const uint64_t DESCRIPTOR = (uint64_t)1 << 60; /* the message is a descriptor's ticket */
static const uint64_t STREAMED = (uint64_t)1 << 61;   /* its bytes may still be on their way */
static const uint64_t TAKEN = (uint64_t)1 << 62;      /* the reader has begun to read it */
static const uint64_t VOID = (uint64_t)1 << 63; /* taken back by its writer; the size is what is to be skipped */

enum { WORD = sizeof(uint64_t), PIECE = 1 << 14 };

static const double SPIN_SECONDS =
    2e-6; /* that a thread looks without a break before it lets others have the core */
static const double YIELD_SECONDS = 20e-6; /* and before it goes to sleep */
enum { LOOKS = 32 };                       /* between two looks at the clock */

/* ---- Locks ---- */

static const uint64_t CONTENDED = (uint64_t)1 << 31;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the futex is the lower half of the lock");

static _Atomic uint32_t *futex_of(_Atomic uint64_t *side)
{
    return (_Atomic uint32_t *)side;
}

static uint64_t holder(uint64_t lock)
{
    return lock & (CONTENDED - 1);
}

static uint64_t me(void)
{
    return (uint64_t)mr__caller() + 1;
}

mr__side_lock mr__side_try(_Atomic uint64_t *side, uint32_t tag)
{
    uint64_t found = (uint64_t)tag << 32;
    if (atomic_compare_exchange_strong(side, &found, found | me()))
        return MR__SIDE_LOCKED;
    if (found >> 32 != tag)
        return MR__SIDE_GONE;
    return holder(found) == me() ? MR__SIDE_TIMEDOUT : MR__SIDE_FOREIGN;
}

mr__side_lock mr__side_acquire(_Atomic uint64_t *side, uint32_t tag, double deadline)
{
    mr__side_lock result = mr__side_try(side, tag);
    uint64_t mine = (uint64_t)tag << 32 | me() | CONTENDED;
    while (result == MR__SIDE_TIMEDOUT) {
        uint64_t found = *side;
        if (found >> 32 != tag)
            return MR__SIDE_GONE;
        if (holder(found) == 0) {
            if (atomic_compare_exchange_strong(side, &found, mine))
                return MR__SIDE_LOCKED;
        } else if (holder(found) != me()) {
            return MR__SIDE_FOREIGN;
        } else if (found == mine || atomic_compare_exchange_strong(side, &found, mine)) {
            if (!mr__futex_wait(futex_of(side), (uint32_t)mine, deadline))
                return MR__SIDE_TIMEDOUT;
        }
    }
    return result;
}

void mr__side_release(_Atomic uint64_t *side, uint32_t tag)
{
    if (atomic_exchange(side, (uint64_t)tag << 32) & CONTENDED)
        mr__futex_wake(futex_of(side), 1);
}

void mr__side_forget(_Atomic uint64_t *side, uint32_t tag, uint32_t rank)
{
    if (holder(*side) == (uint64_t)rank + 1)
        *side = (uint64_t)tag << 32;
}

bool mr__side_holder(uint64_t lock, uint32_t *rank)
{
    *rank = (uint32_t)holder(lock) - 1;
    return holder(lock) != 0;
}

bool mr__side_end(_Atomic uint64_t *side, uint32_t tag)
{
    uint64_t found = (uint64_t)tag << 32;
    return atomic_compare_exchange_strong(side, &found, 0) || found == 0;
}

/* ---- Waiting ---- */

static void wake(_Atomic uint32_t *sleeps)
{
    if (*sleeps != 0 && atomic_exchange(sleeps, 0) != 0)
        mr__futex_wake(sleeps, 1);
}

void mr__ring_wake(mr__ring *ring)
{
    ring->reader_sleeps = ring->writer_sleeps = 0;
    mr__futex_wake(&ring->reader_sleeps, 1);
    mr__futex_wake(&ring->writer_sleeps, 1);
}

static bool has_room(mr__ring *ring, uint64_t room)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head + room - ring->seen_tail <= MR__RING_SIZE)
        return true;
    ring->seen_tail = ring->tail;
    return head + room - ring->seen_tail <= MR__RING_SIZE;
}

static bool has_bytes(mr__ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (ring->seen_head != tail)
        return true;
    ring->seen_head = ring->head;
    return ring->seen_head != tail;
}

/* What a thread waits for: room to write so much, or with 0 that there is something to read. */
static bool is_there(mr__ring *ring, uint64_t room)
{
    return room > 0 ? has_room(ring, room) : has_bytes(ring);
}

/* The other side may have done its last work and then gone. */
static mr_status look(const mr__flow *flow, uint64_t room)
{
    if (is_there(flow->ring, room))
        return MR_OK;
    mr_status status = flow->look_around(flow->place);
    if (status == MR_EEOF && room == 0 && has_bytes(flow->ring))
        return MR_OK;
    return status == MR_OK ? MR_ETIMEDOUT : status;
}

/* A look, again and again for a while: MR_ETIMEDOUT if there is nothing yet. */
static mr_status spin(const mr__flow *flow, uint64_t room)
{
    double begin = mr__now(), now = begin;
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (is_there(flow->ring, room))
                return MR_OK;
            mr__relax();
        }
        if (now > begin + SPIN_SECONDS)
            sched_yield();
        now = mr__now();
    } while (now < begin + YIELD_SECONDS && now < flow->deadline);
    return look(flow, room);
}

static mr_status wait_for(mr__flow *flow, uint64_t room)
{
    mr_status status = look(flow, room);
    if (status != MR_ETIMEDOUT || flow->timeout <= 0)
        return status;
    if (flow->deadline < 0)
        flow->deadline = mr__now() + flow->timeout;
    _Atomic uint32_t *sleeps = room > 0 ? &flow->ring->writer_sleeps : &flow->ring->reader_sleeps;
    status = spin(flow, room);
    for (bool in_time = true; in_time && status == MR_ETIMEDOUT;) {
        *sleeps = 1;
        status = look(flow, room);
        if (status == MR_ETIMEDOUT) {
            in_time = mr__futex_wait(sleeps, 1, flow->deadline);
            status = look(flow, room);
        }
    }
    *sleeps = 0;
    return status;
}

/* For what lasts no longer than the other side, which is at work, needs. */
static mr_status wait_patiently(mr__flow *flow, uint64_t room)
{
    mr__flow patient = *flow;
    patient.timeout = patient.deadline = INFINITY;
    return wait_for(&patient, room);
}

/* ---- Writing ---- */

static uint64_t words(uint64_t size)
{
    return (size + WORD - 1) / WORD * WORD;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static _Atomic uint64_t *header_at(mr__ring *ring, uint64_t position)
{
    return (_Atomic uint64_t *)(void *)(ring->bytes + position % MR__RING_SIZE / WORD * WORD);
}

static void copy_in(mr__ring *ring, uint64_t position, const char *data, uint64_t size)
{
    uint64_t at = position % MR__RING_SIZE, first = least(size, MR__RING_SIZE - at);
    memcpy(ring->bytes + at, data, first);
    memcpy(ring->bytes, data + first, size - first);
}

static void copy_out(const mr__ring *ring, uint64_t position, char *data, uint64_t size)
{
    uint64_t at = position % MR__RING_SIZE, first = least(size, MR__RING_SIZE - at);
    memcpy(data, ring->bytes + at, first);
    memcpy(data + first, ring->bytes, size - first);
}

static void publish(const mr__flow *flow, uint64_t head)
{
    mr__ring *ring = flow->ring;
    ring->head = head;
    wake(&ring->reader_sleeps);
    if (ring->watched != 0) {
        ring->watched = 0;
        flow->ring_watchers(flow->place);
    }
}

/* Takes a streamed message back, unless the reader has begun with it. */
static bool take_back(mr__ring *ring, uint64_t start, uint64_t size)
{
    uint64_t header = size | STREAMED;
    return ring->tail <= start &&
           atomic_compare_exchange_strong(header_at(ring, start), &header, VOID | (ring->head - start));
}

static mr_status write_streamed(mr__flow *flow, const char *data, uint64_t size)
{
    mr__ring *ring = flow->ring;
    uint64_t start = ring->head, next = start + WORD;
    mr_status status = wait_for(flow, WORD + PIECE);
    if (status != MR_OK)
        return status;
    *header_at(ring, start) = size | STREAMED;
    for (uint64_t done = 0; done < size;) {
        uint64_t piece = least(size - done, PIECE);
        if (!has_room(ring, next - ring->head + words(piece))) {
            status = wait_for(flow, words(piece));
            if (status == MR_ETIMEDOUT && !take_back(ring, start, size))
                status = wait_patiently(flow, words(piece));
            if (status != MR_OK)
                return status;
        }
        copy_in(ring, next, data + done, piece);
        done += piece;
        next += words(piece);
        publish(flow, next);
    }
    return MR_OK;
}

mr_status mr__ring_write(mr__flow *flow, const void *data, uint64_t size)
{
    mr__ring *ring = flow->ring;
    if (size > PIECE)
        return write_streamed(flow, data, size);
    if (!has_room(ring, WORD + words(size))) {
        mr_status status = wait_for(flow, WORD + words(size));
        if (status != MR_OK)
            return status;
    }
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t header = flow->is_descriptor ? size | DESCRIPTOR : size;
    atomic_store_explicit(header_at(ring, head), header, memory_order_relaxed);
    if (size > 0)
        copy_in(ring, head + WORD, data, size);
    publish(flow, head + WORD + words(size));
    return MR_OK;
}

/* ---- Reading ---- */

static void consume(mr__ring *ring, uint64_t tail)
{
    ring->tail = tail;
    wake(&ring->writer_sleeps);
}

/* Whether so many bytes can be between two positions in the ring. */
static bool is_stretch(uint64_t from, uint64_t to)
{
    return to - from <= MR__RING_SIZE && from % WORD == 0 && to % WORD == 0;
}

/* Whether a header that lies at the tail can be one. Anything else was not written by this library. */
static bool is_sound(mr__ring *ring, uint64_t tail, uint64_t header)
{
    uint64_t size = header & SIZE;
    if (header & VOID)
        ring->seen_head = ring->head; /* may have been taken back after the last look */
    uint64_t written = ring->seen_head - tail;
    if (!is_stretch(tail, ring->seen_head))
        return false;
    if (header & VOID)
        return size % WORD == 0 && size >= WORD && size <= written;
    return size > PIECE ? header == (size | STREAMED) : (header & ~DESCRIPTOR) == size && size <= written - WORD;
}

mr_status mr__ring_peek(mr__flow *flow, uint64_t *size)
{
    mr__ring *ring = flow->ring;
    while (has_bytes(ring)) {
        uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed), header = *header_at(ring, tail);
        *size = header & SIZE;
        if (!is_sound(ring, tail, header))
            return MR_ESTATE;
        flow->is_descriptor = (header & DESCRIPTOR) != 0;
        if (!(header & VOID))
            return MR_OK;
        consume(ring, tail + *size);
    }
    return MR_ETIMEDOUT;
}

mr_status mr__ring_await(mr__flow *flow, uint64_t *size)
{
    mr_status status;
    do {
        status = mr__ring_peek(flow, size);
        if (status == MR_ETIMEDOUT)
            status = wait_for(flow, 0);
        else
            return status;
    } while (status == MR_OK);
    return status;
}

/* A message whose writer has died halfway never was: nothing more can come after it. */
static mr_status read_streamed(mr__flow *flow, char *data, uint64_t size)
{
    mr__ring *ring = flow->ring;
    uint64_t tail = ring->tail, header = size | STREAMED;
    if (!atomic_compare_exchange_strong(header_at(ring, tail), &header, header | TAKEN))
        return MR_ETIMEDOUT;
    uint64_t next = tail + WORD;
    for (uint64_t done = 0; done < size;) {
        if (next == ring->seen_head) {
            ring->tail = next;
            mr_status status = wait_patiently(flow, 0);
            if (status != MR_OK)
                return status;
        }
        if (!is_stretch(next, ring->seen_head))
            return MR_ESTATE;
        uint64_t piece = least(least(size - done, PIECE), ring->seen_head - next);
        copy_out(ring, next, data + done, piece);
        done += piece;
        next += words(piece);
        consume(ring, next);
    }
    return MR_OK;
}

void mr__ring_copy(const mr__flow *flow, void *data, uint64_t size)
{
    copy_out(flow->ring, atomic_load_explicit(&flow->ring->tail, memory_order_relaxed) + WORD, data, size);
}

mr_status mr__ring_read(mr__flow *flow, void *data, uint64_t size)
{
    mr__ring *ring = flow->ring;
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (size > PIECE)
        return read_streamed(flow, data, size);
    if (size > 0)
        copy_out(ring, tail + WORD, data, size);
    consume(ring, tail + WORD + words(size));
    return MR_OK;
}
