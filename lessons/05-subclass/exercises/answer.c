//@title en: An answer that does not come back
//@title es: Una respuesta que no vuelve
//@hint en: Whose copy of the struct does run write into?
//@hint es: ¿En la copia de quién escribe run?
//@hint en: What a process computes stays in its own memory. Main sees shared objects, messages, and an exit code of one byte.
//@hint es: Lo que calcula un proceso se queda en su memoria. Main ve objetos compartidos, mensajes y un código de salida de un byte.
//@hint en: Give the struct an mr_value, make it in main before the start, mr_value_set in run, mr_value_get after the join.
//@hint es: Pon un mr_value en el struct, créalo en main antes del start, mr_value_set en run y mr_value_get después del join.
//@fails: into its own copy
//@en Lesson 5, exercise answer. Each object of the class Adder adds the numbers from 1 to its limit. Main prints the sums, but
//@en they are all 0. Let the answers come back.
//@es Lección 5, ejercicio answer. Cada objeto de la clase Adder suma los números de 1 hasta su límite. Main imprime las sumas,
//@es pero todas son 0. Haz que vuelvan las respuestas.
#include <multirank.h>
#include <stdio.h>

enum { ADDERS = 3, FIRST = 40 /*@seed first 30 60*/ };

struct adder {
    mr_process base;
    int limit;
    int sum;
    mr_value shared; /* for an int; it is made in main, and you may use it */
};

static int add(mr_process *self)
{
    struct adder *mine = (struct adder *)self;

    //@exercise
    for (int number = 1; number <= mine->limit; number++)
        mine->sum += number;
    return 0;
    //@solution
    for (int number = 1; number <= mine->limit; number++)
        mine->sum += number;
    return mr_value_set(&mine->shared, &mine->sum) == MR_OK ? 0 : 1;
    //@mutant exit-code: one byte
    for (int number = 1; number <= mine->limit; number++)
        mine->sum += number;
    return mine->sum;
    //@mutant one-for-all: written into the same
    for (int number = 1; number <= mine->limit; number++)
        mine->sum += number;
    return mr_value_set(&mine->shared, &mine->sum) == MR_OK ? 0 : 1;
    //@end
}

static const mr_class adder_class = {"Adder", sizeof(struct adder), add};

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    struct adder adders[ADDERS];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < ADDERS; i++) {
        if (mr_process_init_class(&adders[i].base, &adder_class) != MR_OK ||
            mr_value_init(&adders[i].shared, sizeof(int), NULL) != MR_OK)
            return failed();
        adders[i].limit = FIRST + i;
        adders[i].sum = 0;
        //@exercise
        //@solution
        //@mutant one-for-all
        adders[i].shared = adders[0].shared;
        //@end
        if (mr_process_start(&adders[i].base) != MR_OK)
            return failed();
    }
    for (int i = 0; i < ADDERS; i++)
        if (mr_process_join(&adders[i].base, MR_FOREVER) != MR_OK)
            return failed();
    for (int i = 0; i < ADDERS; i++) {
        //@exercise
        //@solution
        if (mr_value_get(&adders[i].shared, &adders[i].sum) != MR_OK)
            return failed();
        //@mutant exit-code
        adders[i].sum = mr_process_exitcode(&adders[i].base);
        //@mutant one-for-all
        if (mr_value_get(&adders[i].shared, &adders[i].sum) != MR_OK)
            return failed();
        //@end
        printf("1 to %d: %d\n", adders[i].limit, adders[i].sum);
    }
    return mr_finalize();
}
