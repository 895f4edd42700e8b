/* mr_process: making, starting, waiting for and ending processes, and who is whose. */
#include "process/process.h"

#include "base/context.h"
#include "base/status.h"
#include "object/object.h"
#include "object/seat.h"
#include "object/waits.h"
#include "object/watch.h"
#include "process/registry.h"
#include "universe/self.h"
#include "universe/universe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

static const double DAEMON_SECONDS = 5; /* that a daemon may take to end on SIGTERM before it is killed */

/* ---- Making ---- */

/* Names it after its creator: main's third child is 3, whose second child is 3:2. Lock held. */
static mr_status give_name(mr__process *process, const char *class_name)
{
    mr__process *creator = mr__own_entry();
    unsigned count = ++creator->children;
    const char *above = creator->identity;
    int length = *above == '\0' ? asprintf(&process->identity, "%u", count)
                                : asprintf(&process->identity, "%s:%u", above, count);
    if (length < 0)
        process->identity = NULL;
    if (length < 0 || asprintf(&process->name, "%s-%s", class_name, process->identity) < 0)
        return mr__fail(MR_ENOMEM, "there is no memory for another process");
    process->daemon = creator->daemon;
    process->key_size = creator->key_size;
    memcpy(process->key, creator->key, creator->key_size);
    return MR_OK;
}

/* The part that functions and classes have in common: room for payload bytes, a name, a handle. */
static mr_status make(mr_process *object, const mr_class *class_, const mr__symbol *symbol, size_t payload)
{
    if (payload > SIZE_MAX / 2)
        return mr__fail(MR_ENOMEM, "there is no memory for a process with %zu bytes of arguments", payload);
    mr__process *process = calloc(1, sizeof *process);
    mr__start *message = calloc(1, sizeof *message + payload);
    if (process == NULL || message == NULL) {
        free(process);
        free(message);
        return mr__fail(MR_ENOMEM, "there is no memory for a process with %zu bytes of arguments", payload);
    }
    *process = (mr__process){.class_ = class_,
                             .object = class_ == NULL ? NULL : object,
                             .message = message,
                             .payload = payload,
                             .exitcode = MR_EXITCODE_NONE,
                             .sentinel = -1};
    process->placed = (mr__placed){.rank = -1, .core = -1, .pid = -1};
    message->run = *symbol;
    message->is_class = class_ != NULL;
    message->payload = payload;
    mr__lock();
    mr_status status = give_name(process, class_ == NULL ? "Process" : class_->name);
    if (status == MR_OK)
        status = mr__process_register(process);
    if (status == MR_OK) {
        object->mr__class = class_;
        object->mr__handle = process->handle;
    }
    mr__unlock();
    if (status != MR_OK)
        mr__process_free(process);
    return status;
}

mr_status mr_process_init(mr_process *process, mr_target target, const void *args, size_t size)
{
    mr__symbol symbol;
    mr_status status = mr__running("mr_process_init");
    if (status != MR_OK)
        return status;
    if (process == NULL || target == NULL || (args == NULL && size > 0))
        return mr__fail(MR_EINVAL, "mr_process_init was given NULL as %s",
                        process == NULL  ? "the process"
                        : target == NULL ? "the target"
                                         : "arguments of some size");
    void *address;
    memcpy(&address, &target, sizeof address);
    status = mr__symbol_of(address, true, "the target", &symbol);
    if (status == MR_OK)
        status = make(process, NULL, &symbol, size);
    if (status == MR_OK && size > 0) {
        mr__lock();
        memcpy(mr__process_of(process)->message->aligned_payload, args, size);
        mr__unlock();
    }
    return status;
}

mr_status mr_process_init_class(mr_process *process, const mr_class *class_)
{
    mr__symbol symbol;
    mr_status status = mr__running("mr_process_init_class");
    if (status != MR_OK)
        return status;
    if (process == NULL || class_ == NULL)
        return mr__fail(MR_EINVAL, "mr_process_init_class was given NULL as %s",
                        process == NULL ? "the process" : "the class");
    status = mr__symbol_of(class_, false, "the class", &symbol);
    if (status != MR_OK)
        return status;
    if (class_->name == NULL || class_->run == NULL || class_->size < sizeof(mr_process))
        return mr__fail(MR_EINVAL, "the class given to mr_process_init_class has %s",
                        class_->name == NULL  ? "no name"
                        : class_->run == NULL ? "no run function"
                                              : "a size that is too small to hold an mr_process");
    return make(process, class_, &symbol, class_->size);
}

