/* Locks, conditions and events in the benchmark: sync WHAT AMOUNT prints one figure, in seconds.
 *
 * lock            Multirank's, one process: acquire + release
 * lock-contended  Multirank's, 4 processes at once: per acquire + release
 * posix           a robust POSIX mutex in shared memory, 4 processes at once
 * win             MPI_Win_lock + MPI_Win_unlock, all ranks of mpirun at once
 * event           Multirank's, two processes: from set in one to the return of wait in the other
 * condition       the same for notify and wait */
#include "measuring.h"

#include <fcntl.h>
#include <mpi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 4 };

/* What all processes of a measurement see. */
typedef struct board {
    atomic_int ready;
    pthread_mutex_t mutex;
    volatile long count; /* changed under the lock that is measured */
    volatile int turn;
} board;

typedef struct part {
    mr_lock lock;
    mr_condition condition;
    mr_event go[2];
    char path[64]; /* of the board */
    int amount;
} part;

static board *map_board(int fd)
{
    board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b == MAP_FAILED)
        fail("memory cannot be shared");
    return b;
}

static board *open_board(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    board *b = map_board(fd);
    close(fd);
    return b;
}

/* A board that other processes find by a path of this one; it needs no file that could be left behind. */
static board *make_board(part *p)
{
    int fd = memfd_create("board", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, sizeof(board)) != 0)
        fail("memory cannot be shared");
    snprintf(p->path, sizeof p->path, "/proc/%d/fd/%d", (int)getpid(), fd);
    return map_board(fd);
}

/* All begin at the same time. */
static void await_all(board *b, int all)
{
    struct timespec moment = {0, 50000};
    b->ready++;
    while (b->ready < all)
        nanosleep(&moment, NULL);
}

static void finish(mr_process *process)
{
    need(mr_process_join(process, MR_FOREVER));
    if (mr_process_exitcode(process) != 0)
        fail("a process failed");
}

/* ---- Locks ---- */

static double measure_lock(int count)
{
    mr_lock lock;
    need(mr_lock_init(&lock));
    double begin = now();
    for (int i = 0; i < count; i++) {
        need(mr_lock_acquire(&lock, MR_FOREVER));
        need(mr_lock_release(&lock));
    }
    return (now() - begin) / count;
}

static int contend(const void *args, size_t size)
{
    (void)size;
    const part *p = args;
    board *b = open_board(p->path);
    await_all(b, PROCESSES + 1);
    for (int i = 0; i < p->amount; i++) {
        need(mr_lock_acquire(&p->lock, MR_FOREVER));
        b->count = b->count + 1;
        need(mr_lock_release(&p->lock));
    }
    return 0;
}

static double measure_contended(int count)
{
    part p = {.amount = count};
    board *b = make_board(&p);
    mr_process processes[PROCESSES];
    need(mr_lock_init(&p.lock));
    for (int i = 0; i < PROCESSES; i++) {
        need(mr_process_init(&processes[i], contend, &p, sizeof p));
        need(mr_process_start(&processes[i]));
    }
    await_all(b, PROCESSES + 1);
    double begin = now();
    for (int i = 0; i < PROCESSES; i++)
        finish(&processes[i]);
    double each = (now() - begin) / count / PROCESSES;
    if (b->count != (long)count * PROCESSES)
        fail("the lock did not keep them apart");
    return each;
}

static double measure_posix(int count)
{
    part p;
    board *b = make_board(&p);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&b->mutex, &attributes);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() != 0)
            continue;
        await_all(b, PROCESSES + 1);
        for (int n = 0; n < count; n++) {
            pthread_mutex_lock(&b->mutex);
            b->count = b->count + 1;
            pthread_mutex_unlock(&b->mutex);
        }
        _exit(0);
    }
    await_all(b, PROCESSES + 1);
    double begin = now();
    while (wait(NULL) > 0)
        ;
    return (now() - begin) / count / PROCESSES;
}

