/* Lesson 4: end a process from outside, and learn from its exit code how it ended. */
#include <multirank.h>
#include <stdio.h>
#include <unistd.h>

static int work(const void *args, size_t size)
{
    (void)args;
    (void)size;

    printf("work start\n");
    sleep(1);
    printf("work end\n"); /* it never gets this far */
    return 0;
}

static void show(const char *when, const mr_process *process)
{
    printf("%s: alive %s\n", when, mr_process_is_alive(process) ? "true" : "false");
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

    if (mr_init(&argc, &argv) != MR_OK || mr_process_init(&process, work, NULL, 0) != MR_OK)
        return failed();
    show("before start", &process);

    if (mr_process_start(&process) != MR_OK)
        return failed();
    show("after start", &process);

    /* Sends the signal SIGTERM and comes back at once: the process may still live for a moment. */
    if (mr_process_terminate(&process) != MR_OK)
        return failed();
    show("after terminate", &process);

    sleep(1);
    show("one second later", &process);

    /* 0: it ended well. Above 0: it failed, with that code. Below 0: a signal of that number ended it. */
    printf("exit code: %d\n", mr_process_exitcode(&process));
    return mr_finalize();
}
