/* For people who debug: a process that waits until a debugger is attached. */
#ifndef MR__DEBUGGER_H
#define MR__DEBUGGER_H

/* Returns at once, unless the environment variable MULTIRANK_DEBUG_WAIT is a pattern (as of a shell) that this
 * name of the calling process matches. Then it tells on standard error how to attach a debugger, and returns as
 * soon as one is, or when nobody has come within MULTIRANK_DEBUG_SECONDS (300). */
void mr__debugger_wait(const char *name);

#endif
