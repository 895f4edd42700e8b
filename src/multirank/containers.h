/* Containers of items: dicts, lists, sets and namespaces. Part of multirank.h, which is what programs include. */
#ifndef MULTIRANK_CONTAINERS_H
#define MULTIRANK_CONTAINERS_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Dicts, lists, sets and namespaces
 * ---------------------------------------------------------------------------- */

/* Containers of items. All four are handles, as other shared objects are: any process may use them, and whoever
 * knows that nobody needs one any more destroys it. An item is copied into the container and out of it. The handle
 * of a shared object (MR_OBJECT), also of a container, stays a handle: what is changed through it is seen by all.
 * A container does not own such objects: they are there until they are destroyed themselves, whatever becomes of
 * the containers that they are in; so containers may hold each other, and themselves. Each call is atomic: others
 * see all of it or nothing, and a process that is killed in the middle of it has done all of it or nothing.
 *
 * Errors of all calls, besides those of any shared object: MR_EINVAL (an item of no known type; a string that is
 * NULL), MR_ENOMEM, MR_ELIMIT (more than 2^31 - 1 items); MR_ENOENT: there is no such key, index or item.
 *
 * A call that gives one item gives a string, bytes or an array in buffer, of capacity bytes, and item->data points
 * there; a string has a closing zero byte in addition to its size. MR_ETOOSMALL: item->size says how long it is;
 * nothing has been taken away. The same call with _alloc at its end gives it in memory from malloc instead,
 * item->data, which the caller has to free(); that is NULL for other types. Where nobody asks for the item it may
 * be NULL. A call that gives several items gives an array from malloc; free() of the array frees all that belongs
 * to it. */

/* A dict: values by keys, in the order in which the keys came. Keys are none, booleans, integers, floating point
 * numbers other than NaN, strings, bytes and handles; as in Python, numbers that are equal are one key (1, 1.0 and
 * true). Mirrors SyncManager.dict(). */
typedef struct mr_dict {
    uint64_t mr__handle;
} mr_dict;

/* Makes an empty dict, or one of these keys, all with the same value. Mirror dict() and dict.fromkeys(keys,
 * value).
 */
MR_API mr_status mr_dict_init(mr_dict *dict);
MR_API mr_status mr_dict_init_fromkeys(mr_dict *dict, const mr_item keys[], size_t count, mr_item value);

/* Ends it, for all processes. */
MR_API mr_status mr_dict_destroy(const mr_dict *dict);

/* How many keys it has, -1 on failure; whether it has this one, false on failure. Mirror len(d) and key in d. */
MR_API ptrdiff_t mr_dict_length(const mr_dict *dict);
MR_API bool mr_dict_has(const mr_dict *dict, mr_item key);

/* Sets, gives, deletes the value of a key. Mirror d[key] = value, d[key] (and d.get(key)) and del d[key]. */
MR_API mr_status mr_dict_set(const mr_dict *dict, mr_item key, mr_item value);
MR_API mr_status mr_dict_get(const mr_dict *dict, mr_item key, mr_item *value, void *buffer, size_t capacity);
MR_API mr_status mr_dict_get_alloc(const mr_dict *dict, mr_item key, mr_item *value);
MR_API mr_status mr_dict_del(const mr_dict *dict, mr_item key);

/* Takes the key away and gives its value. Mirrors d.pop(key). */
MR_API mr_status mr_dict_pop(const mr_dict *dict, mr_item key, mr_item *value, void *buffer, size_t capacity);
MR_API mr_status mr_dict_pop_alloc(const mr_dict *dict, mr_item key, mr_item *value);

/* Takes the youngest key away: (*pair)[0] is the key, (*pair)[1] its value. Mirrors d.popitem(). */
MR_API mr_status mr_dict_popitem(const mr_dict *dict, mr_item **pair);

/* Gives the value of a key, which is set to this default before if there is none. Mirrors d.setdefault(key,
 * default): get or insert. */
MR_API mr_status mr_dict_setdefault(const mr_dict *dict, mr_item key, mr_item default_, mr_item *value,
                                    void *buffer, size_t capacity);
