/* Managers: what is done to them, by the request (container.h). */
#include "manager/manager.h"

#include "base/context.h"
#include "data/items.h"
#include "object/seat.h"
#include "object/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEW, STARTING, STARTED, SHUT_DOWN }; /* states */
enum { CALLER = 1, SERVER, STARTER };       /* why a seat waits here */

typedef struct thing {
    uint32_t type;
    uint64_t handle[2];
} thing;

typedef struct things {
    uint64_t capacity;
    thing each[];
} things;

typedef struct manager {
    mr__object object;
    uint32_t state;
    uint32_t creator;                       /* its rank */
    uint32_t server;                        /* the rank of its process + 1; 0: there is none (any more) */
    bool has_server, has_died, has_come_up; /* the latter: start_status says how */
    mr__ref things;                         /* objects that were made through it */
    _Atomic uint64_t thing_count;
    mr__ref types, visits;
    int32_t start_status; /* what became of the start */
    mr__ref start_sentence;
} manager;

_Static_assert(sizeof(manager) <= MR__SLOT_SIZE, "a manager fits its slot");

static mr__visit *visit_at(mr__ref ref)
{
    return mr__at(ref);
}

static mr_status enter(const char *call, uint64_t handle, manager **m)
{
    mr__object *object = NULL;
    mr_status status = mr__object_enter(call, handle, MR__KIND_MANAGER, &object);
    *m = (manager *)object;
    return status;
}

static void leave(manager *m)
{
    mr__object_leave(&m->object);
}

/* Enters one that has been started. */
static mr_status enter_started(const char *call, uint64_t handle, manager **m)
{
    mr_status status = enter(call, handle, m);
    if (status != MR_OK || (*m)->state == STARTED)
        return status;
    uint32_t state = (*m)->state;
    leave(*m);
    if (state == SHUT_DOWN)
        return mr__fail(MR_ECLOSED, "%s: this manager has been shut down", call);
    return mr__fail(MR_ESTATE, "%s: this manager has not been started; call mr_manager_start", call);
}

/* Enters one that the caller has made. */
static mr_status enter_own(const mr__request *r, manager **m)
{
    mr_status status = enter(r->call, r->handle, m);
    if (status != MR_OK || (*m)->creator == mr__caller())
        return status;
    leave(*m);
    return mr__fail(MR_ENOTCREATOR, "%s: only the process that made a manager may do this", r->call);
}

/* ---- Visits ---- */

static void free_visit(mr__ref ref)
{
    mr__free(visit_at(ref)->in);
    mr__free(visit_at(ref)->out);
    mr__free(ref);
}

static bool is_listed(const manager *m, mr__ref ref)
{
    mr__ref each = m->visits;
    while (each != 0 && each != ref)
        each = visit_at(each)->next;
    return each != 0;
}

static void remove_visit(manager *m, mr__ref ref)
{
    mr__ref *link = &m->visits;
    while (*link != 0 && *link != ref)
        link = &visit_at(*link)->next;
    if (*link == 0)
        return;
    *link = visit_at(ref)->next;
    free_visit(ref);
}

/* The caller does not wait any more; which may be said twice, by who waited in its name and when its end is heard.
 */
static void give_up(manager *m, mr__ref ref)
{
    if (!is_listed(m, ref))
        return;
    uint32_t state = visit_at(ref)->state;
    if (state == MR__VISIT_RUNNING || state == MR__VISIT_ABANDONED)
        visit_at(ref)->state = MR__VISIT_ABANDONED; /* whoever runs it puts it away */
    else
        remove_visit(m, ref);
}

/* ---- The kind ---- */

