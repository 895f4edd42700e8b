//@title en: How a result comes home
//@title es: Cómo vuelve un resultado a casa
//@hint en: run changes a member. Of whose struct?
//@hint es: run cambia un miembro. ¿Del struct de quién?
//@hint en: An exit code has 8 bits, and the sums are greater. A queue is a handle, and may be a member.
//@hint es: Un código de salida tiene 8 bits, y las sumas son mayores. Una cola es un handle y puede ser un miembro.
//@hint en: struct answer {int index; long sum;}: each process puts one into the queue, main gets as many as there are processes.
//@hint es: struct answer {int index; long sum;}: cada proceso pone uno en la cola; main saca tantos como procesos hay.
//@fails: its own copy
//@en Lesson 5, exercise result. Each process adds the numbers of its part, and puts the sum into its member. Main prints
//@en zeros. Bring the sums home; struct answer and the queue are there to be used.
//@es Lección 5, ejercicio result. Cada proceso suma los números de su parte y guarda la suma en su miembro. Main imprime
//@es ceros. Trae las sumas a casa; struct answer y la cola están para usarse.
#include <multirank.h>
#include <stdio.h>

enum { PROCESSES = 3, PART = 1000 };

struct adder {
    mr_process base;
    int index;
    long sum;
    mr_queue answers;
};

struct answer {
    int index;
    long sum;
};

static int add(mr_process *self)
{
    struct adder *adder = (struct adder *)self;
    for (long number = PART * adder->index + 1; number <= PART * (adder->index + 1); number++)
        adder->sum += number;
    //@exercise
    return 0;
    //@solution
    const struct answer answer = {adder->index, adder->sum};
    return mr_queue_put(&adder->answers, &answer, sizeof answer, MR_FOREVER) == MR_OK ? 0 : 1;
    //@mutant exit-code: 8 bits
    return (int)adder->sum;
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
    struct adder adders[PROCESSES];
    mr_queue answers;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init(&answers, 0) != MR_OK)
        return failed();
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init_class(&adders[i].base, &adder_class) != MR_OK)
            return failed();
        adders[i].index = i;
        adders[i].sum = 0;
        adders[i].answers = answers;
        if (mr_process_start(&adders[i].base) != MR_OK)
            return failed();
    }
    //@exercise
    //@solution
    for (int i = 0; i < PROCESSES; i++) {
        struct answer answer;
        if (mr_queue_get(&answers, &answer, sizeof answer, NULL, MR_FOREVER) != MR_OK)
            return failed();
        adders[answer.index].sum = answer.sum;
    }
    //@mutant only-first: only one answer
    struct answer answer;
    if (mr_queue_get(&answers, &answer, sizeof answer, NULL, MR_FOREVER) != MR_OK)
        return failed();
    adders[answer.index].sum = answer.sum;
    //@mutant exit-code
    //@end
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&adders[i].base, MR_FOREVER) != MR_OK)
            return failed();
        //@exercise
        //@solution
        //@mutant exit-code
        adders[i].sum = mr_process_exitcode(&adders[i].base);
        //@end
    }
    for (int i = 0; i < PROCESSES; i++)
        printf("part %d: %ld\n", i, adders[i].sum);
    return mr_finalize();
}
