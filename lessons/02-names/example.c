/* Lesson 2: every process has a name, and knows it. */
#include <multirank.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES = 3 };

/* Needs no arguments: who it is, a process can ask. */
static int work(const void *args, size_t size)
{
    const char *name = mr_process_name(mr_current_process());
    (void)args;
    (void)size;

    printf("%s start\n", name);
    sleep(2);
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
    mr_process processes[PROCESSES];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();

    /* A process has a name as soon as it is made. */
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init(&processes[i], work, NULL, 0) != MR_OK)
            return failed();
    }
    /* The one in the middle gets a name of our choice; the others keep theirs. */
    if (mr_process_set_name(&processes[1], "courier") != MR_OK)
        return failed();

    for (int i = 0; i < PROCESSES; i++) {
        printf("%s made\n", mr_process_name(&processes[i]));
        if (mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    return mr_finalize();
}
