//@title en: Three hosts, not one memory
//@title es: Tres equipos, no una sola memoria
//@hint en: mr_array_data gives a pointer into memory of main's host. Who can see that?
//@hint es: mr_array_data da un puntero a memoria del equipo de main. ¿Quién puede verla?
//@hint en: Two calls copy elements out of the array and into it, on every host. How many elements does a process need?
//@hint es: Dos llamadas copian elementos del arreglo y hacia él, en cualquier equipo. ¿Cuántos elementos necesita un proceso?
//@hint en: mr_array_get(&job->squares, first, PART, part), square them, mr_array_set(&job->squares, first, PART, part).
//@hint es: mr_array_get(&job->squares, first, PART, part), elévalos al cuadrado, mr_array_set(&job->squares, first, PART, part).
//@fails: the pointer is NULL
//@en Lesson 9, exercise hosts. Three processes square a part of an array each, through a pointer. On another host than
//@en main's there is no such pointer. Make it right for any host; then try it on three:
//@en `cluster/hosts up 3`, `cluster/hosts run -n 4 PROGRAM`, `cluster/hosts down`.
//@es Lección 9, ejercicio hosts. Tres procesos elevan al cuadrado una parte de un arreglo cada uno, mediante un puntero. En
//@es un equipo que no sea el de main no existe ese puntero. Haz que funcione en cualquier equipo y pruébalo en tres:
//@es `cluster/hosts up 3`, `cluster/hosts run -n 4 PROGRAMA`, `cluster/hosts down`.
#include <multirank.h>
#include <stdio.h>

/* As it is on another host than main's: there mr_array_data gives NULL. So that you need no other host to see it,
 * it does so here, too. Leave this line as it is. */
#define mr_array_data(array) NULL

enum { PROCESSES = 3, PART = 3 /*@seed part 2 5*/, NUMBERS = PROCESSES * PART };

struct job {
    mr_array squares;
    int index;
};

//@exercise
//@solution
//@mutant global: nothing was put back
static long numbers[NUMBERS];

//@end
static int square(const void *args, size_t size)
{
    const struct job *job = args;
    size_t first = (size_t)job->index * PART;
    (void)size;
    //@exercise
    long *numbers = mr_array_data(&job->squares);
    if (numbers == NULL) {
        printf("no pointer in process %d\n", job->index);
        return 1;
    }
    for (size_t i = first; i < first + PART; i++)
        numbers[i] *= numbers[i];
    //@solution
    long part[PART];
    if (mr_array_get(&job->squares, first, PART, part) != MR_OK)
        return 1;
    for (int i = 0; i < PART; i++)
        part[i] *= part[i];
    if (mr_array_set(&job->squares, first, PART, part) != MR_OK)
        return 1;
    //@mutant global
    for (size_t i = first; i < first + PART; i++)
        numbers[i] = (long)((i + 1) * (i + 1));
    //@mutant same-part: all have worked on the same part
    long part[PART];
    (void)first;
    if (mr_array_get(&job->squares, 0, PART, part) != MR_OK)
        return 1;
    for (int i = 0; i < PART; i++)
        part[i] = (long)(i + 1) * (i + 1);
    if (mr_array_set(&job->squares, 0, PART, part) != MR_OK)
        return 1;
    //@mutant not-back: nothing was put back
    long part[PART];
    if (mr_array_get(&job->squares, first, PART, part) != MR_OK)
        return 1;
    for (int i = 0; i < PART; i++)
        part[i] *= part[i];
    //@end
    printf("process %d done\n", job->index);
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
    long results[NUMBERS];
    struct job job;

    for (int i = 0; i < NUMBERS; i++)
        results[i] = i + 1;
    if (mr_init(&argc, &argv) != MR_OK ||
        mr_array_init(&job.squares, sizeof results[0], NUMBERS, results) != MR_OK)
        return failed();
    for (job.index = 0; job.index < PROCESSES; job.index++) {
        if (mr_process_init(&processes[job.index], square, &job, sizeof job) != MR_OK ||
            mr_process_start(&processes[job.index]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    if (mr_array_get(&job.squares, 0, NUMBERS, results) != MR_OK)
        return failed();
    for (int i = 0; i < NUMBERS; i++)
        printf("square %ld\n", results[i]);
    return mr_finalize();
}
