#include "items.h"

#include "containers/container.h"

#include <stdlib.h>
#include <string.h>

char *show_dict(const mr_dict *dict)
{
    char *text = NULL;
    return mr_dict_text(dict, &text) == MR_OK ? text : NULL;
}

char *show_list(const mr_list *list)
{
    char *text = NULL;
    return mr_list_text(list, &text) == MR_OK ? text : NULL;
}

char *show_set(const mr_set *set)
{
    char *text = NULL;
    return mr_set_text(set, &text) == MR_OK ? text : NULL;
}

char *show_namespace(const mr_namespace *space)
{
    char *text = NULL;
    return mr_namespace_text(space, &text) == MR_OK ? text : NULL;
}

char *show_items(mr_item *items, size_t count)
{
    char *text = NULL;
    mr__items_text("show_items", items, count, MR__TEXT_LIST, &text);
    free(items);
    return text;
}

bool check_shown(check_place place, char *text, const char *wanted)
{
    bool is_good = check_texts(place, text, wanted);
    free(text);
    return is_good;
}

bool item_is(mr_item item, mr_item wanted)
{
    if (item.type != wanted.type)
        return false;
    switch (item.type) {
    case MR_ITEM_NONE:
        return true;
    case MR_ITEM_BOOL:
        return item.boolean == wanted.boolean;
    case MR_ITEM_INT:
        return item.integer == wanted.integer;
    case MR_ITEM_DOUBLE:
        return memcmp(&item.real, &wanted.real, sizeof item.real) == 0;
    case MR_ITEM_OBJECT:
        return item.object == wanted.object && memcmp(item.mr__handle, wanted.mr__handle, 16) == 0;
    default:
        return item.size == wanted.size && item.code == wanted.code &&
               (item.size == 0 || memcmp(item.data, wanted.data, item.size) == 0);
    }
}

int64_t int_of(const mr_dict *dict, mr_item key)
{
    mr_item value = MR_NONE;
    CHECK_OK(mr_dict_get(dict, key, &value, NULL, 0));
    CHECK_EQ(value.type, MR_ITEM_INT);
    return value.integer;
}

int64_t int_at(const mr_list *list, ptrdiff_t index)
{
    mr_item item = MR_NONE;
    CHECK_OK(mr_list_get(list, index, &item, NULL, 0));
    CHECK_EQ(item.type, MR_ITEM_INT);
    return item.integer;
}
