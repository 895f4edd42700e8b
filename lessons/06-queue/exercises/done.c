//@title en: Taken is not done
//@title es: Sacado no es terminado
//@hint en: mr_queue_join waits until each item is done with. Who says so?
//@hint es: mr_queue_join espera a que cada elemento esté terminado. ¿Quién lo dice?
//@hint en: mr_queue_task_done, once for each item. Before the work, or after it?
//@hint es: mr_queue_task_done, una vez por elemento. ¿Antes del trabajo o después?
//@hint en: mr_queue_task_done(queue) as the last line of the loop, behind the printf.
//@hint es: mr_queue_task_done(queue) como última línea del bucle, después del printf.
//@fails: nobody has said
//@en Lesson 6, exercise done. Two daemons work on what stands in a queue; main waits with mr_queue_join until all of it is
//@en done, and waits for ever. Main has to say "all done" when the last parcel is packed, not before, and not never.
//@es Lección 6, ejercicio done. Dos demonios trabajan con lo que hay en una cola; main espera con mr_queue_join a que todo
//@es esté terminado, y espera para siempre. Main tiene que decir "all done" cuando el último paquete esté hecho: ni antes
//@es ni nunca.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { PARCELS = 6, PACKERS = 2 };

static int pack(const void *args, size_t size)
{
    const struct timespec nap = {.tv_nsec = 300000000};
    const mr_queue *queue = args;
    int parcel;
    (void)size;
    //@exercise
    //@solution
    //@mutant first-only: only the first
    bool said = false;
    //@end
    while (mr_queue_get(queue, &parcel, sizeof parcel, NULL, MR_FOREVER) == MR_OK) {
        //@exercise
        //@solution
        //@mutant before-work: before it was packed
        mr_queue_task_done(queue);
        //@end
        nanosleep(&nap, NULL);
        printf("packed %d\n", parcel);
        //@exercise
        //@solution
        mr_queue_task_done(queue);
        //@mutant before-work
        //@mutant first-only
        if (!said)
            mr_queue_task_done(queue);
        said = true;
        //@end
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
    mr_process packers[PACKERS];
    mr_queue queue;

    if (mr_init(&argc, &argv) != MR_OK || mr_queue_init_joinable(&queue, 0) != MR_OK)
        return failed();
    for (int i = 0; i < PACKERS; i++) {
        if (mr_process_init(&packers[i], pack, &queue, sizeof queue) != MR_OK ||
            mr_process_set_daemon(&packers[i], true) != MR_OK || mr_process_start(&packers[i]) != MR_OK)
            return failed();
    }
    for (int parcel = 1; parcel <= PARCELS; parcel++) {
        if (mr_queue_put(&queue, &parcel, sizeof parcel, MR_FOREVER) != MR_OK)
            return failed();
    }
    if (mr_queue_join(&queue, MR_FOREVER) != MR_OK)
        return failed();
    printf("all done\n");
    return mr_finalize();
}
