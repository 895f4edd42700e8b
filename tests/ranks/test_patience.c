/* Who waits inside Open MPI sleeps, and nobody else: the program keeps its own libevent and sched_yield. */
#include "base/patience.h"
#include "scenario.h"
#include "targets.h"

#include <dlfcn.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

enum { TURNS = 100, SLEEPS = 10 }; /* not each turn of Open MPI's looks at its events */

typedef int (*turn)(void);

/* How often this thread slept while it took so many turns: who only yields does not. */
static long sleeps_in(turn take)
{
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    for (int i = 0; i < TURNS; i++)
        take();
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_nvcsw - before.ru_nvcsw;
}

static bool is_of(const char *function, const char *library)
{
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, function);
    return address != NULL && dladdr(address, &info) != 0 && strstr(info.dli_fname, library) != NULL;
}

static int waits_as_it_should(const void *args, size_t size)
{
    (void)args, (void)size;
    turn progress;
    void *symbol = dlsym(RTLD_DEFAULT, "opal_progress");
    memcpy(&progress, &symbol, sizeof progress);
    CHECK(progress != NULL);
    mr__patience(true);
    CHECK(sleeps_in(progress) >= SLEEPS);
    CHECK(sleeps_in(sched_yield) < SLEEPS);
    mr__patience(false);
    CHECK(sleeps_in(progress) < SLEEPS);
    CHECK(is_of("event_base_loop", "/libevent"));
    CHECK(is_of("sched_yield", "/libc.so"));
    return 0;
}

SCENARIO_LOCAL(patience, sleeps_in_open_mpi_only)
{
    mr_process p;
    CHECK(begin(&p, waits_as_it_should, NULL, 0));
    CHECK(end(&p, 30, 0));
}
