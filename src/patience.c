/* Patience: Open MPI waits by spinning, in MPI_Init too, where nothing can be set about it. When more ranks come
 * up than there are cores, those that wait take the cores from those that work, and each start costs twice the
 * time. So the two calls that every turn of such a wait makes, libevent's loop that finds nothing and sched_yield,
 * are taken over here: in a thread that has been made patient they sleep for a moment; everywhere else they do
 * what they always do. */
#include "patience.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NONBLOCK = 2, MOMENT_NS = 100000 }; /* EVLOOP_NONBLOCK of libevent */

static _Thread_local bool is_patient;

void mr__patience(bool patient)
{
    is_patient = patient;
}

static void wait_a_moment(void)
{
    nanosleep(&(struct timespec){0, MOMENT_NS}, NULL);
}

typedef int (*loop_function)(void *base, int flags);

__attribute__((visibility("default"))) int event_base_loop(void *base, int flags);
__attribute__((visibility("default"))) int sched_yield(void);

int event_base_loop(void *base, int flags)
{
    static loop_function original;
    loop_function loop = __atomic_load_n(&original, __ATOMIC_RELAXED);
    if (loop == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "event_base_loop");
        memcpy(&loop, &symbol, sizeof loop);
        __atomic_store_n(&original, loop, __ATOMIC_RELAXED);
    }
    if (loop == NULL)
        return -1;
    int result = loop(base, flags);
    if (is_patient && (flags & NONBLOCK) != 0)
        wait_a_moment();
    return result;
}

int sched_yield(void)
{
    if (is_patient)
        wait_a_moment();
    else
        syscall(SYS_sched_yield);
    return 0;
}
