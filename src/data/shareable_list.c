/* Lists in shared memory. Each slot has two halves; writing fills the one that is not current and then turns over,
 * so that a writer who is killed halfway leaves the old value. What is read from the memory is checked: anybody
 * may have written there. */
#include "base/context.h"
#include "base/status.h"
#include "data/items.h"
#include "data/shared_memory.h"
#include "far/far.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t MAGIC = 0x314c5352414d5253;
static const uint64_t ALIGNMENT = 8;

typedef struct half {
    uint64_t type, size;
    unsigned char bytes[];
} half;

typedef struct slot {
    uint64_t capacity; /* bytes in each half */
    _Atomic uint64_t current;
    /* the halves */
} slot;

struct head {
    uint64_t magic, length;
    uint64_t slots[]; /* where they lie; behind them, the end of the last one */
};

/* A list that has been entered. */
struct view {
    mr__object *object;
    struct head *head;
    size_t size;
};

/* ---- Items ---- */

static bool is_text(uint64_t type)
{
    return type == MR_ITEM_STRING || type == MR_ITEM_BYTES;
}

/* Where the value lies, and its size. */
static const void *content(const mr_item *item, size_t *size)
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

static mr_status check_item(const char *call, const mr_item *item)
{
    if (item == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as an item", call);
    if ((unsigned)item->type > MR_ITEM_BYTES)
        return mr__fail(MR_EINVAL, "%s: there is no item type %d", call, (int)item->type);
    if (is_text(item->type) && (item->size > PTRDIFF_MAX || (item->data == NULL && item->size > 0)))
        return mr__fail(MR_EINVAL, "%s was given a string that is NULL or too long", call);
    return MR_OK;
}

/* Python's rule: room for the bytes and at least one more, in steps of 8; 8 for what is not a string. */
static uint64_t capacity_for(const mr_item *item)
{
    return is_text(item->type) ? (item->size / ALIGNMENT + 1) * ALIGNMENT : ALIGNMENT;
}

static uint64_t slot_size(uint64_t capacity)
{
    return sizeof(slot) + 2 * (sizeof(half) + capacity);
}

/* ---- Slots ---- */

static half *half_of(slot *place, uint64_t which)
{
    return (half *)((char *)(place + 1) + which * (sizeof(half) + place->capacity));
}

static mr_status damaged(const char *call)
{
    return mr__fail(MR_EINVAL, "%s: this shared memory holds no list, or one that has been overwritten", call);
}

static mr_status enter(const char *call, const mr_shareable_list *list, struct view *view)
{
    void *data = NULL;
    mr_status status = mr__memory_enter(call, list == NULL ? NULL : &list->shm, &view->object, &data, &view->size);
    if (status != MR_OK)
        return status;
    view->head = data;
    if (view->size >= sizeof(struct head) && view->head->magic == MAGIC &&
        view->head->length < (view->size - sizeof(struct head)) / sizeof(uint64_t))
        return MR_OK;
    mr__object_leave(view->object);
    return damaged(call);
}

/* A slot by its index; negative ones count from the end. */
static mr_status find_slot(const char *call, const struct view *view, ptrdiff_t index, slot **place)
{
    uint64_t length = view->head->length;
    uint64_t from_start = index < 0 ? length - (uint64_t) - (index + 1) - 1 : (uint64_t)index;
    if (from_start >= length)
        return mr__fail(MR_EINVAL, "%s: a list of %llu items has none of index %td", call,
                        (unsigned long long)length, index);
    uint64_t start = view->head->slots[from_start];
    if (start % ALIGNMENT != 0 || start > view->size - sizeof(slot))
        return damaged(call);
    *place = (slot *)((char *)view->head + start);
    uint64_t room = view->size - start, capacity = (*place)->capacity;
    if (capacity % ALIGNMENT != 0 || capacity > room || slot_size(capacity) > room)
        return damaged(call);
    return MR_OK;
}

/* What a slot holds; strings stay where they are. */
static mr_status look(const char *call, slot *place, mr_item *item)
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
    else if (is_text(now->type)) {
        item->data = now->bytes;
        item->size = now->size;
    }
    return MR_OK;
}

static void put(slot *place, const mr_item *item)
{
    size_t size;
    const void *bytes = content(item, &size);
    half *next = half_of(place, ~place->current & 1);
    next->type = item->type;
    next->size = size;
    if (size > 0)
        memcpy(next->bytes, bytes, size);
    place->current ^= 1;
}

/* ---- Making ---- */

