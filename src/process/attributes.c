/* The attributes of a process: what is known of it, and what may be set before it starts. */
#include "process/registry.h"

#include "base/context.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

const char *mr_process_name(const mr_process *object)
{
    mr__process *process = NULL;
    if (mr__enter("mr_process_name", object, &process) != MR_OK)
        return NULL;
    const char *name = process->name;
    mr__unlock();
    return name;
}

mr_status mr_process_set_name(mr_process *object, const char *name)
{
    mr__process *process = NULL;
    mr_status status = mr__enter("mr_process_set_name", object, &process);
    if (status != MR_OK)
        return status;
    char *copy = name == NULL ? NULL : strdup(name);
    if (name == NULL)
        status = mr__fail(MR_EINVAL, "mr_process_set_name was given NULL as the name");
    else if (copy == NULL)
        status = mr__fail(MR_ENOMEM, "there is no memory for the name");
    if (status == MR_OK) {
        free(process->name);
        process->name = copy;
    }
    mr__unlock();
    return status;
}

bool mr_process_is_daemon(const mr_process *object)
{
    mr__process *process = NULL;
    if (mr__enter("mr_process_is_daemon", object, &process) != MR_OK)
        return false;
    bool daemon = process->daemon;
    mr__unlock();
    return daemon;
}

mr_status mr_process_set_daemon(mr_process *object, bool daemon)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_before_start("mr_process_set_daemon", object, &process);
    if (status != MR_OK)
        return status;
    process->daemon = daemon;
    mr__unlock();
    return MR_OK;
}

const void *mr_process_authkey(const mr_process *object, size_t *size)
{
    mr__process *process = NULL;
    if (size == NULL) {
        mr__fail(MR_EINVAL, "mr_process_authkey was given NULL as the size");
        return NULL;
    }
    if (mr__enter("mr_process_authkey", object, &process) != MR_OK)
        return NULL;
    *size = process->key_size;
    mr__unlock();
    return process->key;
}

mr_status mr_process_set_authkey(mr_process *object, const void *key, size_t size)
{
    mr__process *process = NULL;
    mr_status status = mr__enter("mr_process_set_authkey", object, &process);
    if (status != MR_OK)
        return status;
    if (key == NULL || size == 0 || size > sizeof process->key) {
        status = mr__fail(MR_EINVAL, "mr_process_set_authkey needs a key of 1 to %zu bytes", sizeof process->key);
    } else if (process->role == MR__CHILD && process->state != MR__PROCESS_NEW) {
        status = mr__fail(MR_ESTATE, "mr_process_set_authkey: %s has been started already", process->name);
    } else {
        memcpy(process->key, key, size);
        process->key_size = size;
    }
    mr__unlock();
    return status;
}

mr_status mr_process_set_host(mr_process *object, const char *host)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_before_start("mr_process_set_host", object, &process);
    if (status != MR_OK)
        return status;
    if (host == NULL || *host == '\0' || strlen(host) >= sizeof process->wanted_host)
        status = mr__fail(MR_EINVAL, "mr_process_set_host needs a host name of 1 to %zu characters",
                          sizeof process->wanted_host - 1);
    else
        strcpy(process->wanted_host, host);
    mr__unlock();
    return status;
}

mr_status mr_process_set_reuse(mr_process *object, bool reuse)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_before_start("mr_process_set_reuse", object, &process);
    if (status != MR_OK)
        return status;
    process->reuse = reuse;
    mr__unlock();
    return MR_OK;
}

mr_status mr__process_reserve(mr_process *object, uint64_t reservation)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_before_start("mr_pool_init", object, &process);
    if (status != MR_OK)
        return status;
    process->daemon = true;
    process->reservation = reservation;
    mr__unlock();
    return MR_OK;
}

bool mr_process_is_alive(const mr_process *object)
{
    mr__process *process = NULL;
    if (mr__enter("mr_process_is_alive", object, &process) != MR_OK)
        return false;
    bool alive = process->state == MR__PROCESS_STARTED;
    mr__unlock();
    return alive;
}

int mr_process_exitcode(const mr_process *object)
{
    mr__process *process = NULL;
    if (mr__enter("mr_process_exitcode", object, &process) != MR_OK)
        return MR_EXITCODE_NONE;
    int code = process->exitcode;
    mr__unlock();
    return code;
}

/* Where it runs; what nobody knows is -1 and an empty host. */
static mr__placed where(const char *call, const mr_process *object)
{
    mr__process *process = NULL;
    mr__placed placed = {.rank = -1, .core = -1, .pid = -1};
    if (mr__enter(call, object, &process) == MR_OK) {
        placed = process->placed;
        mr__unlock();
    }
    return placed;
}

pid_t mr_process_pid(const mr_process *object)
{
    return where("mr_process_pid", object).pid;
}

int mr_process_rank(const mr_process *object)
{
    return where("mr_process_rank", object).rank;
}

int mr_process_core(const mr_process *object)
{
    return where("mr_process_core", object).core;
}

const char *mr_process_host(const mr_process *object)
{
    mr__process *process = NULL;
    if (mr__enter("mr_process_host", object, &process) != MR_OK)
        return NULL;
    const char *host = process->placed.rank < 0 ? NULL : process->placed.host;
    mr__unlock();
    return host;
}
