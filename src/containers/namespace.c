/* Namespaces: dicts (dict.c) whose keys are names. */
#include "base/status.h"
#include "containers/container.h"

#include <stdlib.h>

static const uint64_t *handle_of(const mr_namespace *space)
{
    return space != NULL ? &space->mr__handle : NULL;
}

#define ASKING(name, what, ...) \
    ((mr__request){.procedure = MR__DO_##what, .call = name, .kind = MR__KIND_NAMESPACE, __VA_ARGS__})

/* A name as a key. One that is none is an item that is refused. */
static mr_item key_of(const char *name)
{
    return name != NULL && name[0] != '\0' ? MR_STRING(name) : (mr_item){.type = MR_ITEM_STRING, .size = 1};
}

mr_status mr_namespace_init(mr_namespace *space)
{
    return mr__ask_new(space != NULL ? &space->mr__handle : NULL,
                       ASKING("mr_namespace_init", DICT_MAKE, .in = NULL));
}

mr_status mr_namespace_destroy(const mr_namespace *space)
{
    return mr__ask(handle_of(space), ASKING("mr_namespace_destroy", CONTAINER_CLOSE, .in = NULL));
}

mr_status mr_namespace_set(const mr_namespace *space, const char *name, mr_item value)
{
    return mr__ask(handle_of(space),
                   ASKING("mr_namespace_set", DICT_SET, .in = (mr_item[]){key_of(name), value}, .in_count = 2));
}

mr_status mr_namespace_get(const mr_namespace *space, const char *name, mr_item *value, void *buffer,
                           size_t capacity)
{
    return mr__ask(handle_of(space),
                   ASKING("mr_namespace_get", DICT_GET, .in = (mr_item[]){key_of(name)}, .in_count = 1,
                          .sink = {.item = value, .buffer = buffer, .capacity = capacity}));
}

mr_status mr_namespace_get_alloc(const mr_namespace *space, const char *name, mr_item *value)
{
    return mr__ask(handle_of(space), ASKING("mr_namespace_get_alloc", DICT_GET, .in = (mr_item[]){key_of(name)},
                                            .in_count = 1, .sink = {.item = value, .is_made = true}));
}

mr_status mr_namespace_del(const mr_namespace *space, const char *name)
{
    return mr__ask(handle_of(space),
                   ASKING("mr_namespace_del", DICT_POP, .in = (mr_item[]){key_of(name)}, .in_count = 1));
}

bool mr_namespace_has(const mr_namespace *space, const char *name)
{
    mr_item key = key_of(name);
    return mr__ask_number(handle_of(space), ASKING("mr_namespace_has", DICT_HAS, .in = &key, .in_count = 1), 0) !=
           0;
}

mr_status mr_namespace_attributes(const mr_namespace *space, mr_item **pairs, size_t *count)
{
    mr_status status = mr__ask_items(handle_of(space),
                                     ASKING("mr_namespace_attributes", DICT_ITEMS, .numbers = {3}), pairs, count);
    if (status == MR_OK)
        *count /= 2;
    return status;
}

mr_status mr_namespace_text(const mr_namespace *space, char **text)
{
    mr__request asking = ASKING("mr_namespace_text", DICT_ITEMS, .numbers = {3});
    if (text == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL where the text is to go", asking.call);
    mr_status status = mr__ask_for(handle_of(space), &asking);
    if (status == MR_OK)
        status = mr__items_text(asking.call, asking.out, asking.out_count, MR__TEXT_NAMES, text);
    free(asking.out);
    return status;
}

mr_status mr_namespace_add(const mr_namespace *space, const char *name, mr_item amount, mr_item *sum)
{
    return mr__ask(handle_of(space), ASKING("mr_namespace_add", DICT_ADD, .in = (mr_item[]){key_of(name), amount},
                                            .in_count = 2, .sink = {.item = sum}));
}

mr_status mr_namespace_compare_and_swap(const mr_namespace *space, const char *name, const mr_item *expected,
                                        mr_item desired, bool *swapped)
{
    mr_item items[3] = {key_of(name), desired, expected != NULL ? *expected : MR_NONE};
    mr__request asking =
        ASKING("mr_namespace_compare_and_swap", DICT_SWAP, .in = items, .in_count = expected != NULL ? 3 : 2);
    mr_status status = mr__ask_for(handle_of(space), &asking);
    if (status == MR_OK && swapped != NULL)
        *swapped = asking.numbers[1] != 0;
    return status;
}

mr_status mr_namespace_modify(const mr_namespace *space, const char *name, mr_change change, void *argument)
{
    static const char call[] = "mr_namespace_modify";
    mr_item key = key_of(name);
    return mr__modify(handle_of(space), ASKING(call, DICT_GET, .in = NULL), ASKING(call, DICT_SWAP, .in = NULL),
                      &key, change, argument);
}

mr_status mr_namespace_get_lock(const mr_namespace *space, mr_lock *lock)
{
    return mr__ask_lock(handle_of(space), ASKING("mr_namespace_get_lock", CONTAINER_LOCK, .in = NULL), lock);
}
