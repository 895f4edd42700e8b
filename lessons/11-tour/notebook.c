/* Writing notes, reading them, and finding one's way in them. */
#include "notebook.h"
#include "tour.h"
#include <stdio.h>

int write_note(const mr_queue *notebook, const char *what, int number)
{
    struct note note = {.number = number};

    snprintf(note.who, sizeof note.who, "%s", mr_process_name(mr_current_process()));
    snprintf(note.what, sizeof note.what, "%s", what);
    return mr_queue_put(notebook, &note, sizeof note, LIMIT) == MR_OK ? 0 : complain();
}

struct notes read_notes(const mr_queue *notebook)
{
    struct notes notes = {.count = 0};

    while (notes.count < NOTES &&
           mr_queue_get(notebook, &notes.all[notes.count], sizeof notes.all[0], NULL, 0) == MR_OK)
        notes.count++;
    return notes;
}

int place(const struct notes *notes, const char *who, const char *what)
{
    for (int i = 0; i < notes->count; i++) {
        const struct note *note = &notes->all[i];
        if ((who == NULL || strcmp(note->who, who) == 0) && strcmp(note->what, what) == 0)
            return i + 1;
    }
    return 0;
}

int numbers_of(const struct notes *notes, const char *what, int numbers[NOTES])
{
    int count = 0;

    for (int i = 0; i < notes->count; i++) {
        if (strcmp(notes->all[i].what, what) == 0)
            numbers[count++] = notes->all[i].number;
    }
    return count;
}

int count_notes(const struct notes *notes, const char *what)
{
    int numbers[NOTES];
    return numbers_of(notes, what, numbers);
}

bool all_before(const struct notes *notes, const char *first, const char *then)
{
    const int begin = place(notes, NULL, then);

    for (int i = begin; begin > 0 && i < notes->count; i++) {
        if (strcmp(notes->all[i].what, first) == 0)
            return false;
    }
    return true;
}

const char *text_of(const struct notes *notes)
{
    static char text[NOTES * 80];
    size_t length = 0;

    text[0] = '\0';
    for (int i = 0; i < notes->count; i++) {
        const struct note *note = &notes->all[i];
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %s", i > 0 ? ", " : "", note->who,
                                   note->what);
        if (note->number != NO_NUMBER)
            length += (size_t)snprintf(text + length, sizeof text - length, " %d", note->number);
    }
    return text;
}

const char *listed(const int numbers[], int count)
{
    static char text[NOTES * 12];
    size_t length = 0;

    text[0] = '\0';
    for (int i = 0; i < count && i < NOTES; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%d", i > 0 ? " " : "", numbers[i]);
    return text;
}
