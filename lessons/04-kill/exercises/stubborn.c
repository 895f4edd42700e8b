//@title en: One that does not want to end
//@title es: Uno que no quiere terminar
//@hint en: What may a process do with SIGTERM? And with SIGKILL?
//@hint es: ¿Qué puede hacer un proceso con SIGTERM? ¿Y con SIGKILL?
//@hint en: mr_process_join takes a time-out, and says MR_ETIMEDOUT when the process is still there.
//@hint es: mr_process_join admite un tiempo límite, y dice MR_ETIMEDOUT si el proceso todavía está ahí.
//@hint en: For each: terminate, join for 2 seconds; if that is MR_ETIMEDOUT, kill, and join for ever.
//@hint es: Con cada uno: terminate, join de 2 segundos; si el resultado es MR_ETIMEDOUT, kill, y join sin límite.
//@fails: ignores SIGTERM
//@en Lesson 4, exercise stubborn. Both processes are asked to end. The polite one puts its work away first; the stubborn
//@en one ignores SIGTERM, and main waits for it for ever. Make end() end both, and let the polite one do its duty.
//@es Lección 4, ejercicio stubborn. A los dos procesos se les pide que terminen. El educado guarda antes su trabajo; el terco
//@es no hace caso de SIGTERM, y main lo espera para siempre. Haz que end() termine con los dos y que el educado pueda cumplir.
#include <multirank.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static volatile sig_atomic_t must_end;

static void ask(int signal)
{
    (void)signal;
    must_end = 1;
}

static void nap(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static int polite(const void *args, size_t size)
{
    const mr_semaphore *ready = args;
    (void)size;
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = ask}, NULL);
    mr_semaphore_release(ready);
    while (!must_end)
        nap(20);
    nap(200);
    printf("polite: work is put away\n");
    return 0;
}

static int stubborn(const void *args, size_t size)
{
    const mr_semaphore *ready = args;
    (void)size;
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    mr_semaphore_release(ready);
    for (int i = 0; i < 3600; i++)
        nap(1000);
    return 0;
}

static void end(mr_process *process)
{
    //@exercise
    mr_process_terminate(process);
    mr_process_join(process, MR_FOREVER);
    //@solution
    mr_process_terminate(process);
    if (mr_process_join(process, 2) == MR_ETIMEDOUT) {
        mr_process_kill(process);
        mr_process_join(process, MR_FOREVER);
    }
    //@mutant at-once: cannot put anything away
    mr_process_kill(process);
    mr_process_join(process, MR_FOREVER);
    //@mutant no-pause: no time between
    mr_process_terminate(process);
    mr_process_kill(process);
    mr_process_join(process, MR_FOREVER);
    //@mutant again: asking twice
    mr_process_terminate(process);
    if (mr_process_join(process, 2) == MR_ETIMEDOUT) {
        mr_process_terminate(process);
        mr_process_join(process, 2);
    }
    if (mr_process_is_alive(process))
        printf("still there\n");
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
    mr_process one, other;
    mr_semaphore ready;

    if (mr_init(&argc, &argv) != MR_OK || mr_semaphore_init(&ready, 0) != MR_OK)
        return failed();
    if (mr_process_init(&one, polite, &ready, sizeof ready) != MR_OK || mr_process_start(&one) != MR_OK ||
        mr_process_init(&other, stubborn, &ready, sizeof ready) != MR_OK || mr_process_start(&other) != MR_OK)
        return failed();
    if (mr_semaphore_acquire(&ready, MR_FOREVER) != MR_OK || mr_semaphore_acquire(&ready, MR_FOREVER) != MR_OK)
        return failed();
    end(&one);
    end(&other);
    printf("alive: polite %d, stubborn %d\n", mr_process_is_alive(&one), mr_process_is_alive(&other));
    mr_process_kill(&one);
    mr_process_kill(&other);
    return mr_finalize();
}
