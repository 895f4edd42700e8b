/* Managers. The comments name the tests of CPython's own suite whose behaviour a scenario covers. */
#include "items.h"
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void begin_manager(mr_manager *manager)
{
    CHECK_OR_STOP(CHECK_OK(mr_manager_init(manager)));
    CHECK_OR_STOP(CHECK_OK(mr_manager_start(manager, NULL, NULL, 0)));
}

/* ---- The shared objects of a manager, in a worker ---- */

struct objects {
    mr_manager manager;
    mr_event event;
    mr_lock lock, rlock;
    mr_semaphore semaphore, bounded;
    mr_condition condition;
    mr_barrier barrier;
    mr_queue queue, joinable;
    mr_list list;
    mr_dict dict;
    mr_value value;
    mr_array array;
    mr_set set;
    mr_namespace space;
};

static void make(struct objects *o)
{
    const mr_manager *m = &o->manager;
    const int32_t numbers[] = {0, 1, 2, 3, 4};
    begin_manager(&o->manager);
    CHECK_OK(mr_manager_make_event(m, &o->event));
    CHECK_OK(mr_manager_make_lock(m, &o->lock));
    CHECK_OK(mr_manager_make_lock_recursive(m, &o->rlock));
    CHECK_OK(mr_manager_make_semaphore(m, &o->semaphore, 1));
    CHECK_OK(mr_manager_make_semaphore_bounded(m, &o->bounded, 1));
    CHECK_OK(mr_manager_make_condition(m, &o->condition, NULL));
    CHECK_OK(mr_manager_make_barrier(m, &o->barrier, 5, NULL, MR_FOREVER));
    CHECK_OK(mr_manager_make_queue(m, &o->queue, 2));
    CHECK_OK(mr_manager_make_queue_joinable(m, &o->joinable, 2));
    CHECK_OK(mr_manager_make_list(m, &o->list, (mr_item[]){MR_INT(3), MR_INT(1), MR_INT(2), MR_INT(1)}, 4));
    CHECK_OK(mr_manager_make_dict(m, &o->dict));
    CHECK_OK(mr_manager_make_set(m, &o->set, &MR_INT(1), 1));
    CHECK_OK(mr_manager_make_value(m, &o->value, sizeof(int32_t), &numbers[1]));
    CHECK_OK(mr_manager_make_array(m, &o->array, sizeof numbers[0], 5, numbers));
    CHECK_OK(mr_manager_make_namespace(m, &o->space));
}

static int uses_sync(const void *args, size_t size)
{
    const struct objects *o = args;
    CHECK_EQ(size, sizeof *o);
    CHECK(mr_event_is_set(&o->event));
    CHECK_OK(mr_event_wait(&o->event, 0));
    CHECK_OK(mr_event_clear(&o->event));
    CHECK_STATUS(mr_event_wait(&o->event, 0.001), MR_ETIMEDOUT);
    CHECK_OK(mr_lock_acquire(&o->lock, 0)); /* main releases it */
    CHECK_OK(mr_lock_acquire(&o->rlock, 0));
    CHECK_OK(mr_lock_acquire(&o->rlock, 0));
    CHECK_OK(mr_lock_release(&o->rlock));
    CHECK_OK(mr_lock_release(&o->rlock));
    CHECK_OK(mr_semaphore_acquire(&o->semaphore, 0)); /* and both of these */
    CHECK_OK(mr_semaphore_acquire(&o->bounded, 0));
    CHECK_OK(mr_condition_acquire(&o->condition, 0));
    CHECK_OK(mr_condition_release(&o->condition));
    CHECK_EQ(mr_barrier_parties(&o->barrier), 5);
    CHECK_OK(mr_barrier_reset(&o->barrier));
    CHECK_OK(mr_event_set(&o->event));
    return mr_event_wait(&o->event, 0) == MR_OK ? 0 : 1;
}

