/* Children that a program forks by itself: what they do, and how they end, is nobody's concern. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct objects {
    mr_lock lock, rlock;
    mr_semaphore semaphore;
    mr_condition condition;
    mr_event event;
    mr_barrier barrier;
    mr_value value;
    mr_queue queue;
    mr_dict dict;
    mr_connection a, b;
};

static void make(struct objects *o)
{
    CHECK_OK(mr_lock_init(&o->lock));
    CHECK_OK(mr_lock_init_recursive(&o->rlock));
    CHECK_OK(mr_semaphore_init(&o->semaphore, 1));
    CHECK_OK(mr_condition_init(&o->condition, NULL));
    CHECK_OK(mr_event_init(&o->event));
    CHECK_OK(mr_barrier_init(&o->barrier, 2, NULL, MR_FOREVER));
    CHECK_OK(mr_value_init(&o->value, sizeof(int), NULL));
    CHECK_OK(mr_queue_init(&o->queue, 0));
    CHECK_OK(mr_dict_init(&o->dict));
    CHECK_OK(mr_pipe_init(&o->a, &o->b, true));
}

/* Everything is refused in a child; so it can take nothing along. */
static void check_refused_there(const struct objects *o)
{
    mr_process p, started;
    mr_pool pool;
    mr_queue queue;
    mr_item item;
    char byte;
    CHECK_STATUS(mr_lock_acquire(&o->lock, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_lock_release(&o->lock), MR_ENOTINIT);
    CHECK_STATUS(mr_lock_acquire(&o->rlock, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_semaphore_acquire(&o->semaphore, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_condition_acquire(&o->condition, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_event_set(&o->event), MR_ENOTINIT);
    CHECK_REFUSED(!mr_event_is_set(&o->event), MR_ENOTINIT);
    CHECK_STATUS(mr_barrier_wait(&o->barrier, NULL, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_value_set(&o->value, &(int){5}), MR_ENOTINIT);
    CHECK_STATUS(mr_queue_put(&o->queue, "", 1, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_queue_get(&o->queue, &byte, 1, NULL, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_queue_init(&queue, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_dict_get(&o->dict, MR_INT(1), &item, NULL, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_connection_send(&o->a, "", 1, 0), MR_ENOTINIT);
    CHECK_STATUS(mr_connection_close(&o->a), MR_ENOTINIT);
    CHECK_STATUS(mr_pool_init(&pool, 1), MR_ENOTINIT);
    CHECK_STATUS(mr_process_init(&p, does_nothing, NULL, 0), MR_ENOTINIT);
    memset(&started, 0, sizeof started);
    CHECK_STATUS(mr_process_start(&started), MR_ENOTINIT);
    CHECK_STATUS(mr_init(NULL, NULL), MR_ENOTINIT);
    CHECK_STATUS(mr_finalize(), MR_ENOTINIT);
    CHECK(strstr(mr_last_error(), "forked by itself") != NULL);
}

/* No handler of pthread_atfork is run. */
static pid_t clone_itself(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

/* Forks; the child tries everything, then ends in that way. */
static void make_one(pid_t (*make_child)(void), const struct objects *o, int signal)
{
    int status = -1, *shared = mr_value_data(&o->value);
    pid_t child = make_child();
    if (child == 0) {
        check_refused_there(o);
        if (shared != NULL) /* memory that it has is memory */
            ++*shared;
        if (signal != 0)
            raise(signal);
        exit(check_failed() ? 1 : 0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, signal);
}

static void fork_one(const struct objects *o, int signal)
{
    make_one(fork, o, signal);
}

static int forks_itself(const void *args, size_t size)
{
    (void)size;
    fork_one(args, 0);
    make_one(clone_itself, args, SIGKILL);
    return 0;
}

/* As before, in main and elsewhere. */
SCENARIO_HOSTS(forks, have_no_part)
{
    struct objects o, given;
    mr_process p;
    int count = -1;
    make(&o);
    CHECK_OK(mr_lock_acquire(&o.rlock, 0)); /* what the parent holds it still holds */
    fork_one(&o, SIGKILL);
    make_one(clone_itself, &o, 0);
    CHECK_OK(mr_lock_release(&o.rlock));
    given = o;
    given.a = given.b = (mr_connection){0}; /* or both ends would be its own */
    CHECK_OK(mr_process_init(&p, forks_itself, &given, sizeof given));
    if (scenario_launch() == LAUNCH_hosts)
        CHECK_OK(mr_process_set_host(&p, "node2"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK(end(&p, 60, 0));

    CHECK_OK(mr_lock_acquire(&o.lock, 5));
    CHECK_OK(mr_semaphore_acquire(&o.semaphore, 5));
    CHECK_OK(mr_condition_acquire(&o.condition, 5));
    CHECK(!mr_event_is_set(&o.event));
    CHECK_EQ(mr_barrier_n_waiting(&o.barrier), 0);
    CHECK_EQ(mr_queue_length(&o.queue), 0);
    CHECK_OK(mr_connection_send(&o.a, "x", 1, 5));
    CHECK_OK(mr_connection_recv(&o.b, (char[1]){0}, 1, NULL, 5));
    CHECK_OK(mr_value_get(&o.value, &count));
    CHECK_EQ(count, scenario_launch() == LAUNCH_hosts ? 2 : 4);
    CHECK(works());
}

static void *holds_and_waits(void *o)
{
    CHECK_OK(mr_lock_acquire(&((struct objects *)o)->lock, 5));
    note("held", "%s", "now");
    rest(0.5);
    CHECK_OK(mr_lock_release(&((struct objects *)o)->lock));
    return NULL;
}

/* While another thread is in the middle of things. */
SCENARIO_LOCAL(forks, among_threads)
{
    struct objects o;
    pthread_t thread;
    make(&o);
    CHECK_EQ(pthread_create(&thread, NULL, holds_and_waits, &o), 0);
    CHECK(await_lines("held", 1, 5));
    fork_one(&o, SIGKILL);
    CHECK_OK(mr_lock_acquire(&o.lock, 20));
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* ---- Children that come back ---- */

static void *forks_and_holds(void *objects)
{
    const struct objects *o = objects;
    CHECK_OK(mr_lock_acquire(&o->rlock, 5));
    pid_t child = fork();
    if (child == 0)
        return NULL; /* its only thread ends, and so does it */
    CHECK_EQ(waitpid(child, NULL, 0), child);
    note("held", "%s", "now");
    CHECK(await_lines("tried", 1, 30));
    CHECK_OK(mr_lock_release(&o->rlock));
    return NULL;
}

static void *tries(void *objects)
{
    const struct objects *o = objects;
    CHECK_STATUS(mr_lock_acquire(&o->rlock, 0), MR_ETIMEDOUT);
    note("tried", "%s", "now");
    return NULL;
}

/* What a child's thread leaves when it ends is its parent's, and no other thread may have it. */
SCENARIO_LOCAL(forks, ending_with_their_thread)
{
    struct objects o;
    pthread_t holder, other;
    make(&o);
    CHECK_EQ(pthread_create(&holder, NULL, forks_and_holds, &o), 0);
    CHECK(await_lines("held", 1, 30));
    CHECK_EQ(pthread_create(&other, NULL, tries, &o), 0);
    CHECK_EQ(pthread_join(other, NULL), 0);
    CHECK_EQ(pthread_join(holder, NULL), 0);
}

/* Forks; the child returns from where it was forked, true. */
static bool is_child_that_returns(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        return true;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(WEXITSTATUS(status), 9);
    note("forked", "%s", "once");
    return false;
}

static int forks_in_target(const void *args, size_t size)
{
    (void)args, (void)size;
    return is_child_that_returns() ? 9 : 0;
}

static int forks_in_action(void)
{
    return is_child_that_returns() ? 9 : 0;
}

static int forks_in_task(const void *in, void *out)
{
    *(int *)out = *(const int *)in + 1;
    return is_child_that_returns() ? 9 : 0;
}

static mr_status forks_in_method(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)args, (void)count, (void)reply;
    return is_child_that_returns() ? (mr_status)9 : MR_OK;
}

static const mr_method methods[] = {{"fork", forks_in_method}};
static const mr_type type = {.name = "Forker", .size = 8, .methods = methods, .method_count = 1};

static void return_in_a_pool(void)
{
    enum { TASKS = 5 };
    mr_pool_options options = {.processes = 1, .initializer = forks_in_target};
    mr_pool pool;
    int in[TASKS], out[TASKS];
    for (int i = 0; i < TASKS; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_map(&pool, forks_in_task, in, sizeof in[0], out, sizeof out[0], TASKS));
    for (int i = 0; i < TASKS; i++)
        CHECK_EQ(out[i], i + 1);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
    CHECK_EQ(noted_lines("forked"), 1 + TASKS);
}

/* They do nothing of their parent's a second time. */
SCENARIO_LOCAL(forks, returning_to_the_library)
{
    mr_barrier barrier;
    mr_manager manager;
    mr_instance instance;
    return_in_a_pool();
    for (int i = 0; i < 3; i++) {
        mr_process p;
        CHECK_OK(mr_process_init(&p, forks_in_target, NULL, 0));
        CHECK_OK(mr_process_set_reuse(&p, true));
        CHECK_OK(mr_process_start(&p));
        CHECK(end(&p, 30, 0));
    }
    CHECK_EQ(noted_lines("forked"), 9);

    CHECK_OK(mr_barrier_init(&barrier, 1, forks_in_action, 30));
    CHECK_OK(mr_barrier_wait(&barrier, NULL, 30));
    CHECK(!mr_barrier_is_broken(&barrier));
    CHECK_EQ(noted_lines("forked"), 10);

    CHECK_OK(mr_manager_init(&manager));
    CHECK_OK(mr_manager_register(&manager, &type));
    CHECK_OR_STOP(CHECK_OK(mr_manager_start(&manager, NULL, NULL, 0)));
    CHECK_OK(mr_manager_make_instance(&manager, &instance, "Forker", NULL, 0));
    CHECK_OK(mr_instance_call(&instance, "fork", NULL, 0, NULL, NULL, 30));
    CHECK_OK(mr_manager_close(&manager));
    CHECK_EQ(noted_lines("forked"), 11);
}
