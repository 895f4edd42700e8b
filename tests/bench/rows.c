#include "rows.h"

#include "command.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The two sides ------------------------------------------------------------------------------------------ */

static bool complain(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    return false;
}

/* The path of a program, given relative to the folder that this one is in. */
static const char *program_path(char path[PATH_MAX], const char *program)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    snprintf(name, (size_t)(path + PATH_MAX - name), "%s", program);
    return path;
}

/* A figure is a number above 0; anything else means that it could not be measured. */
static bool read_figure(const char *who, const char *text, double *figure)
{
    *figure = strtod(text, NULL);
    return (isfinite(*figure) && *figure > 0) || complain(who, "it prints no figure above 0");
}

static bool run_for_figure(const char *const argv[], double *figure)
{
    char text[256];
    return command_run(argv, text, sizeof text) && read_figure(argv[0], text, figure);
}

static bool ask_ours(const char *what, const char *amount, figures *round)
{
    char path[PATH_MAX];
    const char *const argv[] = {program_path(path, "measure"), what, amount, NULL};
    return run_for_figure(argv, &round->ours);
}

static bool ask_python(const char *program, const char *what, const char *amount, figures *round)
{
    char path[PATH_MAX];
    const char *const argv[] = {"python3", program_path(path, program), what, amount, NULL};
    return run_for_figure(argv, &round->other);
}

static bool ask_sync(const char *what, const char *amount, double *figure)
{
    char path[PATH_MAX];
    const char *const argv[] = {program_path(path, "sync"), what, amount, NULL};
    return run_for_figure(argv, figure);
}

/* A program under mpirun, with the components that Multirank uses. yield: "1": ranks that wait give their core
 * away. */
static bool ask_mpi(const char *program, const char *what, const char *amount, int ranks, const char *yield,
                    double *figure)
{
    char path[PATH_MAX], number[16], yields[48];
    snprintf(number, sizeof number, "%d", ranks);
    snprintf(yields, sizeof yields, "OMPI_MCA_mpi_yield_when_idle=%s", yield);
    const char *const argv[] = {"env",
                                "OMPI_MCA_pml=ucx",
                                "OMPI_MCA_osc=ucx",
                                "OMPI_MCA_opal_common_ucx_tls=any",
                                "OMPI_MCA_opal_common_ucx_devices=any",
                                "OMPI_ALLOW_RUN_AS_ROOT=1",
                                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                                yields,
                                "mpirun",
                                "--oversubscribe",
                                "-n",
                                number,
                                program_path(path, program),
                                what,
                                amount,
                                NULL};
    return run_for_figure(argv, figure);
}

static bool ask_barrier(const char *amount, int parties, double *figure)
{
    char path[PATH_MAX], number[16];
    snprintf(number, sizeof number, "%d", parties);
    const char *const argv[] = {program_path(path, "barrier"), "ours", amount, number, NULL};
    return run_for_figure(argv, figure);
}

/* ---- The rows ----------------------------------------------------------------------------------------------- */

static bool measure_start(bool quick, figures *round)
{
    return ask_ours("start", quick ? "5" : "20", round);
}

static bool measure_fresh(bool quick, figures *round)
{
    return ask_ours("start-fresh", quick ? "5" : "20", round);
}

static bool measure_spawn(bool quick, figures *round)
{
    const char *count = quick ? "4" : "24";
    return ask_ours("fresh", count, round) && ask_python("starts.py", "spawn", count, round);
}

static bool measure_fork(bool quick, figures *round)
{
    const char *count = quick ? "20" : "200";
    return ask_ours("reused", count, round) && ask_python("starts.py", "fork", count, round);
}

static const char *small_messages(bool quick)
{
    return quick ? "1000" : "100000";
}

static const char *large_messages(bool quick)
{
    return quick ? "20" : "1000";
}

static bool measure_small_mpi(bool quick, figures *round)
{
    return ask_ours("pipe-small", small_messages(quick), round) &&
           ask_mpi("mpi_pipes", "small", small_messages(quick), 2, "0", &round->other);
}

