/* Shared lists. The comments name the tests of CPython's own suite whose behaviour a scenario covers. */
#include "items.h"
#include "scenario.h"
#include "targets.h"

#include <stdio.h>
#include <string.h>

/* 0, 1, ... */
static void make(mr_list *list, int count)
{
    CHECK_OR_STOP(CHECK_OK(mr_list_init(list, NULL, 0)));
    for (int i = 0; i < count; i++)
        CHECK_OK(mr_list_append(list, MR_INT(i)));
}

/* _TestContainers.test_list */
SCENARIO_SHARED(list, basics)
{
    mr_list a, b, e;
    mr_item item, *items;
    size_t count, index;
    char text[32];
    make(&a, 10);
    CHECK_LIST(&a, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
    make(&b, 0);
    CHECK_LIST(&b, "[]");
    CHECK_OK(mr_list_extend(&b, (mr_item[]){MR_INT(0), MR_INT(1), MR_INT(2), MR_INT(3), MR_INT(4)}, 5));
    CHECK_EQ(int_at(&b, 2), 2);
    CHECK_OK(mr_list_slice(&b, 2, 10, 1, &items, &count));
    CHECK_ITEMS(items, count, "[2, 3, 4]");
    CHECK_OK(mr_list_repeat(&b, 2));
    CHECK_LIST(&b, "[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]");
    CHECK_OK(mr_list_plus(&b, (mr_item[]){MR_INT(5), MR_STRING("six")}, 2, &items, &count));
    CHECK_ITEMS(items, count, "[0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 'six']");
    CHECK_OK(mr_list_init(&e, (mr_item[]){MR_OBJECT(&a), MR_OBJECT(&b)}, 2));
    CHECK_LIST(&e, "[<list>, <list>]");
    CHECK_OK(mr_list_append(&a, MR_STRING("hello"))); /* seen through the other one */
    CHECK_OK(mr_list_get(&e, 0, &item, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&item, &e));
    CHECK_LIST(&e, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'hello']");
    CHECK_EQ(mr_list_length(&a), 11);
    CHECK_OK(mr_list_get(&a, -1, &item, text, sizeof text));
    CHECK_TEXT(text, "hello");

    CHECK_OK(mr_list_set(&a, -1, MR_STRING("a longer text than before")));
    CHECK_OK(mr_list_insert(&a, 0, MR_INT(-1)));
    CHECK_OK(mr_list_insert(&a, 100, MR_INT(100)));
    CHECK_OK(mr_list_insert(&a, -100, MR_INT(-100)));
    CHECK_OK(mr_list_insert(&a, -1, MR_INT(99)));
    CHECK_OK(mr_list_insert(&a, 3, MR_DOUBLE(0.5)));
    CHECK_LIST(&a, "[-100, -1, 0, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'a longer text than before', 99, 100]");
    CHECK_OK(mr_list_pop(&a, -3, &item, text, sizeof text));
    CHECK_TEXT(text, "a longer text than before");
    CHECK_OK(mr_list_pop(&a, 0, &item, NULL, 0));
    CHECK(item_is(item, MR_INT(-100)));
    CHECK_OK(mr_list_insert(&a, 0, MR_INT(-7))); /* where the first one was */
    CHECK_OK(mr_list_pop(&a, -1, NULL, NULL, 0));
    CHECK_OK(mr_list_del(&a, 3));
    CHECK_OK(mr_list_del(&a, 0));
    CHECK_LIST(&a, "[-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99]");
    CHECK_OK(mr_list_remove(&a, MR_DOUBLE(4)));
    CHECK_STATUS(mr_list_remove(&a, MR_INT(4)), MR_ENOENT);
    CHECK(mr_list_has(&a, MR_INT(99)));
    CHECK(!mr_list_has(&a, MR_STRING("99")));
    CHECK_OK(mr_list_index(&a, MR_INT(5), &index));
    CHECK_EQ(index, 5);
    CHECK_STATUS(mr_list_index(&a, MR_INT(55), &index), MR_ENOENT);
    CHECK_OK(mr_list_append(&a, MR_BOOL(true)));
    CHECK_OK(mr_list_count(&a, MR_INT(1), &count)); /* true is equal to 1 */
    CHECK_EQ(count, 2);
    CHECK_OK(mr_list_reverse(&a));
    CHECK_LIST(&a, "[True, 99, 9, 8, 7, 6, 5, 3, 2, 1, 0, -1]");
    CHECK_OK(mr_list_sort(&a, false));
    CHECK_LIST(&a, "[-1, 0, True, 1, 2, 3, 5, 6, 7, 8, 9, 99]");
    CHECK_OK(mr_list_sort(&a, true)); /* equal ones stay in order */
    CHECK_LIST(&a, "[99, 9, 8, 7, 6, 5, 3, 2, True, 1, 0, -1]");
    CHECK_OK(mr_list_append(&a, MR_STRING("x")));
    CHECK_STATUS(mr_list_sort(&a, false), MR_EINVAL);
    CHECK_EQ(mr_list_length(&a), 13);
    CHECK_OK(mr_list_times(&a, 2, &items, &count));
    CHECK_EQ(count, 26);
    CHECK(item_is(items[25], MR_STRING("x")));
    free(items);
    CHECK_OK(mr_list_times(&a, -2, &items, &count));
    CHECK_ITEMS(items, count, "[]");
    CHECK_OK(mr_list_copy(&b, &a));
    CHECK_OK(mr_list_clear(&a));
    CHECK_EQ(mr_list_length(&a), 0);
    CHECK_STATUS(mr_list_pop(&a, -1, &item, NULL, 0), MR_ENOENT);
    CHECK_STATUS(mr_list_get(&a, 0, &item, NULL, 0), MR_ENOENT);
    CHECK_OK(mr_list_sort(&a, false));
    CHECK_OK(mr_list_reverse(&a));
    CHECK_OK(mr_list_repeat(&a, 5));
    CHECK_EQ(mr_list_length(&b), 13);
    CHECK_OK(mr_list_repeat(&b, 0));
    CHECK_LIST(&b, "[]");
    CHECK_OK(mr_list_destroy(&b));
    CHECK_OK(mr_list_destroy(&b));
    CHECK_REFUSED(mr_list_length(&b) == -1, MR_ECLOSED);
}

/* As Python's slices, which are tried in the same places. */
SCENARIO_SHARED(list, slices)
{
    static const struct {
        ptrdiff_t start, stop, step;
        const char *wanted;
    } slices[] = {
        {MR_OMITTED, MR_OMITTED, 1, "[0, 1, 2, 3, 4, 5]"},
        {MR_OMITTED, MR_OMITTED, -1, "[5, 4, 3, 2, 1, 0]"},
        {MR_OMITTED, MR_OMITTED, 2, "[0, 2, 4]"},
        {1, MR_OMITTED, 2, "[1, 3, 5]"},
        {-2, MR_OMITTED, 1, "[4, 5]"},
        {MR_OMITTED, -2, 1, "[0, 1, 2, 3]"},
        {MR_OMITTED, 2, -1, "[5, 4, 3]"},
        {2, MR_OMITTED, -1, "[2, 1, 0]"},
        {4, 1, -2, "[4, 2]"},
        {-100, 100, 5, "[0, 5]"},
        {100, -100, -5, "[5, 0]"},
        {3, 3, 1, "[]"},
        {4, 2, 1, "[]"},
        {2, 4, -1, "[]"},
        {0, 6, PTRDIFF_MAX, "[0]"},
        {5, MR_OMITTED, PTRDIFF_MIN, "[5]"},
        {PTRDIFF_MAX, PTRDIFF_MIN + 1, -3, "[5, 2]"},
    };
    mr_list l;
    mr_item *items;
    size_t count;
    make(&l, 6);
    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
        CHECK_OK(mr_list_slice(&l, slices[i].start, slices[i].stop, slices[i].step, &items, &count));
        CHECK_ITEMS(items, count, slices[i].wanted);
    }
    CHECK_STATUS(mr_list_slice(&l, 0, 1, 0, &items, &count), MR_EINVAL);
    CHECK_OK(mr_list_reversed(&l, &items, &count));
    CHECK_ITEMS(items, count, "[5, 4, 3, 2, 1, 0]");
    CHECK_OK(mr_list_items(&l, &items, &count));
    CHECK_ITEMS(items, count, "[0, 1, 2, 3, 4, 5]");

    const mr_item new[] = {MR_STRING("a"), MR_STRING("b, which is longer"), MR_STRING("c")};
    CHECK_OK(mr_list_set_slice(&l, 1, 3, 1, new, 3));
    CHECK_LIST(&l, "[0, 'a', 'b, which is longer', 'c', 3, 4, 5]");
    CHECK_OK(mr_list_set_slice(&l, 5, 2, 1, new, 1)); /* an empty one: before index 5 */
    CHECK_LIST(&l, "[0, 'a', 'b, which is longer', 'c', 3, 'a', 4, 5]");
    CHECK_STATUS(mr_list_set_slice(&l, MR_OMITTED, MR_OMITTED, 3, new, 2), MR_EINVAL);
    CHECK_OK(mr_list_set_slice(&l, MR_OMITTED, MR_OMITTED, 3, new, 3));
    CHECK_LIST(&l, "['a', 'a', 'b, which is longer', 'b, which is longer', 3, 'a', 'c', 5]");
    CHECK_OK(mr_list_set_slice(&l, MR_OMITTED, MR_OMITTED, -4, new, 2));
    CHECK_LIST(&l, "['a', 'a', 'b, which is longer', 'b, which is longer', 3, 'a', 'c', 'a']");
    CHECK_OK(mr_list_del_slice(&l, MR_OMITTED, MR_OMITTED, -3));
    CHECK_LIST(&l, "['a', 'b, which is longer', 'b, which is longer', 'a', 'c']");
    CHECK_OK(mr_list_del_slice(&l, 10, 20, 2));
    CHECK_OK(mr_list_del_slice(&l, 1, 3, 1));
    CHECK_LIST(&l, "['a', 'a', 'c']");
    CHECK_OK(mr_list_set_slice(&l, MR_OMITTED, MR_OMITTED, 1, NULL, 0));
    CHECK_LIST(&l, "[]");
}

