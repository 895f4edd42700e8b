#include "pipes.h"

#include "measuring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SMALL = 8, LARGE = 1 << 20 };

typedef struct job {
    mr_connection end;
    int count;
} job;

static void send(const mr_connection *end, const void *bytes, size_t size)
{
    need(mr_connection_send(end, bytes, size, MR_FOREVER));
}

static void receive(const mr_connection *end, void *bytes, size_t size)
{
    need(mr_connection_recv(end, bytes, size, NULL, MR_FOREVER));
}

/* A warm-up as long as the measurement is part of both sides' work. */
static int echo(const void *args, size_t size)
{
    const job *work = args;
    char bytes[SMALL];
    (void)size;
    for (int i = 0; i < 2 * work->count; i++) {
        receive(&work->end, bytes, sizeof bytes);
        send(&work->end, bytes, sizeof bytes);
    }
    return 0;
}

static int drain(const void *args, size_t size)
{
    const job *work = args;
    char *bytes = malloc(LARGE);
    (void)size;
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < work->count; i++)
            receive(&work->end, bytes, LARGE);
        send(&work->end, bytes, 1);
    }
    free(bytes);
    return 0;
}

static double time_with(mr_target other, int count, void (*turn)(const mr_connection *end, int count))
{
    mr_connection mine;
    mr_process process;
    job work = {.count = count};
    need(mr_pipe_init(&mine, &work.end, true));
    need(mr_process_init(&process, other, &work, sizeof work));
    need(mr_process_start(&process));
    turn(&mine, count);
    double begin = now();
    turn(&mine, count);
    double seconds = now() - begin;
    need(mr_process_join(&process, MR_FOREVER));
    need(mr_connection_close(&mine));
    return seconds / count;
}

static void go_there_and_back(const mr_connection *end, int count)
{
    char bytes[SMALL] = "";
    for (int i = 0; i < count; i++) {
        send(end, bytes, sizeof bytes);
        receive(end, bytes, sizeof bytes);
    }
}

static void stream(const mr_connection *end, int count)
{
    char *bytes = malloc(LARGE), done;
    memset(bytes, 1, LARGE);
    for (int i = 0; i < count; i++)
        send(end, bytes, LARGE);
    receive(end, &done, 1);
    free(bytes);
}

double measure_pipe_small(int count)
{
    return time_with(echo, count, go_there_and_back) / 2;
}

double measure_pipe_large(int count)
{
    return time_with(drain, count, stream);
}
