/* Dicts, and the namespaces and sets that are made of them: what is done to them, by the request (container.h).
 * Every change is one store (table.h); of several at once, the plan is written down first and carried out to its
 * end, by the next who comes if need be. */
#include "base/status.h"
#include "containers/container.h"
#include "containers/table.h"

#include <stdlib.h>
#include <string.h>

/* What is being set at once: those before done have been. */
typedef struct plan {
    uint64_t count;
    _Atomic uint64_t done;
    struct {
        mr__cell key, value;
    } pairs[];
} plan;

typedef struct dict {
    mr__container container;
    _Atomic mr__ref plan; /* 0: none */
} dict;

_Static_assert(sizeof(dict) <= MR__SLOT_SIZE, "a dict fits its slot");

static mr__table *table_of(const dict *d)
{
    return mr__table_at(d->container.block);
}

/* ---- Several at once ---- */

static void finish_plan(dict *d)
{
    mr__ref ref = d->plan;
    plan *p = ref != 0 ? mr__at(ref) : NULL;
    while (p != NULL && p->done < p->count) {
        mr__cell key = p->pairs[p->done].key, leftover[2];
        mr_item item = mr__cell_view(&key);
        mr__table_put(table_of(d), mr__item_hash(&item), key, p->pairs[p->done].value, leftover);
        MR__COMMIT(p->done, p->done + 1);
        mr__cells_free(leftover, 2);
    }
    MR__COMMIT(d->plan, 0);
    mr__free(ref);
}

/* Room for so many more keys. Entries that are gone count for nothing in the new table. */
static mr_status reserve(const char *call, dict *d, uint64_t more)
{
    const mr__table *table = table_of(d);
    mr__ref fresh;
    if (table != NULL && more <= table->capacity - table->used)
        return MR_OK;
    uint64_t count = table != NULL ? table->count : 0, room = count + (more > count ? more : count);
    if (room > MR__TABLE_MOST && count + more <= MR__TABLE_MOST)
        room = MR__TABLE_MOST;
    mr_status status = mr__table_new(call, room, &fresh);
    if (status != MR_OK)
        return status;
    if (table != NULL)
        mr__table_move(table, mr__table_at(fresh));
    mr__container_replace(&d->container, fresh, 0, 0, mr__table_empty);
    return MR_OK;
}

/* ---- The kind ---- */

static void repair(mr__object *object)
{
    dict *d = (dict *)object;
    mr__container_repair(&d->container, mr__table_empty);
    if (table_of(d) != NULL)
        mr__table_repair(table_of(d));
    d->container.changes++;
    finish_plan(d);
}

static void discard(mr__object *object)
{
    mr__table_free(((dict *)object)->container.block, true);
}

const mr__kind mr__dict_kind = {.name = "dict", .repair = repair, .discard = discard};
const mr__kind mr__namespace_kind = {.name = "namespace", .repair = repair, .discard = discard};
const mr__kind mr__set_kind = {.name = "set", .repair = repair, .discard = discard};

mr_status mr__dict_make(mr__request *r)
{
    mr__object *object;
    mr_status status = mr__object_new(r->call, r->kind, &object, &r->handle);
    if (status == MR_OK)
        mr__object_leave(object);
    return status;
}

/* ---- Looking ---- */

static mr_status enter(const mr__request *r, dict **d)
{
    mr__container *container;
    mr_status status = mr__container_enter(r, &container);
    *d = (dict *)container;
    return status;
}

static void leave(dict *d)
{
    mr__container_leave(&d->container);
}

/* Enters the dict and looks for the key, which is the request's first item; *entry is NULL if it is not there. */
static mr_status find(const mr__request *r, dict **d, mr__entry **entry)
{
    mr_status status = mr__item_check_key(r->call, r->in);
    if (status == MR_OK)
        status = enter(r, d);
    if (status == MR_OK)
        *entry = mr__table_find(table_of(*d), mr__item_hash(r->in), r->in);
    return status;
}

static mr_status missing(const mr__request *r)
{
    char *text = NULL;
    if (mr__items_text(r->call, r->in, 1, MR__TEXT_LIST, &text) != MR_OK)
        return mr_last_status();
    int length = (int)strnlen(text, 200); /* without the brackets */
    const char *what = r->kind == MR__KIND_NAMESPACE ? "attribute" : r->kind == MR__KIND_SET ? "item" : "key";
    mr_status status = mr__fail(MR_ENOENT, "%s: there is no %s %.*s", r->call, what, length - 2, text + 1);
    free(text);
    return status;
}

mr_status mr__dict_length(mr__request *r)
{
    dict *d;
    mr_status status = enter(r, &d);
    if (status != MR_OK)
        return status;
    r->numbers[0] = table_of(d) != NULL ? (int64_t)table_of(d)->count : 0;
    leave(d);
    return MR_OK;
}

