/* Blocks of memory with names. A block lives as long as it has its name or somebody is attached to it. Who is
 * attached is written in the block: a death must not leave it behind. */
#include "data/shared_memory.h"

#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/object.h"
#include "process/registry.h"
#include "universe/universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum attachment_state { FREE, OPEN, CLOSED } attachment_state;

/* One process's use of one handle. Its state commits it. */
typedef struct attachment {
    _Atomic uint32_t state;
    uint32_t rank;
    uint64_t number;
} attachment;

typedef struct attachments {
    uint64_t capacity;
    attachment each[];
} attachments;

/* The names of all blocks are a list through them, under the arena's mutex `names`, which is taken last. */
typedef struct memory {
    mr__object object;
    uint64_t size;
    mr__ref data;
    _Atomic mr__ref attachments;
    uint32_t last_number;
    _Atomic uint32_t next_named; /* slot */
    _Atomic bool is_named;       /* what the list says, for those who have entered */
    char name[MR_SHARED_MEMORY_NAME_MAX + 1];
} memory;

_Static_assert(sizeof(memory) <= MR__SLOT_SIZE, "a block's description fits its slot");

static memory *memory_of(mr__object *object)
{
    return (memory *)object;
}

/* ---- Names ---- */

static uint32_t slot_of(const memory *block)
{
    return (uint32_t)mr__object_handle(&block->object);
}

static memory *find_named(const char *name)
{
    for (uint32_t slot = mr__ctx.arena->first_named; slot != 0;) {
        memory *block = memory_of(mr__slot_at(slot));
        if (strcmp(block->name, name) == 0)
            return block;
        slot = block->next_named;
    }
    return NULL;
}

/* Gives a new block its name; false: it is taken. */
static bool put_name(memory *block, const char *name)
{
    mr__arena *arena = mr__ctx.arena;
    mr__shared_lock(&arena->names);
    bool is_taken = find_named(name) != NULL;
    if (!is_taken) {
        memcpy(block->name, name, strlen(name) + 1);
        block->next_named = arena->first_named;
        arena->first_named = slot_of(block);
        block->is_named = true;
    }
    mr__shared_unlock(&arena->names);
    return !is_taken;
}

/* Where in the list the block stands; NULL: it does not. */
static _Atomic uint32_t *find_link(const memory *block)
{
    _Atomic uint32_t *link = &mr__ctx.arena->first_named;
    while (*link != 0 && *link != slot_of(block))
        link = &memory_of(mr__slot_at(*link))->next_named;
    return *link != 0 ? link : NULL;
}

static void take_name(memory *block)
{
    mr__shared_lock(&mr__ctx.arena->names);
    _Atomic uint32_t *link = find_link(block);
    if (link != NULL)
        *link = block->next_named;
    block->is_named = false;
    mr__shared_unlock(&mr__ctx.arena->names);
}

static mr_status check_name(const char *call, const char *name)
{
    if (name == NULL || *name == '\0')
        return mr__fail(MR_EINVAL, "%s was given no name", call);
    if (strlen(name) > MR_SHARED_MEMORY_NAME_MAX)
        return mr__fail(MR_EINVAL, "%s: the name %.20s... has more than %d bytes", call, name,
                        MR_SHARED_MEMORY_NAME_MAX);
    return MR_OK;
}

/* ---- Who is attached ---- */

/* By this number handles that this process made are told from copies of others. Not to be called inside an object:
 * main's lock is held where objects are told of deaths. */
static uint32_t own_process(void)
{
    mr__lock();
    uint64_t number =
        mr__acts_for != 0 ? mr__ctx.universe->ranks[mr__acts_for]->process : mr__own_entry()->placed.number;
    mr__unlock();
    return (uint32_t)number;
}

static attachments *attachments_of(const memory *block)
{
    return block->attachments != 0 ? mr__at(block->attachments) : NULL;
}

static attachment *find_attachment(const memory *block, uint64_t number)
{
    attachments *all = attachments_of(block);
    for (uint64_t i = 0; all != NULL && i < all->capacity; i++) {
        attachment *one = &all->each[i];
        if (one->state != FREE && one->rank == mr__caller() && one->number == number)
            return one;
    }
    return NULL;
}

/* A free place, in a larger table if need be. */
static mr_status free_attachment(memory *block, attachment **place)
{
    const attachments *old = attachments_of(block);
    uint64_t capacity = old != NULL ? old->capacity : 0;
    for (uint64_t i = 0; i < capacity; i++) {
        *place = &attachments_of(block)->each[i];
        if ((*place)->state == FREE)
            return MR_OK;
    }
    uint64_t larger = capacity == 0 ? 4 : 2 * capacity;
    mr__ref ref = 0;
    mr_status status = mr__alloc(sizeof(attachments) + larger * sizeof(attachment), &ref);
    if (status != MR_OK)
        return status;
    attachments *new = mr__at(ref);
    new->capacity = larger;
    if (old != NULL)
        memcpy(new->each, old->each, capacity * sizeof(attachment));
    mr__ref before = block->attachments;
    block->attachments = ref;
    mr__free(before);
    *place = &new->each[capacity];
    return MR_OK;
}

