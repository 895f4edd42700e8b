/* Lists in shared memory: what can be asked of them. What lies there is in slots.c. */
#include "base/context.h"
#include "base/status.h"
#include "data/items.h"
#include "data/shared_memory.h"
#include "data/slots.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Calls ---- */

/* A call on a list: handles and numbers come back in it. */
static mr_status ask(mr__call *call, const mr_shareable_list *list)
{
    if (list != NULL)
        call->handles[1] = list->shm.mr__attachment;
    return mr__ask_method(list != NULL ? &list->shm.mr__handle : NULL, call);
}

static mr_shareable_list list_in(const mr__call *c)
{
    return (mr_shareable_list){{c->handles[0], c->handles[1]}};
}

/* One that makes or finds a list. */
static mr_status ask_found(mr__call *call, mr_shareable_list *found)
{
    mr_status status = mr__ask_method(found != NULL ? &(uint64_t){0} : NULL, call);
    if (status == MR_OK)
        *found = list_in(call);
    return status;
}

static mr_status answer_found(mr__call *c, mr_status status, const mr_shared_memory *found)
{
    if (status == MR_OK) {
        c->handles[0] = found->mr__handle;
        c->handles[1] = found->mr__attachment;
    }
    return status;
}

/* ---- Making ---- */

static mr_status make(const char *call, mr_shared_memory *made, const char *name, const mr_item items[],
                      size_t length)
{
    uint64_t size = 0;
    mr_status status = mr__slots_size(call, items, length, &size);
    return status == MR_OK
               ? mr__memory_create(call, made, name, size, mr__slots_lay_out, &(mr__slots_plan){items, length})
               : status;
}

/* The name, and behind it the items. */
static mr_status run_make(mr__call *c)
{
    const char *call = c->method->call;
    mr_item *items = NULL;
    mr_shared_memory made;
    size_t count = 0, before = (size_t)c->numbers[0];
    if (before > c->size)
        return mr__fail(MR_EINVAL, "%s was given something else than a name", call);
    mr_status status = mr__items_unpack(call, (const char *)c->data + before, c->size - before, &items, &count);
    char *name = status == MR_OK && c->numbers[1] != 0 ? strndup(c->data, before) : NULL;
    if (status == MR_OK)
        status = make(call, &made, name, items, count);
    free(name);
    free(items);
    return answer_found(c, status, &made);
}
MR__METHOD(list_make, "mr_shareable_list_init", MR__KIND_MEMORY, run_make);