mr_status mr__dict_has(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr_status status = find(r, &d, &entry);
    if (status != MR_OK)
        return status;
    r->numbers[0] = entry != NULL;
    leave(d);
    return MR_OK;
}

mr_status mr__dict_get(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr_status status = find(r, &d, &entry);
    if (status != MR_OK)
        return status;
    if (entry != NULL) {
        mr_item value = mr__cell_view(mr__entry_value(entry));
        status = mr__item_give(r->call, &value, &r->sink);
    }
    leave(d);
    return entry != NULL ? status : missing(r);
}

/* Keys, values or both, as the number says. */
mr_status mr__dict_items(mr__request *r)
{
    dict *d;
    mr_status status = enter(r, &d);
    if (status != MR_OK)
        return status;
    bool has_keys = (r->numbers[0] & 1) != 0, has_values = (r->numbers[0] & 2) != 0;
    size_t count = table_of(d) != NULL ? table_of(d)->count : 0, next = 0;
    mr_item *views = calloc(2 * count + 1, sizeof *views);
    uint64_t position = 0;
    for (mr__entry *each; views != NULL && (each = mr__table_next(table_of(d), &position)) != NULL;) {
        if (has_keys)
            views[next++] = mr__cell_view(&each->key);
        if (has_values)
            views[next++] = mr__cell_view(mr__entry_value(each));
    }
    if (views == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", r->call, count);
    else
        status = mr__items_own(r->call, views, next, &r->out);
    leave(d);
    free(views);
    r->out_count = next;
    return status;
}

/* The pair at a position, or nothing at the end. The second number says how often the keys had changed at the
 * first time, when the position is 0. */
mr_status mr__dict_next(mr__request *r)
{
    dict *d;
    mr_status status = enter(r, &d);
    if (status != MR_OK)
        return status;
    uint64_t position = (uint64_t)r->numbers[0], changes = d->container.changes;
    if (position == 0)
        r->numbers[1] = (int64_t)changes;
    if ((uint64_t)r->numbers[1] != changes)
        status = mr__fail(MR_ESTATE, "%s: keys have come or gone since the iterator was made", r->call);
    mr__entry *entry = status == MR_OK ? mr__table_next(table_of(d), &position) : NULL;
    if (entry != NULL) {
        mr_item pair[2] = {mr__cell_view(&entry->key), mr__cell_view(mr__entry_value(entry))};
        status = mr__items_own(r->call, pair, 2, &r->out);
        r->out_count = 2;
    }
    r->numbers[0] = (int64_t)position;
    leave(d);
    return status;
}

/* ---- Changing ---- */

/* Adds a key that is not there yet, and takes the value over. Entered. */
static mr_status insert(const mr__request *r, dict *d, mr__cell value)
{
    mr__cell key, leftover[2];
    mr_status status = reserve(r->call, d, 1);
    if (status == MR_OK)
        status = mr__cell_make(r->in, &key);
    if (status != MR_OK)
        return status;
    d->container.changes++;
    mr__table_put(table_of(d), mr__item_hash(r->in), key, value, leftover);
    return MR_OK;
}

/* Sets the value of a key that has been looked for, and leaves. What is not used of the value is freed. */
static mr_status set_and_leave(const mr__request *r, dict *d, mr__entry *entry, mr__cell value)
{
    mr__cell leftover = {0};
    mr_status status = MR_OK;
    if (entry != NULL)
        mr__entry_set(entry, value, &leftover);
    else
        status = insert(r, d, value);
    leave(d);
    mr__cell_free(status == MR_OK ? &leftover : &value);
    return status;
}

mr_status mr__dict_set(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr__cell value;
    mr_status status = mr__item_check(r->call, &r->in[1]);
    if (status == MR_OK)
        status = mr__cell_make(&r->in[1], &value);
    if (status != MR_OK)
        return status;
    status = find(r, &d, &entry);
    if (status == MR_OK)
        return set_and_leave(r, d, entry, value);
    mr__cell_free(&value);
    return status;
}

mr_status mr__dict_setdefault(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr__cell value;
    mr_status status = mr__item_check(r->call, &r->in[1]);
    if (status == MR_OK)
        status = find(r, &d, &entry);
    if (status != MR_OK)
        return status;
    mr_item found = entry != NULL ? mr__cell_view(mr__entry_value(entry)) : r->in[1];
    status = mr__item_give(r->call, &found, &r->sink);
    if (status != MR_OK || entry != NULL) {
        leave(d);
        return status;
    }
    status = mr__cell_make(&r->in[1], &value);
    if (status == MR_OK)
        status = set_and_leave(r, d, NULL, value);
    else
        leave(d);
    if (status != MR_OK)
        mr__item_take_back(&r->sink);
    return status;
}

/* Frees what is left of an entry that is gone. */
static void remove_and_leave(dict *d, mr__entry *entry)
{
    mr__cell leftover[2];
    d->container.changes++;
    mr__table_remove(table_of(d), entry, leftover);
    leave(d);
    mr__cells_free(leftover, 2);
}

/* The number says that the key may be missing. */
mr_status mr__dict_pop(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr_status status = find(r, &d, &entry);
    if (status != MR_OK)
        return status;
    if (entry == NULL) {
        leave(d);
        return r->numbers[0] != 0 ? MR_OK : missing(r);
    }
    mr_item value = mr__cell_view(mr__entry_value(entry));
    status = mr__item_give(r->call, &value, &r->sink);
    if (status == MR_OK)
        remove_and_leave(d, entry);
    else
        leave(d);
    return status;
}

mr_status mr__dict_popitem(mr__request *r)
{
    dict *d;
    mr_status status = enter(r, &d);
    if (status != MR_OK)
        return status;
    mr__entry *last = mr__table_last(table_of(d));
    if (last == NULL) {
        leave(d);
        return mr__fail(MR_ENOENT, "%s: the %s is empty", r->call, mr__kinds[r->kind]->name);
    }
    mr_item pair[2] = {mr__cell_view(&last->key), mr__cell_view(mr__entry_value(last))};
    status = mr__items_own(r->call, pair, 2, &r->out);
    r->out_count = 2;
    if (status == MR_OK)
        remove_and_leave(d, last);
    else
        leave(d);
    return status;
}

mr_status mr__dict_clear(mr__request *r)
{
    dict *d;
    mr_status status = enter(r, &d);
    if (status != MR_OK)
        return status;
    d->container.changes++;
    if (table_of(d) != NULL)
        mr__container_replace(&d->container, 0, 0, table_of(d)->used, mr__table_empty);
    leave(d);
    return MR_OK;
}

/* The plan for an update. */
static mr_status make_plan(const mr__request *r, mr__ref *ref)
{
    size_t count = r->in_count / 2;
    mr_status status = mr__items_check(r->call, r->in, r->in_count);
    for (size_t i = 0; i < count && status == MR_OK; i++)
        status = mr__item_check_key(r->call, &r->in[2 * i]);
    if (status == MR_OK)
        status = mr__alloc(sizeof(plan) + count * sizeof(((plan *)0)->pairs[0]), ref);
    if (status != MR_OK)
        return status;
    plan *p = mr__at(*ref);
    p->count = count;
    status = mr__cells_make(r->in, 2 * count, &p->pairs[0].key);
    if (status != MR_OK)
        mr__free(*ref);
    return status;
}

mr_status mr__dict_update(mr__request *r)
{
    dict *d;
    mr__ref ref = 0;
    mr_status status = make_plan(r, &ref);
    if (status != MR_OK)
        return status;
    status = enter(r, &d);
    bool is_entered = status == MR_OK;
    if (is_entered)
        status = reserve(r->call, d, r->in_count / 2);
    if (status == MR_OK) {
        uint64_t count = table_of(d) != NULL ? table_of(d)->count : 0;
        MR__COMMIT(d->plan, ref);
        finish_plan(d);
        d->container.changes += table_of(d) != NULL && table_of(d)->count != count;
    }
    if (is_entered)
        leave(d);
    if (status != MR_OK) {
        plan *p = mr__at(ref);
        mr__cells_free(&p->pairs[0].key, 2 * p->count);
        mr__free(ref);
    }
    return status;
}

/* ---- What Python lacks ---- */

mr_status mr__dict_add(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr__cell value;
    mr_item sum;
    mr_status status = mr__item_check(r->call, &r->in[1]);
    if (status == MR_OK)
        status = find(r, &d, &entry);
    if (status != MR_OK)
        return status;
    mr_item now = entry != NULL ? mr__cell_view(mr__entry_value(entry)) : MR_INT(0);
    status = mr__item_add(r->call, &now, &r->in[1], &sum);
    if (status != MR_OK) {
        leave(d);
        return status;
    }
    mr__cell_make(&sum, &value); /* numbers need no memory */
    status = set_and_leave(r, d, entry, value);
    return status == MR_OK ? mr__item_give(r->call, &sum, &r->sink) : status;
}

/* The items: key, desired, and, if there is to be one, the expected value. */
mr_status mr__dict_swap(mr__request *r)
{
    dict *d;
    mr__entry *entry;
    mr__cell value;
    const mr_item *expected = r->in_count > 2 ? &r->in[2] : NULL;
    mr_status status = mr__items_check(r->call, r->in, r->in_count);
    if (status == MR_OK)
        status = find(r, &d, &entry);
    if (status != MR_OK)
        return status;
    mr_item now = entry != NULL ? mr__cell_view(mr__entry_value(entry)) : MR_NONE;
    bool is_expected = (entry != NULL) == (expected != NULL);
    if (is_expected && expected != NULL)
        is_expected = mr__item_is_same(&now, expected);
    r->numbers[1] = is_expected;
    if (is_expected)
        status = mr__cell_make(&r->in[1], &value);
    if (is_expected && status == MR_OK)
        return set_and_leave(r, d, entry, value);
    leave(d);
    return status;
}
