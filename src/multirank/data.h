/* Data that processes share: values, arrays, shared memory, items and lists of them. Part of multirank.h, which is
 * what programs include. */
#ifndef MULTIRANK_DATA_H
#define MULTIRANK_DATA_H

#include "sync.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Values and arrays -------------------------------------------------------------------------------------- */

/* An array in memory that processes share: elements of one C type or struct, by size, as in an array of C. A
 * handle: it may be copied, also into the arguments of a process, and means the same array there. It lasts until
 * somebody destroys it, for all, or mr_finalize. */
typedef struct mr_array {
    uint64_t mr__handle;
} mr_array;

/* Makes an array of length elements of element_size bytes each, with the values of initial (as many), or zeros
 * where that is NULL, and with a lock of its own, an RLock; a raw array has none. Any process. Errors: MR_EINVAL
 * (NULL, elements of 0 bytes), MR_ENOMEM, MR_ELIMIT. Mirror multiprocessing.Array and RawArray. */
MR_API mr_status mr_array_init(mr_array *array, size_t element_size, size_t length, const void *initial);
MR_API mr_status mr_array_init_raw(mr_array *array, size_t element_size, size_t length, const void *initial);

/* Gives a raw array a lock: this one, which stays the caller's to destroy; NULL: an RLock of its own. To be called
 * before others use the array. Errors: MR_ESTATE (it has a lock), MR_EINVAL, MR_ECLOSED (the lock is none, or no
 * more). Mirrors sharedctypes.synchronized(obj, lock), and Array(..., lock=lock). */
MR_API mr_status mr_array_synchronize(const mr_array *array, const mr_lock *lock);

/* Gives its lock, to be held over what must not be interrupted, such as adding to an element. Errors: MR_ESTATE
 * (it is a raw array). Mirrors Array.get_lock. */
MR_API mr_status mr_array_get_lock(const mr_array *array, mr_lock *lock);

/* The elements themselves: what is written there, all processes see. Aligned for any C type; valid until the array
 * is destroyed, in the process that calls. NULL on failure: MR_ENOHOST (another host than main's: mr_array_get and
 * mr_array_set work there). Mirrors the array that get_obj() gives. */
MR_API void *mr_array_data(const mr_array *array);

/* How many elements it has, -1 on failure; of how many bytes each, 0 on failure. Mirror len(array) and
 * ctypes.sizeof. */
MR_API ptrdiff_t mr_array_length(const mr_array *array);
MR_API size_t mr_array_element_size(const mr_array *array);

/* Copies count elements, from the one of index first (from 0) on, out of the array, or into it, while it holds the
 * array's lock, if there is one. Errors: MR_EINVAL (NULL, not all of them lie in the array: nothing is copied);
 * MR_EOWNERDEAD: it has been done, but somebody died while he held the lock, and may have left the elements half
 * changed. Mirror array[i:j] and array[i:j] = ... */
MR_API mr_status mr_array_get(const mr_array *array, size_t first, size_t count, void *out);
MR_API mr_status mr_array_set(const mr_array *array, size_t first, size_t count, const void *in);

/* Makes another array with the same elements, and a lock of its own if this one has a lock. Errors: as
 * mr_array_init and mr_array_get. Mirrors sharedctypes.copy. */
MR_API mr_status mr_array_copy(mr_array *copy, const mr_array *array);

/* Ends the array, for all processes, and its own lock. Twice is harmless; any other use after it is
 * MR_ECLOSED. Any process.
 */
MR_API mr_status mr_array_destroy(const mr_array *array);

/* One variable that processes share: as an array of one element. The functions are those of arrays. Mirrors
 * multiprocessing.Value and RawValue. */
typedef struct mr_value {
    uint64_t mr__handle;
} mr_value;

