#include <multirank.h>
#include <stdio.h>

static int seven(const void *args, size_t size)
{
    (void)args;
    (void)size;
    return 7;
}

int main(int argc, char **argv)
{
    mr_process process;
    if (mr_init(&argc, &argv) != MR_OK || mr_process_init(&process, seven, NULL, 0) != MR_OK ||
        mr_process_start(&process) != MR_OK || mr_process_join(&process, MR_FOREVER) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        return 1;
    }
    const int code = mr_process_exitcode(&process);
    printf("Multirank %s: the process returned %d\n", MR_VERSION, code);
    return mr_finalize() == MR_OK && code == 7 ? 0 : 1;
}
