/* Who waits for whom in a program that does not end. */
#ifndef LESSON_HANG_H
#define LESSON_HANG_H

#include "run.h"

/* A text of some lines, each indented. */
const char *explain_hang(const struct running *running);

#endif
