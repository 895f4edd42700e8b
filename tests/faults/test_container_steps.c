/* A process is killed in the middle of a call on a dict, a list or a set, at one instruction after the other. Each
 * time, the container is as before the call or as after it, all of it can be found, and it goes on; nor does
 * memory get lost. The instructions are picked at random (MR_TEST_SEED); MR_TEST_LONG=1 picks many. */
#include "arena/arena.h"
#include "base/context.h"
#include "forks.h"
#include "items.h"
#include "steps.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct objects {
    mr_dict dict;
    mr_list list;
    mr_set set;
};

enum { MOST_CHANGES = 5000 };

struct call {
    bool (*prepare)(const struct objects *o); /* or NULL */
    bool (*act)(const struct objects *o);
};

#define LONG_TEXT "a text that does not fit into a cell"

static bool make(struct objects *o)
{
    return mr_dict_init(&o->dict) == MR_OK && mr_list_init(&o->list, NULL, 0) == MR_OK &&
           mr_set_init(&o->set, NULL, 0) == MR_OK;
}

static void close_all(const struct objects *o)
{
    mr_dict_destroy(&o->dict);
    mr_list_destroy(&o->list);
    mr_set_destroy(&o->set);
}

/* All, as text. */
static char *show(const struct objects *o)
{
    char *dict = show_dict(&o->dict), *list = show_list(&o->list), *set = show_set(&o->set), *all = NULL;
    cr_assert(dict != NULL && list != NULL && set != NULL, "%s", mr_last_error());
    cr_assert_geq(asprintf(&all, "%s %s %s", dict, list, set), 0);
    free(dict);
    free(list);
    free(set);
    return all;
}

/* Whether what is there can be found, counted and gone through, and more be done to it, which leaves it as it is.
 */
static void use(const struct objects *o, int steps)
{
    mr_item *pairs, value;
    size_t count;
    cr_assert_eq(mr_dict_items(&o->dict, &pairs, &count), MR_OK);
    cr_assert_eq(mr_dict_length(&o->dict), (ptrdiff_t)count, "after %d steps: the count is wrong", steps);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(mr_dict_get_alloc(&o->dict, pairs[2 * i], &value), MR_OK, "after %d steps: %s", steps,
                     mr_last_error());
        cr_assert(item_is(value, pairs[2 * i + 1]), "after %d steps: another value", steps);
        free((void *)(uintptr_t)value.data);
    }
    free(pairs);
    cr_assert_eq(mr_set_items(&o->set, &pairs, &count), MR_OK);
    cr_assert_eq(mr_set_length(&o->set), (ptrdiff_t)count, "after %d steps: the set's count is wrong", steps);
    for (size_t i = 0; i < count; i++)
        cr_assert(mr_set_has(&o->set, pairs[i]), "after %d steps: an item is not found", steps);
    free(pairs);
    for (int i = 100; i < 120; i++) {
        cr_assert_eq(mr_set_add(&o->set, MR_INT(i)), MR_OK);
        cr_assert_eq(mr_set_remove(&o->set, MR_INT(i)), MR_OK);
        cr_assert_eq(mr_dict_set(&o->dict, MR_INT(i), MR_STRING(LONG_TEXT)), MR_OK);
        cr_assert_eq(mr_list_append(&o->list, MR_STRING(LONG_TEXT)), MR_OK);
    }
    for (int i = 100; i < 120; i++) {
        cr_assert_eq(mr_dict_del(&o->dict, MR_INT(i)), MR_OK, "after %d steps: %s", steps, mr_last_error());
        cr_assert_eq(mr_list_pop(&o->list, -1, NULL, NULL, 0), MR_OK);
    }
}

/* ---- The calls ---- */