static int uses_data(const void *args, size_t size)
{
    const struct objects *o = args;
    mr_item value, *items;
    size_t count, index;
    int32_t number = 7, numbers[5];
    char text[16];
    CHECK_EQ(size, sizeof *o);
    const mr_queue *queues[] = {&o->queue, &o->joinable};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mr_queue_length(queues[i]), 2);
        CHECK(mr_queue_is_full(queues[i]));
        CHECK(!mr_queue_is_empty(queues[i]));
        CHECK_OK(mr_queue_get(queues[i], text, sizeof text, NULL, 5));
        CHECK_TEXT(text, "a");
        CHECK_OK(mr_queue_get(queues[i], text, sizeof text, NULL, 5));
        CHECK_TEXT(text, "b");
        CHECK(mr_queue_is_empty(queues[i]));
    }
    CHECK_OK(mr_queue_task_done(&o->joinable));
    CHECK_OK(mr_queue_task_done(&o->joinable));

    CHECK_OK(mr_list_index(&o->list, MR_INT(1), &index));
    CHECK_EQ(index, 1);
    CHECK_OK(mr_list_count(&o->list, MR_INT(1), &count));
    CHECK_EQ(count, 2);
    CHECK_OK(mr_set_add(&o->set, MR_STRING("two")));
    CHECK_OK(mr_list_sort(&o->list, false));
    CHECK_OK(mr_list_reverse(&o->list));
    mr_iterator all;
    CHECK_OK(mr_list_iterate(&o->list, &all));
    for (int wanted[] = {3, 2, 1, 1}, i = 0; mr_iterator_next(&all) == MR_OK; i++)
        CHECK_EQ(all.value.integer, wanted[i]);
    CHECK_OK(mr_iterator_close(&all));
    for (ptrdiff_t length = 4; length > 0; length--) {
        CHECK_EQ(mr_list_length(&o->list), length);
        CHECK_OK(mr_list_pop(&o->list, 0, &value, NULL, 0));
    }

    CHECK_EQ(mr_dict_length(&o->dict), 2);
    CHECK_EQ(int_of(&o->dict, MR_STRING("foo")), 1);
    CHECK_OK(mr_dict_items(&o->dict, &items, &count));
    CHECK_ITEMS(items, 2 * count, "['foo', 1, 'bar', 2]");
    CHECK_OK(mr_dict_keys(&o->dict, &items, &count));
    CHECK_ITEMS(items, count, "['foo', 'bar']");
    CHECK_OK(mr_dict_values(&o->dict, &items, &count));
    CHECK_ITEMS(items, count, "[1, 2]");
    CHECK_OK(mr_dict_popitem(&o->dict, &items));
    CHECK_ITEMS(items, 2, "['bar', 2]");
    CHECK_OK(mr_dict_popitem(&o->dict, &items));
    free(items);

    CHECK_OK(mr_value_get(&o->value, &number));
    CHECK_EQ(number, 1);
    CHECK_OK(mr_value_set(&o->value, &(int32_t){2}));
    CHECK_EQ(mr_array_length(&o->array), 5);
    CHECK_OK(mr_array_get(&o->array, 0, 5, numbers));
    CHECK_EQ(numbers[4], 4);
    CHECK_OK(mr_namespace_get(&o->space, "x", &value, NULL, 0));
    CHECK_EQ(value.integer, 1);
    mr_dict another; /* a worker may use the manager as well */
    CHECK_OK(mr_manager_make_dict(&o->manager, &another));
    CHECK_OK(mr_namespace_set(&o->space, "made there", MR_OBJECT(&another)));
    mr_manager copy = o->manager;
    CHECK_STATUS(mr_manager_shutdown(&copy), MR_ENOTCREATOR);
    return 0;
}

/* TestSyncManagerTypes.test_event, test_lock, test_rlock, test_semaphore, test_bounded_semaphore, test_condition,
 * test_barrier */
SCENARIO_SHARED(manager, sync_types)
{
    struct objects o;
    mr_process p;
    make(&o);
    CHECK_OK(mr_event_set(&o.event));
    CHECK_OR_STOP(begin(&p, uses_sync, &o, sizeof o));
    CHECK(end(&p, 30, 0));
    CHECK(mr_event_is_set(&o.event));
    mr_status status = mr_lock_release(&o.lock); /* its owner has ended: it is free already */
    CHECK(status == MR_OK || status == MR_ESTATE);
    CHECK_STATUS(mr_lock_release(&o.lock), MR_ESTATE);
    CHECK_OK(mr_lock_acquire(&o.rlock, 0));
    CHECK_OK(mr_lock_release(&o.rlock));
    CHECK_OK(mr_manager_close(&o.manager));
    CHECK_STATUS(mr_event_set(&o.event), MR_ECLOSED);
    CHECK_STATUS(mr_lock_acquire(&o.rlock, 0), MR_ECLOSED);
    CHECK_STATUS(mr_semaphore_acquire(&o.semaphore, 0), MR_ECLOSED);
    CHECK_STATUS(mr_semaphore_release(&o.bounded), MR_ECLOSED);
    CHECK_STATUS(mr_condition_acquire(&o.condition, 0), MR_ECLOSED);
    CHECK_STATUS(mr_barrier_reset(&o.barrier), MR_ECLOSED);
}

