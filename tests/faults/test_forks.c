/* Children that a program forks by itself: what they do, and how they end, is nobody's concern. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

/* Forks; the child tries everything, then ends in that way. */
static void fork_one(const struct objects *o, int signal)
{
    int status = -1, *shared = mr_value_data(&o->value);
    pid_t child = fork();
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

static int forks_itself(const void *args, size_t size)
{
    (void)size;
    fork_one(args, 0);
    fork_one(args, SIGKILL);
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
    fork_one(&o, 0);
    fork_one(&o, SIGKILL);
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
