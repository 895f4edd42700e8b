/* What users call on managers, and on the objects of their own types. */
#include "base/context.h"
#include "base/status.h"
#include "manager/manager.h"
#include "messages/handshake.h"

#include <stdlib.h>
#include <string.h>

#define ASKING(name, what, ...) \
    ((mr__request){.procedure = MR__DO_##what, .call = name, .kind = MR__KIND_MANAGER, __VA_ARGS__})

static const uint64_t *handle_of(const mr_manager *manager)
{
    return manager != NULL ? &manager->mr__handle : NULL;
}

static bool has_process(const mr_manager *manager)
{
    return manager->mr__process.mr__handle != 0;
}

mr_status mr_manager_init(mr_manager *manager)
{
    mr_manager made = {0};
    mr_status status = mr__ask_new(manager != NULL ? &made.mr__handle : NULL,
                                   ASKING("mr_manager_init", MANAGER_MAKE, .in = NULL));
    if (status == MR_OK)
        *manager = made;
    return status;
}

mr_status mr_manager_register(mr_manager *manager, const mr_type *type)
{
    static const char call[] = "mr_manager_register";
    mr__symbol symbol;
    if (type == NULL || type->name == NULL || type->name[0] == '\0' || type->size == 0 ||
        (type->methods == NULL && type->method_count > 0))
        return mr__fail(MR_EINVAL, "%s: a type needs a name, a size and its methods", call);
    for (size_t i = 0; i < type->method_count; i++)
        if (type->methods[i].name == NULL || type->methods[i].run == NULL)
            return mr__fail(MR_EINVAL, "%s: method %zu of %s has no name, or no function", call, i, type->name);
    if (type->exposed == NULL && type->exposed_count > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of the names of exposed methods", call);
    mr_status status = mr__object_given(call, MR__KIND_MANAGER, manager);
    if (status == MR_OK)
        status = mr__symbol_of(type, false, "a type of mr_manager_register", &symbol);
    if (status != MR_OK)
        return status;
    mr_item items[] = {MR_STRING(type->name), MR_BYTES(&symbol, sizeof symbol)};
    return mr__ask(handle_of(manager), ASKING(call, MANAGER_REGISTER, .in = items, .in_count = 2));
}

/* ---- Starting ---- */

static const char starting[] = "mr_manager_start";

/* Until the process says that it is up, or has gone. */
static mr_status await_process(mr_manager *manager)
{
    static const double LOOK = 0.2; /* seconds */
    mr_status status;
    do
        status = mr__ask(handle_of(manager), ASKING(starting, MANAGER_AWAIT, .seconds = LOOK));
    while (status == MR_ETIMEDOUT && mr_process_is_alive(&manager->mr__process));
    if (status == MR_ETIMEDOUT)
        status = mr__fail(MR_EDIED, "%s: the manager's process ended before it was up", starting);
    return status;
}

static mr_status start_process(mr_manager *manager, const mr__service *service, const void *args, size_t size,
                               const char *host)
{
    mr__service *whole = malloc(sizeof *service + size);
    if (whole == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for arguments of %zu bytes", starting, size);
    *whole = *service;
    if (size > 0)
        memcpy(whole->args, args, size);
    mr_process *process = &manager->mr__process;
    mr_status status = mr_process_init(process, mr__manager_serve, whole, sizeof *service + size);
    free(whole);
    if (status != MR_OK)
        return status;
    status = mr_process_set_name(process, "Manager");
    if (status == MR_OK)
        status = mr_process_set_daemon(process, true);
    if (status == MR_OK)
        status = mr_process_set_host(process, host);
    if (status == MR_OK)
        status = mr_process_start(process);
    if (status != MR_OK) {
        mr_process_close(process);
        *process = (mr_process){0};
    }
    return status;
}

/* Keeps the sentence of what failed. */
static mr_status undo_start(mr_manager *manager, mr_status status)
{
    char sentence[MR__SENTENCE_SIZE];
    strncpy(sentence, mr_last_error(), sizeof sentence - 1);
    sentence[sizeof sentence - 1] = '\0';
    mr_manager_shutdown(manager);
    return mr__fail(status, "%s", sentence);
}

mr_status mr_manager_start(mr_manager *manager, mr_target initializer, const void *args, size_t size)
{
    mr__service service = {.has_initializer = initializer != NULL};
    void *address;
    memcpy(&address, &initializer, sizeof address);
    mr_status status = mr__object_given(starting, MR__KIND_MANAGER, manager);
    if (status == MR_OK && (size > PTRDIFF_MAX - sizeof service || (args == NULL && size > 0)))
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of arguments, or too many", starting);
    if (status == MR_OK && initializer != NULL)
        status = mr__symbol_of(address, true, "the initializer", &service.initializer);
    if (status != MR_OK)
        return status;
    mr__request asking = ASKING(starting, MANAGER_BEGIN, .numbers = {initializer != NULL});
    status = mr__ask_for(handle_of(manager), &asking);
    if (status == MR_OK && has_process(manager)) {
        mr_process_close(&manager->mr__process); /* of the last time */
        manager->mr__process = (mr_process){0};
    }
    if (status == MR_OK && asking.numbers[0] != 0) {
        service.manager = manager->mr__handle;
        status = start_process(manager, &service, args, size, asking.out[0].data);
        if (status == MR_OK)
            status = await_process(manager);
        if (status != MR_OK)
            undo_start(manager, status);
    }
    free(asking.out);
    return status;
}

/* ---- Ending ---- */

static mr_status end_process(mr_process *process)
{
    static const double POLITE = 1, RUDE = 5; /* seconds */
    mr_status status = mr_process_join(process, POLITE);
    if (status == MR_ETIMEDOUT) {
        mr_process_terminate(process);
        status = mr_process_join(process, RUDE);
    }
    if (status == MR_ETIMEDOUT) {
        mr_process_kill(process);
        status = mr_process_join(process, MR_FOREVER);
    }
    return status;
}

mr_status mr_manager_shutdown(mr_manager *manager)
{
    mr_status status = mr__ask(handle_of(manager), ASKING("mr_manager_shutdown", MANAGER_END, .in = NULL));
    if (status == MR_OK && has_process(manager))
        status = end_process(&manager->mr__process);
    return status;
}

mr_status mr_manager_join(mr_manager *manager, double timeout)
{
    mr_status status = mr__object_given("mr_manager_join", MR__KIND_MANAGER, manager);
    if (status != MR_OK || !has_process(manager))
        return status;
    return mr_process_join(&manager->mr__process, timeout);
}

int mr_manager_exitcode(const mr_manager *manager)
{
    if (mr__object_given("mr_manager_exitcode", MR__KIND_MANAGER, manager) != MR_OK || !has_process(manager))
        return MR_EXITCODE_NONE;
    return mr_process_exitcode(&manager->mr__process);
}

mr_status mr_manager_close(mr_manager *manager)
{
    mr_status status = mr_manager_shutdown(manager);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status == MR_OK)
        status = mr__ask(handle_of(manager), ASKING("mr_manager_close", MANAGER_CLOSE, .in = NULL));
    if (status == MR_OK && has_process(manager)) {
        mr_process_close(&manager->mr__process);
        manager->mr__process = (mr_process){0};
    }
    return status;
}

void mr_manager_cleanup(mr_manager *manager)
{
    if (manager != NULL && manager->mr__handle != 0)
        mr_manager_close(manager);
}

mr_status mr_manager_connect(mr_manager *manager, const char *address, const void *key, size_t size)
{
    static const char name[] = "mr_manager_connect";
    mr__key chosen;
    mr_status status = mr__object_given(name, MR__KIND_MANAGER, manager);
    if (status == MR_OK && (address == NULL || *address == '\0'))
        status = mr__fail(MR_EINVAL, "%s was given no address", name);
    if (status == MR_OK)
        status = mr__key_choose(name, key, size, &chosen);
    return status != MR_OK
               ? status
               : mr__fail(MR_ENOTSUP,
                          "%s: programs that were started separately share no objects; connect the two with "
                          "mr_listener_init and mr_connection_connect, and send messages",
                          name);
}

/* ---- Objects of the program's own types ---- */

/* The name comes first. In the manager's own process the call is made at once, as nobody else could make it. */
static mr_status call(const char *name, uint64_t manager, uint32_t what, uint64_t *number, const char *of,
                      const mr_item args[], size_t count, double timeout, mr_item **out, size_t *out_count)
{
    mr_status status = mr__running(name);
    if (status == MR_OK)
        status = mr__items_check(name, args, count);
    if (status == MR_OK && (of == NULL || !mr__is_timeout(timeout)))
        status = mr__fail(MR_EINVAL, "%s was given NULL as the name, or a time-out that is not a number", name);
    mr_item *items = status == MR_OK && count < SIZE_MAX / sizeof *items ? calloc(count + 1, sizeof *items) : NULL;
    if (status == MR_OK && items == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu items", name, count);
    if (status != MR_OK)
        return status;
    items[0] = MR_STRING(of);
    if (count > 0)
        memcpy(items + 1, args, count * sizeof *args);
    if (mr__manager_is_served_here(manager)) {
        status = mr__manager_run(what, number, items, count + 1, out, out_count);
    } else {
        mr__request asking = ASKING(name, MANAGER_CALL, .numbers = {(int64_t)*number, what}, .seconds = timeout,
                                    .in = items, .in_count = count + 1);
        status = mr__ask_for(&manager, &asking);
        *number = (uint64_t)asking.numbers[0];
        *out = asking.out;
        *out_count = asking.out_count;
    }
    free(items);
    return status;
}

mr_status mr_manager_make_instance(const mr_manager *manager, mr_instance *instance, const char *type,
                                   const mr_item args[], size_t count)
{
    static const char name[] = "mr_manager_make_instance";
    mr_item *out = NULL;
    size_t out_count;
    uint64_t number = 0;
    mr_status status = mr__object_given(name, MR__KIND_MANAGER, manager);
    if (status == MR_OK && instance == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL as the instance", name);
    if (status == MR_OK)
        status = call(name, manager->mr__handle, MR__CALL_CREATE, &number, type, args, count, MR_FOREVER, &out,
                      &out_count);
    free(out);
    if (status == MR_OK)
        *instance = (mr_instance){manager->mr__handle, number};
    return status;
}

mr_status mr_instance_call(const mr_instance *instance, const char *method, const mr_item args[], size_t count,
                           mr_item **answer, size_t *answer_count, double timeout)
{
    static const char name[] = "mr_instance_call";
    mr_item *out = NULL;
    size_t out_count = 0;
    if (instance == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the instance", name);
    uint64_t number = instance->mr__number;
    mr_status status =
        call(name, instance->mr__handle, MR__CALL_METHOD, &number, method, args, count, timeout, &out, &out_count);
    if (status == MR_OK && answer != NULL && out == NULL)
        status = mr__items_own(name, NULL, 0, &out);
    if (status != MR_OK || answer == NULL)
        free(out);
    if (status == MR_OK && answer != NULL)
        *answer = out;
    if (status == MR_OK && answer_count != NULL)
        *answer_count = out_count;
    return status;
}

mr_status mr_instance_destroy(const mr_instance *instance)
{
    static const char name[] = "mr_instance_destroy";
    mr_item *out = NULL;
    size_t out_count;
    if (instance == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the instance", name);
    uint64_t number = instance->mr__number;
    mr_status status =
        call(name, instance->mr__handle, MR__CALL_CLOSE, &number, "close", NULL, 0, MR_FOREVER, &out, &out_count);
    free(out);
    return status == MR_ECLOSED ? MR_OK : status;
}
