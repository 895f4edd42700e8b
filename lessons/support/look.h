/* What is being said of a run. */
#ifndef LESSON_LOOK_H
#define LESSON_LOOK_H

#include "lesson.h"

void look_begin(bool is_hung);

/* Prints something that is not as it should be, and counts it. */
void complain(const char *text);

int look_failures(void);

/* All of them, as they were printed. */
const char *look_complaints(void);

#endif
