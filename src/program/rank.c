#include "program/rank.h"

#include "agent/agent.h"
#include "arena/arena.h"
#include "base/debugger.h"
#include "base/patience.h"
#include "base/status.h"
#include "launch/last_words.h"
#include "launch/slurm.h"
#include "launch/supervisor.h"
#include "messages/fileno.h"
#include "object/seat.h"
#include "pool/pool.h"
#include "process/process.h"
#include "universe/printer.h"
#include "universe/self.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static mr__self *const self = &(mr__self){
    .link = -1, .group = MPI_COMM_NULL, .reading = PTHREAD_MUTEX_INITIALIZER}; /* mr__ctx.self from then on */

/* ---- Coming up ---- */

/* Takes over main's standard output and error, so that a line that is printed here needs nobody else to reach the
 * terminal, and cannot overtake or be lost. */
static void take_output(const int descriptors[2])
{
    for (int i = 0; i < 2; i++)
        if (descriptors[i] >= 0) {
            dup2(descriptors[i], i == 0 ? STDOUT_FILENO : STDERR_FILENO);
            close(descriptors[i]);
        }
    mr__whole_lines();
}

static mr_status say_hello(const mr__address *hub)
{
    int descriptors[MR__DESCRIPTORS];
    unsigned char build_id[MR__BUILD_ID_SIZE];
    mr__record record = {
        .type = MR__HELLO, .rank = mr__ctx.launch.rank, .process = mr__ctx.launch.batch, .a = getpid()};
    mr_status status = mr__address_key(hub, record.text);
    if (status == MR_OK)
        status = mr__program_build_id(build_id);
    if (status == MR_OK)
        status = mr__link_connect(hub, &self->link, &self->is_local);
    if (status != MR_OK)
        return status;
    size_t used = strlen(record.text);
    used += (size_t)snprintf(record.text + used, sizeof record.text - used, " ");
    for (size_t i = 0; i < sizeof build_id; i++)
        used += (size_t)snprintf(record.text + used, sizeof record.text - used, "%02x", build_id[i]);
    snprintf(record.text + used, sizeof record.text - used, " %s", mr__ctx.host);
    status = mr__link_send(self->link, &record, NULL, 0);
    if (status == MR_OK)
        status = mr__link_receive(self->link, &record, descriptors);
    if (status != MR_OK)
        return status;
    mr__ctx.rank = record.rank;
    self->wants_places = record.a != 0;
    self->pinning = (mr_pinning)record.b;
    take_output(descriptors + 1);
    if (descriptors[0] >= 0) {
        status = mr__arena_join(descriptors[0]);
        close(descriptors[0]);
        mr__ctx.home = MR__MAINS_HOME;
    } else if (record.process > 0 && record.text[0] == '\0') {
        status = mr__agent_start((uint32_t)record.process, self->link);
    } else if (record.process > 0 && mr__agent_join((uint32_t)record.process, record.text) != MR_OK) {
        mr__debug("this rank has no part in the memory of its host: %s", mr_last_error());
    }
    if (status != MR_OK)
        return status;
    return self->is_local ? MR_OK : mr__printer_connect(hub, mr__ctx.rank);
}

static void tell_hub(mr__record_type type, int64_t a)
{
    mr__record record = {.type = (uint32_t)type, .a = a};
    mr__link_send(self->link, &record, NULL, 0);
}

/* A spawned rank reports before MPI_Init, so that main knows who hangs there; a given one learns only by MPI where
 * main is. */
static mr_status join_main(void)
{
    self->hub = mr__ctx.launch.hub;
    bool spawned = mr__ctx.launch.kind == MR__LAUNCH_SPAWNED;
    mr_status status = spawned ? say_hello(&self->hub) : MR_OK;
    if (status != MR_OK)
        return status;
    mr__patience(true);
    mr__words_hold(&mr__ctx.launch, self->held);
    status = mr__mpi_init();
    if (status != MR_OK)
        return status;
    if (spawned) {
        MPI_Comm parent;
        tell_hub(MR__STAGE, MR__STAGE_MERGE);
        MPI_Comm_get_parent(&parent);
        if (parent == MPI_COMM_NULL)
            return mr__fail(MR_ELAUNCH, "this rank has no parent");
        MPI_Intercomm_merge(parent, 1, &self->comm);
        MPI_Comm_free(&parent);
        MPI_Recv(NULL, 0, MPI_BYTE, 0, MR__TAG_GREETING, self->comm, MPI_STATUS_IGNORE);
    } else {
        MPI_Comm_dup(MPI_COMM_WORLD, &self->comm);
        MPI_Bcast(self->hub.text, sizeof self->hub.text, MPI_CHAR, 0, self->comm);
        mr__wire_connect_all(self->comm);
        mr__ctx.launch.batch = 1;
        mr__ctx.launch.rank--; /* the batch of given ranks is main's own, which main is not in */
        status = say_hello(&self->hub);
        mr__ctx.launch.rank++;
        if (status != MR_OK)
            return status;
    }
    mr__patience(false);
    MPI_Comm_set_errhandler(self->comm, MPI_ERRORS_RETURN);
    status = mr__supervisor_report(self->report, &self->hub, mr__ctx.rank);
    if (!spawned) /* Slurm would end all ranks when one of them dies that has not left */
        mr__supervisor_leave_launcher(self->report);
    return status;
}

