/* A row of cells in one block of the arena: what a list is. Its span, where the cells that count begin and how
 * many they are, is one word: moving it adds or takes cells at the ends. Anything else makes a new row (list.c).
 */
#ifndef MR_ROW_H
#define MR_ROW_H

#include "containers/cell.h"

typedef struct mr__row {
    uint64_t capacity;
    _Atomic uint64_t span; /* the first cell << 32 | how many */
    mr__cell cells[];
} mr__row;

enum { MR__ROW_MOST = INT32_MAX };

static inline mr__row *mr__row_at(mr__ref ref)
{
    return ref != 0 ? mr__at(ref) : NULL;
}

static inline uint64_t mr__row_first(const mr__row *row)
{
    return row != NULL ? row->span >> 32 : 0;
}

static inline uint64_t mr__row_count(const mr__row *row)
{
    return row != NULL ? row->span & UINT32_MAX : 0;
}

static inline mr__cell *mr__row_cells(mr__row *row)
{
    return row != NULL ? row->cells + mr__row_first(row) : NULL;
}

static inline void mr__row_set_span(mr__row *row, uint64_t first, uint64_t count)
{
    MR__COMMIT(row->span, first << 32 | count);
}

#endif
