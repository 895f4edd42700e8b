/* mr_init and mr_finalize: how a program enters the universe, and leaves it. */
#include "arena/arena.h"
#include "base/context.h"
#include "base/debugger.h"
#include "base/module.h"
#include "base/status.h"
#include "far/deputy.h"
#include "far/libraries.h"
#include "launch/slurm.h"
#include "launch/supervisor.h"
#include "launch/version.h"
#include "messages/fileno.h"
#include "object/seat.h"
#include "object/view.h"
#include "pool/pool.h"
#include "process/process.h"
#include "program/first_thread.h"
#include "program/rank.h"
#include "program/runtime.h"
#include "universe/death.h"
#include "universe/universe.h"

#include <errno.h>
#include <pmix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static mr_process main_process;

static mr_status find_own_program(mr__universe *universe)
{
    ssize_t length = readlink("/proc/self/exe", universe->own_program, sizeof universe->own_program - 1);
    if (length <= 0)
        return mr__fail(MR_ESYSTEM, "reading the program's own path failed: %s", strerror(errno));
    return MR_OK;
}

static mr_status read_placement(mr_placement *placement)
{
    const char *word = getenv("MULTIRANK_PLACE");
    bool packed = word != NULL && strcmp(word, "packed") == 0;
    if (word != NULL && !packed && strcmp(word, "evenly") != 0)
        return mr__fail(MR_EINVAL, "There is no placement called '%s': use evenly or packed.", word);
    *placement = packed ? MR_PLACE_PACKED : MR_PLACE_EVENLY;
    return MR_OK;
}

/* The pinning and placement that the environment asks for, and the places of main's own host. */
static mr_status load_host(mr__universe *universe)
{
    const char *word = getenv("MULTIRANK_PIN"),
               *cpus = mr__ctx.launch.cpus[0] == '\0' ? NULL : mr__ctx.launch.cpus;
    mr_status status = mr__topology_load(&mr__ctx.topology, NULL, cpus);
    if (status == MR_OK && word != NULL)
        status = mr__pinning_parse(word, &universe->pinning);
    if (status == MR_OK)
        status = read_placement(&universe->placement);
    if (status != MR_OK)
        return status;
    mr__host *host = &universe->hosts[0];
    host->pus = mr__slurm_cpus(mr__topology_pus(mr__ctx.topology));
    host->cores = mr__slurm_cpus(mr__topology_cores(mr__ctx.topology));
    mr__ctx.cores = mr__universe_cores(universe);
    return mr__universe_repin(universe, universe->pinning);
}

