/* Named blocks of shared memory. The comments name the tests of CPython's own suite whose behaviour a scenario
 * covers. */
#include "scenario.h"
#include "targets.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool exists(const char *name)
{
    mr_shared_memory found;
    mr_status status = mr_shared_memory_attach(&found, name);
    CHECK(status == MR_OK || status == MR_ENOENT);
    return status == MR_OK && CHECK_OK(mr_shared_memory_close(&found));
}

static int byte_at(const mr_shared_memory *memory, size_t offset)
{
    unsigned char byte;
    return mr_shared_memory_read(memory, offset, 1, &byte) == MR_OK ? byte : -1;
}

static void set_byte(const mr_shared_memory *memory, size_t offset, unsigned char byte)
{
    CHECK_OK(mr_shared_memory_write(memory, offset, 1, &byte));
}

/* _TestSharedMemory.test_shared_memory_basics */
SCENARIO_SHARED(shared_memory, basics)
{
    mr_shared_memory a, b, c;
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&a, "test01_tsmb", 512)));
    CHECK_TEXT(mr_shared_memory_name(&a), "test01_tsmb");
    CHECK_EQ(mr_shared_memory_size(&a), 512);
    unsigned char bytes[512];
    CHECK_OK(mr_shared_memory_read(&a, 0, 512, bytes));
    for (int i = 0; i < 512; i++)
        CHECK_EQ(bytes[i], 0);
    set_byte(&a, 0, 42);

    CHECK_OK(mr_shared_memory_attach(&b, "test01_tsmb"));
    CHECK_EQ(mr_shared_memory_size(&b), 512);
    CHECK_EQ(byte_at(&b, 0), 42);
    set_byte(&b, 511, 7);
    CHECK_EQ(byte_at(&a, 511), 7);

    CHECK_STATUS(mr_shared_memory_init(&c, "test01_tsmb", 1), MR_EEXIST);
    CHECK_STATUS(mr_shared_memory_attach(&c, "test01"), MR_ENOENT);
    CHECK_OK(mr_shared_memory_close(&b));
    CHECK_OK(mr_shared_memory_close(&b)); /* twice is harmless */
    CHECK_STATUS(mr_shared_memory_read(&b, 0, 1, bytes), MR_ECLOSED);
    CHECK_EQ(mr_shared_memory_size(&b), 512);
    CHECK_EQ(byte_at(&a, 511), 7);

    CHECK_OK(mr_shared_memory_attach(&b, "test01_tsmb"));
    CHECK_OK(mr_shared_memory_unlink(&a));
    CHECK_STATUS(mr_shared_memory_unlink(&a), MR_ENOENT);
    CHECK_STATUS(mr_shared_memory_attach(&c, "test01_tsmb"), MR_ENOENT);
    CHECK_OK(mr_shared_memory_close(&a));
    CHECK_EQ(byte_at(&b, 511), 7); /* the memory stays for who is attached */
    CHECK_OK(mr_shared_memory_init(&c, "test01_tsmb", 16));
    CHECK_EQ(byte_at(&c, 0), 0);

    CHECK_OK(mr_shared_memory_close(&b)); /* the last one of the first block */
    CHECK_STATUS(mr_shared_memory_read(&b, 0, 1, bytes), MR_ECLOSED);
    CHECK_STATUS(mr_shared_memory_unlink(&b), MR_ENOENT);
    CHECK_OK(mr_shared_memory_close(&c));
    CHECK(exists("test01_tsmb")); /* its name keeps it */
    CHECK_OK(mr_shared_memory_unlink(&c));
    CHECK(!exists("test01_tsmb"));
}

/* _TestSharedMemory.test_shared_memory_recreate: a generated name that is taken is passed over */
SCENARIO_SHARED(shared_memory, generated_names)
{
    mr_shared_memory first, taken, next;
    char name[64];
    unsigned number = 0;
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&first, NULL, 1)));
    CHECK_OR_STOP(CHECK_EQ(sscanf(mr_shared_memory_name(&first), "shm_%u", &number), 1));
    snprintf(name, sizeof name, "shm_%u", number + 1);
    CHECK_OK(mr_shared_memory_init(&taken, name, 1));
    CHECK_OK(mr_shared_memory_init(&next, NULL, 1));
    CHECK(strcmp(mr_shared_memory_name(&next), name) != 0);
    CHECK(exists(mr_shared_memory_name(&next)));
}

/* _TestSharedMemory.test_invalid_shared_memory_creation, test_shared_memory_name_with_embedded_null (a name in C
 * ends at its first zero byte, so what is left to refuse is one of no bytes, or too many) */
