/* What users call on dicts: mr_dict_... */
#include "base/status.h"
#include "containers/container.h"

#include <stdlib.h>

static const uint64_t *handle_of(const mr_dict *dict)
{
    return dict != NULL ? &dict->mr__handle : NULL;
}

#define ASKING(name, what, ...) \
    ((mr__request){.procedure = MR__DO_##what, .call = name, .kind = MR__KIND_DICT, __VA_ARGS__})

/* Makes a dict of keys and values, in turn. */
static mr_status make_of(const char *call, const mr_item items[], size_t count, mr_dict *made)
{
    mr_status status = mr__ask_new(&made->mr__handle, ASKING(call, DICT_MAKE, .in = NULL));
    if (status != MR_OK || count == 0)
        return status;
    status = mr__ask(&made->mr__handle, ASKING(call, DICT_UPDATE, .in = items, .in_count = count));
    if (status != MR_OK)
        mr__ask(&made->mr__handle, ASKING(call, CONTAINER_CLOSE, .in = NULL));
    return status;
}

mr_status mr_dict_init(mr_dict *dict)
{
    return mr__ask_new(dict != NULL ? &dict->mr__handle : NULL, ASKING("mr_dict_init", DICT_MAKE, .in = NULL));
}

mr_status mr_dict_init_fromkeys(mr_dict *dict, const mr_item keys[], size_t count, mr_item value)
{
    static const char call[] = "mr_dict_init_fromkeys";
    mr_dict made = {0};
    if (dict == NULL)
        return mr__object_given(call, MR__KIND_DICT, dict);
    if (keys == NULL && count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL as the keys", call);
    mr_item *pairs = count < SIZE_MAX / 2 ? calloc(2 * count + 1, sizeof *pairs) : NULL;
    if (pairs == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for %zu keys", call, count);
    for (size_t i = 0; i < count; i++) {
        pairs[2 * i] = keys[i];
        pairs[2 * i + 1] = value;
    }
    mr_status status = make_of(call, pairs, 2 * count, &made);
    free(pairs);
    if (status == MR_OK)
        *dict = made;
    return status;
}

mr_status mr_dict_destroy(const mr_dict *dict)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_destroy", CONTAINER_CLOSE, .in = NULL));
}

ptrdiff_t mr_dict_length(const mr_dict *dict)
{
    return mr__ask_number(handle_of(dict), ASKING("mr_dict_length", DICT_LENGTH, .in = NULL), -1);
}

bool mr_dict_has(const mr_dict *dict, mr_item key)
{
    return mr__ask_number(handle_of(dict), ASKING("mr_dict_has", DICT_HAS, .in = &key, .in_count = 1), 0) != 0;
}

mr_status mr_dict_set(const mr_dict *dict, mr_item key, mr_item value)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_set", DICT_SET, .in = (mr_item[]){key, value}, .in_count = 2));
}

mr_status mr_dict_get(const mr_dict *dict, mr_item key, mr_item *value, void *buffer, size_t capacity)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_get", DICT_GET, .in = &key, .in_count = 1,
                                           .sink = {.item = value, .buffer = buffer, .capacity = capacity}));
}

mr_status mr_dict_get_alloc(const mr_dict *dict, mr_item key, mr_item *value)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_get_alloc", DICT_GET, .in = &key, .in_count = 1,
                                           .sink = {.item = value, .is_made = true}));
}

mr_status mr_dict_del(const mr_dict *dict, mr_item key)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_del", DICT_POP, .in = &key, .in_count = 1));
}

mr_status mr_dict_pop(const mr_dict *dict, mr_item key, mr_item *value, void *buffer, size_t capacity)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_pop", DICT_POP, .in = &key, .in_count = 1,
                                           .sink = {.item = value, .buffer = buffer, .capacity = capacity}));
}

mr_status mr_dict_pop_alloc(const mr_dict *dict, mr_item key, mr_item *value)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_pop_alloc", DICT_POP, .in = &key, .in_count = 1,
                                           .sink = {.item = value, .is_made = true}));
}

mr_status mr_dict_popitem(const mr_dict *dict, mr_item **pair)
{
    size_t count;
    return mr__ask_items(handle_of(dict), ASKING("mr_dict_popitem", DICT_POPITEM, .in = NULL), pair, &count);
}

mr_status mr_dict_setdefault(const mr_dict *dict, mr_item key, mr_item default_, mr_item *value, void *buffer,
                             size_t capacity)
{
    return mr__ask(handle_of(dict),
                   ASKING("mr_dict_setdefault", DICT_SETDEFAULT, .in = (mr_item[]){key, default_}, .in_count = 2,
                          .sink = {.item = value, .buffer = buffer, .capacity = capacity}));
}

mr_status mr_dict_setdefault_alloc(const mr_dict *dict, mr_item key, mr_item default_, mr_item *value)
{
    return mr__ask(handle_of(dict),
                   ASKING("mr_dict_setdefault_alloc", DICT_SETDEFAULT, .in = (mr_item[]){key, default_},
                          .in_count = 2, .sink = {.item = value, .is_made = true}));
}

mr_status mr_dict_update(const mr_dict *dict, const mr_item pairs[], size_t count)
{
    if (count > SIZE_MAX / 2)
        return mr__fail(MR_EINVAL, "mr_dict_update was given more pairs than there can be");
    return mr__ask(handle_of(dict), ASKING("mr_dict_update", DICT_UPDATE, .in = pairs, .in_count = 2 * count));
}

