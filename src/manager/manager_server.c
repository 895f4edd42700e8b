/* A manager's own process: runs its initializer and the methods of its objects. */
#include "base/context.h"
#include "data/items.h"
#include "manager/manager.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

typedef struct instance {
    const mr_type *type; /* NULL: the place is free */
    void *self;
    uint32_t generation;
} instance;

typedef struct mr__server {
    uint64_t manager;
    instance *instances;
    uint32_t count;
} mr__server;

struct mr_reply {
    const char *call;
    mr_item *items;
    size_t count;
};

mr_status mr_reply_set(mr_reply *reply, const mr_item items[], size_t count)
{
    mr_item *owned;
    mr_status status = reply == NULL ? mr__fail(MR_EINVAL, "mr_reply_set was given NULL as the reply")
                                     : mr__items_check("mr_reply_set", items, count);
    if (status == MR_OK)
        status = mr__items_own("mr_reply_set", items, count, &owned);
    if (status != MR_OK)
        return status;
    free(reply->items);
    reply->items = owned;
    reply->count = count;
    return MR_OK;
}

bool mr__manager_is_served_here(uint64_t manager)
{
    return mr__ctx.server != NULL && mr__ctx.server->manager == manager;
}

/* ---- Objects ---- */

static instance *find_instance(uint64_t number)
{
    mr__server *server = mr__ctx.server;
    uint32_t place = (uint32_t)number;
    if (place == 0 || place > server->count)
        return NULL;
    instance *found = &server->instances[place - 1];
    return found->type != NULL && found->generation == number >> 32 ? found : NULL;
}

static mr_status new_instance(const mr_type *type, uint64_t *number)
{
    mr__server *server = mr__ctx.server;
    uint32_t place = 0;
    void *self = calloc(1, type->size);
    while (place < server->count && server->instances[place].type != NULL)
        place++;
    instance *all = server->instances;
    if (self != NULL && place == server->count)
        all = realloc(all, (place + (size_t)1) * sizeof *all);
    if (self == NULL || all == NULL) {
        free(self);
        return mr__fail(MR_ENOMEM, "the manager has no memory for another %s", type->name);
    }
    server->instances = all;
    if (place == server->count) {
        uint32_t start = 0; /* so that no handle of an earlier start of the manager means an object of this one */
        if (getrandom(&start, sizeof start, 0) != (ssize_t)sizeof start)
            start = (uint32_t)getpid();
        all[server->count++] = (instance){.generation = start >> 1};
    }
    all[place] = (instance){type, self, all[place].generation + 1};
    *number = (uint64_t)all[place].generation << 32 | (place + 1);
    return MR_OK;
}

static void end_instance(instance *gone)
{
    if (gone->type->end != NULL)
        gone->type->end(gone->self);
    mr__end_fork(0);
    free(gone->self);
    gone->type = NULL;
}

/* ---- What is run ---- */

/* What the user's code has returned, which may be a status without a sentence. */
static mr_status explain(mr_status status, const char *type, const char *method)
{
    mr__end_fork((int)status);
    if (status != MR_OK && (mr_last_status() != status || mr_last_error()[0] == '\0'))
        return mr__fail(status, "%s.%s failed: %s", type, method, mr_strerror(status));
    return status;
}

static mr_status create(const char *name, uint64_t *number, const mr_item args[], size_t count)
{
    const mr_type *type;
    mr_status status = mr__manager_find_type(mr__ctx.server->manager, name, &type);
    if (status == MR_OK)
        status = new_instance(type, number);
    if (status != MR_OK || type->init == NULL)
        return status;
    mr__fail(MR_OK, "%s", "");
    status = explain(type->init(find_instance(*number)->self, args, count), name, "init");
    instance *made = find_instance(*number); /* it may have moved meanwhile */
    if (status != MR_OK && made != NULL) {
        free(made->self);
        made->type = NULL;
    }
    return status;
}

static bool is_exposed(const mr_type *type, const char *method)
{
    bool found = type->exposed == NULL && method[0] != '_';
    for (size_t i = 0; type->exposed != NULL && i < type->exposed_count && !found; i++)
        found = strcmp(type->exposed[i], method) == 0;
    return found;
}

