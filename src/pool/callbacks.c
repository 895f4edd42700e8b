#include "pool/callbacks.h"

#include "base/context.h"
#include "base/status.h"
#include "pool/pool.h"

#include <stdlib.h>

typedef struct watched {
    struct watched *next;
    mr_future future;
    mr_callback callback, error_callback;
    void *state;
    bool is_dropped; /* nobody else has the future */
} watched;

/* All of it with the context's lock held. */
typedef struct mr__callbacks {
    pthread_t thread;
    pthread_cond_t wake;
    bool is_up, is_stopping;
    watched *watched; /* whose jobs were not over at the last look */
    watched *due;     /* to be called, in this order */
} mr__callbacks;

/* ---- The thread ---- */

static void *run(void *callbacks);

static void end_call(void *called)
{
    watched *each = called;
    mr__end_fork(0);
    if (each->is_dropped)
        mr_future_close(&each->future);
    free(each);
}

static void call_back(watched *each)
{
    mr_callback call = mr_future_is_successful(&each->future) ? each->callback : each->error_callback;
    pthread_cleanup_push(end_call, each); /* also if it never comes back */
    if (call != NULL)
        call(&each->future, each->state);
    pthread_cleanup_pop(1);
}

/* A callback has ended its thread. The others are called all the same, by another one. */
static void begin_again(void *given)
{
    mr__callbacks *callbacks = given;
    mr__lock();
    pthread_detach(callbacks->thread);
    callbacks->is_up = mr__thread_start_with(&callbacks->thread, "mr-callbacks", run, callbacks) == MR_OK;
    mr__unlock();
}

/* Takes the next one that is due; NULL: there will be none. */
static watched *await_next(mr__callbacks *callbacks)
{
    mr__lock();
    while (callbacks->due == NULL && !callbacks->is_stopping)
        pthread_cond_wait(&callbacks->wake, &mr__ctx.lock);
    watched *next = callbacks->due;
    if (next != NULL)
        callbacks->due = next->next;
    mr__unlock();
    return next;
}

static void *run(void *given)
{
    mr__callbacks *callbacks = given;
    pthread_cleanup_push(begin_again, callbacks);
    for (watched *next; (next = await_next(callbacks)) != NULL;)
        call_back(next);
    pthread_cleanup_pop(0);
    return NULL;
}

/* Lock held. */
static mr_status start(void)
{
    mr__callbacks *callbacks = mr__ctx.callbacks;
    if (callbacks == NULL) {
        callbacks = mr__ctx.callbacks = calloc(1, sizeof *callbacks);
        if (callbacks == NULL)
            return mr__fail(MR_ENOMEM, "there is no memory for callbacks");
        pthread_cond_init(&callbacks->wake, NULL);
    }
    if (callbacks->is_up)
        return MR_OK;
    mr_status status = mr__thread_start_with(&callbacks->thread, "mr-callbacks", run, callbacks);
    callbacks->is_up = status == MR_OK;
    return status;
}

/* ---- For the others ---- */

mr_status mr__callbacks_add(uint64_t job, const mr_tasks *tasks, bool is_dropped)
{
    watched *new = calloc(1, sizeof *new);
    if (new == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for a callback");
    *new = (watched){.future = {job},
                     .callback = tasks->callback,
                     .error_callback = tasks->error_callback,
                     .state = tasks->callback_state,
                     .is_dropped = is_dropped};
    mr__lock();
    mr_status status = start();
    if (status == MR_OK) {
        watched **end = &mr__ctx.callbacks->watched;
        while (*end != NULL)
            end = &(*end)->next;
        *end = new;
    } else {
        free(new);
    }
    mr__unlock();
    return status;
}

void mr__callbacks_look(void)
{
    mr__lock();
    mr__callbacks *callbacks = mr__ctx.callbacks;
    watched *all = callbacks != NULL ? callbacks->watched : NULL, **link = &all, *due = NULL, **end = &due;
    if (all != NULL)
        callbacks->watched = NULL;
    mr__unlock();
    if (all == NULL)
        return;
    while (*link != NULL) { /* objects are entered without the lock */
        watched *each = *link;
        if (!mr__job_is_over(each->future.mr__handle)) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        each->next = NULL;
        *end = each;
        end = &each->next;
    }
    mr__lock();
    *link = callbacks->watched; /* those that came meanwhile are later ones */
    callbacks->watched = all;
    for (link = &callbacks->due; *link != NULL;)
        link = &(*link)->next;
    *link = due;
    pthread_cond_signal(&callbacks->wake);
    mr__unlock();
}

void mr__callbacks_stop(void)
{
    mr__lock();
    mr__callbacks *callbacks = mr__ctx.callbacks;
    bool is_other = callbacks != NULL && callbacks->is_up && !pthread_equal(callbacks->thread, pthread_self());
    if (is_other) {
        callbacks->is_stopping = true;
        pthread_cond_signal(&callbacks->wake);
    }
    mr__unlock();
    if (!is_other)
        return;
    pthread_join(callbacks->thread, NULL);
    while (callbacks->watched != NULL) {
        watched *each = callbacks->watched;
        callbacks->watched = each->next;
        free(each);
    }
    mr__ctx.callbacks = NULL; /* a rank that serves again has others */
    pthread_cond_destroy(&callbacks->wake);
    free(callbacks);
}
