#include "steps.h"

#include "arena/arena.h"
#include "base/context.h"
#include "forks.h"
#include "object/object.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_TRACE = 77 };

pid_t steps_start(bool (*prepare)(const struct objects *), bool (*act)(const struct objects *),
                  const struct objects *objects, int *rank)
{
    int status;
    pid_t pid = forks_fork(rank);
    if (pid != 0) {
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TRACE)
            cr_skip("no process may trace another here");
        return pid;
    }
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(CANNOT_TRACE);
    bool good = prepare == NULL || prepare(objects);
    raise(SIGSTOP);
    good = good && act(objects);
    raise(SIGSTOP);
    _exit(good ? 0 : 1);
}

bool steps_on(pid_t victim, int steps, int *length)
{
    int status;
    for (int i = 0; i < steps; i++) {
        if (length != NULL)
            *length = i;
        if (ptrace(PTRACE_SINGLESTEP, victim, NULL, NULL) != 0 || waitpid(victim, &status, 0) != victim)
            cr_assert_fail("the victim is gone");
        cr_assert(WIFSTOPPED(status), "the victim has ended");
        if (WSTOPSIG(status) == SIGSTOP)
            return true;
    }
    return false;
}

static uint64_t mix(uint64_t hash, const void *from, const void *to)
{
    for (const uint64_t *word = from; (const void *)word < to; word++)
        hash = (hash ^ *word) * 0x100000001b3;
    return hash;
}

/* Of all that is in use: the head of the arena, its slots, its heap. */
static uint64_t fingerprint(void)
{
    const mr__arena *arena = mr__ctx.arena;
    uint64_t hash = mix(0xcbf29ce484222325, arena, arena + 1);
    hash = mix(hash, mr__slot_at(0), mr__slot_at(arena->slots));
    return mix(hash, mr__slot_at(MR__SLOTS), mr__at(arena->top));
}

int steps_changes(pid_t victim, int changes[], int most, int *length)
{
    int count = 0, unused;
    uint64_t before = fingerprint();
    for (*length = 0; !steps_on(victim, 1, &unused); ++*length) {
        uint64_t after = fingerprint();
        if (after != before && count < most)
            changes[count++] = *length + 1;
        before = after;
    }
    return count;
}

int steps_budget(void)
{
    const char *value = getenv("MR_TEST_LONG");
    return value != NULL && strcmp(value, "1") == 0 ? 1000000 : 40000;
}

unsigned steps_seed(void)
{
    const char *value = getenv("MR_TEST_SEED");
    return value != NULL ? (unsigned)strtoul(value, NULL, 10) : 1;
}
