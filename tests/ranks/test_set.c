/* Shared sets. CPython has had them since 3.14 (SetProxy); the scenarios follow the calls that it exposes. */
#include "items.h"
#include "scenario.h"
#include "targets.h"

#include <string.h>

static void make(mr_set *set, int count)
{
    mr_item items[16] = {MR_NONE};
    for (int i = 0; i < count; i++)
        items[i] = MR_INT(i);
    CHECK_OR_STOP(CHECK_OK(mr_set_init(set, items, (size_t)count)));
}

SCENARIO_SHARED(set, basics)
{
    mr_set s, copy;
    mr_item many[] = {MR_STRING("a"), MR_INT(1), MR_STRING("a"), MR_BOOL(true), MR_DOUBLE(1.0)};
    mr_item *items = NULL;
    size_t count = 0;
    CHECK_OR_STOP(CHECK_OK(mr_set_init(&s, NULL, 0)));
    CHECK_SET(&s, "set()");
    CHECK_EQ(mr_set_length(&s), 0);
    CHECK_STATUS(mr_set_pop(&s, &items), MR_ENOENT);
    CHECK_OK(mr_set_destroy(&s));
    CHECK_OK(mr_set_destroy(&s));
    CHECK_REFUSED(mr_set_length(&s) == -1, MR_ECLOSED);

    CHECK_OK(mr_set_init(&s, many, 5));
    CHECK_SET(&s, "{'a', 1}"); /* 1, True and 1.0 are one */
    CHECK(mr_set_has(&s, MR_DOUBLE(1.0)));
    CHECK(!mr_set_has(&s, MR_STRING("b")));
    CHECK_OK(mr_set_add(&s, MR_STRING("b")));
    CHECK_OK(mr_set_add(&s, MR_STRING("b")));
    CHECK_EQ(mr_set_length(&s), 3);
    CHECK_OK(mr_set_copy(&copy, &s));
    CHECK_OK(mr_set_remove(&s, MR_STRING("a")));
    CHECK_STATUS(mr_set_remove(&s, MR_STRING("a")), MR_ENOENT);
    CHECK_TEXT(mr_last_error(), "mr_set_remove: there is no item 'a'");
    CHECK_OK(mr_set_discard(&s, MR_STRING("a")));
    CHECK_OK(mr_set_discard(&s, MR_INT(1)));
    CHECK_SET(&s, "{'b'}");
    CHECK_SET(&copy, "{'a', 1, 'b'}");
    CHECK_OK(mr_set_items(&copy, &items, &count));
    CHECK_ITEMS(items, count, "['a', 1, 'b']");
    CHECK_OK(mr_set_pop(&copy, &items));
    CHECK_ITEMS(items, 1, "['b']");
    CHECK_OK(mr_set_clear(&copy));
    CHECK_SET(&copy, "set()");
    CHECK_OK(mr_set_destroy(&copy));
    CHECK_OK(mr_set_destroy(&s));
}

SCENARIO_SHARED(set, with_others)
{
    mr_set s;
    mr_item others[] = {MR_INT(2), MR_INT(7), MR_INT(0), MR_INT(7)}, some[] = {MR_INT(1), MR_INT(3)};
    mr_item *items = NULL;
    size_t count = 0;
    make(&s, 4);
    CHECK_OK(mr_set_union(&s, others, 4, &items, &count));
    CHECK_ITEMS(items, count, "[0, 1, 2, 3, 7]");
    CHECK_OK(mr_set_intersection(&s, others, 4, &items, &count));
    CHECK_ITEMS(items, count, "[0, 2]");
    CHECK_OK(mr_set_difference(&s, others, 4, &items, &count));
    CHECK_ITEMS(items, count, "[1, 3]");
    CHECK_OK(mr_set_symmetric_difference(&s, others, 4, &items, &count));
    CHECK_ITEMS(items, count, "[1, 3, 7]");
    CHECK_SET(&s, "{0, 1, 2, 3}"); /* as it was */

    CHECK(mr_set_is_superset(&s, some, 2));
    CHECK(!mr_set_is_superset(&s, others, 4));
    CHECK(!mr_set_is_subset(&s, others, 4));
    CHECK(!mr_set_is_disjoint(&s, others, 4));
    CHECK(mr_set_is_disjoint(&s, &others[1], 1));
    CHECK(mr_set_is_superset(&s, NULL, 0));

    CHECK_OK(mr_set_symmetric_difference_update(&s, others, 4));
    CHECK_SET(&s, "{1, 3, 7}");
    CHECK_OK(mr_set_intersection_update(&s, some, 2));
    CHECK_SET(&s, "{1, 3}");
    CHECK(mr_set_is_subset(&s, some, 2));
    CHECK_OK(mr_set_update(&s, others, 4));
    CHECK_SET(&s, "{1, 3, 2, 7, 0}");
    CHECK_OK(mr_set_difference_update(&s, some, 2));
    CHECK_SET(&s, "{2, 7, 0}");
    CHECK_OK(mr_set_intersection_update(&s, NULL, 0));
    CHECK_SET(&s, "set()");
    CHECK_OK(mr_set_destroy(&s));
}

