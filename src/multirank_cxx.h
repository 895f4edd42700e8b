/* What multirank.h has for C++ (from C++11 on) in place of macros that only C knows: MR_LOCKED, MR_INT and the
 * other makers of items. multirank.h includes it; what they do is told there. */
#ifndef MULTIRANK_CXX_H
#define MULTIRANK_CXX_H

#include "multirank.h"

/* ---- MR_LOCKED ---- */

/* Its destructor releases, also when an exception leaves the block. */
class mr__scope
{
  public:
    mr__scope(const mr_lock *object, mr_status *status)
        : mr__scope(mr_lock_acquire(object, MR_FOREVER), status, object, release_lock)
    {
    }
    mr__scope(const mr_semaphore *object, mr_status *status)
        : mr__scope(mr_semaphore_acquire(object, MR_FOREVER), status, object, release_semaphore)
    {
    }
    mr__scope(const mr_condition *object, mr_status *status)
        : mr__scope(mr_condition_acquire(object, MR_FOREVER), status, object, release_condition)
    {
    }
    mr__scope(const mr__scope &) = delete;
    mr__scope &operator=(const mr__scope &) = delete;
    ~mr__scope()
    {
        if (is_held)
            release(handle);
    }

    bool runs;

  private:
    typedef void (*releaser)(uint64_t);

    template <typename T>
    mr__scope(mr_status acquired, mr_status *status, const T *object, releaser how)
        : runs(acquired == MR_OK || acquired == MR_EOWNERDEAD), is_held(runs),
          handle(object == nullptr ? 0 : object->mr__handle), release(how)
    {
        if (status != nullptr)
            *status = acquired;
    }
    static void release_lock(uint64_t handle)
    {
        const mr_lock object = {handle};
        mr_lock_release(&object);
    }
    static void release_semaphore(uint64_t handle)
    {
        const mr_semaphore object = {handle};
        mr_semaphore_release(&object);
    }
    static void release_condition(uint64_t handle)
    {
        const mr_condition object = {handle};
        mr_condition_release(&object);
    }

    bool is_held;
    uint64_t handle;
    releaser release;
};

#define MR_LOCKED(object) MR__LOCKED(object, nullptr, __COUNTER__)
#define MR_LOCKED_STATUS(object, status) MR__LOCKED(object, &(status), __COUNTER__)

#define MR__LOCKED(object, status, number) MR__LOCKED_AS(object, status, number)
#define MR__LOCKED_AS(object, status, number)                                       \
    for (mr__scope mr__scope_##number((object), (status)); mr__scope_##number.runs; \
         mr__scope_##number.runs = false)

/* ---- Items ---- */

inline mr_item mr__item_of(mr_item_type type)
{
    mr_item item = mr_item();
    item.type = type;
    return item;
}

inline mr_item mr__bool_item(bool value)
{
    mr_item item = mr__item_of(MR_ITEM_BOOL);
    item.boolean = value;
    return item;
}

inline mr_item mr__int_item(int64_t value)
{
    mr_item item = mr__item_of(MR_ITEM_INT);
    item.integer = value;
    return item;
}

inline mr_item mr__double_item(double value)
{
    mr_item item = mr__item_of(MR_ITEM_DOUBLE);
    item.real = value;
    return item;
}

inline mr_item mr__data_item(mr_item_type type, const void *data, size_t size)
{
    mr_item item = mr__item_of(type);
    item.data = data;
    item.size = size;
    return item;
}

inline mr_item mr__string_item(const char *text)
{
    return mr__data_item(MR_ITEM_STRING, text, text == nullptr ? 0 : strlen(text));
}

/* Other types of numbers do not compile, as in C. */
#define MR__NUMBER(type, letter)                                                       \
    inline mr_item mr__array_item(const type *numbers, size_t count)                   \
    {                                                                                  \
        mr_item item = mr__data_item(MR_ITEM_ARRAY, numbers, count * sizeof *numbers); \
        item.code = letter;                                                            \
        return item;                                                                   \
    }
MR__NUMBER(int8_t, 'b')
MR__NUMBER(uint8_t, 'B')
MR__NUMBER(int16_t, 'h')
MR__NUMBER(uint16_t, 'H')
MR__NUMBER(int32_t, 'i')
MR__NUMBER(uint32_t, 'I')
MR__NUMBER(long, 'q')
MR__NUMBER(unsigned long, 'Q')
MR__NUMBER(long long, 'q')
MR__NUMBER(unsigned long long, 'Q')
MR__NUMBER(float, 'f')
MR__NUMBER(double, 'd')
#undef MR__NUMBER

/* A class that is derived from a handle counts as that handle; anything else does not compile. */
#define MR__OBJECT(name, type)                                                  \
    inline mr_item mr__handle_item(const type *handle)                          \
    {                                                                           \
        return mr__object_item(MR_OBJECT_##name, handle, sizeof *handle);       \
    }                                                                           \
    inline mr_status mr__take_handle(const mr_item *item, type *handle)         \
    {                                                                           \
        return mr__item_object(item, MR_OBJECT_##name, handle, sizeof *handle); \
    }
MR_OBJECT_MAP(MR__OBJECT)
#undef MR__OBJECT

#define MR_NONE mr__item_of(MR_ITEM_NONE)
#define MR_BOOL(value) mr__bool_item(value)
#define MR_INT(value) mr__int_item(value)
#define MR_DOUBLE(value) mr__double_item(value)
#define MR_STRING(text) mr__string_item(text)
#define MR_BYTES(bytes, length) mr__data_item(MR_ITEM_BYTES, (bytes), (length))
#define MR_ARRAY(numbers, count) mr__array_item((numbers), (count))
#define MR_OBJECT(handle) mr__handle_item(handle)
#define MR_TAKE_OBJECT(item, handle) mr__take_handle((item), (handle))

#endif
