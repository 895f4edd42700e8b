#include "pool/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30 };
/* Where it is no terminal: seconds until the first line; each pause after it is twice as long, up to the longest.
 */
static const double FIRST_LINE = 1, LONGEST_PAUSE = 60;

static uint64_t tasks_done(const mr__pool *pool)
{
    uint64_t done = 0;
    for (uint32_t i = 0; i < pool->size; i++)
        done += mr__pool_body_of(pool)->workers[i].tasks;
    return done;
}

/* "3 s", "4 min 10 s", "2 h 5 min" */
static const char *duration(double seconds, char text[32])
{
    long whole = (long)(seconds + 0.5);
    if (whole < 60)
        snprintf(text, 32, "%ld s", whole);
    else if (whole < 3600)
        snprintf(text, 32, "%ld min %ld s", whole / 60, whole % 60);
    else
        snprintf(text, 32, "%ld h %ld min", whole / 3600, whole / 60 % 60);
    return text;
}

static void write_line(uint64_t done, uint64_t given, double seconds, bool is_last)
{
    char bar[BAR + 1] = "", took[32], left[32], line[200];
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    double rate = seconds > 0 ? (double)done / seconds : 0, to_do = (double)(given - done);
    int full = given == 0 ? BAR : (int)(BAR * done / given);
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)full);
    int length = snprintf(line, sizeof line, "%s[%s] %llu of %llu tasks, %.0f/s", is_terminal ? "\r" : "", bar,
                          (unsigned long long)done, (unsigned long long)given, rate);
    size_t used = (size_t)length;
    if (is_last)
        snprintf(line + used, sizeof line - used, ", %s in all", duration(seconds, took));
    else if (rate > 0)
        snprintf(line + used, sizeof line - used, ", %s left", duration(to_do / rate, left));
    fprintf(stderr, "%s%s%s", line, is_terminal ? "\033[K" : "", is_last || !is_terminal ? "\n" : "");
    fflush(stderr);
}

void mr__progress_show(mr__own_pool *own, double now)
{
    const mr__pool *pool = (const mr__pool *)mr__slot_of(own->handle.mr__handle);
    bool is_at_work = pool->unfinished > 0 && pool->state <= MR__POOL_CLOSED;
    uint64_t given = pool->given - own->progress.given, done = tasks_done(pool) - own->progress.done;
    if (!is_at_work && own->progress.since <= 0 && given == 0)
        return;
    if (own->progress.since <= 0) {
        own->progress.since = own->progress.shown_at = now;
        own->progress.pause = FIRST_LINE;
    }
    if (done > given)
        done = given; /* some were run twice */
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    if (is_at_work && !is_terminal && now - own->progress.shown_at < own->progress.pause)
        return;
    if (is_at_work && !is_terminal)
        own->progress.pause = 2 * own->progress.pause < LONGEST_PAUSE ? 2 * own->progress.pause : LONGEST_PAUSE;
    own->progress.shown_at = now;
    write_line(done, given, now - own->progress.since, !is_at_work);
    if (is_at_work)
        return;
    own->progress.since = 0;
    own->progress.given = pool->given;
    own->progress.done = tasks_done(pool);
}
