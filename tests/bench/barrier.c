/* Barriers in the benchmark: barrier WHAT AMOUNT [PARTIES] prints one figure, the seconds of a pass.
 *
 * ours   Multirank's, so many processes
 * mpi    MPI_Barrier, all ranks of mpirun */
#include "measuring.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARTIES_MAX = 1024, WARM_UP = 10 };

typedef struct part {
    mr_barrier barrier;
    mr_value seconds;
    int amount;
} part;

static int pass(const void *args, size_t size)
{
    (void)size;
    const part *p = args;
    double begin = 0;
    int index = 0;
    for (int i = 0; i < WARM_UP + p->amount; i++) {
        if (i == WARM_UP)
            begin = now();
        need(mr_barrier_wait(&p->barrier, &index, MR_FOREVER));
    }
    double each = (now() - begin) / p->amount;
    if (index == 0) /* one of them tells */
        need(mr_value_set(&p->seconds, &each));
    return 0;
}

static double measure_ours(int count, int parties)
{
    static mr_process processes[PARTIES_MAX];
    mr_process *all[PARTIES_MAX];
    part p = {.amount = count};
    double seconds = 0;
    need(mr_barrier_init(&p.barrier, parties, NULL, MR_FOREVER));
    need(mr_value_init(&p.seconds, sizeof seconds, NULL));
    for (int i = 0; i < parties; i++) {
        all[i] = &processes[i];
        need(mr_process_init(all[i], pass, &p, sizeof p));
    }
    need(mr_process_start_all(all, (size_t)parties));
    for (int i = 0; i < parties; i++) {
        need(mr_process_join(all[i], MR_FOREVER));
        if (mr_process_exitcode(all[i]) != 0)
            fail("a process failed");
    }
    need(mr_value_get(&p.seconds, &seconds));
    return seconds;
}

static int mpi(int count)
{
    int rank;
    double begin = 0;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int i = 0; i < WARM_UP + count; i++) {
        if (i == WARM_UP)
            begin = now();
        MPI_Barrier(MPI_COMM_WORLD);
    }
    if (rank == 0)
        printf("%.9g\n", (now() - begin) / count);
    return MPI_Finalize();
}

int main(int argc, char **argv)
{
    int amount = argc > 2 ? atoi(argv[2]) : 0;
    if (amount > 0 && strcmp(argv[1], "mpi") == 0)
        return mpi(amount);
    need(mr_init(&argc, &argv));
    int parties = argc > 3 ? atoi(argv[3]) : 0;
    bool is_right = amount > 0 && parties > 0 && parties <= PARTIES_MAX && strcmp(argv[1], "ours") == 0;
    if (is_right)
        printf("%.9g\n", measure_ours(amount, parties));
    else
        fprintf(stderr, "Usage: barrier ours AMOUNT PARTIES, mpirun ... barrier mpi AMOUNT\n");
    return mr_finalize() == MR_OK && is_right ? 0 : 1;
}