MR_API mr_status mr_dict_setdefault_alloc(const mr_dict *dict, mr_item key, mr_item default_, mr_item *value);

/* Sets count keys at once: pairs[0] is a key, pairs[1] its value, and so on. Mirrors d.update(...) and d |= other.
 */
MR_API mr_status mr_dict_update(const mr_dict *dict, const mr_item pairs[], size_t count);

/* Takes all keys away. Mirrors d.clear(). */
MR_API mr_status mr_dict_clear(const mr_dict *dict);

/* Makes another dict with the same keys and values. Mirrors d.copy(). */
MR_API mr_status mr_dict_copy(mr_dict *copy, const mr_dict *dict);

/* All keys, all values, or pairs as in mr_dict_update: *count is the number of keys, or of pairs. Mirror d.keys(),
 * d.values() and d.items(). */
MR_API mr_status mr_dict_keys(const mr_dict *dict, mr_item **keys, size_t *count);
MR_API mr_status mr_dict_values(const mr_dict *dict, mr_item **values, size_t *count);
MR_API mr_status mr_dict_items(const mr_dict *dict, mr_item **pairs, size_t *count);

/* All keys, the youngest first. Mirrors reversed(d). */
MR_API mr_status mr_dict_reversed(const mr_dict *dict, mr_item **keys, size_t *count);

/* The pairs of the dict with more_count pairs set in addition, in the order that a dict would have; the dict stays
 * as it is. Mirrors d | other. */
MR_API mr_status mr_dict_union(const mr_dict *dict, const mr_item more[], size_t more_count, mr_item **pairs,
                               size_t *count);

/* The dict as Python would print it, "{0: 0, 'one': 1}"; handles as what they are, "<queue>". *text is the
 * caller's to free(). Mirrors str(d). */
MR_API mr_status mr_dict_text(const mr_dict *dict, char **text);

/* Adds to the number of a key, which is taken to be 0 where there is no such key, and gives the sum (may be NULL).
 * Integers stay integers. Errors: MR_EINVAL (not a number), MR_EOVERFLOW (the sum is no 64-bit integer; nothing is
 * changed). No counterpart in Python, where d[key] += 1 is not atomic; mirrors MPI_Fetch_and_op. */
MR_API mr_status mr_dict_add(const mr_dict *dict, mr_item key, mr_item amount, mr_item *sum);

/* Sets the value of a key if it is expected, of the same type and value (NULL: if there is no such key), and tells
 * whether it was. No counterpart in Python; mirrors MPI_Compare_and_swap. */
MR_API mr_status mr_dict_compare_and_swap(const mr_dict *dict, mr_item key, const mr_item *expected,
                                          mr_item desired, bool *swapped);

/* What makes a new value of an old one (NULL: there was none). *next is to become the new value; what it points to
 * has to stay until the change is called again or the call that called it returns. What it returns other than
 * MR_OK leaves all as it is and is passed on. */
typedef mr_status (*mr_change)(const mr_item *now, mr_item *next, void *argument);

/* Changes the value of a key by a function, as if at one instant: it is called with the lock of the dict held
 * (mr_dict_get_lock), and again should somebody without the lock have set the value meanwhile. It may use any
 * shared object. No counterpart in Python. */
MR_API mr_status mr_dict_modify(const mr_dict *dict, mr_item key, mr_change change, void *argument);

/* Gives the lock of the dict, an RLock, to be held over several calls that belong together. Single calls do not
 * wait for it, but for mr_dict_modify. */
MR_API mr_status mr_dict_get_lock(const mr_dict *dict, mr_lock *lock);

