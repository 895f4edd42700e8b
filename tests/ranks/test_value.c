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
    CHECK_OK(mr_array_set(&v.reals, 0, 10, (double[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    CHECK_OK(mr_array_set(&v.text, 0, sizeof "hello", "hello"));
    return v;
}

struct seen {
    char character;
    int integer;
    long long large;
    double real;
    double _Complex complex_;
    point point;
    double reals[10];
    char text[20];
};

static struct seen read_all(const values *v)
{
    struct seen seen;
    CHECK_OK(mr_value_get(&v->character, &seen.character));
    CHECK_OK(mr_value_get(&v->integer, &seen.integer));
    CHECK_OK(mr_value_get(&v->large, &seen.large));
    CHECK_OK(mr_value_get(&v->real, &seen.real));
    CHECK_OK(mr_value_get(&v->complex_, &seen.complex_));
    CHECK_OK(mr_value_get(&v->point, &seen.point));
    CHECK_OK(mr_array_get(&v->reals, 0, 10, seen.reals));
    CHECK_OK(mr_array_get(&v->text, 0, 20, seen.text));
    return seen;
}

static int doubles_all(const void *args, size_t size)
{
    const values *v = args;
    CHECK_EQ(size, sizeof *v);
    struct seen seen = read_all(v);
    CHECK_EQ(seen.character, 'c');
    CHECK_OK(mr_value_set(&v->character, "d"));
    CHECK_OK(mr_value_set(&v->integer, &(int){2 * seen.integer}));
    CHECK_OK(mr_value_set(&v->large, &(long long){2 * seen.large}));
    CHECK_OK(mr_value_set(&v->real, &(double){2 * seen.real}));
    CHECK_OK(mr_value_set(&v->complex_, &(double _Complex){2 * seen.complex_}));
    seen.point.x *= 2, seen.point.y *= 2;
    strcat(seen.point.name, "here");
    CHECK_OK(mr_value_set(&v->point, &seen.point));
    for (int i = 0; i < 10; i++)
        seen.reals[i] *= 2;
    CHECK_OK(mr_array_set(&v->reals, 0, 10, seen.reals));
    CHECK_OK(mr_array_set(&v->text, strlen(seen.text), sizeof "hello", "hello"));
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
    struct seen seen = read_all(&v);
    CHECK_EQ(seen.character, 'd');
    CHECK_EQ(seen.integer, -14);
    CHECK_EQ(seen.large, 1LL << 34);
    CHECK(is_near(seen.real, 2.0 / 3));
    CHECK(is_near(creal(seen.complex_), 2));
    CHECK_EQ(seen.point.x, 6);
    CHECK(is_near(seen.point.y, 9));
    CHECK_TEXT(seen.point.name, "herehere");
    for (int i = 0; i < 10; i++)
        CHECK(is_near(seen.reals[i], 2 * i));
    CHECK_TEXT(seen.text, "hellohello");
}

/* On its own host the memory itself can be had; elsewhere not, which says what to use. */
SCENARIO_SHARED(value, memory)
{
    mr_value value;
    mr_array array;
    CHECK_OK(mr_value_init(&value, sizeof(int), &(int){5}));
    CHECK_OK(mr_array_init(&array, sizeof(int), 3, (int[]){6, 7, 8}));
    if (scenario_launch() == LAUNCH_hostsFar || scenario_launch() == LAUNCH_hostsThird) {
        CHECK_REFUSED(mr_value_data(&value) == NULL, MR_ENOHOST);
        CHECK(strstr(mr_last_error(), "mr_value_get") != NULL);
        CHECK_REFUSED(mr_array_data(&array) == NULL, MR_ENOHOST);
        CHECK(strstr(mr_last_error(), "mr_array_get") != NULL);
        return;
    }
    int *one = mr_value_data(&value), *three = mr_array_data(&array), seen;
    CHECK_OR_STOP(CHECK(one != NULL && three != NULL));
    CHECK_EQ(*one, 5);
    CHECK_EQ(three[2], 8);
    *one = 9;
    CHECK_OK(mr_value_get(&value, &seen));
    CHECK_EQ(seen, 9);
}

/* _TestValue.test_value, _TestSharedCTypes.test_synchronize */
SCENARIO_SHARED(value, with_lock)
{
    check_doubled(mr_value_init, mr_array_init);
}

/* _TestValue.test_rawvalue, _TestSharedCTypes.test_sharedctypes */
SCENARIO_SHARED(value, raw)
{
    check_doubled(mr_value_init_raw, mr_array_init_raw);
}

/* _TestSharedCTypes.test_copy, _TestValue.test_getobj_getlock */
SCENARIO_SHARED(value, copy_and_lock)
{
    mr_value value, copy, raw;
    mr_lock lock, seen;
    point now = {1, 2, "first"};
    CHECK_OK(mr_value_init_raw(&value, sizeof now, &now));
    CHECK_OK(mr_value_copy(&copy, &value));
    CHECK_STATUS(mr_value_get_lock(&copy, &seen), MR_ESTATE);
    CHECK_OK(mr_value_set(&value, &(point){3, 4, "second"}));
    CHECK_OK(mr_value_get(&copy, &now));
    CHECK_EQ(now.x, 1);
    CHECK_TEXT(now.name, "first");
    CHECK_OK(mr_value_destroy(&value));
    CHECK_OK(mr_value_get(&copy, &now));

    CHECK_OK(mr_value_init(&value, sizeof(int), NULL));
    int number = -1;
    CHECK_OK(mr_value_get(&value, &number));
    CHECK_EQ(number, 0);
    CHECK_OK(mr_value_get_lock(&value, &seen));
    CHECK_OK(mr_lock_acquire(&seen, 0));
    CHECK_OK(mr_lock_acquire(&seen, 0)); /* an RLock */
    CHECK_OK(mr_value_set(&value, &(int){5}));
    CHECK_OK(mr_lock_release(&seen));
    CHECK_OK(mr_lock_release(&seen));
    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_value_init_raw(&raw, sizeof(int), NULL));
    CHECK_OK(mr_value_synchronize(&raw, &lock));
    CHECK_OK(mr_value_get_lock(&raw, &seen));
    CHECK(memcmp(&seen, &lock, sizeof lock) == 0);
    CHECK_STATUS(mr_value_synchronize(&raw, NULL), MR_ESTATE);

    mr_value none = {0};
    mr_array array = {value.mr__handle};
    CHECK_STATUS(mr_value_init(NULL, 1, NULL), MR_EINVAL);
    CHECK_STATUS(mr_value_init(&none, 0, NULL), MR_EINVAL);
    CHECK_STATUS(mr_value_get(&none, &now), MR_EINVAL);
    CHECK_STATUS(mr_value_get(&value, NULL), MR_EINVAL);
    CHECK_STATUS(mr_value_set(NULL, &now), MR_EINVAL);
    CHECK_STATUS(mr_array_get(&array, 0, 1, &number), MR_EINVAL); /* a value is no array */
    CHECK_OK(mr_value_destroy(&value));
    CHECK_OK(mr_value_destroy(&value));
    CHECK_STATUS(mr_value_set(&value, &(int){5}), MR_ECLOSED);
}
