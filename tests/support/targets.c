#include "targets.h"

#include "check.h"
#include "notes.h"

#include <stdlib.h>
#include <unistd.h>

int does_nothing(const void *args, size_t size)
{
    (void)args, (void)size;
    return 0;
}

int returns(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(int));
    return *(const int *)args;
}

int sleeps(const void *args, size_t size)
{
    (void)args, (void)size;
    for (;;)
        pause();
}

int sleeps_seconds(const void *args, size_t size)
{
    CHECK_EQ(size, sizeof(double));
    rest(*(const double *)args);
    return 0;
}

int spins(const void *args, size_t size)
{
    (void)args, (void)size;
    for (volatile unsigned turns = 0;; turns++)
        ;
}

int says_alive(const void *args, size_t size)
{
    CHECK(size > 0);
    note(args, "%d", (int)getpid());
    return sleeps(NULL, 0);
}

bool begin(mr_process *process, mr_target target, const void *args, size_t size)
{
    return CHECK_OK(mr_process_init(process, target, args, size)) && CHECK_OK(mr_process_start(process));
}

bool end(mr_process *process, double timeout, int exit_code)
{
    return CHECK_OK(mr_process_join(process, timeout)) && CHECK_EQ(mr_process_exitcode(process), exit_code) &&
           CHECK_OK(mr_process_close(process));
}

struct contract {
    mr_process *victim;
    double seconds;
};

static void *kills(void *argument)
{
    struct contract *contract = argument;
    rest(contract->seconds);
    CHECK_OK(mr_process_kill(contract->victim));
    free(contract);
    return NULL;
}

bool kill_later(pthread_t *killer, mr_process *victim, double seconds)
{
    struct contract *contract = malloc(sizeof *contract);
    if (!CHECK(contract != NULL))
        return false;
    *contract = (struct contract){victim, seconds};
    return CHECK_EQ(pthread_create(killer, NULL, kills, contract), 0);
}

bool works(void)
{
    mr_process process;
    int code = 42;
    return begin(&process, returns, &code, sizeof code) && end(&process, 30, code);
}
