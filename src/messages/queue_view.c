/* How a queue, and its inlet, look from outside. */
#include "messages/queue.h"
#include "object/view.h"

#include <stdio.h>

/* ---- What is in it ---- */

/* false: the other half is not to be seen, since it is just being closed. */
static bool read_inlet(const mr__view *view, const mr__queue *q, mr__slot_copy *in)
{
    return mr__view_slot(view, mr__handle_slot(q->inlet), in) == mr__kinds[MR__KIND_INLET];
}

static uint32_t count_items(const mr__queue *q, const mr__inlet *in)
{
    uint32_t items = mr__mark_count(in->tail) - mr__mark_count(q->head) + q->held;
    return items > UINT32_MAX / 2 ? 0 : items; /* the two were read one after the other */
}

/* The tasks of those who got items and are not done; they are told, if told is not NULL. */
static uint64_t count_tasks(const mr__view *view, const mr__queue *q, mr__told *told)
{
    mr__queue_member each;
    mr__ref ref = q->members;
    uint64_t tasks = 0;
    for (int i = 0; i < MR__ROSTER_SIZE && ref != 0 && mr__view_read(view, ref, &each, sizeof each); i++) {
        if (each.rank != UINT32_MAX && each.tasks > 0) {
            tasks += each.tasks;
            if (told != NULL)
                mr__told_add(told, each.rank);
        }
        ref = each.next;
    }
    return tasks;
}

/* ---- The queue ---- */

static void tell_of_queue(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose,
                          mr__told *told)
{
    mr__slot_copy copy;
    const mr__queue *q = (const mr__queue *)object;
    uint32_t items = read_inlet(view, q, &copy) ? count_items(q, (const mr__inlet *)&copy) : 0;
    if (purpose != MR__QUEUE_JOIN) {
        snprintf(told->what, sizeof told->what, "an item of queue %u", slot);
        snprintf(told->note, sizeof told->note, items == 0 ? "which is empty" : "which has %u", items);
        return;
    }
    snprintf(told->what, sizeof told->what, "the tasks of queue %u", slot);
    told->by = ", got by ";
    count_tasks(view, q, told);
    if (items > 0)
        snprintf(told->note, sizeof told->note, "%u not got by anybody yet", items);
}

static bool state_of_queue(const mr__view *view, const mr__object *object, char *text, size_t size)
{
    mr__slot_copy copy;
    char most[32] = "", tasks[48] = "";
    const mr__queue *q = (const mr__queue *)object;
    if (!read_inlet(view, q, &copy))
        return false;
    uint32_t items = count_items(q, (const mr__inlet *)&copy);
    if (q->maxsize > 0)
        snprintf(most, sizeof most, " of at most %u", q->maxsize);
    if (mr__view_flag(&q->is_joinable))
        snprintf(tasks, sizeof tasks, ", %llu tasks not done", (unsigned long long)count_tasks(view, q, NULL));
    snprintf(text, size, "%u item%s%s%s", items, items == 1 && q->maxsize == 0 ? "" : "s", most, tasks);
    return true;
}

const mr__kind_view mr__queue_view = {.layout = (uint32_t)(sizeof(mr__queue) << 10 ^ sizeof(mr__queue_member)),
                                      .tell = tell_of_queue,
                                      .state = state_of_queue};

/* ---- The inlet: to users it is the queue ---- */

static void tell_of_inlet(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose,
                          mr__told *told)
{
    (void)view, (void)slot, (void)purpose;
    const mr__inlet *in = (const mr__inlet *)object;
    snprintf(told->what, sizeof told->what, "room in queue %u", in->queue);
    snprintf(told->note, sizeof told->note, "which is full (%u items)", in->maxsize);
}

const mr__kind_view mr__inlet_view = {.layout = sizeof(mr__inlet), .tell = tell_of_inlet};