static mr_status note_attachment(memory *block, uint64_t number, attachment_state state)
{
    attachment *place = NULL;
    mr_status status = free_attachment(block, &place);
    if (status != MR_OK)
        return status;
    place->rank = mr__caller();
    place->number = number;
    place->state = state;
    return MR_OK;
}

/* Attaches the caller, by a new handle, to a block that has been entered. */
static mr_status attach(memory *block, uint32_t process, mr_shared_memory *handle)
{
    uint64_t number = (uint64_t)process << 32 | ++block->last_number;
    mr_status status = note_attachment(block, number, OPEN);
    if (status == MR_OK)
        *handle = (mr_shared_memory){mr__object_handle(&block->object), number};
    return status;
}

static mr_status unlinked(const char *call)
{
    return mr__fail(MR_ENOENT, "%s: this shared memory has been unlinked, so nobody can attach to it any more",
                    call);
}

/* ---- The kind ---- */

static void repair(mr__object *object)
{
    mr__shared_lock(&mr__ctx.arena->names);
    memory_of(object)->is_named = find_link(memory_of(object)) != NULL;
    mr__shared_unlock(&mr__ctx.arena->names);
}

static void forget(mr__object *object, uint32_t rank)
{
    attachments *all = attachments_of(memory_of(object));
    for (uint64_t i = 0; all != NULL && i < all->capacity; i++)
        if (all->each[i].rank == rank)
            all->each[i].state = FREE;
}

static bool is_over(const mr__object *object)
{
    const memory *block = (const memory *)object;
    const attachments *all = attachments_of(block);
    for (uint64_t i = 0; all != NULL && i < all->capacity; i++)
        if (all->each[i].state == OPEN)
            return false;
    return !block->is_named;
}

static void discard(mr__object *object)
{
    mr__free(memory_of(object)->data);
    mr__free(memory_of(object)->attachments);
}

const mr__kind mr__memory_kind = {
    .name = "shared memory", .repair = repair, .forget = forget, .is_over = is_over, .discard = discard};

static void leave(memory *block)
{
    if (is_over(&block->object))
        mr__object_close(&block->object);
    else
        mr__object_leave(&block->object);
}

/* ---- Entering ---- */

