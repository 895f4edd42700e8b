/* Multirank's side of the benchmark: measure WHAT AMOUNT prints one figure, in seconds, cores or bytes. */
#include "measuring.h"
#include "median.h"
#include "pipes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { STARTS_MAX = 64, PARKED = 10, WATCHED = 2 * PARKED + 3 };
static const double UNTIL_PARKED = 0.05, UNTIL_QUIET = 1; /* seconds */

static void rest(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&time, NULL);
}

static void finish(mr_process *process)
{
    need(mr_process_join(process, MR_FOREVER));
    if (mr_process_exitcode(process) != 0)
        fail("a process failed");
    need(mr_process_close(process));
}

/* How other processes of this host find a descriptor of this one. It needs no file that could be left behind. */
typedef struct shared_path {
    char text[64];
} shared_path;

static shared_path share(int fd)
{
    shared_path path;
    snprintf(path.text, sizeof path.text, "/proc/%d/fd/%d", (int)getpid(), fd);
    return path;
}

/* ---- From the start to the first instruction ------------------------------------------------------------------
 */

/* Runs in the process. CLOCK_MONOTONIC is the same for all processes of a host. */
static int note_time(const void *args, size_t size)
{
    (void)size;
    double first = now();
    int fd = open(((const shared_path *)args)->text, O_WRONLY | O_CLOEXEC);
    return pwrite(fd, &first, sizeof first, 0) == (ssize_t)sizeof first ? 0 : 1;
}

/* Everybody has gone to sleep when it starts. */
static double time_start(mr_process *process, int note)
{
    double first = 0;
    rest(UNTIL_PARKED);
    double begin = now();
    need(mr_process_start(process));
    finish(process);
    if (pread(note, &first, sizeof first, 0) != (ssize_t)sizeof first)
        fail("a process has not noted its time");
    return first - begin;
}

/* The first start, which spawns the ranks, does not count. Processes that are there before it get their ranks from
 * one batch, so that those of the fresh ones are all parked when they start. */
static double measure_start(int count, bool reuse)
{
    mr_process process[STARTS_MAX + 1];
    double times[STARTS_MAX + 1];
    int note = memfd_create("note", MFD_CLOEXEC);
    shared_path path = share(note);
    if (count > STARTS_MAX)
        fail("these are too many starts");
    for (int i = 0; i <= count && !reuse; i++)
        need(mr_process_init(&process[i], note_time, &path, sizeof path));
    for (int i = 0; i <= count; i++) {
        if (reuse) {
            need(mr_process_init(&process[i], note_time, &path, sizeof path));
            need(mr_process_set_reuse(&process[i], true));
        }
        times[i] = time_start(&process[i], note);
        if (i == 0)
            rest(UNTIL_QUIET);
    }
    close(note);
    return median(times + 1, count);
}

static double measure_start_used(int count)
{
    return measure_start(count, true);
}

static double measure_start_fresh(int count)
{
    return measure_start(count, false);
}

/* ---- Start and join -------------------------------------------------------------------------------------------
 */

static int nothing(const void *args, size_t size)
{
    (void)args, (void)size;
    return 0;
}

static void start_and_join(bool reuse)
{
    mr_process process;
    need(mr_process_init(&process, nothing, NULL, 0));
    need(mr_process_set_reuse(&process, reuse));
    need(mr_process_start(&process));
    finish(&process);
}

static double time_each(int count, bool reuse)
{
    double begin = now();
    for (int i = 0; i < count; i++)
        start_and_join(reuse);
    return (now() - begin) / count;
}

/* With everything: the runtime, which comes up with the first of them, and a batch of ranks now and then. */
static double measure_fresh(int count)
{
    return time_each(count, false);
}

static double measure_reused(int count)
{
    start_and_join(true);
    return time_each(count, true);
}

/* ---- Parked ranks ---------------------------------------------------------------------------------------------
 */