/* ---- Starting ---- */

/* Completes the start message: what was set since the process was made, and who starts it. Lock held. */
static mr_status complete_message(mr__process *process, size_t *size)
{
    const mr__process *creator = mr__own_entry();
    mr__start *message = process->message;
    size_t name = strlen(process->name) + 1, identity = strlen(process->identity) + 1;
    size_t creator_name = strlen(creator->name) + 1;
    size_t group = process->group_size * sizeof *process->group;
    *size = sizeof *message + process->payload + name + identity + creator_name + process->key_size + group;
    if (name > UINT32_MAX || identity > UINT32_MAX || creator_name > UINT32_MAX)
        return mr__fail(MR_EINVAL, "a process name of more than 4 GB cannot be sent");
    message = realloc(message, *size);
    if (message == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory to start %s", process->name);
    process->message = message;
    if (process->object != NULL)
        memcpy(message->aligned_payload, process->object, process->payload);
    message->daemon = process->daemon;
    message->reuse = process->reuse;
    message->reservation = process->reservation;
    memcpy(message->wanted_host, process->wanted_host, sizeof message->wanted_host);
    memcpy(message->creator_host, mr__ctx.host, sizeof message->creator_host);
    message->creator = creator->placed.number;
    message->creator_pid = creator->placed.pid;
    message->creator_rank = mr__ctx.rank;
    message->name = (uint32_t)name;
    message->identity = (uint32_t)identity;
    message->creator_name = (uint32_t)creator_name;
    message->key = (uint32_t)process->key_size;
    message->group = process->group_size;
    char *next = (char *)message->aligned_payload + process->payload;
    next = mempcpy(next, process->name, name);
    next = mempcpy(next, process->identity, identity);
    next = mempcpy(next, creator->name, creator_name);
    next = mempcpy(next, process->key, process->key_size);
    if (group > 0)
        memcpy(next, process->group, group);
    return MR_OK;
}

/* Called with the lock held as soon as the process has its place, before anybody can hear of its end. */
static void note_started(const mr__placed *placed, void *argument)
{
    mr__process *process = argument;
    process->placed = *placed;
    process->state = MR__PROCESS_STARTED;
}

mr_status mr_process_start(mr_process *object)
{
    mr__process *process = NULL;
    size_t size = 0;
    mr__placed placed;
    mr_status status = mr__enter_before_start("mr_process_start", object, &process);
    if (status != MR_OK)
        return status;
    if (mr__own_entry()->daemon && mr__ctx.rank != 0)
        status = mr__fail(MR_EDAEMON,
                          "%s is a daemon, and a daemon may not start processes: it could not join them "
                          "when it is terminated",
                          mr__own_entry()->name);
    else if (process->message == NULL)
        status = mr__fail(MR_ESTATE, "mr_process_start: another thread is starting %s", process->name);
    else
        status = complete_message(process, &size);
    mr__start *message = process->message;
    if (status == MR_OK)
        process->message = NULL; /* ours now */
    int pending = mr__process_pending();
    mr__unlock();
    if (status != MR_OK)
        return status;
    mr__seat_pursue(MR__STARTS, 0);
    status = mr__kinds[MR__KIND_PIPE]->custody->let_go(message->aligned_payload, message->payload, MR__MAINS_HOME);
    if (status == MR_OK && mr__ctx.rank == 0)
        status = mr__universe_start(&message, size, pending, &placed, note_started, process);
    else if (status == MR_OK)
        status = mr__self_request_start(message, size, pending, &placed, note_started, process);
    mr__seat_pursue(MR__NO_PURSUIT, 0);
    mr__lock();
    if (process->state == MR__PROCESS_NEW)
        process->message = message; /* it may be tried again */
    else
        free(message);
    mr__unlock();
    return status;
}

mr_status mr_process_start_all(mr_process *const processes[], size_t count)
{
    mr_status status = mr__running("mr_process_start_all");
    if (status == MR_OK && processes == NULL && count > 0)
        status = mr__fail(MR_EINVAL, "mr_process_start_all was given NULL instead of processes");
    for (size_t i = 0; i < count && status == MR_OK; i++)
        status = mr_process_start(processes[i]);
    return status;
}

int mr__process_pending(void)
{
    int pending = 0;
    for (size_t i = 0; i < mr__ctx.slots; i++) {
        const mr__process *process = mr__ctx.processes[i];
        pending += process != NULL && process->role == MR__CHILD && process->state == MR__PROCESS_NEW &&
                   process->message != NULL;
    }
    return pending;
}

/* ---- Waiting and ending ---- */

mr_status mr_process_join(mr_process *object, double timeout)
{
    mr__process *process = NULL;
    double deadline;
    mr_status status = mr__running("mr_process_join");
    if (status == MR_OK)
        status = mr__deadline("mr_process_join", timeout, &deadline);
    if (status == MR_OK)
        status = mr__enter("mr_process_join", object, &process);
    if (status != MR_OK)
        return status;
    if (process->role == MR__SELF)
        status = mr__fail(MR_ESTATE, "mr_process_join: %s cannot wait for itself", process->name);
    else if (process->state == MR__PROCESS_NEW)
        status = mr__fail(MR_ESTATE, "mr_process_join: %s has not been started", process->name);
    bool must_wait = status == MR_OK && process->state == MR__PROCESS_STARTED && timeout > 0;
    if (must_wait)
        mr__seat_pursue(MR__JOINS, process->placed.number);
    while (status == MR_OK && process->state == MR__PROCESS_STARTED)
        if (!mr__wait(deadline) && process->state == MR__PROCESS_STARTED) {
            char why[1024] = "";
            if (must_wait) /* who only looks does so often */
                mr__waits_explain_join(process->placed.number, why, sizeof why);
            status = mr__fail(MR_ETIMEDOUT,
                              "mr_process_join: %s (rank %d, process %ld on %s) has not ended within "
                              "%g s%s",
                              process->name, process->placed.rank, (long)process->placed.pid, process->placed.host,
                              timeout > 0 ? timeout : 0, why);
        }
    mr__unlock();
    if (must_wait)
        mr__seat_pursue(MR__NO_PURSUIT, 0);
    return status;
}

static mr_status send_signal(const char *call, mr_process *object, int signal)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_after_start(call, object, &process);
    if (status != MR_OK)
        return status;
    if (process->state == MR__PROCESS_STARTED && mr__ctx.rank == 0)
        mr__universe_signal(mr__ctx.universe, process->placed.number, signal);
    else if (process->state == MR__PROCESS_STARTED)
        status = mr__self_request_signal(process->placed.number, signal);
    mr__unlock();
    return status;
}