static bool fill(const struct objects *o)
{
    static const mr_item texts[] = {{.type = MR_ITEM_STRING, .data = LONG_TEXT, .size = sizeof LONG_TEXT - 1},
                                    {.type = MR_ITEM_INT, .integer = 1}};
    for (int i = 0; i < 4; i++)
        if (mr_dict_set(&o->dict, MR_INT(i), texts[i % 2]) != MR_OK ||
            mr_list_append(&o->list, texts[i % 2]) != MR_OK || mr_set_add(&o->set, MR_INT(i)) != MR_OK ||
            mr_set_add(&o->set, texts[i % 2]) != MR_OK)
            return false;
    return mr_dict_set(&o->dict, MR_STRING("another key, a long one"), MR_STRING(LONG_TEXT)) == MR_OK;
}

static bool set_first(const struct objects *o)
{
    return mr_dict_set(&o->dict, MR_INT(1), MR_STRING(LONG_TEXT)) == MR_OK;
}

static bool set_old(const struct objects *o)
{
    return mr_dict_set(&o->dict, MR_INT(0), MR_STRING("some other text, which is long, too")) == MR_OK;
}

static bool set_new(const struct objects *o)
{
    return mr_dict_set(&o->dict, MR_STRING("a key that is new and long"), MR_STRING(LONG_TEXT)) == MR_OK;
}

static bool grow_dict(const struct objects *o)
{
    return fill(o) && mr_dict_del(&o->dict, MR_INT(2)) == MR_OK &&
           mr_dict_set(&o->dict, MR_INT(5), MR_NONE) == MR_OK &&
           mr_dict_set(&o->dict, MR_INT(6), MR_NONE) == MR_OK &&
           mr_dict_set(&o->dict, MR_INT(7), MR_NONE) == MR_OK &&
           mr_dict_set(&o->dict, MR_INT(8), MR_NONE) == MR_OK;
}

static bool delete_key(const struct objects *o)
{
    return mr_dict_del(&o->dict, MR_STRING("another key, a long one")) == MR_OK;
}

static bool pop_item(const struct objects *o)
{
    mr_item *pair = NULL;
    bool good = mr_dict_popitem(&o->dict, &pair) == MR_OK;
    free(pair);
    return good;
}

static bool update(const struct objects *o)
{
    const mr_item pairs[] = {MR_INT(0),
                             MR_STRING("the first of those that are set at once"),
                             MR_STRING("another key, a long one"),
                             MR_INT(5),
                             MR_STRING("a key that is new and long"),
                             MR_STRING("the last of those that are set at once"),
                             MR_INT(77),
                             MR_NONE,
                             MR_INT(0),
                             MR_STRING("set twice: this is what counts")};
    return mr_dict_update(&o->dict, pairs, 5) == MR_OK;
}

static bool add(const struct objects *o)
{
    return mr_dict_add(&o->dict, MR_INT(1), MR_INT(41), NULL) == MR_OK;
}

static bool clear_dict(const struct objects *o)
{
    return mr_dict_clear(&o->dict) == MR_OK;
}

static bool set_item(const struct objects *o)
{
    return mr_list_set(&o->list, 0, MR_STRING("some other text, which is long, too")) == MR_OK;
}

static bool extend(const struct objects *o)
{
    const mr_item items[] = {MR_STRING(LONG_TEXT), MR_INT(8), MR_INT(9), MR_STRING(LONG_TEXT), MR_INT(9)};
    return mr_list_extend(&o->list, items, 5) == MR_OK;
}

static bool pop_first(const struct objects *o)
{
    return mr_list_pop(&o->list, 0, NULL, NULL, 0) == MR_OK;
}

static bool insert(const struct objects *o)
{
    return mr_list_insert(&o->list, 2, MR_STRING("some other text, which is long, too")) == MR_OK;
}

static bool set_slice(const struct objects *o)
{
    return mr_list_set_slice(&o->list, 1, 3, 1, (mr_item[]){MR_STRING("some other text, which is long, too")},
                             1) == MR_OK;
}

static bool delete_every_other(const struct objects *o)
{
    return mr_list_del_slice(&o->list, MR_OMITTED, MR_OMITTED, 2) == MR_OK;
}

static bool reverse(const struct objects *o)
{
    return mr_list_reverse(&o->list) == MR_OK;
}

static bool clear_list(const struct objects *o)
{
    return mr_list_clear(&o->list) == MR_OK;
}