SCENARIO_SHARED(shared_memory, bad_input)
{
    char name[MR_SHARED_MEMORY_NAME_MAX + 2];
    mr_shared_memory m, none = {0, 0};
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK_STATUS(mr_shared_memory_init(NULL, "a", 1), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_init(&m, "a", 0), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_init(&m, "a", (size_t)-1), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_init(&m, "a", PTRDIFF_MAX), MR_ENOMEM);
    CHECK(!exists("a"));
    CHECK_STATUS(mr_shared_memory_init(&m, "", 1), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_init(&m, name, 1), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_attach(NULL, "a"), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_attach(&m, NULL), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_attach(&m, ""), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_attach(&m, name), MR_EINVAL);
    CHECK_REFUSED(mr_shared_memory_data(NULL) == NULL, MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_read(&none, 0, 1, name), MR_EINVAL);
    CHECK_REFUSED(mr_shared_memory_size(&none) == 0, MR_EINVAL);
    CHECK_REFUSED(mr_shared_memory_name(NULL) == NULL, MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_close(NULL), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_close(&none), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_unlink(&none), MR_EINVAL);

    mr_array array;
    CHECK_OK(mr_array_init(&array, 1, 1, NULL));
    m = (mr_shared_memory){array.mr__handle, 1};
    CHECK_STATUS(mr_shared_memory_write(&m, 0, 1, name), MR_EINVAL);
    name[MR_SHARED_MEMORY_NAME_MAX] = '\0';
    CHECK_OK(mr_shared_memory_init(&m, name, 1));
    CHECK_TEXT(mr_shared_memory_name(&m), name);
}

/* By name, and by the handle that it is given. */
static int attaches_and_writes(const void *args, size_t size)
{
    const mr_shared_memory *given = args;
    mr_shared_memory found;
    CHECK_EQ(size, sizeof *given);
    CHECK_OK(mr_shared_memory_attach(&found, "across"));
    char text[8];
    CHECK_OK(mr_shared_memory_read(&found, 0, sizeof text, text));
    CHECK_TEXT(text, "parent");
    CHECK_OK(mr_shared_memory_write(given, 0, sizeof "child", "child"));
    CHECK_OK(mr_shared_memory_close(given));
    CHECK_STATUS(mr_shared_memory_read(given, 0, 1, text), MR_ECLOSED);
    CHECK_OK(mr_shared_memory_read(&found, 0, sizeof text, text)); /* attached to the end */
    CHECK_TEXT(text, "child");
    return 0;
}

static int finds_it_unlinked(const void *args, size_t size)
{
    (void)size;
    mr_shared_memory found;
    char byte;
    CHECK_STATUS(mr_shared_memory_read(args, 0, 1, &byte), MR_ENOENT);
    CHECK_STATUS(mr_shared_memory_attach(&found, "across"), MR_ENOENT);
    return 0;
}

/* _TestSharedMemory.test_shared_memory_across_processes, test_shared_memory_pickle_unpickle,
 * test_shared_memory_pickle_unpickle_dead_object, test_shared_memory_untracking */
SCENARIO_SHARED(shared_memory, across_processes)
{
    mr_shared_memory m;
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&m, "across", 100)));
    char text[8] = "parent";
    CHECK_OK(mr_shared_memory_write(&m, 0, sizeof text, text));
    CHECK_OR_STOP(begin(&p, attaches_and_writes, &m, sizeof m));
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_shared_memory_read(&m, 0, sizeof text, text));
    CHECK_TEXT(text, "child");
    CHECK(exists("across")); /* who was attached is gone; the block is not */
    CHECK_OK(mr_shared_memory_unlink(&m));
    CHECK_OR_STOP(begin(&p, finds_it_unlinked, &m, sizeof m)); /* main is attached */
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_shared_memory_close(&m));
    CHECK_OR_STOP(begin(&p, finds_it_unlinked, &m, sizeof m)); /* nobody is */
    CHECK(end(&p, 30, 0));
}

/* On main's host the memory itself can be had; elsewhere not, which says what to use. */
SCENARIO_SHARED(shared_memory, memory)
{
    mr_shared_memory a, b;
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&a, "mapped", 100)));
    if (scenario_launch() >= LAUNCH_hostsFar) {
        CHECK_REFUSED(mr_shared_memory_data(&a) == NULL, MR_ENOHOST);
        CHECK(strstr(mr_last_error(), "mr_shared_memory_read") != NULL);
        return;
    }
    char *bytes = mr_shared_memory_data(&a);
    CHECK_OR_STOP(CHECK(bytes != NULL));
    CHECK_OK(mr_shared_memory_attach(&b, "mapped"));
    CHECK(mr_shared_memory_data(&b) == bytes);
    bytes[99] = 5;
    CHECK_EQ(byte_at(&b, 99), 5);
    CHECK_OK(mr_shared_memory_close(&b));
    CHECK_REFUSED(mr_shared_memory_data(&b) == NULL, MR_ECLOSED);
    CHECK_REFUSED(mr_shared_memory_data(NULL) == NULL, MR_EINVAL);
}
