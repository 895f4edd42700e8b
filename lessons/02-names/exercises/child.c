//@title en: A child of a child
//@title es: El hijo de un hijo
//@hint en: Which process has to make the child, so that it is called Process-1:1?
//@hint es: ¿Qué proceso tiene que crear al hijo para que se llame Process-1:1?
//@hint en: A process may do all that main may: init, start, join. It does so inside its own function.
//@hint es: Un proceso puede hacer todo lo que puede main: init, start, join. Lo hace dentro de su propia función.
//@hint en: In parent(): mr_process_init(&process, child, NULL, 0), mr_process_start, mr_process_join; then the last line.
//@hint es: En parent(): mr_process_init(&process, child, NULL, 0), mr_process_start, mr_process_join; luego la última línea.
//@fails: nobody has started the child
//@en Lesson 2, exercise child. Main starts a parent. The parent has to start a child of its own, which will be called
//@en Process-1:1, and to wait for it; only then it may say that it has ended.
//@es Lección 2, ejercicio child. Main arranca un padre. El padre tiene que arrancar un hijo propio, que se llamará
//@es Process-1:1, y esperarlo; solo entonces puede decir que ha terminado.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

static int child(const void *args, size_t size)
{
    const struct timespec nap = {.tv_nsec = 300000000};
    (void)args;
    (void)size;

    printf("%s works, a child of %s\n", mr_process_name(mr_current_process()),
           mr_process_name(mr_parent_process()));
    nanosleep(&nap, NULL);
    printf("%s has ended\n", mr_process_name(mr_current_process()));
    return 0;
}

static int parent(const void *args, size_t size)
{
    (void)args;
    (void)size;

    //@exercise
    (void)child; /* here */
    //@solution
    mr_process process;
    if (mr_process_init(&process, child, NULL, 0) != MR_OK || mr_process_start(&process) != MR_OK ||
        mr_process_join(&process, MR_FOREVER) != MR_OK)
        return 1;
    //@mutant no-join: the parent has not waited
    mr_process process;
    if (mr_process_init(&process, child, NULL, 0) != MR_OK || mr_process_start(&process) != MR_OK)
        return 1;
    //@mutant a-call: a call is no process
    child(NULL, 0);
    //@mutant by-main: it is a child of main
    //@mutant named-by-hand: the name was given by hand
    //@end
    printf("%s has ended\n", mr_process_name(mr_current_process()));
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
    mr_process process;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    if (mr_process_init(&process, parent, NULL, 0) != MR_OK || mr_process_start(&process) != MR_OK)
        return failed();
    //@exercise
    //@solution
    //@mutant by-main
    mr_process other;
    if (mr_process_init(&other, child, NULL, 0) != MR_OK || mr_process_start(&other) != MR_OK)
        return failed();
    //@mutant named-by-hand
    mr_process other;
    if (mr_process_init(&other, child, NULL, 0) != MR_OK || mr_process_set_name(&other, "Process-1:1") != MR_OK ||
        mr_process_start(&other) != MR_OK)
        return failed();
    //@end
    if (mr_process_join(&process, MR_FOREVER) != MR_OK)
        return failed();
    printf("exit code %d\n", mr_process_exitcode(&process));
    return mr_finalize();
}
