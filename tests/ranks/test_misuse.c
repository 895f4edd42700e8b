/* Wrong use: each gets a status and a sentence, nothing crashes, and Multirank works on afterwards. */
#include "scenario.h"
#include "targets.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A call that must fail, with whatever status fits best. */
#define CHECK_FAILS(call)                   \
    do {                                    \
        mr_status failure = (call);         \
        if (CHECK(failure != MR_OK))        \
            CHECK_STATUS(failure, failure); \
    } while (0)

struct my_process {
    mr_process base;
    int field;
};

static int my_run(mr_process *self)
{
    return ((struct my_process *)self)->field;
}

static const mr_class my_class = {"MyProcess", sizeof(struct my_process), my_run};

static int squares(const void *in, void *out)
{
    int number = *(const int *)in;
    *(int *)out = number * number;
    return 0;
}

/* ---- Order ---- */

/* Every function that takes a process, made or not. */
static void check_process_calls(mr_process *p, mr_status status)
{
    size_t size;
    CHECK_REFUSED(mr_process_name(p) == NULL, status);
    CHECK_STATUS(mr_process_set_name(p, "name"), status);
    CHECK_REFUSED(!mr_process_is_daemon(p), status);
    CHECK_STATUS(mr_process_set_daemon(p, true), status);
    CHECK_REFUSED(mr_process_authkey(p, &size) == NULL, status);
    CHECK_STATUS(mr_process_set_authkey(p, "key", 3), status);
    CHECK_STATUS(mr_process_set_host(p, "host"), status);
    CHECK_STATUS(mr_process_set_reuse(p, true), status);
    CHECK_STATUS(mr_process_start(p), status);
    CHECK_STATUS(mr_process_start_all(&p, 1), status);
    CHECK_STATUS(mr_process_join(p, 0), status);
    CHECK_REFUSED(!mr_process_is_alive(p), status);
    CHECK_REFUSED(mr_process_exitcode(p) == MR_EXITCODE_NONE, status);
    CHECK_STATUS(mr_process_terminate(p), status);
    CHECK_STATUS(mr_process_kill(p), status);
    CHECK_STATUS(mr_process_interrupt(p), status);
    CHECK_REFUSED(mr_process_sentinel(p) == -1, status);
    CHECK_REFUSED(mr_process_pid(p) == -1, status);
    CHECK_REFUSED(mr_process_rank(p) == -1, status);
    CHECK_REFUSED(mr_process_host(p) == NULL, status);
    CHECK_REFUSED(mr_process_core(p) == -1, status);
}

static void check_container_calls(mr_status status)
{
    static const char text[] = "a text that does not fit into a cell";
    mr_dict dict = {(uint64_t)1 << 32 | 1};
    mr_list list = {dict.mr__handle};
    mr_namespace space = {dict.mr__handle};
    mr_manager manager = {.mr__handle = dict.mr__handle};
    mr_instance instance = {dict.mr__handle, 1};
    mr_item item, *items;
    size_t count;
    CHECK_STATUS(mr_dict_init(&dict), status);
    CHECK_STATUS(mr_dict_set(&dict, MR_STRING(text), MR_STRING(text)), status);
    CHECK_STATUS(mr_dict_update(&dict, (mr_item[]){MR_STRING(text), MR_STRING(text)}, 1), status);
    CHECK_STATUS(mr_dict_get(&dict, MR_STRING(text), &item, NULL, 0), status);
    CHECK_STATUS(mr_dict_items(&dict, &items, &count), status);
    CHECK_STATUS(mr_list_init(&list, &MR_STRING(text), 1), status);
    CHECK_STATUS(mr_list_append(&list, MR_STRING(text)), status);
    CHECK_STATUS(mr_list_get(&list, 0, &item, NULL, 0), status);
    CHECK_STATUS(mr_namespace_set(&space, "name", MR_STRING(text)), status);
    CHECK_STATUS(mr_manager_init(&manager), status);
    CHECK_STATUS(mr_manager_start(&manager, NULL, NULL, 0), status);
    CHECK_STATUS(mr_manager_make_dict(&manager, &dict), status);
    CHECK_STATUS(mr_manager_shutdown(&manager), status);
    CHECK_STATUS(mr_instance_call(&instance, "x", NULL, 0, NULL, NULL, 0), status);
}

