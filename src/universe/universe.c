#include "universe/universe.h"

#include "base/status.h"
#include "launch/hosts.h"
#include "object/object.h"
#include "object/seat.h"
#include "universe/homes.h"
#include "universe/roster.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_MAIL = 1 << 16 }; /* longer start messages go by MPI */

static const double GOODBYE_SECONDS = 10; /* that ranks may take to end once they have been told */

mr_status mr__universe_create(mr__universe **created)
{
    mr__universe *universe = calloc(1, sizeof *universe);
    if (universe == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for the universe of ranks");
    universe->listeners[0] = universe->listeners[1] = universe->arena = -1;
    universe->rank_count = 1;
    universe->ranks = calloc(1, sizeof *universe->ranks);
    mr_status status = mr__program_build_id(universe->build_id);
    if (status == MR_OK && (universe->ranks == NULL || mr__universe_host(universe, mr__ctx.host) != 0))
        status = mr__fail(MR_ENOMEM, "there is no memory for the universe of ranks");
    if (status != MR_OK)
        mr__universe_free(universe);
    else
        *created = universe;
    return status;
}

void mr__universe_free(mr__universe *universe)
{
    for (int i = 1; i < universe->rank_count; i++) {
        free(universe->ranks[i]->words);
        free(universe->ranks[i]);
    }
    for (int i = 0; i < universe->batch_count; i++)
        free(universe->batches[i]);
    for (int i = 0; i < universe->host_count; i++) {
        mr__places_free(&universe->hosts[i].places);
        free(universe->hosts[i].taken);
    }
    while (universe->wishes != NULL) {
        mr__wish *next = universe->wishes->next;
        free(universe->wishes);
        universe->wishes = next;
    }
    if (universe->arena >= 0)
        close(universe->arena);
    free(universe->ranks);
    free(universe->batches);
    free(universe->hosts);
    free(universe->executable);
    free(universe);
}

/* ---- Who is there ---- */

static bool grow_tables(mr__universe *universe, int ranks)
{
    mr__rank **all = realloc(universe->ranks, (size_t)(universe->rank_count + ranks) * sizeof *all);
    if (all != NULL)
        universe->ranks = all;
    mr__batch **batches = realloc(universe->batches, (size_t)(universe->batch_count + 1) * sizeof *batches);
    if (batches != NULL)
        universe->batches = batches;
    return all != NULL && batches != NULL;
}

mr__batch *mr__universe_add_batch(mr__universe *universe, int size, MPI_Comm comm)
{
    mr__batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL || !grow_tables(universe, size)) {
        free(batch);
        return NULL;
    }
    *batch =
        (mr__batch){.number = (uint64_t)universe->batch_count + 1, .first = universe->rank_count, .comm = comm};
    for (; batch->size < size; batch->size++) {
        mr__rank *rank = calloc(1, sizeof *rank);
        if (rank == NULL)
            break;
        *rank = (mr__rank){.batch = batch, .rank_in_batch = batch->size + 1, .host = -1, .place = -1};
        universe->ranks[universe->rank_count++] = rank;
        mr__roster_note(universe, rank, NULL);
    }
    batch->alive = batch->size;
    universe->batches[universe->batch_count++] = batch;
    universe->spawned_at = mr__now();
    return batch;
}

static int number_of(const mr__rank *rank)
{
    return rank->batch->first + rank->rank_in_batch - 1;
}

void mr__rank_check_parked(mr__rank *rank)
{
    if (rank->state == MR__RANK_STARTING && rank->stage == MR__STAGE_READY && rank->supervisor != NULL &&
        rank->batch->comm != MPI_COMM_NULL) {
        bool is_agent = rank->host > 0 && mr__ctx.universe->hosts[rank->host].agent == number_of(rank);
        rank->state = is_agent ? MR__RANK_SERVING : MR__RANK_PARKED;
        mr__ctx.universe->lost_batches = 0;
    }
    mr__roster_note(mr__ctx.universe, rank, NULL);
    mr__changed();
}

void mr__universe_joined(mr__universe *universe, mr__batch *batch, MPI_Comm comm)
{
    batch->comm = comm;
    for (int i = 0; i < batch->size; i++)
        mr__rank_check_parked(universe->ranks[batch->first + i]);
}

int mr__universe_find_host(const mr__universe *universe, const char *name)
{
    for (int i = 0; i < universe->host_count; i++)
        if (mr__hosts_same(universe->hosts[i].name, name))
            return i;
    return -1;
}

