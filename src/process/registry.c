/* The processes that the calling process knows: behind which handle each is, and who may use it. */
#include "process/registry.h"

#include "base/context.h"
#include "base/status.h"
#include "universe/self.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Handles: whose it is, how often its slot has been used, and the slot (from 1), so that a foreign one and a
 * stale one are told from a good one ---- */

enum { SLOT_BITS = 20, GENERATION_BITS = 20 };

static uint64_t make_handle(size_t slot)
{
    uint64_t generation = mr__ctx.generations[slot] & ((1u << GENERATION_BITS) - 1);
    return (uint64_t)mr__ctx.rank << (SLOT_BITS + GENERATION_BITS) | generation << SLOT_BITS | (slot + 1);
}

static size_t slot_of(uint64_t handle)
{
    return (size_t)(handle & ((1u << SLOT_BITS) - 1)) - 1;
}

mr_status mr__process_register(mr__process *process)
{
    size_t slot = 0;
    while (slot < mr__ctx.slots && mr__ctx.processes[slot] != NULL)
        slot++;
    if (slot == mr__ctx.slots) {
        size_t more = mr__ctx.slots == 0 ? 16 : 2 * mr__ctx.slots;
        if (slot + 1 >= 1u << SLOT_BITS)
            return mr__fail(MR_ELIMIT, "a process can have made %u others at a time; close those that have ended",
                            1u << SLOT_BITS);
        mr__process **processes = realloc(mr__ctx.processes, more * sizeof(mr__process *));
        if (processes != NULL)
            mr__ctx.processes = processes;
        uint32_t *generations = realloc(mr__ctx.generations, more * sizeof *generations);
        if (generations != NULL)
            mr__ctx.generations = generations;
        if (processes == NULL || generations == NULL)
            return mr__fail(MR_ENOMEM, "there is no memory for another process");
        memset(processes + slot, 0, (more - slot) * sizeof(mr__process *));
        memset(generations + slot, 0, (more - slot) * sizeof *generations);
        mr__ctx.slots = more;
    }
    mr__ctx.processes[slot] = process;
    mr__ctx.generations[slot]++;
    process->handle = make_handle(slot);
    return MR_OK;
}

void mr__process_free(mr__process *process)
{
    free(process->message);
    free(process->group);
    free(process->name);
    free(process->identity);
    free(process);
}

void mr__process_release(mr__process *process)
{
    mr__ctx.processes[slot_of(process->handle)] = NULL;
    if (process->sentinel >= 0)
        close(process->sentinel);
    mr__process_free(process);
}

/* The process behind a handle, for a call that has checked that the library runs. Lock held. */
static mr_status find(const char *call, const mr_process *object, mr__process **process)
{
    if (object == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of a process", call);
    size_t slot = slot_of(object->mr__handle);
    if (object->mr__handle == 0)
        return mr__fail(MR_EINVAL, "%s was given a process that was never made; call mr_process_init first", call);
    if (object->mr__handle >> (SLOT_BITS + GENERATION_BITS) != (uint64_t)mr__ctx.rank || slot >= mr__ctx.slots)
        return mr__fail(MR_ENOTCREATOR,
                        "%s: this process was not made by the calling one; only its creator may use it", call);
    *process = mr__ctx.processes[slot];
    if (*process == NULL || (*process)->handle != object->mr__handle)
        return mr__fail(MR_ECLOSED, "%s was called on a process that has been closed", call);
    return MR_OK;
}

mr_status mr__enter(const char *call, const mr_process *object, mr__process **process)
{
    *process = NULL;
    mr_status status = mr__running(call);
    if (status == MR_OK && object != NULL && mr__ctx.parent != NULL &&
        object->mr__handle == mr__ctx.parent->mr__handle)
        status = mr__self_listen(); /* for the news that it has ended */
    if (status != MR_OK)
        return status;
    mr__lock();
    status = find(call, object, process);
    if (status != MR_OK)
        mr__unlock();
    return status;
}

mr_status mr__enter_as_creator(const char *call, const mr_process *object, mr__process **process)
{
    mr_status status = mr__enter(call, object, process);
    if (status != MR_OK || (*process)->role == MR__CHILD)
        return status;
    status = mr__fail(MR_ENOTCREATOR, "%s: %s was not made by the calling process; only its creator may do this",
                      call, (*process)->name);
    mr__unlock();
    return status;
}

mr_status mr__enter_before_start(const char *call, const mr_process *object, mr__process **process)
{
    mr_status status = mr__enter(call, object, process);
    if (status != MR_OK || (*process)->state == MR__PROCESS_NEW)
        return status;
    status = mr__fail(MR_ESTATE, "%s: %s has been started already", call, (*process)->name);
    mr__unlock();
    return status;
}

mr_status mr__enter_after_start(const char *call, const mr_process *object, mr__process **process)
{
    mr_status status = mr__enter_as_creator(call, object, process);
    if (status != MR_OK || (*process)->state != MR__PROCESS_NEW)
        return status;
    status =
        mr__fail(MR_ESTATE, "%s: %s has not been started; call mr_process_start first", call, (*process)->name);
    mr__unlock();
    return status;
}

mr__process *mr__process_of(const mr_process *object)
{
    return mr__ctx.processes[slot_of(object->mr__handle)];
}

mr__process *mr__own_entry(void)
{
    return mr__process_of(mr__ctx.current);
}
