//@title en: An address in a foreign city
//@title es: Una dirección de otra ciudad
//@hint en: The struct is copied byte for byte. Which bytes does a pointer have, and what do they mean in another process?
//@hint es: El struct se copia byte a byte. ¿Qué bytes tiene un puntero y qué significan en otro proceso?
//@hint en: What is to travel has to lie in the struct itself.
//@hint es: Lo que tiene que viajar debe estar en el propio struct.
//@hint en: char text[32] as the member, and snprintf(greeter.text, sizeof greeter.text, "%s", ...) before the start.
//@hint es: char text[32] como miembro, y snprintf(greeter.text, sizeof greeter.text, "%s", ...) antes de arrancar.
//@fails: a pointer means nothing
//@en Lesson 5, exercise pointer. A process is to say a text that main has made. It has got the address of the text, and
//@en dies of it. Let it have the text.
//@es Lección 5, ejercicio pointer. Un proceso debe decir un texto que ha preparado main. Ha recibido la dirección del texto,
//@es y eso lo mata. Haz que reciba el texto.
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>

//@exercise
//@solution
//@mutant global: main's own memory
static char shared_text[32];

//@end
struct greeter {
    mr_process base;
    //@exercise
    char *text;
    //@solution
    char text[32];
    //@mutant global
    int unused;
    //@end
};

static int greet(mr_process *self)
{
    //@exercise
    const char *text = ((const struct greeter *)self)->text;
    //@solution
    const char *text = ((const struct greeter *)self)->text;
    //@mutant global
    const char *text = shared_text;
    //@end
    printf("%s says: %s\n", mr_process_name(self), text);
    return 0;
}

static const mr_class greeter_class = {"Greeter", sizeof(struct greeter), greet};

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    static const char word[] = "hello" /*@word word hello|welcome|greetings|cheers*/;
    struct greeter greeter = {0};

    if (mr_init(&argc, &argv) != MR_OK || mr_process_init_class(&greeter.base, &greeter_class) != MR_OK)
        return failed();
    //@exercise
    if ((greeter.text = malloc(sizeof word + 7)) == NULL)
        return failed();
    snprintf(greeter.text, sizeof word + 7, "%s, world", word);
    //@solution
    snprintf(greeter.text, sizeof greeter.text, "%s, world", word);
    //@mutant global
    snprintf(shared_text, sizeof shared_text, "%s, world", word);
    //@mutant too-late: after the start
    //@end
    if (mr_process_start(&greeter.base) != MR_OK)
        return failed();
    //@exercise
    //@solution
    //@mutant too-late
    snprintf(greeter.text, sizeof greeter.text, "%s, world", word);
    //@end
    if (mr_process_join(&greeter.base, MR_FOREVER) != MR_OK)
        return failed();
    printf("exit code %d\n", mr_process_exitcode(&greeter.base));
    return mr_finalize();
}
