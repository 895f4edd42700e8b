/* Many more ranks than cores. */
#include "scenario.h"
#include "targets.h"

/* They come up one after the other, and those that wait for the others must leave them the cores: this once took
 * longer than main has patience. */
SCENARIO_LOCAL(many, come_up_at_once, .timeout = 120)
{
    enum { COUNT = 120 };
    static mr_process p[COUNT], *pointers[COUNT];
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_init(&p[i], returns, &i, sizeof i));
        pointers[i] = &p[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, COUNT)));
    for (int i = 0; i < COUNT; i++)
        CHECK_OR_STOP(end(&p[i], 60, i));
}