/* TestSyncManagerTypes.test_queue, test_joinable_queue, test_list, test_dict, test_value, test_array,
 * test_namespace */
SCENARIO_SHARED(manager, data_types)
{
    struct objects o;
    mr_process p;
    mr_item value;
    int32_t number = 0;
    mr_dict another;
    make(&o);
    CHECK_OK(mr_queue_put(&o.queue, "a", 2, 0));
    CHECK_OK(mr_queue_put(&o.queue, "b", 2, 0));
    CHECK_OK(mr_queue_put(&o.joinable, "a", 2, 0));
    CHECK_OK(mr_queue_put(&o.joinable, "b", 2, 0));
    CHECK_OK(mr_dict_update(&o.dict, (mr_item[]){MR_STRING("foo"), MR_INT(1), MR_STRING("bar"), MR_INT(2)}, 2));
    CHECK_OK(mr_namespace_set(&o.space, "x", MR_INT(1)));
    CHECK_OR_STOP(begin(&p, uses_data, &o, sizeof o));
    CHECK(end(&p, 30, 0));
    CHECK(mr_queue_is_empty(&o.queue));
    CHECK_OK(mr_queue_join(&o.joinable, 10));
    CHECK_EQ(mr_list_length(&o.list), 0);
    CHECK_EQ(mr_dict_length(&o.dict), 0);
    CHECK_SET(&o.set, "{1, 'two'}");
    CHECK_OK(mr_value_get(&o.value, &number));
    CHECK_EQ(number, 2);
    CHECK_OK(mr_namespace_get(&o.space, "made there", &value, NULL, 0));
    CHECK_OK(MR_TAKE_OBJECT(&value, &another));
    CHECK_EQ(mr_dict_length(&another), 0);
    CHECK_OK(mr_manager_shutdown(&o.manager));
    CHECK_REFUSED(mr_dict_length(&another) == -1, MR_ECLOSED);
    CHECK_REFUSED(mr_set_length(&o.set) == -1, MR_ECLOSED);
    CHECK_REFUSED(mr_queue_length(&o.queue) == -1, MR_ECLOSED);
    CHECK_REFUSED(mr_list_length(&o.list) == -1, MR_ECLOSED);
    CHECK_STATUS(mr_value_get(&o.value, &number), MR_ECLOSED);
    CHECK_STATUS(mr_array_get(&o.array, 0, 1, &number), MR_ECLOSED);
    CHECK_STATUS(mr_namespace_set(&o.space, "x", MR_INT(1)), MR_ECLOSED);
}

/* ---- Its life ---- */

static int leaves_a_note(const void *args, size_t size)
{
    note("initializer", "%.*s %d", (int)size, (const char *)args, (int)getpid());
    return 0;
}

static int returns_seven(const void *args, size_t size)
{
    return args == NULL && size == 0 ? 7 : 1;
}

static int dies(const void *args, size_t size)
{
    (void)args, (void)size;
    raise(SIGKILL);
    return 0;
}

/* TestInitializers.test_manager_initializer, _TestManagerRestart.test_rapid_restart */
SCENARIO_SHARED(manager, life)
{
    mr_manager m;
    mr_dict d, e;
    CHECK_OR_STOP(CHECK_OK(mr_manager_init(&m)));
    CHECK_STATUS(mr_manager_make_dict(&m, &d), MR_ESTATE);
    CHECK_EQ(mr_manager_exitcode(&m), MR_EXITCODE_NONE);
    CHECK_OK(mr_manager_shutdown(&m)); /* nothing to do */
    CHECK_OK(mr_manager_start(&m, leaves_a_note, "args", 4));
    CHECK_EQ(noted_lines("initializer"), 1);
    CHECK_STATUS(mr_manager_start(&m, NULL, NULL, 0), MR_ESTATE);
    CHECK_OK(mr_manager_make_dict(&m, &d));
    CHECK_OK(mr_dict_set(&d, MR_INT(1), MR_INT(1)));
    CHECK_STATUS(mr_manager_join(&m, 0), MR_ETIMEDOUT);
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_OK(mr_manager_join(&m, 0));
    CHECK_EQ(mr_manager_exitcode(&m), 0);
    CHECK_STATUS(mr_dict_set(&d, MR_INT(1), MR_INT(1)), MR_ECLOSED);
    CHECK_STATUS(mr_manager_make_dict(&m, &d), MR_ECLOSED);
    for (int i = 0; i < 3; i++) { /* again, and at once */
        CHECK_OK(mr_manager_start(&m, NULL, NULL, 0));
        CHECK_OK(mr_manager_make_dict(&m, &e));
        CHECK_OK(mr_dict_set(&e, MR_INT(1), MR_INT(1)));
        CHECK_OK(mr_manager_shutdown(&m));
    }
    CHECK_STATUS(mr_manager_start(&m, returns_seven, NULL, 0), MR_ETASK);
    CHECK_STATUS(mr_manager_start(&m, dies, NULL, 0), MR_EDIED);
    CHECK_OK(mr_manager_start(&m, leaves_a_note, "again", 5));
    CHECK_EQ(noted_lines("initializer"), 2);
    CHECK_OK(mr_manager_close(&m));
    CHECK_OK(mr_manager_close(&m));
    CHECK_STATUS(mr_manager_start(&m, NULL, NULL, 0), MR_ECLOSED);
}