/* Given ranks learn by MPI where the hub is; spawned ones by their environment. */
static mr_status invite_given_ranks(mr__universe *universe)
{
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    mr__lock();
    mr__batch *batch = mr__universe_add_batch(universe, mr__ctx.launch.size - 1, comm);
    mr__unlock();
    if (batch == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for %d ranks", mr__ctx.launch.size);
    int error = MPI_Bcast(universe->address.text, sizeof universe->address.text, MPI_CHAR, 0, comm);
    if (error == MPI_SUCCESS)
        error = mr__wire_connect_all(comm);
    return error == MPI_SUCCESS ? MR_OK : mr__fail_mpi(error, "telling the ranks where main is");
}

static mr_status start_main(int report, char **arguments)
{
    mr__universe *universe;
    mr__ctx.caller_ranks = &mr__death_ranks;
    gethostname(mr__ctx.host, sizeof mr__ctx.host - 1);
    mr_status status = mr__universe_create(&universe);
    if (status != MR_OK)
        return status;
    mr__ctx.universe = universe;
    mr__whole_lines(); /* or main's lines would come after those of its processes in a pipe */
    universe->arguments = arguments;
    status = mr__arena_create(&universe->arena);
    if (status == MR_OK)
        mr__view_publish(mr__ctx.arena);
    if (status == MR_OK)
        status = find_own_program(universe);
    if (status == MR_OK)
        status = load_host(universe);
    if (status == MR_OK)
        status = mr__hub_start(universe, mr__ctx.launch.many_hosts);
    if (status != MR_OK)
        return status;
    status = mr__runtime_start();
    if (status != MR_OK)
        return status;
    mr__launch_forget();
    status = mr__supervisor_report(report, &universe->address, 0);
    if (status == MR_OK && mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
        status = invite_given_ranks(universe);
    if (status == MR_OK)
        status = mr__growth_start(universe);
    if (status == MR_OK)
        status = mr__process_enter_main(&main_process);
    return status;
}

/* Before the supervisor forks, who is to say which processes a main that ends by itself takes along. */
static mr_status share_tally(void)
{
    void *page = mmap(NULL, sizeof *mr__ctx.tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return mr__fail(MR_ESYSTEM, "there is no memory to share with the supervisor: %s", strerror(errno));
    mr__ctx.tally = page;
    return MR_OK;
}

/* What Python does when its main process ends. Where that is not possible the supervisor ends all. */
static void finalize_at_exit(void)
{
    if (mr__ctx.phase == MR__PHASE_RUNNING && getpid() == mr__ctx.pid && !mr__is_amid_call())
        mr_finalize();
}

mr_status mr_init(int *argc, char ***argv)
{
    if (mr__is_forked())
        return mr__running("mr_init");
    if (mr__ctx.phase != MR__PHASE_NEW)
        return mr__fail(MR_ESTATE, "mr_init was called a second time; Multirank starts once in a program");
    int report;
    mr_status status = mr__mpi_check_own();
    if (status == MR_OK)
        status = mr__launch_detect(&mr__ctx.launch);
    if (status != MR_OK)
        return status;
    if (mr__ctx.launch.kind == MR__LAUNCH_MPIRUN && mr__ctx.launch.rank > 0)
        _exit(0); /* only holds a seat: main spawns the rank that sits there, in a runtime of our own */
    status = mr__launch_prepare(&mr__ctx.launch);
    if (status == MR_OK)
        status = share_tally();
    if (status == MR_OK)
        status = mr__supervise(&mr__ctx.launch, &report);
    if (status != MR_OK)
        return status;
    mr__ctx.libraries = &mr__shared_libraries;
    mr__ctx.family = &mr__process_family;
    mr__ctx.callers = &mr__deputies;
    if (mr__ctx.launch.kind == MR__LAUNCH_SPAWNED || mr__ctx.launch.rank > 0)
        mr__rank_serve(report);
    status = start_main(report, argc != NULL && argv != NULL && *argc > 1 ? *argv + 1 : NULL);
    if (status != MR_OK)
        return status;
    mr__ctx.pid = getpid();
    mr__ctx.phase = MR__PHASE_RUNNING;
    mr__modules_end_of_start();
    mr__watch_forks();
    atexit(finalize_at_exit);
    mr__first_thread_watch();
    mr__debugger_wait("MainProcess");
    return MR_OK;
}

/* Frees what the context holds, so that tools which look for leaks find none. */
static void free_context(void)
{
    mr__process_leave();
    free(mr__ctx.processes);
    free(mr__ctx.generations);
    mr__ctx.processes = NULL;
    mr__ctx.generations = NULL;
    mr__ctx.slots = 0;
    mr__topology_free(mr__ctx.topology);
    mr__ctx.topology = NULL;
}

mr_status mr_finalize(void)
{
    mr_status status = mr__running("mr_finalize");
    if (status != MR_OK)
        return status;
    if (mr__ctx.rank != 0)
        return mr__fail(MR_ENOTCREATOR, "mr_finalize is for the main process; this is rank %d", mr__ctx.rank);
    mr__lock();
    bool is_second = mr__ctx.is_ending;
    mr__ctx.is_ending = true;
    mr__unlock();
    if (is_second)
        return mr__fail(MR_EFINALIZED, "mr_finalize: another thread is doing that");
    mr__universe *universe = mr__ctx.universe;
    bool have_tasks_ended = mr__keeper_stop();
    mr__process_end_children();
    mr__filenos_stop();
    mr__seat_pursue(MR__ENDS, 0);
    status = mr__universe_end(universe);
    if (status == MR_OK)
        status = mr__universe_check_hosts(universe);
    mr__ctx.phase = MR__PHASE_FINALIZED;
    bool all_stopped = mr__growth_stop(universe) && have_tasks_ended;
    mr__ctx.callers->stop();
    mr__hub_stop(universe);
    /* MPI_Finalize hangs once a rank has died; what the runtime's daemon wants to see is this */
    PMIx_Finalize(NULL, 0);
    mr__ctx.universe = NULL;
    if (all_stopped) {
        mr__universe_free(universe);
        mr__arena_leave();
    }
    free_context();
    return status;
}
