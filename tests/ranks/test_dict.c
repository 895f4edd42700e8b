/* Shared dicts. The comments name the tests of CPython's own suite whose behaviour a scenario covers. */
#include "items.h"
#include "scenario.h"
#include "targets.h"

#include <stdio.h>
#include <string.h>

static void make(mr_dict *dict)
{
    CHECK_OR_STOP(CHECK_OK(mr_dict_init(dict)));
}

/* _TestContainers.test_dict */
SCENARIO_SHARED(dict, basics)
{
    mr_dict d, copy;
    mr_item value, *items;
    size_t count;
    char text[16];
    make(&d);
    CHECK_EQ(mr_dict_length(&d), 0);
    CHECK_DICT(&d, "{}");
    CHECK_STATUS(mr_dict_get(&d, MR_INT(65), &value, NULL, 0), MR_ENOENT);
    CHECK_OK(mr_dict_keys(&d, &items, &count));
    CHECK_EQ(count, 0);
    free(items);
    for (char letter = 'A'; letter < 'F'; letter++)
        CHECK_OK(mr_dict_set(&d, MR_INT(letter), MR_BYTES(&letter, 1)));
    CHECK_DICT(&d, "{65: b'A', 66: b'B', 67: b'C', 68: b'D', 69: b'E'}");
    CHECK_OK(mr_dict_copy(&copy, &d));
    CHECK_OK(mr_dict_set(&d, MR_INT(66), MR_STRING("be")));
    CHECK_OK(mr_dict_get(&d, MR_INT(66), &value, text, sizeof text));
    CHECK_TEXT(text, "be");
    CHECK(item_is(value, MR_STRING("be")));
    CHECK_DICT(&copy, "{65: b'A', 66: b'B', 67: b'C', 68: b'D', 69: b'E'}");
    CHECK_OK(mr_dict_destroy(&copy));
    CHECK_REFUSED(mr_dict_length(&copy) == -1, MR_ECLOSED);
    CHECK_OK(mr_dict_keys(&d, &items, &count));
    CHECK_ITEMS(items, count, "[65, 66, 67, 68, 69]");
    CHECK_OK(mr_dict_values(&d, &items, &count));
    CHECK_ITEMS(items, count, "[b'A', 'be', b'C', b'D', b'E']");
    CHECK_OK(mr_dict_items(&d, &items, &count));
    CHECK_EQ(count, 5);
    CHECK_ITEMS(items, 4, "[65, b'A', 66, 'be']");

    CHECK(mr_dict_has(&d, MR_INT(67)));
    CHECK_OK(mr_dict_del(&d, MR_INT(67)));
    CHECK(!mr_dict_has(&d, MR_INT(67)));
    CHECK_STATUS(mr_dict_del(&d, MR_INT(67)), MR_ENOENT);
    CHECK_OK(mr_dict_set(&d, MR_INT(67), MR_NONE)); /* a key that comes again comes last */
    CHECK_OK(mr_dict_pop(&d, MR_INT(65), &value, text, sizeof text));
    CHECK(item_is(value, MR_BYTES("A", 1)));
    CHECK_STATUS(mr_dict_pop(&d, MR_INT(65), NULL, NULL, 0), MR_ENOENT);
    CHECK_OK(mr_dict_popitem(&d, &items));
    CHECK_ITEMS(items, 2, "[67, None]");
    CHECK_OK(mr_dict_setdefault(&d, MR_INT(66), MR_INT(1), &value, text, sizeof text));
    CHECK(item_is(value, MR_STRING("be")));
    CHECK_OK(mr_dict_setdefault(&d, MR_STRING("new"), MR_STRING("here"), &value, text, sizeof text));
    CHECK(item_is(value, MR_STRING("here")));
    CHECK_OK(mr_dict_update(
        &d, (mr_item[]){MR_INT(69), MR_BOOL(true), MR_STRING("x"), MR_DOUBLE(0.5), MR_STRING("x"), MR_INT(9)}, 3));
    CHECK_DICT(&d, "{66: 'be', 68: b'D', 69: True, 'new': 'here', 'x': 9}");
    CHECK_EQ(mr_dict_length(&d), 5);
    CHECK_OK(mr_dict_clear(&d));
    CHECK_EQ(mr_dict_length(&d), 0);
    CHECK_STATUS(mr_dict_popitem(&d, &items), MR_ENOENT);
    CHECK_OK(mr_dict_update(&d, NULL, 0));
    CHECK_OK(mr_dict_destroy(&d));
    CHECK_OK(mr_dict_destroy(&d));
    CHECK_STATUS(mr_dict_set(&d, MR_INT(1), MR_INT(2)), MR_ECLOSED);
}

