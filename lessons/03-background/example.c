/* Lesson 3: a daemon works in the background, and nobody waits for it. */
#include <multirank.h>
#include <stdio.h>
#include <unistd.h>

/* Takes as many seconds as it is told to. */
static int work(const void *args, size_t size)
{
    const unsigned *seconds = args;
    const char *name = mr_process_name(mr_current_process());
    (void)size; /* sizeof(unsigned) */

    printf("%s start\n", name);
    sleep(*seconds);
    printf("%s end\n", name);
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
    mr_process background, foreground;
    const unsigned ten = 10, two = 2;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();

    if (mr_process_init(&background, work, &ten, sizeof ten) != MR_OK ||
        mr_process_init(&foreground, work, &two, sizeof two) != MR_OK)
        return failed();
    mr_process_set_name(&background, "background");
    mr_process_set_name(&foreground, "foreground");

    /* The only difference between the two; it has to be made before the start. */
    mr_process_set_daemon(&background, true);

    if (mr_process_start(&background) != MR_OK || mr_process_start(&foreground) != MR_OK)
        return failed();

    /* No join: main has nothing more to do. The rest is up to mr_finalize. It terminates the daemon and waits for
     * the other one. */
    printf("main finished\n");
    return mr_finalize();
}
