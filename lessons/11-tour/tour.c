/* What all stops of the tour need. */
#include "tour.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

bool look(bool is_so, const char *what, ...)
{
    char text[2048];
    va_list values;

    va_start(values, what);
    vsnprintf(text, sizeof text, what, values);
    va_end(values);
    printf("  %s %s\n", is_so ? "yes" : "no ", text);
    return is_so;
}

bool ended_well(mr_process *process)
{
    if (mr_process_join(process, 2 * LIMIT) != MR_OK) /* longer than it waits itself */
        return failed();
    const int code = mr_process_exitcode(process);
    if (code != 0)
        look(false, "%s ends well: exit code %d", mr_process_name(process), code);
    mr_process_close(process);
    return code == 0;
}

int count_different(const int numbers[], int count)
{
    int different = 0;

    for (int i = 0; i < count; i++) {
        bool is_new = true;
        for (int j = 0; j < i; j++)
            is_new &= numbers[i] != numbers[j];
        different += is_new;
    }
    return different;
}

int complain(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    return 1;
}

bool failed(void)
{
    complain();
    return false;
}

void nap(double seconds)
{
    const time_t whole = (time_t)seconds;
    nanosleep(&(struct timespec){whole, (long)((seconds - (double)whole) * 1e9)}, NULL);
}
