/* Blocks of memory with names. A block lives as long as it has its name or somebody is attached to it. Who is
 * attached is written in the block: a death must not leave it behind. */
#include "data/shared_memory.h"

#include "base/context.h"
#include "base/status.h"
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
    return mr__object_slot(&block->object);
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
    uint64_t number = mr__acts_for != MR__ITSELF ? mr__ctx.universe->ranks[mr__acts_for]->process
                                                 : mr__own_entry()->placed.number;
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

const mr__kind mr__memory_kind = {.name = "shared memory",
                                  .repair = repair,
                                  .forget = forget,
                                  .is_over = is_over,
                                  .discard = discard,
                                  .lies_with_main = true};

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

/* ---- Making and attaching ---- */

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

/* ---- What users call ---- */

/* The block that a call is about. */
static mr_shared_memory handle_in(const mr__call *c)
{
    return (mr_shared_memory){c->handles[0], c->handles[1]};
}

/* numbers[0] and the name are what it is found or made by. */
static mr_status ask_found(const mr__method *method, mr_shared_memory *handle, const char *name, size_t size)
{
    mr__call call = {.method = method,
                     .numbers = {(int64_t)size, name != NULL},
                     .data = name,
                     .size = name != NULL ? strlen(name) : 0};
    mr_status status = mr__ask_method(handle != NULL ? &(uint64_t){0} : NULL, &call);
    if (status == MR_OK)
        *handle = handle_in(&call);
    return status;
}

/* A call on a block: what bytes go there, or come from there. */
static mr_status ask(mr__call *call, const mr_shared_memory *handle)
{
    if (handle != NULL)
        call->handles[1] = handle->mr__attachment;
    return mr__ask_method(MR__HANDLE(handle), call);
}

const char *mr__name_in(const mr__call *call)
{
    return call->numbers[1] != 0 ? call->data : NULL;
}

static mr_status answer_found(mr__call *c, mr_status status, const mr_shared_memory *found)
{
    if (status == MR_OK) {
        c->handles[0] = found->mr__handle;
        c->handles[1] = found->mr__attachment;
    }
    return status;
}

static mr_status run_create(mr__call *c)
{
    mr_shared_memory made;
    mr_status status =
        mr__memory_create(c->method->call, &made, mr__name_in(c), (uint64_t)c->numbers[0], NULL, NULL);
    return answer_found(c, status, &made);
}
MR__METHOD(memory_create, "mr_shared_memory_init", MR__KIND_MEMORY, run_create);