/* Every type, as a key and as a value; long ones. */
SCENARIO_SHARED(dict, types)
{
    static const double reals[] = {0.1, -2e300};
    static const int32_t numbers[] = {1, -2, 3};
    static char longest[200001];
    mr_dict d, other;
    mr_queue queue, same;
    mr_item value;
    char text[64], *long_text;
    make(&d);
    make(&other);
    CHECK_OK(mr_queue_init(&queue, 0));
    const mr_item keys[] = {MR_NONE,
                            MR_BOOL(false),
                            MR_INT(INT64_MIN),
                            MR_DOUBLE(1.5),
                            MR_STRING(""),
                            MR_BYTES("", 0),
                            MR_STRING("a key that is long"),
                            MR_BYTES("\0long\0bytes\0", 12),
                            MR_OBJECT(&queue)};
    const mr_item values[] = {MR_OBJECT(&other),     MR_NONE,
                              MR_BOOL(true),         MR_INT(INT64_MAX),
                              MR_DOUBLE(-0.0),       MR_BYTES("\xff\0", 2),
                              MR_STRING("eight ch"), MR_ARRAY(numbers, 3),
                              MR_ARRAY(reals, 2)};
    enum { COUNT = sizeof keys / sizeof keys[0] };
    for (int i = 0; i < COUNT; i++)
        CHECK_OK(mr_dict_set(&d, keys[i], values[i]));
    CHECK_EQ(mr_dict_length(&d), COUNT);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_dict_get(&d, keys[i], &value, text, sizeof text));
        CHECK(item_is(value, values[i]));
    }
    CHECK_DICT(&d, "{None: <dict>, False: None, -9223372036854775808: True, 1.5: 9223372036854775807, '': -0.0, "
                   "b'': b'\\xff\\x00', 'a key that is long': 'eight ch', b'\\x00long\\x00bytes\\x00': "
                   "array('i', [1, -2, 3]), <queue>: array('d', [0.1, -2e+300])}");
    /* numbers that are equal are one key, as in Python, which keeps the first */
    CHECK(mr_dict_has(&d, MR_INT(0)));
    CHECK(mr_dict_has(&d, MR_DOUBLE(-0.0)));
    CHECK_OK(mr_dict_set(&d, MR_DOUBLE(0), MR_STRING("zero")));
    CHECK_EQ(mr_dict_length(&d), COUNT);
    CHECK(!mr_dict_has(&d, MR_INT(1)));
    CHECK(!mr_dict_has(&d, MR_BYTES("a key that is long", 18)));
    CHECK_STATUS(mr_dict_set(&d, MR_DOUBLE(NAN), MR_NONE), MR_EINVAL);
    CHECK_STATUS(mr_dict_set(&d, MR_ARRAY(numbers, 3), MR_NONE), MR_EINVAL);

    CHECK_OK(mr_dict_get(&d, MR_DOUBLE(1.5), &value, NULL, 0));
    CHECK_STATUS(MR_TAKE_OBJECT(&value, &same), MR_EINVAL);
    CHECK_OK(mr_dict_set(&other, MR_INT(1), MR_OBJECT(&queue)));
    CHECK_OK(mr_dict_get(&other, MR_INT(1), &value, NULL, 0));
    CHECK_STATUS(MR_TAKE_OBJECT(&value, &other), MR_EINVAL);
    CHECK_OK(MR_TAKE_OBJECT(&value, &same));
    CHECK_EQ(same.mr__handle, queue.mr__handle);

    memset(longest, 'x', sizeof longest - 1);
    CHECK_OK(mr_dict_set(&d, MR_STRING(longest), MR_STRING(longest)));
    CHECK_STATUS(mr_dict_get(&d, MR_STRING(longest), &value, text, sizeof text), MR_ETOOSMALL);
    CHECK_EQ(value.size, sizeof longest - 1);
    CHECK_STATUS(mr_dict_get(&d, MR_STRING(longest), &value, NULL, 1000000), MR_ETOOSMALL);
    CHECK_STATUS(mr_dict_pop(&d, MR_STRING(longest), &value, text, sizeof text), MR_ETOOSMALL);
    CHECK_STATUS(mr_dict_get(&d, MR_STRING(""), NULL, NULL, 0) == MR_OK ? MR_OK : mr_last_status(), MR_OK);
    CHECK_OK(mr_dict_pop_alloc(&d, MR_STRING(longest), &value));
    long_text = (char *)(uintptr_t)value.data;
    CHECK_TEXT(long_text, longest);
    free(long_text);
    CHECK(!mr_dict_has(&d, MR_STRING(longest)));
}

