/* Lesson 7: numbers flow through two pipes, from process to process and on to main. */
#include <multirank.h>
#include <stdio.h>

enum { NUMBERS = 10 };

/* What the process in the middle is given: where it receives and where it sends. */
struct ends {
    mr_connection numbers;
    mr_connection squares;
};

/* A call has failed: Multirank knows the sentence that tells why. */
static int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

static int failed(void)
{
    complain();
    mr_finalize();
    return 1;
}

static int send_numbers(const void *args, size_t size)
{
    const mr_connection *numbers = args;
    (void)size; /* sizeof(mr_connection) */

    for (int number = 0; number < NUMBERS; number++) {
        if (mr_connection_send(numbers, &number, sizeof number, MR_FOREVER) != MR_OK)
            return complain();
    }
    return 0; /* with the process its end of the pipe goes, too: that is the end of file for the other side */
}

static int send_squares(const void *args, size_t size)
{
    const struct ends *ends = args;
    mr_status status;
    int number;
    (void)size; /* sizeof(struct ends) */

    while ((status = mr_connection_recv(&ends->numbers, &number, sizeof number, NULL, MR_FOREVER)) == MR_OK) {
        int square = number * number;
        if (mr_connection_send(&ends->squares, &square, sizeof square, MR_FOREVER) != MR_OK)
            return complain();
    }
    return status == MR_EEOF ? 0 : complain();
}

int main(int argc, char **argv)
{
    mr_process first, second;
    mr_connection numbers_in, numbers_out, squares_in, squares_out;
    mr_status status;
    int square;

    /* A pipe of one direction: what is sent into its second end is received from the first. */
    if (mr_init(&argc, &argv) != MR_OK || mr_pipe_init(&numbers_in, &numbers_out, false) != MR_OK ||
        mr_pipe_init(&squares_in, &squares_out, false) != MR_OK)
        return failed();

    const struct ends middle = {numbers_in, squares_out};
    if (mr_process_init(&first, send_numbers, &numbers_out, sizeof numbers_out) != MR_OK ||
        mr_process_init(&second, send_squares, &middle, sizeof middle) != MR_OK ||
        mr_process_start(&first) != MR_OK || mr_process_start(&second) != MR_OK)
        return failed();

    /* How many will come? We need not know: the end of file says when there are no more. */
    while ((status = mr_connection_recv(&squares_in, &square, sizeof square, NULL, MR_FOREVER)) == MR_OK)
        printf("main received %d\n", square);
    if (status != MR_EEOF)
        return failed();
    printf("end of file\n");

    if (mr_process_join(&first, MR_FOREVER) != MR_OK || mr_process_join(&second, MR_FOREVER) != MR_OK)
        return failed();
    printf("exit codes: %d, %d\n", mr_process_exitcode(&first), mr_process_exitcode(&second));
    return mr_finalize();
}