mr_status mr_shared_memory_init(mr_shared_memory *handle, const char *name, size_t size)
{
    return ask_found(&memory_create, handle, name, size);
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

static mr_status run_attach(mr__call *c)
{
    mr_shared_memory found;
    return answer_found(c, mr__memory_attach(c->method->call, &found, mr__name_in(c)), &found);
}
MR__METHOD(memory_attach, "mr_shared_memory_attach", MR__KIND_MEMORY, run_attach);

mr_status mr_shared_memory_attach(mr_shared_memory *handle, const char *name)
{
    return ask_found(&memory_attach, handle, name, 0);
}

void *mr_shared_memory_data(const mr_shared_memory *handle)
{
    mr__object *object = NULL;
    void *data = NULL;
    size_t size = 0;
    if (mr__is_far(handle))
        return mr__fail_far("mr_shared_memory_data", "mr_shared_memory_read and mr_shared_memory_write"), NULL;
    if (mr__memory_enter("mr_shared_memory_data", handle, &object, &data, &size) != MR_OK)
        return NULL;
    mr__object_leave(object);
    return data;
}

/* Where bytes of a block lie; they may be copied once the object has been left, as through mr_shared_memory_data.
 */
static mr_status find_bytes(const mr__call *c, size_t count, char **found)
{
    mr__object *object = NULL;
    void *data = NULL;
    size_t size = 0, offset = (size_t)c->numbers[0];
    mr_status status = mr__memory_enter(c->method->call, &(mr_shared_memory){c->handles[0], c->handles[1]},
                                        &object, &data, &size);
    if (status != MR_OK)
        return status;
    mr__object_leave(object);
    *found = (char *)data + offset;
    return offset <= size && count <= size - offset
               ? MR_OK
               : mr__fail(MR_EINVAL, "%s: %zu bytes from %zu on do not lie in a block of %zu", c->method->call,
                          count, offset, size);
}

static mr_status check_bytes(const char *call, const void *bytes, size_t count)
{
    return bytes != NULL || count == 0
               ? MR_OK
               : mr__fail(MR_EINVAL, "%s was given NULL instead of %zu bytes", call, count);
}

static mr_status run_read(mr__call *c)
{
    char *bytes = NULL;
    size_t size = (size_t)c->numbers[1];
    mr_status status = find_bytes(c, size, &bytes);
    if (status == MR_OK && c->is_from_afar)
        status = mr__call_make_room(c, size);
    if (status != MR_OK)
        return status;
    if (size > 0)
        memcpy(c->buffer, bytes, size);
    c->received = size;
    return MR_OK;
}
MR__METHOD(memory_read, "mr_shared_memory_read", MR__KIND_MEMORY, run_read);

mr_status mr_shared_memory_read(const mr_shared_memory *handle, size_t offset, size_t size, void *out)
{
    mr__call call = {
        .method = &memory_read, .numbers = {(int64_t)offset, (int64_t)size}, .buffer = out, .capacity = size};
    mr_status status = check_bytes(memory_read.call, out, size);
    return status == MR_OK ? ask(&call, handle) : status;
}

static mr_status run_write(mr__call *c)
{
    char *bytes = NULL;
    mr_status status = find_bytes(c, c->size, &bytes);
    if (status == MR_OK && c->size > 0)
        memcpy(bytes, c->data, c->size);
    return status;
}
MR__METHOD(memory_write, "mr_shared_memory_write", MR__KIND_MEMORY, run_write);

mr_status mr_shared_memory_write(const mr_shared_memory *handle, size_t offset, size_t size, const void *in)
{
    mr__call call = {.method = &memory_write, .numbers = {(int64_t)offset}, .data = in, .size = size};
    mr_status status = check_bytes(memory_write.call, in, size);
    if (status == MR_OK && size > PTRDIFF_MAX)
        status = mr__fail(MR_EINVAL, "%s: %zu bytes are more than any block has", memory_write.call, size);
    return status == MR_OK ? ask(&call, handle) : status;
}

/* Enters the block that a call is about. */
static mr_status enter_called(const mr__call *c, memory **block, bool *is_own)
{
    const mr_shared_memory handle = handle_in(c);
    return enter_any(c->method->call, &handle, block, is_own);
}

static mr_status run_size(mr__call *c)
{
    memory *block = NULL;
    bool is_own;
    mr_status status = enter_called(c, &block, &is_own);
    if (status != MR_OK)
        return status;
    c->numbers[0] = (int64_t)block->size;
    mr__object_leave(&block->object);
    return MR_OK;
}
MR__METHOD(memory_size, "mr_shared_memory_size", MR__KIND_MEMORY, run_size);

size_t mr_shared_memory_size(const mr_shared_memory *handle)
{
    mr__call call = {.method = &memory_size};
    return ask(&call, handle) == MR_OK ? (size_t)call.numbers[0] : 0;
}

/* Here the name is that in the block, which lasts. */
static mr_status run_name(mr__call *c)
{
    memory *block = NULL;
    bool is_own;
    mr_status status = enter_called(c, &block, &is_own);
    if (status != MR_OK)
        return status;
    mr__object_leave(&block->object);
    if (!c->is_from_afar) {
        c->buffer = block->name;
        return MR_OK;
    }
    status = mr__call_make_room(c, strlen(block->name));
    if (status == MR_OK) {
        c->received = strlen(block->name);
        memcpy(c->buffer, block->name, c->received);
    }
    return status;
}
MR__METHOD(memory_name, "mr_shared_memory_name", MR__KIND_MEMORY, run_name);

/* A name that has come from another host is kept for as long as this process lives. */
static const char *keep_name(uint64_t handle, const mr__call *answer)
{
    static _Thread_local struct known {
        struct known *next;
        uint64_t block;
        char name[];
    } * all;
    struct known *found = all;
    while (found != NULL && found->block != handle)
        found = found->next;
    if (found == NULL)
        found = calloc(1, sizeof *found + answer->received + 1);
    if (found == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for a name"), NULL;
    if (found->block != handle) {
        memcpy(found->name, answer->buffer, answer->received);
        found->block = handle;
        found->next = all;
        all = found;
    }
    return found->name;
}

const char *mr_shared_memory_name(const mr_shared_memory *handle)
{
    bool is_far = mr__is_far(handle);
    mr__call call = {.method = &memory_name, .capacity = is_far ? SIZE_MAX : 0};
    if (ask(&call, handle) != MR_OK)
        return NULL;
    if (!is_far)
        return call.buffer;
    const char *name = keep_name(handle->mr__handle, &call);
    free(call.buffer);
    return name;
}

static mr_status run_close(mr__call *c)
{
    memory *block = NULL;
    bool is_own = true;
    mr_status status = enter_called(c, &block, &is_own);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status != MR_OK)
        return status;
    /* That a handle of this process is closed shows in its absence. */
    attachment *found = find_attachment(block, c->handles[1]);
    if (found != NULL)
        found->state = is_own ? FREE : CLOSED;
    else if (!is_own)
        status = note_attachment(block, c->handles[1], CLOSED);
    leave(block);
    return status;
}
MR__METHOD(memory_close, "mr_shared_memory_close", MR__KIND_MEMORY, run_close);

mr_status mr_shared_memory_close(const mr_shared_memory *handle)
{
    return ask(&(mr__call){.method = &memory_close}, handle);
}

static mr_status run_unlink(mr__call *c)
{
    memory *block = NULL;
    bool is_own = true;
    mr_status status = enter_called(c, &block, &is_own);
    if (status == MR_ECLOSED)
        return unlinked(c->method->call);
    if (status != MR_OK)
        return status;
    if (block->is_named)
        take_name(block);
    else
        status = unlinked(c->method->call);
    leave(block);
    return status;
}
MR__METHOD(memory_unlink, "mr_shared_memory_unlink", MR__KIND_MEMORY, run_unlink);

mr_status mr_shared_memory_unlink(const mr_shared_memory *handle)
{
    return ask(&(mr__call){.method = &memory_unlink}, handle);
}