/* _TestContainers.test_list_iter */
SCENARIO_SHARED(list, iteration)
{
    mr_list l;
    int seen = 0;
    make(&l, 3);
    mr_iterator all;
    CHECK_OK(mr_list_iterate(&l, &all));
    while (mr_iterator_next(&all) == MR_OK) {
        CHECK(item_is(all.value, MR_INT(seen)));
        if (seen++ == 1)
            CHECK_OK(mr_list_append(&l, MR_INT(3))); /* while it goes on */
    }
    CHECK_EQ(seen, 4);
    CHECK_STATUS(mr_iterator_next(&all), MR_EEOF);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_OK(mr_list_iterate(&l, &all));
    CHECK_OK(mr_iterator_next(&all));
    CHECK_OK(mr_list_destroy(&l));
    CHECK_STATUS(mr_iterator_next(&all), MR_ECLOSED);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_STATUS(mr_list_iterate(NULL, &all), MR_EINVAL);
    CHECK_STATUS(mr_iterator_next(&all), MR_EINVAL);
    CHECK_OK(mr_iterator_close(&all));
}

static mr_list inner_of(const mr_list *outer, ptrdiff_t index)
{
    mr_list inner = {0};
    mr_item item;
    CHECK_OK(mr_list_get(outer, index, &item, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&item, &inner));
    return inner;
}

