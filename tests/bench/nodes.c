/* Multirank's side of the benchmark between hosts: main is on one, the other process on another. nodes WHAT COUNT
 * HOST prints the seconds that one takes:
 *
 * pipe    8 bytes one way, there and back        queue   an item of 8 bytes, put there, got here, in a stream
 * stream  1 MiB of a stream over a pipe          lock    acquire and release there, nobody else wants it
 * value   get and set there                      array   reading 1 MiB there
 * dict    set and get there, small items         pool    a task of 100 us, in chunks of 10, by WORKERS there
 * ideal   the same by WORKERS processes of which each knows its share */
#include "measuring.h"

#include <string.h>

enum { SMALL = 8, LARGE = 1 << 20 };

typedef struct job {
    mr_connection end;
    mr_queue queue;
    mr_lock lock;
    mr_value value;
    mr_array array;
    mr_dict dict;
    int count;
} job;

/* What the other process measures, and sends. */
static void answer(const job *work, double seconds)
{
    need(mr_connection_send(&work->end, &seconds, sizeof seconds, MR_FOREVER));
}

/* A warm-up as long as the measurement is part of both sides' work. */
static int echoes(const void *args, size_t size)
{
    const job *work = args;
    char bytes[SMALL];
    (void)size;
    for (int i = 0; i < 2 * work->count; i++) {
        need(mr_connection_recv(&work->end, bytes, sizeof bytes, NULL, MR_FOREVER));
        need(mr_connection_send(&work->end, bytes, sizeof bytes, MR_FOREVER));
    }
    return 0;
}

static int drains(const void *args, size_t size)
{
    const job *work = args;
    char *bytes = malloc(LARGE);
    (void)size;
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < work->count; i++)
            need(mr_connection_recv(&work->end, bytes, LARGE, NULL, MR_FOREVER));
        need(mr_connection_send(&work->end, bytes, 1, MR_FOREVER));
    }
    free(bytes);
    return 0;
}

static int puts_items(const void *args, size_t size)
{
    const job *work = args;
    (void)size;
    for (int i = 0; i < 2 * work->count; i++)
        need(mr_queue_put(&work->queue, &i, SMALL / 2, MR_FOREVER));
    return 0;
}

static int locks(const void *args, size_t size)
{
    const job *work = args;
    double begin = 0;
    (void)size;
    for (int turn = 0; turn < 2; turn++) {
        begin = now();
        for (int i = 0; i < work->count; i++) {
            need(mr_lock_acquire(&work->lock, MR_FOREVER));
            need(mr_lock_release(&work->lock));
        }
    }
    answer(work, now() - begin);
    return 0;
}

static int counts(const void *args, size_t size)
{
    const job *work = args;
    double begin = now();
    (void)size;
    for (int64_t i = 0, seen; i < work->count; i++) {
        need(mr_value_get(&work->value, &seen));
        need(mr_value_set(&work->value, &i));
    }
    answer(work, now() - begin);
    return 0;
}

static int sets_items(const void *args, size_t size)
{
    const job *work = args;
    mr_item seen;
    char buffer[SMALL];
    double begin = 0;
    (void)size;
    for (int turn = 0; turn < 2; turn++) {
        begin = now();
        for (int i = 0; i < work->count; i++) {
            need(mr_dict_set(&work->dict, MR_INT(i % 100), MR_INT(i)));
            need(mr_dict_get(&work->dict, MR_INT(i % 100), &seen, buffer, sizeof buffer));
        }
    }
    answer(work, now() - begin);
    return 0;
}

static int reads(const void *args, size_t size)
{
    const job *work = args;
    char *bytes = malloc(LARGE);
    double begin = 0;
    (void)size;
    for (int turn = 0; turn < 2; turn++) {
        begin = now();
        for (int i = 0; i < work->count; i++)
            need(mr_array_get(&work->array, 0, LARGE, bytes));
    }
    answer(work, now() - begin);
    free(bytes);
    return 0;
}

/* ---- Main's part ---- */

static double goes_there_and_back(const mr_connection *end, const job *work)
{
    char bytes[SMALL] = "";
    double begin = 0;
    for (int i = 0; i < 2 * work->count; i++) {
        if (i == work->count)
            begin = now();
        need(mr_connection_send(end, bytes, sizeof bytes, MR_FOREVER));
        need(mr_connection_recv(end, bytes, sizeof bytes, NULL, MR_FOREVER));
    }
    return (now() - begin) / 2;
}

static double sends_large(const mr_connection *end, const job *work)
{
    char *bytes = malloc(LARGE), done;
    double begin = 0;
    memset(bytes, 1, LARGE);
    for (int turn = 0; turn < 2; turn++) {
        begin = now();
        for (int i = 0; i < work->count; i++)
            need(mr_connection_send(end, bytes, LARGE, MR_FOREVER));
        need(mr_connection_recv(end, &done, sizeof done, NULL, MR_FOREVER));
    }
    free(bytes);
    return now() - begin;
}

