/* The hash table of dicts, against a plain array that is searched from end to end. */
#include "containers/table.h"
#include "forks.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 300, ROOM = 200, ROUNDS = 20000 };

/* What there should be: values by key, in the order in which the keys came. */
static struct {
    int key;
    int64_t value;
} model[KEYS];
static int count;

static int find_in_model(int key)
{
    int i = 0;
    while (i < count && model[i].key != key)
        i++;
    return i;
}

/* Some keys are integers, others texts, short and long. */
static mr_item key_of(int key, char text[64])
{
    if (key % 3 == 0)
        return MR_INT(key);
    snprintf(text, 64, key % 3 == 1 ? "%d" : "the key of the number %d", key);
    return MR_STRING(text);
}

static void check_all(mr__table *table)
{
    char text[64];
    uint64_t position = 0;
    cr_assert_eq(table->count, (uint64_t)count);
    for (int i = 0; i < count; i++) {
        mr_item key = key_of(model[i].key, text);
        mr__entry *entry = mr__table_find(table, mr__item_hash(&key), &key),
                  *next = mr__table_next(table, &position);
        cr_assert_not_null(entry, "key %d is lost", model[i].key);
        cr_assert_eq(entry, next, "key %d is not in its place", model[i].key);
        cr_assert_eq(mr__cell_view(mr__entry_value(entry)).integer, model[i].value);
    }
    cr_assert_null(mr__table_next(table, &position));
    cr_assert_eq(count == 0, mr__table_last(table) == NULL);
}

static void put(mr__table *table, int key, int64_t value)
{
    char text[64];
    mr__cell cells[2], leftover[2];
    mr_item items[2] = {key_of(key, text), MR_INT(value)};
    cr_assert_eq(mr__cells_make(items, 2, cells), MR_OK);
    mr__table_put(table, mr__item_hash(&items[0]), cells[0], cells[1], leftover);
    mr__cells_free(leftover, 2);
    int at = find_in_model(key);
    model[at].key = key;
    model[at].value = value;
    count += at == count;
}

static void take(mr__table *table, int key)
{
    char text[64];
    mr__cell leftover[2];
    mr_item item = key_of(key, text);
    mr__entry *entry = mr__table_find(table, mr__item_hash(&item), &item);
    int at = find_in_model(key);
    cr_assert_eq(entry != NULL, at < count, "key %d", key);
    if (entry == NULL)
        return;
    mr__table_remove(table, entry, leftover);
    mr__cells_free(leftover, 2);
    memmove(&model[at], &model[at + 1], (size_t)(count - at - 1) * sizeof model[0]);
    count--;
}

/* As a dict does it when there is no room. */
static mr__table *renew(mr__ref *ref)
{
    mr__ref fresh;
    cr_assert_eq(mr__table_new("renew", ROOM, &fresh), MR_OK);
    mr__table_move(mr__table_at(*ref), mr__table_at(fresh));
    mr__table_free(*ref, false);
    *ref = fresh;
    return mr__table_at(fresh);
}

Test(table, at_random)
{
    mr__ref ref;
    unsigned seed = 1;
    forks_begin();
    cr_assert_eq(mr__table_new("table", ROOM, &ref), MR_OK);
    mr__table *table = mr__table_at(ref);
    for (int i = 0; i < ROUNDS; i++) {
        int key = rand_r(&seed) % KEYS;
        if (rand_r(&seed) % 3 == 0 || count >= ROOM - 1)
            take(table, count > 0 && rand_r(&seed) % 2 == 0 ? model[count - 1].key : key);
        else if (table->used == table->capacity)
            table = renew(&ref);
        else
            put(table, key, i);
        if (i % 50 == 0)
            check_all(table);
        if (i % 1000 == 0) { /* which finds nothing to do, but makes the index anew */
            mr__table_repair(table);
            check_all(table);
        }
    }
    mr__table_free(ref, true);
}

Test(table, limits)
{
    mr__ref ref;
    forks_begin();
    cr_assert_eq(mr__table_new("table", (uint64_t)MR__TABLE_MOST + 1, &ref), MR_ELIMIT);
    cr_assert_eq(mr__table_new("table", UINT64_MAX, &ref), MR_ELIMIT);
    cr_assert_eq(mr__table_new("table", 0, &ref), MR_OK);
    cr_assert_geq(mr__table_at(ref)->capacity, 1);
    cr_assert_null(mr__table_find(mr__table_at(ref), 0, &MR_NONE));
    mr__table_free(ref, true);
    cr_assert_null(mr__table_find(NULL, 0, &MR_NONE));
}

/* As Python: what is equal has the same hash, whatever its type. */
Test(table, equality)
{
    const mr_item ones[] = {MR_INT(1), MR_DOUBLE(1), MR_BOOL(true)};
    const mr_item others[] = {MR_NONE,          MR_INT(0),      MR_DOUBLE(0.5), MR_STRING("1"),
                              MR_BYTES("1", 1), MR_DOUBLE(NAN), MR_INT(1 - 2)};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            cr_assert(mr__item_equals(&ones[i], &ones[k]));
            cr_assert_eq(mr__item_hash(&ones[i]), mr__item_hash(&ones[k]));
            cr_assert_eq(mr__item_is_same(&ones[i], &ones[k]), i == k);
        }
        for (int k = 0; k < 7; k++)
            cr_assert_not(mr__item_equals(&ones[i], &others[k]));
    }
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < 7; k++)
            cr_assert_eq(mr__item_equals(&others[i], &others[k]), i == k && i != 5);
    /* 2^53 + 1 is no double */
    cr_assert_not(mr__item_equals(&MR_INT(9007199254740993), &MR_DOUBLE(9007199254740992.0)));
    cr_assert(mr__item_equals(&MR_DOUBLE(-9223372036854775808.0), &MR_INT(INT64_MIN)));
    cr_assert_eq(mr__item_hash(&MR_DOUBLE(-9223372036854775808.0)), mr__item_hash(&MR_INT(INT64_MIN)));
    cr_assert_not(mr__item_equals(&MR_DOUBLE(9223372036854775808.0), &MR_INT(INT64_MAX)));
    cr_assert_lt(mr__item_compare(&MR_INT(INT64_MAX), &MR_DOUBLE(9223372036854775808.0)), 0);
    cr_assert_lt(mr__item_compare(&MR_STRING("a"), &MR_STRING("ab")), 0);
}