MR_API mr_status mr_value_init(mr_value *value, size_t size, const void *initial);
MR_API mr_status mr_value_init_raw(mr_value *value, size_t size, const void *initial);
MR_API void *mr_value_data(const mr_value *value);
MR_API mr_status mr_value_get(const mr_value *value, void *out);
MR_API mr_status mr_value_set(const mr_value *value, const void *in);
MR_API mr_status mr_value_synchronize(const mr_value *value, const mr_lock *lock);
MR_API mr_status mr_value_get_lock(const mr_value *value, mr_lock *lock);
MR_API mr_status mr_value_copy(mr_value *copy, const mr_value *value);
MR_API mr_status mr_value_destroy(const mr_value *value);

/* ---- Shared memory ------------------------------------------------------------------------------------------ */

/* The most bytes in the name of a block of shared memory. */
enum { MR_SHARED_MEMORY_NAME_MAX = 127 };

/* A block of memory that processes find by its name; or by a handle that they are given, whose first use there
 * attaches them. It lives until it has been unlinked and nobody is attached to it any more; a process that ends,
 * however it ends, is no longer attached. Names are known within the program only, and nothing of them is left
 * when it has ended. Mirrors shared_memory.SharedMemory. */
typedef struct mr_shared_memory {
    uint64_t mr__handle, mr__attachment;
} mr_shared_memory;

/* Makes a block of size bytes, all zero, and attaches the caller to it. name is copied; NULL: one is made up. Any
 * process. Errors: MR_EINVAL (NULL, size 0, a name that is empty or too long), MR_EEXIST (the name is taken),
 * MR_ENOMEM, MR_ELIMIT. Mirrors SharedMemory(name, create=True, size=size). */
MR_API mr_status mr_shared_memory_init(mr_shared_memory *memory, const char *name, size_t size);

/* Attaches the caller to the block of that name. Errors: MR_ENOENT (there is none, or no more), MR_EINVAL,
 * MR_ENOMEM. Mirrors SharedMemory(name). */
MR_API mr_status mr_shared_memory_attach(mr_shared_memory *memory, const char *name);

/* The memory itself, for as long as the caller is attached. NULL on failure: MR_ECLOSED; MR_ENOENT (the handle
 * came from another process, and the block has been unlinked before its first use here); MR_ENOHOST (another host
 * than main's: mr_shared_memory_read and mr_shared_memory_write work there). Mirrors SharedMemory.buf. */
MR_API void *mr_shared_memory_data(const mr_shared_memory *memory);

/* Copy size bytes, from byte offset (from 0) on, out of the block, or into it: what processes on other hosts use,
 * which cannot have the memory itself. Whoever writes the same bytes meanwhile is not waited for. Errors:
 * MR_EINVAL (NULL, not all of them lie in the block: nothing is copied), MR_ECLOSED, MR_ENOENT. Mirror buf[i:j]
 * and buf[i:j] = ..., and MPI_Get and MPI_Put. */
MR_API mr_status mr_shared_memory_read(const mr_shared_memory *memory, size_t offset, size_t size, void *out);
MR_API mr_status mr_shared_memory_write(const mr_shared_memory *memory, size_t offset, size_t size,
                                        const void *in);

/* The size in bytes that was asked for, 0 on failure; the name, which lasts as long as the block, NULL on failure.
 * Both also after close. Mirror SharedMemory.size and SharedMemory.name. */
MR_API size_t mr_shared_memory_size(const mr_shared_memory *memory);
MR_API const char *mr_shared_memory_name(const mr_shared_memory *memory);

/* Detaches the calling process; other handles stay as they are, also copies of this one in other processes.
 * Closing twice is harmless. Errors: MR_EINVAL, MR_ENOMEM. Mirrors SharedMemory.close. */
MR_API mr_status mr_shared_memory_close(const mr_shared_memory *memory);

/* Takes the name away, so that nobody can attach any more, and the name can be used again. The memory stays for
 * those who are attached. May be called after close. Errors: MR_ENOENT (that has been done). Mirrors
 * SharedMemory.unlink. */
MR_API mr_status mr_shared_memory_unlink(const mr_shared_memory *memory);

