/* Looking at an arena from outside, as `multirank top` and the sentences about time-outs do: nothing is entered,
 * so whatever is read may be half done, or garbage. All that is read is a copy, and no ref is followed but by
 * mr__view_read, which reads nothing outside of the arena. Loops over what is found there have an end of their
 * own. */
#ifndef MR_VIEW_H
#define MR_VIEW_H

#include "object/seat.h"
#include "universe/roster.h"

/* To be raised with each change of what lies in the arena that its sizes do not show. */
enum { MR__LAYOUT = 1 };

typedef struct mr__view {
    /* Copies so many bytes from that place of the arena, which lie in it; false: it cannot. */
    bool (*read)(const struct mr__view *view, uint64_t at, void *to, size_t size);
    void *source; /* for read */
    uint64_t size;
    uint32_t seats, slots, ranks; /* how many are in use: seats, slots, entries of the roster */
} mr__view;

/* What somebody waits for, and for whom: "waits for" WHAT [BY those who can end it] [NOTE]. */
enum { MR__TOLD_TEXT = 128, MR__TOLD_RANKS = 8 };
typedef struct mr__told {
    char what[MR__TOLD_TEXT]; /* "lock 7" */
    const char *by;           /* ", held by" */
    char note[MR__TOLD_TEXT]; /* "which is empty" */
    uint32_t seat;            /* the only thread that can end it; 0: it is not known so exactly */
    uint32_t ranks[MR__TOLD_RANKS];
    uint32_t rank_count; /* may be more than there is room for */
} mr__told;

/* The worker of a pool in a rank, and how many tasks it has done there. */
typedef struct mr__tasks_done {
    uint32_t rank;
    uint64_t tasks;
} mr__tasks_done;

/* How a kind of object is looked at. All get copies of a whole slot, of which only the kind is known to be right.
 */
typedef struct mr__kind_view {
    uint32_t layout; /* changes with the layouts that the functions below know */

    /* What a seat waits for there, that has sat down for this purpose. */
    void (*tell)(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told);

    /* Whether seats wait there without saying so in their state. */
    bool is_tacit;

    /* Who waits there without a seat: the next one from *index on; false: there is none. May be NULL. */
    bool (*next)(const mr__view *view, const mr__object *object, uint32_t *index, uint32_t *rank,
                 uint32_t *purpose);

    /* Its state in a few words: "12 items"; false: there is nothing to say. May be NULL. */
    bool (*state)(const mr__view *view, const mr__object *object, char *text, size_t size);

    /* What workers have done; up to most of them, and gives how many. May be NULL. */
    size_t (*tasks)(const mr__view *view, const mr__object *object, mr__tasks_done *done, size_t most);
} mr__kind_view;

/* Writes into the head of a new arena what the layout of all is, and that it may be looked at. */
void mr__view_publish(struct mr__arena *arena);
uint32_t mr__view_layout(void);

/* The arena of this process. false: it has none. */
bool mr__view_own(mr__view *view);

/* Copies what lies there; false: it does not lie in the arena. */
bool mr__view_read(const mr__view *view, uint64_t at, void *to, size_t size);

/* Reads the counts of the view anew. false: they make no sense. */
bool mr__view_refresh(mr__view *view);

/* A seat that is somebody's (its thread may have ended), a slot (with the kind; NULL: it is free, or nothing
 * known), an entry of the roster. false: there is none. */
typedef union mr__slot_copy {
    mr__object object;
    _Alignas(64) unsigned char bytes[MR__SLOT_SIZE]; /* as in the arena */
} mr__slot_copy;
bool mr__view_seat(const mr__view *view, uint32_t number, mr__seat *seat);
const mr__kind *mr__view_slot(const mr__view *view, uint32_t slot, mr__slot_copy *copy);
bool mr__view_entry(const mr__view *view, uint32_t number, mr__roster_entry *entry);

/* The process in a rank, and the one of that number. */
bool mr__view_rank(const mr__view *view, uint32_t rank, mr__roster_entry *entry);
bool mr__view_process(const mr__view *view, uint64_t process, mr__roster_entry *entry);

/* "rank 3 (Process-3)" */
void mr__view_name(const mr__view *view, uint32_t rank, char *text, size_t size);

/* The text with everything in it replaced that could do harm on a terminal. */
void mr__make_printable(char *text);

/* A bool where a byte may be anything. */
bool mr__view_flag(const bool *place);

/* Adds somebody who can end the wait. */
void mr__told_add(mr__told *told, uint32_t rank);

#endif
