/* Groups: processes that are started together, in ranks of one batch, and can have an MPI communicator of their
 * own. */
#include "base/context.h"
#include "base/status.h"
#include "multirank_mpi.h"
#include "process/process.h"
#include "process/registry.h"
#include "universe/self.h"
#include "universe/universe.h"

#include <stdlib.h>

enum { TAG_GROUP = 77 };

/* ---- Main: starting ---- */

/* Each process has a rank reserved for it alone, since the place in the array is to be the rank in the
 * communicator. */
static void reserve_each(const int *numbers, size_t count, uint64_t first)
{
    mr__lock();
    for (size_t i = 0; i < count; i++)
        mr__ctx.universe->ranks[numbers[i]]->reservation = first + i;
    mr__unlock();
}

static mr_status start(mr_process *const processes[], size_t count, int *numbers)
{
    static const uint64_t OF_GROUPS = (uint64_t)1 << 62; /* apart from what pools reserve */
    const mr__batch *batch;
    mr__lock();
    uint64_t first = OF_GROUPS + mr__ctx.universe->last_group;
    mr__ctx.universe->last_group += count;
    mr__unlock();
    mr_status status = mr__universe_reserve((int)count, first, false, numbers, &batch);
    if (status != MR_OK)
        return status;
    reserve_each(numbers, count, first);
    for (size_t i = 0; i < count; i++)
        numbers[i] -= batch->first - 1; /* in the batch's communicator, where main is 0 */
    for (size_t i = 0; i < count && status == MR_OK; i++)
        status = mr__process_join_group(processes[i], first + i, numbers, (uint32_t)count);
    for (size_t i = 0; i < count && status == MR_OK; i++)
        status = mr_process_start(processes[i]);
    for (size_t i = 0; i < count; i++)
        mr__universe_unreserve(first + i); /* of those that were not started */
    return status;
}

mr_status mr_group_start(mr_process *const processes[], size_t count)
{
    static const char call[] = "mr_group_start";
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    if (mr__ctx.rank != 0)
        return mr__fail(MR_ENOTCREATOR, "%s is for the main process; this is rank %d", call, mr__ctx.rank);
    if (processes == NULL || count == 0 || count > INT_MAX / 2)
        return mr__fail(MR_EINVAL, "%s was given %s", call,
                        processes == NULL ? "NULL instead of processes"
                        : count == 0      ? "no processes"
                                          : "a count that cannot be; was it negative?");
    int *numbers = calloc(count, sizeof *numbers);
    if (numbers == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for a group of %zu processes", call, count);
    status = start(processes, count, numbers);
    free(numbers);
    return status;
}

/* ---- In the processes ---- */

static mr_status make_comm(const mr__process *own)
{
    MPI_Group all, group;
    MPI_Comm comm = mr__ctx.self->comm;
    MPI_Comm_group(comm, &all);
    MPI_Group_incl(all, (int)own->group_size, own->group, &group);
    int error = MPI_Comm_create_group(comm, group, TAG_GROUP, &mr__ctx.self->group);
    MPI_Group_free(&group);
    MPI_Group_free(&all);
    if (error != MPI_SUCCESS)
        return mr__fail_mpi(error, "making the communicator of a group");
    MPI_Comm_set_errhandler(mr__ctx.self->group, MPI_ERRORS_RETURN);
    return MR_OK;
}

mr_status mr_group_comm(MPI_Comm *comm)
{
    static const char call[] = "mr_group_comm";
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    if (comm == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL as the communicator", call);
    mr__lock();
    const mr__process *own = mr__own_entry(); /* which stays as it is */
    mr__unlock();
    if (own->group_size == 0)
        return mr__fail(MR_ESTATE, "%s: %s was not started by mr_group_start", call, own->name);
    if (mr__ctx.self->group == MPI_COMM_NULL)
        status = make_comm(own);
    if (status == MR_OK)
        *comm = mr__ctx.self->group;
    return status;
}
