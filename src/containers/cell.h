/* Cells: items as they lie in the arena. A short string is in the cell itself, anything longer in a block of its
 * own. What Python asks of values is here, too: what is equal, what comes first, what a key hashes to. */
#ifndef MR_CELL_H
#define MR_CELL_H

#include "arena/arena.h"

typedef struct mr__cell {
    uint8_t type, is_block, code, object; /* of the item; whether bits is a ref */
    uint32_t size;                        /* of what is in the cell itself */
    uint64_t bits;
} mr__cell;

/* A change takes effect by this one store: what was written before it is there before it, even if the process is
 * killed between any two instructions; and what comes after it comes after it. */
#define MR__COMMIT(word, value)                                        \
    do {                                                               \
        atomic_signal_fence(memory_order_seq_cst);                     \
        atomic_store_explicit(&(word), (value), memory_order_relaxed); \
        atomic_signal_fence(memory_order_seq_cst);                     \
    } while (0)

/* ---- Items ---- */

/* MR_OK for an item that can be a value, a key; else a sentence. item may be NULL, which it must not. */
mr_status mr__item_check(const char *call, const mr_item *item);
mr_status mr__item_check_key(const char *call, const mr_item *item);
mr_status mr__items_check(const char *call, const mr_item items[], size_t count);

bool mr__item_is_text(const mr_item *item); /* has bytes: data and size */
bool mr__item_is_number(const mr_item *item);

/* As Python's ==, and as hash(). Whether they are the same in type and value. Which of two numbers, strings or
 * bytes comes first: as memcmp. */
bool mr__item_equals(const mr_item *a, const mr_item *b);
bool mr__item_is_same(const mr_item *a, const mr_item *b);
int mr__item_compare(const mr_item *a, const mr_item *b);
uint64_t mr__item_hash(const mr_item *item);

/* a + b, as the type that Python would give. */
mr_status mr__item_add(const char *call, const mr_item *a, const mr_item *b, mr_item *sum);

/* Where the bytes of an item that is given to somebody go. */
typedef struct mr__sink {
    mr_item *item; /* NULL: nobody wants it */
    void *buffer;
    size_t capacity;
    bool is_made;    /* instead of a buffer: memory from malloc, as much as it needs */
    bool is_bounded; /* with that: for a caller elsewhere, who has room for so much only */
    size_t most;
} mr__sink;

mr_status mr__item_give(const char *call, const mr_item *item, const mr__sink *sink);
void mr__item_take_back(const mr__sink *sink); /* what was given, since the call has failed after all */

/* Copies items into one block from malloc: the array, then all texts, each with a zero byte behind it. */
mr_status mr__items_own(const char *call, const mr_item items[], size_t count, mr_item **owned);

/* ---- Cells ---- */

mr_status mr__cell_make(const mr_item *item, mr__cell *cell);
mr_status mr__cells_make(const mr_item items[], size_t count, mr__cell cells[]); /* all or none */
void mr__cell_free(mr__cell *cell);                                              /* which is none afterwards */
void mr__cells_free(mr__cell cells[], size_t count);

/* The item in a cell; its bytes stay where they are. */
mr_item mr__cell_view(const mr__cell *cell);

#endif
