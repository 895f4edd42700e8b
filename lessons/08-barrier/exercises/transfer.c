//@title en: Two locks, one deadlock
//@title es: Dos candados, un interbloqueo
//@hint en: `multirank stack PID`: which lock does each process hold, and which one does it wait for?
//@hint es: `multirank stack PID`: ¿qué candado tiene cada proceso y cuál espera?
//@hint en: A circle needs two who take the locks in opposite orders. Which order could all agree on?
//@hint es: Para que haya un círculo, dos tienen que tomar los candados en orden contrario. ¿En qué orden podrían ponerse de acuerdo?
//@hint en: Always take the lock of the account with the smaller number first, whichever way the money goes.
//@hint es: Toma siempre primero el candado de la cuenta con el número menor, vaya en el sentido que vaya el dinero.
//@fails: in opposite orders
//@en Lesson 8, exercise transfer. Two processes move money between two accounts, in opposite directions. Each takes the lock
//@en of the account that it takes from, then the other one, and both wait for ever. Cure it. All transfers have to be done.
//@es Lección 8, ejercicio transfer. Dos procesos mueven dinero entre dos cuentas, en sentidos contrarios. Cada uno toma el
//@es candado de la cuenta de la que saca y después el otro, y los dos esperan para siempre. Cúralo. Todas las
//@es transferencias tienen que hacerse.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { TRANSFERS = 5, START = 100 };

struct job {
    mr_lock locks[2];
    mr_array accounts; /* raw: the locks are ours */
    int from, amount;
};

static void nap(void)
{
    const struct timespec time = {.tv_nsec = 50000000};
    nanosleep(&time, NULL);
}

static void move(const struct job *job)
{
    int balances[2];
    mr_array_get(&job->accounts, 0, 2, balances);
    nap();
    balances[job->from] -= job->amount;
    balances[1 - job->from] += job->amount;
    mr_array_set(&job->accounts, 0, 2, balances);
}

static int transfer(const void *args, size_t size)
{
    const struct job *job = args;
    (void)size;
    for (int i = 0; i < TRANSFERS; i++) {
        //@exercise
        mr_lock_acquire(&job->locks[job->from], MR_FOREVER);
        nap();
        mr_lock_acquire(&job->locks[1 - job->from], MR_FOREVER);
        move(job);
        mr_lock_release(&job->locks[1 - job->from]);
        mr_lock_release(&job->locks[job->from]);
        //@solution
        mr_lock_acquire(&job->locks[0], MR_FOREVER);
        nap();
        mr_lock_acquire(&job->locks[1], MR_FOREVER);
        move(job);
        mr_lock_release(&job->locks[1]);
        mr_lock_release(&job->locks[0]);
        //@mutant one-lock: the other account
        mr_lock_acquire(&job->locks[job->from], MR_FOREVER);
        move(job);
        mr_lock_release(&job->locks[job->from]);
        //@mutant give-up: given up
        mr_lock_acquire(&job->locks[job->from], MR_FOREVER);
        nap();
        if (mr_lock_acquire(&job->locks[1 - job->from], 0.5) == MR_OK) {
            move(job);
            mr_lock_release(&job->locks[1 - job->from]);
        } else {
            mr_lock_release(&job->locks[job->from]);
            continue;
        }
        mr_lock_release(&job->locks[job->from]);
        //@end
        printf("transfer from %d\n", job->from);
    }
    return 0;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    mr_process processes[2];
    int balances[2] = {START, START};
    struct job job;

    if (mr_init(&argc, &argv) != MR_OK || mr_lock_init(&job.locks[0]) != MR_OK ||
        mr_lock_init(&job.locks[1]) != MR_OK ||
        mr_array_init_raw(&job.accounts, sizeof balances[0], 2, balances) != MR_OK)
        return failed();
    for (job.from = 0; job.from < 2; job.from++) {
        job.amount = job.from == 0 ? 10 : 3;
        if (mr_process_init(&processes[job.from], transfer, &job, sizeof job) != MR_OK ||
            mr_process_start(&processes[job.from]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < 2; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    mr_array_get(&job.accounts, 0, 2, balances);
    printf("balances %d %d\n", balances[0], balances[1]);
    return mr_finalize();
}
