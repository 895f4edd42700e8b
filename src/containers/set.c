/* Sets: dicts (dict.c) whose keys are the items. What is done with the items of two sets at once. */
#include "containers/set.h"
#include "base/status.h"
#include "containers/container.h"
#include "containers/table.h"

#include <stdlib.h>

static mr_status enter(const mr__request *r, mr__container **c, mr__table **table)
{
    mr_status status = mr__container_enter(r, c);
    if (status == MR_OK)
        *table = mr__table_at((*c)->block);
    return status;
}

/* A table of these items, each once; whoever asked for it frees it. */
static mr_status make_table(const char *call, const mr_item items[], size_t count, mr__ref *ref)
{
    const mr__cell none = {0};
    mr__cell leftover[2];
    mr_status status = mr__items_check(call, items, count);
    if (status == MR_OK)
        status = mr__table_new(call, count, ref);
    if (status != MR_OK)
        return status;
    for (size_t i = 0; i < count && status == MR_OK; i++) {
        mr__cell key;
        status = mr__item_check_key(call, &items[i]);
        if (status == MR_OK)
            status = mr__cell_make(&items[i], &key);
        if (status == MR_OK) {
            mr__table_put(mr__table_at(*ref), mr__item_hash(&items[i]), key, none, leftover);
            mr__cells_free(leftover, 2);
        }
    }
    if (status != MR_OK)
        mr__table_free(*ref, true);
    return status;
}

/* The items of a table that another one has, or has not; returns how many. */
static size_t pick(mr__table *from, mr__table *other, bool is_wanted, mr_item views[])
{
    size_t count = 0;
    uint64_t position = 0;
    for (mr__entry *each; (each = mr__table_next(from, &position)) != NULL;) {
        mr_item item = mr__cell_view(&each->key);
        if ((mr__table_find(other, each->hash, &item) != NULL) == is_wanted)
            views[count++] = item;
    }
    return count;
}

static size_t combine(mr__set_operation operation, mr__table *own, mr__table *other, mr_item views[])
{
    size_t count = 0;
    switch (operation) {
    case MR__SET_UNION:
        count = pick(own, NULL, false, views);
        return count + pick(other, own, false, views + count);
    case MR__SET_INTERSECTION:
        return pick(own, other, true, views);
    case MR__SET_DIFFERENCE:
        return pick(own, other, false, views);
    default: /* symmetric */
        count = pick(own, other, false, views);
        return count + pick(other, own, false, views + count);
    }
}

/* Puts these items in the place of those that the set has. Entered. */
static mr_status replace(const char *call, mr__container *c, const mr_item views[], size_t count)
{
    const mr__table *old = mr__table_at(c->block);
    mr__ref fresh = 0;
    mr_status status = make_table(call, views, count, &fresh);
    if (status == MR_OK) {
        c->changes++;
        mr__container_replace(c, fresh, 0, old != NULL ? old->used : 0, mr__table_empty);
    }
    return status;
}

/* The first number says how (set.h), the second whether the set becomes what comes of it, or the caller gets it.
 */
mr_status mr__set_combine(mr__request *r)
{
    mr__container *c;
    mr__table *own = NULL;
    mr__ref others = 0;
    mr_item *views = NULL;
    mr_status status = make_table(r->call, r->in, r->in_count, &others);
    if (status != MR_OK)
        return status;
    status = enter(r, &c, &own);
    if (status != MR_OK)
        goto free_others;
    mr__table *other = mr__table_at(others);
    views = calloc((own != NULL ? own->count : 0) + other->count + 1, sizeof *views);
    if (views == NULL) {
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for the items", r->call);
        goto leave;
    }
    size_t count = combine((mr__set_operation)r->numbers[0], own, other, views);
    if (r->numbers[1] != 0) {
        status = replace(r->call, c, views, count);
    } else {
        status = mr__items_own(r->call, views, count, &r->out);
        r->out_count = count;
    }
leave:
    mr__container_leave(c);
    free(views);
free_others:
    mr__table_free(others, true);
    return status;
}

/* The number says what is asked (set.h), and then the answer. */
mr_status mr__set_compare(mr__request *r)
{
    mr__container *c;
    mr__table *own = NULL;
    mr__ref others = 0;
    mr_status status = make_table(r->call, r->in, r->in_count, &others);
    if (status != MR_OK)
        return status;
    status = enter(r, &c, &own);
    if (status != MR_OK)
        goto free_others;
    mr__table *other = mr__table_at(others);
    size_t own_count = own != NULL ? own->count : 0, common = 0;
    uint64_t position = 0;
    for (mr__entry *each; (each = mr__table_next(other, &position)) != NULL;) {
        mr_item item = mr__cell_view(&each->key);
        common += mr__table_find(own, each->hash, &item) != NULL;
    }
    r->numbers[0] = r->numbers[0] == MR__SET_IS_DISJOINT ? common == 0
                    : r->numbers[0] == MR__SET_IS_SUBSET ? common == own_count
                                                         : common == other->count;
    mr__container_leave(c);
free_others:
    mr__table_free(others, true);
    return status;
}
