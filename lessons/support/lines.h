/* Texts that live until the check ends. */
#ifndef LESSON_LINES_H
#define LESSON_LINES_H

#include "lesson.h"

/* Remembers memory to free at the end; aborts if it is NULL. */
void *keep(void *memory);
void keep_nothing(void);

/* The text in the learner's language; the text itself where there is no translation. */
const char *translated(const char *text) __attribute__((format_arg(1)));

/* Says which language that is ("es"; NULL: the locale's), and finds the translations. */
void choose_language(const char *language);

/* The folder that this program is in. */
const char *own_folder(void);

/* The same words in alphabetical order. */
const char *sorted(const char *words);

#endif