/* Goes through a container:
 *
 *     mr_iterator all;
 *     mr_status status = mr_dict_iterate(&dict, &all);
 *     while ((status = mr_iterator_next(&all)) == MR_OK)
 *         use(&all.key, &all.value);
 *     mr_iterator_close(&all);
 *     if (status != MR_EEOF) ...   // MR_ESTATE: keys came or went meanwhile
 *
 * What key and value point to lasts until the next call. A list (of which there is no key) is gone through by
 * index, to its end as it is then; of a set, key and value are both the item. Errors of mr_iterator_next: MR_EEOF
 * (there is nothing more: Python's StopIteration), MR_ESTATE (a dict or set changed its size: RuntimeError); and
 * it repeats why mr_dict_iterate has failed. mr_iterator_close frees what the iterator holds. Mirror iter(d),
 * next(i).
 */
typedef struct mr_iterator {
    mr_item key, value;
    uint64_t mr__handle, mr__position, mr__changes;
    mr_item *mr__items;
    int mr__kind;
    mr_status mr__status;
} mr_iterator;

MR_API mr_status mr_dict_iterate(const mr_dict *dict, mr_iterator *iterator);
MR_API mr_status mr_iterator_next(mr_iterator *iterator);
MR_API mr_status mr_iterator_close(mr_iterator *iterator);

/* A list. Indices count from 0, negative ones from the end. Mirrors SyncManager.list(). */
typedef struct mr_list {
    uint64_t mr__handle;
} mr_list;

/* Makes a list of these items (NULL: none, if count is 0). Mirrors list(items). */
MR_API mr_status mr_list_init(mr_list *list, const mr_item items[], size_t count);

/* Ends it, for all processes. */
MR_API mr_status mr_list_destroy(const mr_list *list);

/* How many items it has, -1 on failure; whether one of them equals this one, false on failure. Numbers are equal
 * whatever their type, as in Python. Mirror len(l) and item in l. */
MR_API ptrdiff_t mr_list_length(const mr_list *list);
MR_API bool mr_list_has(const mr_list *list, mr_item item);

/* Sets, gives, deletes the item of an index. Mirror l[i] = item, l[i] and del l[i]. */
MR_API mr_status mr_list_set(const mr_list *list, ptrdiff_t index, mr_item item);
MR_API mr_status mr_list_get(const mr_list *list, ptrdiff_t index, mr_item *item, void *buffer, size_t capacity);
MR_API mr_status mr_list_get_alloc(const mr_list *list, ptrdiff_t index, mr_item *item);
MR_API mr_status mr_list_del(const mr_list *list, ptrdiff_t index);

/* Adds items at the end; or one before an index, at an end if that lies beyond it. Mirror l.append(item),
 * l.extend(items) (and +=) and l.insert(i, item). */
MR_API mr_status mr_list_append(const mr_list *list, mr_item item);
MR_API mr_status mr_list_extend(const mr_list *list, const mr_item items[], size_t count);
MR_API mr_status mr_list_insert(const mr_list *list, ptrdiff_t index, mr_item item);

/* Takes an item away and gives it; takes the first one that equals this one away. Those at both ends are taken,
 * and added at the end, in a time that does not depend on the length. Mirror l.pop(i) and l.remove(item). */
MR_API mr_status mr_list_pop(const mr_list *list, ptrdiff_t index, mr_item *item, void *buffer, size_t capacity);
MR_API mr_status mr_list_pop_alloc(const mr_list *list, ptrdiff_t index, mr_item *item);
MR_API mr_status mr_list_remove(const mr_list *list, mr_item item);

/* How many items equal this one; the index of the first (MR_ENOENT: there is none). Mirror l.count and l.index. */
MR_API mr_status mr_list_count(const mr_list *list, mr_item item, size_t *count);
MR_API mr_status mr_list_index(const mr_list *list, mr_item item, size_t *index);

/* Takes all items away; turns their order round; sorts them, equal ones staying in order (MR_EINVAL: they are not
 * all numbers, all strings or all bytes; nothing is changed); repeats them so many times (0 or less: none). Mirror
 * l.clear(), l.reverse(), l.sort(reverse=...) and l *= times. */
MR_API mr_status mr_list_clear(const mr_list *list);
MR_API mr_status mr_list_reverse(const mr_list *list);
MR_API mr_status mr_list_sort(const mr_list *list, bool reverse);
MR_API mr_status mr_list_repeat(const mr_list *list, ptrdiff_t times);