/* Every other function that works between mr_init and mr_finalize only. */
static void check_other_calls(mr_status status)
{
    struct my_process mine;
    mr_process p;
    mr_pool pool = {0};
    int number = 1;
    CHECK_STATUS(mr_process_init(&p, does_nothing, NULL, 0), status);
    CHECK_STATUS(mr_process_init_class(&mine.base, &my_class), status);
    CHECK(mr_current_process() == NULL);
    CHECK(mr_parent_process() == NULL);
    CHECK_REFUSED(mr_active_children(NULL, 0) == -1, status);
    CHECK_STATUS(mr_program_set_pinning(MR_PIN_NONE), status);
    CHECK_STATUS(mr_pool_init(&pool, 1), status);
    CHECK_REFUSED(mr_pool_processes(&pool) == -1, status);
    check_container_calls(status);
    CHECK_STATUS(mr_pool_map(&pool, squares, &number, sizeof number, &number, sizeof number, 1), status);
    CHECK_STATUS(mr_finalize(), status);
}

PROGRAM(misuse, before_init_and_after_finalize, .exit_code = 0)
{
    mr_process p = {0}, left_open;
    check_process_calls(&p, MR_ENOTINIT);
    check_other_calls(MR_ENOTINIT);
    CHECK_EQ(mr_cpu_count(), -1);
    CHECK_EQ(mr_core_count(), -1);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK(works());
    CHECK_OK(mr_process_init(&left_open, does_nothing, NULL, 0));
    CHECK_OK(mr_finalize());
    check_process_calls(&left_open, MR_EFINALIZED);
    check_other_calls(MR_EFINALIZED);
    CHECK_FAILS(mr_init(&argc, &argv));
    return 0;
}

SCENARIO(misuse, init_twice)
{
    CHECK_STATUS(mr_init(NULL, NULL), MR_ESTATE);
    CHECK(works());
}

PROGRAM(misuse, init_without_arguments, .exit_code = 0)
{
    (void)argc, (void)argv;
    CHECK_OR_STOP(CHECK_OK(mr_init(NULL, NULL)));
    CHECK(works());
    CHECK_OK(mr_finalize());
    return 0;
}

SCENARIO(misuse, start_twice)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    CHECK_STATUS(mr_process_start(&p), MR_ESTATE);
    CHECK_OK(mr_process_terminate(&p));
    CHECK_OK(mr_process_join(&p, 30));
    CHECK_STATUS(mr_process_start(&p), MR_ESTATE);
    CHECK_OK(mr_process_close(&p));
}

SCENARIO(misuse, before_start)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_STATUS(mr_process_join(&p, MR_FOREVER), MR_ESTATE);
    CHECK_STATUS(mr_process_terminate(&p), MR_ESTATE);
    CHECK_STATUS(mr_process_kill(&p), MR_ESTATE);
    CHECK_STATUS(mr_process_interrupt(&p), MR_ESTATE);
    CHECK_REFUSED(mr_process_sentinel(&p) == -1, MR_ESTATE);
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 30, 0));
}

SCENARIO(misuse, too_late_to_set)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    CHECK_STATUS(mr_process_set_daemon(&p, true), MR_ESTATE);
    CHECK_STATUS(mr_process_set_authkey(&p, "key", 3), MR_ESTATE);
    CHECK_STATUS(mr_process_set_host(&p, "host"), MR_ESTATE);
    CHECK_STATUS(mr_process_set_reuse(&p, true), MR_ESTATE);
    CHECK(!mr_process_is_daemon(&p));
    CHECK_FAILS(mr_process_set_daemon(mr_current_process(), true));
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
}

SCENARIO(misuse, close_while_alive)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    CHECK_STATUS(mr_process_close(&p), MR_ESTATE);
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, 30, -SIGKILL));
}