int mr__universe_host(mr__universe *universe, const char *name)
{
    int found = mr__universe_find_host(universe, name);
    if (found >= 0)
        return found;
    mr__host *hosts = realloc(universe->hosts, (size_t)(universe->host_count + 1) * sizeof *hosts);
    if (hosts == NULL)
        return -1;
    universe->hosts = hosts;
    hosts[universe->host_count] = (mr__host){.pus = 1, .cores = 1};
    snprintf(hosts[universe->host_count].name, MR__HOST_SIZE, "%s", name);
    if (mr__ctx.launch.is_job)
        hosts[universe->host_count].seats = mr__hosts_slots_of(mr__ctx.launch.hosts, name);
    return universe->host_count++;
}

mr_status mr__universe_repin(mr__universe *universe, mr_pinning pinning)
{
    mr__host *host = &universe->hosts[0];
    mr__places places;
    mr_pinning possible = mr__launch_pinning(&mr__ctx.launch, pinning, mr__topology_pus(mr__ctx.topology));
    mr_status status = mr__topology_places(mr__ctx.topology, possible, &places);
    if (status != MR_OK)
        return status;
    int *taken = calloc((size_t)places.count + 1, sizeof *taken);
    if (taken == NULL) {
        mr__places_free(&places);
        return mr__fail(MR_ENOMEM, "there is no memory for %d places", places.count);
    }
    mr__places_free(&host->places);
    free(host->taken);
    host->places = places;
    host->taken = taken;
    host->is_known = true;
    universe->pinning = pinning;
    for (int i = 1; i < universe->rank_count; i++)
        universe->ranks[i]->place = universe->ranks[i]->host == 0 ? -1 : universe->ranks[i]->place;
    return MR_OK;
}

int mr__universe_cores(const mr__universe *universe)
{
    int all = 0;
    bool lost = false;
    if (mr__ctx.launch.kind ==
        MR__LAUNCH_GIVEN) /* a process each, besides main; where they run is srun's business */
        return mr__ctx.launch.size - 1;
    for (int i = 0; i < universe->host_count; i++) {
        const mr__host *host = &universe->hosts[i];
        int cores = mr__ctx.launch.is_job && host->seats > 0 ? host->seats : host->cores;
        all += host->is_lost ? 0 : cores;
        lost |= host->is_lost;
    }
    int slots = mr__hosts_slots(mr__ctx.launch.hosts); /* of hosts too that no rank has come from yet */
    return all > slots || lost ? all : slots;
}

void mr__universe_who_waits(const mr__universe *universe, char *text, size_t size)
{
    size_t used = 0;
    int more = 0;
    text[0] = '\0';
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->state != MR__RANK_STARTING)
            continue;
        const char *host = rank->host < 0 ? "an unknown host" : universe->hosts[rank->host].name;
        int length = snprintf(text + used, size - used, "; rank %d (process %ld on %s) %s", i, (long)rank->pid,
                              host, mr__stage_text(rank->stage));
        if (length < 0 || used + (size_t)length + 32 >= size) {
            text[used] = '\0';
            more++;
        } else {
            used += (size_t)length;
        }
    }
    if (more > 0)
        snprintf(text + used, size - used, "; and %d more", more);
}

/* ---- Where a process goes ---- */

static int free_capacity(const mr__host *host)
{
    if (host->seats > 0)
        return host->seats - host->busy;
    return (host->places.count > 0 ? host->cores : host->pus) - host->busy;
}

/* Whether ranks of other hosts are just coming in, one of which may serve better than any that is there. */
static bool are_more_coming(const mr__universe *universe)
{
    for (int i = 1; i < universe->rank_count && mr__ctx.launch.many_hosts; i++)
        if (universe->ranks[i]->state == MR__RANK_STARTING && universe->ranks[i]->batch->comm != MPI_COMM_NULL)
            return true;
    return false;
}

/* Whether a rank serves a process better than another does. */
static bool is_better(const mr__universe *universe, const mr__rank *rank, const mr__rank *than)
{
    if (than == NULL || rank->was_used != than->was_used)
        return than == NULL || rank->was_used; /* leave the fresh ones to those who need them */
    int room = free_capacity(&universe->hosts[rank->host]), other = free_capacity(&universe->hosts[than->host]);
    if (universe->placement == MR_PLACE_PACKED && room > 0 && other > 0)
        return rank->host < than->host;
    return room > other;
}