/* The types of items. Shareable lists hold those up to bytes; dicts, lists and namespaces hold all. */
typedef enum mr_item_type {
    MR_ITEM_NONE,
    MR_ITEM_BOOL,
    MR_ITEM_INT,
    MR_ITEM_DOUBLE,
    MR_ITEM_STRING,
    MR_ITEM_BYTES,
    MR_ITEM_ARRAY, /* numbers of one type, as Python's array.array */
    MR_ITEM_OBJECT /* the handle of a shared object */
} mr_item_type;

/* The shared objects whose handles can be items: name, handle. */
#define MR_OBJECT_MAP(X)                 \
    X(LOCK, mr_lock)                     \
    X(SEMAPHORE, mr_semaphore)           \
    X(CONDITION, mr_condition)           \
    X(EVENT, mr_event)                   \
    X(BARRIER, mr_barrier)               \
    X(ARRAY, mr_array)                   \
    X(VALUE, mr_value)                   \
    X(SHARED_MEMORY, mr_shared_memory)   \
    X(SHAREABLE_LIST, mr_shareable_list) \
    X(CONNECTION, mr_connection)         \
    X(QUEUE, mr_queue)                   \
    X(DICT, mr_dict)                     \
    X(LIST, mr_list)                     \
    X(NAMESPACE, mr_namespace)           \
    X(SET, mr_set)                       \
    X(POOL, mr_pool)                     \
    X(INSTANCE, mr_instance)

typedef enum mr_object_type {
    MR_OBJECT_NONE,
#define MR_OBJECT_NUMBER(name, handle) MR_OBJECT_##name,
    MR_OBJECT_MAP(MR_OBJECT_NUMBER)
#undef MR_OBJECT_NUMBER
} mr_object_type;

/* An item: MR_INT(5), MR_STRING("five"), MR_OBJECT(&queue) ... */
typedef struct mr_item {
    mr_item_type type;
    bool boolean;
    char code; /* of an array: the type of its elements, by the letters of Python's array: b B h H i I q Q f d */
    mr_object_type object; /* of an object: which handle it is */
    int64_t integer;
    double real;
    const void *data; /* of a string (without its closing zero byte), bytes or an array; not copied here */
    size_t size;      /* in bytes */
    uint64_t mr__handle[2];
} mr_item;

#ifndef __cplusplus /* C++ has inline functions by these names, in multirank_cxx.h */
#define MR_NONE ((mr_item){.type = MR_ITEM_NONE})
#define MR_BOOL(value) ((mr_item){.type = MR_ITEM_BOOL, .boolean = (value)})
#define MR_INT(value) ((mr_item){.type = MR_ITEM_INT, .integer = (value)})
#define MR_DOUBLE(value) ((mr_item){.type = MR_ITEM_DOUBLE, .real = (value)})
#define MR_STRING(text) ((mr_item){.type = MR_ITEM_STRING, .data = (text), .size = strlen(text)})
#define MR_BYTES(bytes, length) ((mr_item){.type = MR_ITEM_BYTES, .data = (bytes), .size = (length)})

/* An array of count numbers that start at a pointer: to 8, 16, 32 or 64 bits, signed or not, float or double. */
#define MR_ARRAY(numbers, count)                          \
    ((mr_item){.type = MR_ITEM_ARRAY,                     \
               .code = _Generic((numbers)[0], int8_t      \
                                : 'b', uint8_t            \
                                : 'B', int16_t            \
                                : 'h', uint16_t           \
                                : 'H', int32_t            \
                                : 'i', uint32_t           \
                                : 'I', long               \
                                : 'q', unsigned long      \
                                : 'Q', long long          \
                                : 'q', unsigned long long \
                                : 'Q', float              \
                                : 'f', double             \
                                : 'd'),                   \
               .data = (numbers),                         \
               .size = (count) * sizeof((numbers)[0])})

