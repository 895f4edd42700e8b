// A program in C++: all that multirank_cxx.h has, classes of processes by inheritance, lambdas as functions of
// processes, and exceptions. Ends with 0 if all is as it should be.
#include <multirank_mpi.h>

#include <csignal>
#include <cstdio>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <vector>

static int failures = 0;

static void check(bool holds, const char *what, int line)
{
    if (holds)
        return;
    failures++;
    std::fprintf(stderr, "line %d: %s does not hold (%s)\n", line, what, mr_last_error());
}
#define CHECK(condition) check((condition), #condition, __LINE__)

template <typename T>
static bool is_free(T &object, mr_status (*acquire)(const T *, double), mr_status (*release)(const T *))
{
    return acquire(&object, 0) == MR_OK && release(&object) == MR_OK;
}

static int leave_early(const mr_lock &lock)
{
    MR_LOCKED(&lock)
    {
        return 1;
    }
    return 0;
}

template <typename T>
static bool holds_and_releases(T &object, mr_status (*acquire)(const T *, double), mr_status (*release)(const T *))
{
    bool has_run = false, is_caught = false;
    mr_status status = MR_EINVAL;
    MR_LOCKED_STATUS(&object, status) has_run = true;
    try {
        MR_LOCKED(&object) throw std::runtime_error("out of the block");
    } catch (const std::runtime_error &) {
        is_caught = true;
    }
    for (int i = 0; i < 2; i++)
        MR_LOCKED(&object) MR_LOCKED(&object) break;
    return has_run && is_caught && status == MR_OK && is_free(object, acquire, release);
}

static void check_locked()
{
    mr_lock lock, rlock;
    mr_semaphore semaphore;
    mr_condition condition;
    CHECK(mr_lock_init(&lock) == MR_OK);
    CHECK(mr_lock_init_recursive(&rlock) == MR_OK);
    CHECK(mr_semaphore_init(&semaphore, 2) == MR_OK);
    CHECK(mr_condition_init(&condition, nullptr) == MR_OK);
    CHECK(holds_and_releases(rlock, mr_lock_acquire, mr_lock_release));
    CHECK(holds_and_releases(semaphore, mr_semaphore_acquire, mr_semaphore_release));
    CHECK(holds_and_releases(condition, mr_condition_acquire, mr_condition_release));
    CHECK(leave_early(lock) == 1);
    MR_LOCKED(&lock) CHECK(mr_lock_acquire(&lock, 0) == MR_ETIMEDOUT);
    CHECK(is_free(lock, mr_lock_acquire, mr_lock_release));
    mr_lock_destroy(&lock);
    mr_status status = MR_OK;
    bool has_run = false;
    MR_LOCKED_STATUS(&lock, status) has_run = true;
    CHECK(!has_run && status == MR_ECLOSED);
}

struct counted_queue : mr_queue { // a class that is derived from a handle
    long count[4];
};

static void check_items()
{
    mr_list list;
    counted_queue queue = {};
    mr_queue taken = {};
    const std::string text = "five";
    const std::vector<double> numbers = {1.5, 2.5};
    const int64_t integers[] = {1, 2, 3};
    CHECK(mr_queue_init(&queue, 0) == MR_OK);
    const mr_item items[] = {MR_NONE,
                             MR_BOOL(true),
                             MR_INT(5),
                             MR_DOUBLE(0.5),
                             MR_STRING(text.c_str()),
                             MR_BYTES(text.data(), 2),
                             MR_ARRAY(numbers.data(), numbers.size()),
                             MR_ARRAY(integers, 3),
                             MR_OBJECT(&queue)};
    CHECK(mr_list_init(&list, items, sizeof items / sizeof *items) == MR_OK);
    CHECK(items[1].boolean && items[2].integer == 5 && items[3].real > 0.4);
    CHECK(items[4].size == 4 && items[5].size == 2 && items[5].type == MR_ITEM_BYTES);
    CHECK(items[6].code == 'd' && items[6].size == 16);
    CHECK(items[7].size == 24 && (items[7].code == 'q' || items[7].code == 'i'));
    CHECK(MR_TAKE_OBJECT(&items[8], &taken) == MR_OK && taken.mr__handle == queue.mr__handle);
    mr_lock lock;
    CHECK(MR_TAKE_OBJECT(&items[8], &lock) == MR_EINVAL);
    CHECK(MR_STRING(nullptr).data == nullptr);
    mr_list_destroy(&list);
}

static void check_scoped()
{
    mr_connection copy;
    try {
        mr_scoped_connection a = {0}, b = {0};
        mr_scoped_manager manager = {};
        CHECK(mr_pipe_init(&a, &b, true) == MR_OK);
        CHECK(mr_manager_init(&manager) == MR_OK);
        copy = a;
        throw 1;
    } catch (int) {
    }
    CHECK(mr_connection_is_closed(&copy));
}

