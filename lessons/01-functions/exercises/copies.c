//@title en: What a process is given
//@title es: Lo que recibe un proceso
//@hint en: Which bytes travel to the process: those of the text, or those of its address?
//@hint es: ¿Qué bytes viajan al proceso: los del texto o los de su dirección?
//@hint en: mr_process_init copies `size` bytes from where it is pointed to. The text has to be among them.
//@hint es: mr_process_init copia `size` bytes de donde se le indica. El texto tiene que estar entre ellos.
//@hint en: Give the struct an array (char word[16]), fill it with snprintf, and send the struct.
//@hint es: Pon en la estructura un arreglo (char word[16]), rellénalo con snprintf y envía la estructura.
//@fails: an address means nothing in another process
//@en Lesson 1, exercise copies. Each process should print its word as often as it is told to. But main sends the address
//@en of the word, and the process has memory of its own: it dies. Send the word itself.
//@es Lección 1, ejercicio copies. Cada proceso debe imprimir su palabra tantas veces como se le dice. Pero main envía la
//@es dirección de la palabra, y el proceso tiene memoria propia: muere. Envía la palabra misma.
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROCESSES = 3 };

struct job {
    int times;
    //@exercise
    char *word;
    //@solution
    char word[16];
    //@end
};

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    (void)size;

    for (int i = 0; i < job->times; i++)
        printf("%s\n", job->word);
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
    static const char *const words[PROCESSES] = {"one", "three" /*@word third three|seven|eight*/, "two"};
    mr_process processes[PROCESSES];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();

    for (int i = 0; i < PROCESSES; i++) {
        //@exercise
        struct job job = {.times = i + 1, .word = strdup(words[i])};
        size_t size = sizeof job;
        //@solution
        struct job job = {.times = i + 1};
        size_t size = sizeof job;
        snprintf(job.word, sizeof job.word, "%s", words[i]);
        //@mutant too-small: only the beginning of the word arrives
        struct job job = {.times = i + 1};
        size_t size = sizeof job;
        snprintf(job.word, 4, "%s", words[i]);
        //@mutant same-word: the same word for all
        struct job job = {.times = i + 1};
        size_t size = sizeof job;
        snprintf(job.word, sizeof job.word, "%s", words[0]);
        //@mutant number-lost: how often it is to be printed
        struct job job = {.times = 1};
        size_t size = sizeof job;
        snprintf(job.word, sizeof job.word, "%s", words[i]);
        //@end
        if (mr_process_init(&processes[i], work, &job, size) != MR_OK || mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
        printf("exit code %d\n", mr_process_exitcode(&processes[i]));
    }
    return mr_finalize();
}