/* ---- Types of the program's own ---- */

struct counter {
    int64_t count;
};

static mr_status counter_init(void *self, const mr_item args[], size_t count)
{
    if (count != 1 || args[0].type != MR_ITEM_INT)
        return mr_fail(MR_EINVAL, "a counter needs a number to begin with");
    ((struct counter *)self)->count = args[0].integer;
    return MR_OK;
}

static void counter_end(void *self)
{
    note("ended", "%lld", (long long)((struct counter *)self)->count);
}

static mr_status counter_add(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    struct counter *c = self;
    for (size_t i = 0; i < count; i++)
        c->count += args[i].integer;
    return mr_reply_set(reply, (mr_item[]){MR_INT(c->count), MR_STRING("so many")}, 2);
}

static mr_status counter_fail(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)reply;
    if (count > 0)
        return (mr_status)args[0].integer; /* without a sentence */
    return mr_fail(MR_ETASK, "the counter stands at %lld and fails", (long long)((struct counter *)self)->count);
}

static mr_status counter_hidden(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)args, (void)count;
    return mr_reply_set(reply, &MR_STRING("hidden"), 1);
}

static mr_status counter_crash(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)args, (void)count, (void)reply;
    raise(SIGKILL);
    return MR_OK;
}

static mr_status counter_pid(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)args, (void)count;
    return mr_reply_set(reply, &MR_INT(getpid()), 1);
}

static mr_status counter_sleep(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)count, (void)reply;
    rest(args[0].real);
    return MR_OK;
}

static mr_status counter_use(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    mr_dict d;
    (void)self, (void)count, (void)reply;
    mr_status status = MR_TAKE_OBJECT(&args[0], &d);
    return status == MR_OK ? mr_dict_set(&d, MR_STRING("used"), MR_BOOL(true)) : status;
}

/* An iterator over squares, as an object of another type that is made by a method. */
static mr_status squares_next(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    int64_t *n = self;
    (void)args, (void)count;
    if (*n == 3)
        return mr_fail(MR_ENOENT, "there are no more squares");
    int64_t square = *n * *n;
    ++*n;
    return mr_reply_set(reply, &MR_INT(square), 1);
}

static mr_status counter_squares(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    mr_manager m;
    mr_instance made;
    (void)self;
    if (count != 1 || args[0].size != sizeof m)
        return mr_fail(MR_EINVAL, "squares needs the manager");
    memcpy(&m, args[0].data, sizeof m);
    mr_status status = mr_manager_make_instance(&m, &made, "Squares", NULL, 0);
    return status == MR_OK ? mr_reply_set(reply, (mr_item[]){MR_OBJECT(&made)}, 1) : status;
}

static const mr_method counter_methods[] = {
    {"add", counter_add}, {"fail", counter_fail},   {"_hidden", counter_hidden}, {"crash", counter_crash},
    {"pid", counter_pid}, {"sleep", counter_sleep}, {"use", counter_use},        {"squares", counter_squares}};
static const mr_method squares_methods[] = {{"next", squares_next}};
static const char *const exposed[] = {"add", "_hidden"};

static const mr_type counter_type = {.name = "Counter",
                                     .size = sizeof(struct counter),
                                     .init = counter_init,
                                     .end = counter_end,
                                     .methods = counter_methods,
                                     .method_count = sizeof counter_methods / sizeof counter_methods[0]};
static const mr_type narrow_type = {.name = "Narrow",
                                    .size = sizeof(struct counter),
                                    .methods = counter_methods,
                                    .method_count = sizeof counter_methods / sizeof counter_methods[0],
                                    .exposed = exposed,
                                    .exposed_count = 2};
