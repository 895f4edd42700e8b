/* Pools and their jobs, as they lie in the arena. A job is the tasks of one call, in chunks. Workers claim chunks
 * by a fetch-and-add; who has a chunk, and whether it is done, is one word for each, so that after a death it is
 * known what has to be done again. A pool's mutex guards which jobs are open, and which worker is at which job.
 *
 * pool.c makes and ends pools, pool_jobs.c jobs; pool_worker.c is what a worker does; pool_keeper.c the thread in
 * the creator that looks after workers, and pool_threads.c what is different where they are threads. */
#ifndef MR_POOL_H
#define MR_POOL_H

#include "base/module.h"
#include "object/object.h"

typedef enum mr__pool_state {
    MR__POOL_RUNNING,
    MR__POOL_CLOSED,     /* no new jobs */
    MR__POOL_TERMINATED, /* nobody works on */
    MR__POOL_BROKEN,     /* the same, because workers do not come up */
    MR__POOL_OVER        /* all workers have ended */
} mr__pool_state;

/* Why a seat waits at a pool, and at a job. Workers wait for work without one. */
enum { MR__POOL_JOIN = 1, MR__POOL_WORK };
enum { MR__JOB_DONE = 1 };

typedef enum mr__worker_state {
    MR__WORKER_ABSENT,   /* ended, and what it had is given back */
    MR__WORKER_STARTING, /* about to come up */
    MR__WORKER_READY,
    MR__WORKER_DEAD /* ended, however */
} mr__worker_state;

typedef enum mr__activity { MR__NOT_THERE, MR__STARTING, MR__WAITING, MR__WORKING } mr__activity;

/* What a worker's time went into, in seconds; until since, and its activity since then (worker_times.h). */
typedef struct mr__times {
    _Atomic uint32_t changes, activity;
    _Atomic double since, starting, waiting, working;
} mr__times;

/* The place of a worker in its pool. The worker itself writes most of it. */
typedef struct mr__worker {
    _Alignas(64) _Atomic uint32_t state;
    _Atomic uint32_t rank;
    _Atomic uint32_t job;         /* the slot of the job it is at; 0: none. Changes with the pool entered */
    _Atomic uint32_t is_far;      /* on another host: what it has done is known by whole fetches only */
    _Atomic uint64_t chunk, task; /* the chunk it has, + 1, and the first task of that which is not finished */
    _Atomic double since;         /* when it began that task, where there is a limit; 0: it has none */
    uint64_t served;              /* tasks of this one */
    _Atomic uint64_t tasks;       /* of all in this place */
    mr__times times;
    uint32_t started;
    uint32_t late_job; /* the keeper's: for which job, chunk (+ 1) and task it was killed */
    uint64_t late_chunk, late_task;
    int32_t pid;
    uint32_t given; /* a far one's: the tasks that it has been sent */
    bool has_been_ready;
    bool is_again;             /* the chunk has been given back by another */
    _Atomic uint32_t even_job; /* the slot of a job that it is to take its share of, by scatter and gather */
    char host[65];
} mr__worker;

/* What all workers of a pool need to know. */
typedef struct mr__pool_body {
    mr__ref block; /* that all of it is in */
    uint64_t max_tasks, max_memory;
    double task_timeout;
    uint32_t max_retries;
    bool has_initializer, shows_progress;
    bool are_threads;       /* of the creator */
    bool is_even;           /* its first workers can be given equal shares (pool_even.c) */
    _Atomic bool is_broken; /* one of those has ended */
    mr__symbol initializer;
    uint64_t args_size;
    mr__ref even_ranks;                /* of the first workers, in the communicator of their batch; int[size] */
    _Alignas(64) mr__worker workers[]; /* args behind them */
} mr__pool_body;

typedef struct mr__pool {
    mr__object object;
    _Atomic uint32_t state;
    uint32_t creator, owner; /* ranks: whose keeper looks after it; for whom it was made */
    uint32_t keeper;         /* the seat of that one's bell; 0: not there yet */
    uint32_t size;
    uint32_t first_open, last_open; /* slots of jobs with something to claim; a list */
    uint32_t unfinished;            /* jobs */
    mr__ref body;
    uint64_t given;                     /* tasks, in all */
    double shortest_limit;              /* of the jobs whose tasks have a limit; 0: there have been none */
    bool is_orphan;                     /* its creator has ended */
    bool is_ownerless;                  /* for whom it was made has ended */
    _Atomic bool is_dirty;              /* there are jobs that nobody wants any more */
    _Alignas(64) _Atomic uint32_t bell; /* workers without work sleep here */
    _Atomic uint32_t sleepers;
} mr__pool;

/* ---- Jobs ---- */

/* A chunk's word: what it is in the low half, how many of its tasks are finished in the high one. */
enum { MR__CHUNK_FREE, MR__CHUNK_RETURNED, MR__CHUNK_DONE, MR__CHUNK_OWNED /* + the worker's place */ };
typedef _Atomic uint64_t mr__chunk;

