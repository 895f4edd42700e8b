/* Far calls on shared memory, and shareable lists. */
#include "arena/arena.h"
#include "base/status.h"
#include "data/items.h"
#include "data/shared_memory.h"
#include "far/deputy.h"
#include "far/libraries.h"

#include <stdlib.h>
#include <string.h>

#define HANDLE(type, i) ((type *)&call->handles[i])

/* ---- Shared memory ---- */

static mr_status read_memory(mr__call *call)
{
    const mr_shared_memory *memory = HANDLE(mr_shared_memory, 0);
    size_t size = mr_shared_memory_size(memory), wanted = (size_t)call->numbers[1];
    mr_status status = mr__call_make_room(call, wanted <= size ? wanted : 0);
    if (status == MR_OK)
        status = mr_shared_memory_read(memory, (size_t)call->numbers[0], wanted, call->buffer);
    call->received = status == MR_OK ? wanted : 0;
    return status;
}

static mr_status name_memory(mr__call *call)
{
    const char *name = mr_shared_memory_name(HANDLE(mr_shared_memory, 0));
    if (name == NULL)
        return mr_last_status();
    mr_status status = mr__call_make_room(call, strlen(name));
    if (status != MR_OK)
        return status;
    call->received = strlen(name);
    memcpy(call->buffer, name, call->received);
    return MR_OK;
}

static mr_status serve_memory(mr__call *call)
{
    mr_shared_memory *memory = HANDLE(mr_shared_memory, 0);
    const char *name = call->numbers[1] != 0 ? call->data : NULL;
    switch (call->procedure) {
    case MR__FAR_MEMORY_CREATE:
        return mr_shared_memory_init(memory, name, (size_t)call->numbers[0]);
    case MR__FAR_MEMORY_ATTACH:
        return mr_shared_memory_attach(memory, name);
    case MR__FAR_MEMORY_READ:
        return read_memory(call);
    case MR__FAR_MEMORY_WRITE:
        return mr_shared_memory_write(memory, (size_t)call->numbers[0], call->size, call->data);
    case MR__FAR_MEMORY_SIZE:
        call->numbers[0] = (int64_t)mr_shared_memory_size(memory);
        return call->numbers[0] > 0 ? MR_OK : mr_last_status();
    case MR__FAR_MEMORY_NAME:
        return name_memory(call);
    case MR__FAR_MEMORY_CLOSE:
        return mr_shared_memory_close(memory);
    default:
        return mr_shared_memory_unlink(memory);
    }
}

/* ---- Shareable lists ---- */

static mr_status make_list(mr__call *call)
{
    static const char name[] = "mr_shareable_list_init";
    mr_item *items = NULL;
    size_t count = 0, before = (size_t)call->numbers[0]; /* the name comes first */
    if (before > call->size)
        return mr__fail(MR_EINVAL, "%s was given something else than a name", name);
    mr_status status =
        mr__items_unpack(name, (const char *)call->data + before, call->size - before, &items, &count);
    char *list_name = status == MR_OK && call->numbers[1] != 0 ? strndup(call->data, before) : NULL;
    if (status == MR_OK)
        status = mr_shareable_list_init(HANDLE(mr_shareable_list, 0), list_name, items, count);
    free(list_name);
    free(items);
    return status;
}

static mr_status get_from_list(mr__call *call)
{
    mr_item item = {0};
    size_t capacity = (size_t)call->numbers[2], most = mr_shared_memory_size(HANDLE(mr_shared_memory, 0)) + 1;
    if (capacity > most) /* no item is larger than its list */
        capacity = most;
    void *text = malloc(capacity > 0 ? capacity : 1);
    if (text == NULL)
        return mr__fail(MR_ENOMEM, "main has no memory for an item of up to %zu bytes", capacity);
    mr_status status =
        mr_shareable_list_get(HANDLE(mr_shareable_list, 0), (ptrdiff_t)call->numbers[0], &item, text, capacity);
    call->numbers[0] = (int64_t)item.size;
    call->numbers[1] = item.type;
    if (status == MR_OK)
        status = mr__items_pack("mr_shareable_list_get", &item, 1, &call->buffer, &call->received);
    free(text);
    return status;
}

