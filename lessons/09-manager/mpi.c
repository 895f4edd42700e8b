/* Lesson 9 in plain MPI: a small dict in a window on rank 0; ten other ranks set a key each. Run it with 11 ranks.
 */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES = 10, SLOTS = 16, EMPTY = -1 };
enum { COUNT, KEYS, VALUES = KEYS + SLOTS, WORDS = VALUES + SLOTS }; /* where things are in the window, in ints */

/* dict[key] = value, by any rank, without rank 0 doing anything. No key is ever taken out. */
static void set(MPI_Win window, int key, int value)
{
    const int empty = EMPTY, one = 1;
    int slot = key % SLOTS, found, before;

    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, window);
    for (;;) { /* a slot that has our key, or was empty and is now ours */
        MPI_Compare_and_swap(&key, &empty, &found, MPI_INT, 0, KEYS + slot, window);
        MPI_Win_flush(0, window); /* found is there only after this */
        if (found == EMPTY || found == key)
            break;
        slot = (slot + 1) % SLOTS;
    }
    MPI_Fetch_and_op(&value, &before, MPI_INT, 0, VALUES + slot, MPI_REPLACE, window);
    if (found == EMPTY)
        MPI_Fetch_and_op(&one, &before, MPI_INT, 0, COUNT, MPI_SUM, window);
    MPI_Win_unlock(0, window);
}

int main(int argc, char **argv)
{
    int rank, size, *words;
    MPI_Win window;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != PROCESSES + 1)
        MPI_Abort(MPI_COMM_WORLD, 2);

    MPI_Win_allocate(rank == 0 ? WORDS * (MPI_Aint)sizeof(int) : 0, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD,
                     &words, &window);
    if (rank == 0) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, window);
        for (int i = 0; i < WORDS; i++)
            words[i] = i == COUNT ? 0 : EMPTY;
        MPI_Win_unlock(0, window);
    }
    MPI_Barrier(MPI_COMM_WORLD); /* nobody writes before it is empty */
    const double start = MPI_Wtime();

    if (rank > 0) {
        sleep(2); /* the work */
        set(window, rank - 1, 2 * (rank - 1));
    }
    MPI_Barrier(MPI_COMM_WORLD); /* the join */
    if (rank == 0) {
        MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, window);
        printf("results, %d keys:", words[COUNT]);
        for (int i = 0; i < SLOTS; i++)
            if (words[KEYS + i] != EMPTY)
                printf(" %d: %d", words[KEYS + i], words[VALUES + i]);
        printf("\nit took %.1f s\n", MPI_Wtime() - start);
        MPI_Win_unlock(0, window);
    }
    MPI_Win_free(&window);
    return MPI_Finalize();
}
