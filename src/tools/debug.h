/* `multirank debug`: a program under gdb or valgrind. */
#ifndef MR__TOOLS_DEBUG_H
#define MR__TOOLS_DEBUG_H

/* What stands behind the word debug, ended by NULL. Becomes gdb or valgrind; returns an exit code only on failure.
 */
int mr__debug_program(char **arguments);

#endif
