/* What a run leaves behind: files in /dev/shm, System V segments, files in its folder for temporary files. */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdbool.h>
#include <stdio.h>

typedef struct leftovers_before leftovers_before;

/* Remembers what is there before the run, on the simulated hosts too if asked to. The caller frees it. */
leftovers_before *leftovers_remember(bool on_hosts);
void leftovers_free(leftovers_before *before);

/* How many things are there now that were not before the run, and that no living process uses (others may be at
 * work on this machine). Each is named on the file, if that is not NULL. */
int leftovers_count(const leftovers_before *before, const char *temporary_folder, FILE *file);

#endif
