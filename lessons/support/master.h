/* An exercise's master file: what is handed out, the solution, and wrong answers that are easily given, in one
 * text, so that they cannot drift apart. README.md tells how one is written. */
#ifndef LESSON_MASTER_H
#define LESSON_MASTER_H

#include <stdbool.h>
#include <stdio.h>

/* What to make of a master. */
struct master_part {
    const char *name;     /* "exercise", "solution", or a mutant's name */
    const char *language; /* of the comments: "en" or "es" */
    unsigned long seed;   /* of the numbers and words that differ from learner to learner; 0: as in the master */
};

/* Writes a part of the master to `out`. False, with a sentence in `error`, if the master is not well formed, or
 * has no such part. */
bool master_write(const char *path, const struct master_part *part, FILE *out, char *error, size_t size);

/* The text of a line "//@KEY LANGUAGE: TEXT" (or "//@KEY: TEXT", for language NULL) of a master, the index-th of
 * this kind from 0; the caller frees it. NULL: there is none. Keys: title, hint, fails. */
char *master_fact(const char *path, const char *key, const char *language, int index);

/* The name of the index-th mutant, and in `words` (if not NULL) what the check has to say of it; the caller frees
 * both. NULL: there is none. */
char *master_mutant(const char *path, int index, char **words);

#endif
