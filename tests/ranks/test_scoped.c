/* Variables that end what they hold when they go out of scope. */
#include "scenario.h"
#include "targets.h"

#include <string.h>

/* Copies of what a block has made; by then all of it has ended. */
struct copies {
    mr_lock lock;
    mr_semaphore semaphore;
    mr_condition condition;
    mr_event event;
    mr_barrier barrier;
    mr_array array;
    mr_value value;
    mr_queue queue;
    mr_dict dict;
    mr_list list;
    mr_set set;
    mr_namespace space;
};

static void make_and_leave(struct copies *copies)
{
    mr_scoped_lock lock = {0};
    mr_scoped_semaphore semaphore = {0};
    mr_scoped_condition condition = {0};
    mr_scoped_event event = {0};
    mr_scoped_barrier barrier = {0};
    mr_scoped_array array = {0};
    mr_scoped_value value = {0};
    mr_scoped_queue queue = {0};
    mr_scoped_dict dict = {0};
    mr_scoped_list list = {0};
    mr_scoped_set set = {0};
    mr_scoped_namespace space = {0};
    CHECK_OK(mr_lock_init(&lock));
    CHECK_OK(mr_semaphore_init(&semaphore, 1));
    CHECK_OK(mr_condition_init(&condition, NULL));
    CHECK_OK(mr_event_init(&event));
    CHECK_OK(mr_barrier_init(&barrier, 2, NULL, MR_FOREVER));
    CHECK_OK(mr_array_init(&array, 4, 4, NULL));
    CHECK_OK(mr_value_init(&value, 4, NULL));
    CHECK_OK(mr_queue_init(&queue, 0));
    CHECK_OK(mr_dict_init(&dict));
    CHECK_OK(mr_list_init(&list, NULL, 0));
    CHECK_OK(mr_set_init(&set, NULL, 0));
    CHECK_OK(mr_namespace_init(&space));
    *copies =
        (struct copies){lock, semaphore, condition, event, barrier, array, value, queue, dict, list, set, space};
}

SCENARIO_SHARED(scoped, objects)
{
    struct copies c;
    make_and_leave(&c);
    CHECK_STATUS(mr_lock_acquire(&c.lock, 0), MR_ECLOSED);
    CHECK_STATUS(mr_semaphore_acquire(&c.semaphore, 0), MR_ECLOSED);
    CHECK_STATUS(mr_condition_acquire(&c.condition, 0), MR_ECLOSED);
    CHECK_STATUS(mr_event_set(&c.event), MR_ECLOSED);
    CHECK_STATUS(mr_barrier_reset(&c.barrier), MR_ECLOSED);
    CHECK_REFUSED(mr_array_length(&c.array) == -1, MR_ECLOSED);
    CHECK_STATUS(mr_value_set(&c.value, &(int){1}), MR_ECLOSED);
    CHECK_REFUSED(mr_queue_length(&c.queue) == -1, MR_ECLOSED);
    CHECK_REFUSED(mr_dict_length(&c.dict) == -1, MR_ECLOSED);
    CHECK_REFUSED(mr_list_length(&c.list) == -1, MR_ECLOSED);
    CHECK_REFUSED(mr_set_length(&c.set) == -1, MR_ECLOSED);
    CHECK_REFUSED(!mr_namespace_has(&c.space, "x"), MR_ECLOSED);
}

/* What was never made is not ended, and nothing is said of it. */
SCENARIO_LOCAL(scoped, nothing)
{
    check_forget_error(MR_EINVAL);
    {
        mr_scoped_lock lock = {0};
        mr_scoped_shared_memory memory = {0};
        mr_scoped_queue queue = {0};
        mr_scoped_dict dict = {0};
        mr_scoped_iterator iterator = {0};
        mr_scoped_imap imap = {0};
        mr_scoped_instance instance = {0};
        mr_scoped_listener listener = {0};
        (void)lock, (void)memory, (void)queue, (void)dict, (void)iterator, (void)imap, (void)instance,
            (void)listener;
    }
    CHECK(mr_last_status() != MR_EINVAL);
}

SCENARIO_LOCAL(scoped, memory)
{
    mr_shared_memory other;
    {
        mr_scoped_shared_memory memory = {0};
        CHECK_OK(mr_shared_memory_init(&memory, "scoped", 10));
        CHECK_OK(mr_shared_memory_unlink(&memory));
    }
    CHECK_STATUS(mr_shared_memory_attach(&other, "scoped"), MR_ENOENT);
}
