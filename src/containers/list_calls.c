/* What users call on lists: mr_list_... */
#include "base/status.h"
#include "containers/container.h"

#include <stdlib.h>

static const uint64_t *handle_of(const mr_list *list)
{
    return list != NULL ? &list->mr__handle : NULL;
}

#define ASKING(name, what, ...) \
    ((mr__request){.procedure = MR__DO_##what, .call = name, .kind = MR__KIND_LIST, __VA_ARGS__})

mr_status mr_list_init(mr_list *list, const mr_item items[], size_t count)
{
    return mr__ask_new(list != NULL ? &list->mr__handle : NULL,
                       ASKING("mr_list_init", LIST_MAKE, .in = items, .in_count = count));
}

mr_status mr_list_destroy(const mr_list *list)
{
    return mr__ask(handle_of(list), ASKING("mr_list_destroy", CONTAINER_CLOSE, .in = NULL));
}

ptrdiff_t mr_list_length(const mr_list *list)
{
    return mr__ask_number(handle_of(list), ASKING("mr_list_length", LIST_LENGTH, .in = NULL), -1);
}

mr_status mr_list_set(const mr_list *list, ptrdiff_t index, mr_item item)
{
    return mr__ask(handle_of(list),
                   ASKING("mr_list_set", LIST_SET, .numbers = {index}, .in = &item, .in_count = 1));
}

mr_status mr_list_get(const mr_list *list, ptrdiff_t index, mr_item *item, void *buffer, size_t capacity)
{
    return mr__ask(handle_of(list), ASKING("mr_list_get", LIST_GET, .numbers = {index},
                                           .sink = {.item = item, .buffer = buffer, .capacity = capacity}));
}

mr_status mr_list_get_alloc(const mr_list *list, ptrdiff_t index, mr_item *item)
{
    return mr__ask(handle_of(list), ASKING("mr_list_get_alloc", LIST_GET, .numbers = {index},
                                           .sink = {.item = item, .is_made = true}));
}

mr_status mr_list_del(const mr_list *list, ptrdiff_t index)
{
    return mr__ask(handle_of(list), ASKING("mr_list_del", LIST_POP, .numbers = {index}));
}

mr_status mr_list_append(const mr_list *list, mr_item item)
{
    return mr__ask(handle_of(list), ASKING("mr_list_append", LIST_EXTEND, .in = &item, .in_count = 1));
}

mr_status mr_list_extend(const mr_list *list, const mr_item items[], size_t count)
{
    return mr__ask(handle_of(list), ASKING("mr_list_extend", LIST_EXTEND, .in = items, .in_count = count));
}

mr_status mr_list_insert(const mr_list *list, ptrdiff_t index, mr_item item)
{
    return mr__ask(handle_of(list),
                   ASKING("mr_list_insert", LIST_INSERT, .numbers = {index}, .in = &item, .in_count = 1));
}

mr_status mr_list_pop(const mr_list *list, ptrdiff_t index, mr_item *item, void *buffer, size_t capacity)
{
    return mr__ask(handle_of(list), ASKING("mr_list_pop", LIST_POP, .numbers = {index},
                                           .sink = {.item = item, .buffer = buffer, .capacity = capacity}));
}

/* ---- Searching ---- */

/* The request says how many items equal this one, and the index of the first; MR_ENOENT where there has to be one.
 */
static mr_status search(const char *call, const mr_list *list, const mr_item *item, bool removes, bool has_to_be,
                        mr__request *asked)
{
    *asked = ASKING(call, LIST_SEARCH, .numbers = {removes}, .in = item, .in_count = 1);
    mr_status status = mr__ask_for(handle_of(list), asked);
    if (status == MR_OK && has_to_be && asked->numbers[0] == 0)
        status = mr__fail(MR_ENOENT, "%s: no item of the list equals this one", call);
    return status;
}

bool mr_list_has(const mr_list *list, mr_item item)
{
    mr__request asked;
    return search("mr_list_has", list, &item, false, false, &asked) == MR_OK && asked.numbers[0] > 0;
}

mr_status mr_list_pop_alloc(const mr_list *list, ptrdiff_t index, mr_item *item)
{
    return mr__ask(handle_of(list), ASKING("mr_list_pop_alloc", LIST_POP, .numbers = {index},
                                           .sink = {.item = item, .is_made = true}));
}

mr_status mr_list_remove(const mr_list *list, mr_item item)
{
    mr__request asked;
    return search("mr_list_remove", list, &item, true, true, &asked);
}

mr_status mr_list_count(const mr_list *list, mr_item item, size_t *count)
{
    mr__request asked;
    if (count == NULL)
        return mr__fail(MR_EINVAL, "mr_list_count was given NULL as the count");
    mr_status status = search("mr_list_count", list, &item, false, false, &asked);
    if (status == MR_OK)
        *count = (size_t)asked.numbers[0];
    return status;
}

mr_status mr_list_index(const mr_list *list, mr_item item, size_t *index)
{
    mr__request asked;
    if (index == NULL)
        return mr__fail(MR_EINVAL, "mr_list_index was given NULL as the index");
    mr_status status = search("mr_list_index", list, &item, false, true, &asked);
    if (status == MR_OK)
        *index = (size_t)asked.numbers[1];
    return status;
}

/* ---- The whole list ---- */

enum { REVERSE = 0, SORT = 1, REPEAT = 2 };

mr_status mr_list_clear(const mr_list *list)
{
    return mr__ask(handle_of(list), ASKING("mr_list_clear", LIST_ARRANGE, .numbers = {REPEAT, 0}));
}

mr_status mr_list_reverse(const mr_list *list)
{
    return mr__ask(handle_of(list), ASKING("mr_list_reverse", LIST_ARRANGE, .numbers = {REVERSE}));
}

mr_status mr_list_sort(const mr_list *list, bool reverse)
{
    return mr__ask(handle_of(list), ASKING("mr_list_sort", LIST_ARRANGE, .numbers = {reverse ? -SORT : SORT}));
}

mr_status mr_list_repeat(const mr_list *list, ptrdiff_t times)
{
    return mr__ask(handle_of(list), ASKING("mr_list_repeat", LIST_ARRANGE, .numbers = {REPEAT, times}));
}

/* ---- Slices ---- */

static mr_status slice(const char *call, const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step,
                       mr_item **items, size_t *count)
{
    return mr__ask_items(handle_of(list), ASKING(call, LIST_SLICE, .numbers = {start, stop, step}), items, count);
}

mr_status mr_list_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step, mr_item **items,
                        size_t *count)
{
    return slice("mr_list_slice", list, start, stop, step, items, count);
}

mr_status mr_list_set_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step,
                            const mr_item items[], size_t count)
{
    return mr__ask(handle_of(list), ASKING("mr_list_set_slice", LIST_SET_SLICE, .numbers = {start, stop, step},
                                           .in = items, .in_count = count));
}

