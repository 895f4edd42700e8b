/* Groups: processes that are started together and have an MPI communicator of their own. */
#include "scenario.h"
#include "targets.h"

#include <multirank_mpi.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { MEMBERS = 3 };
static const double patience = 30;

static void begin_group(mr_process members[MEMBERS], mr_target target)
{
    mr_process *all[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
        all[i] = &members[i];
        CHECK_OK(mr_process_init(&members[i], target, &i, sizeof i));
    }
    CHECK_OR_STOP(CHECK_OK(mr_group_start(all, MEMBERS)));
}

/* Meets the others in MPI, as a program of MPI alone would. */
static int uses_mpi(const void *args, size_t size)
{
    const int index = *(const int *)args;
    MPI_Comm comm, same;
    int rank = -1, members = -1, sum = 0, before = -1;
    CHECK_EQ(size, sizeof index);
    CHECK_OR_STOP(CHECK_OK(mr_group_comm(&comm)));
    CHECK_OK(mr_group_comm(&same));
    CHECK(comm == same);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &members);
    CHECK_EQ(rank, index);
    CHECK_EQ(members, MEMBERS);
    note("came", "%d", index);
    CHECK_EQ(MPI_Barrier(comm), MPI_SUCCESS);
    CHECK_EQ(noted_lines("came"), MEMBERS);
    CHECK_EQ(MPI_Allreduce(&index, &sum, 1, MPI_INT, MPI_SUM, comm), MPI_SUCCESS);
    CHECK_EQ(sum, MEMBERS * (MEMBERS - 1) / 2);
    CHECK_EQ(MPI_Sendrecv(&index, 1, MPI_INT, (rank + 1) % MEMBERS, 5, &before, 1, MPI_INT,
                          (rank + MEMBERS - 1) % MEMBERS, 5, comm, MPI_STATUS_IGNORE),
             MPI_SUCCESS);
    CHECK_EQ(before, (index + MEMBERS - 1) % MEMBERS);
    return index;
}

SCENARIO_HOSTS(group, communicates)
{
    mr_process members[MEMBERS];
    for (int round = 0; round < 2; round++) {
        begin_group(members, uses_mpi);
        for (int i = 0; i < MEMBERS; i++)
            CHECK(end(&members[i], patience, i));
        unlink(note_path("came"));
    }
    CHECK(works());
}

/* Whoever waits in MPI for one that has died can still be ended, and the others are not concerned. */
static int waits_in_mpi(const void *args, size_t size)
{
    MPI_Comm comm;
    (void)size;
    CHECK_OR_STOP(CHECK_OK(mr_group_comm(&comm)));
    note("waiting", "%d", *(const int *)args);
    if (*(const int *)args == 0)
        return sleeps(NULL, 0);
    MPI_Barrier(comm);
    return 0;
}

SCENARIO(group, a_member_dies)
{
    mr_process members[MEMBERS];
    begin_group(members, waits_in_mpi);
    CHECK(await_lines("waiting", MEMBERS, patience));
    CHECK_OK(mr_process_kill(&members[0]));
    CHECK(end(&members[0], patience, -SIGKILL));
    for (int i = 1; i < MEMBERS; i++) {
        CHECK_OK(mr_process_terminate(&members[i]));
        CHECK_OK(mr_process_join(&members[i], patience));
    }
    CHECK(works());
    begin_group(members, uses_mpi);
    for (int i = 0; i < MEMBERS; i++)
        CHECK(end(&members[i], patience, i));
}

/* Killed at random instants, also while the communicator is being made: main can go on as ever. */
SCENARIO(group, deaths_at_random, .timeout = 90)
{
    enum { ROUNDS = 8 };
    srand(5);
    for (int round = 0; round < ROUNDS; round++) {
        mr_process members[MEMBERS];
        begin_group(members, waits_in_mpi);
        rest(1e-5 * (rand() % 1500));
        CHECK_OK(mr_process_kill(&members[rand() % MEMBERS]));
        for (int i = 0; i < MEMBERS; i++) {
            CHECK_OK(mr_process_kill(&members[i]));
            CHECK(end(&members[i], patience, -SIGKILL));
        }
    }
    mr_process members[MEMBERS];
    unlink(note_path("waiting"));
    begin_group(members, uses_mpi);
    for (int i = 0; i < MEMBERS; i++)
        CHECK(end(&members[i], patience, i));
}

static int starts_a_group(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_process p, *all[] = {&p};
    MPI_Comm comm;
    CHECK_STATUS(mr_group_comm(&comm), MR_ESTATE); /* it is of none */
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_STATUS(mr_group_start(all, 1), MR_ENOTCREATOR);
    return 0;
}

SCENARIO(group, misuse)
{
    mr_process p, *all[] = {&p};
    char here[256];
    MPI_Comm comm;
    CHECK_STATUS(mr_group_start(NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_group_start(all, 0), MR_EINVAL);
    CHECK_STATUS(mr_group_start(all, SIZE_MAX), MR_EINVAL);
    CHECK_STATUS(mr_group_comm(&comm), MR_ESTATE);
    CHECK_STATUS(mr_group_comm(NULL), MR_EINVAL);
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    gethostname(here, sizeof here);
    CHECK_OK(mr_process_set_host(&p, here));
    CHECK_STATUS(mr_group_start(all, 1), MR_EINVAL);
    CHECK_EQ(mr_process_pid(&p), -1);
    CHECK_OK(mr_process_start(&p)); /* nothing of it is left */
    CHECK(end(&p, patience, 0));
    CHECK_OR_STOP(begin(&p, starts_a_group, NULL, 0));
    CHECK(end(&p, patience, 0));
}
