#include "nodes.h"

#include "check.h"
#include "notes.h"

#include <stdio.h>
#include <stdlib.h>

bool node_do(const char *verb, const char *node)
{
    char command[512];
    snprintf(command, sizeof command, "'" TEST_HOSTS "' %s %s >&2", verb, node);
    return CHECK_EQ(system(command), 0);
}

bool node_run(const char *node, const char *command)
{
    char whole[1024];
    snprintf(whole, sizeof whole, "cd / && '" TEST_HOSTS "' on %s sh -c '%s' >&2", node, command);
    return system(whole) == 0;
}

bool node_await(const char *node, const char *command, double seconds)
{
    double end = now() + seconds;
    while (!node_run(node, command)) {
        if (now() >= end)
            return false;
        rest(0.2);
    }
    return true;
}

void nodes_down(void)
{
    int status = system("'" TEST_HOSTS "' down >&2");
    CHECK_EQ(status, 0);
}