typedef enum mr__job_state {
    MR__JOB_NEW, /* not yet its pool's */
    MR__JOB_OPEN,
    MR__JOB_COMPLETE,
    MR__JOB_CANCELLED,  /* given up by its owner */
    MR__JOB_TERMINATED, /* with its pool */
    MR__JOB_BROKEN
} mr__job_state;

typedef enum mr__input_form { MR__INPUT_ARRAY, MR__INPUT_RECORDS, MR__INPUT_COLUMNS } mr__input_form;

/* A record of the inputs or of the results, or a column. */
typedef struct mr__piece {
    mr__ref data;
    uint64_t size;
} mr__piece;

typedef struct mr__job_failure {
    mr__ref next;
    uint64_t index; /* in the job */
    int32_t status, code, rank;
    char host[65];
    char message[];
} mr__job_failure;

typedef struct mr__job_tries { /* of a task whose worker died */
    mr__ref next;
    uint64_t index;
    uint32_t count;
} mr__job_tries;

/* All of a job that is not the object itself; inputs, results and chunks are in the same block. */
typedef struct mr__job_body {
    _Alignas(64) _Atomic uint64_t next; /* chunk that nobody has claimed */
    char unused[56];
    uint64_t even_count; /* tasks that are not in chunks, but shared out evenly */
    mr__symbol task;
    mr__input_form form;
    bool is_star, has_any_size;
    uint64_t count, chunk_size, chunks, first; /* first: the number of its first input, for iterators */
    uint64_t in_size, out_size, column_count;
    double task_timeout;
    uint32_t max_retries;
    mr__ref block;                   /* that all of it is in */
    mr__ref states, inputs, results; /* mr__chunk[chunks]; bytes, or mr__piece[]; bytes, or mr__piece[count] */
    uint64_t cursor;                 /* the chunks before it are done. Pool entered, as all below */
    _Atomic uint64_t returned;       /* the first chunk that may have been given back; UINT64_MAX: none */
    mr__ref failures, tries;
    _Atomic uint64_t failure_count;
} mr__job_body;

typedef struct mr__job {
    mr__object object;
    uint64_t pool; /* its handle */
    _Atomic uint32_t state;
    uint32_t owner;             /* the rank of the process that wants the results */
    _Atomic uint32_t next_open; /* in the pool's list */
    _Atomic uint32_t is_listed, is_released;
    _Atomic uint32_t watcher; /* a seat whose bell is rung when it is done; 0: none */
    mr__ref body;
} mr__job;

/* ---- pool_view.c ---- */

extern const struct mr__kind_view mr__pool_view, mr__job_view;

/* ---- pool.c ---- */

mr_status mr__pool_enter(const char *call, const mr_pool *handle, mr__pool **pool);
mr__pool_body *mr__pool_body_of(const mr__pool *pool);
const void *mr__pool_args(const mr__pool *pool);

/* Wakes workers that sleep; the keeper. */
void mr__pool_ring(mr__pool *pool, uint64_t how_many);
void mr__pool_ring_keeper(const mr__pool *pool);

/* Workers leave: their pool has ended, or they have nothing more to do. Pool entered. */
bool mr__pool_lets_go(const mr__pool *pool);

/* ---- pool_jobs.c ---- */

/* What a job is to be, checked and with the defaults of its pool. */
typedef struct mr__order {
    const char *call;
    const mr_tasks *tasks;
    mr__symbol task;
    const mr_slice *records; /* those of the tasks, or what their source gave */
    uint64_t count, first;
    bool is_star;
    bool is_hold;   /* has no tasks, and is never done: as long as it is there the pool does not end */
    bool continues; /* belongs to a hold: a closed pool takes it, too */
} mr__order;

/* Makes a job of an order and gives it to the pool. */
mr_status mr__job_submit(const mr_pool *pool, const mr__order *order, uint32_t watcher, uint64_t *handle);

mr_status mr__job_enter(const char *call, uint64_t handle, mr__job **job);
mr__job_body *mr__job_body_of(const mr__job *job);

/* Whether there is nothing to wait for any more. */
bool mr__job_is_over(uint64_t handle);

/* Gives a job up. */
mr_status mr__job_release(uint64_t handle);

/* Claims a chunk of the job that the worker at that place is at; *offset tasks of it are finished already. */
bool mr__job_claim(mr__job *job, mr__worker *worker, uint32_t place, uint64_t *chunk, uint64_t *offset);

/* The same, where that job has none left: one that was given back, or one of the next job, which the worker then
 * is at. NULL: there is nothing to do. Pool entered. */
mr__job *mr__job_next(mr__pool *pool, uint32_t place, uint64_t *chunk, uint64_t *offset);

/* Whether a worker has a chunk; *offset tasks of it are finished. */
bool mr__job_owns(const mr__job *job, uint32_t place, uint64_t chunk, uint64_t *offset);

/* The worker is at no job any more. Pool entered. */
void mr__job_leave(mr__pool *pool, uint32_t place);

