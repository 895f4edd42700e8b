//@title en: A lost update to cure
//@title es: Una actualización perdida por curar
//@hint en: What may another process do between your get and your set?
//@hint es: ¿Qué puede hacer otro proceso entre tu get y tu set?
//@hint en: Reading, adding and writing must be one step: hold one lock, the same for all, around both; or use a call that does it.
//@hint es: Leer, sumar y escribir deben ser un solo paso: toma un cerrojo, el mismo para todos, alrededor de ambos; o usa una llamada que lo haga.
//@hint en: mr_dict_add(&job->tally, MR_STRING("sum"), MR_INT(1), &sum), in place of the get and the set.
//@hint es: mr_dict_add(&job->tally, MR_STRING("sum"), MR_INT(1), &sum), en lugar del get y el set.
//@fails: updates are lost
//@en Lesson 9, exercise tally. Each process adds 1 to the same number, many times, and in the end the sum is too small. Mend
//@en it so that no update is lost; all processes are to work at the same time, as now.
//@es Lección 9, ejercicio tally. Cada proceso suma 1 al mismo número, muchas veces, y al final la suma es demasiado pequeña.
//@es Arréglalo para que no se pierda ninguna actualización; todos los procesos deben trabajar a la vez, como ahora.
#include <multirank.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

enum { PROCESSES = 4, ADDITIONS = 50 /*@seed additions 30 70*/ };

struct job {
    mr_dict tally;
    mr_lock lock;
};

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    mr_item sum;
    (void)size;
    //@exercise
    //@solution
    //@mutant own-lock: a lock of its own
    mr_lock own;
    if (mr_lock_init(&own) != MR_OK)
        return complain();
    //@end
    for (int i = 0; i < ADDITIONS; i++) {
        //@exercise
        if (mr_dict_get(&job->tally, MR_STRING("sum"), &sum, NULL, 0) != MR_OK)
            return complain();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (mr_dict_set(&job->tally, MR_STRING("sum"), MR_INT(sum.integer + 1)) != MR_OK)
            return complain();
        //@solution
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (mr_dict_add(&job->tally, MR_STRING("sum"), MR_INT(1), &sum) != MR_OK)
            return complain();
        //@mutant own-lock
        if (mr_lock_acquire(&own, MR_FOREVER) != MR_OK ||
            mr_dict_get(&job->tally, MR_STRING("sum"), &sum, NULL, 0) != MR_OK)
            return complain();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (mr_dict_set(&job->tally, MR_STRING("sum"), MR_INT(sum.integer + 1)) != MR_OK ||
            mr_lock_release(&own) != MR_OK)
            return complain();
        //@mutant half: updates are lost
        if (mr_dict_get(&job->tally, MR_STRING("sum"), &sum, NULL, 0) != MR_OK)
            return complain();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (mr_lock_acquire(&job->lock, MR_FOREVER) != MR_OK ||
            mr_dict_set(&job->tally, MR_STRING("sum"), MR_INT(sum.integer + 1)) != MR_OK ||
            mr_lock_release(&job->lock) != MR_OK)
            return complain();
        //@mutant twice: more than
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        if (mr_dict_add(&job->tally, MR_STRING("sum"), MR_INT(1), &sum) != MR_OK ||
            mr_dict_set(&job->tally, MR_STRING("sum"), MR_INT(sum.integer + 1)) != MR_OK)
            return complain();
        //@end
    }
    return 0;
}

static int failed(void)
{
    complain();
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    mr_process processes[PROCESSES];
    mr_manager manager;
    struct job job;
    mr_item sum;

    if (mr_init(&argc, &argv) != MR_OK || mr_manager_init(&manager) != MR_OK ||
        mr_manager_start(&manager, NULL, NULL, 0) != MR_OK ||
        mr_manager_make_dict(&manager, &job.tally) != MR_OK || mr_lock_init(&job.lock) != MR_OK ||
        mr_dict_set(&job.tally, MR_STRING("sum"), MR_INT(0)) != MR_OK)
        return failed();
    for (int i = 0; i < PROCESSES; i++)
        if (mr_process_init(&processes[i], work, &job, sizeof job) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    for (int i = 0; i < PROCESSES; i++)
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    if (mr_dict_get(&job.tally, MR_STRING("sum"), &sum, NULL, 0) != MR_OK)
        return failed();
    printf("sum %lld\n", (long long)sum.integer);
    mr_manager_close(&manager);
    return mr_finalize();
}
