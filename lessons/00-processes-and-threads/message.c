/* Disadvantage 4, communication: what it costs to ask another process for a number, beside reading one's own. */
#include "common.h"

enum { LOADS = 1 << 22, MESSAGES = 20000 };

static int answer(const void *args, size_t size)
{
    const mr_connection *end = args;
    mr_status status;
    int number;
    (void)size;

    while ((status = mr_connection_recv(end, &number, sizeof number, NULL, MR_FOREVER)) == MR_OK) {
        number++;
        if ((status = mr_connection_send(end, &number, sizeof number, MR_FOREVER)) != MR_OK)
            break;
    }
    return status == MR_EEOF ? 0 : 1;
}

int main(int argc, char **argv)
{
    static int numbers[1024];
    mr_connection here, there;
    mr_process process;
    volatile const int *memory = numbers;
    int number = 0;
    long sum = 0;

    if (mr_init(&argc, &argv) != MR_OK || mr_pipe_init(&here, &there, true) != MR_OK ||
        mr_process_init(&process, answer, &there, sizeof there) != MR_OK || mr_process_start(&process) != MR_OK)
        return failed();

    double start = now();
    for (int i = 0; i < LOADS; i++)
        sum += memory[i % 1024];
    const double load = (now() - start) / LOADS * 1e9;

    start = now();
    for (int i = 0; i < MESSAGES; i++) {
        if (mr_connection_send(&here, &number, sizeof number, MR_FOREVER) != MR_OK ||
            mr_connection_recv(&here, &number, sizeof number, NULL, MR_FOREVER) != MR_OK)
            return failed();
    }
    const double message = (now() - start) / MESSAGES * 1e9;

    if (sum != 0 || number != MESSAGES || mr_connection_close(&here) != MR_OK ||
        mr_process_join(&process, MR_FOREVER) != MR_OK)
        return failed();
    printf("to read a number of one's own: %10.2f ns\n", load);
    printf("to ask another process for it: %10.2f ns, %.0f times as long\n", message, message / load);
    return mr_finalize();
}
