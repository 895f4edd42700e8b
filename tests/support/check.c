#include "check.h"

#include "notes.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_bool failed;

bool check_failed(void)
{
    return failed;
}

int check_exit_code(void)
{
    return mr_parent_process() != NULL ? CHECK_EXIT_CHILD : CHECK_EXIT_MAIN;
}

void check_stop(void)
{
    if (mr_parent_process() != NULL)
        exit(CHECK_EXIT_CHILD);
    fflush(NULL);
    _exit(CHECK_EXIT_MAIN);
}

/* Says what was seen, on standard error and in the note that the runner reads whatever becomes of this process. */
static bool __attribute__((format(printf, 2, 3))) fail(check_place place, const char *format, ...)
{
    char seen[1024], sentence[1024], report[4096];
    snprintf(sentence, sizeof sentence, "%s", mr_last_error());
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(seen, sizeof seen, format, arguments);
    va_end(arguments);
    const mr_process *self = mr_current_process();
    const char *name = self == NULL ? NULL : mr_process_name(self);
    int length = snprintf(
        report, sizeof report, "%s:%d: %s failed\n    seen: %s\n    last error: \"%s\"\n    in: %s, pid %d\n",
        place.file, place.line, place.text, seen, sentence, name == NULL ? "(no process)" : name, (int)getpid());
    ssize_t written = write(STDERR_FILENO, report, strnlen(report, (size_t)length));
    (void)written;
    note("failures", "%s", report);
    failed = true;
    if (mr_parent_process() != NULL)
        exit(CHECK_EXIT_CHILD);
    return false;
}

bool check_true(check_place place, bool condition)
{
    return condition || fail(place, "false");
}

bool check_integers(check_place place, intmax_t got, intmax_t wanted)
{
    return got == wanted || fail(place, "%jd, wanted: %jd", got, wanted);
}

bool check_range(check_place place, double low, double got, double high)
{
    return (got >= low && got <= high) || fail(place, "%g, limit: %g", got, high < 1e300 ? high : low);
}

bool check_texts(check_place place, const char *got, const char *wanted)
{
    if (got == NULL || wanted == NULL)
        return got == wanted || fail(place, "%s, wanted: %s", got ? got : "NULL", wanted ? wanted : "NULL");
    return strcmp(got, wanted) == 0 || fail(place, "\"%s\", wanted: \"%s\"", got, wanted);
}

/* A failure must leave its status and a sentence; a sentence has more than one word. */
static bool left_behind(check_place place, mr_status wanted)
{
    if (mr_last_status() != wanted)
        return fail(place, "mr_last_status() is %s, wanted: %s", mr_status_name(mr_last_status()),
                    mr_status_name(wanted));
    return strchr(mr_last_error(), ' ') != NULL || fail(place, "mr_last_error() is no sentence");
}

bool check_status(check_place place, mr_status got, mr_status wanted)
{
    if (got != wanted)
        return fail(place, "%s, wanted: %s", mr_status_name(got), mr_status_name(wanted));
    return got == MR_OK || left_behind(place, wanted);
}

bool check_refused(check_place place, bool condition, mr_status wanted)
{
    return condition ? left_behind(place, wanted) : fail(place, "false");
}

/* Makes another call fail first, with another status, so that what the call in question leaves is its own. */
void check_forget_error(mr_status status)
{
    if (status == MR_EINVAL)
        mr_init(NULL, NULL); /* not a second time */
    else
        mr_process_init(NULL, NULL, NULL, 0);
}
