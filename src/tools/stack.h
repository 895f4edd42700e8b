/* `multirank stack`: who waits for whom in a running program, once. */
#ifndef MR__TOOLS_STACK_H
#define MR__TOOLS_STACK_H

#include "tools/picture.h"

/* What stands behind the word stack, ended by NULL. Returns an exit code. */
int mr__stack(char **arguments);

void mr__stack_print(FILE *out, const mr__program *program, const mr__picture *picture);

#endif
