/* Does wrong on purpose, so that the checks can be tried: trial [hangs | dies CODE | leaves]. */
#include <fcntl.h>
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mr_barrier two;

/* Waits for a partner that nobody has started. */
static int wait_for_ever(const void *args, size_t size)
{
    mr_barrier barrier;
    (void)size;
    memcpy(&barrier, args, sizeof barrier);
    return mr_barrier_wait(&barrier, NULL, MR_FOREVER);
}

static int hang(void)
{
    mr_process process;
    if (mr_barrier_init(&two, 2, NULL, MR_FOREVER) != MR_OK || mr_process_init(&process, wait_for_ever, &two, sizeof two) != MR_OK ||
        mr_process_start(&process) != MR_OK || mr_process_join(&process, MR_FOREVER) != MR_OK)
        return 1;
    return 0;
}

/* A file in the folder for temporary files. */
static void leave(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/left", getenv("TMPDIR"));
    close(open(path, O_WRONLY | O_CREAT, 0600));
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (mr_init(&argc, &argv) != MR_OK)
        return 1;
    printf("word one\nword two\nword two\n");
    fprintf(stderr, "complaint\n");
    int code = 0;
    if (strcmp(mode, "hangs") == 0)
        code = hang();
    else if (strcmp(mode, "dies") == 0)
        code = argc > 2 ? atoi(argv[2]) : 9;
    else if (strcmp(mode, "leaves") == 0)
        leave();
    return mr_finalize() == MR_OK ? code : 1;
}