mr_status mr_list_del_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step)
{
    return mr__ask(handle_of(list), ASKING("mr_list_del_slice", LIST_DEL_SLICE, .numbers = {start, stop, step}));
}

mr_status mr_list_items(const mr_list *list, mr_item **items, size_t *count)
{
    return slice("mr_list_items", list, MR_OMITTED, MR_OMITTED, 1, items, count);
}

mr_status mr_list_reversed(const mr_list *list, mr_item **items, size_t *count)
{
    return slice("mr_list_reversed", list, MR_OMITTED, MR_OMITTED, -1, items, count);
}

/* All items, so many times, and more of the caller's behind them. */
static mr_status compose(const char *call, const mr_list *list, size_t times, const mr_item more[],
                         size_t more_count, mr_item **items, size_t *count)
{
    mr_item *all = NULL, *views = NULL;
    size_t length = 0, total = 0;
    mr_status status = mr__items_check(call, more, more_count);
    if (status == MR_OK && (items == NULL || count == NULL))
        status = mr__fail(MR_EINVAL, "%s was given NULL where the items are to go", call);
    if (status == MR_OK)
        status = slice(call, list, MR_OMITTED, MR_OMITTED, 1, &all, &length);
    if (status != MR_OK)
        return status;
    bool is_too_much = __builtin_mul_overflow(length, times, &total) ||
                       __builtin_add_overflow(total, more_count, &total) || total > PTRDIFF_MAX / sizeof *views;
    if (!is_too_much)
        views = calloc(total > 0 ? total : 1, sizeof *views);
    if (views == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for so many items", call);
    for (size_t i = 0; status == MR_OK && i < total; i++)
        views[i] = i < total - more_count ? all[i % length] : more[i - (total - more_count)];
    if (status == MR_OK)
        status = mr__items_own(call, views, total, items);
    if (status == MR_OK)
        *count = total;
    free(views);
    free(all);
    return status;
}

mr_status mr_list_plus(const mr_list *list, const mr_item more[], size_t more_count, mr_item **items,
                       size_t *count)
{
    return compose("mr_list_plus", list, 1, more, more_count, items, count);
}

mr_status mr_list_times(const mr_list *list, ptrdiff_t times, mr_item **items, size_t *count)
{
    return compose("mr_list_times", list, times > 0 ? (size_t)times : 0, NULL, 0, items, count);
}

mr_status mr_list_copy(mr_list *copy, const mr_list *list)
{
    static const char call[] = "mr_list_copy";
    mr_item *items;
    size_t count;
    if (copy == NULL)
        return mr__object_given(call, MR__KIND_LIST, copy);
    mr_status status = slice(call, list, MR_OMITTED, MR_OMITTED, 1, &items, &count);
    if (status != MR_OK)
        return status;
    status = mr__ask_new(&copy->mr__handle, ASKING(call, LIST_MAKE, .in = items, .in_count = count));
    free(items);
    return status;
}

mr_status mr_list_text(const mr_list *list, char **text)
{
    static const char call[] = "mr_list_text";
    mr_item *items;
    size_t count;
    if (text == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL where the text is to go", call);
    mr_status status = slice(call, list, MR_OMITTED, MR_OMITTED, 1, &items, &count);
    if (status != MR_OK)
        return status;
    status = mr__items_text(call, items, count, MR__TEXT_LIST, text);
    free(items);
    return status;
}

mr_status mr_list_iterate(const mr_list *list, mr_iterator *iterator)
{
    return mr__iterate("mr_list_iterate", MR__KIND_LIST, handle_of(list), iterator);
}

/* ---- What Python lacks ---- */

mr_status mr_list_add(const mr_list *list, ptrdiff_t index, mr_item amount, mr_item *sum)
{
    return mr__ask(handle_of(list), ASKING("mr_list_add", LIST_ADD, .numbers = {index}, .in = &amount,
                                           .in_count = 1, .sink = {.item = sum}));
}

mr_status mr_list_compare_and_swap(const mr_list *list, ptrdiff_t index, const mr_item *expected, mr_item desired,
                                   bool *swapped)
{
    static const char call[] = "mr_list_compare_and_swap";
    if (expected == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the expected item", call);
    mr_item items[2] = {desired, *expected};
    mr__request asking = ASKING(call, LIST_SWAP, .numbers = {index}, .in = items, .in_count = 2);
    mr_status status = mr__ask_for(handle_of(list), &asking);
    if (status == MR_OK && swapped != NULL)
        *swapped = asking.numbers[1] != 0;
    return status;
}

mr_status mr_list_modify(const mr_list *list, ptrdiff_t index, mr_change change, void *argument)
{
    static const char call[] = "mr_list_modify";
    return mr__modify(handle_of(list), ASKING(call, LIST_GET, .numbers = {index}),
                      ASKING(call, LIST_SWAP, .numbers = {index}), NULL, change, argument);
}

mr_status mr_list_get_lock(const mr_list *list, mr_lock *lock)
{
    return mr__ask_lock(handle_of(list), ASKING("mr_list_get_lock", CONTAINER_LOCK, .in = NULL), lock);
}