/* Whether the places of a host are just coming, without which nobody could be pinned there. */
static bool awaits_places(const mr__universe *universe, const mr__host *host)
{
    return !host->is_known && host->reporter != 0 && universe->ranks[host->reporter]->state == MR__RANK_STARTING;
}

static int pick_rank(const mr__universe *universe, const mr__start *message)
{
    int best = -1;
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->state != MR__RANK_PARKED || (rank->was_used && !message->reuse) ||
            rank->reservation != message->reservation || awaits_places(universe, &universe->hosts[rank->host]))
            continue;
        if (message->wanted_host[0] != '\0' &&
            !mr__hosts_same(universe->hosts[rank->host].name, message->wanted_host))
            continue;
        if (is_better(universe, rank, best < 0 ? NULL : universe->ranks[best]))
            best = i;
    }
    return best;
}

/* How many processes there are places for on hosts that have not told theirs yet, as far as anybody knows. */
static int unknown_capacity(const mr__universe *universe)
{
    char name[MR__HOST_SIZE];
    int all = 0, slots;
    for (const char *hosts = mr__ctx.launch.hosts; mr__hosts_next(&hosts, name, &slots);) {
        int host = mr__universe_find_host(universe, name);
        all += host < 0 || !universe->hosts[host].is_known ? slots : 0;
    }
    return all;
}

/* A core of its own for the process, as long as there are enough for all that run or are about to; else -1. */
static int pick_place(const mr__universe *universe, int host_index, int pending)
{
    int capacity = unknown_capacity(universe), busy = 1 + pending;
    for (int i = 0; i < universe->host_count; i++) {
        const mr__host *host = &universe->hosts[i];
        busy += host->busy;
        if (host->is_lost)
            continue;
        for (int p = 0; p < host->places.count; p++)
            capacity += host->places.place[p].capacity;
    }
    const mr__host *host = &universe->hosts[host_index];
    if (capacity > 0 && busy > capacity) {
        mr__debug("%d processes on %d places: not pinned", busy, capacity);
        return -1;
    }
    for (int p = 0; p < host->places.count; p++)
        if (host->taken[p] < host->places.place[p].capacity)
            return p;
    return -1;
}

/* Writes down that a process runs there, or, without a name, that none does any more. */
static void count(int rank, const char *name)
{
    mr__tally *tally = mr__ctx.tally;
    int i = 0;
    tally->running += name != NULL ? 1u : -1u;
    while (i < MR__NAMED && tally->named[i].rank != (name != NULL ? 0 : rank))
        i++;
    if (i == MR__NAMED)
        return;
    if (name != NULL)
        snprintf(tally->named[i].name, sizeof tally->named[i].name, "%.47s", name);
    tally->named[i].rank = name != NULL ? rank : 0;
}

static void assign(mr__universe *universe, int number, const mr__start *message, int pending, mr__placed *placed)
{
    mr__rank *rank = universe->ranks[number];
    mr__host *host = &universe->hosts[rank->host];
    rank->state = MR__RANK_BUSY;
    count(number, (const char *)message->aligned_payload + message->payload);
    rank->was_used = true;
    rank->reservation = 0;
    rank->process = ++universe->last_process;
    rank->creator = message->creator;
    rank->is_daemon = message->daemon;
    rank->place = pick_place(universe, rank->host, pending);
    host->busy++;
    if (rank->place >= 0)
        host->taken[rank->place]++;
    mr__roster_note(universe, rank, (const char *)message->aligned_payload + message->payload);
    *placed = (mr__placed){.number = rank->process, .rank = number, .pid = rank->pid};
    placed->core = rank->place < 0 ? -1 : host->places.place[rank->place].core;
    memcpy(placed->host, host->name, sizeof placed->host);
}

/* ---- Starting ---- */

/* Whether ranks can be spawned where the message asks for one. */
static bool can_spawn_there(const mr__universe *universe, const mr__start *message)
{
    return message->wanted_host[0] == '\0' || mr__universe_find_host(universe, message->wanted_host) >= 0 ||
           mr__hosts_slots_of(mr__ctx.launch.hosts, message->wanted_host) > 0;
}

static bool is_anybody_starting(const mr__universe *universe)
{
    for (int i = 1; i < universe->rank_count; i++)
        if (universe->ranks[i]->state == MR__RANK_STARTING)
            return true;
    return false;
}

