/* A tour through what a Slurm job promises: tour [count=N] [more=N] [linger=SECONDS]
 *
 * Starts a process for each core (mr_core_count) or N of them, all at the same time, and says where each ran. Then
 * one is killed, and others must work after it (linger: for so long, since a launcher may take its time to end
 * all). Then come N more than there are cores. Ends with 5 if all went well, 3 if not.
 *
 * tour endless, tour stubborn: the processes wait for ever, and so does main; stubborn ones ignore SIGTERM. */
#include <multirank.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64 };

struct visit {
    int code; /* to end with */
    mr_barrier all_are_here;
};

static int tells(const void *args, size_t size)
{
    struct visit visit;
    char host[64] = "", cpus[256] = "";
    cpu_set_t set;
    memcpy(&visit, args, size);
    gethostname(host, sizeof host - 1);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    for (size_t cpu = 0, used = 0; cpu < CPU_SETSIZE && used < 200; cpu++)
        if (CPU_ISSET(cpu, &set))
            used += (size_t)snprintf(cpus + used, sizeof cpus - used, "%s%zu", used > 0 ? "," : "", cpu);
    printf("process on %s, CPUs %s\n", host, cpus);
    return mr_barrier_wait(&visit.all_are_here, NULL, 60) == MR_OK ? visit.code : 1;
}

static _Noreturn int sleeps(const void *args, size_t size)
{
    (void)args, (void)size;
    for (;;)
        pause();
}

static int says_that_it_waits(const void *args, size_t size)
{
    (void)size;
    printf("process %d waits\n", *(const int *)args);
    return sleeps(NULL, 0);
}

static int ignores_sigterm(const void *args, size_t size)
{
    signal(SIGTERM, SIG_IGN);
    return says_that_it_waits(args, size);
}

/* Starts processes, in ranks that may have been used; daemons, so that none stays if this goes wrong. */
static bool start(mr_process *processes, int count, mr_target target)
{
    mr_process *all[MOST];
    struct visit visit;
    if (mr_barrier_init(&visit.all_are_here, count, NULL, MR_FOREVER) != MR_OK)
        return false;
    for (int i = 0; i < count; i++) {
        all[i] = &processes[i];
        visit.code = 10 + i;
        if (mr_process_init(all[i], target, &visit, sizeof visit) != MR_OK ||
            mr_process_set_reuse(all[i], true) != MR_OK || mr_process_set_daemon(all[i], true) != MR_OK)
            return false;
    }
    return mr_process_start_all(all, (size_t)count) == MR_OK;
}

static bool end(mr_process *process, int code)
{
    if (mr_process_join(process, 60) != MR_OK)
        return false;
    int came = mr_process_exitcode(process);
    if (came != code)
        printf("exit code %d, not %d\n", came, code);
    return came == code && mr_process_close(process) == MR_OK;
}

static bool visit_all(int count)
{
    mr_process processes[MOST];
    bool good = start(processes, count, tells);
    for (int i = 0; i < count && good; i++)
        good = end(&processes[i], 10 + i);
    return good;
}

static bool survive_a_kill(int seconds)
{
    mr_process victim;
    time_t until = time(NULL) + seconds;
    if (!start(&victim, 1, sleeps) || mr_process_kill(&victim) != MR_OK || !end(&victim, -9))
        return false;
    printf("one was killed\n");
    bool good = visit_all(1);
    while (good && time(NULL) < until)
        good = visit_all(1);
    return good;
}

static bool visit_more(int count, int more)
{
    mr_process sleepers[MOST];
    bool good = start(sleepers, count, sleeps) && visit_all(more);
    for (int i = 0; i < count && good; i++)
        good = mr_process_kill(&sleepers[i]) == MR_OK && end(&sleepers[i], -9);
    return good;
}

/* The number in "name=number" among the arguments, or what it is otherwise. */
static int option(int argc, char **argv, const char *name, int otherwise)
{
    size_t length = strlen(name);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=')
            return atoi(argv[i] + length + 1);
    return otherwise;
}

static void wait_for_ever(bool stubborn)
{
    mr_process processes[MOST];
    if (stubborn)
        signal(SIGTERM, SIG_IGN);
    if (start(processes, mr_core_count(), stubborn ? ignores_sigterm : says_that_it_waits))
        sleeps(NULL, 0);
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        return 1;
    }
    int cores = mr_core_count();
    int count = option(argc, argv, "count", cores), more = option(argc, argv, "more", 0);
    printf("%d cores on %d hosts\n", cores, mr_host_count());
    bool good = cores <= MOST && count <= MOST && more <= MOST;
    if (argc > 1 && (strcmp(argv[1], "endless") == 0 || strcmp(argv[1], "stubborn") == 0))
        wait_for_ever(argv[1][0] == 's');
    good = good && visit_all(count) && survive_a_kill(option(argc, argv, "linger", 0));
    if (good && more > 0)
        good = visit_more(cores, more);
    if (!good)
        printf("%s: %s\n", mr_status_name(mr_last_status()), mr_last_error());
    mr_status end_status = mr_finalize();
    return !good ? 3 : end_status == MR_OK ? 5 : 1;
}
