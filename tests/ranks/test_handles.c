/* Handles that nobody has made: whatever is in them, every call refuses them and comes back. MR_TEST_SEED gives
 * the first seed. */
#include "scenario.h"
#include "targets.h"

#include "far/deputy.h"

#include <stdlib.h>
#include <string.h>

static unsigned seed;

/* One of each, so that slots and generations are in use. All are of kinds of which only one exists, so that a
 * handle that is good is one of these. */
struct objects {
    mr_lock lock;
    mr_semaphore semaphore;
    mr_condition condition;
    mr_event event;
    mr_barrier barrier;
    mr_array array;
    mr_value value;
    mr_shared_memory memory;
    mr_connection a, b;
    mr_pool pool;
    mr_future future;
    mr_dict dict;
    mr_list list;
    mr_set set;
    mr_namespace space;
    mr_manager manager;
};

static int gives_nothing(const void *in, void *out)
{
    (void)in, (void)out;
    return 0;
}

static void make(struct objects *all)
{
    CHECK_OK(mr_lock_init_recursive(&all->lock));
    CHECK_OK(mr_semaphore_init(&all->semaphore, 0));
    CHECK_OK(mr_condition_init(&all->condition, &all->lock));
    CHECK_OK(mr_event_init(&all->event));
    CHECK_OK(mr_barrier_init(&all->barrier, 2, NULL, MR_FOREVER));
    CHECK_OK(mr_array_init_raw(&all->array, 1, 10, NULL));
    CHECK_OK(mr_value_init_raw(&all->value, 8, NULL));
    CHECK_OK(mr_shared_memory_init(&all->memory, "handles", 64));
    CHECK_OK(mr_pipe_init(&all->a, &all->b, true));
    CHECK_OK(mr_dict_init(&all->dict));
    CHECK_OK(mr_list_init(&all->list, &MR_INT(1), 1));
    CHECK_OK(mr_set_init(&all->set, NULL, 0));
    CHECK_OK(mr_namespace_init(&all->space));
    CHECK_OK(mr_manager_init(&all->manager));
    CHECK_OK(mr_manager_start(&all->manager, NULL, NULL, 0));
    CHECK_OK(mr_pool_init(&all->pool, 1));
    CHECK_OK(mr_pool_apply_async(&all->pool, gives_nothing, NULL, 0, 0, &all->future));
}

/* A good handle with a few bits changed, one of another object, or anything. */
static uint64_t make_handle(const struct objects *all)
{
    uint64_t handles[sizeof *all / sizeof(uint64_t)];
    memcpy(handles, all, sizeof handles);
    uint64_t handle = handles[(size_t)rand_r(&seed) % (sizeof handles / sizeof handles[0])];
    switch (rand_r(&seed) % 4) {
    case 0:
        return (uint64_t)rand_r(&seed) << 33 ^ (uint64_t)rand_r(&seed) << 8 ^ (uint64_t)rand_r(&seed);
    case 1:
        return (uint64_t)(rand_r(&seed) % 4) << 32 | (uint64_t)(rand_r(&seed) % 16);
    case 2:
        return handle ^ (uint64_t)1 << rand_r(&seed) % 64 ^ (uint64_t)(rand_r(&seed) % 2) << rand_r(&seed) % 64;
    default:
        return handle;
    }
}

static void call_containers(uint64_t h)
{
    mr_dict dict = {h};
    mr_list list = {h};
    mr_set set = {h};
    mr_namespace space = {h};
    mr_manager manager = {.mr__handle = h};
    mr_instance instance = {h, h};
    mr_item value, *items;
    size_t count;
    if (mr_dict_set(&dict, MR_INT(1), MR_OBJECT(&list)) == MR_OK)
        mr_dict_del(&dict, MR_INT(1));
    mr_dict_get(&dict, MR_STRING("x"), &value, NULL, 0);
    if (mr_dict_items(&dict, &items, &count) == MR_OK)
        free(items);
    if (mr_list_append(&list, MR_NONE) == MR_OK)
        mr_list_pop(&list, -1, &value, NULL, 0);
    mr_list_add(&list, 0, MR_INT(0), NULL);
    if (mr_list_items(&list, &items, &count) == MR_OK)
        free(items);
    mr_set_difference_update(&set, &MR_INT(1), 1);
    if (mr_set_union(&set, &MR_INT(1), 1, &items, &count) == MR_OK)
        free(items);
    mr_namespace_get(&space, "x", &value, NULL, 0);
    mr_namespace_has(&space, "x");
    mr_manager_make_instance(&manager, &instance, "x", NULL, 0);
    mr_instance_call(&(mr_instance){h, h}, "x", NULL, 0, NULL, NULL, 0);
}

