#include "universe/homes.h"

#include "base/status.h"
#include "launch/hosts.h"
#include "universe/death.h"

#include <stdio.h>
#include <string.h>

/* ---- Sets ---- */

static void add(mr__home_set *set, int home)
{
    set->words[home / 64] |= (uint64_t)1 << home % 64;
}

static void take_out(mr__home_set *set, int home)
{
    set->words[home / 64] &= ~((uint64_t)1 << home % 64);
}

static bool has(const mr__home_set *set, int home)
{
    return (set->words[home / 64] >> home % 64 & 1) != 0;
}

/* ---- Coming up ---- */

/* Ranks that srun gives are the program's, each of them. */
mr__lodging mr__homes_lodge(mr__universe *universe, int number)
{
    mr__rank *rank = universe->ranks[number];
    mr__host *host = &universe->hosts[rank->host];
    if (rank->host == 0 || rank->host >= MR__HOMES || mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
        return MR__NO_LODGING;
    if (host->is_home)
        return MR__LODGING;
    if (host->agent == 0) {
        host->agent = number;
        return MR__AGENT;
    }
    rank->awaits_home = host->agent != number;
    return rank->awaits_home ? MR__WAIT : MR__AGENT;
}

/* Those that have waited for the home, or for its agent: the first of these becomes the next one. */
static void welcome_those_who_wait(mr__universe *universe, int index)
{
    for (int i = 1; i < universe->rank_count; i++) {
        mr__rank *rank = universe->ranks[i];
        if (rank->host != index || !rank->awaits_home)
            continue;
        rank->awaits_home = false;
        if (rank->link != NULL)
            mr__hub_welcome(universe, i);
    }
}

bool mr__homes_hear(mr__universe *universe, int number, const mr__record *record)
{
    int index = universe->ranks[number]->host;
    mr__host *host = &universe->hosts[index];
    if (host->agent != number || host->is_home)
        return false;
    host->is_home = mr__address_add(&host->home, record);
    if (host->is_home)
        welcome_those_who_wait(universe, index);
    return true;
}

void mr__homes_lose_agent(mr__universe *universe, int number)
{
    int index = universe->ranks[number]->host;
    if (index < 0 || universe->hosts[index].agent != number)
        return;
    mr__host *host = &universe->hosts[index];
    if (host->is_home && !universe->stopping) {
        mr__universe_lose_host(universe, index); /* all that lies there is lost */
        return;
    }
    host->agent = 0;
    host->is_home = false;
    host->home.text[0] = '\0';
    welcome_those_who_wait(universe, index);
}

/* ---- Where they are ---- */

static mr_status check(const mr__universe *universe, int64_t home)
{
    if (home <= 0 || home >= universe->host_count || universe->hosts[home].agent == 0)
        return mr__fail(MR_EINVAL,
                        "there is no host of the number %lld that objects could lie on; was this one "
                        "ever made?",
                        (long long)home);
    const mr__host *host = &universe->hosts[home];
    return host->is_lost || !host->is_home
               ? mr__fail(MR_EHOSTLOST, "%s, where the object lies, cannot be reached any more", host->name)
               : MR_OK;
}

mr_status mr__homes_find(mr__universe *universe, uint32_t home, mr__address *address)
{
    mr__lock();
    mr_status status = check(universe, home);
    if (status == MR_OK)
        *address = universe->hosts[home].home;
    mr__unlock();
    return status;
}

static void send_to(const mr__record *record, void *rank)
{
    mr__universe_tell(rank, record);
}

void mr__homes_tell(mr__universe *universe, int number, int64_t home)
{
    mr__rank *rank = universe->ranks[number];
    mr__record record = {.type = MR__HOME, .a = home};
    mr_status status = check(universe, home);
    if (status == MR_OK) {
        add(&rank->touched, (int)home);
        mr__address_send(&universe->hosts[home].home, &record, send_to, rank);
        return;
    }
    record = (mr__record){.type = MR__REFUSED, .a = status};
    snprintf(record.text, sizeof record.text, "%.200s", mr_last_error());
    mr__universe_tell(rank, &record);
}

/* ---- Their names: *home is MR__NO_HOME where one may still come ---- */

static mr_status find_named(const mr__universe *universe, const char *name, uint32_t *home)
{
    int index = mr__universe_find_host(universe, name);
    *home = MR__NO_HOME;
    if (index >= 0 && universe->hosts[index].is_lost)
        return mr__fail(MR_EHOSTLOST, "mr_set_home: %s cannot be reached any more", name);
    if (index < 0 && mr__hosts_slots_of(mr__ctx.launch.hosts, name) == 0)
        return mr__fail(MR_ENOHOST, "mr_set_home: this program has no host %s", name);
    if (index != 0 && (mr__ctx.launch.kind == MR__LAUNCH_GIVEN || index >= MR__HOMES))
        return mr__fail(MR_ENOHOST, "mr_set_home: the memory of %s cannot be had: %s", name,
                        index >= MR__HOMES ? "there are too many hosts"
                                           : "srun has given all ranks to processes of the program");
    if (index == 0 || (index > 0 && universe->hosts[index].is_home))
        *home = (uint32_t)index;
    return MR_OK;
}

mr_status mr__homes_await(mr__universe *universe, const char *name, uint32_t *home)
{
    double deadline = mr__now() + mr__ctx.launch.start_timeout;
    mr__lock();
    unsigned failures = universe->failures;
    mr_status status = find_named(universe, name, home);
    while (status == MR_OK && *home == MR__NO_HOME) {
        status = mr__universe_want_rank(universe, name, deadline, failures);
        if (status == MR_OK)
            status = find_named(universe, name, home);
    }
    mr__unlock();
    return status;
}

void mr__homes_tell_number(mr__universe *universe, int number, const char *name)
{
    uint32_t home;
    mr_status status = find_named(universe, name, &home);
    mr__record record = {.type = MR__HOME, .a = home, .b = 1};
    if (status != MR_OK || home == MR__NO_HOME) {
        record =
            (mr__record){.type = MR__REFUSED, .a = status != MR_OK ? status : MR_ETIMEDOUT, .b = status == MR_OK};
        snprintf(record.text, sizeof record.text, "%.200s",
                 status != MR_OK ? mr_last_error() : "mr_set_home: no rank has come up on that host so far");
    }
    mr__universe_tell(universe->ranks[number], &record);
}

/* ---- Ends ---- */

static void ask_to_forget(const mr__universe *universe, mr__rank *rank, int number, int home, bool is_dead)
{
    const mr__host *host = &universe->hosts[home];
    const mr__rank *agent = universe->ranks[host->agent];
    mr__record record = {.type = MR__FORGET, .rank = number, .a = is_dead};
    if (!host->is_home || host->is_lost || host->agent == number || agent->link == NULL)
        return;
    add(&rank->awaited, home);
    mr__universe_tell(agent, &record);
}

void mr__homes_forget(mr__universe *universe, int number, bool is_dead)
{
    mr__rank *rank = universe->ranks[number];
    for (int home = 1; home < universe->host_count && home < MR__HOMES; home++)
        if (rank->host == home || has(&rank->touched, home))
            ask_to_forget(universe, rank, number, home, is_dead);
}

bool mr__homes_are_awaited(const mr__rank *rank)
{
    uint64_t any = 0;
    for (size_t i = 0; i < sizeof rank->awaited.words / sizeof *rank->awaited.words; i++)
        any |= rank->awaited.words[i];
    return any != 0;
}

static void await_no_more(mr__universe *universe, int home, int number)
{
    mr__rank *rank = universe->ranks[number];
    if (!has(&rank->awaited, home))
        return;
    take_out(&rank->awaited, home);
    mr__death_go_on(universe, number);
}

void mr__homes_forgot(mr__universe *universe, int agent, int number)
{
    if (number > 0 && number < universe->rank_count)
        await_no_more(universe, universe->ranks[agent]->host, number);
}

void mr__homes_lost(mr__universe *universe, int index)
{
    for (int i = 1; i < universe->rank_count && index < MR__HOMES; i++)
        await_no_more(universe, index, i);
}

void mr__homes_hand_over(mr__universe *universe, uint64_t connection, int number)
{
    mr__record record = {.type = MR__HAND_OVER, .process = connection, .rank = number};
    uint32_t home = (uint32_t)connection >> MR__HOME_SHIFT & (MR__HOMES - 1);
    if (home == 0 || home >= (uint32_t)universe->host_count || !universe->hosts[home].is_home ||
        universe->hosts[home].is_lost)
        return;
    add(&universe->ranks[number]->touched, (int)home);
    mr__universe_tell(universe->ranks[universe->hosts[home].agent], &record);
}
