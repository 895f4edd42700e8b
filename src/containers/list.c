/* Lists: what is done to them, by the request (container.h). What adds or takes at an end moves the row's span;
 * what sets one item writes down first what it is to be; everything else makes a new row. Each takes effect by one
 * store. */
#include "base/status.h"
#include "containers/container.h"
#include "containers/row.h"

#include <stdlib.h>
#include <string.h>

typedef struct list {
    mr__container container;
    _Atomic uint64_t setting; /* the number of the cell that is being set, + 1; 0: none */
    mr__cell set;             /* to what */
} list;

_Static_assert(sizeof(list) <= MR__SLOT_SIZE, "a list fits its slot");

static mr__row *row_of(const list *l)
{
    return mr__row_at(l->container.block);
}

static mr__cell *cells_of(const list *l)
{
    return mr__row_cells(row_of(l));
}

static uint64_t count_of(const list *l)
{
    return mr__row_count(row_of(l));
}

static void empty_row(mr__ref block, uint64_t first, uint64_t count)
{
    mr__cells_free(mr__row_at(block)->cells + first, count);
}

/* ---- The kind ---- */

static void finish_setting(list *l)
{
    if (l->setting == 0)
        return;
    row_of(l)->cells[l->setting - 1] = l->set;
    MR__COMMIT(l->setting, 0);
}

static void repair(mr__object *object)
{
    list *l = (list *)object;
    mr__container_repair(&l->container, empty_row);
    finish_setting(l);
}

static void discard(mr__object *object)
{
    list *l = (list *)object;
    mr__cells_free(cells_of(l), count_of(l));
    mr__free(l->container.block);
}

const mr__kind mr__list_kind = {.name = "list", .repair = repair, .discard = discard};

static mr_status enter(const mr__request *r, list **l)
{
    mr__container *container;
    mr_status status = mr__container_enter(r, &container);
    *l = (list *)container;
    return status;
}

static void leave(list *l)
{
    mr__container_leave(&l->container);
}

/* ---- Changing ---- */

static mr_status new_row(const char *call, uint64_t count, uint64_t room, mr__ref *ref)
{
    if (count > MR__ROW_MOST)
        return mr__fail(MR_ELIMIT, "%s: a list cannot hold more than %d items", call, MR__ROW_MOST);
    mr_status status = mr__alloc(sizeof(mr__row) + room * sizeof(mr__cell), ref);
    if (status == MR_OK)
        mr__row_at(*ref)->capacity = room;
    return status;
}

static void copy_cells(mr__cell *to, const mr__cell *from, uint64_t count)
{
    if (count > 0)
        memcpy(to, from, count * sizeof *to);
}

/* Puts new cells in the place of removed ones, in a new row, with some room behind for more. */
static mr_status splice_anew(const char *call, list *l, uint64_t at, uint64_t removed, const mr__cell added[],
                             uint64_t added_count)
{
    mr__ref fresh;
    const mr__cell *old = cells_of(l);
    uint64_t first = mr__row_first(row_of(l)), before = count_of(l), count = before - removed + added_count;
    uint64_t behind = before - at - removed, room = count > before ? count + count / 2 + 4 : count;
    if (count == 0) {
        if (before > 0)
            mr__container_replace(&l->container, 0, first, before, empty_row);
        return MR_OK;
    }
    mr_status status = new_row(call, count, room, &fresh);
    if (status != MR_OK)
        return status;
    mr__row *row = mr__row_at(fresh);
    copy_cells(row->cells, old, at);
    copy_cells(row->cells + at, added, added_count);
    copy_cells(row->cells + at + added_count, old + at + removed, behind);
    mr__row_set_span(row, 0, count);
    mr__container_replace(&l->container, fresh, first + at, removed, empty_row);
    return MR_OK;
}

