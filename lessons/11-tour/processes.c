/* Stops 1, 2 and 5: what processes are given: arguments, a name, members of a class. */
#include "notebook.h"
#include "tour.h"
#include <stdio.h>

/* ---- 1, functions ------------------------------------------------------------------------------------------- */

enum { FUNCTIONS = 5 };

struct call {
    mr_queue notebook;
    int index;
};

static int tell_index(const void *args, size_t size)
{
    const struct call *call = args;
    (void)size;

    return write_note(&call->notebook, "index", call->index);
}

/* Whether the numbers are 0, 1, ..., count - 1, in whatever order. */
static bool each_once(const int numbers[], int count)
{
    for (int wanted = 0; wanted < count; wanted++) {
        int times = 0;
        for (int i = 0; i < count; i++)
            times += numbers[i] == wanted;
        if (times != 1)
            return false;
    }
    return true;
}

bool see_functions(const mr_queue *notebook)
{
    mr_process processes[FUNCTIONS];
    int indexes[NOTES], ranks[FUNCTIONS];
    bool seen = true;

    for (int i = 0; i < FUNCTIONS; i++) {
        const struct call call = {*notebook, i};
        if (mr_process_init(&processes[i], tell_index, &call, sizeof call) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
        ranks[i] = mr_process_rank(&processes[i]);
    }
    for (int i = 0; i < FUNCTIONS; i++)
        seen &= ended_well(&processes[i]);

    const struct notes notes = read_notes(notebook);
    const int count = numbers_of(&notes, "index", indexes);
    seen &= look(count == FUNCTIONS && each_once(indexes, count), "each index once, in any order: %s",
                 listed(indexes, count));

    bool differ = count_different(ranks, FUNCTIONS) == FUNCTIONS;
    for (int i = 0; i < FUNCTIONS; i++)
        differ &= ranks[i] > 0; /* 0 is main */
    return seen &
           look(differ, "each in a process of its own, which is not main: ranks %s", listed(ranks, FUNCTIONS));
}

/* ---- 2, names ----------------------------------------------------------------------------------------------- */

enum { NAMED = 3 };

struct meeting {
    mr_queue notebook;
    mr_barrier all_here; /* so that nobody's time is up before the last one has begun, however slow that is */
};

static int start_and_end(const void *args, size_t size)
{
    const struct meeting *meeting = args;
    (void)size;

    if (write_note(&meeting->notebook, "start", NO_NUMBER) != 0)
        return 1;
    if (mr_barrier_wait(&meeting->all_here, NULL, LIMIT) != MR_OK)
        return complain();
    nap(0.2);
    return write_note(&meeting->notebook, "end", NO_NUMBER);
}

/* The number in a name such as Process-7; 0 if there is none. */
static int number_in(const char *name, const char *prefix)
{
    const size_t length = strlen(prefix);
    int number = 0, end = 0;

    if (strncmp(name, prefix, length) != 0 || sscanf(name + length, "%d%n", &number, &end) != 1 ||
        name[length + (size_t)end] != '\0')
        return 0;
    return number;
}

bool see_names(const mr_queue *notebook)
{
    struct meeting meeting = {.notebook = *notebook};
    mr_process processes[NAMED];
    char names[NAMED][NOTE_NAME];
    bool seen = true;

    if (mr_barrier_init(&meeting.all_here, NAMED, NULL, MR_FOREVER) != MR_OK)
        return failed();
    for (int i = 0; i < NAMED; i++) {
        if (mr_process_init(&processes[i], start_and_end, &meeting, sizeof meeting) != MR_OK)
            return failed();
    }
    mr_process_set_name(&processes[1], "courier");
    for (int i = 0; i < NAMED; i++) {
        snprintf(names[i], sizeof names[i], "%s", mr_process_name(&processes[i]));
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < NAMED; i++)
        seen &= ended_well(&processes[i]);

    const int first = number_in(names[0], "Process-"), third = number_in(names[2], "Process-");
    seen &= look(first > 0 && strcmp(names[1], "courier") == 0 && third == first + 2,
                 "numbered by creation, the second one called by us: %s, %s, %s", names[0], names[1], names[2]);

    const struct notes notes = read_notes(notebook);
    bool knows = notes.count == 2 * NAMED;
    for (int i = 0; i < NAMED; i++)
        knows &= place(&notes, names[i], "start") > 0 && place(&notes, names[i], "end") > 0;
    seen &= look(knows, "each reports its start and its end, and knows its own name");
    seen &= look(all_before(&notes, "start", "end"), "nobody ends before all have started:\n      %s",
                 text_of(&notes));
    mr_barrier_destroy(&meeting.all_here);
    return seen;
}

/* ---- 5, subclass -------------------------------------------------------------------------------------------- */

enum { OBJECTS = 5 };

struct my_process {
    mr_process base;
    mr_queue notebook;
    int index;
};

static int my_run(mr_process *self)
{
    const struct my_process *mine = (const struct my_process *)self;

    return write_note(&mine->notebook, "run", mine->index);
}

static const mr_class my_class = {"MyProcess", sizeof(struct my_process), my_run};

bool see_subclass(const mr_queue *notebook)
{
    struct my_process processes[OBJECTS];
    char names[OBJECTS][NOTE_NAME];
    bool seen = true;

    for (int i = 0; i < OBJECTS; i++) {
        if (mr_process_init_class(&processes[i].base, &my_class) != MR_OK)
            return failed();
        processes[i].notebook = *notebook;
        processes[i].index = i;
        snprintf(names[i], sizeof names[i], "%s", mr_process_name(&processes[i].base));
        if (mr_process_start(&processes[i].base) != MR_OK)
            return failed();
    }
    for (int i = 0; i < OBJECTS; i++)
        seen &= ended_well(&processes[i].base);

    const struct notes notes = read_notes(notebook);
    const int first = number_in(names[0], "MyProcess-");
    bool named = first > 0, own = notes.count == OBJECTS;
    for (int i = 0; i < OBJECTS; i++) {
        const int line = place(&notes, names[i], "run");
        named &= number_in(names[i], "MyProcess-") == first + i;
        own &= line > 0 && notes.all[line - 1].number == i;
    }
    seen &= look(named, "named after their class, numbered by creation: %s to %s", names[0], names[OBJECTS - 1]);
    return seen &
           look(own, "each ran the function of the class, with an index of its own:\n      %s", text_of(&notes));
}
