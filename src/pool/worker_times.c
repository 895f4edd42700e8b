#include "pool/worker_times.h"

#include "base/context.h"
#include "object/seat.h"

enum { MOST_LOOKS = 1000 }; /* a worker that was killed in a change never comes to the end of it */

/* Changes are made by one at a time, and counted before and after, so that a reader sees all of one or none: he
 * takes no lock, and neither do they. The count is odd meanwhile. */
static void begin(mr__worker *worker)
{
    worker->times.changes = (worker->times.changes + 1) | 1;
}

static void end(mr__worker *worker)
{
    worker->times.changes++;
}

/* The present interval goes to where it belongs. */
static void settle(mr__worker *worker, double now)
{
    mr__times *times = &worker->times;
    double spent = now > times->since ? now - times->since : 0;
    switch ((mr__activity)times->activity) {
    case MR__STARTING:
        times->starting = times->starting + spent;
        break;
    case MR__WAITING:
        times->waiting = times->waiting + spent;
        break;
    case MR__WORKING:
        times->working = times->working + spent;
        break;
    default:
        break;
    }
    times->since = now;
}

static void change_to(mr__worker *worker, mr__activity activity)
{
    double now = mr__now();
    begin(worker);
    settle(worker, now);
    worker->times.activity = (uint32_t)activity;
    end(worker);
}

void mr__times_start(mr__worker *worker)
{
    change_to(worker, MR__STARTING);
}

void mr__times_note(mr__worker *worker, bool is_working)
{
    change_to(worker, is_working ? MR__WORKING : MR__WAITING);
}

void mr__times_end(mr__worker *worker)
{
    change_to(worker, MR__NOT_THERE);
}

void mr__times_read(const mr__worker *worker, double *starting, double *waiting, double *working)
{
    mr__worker copy;
    for (int i = 0; i < MOST_LOOKS; i++) {
        uint32_t before = worker->times.changes;
        copy.times.activity = worker->times.activity;
        copy.times.since = worker->times.since;
        copy.times.starting = worker->times.starting;
        copy.times.waiting = worker->times.waiting;
        copy.times.working = worker->times.working;
        if (before % 2 == 0 && worker->times.changes == before)
            break;
        mr__relax();
    }
    settle(&copy, mr__now());
    *starting = copy.times.starting;
    *waiting = copy.times.waiting;
    *working = copy.times.working;
}
