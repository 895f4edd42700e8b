#include "tools/picture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- Processes ---- */

static bool read_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, size - 1);
    if (file >= 0)
        close(file);
    text[length < 0 ? 0 : length] = '\0';
    return length > 0;
}

static void ask_system(mr__figure *figure)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    unsigned long long pages = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)figure->pid);
    const char *line = read_file(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    if (line == NULL || sscanf(line, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &figure->state, &user,
                               &system) != 3) {
        figure->state = 'Z';
        return;
    }
    figure->cpu = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)figure->pid);
    if (read_file(path, text, sizeof text) && sscanf(text, "%*u %llu", &pages) == 1)
        figure->memory = pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void compare(mr__figure *figure, const mr__picture *picture, const mr__picture *before)
{
    figure->load = -1;
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        const mr__figure *old = &before->figures[i];
        if (old->pid == figure->pid && old->entry.rank == figure->entry.rank && figure->pid != 0 &&
            picture->time > before->time && figure->cpu >= old->cpu)
            figure->load = (figure->cpu - old->cpu) / (picture->time - before->time);
    }
}

static void find_figures(const mr__program *program, const mr__picture *before, mr__picture *picture)
{
    mr__roster_entry main, entry;
    bool has_main = mr__view_entry(&program->view, 0, &main);
    for (uint32_t number = 0; number < program->view.ranks; number++) {
        if (!mr__view_entry(&program->view, number, &entry))
            continue;
        picture->parked += entry.state == MR__ROSTER_PARKED;
        picture->coming += entry.state == MR__ROSTER_COMING;
        if (entry.state == MR__ROSTER_PARKED)
            continue;
        mr__figure *figure = &picture->figures[picture->count++];
        bool is_here = has_main && strcmp(entry.host, main.host) == 0 && !program->is_elsewhere &&
                       program->life >= 0 && entry.pid > 0;
        *figure = (mr__figure){.entry = entry, .pid = is_here ? entry.pid : 0};
        if (is_here)
            ask_system(figure);
        compare(figure, picture, before);
    }
}

static mr__figure *figure_of(mr__picture *picture, uint32_t rank)
{
    for (size_t i = 0; i < picture->count; i++)
        if (picture->figures[i].entry.rank == rank)
            return &picture->figures[i];
    return NULL;
}

/* ---- What they wait for ---- */

static bool is_same_wait(const mr__waiter *a, const mr__waiter *b)
{
    return a->seat == b->seat && a->rank == b->rank && a->slot == b->slot && a->ticket == b->ticket;
}

static bool was_there(const mr__picture *before, const mr__waiter *waiter)
{
    for (size_t i = 0; i < before->waits.count; i++)
        if (is_same_wait(&before->waits.waiters[i], waiter))
            return before->waits.waiters[i].circle != 0;
    return false;
}

/* A copy is not taken at one instant, so there may seem to be a circle where each has waited for a moment only. */
static void doubt_circles(mr__picture *picture, const mr__picture *before)
{
    mr__waits *waits = &picture->waits;
    for (uint32_t circle = 1; circle <= waits->circles; circle++) {
        bool is_sure = true;
        for (size_t i = 0; i < waits->count; i++)
            is_sure = is_sure && (waits->waiters[i].circle != circle || was_there(before, &waits->waiters[i]));
        for (size_t i = 0; i < waits->count && !is_sure; i++)
            if (waits->waiters[i].circle == circle)
                waits->waiters[i].circle = 0;
    }
}

static void find_tasks(const mr__program *program, mr__picture *picture)
{
    enum { MOST = 4096 };
    mr__tasks_done *done = malloc(MOST * sizeof *done);
    for (uint32_t slot = 1; done != NULL && slot < program->view.slots; slot++) {
        mr__slot_copy copy;
        const mr__kind *kind = mr__view_slot(&program->view, slot, &copy);
        if (kind == NULL || kind->view == NULL || kind->view->tasks == NULL)
            continue;
        size_t count = kind->view->tasks(&program->view, &copy.object, done, MOST);
        for (size_t i = 0; i < count; i++) {
            mr__figure *figure = figure_of(picture, done[i].rank);
            if (figure == NULL)
                continue;
            figure->tasks += done[i].tasks;
            figure->is_worker = true;
        }
    }
    free(done);
}

bool mr__picture_take(const mr__program *program, const mr__picture *before, mr__picture *picture)
{
    *picture = (mr__picture){.time = now(), .figures = calloc(MR__ROSTER_SIZE, sizeof *picture->figures)};
    if (picture->figures == NULL)
        return false;
    uint64_t missed = mr__roster_at() + offsetof(mr__roster, missed);
    mr__view_read(&program->view, missed, &picture->missed, sizeof picture->missed);
    find_figures(program, before, picture);
    mr__waits_find(&program->view, &picture->waits);
    if (before != NULL)
        doubt_circles(picture, before);
    find_tasks(program, picture);
    for (size_t i = 0; i < picture->waits.count; i++) {
        mr__figure *figure = figure_of(picture, picture->waits.waiters[i].rank);
        if (figure != NULL)
            figure->waiters++;
    }
    return true;
}

void mr__picture_free(mr__picture *picture)
{
    free(picture->figures);
    mr__waits_free(&picture->waits);
    *picture = (mr__picture){0};
}

/* ---- In words ---- */

const char *mr__figure_state(const mr__figure *figure)
{
    if (figure->entry.state == MR__ROSTER_COMING)
        return "starts";
    switch (figure->state) {
    case 'R':
        return "runs";
    case 'D':
        return "disk";
    case 'T':
    case 't':
        return "stopped";
    case 'Z':
    case 'X':
        return "ended";
    case '\0':
        return figure->waiters > 0 ? "waits" : "-";
    default:
        return figure->waiters > 0 ? "waits" : "sleeps";
    }
}

void mr__picture_circles(FILE *out, const mr__program *program, const mr__picture *picture)
{
    for (uint32_t circle = 1; circle <= picture->waits.circles; circle++) {
        char text[4096];
        mr__circle_text(&program->view, &picture->waits, circle, "  ", "\n", text, sizeof text);
        if (text[0] != '\0')
            fprintf(out, "A circle of waits (deadlock):\n%s\n", text);
    }
}

static size_t count_waiting(const mr__program *program, uint32_t slot)
{
    size_t waiting = 0;
    mr__seat seat;
    for (uint32_t number = 1; number < program->view.seats; number++)
        waiting += mr__view_seat(&program->view, number, &seat) && seat.slot == slot;
    return waiting;
}

void mr__picture_objects(FILE *out, const mr__program *program, size_t most)
{
    size_t more = 0, written = 0;
    for (uint32_t slot = 1; slot < program->view.slots; slot++) {
        mr__slot_copy copy;
        char text[256];
        const mr__kind *kind = mr__view_slot(&program->view, slot, &copy);
        if (kind == NULL || kind->view == NULL || kind->view->state == NULL ||
            !kind->view->state(&program->view, &copy.object, text, sizeof text))
            continue;
        if (written == most) {
            more++;
            continue;
        }
        size_t waiting = count_waiting(program, slot);
        fprintf(out, "%s %u: %s", kind->name, slot, text);
        if (waiting > 0)
            fprintf(out, "; %zu wait%s", waiting, waiting == 1 ? "s" : "");
        fprintf(out, "\n");
        written++;
    }
    if (more > 0)
        fprintf(out, "and %zu more objects\n", more);
}
