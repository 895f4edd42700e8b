#include "containers/cell.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>

typedef struct block {
    uint64_t size;
    unsigned char bytes[];
} block;

/* ---- Checks ---- */

bool mr__item_is_text(const mr_item *item)
{
    return item->type == MR_ITEM_STRING || item->type == MR_ITEM_BYTES || item->type == MR_ITEM_ARRAY;
}

bool mr__item_is_number(const mr_item *item)
{
    return item->type == MR_ITEM_BOOL || item->type == MR_ITEM_INT || item->type == MR_ITEM_DOUBLE;
}

mr_status mr__item_check(const char *call, const mr_item *item)
{
    static const char codes[] = "bBhHiIqQfd";
    if (item == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as an item", call);
    if ((unsigned)item->type > MR_ITEM_OBJECT)
        return mr__fail(MR_EINVAL, "%s: there is no item type %d", call, (int)item->type);
    if (mr__item_is_text(item) && (item->size > PTRDIFF_MAX || (item->data == NULL && item->size > 0)))
        return mr__fail(MR_EINVAL, "%s was given a string, bytes or an array that is NULL or too long", call);
    if (item->type == MR_ITEM_ARRAY && (item->code == '\0' || strchr(codes, item->code) == NULL))
        return mr__fail(MR_EINVAL, "%s was given an array whose elements are of no known type; use MR_ARRAY",
                        call);
    if (item->type == MR_ITEM_OBJECT && (unsigned)item->object - 1 >= MR_OBJECT_INSTANCE)
        return mr__fail(MR_EINVAL, "%s was given the handle of no known kind of object; use MR_OBJECT", call);
    return MR_OK;
}

mr_status mr__item_check_key(const char *call, const mr_item *item)
{
    mr_status status = mr__item_check(call, item);
    if (status == MR_OK && item->type == MR_ITEM_ARRAY)
        status = mr__fail(MR_EINVAL, "%s: an array cannot be a key", call);
    if (status == MR_OK && item->type == MR_ITEM_DOUBLE && isnan(item->real))
        status = mr__fail(MR_EINVAL, "%s: NaN cannot be a key, since it is equal to nothing", call);
    return status;
}

mr_status mr__items_check(const char *call, const mr_item items[], size_t count)
{
    mr_status status = MR_OK;
    if (items == NULL && count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of %zu items", call, count);
    for (size_t i = 0; i < count && status == MR_OK; i++)
        status = mr__item_check(call, &items[i]);
    return status;
}

/* ---- Comparing ---- */

/* A long double holds every 64-bit integer and every double. */
static long double number_of(const mr_item *item)
{
    if (item->type == MR_ITEM_DOUBLE)
        return item->real;
    return item->type == MR_ITEM_INT ? (long double)item->integer : (long double)item->boolean;
}

static int compare_bytes(const mr_item *a, const mr_item *b)
{
    size_t common = a->size < b->size ? a->size : b->size;
    int order = common > 0 ? memcmp(a->data, b->data, common) : 0;
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

int mr__item_compare(const mr_item *a, const mr_item *b)
{
    if (!mr__item_is_number(a))
        return compare_bytes(a, b);
    if (a->type == MR_ITEM_INT && b->type == MR_ITEM_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    long double x = number_of(a), y = number_of(b);
    return (x > y) - (x < y);
}

/* Those of one type. */
static bool has_same_value(const mr_item *a, const mr_item *b)
{
    switch (a->type) {
    case MR_ITEM_NONE:
        return true;
    case MR_ITEM_BOOL:
        return a->boolean == b->boolean;
    case MR_ITEM_INT:
        return a->integer == b->integer;
    case MR_ITEM_DOUBLE:
        return memcmp(&a->real, &b->real, sizeof a->real) == 0;
    case MR_ITEM_OBJECT:
        return a->object == b->object && memcmp(a->mr__handle, b->mr__handle, sizeof a->mr__handle) == 0;
    default:
        return a->size == b->size && (a->type != MR_ITEM_ARRAY || a->code == b->code) && compare_bytes(a, b) == 0;
    }
}

bool mr__item_is_same(const mr_item *a, const mr_item *b)
{
    return a->type == b->type && has_same_value(a, b);
}

bool mr__item_equals(const mr_item *a, const mr_item *b)
{
    if (mr__item_is_number(a) && mr__item_is_number(b)) {
        long double x = number_of(a), y = number_of(b);
        return x <= y && x >= y;
    }
    return a->type == b->type && has_same_value(a, b);
}

/* ---- Hashing ---- */

static uint64_t mix(uint64_t hash)
{
    static const uint64_t FACTOR = 0xd6e8feb86659fd93;
    hash = (hash ^ hash >> 32) * FACTOR;
    hash = (hash ^ hash >> 32) * FACTOR;
    return hash ^ hash >> 32;
}

static uint64_t hash_bytes(const unsigned char *bytes, size_t size)
{
    static const uint64_t FACTOR = 0x9e3779b97f4a7c15;
    uint64_t hash = size, word;
    for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * FACTOR;
        hash ^= hash >> 29;
    }
    word = 0;
    if (size > 0)
        memcpy(&word, bytes, size);
    return mix((hash ^ word) * FACTOR);
}

static uint64_t hash_double(double real)
{
    static const double END = 9223372036854775808.0; /* 2^63 */
    uint64_t bits;
    if (real >= -END && real < END && trunc(real) - real >= 0 && trunc(real) - real <= 0)
        return mix((uint64_t)(int64_t)real); /* it may be equal to an integer */
    memcpy(&bits, &real, sizeof bits);
    return mix(bits);
}

uint64_t mr__item_hash(const mr_item *item)
{
    switch (item->type) {
    case MR_ITEM_NONE:
        return mix(UINT64_MAX);
    case MR_ITEM_BOOL:
        return mix(item->boolean);
    case MR_ITEM_INT:
        return mix((uint64_t)item->integer);
    case MR_ITEM_DOUBLE:
        return hash_double(item->real);
    case MR_ITEM_OBJECT:
        return mix(item->mr__handle[0] ^ mix(item->mr__handle[1]));
    default:
        return hash_bytes(item->data, item->size) ^ (item->type == MR_ITEM_BYTES);
    }
}

/* ---- Adding ---- */

mr_status mr__item_add(const char *call, const mr_item *a, const mr_item *b, mr_item *sum)
{
    if (!mr__item_is_number(a) || !mr__item_is_number(b))
        return mr__fail(MR_EINVAL, "%s: only numbers can be added", call);
    if (a->type == MR_ITEM_DOUBLE || b->type == MR_ITEM_DOUBLE) {
        double x = a->type == MR_ITEM_DOUBLE ? a->real : (double)number_of(a);
        double y = b->type == MR_ITEM_DOUBLE ? b->real : (double)number_of(b);
        *sum = MR_DOUBLE(x + y);
        return MR_OK;
    }
    int64_t x = a->type == MR_ITEM_INT ? a->integer : a->boolean;
    int64_t y = b->type == MR_ITEM_INT ? b->integer : b->boolean, total;
    if (__builtin_add_overflow(x, y, &total))
        return mr__fail(MR_EOVERFLOW, "%s: the sum of %lld and %lld is no 64-bit integer", call, (long long)x,
                        (long long)y);
    *sum = MR_INT(total);
    return MR_OK;
}

/* ---- Giving ---- */

mr_status mr__item_give(const char *call, const mr_item *item, const mr__sink *sink)
{
    if (sink->item == NULL)
        return MR_OK;
    *sink->item = *item;
    sink->item->data = NULL;
    if (!mr__item_is_text(item))
        return MR_OK;
    size_t needed = item->size + (item->type == MR_ITEM_STRING);
    bool is_made = sink->is_made;
    size_t room =
        is_made ? (sink->is_bounded ? sink->most : SIZE_MAX) : (sink->buffer != NULL ? sink->capacity : 0);
    if (room < needed)
        return mr__fail(MR_ETOOSMALL, "%s: the item needs %zu bytes, and there are %zu", call, needed, room);
    void *bytes = is_made ? malloc(item->size + 1) : sink->buffer;
    if (is_made && bytes == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for an item of %zu bytes", call, item->size);
    if (item->size > 0)
        memcpy(bytes, item->data, item->size);
    if (item->type == MR_ITEM_STRING || is_made)
        ((char *)bytes)[item->size] = '\0';
    sink->item->data = bytes;
    return MR_OK;
}

void mr__item_take_back(const mr__sink *sink)
{
    if (sink->item == NULL || !sink->is_made)
        return;
    free((void *)(uintptr_t)sink->item->data);
    sink->item->data = NULL;
}

/* The room of a text behind the array: aligned for the numbers of arrays, with a zero byte at the end. */
static size_t room_of(const mr_item *item)
{
    return mr__item_is_text(item) ? (item->size / 8 + 1) * 8 : 0;
}

mr_status mr__items_own(const char *call, const mr_item items[], size_t count, mr_item **owned)
{
    size_t total;
    bool is_too_much = __builtin_mul_overflow(count, sizeof *items, &total);
    for (size_t i = 0; i < count && !is_too_much; i++)
        is_too_much = __builtin_add_overflow(total, room_of(&items[i]), &total);
    mr_item *made = is_too_much ? NULL : malloc(total + 1);
    if (made == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", call, count);
    char *next = (char *)(made + count);
    for (size_t i = 0; i < count; i++) {
        made[i] = items[i];
        if (!mr__item_is_text(&items[i]))
            continue;
        if (items[i].size > 0)
            memcpy(next, items[i].data, items[i].size);
        next[items[i].size] = '\0';
        made[i].data = next;
        next += room_of(&items[i]);
    }
    *owned = made;
    return MR_OK;
}

mr_status mr__item_object(const mr_item *item, mr_object_type type, void *handle, size_t size)
{
    static const char *const names[] = {"nothing",
#define OBJECT_NAME(name, handle) #handle,
                                        MR_OBJECT_MAP(OBJECT_NAME)
#undef OBJECT_NAME
    };
    if (item == NULL || handle == NULL || size > sizeof item->mr__handle)
        return mr__fail(MR_EINVAL, "MR_TAKE_OBJECT was given NULL, or something that is no handle");
    if (item->type != MR_ITEM_OBJECT || item->object != type)
        return mr__fail(MR_EINVAL, "MR_TAKE_OBJECT: this item is no %s", names[type]);
    memcpy(handle, item->mr__handle, size);
    return MR_OK;
}

/* ---- Cells ---- */

/* Bytes that do not fit into the cell go into a block. */
static mr_status store_bytes(mr__cell *cell, const void *bytes, size_t size)
{
    mr__ref ref;
    cell->is_block = size > sizeof cell->bits;
    if (cell->is_block == 0) {
        cell->size = (uint32_t)size;
        if (size > 0)
            memcpy(&cell->bits, bytes, size);
        return MR_OK;
    }
    mr_status status = mr__alloc(sizeof(block) + size, &ref);
    if (status != MR_OK)
        return status;
    block *new = mr__at(ref);
    new->size = size;
    memcpy(new->bytes, bytes, size);
    cell->bits = ref;
    return MR_OK;
}

mr_status mr__cell_make(const mr_item *item, mr__cell *cell)
{
    *cell = (mr__cell){.type = (uint8_t)item->type};
    switch (item->type) {
    case MR_ITEM_NONE:
        return MR_OK;
    case MR_ITEM_BOOL:
        cell->bits = item->boolean;
        return MR_OK;
    case MR_ITEM_INT:
        cell->bits = (uint64_t)item->integer;
        return MR_OK;
    case MR_ITEM_DOUBLE:
        memcpy(&cell->bits, &item->real, sizeof cell->bits);
        return MR_OK;
    case MR_ITEM_OBJECT:
        cell->object = (uint8_t)item->object;
        return store_bytes(cell, item->mr__handle, item->mr__handle[1] != 0 ? 16 : 8);
    default:
        cell->code = (uint8_t)item->code;
        return store_bytes(cell, item->data, item->size);
    }
}

mr_status mr__cells_make(const mr_item items[], size_t count, mr__cell cells[])
{
    for (size_t i = 0; i < count; i++) {
        mr_status status = mr__cell_make(&items[i], &cells[i]);
        if (status != MR_OK) {
            mr__cells_free(cells, i);
            return status;
        }
    }
    return MR_OK;
}

/* The ref is gone before the block is free: a process that is killed in between loses a block, and no block is
 * freed twice. */
void mr__cell_free(mr__cell *cell)
{
    mr__ref old = cell->is_block != 0 ? cell->bits : 0;
    cell->is_block = 0;
    cell->type = MR_ITEM_NONE;
    atomic_signal_fence(memory_order_seq_cst);
    mr__free(old);
}

void mr__cells_free(mr__cell cells[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        mr__cell_free(&cells[i]);
}

mr_item mr__cell_view(const mr__cell *cell)
{
    mr_item item = {.type = (mr_item_type)cell->type};
    const block *far = cell->is_block != 0 ? mr__at(cell->bits) : NULL;
    switch (cell->type) {
    case MR_ITEM_NONE:
        break;
    case MR_ITEM_BOOL:
        item.boolean = cell->bits != 0;
        break;
    case MR_ITEM_INT:
        item.integer = (int64_t)cell->bits;
        break;
    case MR_ITEM_DOUBLE:
        memcpy(&item.real, &cell->bits, sizeof item.real);
        break;
    case MR_ITEM_OBJECT:
        item.object = (mr_object_type)cell->object;
        if (far != NULL)
            memcpy(item.mr__handle, far->bytes, sizeof item.mr__handle);
        else
            item.mr__handle[0] = cell->bits;
        break;
    default:
        item.code = (char)cell->code;
        item.data = far != NULL ? (const void *)far->bytes : (const void *)&cell->bits;
        item.size = far != NULL ? far->size : cell->size;
    }
    return item;
}
