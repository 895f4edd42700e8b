#include "base/debugger.h"

#include "base/context.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const double DEFAULT_SECONDS = 300;
static const struct timespec BETWEEN_LOOKS = {0, 50000000};

static bool is_traced(void)
{
    char line[256];
    long tracer = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL &&
           sscanf(line, "TracerPid: %ld", &tracer) != 1)
        continue;
    if (status != NULL)
        fclose(status);
    return tracer != 0;
}

static double patience(void)
{
    const char *text = getenv("MULTIRANK_DEBUG_SECONDS");
    char *end;
    double seconds = text == NULL ? DEFAULT_SECONDS : strtod(text, &end);
    if (text == NULL || (end != text && *end == '\0' && seconds >= 0))
        return seconds;
    dprintf(STDERR_FILENO,
            "multirank: MULTIRANK_DEBUG_SECONDS is \"%s\", but must be a number of seconds; %.0f are taken\n",
            text, DEFAULT_SECONDS);
    return DEFAULT_SECONDS;
}

void mr__debugger_wait(const char *name)
{
    const char *pattern = getenv("MULTIRANK_DEBUG_WAIT");
    if (pattern == NULL || *name == '\0' || fnmatch(pattern, name, 0) != 0)
        return;
    long pid = (long)getpid();
    double seconds = patience(), deadline = mr__now() + seconds;
#ifdef PR_SET_PTRACER
    /* or, with ptrace_scope 1, only its parents may attach. Not taken back: Open MPI may have asked for the same.
     */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
#endif
    if (!is_traced())
        dprintf(STDERR_FILENO, "multirank: %s waits %.0f s for a debugger; on %s: gdb -p %ld\n", name, seconds,
                mr__ctx.host, pid);
    bool has_come;
    while (!(has_come = is_traced()) && mr__now() < deadline)
        nanosleep(&BETWEEN_LOOKS, NULL);
    if (!has_come)
        dprintf(STDERR_FILENO, "multirank: no debugger has come for %s; it goes on\n", name);
}