/* A start or stop of a slice that is left out, as in l[::2]. */
#define MR_OMITTED PTRDIFF_MIN

/* The items of a slice; sets a slice to these items, as many as it has unless the step is 1; deletes it. Errors:
 * MR_EINVAL (the step is 0, or the number of items is wrong). Mirror l[start:stop:step], l[...] = items and
 * del l[...]. */
MR_API mr_status mr_list_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step,
                               mr_item **items, size_t *count);
MR_API mr_status mr_list_set_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step,
                                   const mr_item items[], size_t count);
MR_API mr_status mr_list_del_slice(const mr_list *list, ptrdiff_t start, ptrdiff_t stop, ptrdiff_t step);

/* All items; in reverse order; with these items behind them; so many times. Mirror list(l), reversed(l), l + items
 * and l * times, which give lists of the caller's own, too. */
MR_API mr_status mr_list_items(const mr_list *list, mr_item **items, size_t *count);
MR_API mr_status mr_list_reversed(const mr_list *list, mr_item **items, size_t *count);
MR_API mr_status mr_list_plus(const mr_list *list, const mr_item more[], size_t more_count, mr_item **items,
                              size_t *count);
MR_API mr_status mr_list_times(const mr_list *list, ptrdiff_t times, mr_item **items, size_t *count);

/* Makes another list of the same items. Mirrors l.copy(). */
MR_API mr_status mr_list_copy(mr_list *copy, const mr_list *list);

/* As those of dicts, with an index instead of a key: adding to an item that there is, and so on. */
MR_API mr_status mr_list_text(const mr_list *list, char **text);
MR_API mr_status mr_list_add(const mr_list *list, ptrdiff_t index, mr_item amount, mr_item *sum);
MR_API mr_status mr_list_compare_and_swap(const mr_list *list, ptrdiff_t index, const mr_item *expected,
                                          mr_item desired, bool *swapped);
MR_API mr_status mr_list_modify(const mr_list *list, ptrdiff_t index, mr_change change, void *argument);
MR_API mr_status mr_list_get_lock(const mr_list *list, mr_lock *lock);
MR_API mr_status mr_list_iterate(const mr_list *list, mr_iterator *iterator);

/* A set: items, each once, in the order in which they came. What can be an item is what can be a key of a dict.
 * Mirrors SyncManager.set(). */
typedef struct mr_set {
    uint64_t mr__handle;
} mr_set;

/* Makes a set of these items (NULL: none, if count is 0). Mirrors set(items). */
MR_API mr_status mr_set_init(mr_set *set, const mr_item items[], size_t count);

/* Ends it, for all processes. */
MR_API mr_status mr_set_destroy(const mr_set *set);

/* How many items it has, -1 on failure; whether it has this one, false on failure. Mirror len(s) and item in s. */
MR_API ptrdiff_t mr_set_length(const mr_set *set);
MR_API bool mr_set_has(const mr_set *set, mr_item item);

/* Adds an item; takes one away, if it is there; takes one away (MR_ENOENT: it is not there). Mirror s.add(item),
 * s.discard(item) and s.remove(item). */
MR_API mr_status mr_set_add(const mr_set *set, mr_item item);
MR_API mr_status mr_set_discard(const mr_set *set, mr_item item);
MR_API mr_status mr_set_remove(const mr_set *set, mr_item item);

/* Takes any item away, the youngest, and gives it: **item. Mirrors s.pop(). */
MR_API mr_status mr_set_pop(const mr_set *set, mr_item **item);

/* Takes all items away. Mirrors s.clear(). */
MR_API mr_status mr_set_clear(const mr_set *set);

/* All items; another set of the same items; the set as Python would print it. Mirror list(s), s.copy() and str(s).
 */
MR_API mr_status mr_set_items(const mr_set *set, mr_item **items, size_t *count);
MR_API mr_status mr_set_copy(mr_set *copy, const mr_set *set);
MR_API mr_status mr_set_text(const mr_set *set, char **text);