/* The same, in place where that is one step: at the ends. */
static mr_status splice(const char *call, list *l, uint64_t at, uint64_t removed, const mr__cell added[],
                        uint64_t added_count)
{
    mr__row *row = row_of(l);
    uint64_t first = mr__row_first(row), count = count_of(l);
    if (removed == 0 && row != NULL && at == count && added_count <= row->capacity - first - count) {
        copy_cells(cells_of(l) + at, added, added_count);
        mr__row_set_span(row, first, count + added_count);
        return MR_OK;
    }
    if (removed == 0 && at == 0 && added_count == 1 && first > 0) {
        row->cells[first - 1] = added[0];
        mr__row_set_span(row, first - 1, count + 1);
        return MR_OK;
    }
    if (removed == 1 && added_count == 0 && count > 1 && (at == 0 || at == count - 1)) {
        mr__cell gone = cells_of(l)[at];
        mr__row_set_span(row, at == 0 ? first + 1 : first, count - 1);
        mr__cell_free(&gone);
        return MR_OK;
    }
    return splice_anew(call, l, at, removed, added, added_count);
}

/* Sets one cell; leaves, and frees the old one. */
static void set_and_leave(list *l, uint64_t index, mr__cell cell)
{
    mr__cell old = cells_of(l)[index];
    l->set = cell;
    MR__COMMIT(l->setting, mr__row_first(row_of(l)) + index + 1);
    finish_setting(l);
    leave(l);
    mr__cell_free(&old);
}

