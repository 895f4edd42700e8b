/* Statuses, and the sentence of the last error. */
#include "base/status.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const mr_status all[] = {
#define NUMBER(name, text) MR_##name,
    MR_STATUS_MAP(NUMBER)
#undef NUMBER
};

enum { STATUSES = sizeof all / sizeof all[0], LONG = 5000 };

Test(status, every_one_has_its_name_and_text)
{
    static const struct {
        const char *name, *text;
    } expected[] = {
#define ROW(name, text) {"MR_" #name, text},
        MR_STATUS_MAP(ROW)
#undef ROW
    };
    for (int i = 0; i < STATUSES; i++) {
        cr_assert_eq((int)all[i], i);
        cr_assert_str_eq(mr_status_name(all[i]), expected[i].name);
        cr_assert_str_eq(mr_strerror(all[i]), expected[i].text);
    }
    cr_assert_eq(MR_OK, 0, "mr_finalize's result must be good for main to return");
}

Test(status, no_two_share_a_name_or_a_text)
{
    for (int i = 0; i < STATUSES; i++) {
        cr_assert_str_not_empty(mr_strerror(all[i]));
        for (int j = 0; j < i; j++) {
            cr_assert_str_neq(mr_status_name(all[i]), mr_status_name(all[j]));
            cr_assert_str_neq(mr_strerror(all[i]), mr_strerror(all[j]));
        }
    }
}

Test(status, numbers_out_of_range_are_unknown)
{
    static const int wrong[] = {-1, STATUSES, STATUSES + 1, 1000, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_str_eq(mr_strerror((mr_status)wrong[i]), "unknown status");
        cr_assert_str_eq(mr_status_name((mr_status)wrong[i]), "unknown status");
    }
}

Test(last_error, is_empty_at_first)
{
    cr_assert_eq(mr_last_status(), MR_OK);
    cr_assert_str_empty(mr_last_error());
}

Test(last_error, holds_status_and_sentence_of_the_last_failure)
{
    cr_assert_eq(mr__fail(MR_EINVAL, "First."), MR_EINVAL);
    cr_assert_eq(mr__fail(MR_ENOHOST, "There is no host '%s': choose one of %d.", "mars", 3), MR_ENOHOST);
    cr_assert_eq(mr_last_status(), MR_ENOHOST);
    cr_assert_str_eq(mr_last_error(), "There is no host 'mars': choose one of 3.");
}

Test(last_error, a_shorter_sentence_leaves_nothing_of_the_longer_one)
{
    mr__fail(MR_EDIED, "A rather long sentence about a process that died.");
    mr__fail(MR_EDIED, "Short.");
    cr_assert_str_eq(mr_last_error(), "Short.");
}

struct seen {
    mr_status before, after;
    char sentence_before[64], sentence_after[64];
};

static void *fail_elsewhere(void *argument)
{
    struct seen *seen = argument;
    seen->before = mr_last_status();
    strncpy(seen->sentence_before, mr_last_error(), sizeof seen->sentence_before - 1);
    mr__fail(MR_ETIMEDOUT, "The thread waited too long.");
    seen->after = mr_last_status();
    strncpy(seen->sentence_after, mr_last_error(), sizeof seen->sentence_after - 1);
    return NULL;
}

Test(last_error, is_each_threads_own)
{
    mr__fail(MR_EMPI, "The main thread failed.");
    struct seen seen = {.before = MR_ETASK};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);

    cr_assert_eq(seen.before, MR_OK);
    cr_assert_str_empty(seen.sentence_before);
    cr_assert_eq(seen.after, MR_ETIMEDOUT);
    cr_assert_str_eq(seen.sentence_after, "The thread waited too long.");
    cr_assert_eq(mr_last_status(), MR_EMPI);
    cr_assert_str_eq(mr_last_error(), "The main thread failed.");
}

static char *long_text(void)
{
    char *text = malloc(LONG + 1);
    cr_assert_not_null(text);
    for (int i = 0; i < LONG; i++)
        text[i] = (char)('a' + i % 26);
    text[LONG] = '\0';
    return text;
}

Test(last_error, long_sentences_are_cut_off)
{
    char *text = long_text();
    cr_assert_eq(mr__fail(MR_ETASK, "%s", text), MR_ETASK);
    size_t length = strlen(mr_last_error());
    cr_assert(length >= 500 && length < LONG, "%zu characters are left", length);
    cr_assert_eq(strncmp(mr_last_error(), text, length), 0, "what is left is not how it began");
    free(text);
}

Test(last_error, arguments_may_point_into_it)
{
    mr__fail(MR_EDIED, "worker 3 died");
    mr__fail(MR_ELAUNCH, "No rank could be started (%s), status %d.", mr_last_error(), (int)mr_last_status());
    char expected[128];
    snprintf(expected, sizeof expected, "No rank could be started (worker 3 died), status %d.", (int)MR_EDIED);
    cr_assert_str_eq(mr_last_error(), expected);

    mr__fail(MR_EDIED, "%s%s", mr_last_error() + 3, mr_last_error());
    cr_assert_eq(strncmp(mr_last_error(), "rank could", 10), 0);
    cr_assert_str_eq(mr_last_error() + strlen(expected) - 3, expected);
}

Test(last_error, grows_no_further_than_it_can)
{
    mr__fail(MR_EDIED, "x");
    for (int i = 0; i < 2000; i++)
        mr__fail(MR_EDIED, "<%s>", mr_last_error());
    cr_assert_lt(strlen(mr_last_error()), 2000u);
    cr_assert_eq(mr_last_error()[0], '<');
}

/* What mr__debug writes to standard error, up to size - 1 bytes. */
static void capture_debug(char *written, size_t size, const char *text)
{
    int ends[2], saved = dup(STDERR_FILENO);
    cr_assert(saved >= 0 && pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    mr__debug("%s", text);
    dup2(saved, STDERR_FILENO); /* closes the pipe's last writing end, so that read ends */
    close(saved);
    memset(written, 0, size);
    ssize_t got = read(ends[0], written, size - 1);
    close(ends[0]);
    cr_assert_geq(got, 0);
}

Test(debug, is_silent_unless_asked_for)
{
    char written[256];
    unsetenv("MULTIRANK_DEBUG");
    capture_debug(written, sizeof written, "hello");
    cr_assert_str_empty(written);
}

Test(debug, writes_one_line)
{
    char written[256], expected[64];
    setenv("MULTIRANK_DEBUG", "1", 1);
    capture_debug(written, sizeof written, "hello");
    snprintf(expected, sizeof expected, "multirank[%ld]: hello\n", (long)getpid());
    cr_assert_str_eq(written, expected);
}

Test(debug, long_lines_are_cut_off_but_end)
{
    char written[LONG + 100], *text = long_text();
    setenv("MULTIRANK_DEBUG", "1", 1);
    capture_debug(written, sizeof written, text);
    size_t length = strlen(written);
    cr_assert(length >= 500 && length < LONG, "%zu characters are left", length);
    cr_assert_eq(strchr(written, '\n'), written + length - 1, "not exactly one line");
    free(text);
}

Test(status, version)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", MR_VERSION_MAJOR, MR_VERSION_MINOR, MR_VERSION_PATCH);
    cr_assert_str_eq(text, MR_VERSION);
    cr_assert_eq(mr_version(), MR_VERSION_NUMBER);
    cr_assert_eq(MR_VERSION_NUMBER, MR_VERSION_MAJOR * 10000 + MR_VERSION_MINOR * 100 + MR_VERSION_PATCH);
}
