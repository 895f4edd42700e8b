#include "pool/pool_threads.h"

#include "base/context.h"

#include <stdio.h>
#include <stdlib.h>

mr__pool_thread *mr__pool_threads_make(uint32_t size)
{
    mr__pool_thread *threads = calloc(size, sizeof *threads);
    sigset_t signals;
    pthread_sigmask(SIG_SETMASK, NULL, &signals);
    for (uint32_t i = 0; i < size && threads != NULL; i++)
        threads[i].signals = signals;
    return threads;
}

static void *run(void *given)
{
    mr__pool_thread *self = given;
    pthread_sigmask(SIG_SETMASK, &self->signals, NULL); /* what a task starts inherits it */
    mr__work_as_thread(&self->args);
    return NULL;
}

mr_status mr__pool_thread_start(mr__own_pool *own, uint32_t place)
{
    char name[16];
    mr__pool_thread *self = &own->threads[place];
    self->args = (mr__worker_args){.pool = own->handle.mr__handle, .place = place};
    snprintf(name, sizeof name, "mr-worker-%u", (place + 1) % 10000);
    return mr__thread_start_with(&self->thread, name, run, self);
}

void mr__pool_thread_join(mr__own_pool *own, uint32_t place)
{
    pthread_join(own->threads[place].thread, NULL);
}