/* An agent has it already. */
static mr_status load_topology(void)
{
    return mr__ctx.topology == NULL ? mr__topology_load(&mr__ctx.topology, NULL, NULL) : MR_OK;
}

static mr_status report_places(void)
{
    if (!self->wants_places)
        return MR_OK;
    mr__places places;
    mr_pinning pinning = mr__launch_pinning(&mr__ctx.launch, self->pinning, mr__topology_pus(mr__ctx.topology));
    mr_status status = mr__topology_places(mr__ctx.topology, pinning, &places);
    if (status != MR_OK)
        return status;
    for (int i = 0; i < places.count; i++) {
        const mr__place *place = &places.place[i];
        mr__record record = {.type = MR__PLACE, .a = place->core, .b = place->capacity};
        if (strlen(place->cpus) < sizeof record.text) {
            strcpy(record.text, place->cpus);
            mr__link_send(self->link, &record, NULL, 0);
        }
    }
    mr__places_free(&places);
    return MR_OK;
}

static void park_first(void)
{
    mr__record record = {.type = MR__PARKED,
                         .a = mr__slurm_cpus(mr__topology_pus(mr__ctx.topology)),
                         .b = mr__slurm_cpus(mr__topology_cores(mr__ctx.topology)),
                         .process = self->seat};
    mr__link_send(self->link, &record, NULL, 0);
}

/* ---- Running processes ---- */

/* Registered before anything of the user's, and so run after it. Leaves without the libraries' own clean-up, which
 * is for programs that have called MPI_Finalize. */
static void leave(int code, void *unused)
{
    (void)unused;
    if (getpid() != self->pid)
        return; /* a child that the user forked off */
    /* if it is, main and the supervisor see to the rest */
    bool is_amid_call = mr__is_amid_call();
    if (!is_amid_call) {
        mr__keeper_stop();
        mr__process_end_children();
    }
    fflush(NULL);
    if (!is_amid_call)
        mr__supervisor_leave_launcher(self->report);
    _exit(code);
}

/* pthread_exit in the thread that runs the process is as good as a return of 0. */
static void end_of_thread(void *unused)
{
    (void)unused;
    exit(0);
}

static int call_target(const mr__start *message, mr_process *object, void *address)
{
    mr_target target;
    if (message->is_class)
        return ((const mr_class *)address)->run(object);
    memcpy(&target, &address, sizeof target);
    return target(message->payload > 0 ? message->aligned_payload : NULL, message->payload);
}

static int run(const mr__start *message, mr_process *object)
{
    void *address = mr__symbol_find(&message->run);
    if (address == NULL) {
        fprintf(stderr, "multirank: rank %d on %s cannot run its process: %s\n", mr__ctx.rank, mr__ctx.host,
                mr_last_error());
        return 127; /* what a shell returns for a command that is not there */
    }
    int code;
    pthread_cleanup_push(end_of_thread, NULL);
    code = call_target(message, object, address);
    pthread_cleanup_pop(0);
    mr__end_fork(code);
    return code;
}

/* The struct of a process of a class starts with its mr_process; other processes get one without anything behind
 * it. */
static mr_process *make_object(const mr__start *message)
{
    mr_process *object = calloc(1, message->is_class ? message->payload : sizeof *object);
    if (object != NULL && message->is_class) {
        memcpy(object, message->aligned_payload, message->payload);
        object->mr__class = mr__symbol_find(&message->run);
    }
    return object;
}