/* The handle behind a pointer, as an item. What it names stays whoever's it is: an item does not own it. */
#define MR_OBJECT(handle) mr__object_item(MR__OBJECT_TYPE(handle), (handle), sizeof *(handle))

/* The reverse: MR_TAKE_OBJECT(item, &queue). Both arguments are pointers. Errors: MR_EINVAL (NULL, or the item is
 * something else). */
#define MR_TAKE_OBJECT(item, handle) mr__item_object((item), MR__OBJECT_TYPE(handle), (handle), sizeof *(handle))

#define MR__OBJECT_CASE(name, handle) handle * : MR_OBJECT_##name, const handle * : MR_OBJECT_##name,
#define MR__OBJECT_TYPE(handle) (_Generic((handle), MR_OBJECT_MAP(MR__OBJECT_CASE) default : MR_OBJECT_NONE))
#endif
MR_API mr_status mr__item_object(const mr_item *item, mr_object_type type, void *handle, size_t size);

static inline mr_item mr__object_item(mr_object_type type, const void *handle, size_t size)
{
    mr_item item;
    memset(&item, 0, sizeof item);
    item.type = MR_ITEM_OBJECT;
    item.object = type;
    memcpy(item.mr__handle, handle, size < sizeof item.mr__handle ? size : sizeof item.mr__handle);
    return item;
}

/* A list of fixed length in a block of shared memory, shm: its name, closing and unlinking are those of the block.
 * Each item's slot has a fixed room: for a string or bytes what they need at first, plus 1, rounded up to 8; for
 * anything else 8. An item is read and written as a whole, whoever else reads and writes. Indices count from 0,
 * negative ones from the end. Mirrors shared_memory.ShareableList. */
typedef struct mr_shareable_list {
    mr_shared_memory shm;
} mr_shareable_list;

/* Makes a list of these items; name: as in mr_shared_memory_init, with the same errors; MR_EINVAL also for an
 * item of no known type, or a string that is NULL. */
MR_API mr_status mr_shareable_list_init(mr_shareable_list *list, const char *name, const mr_item items[],
                                        size_t length);

/* Attaches to the list of that name. Errors: as mr_shared_memory_attach; MR_EINVAL (what lies there is no list).
 */
MR_API mr_status mr_shareable_list_attach(mr_shareable_list *list, const char *name);

/* Makes another list of the same items, with a name of its own. */
MR_API mr_status mr_shareable_list_copy(mr_shareable_list *copy, const char *name, const mr_shareable_list *list);

/* The number of items; -1 on failure. */
MR_API ptrdiff_t mr_shareable_list_length(const mr_shareable_list *list);

/* Gives an item. A string or bytes is copied to buffer, of capacity bytes, and item->data points there; a string
 * has a closing zero byte in addition to its size. Errors: MR_EINVAL (NULL, no such index), MR_ETOOSMALL
 * (item->size says how long it is), MR_ECLOSED, MR_ENOENT. Mirrors list[index]. */
MR_API mr_status mr_shareable_list_get(const mr_shareable_list *list, ptrdiff_t index, mr_item *item, void *buffer,
                                       size_t capacity);

/* Sets an item, also to another type. Errors: MR_EINVAL (no such index), MR_ETOOSMALL (longer than its slot: the
 * item stays as it was). Mirrors list[index] = item. */
MR_API mr_status mr_shareable_list_set(const mr_shareable_list *list, ptrdiff_t index, mr_item item);

/* How many items are equal to this one (of the same type and value), and the index of the first (MR_ENOENT: there
 * is none). Mirror ShareableList.count and ShareableList.index. */
MR_API mr_status mr_shareable_list_count(const mr_shareable_list *list, mr_item item, size_t *count);
MR_API mr_status mr_shareable_list_index(const mr_shareable_list *list, mr_item item, size_t *index);

/* Writes the types of all items as Python's struct module does ("8sqd"), as a string. Errors: MR_ETOOSMALL.
 * Mirrors ShareableList.format. */
MR_API mr_status mr_shareable_list_format(const mr_shareable_list *list, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
