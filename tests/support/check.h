/* Checks. They print what they saw and go on; the scenario then fails in the end. They work alike in the main
 * process of a scenario, in the processes that it starts (which end with CHECK_EXIT_CHILD at once) and in the
 * runner. Each gives true if all was well. */
#ifndef CHECK_H
#define CHECK_H

#include <multirank.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    CHECK_EXIT_MAIN = 98, /* what a scenario's main process ends with when a check has failed */
    CHECK_EXIT_CHILD = 99 /* the same for a process that it started */
};

#define CHECK(condition) check_true(CHECK_HERE("CHECK(" #condition ")"), (condition))

/* Integers; both are shown. */
#define CHECK_EQ(got, wanted) \
    check_integers(CHECK_HERE("CHECK_EQ(" #got ", " #wanted ")"), (intmax_t)(got), (intmax_t)(wanted))

/* Seconds and other measures: got <= limit, got >= limit. */
#define CHECK_AT_MOST(got, limit) \
    check_range(CHECK_HERE("CHECK_AT_MOST(" #got ", " #limit ")"), -1e300, (got), (limit))
#define CHECK_AT_LEAST(got, limit) \
    check_range(CHECK_HERE("CHECK_AT_LEAST(" #got ", " #limit ")"), (limit), (got), 1e300)

/* Strings; NULL is a value of its own. */
#define CHECK_TEXT(got, wanted) check_texts(CHECK_HERE("CHECK_TEXT(" #got ", " #wanted ")"), (got), (wanted))

/* A call that must succeed. */
#define CHECK_OK(call) check_status(CHECK_HERE("CHECK_OK(" #call ")"), (call), MR_OK)

/* A call that must fail with this status, and with a sentence about it. */
#define CHECK_STATUS(call, status) \
    check_status(CHECK_HERE("CHECK_STATUS(" #call ", " #status ")"), (call), (status))

/* A call that gives a value and must fail: the condition on the value, then the status and sentence that it left.
 */
#define CHECK_REFUSED(condition, status) \
    (check_forget_error(status),         \
     check_refused(CHECK_HERE("CHECK_REFUSED(" #condition ", " #status ")"), (condition), (status)))

/* Any of them, where going on makes no sense: CHECK_OR_STOP(CHECK_OK(...)). Ends the process. */
#define CHECK_OR_STOP(check) ((check) ? (void)0 : check_stop())

/* Whether a check has failed in this process. */
bool check_failed(void);

/* Ends this process; main does not wait for those that it has started. */
void check_stop(void);

/* What this process must end with when a check has failed in it. */
int check_exit_code(void);

/* What the macros call. */
typedef struct check_place {
    const char *file;
    int line;
    const char *text;
} check_place;
#define CHECK_HERE(text) ((check_place){__FILE__, __LINE__, text})
bool check_true(check_place place, bool condition);
bool check_integers(check_place place, intmax_t got, intmax_t wanted);
bool check_range(check_place place, double low, double got, double high);
bool check_texts(check_place place, const char *got, const char *wanted);
bool check_status(check_place place, mr_status got, mr_status wanted);
bool check_refused(check_place place, bool condition, mr_status wanted);
void check_forget_error(mr_status status);

#endif