static bool measure_small_python(bool quick, figures *round)
{
    return ask_ours("pipe-small", small_messages(quick), round) &&
           ask_python("pipes.py", "small", small_messages(quick), round);
}

static bool measure_large_mpi(bool quick, figures *round)
{
    return ask_ours("pipe-large", large_messages(quick), round) &&
           ask_mpi("mpi_pipes", "large", large_messages(quick), 2, "0", &round->other);
}

static bool measure_large_python(bool quick, figures *round)
{
    return ask_ours("pipe-large", large_messages(quick), round) &&
           ask_python("pipes.py", "large", large_messages(quick), round);
}

static bool measure_idle(bool quick, figures *round)
{
    return ask_ours("idle", quick ? "1" : "10", round);
}

static bool measure_memory(bool quick, figures *round)
{
    (void)quick;
    return ask_ours("memory", "10", round);
}

/* Items of 8 bytes through one queue, from so many producers to as many consumers. */
static bool ask_our_queue(const char *side, const char *items, figures *round)
{
    char path[PATH_MAX];
    const char *const argv[] = {program_path(path, "queues"), side, side, items, "8", NULL};
    return run_for_figure(argv, &round->ours);
}

static bool ask_python_queue(const char *side, const char *items, figures *round)
{
    char path[PATH_MAX];
    const char *const argv[] = {"python3", program_path(path, "queues.py"), side, side, items, "8", NULL};
    return run_for_figure(argv, &round->other);
}

static bool measure_queue(bool quick, figures *round)
{
    return ask_our_queue("1", quick ? "20000" : "2000000", round) &&
           ask_python_queue("1", quick ? "1000" : "100000", round);
}

static bool measure_queue_four(bool quick, figures *round)
{
    return ask_our_queue("4", quick ? "5000" : "500000", round) &&
           ask_python_queue("4", quick ? "400" : "25000", round);
}

static bool measure_queue_mpi(bool quick, figures *round)
{
    const char *count = quick ? "20000" : "2000000";
    return ask_our_queue("1", count, round) && ask_mpi("mpi_stream", count, "8", 2, "0", &round->other);
}

/* Out of the table that the image filter prints: the time, in ms there, of a mode. */
static bool read_mode(const char *table, const char *mode, double *seconds)
{
    const char *line = strstr(table, mode);
    if (line == NULL || sscanf(line + strlen(mode), "%*f %lf", seconds) != 1)
        return complain("edges", "its table is not as expected");
    *seconds /= 1e3;
    return *seconds > 0 || complain("edges", "its table has a time of 0");
}

/* The filter takes turns itself: it measures both sides in one run. */
static bool filter(const char *folder, figures *round)
{
    char sample[PATH_MAX], edges[PATH_MAX], in[PATH_MAX], out[PATH_MAX], text[4096];
    snprintf(in, sizeof in, "%s/in.jpg", folder);
    snprintf(out, sizeof out, "%s/out.png", folder);
    const char *const draw[] = {program_path(sample, "../../lessons/12-workshop/sample"), in, "3000", "2000",
                                NULL};
    const char *const run[] = {program_path(edges, "../../lessons/12-workshop/edges"),
                               in,
                               out,
                               "--mode",
                               "all",
                               "--processes",
                               "2",
                               NULL};
    return command_run(draw, text, sizeof text) && command_run(run, text, sizeof text) &&
           read_mode(text, "\nprocesses ", &round->ours) && read_mode(text, "\nthreads ", &round->other);
}

static bool measure_edges(bool quick, figures *round)
{
    (void)quick;
    const char *base = getenv("TMPDIR");
    char folder[PATH_MAX - 16], text[256];
    snprintf(folder, sizeof folder, "%s/bench-XXXXXX", base == NULL || *base == '\0' ? "/tmp" : base);
    if (mkdtemp(folder) == NULL)
        return complain(folder, strerror(errno));
    bool measured = filter(folder, round);
    const char *const remove_all[] = {"rm", "-rf", folder, NULL};
    return command_run(remove_all, text, sizeof text) && measured;
}

