#include "containers/table.h"

#include "base/status.h"

#include <string.h>

/* Entries at the end that are gone are used again; so a dict that serves as a stack never looks through them. */
static void trim(mr__table *table)
{
    while (table->used > 0 && table->entries[table->used - 1].state == MR__ENTRY_GONE)
        MR__COMMIT(table->used, table->used - 1);
}

/* ---- The index: linear probing, at most two thirds full ---- */

static uint32_t *index_of(const mr__table *table)
{
    return (uint32_t *)(uintptr_t)&table->entries[table->capacity];
}

/* The slot that names an entry, or the empty one where the search for it ends. */
static uint64_t find_slot(const mr__table *table, uint64_t hash, uint32_t entry)
{
    const uint32_t *index = index_of(table);
    uint64_t slot = hash & table->mask;
    while (index[slot] != 0 && index[slot] != entry)
        slot = (slot + 1) & table->mask;
    return slot;
}

/* Empties a slot, and moves those behind it that would not be found any more. */
static void empty_slot(mr__table *table, uint64_t slot)
{
    uint32_t *index = index_of(table);
    uint64_t mask = table->mask;
    for (uint64_t next = (slot + 1) & mask; index[next] != 0; next = (next + 1) & mask) {
        uint64_t home = table->entries[index[next] - 1].hash & mask;
        if (((next - home) & mask) < ((next - slot) & mask))
            continue;
        index[slot] = index[next];
        slot = next;
    }
    index[slot] = 0;
}

void mr__table_repair(mr__table *table)
{
    uint32_t *index = index_of(table);
    uint64_t count = 0;
    trim(table);
    memset(index, 0, (table->mask + 1) * sizeof *index);
    for (uint64_t i = 0; i < table->used; i++) {
        if (table->entries[i].state == MR__ENTRY_GONE)
            continue;
        index[find_slot(table, table->entries[i].hash, 0)] = (uint32_t)i + 1;
        count++;
    }
    table->count = count;
}

/* ---- Making and freeing ---- */

mr_status mr__table_new(const char *call, uint64_t room, mr__ref *ref)
{
    uint64_t slots = 8;
    if (room > MR__TABLE_MOST)
        return mr__fail(MR_ELIMIT, "%s: it cannot hold more than %d items", call, MR__TABLE_MOST);
    while (slots / 3 * 2 < room)
        slots *= 2;
    uint64_t capacity = slots / 3 * 2;
    mr_status status = mr__alloc(sizeof(mr__table) + capacity * sizeof(mr__entry) + slots * sizeof(uint32_t), ref);
    if (status != MR_OK)
        return status;
    mr__table *table = mr__at(*ref);
    table->capacity = capacity;
    table->mask = slots - 1;
    return MR_OK;
}

void mr__table_empty(mr__ref ref, uint64_t first, uint64_t count)
{
    mr__table *table = mr__table_at(ref);
    for (uint64_t i = first; i < first + count; i++) {
        mr__cell_free(&table->entries[i].key);
        mr__cells_free(table->entries[i].values, 2);
    }
}

void mr__table_free(mr__ref ref, bool with_items)
{
    const mr__table *table = mr__table_at(ref);
    if (table != NULL && with_items)
        mr__table_empty(ref, 0, table->used);
    mr__free(ref);
}

void mr__table_move(const mr__table *from, mr__table *to)
{
    for (uint64_t i = 0; from != NULL && i < from->used; i++) {
        const mr__entry *entry = &from->entries[i];
        if (entry->state == MR__ENTRY_GONE)
            continue;
        to->entries[to->used] =
            (mr__entry){.hash = entry->hash, .key = entry->key, .values = {entry->values[entry->state & 1]}};
        to->used++;
    }
    mr__table_repair(to);
}

/* ---- Finding ---- */

mr__entry *mr__table_find(mr__table *table, uint64_t hash, const mr_item *key)
{
    if (table == NULL)
        return NULL;
    const uint32_t *index = index_of(table);
    for (uint64_t slot = hash & table->mask; index[slot] != 0; slot = (slot + 1) & table->mask) {
        mr__entry *entry = &table->entries[index[slot] - 1];
        if (entry->hash != hash)
            continue;
        mr_item found = mr__cell_view(&entry->key);
        if (mr__item_equals(&found, key))
            return entry;
    }
    return NULL;
}

mr__entry *mr__table_next(mr__table *table, uint64_t *position)
{
    while (table != NULL && *position < table->used) {
        mr__entry *entry = &table->entries[(*position)++];
        if (entry->state != MR__ENTRY_GONE)
            return entry;
    }
    return NULL;
}

mr__entry *mr__table_last(mr__table *table)
{
    return table != NULL && table->used > 0 ? &table->entries[table->used - 1] : NULL;
}

/* ---- Changing ---- */

static const mr__cell nothing;

/* A change that is made again, because it may not have been done, leaves nothing over of itself. */
static mr__cell unless_same(mr__cell old, const mr__cell *new)
{
    return old.is_block != 0 && new->is_block != 0 && old.bits == new->bits ? nothing : old;
}

void mr__entry_set(mr__entry *entry, mr__cell value, mr__cell *leftover)
{
    uint32_t now = entry->state & 1, next = 1 - now;
    *leftover = unless_same(entry->values[now], &value);
    entry->values[next] = value;
    MR__COMMIT(entry->state, next);
    entry->values[now] = nothing;
}

void mr__table_put(mr__table *table, uint64_t hash, mr__cell key, mr__cell value, mr__cell leftover[2])
{
    mr_item item = mr__cell_view(&key);
    mr__entry *entry = mr__table_find(table, hash, &item);
    leftover[0] = leftover[1] = nothing;
    if (entry != NULL) {
        leftover[1] = unless_same(key, &entry->key);
        mr__entry_set(entry, value, &leftover[0]);
        return;
    }
    uint64_t number = table->used;
    entry = &table->entries[number];
    *entry = (mr__entry){.hash = hash, .key = key, .values = {value}};
    MR__COMMIT(table->used, number + 1);
    index_of(table)[find_slot(table, hash, 0)] = (uint32_t)number + 1;
    table->count++;
}

void mr__table_remove(mr__table *table, mr__entry *entry, mr__cell leftover[2])
{
    uint64_t slot = find_slot(table, entry->hash, (uint32_t)(entry - table->entries) + 1);
    leftover[0] = *mr__entry_value(entry);
    leftover[1] = entry->key;
    MR__COMMIT(entry->state, MR__ENTRY_GONE);
    entry->key = entry->values[0] = entry->values[1] = nothing;
    empty_slot(table, slot);
    table->count--;
    trim(table);
}
