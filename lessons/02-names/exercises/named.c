//@title en: Named before it starts
//@title es: Con nombre antes de empezar
//@hint en: Which name does main print, and which one the process? How many copies of the name are there?
//@hint es: ¿Qué nombre imprime main y cuál imprime el proceso? ¿Cuántas copias del nombre hay?
//@hint en: The name travels to the process together with the function, when it is started.
//@hint es: El nombre viaja al proceso junto con la función, cuando se arranca.
//@hint en: Move mr_process_set_name between mr_process_init and mr_process_start, and keep the index.
//@hint es: Pon mr_process_set_name entre mr_process_init y mr_process_start, con el mismo índice.
//@fails: it is named too late
//@en Lesson 2, exercise named. Main gives its three processes names of their own, but the processes do not know them.
//@en Find out why, and mend it: each has to greet under the name that main has chosen.
//@es Lección 2, ejercicio named. Main pone nombre a sus tres procesos, pero los procesos no lo conocen. Averigua por qué
//@es y arréglalo: cada uno tiene que saludar con el nombre que main ha elegido.
#include <multirank.h>
#include <stdio.h>

enum { PROCESSES = 3 };

static int greet(const void *args, size_t size)
{
    (void)args;
    (void)size;
    printf("hello from %s\n", mr_process_name(mr_current_process()));
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
    static const char *const names[PROCESSES] = {"producer", "courier" /*@word second courier|porter|runner*/,
                                                 "consumer"};
    mr_process processes[PROCESSES];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();

    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], greet, NULL, 0) != MR_OK)
            return failed();
        //@exercise
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
        if (mr_process_set_name(&processes[i], names[i]) != MR_OK)
            return failed();
        //@solution
        if (mr_process_set_name(&processes[i], names[i]) != MR_OK)
            return failed();
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
        //@mutant always-first: the first process is named again and again
        if (mr_process_set_name(&processes[0], names[i]) != MR_OK)
            return failed();
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
        //@mutant same-name: all have the same name
        if (mr_process_set_name(&processes[i], names[0]) != MR_OK)
            return failed();
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
        //@mutant main-greets: main greets in their place
        if (mr_process_set_name(&processes[i], names[i]) != MR_OK)
            return failed();
        printf("hello from %s\n", mr_process_name(&processes[i]));
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
        //@end
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
        printf("%s has ended\n", mr_process_name(&processes[i]));
    }
    return mr_finalize();
}
