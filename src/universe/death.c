#include "universe/death.h"

#include "universe/homes.h"

void mr__death(mr__universe *universe, int number, int code, bool is_dead)
{
    mr__rank *rank = universe->ranks[number];
    if (rank->state == MR__RANK_DEAD || (rank->is_ending && (rank->is_dying || !is_dead)))
        return;
    if (!rank->is_ending) /* else it has died after its process had ended: the first code counts */
        rank->end_code = code;
    rank->is_ending = true;
    rank->is_dying = is_dead;
    mr__homes_forget(universe, number, is_dead);
    mr__death_go_on(universe, number);
}

void mr__death_go_on(mr__universe *universe, int number)
{
    mr__rank *rank = universe->ranks[number];
    if (!rank->is_ending)
        return;
    bool is_acted_for = rank->is_dying && mr__ctx.callers->dismiss(number);
    if (is_acted_for || mr__homes_are_awaited(rank))
        return;
    rank->is_ending = false;
    mr__universe_ended(universe, number, rank->end_code, rank->is_dying);
}

/* ---- What callers have to know ---- */

static bool takes(int number)
{
    const mr__universe *universe = mr__ctx.universe;
    if (number <= 0 || number >= universe->rank_count)
        return false;
    const mr__rank *rank = universe->ranks[number];
    return rank->state != MR__RANK_DEAD && !(rank->is_ending && rank->is_dying);
}

static MPI_Comm comm_of(int number, int *in_comm)
{
    const mr__rank *rank = mr__ctx.universe->ranks[number];
    *in_comm = rank->rank_in_batch;
    return rank->batch->comm;
}

static void gone(int number)
{
    mr__death_go_on(mr__ctx.universe, number);
}

const mr__caller_ranks mr__death_ranks = {takes, comm_of, gone};
