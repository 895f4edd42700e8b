/* What is not the same on another host: files, names of shared memory, cores, clocks. Each has an answer, in
 * cluster/README.md, and here is its test. */
#include "scenario.h"
#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char other[] = "node2";

static void run_there(mr_target target, const void *args, size_t size)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, target, args, size));
    CHECK_OK(mr_process_set_host(&p, other));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK(end(&p, 60, 0));
}

/* ---- Files ---- */

static int looks_for_files(const void *args, size_t size)
{
    char here[PATH_MAX];
    CHECK_EQ(size, strlen(args) + 1);
    CHECK_TEXT(getcwd(here, sizeof here), args); /* main's own folder, where the host has it too */
    CHECK_EQ(access("/tmp/pitfall", F_OK), -1);  /* the host's own */
    CHECK_EQ(access(note_path("pitfall"), F_OK), 0);
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

SCENARIO_ON_HOSTS(pitfalls, files)
{
    char here[PATH_MAX];
    FILE *file = fopen("/tmp/pitfall", "we");
    CHECK_OR_STOP(CHECK(file != NULL));
    fclose(file);
    note("pitfall", "seen by all, since the folder of the notes is shared");
    CHECK_OR_STOP(CHECK(getcwd(here, sizeof here) != NULL));
    run_there(looks_for_files, here, strlen(here) + 1);
    CHECK_EQ(unlink("/tmp/pitfall"), 0);
}

/* ---- Shared memory by name ---- */

static int looks_for_memory(const void *args, size_t size)
{
    mr_shared_memory memory;
    char word[8];
    CHECK_EQ(size, strlen(args) + 1);
    int fd = shm_open("/pitfall", O_RDONLY, 0); /* the system's own is each host's own */
    CHECK_EQ(fd, -1);
    CHECK_EQ(errno, ENOENT);
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_attach(&memory, args)));
    CHECK(mr_shared_memory_data(&memory) == NULL); /* a pointer cannot reach so far, and says so */
    CHECK(strstr(mr_last_error(), "another host") != NULL ||
          strstr(mr_last_error(), "main process's host") != NULL);
    CHECK_OK(mr_shared_memory_read(&memory, 0, sizeof word, word));
    CHECK_TEXT(word, "shared");
    CHECK_OK(mr_shared_memory_close(&memory));
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

SCENARIO_ON_HOSTS(pitfalls, shared_memory)
{
    mr_shared_memory memory;
    int fd = shm_open("/pitfall", O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0);
    CHECK_OR_STOP(CHECK_OK(mr_shared_memory_init(&memory, "pitfall", 8)));
    CHECK_OK(mr_shared_memory_write(&memory, 0, sizeof "shared", "shared"));
    run_there(looks_for_memory, "pitfall", sizeof "pitfall");
    CHECK_OK(mr_shared_memory_unlink(&memory));
    close(fd);
    shm_unlink("/pitfall");
}

/* ---- Pinning ---- */

static int looks_at_its_core(const void *args, size_t size)
{
    cpu_set_t cpus;
    char host[64] = "";
    (void)args, (void)size;
    gethostname(host, sizeof host - 1);
    CHECK_TEXT(host, other);
    CHECK_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    CHECK_AT_LEAST(mr_process_core(mr_current_process()), 0); /* the number that it has on this host */
    CHECK_AT_MOST(CPU_COUNT(&cpus), mr_cpu_count() > 1 ? mr_cpu_count() - 1 : 1);
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

SCENARIO_ON_HOSTS(pitfalls, pinning)
{
    run_there(looks_at_its_core, NULL, 0);
}

/* ---- Clocks ---- */

typedef struct waits {
    double here; /* main's clock */
    mr_lock lock;
    mr_event event;
    mr_queue queue;
    mr_connection end;
} waits;

static double monotonic(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A wait lasts as long as it should, by either clock. */
#define CHECK_WAIT(call)                          \
    do {                                          \
        double begin = monotonic();               \
        CHECK_STATUS(call, MR_ETIMEDOUT);         \
        CHECK_AT_LEAST(monotonic() - begin, 0.2); \
        CHECK_AT_MOST(monotonic() - begin, 30);   \
    } while (0)

static int waits_there(const void *args, size_t size)
{
    const waits *on = args;
    mr_process child;
    int item;
    CHECK_EQ(size, sizeof *on);
    CHECK_WAIT(mr_lock_acquire(&on->lock, 0.2));
    CHECK_WAIT(mr_event_wait(&on->event, 0.2));
    CHECK_WAIT(mr_queue_get(&on->queue, &item, sizeof item, NULL, 0.2));
    CHECK_WAIT(mr_connection_recv(&on->end, &item, sizeof item, NULL, 0.2));
    CHECK_OR_STOP(begin(&child, sleeps, NULL, 0));
    CHECK_WAIT(mr_process_join(&child, 0.2));
    CHECK_OK(mr_process_kill(&child));
    CHECK_OK(mr_process_join(&child, 30));
    note("apart", "%.0f", monotonic() - on->here);
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

SCENARIO_ON_HOSTS(pitfalls, clocks)
{
    waits on = {.here = monotonic()};
    mr_connection mine;
    CHECK_OK(mr_lock_init(&on.lock));
    CHECK_OK(mr_lock_acquire(&on.lock, MR_FOREVER));
    CHECK_OK(mr_event_init(&on.event));
    CHECK_OK(mr_queue_init(&on.queue, 0));
    CHECK_OK(mr_pipe_init(&mine, &on.end, true));
    run_there(waits_there, &on, sizeof on);
    if (getenv("MULTIRANK_HOSTS_CLOCKS") != NULL) /* tests/scripts/clocks.sh */
        CHECK_AT_LEAST(noted_number("apart", 0), 5000);
}