static void forget(mr__object *object, uint32_t rank)
{
    manager *m = (manager *)object;
    bool was_server = m->server == rank + 1;
    for (mr__ref each = m->visits, next; each != 0; each = next) {
        next = visit_at(each)->next;
        if (visit_at(each)->rank == rank)
            give_up(m, each);
    }
    if (!was_server)
        return;
    m->server = 0;
    m->has_died = true;
    for (mr__ref each = m->visits, next; each != 0; each = next) {
        next = visit_at(each)->next;
        if (visit_at(each)->state == MR__VISIT_ABANDONED)
            remove_visit(m, each);
    }
    mr__seat_grant_some(object, CALLER, UINT32_MAX, MR_EDIED);
    mr__seat_grant_some(object, STARTER, UINT32_MAX, MR_EDIED);
}

static void free_types(manager *m)
{
    while (m->types != 0) {
        mr__ref type = m->types;
        m->types = ((mr__registered *)mr__at(type))->next;
        mr__free(type);
    }
}

static void discard(mr__object *object)
{
    manager *m = (manager *)object;
    while (m->visits != 0)
        remove_visit(m, m->visits);
    free_types(m);
    mr__free(m->things);
    mr__free(m->start_sentence);
}

static void tell(const mr__view *view, const mr__object *object, uint32_t slot, uint32_t purpose, mr__told *told)
{
    (void)view;
    const manager *m = (const manager *)object;
    snprintf(told->what, sizeof told->what,
             purpose == CALLER   ? "an answer of manager %u"
             : purpose == SERVER ? "calls of manager %u"
                                 : "manager %u to come up",
             slot);
    told->by = ", whose process is ";
    if (purpose != SERVER && m->server != 0)
        mr__told_add(told, m->server - 1);
}

static const mr__kind_view manager_view = {.layout = sizeof(manager), .tell = tell};

const mr__kind mr__manager_kind = {
    .name = "manager", .forget = forget, .discard = discard, .view = &manager_view, .lies_with_main = true};

/* ---- Its life ---- */

mr_status mr__manager_make(mr__request *r)
{
    mr__object *object;
    mr_status status = mr__object_new(r->call, r->kind, &object, &r->handle);
    if (status != MR_OK)
        return status;
    ((manager *)object)->creator = mr__caller();
    mr__object_leave(object);
    return MR_OK;
}

/* The items: the name of a type, its symbol. */
mr_status mr__manager_register(mr__request *r)
{
    manager *m;
    mr__ref ref;
    if (r->in[0].type != MR_ITEM_STRING || r->in[1].type != MR_ITEM_BYTES || r->in[1].size != sizeof(mr__symbol))
        return mr__fail(MR_EINVAL, "%s was given something else than a type", r->call);
    mr_status status = enter_own(r, &m);
    if (status != MR_OK)
        return status;
    if (m->state == STARTED || m->state == STARTING)
        status = mr__fail(MR_ESTATE, "%s: the manager runs; types are registered before the start", r->call);
    for (ref = m->types; ref != 0 && status == MR_OK; ref = ((mr__registered *)mr__at(ref))->next) {
        const char *name = ((mr__registered *)mr__at(ref))->name;
        if (strlen(name) == r->in[0].size && memcmp(name, r->in[0].data, r->in[0].size) == 0)
            status = mr__fail(MR_EEXIST, "%s: there is a type %s already", r->call, name);
    }
    if (status == MR_OK)
        status = mr__alloc(sizeof(mr__registered) + r->in[0].size + 1, &ref);
    if (status == MR_OK) {
        mr__registered *new = mr__at(ref);
        memcpy(&new->symbol, r->in[1].data, sizeof new->symbol);
        memcpy(new->name, r->in[0].data, r->in[0].size);
        new->next = m->types;
        m->types = ref;
    }
    leave(m);
    return status;
}

/* The number: whether it has to have a process anyway; becomes whether it will. Gives the host where that has to
 * be.
 */
