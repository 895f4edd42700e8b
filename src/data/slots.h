/* What lies in the memory of a shareable list: a head, and a slot for each item. Each slot has two halves; writing
 * fills the one that is not current and then turns over, so that a writer who is killed halfway leaves the old
 * value. What is read from the memory is checked: anybody may have written there. */
#ifndef MR_SLOTS_H
#define MR_SLOTS_H

#include "object/object.h"

typedef struct mr__slot {
    uint64_t capacity; /* bytes in each half */
    _Atomic uint64_t current;
    /* the halves */
} mr__slot;

typedef struct mr__slots_head {
    uint64_t magic, length;
    uint64_t slots[]; /* where they lie; behind them, the end of the last one */
} mr__slots_head;

/* A list that has been entered; to be left by mr__object_leave. */
typedef struct mr__slots {
    mr__object *object;
    mr__slots_head *head;
    size_t size;
} mr__slots;

mr_status mr__slots_enter(const char *call, const mr_shareable_list *list, mr__slots *view);

/* A slot by its index; negative ones count from the end. */
mr_status mr__slots_find(const char *call, const mr__slots *view, ptrdiff_t index, mr__slot **place);

/* What a slot holds; strings stay where they are. */
mr_status mr__slot_look(const char *call, mr__slot *place, mr_item *item);

/* Copies such a string out of its slot; *item gets the length even where there is no room. */
mr_status mr__slot_take_text(const char *call, mr_item *item, void *buffer, size_t capacity);

/* Writes an item that fits. */
void mr__slot_put(mr__slot *place, const mr_item *item);

/* The bytes that a list of these items needs; lays it out there (with: an mr__slots_plan). */
typedef struct mr__slots_plan {
    const mr_item *items;
    size_t length;
} mr__slots_plan;
mr_status mr__slots_size(const char *call, const mr_item items[], size_t length, uint64_t *size);
void mr__slots_lay_out(void *data, const void *with);

/* MR_OK for an item that a list may hold; whether it is of bytes; where the value lies, and its size. */
mr_status mr__slot_check(const char *call, const mr_item *item);
bool mr__slot_is_text(uint64_t type);
const void *mr__slot_content(const mr_item *item, size_t *size);

#endif
