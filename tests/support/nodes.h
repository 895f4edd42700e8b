/* What the runner does to the simulated hosts, from its interfere and examine functions; and a look at them. */
#ifndef NODES_H
#define NODES_H

#include <stdbool.h>

/* cluster/hosts VERB NODE; false, and a failed check, if that does not work. */
bool node_do(const char *verb, const char *node);

/* Runs a shell's command on a host; true if it ends with 0. */
bool node_run(const char *node, const char *command);

/* The same again and again, until it does or so many seconds are over. */
bool node_await(const char *node, const char *command, double seconds);

/* Ends the hosts, where one is switched off; the next test brings up new ones. */
void nodes_down(void);

#endif
