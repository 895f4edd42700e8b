//@title en: Some may fall
//@title es: Algunos pueden caer
//@hint en: How does main learn which of its processes have not done their part?
//@hint es: ¿Cómo se entera main de qué procesos no han hecho su parte?
//@hint en: The exit code says it after the join. What a dead process has not put into the queue never comes.
//@hint es: Lo dice el código de salida después del join. Lo que un proceso muerto no puso en la cola no llegará nunca.
//@hint en: Join all first; then get with a time-out of 0 until MR_ETIMEDOUT, and count the exit codes that are not 0.
//@hint es: Primero join de todos; después get con tiempo límite 0 hasta MR_ETIMEDOUT, y cuenta los códigos de salida distintos de 0.
//@fails: an answer that never comes
//@en Lesson 11, exercise survivors. Five processes each put an answer into a queue; one or more crash before they do. Main
//@en waits for five answers, for ever. Make it report those that came, and how many processes were lost.
//@es Lección 11, ejercicio survivors. Cinco procesos ponen una respuesta en una cola; uno o más se caen antes. Main espera
//@es cinco respuestas, para siempre. Haz que informe de las que llegaron y de cuántos procesos se perdieron.
#include <multirank.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { PROCESSES = 5, EVERY = 2 /*@seed every 2 4*/ };

struct job {
    mr_queue answers;
    int index;
};

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    const struct timespec nap = {.tv_nsec = 100000000 + 300000000 * (job->index / 4)};
    int answer = 10 * job->index;
    (void)size;
    nanosleep(&nap, NULL);
    if (job->index % EVERY == 1)
        raise(SIGKILL); /* a crash */
    return mr_queue_put(&job->answers, &answer, sizeof answer, MR_FOREVER) == MR_OK ? 0 : 1;
}

static void report(mr_process processes[PROCESSES], const mr_queue *answers)
{
    int answer, lost = 0;
    //@exercise
    for (int i = 0; i < PROCESSES; i++) {
        mr_queue_get(answers, &answer, sizeof answer, NULL, MR_FOREVER);
        printf("answer %d\n", answer);
    }
    for (int i = 0; i < PROCESSES; i++)
        mr_process_join(&processes[i], MR_FOREVER);
    //@solution
    for (int i = 0; i < PROCESSES; i++) {
        mr_process_join(&processes[i], MR_FOREVER);
        lost += mr_process_exitcode(&processes[i]) != 0;
    }
    while (mr_queue_get(answers, &answer, sizeof answer, NULL, 0) == MR_OK)
        printf("answer %d\n", answer);
    //@mutant too-early: before all have ended
    while (mr_queue_get(answers, &answer, sizeof answer, NULL, 0) == MR_OK)
        printf("answer %d\n", answer);
    for (int i = 0; i < PROCESSES; i++) {
        mr_process_join(&processes[i], MR_FOREVER);
        lost += mr_process_exitcode(&processes[i]) != 0;
    }
    //@mutant positive: a crash is below 0
    for (int i = 0; i < PROCESSES; i++) {
        mr_process_join(&processes[i], MR_FOREVER);
        lost += mr_process_exitcode(&processes[i]) > 0;
    }
    while (mr_queue_get(answers, &answer, sizeof answer, NULL, 0) == MR_OK)
        printf("answer %d\n", answer);
    //@end
    printf("lost %d\n", lost);
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

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&job.answers, 0) != MR_OK)
        return failed();
    for (job.index = 0; job.index < PROCESSES; job.index++) {
        if (mr_process_init(&processes[job.index], work, &job, sizeof job) != MR_OK ||
            mr_process_start(&processes[job.index]) != MR_OK)
            return failed();
    }
    report(processes, &job.answers);
    return mr_finalize();
}
