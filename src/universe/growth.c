/* Growth: two threads in main that get more ranks and hand them out for others. The grower calls MPI_Comm_spawn,
 * which may take long; the broker starts processes on behalf of ranks that want children of their own. */
#include "base/patience.h"
#include "base/status.h"
#include "launch/hosts.h"
#include "universe/roster.h"
#include "universe/universe.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* On a host. Every rank of a batch connects to all others of it: two hundred at once overran the runtime's daemon.
 */
enum { LARGEST_BATCH = 32, LARGEST_RESERVE = 16 };

/* One batch may be lost by bad luck. Where as many in a row are, the next one would be, too. */
enum { MOST_LOST = 3 };
static const double FIRST_PAUSE = 0.1; /* seconds, after the first one; four times as long after each other */

static const double WATCHER_SECONDS = 2; /* that the runtime may take to answer at the end */

/* ---- The grower ---- */

/* The first batch has as many ranks on each host; in a job at least as many as the tasks on any of them. */
static int first_batch(int size, int hosts)
{
    int each = (size + hosts - 1) / hosts;
    int most = mr__ctx.launch.is_job ? mr__hosts_most_slots(mr__ctx.launch.hosts) : 0;
    return ((each > most ? each : most) + 1) * hosts; /* one of them is to be the host's agent (homes.h) */
}

/* A number of ranks that one batch can have, see spawn_info. */
static int fit_hosts(const mr__universe *universe, int size, bool may_be_less)
{
    int hosts = mr__hosts_count(mr__ctx.launch.hosts);
    if (hosts > 1 && universe->batch_count == 0) /* as many on each host */
        return first_batch(size, hosts);
    if (hosts > 1 && may_be_less) /* the other hosts have their turn after this */
        return (size + hosts - 1) / hosts;
    return size;
}

/* How many ranks to spawn now; 0: none. A batch has at least a rank for every core, and grows with the universe,
 * so that a program which starts fresh processes all the time does not spawn all the time. */
static int batch_size(const mr__universe *universe)
{
    int starting = 0, fresh = 0;
    bool anywhere = universe->wanted_host[0] == '\0';
    int wanted = anywhere ? -1 : mr__universe_find_host(universe, universe->wanted_host);
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        starting += rank->state == MR__RANK_STARTING;
        fresh += rank->state == MR__RANK_PARKED && !rank->was_used && rank->reservation == 0 &&
                 (anywhere || rank->host == wanted);
    }
    if (mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
        return 0;
    if (universe->wanted_batch > 0) /* those that there are do not help */
        return starting > 0 ? 0 : fit_hosts(universe, universe->wanted_batch, false);
    int need = universe->demand - starting - fresh;
    if (universe->demand == 0 || need <= 0)
        return 0;
    if (!anywhere && mr__universe_has_lost(universe, universe->wanted_host))
        return 0;
    int size = need, cores = mr__universe_cores(universe);
    int ever = universe->rank_count - 1 - universe->lost_ranks; /* those that never came up do not count */
    int reserve = ever < LARGEST_RESERVE ? ever : LARGEST_RESERVE;
    if (anywhere && size < cores)
        size = cores;
    if (anywhere && universe->batch_count == 0 && size < mr__ctx.launch.size - 1)
        size = mr__ctx.launch.size - 1; /* what mpirun -n asked for */
    if (anywhere && size < reserve)
        size = reserve;
    int hosts = universe->batch_count == 0 ? mr__hosts_count(mr__ctx.launch.hosts) : 1;
    int most = hosts > 1 ? LARGEST_BATCH * hosts : LARGEST_BATCH;
    return fit_hosts(universe, size < most ? size : most, anywhere);
}

void mr__growth_fail(mr__universe *universe, mr_status status, const char *text)
{
    universe->failure = status;
    snprintf(universe->failure_text, sizeof universe->failure_text, "%s", text);
    universe->failures++;
    universe->demand = 0;
    mr__changed();
}

static MPI_Info spawn_info(const mr__universe *universe, const mr__batch *batch, const char *host)
{
    char environment[MR__ADDRESS_SIZE + 512], map[64] = "node:OVERSUBSCRIBE";
    const char *waits = getenv("MULTIRANK_DEBUG_WAIT"); /* other hosts have no environment of ours */
    MPI_Info info;
    MPI_Info_create(&info);
    /* Every daemon maps the ranks itself, by what it believes of the batches before, and where the daemons
     * disagree ranks are started twice or not at all. So the first batch has as many ranks on each host, and each
     * later one is on one. */
    int hosts = mr__hosts_count(mr__ctx.launch.hosts);
    if (hosts > 1 && batch->number == 1)
        snprintf(map, sizeof map, "ppr:%d:node:OVERSUBSCRIBE", batch->size / hosts);
    else if (hosts > 1)
        MPI_Info_set(info, "host", host);
    MPI_Info_set(info, "map_by", map);
    MPI_Info_set(info, "bind_to", "none");
    snprintf(environment, sizeof environment,
             "MULTIRANK_HUB=%s\nMULTIRANK_BATCH=%llu\nMULTIRANK_NODE_TIMEOUT=%d%s%s%.300s", universe->address.text,
             (unsigned long long)batch->number, mr__ctx.launch.node_timeout,
             mr__ctx.launch.many_hosts ? "\nMULTIRANK_MANY_HOSTS=1" : "",
             waits != NULL ? "\nMULTIRANK_DEBUG_WAIT=" : "", waits != NULL ? waits : "");
    MPI_Info_set(info, "env", environment);
    return info;
}

