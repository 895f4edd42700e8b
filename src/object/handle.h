/* Handles: the generation of an object, its home, which is the host whose memory it lies in, and its slot there. 0
 * is no object's; without generation and slot a handle names a home alone, where an object is to be made. */
#ifndef MR_HANDLE_H
#define MR_HANDLE_H

#include "arena/arena.h"
#include "base/context.h"

enum { MR__MAINS_HOME = 0 };

_Static_assert(MR__SLOTS <= 1 << MR__HOME_SHIFT, "a slot fits below the home");

static inline uint64_t mr__handle_of(uint32_t generation, uint32_t home, uint32_t slot)
{
    return (uint64_t)generation << 32 | home << MR__HOME_SHIFT | slot;
}

static inline uint32_t mr__handle_generation(uint64_t handle)
{
    return (uint32_t)(handle >> 32);
}

static inline uint32_t mr__handle_home(uint64_t handle)
{
    return (uint32_t)handle >> MR__HOME_SHIFT & (MR__HOMES - 1);
}

static inline uint32_t mr__handle_slot(uint64_t handle)
{
    return (uint32_t)handle & ((1U << MR__HOME_SHIFT) - 1);
}

/* Whether it lies in the memory of this host. */
static inline bool mr__is_at_home(uint64_t handle)
{
    return mr__handle_home(handle) == mr__ctx.home;
}

/* Where this process makes its objects: in the memory of its host, if that is a home, else with main; or where it
 * has been told to (mr_set_home). */
static inline uint64_t mr__home_here(void)
{
    uint32_t home = mr__makes_at != MR__NO_HOME ? mr__makes_at : mr__ctx.makes_at;
    if (home == MR__NO_HOME || mr__acts_for != MR__ITSELF)
        home = mr__ctx.home;
    return mr__handle_of(0, home != MR__NO_HOME ? home : MR__MAINS_HOME, 0);
}

/* A recursive lock for what lies on this host, wherever the process makes its objects. */
static inline mr_status mr__make_lock_here(mr_lock *lock)
{
    uint32_t before = mr__makes_at;
    mr__makes_at = mr__ctx.home;
    mr_status status = mr_lock_init_recursive(lock);
    mr__makes_at = before;
    return status;
}

#endif