/* Whether a rank such as the message asks for can ever come. */
static mr_status check_wanted_host(const mr__universe *universe, const mr__start *message)
{
    if (mr__universe_has_lost(universe, message->wanted_host))
        return mr__fail(MR_EHOSTLOST, "host %s for the process was lost: it could not be reached any more",
                        message->wanted_host);
    if (can_spawn_there(universe, message))
        return MR_OK;
    if (is_anybody_starting(universe))
        return MR_OK; /* its host is not known yet */
    char names[512] = "";
    for (int i = 0; i < universe->host_count; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", universe->hosts[i].name);
    }
    return mr__fail(MR_ENOHOST, "there is no host %s for the process; this program has: %s", message->wanted_host,
                    names);
}

static int count_fresh(const mr__universe *universe)
{
    int fresh = 0;
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        fresh += rank->state == MR__RANK_PARKED && !rank->was_used && rank->reservation == 0;
    }
    return fresh;
}

/* Asks for more ranks and waits for anything to change: to be called again and again until the caller has what it
 * needs, or this fails. Lock held. */
static mr_status wait_for_ranks(mr__universe *universe, int demand, const char *host, double deadline,
                                unsigned failures)
{
    if (universe->failures != failures)
        return mr__fail(universe->failure, "%s", universe->failure_text);
    if (mr__ctx.launch.kind == MR__LAUNCH_GIVEN && !is_anybody_starting(universe))
        return mr__fail(
            MR_ELAUNCH,
            "%d more ranks are needed%s%s, but of the %d that srun has given besides main %d are free, and "
            "under srun none can be spawned: start the program with a larger srun -n, or without srun",
            demand > 0 ? demand : 1, *host != '\0' ? " on " : "", host, mr__ctx.launch.size - 1,
            count_fresh(universe));
    if (demand > universe->demand) {
        universe->demand = demand;
        snprintf(universe->wanted_host, sizeof universe->wanted_host, "%s", host);
        mr__changed();
    }
    if (mr__wait(deadline))
        return MR_OK;
    char who[700];
    mr__universe_who_waits(universe, who, sizeof who);
    return mr__fail(MR_ETIMEDOUT, "no rank came up within %.0f s%s%s", mr__ctx.launch.start_timeout,
                    universe->is_spawning ? "; main (rank 0) waits in MPI_Comm_spawn" : "", who);
}

mr_status mr__universe_want_rank(mr__universe *universe, const char *host, double deadline, unsigned failures)
{
    return wait_for_ranks(universe, 1, host, deadline, failures);
}

/* What was asked for is there; others who still wait will say so again. Lock held. */
static void forget_demand(mr__universe *universe)
{
    if (universe->demand > 0) {
        universe->demand = 0;
        mr__changed();
    }
}

/* Waits for a rank to be parked, having more spawned if need be. Lock held. */
static mr_status find_rank(mr__universe *universe, const mr__start *message, int pending, int *number)
{
    double deadline = mr__now() + mr__ctx.launch.start_timeout;
    unsigned failures = universe->failures;
    bool anywhere = message->wanted_host[0] == '\0';
    while ((*number = anywhere && are_more_coming(universe) ? -1 : pick_rank(universe, message)) < 0) {
        mr_status status = check_wanted_host(universe, message);
        if (status == MR_OK)
            status = wait_for_ranks(universe, can_spawn_there(universe, message) ? pending + 1 : 0,
                                    message->wanted_host, deadline, failures);
        if (status != MR_OK)
            return status;
    }
    forget_demand(universe);
    return MR_OK;
}

/* The batch with that many fresh ranks free, and no others if it has to be a whole one; NULL if there is none. The
 * numbers of the ranks are put down. */
static const mr__batch *find_batch(const mr__universe *universe, int count, bool is_whole, int *numbers)
{
    for (int i = 0; i < universe->batch_count; i++) {
        const mr__batch *batch = universe->batches[i];
        int found = 0;
        for (int r = batch->first; r < batch->first + batch->size && found < count; r++) {
            const mr__rank *rank = universe->ranks[r];
            if (rank->state == MR__RANK_PARKED && !rank->was_used && rank->reservation == 0)
                numbers[found++] = r;
        }
        if (found == count && (!is_whole || batch->size == count))
            return batch;
    }
    return NULL;
}

