/* Hosts that are lost: switched off, or cut off from the network. */
#include "base/status.h"
#include "launch/hosts.h"
#include "universe/death.h"
#include "universe/homes.h"
#include "universe/universe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* What the hub still has of a rank is closed: then it counts as killed, and if it lives after all, its supervisor
 * hears of that and kills it. */
static void let_go(mr__universe *universe, int number)
{
    const mr__rank *rank = universe->ranks[number];
    if (rank->link != NULL)
        mr__hub_hang_up(rank->link);
    if (rank->supervisor != NULL)
        mr__hub_hang_up(rank->supervisor);
    else
        mr__death(universe, number, -SIGKILL, true);
}

void mr__universe_lose_host(mr__universe *universe, int index)
{
    mr__host *host = &universe->hosts[index];
    if (index == 0 || host->is_lost)
        return;
    host->is_lost = true;
    mr__debug("host %s is lost, with %d processes", host->name, host->busy);
    bool was_to_come =
        universe->spawning_on[0] == '\0' || mr__universe_find_host(universe, universe->spawning_on) == index;
    if (universe->is_spawning && was_to_come)
        mr__growth_renew(universe);
    for (int i = 1; i < universe->rank_count; i++)
        if (universe->ranks[i]->host == index && universe->ranks[i]->state != MR__RANK_DEAD)
            let_go(universe, i);
    mr__homes_lost(universe, index);
    mr__ctx.cores = mr__universe_cores(universe);
    mr__changed();
}

bool mr__universe_has_lost(const mr__universe *universe, const char *name)
{
    int index = mr__universe_find_host(universe, name);
    return index >= 0 && universe->hosts[index].is_lost;
}

mr_status mr__universe_check_hosts(const mr__universe *universe)
{
    char names[512] = "";
    int lost = 0;
    for (int i = 0; i < universe->host_count; i++) {
        size_t used = strlen(names);
        if (!universe->hosts[i].is_lost)
            continue;
        snprintf(names + used, sizeof names - used, "%s%s", lost++ > 0 ? ", " : "", universe->hosts[i].name);
    }
    if (lost == 0)
        return MR_OK;
    return mr__fail(
        MR_EHOSTLOST,
        "%s could not be reached any more, for %d s or because its part of Open MPI's runtime had ended; "
        "the processes there count as killed (exit code -9), and no more were started there",
        names, mr__ctx.launch.node_timeout);
}
