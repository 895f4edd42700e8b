/* Last words: what a rank writes while it comes up is held back, and passed on once it is up. If it dies before,
 * its supervisor tells main of it, so that the sentence about it can say why. */
#ifndef MR_LAST_WORDS_H
#define MR_LAST_WORDS_H

#include "launch/launch.h"

enum { MR__WORDS_SIZE = 600 };

/* Makes launch->words, before the supervisor forks. */
void mr__words_open(mr__launch *launch);

/* From here on what this process writes to standard output and error is held back. */
void mr__words_hold(const mr__launch *launch, int held[2]);

/* Ends that, and passes on what was held back. */
void mr__words_release(mr__launch *launch, const int held[2]);

/* Adds a line to what the supervisor will tell. */
void mr__words_add(const mr__launch *launch, const char *line);

/* From the supervisor of a rank that has ended before it was up: tells main how, and what it wrote. */
void mr__words_tell(const mr__launch *launch, int code);

#endif