/* What comes of the set and of other items (those of another set are what mr_set_items gives of it); the set stays
 * as it is. Mirror s.union(others) and s | others, s.intersection(others) and &, s.difference(others) and -,
 * s.symmetric_difference(others) and ^. */
MR_API mr_status mr_set_union(const mr_set *set, const mr_item others[], size_t other_count, mr_item **items,
                              size_t *count);
MR_API mr_status mr_set_intersection(const mr_set *set, const mr_item others[], size_t other_count,
                                     mr_item **items, size_t *count);
MR_API mr_status mr_set_difference(const mr_set *set, const mr_item others[], size_t other_count, mr_item **items,
                                   size_t *count);
MR_API mr_status mr_set_symmetric_difference(const mr_set *set, const mr_item others[], size_t other_count,
                                             mr_item **items, size_t *count);

/* The same, and that is what the set then has. Mirror s.update(others) and s |= others, and so on. */
MR_API mr_status mr_set_update(const mr_set *set, const mr_item others[], size_t count);
MR_API mr_status mr_set_intersection_update(const mr_set *set, const mr_item others[], size_t count);
MR_API mr_status mr_set_difference_update(const mr_set *set, const mr_item others[], size_t count);
MR_API mr_status mr_set_symmetric_difference_update(const mr_set *set, const mr_item others[], size_t count);

/* Whether the set and the others have no item in common; whether all of the set's are among the others; whether
 * all of the others' are in the set. false on failure. Mirror s.isdisjoint(others), s.issubset(others) and <=,
 * s.issuperset(others) and >=. */
MR_API bool mr_set_is_disjoint(const mr_set *set, const mr_item others[], size_t count);
MR_API bool mr_set_is_subset(const mr_set *set, const mr_item others[], size_t count);
MR_API bool mr_set_is_superset(const mr_set *set, const mr_item others[], size_t count);

/* As those of dicts. */
MR_API mr_status mr_set_iterate(const mr_set *set, mr_iterator *iterator);
MR_API mr_status mr_set_get_lock(const mr_set *set, mr_lock *lock);

/* A namespace: values by names. Mirrors SyncManager.Namespace(). */
typedef struct mr_namespace {
    uint64_t mr__handle;
} mr_namespace;

MR_API mr_status mr_namespace_init(mr_namespace *space);
MR_API mr_status mr_namespace_destroy(const mr_namespace *space);

/* Sets, gives, deletes an attribute; whether there is one. Errors: MR_ENOENT (Python's AttributeError), MR_EINVAL
 * (a name that is NULL or empty). Mirror n.name = value, n.name, del n.name and hasattr(n, name). */
MR_API mr_status mr_namespace_set(const mr_namespace *space, const char *name, mr_item value);
MR_API mr_status mr_namespace_get(const mr_namespace *space, const char *name, mr_item *value, void *buffer,
                                  size_t capacity);
MR_API mr_status mr_namespace_get_alloc(const mr_namespace *space, const char *name, mr_item *value);
MR_API mr_status mr_namespace_del(const mr_namespace *space, const char *name);
MR_API bool mr_namespace_has(const mr_namespace *space, const char *name);

/* As those of dicts. The text, "Namespace(x=1, y='two')", leaves names out that begin with '_'; the attributes, in
 * pairs, are all there are. Mirror str(n) and vars(n). */
MR_API mr_status mr_namespace_text(const mr_namespace *space, char **text);
MR_API mr_status mr_namespace_attributes(const mr_namespace *space, mr_item **pairs, size_t *count);
MR_API mr_status mr_namespace_add(const mr_namespace *space, const char *name, mr_item amount, mr_item *sum);
MR_API mr_status mr_namespace_compare_and_swap(const mr_namespace *space, const char *name,
                                               const mr_item *expected, mr_item desired, bool *swapped);
MR_API mr_status mr_namespace_modify(const mr_namespace *space, const char *name, mr_change change,
                                     void *argument);
MR_API mr_status mr_namespace_get_lock(const mr_namespace *space, mr_lock *lock);

#ifdef __cplusplus
}
#endif

#endif