struct worker : mr_process { // no virtual functions: it is copied byte for byte
    int index;

    static int run(mr_process *self)
    {
        return static_cast<worker *>(self)->index;
    }
};
static const mr_class worker_class = {"Worker", sizeof(worker), worker::run};

static int throws(const void *, size_t)
{
    throw std::runtime_error("of a process");
}

static void check_processes()
{
    worker of_class;
    mr_process of_lambda, thrower;
    CHECK(mr_process_init_class(&of_class, &worker_class) == MR_OK);
    of_class.index = 5;
    const auto body = [](const void *args, size_t size) {
        return size == 1 ? *static_cast<const char *>(args) : 1;
    };
    CHECK(mr_process_init(&of_lambda, body, "\7", 1) == MR_OK);
    CHECK(mr_process_init(&thrower, throws, nullptr, 0) == MR_OK);
    mr_process *const all[] = {&of_class, &of_lambda, &thrower};
    CHECK(mr_process_start_all(all, 3) == MR_OK);
    for (mr_process *one : all)
        CHECK(mr_process_join(one, MR_FOREVER) == MR_OK);
    CHECK(mr_process_exitcode(&of_class) == 5);
    CHECK(mr_process_exitcode(&of_lambda) == 7);
    CHECK(mr_process_exitcode(&thrower) == -SIGABRT); // and what main catches below is not run there
}

struct noted { // the end of a thread is seen by what it leaves
    ~noted()
    {
        std::fprintf(stderr, "%s", "");
    }
};

static int ends_its_thread(const void *, size_t)
{
    noted local;
    pthread_exit(nullptr);
}

static int task_throws(const void *in, void *out)
{
    if (*static_cast<const int *>(in) == 2)
        throw std::runtime_error("of a task");
    *static_cast<int *>(out) = *static_cast<const int *>(in);
    return 0;
}

static mr_status method_throws(void *, const mr_item[], size_t, mr_reply *)
{
    throw std::runtime_error("of a method");
}

static const mr_method methods[] = {{"fail", method_throws}};
static const mr_type thrower = {"Thrower", 8, nullptr, nullptr, methods, 1, nullptr, 0};

// Wherever the library calls the program: the exception ends that process, and nobody waits for it.
static void check_exceptions()
{
    const int in[] = {1, 2, 3};
    int out[3];
    mr_pool pool;
    mr_pool_options options = {};
    options.processes = 1;
    options.max_retries = 0;
    CHECK(mr_pool_init_with(&pool, &options) == MR_OK);
    CHECK(mr_pool_map(&pool, task_throws, in, sizeof *in, out, sizeof *out, 3) == MR_ETASK);
    size_t count = 0;
    const mr_failure *failed = mr_last_failures(&count);
    CHECK(count == 1 && failed[0].index == 1 && failed[0].status == MR_EDIED);
    CHECK(mr_pool_terminate(&pool) == MR_OK && mr_pool_join(&pool, 30) == MR_OK);

    options.initializer = throws;
    CHECK(mr_pool_init_with(&pool, &options) == MR_OK);
    CHECK(mr_pool_map(&pool, task_throws, in, sizeof *in, out, sizeof *out, 1) == MR_EDIED);
    CHECK(mr_pool_terminate(&pool) == MR_OK && mr_pool_join(&pool, 30) == MR_OK);

    mr_manager manager;
    mr_instance instance;
    CHECK(mr_manager_init(&manager) == MR_OK && mr_manager_register(&manager, &thrower) == MR_OK);
    CHECK(mr_manager_start(&manager, nullptr, nullptr, 0) == MR_OK);
    CHECK(mr_manager_make_instance(&manager, &instance, "Thrower", nullptr, 0) == MR_OK);
    CHECK(mr_instance_call(&instance, "fail", nullptr, 0, nullptr, nullptr, 30) == MR_EDIED);
    CHECK(mr_manager_close(&manager) == MR_OK);

    mr_process p;
    CHECK(mr_process_init(&p, ends_its_thread, nullptr, 0) == MR_OK && mr_process_start(&p) == MR_OK);
    CHECK(mr_process_join(&p, 30) == MR_OK && mr_process_exitcode(&p) == 0);
}

int main(int argc, char **argv)
{
    try {
        if (mr_init(&argc, &argv) != MR_OK) {
            std::fprintf(stderr, "%s\n", mr_last_error());
            return 1;
        }
        check_locked();
        check_items();
        check_scoped();
        check_processes();
        check_exceptions();
    } catch (...) {
        std::fprintf(stderr, "main caught what is none of its business\n");
        return 1;
    }
    CHECK(mr_finalize() == MR_OK);
    return failures == 0 ? 0 : 1;
}
