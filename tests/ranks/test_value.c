/* Values in shared memory. The comments name the tests of CPython's own suite whose behaviour a scenario covers.
 */
#include "scenario.h"
#include "targets.h"

#include <complex.h>
#include <stdint.h>
#include <string.h>

typedef struct point {
    int x;
    double y;
    char name[200]; /* larger than what lies in the slot */
} point;

typedef struct values {
    mr_value character, integer, large, real, complex_, point;
    mr_array reals, text;
} values;

typedef mr_status make_value(mr_value *, size_t, const void *);
typedef mr_status make_array(mr_array *, size_t, size_t, const void *);

static values make(make_value *value, make_array *array)
{
    values v;
    CHECK_OK(value(&v.character, sizeof(char), "c"));
    CHECK_OK(value(&v.integer, sizeof(int), &(int){-7}));
    CHECK_OK(value(&v.large, sizeof(long long), &(long long){1LL << 33}));
    CHECK_OK(value(&v.real, sizeof(double), &(double){1.0 / 3}));
    CHECK_OK(value(&v.complex_, sizeof(double _Complex), &(double _Complex){1}));
    CHECK_OK(value(&v.point, sizeof(point), &(point){3, 4.5, "here"}));
    CHECK_OK(array(&v.reals, sizeof(double), 10, NULL));
    CHECK_OK(array(&v.text, 1, 20, NULL));
    for (int i = 0; i < 10; i++)
        ((double *)mr_array_data(&v.reals))[i] = i;
    strcpy(mr_array_data(&v.text), "hello");
    return v;
}

static int doubles_all(const void *args, size_t size)
{
    const values *v = args;
    CHECK_EQ(size, sizeof *v);
    char letter;
    CHECK_OK(mr_value_get(&v->character, &letter));
    CHECK_EQ(letter, 'c');
    CHECK_OK(mr_value_set(&v->character, "d"));
    int integer;
    CHECK_OK(mr_value_get(&v->integer, &integer));
    CHECK_OK(mr_value_set(&v->integer, &(int){2 * integer}));
    *(long long *)mr_value_data(&v->large) *= 2;
    *(double *)mr_value_data(&v->real) *= 2;
    *(double _Complex *)mr_value_data(&v->complex_) *= 2;
    point *p = mr_value_data(&v->point);
    p->x *= 2, p->y *= 2;
    strcat(p->name, "here");
    for (int i = 0; i < 10; i++)
        ((double *)mr_array_data(&v->reals))[i] *= 2;
    strcat(mr_array_data(&v->text), "hello");
    return 0;
}

static bool is_near(double a, double b)
{
    return a - b < 1e-12 && b - a < 1e-12;
}

static void check_doubled(make_value *value, make_array *array)
{
    values v = make(value, array);
    mr_process p;
    CHECK_OR_STOP(begin(&p, doubles_all, &v, sizeof v));
    CHECK(end(&p, 30, 0));
    CHECK_EQ(*(char *)mr_value_data(&v.character), 'd');
    CHECK_EQ(*(int *)mr_value_data(&v.integer), -14);
    CHECK_EQ(*(long long *)mr_value_data(&v.large), 1LL << 34);
    CHECK(is_near(*(double *)mr_value_data(&v.real), 2.0 / 3));
    CHECK(is_near(creal(*(double _Complex *)mr_value_data(&v.complex_)), 2));
    const point *seen = mr_value_data(&v.point);
    CHECK_EQ(seen->x, 6);
    CHECK(is_near(seen->y, 9));
    CHECK_TEXT(seen->name, "herehere");
    for (int i = 0; i < 10; i++)
        CHECK(is_near(((double *)mr_array_data(&v.reals))[i], 2 * i));
    CHECK_TEXT(mr_array_data(&v.text), "hellohello");
}

/* _TestValue.test_value, _TestSharedCTypes.test_synchronize */
SCENARIO_LOCAL(value, with_lock)
{
    check_doubled(mr_value_init, mr_array_init);
}

/* _TestValue.test_rawvalue, _TestSharedCTypes.test_sharedctypes */
SCENARIO_LOCAL(value, raw)
{
    check_doubled(mr_raw_value_init, mr_raw_array_init);
}

/* _TestSharedCTypes.test_copy, _TestValue.test_getobj_getlock */
SCENARIO_LOCAL(value, copy_and_lock)
{
    mr_value value, copy, raw;
    mr_lock lock, seen;
    point now = {1, 2, "first"};
    CHECK_OK(mr_raw_value_init(&value, sizeof now, &now));
    CHECK_OK(mr_value_copy(&copy, &value));
    CHECK_STATUS(mr_value_lock(&copy, &seen), MR_ESTATE);
    CHECK_OK(mr_value_set(&value, &(point){3, 4, "second"}));
    CHECK_OK(mr_value_get(&copy, &now));
    CHECK_EQ(now.x, 1);
    CHECK_TEXT(now.name, "first");
    CHECK_OK(mr_value_close(&value));
    CHECK_OK(mr_value_get(&copy, &now));

    CHECK_OK(mr_value_init(&value, sizeof(int), NULL));
    CHECK_EQ(*(int *)mr_value_data(&value), 0);
    CHECK_OK(mr_value_lock(&value, &seen));
    CHECK_OK(mr_lock_acquire(&seen, 0));
    CHECK_OK(mr_lock_acquire(&seen, 0)); /* an RLock */
    CHECK_OK(mr_value_set(&value, &(int){5}));
    CHECK_OK(mr_lock_release(&seen));
    CHECK_OK(mr_lock_release(&seen));
    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_raw_value_init(&raw, sizeof(int), NULL));
    CHECK_OK(mr_value_synchronize(&raw, &lock));
    CHECK_OK(mr_value_lock(&raw, &seen));
    CHECK(memcmp(&seen, &lock, sizeof lock) == 0);
    CHECK_STATUS(mr_value_synchronize(&raw, NULL), MR_ESTATE);

    mr_value none = {0};
    mr_array array = {value.mr__handle};
    CHECK_STATUS(mr_value_init(NULL, 1, NULL), MR_EINVAL);
    CHECK_STATUS(mr_value_init(&none, 0, NULL), MR_EINVAL);
    CHECK_STATUS(mr_value_get(&none, &now), MR_EINVAL);
    CHECK_STATUS(mr_value_get(&value, NULL), MR_EINVAL);
    CHECK_STATUS(mr_value_set(NULL, &now), MR_EINVAL);
    CHECK_REFUSED(mr_array_data(&array) == NULL, MR_EINVAL); /* a value is no array */
    CHECK_OK(mr_value_close(&value));
    CHECK_OK(mr_value_close(&value));
    CHECK_STATUS(mr_value_set(&value, &(int){5}), MR_ECLOSED);
}
