//@title en: An exit code to interpret
//@title es: Un código de salida por interpretar
//@hint en: What does a negative exit code mean, and what does a positive one?
//@hint es: ¿Qué significa un código de salida negativo y qué significa uno positivo?
//@hint en: There are three cases: 0, above 0, below 0; and a signal's number has no sign.
//@hint es: Hay tres casos: 0, mayor que 0, menor que 0; y el número de una señal no lleva signo.
//@hint en: if (code < 0) printf("%s was ended by signal %d\n", name, -code);
//@hint es: if (code < 0) printf("%s was ended by signal %d\n", name, -code);
//@fails: a signal is not a failure of its own
//@en Lesson 4, exercise verdict. Four processes end in four ways. Have main say of each one how it ended, in one of these
//@en three forms: "NAME did well", "NAME failed with CODE", "NAME was ended by signal NUMBER".
//@es Lección 4, ejercicio verdict. Cuatro procesos terminan de cuatro maneras. Haz que main diga de cada uno cómo terminó, en
//@es una de estas tres formas: "NAME did well", "NAME failed with CODE", "NAME was ended by signal NUMBER".
#include <multirank.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FAILURE = 3 /*@seed failure 2 99*/ };

static int work(const void *args, size_t size)
{
    const int *index = args;
    (void)size;
    if (*index == 0)
        return 0;
    if (*index == 1)
        exit(FAILURE);
    if (*index == 2)
        raise(SIGKILL);
    for (;;)
        pause(); /* until somebody ends it */
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

static void tell(const char *name, int code)
{
    //@exercise
    if (code == 0)
        printf("%s did well\n", name);
    else
        printf("%s failed with %d\n", name, code);
    //@solution
    if (code == 0)
        printf("%s did well\n", name);
    else if (code > 0)
        printf("%s failed with %d\n", name, code);
    else
        printf("%s was ended by signal %d\n", name, -code);
    //@mutant signed: a signal's number has no sign
    if (code == 0)
        printf("%s did well\n", name);
    else if (code > 0)
        printf("%s failed with %d\n", name, code);
    else
        printf("%s was ended by signal %d\n", name, code);
    //@mutant shell: as a shell shows it
    if (code == 0)
        printf("%s did well\n", name);
    else if (code < 128 && code > 0)
        printf("%s failed with %d\n", name, code);
    else
        printf("%s was ended by signal %d\n", name, code - 128);
    //@mutant all-signals: has ended by itself
    if (code == 0)
        printf("%s did well\n", name);
    else
        printf("%s was ended by signal %d\n", name, abs(code));
    //@end
}

int main(int argc, char **argv)
{
    mr_process processes[4];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < 4; i++)
        if (mr_process_init(&processes[i], work, &i, sizeof i) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    if (mr_process_terminate(&processes[3]) != MR_OK)
        return failed();
    for (int i = 0; i < 4; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
        tell(mr_process_name(&processes[i]), mr_process_exitcode(&processes[i]));
    }
    return mr_finalize();
}
