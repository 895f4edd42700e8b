/* main() of every test executable: Criterion's, or a scenario's. Exit codes: 0 passed, 1 failed, 2 no such test,
 * 77 skipped. */
#include "scenario.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <criterion/options.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_NO_TEST = 2, EXIT_SKIPPED = 77 };

static int tests_run, tests_skipped;

ReportHook(POST_FINI)(struct criterion_test_stats *stats)
{
    if (stats->test_status == CR_STATUS_SKIPPED) {
        tests_skipped++;
        printf("skipped: %s\n", stats->message == NULL ? "for no reason given" : stats->message);
    } else
        tests_run++;
}

static int run_tests(struct criterion_test_set *tests)
{
    if (!criterion_run_all_tests(tests))
        return 1;
    if (tests_run > 0)
        return 0;
    if (tests_skipped > 0)
        return EXIT_SKIPPED;
    fprintf(stderr, "no test matches the filter\n");
    return EXIT_NO_TEST;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--scenario") == 0)
        return scenario_main(argc, argv);
    struct criterion_test_set *tests = criterion_initialize();
    criterion_options.jobs = 1;
    criterion_options.short_filename = true;
    int code = criterion_handle_args(argc, argv, true) ? run_tests(tests) : 0;
    criterion_finalize(tests);
    return code;
}
