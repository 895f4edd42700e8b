/* Other programs, run to their end for what they print. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* Runs a command (argv ends with NULL) and puts what it prints into text, as a string. false if it fails, takes
 * too long or prints more than fits; the command itself, or a sentence of ours, has told why on standard error. */
bool command_run(const char *const argv[], char *text, size_t size);

/* From here on SIGINT, SIGTERM and SIGHUP end the command that runs, not this program. */
void command_catch_signals(void);

/* The signal that has come, 0 if none has. */
int command_signal(void);

#endif
