#include "containers/container.h"

#include "base/status.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- The block ---- */

/* Ends a replacement, whichever of the two blocks has become the one. The block goes last, when nothing says any
 * more that it is to be freed: so none is freed twice. */
static void finish_turning(mr__container *c, mr__empty empty)
{
    mr__ref gone = c->block == c->stale ? c->fresh : c->stale;
    if (gone != 0 && gone == c->stale)
        empty(gone, c->stale_first, c->stale_count);
    MR__COMMIT(c->is_turning, 0);
    mr__free(gone);
}

void mr__container_replace(mr__container *c, mr__ref fresh, uint64_t first, uint64_t count, mr__empty empty)
{
    c->stale = c->block;
    c->stale_first = first;
    c->stale_count = count;
    c->fresh = fresh;
    MR__COMMIT(c->is_turning, 1);
    MR__COMMIT(c->block, fresh);
    finish_turning(c, empty);
}

void mr__container_repair(mr__container *c, mr__empty empty)
{
    if (c->is_turning != 0)
        finish_turning(c, empty);
}

/* ---- Entering ---- */

mr_status mr__container_enter(const mr__request *r, mr__container **container)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(r->call, r->handle, r->kind, &object);
    *container = (mr__container *)object;
    return status;
}

void mr__container_leave(mr__container *container)
{
    mr__object_leave(&container->object);
}

/* ---- Its lock, and its end ---- */

/* The lock is made when somebody asks for it: most containers never need one. */
mr_status mr__container_lock(mr__request *r)
{
    mr__container *c;
    mr_lock lock = {0};
    mr_status status = mr__container_enter(r, &c);
    if (status != MR_OK)
        return status;
    if (c->lock == 0)
        status = mr__make_lock_here(&lock);
    if (status == MR_OK && c->lock == 0)
        c->lock = lock.mr__handle;
    r->numbers[0] = (int64_t)c->lock;
    mr__container_leave(c);
    return status;
}

mr_status mr__container_close(mr__request *r)
{
    mr__container *c;
    mr_status status = mr__container_enter(r, &c);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    mr_lock lock = {c->lock};
    mr__object_close(&c->object);
    return lock.mr__handle != 0 ? mr_lock_destroy(&lock) : MR_OK;
}

/* ---- Asking ---- */

static mr_status (*const functions[])(mr__request *) = {
#define REQUEST_FUNCTION(name, function) function,
    MR__REQUESTS(REQUEST_FUNCTION)
#undef REQUEST_FUNCTION
};

mr_status mr__request_here(mr__request *r)
{
    return functions[r->procedure](r);
}

mr_status mr__ask_for(const uint64_t *handle, mr__request *r)
{
    mr_status status = mr__object_given(r->call, r->kind, handle);
    if (status != MR_OK)
        return status;
    r->handle = *handle;
    return mr__is_far(handle) ? mr__request_far(r) : mr__request_here(r);
}

mr_status mr__ask(const uint64_t *handle, mr__request request)
{
    return mr__ask_for(handle, &request);
}

mr_status mr__ask_new(uint64_t *handle, mr__request request)
{
    mr_status status = mr__ask_for(handle != NULL ? &(uint64_t){mr__home_for(request.kind)} : NULL, &request);
    if (status == MR_OK)
        *handle = request.handle;
    return status;
}

