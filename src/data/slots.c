#include "data/slots.h"

#include "base/status.h"
#include "data/shared_memory.h"

#include <string.h>

static const uint64_t MAGIC = 0x314c5352414d5253;
static const uint64_t ALIGNMENT = 8;

typedef struct half {
    uint64_t type, size;
    unsigned char bytes[];
} half;

/* ---- Items ---- */

bool mr__slot_is_text(uint64_t type)
{
    return type == MR_ITEM_STRING || type == MR_ITEM_BYTES;
}

/* Where the value lies, and its size. */
const void *mr__slot_content(const mr_item *item, size_t *size)
{
    static const int64_t none;
    *size = sizeof(int64_t);
    switch (item->type) {
    case MR_ITEM_BOOL:
        *size = sizeof item->boolean;
        return &item->boolean;
    case MR_ITEM_INT:
        return &item->integer;
    case MR_ITEM_DOUBLE:
        return &item->real;
    case MR_ITEM_STRING:
    case MR_ITEM_BYTES:
        *size = item->size;
        return item->data;
    default:
        *size = 0;
        return &none;
    }
}

mr_status mr__slot_check(const char *call, const mr_item *item)
{
    if (item == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as an item", call);
    if ((unsigned)item->type > MR_ITEM_BYTES)
        return mr__fail(MR_EINVAL, "%s: there is no item type %d", call, (int)item->type);
    if (mr__slot_is_text(item->type) && (item->size > PTRDIFF_MAX || (item->data == NULL && item->size > 0)))
        return mr__fail(MR_EINVAL, "%s was given a string that is NULL or too long", call);
    return MR_OK;
}

/* Python's rule: room for the bytes and at least one more, in steps of 8; 8 for what is not a string. */
static uint64_t capacity_for(const mr_item *item)
{
    return mr__slot_is_text(item->type) ? (item->size / ALIGNMENT + 1) * ALIGNMENT : ALIGNMENT;
}

static uint64_t slot_size(uint64_t capacity)
{
    return sizeof(mr__slot) + 2 * (sizeof(half) + capacity);
}

/* ---- Slots ---- */

static half *half_of(mr__slot *place, uint64_t which)
{
    return (half *)((char *)(place + 1) + which * (sizeof(half) + place->capacity));
}

static mr_status damaged(const char *call)
{
    return mr__fail(MR_EINVAL, "%s: this shared memory holds no list, or one that has been overwritten", call);
}

mr_status mr__slots_enter(const char *call, const mr_shareable_list *list, mr__slots *view)
{
    void *data = NULL;
    mr_status status = mr__memory_enter(call, list == NULL ? NULL : &list->shm, &view->object, &data, &view->size);
    if (status != MR_OK)
        return status;
    view->head = data;
    if (view->size >= sizeof(mr__slots_head) && view->head->magic == MAGIC &&
        view->head->length < (view->size - sizeof(mr__slots_head)) / sizeof(uint64_t))
        return MR_OK;
    mr__object_leave(view->object);
    return damaged(call);
}

/* A slot by its index; negative ones count from the end. */
mr_status mr__slots_find(const char *call, const mr__slots *view, ptrdiff_t index, mr__slot **place)
{
    uint64_t length = view->head->length;
    uint64_t from_start = index < 0 ? length - (uint64_t) - (index + 1) - 1 : (uint64_t)index;
    if (from_start >= length)
        return mr__fail(MR_EINVAL, "%s: a list of %llu items has none of index %td", call,
                        (unsigned long long)length, index);
    uint64_t start = view->head->slots[from_start];
    if (start % ALIGNMENT != 0 || start > view->size - sizeof(mr__slot))
        return damaged(call);
    *place = (mr__slot *)((char *)view->head + start);
    uint64_t room = view->size - start, capacity = (*place)->capacity;
    if (capacity % ALIGNMENT != 0 || capacity > room || slot_size(capacity) > room)
        return damaged(call);
    return MR_OK;
}

/* What a slot holds; strings stay where they are. */
mr_status mr__slot_look(const char *call, mr__slot *place, mr_item *item)
{
    const half *now = half_of(place, place->current & 1);
    *item = (mr_item){.type = (mr_item_type)now->type};
    if (now->type > MR_ITEM_BYTES || now->size > place->capacity)
        return damaged(call);
    if (now->type == MR_ITEM_BOOL)
        item->boolean = now->bytes[0] != 0;
    else if (now->type == MR_ITEM_INT)
        memcpy(&item->integer, now->bytes, sizeof item->integer);
    else if (now->type == MR_ITEM_DOUBLE)
        memcpy(&item->real, now->bytes, sizeof item->real);
    else if (mr__slot_is_text(now->type)) {
        item->data = now->bytes;
        item->size = now->size;
    }
    return MR_OK;
}

void mr__slot_put(mr__slot *place, const mr_item *item)
{
    size_t size;
    const void *bytes = mr__slot_content(item, &size);
    half *next = half_of(place, ~place->current & 1);
    next->type = item->type;
    next->size = size;
    if (size > 0)
        memcpy(next->bytes, bytes, size);
    place->current ^= 1;
}

/* ---- Laying out ---- */

mr_status mr__slots_size(const char *call, const mr_item items[], size_t length, uint64_t *size)
{
    if (items == NULL && length > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL as the items", call);
    bool fits = !__builtin_mul_overflow(length + 1, sizeof(uint64_t), size) && length < SIZE_MAX &&
                !__builtin_add_overflow(*size, sizeof(mr__slots_head), size);
    for (size_t i = 0; fits && i < length; i++) {
        mr_status status = mr__slot_check(call, &items[i]);
        if (status != MR_OK)
            return status;
        fits = items[i].type < MR_ITEM_STRING || items[i].size < SIZE_MAX / 8;
        fits = fits && !__builtin_add_overflow(*size, slot_size(capacity_for(&items[i])), size);
    }
    return fits ? MR_OK : mr__fail(MR_ENOMEM, "%s: the list is larger than any memory", call);
}

void mr__slots_lay_out(void *data, const void *with)
{
    const mr__slots_plan *plan = with;
    mr__slots_head *head = data;
    uint64_t at = sizeof *head + (plan->length + 1) * sizeof(uint64_t);
    for (size_t i = 0; i < plan->length; i++) {
        mr__slot *place = (mr__slot *)((char *)head + at);
        head->slots[i] = at;
        place->capacity = capacity_for(&plan->items[i]);
        mr__slot_put(place, &plan->items[i]);
        at += slot_size(place->capacity);
    }
    head->slots[plan->length] = at;
    head->length = plan->length;
    head->magic = MAGIC;
}

/* Copies a string out of its slot; *item gets the length even where there is no room. */
mr_status mr__slot_take_text(const char *call, mr_item *item, void *buffer, size_t capacity)
{
    const void *bytes = item->data;
    item->data = NULL;
    size_t needed = item->size + (item->type == MR_ITEM_STRING);
    if (capacity < needed || (buffer == NULL && needed > 0))
        return mr__fail(MR_ETOOSMALL, "%s: the item needs a buffer of %zu bytes, not %zu", call, needed, capacity);
    if (item->size > 0)
        memcpy(buffer, bytes, item->size);
    if (item->type == MR_ITEM_STRING)
        ((char *)buffer)[item->size] = '\0';
    item->data = buffer;
    return MR_OK;
}
