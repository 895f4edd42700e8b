#include "scenario.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct scenario *scenarios;
static enum launch launched;

void scenario_register(struct scenario *scenario)
{
    scenario->next = scenarios;
    scenarios = scenario;
}

static const struct scenario *find(const char *full_name)
{
    for (const struct scenario *each = scenarios; each != NULL; each = each->next) {
        size_t suite = strlen(each->suite);
        if (strncmp(full_name, each->suite, suite) == 0 && full_name[suite] == '.' &&
            strcmp(full_name + suite + 1, each->name) == 0)
            return each;
    }
    return NULL;
}

void scenario_ready(void)
{
    note("ready", "%d %d", (int)getpid(), (int)getppid());
}

enum launch scenario_launch(void)
{
    return launched;
}

/* The body of a scenario, as a process. */
static int runs_body(const void *name, size_t size)
{
    static const char *const homes[] = {
        [LAUNCH_hostsFar] = "node1", [LAUNCH_hostsOwn] = "node2", [LAUNCH_hostsThird] = "node3"};
    const char *body = name;
    CHECK(size > 1);
    launched = (enum launch)(body[0] - '0');
    CHECK_OR_STOP(CHECK_OK(mr_set_home(homes[launched])));
    find(body + 1)->body();
    return check_failed() ? CHECK_EXIT_CHILD : 0;
}

static void run_far(const char *name)
{
    mr_process far;
    char order[256];
    int length = snprintf(order, sizeof order, "%d%s", (int)launched, name);
    CHECK_OR_STOP(CHECK(length > 1 && length < (int)sizeof order && launched < 10));
    CHECK_OK(mr_process_init(&far, runs_body, order, (size_t)length + 1));
    CHECK_OK(mr_process_set_host(&far, "node2"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&far)));
    CHECK_OK(mr_process_join(&far, MR_FOREVER));
    CHECK_EQ(mr_process_exitcode(&far), 0);
}

static int run_body(const struct scenario *scenario, int argc, char **argv)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    if (launched >= LAUNCH_hostsFar)
        run_far(argv[2]);
    else
        scenario->body();
    CHECK_OK(mr_finalize());
    return 0;
}

int scenario_main(int argc, char **argv)
{
    const struct scenario *scenario = argc == 5 ? find(argv[2]) : NULL;
    if (scenario == NULL) {
        fprintf(stderr, "usage: %s --scenario SUITE.NAME LAUNCH FOLDER\n", argv[0]);
        return 2;
    }
    launched = (enum launch)atoi(argv[3]);
    notes_open(argv[4]);
    int code = scenario->program != NULL ? scenario->program(argc, argv) : run_body(scenario, argc, argv);
    return check_failed() ? CHECK_EXIT_MAIN : code;
}