/* The figure is printed by rank 0 only. */
static double measure_win(int count)
{
    long memory = 0;
    int size, rank;
    MPI_Win win;
    MPI_Init(NULL, NULL);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Win_create(&memory, rank == 0 ? sizeof memory : 0, sizeof memory, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Barrier(MPI_COMM_WORLD);
    double begin = now();
    for (int i = 0; i < count; i++) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
        MPI_Win_unlock(0, win);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    double each = (now() - begin) / count / size;
    MPI_Win_free(&win);
    MPI_Finalize();
    if (rank != 0)
        exit(0);
    return each;
}

/* ---- Wake-ups: two processes, in turns ---- */

static int answer_events(const void *args, size_t size)
{
    (void)size;
    const part *p = args;
    for (int i = 0; i < p->amount; i++) {
        need(mr_event_wait(&p->go[0], MR_FOREVER));
        need(mr_event_clear(&p->go[0]));
        need(mr_event_set(&p->go[1]));
    }
    return 0;
}

static double measure_event(int count)
{
    part p = {.amount = count};
    mr_process other;
    need(mr_event_init(&p.go[0]));
    need(mr_event_init(&p.go[1]));
    need(mr_process_init(&other, answer_events, &p, sizeof p));
    need(mr_process_start(&other));
    double begin = 0;
    for (int i = 0; i < count; i++) {
        if (i == 1)
            begin = now();
        need(mr_event_set(&p.go[0]));
        need(mr_event_wait(&p.go[1], MR_FOREVER));
        need(mr_event_clear(&p.go[1]));
    }
    double each = (now() - begin) / (2.0 * (count - 1));
    finish(&other);
    return each;
}

static void take_turns(const part *p, board *b, int mine, int count)
{
    need(mr_condition_acquire(&p->condition, MR_FOREVER));
    for (int i = 0; i < count; i++) {
        while (b->turn != mine)
            need(mr_condition_wait(&p->condition, MR_FOREVER));
        b->turn = 1 - mine;
        need(mr_condition_notify(&p->condition, 1));
    }
    need(mr_condition_release(&p->condition));
}

static int answer_condition(const void *args, size_t size)
{
    (void)size;
    const part *p = args;
    board *b = open_board(p->path);
    await_all(b, 2);
    take_turns(p, b, 1, p->amount);
    return 0;
}

static double measure_condition(int count)
{
    part p = {.amount = count};
    board *b = make_board(&p);
    mr_process other;
    need(mr_condition_init(&p.condition, NULL));
    need(mr_process_init(&other, answer_condition, &p, sizeof p));
    need(mr_process_start(&other));
    await_all(b, 2);
    double begin = now();
    take_turns(&p, b, 0, count);
    finish(&other);
    return (now() - begin) / (2.0 * count);
}

/* ---- The command line ---- */

static const struct {
    const char *name;
    double (*measure)(int amount);
} measures[] = {
    {"lock", measure_lock},   {"lock-contended", measure_contended},
    {"posix", measure_posix}, {"win", measure_win},
    {"event", measure_event}, {"condition", measure_condition},
};

int main(int argc, char **argv)
{
    bool is_theirs = argc == 3 && (strcmp(argv[1], "posix") == 0 || strcmp(argv[1], "win") == 0);
    if (!is_theirs)
        need(mr_init(&argc, &argv));
    int amount = argc == 3 ? atoi(argv[2]) : 0;
    for (size_t i = 0; i < sizeof measures / sizeof measures[0] && amount > 1; i++) {
        if (strcmp(measures[i].name, argv[1]) != 0)
            continue;
        printf("%.9g\n", measures[i].measure(amount));
        return is_theirs || mr_finalize() == MR_OK ? 0 : 1;
    }
    fprintf(stderr, "Usage: sync lock|lock-contended|posix|win|event|condition AMOUNT\n");
    if (!is_theirs)
        mr_finalize();
    return 2;
}
