/* Lists in shared memory. The comments name the tests of CPython's own suite whose behaviour a scenario covers. */
#include "items.h"
#include "scenario.h"
#include "targets.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Whether an item of the list is this one. */
static bool is(const mr_shareable_list *list, ptrdiff_t index, mr_item wanted)
{
    char buffer[64];
    mr_item item;
    if (!CHECK_OK(mr_shareable_list_get(list, index, &item, buffer, sizeof buffer)))
        return false;
    if (item.type == MR_ITEM_STRING && !CHECK_EQ(strlen(buffer), item.size))
        return false;
    return item_is(item, wanted);
}

static void check_format(const mr_shareable_list *list, const char *wanted)
{
    char text[64];
    CHECK_OK(mr_shareable_list_format(list, text, sizeof text));
    CHECK_TEXT(text, wanted);
}

static void make(mr_shareable_list *list, const char *name)
{
    const mr_item items[] = {
        MR_STRING("howdy"), MR_BYTES("HoW\0Y", 5), MR_DOUBLE(-273.154), MR_INT(100), MR_NONE, MR_BOOL(true),
        MR_INT(42)};
    CHECK_OR_STOP(CHECK_OK(mr_shareable_list_init(list, name, items, 7)));
}

static void check_index(const mr_shareable_list *list, mr_item item, size_t wanted)
{
    size_t index = 99;
    CHECK_OK(mr_shareable_list_index(list, item, &index));
    CHECK_EQ(index, wanted);
}