/* _TestContainers.test_list_proxy_in_list, test_nested_queue */
SCENARIO_SHARED(list, nested)
{
    mr_list outer, inner, self;
    mr_queue queue, found;
    mr_item item;
    make(&outer, 0);
    for (int i = 0; i < 3; i++) {
        make(&inner, 3);
        CHECK_OK(mr_list_append(&outer, MR_OBJECT(&inner)));
    }
    inner = inner_of(&outer, 0);
    CHECK_OK(mr_list_set(&inner, -1, MR_INT(55)));
    inner = inner_of(&outer, 0);
    CHECK_LIST(&inner, "[0, 1, 55]");
    inner = inner_of(&outer, 1);
    CHECK_LIST(&inner, "[0, 1, 2]");
    CHECK_OK(mr_list_pop(&inner, -1, &item, NULL, 0));
    inner = inner_of(&outer, 1);
    CHECK_EQ(mr_list_length(&inner), 2);
    CHECK_OK(mr_list_destroy(&inner)); /* what is closed is closed in there, too */
    inner = inner_of(&outer, 1);
    CHECK_REFUSED(mr_list_length(&inner) == -1, MR_ECLOSED);

    make(&self, 0);
    CHECK_OK(mr_list_append(&self, MR_OBJECT(&self)));
    CHECK_LIST(&self, "[<list>]");
    inner = inner_of(&self, 0);
    CHECK_EQ(inner.mr__handle, self.mr__handle);
    CHECK_OK(mr_queue_init(&queue, 1));
    CHECK_OK(mr_list_append(&self, MR_OBJECT(&queue)));
    CHECK_OK(mr_list_get(&self, 1, &item, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&item, &found));
    CHECK_OK(mr_queue_put(&found, "x", 1, 0));
    CHECK_EQ(mr_queue_length(&queue), 1);
    CHECK_OK(mr_list_destroy(&self));
}