mr_status mr_process_terminate(mr_process *object)
{
    return send_signal("mr_process_terminate", object, SIGTERM);
}

mr_status mr_process_kill(mr_process *object)
{
    return send_signal("mr_process_kill", object, SIGKILL);
}

mr_status mr_process_interrupt(mr_process *object)
{
    return send_signal("mr_process_interrupt", object, SIGINT);
}

mr_status mr_process_close(mr_process *object)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_as_creator("mr_process_close", object, &process);
    if (status == MR_ECLOSED)
        return MR_OK;
    if (status != MR_OK)
        return status;
    if (process->state == MR__PROCESS_STARTED)
        status =
            mr__fail(MR_ESTATE, "mr_process_close: %s is still alive; join or terminate it first", process->name);
    else if (process->state == MR__PROCESS_NEW && process->message == NULL)
        status = mr__fail(MR_ESTATE, "mr_process_close: %s is being started by another thread", process->name);
    else
        mr__process_release(process);
    mr__unlock();
    return status;
}

int mr_process_sentinel(const mr_process *object)
{
    mr__process *process = NULL;
    if (mr__enter_after_start("mr_process_sentinel", object, &process) != MR_OK)
        return -1;
    if (process->sentinel < 0) {
        process->sentinel = mr__above_stdio(eventfd(0, EFD_CLOEXEC));
        if (process->sentinel < 0)
            mr__fail(MR_ESYSTEM, "mr_process_sentinel: there is no file descriptor left");
        else if (process->state == MR__PROCESS_ENDED)
            mr__signal_event(process->sentinel);
    }
    int sentinel = process->sentinel;
    mr__unlock();
    return sentinel;
}