static const mr_type squares_type = {
    .name = "Squares", .size = sizeof(int64_t), .methods = squares_methods, .method_count = 1};

static void begin_with_types(mr_manager *m)
{
    CHECK_OR_STOP(CHECK_OK(mr_manager_init(m)));
    CHECK_OK(mr_manager_register(m, &counter_type));
    CHECK_OK(mr_manager_register(m, &narrow_type));
    CHECK_OK(mr_manager_register(m, &squares_type));
    CHECK_STATUS(mr_manager_register(m, &counter_type), MR_EEXIST);
    CHECK_OR_STOP(CHECK_OK(mr_manager_start(m, NULL, NULL, 0)));
    CHECK_STATUS(mr_manager_register(m, &counter_type), MR_ESTATE);
}

static int64_t ask(const mr_instance *object, const char *method, mr_item argument)
{
    mr_item *answer;
    size_t count = 0;
    if (!CHECK_OK(mr_instance_call(object, method, &argument, argument.type != MR_ITEM_NONE, &answer, &count, 30)))
        return -1;
    int64_t number = count > 0 ? answer[0].integer : 0;
    free(answer);
    return number;
}

static int adds(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(mr_instance));
    for (int i = 0; i < 50; i++)
        CHECK_OR_STOP(CHECK(ask(args, "add", MR_INT(1)) > 0));
    return 0;
}

/* _TestMyManager.test_mymanager, test_mymanager_context, test_mymanager_context_prestarted,
 * _TestSharedMemory.test_shared_memory_SharedMemoryServer_ignores_sigint */
SCENARIO_SHARED(manager, types, .timeout = 120)
{
    mr_manager m;
    mr_instance c, narrow, squares;
    mr_item *answer;
    size_t count;
    mr_dict d;
    mr_process p[2];
    begin_with_types(&m);
    CHECK_STATUS(mr_manager_make_instance(&m, &c, "Nothing", NULL, 0), MR_ENOENT);
    CHECK_STATUS(mr_manager_make_instance(&m, &c, "Counter", NULL, 0), MR_EINVAL);
    CHECK_TEXT(mr_last_error(), "a counter needs a number to begin with");
    CHECK_OK(mr_manager_make_instance(&m, &c, "Counter", &MR_INT(10), 1));
    CHECK_OK(mr_instance_call(&c, "add", (mr_item[]){MR_INT(1), MR_INT(2)}, 2, &answer, &count, 30));
    CHECK_ITEMS(answer, count, "[13, 'so many']");
    CHECK_OK(mr_instance_call(&c, "add", NULL, 0, NULL, NULL, 30));
    CHECK_STATUS(mr_instance_call(&c, "fail", NULL, 0, NULL, NULL, 30), MR_ETASK);
    CHECK_TEXT(mr_last_error(), "the counter stands at 13 and fails");
    CHECK_STATUS(mr_instance_call(&c, "fail", &MR_INT(MR_EBROKEN), 1, NULL, NULL, 30), MR_EBROKEN);
    CHECK_STATUS(mr_instance_call(&c, "_hidden", NULL, 0, NULL, NULL, 30), MR_ENOENT);
    CHECK_STATUS(mr_instance_call(&c, "nothing", NULL, 0, NULL, NULL, 30), MR_ENOENT);
    CHECK_STATUS(mr_instance_call(&c, "sleep", &MR_DOUBLE(0.3), 1, NULL, NULL, 0.001), MR_ETIMEDOUT);
    CHECK_OK(mr_manager_make_instance(&m, &narrow, "Narrow", NULL, 0));
    CHECK_OK(mr_instance_call(&narrow, "_hidden", NULL, 0, &answer, &count, 30));
    CHECK_ITEMS(answer, count, "['hidden']");
    CHECK_STATUS(mr_instance_call(&narrow, "fail", NULL, 0, NULL, NULL, 30), MR_ENOENT);

    CHECK_OK(mr_instance_call(&c, "squares", &MR_BYTES(&m, sizeof m), 1, &answer, &count, 30));
    CHECK_OK(MR_TAKE_OBJECT(&answer[0], &squares));
    free(answer);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(ask(&squares, "next", MR_NONE), i * i);
    CHECK_STATUS(mr_instance_call(&squares, "next", NULL, 0, NULL, NULL, 30), MR_ENOENT);
    CHECK_OK(mr_instance_destroy(&squares));
    CHECK_OK(mr_instance_destroy(&squares));
    CHECK_STATUS(mr_instance_call(&squares, "next", NULL, 0, NULL, NULL, 30), MR_ECLOSED);

    CHECK_OK(mr_manager_make_dict(&m, &d));
    ask(&c, "use", MR_OBJECT(&d));
    CHECK_DICT(&d, "{'used': True}");
    if (scenario_launch() < LAUNCH_hostsFar) {
        kill((pid_t)ask(&c, "pid", MR_NONE), SIGINT); /* which it does not mind */
        CHECK_EQ(ask(&c, "add", MR_INT(0)), 13);
    }
    for (int i = 0; i < 2; i++)
        CHECK_OR_STOP(begin(&p[i], adds, &c, sizeof c));
    for (int i = 0; i < 2; i++)
        CHECK(end(&p[i], 60, 0));
    CHECK_EQ(ask(&c, "add", MR_INT(0)), 113);
    CHECK_EQ(noted_lines("ended"), 0);
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_EQ(mr_manager_exitcode(&m), 0);
    CHECK_EQ(noted_number("ended", 0), 113);
    CHECK_STATUS(mr_instance_call(&c, "add", NULL, 0, NULL, NULL, 30), MR_ECLOSED);
    CHECK_OK(mr_manager_close(&m));
}

