/* The notebook of a stop: its processes write down what they do, and main reads it afterwards.
 *
 * It is a queue, so the notes stand in the order in which they were written, whoever wrote them, on whatever
 * computer. That is why the tour judges by orders and not by times: on a busy computer a time can be anything. */
#ifndef NOTEBOOK_H
#define NOTEBOOK_H

#include <multirank.h>

enum { NOTE_NAME = 32, NOTES = 64 };
enum { NO_NUMBER = INT_MIN };

struct note {
    char who[NOTE_NAME]; /* the name of the process that wrote it */
    char what[NOTE_NAME];
    int number; /* or NO_NUMBER */
};

struct notes {
    int count;
    struct note all[NOTES];
};

/* Writes a note in the name of the process that calls. Returns its exit code: 0, or 1 if that could not be done.
 */
int write_note(const mr_queue *notebook, const char *what, int number);

/* Takes out all notes that are there, the first NOTES at most. */
struct notes read_notes(const mr_queue *notebook);

/* How many notes say this. */
int count_notes(const struct notes *notes, const char *what);

/* The place of the first note of that process that says this, counted from 1; 0: there is none. who may be NULL:
 * whoever it was. */
int place(const struct notes *notes, const char *who, const char *what);

/* The numbers of those that say this, in order; returns how many there are. */
int numbers_of(const struct notes *notes, const char *what, int numbers[NOTES]);

/* Whether all that say first stand before all that say then. */
bool all_before(const struct notes *notes, const char *first, const char *then);

/* The notes as a text, in order: "Process-1 start, Process-2 put 7". Valid until the next call. */
const char *text_of(const struct notes *notes);

/* Numbers as a text: "3 1 4". Valid until the next call. */
const char *listed(const int numbers[], int count);

#endif