static bool ask_containers(const char *what, const char *amount, double *figure)
{
    char path[PATH_MAX];
    const char *const argv[] = {program_path(path, "containers"), what, amount, NULL};
    return run_for_figure(argv, figure);
}

static bool measure_dict_set(bool quick, figures *round)
{
    return ask_containers("set", quick ? "1000" : "1000000", &round->ours) &&
           ask_python("containers.py", "set", quick ? "100" : "20000", round);
}

static bool measure_dict_get(bool quick, figures *round)
{
    return ask_containers("get", quick ? "1000" : "1000000", &round->ours) &&
           ask_python("containers.py", "get", quick ? "100" : "20000", round);
}

static bool measure_dict_four(bool quick, figures *round)
{
    const char *count = quick ? "1000" : "1000000";
    return ask_containers("set-four", count, &round->ours) && ask_containers("set", count, &round->other);
}

static bool measure_dict_four_python(bool quick, figures *round)
{
    return ask_containers("set-four", quick ? "1000" : "1000000", &round->ours) &&
           ask_python("containers.py", "set-four", quick ? "100" : "5000", round);
}

static bool measure_lock(bool quick, figures *round)
{
    return ask_sync("lock", quick ? "1000" : "2000000", &round->ours);
}

static bool measure_lock_posix(bool quick, figures *round)
{
    const char *count = quick ? "1000" : "1000000";
    return ask_sync("lock-contended", count, &round->ours) && ask_sync("posix", count, &round->other);
}

static bool measure_lock_mpi(bool quick, figures *round)
{
    return ask_sync("lock-contended", quick ? "1000" : "1000000", &round->ours) &&
           ask_mpi("sync", "win", quick ? "100" : "2000", 4, "1", &round->other);
}

static bool measure_event(bool quick, figures *round)
{
    return ask_sync("event", quick ? "100" : "20000", &round->ours);
}

static bool measure_condition(bool quick, figures *round)
{
    return ask_sync("condition", quick ? "100" : "20000", &round->ours);
}

/* So many processes on each core. */
static int crowd(int on_each_core)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return on_each_core * (cores < 2 ? 2 : cores);
}

static bool measure_barrier(bool quick, figures *round)
{
    const char *count = quick ? "1000" : "1000000";
    return ask_barrier(count, crowd(1), &round->ours) &&
           ask_mpi("barrier", "mpi", count, crowd(1), "0", &round->other);
}

static bool measure_barrier_crowded(bool quick, figures *round)
{
    const char *count = quick ? "100" : "20000";
    return ask_barrier(count, crowd(4), &round->ours) &&
           ask_mpi("barrier", "mpi", count, crowd(4), "1", &round->other);
}

static bool measure_barrier_spinning(bool quick, figures *round)
{
    return ask_barrier(quick ? "100" : "20000", crowd(4), &round->ours) &&
           ask_mpi("barrier", "mpi", quick ? "10" : "100", crowd(4), "0", &round->other);
}

/* ---- Pools ---- */

static bool ask_pools(const char *what, const char *amount, double *figure)
{
    char path[PATH_MAX];
    const char *const argv[] = {program_path(path, "pools"), what, amount, NULL};
    return run_for_figure(argv, figure);
}

static bool ask_openmp(const char *what, const char *amount, double *figure)
{
    char path[PATH_MAX];
    const char *const argv[] = {program_path(path, "omp_pools"), what, amount, NULL};
    return run_for_figure(argv, figure);
}

/* Ranks: one that hands out tasks and, where they are given, the workers. Only Debian's own Python has Debian's
 * mpi4py. */