/* Also through a copy, and also when another process has been made since. */
SCENARIO(misuse, use_after_close)
{
    mr_process p, copy, other;
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    copy = p;
    CHECK_OK(mr_process_close(&p));
    CHECK_OK(mr_process_init(&other, does_nothing, NULL, 0));
    check_process_calls(&p, MR_ECLOSED);
    check_process_calls(&copy, MR_ECLOSED);
    CHECK_OK(mr_process_close(&copy));
    CHECK_OK(mr_process_close(&other));
}

/* ---- The wrong process ---- */

SCENARIO(misuse, main_by_itself)
{
    mr_process *self = mr_current_process();
    CHECK_STATUS(mr_process_join(self, MR_FOREVER), MR_ESTATE);
    CHECK_FAILS(mr_process_start(self));
    CHECK_FAILS(mr_process_terminate(self));
    CHECK_FAILS(mr_process_kill(self));
    CHECK_FAILS(mr_process_interrupt(self));
    CHECK_FAILS(mr_process_close(self));
    CHECK(works());
}

static int misuses_itself_and_main(const void *args, size_t size)
{
    (void)args, (void)size;
    CHECK_STATUS(mr_process_join(mr_current_process(), MR_FOREVER), MR_ESTATE);
    CHECK_FAILS(mr_process_start(mr_current_process()));
    CHECK_FAILS(mr_process_terminate(mr_parent_process()));
    CHECK_FAILS(mr_process_kill(mr_parent_process()));
    CHECK_FAILS(mr_process_interrupt(mr_parent_process()));
    CHECK_STATUS(mr_process_join(mr_parent_process(), NAN), MR_EINVAL);
    CHECK_STATUS(mr_finalize(), MR_ENOTCREATOR);
    CHECK_STATUS(mr_init(NULL, NULL), MR_ESTATE);
    CHECK_STATUS(mr_program_set_pinning(MR_PIN_NONE), MR_ENOTCREATOR);
    CHECK_FAILS(mr_program_set_executable("/proc/self/exe"));
    CHECK(works());
    return 0;
}

SCENARIO_HOSTS(misuse, child_by_itself)
{
    mr_process p;
    CHECK(begin(&p, misuses_itself_and_main, NULL, 0));
    CHECK(end(&p, 60, 0));
}

static int misuses_its_sibling(const void *args, size_t size)
{
    mr_process sibling;
    CHECK_EQ(size, sizeof sibling);
    memcpy(&sibling, args, sizeof sibling);
    CHECK_STATUS(mr_process_start(&sibling), MR_ENOTCREATOR);
    CHECK_STATUS(mr_process_join(&sibling, 0), MR_ENOTCREATOR);
    CHECK_STATUS(mr_process_terminate(&sibling), MR_ENOTCREATOR);
    CHECK_STATUS(mr_process_kill(&sibling), MR_ENOTCREATOR);
    CHECK_STATUS(mr_process_interrupt(&sibling), MR_ENOTCREATOR);
    CHECK_STATUS(mr_process_close(&sibling), MR_ENOTCREATOR);
    CHECK_REFUSED(mr_process_sentinel(&sibling) == -1, MR_ENOTCREATOR);
    return 0;
}

SCENARIO_HOSTS(misuse, sibling)
{
    mr_process sleeper, p;
    CHECK_OR_STOP(begin(&sleeper, sleeps, NULL, 0));
    CHECK(begin(&p, misuses_its_sibling, &sleeper, sizeof sleeper));
    CHECK(end(&p, 30, 0));
    CHECK(mr_process_is_alive(&sleeper));
    CHECK_OK(mr_process_kill(&sleeper));
    CHECK(end(&sleeper, 30, -SIGKILL));
}

static int starts_one_as_a_daemon(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_process p, *pointer = &p;
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_STATUS(mr_process_start(&p), MR_EDAEMON);
    CHECK_STATUS(mr_process_start_all(&pointer, 1), MR_EDAEMON);
    CHECK_OK(mr_process_close(&p));
    return 0;
}

SCENARIO_HOSTS(misuse, daemon_that_starts_a_process)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, starts_one_as_a_daemon, NULL, 0));
    CHECK_OK(mr_process_set_daemon(&p, true));
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 30, 0));
}

/* ---- Wrong arguments ---- */