/* A method that takes its process along takes nothing else along. */
SCENARIO_SHARED(manager, method_that_crashes)
{
    mr_manager m;
    mr_instance c;
    mr_dict d;
    begin_with_types(&m);
    CHECK_OK(mr_manager_make_instance(&m, &c, "Counter", &MR_INT(1), 1));
    CHECK_OK(mr_manager_make_dict(&m, &d));
    CHECK_STATUS(mr_instance_call(&c, "crash", NULL, 0, NULL, NULL, 30), MR_EDIED);
    CHECK_STATUS(mr_instance_call(&c, "add", NULL, 0, NULL, NULL, 30), MR_EDIED);
    CHECK_OK(mr_dict_set(&d, MR_INT(1), MR_INT(1)));
    CHECK_OK(mr_manager_join(&m, 30));
    CHECK_EQ(mr_manager_exitcode(&m), -SIGKILL);
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_STATUS(mr_dict_set(&d, MR_INT(1), MR_INT(1)), MR_ECLOSED);
    CHECK_OK(mr_manager_start(&m, NULL, NULL, 0));
    CHECK_OK(mr_manager_make_instance(&m, &c, "Counter", &MR_INT(5), 1));
    CHECK_EQ(ask(&c, "add", MR_INT(1)), 6);
    CHECK_OK(mr_manager_close(&m));
}

/* A method that never comes back does not keep its manager from ending. */
/* What was made before a shutdown means nothing after the next start. */
SCENARIO_SHARED(manager, instance_of_an_earlier_start)
{
    mr_manager m;
    mr_instance old, new;
    begin_with_types(&m);
    CHECK_OK(mr_manager_make_instance(&m, &old, "Counter", &MR_INT(1), 1));
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_OR_STOP(CHECK_OK(mr_manager_start(&m, NULL, NULL, 0)));
    CHECK_OK(mr_manager_make_instance(&m, &new, "Counter", &MR_INT(2), 1));
    CHECK_STATUS(mr_instance_call(&old, "add", &MR_INT(1), 1, NULL, NULL, 30), MR_ECLOSED);
    mr_instance_destroy(&old);
    CHECK_EQ(ask(&new, "add", MR_INT(1)), 3);
    CHECK_OK(mr_manager_close(&m));
}

SCENARIO_LOCAL(manager, method_that_hangs)
{
    mr_manager m;
    mr_instance c;
    begin_with_types(&m);
    CHECK_OK(mr_manager_make_instance(&m, &c, "Counter", &MR_INT(1), 1));
    CHECK_STATUS(mr_instance_call(&c, "sleep", &MR_DOUBLE(1000), 1, NULL, NULL, 0.01), MR_ETIMEDOUT);
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_EQ(mr_manager_exitcode(&m), -SIGTERM);
}

/* Callers that are killed, before their method runs and while it does, and whose visits nobody may wait for. */
static int calls_for_long(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(mr_instance));
    note("calling", "%d", (int)getpid());
    mr_instance_call(args, "sleep", &MR_DOUBLE(1), 1, NULL, NULL, MR_FOREVER);
    return 0;
}

