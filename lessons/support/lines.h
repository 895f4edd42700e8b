/* Texts that live until the check ends. */
#ifndef LESSON_LINES_H
#define LESSON_LINES_H

#include "lesson.h"

/* Remembers memory to free at the end; aborts if it is NULL. */
void *keep(void *memory);
void keep_nothing(void);

/* The same words in alphabetical order. */
const char *sorted(const char *words);

#endif