static mr_status run_method(const char *name, uint64_t number, const mr_item args[], size_t count, mr_reply *reply)
{
    const instance *object = find_instance(number);
    if (object == NULL)
        return mr__fail(MR_ECLOSED, "mr_instance_call: this object has been closed");
    const mr_type *type = object->type;
    size_t i = 0;
    while (i < type->method_count && strcmp(type->methods[i].name, name) != 0)
        i++;
    if (i == type->method_count || !is_exposed(type, name))
        return mr__fail(MR_ENOENT, "mr_instance_call: %s has no method %s that can be called", type->name, name);
    mr__fail(MR_OK, "%s", "");
    return explain(type->methods[i].run(object->self, args, count, reply), type->name, name);
}

mr_status mr__manager_run(uint32_t what, uint64_t *number, const mr_item items[], size_t count, mr_item **out,
                          size_t *out_count)
{
    mr_reply reply = {0};
    *out = NULL;
    *out_count = 0;
    if (count == 0 || items[0].type != MR_ITEM_STRING)
        return mr__fail(MR_EINVAL, "a manager was called without a name");
    char *name = strndup(items[0].data, items[0].size);
    mr_status status = name == NULL ? mr__fail(MR_ENOMEM, "the manager has no memory") : MR_OK;
    if (status == MR_OK && what == MR__CALL_CREATE)
        status = create(name, number, items + 1, count - 1);
    else if (status == MR_OK && what == MR__CALL_METHOD)
        status = run_method(name, *number, items + 1, count - 1, &reply);
    else if (status == MR_OK && find_instance(*number) != NULL)
        end_instance(find_instance(*number));
    free(name);
    if (status != MR_OK) {
        free(reply.items);
        return status;
    }
    *out = reply.items;
    *out_count = reply.count;
    return MR_OK;
}

/* ---- The process ---- */

static void serve_visit(mr__ref ref)
{
    mr__visit *visit = mr__at(ref);
    mr_item *items = NULL, *out = NULL;
    size_t count = 0, out_count = 0, size = 0;
    void *bytes = NULL;
    uint64_t number = visit->number;
    mr_status status = mr__items_unpack("a manager's process", mr__at(visit->in), visit->in_size, &items, &count);
    if (status == MR_OK)
        status = mr__manager_run(visit->what, &number, items, count, &out, &out_count);
    if (status == MR_OK)
        status = mr__items_pack("a manager's process", out, out_count, &bytes, &size);
    visit->number = number;
    mr__manager_finish_visit(mr__ctx.server->manager, ref, status, bytes, size);
    free(bytes);
    free(out);
    free(items);
}

static mr_status initialize(const mr__service *service, size_t size)
{
    mr_target initializer = NULL;
    void *address = service->has_initializer ? mr__symbol_find(&service->initializer) : NULL;
    memcpy(&initializer, &address, sizeof initializer);
    if (!service->has_initializer)
        return MR_OK;
    if (initializer == NULL)
        return mr__fail(MR_EBUILD, "the initializer is no function of this program");
    int code = initializer(size > sizeof *service ? service->args : NULL, size - sizeof *service);
    mr__end_fork(code);
    return code == 0 ? MR_OK : mr__fail(MR_ETASK, "the initializer returned %d", code);
}

/* Ctrl-C is for main, which ends the manager when it ends itself. */
int mr__manager_serve(const void *args, size_t size)
{
    const mr__service *service = args;
    mr__server server = {.manager = service->manager};
    mr__ref visit;
    signal(SIGINT, SIG_IGN);
    if (mr__manager_enter_service(service->manager) != MR_OK)
        return 0; /* it has been shut down already */
    mr__ctx.server = &server;
    mr_status status = initialize(service, size);
    mr__manager_is_ready(service->manager, status, status == MR_OK ? "" : mr_last_error());
    while (status == MR_OK && mr__manager_next_visit(service->manager, &visit) == MR_OK)
        serve_visit(visit);
    for (uint32_t i = 0; i < server.count; i++)
        if (server.instances[i].type != NULL)
            end_instance(&server.instances[i]);
    free(server.instances);
    mr__ctx.server = NULL;
    return status == MR_OK ? 0 : 1;
}