/* Ranks begin in the folder of the thread that spawns them: main's, or, if that has been removed, the home folder,
 * as on a host that has none of that name. Only a thread with a folder of its own can be somewhere else than main.
 */
static void enter_folder(void)
{
    char mains[PATH_MAX], own[PATH_MAX];
    ssize_t length = readlink("/proc/self/cwd", mains, sizeof mains - 1);
    const char *home = getenv("HOME");
    if (length < 0)
        return;
    mains[length] = '\0';
    if (getcwd(own, sizeof own) != NULL && strcmp(own, mains) == 0)
        return;
    if (unshare(CLONE_FS) != 0) /* not allowed in some containers */
        return;
    if (chdir("/proc/self/cwd") == 0 && getcwd(own, sizeof own) != NULL)
        return;
    if (home == NULL || chdir(home) != 0) {
        int unused = chdir("/");
        (void)unused;
    }
}

/* MPI_Comm_spawn; once a rank was lost before mr_init by a shell that stays and writes down how each one ends. */
static int call_spawn(const mr__universe *universe, const mr__batch *batch, const char *program, MPI_Info info,
                      MPI_Comm alone, MPI_Comm *children)
{
    static char command[] = "-c", script[] = "exec 3>&2 2>/dev/null; (exec \"$@\" 2>&3 3>&-); end=$?; "
                                             "echo $end >\"$0.$PMIX_RANK\"; exit $end";
    char note[PATH_MAX], first[PATH_MAX];
    size_t count = 0;
    while (universe->arguments != NULL && universe->arguments[count] != NULL)
        count++;
    char **noting = batch->has_notes ? calloc(count + 5, sizeof *noting) : NULL;
    if (noting != NULL) {
        mr__births_note(batch, note, sizeof note);
        snprintf(first, sizeof first, "%s", program);
        memcpy(noting, (char *[]){command, script, note, first}, 4 * sizeof *noting);
        for (size_t i = 0; i < count; i++)
            noting[4 + i] = universe->arguments[i];
    }
    int error = MPI_Comm_spawn(noting != NULL ? "/bin/sh" : program, noting != NULL ? noting : universe->arguments,
                               batch->size, info, 0, alone, children, MPI_ERRCODES_IGNORE);
    free(noting);
    return error;
}

/* Spawns a batch and joins it with main. No lock. */
static mr_status spawn(mr__universe *universe, mr__batch *batch, const char *host, MPI_Comm *joined)
{
    MPI_Comm alone, children = MPI_COMM_NULL;
    const char *program = universe->executable != NULL ? universe->executable : universe->own_program;
    if (access(program, X_OK) != 0) /* or Open MPI would wait for ranks that cannot come */
        return mr__fail(MR_ELAUNCH, "%s cannot be started any more: %s; it was there when this program began",
                        program, strerror(errno));
    enter_folder();
    MPI_Info info = spawn_info(universe, batch, host);
    MPI_Comm_dup(MPI_COMM_SELF, &alone);
    MPI_Comm_set_errhandler(alone, MPI_ERRORS_RETURN);
    mr__births_expect(universe, batch);
    int error = call_spawn(universe, batch, program, info, alone, &children);
    if (error == MPI_SUCCESS) {
        MPI_Comm_set_errhandler(children, MPI_ERRORS_RETURN);
        error = MPI_Intercomm_merge(children, 0, joined);
        MPI_Comm_free(&children);
    }
    MPI_Comm_free(&alone);
    MPI_Info_free(&info);
    if (error == MPI_SUCCESS) {
        MPI_Comm_set_errhandler(*joined, MPI_ERRORS_RETURN);
        for (int rank = 1; rank <= batch->size;
             rank++) /* UCX connects with the first message: before it matters */
            MPI_Send(NULL, 0, MPI_BYTE, rank, MR__TAG_GREETING, *joined);
        return MR_OK;
    }
    return mr__fail(MR_ELAUNCH, "MPI_Comm_spawn of %d rank%s of %s failed; what Open MPI has to say stands above",
                    batch->size, batch->size == 1 ? "" : "s", program);
}

