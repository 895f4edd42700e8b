/* Patience: Open MPI waits by spinning, in MPI_Init too, where nothing can be set about it. When more ranks come
 * up than there are cores, those that wait take the cores from those that work, and each start costs twice the
 * time. So the two calls that every turn of such a wait makes, libevent's loop that finds nothing and sched_yield,
 * are taken over here: in a thread that has been made patient they sleep for a moment; everywhere else they do
 * what they always do. */
#include "patience.h"

#include "context.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NONBLOCK = 2 }; /* EVLOOP_NONBLOCK of libevent */

/* A moment is a small part of what has been waited already: hardly anything is lost by it, and a hundred ranks
 * that wait for a slow one do not keep the cores busy with waking up. */
static const double SHORTEST_MOMENT = 100e-6, LONGEST_MOMENT = 10e-3, PART = 1.0 / 64;

static _Thread_local bool is_patient;
static _Thread_local double patient_since;

void mr__patience(bool patient)
{
    is_patient = patient;
    patient_since = mr__now();
}

static void wait_a_moment(void)
{
    double moment = (mr__now() - patient_since) * PART;
    moment = moment < SHORTEST_MOMENT ? SHORTEST_MOMENT : moment > LONGEST_MOMENT ? LONGEST_MOMENT : moment;
    nanosleep(&(struct timespec){0, (long)(1e9 * moment)}, NULL);
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