static mr_status total_size(const char *call, const mr_item items[], size_t length, uint64_t *size)
{
    if (items == NULL && length > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL as the items", call);
    bool fits = !__builtin_mul_overflow(length + 1, sizeof(uint64_t), size) && length < SIZE_MAX &&
                !__builtin_add_overflow(*size, sizeof(struct head), size);
    for (size_t i = 0; fits && i < length; i++) {
        mr_status status = check_item(call, &items[i]);
        if (status != MR_OK)
            return status;
        fits = items[i].type < MR_ITEM_STRING || items[i].size < SIZE_MAX / 8;
        fits = fits && !__builtin_add_overflow(*size, slot_size(capacity_for(&items[i])), size);
    }
    return fits ? MR_OK : mr__fail(MR_ENOMEM, "%s: the list is larger than any memory", call);
}

struct plan {
    const mr_item *items;
    size_t length;
};

static void lay_out(void *data, const void *with)
{
    const struct plan *plan = with;
    struct head *head = data;
    uint64_t at = sizeof *head + (plan->length + 1) * sizeof(uint64_t);
    for (size_t i = 0; i < plan->length; i++) {
        slot *place = (slot *)((char *)head + at);
        head->slots[i] = at;
        place->capacity = capacity_for(&plan->items[i]);
        put(place, &plan->items[i]);
        at += slot_size(place->capacity);
    }
    head->slots[plan->length] = at;
    head->length = plan->length;
    head->magic = MAGIC;
}

/* Copies a string out of its slot; *item gets the length even where there is no room. */
static mr_status take_text(const char *call, mr_item *item, void *buffer, size_t capacity)
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

/* ---- From another host ---- */

/* A call on a list: handles and numbers come back in it. */
static mr_status use_from_afar(mr__call *using, const mr_shareable_list *list)
{
    char nothing;
    if (list != NULL) {
        using->handles[0] = list->shm.mr__handle;
        using->handles[1] = list->shm.mr__attachment;
    }
    if (using->buffer == NULL && using->capacity == 0)
        using->buffer = &nothing;
    return mr__far(using);
}

static mr_status find_from_afar(mr__call finding, mr_shareable_list *found, const mr_shareable_list *list)
{
    mr_status status = use_from_afar(&finding, list);
    if (status == MR_OK)
        *found = (mr_shareable_list){{finding.handles[0], finding.handles[1]}};
    return status;
}

static mr_status make_from_afar(mr_shareable_list *list, const char *name, const mr_item items[], size_t length)
{
    void *packed = NULL;
    size_t size = 0, before = name != NULL ? strlen(name) : 0;
    mr_status status = mr__items_pack("mr_shareable_list_init", items, length, &packed, &size);
    char *bytes = status == MR_OK ? malloc(before + size + 1) : NULL;
    if (status == MR_OK && bytes == NULL)
        status = mr__fail(MR_ENOMEM, "mr_shareable_list_init: there is no memory for %zu items", length);
    if (status == MR_OK) {
        if (before > 0)
            memcpy(bytes, name, before);
        memcpy(bytes + before, packed, size);
        status = find_from_afar((mr__call){.procedure = MR__FAR_LIST_INIT,
                                           .numbers = {(int64_t)before, name != NULL},
                                           .data = bytes,
                                           .size = before + size},
                                list, NULL);
    }
    free(bytes);
    free(packed);
    return status;
}

/* A call that takes one item; gives the number that comes back. */
static mr_status item_from_afar(const char *call, int procedure, const mr_shareable_list *list, int64_t number,
                                const mr_item *item, size_t *answer)
{
    mr__call using = {.procedure = procedure, .numbers = {number}};
    void *packed = NULL;
    mr_status status = mr__items_pack(call, item, 1, &packed, &using.size);
    using.data = packed;
    if (status == MR_OK)
        status = use_from_afar(&using, list);
    if (status == MR_OK)
        *answer = (size_t) using.numbers[0];
    free(packed);
    return status;
}

static mr_status get_from_afar(const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                               size_t capacity)
{
    size_t room = buffer != NULL ? capacity : 0;
    mr__call getting = {.procedure = MR__FAR_LIST_GET,
                        .handles = {list->shm.mr__handle, list->shm.mr__attachment},
                        .numbers = {index, 0, (int64_t)room},
                        .capacity = room};
    mr_item *items = NULL;
    size_t count = 0;
    mr_status status = mr__far(&getting);
    if (status == MR_ETOOSMALL)
        *item = (mr_item){.type = (mr_item_type)getting.numbers[1], .size = (size_t)getting.numbers[0]};
    if (status == MR_OK)
        status = mr__items_unpack("mr_shareable_list_get", getting.buffer, getting.received, &items, &count);
    if (status == MR_OK && count == 1) {
        *item = items[0];
        if (is_text(item->type))
            status = take_text("mr_shareable_list_get", item, buffer, capacity);
    }
    free(items);
    free(getting.buffer);
    return status;
}

/* ---- Making, on any host ---- */

mr_status mr_shareable_list_init(mr_shareable_list *list, const char *name, const mr_item items[], size_t length)
{
    static const char call[] = "mr_shareable_list_init";
    if (mr__is_far(list) && (items != NULL || length == 0))
        return make_from_afar(list, name, items, length);
    uint64_t size = 0;
    mr_status status = mr__running(call);
    if (status == MR_OK)
        status = total_size(call, items, length, &size);
    if (status == MR_OK)
        status = mr__memory_create(call, list == NULL ? NULL : &list->shm, name, size, lay_out,
                                   &(struct plan){items, length});
    return status;
}

mr_status mr_shareable_list_attach(mr_shareable_list *list, const char *name)
{
    static const char call[] = "mr_shareable_list_attach";
    if (mr__is_far(list))
        return find_from_afar((mr__call){.procedure = MR__FAR_LIST_ATTACH,
                                         .numbers = {0, name != NULL},
                                         .data = name,
                                         .size = name != NULL ? strlen(name) : 0},
                              list, NULL);
    mr_shareable_list found = {0};
    struct view view;
    mr_status status = mr__memory_attach(call, list == NULL ? NULL : &found.shm, name);
    if (status != MR_OK)
        return status;
    status = enter(call, &found, &view);
    if (status != MR_OK) {
        mr_shared_memory_close(&found.shm);
        return status;
    }
    mr__object_leave(view.object);
    *list = found;
    return MR_OK;
}

static void duplicate(void *data, const void *with)
{
    const struct view *copied = with;
    memcpy(data, copied->head, copied->size);
}

mr_status mr_shareable_list_copy(mr_shareable_list *copy, const char *name, const mr_shareable_list *list)
{
    static const char call[] = "mr_shareable_list_copy";
    if (mr__is_far(list) && copy == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the copy", call);
    if (mr__is_far(list))
        return find_from_afar((mr__call){.procedure = MR__FAR_LIST_COPY,
                                         .numbers = {0, name != NULL},
                                         .data = name,
                                         .size = name != NULL ? strlen(name) : 0},
                              copy, list);
    struct view view;
    mr_status status = enter(call, list, &view);
    if (status != MR_OK)
        return status;
    struct view copied = {.head = malloc(view.size), .size = view.size};
    if (copied.head != NULL)
        duplicate(copied.head, &view);
    mr__object_leave(view.object);
    if (copied.head == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for a list of %zu bytes", call, view.size);
    status = mr__memory_create(call, copy == NULL ? NULL : &copy->shm, name, copied.size, duplicate, &copied);
    free(copied.head);
    return status;
}

/* ---- Using ---- */

mr_status mr__shareable_list_length(const mr_shareable_list *list, size_t *length)
{
    struct view view;
    mr__call asking = {.procedure = MR__FAR_LIST_LENGTH};
    bool is_far = mr__is_far(list);
    *length = 0;
    mr_status status = is_far ? use_from_afar(&asking, list) : enter("mr_shareable_list_length", list, &view);
    if (status != MR_OK)
        return status;
    *length = is_far ? (size_t)asking.numbers[0] : view.head->length;
    if (!is_far)
        mr__object_leave(view.object);
    return MR_OK;
}

ptrdiff_t mr_shareable_list_length(const mr_shareable_list *list)
{
    size_t length;
    return mr__shareable_list_length(list, &length) == MR_OK ? (ptrdiff_t)length : -1;
}

mr_status mr_shareable_list_get(const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                                size_t capacity)
{
    static const char call[] = "mr_shareable_list_get";
    if (mr__is_far(list))
        return item == NULL ? check_item(call, item) : get_from_afar(list, index, item, buffer, capacity);
    struct view view;
    slot *place = NULL;
    mr_status status = enter(call, list, &view);
    if (status != MR_OK)
        return status;
    status = item == NULL ? check_item(call, item) : find_slot(call, &view, index, &place);
    if (status == MR_OK)
        status = look(call, place, item);
    if (status == MR_OK && is_text(item->type))
        status = take_text(call, item, buffer, capacity);
    mr__object_leave(view.object);
    return status;
}

mr_status mr_shareable_list_set(const mr_shareable_list *list, ptrdiff_t index, mr_item item)
{
    static const char call[] = "mr_shareable_list_set";
    if (mr__is_far(list))
        return item_from_afar(call, MR__FAR_LIST_SET, list, index, &item, &(size_t){0});
    struct view view;
    slot *place = NULL;
    mr_status status = enter(call, list, &view);
    if (status != MR_OK)
        return status;
    status = check_item(call, &item);
    if (status == MR_OK)
        status = find_slot(call, &view, index, &place);
    if (status == MR_OK && is_text(item.type) && item.size > place->capacity)
        status = mr__fail(MR_ETOOSMALL, "%s: the slot of item %td holds up to %llu bytes, not %zu", call, index,
                          (unsigned long long)place->capacity, item.size);
    if (status == MR_OK)
        put(place, &item);
    mr__object_leave(view.object);
    return status;
}

static bool is_equal(const mr_item *a, const mr_item *b)
{
    size_t a_size, b_size;
    const void *a_bytes = content(a, &a_size), *b_bytes = content(b, &b_size);
    if (a->type != b->type)
        return false;
    if (a->type == MR_ITEM_DOUBLE)
        return !(a->real < b->real) && !(a->real > b->real) && !isnan(a->real) && !isnan(b->real);
    return a_size == b_size && (a_size == 0 || memcmp(a_bytes, b_bytes, a_size) == 0);
}

/* How many items of a list are equal to this one, and the index of the first. */
static mr_status search(const char *call, const mr_shareable_list *list, const mr_item *item, size_t *count,
                        size_t *first)
{
    struct view view;
    mr_status status = enter(call, list, &view);
    if (status != MR_OK)
        return status;
    *count = 0;
    status = check_item(call, item);
    for (size_t i = view.head->length; status == MR_OK && i-- > 0;) {
        slot *place = NULL;
        mr_item found;
        status = find_slot(call, &view, (ptrdiff_t)i, &place);
        if (status == MR_OK)
            status = look(call, place, &found);
        if (status != MR_OK || !is_equal(&found, item))
            continue;
        ++*count;
        *first = i;
    }
    mr__object_leave(view.object);
    return status;
}

mr_status mr_shareable_list_count(const mr_shareable_list *list, mr_item item, size_t *count)
{
    size_t first = 0;
    if (count == NULL)
        return mr__fail(MR_EINVAL, "mr_shareable_list_count was given NULL as the count");
    if (mr__is_far(list))
        return item_from_afar("mr_shareable_list_count", MR__FAR_LIST_COUNT, list, 0, &item, count);
    return search("mr_shareable_list_count", list, &item, count, &first);
}

mr_status mr_shareable_list_index(const mr_shareable_list *list, mr_item item, size_t *index)
{
    static const char call[] = "mr_shareable_list_index";
    size_t count = 0;
    if (index == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the index", call);
    if (mr__is_far(list))
        return item_from_afar(call, MR__FAR_LIST_INDEX, list, 0, &item, index);
    mr_status status = search(call, list, &item, &count, index);
    if (status == MR_OK && count == 0)
        status = mr__fail(MR_ENOENT, "%s: no item of the list has this value", call);
    return status;
}

/* As Python's struct module writes what a slot holds. */
static int print_format(char *text, size_t size, const slot *place, const mr_item *item)
{
    static const char *const formats[] = {"xxxxxx?x", "xxxxxxx?", "q", "d"};
    if (is_text(item->type))
        return snprintf(text, size, "%llus", (unsigned long long)place->capacity);
    return snprintf(text, size, "%s", formats[item->type]);
}

static mr_status fail_no_room(const char *call)
{
    return mr__fail(MR_EINVAL, "%s was given no room for the text", call);
}

mr_status mr_shareable_list_format(const mr_shareable_list *list, char *text, size_t size)
{
    static const char call[] = "mr_shareable_list_format";
    if (mr__is_far(list) && (text == NULL || size == 0))
        return fail_no_room(call);
    if (mr__is_far(list)) {
        mr__call asking = {.procedure = MR__FAR_LIST_FORMAT, .buffer = text, .capacity = size};
        return use_from_afar(&asking, list);
    }
    struct view view;
    mr_status status = enter(call, list, &view);
    if (status != MR_OK)
        return status;
    if (text == NULL || size == 0)
        status = fail_no_room(call);
    else
        *text = '\0';
    for (uint64_t i = 0, used = 0; status == MR_OK && i < view.head->length; i++) {
        slot *place = NULL;
        mr_item item;
        status = find_slot(call, &view, (ptrdiff_t)i, &place);
        if (status == MR_OK)
            status = look(call, place, &item);
        if (status == MR_OK)
            used += (uint64_t)print_format(text + used, size - used, place, &item);
        if (status == MR_OK && used >= size)
            status = mr__fail(MR_ETOOSMALL, "%s: the format is longer than %zu bytes", call, size - 1);
    }
    mr__object_leave(view.object);
    return status;
}
