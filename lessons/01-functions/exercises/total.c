//@title en: A global variable for all?
//@title es: ¿Una variable global para todos?
//@hint en: The processes add to `total`. To whose `total`? How many variables of that name are there?
//@hint es: Los procesos suman a `total`. ¿Al `total` de quién? ¿Cuántas variables hay con ese nombre?
//@hint en: A small number comes back from a process without any shared memory: what it returns.
//@hint es: Un número pequeño vuelve de un proceso sin memoria compartida: lo que devuelve.
//@hint en: work returns the number; behind the join, main adds mr_process_exitcode(&processes[i]).
//@hint es: work devuelve el número; después del join, main suma mr_process_exitcode(&processes[i]).
//@fails: memory of its own
//@en Lesson 1, exercise total. Each process counts the letters of its word and adds them to a global variable. Main prints
//@en 0 all the same. Make main print the right total; a count is small enough to come back as an exit code.
//@es Lección 1, ejercicio total. Cada proceso cuenta las letras de su palabra y las suma a una variable global. Aun así,
//@es main imprime 0. Haz que main imprima el total correcto; una cuenta así cabe en un código de salida.
#include <multirank.h>
#include <stdio.h>
#include <string.h>

enum { PROCESSES = 4 };

//@exercise
static long total;

//@solution
//@end
static int count(const void *args, size_t size)
{
    const char *word = args;
    int letters = (int)strlen(word);
    (void)size;

    printf("%s: %d\n", word, letters);
    //@exercise
    total += letters;
    return 0;
    //@solution
    return letters;
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
    static const char *const words[PROCESSES] = {"a", "process" /*@word second process|rank|core|program*/,
                                                 "has its own", "memory"};
    mr_process processes[PROCESSES];
    //@exercise
    //@solution
    long total = 0;
    //@end

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();

    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], count, words[i], strlen(words[i]) + 1) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
        //@exercise
        //@solution
        //@mutant too-early: has not ended yet
        total += mr_process_exitcode(&processes[i]);
        //@end
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
        //@exercise
        //@solution
        total += mr_process_exitcode(&processes[i]);
        //@mutant too-early
        //@mutant last-one: only the last process
        total = mr_process_exitcode(&processes[i]);
        //@mutant first-missing: does not count the first
        total += i > 0 ? mr_process_exitcode(&processes[i]) : 0;
        //@end
    }
    printf("total %ld\n", total);
    return mr_finalize();
}
