#include "launch/launch.h"

#include "base/status.h"
#include "launch/hosts.h"
#include "launch/last_words.h"
#include "launch/relay.h"
#include "launch/slurm.h"

#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

extern char **environ;

static const double DEFAULT_START_TIMEOUT = 60;
enum { DEFAULT_NODE_TIMEOUT = 10, SHORTEST_NODE_TIMEOUT = 2, LONGEST_NODE_TIMEOUT = 3600 };
static const char SHM[] = "/dev/shm";
static const uint64_t SHM_ROOM = 96 << 20;       /* of more than a hundred ranks; containers often have 64 MiB */
static const char NO_PLUGINS[] = "/nonexistent"; /* a folder without any */
static const char NO_HOME[] = "/./.";
static const char LOCAL_BASE[] = "OMPI_MCA_orte_local_tmpdir_base";

static int number_in(const char *variable, int otherwise)
{
    const char *text = getenv(variable);
    char *end;
    if (text == NULL)
        return otherwise;
    long number = strtol(text, &end, 10);
    return end != text && number >= 0 && number <= INT_MAX ? (int)number : otherwise;
}

static mr_status detect_spawned(mr__launch *launch)
{
    const char *batch = getenv("MULTIRANK_BATCH"), *hub = getenv("MULTIRANK_HUB");
    launch->kind = MR__LAUNCH_SPAWNED;
    launch->rank = number_in("PMIX_RANK", -1);
    if (batch == NULL || launch->rank < 0 || strlen(hub) >= sizeof launch->hub.text)
        return mr__fail(MR_ELAUNCH, "MULTIRANK_HUB is set, but this is no rank that Multirank spawned; unset it");
    strcpy(launch->hub.text, hub);
    launch->batch = strtoull(batch, NULL, 10);
    launch->many_hosts = getenv("MULTIRANK_MANY_HOSTS") != NULL;
    return MR_OK;
}

/* In a Slurm job the hosts and the number of processes are those of the job. */
static mr_status detect_job(mr__launch *launch)
{
    char own[MR__HOST_SIZE] = "";
    gethostname(own, sizeof own - 1);
    mr_status status = mr__slurm_hosts(launch->hosts, sizeof launch->hosts);
    launch->is_job = launch->hosts[0] != '\0';
    launch->many_hosts =
        mr__hosts_count(launch->hosts) > 1 || (launch->is_job && mr__hosts_slots_of(launch->hosts, own) == 0);
    return status;
}

/* The hosts that nobody has named: mpirun's, those of the job, or at least those of mpirun's ranks. */
static mr_status find_hosts(mr__launch *launch)
{
    mr_status status = MR_OK;
    bool is_under_mpirun = launch->kind == MR__LAUNCH_MPIRUN;
    if (is_under_mpirun)
        mr__hosts_of_mpirun(launch);
    launch->many_hosts = launch->hosts[0] != '\0';
    if (!launch->many_hosts)
        status = detect_job(launch);
    if (status == MR_OK && launch->hosts[0] == '\0' && is_under_mpirun &&
        number_in("OMPI_MCA_orte_num_nodes", 1) > 1) {
        status = mr__hosts_ask(launch);
        launch->many_hosts = launch->hosts[0] != '\0';
    }
    return status;
}

static mr_status read_timeouts(mr__launch *launch)
{
    const char *timeout = getenv("MULTIRANK_START_TIMEOUT");
    launch->start_timeout = DEFAULT_START_TIMEOUT;
    if (timeout != NULL) {
        char *end;
        launch->start_timeout = strtod(timeout, &end);
        if (end == timeout || !(launch->start_timeout > 0))
            return mr__fail(MR_EINVAL,
                            "MULTIRANK_START_TIMEOUT is \"%s\", but must be a number of seconds above 0", timeout);
    }
    const char *node = getenv("MULTIRANK_NODE_TIMEOUT");
    launch->node_timeout = number_in("MULTIRANK_NODE_TIMEOUT", node == NULL ? DEFAULT_NODE_TIMEOUT : -1);
    if (launch->node_timeout >= SHORTEST_NODE_TIMEOUT && launch->node_timeout <= LONGEST_NODE_TIMEOUT)
        return MR_OK;
    return mr__fail(MR_EINVAL,
                    "MULTIRANK_NODE_TIMEOUT is \"%s\", but must be a number of whole seconds from %d to %d", node,
                    SHORTEST_NODE_TIMEOUT, LONGEST_NODE_TIMEOUT);
}

