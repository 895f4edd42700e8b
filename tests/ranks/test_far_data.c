/* Large data of arrays and shared memory, which between hosts travel as MPI messages. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const double patience = 30;

enum { LENGTH = 400000, PART = 30000 }; /* of int: 1.6 MB, and 120 kB */

static void fill(int *numbers, size_t count, int first)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = first + (int)i;
}

static bool is_filled(const int *numbers, size_t count, int first)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] != first + (int)i)
            return false;
    return true;
}

/* ---- Arrays and shared memory ---- */

static int adds_one_to_a_part(const void *args, size_t size)
{
    int *part = malloc(PART * sizeof *part);
    CHECK_EQ(size, sizeof(mr_array));
    CHECK_OK(mr_array_get(args, 1000, PART, part));
    CHECK(is_filled(part, PART, 1000));
    fill(part, PART, 1001);
    CHECK_OK(mr_array_set(args, 1000, PART, part));
    free(part);
    return 0;
}

static void use_array(mr_status (*init)(mr_array *, size_t, size_t, const void *))
{
    mr_array array;
    mr_process p;
    int *numbers = malloc(LENGTH * sizeof *numbers);
    fill(numbers, LENGTH, 0);
    CHECK_OR_STOP(CHECK_OK(init(&array, sizeof(int), LENGTH, NULL)));
    CHECK_OK(mr_array_set(&array, 0, LENGTH, numbers));
    memset(numbers, 0, LENGTH * sizeof *numbers);
    CHECK_OR_STOP(begin(&p, adds_one_to_a_part, &array, sizeof array));
    CHECK(end(&p, patience, 0));
    CHECK_OK(mr_array_get(&array, 0, LENGTH, numbers));
    CHECK(is_filled(numbers, 1000, 0));
    CHECK(is_filled(numbers + 1000, PART, 1001));
    CHECK(is_filled(numbers + 1000 + PART, LENGTH - 1000 - PART, 1000 + PART));
    CHECK_STATUS(mr_array_get(&array, 1, LENGTH, numbers), MR_EINVAL);
    CHECK_STATUS(mr_array_set(&array, LENGTH - PART + 1, PART, numbers), MR_EINVAL);
    CHECK_OK(mr_array_destroy(&array));
    CHECK_STATUS(mr_array_get(&array, 0, LENGTH, numbers), MR_ECLOSED);
    CHECK_STATUS(mr_array_set(&array, 0, LENGTH, numbers), MR_ECLOSED);
    free(numbers);
}

SCENARIO_SHARED(far_data, arrays)
{
    use_array(mr_array_init);
    use_array(mr_array_init_raw);
}

SCENARIO_SHARED(far_data, shared_memory)
{
    enum { SIZE = LENGTH * sizeof(int) };
    mr_shared_memory memory;
    int *numbers = malloc(SIZE), *seen = calloc(1, SIZE);
    fill(numbers, LENGTH, 5);
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&memory, NULL, SIZE)));
    CHECK_OK(mr_shared_memory_write(&memory, 0, SIZE, numbers));
    CHECK_OK(mr_shared_memory_read(&memory, 0, SIZE, seen));
    CHECK(is_filled(seen, LENGTH, 5));
    CHECK_OK(mr_shared_memory_read(&memory, 4 * 1000, SIZE - 4 * 1000, seen));
    CHECK(is_filled(seen, LENGTH - 1000, 1005));
    CHECK_STATUS(mr_shared_memory_read(&memory, 1, SIZE, seen), MR_EINVAL);
    CHECK_STATUS(mr_shared_memory_write(&memory, 1, SIZE, seen), MR_EINVAL);
    CHECK_OK(mr_shared_memory_unlink(&memory));
    free(numbers);
    free(seen);
}

/* ---- Main is busy ---- */

static int writes_all(const void *args, size_t size)
{
    int *numbers = malloc(LENGTH * sizeof *numbers);
    fill(numbers, LENGTH, 9);
    CHECK_EQ(size, sizeof(mr_array));
    CHECK_OK(mr_array_set(args, 0, LENGTH, numbers));
    CHECK_OK(mr_array_get(args, 0, LENGTH, numbers));
    CHECK(is_filled(numbers, LENGTH, 9));
    note("written", "%d", LENGTH);
    free(numbers);
    return 0;
}

/* What others put and get arrives while main computes and calls nothing. */
SCENARIO_HOSTS(far_data, main_computes)
{
    mr_array array;
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_array_init(&array, sizeof(int), LENGTH, NULL)));
    CHECK_OK(mr_process_init(&p, writes_all, &array, sizeof array));
    if (scenario_launch() == LAUNCH_hosts)
        CHECK_OK(mr_process_set_host(&p, "node3"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    volatile unsigned turns = 0;
    for (double end_of_patience = now() + patience; noted_lines("written") == 0 && now() < end_of_patience;)
        for (int i = 0; i < 1000000; i++)
            turns++;
    CHECK_EQ(noted_lines("written"), 1);
    CHECK(end(&p, patience, 0));
}

/* ---- Deaths ---- */

static int writes_for_ever(const void *args, size_t size)
{
    int *numbers = calloc(LENGTH, sizeof *numbers);
    (void)size;
    note("writing", "%d", LENGTH);
    for (;;)
        if (mr_array_set(args, 0, LENGTH, numbers) == MR_EINVAL)
            return 1;
}

/* Whoever is killed while it sends takes nobody along, and nobody waits for the lock that it may have had. */
SCENARIO_SHARED(far_data, deaths, .timeout = 90)
{
    mr_array array;
    mr_process p;
    int *numbers = malloc(LENGTH * sizeof *numbers);
    srand(11);
    CHECK_OR_STOP(CHECK_OK(mr_array_init(&array, sizeof(int), LENGTH, NULL)));
    for (int round = 0; round < 12; round++) {
        CHECK_OR_STOP(begin(&p, writes_for_ever, &array, sizeof array));
        CHECK(await_lines("writing", round + 1, patience));
        rest(1e-5 * (rand() % 1000));
        CHECK_OK(mr_process_kill(&p));
        mr_status status = mr_array_get(&array, 0, LENGTH, numbers);
        CHECK(status == MR_OK || status == MR_EOWNERDEAD);
        CHECK(end(&p, patience, -SIGKILL));
        status = mr_array_get(&array, 0, LENGTH, numbers); /* the other might have come in once more */
        CHECK(status == MR_OK || status == MR_EOWNERDEAD);
        CHECK_OK(mr_array_get(&array, 0, LENGTH, numbers));
    }
    free(numbers);
}
