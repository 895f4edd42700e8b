/* What conditions need of locks beyond what users get. */
#ifndef MR_LOCK_H
#define MR_LOCK_H

#include "object/object.h"

/* MR_OK if the calling thread holds the lock of that handle; else MR_ENOTOWNER with a sentence. */
mr_status mr__lock_check_mine(const char *call, uint64_t handle);

/* Releases it, however often it was taken; takes it again as often. The latter waits for ever; MR_EOWNERDEAD: it
 * is held. */
mr_status mr__lock_give_up(const char *call, uint64_t handle, uint32_t *depth);
mr_status mr__lock_take_back(const char *call, uint64_t handle, uint32_t depth);

/* Whether the rank, which is dead, held it, and nobody has been told so far. */
bool mr__lock_is_orphan(uint64_t handle, uint32_t rank);

#endif
