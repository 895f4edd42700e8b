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
    int *sums = mr_array_data(&array);
    CHECK_OR_STOP(CHECK(sums != NULL));
    for (size_t i = 1; i < mr_array_length(&array); i++)
        sums[i] += sums[i - 1];
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
    const int *sums = mr_array_data(&array);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(sums[i], sum += start[i]);
    CHECK_OK(mr_array_close(&array));
}

/* _TestArray.test_array, _TestArray.test_rawarray */
SCENARIO(array, array)
{
    check_array(mr_array_init);
    check_array(mr_raw_array_init);
}
