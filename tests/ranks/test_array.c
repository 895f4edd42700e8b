/* Arrays in shared memory. The comments name the tests of CPython's own suite whose behaviour a scenario covers.
 */
#include "scenario.h"
#include "targets.h"

#include <stdint.h>
#include <string.h>

static int sums_up(const void *args, size_t size)
{
    mr_array array;
    CHECK_EQ(size, sizeof array);
    memcpy(&array, args, sizeof array);
    int sums[2];
    for (size_t i = 1; (ptrdiff_t)i < mr_array_length(&array); i++) {
        CHECK_OK(mr_array_get(&array, i - 1, 2, sums));
        sums[1] += sums[0];
        CHECK_OK(mr_array_set(&array, i, 1, &sums[1]));
    }
    return 0;
}

static void check_array(mr_status (*init)(mr_array *, size_t, size_t, const void *))
{
    static const int start[10] = {680, 626, 934, 821, 150, 233, 548, 982, 714, 831};
    int seen[10] = {0}, sum = 0;
    mr_array array;
    CHECK_OR_STOP(CHECK_OK(init(&array, sizeof(int), 10, start)));
    CHECK_EQ(mr_array_length(&array), 10);
    CHECK_EQ(mr_array_element_size(&array), sizeof(int));
    CHECK_OK(mr_array_get(&array, 0, 10, seen));
    CHECK(memcmp(seen, start, sizeof seen) == 0);
    CHECK_OK(mr_array_set(&array, 4, 2, (int[]){1, 2}));
    CHECK_OK(mr_array_get(&array, 3, 4, seen));
    CHECK(memcmp(seen, (int[]){821, 1, 2, 548}, 4 * sizeof(int)) == 0);
    CHECK_OK(mr_array_set(&array, 0, 10, start));

    mr_process p;
    CHECK_OR_STOP(begin(&p, sums_up, &array, sizeof array));
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_array_get(&array, 0, 10, seen));
    for (int i = 0; i < 10; i++)
        CHECK_EQ(seen[i], sum += start[i]);
    CHECK_OK(mr_array_destroy(&array));
}

/* _TestArray.test_array, _TestArray.test_rawarray */
SCENARIO_SHARED(array, array)
{
    check_array(mr_array_init);
    check_array(mr_array_init_raw);
}

/* _TestArray.test_array_from_size: zeroed, also where memory is used again */
SCENARIO_LOCAL(array, zeroed)
{
    static const size_t lengths[] = {0, 1, 10, 1000, 300000};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            mr_array array;
            CHECK_OR_STOP(CHECK_OK(mr_array_init(&array, sizeof(int), lengths[i], NULL)));
            int *data = mr_array_data(&array), sum = 0;
            CHECK_OR_STOP(CHECK(data != NULL));
            CHECK_EQ((uintptr_t)data % _Alignof(max_align_t), 0);
            for (size_t j = 0; j < lengths[i]; j++)
                sum |= data[j];
            CHECK_EQ(sum, 0);
            memset(data, 0xff, lengths[i] * sizeof(int));
            CHECK_EQ(mr_array_length(&array), lengths[i]);
            CHECK_OK(mr_array_destroy(&array));
        }
    }
}

enum { ADDITIONS = 20000 };

static int adds_under_the_lock(const void *args, size_t size)
{
    mr_lock lock;
    CHECK_EQ(size, sizeof(mr_array));
    CHECK_OR_STOP(CHECK_OK(mr_array_get_lock(args, &lock)));
    for (int i = 0; i < ADDITIONS; i++) {
        int numbers[2];
        CHECK_OR_STOP(CHECK_OK(mr_lock_acquire(&lock, 30)));
        CHECK_OR_STOP(CHECK_OK(mr_array_get(args, 0, 2, numbers))); /* takes the lock once more */
        CHECK_OR_STOP(CHECK_EQ(numbers[0], -numbers[1]));
        numbers[0]++, numbers[1]--;
        CHECK_OR_STOP(CHECK_OK(mr_array_set(args, 0, 2, numbers)));
        CHECK_OR_STOP(CHECK_OK(mr_lock_release(&lock)));
    }
    return 0;
}

/* _TestArray.test_getobj_getlock_obj */
SCENARIO_SHARED(array, lock)
{
    mr_array array, raw, other;
    mr_lock lock, seen, closed;
    mr_process p;
    int numbers[2];
    CHECK_OR_STOP(CHECK_OK(mr_array_init(&array, sizeof(int), 2, NULL)));
    CHECK_OR_STOP(begin(&p, adds_under_the_lock, &array, sizeof array));
    adds_under_the_lock(&array, sizeof array);
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_array_get(&array, 0, 2, numbers));
    CHECK_EQ(numbers[0], 2 * ADDITIONS);

    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_array_init_raw(&raw, sizeof(int), 2, NULL));
    CHECK_STATUS(mr_array_get_lock(&raw, &seen), MR_ESTATE);
    CHECK_STATUS(mr_array_synchronize(&raw, &(mr_lock){array.mr__handle}), MR_EINVAL);
    CHECK_OK(mr_lock_init(&closed));
    CHECK_OK(mr_lock_destroy(&closed));
    CHECK_STATUS(mr_array_synchronize(&raw, &closed), MR_ECLOSED);
    CHECK_OK(mr_array_synchronize(&raw, &lock));
    CHECK_STATUS(mr_array_synchronize(&raw, &lock), MR_ESTATE);
    CHECK_OK(mr_array_get_lock(&raw, &seen));
    CHECK(memcmp(&seen, &lock, sizeof lock) == 0);
    CHECK_OK(mr_array_copy(&other, &raw));
    CHECK_OK(mr_array_get_lock(&other, &seen));
    CHECK(memcmp(&seen, &lock, sizeof lock) != 0);
    CHECK_OK(mr_array_destroy(&raw));
    CHECK_OK(mr_lock_acquire(&lock, 0)); /* it stays its maker's */
    CHECK_OK(mr_array_destroy(&other));
    CHECK_STATUS(mr_lock_acquire(&seen, 0), MR_ECLOSED); /* an array's own goes with it */
}