static void note_ended(mr__process *process, int code)
{
    process->state = MR__PROCESS_ENDED;
    process->exitcode = code;
    if (process->sentinel >= 0)
        mr__signal_event(process->sentinel);
    mr__watch_ring_processes();
    mr__changed();
}

static void hear_of_end(uint64_t number, int code)
{
    for (size_t i = 0; i < mr__ctx.slots; i++) {
        mr__process *process = mr__ctx.processes[i];
        if (process != NULL && process->role == MR__CHILD && process->state == MR__PROCESS_STARTED &&
            process->placed.number == number)
            note_ended(process, code);
    }
}

static void hear_of_parent(uint64_t parent)
{
    for (size_t i = 0; i < mr__ctx.slots; i++)
        if (mr__ctx.processes[i] != NULL && mr__ctx.processes[i]->role == MR__PARENT &&
            mr__ctx.processes[i]->placed.number == parent)
            note_ended(mr__ctx.processes[i], MR_EXITCODE_NONE);
}

/* Waits for the caller's children that are, or are not, daemons. false: not all ended in time. Lock held. */
static bool join_children(bool daemons, double deadline)
{
    for (;;) {
        bool alive = false;
        for (size_t i = 0; i < mr__ctx.slots; i++) {
            const mr__process *process = mr__ctx.processes[i];
            alive = alive || (process != NULL && process->role == MR__CHILD && process->daemon == daemons &&
                              process->state == MR__PROCESS_STARTED);
        }
        if (!alive || !mr__wait(deadline))
            return !alive;
    }
}

static void signal_daemons(int signal)
{
    for (size_t i = 0; i < mr__ctx.slots; i++) {
        const mr__process *process = mr__ctx.processes[i];
        if (process == NULL || process->role != MR__CHILD || !process->daemon ||
            process->state != MR__PROCESS_STARTED)
            continue;
        if (mr__ctx.rank == 0)
            mr__universe_signal(mr__ctx.universe, process->placed.number, signal);
        else
            mr__self_request_signal(process->placed.number, signal);
    }
}

void mr__process_end_children(void)
{
    mr__seat_pursue(MR__ENDS, 0);
    mr__lock();
    signal_daemons(SIGTERM);
    join_children(false, INFINITY);
    if (!join_children(true, mr__now() + DAEMON_SECONDS)) {
        signal_daemons(SIGKILL);
        join_children(true, INFINITY);
    }
    mr__unlock();
    mr__seat_pursue(MR__NO_PURSUIT, 0);
}

/* ---- The caller, its parent and its children ---- */