static mr_status longer(const mr_item *now, mr_item *next, void *text)
{
    snprintf(text, 64, "%.*s+", (int)now->size, (const char *)now->data);
    *next = MR_STRING((const char *)text);
    return MR_OK;
}

SCENARIO_SHARED(list, atomic_updates)
{
    mr_list l;
    mr_item sum;
    mr_lock lock;
    bool swapped;
    char text[64];
    make(&l, 3);
    CHECK_OK(mr_list_add(&l, -1, MR_INT(5), &sum));
    CHECK(item_is(sum, MR_INT(7)));
    CHECK_STATUS(mr_list_add(&l, 3, MR_INT(5), &sum), MR_ENOENT);
    CHECK_STATUS(mr_list_add(&l, 0, MR_STRING("5"), &sum), MR_EINVAL);
    CHECK_OK(mr_list_compare_and_swap(&l, 0, &MR_INT(1), MR_STRING("text"), &swapped));
    CHECK(!swapped);
    CHECK_OK(mr_list_compare_and_swap(&l, 0, &MR_INT(0), MR_STRING("text"), &swapped));
    CHECK(swapped);
    CHECK_STATUS(mr_list_compare_and_swap(&l, 9, &MR_INT(0), MR_STRING("text"), &swapped), MR_ENOENT);
    CHECK_OK(mr_list_modify(&l, 0, longer, text));
    CHECK_LIST(&l, "['text+', 1, 7]");
    CHECK_STATUS(mr_list_modify(&l, 5, longer, text), MR_ENOENT);
    CHECK_OK(mr_list_get_lock(&l, &lock));
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_OK(mr_lock_release(&lock));
    CHECK_OK(mr_list_destroy(&l));
    CHECK_STATUS(mr_lock_acquire(&lock, 0), MR_ECLOSED);
}

enum { WORKERS = 3, ROUNDS = 1000 };