mr_status mr_dict_clear(const mr_dict *dict)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_clear", DICT_CLEAR, .in = NULL));
}

/* ---- All at once ---- */

enum { KEYS = 1, VALUES = 2 };

static mr_status all(const char *call, const mr_dict *dict, int64_t what, mr_item **items, size_t *count)
{
    return mr__ask_items(handle_of(dict), ASKING(call, DICT_ITEMS, .numbers = {what}), items, count);
}

mr_status mr_dict_keys(const mr_dict *dict, mr_item **keys, size_t *count)
{
    return all("mr_dict_keys", dict, KEYS, keys, count);
}

mr_status mr_dict_values(const mr_dict *dict, mr_item **values, size_t *count)
{
    return all("mr_dict_values", dict, VALUES, values, count);
}

mr_status mr_dict_items(const mr_dict *dict, mr_item **pairs, size_t *count)
{
    mr_status status = all("mr_dict_items", dict, KEYS | VALUES, pairs, count);
    if (status == MR_OK)
        *count /= 2;
    return status;
}

mr_status mr_dict_reversed(const mr_dict *dict, mr_item **keys, size_t *count)
{
    mr_status status = all("mr_dict_reversed", dict, KEYS, keys, count);
    for (size_t i = 0; status == MR_OK && i < *count / 2; i++) {
        mr_item *first = &(*keys)[i], *last = &(*keys)[*count - 1 - i], kept = *first;
        *first = *last;
        *last = kept;
    }
    return status;
}

/* By way of a dict, which knows best what is one key, and in which order they come. */
mr_status mr_dict_union(const mr_dict *dict, const mr_item more[], size_t more_count, mr_item **pairs,
                        size_t *count)
{
    static const char call[] = "mr_dict_union";
    mr_item *items;
    mr_dict both = {0};
    size_t item_count;
    if (more_count > SIZE_MAX / 2 || (more == NULL && more_count > 0))
        return mr__fail(MR_EINVAL, "%s was given no pairs, or more than there can be", call);
    mr_status status = all(call, dict, KEYS | VALUES, &items, &item_count);
    if (status != MR_OK)
        return status;
    status = make_of(call, items, item_count, &both);
    free(items);
    if (status != MR_OK)
        return status;
    status = mr__ask(&both.mr__handle, ASKING(call, DICT_UPDATE, .in = more, .in_count = 2 * more_count));
    if (status == MR_OK)
        status = all(call, &both, KEYS | VALUES, pairs, count);
    if (status == MR_OK)
        *count /= 2;
    mr__ask(&both.mr__handle, ASKING(call, CONTAINER_CLOSE, .in = NULL));
    return status;
}

mr_status mr_dict_text(const mr_dict *dict, char **text)
{
    mr_item *items;
    size_t count;
    if (text == NULL)
        return mr__fail(MR_EINVAL, "mr_dict_text was given NULL where the text is to go");
    mr_status status = all("mr_dict_text", dict, KEYS | VALUES, &items, &count);
    if (status != MR_OK)
        return status;
    status = mr__items_text("mr_dict_text", items, count, MR__TEXT_DICT, text);
    free(items);
    return status;
}

mr_status mr_dict_copy(mr_dict *copy, const mr_dict *dict)
{
    static const char call[] = "mr_dict_copy";
    mr_dict made = {0};
    mr_item *items;
    size_t count;
    if (copy == NULL)
        return mr__object_given(call, MR__KIND_DICT, copy);
    mr_status status = all(call, dict, KEYS | VALUES, &items, &count);
    if (status != MR_OK)
        return status;
    status = make_of(call, items, count, &made);
    free(items);
    if (status == MR_OK)
        *copy = made;
    return status;
}

mr_status mr_dict_iterate(const mr_dict *dict, mr_iterator *iterator)
{
    return mr__iterate("mr_dict_iterate", MR__KIND_DICT, handle_of(dict), iterator);
}

/* ---- What Python lacks ---- */

mr_status mr_dict_add(const mr_dict *dict, mr_item key, mr_item amount, mr_item *sum)
{
    return mr__ask(handle_of(dict), ASKING("mr_dict_add", DICT_ADD, .in = (mr_item[]){key, amount}, .in_count = 2,
                                           .sink = {.item = sum}));
}

mr_status mr_dict_compare_and_swap(const mr_dict *dict, mr_item key, const mr_item *expected, mr_item desired,
                                   bool *swapped)
{
    mr_item items[3] = {key, desired, expected != NULL ? *expected : MR_NONE};
    mr__request asking =
        ASKING("mr_dict_compare_and_swap", DICT_SWAP, .in = items, .in_count = expected != NULL ? 3 : 2);
    mr_status status = mr__ask_for(handle_of(dict), &asking);
    if (status == MR_OK && swapped != NULL)
        *swapped = asking.numbers[1] != 0;
    return status;
}

mr_status mr_dict_modify(const mr_dict *dict, mr_item key, mr_change change, void *argument)
{
    static const char call[] = "mr_dict_modify";
    return mr__modify(handle_of(dict), ASKING(call, DICT_GET, .in = NULL), ASKING(call, DICT_SWAP, .in = NULL),
                      &key, change, argument);
}

mr_status mr_dict_get_lock(const mr_dict *dict, mr_lock *lock)
{
    return mr__ask_lock(handle_of(dict), ASKING("mr_dict_get_lock", CONTAINER_LOCK, .in = NULL), lock);
}