/* _TestContainers.test_dict_iter */
SCENARIO_SHARED(dict, iteration)
{
    mr_dict d, none = {0};
    make(&d);
    for (int i = 0; i < 5; i++)
        CHECK_OK(mr_dict_set(&d, MR_INT(10 - i), MR_STRING("a value of some length")));
    mr_iterator all;
    CHECK_OK(mr_dict_iterate(&d, &all));
    for (int i = 0; i < 5; i++) {
        CHECK_OK(mr_iterator_next(&all));
        CHECK(item_is(all.key, MR_INT(10 - i)));
        CHECK(item_is(all.value, MR_STRING("a value of some length")));
        CHECK_OK(
            mr_dict_set(&d, MR_INT(10 - i), MR_STRING("another value, which is no matter"))); /* the same keys */
    }
    CHECK_STATUS(mr_iterator_next(&all), MR_EEOF);
    CHECK_STATUS(mr_iterator_next(&all), MR_EEOF);
    CHECK_OK(mr_iterator_close(&all));

    CHECK_OK(mr_dict_iterate(&d, &all));
    CHECK_OK(mr_iterator_next(&all));
    CHECK_OK(mr_dict_set(&d, MR_STRING("new"), MR_NONE));
    CHECK_STATUS(mr_iterator_next(&all), MR_ESTATE);
    CHECK_STATUS(mr_iterator_next(&all), MR_ESTATE);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_OK(mr_dict_iterate(&d, &all));
    CHECK_OK(mr_iterator_next(&all));
    CHECK_OK(mr_dict_del(&d, MR_STRING("new")));
    CHECK_STATUS(mr_iterator_next(&all), MR_ESTATE);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_STATUS(mr_iterator_next(&all), MR_EINVAL); /* closed */
    CHECK_OK(mr_iterator_close(&all));
    CHECK_OK(mr_dict_iterate(&d, &all));
    CHECK_OK(mr_iterator_next(&all));
    CHECK_OK(mr_iterator_close(&all)); /* before its end */

    CHECK_STATUS(mr_dict_iterate(&d, NULL), MR_EINVAL);
    CHECK_STATUS(mr_dict_iterate(NULL, &all), MR_EINVAL);
    CHECK_STATUS(mr_iterator_next(&all), MR_EINVAL);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_OK(mr_dict_iterate(&none, &all));
    CHECK_STATUS(mr_iterator_next(&all), MR_EINVAL);
    CHECK_OK(mr_iterator_close(&all));
    CHECK_STATUS(mr_iterator_next(NULL), MR_EINVAL);
    CHECK_STATUS(mr_iterator_next(&(mr_iterator){0}), MR_EINVAL);
    CHECK_STATUS(mr_iterator_close(NULL), MR_EINVAL);
}

