/* Notes: small files in the run's own folder, by which the processes of a scenario and the runner tell each other
 * what happened. Every rank knows the folder from its command line, on whatever host it is. */
#ifndef NOTES_H
#define NOTES_H

#include <stdbool.h>
#include <stddef.h>

/* Where the notes are kept from now on. */
void notes_open(const char *folder);
const char *notes_folder(void);

/* The path of a file in the folder. Valid until the thread's next call. */
const char *note_path(const char *name);

/* Adds one line to a note. Lines that several processes write at the same time do not mix. */
void note(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a note says so far; "" if there is none. The caller frees it. */
char *noted(const char *name);

/* The n-th line (from 0) of a note as a number; NAN if there is no such line. */
double noted_number(const char *name, int line);

/* How many lines a note has so far. */
int noted_lines(const char *name);

/* Waits until a note has so many lines; false if it still has not after so many seconds. */
bool await_lines(const char *name, int lines, double seconds);

/* Seconds of the host's monotonic clock. All processes of a host agree on it. */
double now(void);

/* Sleeps that long, signals or not. */
void rest(double seconds);

#endif
