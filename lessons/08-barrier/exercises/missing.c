//@title en: A barrier that somebody misses
//@title es: Una barrera en la que falta alguien
//@hint en: How many does the barrier wait for, and how many come? `multirank stack` in another terminal tells.
//@hint es: ¿A cuántos espera la barrera y cuántos llegan? Lo dice `multirank stack` en otra terminal.
//@hint en: Either main takes part, or it does not count.
//@hint es: O main participa, o no se cuenta.
//@hint en: Make the barrier for WORKERS parties; or call mr_barrier_wait in main, too, before it joins the workers.
//@hint es: Crea la barrera para WORKERS participantes; o llama a mr_barrier_wait también en main, antes de los join.
//@fails: nobody goes on
//@en Lesson 8, exercise missing. Nobody may go on before all workers have arrived; and all are to go on. The program hangs:
//@en find out who is missing at the barrier, and mend it.
//@es Lección 8, ejercicio missing. Nadie debe seguir antes de que hayan llegado todos los trabajadores; y todos deben seguir.
//@es El programa se cuelga: averigua quién falta en la barrera y arréglalo.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { WORKERS = 4 /*@seed workers 3 5*/ };

struct job {
    mr_barrier barrier;
    int index;
};

static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    (void)size;
    nanosleep(&(struct timespec){.tv_nsec = 100000000L * job->index}, NULL); /* they come one after another */
    printf("worker %d arrives\n", job->index);
    //@exercise
    if (mr_barrier_wait(&job->barrier, NULL, MR_FOREVER) != MR_OK)
        return complain();
    //@solution
    if (mr_barrier_wait(&job->barrier, NULL, MR_FOREVER) != MR_OK)
        return complain();
    //@mutant impatient: breaks it for all
    if (mr_barrier_wait(&job->barrier, NULL, 0.05) != MR_OK)
        return complain();
    //@mutant without: before all have arrived
    //@end
    printf("worker %d goes on\n", job->index);
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
    mr_process workers[WORKERS];
    struct job job;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    //@exercise
    if (mr_barrier_init(&job.barrier, WORKERS + 1, NULL, MR_FOREVER) != MR_OK) /* and main */
        return failed();
    //@solution
    if (mr_barrier_init(&job.barrier, WORKERS, NULL, MR_FOREVER) != MR_OK)
        return failed();
    //@mutant too-few: left over
    if (mr_barrier_init(&job.barrier, WORKERS - 1, NULL, MR_FOREVER) != MR_OK)
        return failed();
    //@end
    for (job.index = 0; job.index < WORKERS; job.index++)
        if (mr_process_init(&workers[job.index], work, &job, sizeof job) != MR_OK ||
            mr_process_start(&workers[job.index]) != MR_OK)
            return failed();
    for (int i = 0; i < WORKERS; i++)
        if (mr_process_join(&workers[i], MR_FOREVER) != MR_OK)
            return failed();
    return mr_finalize();
}