/* DictProxy: reversed(d), dict.fromkeys, d | other and d |= other */
SCENARIO_SHARED(dict, unions)
{
    mr_dict d;
    mr_item keys[] = {MR_STRING("b"), MR_STRING("a"), MR_INT(1), MR_STRING("b")};
    mr_item more[] = {MR_BOOL(true), MR_STRING("one"), MR_STRING("c"), MR_INT(3)}, *items = NULL;
    size_t count = 0;
    CHECK_OR_STOP(CHECK_OK(mr_dict_init_fromkeys(&d, keys, 4, MR_STRING("the value of all"))));
    CHECK_EQ(mr_dict_length(&d), 3);
    CHECK_OK(mr_dict_keys(&d, &items, &count));
    CHECK_ITEMS(items, count, "['b', 'a', 1]");
    CHECK_OK(mr_dict_reversed(&d, &items, &count));
    CHECK_ITEMS(items, count, "[1, 'a', 'b']");
    CHECK_OK(mr_dict_set(&d, MR_STRING("b"), MR_INT(2)));
    CHECK_OK(mr_dict_union(&d, more, 2, &items, &count));
    CHECK_ITEMS(items, 2 * count, "['b', 2, 'a', 'the value of all', 1, 'one', 'c', 3]");
    CHECK_EQ(mr_dict_length(&d), 3); /* as it was */
    CHECK_OK(mr_dict_update(&d, more, 2));
    CHECK_DICT(&d, "{'b': 2, 'a': 'the value of all', 1: 'one', 'c': 3}");
    CHECK_OK(mr_dict_union(&d, NULL, 0, &items, &count));
    CHECK_EQ(count, 4);
    free(items);
    mr_dict empty;
    CHECK_OK(mr_dict_init_fromkeys(&empty, NULL, 0, MR_NONE));
    CHECK_OK(mr_dict_reversed(&empty, &items, &count));
    CHECK_EQ(count, 0);
    free(items);
    CHECK_STATUS(mr_dict_union(&empty, NULL, 1, &items, &count), MR_EINVAL);
    CHECK_STATUS(mr_dict_union(&empty, more, 1, NULL, &count), MR_EINVAL);
    CHECK_STATUS(mr_dict_init_fromkeys(&empty, NULL, 1, MR_NONE), MR_EINVAL);
    CHECK_STATUS(mr_dict_init_fromkeys(NULL, keys, 1, MR_NONE), MR_EINVAL);
    CHECK_STATUS(mr_dict_init_fromkeys(&empty, &MR_DOUBLE(NAN), 1, MR_NONE), MR_EINVAL); /* no key */
    CHECK_STATUS(mr_dict_reversed(NULL, &items, &count), MR_EINVAL);
    CHECK_OK(mr_dict_destroy(&empty));
    CHECK_OK(mr_dict_destroy(&d));
}

/* What the calls with _alloc at their end give is the caller's. */
SCENARIO_SHARED(dict, items_of_any_size)
{
    mr_dict d;
    mr_item value;
    make(&d);
    CHECK_OK(mr_dict_setdefault_alloc(&d, MR_INT(1), MR_STRING("a default"), &value));
    CHECK_TEXT(value.data, "a default");
    free((void *)(uintptr_t)value.data);
    CHECK_OK(mr_dict_get_alloc(&d, MR_INT(1), &value));
    CHECK_TEXT(value.data, "a default");
    free((void *)(uintptr_t)value.data);
    CHECK_STATUS(mr_dict_get_alloc(&d, MR_INT(2), &value), MR_ENOENT);
    CHECK_STATUS(mr_dict_get(&d, MR_INT(1), &value, NULL, SIZE_MAX), MR_ETOOSMALL); /* there is no buffer */
    CHECK_EQ(value.size, strlen("a default"));
    CHECK_OK(mr_dict_pop_alloc(&d, MR_INT(1), &value));
    CHECK_TEXT(value.data, "a default");
    free((void *)(uintptr_t)value.data);
    CHECK_OK(mr_dict_destroy(&d));
}