mr_status mr__universe_reserve(int count, uint64_t reservation, bool is_whole, int *numbers,
                               const mr__batch **batch)
{
    mr__universe *universe = mr__ctx.universe;
    mr_status status = MR_OK;
    mr__lock();
    double deadline = mr__now() + mr__ctx.launch.start_timeout;
    unsigned failures = universe->failures;
    while (status == MR_OK && (*batch = find_batch(universe, count, is_whole, numbers)) == NULL) {
        universe->wanted_batch = count;
        status = wait_for_ranks(universe, count, "", deadline, failures);
    }
    universe->wanted_batch = 0;
    forget_demand(universe);
    for (int i = 0; i < count && status == MR_OK; i++)
        universe->ranks[numbers[i]]->reservation = reservation;
    mr__unlock();
    return status;
}

void mr__universe_unreserve(uint64_t reservation)
{
    mr__lock();
    for (int i = 1; i < mr__ctx.universe->rank_count; i++)
        if (mr__ctx.universe->ranks[i]->reservation == reservation)
            mr__ctx.universe->ranks[i]->reservation = 0;
    mr__changed();
    mr__unlock();
}

bool mr__rank_is_gone(const void *rank)
{
    mr__lock();
    bool dead = ((const mr__rank *)rank)->state == MR__RANK_DEAD;
    mr__unlock();
    return dead;
}

void mr__universe_tell(const mr__rank *rank, const mr__record *record)
{
    if (rank->link == NULL)
        return;
    mr__hub_send(mr__ctx.universe, rank->link, record);
    if (rank->seat != 0)
        mr__bell_ring(rank->seat);
}

/* Puts the record that starts a process, with its message, where the rank finds it as soon as it wakes, which is
 * faster than the link and MPI. false: it is elsewhere, or this is too long. */
static bool start_by_mail(mr__rank *rank, const mr__record *record, const mr__start *message, size_t size)
{
    mr__ref ref, none = 0;
    if (rank->seat == 0 || size > LONGEST_MAIL || mr__alloc(sizeof *record + size, &ref) != MR_OK)
        return false;
    memcpy(mempcpy(mr__at(ref), record, sizeof *record), message, size);
    if (!atomic_compare_exchange_strong(&mr__seat_at(rank->seat)->mail, &none, ref)) {
        mr__free(ref);
        return false;
    }
    rank->message = ref;
    mr__bell_ring(rank->seat);
    return true;
}

static mr_status hand_over(uint64_t connection, void *to)
{
    mr__homes_hand_over(mr__ctx.universe, connection, number_of(to));
    return MR_OK;
}

mr_status mr__universe_start(mr__start **message, size_t size, int pending, mr__placed *placed,
                             void (*tell)(const mr__placed *placed, void *argument), void *argument)
{
    mr__universe *universe = mr__ctx.universe;
    int number;
    mr__lock();
    mr_status status = find_rank(universe, *message, pending, &number);
    if (status != MR_OK) {
        mr__unlock();
        return status;
    }
    mr__rank *rank = universe->ranks[number];
    assign(universe, number, *message, pending, placed);
    const mr__custody *pipes = mr__kinds[MR__KIND_PIPE]->custody;
    pipes->hand_over((*message)->aligned_payload, (*message)->payload, (uint32_t)(*message)->creator_rank,
                     (uint32_t)number);
    pipes->elsewhere((*message)->aligned_payload, (*message)->payload, 0, hand_over, rank);
    if (tell != NULL)
        tell(placed, argument);
    mr__record record = {.type = MR__START,
                         .process = placed->number,
                         .a = (int64_t)size,
                         .b = placed->core,
                         .rank = mr__ctx.cores};
    if (rank->place >= 0)
        snprintf(record.text, sizeof record.text, "%s",
                 universe->hosts[rank->host].places.place[rank->place].cpus);
    bool is_sent = start_by_mail(rank, &record, *message, size);
    if (!is_sent)
        mr__universe_tell(rank, &record);
    MPI_Comm comm = rank->batch->comm;
    mr__unlock();
    if (is_sent)
        return MR_OK;
    status = mr__wire_send(comm, rank->rank_in_batch, MR__TAG_START, *message, size, mr__rank_is_gone, rank);
    if (status != MR_EDIED)
        return status;
    *message = NULL; /* MPI may still look at it */
    return MR_OK;    /* started, and ended at once: its exit code tells */
}

/* ---- Ending ---- */

static void tell_creator(mr__universe *universe, uint64_t creator, uint64_t process, int code)
{
    if (creator == 0) {
        mr__ctx.family->ended(process, code);
        return;
    }
    mr__record record = {.type = MR__ENDED, .process = process, .a = code};
    for (int i = 1; i < universe->rank_count; i++)
        if (universe->ranks[i]->process == creator)
            mr__universe_tell(universe->ranks[i], &record);
}

