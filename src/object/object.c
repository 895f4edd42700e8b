#include "object/object.h"

#include "base/context.h"
#include "base/status.h"
#include "object/seat.h"

#include <string.h>

uint32_t mr__object_slot(const mr__object *object)
{
    return (uint32_t)(((uint64_t)((const char *)object - (const char *)mr__slot_at(0))) / MR__SLOT_SIZE);
}

uint64_t mr__object_handle(const mr__object *object)
{
    return mr__handle_of(object->generation, mr__ctx.home, mr__object_slot(object));
}

/* ---- Making and ending ---- */

/* A free slot; 0: there is none. */
static uint32_t take_slot(mr__arena *arena)
{
    mr__shared_lock(&arena->mutex);
    uint32_t slot = arena->free_slot;
    if (slot != 0) {
        arena->free_slot = mr__slot_at(slot)->next_free;
    } else if (arena->slots < MR__SLOTS) {
        slot = arena->slots;
        mr__shared_mutex_init(&mr__slot_at(slot)->mutex);
        arena->slots = slot + 1;
    }
    mr__shared_unlock(&arena->mutex);
    return slot;
}

mr_status mr__object_new(const char *call, mr__kind_number kind, mr__object **object, uint64_t *handle)
{
    mr_status status = mr__arena_ready(call);
    if (status != MR_OK)
        return status;
    uint32_t slot = take_slot(mr__ctx.arena);
    if (slot == 0)
        return mr__fail(MR_ELIMIT, "%s: there are %d shared objects already; close those that are not needed",
                        call, MR__SLOTS);
    mr__object *new = mr__slot_at(slot);
    mr__shared_lock(&new->mutex);
    memset(new + 1, 0, MR__SLOT_SIZE - sizeof *new);
    new->waiting = 0;
    new->generation++;
    new->kind = (uint32_t)kind;
    *object = new;
    *handle = mr__object_handle(new);
    return MR_OK;
}

void mr__object_close(mr__object *object)
{
    mr__arena *arena = mr__ctx.arena;
    const mr__kind *kind = mr__kinds[object->kind];
    object->kind = MR__KIND_NONE;
    mr__seat_grant_all(object, MR_ECLOSED);
    if (kind->discard != NULL)
        kind->discard(object);
    mr__object_leave(object);
    mr__shared_lock(&arena->mutex);
    object->next_free = arena->free_slot;
    arena->free_slot = mr__object_slot(object);
    mr__shared_unlock(&arena->mutex);
}

/* ---- Entering ---- */

mr_status mr__object_given(const char *call, mr__kind_number kind, const void *handle)
{
    mr_status status = mr__running(call);
    if (status != MR_OK || handle != NULL)
        return status;
    const char *name = mr__kinds[kind]->name; /* looked up only now: this is on the way of every call */
    return mr__fail(MR_EINVAL, "%s was given NULL instead of %s %s", call,
                    strchr("aeiou", name[0]) != NULL ? "an" : "a", name);
}

static mr_status check(const char *call, const mr__object *object, uint64_t handle, mr__kind_number kind)
{
    uint32_t found = object->kind, generation = object->generation;
    if (found == (uint32_t)kind && generation == mr__handle_generation(handle))
        return MR_OK;
    if (generation > mr__handle_generation(handle) || found == MR__KIND_NONE)
        return mr__fail(MR_ECLOSED, "%s: this %s has been closed", call, mr__kinds[kind]->name);
    return mr__fail(MR_EINVAL, "%s: this is no %s", call, mr__kinds[kind]->name);
}

mr_status mr__object_find(const char *call, uint64_t handle, mr__kind_number kind, mr__object **object)
{
    mr_status status = mr__arena_ready(call);
    if (status != MR_OK)
        return status;
    uint32_t slot = mr__handle_slot(handle);
    if (!mr__is_at_home(handle) && handle != 0)
        return mr__fail(MR_EINVAL, "%s: this %s lies in the memory of another host, or was never made", call,
                        mr__kinds[kind]->name);
    if (slot == 0 || slot >= mr__ctx.arena->slots || mr__handle_generation(handle) == 0)
        return mr__fail(MR_EINVAL, "%s: this is no %s; was it ever made?", call, mr__kinds[kind]->name);
    *object = mr__slot_at(slot);
    return check(call, *object, handle, kind);
}

void mr__object_reenter(mr__object *object)
{
    if (!mr__shared_lock(&object->mutex))
        return;
    mr__seat_recount(object);
    const mr__kind *kind = mr__kinds[object->kind];
    if (kind != NULL && kind->repair != NULL)
        kind->repair(object);
}

mr_status mr__object_enter(const char *call, uint64_t handle, mr__kind_number kind, mr__object **object)
{
    mr_status status = mr__object_find(call, handle, kind, object);
    if (status != MR_OK)
        return status;
    mr__object_reenter(*object);
    status = check(call, *object, handle, kind);
    if (status != MR_OK)
        mr__object_leave(*object);
    return status;
}

void mr__object_leave(mr__object *object)
{
    mr__shared_unlock(&object->mutex);
}

mr_status mr__object_end(const char *call, mr__kind_number kind, const uint64_t *handle)
{
    mr__object *object = NULL;
    mr_status status = mr__object_given(call, kind, handle);
    if (status == MR_OK)
        status = mr__object_enter(call, *handle, kind, &object);
    if (status == MR_OK)
        mr__object_close(object);
    return status == MR_ECLOSED ? MR_OK : status;
}

/* ---- Deaths ---- */

void mr__objects_forget(uint32_t rank)
{
    const mr__arena *arena = mr__ctx.arena;
    if (arena == NULL)
        return;
    for (uint32_t slot = 1; slot < arena->slots; slot++) {
        mr__object *object = mr__slot_at(slot);
        if (object->kind == MR__KIND_NONE && object->waiting == 0)
            continue;
        mr__object_reenter(object);
        const mr__kind *kind = mr__kinds[object->kind];
        if (kind == NULL) /* somebody was killed while closing it */
            mr__seat_grant_all(object, MR_ECLOSED);
        if (object->waiting > 0)
            mr__seat_remove(object, rank);
        if (kind != NULL && kind->forget != NULL)
            kind->forget(object, rank);
        if (kind != NULL && kind->is_over != NULL && kind->is_over(object))
            mr__object_close(object);
        else
            mr__object_leave(object);
    }
}