/* Frees the communicators of batches that have ended: Open MPI has only so many. But the next one gets the number
 * of one that was freed, so nothing may be on its way there any more. */
static void free_dead_batches(mr__universe *universe)
{
    for (int i = 0; i < universe->batch_count; i++) {
        mr__batch *batch = universe->batches[i];
        if (batch->alive > 0 || batch->has_crashed || batch->comm == MPI_COMM_NULL ||
            mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
            continue;
        MPI_Comm comm = batch->comm;
        batch->comm = MPI_COMM_NULL;
        mr__unlock();
        MPI_Comm_free(&comm);
        mr__lock();
    }
}

/* The host for a batch that is on one host: the one that is asked for; else each in its turn, or packed the first
 * with a free core. */
static void choose_host(const mr__universe *universe, const mr__batch *batch, char host[MR__HOST_SIZE])
{
    const char *names = mr__ctx.launch.hosts;
    int hosts = mr__hosts_count(names), slots;
    snprintf(host, MR__HOST_SIZE, "%s", universe->wanted_host);
    if (host[0] != '\0' || hosts < 2)
        return;
    if (universe->placement == MR_PLACE_PACKED)
        while (mr__hosts_next(&names, host, &slots)) {
            int index = mr__universe_find_host(universe, host);
            if (index < 0 || (universe->hosts[index].busy < slots && !universe->hosts[index].is_lost))
                return;
        }
    names = mr__ctx.launch.hosts;
    for (int turn = (int)(batch->number % (uint64_t)hosts), tries = hosts; tries > 0; turn--) {
        if (*names == '\0')
            names = mr__ctx.launch.hosts;
        mr__hosts_next(&names, host, &slots);
        if (turn <= 0 && !mr__universe_has_lost(universe, host))
            return;
        tries -= turn <= 0;
    }
}

static void fail_batch(mr__universe *universe, const mr__batch *batch, mr_status status)
{
    for (int i = 0; i < batch->size; i++) {
        mr__rank *rank = universe->ranks[batch->first + i];
        rank->state = MR__RANK_DEAD;
        mr__roster_note(universe, rank, NULL);
    }
    mr__growth_fail(universe, status, mr_last_error());
}

/* Lock held; released while MPI works. false: another thread has taken over in the meantime. */
static bool grow(mr__universe *universe, int size)
{
    MPI_Comm joined = MPI_COMM_NULL;
    mr__batch *batch = mr__universe_add_batch(universe, size, MPI_COMM_NULL);
    if (batch == NULL) {
        mr__growth_fail(universe, MR_ENOMEM, "there is no memory for more ranks");
        return true;
    }
    char host[MR__HOST_SIZE];
    choose_host(universe, batch, host);
    universe->is_spawning = true;
    batch->has_notes =
        universe->lost_early && !mr__ctx.launch.many_hosts && mr__ctx.launch.session.folder[0] != '\0';
    mr__births_watch(universe, batch);
    snprintf(universe->spawning_on, sizeof universe->spawning_on, "%s", batch->number == 1 ? "" : host);
    mr__unlock();
    mr__patience(true);
    mr_status status = spawn(universe, batch, host, &joined);
    mr__lock();
    if (batch->is_abandoned)
        return false;
    universe->is_spawning = false;
    universe->demand = universe->wanted_batch = 0;
    universe->wanted_host[0] = '\0';
    if (status == MR_OK)
        mr__universe_joined(universe, batch, joined);
    else
        fail_batch(universe, batch, status);
    free_dead_batches(universe);
    return true;
}

static void *run_grower(void *unused)
{
    (void)unused;
    mr__universe *universe = mr__ctx.universe;
    mr__patience(true);
    mr__lock();
    for (bool goes_on = true; goes_on && !universe->stopping;) {
        int size = batch_size(universe);
        if (size > 0 && mr__now() >= universe->paused_until)
            goes_on = grow(universe, size);
        else
            mr__wait(size > 0 ? universe->paused_until : INFINITY);
    }
    mr__unlock();
    return NULL;
}

/* ---- The broker ---- */

/* Lock held (universe.c calls it so). */
static void answer_started(const mr__placed *placed, void *argument)
{
    const mr__rank *asker = argument;
    mr__record record = {
        .type = MR__STARTED, .process = placed->number, .rank = placed->rank, .a = placed->pid, .b = placed->core};
    snprintf(record.text, sizeof record.text, "%s", placed->host);
    mr__universe_tell(asker, &record);
}

static void answer_refused(const mr__rank *asker, mr_status status)
{
    mr__record record = {.type = MR__REFUSED, .a = status};
    snprintf(record.text, sizeof record.text, "%s", mr_last_error());
    mr__lock();
    mr__universe_tell(asker, &record);
    mr__unlock();
}

static void serve(mr__universe *universe, const mr__wish *wish)
{
    mr__lock();
    mr__rank *asker = universe->ranks[wish->rank];
    MPI_Comm comm = asker->batch->comm;
    mr__unlock();
    if (wish->size < sizeof(mr__start))
        return;
    mr__placed placed;
    mr__start *message = malloc(wish->size);
    if (message == NULL) {
        mr__fail(MR_ENOMEM, "main has no memory for a start message of %zu bytes", wish->size);
        answer_refused(asker, MR_ENOMEM);
        return;
    }
    mr_status status = mr__wire_receive(comm, asker->rank_in_batch, MR__TAG_REQUEST, message, wish->size,
                                        mr__rank_is_gone, asker);
    if (status != MR_OK)
        return; /* the asker has died; MPI may still write into the message */
    status = mr__universe_start(&message, wish->size, wish->pending, &placed, answer_started, asker);
    if (status != MR_OK)
        answer_refused(asker, status);
    free(message);
}

static void *run_broker(void *unused)
{
    (void)unused;
    mr__universe *universe = mr__ctx.universe;
    mr__lock();
    while (!universe->stopping) {
        mr__wish *wish = universe->wishes;
        if (wish == NULL) {
            mr__wait(INFINITY);
            continue;
        }
        universe->wishes = wish->next;
        mr__unlock();
        serve(universe, wish);
        free(wish);
        mr__lock();
    }
    mr__unlock();
    return NULL;
}

/* ---- Both ---- */

mr_status mr__growth_start(mr__universe *universe)
{
    mr_status status = mr__thread_start(&universe->grower, "mr-grower", run_grower);
    if (status != MR_OK)
        return status;
    status = mr__thread_start(&universe->broker, "mr-broker", run_broker);
    universe->grows = status == MR_OK;
    return status;
}

/* Open MPI goes on waiting for the lost ranks, but another spawn goes its way beside it. Of what was to
 * come, no rank counts. */
void mr__growth_renew(mr__universe *universe)
{
    mr__batch *batch = universe->batches[universe->batch_count - 1];
    batch->is_abandoned = true;
    for (int i = batch->first; i < batch->first + batch->size; i++)
        mr__universe_ended(universe, i, -SIGKILL, true);
    universe->stuck++;
    universe->is_spawning = false;
    pthread_detach(universe->grower);
    if (mr__thread_start(&universe->grower, "mr-grower", run_grower) != MR_OK) {
        universe->grows = false;
        mr__growth_fail(universe, MR_EHOSTLOST, mr_last_error());
    }
}

/* Those of main's host that are left of the batch wait for the dead one in MPI, and are of no use; elsewhere they
 * stay until the program ends. */
static void end_batch(const mr__universe *universe, const mr__batch *batch)
{
    for (int i = batch->first; i < batch->first + batch->size; i++)
        if (universe->ranks[i]->host == 0 && universe->ranks[i]->link != NULL && universe->ranks[i]->pid > 0)
            kill(universe->ranks[i]->pid, SIGKILL);
}

void mr__growth_lost_batch(mr__universe *universe, mr__batch *batch, const char *why)
{
    bool is_coming = universe->is_spawning && batch == universe->batches[universe->batch_count - 1];
    if (universe->stopping || batch->is_lost)
        return;
    mr__debug("%s; its batch is given up", why);
    batch->is_lost = true;
    universe->paused_until = mr__now() + FIRST_PAUSE * (double)(1 << 2 * universe->lost_batches);
    universe->lost_batches++;
    universe->lost_ranks += batch->size;
    if (universe->lost_batches >= MOST_LOST) {
        char text[sizeof universe->failure_text];
        snprintf(text, sizeof text, "%d batches of ranks in a row died while they came up; the last one: %s",
                 universe->lost_batches, why);
        universe->lost_batches = 0; /* who asks again gets another try */
        mr__growth_fail(universe, MR_ELAUNCH, text);
    }
    if (is_coming) {
        end_batch(universe, batch);
        mr__growth_renew(universe);
    }
    mr__changed();
}

bool mr__growth_stop(mr__universe *universe)
{
    mr__lock();
    universe->stopping = true;
    mr__changed();
    bool hangs = universe->is_spawning;
    double deadline = mr__now() + WATCHER_SECONDS;
    while (universe->watchers > 0 && mr__wait(deadline))
        ;
    hangs |= universe->watchers > 0; /* the runtime does not answer */
    mr__unlock();
    if (!universe->grows || hangs)
        return !hangs;
    pthread_join(universe->grower, NULL);
    pthread_join(universe->broker, NULL);
    return universe->stuck == 0;
}