/* A place that cannot be had any more (a cpuset has shrunk, say) is no reason not to run. */
static void pin(const char *cpus)
{
    if (strcmp(cpus, self->cpus) == 0)
        return;
    strcpy(self->cpus, cpus);
    if (mr__topology_bind(mr__ctx.topology, cpus) != MR_OK)
        mr__debug("rank %d is not pinned: %s", mr__ctx.rank, mr_last_error());
}

/* A copy of the start message of this process's own; NULL: it did not come. */
static mr__start *take_message(const mr__record *work)
{
    size_t size = (size_t)work->a;
    mr__start *message = malloc(size);
    if (message != NULL && self->mail != 0)
        return memcpy(message, (char *)mr__at(self->mail) + sizeof *work, size);
    if (message != NULL && mr__wire_receive(self->comm, 0, MR__TAG_START, message, size, NULL, NULL) == MR_OK)
        return message;
    free(message);
    return NULL;
}

/* The message is its own from now on. */
static int run_process(const mr__record *work, mr__start *message)
{
    mr_process parent = {0}, *object = make_object(message);
    if (object == NULL)
        return 1;
    mr__placed placed = {.number = work->process, .rank = mr__ctx.rank, .core = (int)work->b, .pid = getpid()};
    memcpy(placed.host, mr__ctx.host, sizeof placed.host);
    pin(work->text);
    mr__lock();
    mr__ctx.cores = work->rank;
    mr_status status = mr__process_enter(message, &placed, object, &parent);
    mr__unlock();
    if (status == MR_OK)
        mr__debugger_wait((const char *)message->aligned_payload + message->payload); /* by its name */
    int code = status == MR_OK ? run(message, object) : 1;
    if (!message->reuse)
        exit(code); /* the user's atexit handlers, then leave */
    if (!mr__keeper_stop())
        exit(code); /* threads are at work, which no other process is to have */
    mr__filenos_stop();
    mr__process_end_children();
    mr__process_leave();
    self->group = MPI_COMM_NULL; /* not freed: others may still have something on its way */
    fflush(NULL);
    free(object);
    free(message);
    return code;
}

static int do_nothing(const void *args, size_t size)
{
    (void)args, (void)size;
    return 0;
}

static void serve_next(void)
{
    mr__record work = mr__self_next_work();
    mr__start *message = take_message(&work);
    int code = message == NULL ? 1 : run_process(&work, message);
    if (!self->is_local)
        mr__printer_flush();
    if (work.process != 0)
        tell_hub(MR__DONE, code);
}

/* Whatever runs for the first time costs page faults. A process should not have to wait for them, so before it
 * parks a rank sends itself one that does nothing. */
static void rehearse(void)
{
    mr_target target = do_nothing;
    void *address;
    mr__ref mail;
    mr__start message = {.name = 1, .identity = 1, .creator_name = 1, .reuse = true}; /* empty strings */
    mr__record work = {.type = MR__START, .a = sizeof message + 3, .b = -1};
    memcpy(&address, &target, sizeof address);
    if (self->seat == 0 || mr__symbol_of(address, true, "the rehearsal", &message.run) != MR_OK ||
        mr__alloc(sizeof work + sizeof message + 3, &mail) != MR_OK)
        return;
    memcpy(mempcpy(mr__at(mail), &work, sizeof work), &message, sizeof message);
    mr__seat_at(self->seat)->mail = mail;
    serve_next();
    mr__free(mail);
}

_Noreturn void mr__rank_serve(int report)
{
    char name[16];
    mr__leave_input();
    self->report = report;
    self->pid = getpid();
    mr__ctx.self = self;
    gethostname(mr__ctx.host, sizeof mr__ctx.host - 1);
    if (join_main() != MR_OK || load_topology() != MR_OK || report_places() != MR_OK) {
        mr__words_add(&mr__ctx.launch, mr_last_error());
        _exit(1);
    }
    mr__words_release(&mr__ctx.launch, self->held);
    mr__launch_forget();
    snprintf(name, sizeof name, "mr-rank-%d", mr__ctx.rank);
    prctl(PR_SET_NAME, name);
    if (mr__ctx.agent != NULL) {
        park_first();
        mr__agent_serve();
    }
    if (self->is_local && mr__seat_mine(&self->seat) != MR_OK)
        self->seat = 0;
    on_exit(leave, NULL);
    mr__ctx.phase = MR__PHASE_RUNNING;
    mr__modules_end_of_start();
    mr__watch_forks();
    rehearse();
    park_first();
    for (;;)
        serve_next();
}
