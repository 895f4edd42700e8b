/* What debug.sh debugs: a call in main after mr_init, and one in a process; that one does something wrong if the
 * program has an argument. */
#include <multirank.h>

#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static void after_init(void)
{
    puts("after mr_init");
}

__attribute__((noinline)) static int work(const void *args, size_t size)
{
    int *numbers = malloc(size);
    if (numbers == NULL)
        return 1;
    if (((const int *)args)[1] == 0)
        numbers[1] = 0;
    puts(*(volatile int *)(numbers + 1) == 5 ? "five" : "not five");
    free(numbers);
    return *(const int *)args;
}

int main(int argc, char **argv)
{
    int args[] = {7, argc > 1};
    mr_process process;
    if (mr_init(&argc, &argv) != MR_OK)
        return 1;
    after_init();
    mr_process_init(&process, work, args, sizeof args);
    mr_process_start(&process);
    mr_process_join(&process, MR_FOREVER);
    printf("exit code %d\n", mr_process_exitcode(&process));
    return mr_finalize();
}