mr_status mr__manager_begin(mr__request *r)
{
    manager *m;
    mr_item host = MR_STRING(mr__ctx.host);
    mr_status status = enter_own(r, &m);
    if (status != MR_OK)
        return status;
    if (m->state == STARTED || m->state == STARTING) {
        status = mr__fail(MR_ESTATE, "%s: this manager has been started already", r->call);
    } else {
        m->has_server = r->numbers[0] != 0 || m->types != 0;
        m->has_died = m->has_come_up = false;
        m->server = 0;
        m->state = m->has_server ? STARTING : STARTED;
        r->numbers[0] = m->has_server;
    }
    leave(m);
    r->out_count = status == MR_OK;
    return status == MR_OK ? mr__items_own(r->call, &host, 1, &r->out) : status;
}

/* What became of the start; MR_ETIMEDOUT: nothing yet. */
mr_status mr__manager_await(mr__request *r)
{
    manager *m;
    double deadline;
    mr_status status = mr__deadline(r->call, r->seconds, &deadline);
    if (status == MR_OK)
        status = enter_own(r, &m);
    if (status != MR_OK)
        return status;
    if (m->state == STARTING && !m->has_died)
        status = mr__seat_wait(&m->object, STARTER, NULL, deadline);
    else
        leave(m);
    if (status == MR_ETIMEDOUT || status == MR_ECLOSED)
        return mr__fail(status, "%s: the manager's process has not come up so far", r->call);
    mr_status entered = enter_own(r, &m);
    if (entered != MR_OK)
        return entered;
    status = (mr_status)m->start_status;
    if (!m->has_come_up)
        status = mr__fail(MR_EDIED, "%s: the manager's process has died in its initializer", r->call);
    else if (status != MR_OK)
        status = mr__fail(status, "%s: %s", r->call, (const char *)mr__at(m->start_sentence));
    leave(m);
    return status;
}

/* The objects go first, so that who waits for them does not wait for the process. */
mr_status mr__manager_end(mr__request *r)
{
    manager *m;
    mr_status status = enter_own(r, &m);
    if (status != MR_OK)
        return status;
    mr__ref ref = m->things;
    uint64_t count = m->thing_count;
    m->thing_count = 0;
    m->things = 0;
    if (m->state != NEW)
        m->state = SHUT_DOWN;
    mr__seat_grant_some(&m->object, SERVER, UINT32_MAX, MR_ECLOSED);
    mr__seat_grant_some(&m->object, CALLER, UINT32_MAX, MR_ECLOSED);
    leave(m);
    for (uint64_t i = 0; i < count; i++) {
        const thing *each = &((things *)mr__at(ref))->each[i];
        mr_item object = {.type = MR_ITEM_OBJECT,
                          .object = (mr_object_type)each->type,
                          .mr__handle = {each->handle[0], each->handle[1]}};
        mr__end_object(&object);
    }
    mr__free(ref);
    return MR_OK;
}

mr_status mr__manager_close(mr__request *r)
{
    manager *m;
    mr_status status = enter_own(r, &m);
    if (status != MR_OK)
        return status == MR_ECLOSED ? MR_OK : status;
    mr__object_close(&m->object);
    return MR_OK;
}

/* ---- Its objects ---- */

mr_status mr__manager_adopt(mr__request *r)
{
    manager *m;
    mr__ref ref;
    mr_status status = enter_started(r->call, r->handle, &m);
    if (status != MR_OK)
        return status;
    things *all = m->things != 0 ? mr__at(m->things) : NULL;
    uint64_t count = m->thing_count, capacity = count < 8 ? 8 : 2 * count;
    if (all == NULL || count == all->capacity) {
        status = mr__alloc(sizeof(things) + capacity * sizeof(thing), &ref);
        if (status == MR_OK) {
            mr__ref old = m->things;
            if (count > 0)
                memcpy(((things *)mr__at(ref))->each, all->each, count * sizeof(thing));
            all = mr__at(ref);
            all->capacity = capacity;
            m->things = ref;
            mr__free(old);
        }
    }
    if (status == MR_OK) {
        all->each[count] = (thing){r->in->object, {r->in->mr__handle[0], r->in->mr__handle[1]}};
        MR__COMMIT(m->thing_count, count + 1);
    }
    leave(m);
    return status;
}