static void check_inner(const mr_dict *outer, const char *key, const char *wanted)
{
    mr_dict inner;
    mr_item value;
    CHECK_OK(mr_dict_get(outer, MR_STRING(key), &value, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&value, &inner));
    CHECK_DICT(&inner, wanted);
}

/* _TestContainers.test_dict_proxy_nested, test_nested_queue */
SCENARIO_SHARED(dict, nested)
{
    mr_dict pets, hobbies, person, cycle;
    mr_list owners;
    mr_queue queue, found;
    mr_item value, *items;
    size_t size;
    char text[16];
    make(&pets);
    make(&hobbies);
    make(&person);
    CHECK_OK(mr_dict_set(&pets, MR_STRING("ferrets"), MR_INT(2)));
    CHECK_OK(mr_dict_set(&pets, MR_STRING("hamsters"), MR_INT(4)));
    CHECK_OK(mr_dict_set(&hobbies, MR_STRING("cooking"), MR_STRING("daily")));
    CHECK_OK(mr_dict_set(&person, MR_STRING("pets"), MR_OBJECT(&pets)));
    CHECK_OK(mr_dict_set(&person, MR_STRING("hobbies"), MR_OBJECT(&hobbies)));
    CHECK_OK(mr_dict_set(&pets, MR_STRING("hamsters"), MR_INT(5))); /* seen through the outer one */
    check_inner(&person, "pets", "{'ferrets': 2, 'hamsters': 5}");
    mr_dict again = hobbies;
    hobbies = (mr_dict){0}; /* the creator's handle is gone: the object is not */
    check_inner(&person, "hobbies", "{'cooking': 'daily'}");
    CHECK_OK(mr_list_init(&owners, (mr_item[]){MR_OBJECT(&person)}, 1));
    CHECK_OK(mr_dict_clear(&person)); /* nor do the inner ones go with what they are in */
    CHECK_DICT(&pets, "{'ferrets': 2, 'hamsters': 5}");
    CHECK_DICT(&again, "{'cooking': 'daily'}");
    CHECK_LIST(&owners, "[<dict>]");
    CHECK_OK(mr_list_get(&owners, 0, &value, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&value, &person));
    CHECK_OK(mr_dict_set(&person, MR_STRING("name"), MR_STRING("Alice")));
    CHECK_OK(mr_dict_items(&person, &items, &size));
    CHECK_ITEMS(items, 2 * size, "['name', 'Alice']");

    make(&cycle);
    CHECK_OK(mr_dict_set(&cycle, MR_STRING("self"), MR_OBJECT(&cycle)));
    check_inner(&cycle, "self", "{'self': <dict>}");

    CHECK_OK(mr_queue_init(&queue, 10));
    CHECK_OK(mr_dict_set(&cycle, MR_STRING("queue"), MR_OBJECT(&queue)));
    CHECK_OK(mr_dict_get(&cycle, MR_STRING("queue"), &value, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&value, &found));
    CHECK_OK(mr_queue_put(&found, "item", 5, 0));
    CHECK_OK(mr_queue_get(&queue, text, sizeof text, &size, 10));
    CHECK_TEXT(text, "item");
    CHECK_OK(mr_queue_destroy(&queue)); /* what is closed is closed in there, too */
    CHECK_STATUS(mr_queue_put(&found, "item", 5, 0), MR_ECLOSED);
    CHECK_OK(mr_dict_destroy(&cycle));
}

static mr_status twice(const mr_item *now, mr_item *next, void *argument)
{
    ++*(int *)argument;
    if (now == NULL) {
        *next = MR_INT(1);
        return MR_OK;
    }
    if (now->type != MR_ITEM_INT)
        return MR_ETASK;
    *next = MR_INT((int64_t)(2 * (uint64_t)now->integer));
    return MR_OK;
}