mr_status mr__launch_detect(mr__launch *launch)
{
    memset(launch, 0, sizeof *launch);
    launch->size = 1;
    launch->session.lock = launch->relay = launch->words = -1;
    mr_status status = read_timeouts(launch);
    if (status != MR_OK)
        return status;
    if (getenv("MULTIRANK_HUB") != NULL)
        return detect_spawned(launch);
    const char *hosts = getenv("MULTIRANK_HOSTS"), *cpus = getenv("OMPI_MCA_hwloc_base_cpu_set");
    if (hosts != NULL && strlen(hosts) >= sizeof launch->hosts)
        return mr__fail(MR_EINVAL, "MULTIRANK_HOSTS is longer than %zu characters", sizeof launch->hosts - 1);
    if (cpus != NULL)
        snprintf(launch->cpus, sizeof launch->cpus, "%s", cpus);
    bool has_server = getenv("PMIX_NAMESPACE") != NULL;
    launch->rank = has_server ? number_in("PMIX_RANK", 0) : 0;
    int given = number_in("SLURM_STEP_NUM_TASKS", 1), asked = number_in("OMPI_COMM_WORLD_SIZE", 0);
    if (has_server && asked == 0 && given > 1) { /* srun --mpi=pmix sets no OMPI_COMM_WORLD_SIZE */
        launch->kind = MR__LAUNCH_GIVEN;
        launch->size = given;
        launch->given_hosts = mr__slurm_step_hosts();
        launch->many_hosts = launch->given_hosts > 1;
        return MR_OK;
    }
    if (!has_server && given > 1)
        return mr__fail(MR_ELAUNCH,
                        "srun has started %d tasks that know nothing of each other; start the program by srun "
                        "--mpi=pmix, or once, without srun",
                        given);
    launch->kind = has_server ? MR__LAUNCH_MPIRUN : MR__LAUNCH_ALONE;
    launch->size = has_server && asked > 0 ? asked : 1;
    if (hosts == NULL)
        return launch->rank == 0 ? find_hosts(launch) : MR_OK;
    strcpy(launch->hosts, hosts);
    launch->many_hosts = launch->hosts[0] != '\0';
    return MR_OK;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether a variable belongs to a running launcher, as opposed to what a user sets for all launches. */
static bool is_of_launcher(const char *variable)
{
    return (starts_with(variable, "PMIX_") || starts_with(variable, "OMPI_") || starts_with(variable, "ORTE_") ||
            starts_with(variable, "OPAL_") || starts_with(variable, "SLURM_STEP_") ||
            starts_with(variable, "MULTIRANK_HUB=") || starts_with(variable, "MULTIRANK_BATCH=") ||
            starts_with(variable, "MULTIRANK_MANY_HOSTS=")) &&
           !starts_with(variable, "OMPI_ALLOW_RUN_AS_ROOT");
}

void mr__launch_forget(void)
{
    for (char **variable = environ; *variable != NULL;) {
        char name[256];
        const char *equals = strchr(*variable, '=');
        size_t length = equals == NULL ? 0 : (size_t)(equals - *variable);
        if (length == 0 || length >= sizeof name || !is_of_launcher(*variable)) {
            variable++;
            continue;
        }
        memcpy(name, *variable, length);
        name[length] = '\0';
        unsetenv(name); /* moves the later ones up, so this place is looked at again */
    }
    const char *plugins = getenv("HWLOC_PLUGINS_PATH");
    if (plugins != NULL && strcmp(plugins, NO_PLUGINS) == 0)
        unsetenv("HWLOC_PLUGINS_PATH"); /* the user's program may want them */
    const char *home = getenv("HOME");
    if (home != NULL && strcmp(home, NO_HOME) == 0)
        unsetenv("HOME");
}

/* PMIx looks for files of the user's in his home, and crashes where there is none: in a container, say, whose user
 * is a number that nobody knows. Until the runtime is up, the root folder stands for it. */
static void lend_home(void)
{
    if (getenv("HOME") == NULL && getpwuid(geteuid()) == NULL)
        setenv("HOME", NO_HOME, 1);
}

/* mpirun binds a rank to one core unless told otherwise; our ranks are to have all that mpirun itself may use.
 * What srun has bound stays where it is: slurmstepd itself may use CPUs of other jobs. */
static void unbind(void)
{
    cpu_set_t cpus;
    if (getenv("OMPI_COMM_WORLD_SIZE") != NULL && sched_getaffinity(getppid(), sizeof cpus, &cpus) == 0)
        sched_setaffinity(0, sizeof cpus, &cpus);
}

static void set_number(const char *variable, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    setenv(variable, text, 0);
}

/* A host may be lost, and the rest is to go on: every daemon has only the one on main's host above it, starts
 * through an ssh that does not stay, and ends with all its ranks when it hears nothing from there. */
static void prepare_for_losses(mr__launch *launch)
{
    int seconds = launch->node_timeout;
    setenv("OMPI_MCA_plm_rsh_no_tree_spawn", "1", 0);
    setenv("OMPI_MCA_routed", "radix", 0);
    set_number("OMPI_MCA_routed_radix", mr__hosts_count(launch->hosts) > 64 ? mr__hosts_count(launch->hosts) : 64);
    set_number("OMPI_MCA_oob_tcp_keepalive_time", seconds / 3 > 0 ? seconds / 3 : 1);
    set_number("OMPI_MCA_oob_tcp_keepalive_intvl", seconds / 6 > 0 ? seconds / 6 : 1);
    set_number("OMPI_MCA_oob_tcp_keepalive_probes", 4);
    if (!mr__slurm_is_job()) /* srun starts the daemons there, not our agent; and Slurm ends a job that loses a
                                node */
        mr__relay_prepare(launch);
}

/* In a Slurm job the daemons of the other hosts are started by srun. */
static mr_status prepare_job(const mr__launch *launch)
{
    char nodes[MR__HOSTS_SIZE] = "", name[MR__HOST_SIZE], own[MR__HOST_SIZE] = "";
    size_t used = 0;
    int count = 0, slots;
    gethostname(own, sizeof own - 1);
    for (const char *hosts = launch->hosts; mr__hosts_next(&hosts, name, &slots);)
        if (!mr__hosts_same(name, own)) /* shorter than launch->hosts, so there is room */
            used += (size_t)snprintf(nodes + used, sizeof nodes - used, "%s%s", count++ > 0 ? "," : "", name);
    return mr__slurm_prepare_runtime(nodes, count);
}

/* The runtime's files go into a folder of our own; over several hosts only those of main's host do, since
 * elsewhere there is nobody to lock or remove a folder. */
static mr_status prepare_session(mr__launch *launch)
{
    const char *const variable = launch->many_hosts ? LOCAL_BASE : "OMPI_MCA_orte_tmpdir_base";
    mr_status status = mr__session_open(&launch->session);
    if (status != MR_OK)
        return status;
    if (launch->session.folder[0] != '\0')
        setenv(variable, launch->session.folder, 1);
    if (!launch->many_hosts)
        return MR_OK;
    /* the daemons of the other hosts, too, must not use epoll; ssh hands on no environment */
    setenv("OMPI_MCA_orte_launch_agent", "env EVENT_NOEPOLL=1 orted", 0);
    prepare_for_losses(launch);
    return mr__hosts_write(launch);
}

/* Whether a command can be found as a shell would. */
static bool is_in_path(const char *command)
{
    const char *folders = getenv("PATH");
    char path[PATH_MAX];
    for (const char *each = folders; each != NULL; each = *each == ':' ? each + 1 : NULL) {
        int length = (int)strcspn(each, ":");
        snprintf(path, sizeof path, "%.*s/%s", length, length > 0 ? each : ".", command);
        if (access(path, X_OK) == 0)
            return true;
        each += length;
    }
    return false;
}

/* How the runtime starts its daemons on other hosts. Where there are none, it is not to look for a way: in a
 * container, or under cron, there may be no ssh. */
static mr_status choose_starter(const mr__launch *launch)
{
    if (!launch->many_hosts) {
        setenv("OMPI_MCA_plm", "isolated", 0);
        return MR_OK;
    }
    bool is_chosen = getenv("OMPI_MCA_plm") != NULL || getenv("OMPI_MCA_plm_rsh_agent") != NULL;
    const char *starter = mr__slurm_is_job() ? "srun" : "ssh";
    if (is_chosen || is_in_path(starter))
        return MR_OK;
    return mr__fail(
        MR_ELAUNCH,
        "over several hosts (%.200s) Open MPI starts its daemons by %s, and there is none in the folders of "
        "PATH (%s); add its folder, or run on one host (MULTIRANK_HOSTS=)",
        launch->hosts, starter, getenv("PATH") != NULL ? getenv("PATH") : "which is not set");
}

/* Whether UCX finds room for what ranks send each other; where it does not, MPI does not start in them. */
static bool has_room_in_shm(void)
{
    struct statvfs room;
    return statvfs(SHM, &room) == 0 && access(SHM, W_OK | X_OK) == 0 &&
           (uint64_t)room.f_bavail * room.f_frsize >= SHM_ROOM;
}

/* Which parts of Open MPI, UCX and hwloc are used, where the user has not said so. Loading what is not needed
 * would take most of the time that a rank needs to come up. */
static void choose_components(const mr__launch *launch)
{
    /* UCX between all ranks, also of different batches and on any network; Debian switches it off */
    setenv("OMPI_MCA_pml", "ucx", 0);
    setenv("OMPI_MCA_osc", "ucx", 0);
    setenv("OMPI_MCA_opal_common_ucx_tls", "any", 0);
    setenv("OMPI_MCA_opal_common_ucx_devices", "any", 0);
    setenv("UCX_ATOMIC_MODE", "cpu", 0); /* window atomics agree with C11 atomics on rank 0's node */
    setenv("UCX_WARN_UNUSED_ENV_VARS", "n", 0);
    setenv("UCX_POSIX_RX_BUFS_GROW", "64", 0); /* half a megabyte a rank to begin with, not four */
    bool has_room = has_room_in_shm();
    if (!has_room && launch->kind != MR__LAUNCH_SPAWNED)
        mr__debug("%s has little room, so messages between ranks go by System V shared memory", SHM);
    if (!launch->many_hosts && launch->kind != MR__LAUNCH_GIVEN) { /* no network then */
        setenv("UCX_TLS", has_room ? "posix,cma,self" : "sysv,cma,self", 0);
        setenv("UCX_MODULES", "cma", 0);
    } else if (!has_room) {
        setenv("UCX_TLS", "^posix", 0);
    }
    setenv("OMPI_MCA_btl", "self", 0); /* the others are not used, and leave files in /dev/shm */
    setenv("OMPI_MCA_coll", "basic,libnbc,tuned,self,inter", 0);
    setenv("OMPI_MCA_shmem", "mmap", 0);
    setenv("OMPI_MCA_reachable", "weighted", 0);
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    setenv("OMPI_MCA_orte_bound_at_launch", "1", 0); /* or each rank looks at the whole machine, for nothing */
    setenv("HWLOC_PLUGINS_PATH", NO_PLUGINS, 0);     /* they find graphics cards and the like */
}

mr_status mr__launch_prepare(mr__launch *launch)
{
    mr_status status = MR_OK;
    if (launch->kind == MR__LAUNCH_MPIRUN) {
        unbind();
        mr__launch_forget();
    }
    if (launch->kind == MR__LAUNCH_ALONE || launch->kind == MR__LAUNCH_MPIRUN) {
        /* Our own runtime: its PMIx server must not use epoll, or MPI_Comm_spawn hangs now and then (openpmix
         * 2735); more ranks than cores is normal on a laptop. */
        setenv("EVENT_NOEPOLL", "1", 1);
        setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
        setenv("OMPI_MCA_orte_enable_recovery", "1",
               0); /* or a supervisor that is killed takes its whole batch along */
        status = choose_starter(launch);
        if (status == MR_OK)
            status = prepare_job(launch);
        if (status == MR_OK)
            status = prepare_session(launch);
    }
    if (launch->kind == MR__LAUNCH_SPAWNED) {
        unsetenv(LOCAL_BASE); /* for the daemon only: a rank may be told of one folder, and has been */
        mr__words_open(launch);
    }
    lend_home();
    choose_components(launch);
    return status;
}

mr_pinning mr__launch_pinning(const mr__launch *launch, mr_pinning wanted, int threads)
{
    return launch->kind != MR__LAUNCH_GIVEN && mr__slurm_lets_pin(threads) ? wanted : MR_PIN_NONE;
}

const char *mr__launch_name(mr__launch_kind kind)
{
    static const char *const names[] = {"no launcher", "mpirun", "ranks given by the launcher", "spawned rank"};
    return names[kind];
}
