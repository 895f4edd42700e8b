/* The tree of waits: below each process stand those that wait for it. Where nobody is known to be waited for, or
 * there are several who could help, a process stands for itself. */
#include "tools/stack.h"

#include <stdlib.h>
#include <unistd.h>

enum { MOST_OBJECTS = 100, DEEPEST = 32, NAME = MR__ROSTER_NAME + 32 };

/* What is printed, and what has been printed already. */
typedef struct tree {
    FILE *out;
    const mr__program *program;
    const mr__picture *picture;
    bool *is_printed; /* by waiter */
} tree;

static void print_process(const tree *t, const mr__figure *figure)
{
    char name[NAME];
    mr__view_name(&t->program->view, figure->entry.rank, name, sizeof name);
    fprintf(t->out, "%s", name);
    if (figure->entry.pid > 0)
        fprintf(t->out, ", process %ld", (long)figure->entry.pid);
    if (figure->entry.host[0] != '\0')
        fprintf(t->out, " on %s", figure->entry.host);
    if (figure->entry.core >= 0)
        fprintf(t->out, ", core %d", (int)figure->entry.core);
    if (figure->entry.is_daemon)
        fprintf(t->out, ", a daemon");
}

static const mr__figure *figure_of(const tree *t, uint32_t rank)
{
    for (size_t i = 0; i < t->picture->count; i++)
        if (t->picture->figures[i].entry.rank == rank)
            return &t->picture->figures[i];
    return NULL;
}

static void indent(const tree *t, int depth)
{
    for (int i = 1; i < depth; i++)
        fprintf(t->out, "     ");
    fprintf(t->out, depth > 0 ? "  <- " : "");
}

static void print_waiter(const tree *t, size_t index, int depth)
{
    const mr__waiter *waiter = &t->picture->waits.waiters[index];
    const mr__figure *figure = figure_of(t, waiter->rank);
    char text[1024];
    mr__waiter_text(&t->program->view, waiter, text, sizeof text);
    indent(t, depth);
    if (figure != NULL && figure->waiters > 1)
        fprintf(t->out, "a thread of ");
    if (figure != NULL)
        print_process(t, figure);
    else
        fprintf(t->out, "rank %u", waiter->rank);
    fprintf(t->out, ": waits for %s%s\n", text, waiter->circle != 0 ? " (in a circle)" : "");
    t->is_printed[index] = true;
    for (size_t i = 0; i < t->picture->waits.count && depth < DEEPEST; i++)
        if (t->picture->waits.waiters[i].next == index && !t->is_printed[i])
            print_waiter(t, i, depth + 1);
}

/* Whether a wait can be ended by that rank alone, which does not wait itself, or has threads that do not. */
static bool waits_for_rank(const mr__waiter *waiter, uint32_t rank)
{
    return waiter->next == SIZE_MAX && waiter->told.rank_count == 1 && waiter->told.ranks[0] == rank;
}

static bool is_waited_for(const tree *t, uint32_t rank)
{
    for (size_t i = 0; i < t->picture->waits.count; i++)
        if (waits_for_rank(&t->picture->waits.waiters[i], rank))
            return true;
    return false;
}

static void print_root(const tree *t, const mr__figure *figure)
{
    print_process(t, figure);
    if (figure->entry.state == MR__ROSTER_COMING)
        fprintf(t->out, ": comes up, %s\n", mr__stage_text(figure->entry.stage));
    else if (figure->waiters > 0)
        fprintf(t->out, ": has threads that do not wait\n");
    else if (figure->state == '\0')
        fprintf(t->out, ": is not seen to wait; it cannot be seen from here whether it runs\n");
    else
        fprintf(t->out, ": waits for nothing of Multirank; %s\n", mr__figure_state(figure));
    for (size_t i = 0; i < t->picture->waits.count; i++)
        if (waits_for_rank(&t->picture->waits.waiters[i], figure->entry.rank) && !t->is_printed[i])
            print_waiter(t, i, 1);
}

/* Those that wait for nobody who can be named first; then, of each circle, what has not been printed. */
static void print_tree(const tree *t)
{
    const mr__waits *waits = &t->picture->waits;
    for (size_t i = 0; i < t->picture->count; i++)
        if (t->picture->figures[i].waiters == 0 || is_waited_for(t, t->picture->figures[i].entry.rank))
            print_root(t, &t->picture->figures[i]);
    for (size_t i = 0; i < waits->count; i++)
        if (waits->waiters[i].next == SIZE_MAX && !t->is_printed[i])
            print_waiter(t, i, 0);
    for (size_t i = 0; i < waits->count; i++)
        if (waits->waiters[i].circle != 0 && !t->is_printed[i])
            print_waiter(t, i, 0);
    for (size_t i = 0; i < waits->count; i++)
        if (!t->is_printed[i])
            print_waiter(t, i, 0);
}

void mr__stack_print(FILE *out, const mr__program *program, const mr__picture *picture)
{
    tree t = {out, program, picture, calloc(picture->waits.count + 1, sizeof *t.is_printed)};
    if (t.is_printed == NULL)
        return;
    fprintf(out, "program %ld: %s\nMultirank %s; processes: %zu, parked ranks: %u\n", (long)program->main,
            program->command, MR_VERSION, picture->count - picture->coming, picture->parked);
    if (picture->missed > 0)
        fprintf(out, "there are more ranks than are written down here\n");
    fprintf(out, "\n");
    mr__picture_circles(out, program, picture);
    print_tree(&t);
    fprintf(out, "\n");
    mr__picture_objects(out, program, MOST_OBJECTS);
    free(t.is_printed);
}

int mr__stack(char **arguments)
{
    enum { PAUSE = 100000 }; /* microseconds between two looks: what is a circle in both is one */
    mr__program program;
    mr__picture first = {0}, second = {0};
    if (arguments[0] != NULL && arguments[1] != NULL) {
        fprintf(stderr, "multirank: stack takes the number of one process; see: multirank help\n");
        return 2;
    }
    if (!mr__program_open(arguments[0], &program))
        return 1;
    bool is_seen = mr__program_read(&program) && mr__picture_take(&program, NULL, &first);
    if (is_seen)
        usleep(PAUSE);
    is_seen = is_seen && mr__program_read(&program) && mr__picture_take(&program, &first, &second);
    if (is_seen)
        mr__stack_print(stdout, &program, &second);
    else
        fprintf(stderr, "multirank: the program of process %ld has ended meanwhile\n", (long)program.main);
    mr__picture_free(&first);
    mr__picture_free(&second);
    mr__program_close(&program);
    return is_seen ? 0 : 1;
}
