/* A request (container.h) on its way to another home and back. Both ways its items are packed;
 * the first item that goes there names the call, the second says what room there is for what comes back. */
#include "base/status.h"
#include "containers/container.h"
#include "data/items.h"

#include <stdlib.h>
#include <string.h>

enum { ENVELOPE = 2, NAME_SIZE = 64 };

/* The same numbers both ways, and the kind of object behind them. */
_Static_assert((int)MR__REQUEST_NUMBERS < (int)MR__FAR_NUMBERS, "the numbers of a request fit into a call");

static mr_status run_request(mr__call *call);
MR__METHOD(request_there, "a request", MR__KIND_NONE, run_request);

/* ---- The caller's side ---- */

/* The room for the one item that comes back; -1: nobody wants it; INT64_MAX: any. */
static int64_t room_of(const mr__sink *sink)
{
    if (sink->item == NULL || sink->is_made)
        return sink->item == NULL ? -1 : INT64_MAX;
    if (sink->buffer == NULL)
        return 0;
    return sink->capacity < INT64_MAX ? (int64_t)sink->capacity : INT64_MAX - 1;
}

static mr_status pack_request(const mr__request *r, void **bytes, size_t *size)
{
    mr_item *items = calloc(r->in_count + ENVELOPE, sizeof *items);
    mr_status status = mr__items_check(r->call, r->in, r->in_count);
    if (status == MR_OK && items == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", r->call, r->in_count);
    if (status == MR_OK) {
        items[0] = MR_STRING(r->call);
        items[1] = MR_INT(room_of(&r->sink));
        if (r->in_count > 0)
            memcpy(items + ENVELOPE, r->in, r->in_count * sizeof *items);
        status = mr__items_pack(r->call, items, r->in_count + ENVELOPE, bytes, size);
    }
    free(items);
    return status;
}

/* What has come back goes where the caller wants it. */
static mr_status take_answer(mr__request *r, const mr__call *call)
{
    mr_item *items = NULL;
    size_t count = 0;
    mr_status status = mr__items_unpack(r->call, call->buffer, call->received, &items, &count);
    if (status == MR_OK && r->sink.item != NULL && count > 0) {
        status = mr__item_give(r->call, items, &r->sink);
    } else if (status == MR_OK && r->sink.item == NULL && count > 0) {
        status = mr__items_own(r->call, items, count, &r->out);
        r->out_count = count;
    }
    free(items);
    return status;
}

mr_status mr__request_far(mr__request *r)
{
    void *bytes = NULL;
    size_t size = 0;
    mr_status status = pack_request(r, &bytes, &size);
    if (status != MR_OK)
        return status;
    mr__call call = {.method = &request_there,
                     .handles = {0, 0, (uint64_t)r->procedure},
                     .seconds = r->seconds,
                     .data = bytes,
                     .size = size,
                     .capacity = SIZE_MAX};
    memcpy(call.numbers, r->numbers, sizeof r->numbers);
    call.numbers[MR__REQUEST_NUMBERS] = r->kind;
    status = mr__ask_method(&r->handle, &call);
    free(bytes);
    r->handle = call.handles[0];
    memcpy(r->numbers, call.numbers, sizeof r->numbers);
    if (status == MR_OK)
        status = take_answer(r, &call);
    else if (status == MR_ETOOSMALL && r->sink.item != NULL)
        *r->sink.item = (mr_item){.type = (mr_item_type)call.handles[1], .size = call.handles[2]};
    free(call.buffer);
    return status;
}

/* ---- Its home's side ---- */

/* Items with some behind them that are none, so that nobody reads what was not sent. */
static mr_status unpack_request(const mr__call *call, mr_item **items, size_t *count)
{
    enum { SPARE = 3 };
    mr_item *sent = NULL;
    mr_status status = mr__items_unpack("a call from another host", call->data, call->size, &sent, count);
    if (status != MR_OK)
        return status;
    *items = calloc(*count + SPARE, sizeof *sent);
    if (*items == NULL)
        status = mr__fail(MR_ENOMEM, "main has no memory for %zu items", *count);
    else if (*count < ENVELOPE || sent[0].type != MR_ITEM_STRING || sent[1].type != MR_ITEM_INT)
        status = mr__fail(MR_EINVAL, "a call from another host does not say what it is");
    else
        memcpy(*items, sent, *count * sizeof *sent);
    free(sent);
    return status;
}

static mr_status answer(const mr__request *r, const mr_item *given, int64_t room, mr__call *call)
{
    if (room >= 0)
        return mr__items_pack(r->call, given, 1, &call->buffer, &call->received);
    return mr__items_pack(r->call, r->out, r->out_count, &call->buffer, &call->received);
}

/* Gives what was asked for in memory that is made for it, as long as the caller has room for it. */
static mr_status serve(mr__call *call, const mr_item *items, size_t count)
{
    char name[NAME_SIZE] = "";
    int64_t room = items[1].integer;
    mr_item given = MR_NONE;
    memcpy(name, items[0].data, items[0].size < sizeof name ? items[0].size : sizeof name - 1);
    mr__request r = {.procedure = (int)call->handles[2],
                     .call = name,
                     .kind = (mr__kind_number)call->numbers[MR__REQUEST_NUMBERS],
                     .handle = call->handles[0],
                     .seconds = call->seconds,
                     .in = items + ENVELOPE,
                     .in_count = count - ENVELOPE};
    if (room >= 0)
        r.sink = (mr__sink){.item = &given, .is_made = true, .is_bounded = room < INT64_MAX, .most = (size_t)room};
    memcpy(r.numbers, call->numbers, sizeof r.numbers);
    mr_status status = mr__request_here(&r);
    call->handles[0] = r.handle;
    call->handles[1] = given.type;
    call->handles[2] = given.size;
    memcpy(call->numbers, r.numbers, sizeof r.numbers);
    if (status == MR_OK)
        status = answer(&r, &given, room, call);
    free((void *)(uintptr_t)given.data);
    free(r.out);
    return status;
}

static mr_status run_request(mr__call *call)
{
    mr_item *items = NULL;
    size_t count = 0;
    if (call->handles[2] >= MR__REQUESTS_END)
        return mr__fail(MR_ENOTSUP, "there is no request %llu", (unsigned long long)call->handles[2]);
    mr_status status = unpack_request(call, &items, &count);
    if (status == MR_OK)
        status = serve(call, items, count);
    free(items);
    return status;
}