static mr_status send_make(mr_shareable_list *list, const char *name, const mr_item items[], size_t length)
{
    void *packed = NULL;
    size_t size = 0, before = name != NULL ? strlen(name) : 0;
    mr_status status = mr__items_pack(list_make.call, items, length, &packed, &size);
    char *bytes = status == MR_OK ? malloc(before + size + 1) : NULL;
    if (status == MR_OK && bytes == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", list_make.call, length);
    if (status == MR_OK) {
        if (before > 0)
            memcpy(bytes, name, before);
        memcpy(bytes + before, packed, size);
        mr__call call = {.method = &list_make,
                         .numbers = {(int64_t)before, name != NULL},
                         .data = bytes,
                         .size = before + size};
        status = ask_found(&call, list);
    }
    free(bytes);
    free(packed);
    return status;
}

mr_status mr_shareable_list_init(mr_shareable_list *list, const char *name, const mr_item items[], size_t length)
{
    if (list != NULL && mr__is_main_far() && (items != NULL || length == 0))
        return send_make(list, name, items, length);
    mr_status status = mr__object_given(list_make.call, MR__KIND_MEMORY, list);
    return status == MR_OK ? make(list_make.call, &list->shm, name, items, length) : status;
}

static mr_status run_attach(mr__call *c)
{
    mr_shareable_list found = {0};
    mr__slots view;
    mr_status status = mr__memory_attach(c->method->call, &found.shm, mr__name_in(c));
    if (status != MR_OK)
        return status;
    status = mr__slots_enter(c->method->call, &found, &view);
    if (status != MR_OK) {
        mr_shared_memory_close(&found.shm);
        return status;
    }
    mr__object_leave(view.object);
    return answer_found(c, MR_OK, &found.shm);
}
MR__METHOD(list_attach, "mr_shareable_list_attach", MR__KIND_MEMORY, run_attach);

mr_status mr_shareable_list_attach(mr_shareable_list *list, const char *name)
{
    mr__call call = {.method = &list_attach,
                     .numbers = {0, name != NULL},
                     .data = name,
                     .size = name != NULL ? strlen(name) : 0};
    return ask_found(&call, list);
}

static void duplicate(void *data, const void *with)
{
    const mr__slots *copied = with;
    memcpy(data, copied->head, copied->size);
}

static mr_status run_copy(mr__call *c)
{
    const char *call = c->method->call;
    mr__slots view;
    const mr_shareable_list list = list_in(c);
    mr_shared_memory copy;
    mr_status status = mr__slots_enter(call, &list, &view);
    if (status != MR_OK)
        return status;
    mr__slots copied = {.head = malloc(view.size), .size = view.size};
    if (copied.head != NULL)
        duplicate(copied.head, &view);
    mr__object_leave(view.object);
    if (copied.head == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for a list of %zu bytes", call, view.size);
    status = mr__memory_create(call, &copy, mr__name_in(c), copied.size, duplicate, &copied);
    free(copied.head);
    return answer_found(c, status, &copy);
}
MR__METHOD(list_copy, "mr_shareable_list_copy", MR__KIND_MEMORY, run_copy);

mr_status mr_shareable_list_copy(mr_shareable_list *copy, const char *name, const mr_shareable_list *list)
{
    mr__call call = {
        .method = &list_copy, .numbers = {0, name != NULL}, .data = name, .size = name != NULL ? strlen(name) : 0};
    mr_status status = mr__object_given(list_copy.call, MR__KIND_MEMORY, copy);
    if (status == MR_OK)
        status = ask(&call, list);
    if (status == MR_OK)
        *copy = list_in(&call);
    return status;
}

/* ---- Getting and setting ---- */

static mr_status run_length(mr__call *c)
{
    mr__slots view;
    const mr_shareable_list list = list_in(c);
    mr_status status = mr__slots_enter(c->method->call, &list, &view);
    if (status != MR_OK)
        return status;
    c->numbers[0] = (int64_t)view.head->length;
    mr__object_leave(view.object);
    return MR_OK;
}
MR__METHOD(list_length, "mr_shareable_list_length", MR__KIND_MEMORY, run_length);

ptrdiff_t mr_shareable_list_length(const mr_shareable_list *list)
{
    mr__call call = {.method = &list_length};
    return ask(&call, list) == MR_OK ? (ptrdiff_t)call.numbers[0] : -1;
}

static mr_status get(const char *call, const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                     size_t capacity)
{
    mr__slots view;
    mr__slot *place = NULL;
    mr_status status = mr__slots_enter(call, list, &view);
    if (status != MR_OK)
        return status;
    status = mr__slots_find(call, &view, index, &place);
    if (status == MR_OK)
        status = mr__slot_look(call, place, item);
    if (status == MR_OK && mr__slot_is_text(item->type))
        status = mr__slot_take_text(call, item, buffer, capacity);
    mr__object_leave(view.object);
    return status;
}

/* numbers: the index, and room for a string; its size and type come back. */
static mr_status run_get(mr__call *c)
{
    mr_item item = {0};
    const mr_shareable_list list = list_in(c);
    size_t capacity = (size_t)c->numbers[1], most = mr_shared_memory_size(&list.shm) + 1;
    if (capacity > most) /* no item is larger than its list */
        capacity = most;
    void *text = malloc(capacity > 0 ? capacity : 1);
    if (text == NULL)
        return mr__fail(MR_ENOMEM, "main has no memory for an item of up to %zu bytes", capacity);
    mr_status status = get(c->method->call, &list, (ptrdiff_t)c->numbers[0], &item, text, capacity);
    c->numbers[0] = (int64_t)item.size;
    c->numbers[1] = item.type;
    if (status == MR_OK)
        status = mr__items_pack(c->method->call, &item, 1, &c->buffer, &c->received);
    free(text);
    return status;
}
MR__METHOD(list_get, "mr_shareable_list_get", MR__KIND_MEMORY, run_get);

static mr_status send_get(const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                          size_t capacity)
{
    size_t room = buffer != NULL ? capacity : 0, count = 0;
    mr__call call = {.method = &list_get, .numbers = {index, (int64_t)room}, .capacity = SIZE_MAX};
    mr_item *items = NULL;
    mr_status status = ask(&call, list);
    if (status == MR_ETOOSMALL)
        *item = (mr_item){.type = (mr_item_type)call.numbers[1], .size = (size_t)call.numbers[0]};
    if (status == MR_OK)
        status = mr__items_unpack(list_get.call, call.buffer, call.received, &items, &count);
    if (status == MR_OK && count == 1) {
        *item = items[0];
        if (mr__slot_is_text(item->type))
            status = mr__slot_take_text(list_get.call, item, buffer, capacity);
    }
    free(items);
    free(call.buffer);
    return status;
}

mr_status mr_shareable_list_get(const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                                size_t capacity)
{
    if (item == NULL)
        return mr__slot_check(list_get.call, item);
    return mr__is_far(list) ? send_get(list, index, item, buffer, capacity)
                            : get(list_get.call, list, index, item, buffer, capacity);
}

static mr_status set(const char *call, const mr_shareable_list *list, ptrdiff_t index, const mr_item *item)
{
    mr__slots view;
    mr__slot *place = NULL;
    mr_status status = mr__slots_enter(call, list, &view);
    if (status != MR_OK)
        return status;
    status = mr__slot_check(call, item);
    if (status == MR_OK)
        status = mr__slots_find(call, &view, index, &place);
    if (status == MR_OK && mr__slot_is_text(item->type) && item->size > place->capacity)
        status = mr__fail(MR_ETOOSMALL, "%s: the slot of item %td holds up to %llu bytes, not %zu", call, index,
                          (unsigned long long)place->capacity, item->size);
    if (status == MR_OK)
        mr__slot_put(place, item);
    mr__object_leave(view.object);
    return status;
}

/* Does something with the one item of a call; numbers: one that goes there, and one that comes back. */
typedef mr_status use(const char *call, const mr_shareable_list *list, int64_t number, const mr_item *item,
                      size_t *answer);

static mr_status use_packed(mr__call *c, use *function)
{
    const char *call = c->method->call;
    const mr_shareable_list list = list_in(c);
    mr_item *item = NULL;
    size_t count = 0, answer = 0;
    mr_status status = mr__items_unpack(call, c->data, c->size, &item, &count);
    if (status == MR_OK && count != 1)
        status = mr__fail(MR_EINVAL, "%s was given %zu items", call, count);
    if (status == MR_OK)
        status = function(call, &list, c->numbers[0], item, &answer);
    c->numbers[0] = (int64_t)answer;
    free(item);
    return status;
}

/* Here the item needs no packing. */
static mr_status ask_use(const mr__method *method, use *function, const mr_shareable_list *list, int64_t number,
                         const mr_item *item, size_t *answer)
{
    mr_status status = mr__object_given(method->call, MR__KIND_MEMORY, list);
    if (status != MR_OK)
        return status;
    if (!mr__is_far(list))
        return function(method->call, list, number, item, answer);
    mr__call call = {.method = method, .numbers = {number}};
    void *packed = NULL;
    status = mr__items_pack(method->call, item, 1, &packed, &call.size);
    call.data = packed;
    if (status == MR_OK)
        status = ask(&call, list);
    if (status == MR_OK)
        *answer = (size_t)call.numbers[0];
    free(packed);
    return status;
}

static mr_status use_set(const char *call, const mr_shareable_list *list, int64_t number, const mr_item *item,
                         size_t *answer)
{
    (void)answer;
    return set(call, list, (ptrdiff_t)number, item);
}

static mr_status run_set(mr__call *c)
{
    return use_packed(c, use_set);
}
MR__METHOD(list_set, "mr_shareable_list_set", MR__KIND_MEMORY, run_set);

mr_status mr_shareable_list_set(const mr_shareable_list *list, ptrdiff_t index, mr_item item)
{
    return ask_use(&list_set, use_set, list, index, &item, &(size_t){0});
}

/* ---- Searching ---- */

static bool is_equal(const mr_item *a, const mr_item *b)
{
    size_t a_size, b_size;
    const void *a_bytes = mr__slot_content(a, &a_size), *b_bytes = mr__slot_content(b, &b_size);
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
    mr__slots view;
    mr_status status = mr__slots_enter(call, list, &view);
    if (status != MR_OK)
        return status;
    *count = 0;
    status = mr__slot_check(call, item);
    for (size_t i = view.head->length; status == MR_OK && i-- > 0;) {
        mr__slot *place = NULL;
        mr_item found;
        status = mr__slots_find(call, &view, (ptrdiff_t)i, &place);
        if (status == MR_OK)
            status = mr__slot_look(call, place, &found);
        if (status != MR_OK || !is_equal(&found, item))
            continue;
        ++*count;
        *first = i;
    }
    mr__object_leave(view.object);
    return status;
}

static mr_status use_count(const char *call, const mr_shareable_list *list, int64_t number, const mr_item *item,
                           size_t *answer)
{
    size_t first = 0;
    (void)number;
    return search(call, list, item, answer, &first);
}

static mr_status run_count(mr__call *c)
{
    return use_packed(c, use_count);
}
MR__METHOD(list_count, "mr_shareable_list_count", MR__KIND_MEMORY, run_count);

mr_status mr_shareable_list_count(const mr_shareable_list *list, mr_item item, size_t *count)
{
    if (count == NULL)
        return mr__fail(MR_EINVAL, "mr_shareable_list_count was given NULL as the count");
    return ask_use(&list_count, use_count, list, 0, &item, count);
}

static mr_status use_index(const char *call, const mr_shareable_list *list, int64_t number, const mr_item *item,
                           size_t *answer)
{
    size_t count = 0;
    (void)number;
    mr_status status = search(call, list, item, &count, answer);
    if (status == MR_OK && count == 0)
        status = mr__fail(MR_ENOENT, "%s: no item of the list has this value", call);
    return status;
}

static mr_status run_index(mr__call *c)
{
    return use_packed(c, use_index);
}
MR__METHOD(list_index, "mr_shareable_list_index", MR__KIND_MEMORY, run_index);

mr_status mr_shareable_list_index(const mr_shareable_list *list, mr_item item, size_t *index)
{
    if (index == NULL)
        return mr__fail(MR_EINVAL, "mr_shareable_list_index was given NULL as the index");
    return ask_use(&list_index, use_index, list, 0, &item, index);
}

/* ---- Its format ---- */

/* As Python's struct module writes what a slot holds. */
static int print_format(char *text, size_t size, const mr__slot *place, const mr_item *item)
{
    static const char *const formats[] = {"xxxxxx?x", "xxxxxxx?", "q", "d"};
    if (mr__slot_is_text(item->type))
        return snprintf(text, size, "%llus", (unsigned long long)place->capacity);
    return snprintf(text, size, "%s", formats[item->type]);
}

static mr_status format(const char *call, const mr_shareable_list *list, char *text, size_t size)
{
    mr__slots view;
    mr_status status = mr__slots_enter(call, list, &view);
    if (status != MR_OK)
        return status;
    *text = '\0';
    for (uint64_t i = 0, used = 0; status == MR_OK && i < view.head->length; i++) {
        mr__slot *place = NULL;
        mr_item item;
        status = mr__slots_find(call, &view, (ptrdiff_t)i, &place);
        if (status == MR_OK)
            status = mr__slot_look(call, place, &item);
        if (status == MR_OK)
            used += (uint64_t)print_format(text + used, size - used, place, &item);
        if (status == MR_OK && used >= size)
            status = mr__fail(MR_ETOOSMALL, "%s: the format is longer than %zu bytes", call, size - 1);
    }
    mr__object_leave(view.object);
    return status;
}

static mr_status run_format(mr__call *c)
{
    enum { LONGEST = 24 }; /* of what is said of an item */
    const mr_shareable_list list = list_in(c);
    if (!c->is_from_afar)
        return format(c->method->call, &list, c->buffer, c->capacity);
    mr__call asking = {.handles = {c->handles[0], c->handles[1]}, .method = c->method};
    mr_status status = run_length(&asking);
    if (status != MR_OK)
        return status;
    size_t most = LONGEST * (size_t)asking.numbers[0] + 1, room = most < c->capacity ? most : c->capacity;
    status = mr__call_make_room(c, room);
    if (status == MR_OK)
        status = format(c->method->call, &list, c->buffer, room);
    c->received = status == MR_OK ? strlen(c->buffer) + 1 : 0;
    return status;
}
MR__METHOD(list_format, "mr_shareable_list_format", MR__KIND_MEMORY, run_format);

mr_status mr_shareable_list_format(const mr_shareable_list *list, char *text, size_t size)
{
    if (text == NULL || size == 0)
        return mr__fail(MR_EINVAL, "%s was given no room for the text", list_format.call);
    return ask(&(mr__call){.method = &list_format, .buffer = text, .capacity = size}, list);
}
