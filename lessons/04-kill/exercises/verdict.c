//@title en: What an exit code says
//@title es: Lo que dice un código de salida
//@hint en: Which three kinds of exit code are there, and what does a process have that has none yet?
//@hint es: ¿Qué tres clases de código de salida hay, y qué tiene un proceso que todavía no tiene ninguno?
//@hint en: Below 0 is a signal, with its sign turned round; MR_EXITCODE_NONE is below 0, too, so ask for it first.
//@hint es: Por debajo de 0 es una señal, con el signo cambiado; MR_EXITCODE_NONE también es negativo, así que pregunta primero por él.
//@hint en: Four cases in this order: == MR_EXITCODE_NONE, < 0 (print -code), > 0 (print code), and 0.
//@hint es: Cuatro casos en este orden: == MR_EXITCODE_NONE, < 0 (imprime -code), > 0 (imprime code) y 0.
//@fails: a signal is not a failure
//@en Lesson 4, exercise verdict. Five processes end in different ways, or not at all. Say of each, in one of these forms:
//@en "still running", "killed by signal 9", "failed with code 3", "ended well".
//@es Lección 4, ejercicio verdict. Cinco procesos terminan de maneras distintas, o no terminan. Di de cada uno, con una de
//@es estas frases: "still running", "killed by signal 9", "failed with code 3", "ended well".
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { CODE = 3 /*@seed code 2 99*/, PROCESSES = 5 };

static int quiet(const void *args, size_t size)
{
    (void)args;
    (void)size;
    return 0;
}

static int broken(const void *args, size_t size)
{
    (void)args;
    (void)size;
    return CODE;
}

static int endless(const void *args, size_t size)
{
    const struct timespec hour = {.tv_sec = 3600};
    (void)args;
    (void)size;
    nanosleep(&hour, NULL);
    return 0;
}

static void say(const char *name, int code)
{
    //@exercise
    if (code != 0)
        printf("%s: failed with code %d\n", name, code);
    else
        printf("%s: ended well\n", name);
    //@solution
    if (code == MR_EXITCODE_NONE)
        printf("%s: still running\n", name);
    else if (code < 0)
        printf("%s: killed by signal %d\n", name, -code);
    else if (code > 0)
        printf("%s: failed with code %d\n", name, code);
    else
        printf("%s: ended well\n", name);
    //@mutant no-none: has not ended has no exit code
    if (code < 0)
        printf("%s: killed by signal %d\n", name, code == MR_EXITCODE_NONE ? 0 : -code);
    else if (code > 0)
        printf("%s: failed with code %d\n", name, code);
    else
        printf("%s: ended well\n", name);
    //@mutant sign: a signal has a number above 0
    if (code == MR_EXITCODE_NONE)
        printf("%s: still running\n", name);
    else if (code < 0)
        printf("%s: killed by signal %d\n", name, code);
    else if (code > 0)
        printf("%s: failed with code %d\n", name, code);
    else
        printf("%s: ended well\n", name);
    //@mutant shell: that is what a shell shows
    if (code == MR_EXITCODE_NONE)
        printf("%s: still running\n", name);
    else if (code != 0)
        printf("%s: failed with code %d\n", name, code < 0 ? 128 - code : code);
    else
        printf("%s: ended well\n", name);
    //@end
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    static const char *const names[PROCESSES] = {"quiet", "broken", "terminated", "shot", "busy"};
    static const mr_target targets[PROCESSES] = {quiet, broken, endless, endless, endless};
    mr_process processes[PROCESSES];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], targets[i], NULL, 0) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    mr_process_terminate(&processes[2]);
    mr_process_kill(&processes[3]);
    for (int i = 0; i < PROCESSES - 1; i++) { /* the last one never ends by itself */
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++)
        say(names[i], mr_process_exitcode(&processes[i]));
    mr_process_kill(&processes[PROCESSES - 1]);
    return mr_finalize();
}