SCENARIO_SHARED(manager, caller_that_dies)
{
    mr_manager m;
    mr_instance c;
    mr_process p[3];
    begin_with_types(&m);
    CHECK_OK(mr_manager_make_instance(&m, &c, "Counter", &MR_INT(1), 1));
    for (int i = 0; i < 3; i++)
        CHECK_OR_STOP(begin(&p[i], calls_for_long, &c, sizeof c));
    CHECK(await_lines("calling", 3, 30));
    for (int i = 0; i < 3; i++)
        CHECK_OK(mr_process_kill(&p[i]));
    for (int i = 0; i < 3; i++)
        CHECK(end(&p[i], 30, -SIGKILL));
    CHECK_EQ(ask(&c, "add", MR_INT(1)), 2);
    CHECK_OK(mr_manager_close(&m));
}

/* What the method of a dead caller answers is nobody's, least of all the next caller's. */
SCENARIO_SHARED(manager, caller_after_one_that_died)
{
    mr_manager m;
    mr_instance c;
    mr_process p;
    begin_with_types(&m);
    CHECK_OK(mr_manager_make_instance(&m, &c, "Counter", &MR_INT(1), 1));
    CHECK_OR_STOP(begin(&p, calls_for_long, &c, sizeof c));
    CHECK(await_lines("calling", 1, 30));
    rest(0.2); /* the method runs, for a second */
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
    CHECK_EQ(ask(&c, "add", MR_INT(1)), 2);
    CHECK_OK(mr_manager_close(&m));
}

/* ---- Pools ---- */

static int squares_it(const void *in, void *out)
{
    int number = *(const int *)in;
    *(int *)out = number * number;
    return 0;
}

static int uses_pool(const void *args, size_t size)
{
    const mr_pool *pool = args;
    int in[] = {1, 2, 3}, out[3] = {0};
    CHECK_EQ(size, sizeof *pool);
    CHECK_OK(mr_pool_map(pool, squares_it, in, sizeof in[0], out, sizeof out[0], 3));
    CHECK_EQ(out[2], 9);
    return 0;
}

/* TestSyncManagerTypes.test_pool */
SCENARIO_LOCAL(manager, pool)
{
    mr_manager m;
    mr_pool pool;
    mr_process p;
    int in = 5, out = 0;
    begin_manager(&m);
    CHECK_OR_STOP(CHECK_OK(mr_manager_make_pool(&m, &pool, 2)));
    CHECK_OR_STOP(begin(&p, uses_pool, &pool, sizeof pool));
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_pool_map(&pool, squares_it, &in, sizeof in, &out, sizeof out, 1));
    CHECK_EQ(out, 25);
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_STATUS(mr_pool_map(&pool, squares_it, &in, sizeof in, &out, sizeof out, 1), MR_ECLOSED);
    CHECK_OK(mr_pool_join(&pool, 30));
    CHECK_OK(mr_manager_close(&m));
}

/* ---- Shared memory ---- */

static int attaches(const void *args, size_t size)
{
    mr_shared_memory memory;
    char text[6] = "";
    (void)size;
    CHECK_OK(mr_shared_memory_attach(&memory, args));
    CHECK_OK(mr_shared_memory_read(&memory, 0, 6, text));
    CHECK_TEXT(text, "hello");
    return 0;
}

/* _TestSharedMemory.test_shared_memory_SharedMemoryManager_basics */
SCENARIO_SHARED(manager, shared_memory)
{
    mr_manager m;
    mr_shared_memory memory, again;
    mr_shareable_list list, same;
    mr_process p;
    char name[128], list_name[128];
    const mr_item items[] = {MR_INT(1), MR_STRING("two")};
    CHECK_OK(mr_manager_init(&m));
    CHECK_STATUS(mr_manager_make_shared_memory(&m, &memory, 32), MR_ESTATE);
    CHECK_STATUS(mr_manager_make_shareable_list(&m, &list, items, 2), MR_ESTATE);
    CHECK_OK(mr_manager_start(&m, NULL, NULL, 0));
    CHECK_OK(mr_manager_make_shared_memory(&m, &memory, 32));
    CHECK_OK(mr_manager_make_shareable_list(&m, &list, items, 2));
    CHECK_EQ(mr_shareable_list_length(&list), 2);
    snprintf(name, sizeof name, "%s", mr_shared_memory_name(&memory));
    snprintf(list_name, sizeof list_name, "%s", mr_shared_memory_name(&list.shm));
    CHECK_OK(mr_shared_memory_write(&memory, 0, 6, "hello"));
    CHECK_OR_STOP(begin(&p, attaches, name, strlen(name) + 1));
    CHECK(end(&p, 30, 0));
    CHECK_OK(mr_shareable_list_attach(&same, list_name));
    CHECK_OK(mr_manager_shutdown(&m));
    CHECK_STATUS(mr_shared_memory_attach(&again, name), MR_ENOENT);
    CHECK_STATUS(mr_shareable_list_attach(&same, list_name), MR_ENOENT);
    {
        mr_scoped_manager scoped = {0};
        begin_manager(&scoped);
        CHECK_OK(mr_manager_make_shared_memory(&scoped, &memory, 32));
        snprintf(name, sizeof name, "%s", mr_shared_memory_name(&memory));
        CHECK_OK(mr_shared_memory_attach(&again, name));
    }
    CHECK_STATUS(mr_shared_memory_attach(&again, name), MR_ENOENT);
    CHECK_OK(mr_manager_close(&m));
}

