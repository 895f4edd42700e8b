//@title en: A daemon that loses work
//@title es: Un demonio que pierde trabajo
//@hint en: What happens to a daemon in the middle of its work when main ends?
//@hint es: ¿Qué le pasa a un demonio en medio de su trabajo cuando main termina?
//@hint en: Two ways: it is no daemon; or main waits for it, as long as it takes.
//@hint es: Hay dos maneras: que no sea un demonio, o que main lo espere el tiempo que haga falta.
//@hint en: Remove the line with mr_process_set_daemon, or put mr_process_join(&diary, MR_FOREVER) before the last line.
//@hint es: Quita la línea de mr_process_set_daemon, o pon mr_process_join(&diary, MR_FOREVER) antes de la última línea.
//@fails: a daemon is cut off
//@en Lesson 3, exercise diary. The diary is written by a daemon, one page each 0.3 s, and most pages get lost. No page may
//@en get lost, however long a page takes; and no page may be written twice.
//@es Lección 3, ejercicio diary. El diario lo escribe un demonio, una página cada 0,3 s, y se pierden casi todas. No se
//@es puede perder ninguna página, tarde lo que tarde cada una, ni escribirse dos veces.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { PAGES = 5 /*@seed pages 4 8*/ };

static int write_pages(const void *args, size_t size)
{
    const struct timespec nap = {.tv_nsec = 300000000};
    (void)args;
    (void)size;
    for (int page = 1; page <= PAGES; page++) {
        nanosleep(&nap, NULL);
        printf("page %d\n", page);
    }
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
    mr_process diary;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    if (mr_process_init(&diary, write_pages, NULL, 0) != MR_OK)
        return failed();
    //@exercise
    mr_process_set_daemon(&diary, true);
    //@solution
    //@mutant impatient: longer than main was ready to wait
    mr_process_set_daemon(&diary, true);
    //@end
    if (mr_process_start(&diary) != MR_OK)
        return failed();

    //@exercise
    //@solution
    if (mr_process_join(&diary, MR_FOREVER) != MR_OK)
        return failed();
    //@mutant impatient
    mr_process_join(&diary, 1);
    //@mutant terminated: main itself has ended the diary
    const struct timespec nap = {.tv_sec = 1};
    nanosleep(&nap, NULL);
    mr_process_terminate(&diary);
    if (mr_process_join(&diary, MR_FOREVER) != MR_OK)
        return failed();
    //@mutant by-main: twice
    if (mr_process_join(&diary, MR_FOREVER) != MR_OK)
        return failed();
    write_pages(NULL, 0);
    //@end
    printf("main ends; the diary has exit code %d\n", mr_process_exitcode(&diary));
    return mr_finalize();
}