/* What Python lacks. */
SCENARIO_SHARED(dict, atomic_updates)
{
    mr_dict d;
    mr_item sum;
    mr_lock lock, same;
    bool swapped;
    int calls = 0;
    make(&d);
    CHECK_OK(mr_dict_add(&d, MR_STRING("n"), MR_INT(5), &sum));
    CHECK(item_is(sum, MR_INT(5)));
    CHECK_OK(mr_dict_add(&d, MR_STRING("n"), MR_BOOL(true), &sum));
    CHECK(item_is(sum, MR_INT(6)));
    CHECK_OK(mr_dict_add(&d, MR_STRING("n"), MR_DOUBLE(0.5), &sum));
    CHECK(item_is(sum, MR_DOUBLE(6.5)));
    CHECK_OK(mr_dict_add(&d, MR_STRING("n"), MR_INT(1), NULL));
    CHECK_OK(mr_dict_set(&d, MR_STRING("most"), MR_INT(INT64_MAX)));
    CHECK_STATUS(mr_dict_add(&d, MR_STRING("most"), MR_INT(1), &sum), MR_EOVERFLOW);
    CHECK_STATUS(mr_dict_add(&d, MR_STRING("most"), MR_STRING("1"), &sum), MR_EINVAL);
    CHECK_OK(mr_dict_set(&d, MR_STRING("text"), MR_STRING("a")));
    CHECK_STATUS(mr_dict_add(&d, MR_STRING("text"), MR_INT(1), &sum), MR_EINVAL);
    CHECK_DICT(&d, "{'n': 7.5, 'most': 9223372036854775807, 'text': 'a'}");

    CHECK_OK(mr_dict_compare_and_swap(&d, MR_STRING("text"), &MR_STRING("b"), MR_STRING("c"), &swapped));
    CHECK(!swapped);
    CHECK_OK(mr_dict_compare_and_swap(&d, MR_STRING("text"), &MR_STRING("a"), MR_STRING("c"), &swapped));
    CHECK(swapped);
    CHECK_OK(mr_dict_compare_and_swap(&d, MR_STRING("text"), NULL, MR_STRING("d"), &swapped));
    CHECK(!swapped);
    CHECK_OK(mr_dict_compare_and_swap(&d, MR_STRING("absent"), &MR_NONE, MR_INT(0), &swapped));
    CHECK(!swapped);
    CHECK_OK(mr_dict_compare_and_swap(&d, MR_STRING("absent"), NULL, MR_INT(1), &swapped));
    CHECK(swapped);
    CHECK_OK(mr_dict_compare_and_swap(&d, MR_STRING("absent"), &MR_BOOL(true), MR_INT(2), &swapped));
    CHECK(!swapped); /* true is equal to 1, but not the same */

    CHECK_OK(mr_dict_modify(&d, MR_STRING("absent"), twice, &calls));
    CHECK_EQ(int_of(&d, MR_STRING("absent")), 2);
    CHECK_OK(mr_dict_modify(&d, MR_STRING("fresh"), twice, &calls));
    CHECK_EQ(int_of(&d, MR_STRING("fresh")), 1);
    CHECK_STATUS(mr_dict_modify(&d, MR_STRING("text"), twice, &calls), MR_ETASK);
    CHECK(strstr(mr_last_error(), "change") != NULL);
    CHECK_EQ(calls, 3);
    CHECK_OK(mr_dict_get_lock(&d, &lock));
    CHECK_OK(mr_dict_get_lock(&d, &same));
    CHECK_EQ(lock.mr__handle, same.mr__handle);
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_OK(mr_dict_modify(&d, MR_STRING("fresh"), twice, &calls)); /* it is an RLock */
    CHECK_OK(mr_lock_release(&lock));
    CHECK_OK(mr_dict_destroy(&d));
    CHECK_STATUS(mr_lock_acquire(&lock, 0), MR_ECLOSED);
}

enum { WORKERS = 3, ROUNDS = 2000 };