/* The calls that take one item. */
static mr_status use_item(mr__call *call)
{
    mr_shareable_list *list = HANDLE(mr_shareable_list, 0);
    mr_item *item = NULL;
    size_t count = 0, answer = 0;
    mr_status status = mr__items_unpack("mr_shareable_list_set", call->data, call->size, &item, &count);
    if (status == MR_OK && count != 1)
        status = mr__fail(MR_EINVAL, "mr_shareable_list_set was given %zu items", count);
    if (status == MR_OK && call->procedure == MR__FAR_LIST_SET)
        status = mr_shareable_list_set(list, (ptrdiff_t)call->numbers[0], *item);
    else if (status == MR_OK && call->procedure == MR__FAR_LIST_COUNT)
        status = mr_shareable_list_count(list, *item, &answer);
    else if (status == MR_OK)
        status = mr_shareable_list_index(list, *item, &answer);
    call->numbers[0] = (int64_t)answer;
    free(item);
    return status;
}

static mr_status format_list(mr__call *call)
{
    enum { LONGEST = 24 }; /* of what is said of an item */
    size_t room, length;
    mr_status status = mr__shareable_list_length(HANDLE(mr_shareable_list, 0), &length);
    if (status != MR_OK)
        return status;
    room = LONGEST * length + 1 < call->capacity ? LONGEST * length + 1 : call->capacity;
    status = mr__call_make_room(call, room);
    if (status == MR_OK)
        status = mr_shareable_list_format(HANDLE(mr_shareable_list, 0), call->buffer, room);
    call->received = status == MR_OK ? strlen(call->buffer) + 1 : 0;
    return status;
}

static mr_status tell_length(mr__call *call)
{
    size_t length;
    mr_status status = mr__shareable_list_length(HANDLE(mr_shareable_list, 0), &length);
    call->numbers[0] = (int64_t)length;
    return status;
}

static mr_status copy_list(mr__call *call)
{
    mr_shareable_list copy = {{0}};
    mr_status status =
        mr_shareable_list_copy(&copy, call->numbers[1] != 0 ? call->data : NULL, HANDLE(mr_shareable_list, 0));
    call->handles[0] = copy.shm.mr__handle;
    call->handles[1] = copy.shm.mr__attachment;
    return status;
}

/* ---- Libraries ---- */

static mr_status share_library(const mr__call *call)
{
    if (call->size != sizeof(mr__library) || ((const char *)call->data)[call->size - 1] != '\0')
        return mr__fail(MR_EINVAL, "a library was to be shared that has no path");
    return mr__shared_libraries.share(call->data, (const char *)call->data + MR__BUILD_ID_SIZE);
}

/* No bytes: nobody knows it. */
static mr_status find_library(mr__call *call)
{
    mr_status status = call->size == MR__BUILD_ID_SIZE ? mr__call_make_room(call, sizeof((mr__library *)0)->path)
                                                       : mr__fail(MR_EINVAL, "this is no build-id");
    if (status == MR_OK && mr__shared_libraries.look_up(call->data, call->buffer, sizeof((mr__library *)0)->path))
        call->received = strlen(call->buffer);
    if (call->received > call->capacity)
        call->received = 0;
    return status;
}

mr_status mr__serve_data(mr__call *call)
{
    if (call->procedure < MR__FAR_LIST_INIT)
        return serve_memory(call);
    switch (call->procedure) {
    case MR__FAR_LIST_INIT:
        return make_list(call);
    case MR__FAR_LIST_ATTACH:
        return mr_shareable_list_attach(HANDLE(mr_shareable_list, 0), call->numbers[1] != 0 ? call->data : NULL);
    case MR__FAR_LIST_COPY:
        return copy_list(call);
    case MR__FAR_LIST_LENGTH:
        return tell_length(call);
    case MR__FAR_LIST_GET:
        return get_from_list(call);
    case MR__FAR_LIST_SET:
    case MR__FAR_LIST_COUNT:
    case MR__FAR_LIST_INDEX:
        return use_item(call);
    case MR__FAR_LIST_FORMAT:
        return format_list(call);
    case MR__FAR_LIBRARY_SHARE:
        return share_library(call);
    case MR__FAR_LIBRARY_FIND:
        return find_library(call);
    default:
        return mr__fail(MR_ENOTSUP, "there is no procedure %d for processes on other hosts", call->procedure);
    }
}
