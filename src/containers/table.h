/* A hash table in one block of the arena: the entries in the order in which their keys came, and an index over
 * them, as in Python's dicts. Every change takes effect by one store into the entries; what else there is (the
 * index, the number of entries that count) follows from these, and is made anew when somebody has been killed in
 * between. */
#ifndef MR_TABLE_H
#define MR_TABLE_H

#include "containers/cell.h"

enum { MR__ENTRY_GONE = 2 };

typedef struct mr__entry {
    uint64_t hash;
    mr__cell key;
    _Atomic uint32_t state; /* which value counts, 0 or 1; or MR__ENTRY_GONE */
    uint32_t unused;
    mr__cell values[2];
} mr__entry;

typedef struct mr__table {
    uint64_t capacity;     /* entries */
    uint64_t mask;         /* of the index, whose length is a power of two */
    _Atomic uint64_t used; /* entries so far, also those that are gone */
    uint64_t count;        /* those that are not */
    mr__entry entries[];   /* the index follows: the number of an entry, + 1; 0: none */
} mr__table;

enum { MR__TABLE_MOST = INT32_MAX };

/* A table with room for so many entries; MR_ELIMIT: there can be none. */
mr_status mr__table_new(const char *call, uint64_t room, mr__ref *ref);
void mr__table_free(mr__ref ref, bool with_items);

/* Frees the items of so many entries from one on. */
void mr__table_empty(mr__ref ref, uint64_t first, uint64_t count);

static inline mr__table *mr__table_at(mr__ref ref)
{
    return ref != 0 ? mr__at(ref) : NULL;
}

/* The entry of a key; NULL: there is none, or no table. */
mr__entry *mr__table_find(mr__table *table, uint64_t hash, const mr_item *key);

/* The value that counts. */
static inline mr__cell *mr__entry_value(mr__entry *entry)
{
    return &entry->values[entry->state & 1];
}

/* Sets a value. There is room. What is left over, of the old value and of a key that was there already, is the
 * caller's to free, in this order. */
void mr__table_put(mr__table *table, uint64_t hash, mr__cell key, mr__cell value, mr__cell leftover[2]);
void mr__entry_set(mr__entry *entry, mr__cell value, mr__cell *leftover);
void mr__table_remove(mr__table *table, mr__entry *entry, mr__cell leftover[2]);

/* Moves all entries into another table, which is empty and has room; the first, NULL or not, is then to be freed
 * without its items. */
void mr__table_move(const mr__table *from, mr__table *to);

/* The next entry from a position on, which moves behind it; the last one; NULL: there is none. */
mr__entry *mr__table_next(mr__table *table, uint64_t *position);
mr__entry *mr__table_last(mr__table *table);

/* Makes good what a process that was killed has left. */
void mr__table_repair(mr__table *table);

#endif