/* Makes cells of a request's items: memory from malloc, which the caller frees. */
static mr_status make_cells(const mr__request *r, mr__cell **cells)
{
    mr_status status = mr__items_check(r->call, r->in, r->in_count);
    if (status != MR_OK)
        return status;
    *cells = calloc(r->in_count + 1, sizeof **cells);
    if (*cells == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", r->call, r->in_count);
    status = mr__cells_make(r->in, r->in_count, *cells);
    if (status != MR_OK)
        free(*cells);
    return status;
}

mr_status mr__list_make(mr__request *r)
{
    mr__cell *cells = NULL;
    mr__object *object;
    mr_status status = make_cells(r, &cells);
    if (status != MR_OK)
        return status;
    status = mr__object_new(r->call, r->kind, &object, &r->handle);
    bool is_made = status == MR_OK;
    if (is_made)
        status = splice(r->call, (list *)object, 0, 0, cells, r->in_count);
    if (is_made && status != MR_OK)
        mr__object_close(object);
    else if (is_made)
        mr__object_leave(object);
    if (status != MR_OK)
        mr__cells_free(cells, r->in_count);
    free(cells);
    return status;
}

/* ---- Single items ---- */

/* Enters, and finds what the first number says; negative ones count from the end. */
static mr_status find(const mr__request *r, list **l, uint64_t *index)
{
    mr_status status = enter(r, l);
    if (status != MR_OK)
        return status;
    int64_t count = (int64_t)count_of(*l), wanted = r->numbers[0];
    *index = (uint64_t)(wanted < 0 ? wanted + count : wanted);
    if (wanted >= -count && wanted < count)
        return MR_OK;
    leave(*l);
    return mr__fail(MR_ENOENT, "%s: a list of %lld items has none of index %lld", r->call, (long long)count,
                    (long long)wanted);
}

mr_status mr__list_length(mr__request *r)
{
    list *l;
    mr_status status = enter(r, &l);
    if (status != MR_OK)
        return status;
    r->numbers[0] = (int64_t)count_of(l);
    leave(l);
    return MR_OK;
}

mr_status mr__list_get(mr__request *r)
{
    list *l;
    uint64_t index;
    mr_status status = find(r, &l, &index);
    if (status != MR_OK)
        return status;
    mr_item item = mr__cell_view(&cells_of(l)[index]);
    status = mr__item_give(r->call, &item, &r->sink);
    leave(l);
    return status;
}

mr_status mr__list_set(mr__request *r)
{
    list *l;
    uint64_t index;
    mr__cell cell;
    mr_status status = mr__item_check(r->call, r->in);
    if (status == MR_OK)
        status = mr__cell_make(r->in, &cell);
    if (status != MR_OK)
        return status;
    status = find(r, &l, &index);
    if (status == MR_OK)
        set_and_leave(l, index, cell);
    else
        mr__cell_free(&cell);
    return status;
}

mr_status mr__list_pop(mr__request *r)
{
    list *l;
    uint64_t index;
    mr_status status = find(r, &l, &index);
    if (status != MR_OK)
        return status;
    mr_item item = mr__cell_view(&cells_of(l)[index]);
    mr_status given = mr__item_give(r->call, &item, &r->sink);
    status = given == MR_OK ? splice(r->call, l, index, 1, NULL, 0) : given;
    leave(l);
    if (given == MR_OK && status != MR_OK)
        mr__item_take_back(&r->sink);
    return status;
}

/* Puts the request's items before an index; SIZE_MAX: at the end. */
static mr_status add_items(const mr__request *r, bool at_end)
{
    list *l;
    mr__cell *cells = NULL;
    mr_status status = make_cells(r, &cells);
    if (status != MR_OK)
        return status;
    status = enter(r, &l);
    if (status == MR_OK) {
        int64_t count = (int64_t)count_of(l), index = at_end ? count : r->numbers[0];
        if (index < 0)
            index = index < -count ? 0 : index + count;
        status = splice(r->call, l, (uint64_t)(index < count ? index : count), 0, cells, r->in_count);
        leave(l);
    }
    if (status != MR_OK)
        mr__cells_free(cells, r->in_count);
    free(cells);
    return status;
}

mr_status mr__list_extend(mr__request *r)
{
    return add_items(r, true);
}

mr_status mr__list_insert(mr__request *r)
{
    return add_items(r, false);
}

/* How many items equal the request's, and the index of the first; with remove, that one is taken away. */
mr_status mr__list_search(mr__request *r)
{
    list *l;
    bool removes = r->numbers[0] != 0;
    mr_status status = mr__item_check(r->call, r->in);
    if (status == MR_OK)
        status = enter(r, &l);
    if (status != MR_OK)
        return status;
    uint64_t count = count_of(l);
    r->numbers[0] = 0;
    r->numbers[1] = -1;
    for (uint64_t i = 0; i < count && !(removes && r->numbers[0] > 0); i++) {
        mr_item each = mr__cell_view(&cells_of(l)[i]);
        if (!mr__item_equals(&each, r->in))
            continue;
        if (r->numbers[0]++ == 0)
            r->numbers[1] = (int64_t)i;
    }
    if (removes && r->numbers[0] > 0)
        status = splice(r->call, l, (uint64_t)r->numbers[1], 1, NULL, 0);
    leave(l);
    return status;
}

/* ---- What Python lacks ---- */

mr_status mr__list_add(mr__request *r)
{
    list *l;
    uint64_t index;
    mr_item sum;
    mr__cell cell;
    mr_status status = mr__item_check(r->call, r->in);
    if (status == MR_OK)
        status = find(r, &l, &index);
    if (status != MR_OK)
        return status;
    mr_item now = mr__cell_view(&cells_of(l)[index]);
    status = mr__item_add(r->call, &now, r->in, &sum);
    if (status != MR_OK) {
        leave(l);
        return status;
    }
    mr__cell_make(&sum, &cell); /* numbers need no memory */
    set_and_leave(l, index, cell);
    return mr__item_give(r->call, &sum, &r->sink);
}

/* The items: desired, expected. */
mr_status mr__list_swap(mr__request *r)
{
    list *l;
    uint64_t index;
    mr__cell cell;
    mr_status status = mr__items_check(r->call, r->in, 2);
    if (status == MR_OK)
        status = find(r, &l, &index);
    if (status != MR_OK)
        return status;
    mr_item now = mr__cell_view(&cells_of(l)[index]);
    r->numbers[1] = mr__item_is_same(&now, &r->in[1]);
    if (r->numbers[1] != 0)
        status = mr__cell_make(&r->in[0], &cell);
    if (r->numbers[1] != 0 && status == MR_OK)
        set_and_leave(l, index, cell);
    else
        leave(l);
    return status;
}

/* ---- Slices ---- */

typedef struct slice {
    int64_t start, step, count;
} slice;

/* Python's rules; what is left out is MR_OMITTED. Entered. */
static mr_status resolve(const mr__request *r, const list *l, slice *s)
{
    int64_t length = (int64_t)count_of(l), step = r->numbers[2];
    if (step == 0)
        return mr__fail(MR_EINVAL, "%s: the step of a slice cannot be 0", r->call);
    int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? length : length - 1, ends[2];
    for (int i = 0; i < 2; i++) {
        int64_t end = r->numbers[i];
        if (end == MR_OMITTED)
            end = (i == 0) == (step > 0) ? lowest : highest;
        else if (end < 0)
            end = end < -length ? lowest : end + length;
        ends[i] = end < lowest ? lowest : end > highest ? highest : end;
    }
    *s = (slice){.start = ends[0], .step = step};
    if (step > 0 && ends[1] > ends[0])
        s->count = (ends[1] - ends[0] - 1) / step + 1;
    if (step < 0 && ends[1] < ends[0])
        s->count = (ends[0] - ends[1] - 1) / (step == INT64_MIN ? INT64_MAX : -step) + 1;
    return MR_OK;
}

mr_status mr__list_slice(mr__request *r)
{
    list *l;
    slice s;
    mr_status status = enter(r, &l);
    if (status != MR_OK)
        return status;
    status = resolve(r, l, &s);
    mr_item *views = status == MR_OK ? calloc((size_t)s.count + 1, sizeof *views) : NULL;
    if (status == MR_OK && views == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %lld items", r->call, (long long)s.count);
    for (int64_t i = 0; status == MR_OK && i < s.count; i++)
        views[i] = mr__cell_view(&cells_of(l)[s.start + i * s.step]);
    if (status == MR_OK) {
        status = mr__items_own(r->call, views, (size_t)s.count, &r->out);
        r->out_count = (size_t)s.count;
    }
    leave(l);
    free(views);
    return status;
}

/* Sets (cells) or takes away (NULL) every so manieth item, by a new row. */
static mr_status set_steps(const char *call, list *l, const slice *s, const mr__cell *cells)
{
    uint64_t count = count_of(l), next = 0, gone = 0;
    mr__ref fresh;
    if (s->count == 0)
        return MR_OK;
    mr__cell *old = calloc((size_t)s->count, sizeof *old);
    mr_status status =
        old == NULL ? mr__fail(MR_ENOMEM, "%s: there is no memory for %lld items", call, (long long)s->count)
                    : new_row(call, count, count, &fresh);
    if (status != MR_OK)
        return free(old), status;
    mr__row *row = mr__row_at(fresh);
    for (uint64_t i = 0; i < count; i++) {
        int64_t from_start = (int64_t)i - s->start, turn = from_start / s->step;
        bool is_in = from_start % s->step == 0 && turn >= 0 && turn < s->count;
        if (is_in)
            old[gone++] = cells_of(l)[i];
        if (!is_in)
            row->cells[next++] = cells_of(l)[i];
        else if (cells != NULL)
            row->cells[next++] = cells[turn];
    }
    mr__row_set_span(row, 0, next);
    mr__container_replace(&l->container, fresh, 0, 0, empty_row);
    mr__cells_free(old, gone);
    free(old);
    return MR_OK;
}

/* deletes: whatever its step. */
static mr_status set_slice(const mr__request *r, list *l, const mr__cell *cells, bool deletes)
{
    slice s;
    mr_status status = resolve(r, l, &s);
    if (status != MR_OK)
        return status;
    if (s.step == 1)
        return splice(r->call, l, (uint64_t)s.start, (uint64_t)s.count, cells, r->in_count);
    if (!deletes && r->in_count != (size_t)s.count)
        return mr__fail(MR_EINVAL, "%s: %zu items cannot be set in a slice of %lld with a step of %lld", r->call,
                        r->in_count, (long long)s.count, (long long)s.step);
    return set_steps(r->call, l, &s, deletes ? NULL : cells);
}

mr_status mr__list_set_slice(mr__request *r)
{
    list *l;
    mr__cell *cells = NULL;
    mr_status status = make_cells(r, &cells);
    if (status != MR_OK)
        return status;
    status = enter(r, &l);
    if (status == MR_OK) {
        status = set_slice(r, l, cells, r->procedure == MR__DO_LIST_DEL_SLICE);
        leave(l);
    }
    if (status != MR_OK)
        mr__cells_free(cells, r->in_count);
    free(cells);
    return status;
}

/* ---- The whole list ---- */

typedef struct sorted {
    mr_item view;
    uint64_t index;
} sorted;

static int compare(const void *a, const void *b, void *reverse)
{
    const sorted *x = a, *y = b;
    int order = mr__item_compare(&x->view, &y->view);
    if (order == 0)
        return (x->index > y->index) - (x->index < y->index);
    return *(const bool *)reverse ? -order : order;
}

static bool can_be_sorted(const sorted *all, uint64_t count)
{
    bool is_sortable = true;
    for (uint64_t i = 0; i < count && is_sortable; i++)
        is_sortable = mr__item_is_number(&all[0].view)
                          ? mr__item_is_number(&all[i].view)
                          : all[i].view.type == all[0].view.type &&
                                (all[i].view.type == MR_ITEM_STRING || all[i].view.type == MR_ITEM_BYTES);
    return is_sortable;
}

/* Fills a row with the cells in a new order. */
static mr_status sort_into(const char *call, mr__row *row, const mr__cell cells[], uint64_t count, bool reverse)
{
    sorted *all = calloc(count + 1, sizeof *all);
    if (all == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory to sort %llu items", call, (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++)
        all[i] = (sorted){mr__cell_view(&cells[i]), i};
    mr_status status = MR_OK;
    if (!can_be_sorted(all, count))
        status = mr__fail(MR_EINVAL, "%s: only numbers, or strings, or bytes can be put in order", call);
    else
        qsort_r(all, count, sizeof *all, compare, &reverse);
    for (uint64_t i = 0; i < count; i++)
        row->cells[i] = cells[all[i].index];
    free(all);
    return status;
}

/* Cells of their own for each further time. */
static mr_status repeat_into(mr__row *row, const mr__cell cells[], uint64_t count, uint64_t times)
{
    copy_cells(row->cells, cells, count);
    for (uint64_t i = count; i < count * times; i++) {
        mr_item view = mr__cell_view(&cells[i % count]);
        mr_status status = mr__cell_make(&view, &row->cells[i]);
        if (status != MR_OK) {
            mr__cells_free(row->cells + count, i - count);
            return status;
        }
    }
    return MR_OK;
}

/* 0: reversed; 1, -1: sorted, the other way round; 2: so many times. Entered, and not empty. */
static mr_status arrange(const mr__request *r, list *l)
{
    mr__ref fresh;
    const mr__cell *cells = cells_of(l);
    uint64_t count = count_of(l), times = r->numbers[0] == 2 ? (uint64_t)r->numbers[1] : 1, total;
    if (__builtin_mul_overflow(count, times, &total))
        total = UINT64_MAX;
    mr_status status = new_row(r->call, total, total, &fresh);
    if (status != MR_OK)
        return status;
    mr__row *row = mr__row_at(fresh);
    for (uint64_t i = 0; i < count && r->numbers[0] == 0; i++)
        row->cells[i] = cells[count - 1 - i];
    if (r->numbers[0] == 2)
        status = repeat_into(row, cells, count, times);
    else if (r->numbers[0] != 0)
        status = sort_into(r->call, row, cells, count, r->numbers[0] < 0);
    if (status != MR_OK) {
        mr__free(fresh);
        return status;
    }
    mr__row_set_span(row, 0, total);
    mr__container_replace(&l->container, fresh, 0, 0, empty_row);
    return MR_OK;
}

mr_status mr__list_arrange(mr__request *r)
{
    list *l;
    mr_status status = enter(r, &l);
    if (status != MR_OK)
        return status;
    if (r->numbers[0] == 2 && r->numbers[1] <= 0)
        status = splice(r->call, l, 0, count_of(l), NULL, 0);
    else if (count_of(l) > 0)
        status = arrange(r, l);
    leave(l);
    return status;
}