static bool ask_mpi4py(const char *what, const char *amount, const char *ranks, double *figure)
{
    char path[PATH_MAX];
    program_path(path, "pools_mpi4py.py");
    const char *const given[] = {"env",
                                 "OMPI_ALLOW_RUN_AS_ROOT=1",
                                 "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                                 "mpirun",
                                 "--oversubscribe",
                                 "-n",
                                 ranks,
                                 "/usr/bin/python3",
                                 "-m",
                                 "mpi4py.futures",
                                 path,
                                 what,
                                 amount,
                                 NULL};
    const char *const spawning[] = {"env",
                                    "OMPI_ALLOW_RUN_AS_ROOT=1",
                                    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                                    "OMPI_MCA_rmaps_base_oversubscribe=1",
                                    "mpirun",
                                    "-n",
                                    "1",
                                    "/usr/bin/python3",
                                    path,
                                    what,
                                    amount,
                                    NULL};
    return run_for_figure(strcmp(ranks, "1") == 0 ? spawning : given, figure);
}

static bool measure_tiny(bool quick, figures *round)
{
    return ask_pools("tiny", quick ? "10000" : "2000000", &round->ours) &&
           ask_python("pools.py", "tiny", quick ? "10000" : "1000000", round);
}

static bool measure_tiny_one(bool quick, figures *round)
{
    return ask_pools("tiny-one", quick ? "10000" : "1000000", &round->ours) &&
           ask_python("pools.py", "tiny-one", quick ? "1000" : "20000", round);
}

static bool measure_tiny_mpi4py(bool quick, figures *round)
{
    return ask_pools("tiny-one", quick ? "10000" : "1000000", &round->ours) &&
           ask_mpi4py("tiny-one", quick ? "100" : "5000", "3", &round->other);
}

static bool measure_tiny_mpi(bool quick, figures *round)
{
    const char *count = quick ? "10000" : "1000000";
    return ask_pools("tiny-one", count, &round->ours) &&
           ask_mpi("mpi_farm", "tiny", quick ? "1000" : "300000", 3, "1", &round->other);
}

static bool measure_apply(bool quick, figures *round)
{
    return ask_pools("apply", quick ? "1000" : "100000", &round->ours) &&
           ask_python("pools.py", "apply", quick ? "100" : "10000", round);
}

static bool measure_work(bool quick, figures *round)
{
    const char *count = quick ? "200" : "20000";
    return ask_pools("work", count, &round->ours) && ask_openmp("work", count, &round->other);
}

static bool measure_rows(bool quick, figures *round)
{
    const char *count = quick ? "20" : "1200";
    return ask_pools("rows", count, &round->ours) && ask_openmp("rows", count, &round->other);
}

static bool measure_up(bool quick, figures *round)
{
    return ask_pools("up", quick ? "3" : "20", &round->ours);
}

static bool measure_up_python(bool quick, figures *round)
{
    return ask_pools("up", quick ? "3" : "20", &round->ours) && ask_python("pools.py", "up", "1", round);
}

static bool measure_up_mpi4py(bool quick, figures *round)
{
    return ask_pools("up", quick ? "3" : "20", &round->ours) && ask_mpi4py("up", "1", "1", &round->other);
}

#define MIB (1024.0 * 1024.0)

