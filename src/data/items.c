#include "data/items.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>

/* The items themselves come first, each of which says how long its text is, and then all texts. */

static bool has_text(const mr_item *item)
{
    return (item->type == MR_ITEM_STRING || item->type == MR_ITEM_BYTES || item->type == MR_ITEM_ARRAY) &&
           item->data != NULL;
}

mr_status mr__items_pack(const char *call, const mr_item items[], size_t count, void **bytes, size_t *size)
{
    size_t total;
    bool is_too_much = __builtin_mul_overflow(count, sizeof *items, &total);
    for (size_t i = 0; i < count && !is_too_much; i++)
        is_too_much = has_text(&items[i]) && __builtin_add_overflow(total, items[i].size, &total);
    char *next = is_too_much ? NULL : malloc(total + 1);
    if (next == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", call, count);
    *bytes = next;
    *size = total;
    if (count > 0)
        next = mempcpy(next, items, count * sizeof *items);
    for (size_t i = 0; i < count; i++)
        if (has_text(&items[i]))
            next = mempcpy(next, items[i].data, items[i].size);
    return MR_OK;
}

mr_status mr__items_unpack(const char *call, const void *bytes, size_t size, mr_item **items, size_t *count)
{
    const char *next = bytes, *end = next + size;
    mr_item item;
    size_t texts = 0, found = 0;
    while (found < size / sizeof item && (found + 1) * sizeof item + texts <= size) {
        memcpy(&item, next + found * sizeof item, sizeof item);
        found++;
        if (has_text(&item) && __builtin_add_overflow(texts, item.size, &texts))
            break;
    }
    if (found * sizeof item + texts != size)
        return mr__fail(MR_EINVAL, "%s was given something else than items", call);
    *items = malloc(found * sizeof item + 1);
    if (*items == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", call, found);
    if (found > 0)
        memcpy(*items, bytes, found * sizeof item);
    *count = found;
    next += found * sizeof item;
    for (size_t i = 0; i < found && next <= end; i++)
        if (has_text(&(*items)[i])) {
            (*items)[i].data = next;
            next += (*items)[i].size;
        }
    return MR_OK;
}