/* _TestSharedMemory.test_shared_memory_ShareableList_basics: what is read */
SCENARIO_SHARED(shareable_list, reading)
{
    mr_shareable_list list, empty;
    size_t count = 9;
    make(&list, NULL);
    CHECK_EQ(mr_shareable_list_length(&list), 7);
    check_format(&list, "8s8sdqxxxxxx?xxxxxxxx?q");
    CHECK(is(&list, 0, MR_STRING("howdy")));
    CHECK(is(&list, -6, MR_BYTES("HoW\0Y", 5)));
    CHECK(is(&list, 2, MR_DOUBLE(-273.154)));
    CHECK(is(&list, 3, MR_INT(100)));
    CHECK(is(&list, 4, MR_NONE));
    CHECK(is(&list, -2, MR_BOOL(true)));
    CHECK(is(&list, -1, MR_INT(42)));
    CHECK_OK(mr_shareable_list_count(&list, MR_INT(42), &count));
    CHECK_EQ(count, 1);
    CHECK_OK(mr_shareable_list_count(&list, MR_STRING("adios"), &count));
    CHECK_EQ(count, 0);
    check_index(&list, MR_INT(42), 6);
    check_index(&list, MR_STRING("howdy"), 0);
    check_index(&list, MR_NONE, 4);
    CHECK_STATUS(mr_shareable_list_index(&list, MR_INT(100000), &count), MR_ENOENT);

    mr_item item;
    char small[5];
    CHECK_STATUS(mr_shareable_list_get(&list, 7, &item, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_get(&list, -8, &item, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_get(&list, PTRDIFF_MIN, &item, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_set(&list, 7, MR_NONE), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_get(&list, 0, &item, small, sizeof small), MR_ETOOSMALL);
    CHECK_EQ(item.size, 5);
    CHECK_OK(mr_shareable_list_get(&list, 1, &item, small, sizeof small)); /* bytes need no zero at their end */
    CHECK_STATUS(mr_shareable_list_format(&list, small, sizeof small), MR_ETOOSMALL);

    CHECK_OK(mr_shareable_list_init(&empty, NULL, NULL, 0));
    CHECK_EQ(mr_shareable_list_length(&empty), 0);
    check_format(&empty, "");
    CHECK_STATUS(mr_shareable_list_get(&empty, 0, &item, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_index(&empty, MR_INT(100), &count), MR_ENOENT);
}

/* _TestSharedMemory.test_shared_memory_ShareableList_basics: what is written */
SCENARIO_LOCAL(shareable_list, writing)
{
    mr_shareable_list list, copy, same;
    make(&list, "original");
    CHECK_OK(mr_shareable_list_set(&list, 3, MR_INT(42)));
    CHECK_OK(mr_shareable_list_set(&list, 4, MR_STRING("some")));
    check_format(&list, "8s8sdq8sxxxxxxx?q");
    CHECK(is(&list, 4, MR_STRING("some")));
    CHECK_OK(mr_shareable_list_set(&list, 4, MR_INT(INT64_MIN)));
    CHECK(is(&list, 4, MR_INT(INT64_MIN)));
    CHECK_OK(mr_shareable_list_set(&list, 0, MR_BYTES("12345678", 8)));
    CHECK_STATUS(mr_shareable_list_set(&list, 0, MR_STRING("123456789")), MR_ETOOSMALL);
    CHECK(is(&list, 0, MR_BYTES("12345678", 8)));
    CHECK_STATUS(mr_shareable_list_set(&list, 4, MR_STRING("far too long")), MR_ETOOSMALL);
    CHECK(is(&list, 4, MR_INT(INT64_MIN)));
    CHECK(is(&list, 1, MR_BYTES("HoW\0Y", 5))); /* nothing spilled over */
    /* bytes of UTF-8 count, not characters: these are 5 characters, 10 bytes */
    CHECK_STATUS(mr_shareable_list_set(&list, 0, MR_STRING("\u00f1\u00f1\u00f1\u00f1\u00f1")), MR_ETOOSMALL);
    CHECK_OK(mr_shareable_list_set(&list, 0, MR_STRING("\u00f1\u00f1\u00f1\u00f1")));
    CHECK(is(&list, 0, MR_STRING("\u00f1\u00f1\u00f1\u00f1")));

    CHECK_OK(mr_shareable_list_copy(&copy, "duplicate", &list));
    CHECK_TEXT(mr_shared_memory_name(&copy.shm), "duplicate");
    CHECK_STATUS(mr_shareable_list_copy(&same, "duplicate", &list), MR_EEXIST);
    CHECK_OK(mr_shareable_list_set(&copy, -1, MR_STRING("own")));
    CHECK(is(&list, -1, MR_INT(42)));
    CHECK_OK(mr_shareable_list_attach(&same, "duplicate"));
    CHECK(is(&same, -1, MR_STRING("own")));
    CHECK_OK(mr_shared_memory_close(&same.shm));
    CHECK_REFUSED(mr_shareable_list_length(&same) == -1, MR_ECLOSED);
    CHECK_OK(mr_shared_memory_unlink(&copy.shm));
    CHECK_STATUS(mr_shareable_list_attach(&same, "duplicate"), MR_ENOENT);
}

/* A slot of each list is written by several at a time: nobody ever reads half of one and half of another. */
static int turns_over(const void *args, size_t size)
{
    const mr_shareable_list *list = args;
    CHECK_EQ(size, sizeof *list);
    static const char *const words[] = {"aaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbb"};
    mr_item item;
    char text[64];
    for (int i = 0; i < 5000; i++) {
        CHECK_OR_STOP(CHECK_OK(mr_shareable_list_set(list, 0, MR_STRING(words[i % 2]))));
        CHECK_OR_STOP(CHECK_OK(mr_shareable_list_get(list, 0, &item, text, sizeof text)));
        CHECK_OR_STOP(CHECK(strcmp(text, words[0]) == 0 || strcmp(text, words[1]) == 0));
    }
    CHECK_OK(mr_shareable_list_set(list, 1, MR_INT(7)));
    return 0;
}

static int finds_it_unlinked(const void *args, size_t size)
{
    (void)size;
    CHECK_REFUSED(mr_shareable_list_length(args) == -1, MR_ENOENT);
    return 0;
}

/* _TestSharedMemory.test_shared_memory_ShareableList_pickling,
 * test_shared_memory_ShareableList_pickling_dead_object
 */
SCENARIO_SHARED(shareable_list, across_processes)
{
    mr_shareable_list list;
    mr_process p;
    CHECK_OK(
        mr_shareable_list_init(&list, NULL, (mr_item[]){MR_STRING("ccccccccccccccccccccccccc"), MR_INT(5)}, 2));
    CHECK_OR_STOP(begin(&p, turns_over, &list, sizeof list));
    turns_over(&list, sizeof list);
    CHECK(end(&p, 30, 0));
    CHECK(is(&list, 1, MR_INT(7)));
    CHECK_OK(mr_shared_memory_unlink(&list.shm));
    CHECK_OR_STOP(begin(&p, finds_it_unlinked, &list, sizeof list));
    CHECK(end(&p, 30, 0));
    CHECK(is(&list, 1, MR_INT(7)));
}

/* Whatever is written over a list, using it gives values or an error. */
SCENARIO_LOCAL(shareable_list, written_over)
{
    mr_shareable_list list;
    char text[64];
    mr_item item;
    size_t count;
    make(&list, NULL);
    size_t size = mr_shared_memory_size(&list.shm);
    unsigned char *bytes = mr_shared_memory_data(&list.shm), *before = malloc(size);
    CHECK_OR_STOP(CHECK(before != NULL));
    memcpy(before, bytes, size);
    srand(3);
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, before, size);
        for (int i = rand() % 4; i >= 0; i--)
            bytes[(size_t)rand() % size] = (unsigned char)(rand() % 3 == 0 ? 255 : rand());
        mr_shareable_list_length(&list);
        mr_shareable_list_format(&list, text, sizeof text);
        mr_shareable_list_count(&list, MR_STRING("howdy"), &count);
        mr_shareable_list_get(&list, rand() % 8 - 4, &item, text, sizeof text);
        mr_shareable_list_set(&list, rand() % 8 - 4, MR_STRING("Howdy"));
    }
    memcpy(bytes, before, size);
    CHECK(is(&list, 3, MR_INT(100)));
    free(before);
}

SCENARIO_SHARED(shareable_list, bad_input)
{
    mr_shareable_list list, none = {{0, 0}};
    mr_shared_memory block;
    mr_item item, wrong = {.type = (mr_item_type)77}, nothing = {.type = MR_ITEM_STRING, .size = 5};
    size_t number;
    char text[8];
    CHECK_STATUS(mr_shareable_list_init(NULL, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_init(&list, NULL, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_init(&list, NULL, &wrong, 1), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_init(&list, NULL, &nothing, 1), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_init(&list, NULL, &item, SIZE_MAX), MR_ENOMEM);
    CHECK_STATUS(mr_shareable_list_init(&list, "", &MR_NONE, 1), MR_EINVAL);
    CHECK_REFUSED(mr_shareable_list_length(NULL) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_shareable_list_length(&none) == -1, MR_EINVAL);
    CHECK_OK(mr_shared_memory_init(&block, "no list", 8));
    CHECK_STATUS(mr_shareable_list_attach(&list, "no list"), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_attach(NULL, "no list"), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_attach(&list, NULL), MR_EINVAL);
    make(&list, NULL);
    CHECK_STATUS(mr_shareable_list_get(&list, 0, NULL, text, sizeof text), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_get(&list, 0, &item, NULL, 8), MR_ETOOSMALL);
    CHECK_STATUS(mr_shareable_list_set(&list, 0, wrong), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_count(&list, MR_NONE, NULL), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_count(&list, nothing, &number), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_index(&list, MR_NONE, NULL), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_format(&list, NULL, 5), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_copy(NULL, NULL, &list), MR_EINVAL);
    CHECK_STATUS(mr_shareable_list_copy(&list, NULL, NULL), MR_EINVAL);
}