const row rows[] = {
    {"start", "start on a used parked rank, to 1st instruction", NULL, measure_start, 5, "us", 1e6, 100},
    {"start-fresh", "start on a fresh parked rank, to 1st instruction", NULL, measure_fresh, 5, "us", 1e6, 100},
    {"spawn", "start + join on a fresh rank, one after another", "Python spawn", measure_spawn, 5, "ms", 1e3, 0.5},
    {"fork", "start + join on a used rank, one after another", "Python fork", measure_fork, 5, "us", 1e6, 0.1},
    {"pipe-8", "pipe, 8 bytes, one way", "raw MPI", measure_small_mpi, 7, "us", 1e6, 1.25},
    {"pipe-8-python", "pipe, 8 bytes, one way", "Python", measure_small_python, 3, "us", 1e6, 0.2},
    {"pipe-1m", "pipe, 1 MiB in a stream", "raw MPI", measure_large_mpi, 7, "us", 1e6, 1 / 0.95},
    {"pipe-1m-python", "pipe, 1 MiB in a stream", "Python", measure_large_python, 3, "us", 1e6, 0},
    {"queue", "queue, 8 bytes, 1 producer and 1 consumer, an item", "Python", measure_queue, 5, "us", 1e6, 0.1},
    {"queue-mpi", "queue, 8 bytes, 1 producer and 1 consumer, an item", "MPI_Send, MPI_Recv", measure_queue_mpi, 5,
     "us", 1e6, 3},
    {"queue-four", "queue, 8 bytes, 4 producers and 4 consumers", "Python", measure_queue_four, 5, "us", 1e6, 0.1},
    {"dict-set", "manager's dict: set a key, nobody else uses it", "Python", measure_dict_set, 5, "us", 1e6, 0.02},
    {"dict-get", "manager's dict: get a key, nobody else uses it", "Python", measure_dict_get, 5, "us", 1e6, 0.02},
    {"dict-four", "manager's dict: 4 writers at once, per set", "1 writer", measure_dict_four, 5, "us", 1e6, 1},
    {"dict-four-python", "manager's dict: 4 writers at once, per set", "Python", measure_dict_four_python, 3, "us",
     1e6, 0.02},
    {"idle", "CPU of a program with ten parked ranks, of a core", NULL, measure_idle, 3, "%", 1e2, 1},
    {"memory", "memory of a parked rank and its supervisor (Pss)", NULL, measure_memory, 3, "MiB", 1 / MIB, 0},
    {"lock", "lock: acquire + release, nobody else wants it", NULL, measure_lock, 5, "ns", 1e9, 100},
    {"lock-posix", "lock: 4 processes at once, per acquire + release", "robust mutex", measure_lock_posix, 5, "ns",
     1e9, 0},
    {"lock-mpi", "lock: 4 processes at once, per acquire + release", "MPI_Win_lock", measure_lock_mpi, 5, "ns",
     1e9, 0.2},
    {"event", "event: from set to the end of wait elsewhere", NULL, measure_event, 5, "us", 1e6, 20},
    {"condition", "condition: from notify to the end of wait elsewhere", NULL, measure_condition, 5, "us", 1e6,
     20},
    {"barrier", "barrier, one process a core", "MPI_Barrier", measure_barrier, 5, "us", 1e6, 1.25},
    {"barrier-crowded", "barrier, 4 processes a core", "MPI_Barrier, yielding", measure_barrier_crowded, 5, "us",
     1e6, 1},
    {"barrier-spinning", "barrier, 4 processes a core", "MPI_Barrier, spinning", measure_barrier_spinning, 3, "us",
     1e6, 0.1},
    {"pool", "pool: a tiny task, chunks of the default size", "Python", measure_tiny, 5, "us", 1e6, 0.05},
    {"pool-one", "pool: a tiny task, chunks of one", "Python", measure_tiny_one, 5, "us", 1e6, 0.05},
    {"pool-one-mpi4py", "pool: a tiny task, chunks of one", "mpi4py.futures", measure_tiny_mpi4py, 3, "us", 1e6,
     0.01},
    {"pool-one-mpi", "pool: a tiny task, chunks of one", "a farm in raw MPI", measure_tiny_mpi, 3, "us", 1e6, 1},
    {"pool-apply", "pool: apply, one after the other", "Python", measure_apply, 5, "us", 1e6, 0.1},
    {"pool-work", "pool: tasks of 100 us, 2 workers", "OpenMP, dynamic", measure_work, 7, "us", 1e6, 1 / 0.98},
    {"pool-rows", "pool: rows of the Mandelbrot set, 2 workers", "OpenMP, dynamic", measure_rows, 7, "us", 1e6,
     1 / 0.95},
    {"pool-up", "pool of 4, until all are ready, on parked ranks", NULL, measure_up, 5, "ms", 1e3, 1},
    {"pool-up-python", "pool of 4, until all are ready", "Python", measure_up_python, 3, "ms", 1e3, 0},
    {"pool-up-mpi4py", "pool of 4, until all are ready", "mpi4py.futures", measure_up_mpi4py, 3, "ms", 1e3, 1},
    {"edges", "image filter, 3000 x 2000, 2 processes", "OpenMP, 2 threads", measure_edges, 5, "ms", 1e3, 1.05},
};

const int row_count = sizeof rows / sizeof rows[0];