/* ---- Wrong use ---- */

/* _TestRemoteManager.test_remote: what becomes of it here */
SCENARIO_SHARED(manager, bad_input)
{
    static const mr_method nameless = {.run = counter_add};
    static const mr_type odd[] = {{.size = 1},
                                  {.name = "", .size = 1},
                                  {.name = "x"},
                                  {.name = "x", .size = 1, .method_count = 1},
                                  {.name = "x", .size = 1, .methods = &nameless, .method_count = 1},
                                  {.name = "x", .size = 1, .exposed_count = 1}};
    mr_manager m, none = {0};
    mr_type on_stack = {.name = "x", .size = 1};
    mr_dict d;
    mr_list l;
    mr_instance instance, no_instance = {0, 1};
    mr_item wrong = {.type = (mr_item_type)77};
    CHECK_STATUS(mr_manager_init(NULL), MR_EINVAL);
    CHECK_OK(mr_manager_init(&m));
    mr_manager *bad[] = {NULL, &none};
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(mr_manager_start(bad[i], NULL, NULL, 0), MR_EINVAL);
        CHECK_STATUS(mr_manager_shutdown(bad[i]), MR_EINVAL);
        CHECK_STATUS(mr_manager_close(bad[i]), MR_EINVAL);
        CHECK_STATUS(mr_manager_register(bad[i], &counter_type), MR_EINVAL);
        CHECK_STATUS(mr_manager_make_dict(bad[i], &d), MR_EINVAL);
        CHECK_STATUS(mr_manager_make_instance(bad[i], &instance, "Counter", NULL, 0), MR_EINVAL);
    }
    CHECK_STATUS(mr_manager_join(NULL, 0), MR_EINVAL);
    CHECK_REFUSED(mr_manager_exitcode(NULL) == MR_EXITCODE_NONE, MR_EINVAL);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        CHECK_STATUS(mr_manager_register(&m, &odd[i]), MR_EINVAL);
    CHECK_STATUS(mr_manager_register(&m, NULL), MR_EINVAL);
    CHECK_STATUS(mr_manager_register(&m, &on_stack), MR_EBUILD);
    CHECK_STATUS(mr_manager_start(&m, NULL, NULL, 5), MR_EINVAL);
    CHECK_STATUS(mr_manager_start(&m, leaves_a_note, "x", SIZE_MAX), MR_EINVAL);
    CHECK_STATUS(mr_manager_start(&m, (mr_target)(uintptr_t)&m, NULL, 0), MR_EBUILD);
    CHECK_STATUS(mr_manager_connect(&m, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_manager_connect(NULL, "address", NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_manager_connect(&m, "address", "key", 3), MR_ENOTSUP);
    CHECK_OK(mr_manager_start(&m, NULL, NULL, 0));
    CHECK_STATUS(mr_manager_make_dict(&m, NULL), MR_EINVAL);
    CHECK_STATUS(mr_manager_make_list(&m, &l, &wrong, 1), MR_EINVAL);
    CHECK_STATUS(mr_manager_make_instance(&m, &instance, "Counter", NULL, 0), MR_ENOENT);
    CHECK_STATUS(mr_manager_make_instance(&m, &instance, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_manager_make_instance(&m, NULL, "Counter", NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_manager_make_instance(&m, &instance, "Counter", NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_manager_make_instance(&m, &instance, "Counter", &wrong, 1), MR_EINVAL);
    CHECK_STATUS(mr_instance_call(NULL, "x", NULL, 0, NULL, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_instance_call(&no_instance, "x", NULL, 0, NULL, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_instance_call(&no_instance, NULL, NULL, 0, NULL, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_instance_call(&no_instance, "x", NULL, 0, NULL, NULL, NAN), MR_EINVAL);
    CHECK_STATUS(mr_instance_destroy(NULL), MR_EINVAL);
    CHECK_STATUS(mr_reply_set(NULL, NULL, 0), MR_EINVAL);
    CHECK_OK(mr_manager_close(&m));
}