mr_status mr__ask_items(const uint64_t *handle, mr__request request, mr_item **items, size_t *count)
{
    if (items == NULL || count == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL where the items are to go", request.call);
    mr_status status = mr__ask_for(handle, &request);
    if (status == MR_OK && request.out == NULL)
        status = mr__items_own(request.call, NULL, 0, &request.out); /* something that can be freed */
    if (status == MR_OK) {
        *items = request.out;
        *count = request.out_count;
    }
    return status;
}

int64_t mr__ask_number(const uint64_t *handle, mr__request request, int64_t on_failure)
{
    return mr__ask_for(handle, &request) == MR_OK ? request.numbers[0] : on_failure;
}

mr_status mr__ask_lock(const uint64_t *handle, mr__request request, mr_lock *lock)
{
    if (lock == NULL)
        return mr__object_given(request.call, MR__KIND_LOCK, lock);
    mr_status status = mr__ask_for(handle, &request);
    if (status == MR_OK)
        lock->mr__handle = (uint64_t)request.numbers[0];
    return status;
}

/* ---- Changing by a function ---- */

/* Once; *is_done: nobody came in between. */
static mr_status try_change(const uint64_t *handle, mr__request get, mr__request swap, const mr_item *key,
                            mr_change change, void *argument, bool *is_done)
{
    mr_item now, next = MR_NONE, items[3];
    size_t count = 0;
    get.in = key;
    get.in_count = key != NULL;
    get.sink = (mr__sink){.item = &now, .is_made = true};
    mr_status status = mr__ask_for(handle, &get);
    bool is_there = status == MR_OK;
    if (status != MR_OK && (status != MR_ENOENT || key == NULL))
        return status;
    mr__fail(MR_OK, "%s", ""); /* what is found there later is the change's */
    status = change(is_there ? &now : NULL, &next, argument);
    if (status != MR_OK && mr_last_status() == MR_OK)
        mr__fail(status, "%s: the change returned %s, so nothing is changed", get.call, mr_status_name(status));
    if (status == MR_OK) {
        if (key != NULL)
            items[count++] = *key;
        items[count++] = next;
        if (is_there)
            items[count++] = now;
        swap.in = items;
        swap.in_count = count;
        status = mr__ask_for(handle, &swap);
        *is_done = swap.numbers[1] != 0;
    }
    if (is_there)
        free((void *)(uintptr_t)now.data);
    return status;
}

static void release(void *lock)
{
    mr_lock_release(lock);
}

mr_status mr__modify(const uint64_t *handle, mr__request get, mr__request swap, const mr_item *key,
                     mr_change change, void *argument)
{
    mr_lock lock = {0};
    bool is_done = false;
    if (change == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the change", get.call);
    mr__request asking = {.procedure = MR__DO_CONTAINER_LOCK, .call = get.call, .kind = get.kind};
    mr_status status = mr__ask_for(handle, &asking);
    if (status != MR_OK)
        return status;
    lock.mr__handle = (uint64_t)asking.numbers[0];
    status = mr_lock_acquire(&lock, MR_FOREVER);
    if (status != MR_OK && status != MR_EOWNERDEAD) /* whoever died left the container whole */
        return status;
    pthread_cleanup_push(release, &lock); /* also if the change ends the thread */
    do
        status = try_change(handle, get, swap, key, change, argument, &is_done);
    while (status == MR_OK && !is_done);
    pthread_cleanup_pop(1);
    return status;
}

/* ---- Going through it ---- */

mr_status mr__iterate(const char *call, mr__kind_number kind, const uint64_t *handle, mr_iterator *iterator)
{
    if (iterator == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the iterator", call);
    *iterator = (mr_iterator){.mr__kind = (int)kind, .mr__handle = handle != NULL ? *handle : 0};
    iterator->mr__status = mr__object_given(call, kind, handle);
    return iterator->mr__status;
}

/* Asks for what comes next: one item of a list; a key and its value else. */
static mr_status ask_next(mr_iterator *iterator, mr__request *asking)
{
    bool is_list = iterator->mr__kind == MR__KIND_LIST;
    *asking = (mr__request){.procedure = is_list ? MR__DO_LIST_SLICE : MR__DO_DICT_NEXT,
                            .call = "mr_iterator_next",
                            .kind = (mr__kind_number)iterator->mr__kind,
                            .numbers = {(int64_t)iterator->mr__position, (int64_t)iterator->mr__position + 1, 1}};
    if (!is_list)
        asking->numbers[1] = (int64_t)iterator->mr__changes;
    mr_status status = mr__ask_for(&iterator->mr__handle, asking);
    if (status == MR_OK && asking->out_count == 0) {
        free(asking->out);
        asking->out = NULL;
        status = mr__fail(MR_EEOF, "mr_iterator_next: there is nothing more");
    }
    return status;
}

mr_status mr_iterator_next(mr_iterator *iterator)
{
    static const char call[] = "mr_iterator_next";
    mr__request asking;
    if (iterator == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the iterator", call);
    if (iterator->mr__kind == MR__KIND_NONE)
        return mr__fail(MR_EINVAL, "%s was given an iterator that was never made, or has been closed", call);
    free(iterator->mr__items);
    iterator->mr__items = NULL;
    iterator->key = iterator->value = MR_NONE;
    if (iterator->mr__status != MR_OK)
        return mr__fail(iterator->mr__status, "%s: it has ended before", call);
    iterator->mr__status = ask_next(iterator, &asking);
    if (iterator->mr__status != MR_OK)
        return iterator->mr__status;
    iterator->mr__items = asking.out;
    if (iterator->mr__kind == MR__KIND_LIST) {
        iterator->value = asking.out[0];
        iterator->mr__position++;
    } else {
        iterator->key = asking.out[0];
        iterator->value = asking.out[iterator->mr__kind == MR__KIND_SET ? 0 : 1];
        iterator->mr__position = (uint64_t)asking.numbers[0];
        iterator->mr__changes = (uint64_t)asking.numbers[1];
    }
    return MR_OK;
}

mr_status mr_iterator_close(mr_iterator *iterator)
{
    if (iterator == NULL)
        return mr__fail(MR_EINVAL, "mr_iterator_close was given NULL as the iterator");
    free(iterator->mr__items);
    *iterator = (mr_iterator){.mr__kind = MR__KIND_NONE};
    return MR_OK;
}
