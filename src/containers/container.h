/* What dicts, lists, sets and namespaces have in common: a block in the arena that is replaced as a whole when
 * they grow, a lock of their own, and the way a call on them takes: as a request, which is done here or, by a
 * method (method.h), at its home. */
#ifndef MR_CONTAINER_H
#define MR_CONTAINER_H

#include "containers/cell.h"
#include "far/far.h"
#include "object/object.h"

typedef struct mr__container {
    mr__object object;
    _Atomic mr__ref block; /* a table, or a row of cells; 0: it is empty */
    uint64_t changes;      /* of which keys there are */
    uint64_t lock;         /* an RLock; 0: nobody has asked for it so far */

    /* While the block is being replaced: by which one, and which cells of the old one go with it. */
    _Atomic uint32_t is_turning;
    mr__ref fresh, stale;
    uint64_t stale_first, stale_count;
} mr__container;

/* Frees a block, and so many cells of it from one on: first without the block itself. */
typedef void (*mr__empty)(mr__ref block, uint64_t first, uint64_t count);

/* Replaces the block, in one step, and frees the old one. Entered. */
void mr__container_replace(mr__container *container, mr__ref fresh, uint64_t first, uint64_t count,
                           mr__empty empty);

/* Makes good what a process that was killed meanwhile has left. Entered. */
void mr__container_repair(mr__container *container, mr__empty empty);

/* ---- Requests ---- */

/* What can be asked for: a name, and the function that does it. */
#define MR__REQUESTS(X)                       \
    X(DICT_MAKE, mr__dict_make)               \
    X(DICT_LENGTH, mr__dict_length)           \
    X(DICT_HAS, mr__dict_has)                 \
    X(DICT_SET, mr__dict_set)                 \
    X(DICT_GET, mr__dict_get)                 \
    X(DICT_POP, mr__dict_pop)                 \
    X(DICT_POPITEM, mr__dict_popitem)         \
    X(DICT_SETDEFAULT, mr__dict_setdefault)   \
    X(DICT_UPDATE, mr__dict_update)           \
    X(DICT_CLEAR, mr__dict_clear)             \
    X(DICT_ITEMS, mr__dict_items)             \
    X(DICT_NEXT, mr__dict_next)               \
    X(DICT_ADD, mr__dict_add)                 \
    X(DICT_SWAP, mr__dict_swap)               \
    X(SET_COMBINE, mr__set_combine)           \
    X(SET_COMPARE, mr__set_compare)           \
    X(LIST_MAKE, mr__list_make)               \
    X(LIST_LENGTH, mr__list_length)           \
    X(LIST_SET, mr__list_set)                 \
    X(LIST_GET, mr__list_get)                 \
    X(LIST_POP, mr__list_pop)                 \
    X(LIST_EXTEND, mr__list_extend)           \
    X(LIST_INSERT, mr__list_insert)           \
    X(LIST_SEARCH, mr__list_search)           \
    X(LIST_ARRANGE, mr__list_arrange)         \
    X(LIST_SLICE, mr__list_slice)             \
    X(LIST_SET_SLICE, mr__list_set_slice)     \
    X(LIST_DEL_SLICE, mr__list_set_slice)     \
    X(LIST_ADD, mr__list_add)                 \
    X(LIST_SWAP, mr__list_swap)               \
    X(CONTAINER_LOCK, mr__container_lock)     \
    X(CONTAINER_CLOSE, mr__container_close)   \
    X(MANAGER_MAKE, mr__manager_make)         \
    X(MANAGER_REGISTER, mr__manager_register) \
    X(MANAGER_BEGIN, mr__manager_begin)       \
    X(MANAGER_AWAIT, mr__manager_await)       \
    X(MANAGER_ADOPT, mr__manager_adopt)       \
    X(MANAGER_CALL, mr__manager_call)         \
    X(MANAGER_END, mr__manager_end)           \
    X(MANAGER_CLOSE, mr__manager_close)

enum {
#define MR__REQUEST_NAME(name, function) MR__DO_##name,
    MR__REQUESTS(MR__REQUEST_NAME) MR__REQUESTS_END
#undef MR__REQUEST_NAME
};

enum { MR__REQUEST_NUMBERS = 3 };

typedef struct mr__request {
    int procedure;
    const char *call; /* for sentences */
    mr__kind_number kind;
    uint64_t handle;                      /* of the object; what is made goes here */
    int64_t numbers[MR__REQUEST_NUMBERS]; /* both ways */
    double seconds;
    const mr_item *in;
    size_t in_count;
    mr__sink sink; /* where the one item goes that comes back */
    mr_item *out;  /* from malloc: the several items that come back */
    size_t out_count;
} mr__request;

#define MR__REQUEST_FUNCTION(name, function) mr_status function(mr__request *request);
MR__REQUESTS(MR__REQUEST_FUNCTION)
#undef MR__REQUEST_FUNCTION

/* Has a request done on the object behind a handle (NULL: which is an error), here or at its home. */
mr_status mr__ask(const uint64_t *handle, mr__request request);
mr_status mr__ask_for(const uint64_t *handle, mr__request *request); /* whose numbers and items are wanted */

/* Makes an object; asks for several items; for a number. */
mr_status mr__ask_new(uint64_t *handle, mr__request request);
mr_status mr__ask_items(const uint64_t *handle, mr__request request, mr_item **items, size_t *count);
int64_t mr__ask_number(const uint64_t *handle, mr__request request, int64_t on_failure);

/* Does a request here; has it done at its home. */
mr_status mr__request_here(mr__request *request);
mr_status mr__request_far(mr__request *request);

/* Changes what get gives by what swap sets, in the way of mr_dict_modify. key: the first item of both requests;
 * NULL: there is none, and no absent value either. */
mr_status mr__modify(const uint64_t *handle, mr__request get, mr__request swap, const mr_item *key,
                     mr_change change, void *argument);

/* Gives the lock of a container, as asked for. */
mr_status mr__ask_lock(const uint64_t *handle, mr__request request, mr_lock *lock);

/* Lets an iterator begin, at the container behind a handle (NULL: which is an error). */
mr_status mr__iterate(const char *call, mr__kind_number kind, const uint64_t *handle, mr_iterator *iterator);

/* Enters the container that a request is about. */
mr_status mr__container_enter(const mr__request *request, mr__container **container);
void mr__container_leave(mr__container *container);

/* ---- Text ---- */

/* Items as Python prints them, in pairs or one by one: head, separated by ", ", tail. names: of a namespace. */
typedef enum mr__text_form { MR__TEXT_LIST, MR__TEXT_DICT, MR__TEXT_NAMES, MR__TEXT_SET } mr__text_form;
mr_status mr__items_text(const char *call, const mr_item items[], size_t count, mr__text_form form, char **text);

#endif
