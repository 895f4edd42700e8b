/* `multirank top`: the processes of a running program, again and again on a terminal, else once. */
#ifndef MR__TOOLS_TOP_H
#define MR__TOOLS_TOP_H

#include "tools/picture.h"

/* What stands behind the word top, ended by NULL. Returns an exit code. */
int mr__top(char **arguments);

/* Writes at most so many lines of at most so many columns (0: as many as there are). */
void mr__top_print(FILE *out, const mr__program *program, const mr__picture *picture, size_t lines,
                   size_t columns);

#endif