SCENARIO(misuse, null_process)
{
    check_process_calls(NULL, MR_EINVAL);
    CHECK_STATUS(mr_process_close(NULL), MR_EINVAL);
    CHECK_STATUS(mr_process_init(NULL, does_nothing, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_process_init_class(NULL, &my_class), MR_EINVAL);
    CHECK(works());
}

SCENARIO(misuse, null_arguments)
{
    mr_process p, *nobody = NULL;
    CHECK_STATUS(mr_process_init(&p, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_process_init(&p, does_nothing, NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_process_init_class(&p, NULL), MR_EINVAL);
    CHECK_STATUS(mr_process_start_all(NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_process_start_all(&nobody, 1), MR_EINVAL);
    CHECK_REFUSED(mr_active_children(NULL, 1) == -1, MR_EINVAL);
    CHECK_REFUSED(mr_active_children(&p, -1) == -1, MR_EINVAL);

    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_STATUS(mr_process_set_name(&p, NULL), MR_EINVAL);
    CHECK_STATUS(mr_process_set_host(&p, NULL), MR_EINVAL);
    CHECK_STATUS(mr_process_set_authkey(&p, NULL, 3), MR_EINVAL);
    CHECK_STATUS(mr_process_set_authkey(&p, "key", 0), MR_EINVAL);
    CHECK_STATUS(mr_process_set_authkey(&p, "key", 257), MR_EINVAL);
    CHECK_OK(mr_process_start(&p));
    CHECK_STATUS(mr_process_join(&p, NAN), MR_EINVAL);
    CHECK(end(&p, 30, 0));
}

static void check_unmade(mr_process *p)
{
    CHECK_FAILS(mr_process_start(p));
    CHECK_FAILS(mr_process_join(p, 0));
    CHECK_FAILS(mr_process_terminate(p));
    CHECK_FAILS(mr_process_kill(p));
    CHECK_FAILS(mr_process_interrupt(p));
    CHECK_FAILS(mr_process_set_name(p, "name"));
    CHECK_FAILS(mr_process_set_daemon(p, true));
    CHECK(mr_process_name(p) == NULL);
    CHECK(!mr_process_is_alive(p));
    CHECK_EQ(mr_process_exitcode(p), MR_EXITCODE_NONE);
    CHECK_EQ(mr_process_pid(p), -1);
    CHECK_EQ(mr_process_sentinel(p), -1);
}

/* A struct that mr_process_init has never seen, and one of which it would not have anything. */
SCENARIO(misuse, unmade_process)
{
    static const uint64_t handles[] = {0, 0xa5a5a5a5a5a5a5a5, UINT64_MAX, UINT64_MAX >> 1};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        check_unmade(&(mr_process){.mr__handle = handles[i]});
    CHECK(works());
}

SCENARIO(misuse, classes)
{
    static const mr_class nameless = {NULL, sizeof(struct my_process), my_run}, empty = {"Empty", 0, my_run},
                          too_small = {"Small", sizeof(mr_process) - 1, my_run},
                          without_run = {"Idle", sizeof(struct my_process), NULL};
    struct my_process p;
    CHECK_STATUS(mr_process_init_class(&p.base, &nameless), MR_EINVAL);
    CHECK_STATUS(mr_process_init_class(&p.base, &empty), MR_EINVAL);
    CHECK_STATUS(mr_process_init_class(&p.base, &too_small), MR_EINVAL);
    CHECK_STATUS(mr_process_init_class(&p.base, &without_run), MR_EINVAL);

    mr_class *on_the_heap = malloc(sizeof *on_the_heap), on_the_stack = my_class;
    CHECK_OR_STOP(CHECK(on_the_heap != NULL));
    *on_the_heap = my_class;
    CHECK_STATUS(mr_process_init_class(&p.base, on_the_heap), MR_EBUILD);
    CHECK_STATUS(mr_process_init_class(&p.base, &on_the_stack), MR_EBUILD);
    free(on_the_heap);
}

/* Code that no other rank has: made at run time, here. */
SCENARIO(misuse, function_of_no_module)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_OR_STOP(CHECK(page != MAP_FAILED));
    mr_target target;
    memcpy(&target, &page, sizeof target);
    mr_process p;
    CHECK_STATUS(mr_process_init(&p, target, NULL, 0), MR_EBUILD);
    CHECK_EQ(mprotect(page, size, PROT_READ | PROT_EXEC), 0);
    CHECK_STATUS(mr_process_init(&p, target, NULL, 0), MR_EBUILD);
    CHECK(works());
}

#if !defined __SANITIZE_ADDRESS__ /* which ends the program when malloc is asked for too much */
SCENARIO(misuse, more_memory_than_there_is)
{
    mr_process p;
    CHECK_FAILS(mr_process_init(&p, does_nothing, "few", SIZE_MAX));
    CHECK_FAILS(mr_process_init(&p, does_nothing, "few", SIZE_MAX / 2 - 64));
    CHECK(works());
}
#endif

static int checks_long_name(const void *args, size_t size)
{
    CHECK(size > 0);
    CHECK_TEXT(mr_process_name(mr_current_process()), args);
    return 0;
}

SCENARIO(misuse, long_names)
{
    enum { LONG = 10000 };
    static char name[LONG + 1];
    memset(name, 'x', LONG);
    mr_process p;
    CHECK_OK(mr_process_init(&p, checks_long_name, name, sizeof name));
    CHECK_OK(mr_process_set_name(&p, name));
    CHECK_TEXT(mr_process_name(&p), name);
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 30, 0));

    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    if (mr_process_set_host(&p, name) == MR_OK)
        CHECK_STATUS(mr_process_start(&p), MR_ENOHOST);
    CHECK_OK(mr_process_close(&p));
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_OK(mr_process_set_name(&p, "")); /* strange, but a name */
    CHECK_TEXT(mr_process_name(&p), "");
    CHECK_OK(mr_process_close(&p));
}

SCENARIO(misuse, one_process_twice_in_a_batch)
{
    mr_process p, *pointers[2] = {&p, &p};
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_FAILS(mr_process_start_all(pointers, 2));
    if (mr_process_pid(&p) != -1)
        CHECK_OK(mr_process_join(&p, 30));
    CHECK_OK(mr_process_close(&p));
    CHECK(works());
}

SCENARIO(misuse, pinning)
{
    CHECK_STATUS(mr_program_set_pinning((mr_pinning)-1), MR_EINVAL);
    CHECK_STATUS(mr_program_set_pinning((mr_pinning)4), MR_EINVAL);
    CHECK_STATUS(mr_program_set_pinning((mr_pinning)INT_MAX), MR_EINVAL);
}

/* ---- Pools ---- */

static int star_squares(const void *const in[], void *out)
{
    return squares(in[0], out);
}

static void check_bad_tasks(const mr_pool *pool)
{
    int number = 1;
    const mr_slice slice = {&number, sizeof number}, bad = {NULL, 1};
    mr_future future = {0};
    mr_imap imap = {0};
    const mr_tasks tasks[] = {
        {.count = 1},
        {.task = squares, .star_task = star_squares, .columns = &slice, .column_count = 1, .count = 1},
        {.star_task = star_squares, .in = &number, .in_size = sizeof number, .count = 1},
        {.star_task = star_squares, .columns = &slice, .count = 1},
        {.star_task = star_squares, .columns = &bad, .column_count = 1, .count = 1},
        {.task = squares, .columns = &slice, .column_count = 1, .count = 1},
        {.task = squares, .records = &bad, .count = 1},
        {.task = squares, .records = &slice, .in = &number, .in_size = sizeof number, .count = 1},
        {.task = squares, .in = &number, .in_size = sizeof number, .count = 1, .task_timeout = NAN},
        {.task = squares, .in = &number, .in_size = sizeof number, .count = 1, .task_timeout = -1}};
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        CHECK_STATUS(mr_pool_map_async(pool, &tasks[i], &future), MR_EINVAL);
        CHECK_STATUS(mr_pool_imap(pool, &tasks[i], &imap), MR_EINVAL);
    }
    const mr_tasks good = {.task = squares, .in = &number, .in_size = sizeof number, .count = 1, .out_size = 4};
    CHECK_STATUS(mr_pool_map_async(pool, NULL, &future), MR_EINVAL);
    CHECK_STATUS(mr_pool_starmap_async(pool, &good, &future), MR_EINVAL);
    CHECK_STATUS(mr_pool_imap(pool, &good, NULL), MR_EINVAL);
    CHECK_STATUS(mr_imap_next(&imap, &number, sizeof number, NULL, NULL, 0), MR_ECLOSED);
    CHECK_STATUS(mr_imap_next(NULL, &number, sizeof number, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_imap_close(NULL), MR_EINVAL);
    CHECK_STATUS(mr_future_wait(NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_future_get(&future, &number, sizeof number, 0), MR_EINVAL); /* never made */
    CHECK_REFUSED(!mr_future_is_ready(&future), MR_EINVAL);
    CHECK_REFUSED(mr_future_count(&future) == -1, MR_EINVAL);
    CHECK_OK(mr_pool_map_async(pool, &good, &future));
    CHECK_STATUS(mr_future_get(&future, &number, sizeof number, NAN), MR_EINVAL);
    CHECK_STATUS(mr_future_get(&future, NULL, sizeof number, 30), MR_EINVAL);
    CHECK_OK(mr_future_close(&future));
    CHECK_STATUS(mr_pool_join(pool, NAN), MR_EINVAL);
    CHECK_EQ(mr_task_index(), 0);
    CHECK(mr_task_fail("not in a task") != 0);
    CHECK(mr_task_return(&number, sizeof number) != 0);
}

SCENARIO(misuse, pool)
{
    int in[2] = {1, 2}, out[2];
    mr_pool pool = {0};
    CHECK_STATUS(mr_pool_init(NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_pool_init(&pool, -1), MR_EINVAL);
    CHECK_STATUS(mr_pool_init(&pool, INT_MIN), MR_EINVAL);
    CHECK_REFUSED(mr_pool_processes(NULL) == -1, MR_EINVAL);
    CHECK_STATUS(mr_pool_close(NULL), MR_EINVAL);
    CHECK_STATUS(mr_pool_map(NULL, squares, in, sizeof(int), out, sizeof(int), 2), MR_EINVAL);
    CHECK_FAILS(mr_pool_map(&pool, squares, in, sizeof(int), out, sizeof(int), 2)); /* never made */

    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 2)));
    CHECK_STATUS(mr_pool_map(&pool, NULL, in, sizeof(int), out, sizeof(int), 2), MR_EINVAL);
    CHECK_STATUS(mr_pool_map(&pool, squares, NULL, sizeof(int), out, sizeof(int), 2), MR_EINVAL);
    CHECK_STATUS(mr_pool_map(&pool, squares, in, sizeof(int), NULL, sizeof(int), 2), MR_EINVAL);
    CHECK_STATUS(mr_pool_map(&pool, (mr_task)(uintptr_t)in, in, sizeof(int), out, sizeof(int), 2), MR_EBUILD);
    CHECK_STATUS(mr_pool_map(&pool, squares, in, SIZE_MAX / 2, out, sizeof(int), 3), MR_ENOMEM);
    CHECK_STATUS(mr_pool_map(&pool, squares, in, SIZE_MAX, out, sizeof(int), 1), MR_ENOMEM);
    CHECK_STATUS(mr_pool_map(&pool, squares, in, sizeof(int), out, SIZE_MAX, 2), MR_EINVAL);
    check_bad_tasks(&pool);
    CHECK_OK(mr_pool_map(&pool, squares, in, sizeof(int), out, sizeof(int), 2));
    CHECK_EQ(out[0], 1);
    CHECK_EQ(out[1], 4);
    CHECK_STATUS(mr_pool_join(&pool, 0), MR_ESTATE);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_STATUS(mr_pool_map(&pool, squares, in, sizeof(int), out, sizeof(int), 2), MR_ECLOSED);
    CHECK_OK(mr_pool_join(&pool, 30));
    CHECK_STATUS(mr_pool_map(&pool, squares, in, sizeof(int), out, sizeof(int), 2), MR_ECLOSED);
    CHECK_REFUSED(mr_pool_processes(&pool) == -1, MR_ECLOSED);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 0));
}