static void tell_children(mr__universe *universe, uint64_t process)
{
    mr__record record = {.type = MR__ORPHANED, .process = process};
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->state == MR__RANK_BUSY && rank->creator == process)
            mr__universe_tell(rank, &record);
    }
}

void mr__universe_ended(mr__universe *universe, int number, int code, bool is_dead_now)
{
    mr__rank *rank = universe->ranks[number];
    mr__rank_state before = rank->state;
    if (before == MR__RANK_DEAD)
        return;
    rank->state = is_dead_now ? MR__RANK_DEAD : MR__RANK_PARKED;
    if (is_dead_now) {
        rank->batch->alive--;
        rank->batch->has_crashed |= code < 0;
    }
    if (before == MR__RANK_BUSY) {
        count(number, NULL);
        mr__objects_forget((uint32_t)number);
        uint64_t process = rank->process;
        mr__host *host = &universe->hosts[rank->host];
        rank->process = 0;
        mr__free(rank->message);
        rank->message = 0;
        host->busy--;
        if (rank->place >= 0)
            host->taken[rank->place]--;
        rank->place = -1;
        tell_creator(universe, rank->creator, process, code);
        tell_children(universe, process);
    }
    if (is_dead_now)
        mr__seats_free((uint32_t)number);
    mr__roster_note(universe, rank, NULL);
    mr__changed();
}

void mr__universe_signal(mr__universe *universe, uint64_t process, int signal)
{
    mr__record record = {.type = MR__SIGNAL, .process = process, .a = signal};
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->state == MR__RANK_BUSY && rank->process == process && rank->supervisor != NULL)
            mr__hub_send(universe, rank->supervisor, &record);
    }
}

/* ---- The end ---- */

static bool process_lives(const mr__universe *universe, uint64_t process)
{
    for (int i = 1; i < universe->rank_count; i++)
        if (universe->ranks[i]->state == MR__RANK_BUSY && universe->ranks[i]->process == process)
            return true;
    return false;
}

/* Whether a rank still does, or is about to do, something that must be waited for. Orphaned daemons are
 * terminated. */
static bool is_anybody_busy(mr__universe *universe, bool wait_for_starting)
{
    bool busy = universe->is_spawning && wait_for_starting;
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->state == MR__RANK_BUSY && rank->is_daemon && !process_lives(universe, rank->creator))
            mr__universe_signal(universe, rank->process, SIGTERM);
        busy = busy || rank->state == MR__RANK_BUSY || (rank->state == MR__RANK_STARTING && wait_for_starting);
    }
    return busy;
}

static int count_left(const mr__universe *universe)
{
    int left = 0;
    for (int i = 1; i < universe->rank_count; i++)
        left += universe->ranks[i]->supervisor != NULL;
    return left;
}

static void say_goodbye(mr__universe *universe)
{
    mr__record bye = {.type = MR__BYE}, end = {.type = MR__SIGNAL, .a = SIGKILL};
    for (int i = 1; i < universe->rank_count; i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->link != NULL)
            mr__universe_tell(rank, &bye);
        else if (rank->supervisor != NULL && rank->state != MR__RANK_DEAD)
            mr__hub_send(universe, rank->supervisor, &end);
    }
}

mr_status mr__universe_end(mr__universe *universe)
{
    mr_status status = MR_OK;
    mr__lock();
    double starting_until = universe->spawned_at + mr__ctx.launch.start_timeout;
    while (is_anybody_busy(universe, mr__now() < starting_until))
        mr__wait(mr__now() + 1);
    universe->stopping = true;
    say_goodbye(universe);
    double patience = GOODBYE_SECONDS + (mr__ctx.launch.many_hosts ? mr__ctx.launch.node_timeout : 0);
    double deadline = mr__now() + patience;
    int left;
    while ((left = count_left(universe)) > 0 && status == MR_OK)
        if (!mr__wait(deadline)) {
            for (int i = 1; i < universe->rank_count; i++)
                if (universe->ranks[i]->supervisor != NULL)
                    status =
                        mr__fail(MR_ETIMEDOUT,
                                 "%d rank%s not ended within %.0f s of being told to; one is rank %d, process "
                                 "%ld on %s: its supervisor waits for the launcher to take note of its end",
                                 left, left == 1 ? " has" : "s have", patience, i, (long)universe->ranks[i]->pid,
                                 universe->hosts[universe->ranks[i]->host].name);
        }
    mr__unlock();
    return status;
}