/* Enters the block behind a handle; tells whether this process made the handle. */
static mr_status enter_any(const char *call, const mr_shared_memory *handle, memory **block, bool *is_own)
{
    mr__object *object = NULL;
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    if (handle == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the shared memory", call);
    *is_own = handle->mr__attachment >> 32 == own_process();
    status = mr__object_enter(call, handle->mr__handle, MR__KIND_MEMORY, &object);
    if (status == MR_OK)
        *block = memory_of(object);
    return status;
}

mr_status mr__memory_enter(const char *call, const mr_shared_memory *handle, mr__object **object, void **data,
                           size_t *size)
{
    memory *block = NULL;
    bool is_own = true;
    mr_status status = enter_any(call, handle, &block, &is_own);
    if (status == MR_ECLOSED && !is_own)
        return unlinked(call);
    if (status != MR_OK)
        return status;
    const attachment *found = find_attachment(block, handle->mr__attachment);
    if (found == NULL && !is_own) /* a copy that has come here: its first use attaches */
        status = block->is_named ? note_attachment(block, handle->mr__attachment, OPEN) : unlinked(call);
    else if (found == NULL || found->state == CLOSED)
        status = mr__fail(MR_ECLOSED, "%s: this shared memory has been closed", call);
    if (status != MR_OK) {
        leave(block);
        return status;
    }
    *object = &block->object;
    *data = mr__at(block->data);
    *size = block->size;
    return MR_OK;
}

/* ---- What users call ---- */

static mr_status name_block(const char *call, memory *block, const char *name)
{
    char generated[32];
    if (name != NULL)
        return put_name(block, name)
                   ? MR_OK
                   : mr__fail(MR_EEXIST, "%s: there is shared memory with the name %s already", call, name);
    do
        snprintf(generated, sizeof generated, "shm_%u", ++mr__ctx.arena->last_name);
    while (!put_name(block, generated));
    return MR_OK;
}

mr_status mr__memory_create(const char *call, mr_shared_memory *handle, const char *name, uint64_t size,
                            void (*fill)(void *data, const void *with), const void *with)
{
    uint64_t unused = 0;
    mr__object *object = NULL;
    mr_status status = mr__running(call);
    if (status == MR_OK && handle == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL as the shared memory", call);
    if (status == MR_OK && (size == 0 || size > PTRDIFF_MAX))
        status = mr__fail(MR_EINVAL, "%s: the size has to be above 0", call);
    if (status == MR_OK && name != NULL)
        status = check_name(call, name);
    uint32_t process = status == MR_OK ? own_process() : 0;
    if (status == MR_OK)
        status = mr__object_new(call, MR__KIND_MEMORY, &object, &unused);
    if (status != MR_OK)
        return status;
    memory *block = memory_of(object);
    block->size = size;
    status = mr__alloc(size, &block->data);
    if (status == MR_OK && fill != NULL)
        fill(mr__at(block->data), with);
    mr_shared_memory made = {0};
    if (status == MR_OK)
        status = attach(block, process, &made);
    if (status == MR_OK)
        status = name_block(call, block, name);
    if (status != MR_OK) {
        mr__object_close(object);
        return status;
    }
    *handle = made;
    mr__object_leave(object);
    return MR_OK;
}

/* ---- From another host ---- */

static mr_status find_from_afar(int procedure, mr_shared_memory *handle, const char *name, int64_t size)
{
    char nothing;
    mr__call finding = {.procedure = procedure,
                        .numbers = {size, name != NULL},
                        .data = name,
                        .size = name != NULL ? strlen(name) : 0,
                        .buffer = &nothing};
    mr_status status = mr__far(&finding);
    if (status == MR_OK)
        *handle = (mr_shared_memory){finding.handles[0], finding.handles[1]};
    return status;
}

/* A call on a block: what bytes go there, or come from there. */
static mr_status use_from_afar(mr__call using, const mr_shared_memory *handle)
{
    char nothing;
    using.handles[0] = handle->mr__handle;
    using.handles[1] = handle->mr__attachment;
    if (using.buffer == NULL)
        using.buffer = &nothing;
    return mr__far(&using);
}

/* The name of a block, which has to last: it is kept for as long as this process lives. */
static const char *name_from_afar(const mr_shared_memory *handle)
{
    static _Thread_local struct known {
        struct known *next;
        uint64_t block;
        char name[];
    } * all;
    struct known *found = all;
    while (found != NULL && found->block != handle->mr__handle)
        found = found->next;
    if (found != NULL)
        return found->name;
    mr__call asking = {.procedure = MR__FAR_MEMORY_NAME,
                       .handles = {handle->mr__handle, handle->mr__attachment},
                       .capacity = SIZE_MAX};
    if (mr__far(&asking) != MR_OK)
        return NULL;
    found = calloc(1, sizeof *found + asking.received + 1);
    if (found != NULL) {
        memcpy(found->name, asking.buffer, asking.received);
        found->block = handle->mr__handle;
        found->next = all;
        all = found;
    }
    free(asking.buffer);
    return found != NULL ? found->name : (mr__fail(MR_ENOMEM, "there is no memory for a name"), NULL);
}

/* ---- What users call, on any host ---- */

mr_status mr_shared_memory_init(mr_shared_memory *memory_, const char *name, size_t size)
{
    if (mr__is_far(memory_))
        return find_from_afar(MR__FAR_MEMORY_CREATE, memory_, name, (int64_t)size);
    return mr__memory_create("mr_shared_memory_init", memory_, name, size, NULL, NULL);
}

mr_status mr__memory_attach(const char *call, mr_shared_memory *handle, const char *name)
{
    mr_status status = mr__running(call);
    if (status == MR_OK && handle == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL as the shared memory", call);
    if (status == MR_OK)
        status = check_name(call, name);
    if (status != MR_OK)
        return status;
    uint32_t process = own_process();
    mr__shared_lock(&mr__ctx.arena->names);
    const memory *named = find_named(name);
    uint64_t found = named != NULL ? mr__object_handle(&named->object) : 0;
    mr__shared_unlock(&mr__ctx.arena->names);
    mr__object *object = NULL;
    if (named == NULL || mr__object_enter(call, found, MR__KIND_MEMORY, &object) != MR_OK)
        return mr__fail(MR_ENOENT, "%s: there is no shared memory with the name %s", call, name);
    memory *block = memory_of(object);
    status = block->is_named ? attach(block, process, handle) : unlinked(call);
    leave(block);
    return status;
}

mr_status mr_shared_memory_attach(mr_shared_memory *memory_, const char *name)
{
    if (mr__is_far(memory_))
        return find_from_afar(MR__FAR_MEMORY_ATTACH, memory_, name, 0);
    return mr__memory_attach("mr_shared_memory_attach", memory_, name);
}

void *mr_shared_memory_data(const mr_shared_memory *memory_)
{
    mr__object *object = NULL;
    void *data = NULL;
    size_t size = 0;
    if (mr__is_far(memory_))
        return mr__fail_far("mr_shared_memory_data", "mr_shared_memory_read and mr_shared_memory_write"), NULL;
    if (mr__memory_enter("mr_shared_memory_data", memory_, &object, &data, &size) != MR_OK)
        return NULL;
    mr__object_leave(object);
    return data;
}

/* Where bytes of a block lie; they may be copied once the object has been left, as through mr_shared_memory_data.
 */
static mr_status find_bytes(const char *call, const mr_shared_memory *memory_, size_t offset, size_t count,
                            const void *bytes, char **found)
{
    mr__object *object = NULL;
    void *data = NULL;
    size_t size = 0;
    if (bytes == NULL && count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of %zu bytes", call, count);
    mr_status status = mr__memory_enter(call, memory_, &object, &data, &size);
    if (status != MR_OK)
        return status;
    mr__object_leave(object);
    *found = (char *)data + offset;
    return offset <= size && count <= size - offset
               ? MR_OK
               : mr__fail(MR_EINVAL, "%s: %zu bytes from %zu on do not lie in a block of %zu", call, count, offset,
                          size);
}

mr_status mr_shared_memory_read(const mr_shared_memory *memory_, size_t offset, size_t size, void *out)
{
    char *bytes = NULL;
    if (mr__is_far(memory_) && out != NULL)
        return use_from_afar((mr__call){.procedure = MR__FAR_MEMORY_READ,
                                        .numbers = {(int64_t)offset, (int64_t)size},
                                        .buffer = out,
                                        .capacity = size},
                             memory_);
    mr_status status = find_bytes("mr_shared_memory_read", memory_, offset, size, out, &bytes);
    if (status == MR_OK && size > 0)
        memcpy(out, bytes, size);
    return status;
}

mr_status mr_shared_memory_write(const mr_shared_memory *memory_, size_t offset, size_t size, const void *in)
{
    char *bytes = NULL;
    if (mr__is_far(memory_) && in != NULL && size <= PTRDIFF_MAX)
        return use_from_afar(
            (mr__call){.procedure = MR__FAR_MEMORY_WRITE, .numbers = {(int64_t)offset}, .data = in, .size = size},
            memory_);
    mr_status status = find_bytes("mr_shared_memory_write", memory_, offset, size, in, &bytes);
    if (status == MR_OK && size > 0)
        memcpy(bytes, in, size);
    return status;
}

size_t mr_shared_memory_size(const mr_shared_memory *memory_)
{
    if (mr__is_far(memory_)) {
        char nothing;
        mr__call asking = {.procedure = MR__FAR_MEMORY_SIZE,
                           .handles = {memory_->mr__handle, memory_->mr__attachment},
                           .buffer = &nothing};
        return mr__far(&asking) == MR_OK ? (size_t)asking.numbers[0] : 0;
    }
    memory *block = NULL;
    bool is_own;
    if (enter_any("mr_shared_memory_size", memory_, &block, &is_own) != MR_OK)
        return 0;
    size_t size = block->size;
    mr__object_leave(&block->object);
    return size;
}

const char *mr_shared_memory_name(const mr_shared_memory *memory_)
{
    if (mr__is_far(memory_))
        return name_from_afar(memory_);
    memory *block = NULL;
    bool is_own;
    if (enter_any("mr_shared_memory_name", memory_, &block, &is_own) != MR_OK)
        return NULL;
    mr__object_leave(&block->object);
    return block->name;
}

mr_status mr_shared_memory_close(const mr_shared_memory *memory_)
{
    if (mr__is_far(memory_))
        return use_from_afar((mr__call){.procedure = MR__FAR_MEMORY_CLOSE}, memory_);
    memory *block = NULL;
    bool is_own = true;
    mr_status status = enter_any("mr_shared_memory_close", memory_, &block, &is_own);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status != MR_OK)
        return status;
    /* That a handle of this process is closed shows in its absence. */
    attachment *found = find_attachment(block, memory_->mr__attachment);
    if (found != NULL)
        found->state = is_own ? FREE : CLOSED;
    else if (!is_own)
        status = note_attachment(block, memory_->mr__attachment, CLOSED);
    leave(block);
    return status;
}

mr_status mr_shared_memory_unlink(const mr_shared_memory *memory_)
{
    static const char call[] = "mr_shared_memory_unlink";
    if (mr__is_far(memory_))
        return use_from_afar((mr__call){.procedure = MR__FAR_MEMORY_UNLINK}, memory_);
    memory *block = NULL;
    bool is_own = true;
    mr_status status = enter_any(call, memory_, &block, &is_own);
    if (status == MR_ECLOSED)
        return unlinked(call);
    if (status != MR_OK)
        return status;
    if (block->is_named)
        take_name(block);
    else
        status = unlinked(call);
    leave(block);
    return status;
}