static mr_status add_entry(mr_process *object, mr__process_role role, const char *name, const char *identity,
                           const mr__placed *placed)
{
    mr__process *process = calloc(1, sizeof *process);
    if (process == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for a process");
    *process = (mr__process){.role = role,
                             .state = MR__PROCESS_STARTED,
                             .exitcode = MR_EXITCODE_NONE,
                             .sentinel = -1,
                             .name = strdup(name),
                             .identity = strdup(identity),
                             .placed = *placed};
    mr_status status = process->name == NULL || process->identity == NULL
                           ? mr__fail(MR_ENOMEM, "there is no memory for a process")
                           : mr__process_register(process);
    if (status != MR_OK)
        mr__process_free(process);
    else
        object->mr__handle = process->handle;
    return status;
}

mr_status mr__process_enter_main(mr_process *main_object)
{
    mr__placed placed = {.core = -1, .pid = getpid()};
    memcpy(placed.host, mr__ctx.host, sizeof placed.host);
    mr__lock();
    mr_status status = add_entry(main_object, MR__SELF, "MainProcess", "", &placed);
    if (status == MR_OK) {
        mr__ctx.current = main_object;
        mr__process *self = mr__own_entry();
        self->key_size = 32;
        if (getrandom(self->key, self->key_size, 0) != (ssize_t)self->key_size)
            status = mr__fail(MR_ESYSTEM, "getting random bytes for the authentication key failed");
    }
    mr__unlock();
    return status;
}

/* The ranks may lie anywhere in a message. */
static mr_status set_group(mr__process *process, const void *ranks, uint32_t count)
{
    free(process->group);
    process->group_size = 0;
    process->group = count > 0 ? malloc(count * sizeof *process->group) : NULL;
    if (count > 0 && process->group == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for a group of %u processes", count);
    if (count > 0)
        memcpy(process->group, ranks, count * sizeof *process->group);
    process->group_size = count;
    return MR_OK;
}

mr_status mr__process_join_group(mr_process *object, uint64_t reservation, const int *ranks, uint32_t count)
{
    mr__process *process = NULL;
    mr_status status = mr__enter_before_start("mr_group_start", object, &process);
    if (status != MR_OK)
        return status;
    if (process->wanted_host[0] != '\0')
        status = mr__fail(
            MR_EINVAL, "mr_group_start: %s was to run on %s, but where the processes of a group run is not chosen",
            process->name, process->wanted_host);
    if (status == MR_OK)
        status = set_group(process, ranks, count);
    process->reservation = status == MR_OK ? reservation : 0;
    mr__unlock();
    return status;
}

mr_status mr__process_enter(const mr__start *message, const mr__placed *placed, mr_process *self,
                            mr_process *parent)
{
    const char *name = (const char *)message->aligned_payload + message->payload;
    const char *identity = name + message->name;
    const char *creator_name = identity + message->identity;
    const char *key = creator_name + message->creator_name;
    mr__placed above = {
        .number = message->creator, .rank = message->creator_rank, .core = -1, .pid = (pid_t)message->creator_pid};
    memcpy(above.host, message->creator_host, sizeof above.host);
    mr_status status = add_entry(self, MR__SELF, name, identity, placed);
    if (status == MR_OK)
        status = add_entry(parent, MR__PARENT, creator_name, "", &above);
    if (status != MR_OK)
        return status;
    mr__ctx.current = self;
    mr__ctx.parent = parent;
    mr__process *entry = mr__own_entry();
    entry->daemon = message->daemon;
    entry->key_size = message->key;
    memcpy(entry->key, key, message->key);
    return set_group(entry, key + message->key, message->group);
}

void mr__process_leave(void)
{
    mr__lock();
    for (size_t i = 0; i < mr__ctx.slots; i++)
        if (mr__ctx.processes[i] != NULL)
            mr__process_release(mr__ctx.processes[i]);
    mr__ctx.current = mr__ctx.parent = NULL;
    mr__unlock();
}

mr_process *mr_current_process(void)
{
    return mr__running("mr_current_process") == MR_OK ? mr__ctx.current : NULL;
}

mr_process *mr_parent_process(void)
{
    return mr__running("mr_parent_process") == MR_OK ? mr__ctx.parent : NULL;
}

int mr_active_children(mr_process children[], int capacity)
{
    if (mr__running("mr_active_children") != MR_OK)
        return -1;
    if (capacity < 0 || (children == NULL && capacity > 0)) {
        mr__fail(MR_EINVAL, "mr_active_children needs room for %d processes", capacity);
        return -1;
    }
    int count = 0;
    mr__lock();
    for (size_t i = 0; i < mr__ctx.slots; i++) {
        const mr__process *process = mr__ctx.processes[i];
        if (process == NULL || process->role != MR__CHILD || process->state != MR__PROCESS_STARTED)
            continue;
        if (count < capacity)
            children[count] = (mr_process){.mr__class = process->class_, .mr__handle = process->handle};
        count++;
    }
    mr__unlock();
    return count;
}

const mr__family mr__process_family = {hear_of_end, hear_of_parent};
