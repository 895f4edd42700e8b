/* Stops 3 and 4: how processes end. */
#include "notebook.h"
#include "tour.h"

/* ---- 3, background ------------------------------------------------------------------------------------------ */

/* main itself cannot end here, the tour goes on. So this stop has a process that plays main: it starts the two
 * others, and ends without a join. */
struct scene {
    mr_queue notebook;
    mr_barrier all_here;
    mr_lock in_hand; /* by the daemon, as long as it is at work */
};

static int work_in_background(const void *args, size_t size)
{
    const struct scene *scene = args;
    (void)size;

    MR_LOCKED(&scene->in_hand)
    {
        if (write_note(&scene->notebook, "start", NO_NUMBER) != 0)
            return 1;
        if (mr_barrier_wait(&scene->all_here, NULL, LIMIT) != MR_OK)
            return complain();
        nap(10);
        return write_note(&scene->notebook, "end", NO_NUMBER);
    }
    return complain();
}

static int work_in_foreground(const void *args, size_t size)
{
    const struct scene *scene = args;
    (void)size;

    if (write_note(&scene->notebook, "start", NO_NUMBER) != 0)
        return 1;
    if (mr_barrier_wait(&scene->all_here, NULL, LIMIT) != MR_OK)
        return complain();
    nap(0.2);
    return write_note(&scene->notebook, "end", NO_NUMBER);
}

static int play_main(const void *args, size_t size)
{
    const struct scene *scene = args;
    mr_process background, foreground;

    if (mr_process_init(&background, work_in_background, scene, size) != MR_OK ||
        mr_process_init(&foreground, work_in_foreground, scene, size) != MR_OK ||
        mr_process_set_name(&background, "background") != MR_OK ||
        mr_process_set_name(&foreground, "foreground") != MR_OK ||
        mr_process_set_daemon(&background, true) != MR_OK || mr_process_start(&background) != MR_OK ||
        mr_process_start(&foreground) != MR_OK)
        return complain();
    if (write_note(&scene->notebook, "finished", NO_NUMBER) != 0)
        return 1;
    return mr_barrier_wait(&scene->all_here, NULL, LIMIT) == MR_OK ? 0 : complain();
}

bool see_background(const mr_queue *notebook)
{
    struct scene scene = {.notebook = *notebook};
    mr_process player;

    if (mr_barrier_init(&scene.all_here, 3, NULL, MR_FOREVER) != MR_OK || mr_lock_init(&scene.in_hand) != MR_OK ||
        mr_process_init(&player, play_main, &scene, sizeof scene) != MR_OK ||
        mr_process_set_name(&player, "main") != MR_OK || mr_process_start(&player) != MR_OK)
        return failed();
    bool seen = ended_well(&player);

    const struct notes notes = read_notes(notebook);
    const int finished = place(&notes, "main", "finished"), end = place(&notes, "foreground", "end");
    seen &= look(0 < finished && finished < end, "main is finished at once; what it started ends later:\n      %s",
                 text_of(&notes));
    seen &= look(place(&notes, "background", "start") > 0 && place(&notes, "background", "end") == 0,
                 "the daemon has started, and never reports its end");

    /* Whoever gets a lock that a process held when it died is told so. */
    const mr_status status = mr_lock_acquire(&scene.in_hand, LIMIT);
    seen &= look(status == MR_EOWNERDEAD, "it was ended with a lock in its hand, which its next owner is told: %s",
                 mr_strerror(status));
    mr_lock_destroy(&scene.in_hand);
    mr_barrier_destroy(&scene.all_here);
    return seen;
}

/* ---- 4, kill ------------------------------------------------------------------------------------------------ */

static int sleep_long(const void *args, size_t size)
{
    const mr_queue *notebook = args;
    (void)size;

    nap(10);
    return write_note(notebook, "end", NO_NUMBER);
}

static const char *yes_or_no(bool is_so)
{
    return is_so ? "true" : "false";
}

bool see_kill(const mr_queue *notebook)
{
    mr_process process;

    if (mr_process_init(&process, sleep_long, notebook, sizeof *notebook) != MR_OK)
        return failed();
    const bool before = mr_process_is_alive(&process);
    if (mr_process_start(&process) != MR_OK)
        return failed();
    const bool started = mr_process_is_alive(&process);
    if (mr_process_terminate(&process) != MR_OK)
        return failed();
    const bool terminated = mr_process_is_alive(&process); /* still, or no more: both is right */
    if (mr_process_join(&process, LIMIT) != MR_OK)
        return failed();
    const bool joined = mr_process_is_alive(&process);
    const int code = mr_process_exitcode(&process);
    mr_process_close(&process);

    bool seen = look(!before && started && !joined,
                     "alive before start, after start, after terminate, after join: %s, %s, %s, %s",
                     yes_or_no(before), yes_or_no(started), yes_or_no(terminated), yes_or_no(joined));
    seen &= look(code == -15, "ended by signal 15, SIGTERM: exit code %d", code);
    const struct notes notes = read_notes(notebook);
    return seen & look(notes.count == 0, "it has not come to its own end");
}