/* All change the same keys in all ways. */
static int counts(const void *args, size_t size)
{
    const mr_dict *d = args;
    int calls = 0;
    CHECK_EQ(size, sizeof *d);
    for (int i = 0; i < ROUNDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "key number %d", i % 100);
        CHECK_OR_STOP(CHECK_OK(mr_dict_add(d, MR_STRING("sum"), MR_INT(1), NULL)));
        CHECK_OR_STOP(CHECK_OK(mr_dict_add(d, MR_STRING(name), MR_INT(1), NULL)));
        if (i % 100 == 0)
            CHECK_OR_STOP(CHECK_OK(mr_dict_modify(d, MR_STRING("twice"), twice, &calls)));
        CHECK_OR_STOP(CHECK_OK(mr_dict_set(d, MR_INT(mr_process_pid(mr_current_process()) * 100000 + i),
                                           MR_STRING("comes and goes"))));
        CHECK_OR_STOP(CHECK_OK(mr_dict_del(d, MR_INT(mr_process_pid(mr_current_process()) * 100000 + i))));
    }
    return 0;
}

SCENARIO_SHARED(dict, across_processes, .timeout = 120)
{
    mr_dict d;
    mr_process p[WORKERS];
    make(&d);
    for (int i = 0; i < WORKERS; i++)
        CHECK_OR_STOP(begin(&p[i], counts, &d, sizeof d));
    counts(&d, sizeof d);
    for (int i = 0; i < WORKERS; i++)
        CHECK(end(&p[i], 60, 0));
    CHECK_EQ(int_of(&d, MR_STRING("sum")), (WORKERS + 1) * ROUNDS);
    CHECK_EQ(int_of(&d, MR_STRING("key number 42")), (WORKERS + 1) * ROUNDS / 100);
    CHECK_EQ(mr_dict_length(&d), 102);
    mr_item value;
    CHECK_OK(
        mr_dict_get(&d, MR_STRING("twice"), &value, NULL, 0)); /* doubled 80 times: 2^79 is no int64 any more */
    CHECK_EQ(value.integer, 0);
}

/* A million entries; what was freed is used again. */
SCENARIO_LOCAL(dict, million, .timeout = 120)
{
    enum { MANY = 1000000 };
    mr_dict d;
    char name[32];
    make(&d);
    for (int i = 0; i < MANY; i++)
        CHECK_OR_STOP(CHECK_OK(mr_dict_set(&d, MR_INT(i), MR_INT(2 * i))));
    CHECK_EQ(mr_dict_length(&d), MANY);
    for (int i = 0; i < MANY; i += 7)
        CHECK_OR_STOP(CHECK_EQ(int_of(&d, MR_INT(i)), 2 * i));
    for (int i = 0; i < MANY; i += 2)
        CHECK_OR_STOP(CHECK_OK(mr_dict_del(&d, MR_INT(i))));
    for (int i = 0; i < MANY / 2; i++) {
        snprintf(name, sizeof name, "entry %d", i);
        CHECK_OR_STOP(CHECK_OK(mr_dict_set(&d, MR_STRING(name), MR_STRING(name))));
    }
    CHECK_EQ(mr_dict_length(&d), MANY);
    mr_iterator all;
    CHECK_OK(mr_dict_iterate(&d, &all));
    int next = 1;
    while (next < MANY && mr_iterator_next(&all) == MR_OK) {
        CHECK_OR_STOP(CHECK(item_is(all.key, MR_INT(next))));
        next += 2;
    }
    CHECK_OK(mr_iterator_close(&all));
    CHECK_OK(mr_dict_clear(&d));
    CHECK_OK(mr_dict_destroy(&d));
}

