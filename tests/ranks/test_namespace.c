/* Shared namespaces. The comments name the tests of CPython's own suite whose behaviour a scenario covers. */
#include "items.h"
#include "scenario.h"
#include "targets.h"

#include <string.h>

static mr_status say_more(const mr_item *now, mr_item *next, void *argument)
{
    *next = now == NULL ? MR_STRING("first") : MR_STRING((const char *)argument);
    return MR_OK;
}

static int reads(const void *args, size_t size)
{
    const mr_namespace *n = args;
    mr_item value;
    char text[16];
    CHECK_EQ(size, sizeof *n);
    CHECK_OK(mr_namespace_get(n, "name", &value, text, sizeof text));
    CHECK_TEXT(text, "Bob");
    CHECK_OK(mr_namespace_set(n, "seen", MR_BOOL(true)));
    return 0;
}

/* _TestContainers.test_namespace, TestSyncManagerTypes.test_namespace */
SCENARIO_SHARED(namespace, basics)
{
    mr_namespace n;
    mr_item value, *pairs;
    size_t count;
    char text[16];
    bool swapped;
    mr_lock lock;
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_namespace_init(&n)));
    CHECK_NAMESPACE(&n, "Namespace()");
    CHECK_OK(mr_namespace_set(&n, "name", MR_STRING("Bob")));
    CHECK_OK(mr_namespace_set(&n, "job", MR_STRING("Builder")));
    CHECK_OK(mr_namespace_set(&n, "_hidden", MR_STRING("hidden")));
    CHECK_OK(mr_namespace_get(&n, "name", &value, text, sizeof text));
    CHECK(item_is(value, MR_STRING("Bob")));
    CHECK_OK(mr_namespace_get(&n, "_hidden", &value, text, sizeof text));
    CHECK_TEXT(text, "hidden");
    CHECK_OK(mr_namespace_del(&n, "job"));
    CHECK_STATUS(mr_namespace_get(&n, "job", &value, text, sizeof text), MR_ENOENT);
    CHECK_STATUS(mr_namespace_del(&n, "job"), MR_ENOENT);
    CHECK(mr_namespace_has(&n, "name"));
    CHECK(!mr_namespace_has(&n, "job"));
    CHECK_NAMESPACE(&n, "Namespace(name='Bob')");
    CHECK_OK(mr_namespace_attributes(&n, &pairs, &count));
    CHECK_ITEMS(pairs, 2 * count, "['name', 'Bob', '_hidden', 'hidden']");
    CHECK_OK(mr_namespace_add(&n, "count", MR_INT(2), &value));
    CHECK(item_is(value, MR_INT(2)));
    CHECK_OK(mr_namespace_compare_and_swap(&n, "count", &MR_INT(2), MR_INT(3), &swapped));
    CHECK(swapped);
    CHECK_OK(mr_namespace_compare_and_swap(&n, "count", NULL, MR_INT(4), &swapped));
    CHECK(!swapped);
    CHECK_OK(mr_namespace_modify(&n, "word", say_more, "second"));
    CHECK_OK(mr_namespace_modify(&n, "word", say_more, "second"));
    CHECK_NAMESPACE(&n, "Namespace(name='Bob', count=3, word='second')");
    CHECK_OK(mr_namespace_get_lock(&n, &lock));
    CHECK_OK(mr_lock_acquire(&lock, 0));
    CHECK_OK(mr_lock_release(&lock));
    CHECK_OR_STOP(begin(&p, reads, &n, sizeof n));
    CHECK(end(&p, 30, 0));
    CHECK(mr_namespace_has(&n, "seen"));
    CHECK_OK(mr_namespace_destroy(&n));
    CHECK_OK(mr_namespace_destroy(&n));
    CHECK_REFUSED(!mr_namespace_has(&n, "seen"), MR_ECLOSED);
}

SCENARIO_SHARED(namespace, bad_input)
{
    mr_namespace n, none = {0}, wrong;
    mr_dict dict;
    mr_item value, *pairs, odd = {.type = (mr_item_type)77};
    size_t count;
    bool swapped;
    char *text;
    mr_lock lock;
    CHECK_OK(mr_namespace_init(&n));
    CHECK_OK(mr_dict_init(&dict));
    CHECK_STATUS(mr_namespace_init(NULL), MR_EINVAL);
    wrong.mr__handle = dict.mr__handle;
    const mr_namespace *bad[] = {NULL, &none, &wrong};
    for (int i = 0; i < 3; i++) {
        const mr_namespace *b = bad[i];
        CHECK_STATUS(mr_namespace_destroy(b), MR_EINVAL);
        CHECK_STATUS(mr_namespace_set(b, "a", MR_NONE), MR_EINVAL);
        CHECK_STATUS(mr_namespace_get(b, "a", &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_namespace_del(b, "a"), MR_EINVAL);
        CHECK_REFUSED(!mr_namespace_has(b, "a"), MR_EINVAL);
        CHECK_STATUS(mr_namespace_text(b, &text), MR_EINVAL);
        CHECK_STATUS(mr_namespace_attributes(b, &pairs, &count), MR_EINVAL);
        CHECK_STATUS(mr_namespace_add(b, "a", MR_INT(1), NULL), MR_EINVAL);
        CHECK_STATUS(mr_namespace_compare_and_swap(b, "a", NULL, MR_NONE, &swapped), MR_EINVAL);
        CHECK_STATUS(mr_namespace_modify(b, "a", say_more, NULL), MR_EINVAL);
        CHECK_STATUS(mr_namespace_get_lock(b, &lock), MR_EINVAL);
    }
    const char *names[] = {NULL, ""};
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(mr_namespace_set(&n, names[i], MR_NONE), MR_EINVAL);
        CHECK_STATUS(mr_namespace_get(&n, names[i], &value, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_namespace_del(&n, names[i]), MR_EINVAL);
        CHECK_REFUSED(!mr_namespace_has(&n, names[i]), MR_EINVAL);
        CHECK_STATUS(mr_namespace_add(&n, names[i], MR_INT(1), NULL), MR_EINVAL);
    }
    CHECK_STATUS(mr_namespace_set(&n, "a", odd), MR_EINVAL);
    CHECK_STATUS(mr_namespace_text(&n, NULL), MR_EINVAL);
    CHECK_STATUS(mr_namespace_attributes(&n, NULL, &count), MR_EINVAL);
    CHECK_STATUS(mr_namespace_modify(&n, "a", NULL, NULL), MR_EINVAL);
    CHECK_STATUS(mr_namespace_get_lock(&n, NULL), MR_EINVAL);
    CHECK_NAMESPACE(&n, "Namespace()");
}
