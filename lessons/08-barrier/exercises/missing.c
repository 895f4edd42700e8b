//@title en: Somebody misses the barrier
//@title es: Alguien falta a la barrera
//@hint en: How many does the barrier wait for, and how many come?
//@hint es: ¿A cuántos espera la barrera y cuántos llegan?
//@hint en: Who has nothing to do still is one of those the others wait for.
//@hint es: Quien no tiene nada que hacer sigue siendo uno de los que los demás esperan.
//@hint en: The one with no data must not return before mr_barrier_wait: let it skip the work only.
//@hint es: El que no tiene datos no debe volver antes de mr_barrier_wait: que se salte solo el trabajo.
//@fails: waits for one who never comes
//@en Lesson 8, exercise missing. Four processes prepare their part, meet at a barrier, and go on. One finds no data and
//@en returns, and the others wait for ever. All four have to get past the barrier, together.
//@es Lección 8, ejercicio missing. Cuatro procesos preparan su parte, se reúnen en una barrera y siguen. Uno no encuentra
//@es datos y vuelve, y los demás esperan para siempre. Los cuatro tienen que pasar la barrera, juntos.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { PROCESSES = 4, EMPTY = 2 /*@seed empty 0 3*/ };

struct job {
    mr_barrier barrier;
    int index;
};

static bool has_data(int index)
{
    return index != EMPTY;
}

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    const struct timespec nap = {.tv_nsec = 100000000 * (job->index + 1)};
    (void)size;
    //@exercise
    if (!has_data(job->index))
        return 0;
    nanosleep(&nap, NULL);
    printf("%d prepared\n", job->index);
    mr_status status = mr_barrier_wait(&job->barrier, NULL, MR_FOREVER);
    //@solution
    if (has_data(job->index)) {
        nanosleep(&nap, NULL);
        printf("%d prepared\n", job->index);
    }
    mr_status status = mr_barrier_wait(&job->barrier, NULL, MR_FOREVER);
    //@mutant time-out: breaks the barrier
    if (!has_data(job->index))
        return 0;
    nanosleep(&nap, NULL);
    printf("%d prepared\n", job->index);
    mr_status status = mr_barrier_wait(&job->barrier, NULL, 1);
    //@mutant abort: breaks the barrier
    if (!has_data(job->index)) {
        mr_barrier_abort(&job->barrier);
        return 0;
    }
    nanosleep(&nap, NULL);
    printf("%d prepared\n", job->index);
    mr_status status = mr_barrier_wait(&job->barrier, NULL, MR_FOREVER);
    //@mutant no-barrier: without waiting
    if (has_data(job->index)) {
        nanosleep(&nap, NULL);
        printf("%d prepared\n", job->index);
    }
    mr_status status = MR_OK;
    //@end
    printf("%d goes on: %s\n", job->index, mr_strerror(status));
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
    mr_process processes[PROCESSES];
    struct job job;

    if (mr_init(&argc, &argv) != MR_OK || mr_barrier_init(&job.barrier, PROCESSES, NULL, MR_FOREVER) != MR_OK)
        return failed();
    for (job.index = 0; job.index < PROCESSES; job.index++) {
        if (mr_process_init(&processes[job.index], work, &job, sizeof job) != MR_OK ||
            mr_process_start(&processes[job.index]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    return mr_finalize();
}