static bool differ(const struct objects *o)
{
    const mr_item others[] = {MR_STRING(LONG_TEXT), MR_INT(2), MR_INT(90), MR_STRING("another " LONG_TEXT)};
    return mr_set_symmetric_difference_update(&o->set, others, 4) == MR_OK;
}

/* ---- Killing ---- */

/* One life, of so many instructions: afterwards it is as before or as after the call. */
static void live(const struct call *c, int steps, const char *before, const char *after)
{
    struct objects o;
    int rank;
    cr_assert(make(&o), "%s", mr_last_error());
    pid_t victim = steps_start(c->prepare, c->act, &o, &rank);
    steps_on(victim, steps, NULL);
    forks_bury(victim, rank);
    char *is = show(&o);
    cr_assert(strcmp(is, before) == 0 || strcmp(is, after) == 0, "after %d steps it is neither %s nor %s, but %s",
              steps, before, after, is);
    use(&o, steps);
    char *still = show(&o);
    cr_assert_str_eq(still, is);
    free(still);
    free(is);
    close_all(&o);
}

/* When nobody is killed: what there is before and after, and the instructions that change anything. */
static int look(const struct call *c, int changes[], char **before, char **after)
{
    struct objects o;
    int rank, length;
    cr_assert(make(&o), "%s", mr_last_error());
    pid_t victim = steps_start(c->prepare, c->act, &o, &rank);
    *before = show(&o);
    int count = steps_changes(victim, changes, MOST_CHANGES, &length);
    cr_assert_lt(count, MOST_CHANGES);
    forks_bury(victim, rank);
    *after = show(&o);
    cr_assert_str_neq(*before, *after);
    close_all(&o);
    return count;
}

static void kill_within(const struct call *c)
{
    static const uint64_t LOST = 512; /* bytes that a life may cost, on average: one of its blocks */
    int *changes = calloc(MOST_CHANGES, sizeof *changes);
    char *before, *after;
    forks_begin();
    int count = look(c, changes, &before, &after);
    cr_assert_geq(count, 10, "there was nothing to kill");
    uint64_t top = mr__ctx.arena->top;
    unsigned seed = steps_seed();
    bool all = changes[count - 1] <= 5 * steps_budget() / count; /* of long calls some, picked at random */
    int lives = 0;
    for (int steps = 0; all ? lives < count : steps < 5 * steps_budget(); lives++) {
        int at = changes[all ? lives : rand_r(&seed) % count];
        live(c, at, before, after);
        steps += at;
    }
    cr_assert_leq(mr__ctx.arena->top - top, LOST * (uint64_t)lives + 65536, "memory is lost");
    free(before);
    free(after);
    free(changes);
}

#define KILL_WITHIN(name, before, change)                                  \
    Test(container_steps, name)                                            \
    {                                                                      \
        kill_within(&(struct call){.prepare = (before), .act = (change)}); \
    }

KILL_WITHIN(dict_first_key, NULL, set_first)
KILL_WITHIN(dict_set_old, fill, set_old)
KILL_WITHIN(dict_set_new, fill, set_new)
KILL_WITHIN(dict_delete, fill, delete_key)
KILL_WITHIN(dict_popitem, fill, pop_item)
KILL_WITHIN(dict_update, fill, update)
KILL_WITHIN(dict_update_empty, NULL, update)
KILL_WITHIN(dict_add, fill, add)
KILL_WITHIN(dict_clear, fill, clear_dict)
KILL_WITHIN(dict_grow, grow_dict, set_new)
KILL_WITHIN(list_set, fill, set_item)
KILL_WITHIN(list_extend, fill, extend)
KILL_WITHIN(list_pop_first, fill, pop_first)
KILL_WITHIN(list_insert, fill, insert)
KILL_WITHIN(list_set_slice, fill, set_slice)
KILL_WITHIN(list_clear, fill, clear_list)
KILL_WITHIN(list_del_slice, fill, delete_every_other)
KILL_WITHIN(list_reverse, fill, reverse)
KILL_WITHIN(set_difference, fill, differ)