mr_status mr__manager_find_type(uint64_t handle, const char *name, const mr_type **type)
{
    static const char call[] = "mr_manager_make_instance";
    manager *m;
    mr_status status = enter(call, handle, &m);
    if (status != MR_OK)
        return status;
    const mr__registered *found = m->types != 0 ? mr__at(m->types) : NULL;
    while (found != NULL && strcmp(found->name, name) != 0)
        found = found->next != 0 ? mr__at(found->next) : NULL;
    *type = found != NULL ? mr__symbol_find(&found->symbol) : NULL;
    leave(m);
    return *type != NULL ? MR_OK : mr__fail(MR_ENOENT, "%s: this manager knows no type %s", call, name);
}

/* ---- Calls, from the caller's side ---- */

/* Items as bytes in the arena. */
static mr_status pack_into_arena(const mr__request *r, mr__ref *ref, uint64_t *size)
{
    void *bytes = NULL;
    size_t length = 0;
    mr_status status = mr__items_pack(r->call, r->in, r->in_count, &bytes, &length);
    if (status == MR_OK)
        status = mr__alloc(length, ref);
    if (status == MR_OK && length > 0)
        memcpy(mr__at(*ref), bytes, length);
    *size = length;
    free(bytes);
    return status;
}

static mr_status make_visit(const mr__request *r, mr__ref *ref)
{
    mr__visit *new;
    mr_status status = mr__alloc(sizeof *new, ref);
    if (status != MR_OK)
        return status;
    new = visit_at(*ref);
    new->what = (uint32_t)r->numbers[1];
    new->number = (uint64_t)r->numbers[0];
    new->rank = mr__caller();
    status = mr__seat_mine(&new->seat);
    if (status == MR_OK)
        status = pack_into_arena(r, &new->in, &new->in_size);
    if (status != MR_OK)
        mr__free(*ref);
    return status;
}

/* Entered: what has come back, whatever it is. */
static mr_status take_answer(mr__request *r, const mr__visit *visit)
{
    mr_item *items = NULL;
    size_t count = 0;
    r->numbers[0] = (int64_t)visit->number;
    if (visit->status != MR_OK)
        return mr__fail((mr_status)visit->status, "%s", visit->sentence);
    mr_status status = mr__items_unpack(r->call, mr__at(visit->out), visit->out_size, &items, &count);
    if (status == MR_OK)
        status = mr__items_own(r->call, items, count, &r->out);
    r->out_count = count;
    free(items);
    return status;
}

static mr_status explain(const mr__request *r, mr_status status)
{
    if (status == MR_ETIMEDOUT)
        return mr__fail(status, "%s: the manager has not answered within %g s", r->call,
                        r->seconds > 0 ? r->seconds : 0);
    if (status == MR_EDIED)
        return mr__fail(status, "%s: the manager's process has died; shut the manager down, and start it again",
                        r->call);
    return mr__fail(status, "%s: the manager has been shut down", r->call);
}

