/* Items in tests: what a container holds, as text. */
#ifndef ITEMS_H
#define ITEMS_H

#include "check.h"

/* Whether a container looks so when it is printed as Python would do it. */
#define CHECK_DICT(dict, wanted) check_shown(CHECK_HERE("CHECK_DICT(" #dict ")"), show_dict(dict), (wanted))
#define CHECK_LIST(list, wanted) check_shown(CHECK_HERE("CHECK_LIST(" #list ")"), show_list(list), (wanted))
#define CHECK_SET(set, wanted) check_shown(CHECK_HERE("CHECK_SET(" #set ")"), show_set(set), (wanted))
#define CHECK_NAMESPACE(space, wanted) \
    check_shown(CHECK_HERE("CHECK_NAMESPACE(" #space ")"), show_namespace(space), (wanted))

/* The same for items that a call has given, which are freed. */
#define CHECK_ITEMS(items, count, wanted) \
    check_shown(CHECK_HERE("CHECK_ITEMS(" #items ")"), show_items((items), (count)), (wanted))

/* Whether an item is this one, in type and value. */
bool item_is(mr_item item, mr_item wanted);

/* The integer of a key, of an index; fails a check if it is none. */
int64_t int_of(const mr_dict *dict, mr_item key);
int64_t int_at(const mr_list *list, ptrdiff_t index);

/* For the macros: a text from malloc; NULL on failure. */
char *show_dict(const mr_dict *dict);
char *show_list(const mr_list *list);
char *show_set(const mr_set *set);
char *show_namespace(const mr_namespace *space);
char *show_items(mr_item *items, size_t count);
bool check_shown(check_place place, char *text, const char *wanted);

#endif