static double gets_items(const mr_connection *end, const job *work)
{
    double begin = 0;
    (void)end;
    for (int i = 0, item; i < 2 * work->count; i++) {
        if (i == work->count)
            begin = now();
        need(mr_queue_get(&work->queue, &item, sizeof item, NULL, MR_FOREVER));
    }
    return now() - begin;
}

static double listens(const mr_connection *end, const job *work)
{
    double seconds;
    (void)work;
    need(mr_connection_recv(end, &seconds, sizeof seconds, NULL, MR_FOREVER));
    return seconds;
}

static const struct row {
    const char *name;
    mr_target there;
    double (*here)(const mr_connection *end, const job *work);
} rows[] = {{"pipe", echoes, goes_there_and_back},
            {"stream", drains, sends_large},
            {"queue", puts_items, gets_items},
            {"lock", locks, listens},
            {"value", counts, listens},
            {"array", reads, listens},
            {"dict", sets_items, listens}};

static double measure(const struct row *row, int count, const char *host)
{
    mr_connection mine;
    mr_process process;
    job work = {.count = count};
    need(mr_pipe_init(&mine, &work.end, true));
    need(mr_queue_init(&work.queue, 0));
    need(mr_lock_init(&work.lock));
    need(mr_value_init(&work.value, sizeof(int64_t), &(int64_t){0}));
    need(mr_array_init_raw(&work.array, 1, LARGE, NULL));
    need(mr_dict_init(&work.dict));
    need(mr_process_init(&process, row->there, &work, sizeof work));
    need(mr_process_set_host(&process, host));
    need(mr_process_start(&process));
    double seconds = row->here(&mine, &work);
    need(mr_process_join(&process, MR_FOREVER));
    if (mr_process_exitcode(&process) != 0)
        fail("the other process failed");
    return seconds / count;
}

/* ---- The pool ---- */

enum { WORKERS = 2 };
static const double TASK = 100e-6; /* seconds of CPU */

static int computes(const void *in, void *out)
{
    double end = now_on(CLOCK_THREAD_CPUTIME_ID) + TASK;
    while (now_on(CLOCK_THREAD_CPUTIME_ID) < end)
        ;
    *(int *)out = *(const int *)in;
    return 0;
}

/* The whole, of which the second half counts. */
static double measure_pool(int count, const char *host)
{
    mr_pool pool;
    mr_future future;
    int *in = calloc((size_t)count, sizeof *in), *out = calloc((size_t)count, sizeof *out);
    double begin = 0;
    need(mr_pool_init_with(&pool, &(mr_pool_options){.processes = WORKERS, .host = host}));
    for (int turn = 0; turn < 2; turn++) {
        begin = now();
        need(mr_pool_map_async(&pool,
                               &(mr_tasks){.task = computes,
                                           .count = (size_t)count,
                                           .in = in,
                                           .in_size = sizeof *in,
                                           .out_size = sizeof *out,
                                           .chunk_size = 10},
                               &future));
        need(mr_future_wait(&future, MR_FOREVER));
    }
    double seconds = now() - begin;
    need(mr_pool_close(&pool));
    need(mr_pool_join(&pool, MR_FOREVER));
    free(in);
    free(out);
    return seconds / count;
}

static int computes_share(const void *args, size_t size)
{
    int in = 0, out;
    (void)size;
    for (int i = 0; i < *(const int *)args; i++)
        computes(&in, &out);
    return 0;
}

static double measure_ideal(int count, const char *host)
{
    mr_process workers[WORKERS], *pointers[WORKERS];
    double begin = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < WORKERS; i++) {
            need(mr_process_init(&workers[i], computes_share, &(int){count / WORKERS}, sizeof(int)));
            need(mr_process_set_host(&workers[i], host));
            pointers[i] = &workers[i];
        }
        begin = now();
        need(mr_process_start_all(pointers, WORKERS));
        for (int i = 0; i < WORKERS; i++)
            need(mr_process_join(&workers[i], MR_FOREVER));
    }
    return (now() - begin) / count;
}

int main(int argc, char **argv)
{
    need(mr_init(&argc, &argv));
    int count = argc == 4 ? atoi(argv[2]) : 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && count > 0; i++)
        if (strcmp(argv[1], rows[i].name) == 0) {
            printf("%.9g\n", measure(&rows[i], count, argv[3]));
            return mr_finalize();
        }
    bool is_pool = count > 0 && strcmp(argv[1], "pool") == 0;
    if (is_pool || (count > 0 && strcmp(argv[1], "ideal") == 0)) {
        printf("%.9g\n", is_pool ? measure_pool(count, argv[3]) : measure_ideal(count, argv[3]));
        return mr_finalize();
    }
    fail("usage: nodes WHAT COUNT HOST");
}
