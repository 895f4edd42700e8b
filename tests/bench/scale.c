/* How main bears many ranks: scale ranks N starts N processes at once on all hosts, and prints what each costs
 * main; scale calls N lets N processes on other hosts call as fast as they can, and prints how many calls main
 * answers. Looks into the library for its counts, so it is linked with it statically. */
#include "base/context.h"
#include "measuring.h"
#include "universe/universe.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 1024 };
static const double SECONDS = 2;

static mr_process all[MOST];

static long count_entries(const char *path)
{
    long count = -2; /* . and .. */
    DIR *folder = opendir(path);
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* Memory that this process alone has written to, in KiB. */
static long private_memory(void)
{
    char line[256];
    long kilobytes = 0, part;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Private_Dirty: %ld", &part) == 1)
            kilobytes += part;
    if (file != NULL)
        fclose(file);
    return kilobytes;
}

typedef struct state {
    double at, cpu;
    long memory, descriptors, threads;
    uint64_t heard, told;
} state;

static state take_state(void)
{
    const mr__universe *universe = mr__ctx.universe;
    state now_ = {.at = now(),
                  .cpu = now_on(CLOCK_PROCESS_CPUTIME_ID),
                  .memory = private_memory(),
                  .descriptors = count_entries("/proc/self/fd"),
                  .threads = count_entries("/proc/self/task")};
    mr__lock();
    now_.heard = universe->records_heard;
    now_.told = universe->records_told;
    mr__unlock();
    return now_;
}

static int sleeps(const void *args, size_t size)
{
    (void)args, (void)size;
    for (;;)
        pause();
    return 0;
}

static void start_all(mr_target target, const void *args, size_t size, int count, const char *const *hosts)
{
    static mr_process *pointers[MOST];
    for (int i = 0; i < count; i++) {
        need(mr_process_init(&all[i], target, args, size));
        if (hosts != NULL)
            need(mr_process_set_host(&all[i], hosts[i % 2]));
        pointers[i] = &all[i];
    }
    need(mr_process_start_all(pointers, (size_t)count));
}

static void end_all(int count)
{
    for (int i = 0; i < count; i++)
        need(mr_process_kill(&all[i]));
    for (int i = 0; i < count; i++)
        need(mr_process_join(&all[i], MR_FOREVER));
}

/* ranks, seconds to start them, seconds to end them, milliseconds of main's CPU, KiB, descriptors, threads,
 * records heard and told; from the third on for each rank */
static void measure_ranks(int count)
{
    state before = take_state();
    start_all(sleeps, NULL, 0, count, NULL);
    state up = take_state();
    end_all(count);
    state after = take_state();
    double n = count;
    printf("%5d %8.2f %8.2f %8.2f %8.1f %6.2f %8.2f %8.2f %8.2f\n", count, up.at - before.at, after.at - up.at,
           1e3 * (after.cpu - before.cpu) / n, (double)(up.memory - before.memory) / n,
           (double)(up.descriptors - before.descriptors) / n, (double)(up.threads - before.threads) / n,
           (double)(after.heard - before.heard) / n, (double)(after.told - before.told) / n);
}

/* ---- Calls ---- */

typedef struct shared {
    mr_value number;
    mr_queue answers;
    mr_event begin;
} shared;

static int calls(const void *args, size_t size)
{
    const shared *with = args;
    long made = 0;
    int64_t number;
    (void)size;
    need(mr_value_get(&with->number, &number));
    need(mr_event_wait(&with->begin, MR_FOREVER));
    for (double begin = now(); now() < begin + SECONDS; made++)
        need(mr_value_get(&with->number, &number));
    need(mr_queue_put(&with->answers, &made, sizeof made, MR_FOREVER));
    return 0;
}

/* callers, calls a second, microseconds of main's CPU for each, threads of main for each caller */
static void measure_calls(int count)
{
    static const char *const others[] = {"node2", "node3"};
    shared with;
    long made, sum = 0;
    need(mr_value_init_raw(&with.number, sizeof(int64_t), &(int64_t){0}));
    need(mr_queue_init(&with.answers, 0));
    need(mr_event_init(&with.begin));
    state before = take_state();
    start_all(calls, &with, sizeof with, count, others);
    nanosleep(&(struct timespec){1, 0}, NULL);
    state begun = take_state();
    need(mr_event_set(&with.begin));
    for (int i = 0; i < count; i++) {
        need(mr_queue_get(&with.answers, &made, sizeof made, NULL, MR_FOREVER));
        sum += made;
    }
    state done = take_state();
    for (int i = 0; i < count; i++)
        need(mr_process_join(&all[i], MR_FOREVER));
    printf("%5d %10.0f %8.1f %8.2f\n", count, (double)sum / SECONDS, 1e6 * (done.cpu - begun.cpu) / (double)sum,
           (double)(begun.threads - before.threads) / count);
}

int main(int argc, char **argv)
{
    need(mr_init(&argc, &argv));
    int count = argc == 3 ? atoi(argv[2]) : 0;
    if (count < 1 || count > MOST)
        fail("usage: scale ranks|calls N (1 to 1024)");
    if (strcmp(argv[1], "ranks") == 0)
        measure_ranks(count);
    else
        measure_calls(count);
    return mr_finalize();
}