/* Says that what was to be done under a hold is done. */
void mr__job_complete_hold(const mr_pool *pool, mr__job *job);

/* Notes that a chunk is done, or so many tasks of it. */
void mr__job_note(mr__job *job, uint32_t place, uint64_t chunk, uint64_t tasks);

/* How many tasks a chunk has. */
uint64_t mr__job_chunk_count(const mr__job_body *body, uint64_t chunk);

/* Puts down that a task has failed. Pool entered. */
mr_status mr__job_add_failure(mr__job_body *body, uint64_t index, mr_status status, int code, uint32_t rank,
                              const char *host, const char *message);

/* What a dead worker had goes back. code: its exit code. Pool entered. */
void mr__job_take_back(mr__pool *pool, uint32_t place, int code, const char *host);

/* All jobs of a pool end; those that nobody wants any more are freed. Pool entered. */
void mr__jobs_end(mr__pool *pool, mr__job_state state);
void mr__jobs_sweep(mr__pool *pool);
void mr__jobs_repair(mr__pool *pool);

/* ---- future.c ---- */

/* Room for the thread's last failures, with so many bytes of texts behind them; NULL: none are to be had. */
mr_failure *mr__failures_begin(size_t count, size_t bytes);

/* What came of a job that is over, as a status with a sentence and failures. Job entered. */
mr_status mr__job_outcome(const char *call, const mr__job *job);

/* As mr_future_get, for another call. */
mr_status mr__job_get(const char *call, uint64_t handle, void *out, size_t capacity, double timeout);

mr_status mr__job_result(const char *call, uint64_t handle, size_t index, void *out, size_t capacity, size_t *size,
                         double timeout);

/* ---- pool_even.c ---- */

/* In place of a chunk: the share of a job that is shared out evenly. */
static const uint64_t MR__EVEN_SHARE = UINT64_MAX;

/* Gets a whole batch of ranks for a pool that is to share out evenly. */
struct mr__own_pool;
mr_status mr__even_reserve(struct mr__own_pool *own);

/* A pool has lost a worker: nothing is shared out evenly any more. true: the others may wait for its share, and
 * those on other hosts do not see that it has ended. */
bool mr__even_break(const mr_pool *pool);

/* A pool is over. */
void mr__even_end(const mr_pool *pool);

/* Does a map so, if that is possible. false: it is to be done in chunks. */
bool mr__even_map(const mr_pool *pool, const mr__order *order, void *out, mr_status *status);

/* The worker's side: takes its share of a job. */
struct mr__task_end;
typedef struct mr__even_side {
    const _Atomic bool *is_broken; /* NULL: it cannot be seen from here */
    void (*report)(void *argument, uint64_t index, int code, const struct mr__task_end *end);
    mr_status (*finish)(void *argument, uint64_t count); /* all tasks are done, and failures reported */
    void *argument;
} mr__even_side;
mr_status mr__even_share(const mr__job_body *job, const mr__even_side *side);

/* ---- pool_worker.c ---- */

typedef struct mr__worker_args {
    uint64_t pool;
    uint32_t place;
} mr__worker_args;

int mr__work_in_pool(const void *args, size_t size);

/* Whether the calling thread is a worker of the pool, on main's host. */
bool mr__works_for(const mr_pool *pool);

/* The same in a thread of the process that made the pool. In the end the worker's state says so. */
void mr__work_as_thread(const mr__worker_args *args);

/* ---- pool_keeper.c ---- */

/* What the creator of a pool has of it, besides what is in the arena. The keeper's own, once it has been added. */
typedef struct mr__own_pool {
    struct mr__own_pool *next;
    mr_pool handle;
    uint32_t size;
    bool reuse;
    char host[65];
    double kill_at;    /* when those that have not ended by SIGTERM are killed; 0: it has not been sent */
    double retry_at;   /* when a worker that could not be started is tried again */
    unsigned in_a_row; /* workers that ended before they were ready */
    struct {
        uint64_t given, done; /* tasks, when the pool had nothing to do for the last time */
        double since;         /* then; 0: it has nothing to do */
        double shown_at, pause;
    } progress;
    uint64_t reservation;            /* of the ranks for the first workers; 0: any will do */
    mr_process *workers;             /* mr__handle 0: none */
    struct mr__pool_thread *threads; /* instead (pool_threads.h); NULL: they are processes */
} mr__own_pool;

void mr__own_pool_free(mr__own_pool *own);

/* Starts the workers of a new pool, all or none, and looks after them from now on; or ends it before that. */
mr_status mr__keeper_add(mr__own_pool *own);
void mr__keeper_refuse(mr__own_pool *own);

/* The seat of this process's keeper, which is started if need be; and has it call a job's callbacks. */
mr_status mr__keeper_seat(uint32_t *seat);
mr_status mr__keeper_watch(uint64_t job, const mr_tasks *tasks, bool is_dropped);

/* Ends all of this process's pools, and its keeper. Threads that are at a task are not waited for. false: there
 * are some. */
bool mr__keeper_stop(void);

#endif