SCENARIO_SHARED(dict, bad_input)
{
    mr_dict d, none = {0}, wrong;
    mr_list list;
    mr_item value, *items, odd = {.type = (mr_item_type)77}, nothing = {.type = MR_ITEM_STRING, .size = 5};
    mr_item no_code = {.type = MR_ITEM_ARRAY, .data = "x", .size = 1}, no_object = {.type = MR_ITEM_OBJECT};
    size_t count;
    bool swapped;
    char *text;
    mr_lock lock;
    make(&d);
    CHECK_OK(mr_list_init(&list, NULL, 0));
    wrong.mr__handle = list.mr__handle;
    const mr_dict *bad[] = {NULL, &none, &wrong};
    CHECK_STATUS(mr_dict_init(NULL), MR_EINVAL);
    for (int i = 0; i < 3; i++) {
        const mr_dict *b = bad[i];
        CHECK_STATUS(mr_dict_destroy(b), MR_EINVAL);
        CHECK_REFUSED(mr_dict_length(b) == -1, MR_EINVAL);
        CHECK_REFUSED(!mr_dict_has(b, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_dict_set(b, MR_INT(1), MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_dict_get(b, MR_INT(1), &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_dict_del(b, MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_dict_pop(b, MR_INT(1), &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_dict_popitem(b, &items), MR_EINVAL);
        CHECK_STATUS(mr_dict_setdefault(b, MR_INT(1), MR_INT(1), &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_dict_update(b, (mr_item[]){MR_INT(1), MR_INT(1)}, 1), MR_EINVAL);
        CHECK_STATUS(mr_dict_clear(b), MR_EINVAL);
        CHECK_STATUS(mr_dict_copy(&none, b), MR_EINVAL);
        CHECK_STATUS(mr_dict_keys(b, &items, &count), MR_EINVAL);
        CHECK_STATUS(mr_dict_text(b, &text), MR_EINVAL);
        CHECK_STATUS(mr_dict_add(b, MR_INT(1), MR_INT(1), NULL), MR_EINVAL);
        CHECK_STATUS(mr_dict_compare_and_swap(b, MR_INT(1), NULL, MR_INT(1), &swapped), MR_EINVAL);
        CHECK_STATUS(mr_dict_modify(b, MR_INT(1), twice, NULL), MR_EINVAL);
        CHECK_STATUS(mr_dict_get_lock(b, &lock), MR_EINVAL);
    }
    const mr_item wrong_items[] = {odd, nothing, no_code, no_object};
    for (int i = 0; i < 4; i++) {
        CHECK_STATUS(mr_dict_set(&d, wrong_items[i], MR_INT(1)), MR_EINVAL);
        CHECK_STATUS(mr_dict_set(&d, MR_INT(1), wrong_items[i]), MR_EINVAL);
        CHECK_STATUS(mr_dict_get(&d, wrong_items[i], &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_dict_setdefault(&d, MR_INT(1), wrong_items[i], &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_dict_update(&d, (mr_item[]){MR_INT(1), MR_INT(1), MR_INT(2), wrong_items[i]}, 2),
                     MR_EINVAL);
        CHECK_STATUS(mr_dict_add(&d, MR_INT(1), wrong_items[i], NULL), MR_EINVAL);
        CHECK_STATUS(mr_dict_compare_and_swap(&d, MR_INT(1), &wrong_items[i], MR_INT(1), &swapped), MR_EINVAL);
        CHECK_STATUS(mr_dict_compare_and_swap(&d, MR_INT(1), NULL, wrong_items[i], &swapped), MR_EINVAL);
    }
    CHECK_STATUS(mr_dict_update(&d, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_dict_update(&d, &odd, SIZE_MAX), MR_EINVAL);
    CHECK_STATUS(mr_dict_copy(NULL, &d), MR_EINVAL);
    CHECK_STATUS(mr_dict_keys(&d, NULL, &count), MR_EINVAL);
    CHECK_STATUS(mr_dict_values(&d, &items, NULL), MR_EINVAL);
    CHECK_STATUS(mr_dict_text(&d, NULL), MR_EINVAL);
    CHECK_STATUS(mr_dict_popitem(&d, NULL), MR_EINVAL);
    CHECK_STATUS(mr_dict_modify(&d, MR_INT(1), NULL, NULL), MR_EINVAL);
    CHECK_STATUS(mr_dict_get_lock(&d, NULL), MR_EINVAL);
    CHECK_STATUS(MR_TAKE_OBJECT(&odd, &d), MR_EINVAL);
    CHECK_STATUS(mr__item_object(NULL, MR_OBJECT_DICT, &d, sizeof d), MR_EINVAL);
    CHECK_DICT(&d, "{}");
}