/* Each appends its own, takes any, changes what is there. */
static int works_on(const void *args, size_t size)
{
    const mr_list *l = args;
    mr_item item;
    char text[64];
    CHECK_EQ(size, sizeof *l);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_list_append(l, MR_STRING("an item that is not short"))));
        CHECK_OR_STOP(CHECK_OK(mr_list_add(l, 0, MR_INT(1), NULL)));
        if (i % 10 == 0)
            CHECK_OR_STOP(CHECK_OK(mr_list_insert(l, 1, MR_STRING("another one, as long as that"))));
        CHECK_OR_STOP(CHECK_OK(mr_list_pop(l, -1, &item, text, sizeof text)));
        CHECK_OR_STOP(CHECK(strcmp(text, "an item that is not short") == 0 ||
                            strcmp(text, "another one, as long as that") == 0));
    }
    return 0;
}

SCENARIO_SHARED(list, across_processes, .timeout = 120)
{
    mr_list l;
    mr_process p[WORKERS];
    make(&l, 1);
    for (int i = 0; i < WORKERS; i++)
        CHECK_OR_STOP(begin(&p[i], works_on, &l, sizeof l));
    works_on(&l, sizeof l);
    for (int i = 0; i < WORKERS; i++)
        CHECK(end(&p[i], 60, 0));
    CHECK_EQ(mr_list_length(&l), 1 + (WORKERS + 1) * ROUNDS / 10);
    CHECK_EQ(int_at(&l, 0), (WORKERS + 1) * ROUNDS);
}

/* A million items, as a stack and as a line. */
SCENARIO_LOCAL(list, million, .timeout = 120)
{
    enum { MANY = 1000000 };
    mr_list l;
    mr_item item;
    make(&l, MANY);
    CHECK_EQ(mr_list_length(&l), MANY);
    for (int i = 0; i < MANY / 2; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_list_pop(&l, 0, &item, NULL, 0)));
        CHECK_OR_STOP(CHECK_EQ(item.integer, i));
        CHECK_OR_STOP(CHECK_OK(mr_list_append(&l, item)));
    }
    for (int i = MANY / 2 - 1; i >= 0; i--) {
        CHECK_OR_STOP(CHECK_OK(mr_list_pop(&l, -1, &item, NULL, 0)));
        CHECK_OR_STOP(CHECK_EQ(item.integer, i));
    }
    CHECK_EQ(mr_list_length(&l), MANY / 2);
    CHECK_EQ(int_at(&l, -1), MANY - 1);
    CHECK_OK(mr_list_sort(&l, true));
    CHECK_EQ(int_at(&l, 0), MANY - 1);
    CHECK_STATUS(mr_list_repeat(&l, 10000), MR_ELIMIT);
    CHECK_EQ(mr_list_length(&l), MANY / 2);
    CHECK_OK(mr_list_destroy(&l));
}

