/* mr_init and mr_finalize: how a program enters the universe, and leaves it. */
#include "arena/arena.h"
#include "base/context.h"
#include "base/debugger.h"
#include "base/module.h"
#include "base/status.h"
#include "far/deputy.h"
#include "far/libraries.h"
#include "launch/hosts.h"
#include "launch/slurm.h"
#include "launch/supervisor.h"
#include "messages/fileno.h"
#include "pool/pool.h"
#include "process/process.h"
#include "program/first_thread.h"
#include "universe/rank.h"
#include "universe/universe.h"

#include <errno.h>
#include <fcntl.h>
#include <pmix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

/* The same pipe or terminal, opened anew; -1: it is something else, or may not be opened. */
static int reopen(int fd)
{
    char path[32];
    struct stat file;
    if (fstat(fd, &file) != 0 || (!S_ISFIFO(file.st_mode) && !S_ISCHR(file.st_mode)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return mr__above_stdio(open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
}

/* Puts what our runtime may keep in the place of a descriptor; gives main's own, -1: it was not open. */
static int lend(int theirs, int fd)
{
    int ours = mr__above_stdio(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    dup2(theirs, fd);
    close(theirs);
    return ours;
}

static void take_back(int ours, int fd)
{
    if (ours < 0) {
        close(fd);
        return;
    }
    dup2(ours, fd);
    close(ours);
}

/* Open MPI wants to know where it is. If main's folder has been removed, it is given another one meanwhile; gives
 * main's, to go back to; -1: it is there. */
static int leave_removed_folder(void)
{
    char path[PATH_MAX];
    if (getcwd(path, sizeof path) != NULL)
        return -1;
    int folder = mr__above_stdio(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder >= 0 && chdir("/") != 0) {
        close(folder);
        return -1;
    }
    return folder;
}

/* MPI_Init, in which our runtime's daemon is started, with a standard input, output and error that it may keep. It
 * reads its input, to hand it on to ranks, and what it has read main would miss. Over several hosts it runs ssh,
 * which makes the other two non-blocking for all who share them, and what main prints would be lost. */
static mr_status start_runtime(void)
{
    int ours[STDERR_FILENO + 1] = {-1, -1, -1};
    bool is_lent[STDERR_FILENO + 1] = {false};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int theirs = fd == STDIN_FILENO ? mr__above_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC)) : -1;
        if (fd != STDIN_FILENO && mr__ctx.launch.many_hosts)
            theirs = reopen(fd);
        if (theirs < 0)
            continue;
        is_lent[fd] = true;
        ours[fd] = lend(theirs, fd);
    }
    int folder = leave_removed_folder();
    mr_status status = mr__mpi_init();
    if (folder >= 0) {
        int unused = fchdir(folder); /* it was there before */
        (void)unused;
        close(folder);
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (is_lent[fd])
            take_back(ours[fd], fd);
    return status;
}

static mr_status start_main(int report, char **arguments)
{
    mr__universe *universe;
    gethostname(mr__ctx.host, sizeof mr__ctx.host - 1);
    mr_status status = mr__universe_create(&universe);
    if (status != MR_OK)
        return status;
    mr__ctx.universe = universe;
    mr__whole_lines(); /* or main's lines would come after those of its processes in a pipe */
    universe->arguments = arguments;
    status = mr__arena_create(&universe->arena);
    if (status == MR_OK)
        status = find_own_program(universe);
    if (status == MR_OK)
        status = load_host(universe);
    if (status == MR_OK)
        status = mr__hub_start(universe, mr__ctx.launch.many_hosts);
    if (status != MR_OK)
        return status;
    status = start_runtime();
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
    mr_status status = mr__launch_detect(&mr__ctx.launch);
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
    mr__keeper_stop();
    mr__process_end_children();
    mr__filenos_stop();
    status = mr__universe_end(universe);
    if (status == MR_OK)
        status = mr__universe_check_hosts(universe);
    mr__ctx.phase = MR__PHASE_FINALIZED;
    bool all_stopped = mr__growth_stop(universe);
    mr__deputies_stop(universe);
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

static mr_status main_only(const char *call)
{
    mr_status status = mr__running(call);
    if (status == MR_OK && mr__ctx.rank != 0)
        status = mr__fail(MR_ENOTCREATOR, "%s is for the main process; this is rank %d", call, mr__ctx.rank);
    return status;
}

mr_status mr_program_set_executable(const char *path)
{
    mr_status status = main_only("mr_program_set_executable");
    if (status != MR_OK)
        return status;
    char *resolved = path == NULL ? NULL : realpath(path, NULL);
    struct stat file;
    bool is_program = resolved != NULL && stat(resolved, &file) == 0 && S_ISREG(file.st_mode);
    if (!is_program || access(resolved, X_OK) != 0) {
        const char *why = path == NULL                      ? "it is no path"
                          : resolved != NULL && !is_program ? "it is no file"
                                                            : strerror(errno);
        status = mr__fail(MR_EINVAL, "mr_program_set_executable: %s cannot be run: %s",
                          path == NULL ? "NULL" : path, why);
        free(resolved);
        return status;
    }
    mr__lock();
    free(mr__ctx.universe->executable);
    mr__ctx.universe->executable = resolved;
    mr__unlock();
    return MR_OK;
}

mr_status mr_program_set_pinning(mr_pinning pinning)
{
    mr_status status = main_only("mr_program_set_pinning");
    if (status != MR_OK)
        return status;
    if (pinning > MR_PIN_NONE)
        return mr__fail(MR_EINVAL, "mr_program_set_pinning: there is no pinning number %d", (int)pinning);
    mr__lock();
    status = mr__universe_repin(mr__ctx.universe, pinning);
    mr__unlock();
    return status;
}

mr_status mr_program_set_placement(mr_placement placement)
{
    mr_status status = main_only("mr_program_set_placement");
    if (status != MR_OK)
        return status;
    if (placement > MR_PLACE_PACKED)
        return mr__fail(MR_EINVAL, "mr_program_set_placement: there is no placement number %d", (int)placement);
    mr__lock();
    mr__ctx.universe->placement = placement;
    mr__unlock();
    return MR_OK;
}

int mr_cpu_count(void)
{
    return mr__running("mr_cpu_count") == MR_OK ? mr__slurm_cpus(mr__topology_pus(mr__ctx.topology)) : -1;
}

int mr_core_count(void)
{
    if (mr__running("mr_core_count") != MR_OK)
        return -1;
    mr__lock();
    int cores = mr__ctx.cores;
    mr__unlock();
    return cores;
}

int mr_host_count(void)
{
    if (main_only("mr_host_count") != MR_OK)
        return -1;
    mr__lock();
    int named = mr__hosts_count(mr__ctx.launch.hosts), seen = mr__ctx.universe->host_count, lost = 0;
    for (int i = 0; i < seen; i++)
        lost += mr__ctx.universe->hosts[i].is_lost;
    if (mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
        named = mr__ctx.launch.given_hosts;
    mr__unlock();
    return (named > seen ? named : seen) - lost;
}