/* The numbers: of the instance, and what it is about; the items: a name, and the arguments. */
mr_status mr__manager_call(mr__request *r)
{
    manager *m;
    mr__ref ref;
    double deadline;
    mr_status status = mr__deadline(r->call, r->seconds, &deadline);
    if (status == MR_OK)
        status = make_visit(r, &ref);
    if (status != MR_OK)
        return status;
    status = enter_started(r->call, r->handle, &m);
    if (status == MR_OK && m->server == 0) {
        bool has_died = m->has_died;
        leave(m);
        status = has_died ? explain(r, MR_EDIED)
                          : mr__fail(MR_ENOENT, "%s: this manager knows no types; register them before its start",
                                     r->call);
    }
    if (status != MR_OK) {
        free_visit(ref);
        return status;
    }
    mr__ref *last = &m->visits;
    while (*last != 0)
        last = &visit_at(*last)->next;
    *last = ref;
    mr__seat_grant_some(&m->object, SERVER, 1, MR_OK);
    mr_status waited = mr__seat_wait(&m->object, CALLER, NULL, deadline);
    status = enter(r->call, r->handle, &m);
    if (status != MR_OK) /* the visit has gone with the manager */
        return status;
    if (is_listed(m, ref) && visit_at(ref)->state == MR__VISIT_DONE) {
        status = take_answer(r, visit_at(ref));
        remove_visit(m, ref);
    } else {
        if (waited == MR_EDIED)
            remove_visit(m, ref);
        else
            give_up(m, ref);
        status = explain(r, waited == MR_OK ? MR_ETIMEDOUT : waited);
    }
    leave(m);
    return status;
}

/* ---- Calls, from the manager's side ---- */

mr_status mr__manager_enter_service(uint64_t handle)
{
    manager *m;
    mr_status status = enter("a manager's process", handle, &m);
    if (status != MR_OK)
        return status;
    if (m->state == STARTING)
        m->server = mr__caller() + 1;
    else
        status = mr__fail(MR_ECLOSED, "the manager was shut down before it was up");
    leave(m);
    return status;
}

void mr__manager_is_ready(uint64_t handle, mr_status became, const char *sentence)
{
    manager *m;
    mr__ref text = 0;
    if (enter("a manager's process", handle, &m) != MR_OK)
        return;
    if (mr__alloc(strlen(sentence) + 1, &text) == MR_OK)
        strcpy(mr__at(text), sentence);
    mr__free(m->start_sentence);
    m->start_sentence = text;
    m->start_status = text != 0 ? (int32_t)became : MR_OK;
    m->has_come_up = true;
    if (m->state == STARTING)
        m->state = became == MR_OK ? STARTED : NEW;
    mr__seat_grant_some(&m->object, STARTER, UINT32_MAX, MR_OK);
    leave(m);
}

mr_status mr__manager_next_visit(uint64_t handle, mr__ref *visit)
{
    static const char call[] = "a manager's process";
    for (;;) {
        manager *m;
        mr_status status = enter(call, handle, &m);
        if (status != MR_OK)
            return status;
        if (m->state != STARTED) {
            leave(m);
            return MR_ECLOSED;
        }
        *visit = m->visits;
        while (*visit != 0 && visit_at(*visit)->state != MR__VISIT_QUEUED)
            *visit = visit_at(*visit)->next;
        if (*visit != 0) {
            visit_at(*visit)->state = MR__VISIT_RUNNING;
            leave(m);
            return MR_OK;
        }
        status = mr__seat_wait(&m->object, SERVER, NULL, INFINITY);
        if (status != MR_OK)
            return status;
    }
}

void mr__manager_finish_visit(uint64_t handle, mr__ref ref, mr_status status, const void *out, size_t size)
{
    manager *m;
    mr__ref copy = 0;
    if (enter("a manager's process", handle, &m) != MR_OK)
        return; /* the visit has gone with the manager */
    mr__visit *visit = visit_at(ref);
    if (visit->state == MR__VISIT_ABANDONED) {
        remove_visit(m, ref);
        leave(m);
        return;
    }
    if (status == MR_OK)
        status = mr__alloc(size, &copy);
    if (status == MR_OK && size > 0)
        memcpy(mr__at(copy), out, size);
    visit->out = copy;
    visit->out_size = size;
    visit->status = (int32_t)status;
    if (status != MR_OK)
        strncpy(visit->sentence, mr_last_error(), sizeof visit->sentence - 1);
    MR__COMMIT(visit->state, MR__VISIT_DONE);
    if (mr__seat_waits(&m->object, visit->seat))
        mr__seat_grant(&m->object, mr__seat_at(visit->seat), MR_OK);
    leave(m);
}