SCENARIO_SHARED(set, iteration)
{
    mr_set s;
    mr_iterator all;
    int seen = 0;
    make(&s, 3);
    CHECK_OK(mr_set_iterate(&s, &all));
    for (; mr_iterator_next(&all) == MR_OK; seen++) {
        CHECK(item_is(all.key, MR_INT(seen)));
        CHECK(item_is(all.value, MR_INT(seen)));
    }
    CHECK_STATUS(mr_last_status(), MR_EEOF);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_EQ(seen, 3);
    CHECK_OK(mr_set_iterate(&s, &all));
    CHECK_OK(mr_iterator_next(&all));
    CHECK_OK(mr_set_add(&s, MR_INT(5)));
    CHECK_STATUS(mr_iterator_next(&all), MR_ESTATE);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_OK(mr_set_destroy(&s));
}

enum { ADDERS = 4, EACH = 500 };

static int adds(const void *args, size_t size)
{
    const mr_set *s = args;
    (void)size;
    for (int i = 0; i < EACH; i++) {
        CHECK_OK(mr_set_add(s, MR_INT(i)));
        if (i % 50 == 0)
            CHECK_OK(mr_set_symmetric_difference_update(s, NULL, 0)); /* all of it anew */
    }
    return 0;
}

SCENARIO_SHARED(set, across_processes, .timeout = 120)
{
    mr_set s;
    mr_lock lock;
    mr_process adders[ADDERS], *all[ADDERS];
    make(&s, 0);
    for (int i = 0; i < ADDERS; i++) {
        CHECK_OK(mr_process_init(&adders[i], adds, &s, sizeof s));
        all[i] = &adders[i];
    }
    CHECK_OK(mr_process_start_all(all, ADDERS));
    for (int i = 0; i < ADDERS; i++) {
        CHECK_OK(mr_process_join(&adders[i], MR_FOREVER));
        CHECK_EQ(mr_process_exitcode(&adders[i]), 0);
    }
    CHECK_EQ(mr_set_length(&s), EACH);
    CHECK_OK(mr_set_get_lock(&s, &lock));
    CHECK_OK(mr_lock_acquire(&lock, MR_FOREVER));
    CHECK_OK(mr_lock_release(&lock));
    CHECK_OK(mr_set_destroy(&s));
    CHECK_STATUS(mr_lock_acquire(&lock, MR_FOREVER), MR_ECLOSED);
}

SCENARIO_SHARED(set, bad_input)
{
    mr_set s, none = {0}, wrong;
    mr_dict dict;
    mr_item odd = {.type = (mr_item_type)99}, text = {.type = MR_ITEM_STRING, .size = 1}, *items;
    mr_iterator all;
    mr_lock lock;
    size_t count;
    char *shown;
    make(&s, 2);
    CHECK_OK(mr_dict_init(&dict));
    memcpy(&wrong, &dict, sizeof wrong);
    CHECK_STATUS(mr_set_init(NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_set_init(&none, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_set_init(&none, &odd, 1), MR_EINVAL);
    CHECK_EQ(none.mr__handle, 0);
    const mr_set *bad[] = {NULL, &none, &wrong};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const mr_set *b = bad[i];
        CHECK_REFUSED(mr_set_length(b) == -1, MR_EINVAL);
        CHECK_REFUSED(!mr_set_has(b, MR_NONE), MR_EINVAL);
        CHECK_REFUSED(!mr_set_is_subset(b, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_set_add(b, MR_NONE), MR_EINVAL);
        CHECK_STATUS(mr_set_discard(b, MR_NONE), MR_EINVAL);
        CHECK_STATUS(mr_set_pop(b, &items), MR_EINVAL);
        CHECK_STATUS(mr_set_items(b, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_set_copy(&none, b), MR_EINVAL);
        CHECK_STATUS(mr_set_text(b, &shown), MR_EINVAL);
        CHECK_STATUS(mr_set_union(b, NULL, 0, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_set_difference_update(b, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_set_get_lock(b, &lock), MR_EINVAL);
        CHECK_STATUS(mr_set_destroy(b), MR_EINVAL);
    }
    const mr_item items_bad[] = {odd, text, MR_DOUBLE(NAN), MR_ARRAY(((int[]){1}), 1)};
    for (size_t i = 0; i < sizeof items_bad / sizeof items_bad[0]; i++) {
        CHECK_STATUS(mr_set_add(&s, items_bad[i]), MR_EINVAL);
        CHECK_STATUS(mr_set_update(&s, &items_bad[i], 1), MR_EINVAL);
        CHECK_STATUS(mr_set_union(&s, &items_bad[i], 1, &items, &count), MR_EINVAL);
        CHECK_REFUSED(!mr_set_is_disjoint(&s, &items_bad[i], 1), MR_EINVAL);
    }
    CHECK_STATUS(mr_set_union(&s, NULL, 1, &items, &count), MR_EINVAL);
    CHECK_STATUS(mr_set_union(&s, NULL, 0, NULL, &count), MR_EINVAL);
    CHECK_STATUS(mr_set_update(&s, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_set_text(&s, NULL), MR_EINVAL);
    CHECK_STATUS(mr_set_copy(NULL, &s), MR_EINVAL);
    CHECK_STATUS(mr_set_iterate(&s, NULL), MR_EINVAL);
    CHECK_STATUS(mr_set_iterate(NULL, &all), MR_EINVAL);
    CHECK_STATUS(mr_set_get_lock(&s, NULL), MR_EINVAL);
    CHECK_SET(&s, "{0, 1}");
    CHECK_OK(mr_set_destroy(&s));
    CHECK_OK(mr_dict_destroy(&dict));
}
