//@title en: Once more, but not for ever
//@title es: Otra vez, pero no para siempre
//@hint en: May one and the same process be started twice? What does mr_last_error() say?
//@hint es: ¿Se puede arrancar dos veces el mismo proceso? ¿Qué dice mr_last_error()?
//@hint en: Each attempt needs a process of its own: mr_process_init inside the loop. And when does the loop end?
//@hint es: Cada intento necesita un proceso propio: mr_process_init dentro del bucle. ¿Y cuándo acaba el bucle?
//@hint en: for attempt 0 to TRIES - 1: init, start, join, look at the exit code, close; return as soon as it is 0.
//@hint es: para attempt de 0 a TRIES - 1: init, start, join, mira el código de salida, close; vuelve en cuanto sea 0.
//@fails: cannot be started twice
//@en Lesson 4, exercise restart. A flaky job crashes twice before it succeeds; a hopeless one crashes always. Run each until
//@en it succeeds, at most 3 times. Return 0 if it has, 1 if it is given up. Main survives all of it.
//@es Lección 4, ejercicio restart. Un trabajo inestable se cae dos veces antes de salir bien; otro, sin remedio, se cae
//@es siempre. Ejecuta cada uno hasta que salga bien, como mucho 3 veces. Devuelve 0 si salió bien, 1 si se abandona. Main
//@es sobrevive a todo.
#include <multirank.h>
#include <signal.h>
#include <stdio.h>

enum { TRIES = 3 };

struct job {
    int needs; /* attempts before it succeeds */
    int attempt;
};

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    (void)size;
    printf("%s attempt %d\n", job->needs < TRIES ? "flaky" : "hopeless", job->attempt);
    if (job->attempt < job->needs)
        raise(SIGKILL); /* as if somebody had crashed it */
    return 0;
}

static int run(struct job job)
{
    mr_process process;
    //@exercise
    job.attempt = 0;
    mr_process_init(&process, work, &job, sizeof job);
    while (job.attempt < TRIES) {
        if (mr_process_start(&process) != MR_OK) {
            fprintf(stderr, "%s\n", mr_last_error());
            return 1;
        }
        mr_process_join(&process, MR_FOREVER);
        if (mr_process_exitcode(&process) == 0)
            return 0;
        job.attempt++;
    }
    return 1;
    //@solution
    for (job.attempt = 0; job.attempt < TRIES; job.attempt++) {
        if (mr_process_init(&process, work, &job, sizeof job) != MR_OK || mr_process_start(&process) != MR_OK)
            return 1;
        mr_process_join(&process, MR_FOREVER);
        int code = mr_process_exitcode(&process);
        mr_process_close(&process);
        if (code == 0)
            return 0;
    }
    return 1;
    //@mutant patient: more often than was asked for
    for (job.attempt = 0; job.attempt < 2 * TRIES; job.attempt++) {
        if (mr_process_init(&process, work, &job, sizeof job) != MR_OK || mr_process_start(&process) != MR_OK)
            return 1;
        mr_process_join(&process, MR_FOREVER);
        if (mr_process_exitcode(&process) == 0)
            return 0;
    }
    return 1;
    //@mutant positive: a crash is below 0
    for (job.attempt = 0; job.attempt < TRIES; job.attempt++) {
        if (mr_process_init(&process, work, &job, sizeof job) != MR_OK || mr_process_start(&process) != MR_OK)
            return 1;
        mr_process_join(&process, MR_FOREVER);
        if (mr_process_exitcode(&process) <= 0)
            return 0;
    }
    return 1;
    //@end
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        return 1;
    }
    printf("flaky: %s\n", run((struct job){.needs = 2}) == 0 ? "done" : "given up");
    printf("hopeless: %s\n", run((struct job){.needs = 100}) == 0 ? "done" : "given up");
    return mr_finalize();
}