/* Runs in the process: waits until main closes the other end of the pipe. */
static int wait_for_gate(const void *args, size_t size)
{
    (void)size;
    char byte;
    int fd = open(((const shared_path *)args)->text, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, &byte, 1);
    close(fd);
    return length == 0 ? 0 : 1;
}

/* Parks ten ranks that have served a process each, all at the same time. */
static void park(pid_t ranks[PARKED])
{
    mr_process process[PARKED], *all[PARKED];
    int gate[2];
    if (pipe2(gate, O_CLOEXEC) != 0)
        fail("there is no pipe");
    shared_path path = share(gate[0]);
    for (int i = 0; i < PARKED; i++) {
        all[i] = &process[i];
        need(mr_process_init(all[i], wait_for_gate, &path, sizeof path));
        need(mr_process_set_reuse(all[i], true));
    }
    need(mr_process_start_all(all, PARKED));
    close(gate[1]);
    for (int i = 0; i < PARKED; i++) {
        ranks[i] = mr_process_pid(all[i]);
        finish(all[i]);
    }
    close(gate[0]);
    rest(UNTIL_QUIET);
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512] = "";
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    const char *close = file != NULL && fgets(text, sizeof text, file) != NULL ? strrchr(text, ')') : NULL;
    if (close == NULL || sscanf(close, ") %*c %d", &parent) != 1)
        fail("a parked rank is not there");
    fclose(file);
    return (pid_t)parent;
}

/* Seconds that a process with all its threads has been running on any core. */
static double cpu_of(pid_t pid)
{
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0)
        fail("a parked rank is not there");
    return now_on(clock);
}

static double cpu_of_all(const pid_t pids[WATCHED])
{
    double sum = 0;
    for (int i = 0; i < WATCHED; i++)
        sum += cpu_of(pids[i]);
    return sum;
}

/* The ranks, their supervisors, and what is there once: main, its supervisor, the runtime's daemon. */
static double measure_idle(int seconds)
{
    pid_t pids[WATCHED];
    park(pids);
    for (int i = 0; i < PARKED; i++)
        pids[PARKED + i] = parent_of(pids[i]);
    pids[2 * PARKED] = getpid();
    pids[2 * PARKED + 1] = getppid();
    pids[2 * PARKED + 2] = parent_of(pids[PARKED]);
    double begin = now(), before = cpu_of_all(pids);
    rest(seconds);
    return (cpu_of_all(pids) - before) / (now() - begin);
}

/* Proportional set size in bytes: memory that n processes share counts 1/n. */
static double pss_of(pid_t pid)
{
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL && sscanf(line, "Pss: %lf kB", &kib) != 1)
        ;
    if (file == NULL || kib <= 0)
        fail("the memory of a parked rank cannot be read");
    fclose(file);
    return 1024 * kib;
}

static double measure_memory(int unused)
{
    (void)unused;
    pid_t ranks[PARKED];
    double sum = 0;
    park(ranks);
    for (int i = 0; i < PARKED; i++)
        sum += pss_of(ranks[i]) + pss_of(parent_of(ranks[i]));
    return sum / PARKED;
}

/* ---- The command line -----------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    double (*measure)(int amount);
} measures[] = {
    {"start", measure_start_used},
    {"start-fresh", measure_start_fresh},
    {"fresh", measure_fresh},
    {"reused", measure_reused},
    {"idle", measure_idle},
    {"memory", measure_memory},
    {"pipe-small", measure_pipe_small},
    {"pipe-large", measure_pipe_large},
};

int main(int argc, char **argv)
{
    need(mr_init(&argc, &argv));
    int amount = argc == 3 ? atoi(argv[2]) : 0;
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        if (amount <= 0 || strcmp(measures[i].name, argv[1]) != 0)
            continue;
        printf("%.9g\n", measures[i].measure(amount));
        return mr_finalize() == MR_OK ? 0 : 1;
    }
    fprintf(stderr, "Usage: measure start|start-fresh|fresh|reused|idle|memory|pipe-small|pipe-large AMOUNT\n");
    return mr_finalize() == MR_OK ? 2 : 1;
}