SCENARIO_SHARED(list, bad_input)
{
    mr_list l, none = {0}, wrong;
    mr_dict dict;
    mr_item item, *items, odd = {.type = (mr_item_type)77}, nothing = {.type = MR_ITEM_STRING, .size = 5};
    size_t count;
    bool swapped;
    char *text;
    mr_lock lock;
    make(&l, 1);
    CHECK_OK(mr_dict_init(&dict));
    wrong.mr__handle = dict.mr__handle;
    const mr_list *bad[] = {NULL, &none, &wrong};
    CHECK_STATUS(mr_list_init(NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_list_init(&none, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_list_init(&none, &odd, 1), MR_EINVAL);
    for (int i = 0; i < 3; i++) {
        const mr_list *b = bad[i];
        CHECK_STATUS(mr_list_destroy(b), MR_EINVAL);
        CHECK_REFUSED(mr_list_length(b) == -1, MR_EINVAL);
        CHECK_REFUSED(!mr_list_has(b, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_list_set(b, 0, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_list_get(b, 0, &item, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_list_del(b, 0), MR_EINVAL);
        CHECK_STATUS(mr_list_append(b, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_list_extend(b, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_list_insert(b, 0, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_list_pop(b, 0, &item, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_list_remove(b, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_list_count(b, MR_INT(1), &count), MR_EINVAL);
        CHECK_STATUS(mr_list_index(b, MR_INT(1), &count), MR_EINVAL);
        CHECK_STATUS(mr_list_clear(b), MR_EINVAL);
        CHECK_STATUS(mr_list_reverse(b), MR_EINVAL);
        CHECK_STATUS(mr_list_sort(b, false), MR_EINVAL);
        CHECK_STATUS(mr_list_repeat(b, 2), MR_EINVAL);
        CHECK_STATUS(mr_list_slice(b, 0, 1, 1, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_list_set_slice(b, 0, 1, 1, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_list_del_slice(b, 0, 1, 1), MR_EINVAL);
        CHECK_STATUS(mr_list_items(b, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_list_reversed(b, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_list_plus(b, NULL, 0, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_list_times(b, 2, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_list_copy(&none, b), MR_EINVAL);
        CHECK_STATUS(mr_list_text(b, &text), MR_EINVAL);
        CHECK_STATUS(mr_list_add(b, 0, MR_INT(1), NULL), MR_EINVAL);
        CHECK_STATUS(mr_list_compare_and_swap(b, 0, &MR_INT(1), MR_INT(2), &swapped), MR_EINVAL);
        CHECK_STATUS(mr_list_modify(b, 0, longer, NULL), MR_EINVAL);
        CHECK_STATUS(mr_list_get_lock(b, &lock), MR_EINVAL);
    }
    const mr_item wrong_items[] = {odd, nothing};
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(mr_list_append(&l, wrong_items[i]), MR_EINVAL);
        CHECK_STATUS(mr_list_extend(&l, &wrong_items[i], 1), MR_EINVAL);
        CHECK_STATUS(mr_list_insert(&l, 0, wrong_items[i]), MR_EINVAL);
        CHECK_STATUS(mr_list_set(&l, 0, wrong_items[i]), MR_EINVAL);
        CHECK_STATUS(mr_list_count(&l, wrong_items[i], &count), MR_EINVAL);
        CHECK_STATUS(mr_list_set_slice(&l, 0, 1, 1, &wrong_items[i], 1), MR_EINVAL);
        CHECK_STATUS(mr_list_plus(&l, &wrong_items[i], 1, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_list_compare_and_swap(&l, 0, &MR_INT(0), wrong_items[i], &swapped), MR_EINVAL);
    }
    CHECK_STATUS(mr_list_extend(&l, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_list_set_slice(&l, 0, 1, 1, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_list_count(&l, MR_INT(1), NULL), MR_EINVAL);
    CHECK_STATUS(mr_list_index(&l, MR_INT(1), NULL), MR_EINVAL);
    CHECK_STATUS(mr_list_slice(&l, 0, 1, 1, NULL, &count), MR_EINVAL);
    CHECK_STATUS(mr_list_times(&l, PTRDIFF_MAX, &items, &count), MR_ENOMEM);
    CHECK_STATUS(mr_list_plus(&l, NULL, 0, NULL, &count), MR_EINVAL);
    CHECK_STATUS(mr_list_copy(NULL, &l), MR_EINVAL);
    CHECK_STATUS(mr_list_text(&l, NULL), MR_EINVAL);
    CHECK_STATUS(mr_list_compare_and_swap(&l, 0, NULL, MR_INT(2), &swapped), MR_EINVAL);
    CHECK_STATUS(mr_list_modify(&l, 0, NULL, NULL), MR_EINVAL);
    CHECK_STATUS(mr_list_get_lock(&l, NULL), MR_EINVAL);
    CHECK_STATUS(mr_list_set(&l, PTRDIFF_MIN, MR_INT(1)), MR_ENOENT);
    CHECK_STATUS(mr_list_repeat(&l, PTRDIFF_MAX), MR_ELIMIT);
    CHECK_LIST(&l, "[0]");
}