SCENARIO_SHARED(array, bad_input)
{
    mr_array array, none = {0};
    mr_value value;
    int numbers[4] = {1, 2, 3, 4};
    CHECK_STATUS(mr_array_init(NULL, 4, 1, NULL), MR_EINVAL);
    CHECK_STATUS(mr_array_init_raw(&array, 0, 1, NULL), MR_EINVAL);
    CHECK_STATUS(mr_array_init(&array, SIZE_MAX, 2, NULL), MR_ENOMEM);
    CHECK_STATUS(mr_array_init(&array, SIZE_MAX / 2, 1, NULL), MR_ENOMEM);
    CHECK_REFUSED(mr_array_data(NULL) == NULL, MR_EINVAL);
    CHECK_STATUS(mr_array_get(&none, 0, 1, numbers), MR_EINVAL);
    CHECK_REFUSED(mr_array_length(&none) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_array_element_size(NULL) == 0, MR_EINVAL);
    CHECK_STATUS(mr_array_get_lock(&none, NULL), MR_EINVAL);
    CHECK_STATUS(mr_array_destroy(NULL), MR_EINVAL);
    CHECK_STATUS(mr_array_copy(&array, &none), MR_EINVAL);

    CHECK_OK(mr_array_init(&array, sizeof(int), 3, numbers));
    CHECK_STATUS(mr_array_get(&array, 0, 4, numbers), MR_EINVAL);
    CHECK_STATUS(mr_array_set(&array, 4, 0, numbers), MR_EINVAL);
    CHECK_STATUS(mr_array_set(&array, 1, SIZE_MAX, numbers), MR_EINVAL);
    CHECK_STATUS(mr_array_set(&array, SIZE_MAX, 2, numbers), MR_EINVAL);
    CHECK_STATUS(mr_array_get(&array, 0, 1, NULL), MR_EINVAL);
    CHECK_OK(mr_array_get(&array, 3, 0, NULL));
    CHECK_STATUS(mr_array_get_lock(&array, NULL), MR_EINVAL);
    CHECK_STATUS(mr_array_copy(NULL, &array), MR_EINVAL);
    value = (mr_value){array.mr__handle};
    CHECK_STATUS(mr_value_get(&value, numbers), MR_EINVAL); /* an array is no value */
    CHECK_OK(mr_array_destroy(&array));
    CHECK_OK(mr_array_destroy(&array));
    CHECK_STATUS(mr_array_get(&array, 0, 1, numbers), MR_ECLOSED);
    CHECK_STATUS(mr_array_set(&array, 0, 1, numbers), MR_ECLOSED);
}

/* _TestHeap.test_heap: 5000 arrays of random sizes come and go; none lies over another, and what is given back is
 * used again */
SCENARIO_LOCAL(array, heap)
{
    enum { ARRAYS = 100, ROUNDS = 5000, LARGEST = 100000 };
    mr_array arrays[ARRAYS] = {{0}};
    uintptr_t lowest = UINTPTR_MAX, highest = 0;
    srand(11);
    for (int round = 0; round < ROUNDS + ARRAYS; round++) {
        int i = round % ARRAYS;
        unsigned char *bytes;
        if (arrays[i].mr__handle != 0) {
            ptrdiff_t length = mr_array_length(&arrays[i]), kept = 0;
            bytes = mr_array_data(&arrays[i]);
            while (kept < length && bytes[kept] == (unsigned char)(i + 1))
                kept++;
            CHECK_OR_STOP(CHECK_EQ(kept, length));
            CHECK_OK(mr_array_destroy(&arrays[i]));
        }
        if (round >= ROUNDS)
            continue;
        size_t length = (size_t)rand() % (rand() % 2 == 0 ? 200 : LARGEST);
        CHECK_OR_STOP(CHECK_OK(mr_array_init_raw(&arrays[i], 1, length, NULL)));
        bytes = mr_array_data(&arrays[i]);
        memset(bytes, i + 1, length);
        if (length < 1000)
            continue; /* that may lie elsewhere */
        lowest = (uintptr_t)bytes < lowest ? (uintptr_t)bytes : lowest;
        highest = (uintptr_t)bytes + length > highest ? (uintptr_t)bytes + length : highest;
    }
    CHECK_AT_MOST((double)(highest - lowest), 20e6); /* of 125 MB that were asked for, at most 10 at a time */
}