/* Calls that leave an object as it is, or nearly so, if the handle should be good. */
static void call_all(uint64_t h)
{
    char bytes[16] = {0};
    size_t size;
    mr_lock lock = {h}, seen;
    mr_barrier barrier = {h};
    mr_shared_memory memory = {h, h};
    mr_shareable_list list = {memory};
    mr_connection c = {h};
    mr_waitable item = {.connection = &c};
    mr_array array = {h};
    mr_value value = {h};
    mr_item found;
    if (mr_lock_acquire(&lock, 0) == MR_OK)
        mr_lock_release(&lock);
    mr_semaphore_acquire(&(mr_semaphore){h}, 0);
    mr_semaphore_value(&(mr_semaphore){h});
    mr_condition_wait(&(mr_condition){h}, 0);
    mr_condition_notify(&(mr_condition){h}, 1);
    mr_event_wait(&(mr_event){h}, 0);
    mr_event_clear(&(mr_event){h});
    mr_barrier_wait(&barrier, NULL, 0);
    mr_barrier_reset(&barrier);
    mr_array_get(&array, 0, 1, bytes);
    mr_array_get_lock(&array, &seen);
    mr_value_get(&value, bytes);
    mr_value_get_lock(&value, &seen);
    mr_shared_memory_data(&memory);
    mr_shared_memory_size(&memory);
    mr_shared_memory_name(&memory);
    mr_shareable_list_get(&list, 0, &found, bytes, sizeof bytes);
    if (mr_connection_send(&c, &h, sizeof h, 0) == MR_OK) /* which looks for handles in what it sends */
        mr_connection_poll(&c, 0);
    mr_connection_recv(&c, bytes, sizeof bytes, &size, 0);
    mr_pool_processes(&(mr_pool){h});
    mr_pool_insights(&(mr_pool){h}, NULL, 0);
    mr_pool_join(&(mr_pool){h}, 0);
    mr_pool_apply(&(mr_pool){h}, gives_nothing, NULL, 0, NULL, 0);
    mr_future_wait(&(mr_future){h}, 0);
    mr_future_is_ready(&(mr_future){h});
    mr_future_count(&(mr_future){h});
    mr_future_get(&(mr_future){h}, bytes, sizeof bytes, 0);
    mr_future_result(&(mr_future){h}, 0, bytes, sizeof bytes, &size, 0);
    mr_wait(&item, 1, &size, 0);
    call_containers(h);
}

/* All is as it was: nobody was harmed by handles that were none. */
static void check_unharmed(const struct objects *all)
{
    char byte = 'x';
    CHECK_OK(mr_lock_acquire(&all->lock, 0));
    CHECK_OK(mr_lock_release(&all->lock));
    CHECK_STATUS(mr_lock_release(&all->lock), MR_ENOTOWNER);
    CHECK_EQ(mr_semaphore_value(&all->semaphore), 0);
    CHECK(!mr_event_is_set(&all->event));
    CHECK_EQ(mr_barrier_parties(&all->barrier), 2);
    CHECK_EQ(mr_array_length(&all->array), 10);
    CHECK_EQ(mr_shared_memory_size(&all->memory), 64);
    CHECK_OK(mr_future_get(&all->future, NULL, 0, 30));
    CHECK_OK(mr_pool_apply(&all->pool, gives_nothing, NULL, 0, NULL, 0));
    CHECK_OK(mr_array_get(&all->array, 9, 1, &byte));
    CHECK_EQ(byte, 0);
    CHECK_EQ(mr_dict_length(&all->dict), 0);
    CHECK_EQ(mr_list_length(&all->list), 1);
    CHECK_EQ(mr_set_length(&all->set), 0);
    CHECK(!mr_namespace_has(&all->space, "x"));
}

SCENARIO(handles, at_random)
{
    enum { ROUNDS = 20000 };
    const char *first = getenv("MR_TEST_SEED");
    struct objects all;
    seed = first != NULL ? (unsigned)strtoul(first, NULL, 10) : 1;
    make(&all);
    double before = now();
    for (int i = 0; i < ROUNDS; i++)
        call_all(make_handle(&all));
    CHECK_AT_MOST(now() - before, 20);
    check_unharmed(&all);
    CHECK(works());
}

/* ---- Far calls ---- */

static int64_t odd_number(void)
{
    static const int64_t numbers[] = {0,  1,   -1,    2,     -2,        3,         7,         8,
                                      16, 255, 65535, 65537, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    return rand_r(&seed) % 4 == 0 ? rand_r(&seed) % 1000 : numbers[(size_t)rand_r(&seed) % 16];
}

static int count_methods(void)
{
    int32_t count = 0;
    while (mr__method_at(count) != NULL)
        count++;
    return count;
}

/* What a rank on another host might ask for that has lost its mind. As from the network, a text ends after its
 * bytes.
 */
static mr_status call_from_afar(const struct objects *all)
{
    static const double seconds[] = {0, -1, 1e-4, (double)NAN, 0};
    char bytes[200] = {0};
    const mr__method *method = mr__method_at((int32_t)(rand_r(&seed) % count_methods()));
    mr__call call = {.method = method,
                     .is_from_afar = true,
                     .seconds = seconds[rand_r(&seed) % 5],
                     .data = bytes,
                     .size = (size_t)rand_r(&seed) % sizeof bytes,
                     .capacity = (size_t)odd_number()};
    for (int i = 0; i < MR__FAR_HANDLES; i++)
        call.handles[i] = make_handle(all);
    for (int i = 0; i < MR__FAR_NUMBERS; i++)
        call.numbers[i] = odd_number();
    for (size_t i = 0; i < call.size && method->kind != MR__KIND_BARRIER;
         i++) /* none that could be the name of an action */
        bytes[i] = (char)(rand_r(&seed) % 3 == 0 ? rand_r(&seed) % 8 : rand_r(&seed));
    mr_status status = method->run(&call);
    free(call.buffer);
    return status;
}

/* Main looks at every call before it believes it: all that comes of this is errors, or objects. */
SCENARIO(handles, from_afar, .timeout = 60)
{
    enum { ROUNDS = 30000 };
    const char *first = getenv("MR_TEST_SEED");
    struct objects all;
    int served = 0;
    seed = first != NULL ? (unsigned)strtoul(first, NULL, 10) : 1;
    make(&all);
    for (int i = 0; i < ROUNDS; i++)
        served += call_from_afar(&all) == MR_OK;
    CHECK_AT_LEAST(served, 100);
    CHECK_AT_LEAST(ROUNDS - served, 100);
    CHECK(works());
}
