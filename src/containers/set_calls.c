/* What users call on sets: mr_set_... */
#include "base/status.h"
#include "containers/container.h"
#include "containers/set.h"

#include <stdlib.h>

static const uint64_t *handle_of(const mr_set *set)
{
    return set != NULL ? &set->mr__handle : NULL;
}

#define ASKING(name, what, ...) \
    ((mr__request){.procedure = MR__DO_##what, .call = name, .kind = MR__KIND_SET, __VA_ARGS__})

/* Adds items: as keys of a dict, whose values are none. */
static mr_status add_all(const char *call, const mr_set *set, const mr_item items[], size_t count)
{
    if (items == NULL && count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL as the items", call);
    mr_item *pairs = count < SIZE_MAX / 2 ? calloc(2 * count + 1, sizeof *pairs) : NULL;
    if (pairs == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", call, count);
    for (size_t i = 0; i < count; i++)
        pairs[2 * i] = items[i];
    mr_status status = mr__ask(handle_of(set), ASKING(call, DICT_UPDATE, .in = pairs, .in_count = 2 * count));
    free(pairs);
    return status;
}

static mr_status make_of(const char *call, const mr_item items[], size_t count, mr_set *set)
{
    mr_set made = {0};
    mr_status status = mr__ask_new(set != NULL ? &made.mr__handle : NULL, ASKING(call, DICT_MAKE, .in = NULL));
    if (status != MR_OK)
        return status;
    status = count > 0 ? add_all(call, &made, items, count) : MR_OK;
    if (status == MR_OK)
        *set = made;
    else
        mr__ask(&made.mr__handle, ASKING(call, CONTAINER_CLOSE, .in = NULL));
    return status;
}

mr_status mr_set_init(mr_set *set, const mr_item items[], size_t count)
{
    return make_of("mr_set_init", items, count, set);
}

mr_status mr_set_destroy(const mr_set *set)
{
    return mr__ask(handle_of(set), ASKING("mr_set_destroy", CONTAINER_CLOSE, .in = NULL));
}

ptrdiff_t mr_set_length(const mr_set *set)
{
    return mr__ask_number(handle_of(set), ASKING("mr_set_length", DICT_LENGTH, .in = NULL), -1);
}

bool mr_set_has(const mr_set *set, mr_item item)
{
    return mr__ask_number(handle_of(set), ASKING("mr_set_has", DICT_HAS, .in = &item, .in_count = 1), 0) != 0;
}

mr_status mr_set_add(const mr_set *set, mr_item item)
{
    return mr__ask(handle_of(set),
                   ASKING("mr_set_add", DICT_SET, .in = (mr_item[]){item, MR_NONE}, .in_count = 2));
}

mr_status mr_set_discard(const mr_set *set, mr_item item)
{
    return mr__ask(handle_of(set),
                   ASKING("mr_set_discard", DICT_POP, .numbers = {true}, .in = &item, .in_count = 1));
}

mr_status mr_set_remove(const mr_set *set, mr_item item)
{
    return mr__ask(handle_of(set), ASKING("mr_set_remove", DICT_POP, .in = &item, .in_count = 1));
}

mr_status mr_set_pop(const mr_set *set, mr_item **item)
{
    size_t count;
    return mr__ask_items(handle_of(set), ASKING("mr_set_pop", DICT_POPITEM, .in = NULL), item, &count);
}

mr_status mr_set_clear(const mr_set *set)
{
    return mr__ask(handle_of(set), ASKING("mr_set_clear", DICT_CLEAR, .in = NULL));
}

/* ---- All at once ---- */

static mr_status all(const char *call, const mr_set *set, mr_item **items, size_t *count)
{
    enum { KEYS = 1 };
    return mr__ask_items(handle_of(set), ASKING(call, DICT_ITEMS, .numbers = {KEYS}), items, count);
}

mr_status mr_set_items(const mr_set *set, mr_item **items, size_t *count)
{
    return all("mr_set_items", set, items, count);
}

mr_status mr_set_copy(mr_set *copy, const mr_set *set)
{
    static const char call[] = "mr_set_copy";
    mr_item *items;
    size_t count;
    if (copy == NULL)
        return mr__object_given(call, MR__KIND_SET, copy);
    mr_status status = all(call, set, &items, &count);
    if (status != MR_OK)
        return status;
    status = make_of(call, items, count, copy);
    free(items);
    return status;
}

mr_status mr_set_text(const mr_set *set, char **text)
{
    static const char call[] = "mr_set_text";
    mr_item *items;
    size_t count;
    if (text == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL where the text is to go", call);
    mr_status status = all(call, set, &items, &count);
    if (status != MR_OK)
        return status;
    status = mr__items_text(call, items, count, MR__TEXT_SET, text);
    free(items);
    return status;
}

mr_status mr_set_iterate(const mr_set *set, mr_iterator *iterator)
{
    return mr__iterate("mr_set_iterate", MR__KIND_SET, handle_of(set), iterator);
}

mr_status mr_set_get_lock(const mr_set *set, mr_lock *lock)
{
    return mr__ask_lock(handle_of(set), ASKING("mr_set_get_lock", CONTAINER_LOCK, .in = NULL), lock);
}

/* ---- With other items ---- */

mr_status mr_set_update(const mr_set *set, const mr_item others[], size_t count)
{
    return add_all("mr_set_update", set, others, count);
}

/* What comes of the set and other items: for the caller, or for the set itself. */
#define OPERATION(name, operation)                                                                               \
    mr_status mr_set_##name(const mr_set *set, const mr_item others[], size_t other_count, mr_item **items,      \
                            size_t *count)                                                                       \
    {                                                                                                            \
        return mr__ask_items(                                                                                    \
            handle_of(set),                                                                                      \
            ASKING("mr_set_" #name, SET_COMBINE, .numbers = {operation}, .in = others, .in_count = other_count), \
            items, count);                                                                                       \
    }

#define OPERATION_IN_PLACE(name, operation)                                                               \
    mr_status mr_set_##name(const mr_set *set, const mr_item others[], size_t count)                      \
    {                                                                                                     \
        return mr__ask(handle_of(set), ASKING("mr_set_" #name, SET_COMBINE, .numbers = {operation, true}, \
                                              .in = others, .in_count = count));                          \
    }

OPERATION(union, MR__SET_UNION)
OPERATION(intersection, MR__SET_INTERSECTION)
OPERATION(difference, MR__SET_DIFFERENCE)
OPERATION(symmetric_difference, MR__SET_SYMMETRIC_DIFFERENCE)
OPERATION_IN_PLACE(intersection_update, MR__SET_INTERSECTION)
OPERATION_IN_PLACE(difference_update, MR__SET_DIFFERENCE)
OPERATION_IN_PLACE(symmetric_difference_update, MR__SET_SYMMETRIC_DIFFERENCE)

#define QUESTION(name, relation)                                                                                 \
    bool mr_set_##name(const mr_set *set, const mr_item others[], size_t count)                                  \
    {                                                                                                            \
        return mr__ask_number(                                                                                   \
                   handle_of(set),                                                                               \
                   ASKING("mr_set_" #name, SET_COMPARE, .numbers = {relation}, .in = others, .in_count = count), \
                   0) != 0;                                                                                      \
    }

QUESTION(is_disjoint, MR__SET_IS_DISJOINT)
QUESTION(is_subset, MR__SET_IS_SUBSET)
QUESTION(is_superset, MR__SET_IS_SUPERSET)
