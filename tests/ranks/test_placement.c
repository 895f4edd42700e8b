/* Ranks and where they run: many of them, batches, reuse, hosts, cores, the executable, idle ranks that die. The
 * comments name the tests of CPython's own suite. */
#include "scenario.h"
#include "targets.h"

#include "base/module.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Many ---- */

/* _TestProcess.test_many_processes, first half */
SCENARIO_HOSTS_N(placement, many_short_ones, .timeout = 200)
{
    enum { BATCHES = 10, EACH = 10 };
    for (int batch = 0; batch < BATCHES; batch++) {
        mr_process p[EACH], *pointers[EACH];
        for (int i = 0; i < EACH; i++) {
            CHECK_OK(mr_process_init(&p[i], returns, &(int){batch + i}, sizeof(int)));
            pointers[i] = &p[i];
        }
        CHECK_OK(mr_process_start_all(pointers, EACH));
        for (int i = 0; i < EACH; i++)
            CHECK_OR_STOP(end(&p[i], 60, batch + i));
    }
}

/* Second half: terminated right after the start, before or after the first instruction. */
SCENARIO_HOSTS_N(placement, many_ended_at_their_start, .timeout = 200)
{
    enum { COUNT = 12 };
    mr_process p[COUNT];
    for (int i = 0; i < COUNT; i++) {
        CHECK_OR_STOP(begin(&p[i], sleeps, NULL, 0));
        CHECK_OK(i % 2 == 0 ? mr_process_terminate(&p[i]) : mr_process_kill(&p[i]));
    }
    for (int i = 0; i < COUNT; i++)
        CHECK(end(&p[i], 60, i % 2 == 0 ? -SIGTERM : -SIGKILL));
    CHECK(works());
}

static int counts_descriptors(const void *args, size_t size)
{
    (void)args, (void)size;
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    note("descriptors", "%d", count);
    return 0;
}

/* _TestProcess.test_child_fd_inflation */
SCENARIO(placement, siblings_cost_no_descriptors, .timeout = 120)
{
    enum { SIBLINGS = 12, FEW = 4 };
    mr_process alone, crowded, siblings[SIBLINGS], *pointers[SIBLINGS];
    CHECK(begin(&alone, counts_descriptors, NULL, 0));
    CHECK(end(&alone, 30, 0));
    for (int i = 0; i < SIBLINGS; i++) {
        CHECK_OK(mr_process_init(&siblings[i], sleeps, NULL, 0));
        pointers[i] = &siblings[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, SIBLINGS)));
    CHECK(begin(&crowded, counts_descriptors, NULL, 0));
    CHECK(end(&crowded, 60, 0));
    CHECK_AT_MOST(noted_number("descriptors", 1), noted_number("descriptors", 0) + FEW);
    for (int i = 0; i < SIBLINGS; i++) {
        CHECK_OK(mr_process_kill(&siblings[i]));
        CHECK(end(&siblings[i], 30, -SIGKILL));
    }
}

/* ---- Batches ---- */

SCENARIO_HOSTS_N(placement, start_all)
{
    enum { COUNT = 5 };
    mr_process p[COUNT], *pointers[COUNT];
    CHECK_OK(mr_process_start_all(NULL, 0));
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_init(&p[i], returns, &(int){i + 1}, sizeof(int)));
        pointers[i] = &p[i];
    }
    CHECK_OK(mr_process_start_all(pointers, COUNT));
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < i; j++)
            CHECK(mr_process_rank(&p[i]) != mr_process_rank(&p[j]));
        CHECK_AT_LEAST(mr_process_rank(&p[i]), 1);
        CHECK(end(&p[i], 30, i + 1));
    }
}

/* On failure the first error is returned; whoever was not started can still be. */
SCENARIO_HOSTS_N(placement, start_all_of_which_one_fails)
{
    enum { COUNT = 3, WRONG = 1 };
    mr_process p[COUNT], *pointers[COUNT];
    char here[256];
    gethostname(here, sizeof here);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_init(&p[i], returns, &(int){i + 1}, sizeof(int)));
        pointers[i] = &p[i];
    }
    CHECK_OK(mr_process_set_host(&p[WRONG], "no-such-host"));
    CHECK_STATUS(mr_process_start_all(pointers, COUNT), MR_ENOHOST);
    CHECK_EQ(mr_process_pid(&p[WRONG]), -1);
    CHECK_OK(mr_process_set_host(&p[WRONG], here));
    for (int i = 0; i < COUNT; i++) {
        if (mr_process_pid(&p[i]) == -1)
            CHECK_OK(mr_process_start(&p[i]));
        CHECK(end(&p[i], 30, i + 1));
    }
}

/* ---- Memory, fresh or not ---- */

static int served; /* by the rank that looks at it */

static int counts_served(const void *args, size_t size)
{
    (void)args, (void)size;
    return ++served;
}

SCENARIO_HOSTS_N(placement, memory_is_fresh)
{
    served = 10; /* main's own; nobody else sees it */
    for (int i = 0; i < 4; i++) {
        mr_process p;
        CHECK(begin(&p, counts_served, NULL, 0));
        CHECK(end(&p, 30, 1));
    }
    CHECK_EQ(served, 10);
}

SCENARIO_HOSTS_N(placement, memory_of_a_reused_rank_is_kept)
{
    enum { COUNT = 4 };
    int rank = -1;
    for (int i = 0; i < COUNT; i++) {
        mr_process p;
        CHECK_OK(mr_process_init(&p, counts_served, NULL, 0));
        CHECK_OK(mr_process_set_reuse(&p, true));
        CHECK_OK(mr_process_start(&p));
        CHECK_STATUS(mr_process_set_reuse(&p, false), MR_ESTATE);
        if (i > 0)
            CHECK_EQ(mr_process_rank(&p), rank);
        rank = mr_process_rank(&p);
        CHECK(end(&p, 30, i + 1));
    }
    mr_process p; /* without the permission: never on a used rank */
    CHECK(begin(&p, counts_served, NULL, 0));
    CHECK(mr_process_rank(&p) != rank);
    CHECK(end(&p, 30, 1));
}

/* ---- Hosts ---- */

SCENARIO_HOSTS_N(placement, unknown_host)
{
    mr_process p;
    CHECK_OK(mr_process_init(&p, returns, &(int){4}, sizeof(int)));
    CHECK_OK(mr_process_set_host(&p, "no-such-host"));
    CHECK_STATUS(mr_process_start(&p), MR_ENOHOST);
    CHECK(strstr(mr_last_error(), "no-such-host") != NULL);
    CHECK(!mr_process_is_alive(&p));
    CHECK_STATUS(mr_process_join(&p, 0), MR_ESTATE);
    char here[256];
    gethostname(here, sizeof here);
    CHECK_OK(mr_process_set_host(&p, here));
    CHECK_OK(mr_process_start(&p));
    CHECK_TEXT(mr_process_host(&p), here);
    CHECK_STATUS(mr_process_set_host(&p, here), MR_ESTATE);
    CHECK(end(&p, 30, 4));
}

static int checks_host(const void *args, size_t size)
{
    CHECK(size > 0);
    char here[256];
    gethostname(here, sizeof here);
    CHECK_TEXT(here, args);
    return 0;
}

SCENARIO_HOSTS_N(placement, every_host_that_was_asked_for)
{
    if (scenario_launch() != LAUNCH_hosts && scenario_launch() != LAUNCH_hostsN)
        SKIP("there is one host only");
    for (int i = 3; i >= 1; i--) {
        char host[16];
        snprintf(host, sizeof host, "node%d", i);
        mr_process p;
        CHECK_OK(mr_process_init(&p, checks_host, host, strlen(host) + 1));
        CHECK_OK(mr_process_set_host(&p, host));
        CHECK_OK(mr_process_start(&p));
        CHECK_TEXT(mr_process_host(&p), host);
        CHECK(end(&p, 30, 0));
    }
}

/* Each host's own two: by turns, or the first host's before the next one's. */
static void check_two(mr_placement placement, bool are_together)
{
    mr_process p[2], *pointers[2] = {&p[0], &p[1]};
    CHECK_OK(mr_program_set_placement(placement));
    for (int i = 0; i < 2; i++)
        CHECK_OK(mr_process_init(&p[i], sleeps, NULL, 0));
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, 2)));
    CHECK_EQ(strcmp(mr_process_host(&p[0]), mr_process_host(&p[1])) == 0, are_together);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mr_process_kill(&p[i]));
        CHECK(end(&p[i], 30, -SIGKILL));
    }
}

SCENARIO_HOSTS_N(placement, evenly_or_packed)
{
    bool one_host = mr_host_count() == 1;
    CHECK_STATUS(mr_program_set_placement((mr_placement)2), MR_EINVAL);
    check_two(MR_PLACE_PACKED, true);
    check_two(MR_PLACE_EVENLY, one_host);
}

/* ---- Cores ---- */

/* Notes the hardware threads that it may run on, one bit each. */
static int notes_affinity(const void *args, size_t size)
{
    CHECK(size > 0);
    cpu_set_t set;
    CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    unsigned long bits = 0;
    for (size_t i = 0; i < sizeof bits * CHAR_BIT; i++)
        bits |= CPU_ISSET(i, &set) ? 1ul << i : 0;
    note(args, "%lu", bits);
    return sleeps(NULL, 0);
}

static unsigned long affinity(const char *name)
{
    CHECK(await_lines(name, 1, 30));
    return (unsigned long)noted_number(name, 0);
}

static void end_all(mr_process *p, int count)
{
    for (int i = 0; i < count; i++) {
        CHECK_OK(mr_process_kill(&p[i]));
        CHECK(end(&p[i], 30, -SIGKILL));
    }
}

SCENARIO(placement, each_process_has_its_core)
{
    if (mr_core_count() < 2 || mr_cpu_count() > 48)
        SKIP("it takes two cores, and few enough to be noted");
    mr_process p[2], *pointers[2] = {&p[0], &p[1]};
    CHECK_OK(mr_process_init(&p[0], notes_affinity, "first", sizeof "first"));
    CHECK_OK(mr_process_init(&p[1], notes_affinity, "second", sizeof "second"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, 2)));
    CHECK_AT_LEAST(mr_process_core(&p[0]), 0);
    CHECK_AT_LEAST(mr_process_core(&p[1]), 0);
    CHECK(mr_process_core(&p[0]) != mr_process_core(&p[1]));
    unsigned long first = affinity("first"), second = affinity("second");
    CHECK(first != 0);
    CHECK(second != 0);
    CHECK_EQ(first & second, 0);
    end_all(p, 2);
}

/* Starts so many at once; nobody may be tied to a core. */
static void check_unpinned(int count)
{
    mr_process p[8], *pointers[8] = {NULL};
    char name[16];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "cores%d", i);
        CHECK_OK(mr_process_init(&p[i], notes_affinity, name, strlen(name) + 1));
        pointers[i] = &p[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, (size_t)count)));
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "cores%d", i);
        CHECK_EQ(mr_process_core(&p[i]), -1);
        CHECK_EQ(__builtin_popcountl(affinity(name)), mr_cpu_count());
    }
    end_all(p, count);
}

SCENARIO(placement, with_too_many_processes_none_has_a_core)
{
    if (mr_core_count() > 7)
        SKIP("too many cores for this");
    check_unpinned(mr_core_count() + 1);
}

SCENARIO(placement, without_pinning_none_has_a_core)
{
    if (mr_cpu_count() > 48)
        SKIP("too many hardware threads to be noted");
    CHECK_OK(mr_program_set_pinning(MR_PIN_NONE));
    check_unpinned(1);
}

/* ---- The executable ---- */

static const char *own_executable(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK_OR_STOP(CHECK(length > 0));
    path[length] = '\0';
    return path;
}

static int notes_executable(const void *args, size_t size)
{
    (void)args, (void)size;
    note("executable", "%s", own_executable());
    return 0;
}

/* Sets it, then starts a process, which must run the executable wanted. A rank that mpirun gave runs already. */
static void check_executable(const char *given, const char *wanted_path)
{
    char wanted[PATH_MAX];
    snprintf(wanted, sizeof wanted, "%s", wanted_path); /* which may be note_path's */
    CHECK_OK(mr_program_set_executable(given));
    CHECK_EQ(chdir("/"), 0);
    mr_process p;
    CHECK(begin(&p, notes_executable, NULL, 0));
    CHECK(end(&p, 30, 0));
    char *executable = noted("executable");
    executable[strcspn(executable, "\n")] = '\0';
    if (scenario_launch() != LAUNCH_mpirunN || strcmp(executable, own_executable()) != 0)
        CHECK_TEXT(executable, wanted);
    free(executable);
}

static void copy_executable(const char *path)
{
    char command[2 * PATH_MAX];
    snprintf(command, sizeof command, "cp /proc/%d/exe '%s'", (int)getpid(), path);
    CHECK_EQ(system(command), 0);
}

/* _TestProcess.test_set_executable: a path of any form */
SCENARIO(placement, executable_by_full_path)
{
    copy_executable(note_path("a copy"));
    check_executable(note_path("a copy"), note_path("a copy"));
}

SCENARIO(placement, executable_by_relative_path)
{
    copy_executable(note_path("copy"));
    CHECK_EQ(chdir(notes_folder()), 0);
    check_executable("./t/../copy", note_path("copy"));
}

SCENARIO(placement, executable_by_link)
{
    CHECK_EQ(symlink(own_executable(), note_path("link")), 0);
    check_executable(note_path("link"), own_executable());
}

SCENARIO(placement, executable_that_is_none)
{
    FILE *file = fopen(note_path("plain"), "we");
    CHECK_OR_STOP(CHECK(file != NULL));
    fputs("not a program\n", file);
    fclose(file);
    CHECK_STATUS(mr_program_set_executable(note_path("missing")), MR_EINVAL);
    CHECK_STATUS(mr_program_set_executable(note_path("plain")), MR_EINVAL);
    CHECK_STATUS(mr_program_set_executable(notes_folder()), MR_EINVAL);
    CHECK_STATUS(mr_program_set_executable(""), MR_EINVAL);
    CHECK_STATUS(mr_program_set_executable(NULL), MR_EINVAL);
    CHECK(works());
}

/* ---- Idle ranks that die ---- */

static pid_t parent_of(pid_t pid)
{
    char path[64];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
        parent = 0;
    if (file != NULL)
        fclose(file);
    return (pid_t)parent;
}

/* A process's command line holds the run's own folder, the runner's does not. */
static bool runs_this_scenario(pid_t pid)
{
    char path[64], executable[PATH_MAX], command[4096];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, executable, sizeof executable - 1);
    executable[length < 0 ? 0 : length] = '\0';
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *file = fopen(path, "re");
    size_t size = file == NULL ? 0 : fread(command, 1, sizeof command, file);
    if (file != NULL)
        fclose(file);
    return strcmp(executable, own_executable()) == 0 &&
           memmem(command, size, notes_folder(), strlen(notes_folder())) != NULL;
}

/* Sends a signal to every rank but main and one other: those whose parent, the supervisor, runs the same program.
 */
static int signal_idle_ranks(int signal_number, pid_t spared)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid <= 0 || pid == getpid() || pid == spared || !runs_this_scenario(pid) ||
            !runs_this_scenario(parent_of(pid)))
            continue;
        kill(pid, signal_number);
        count++;
    }
    if (proc != NULL)
        closedir(proc);
    return count;
}

static void disturb_idle_ranks(int signal_number)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, sleeps, NULL, 0));
    CHECK(works());
    note("signalled", "%d", signal_idle_ranks(signal_number, mr_process_pid(&p)));
    rest(1.0);
    CHECK(mr_process_is_alive(&p));
    CHECK(works());
    CHECK(works());
    CHECK_OK(mr_process_terminate(&p));
    CHECK(end(&p, 30, -SIGTERM));
}

/* _TestProcess.test_forkserver_sigint: what serves processes is, here, an idle rank */
SCENARIO(placement, idle_ranks_get_sigint)
{
    disturb_idle_ranks(SIGINT);
}

/* _TestProcess.test_forkserver_sigkill */
SCENARIO(placement, idle_ranks_get_sigkill)
{
    disturb_idle_ranks(SIGKILL);
}

/* ---- An executable that is not what it was ---- */

/* Nobody waits for ranks that cannot come. */
SCENARIO(placement, executable_that_was_removed, .timeout = 30)
{
    char copy[PATH_MAX];
    mr_process p;
    snprintf(copy, sizeof copy, "%s", note_path("copy"));
    copy_executable(copy);
    CHECK_OK(mr_program_set_executable(copy));
    CHECK_EQ(unlink(copy), 0);
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_STATUS(mr_process_start(&p), MR_ELAUNCH);
    CHECK(strstr(mr_last_error(), copy) != NULL);
    CHECK_OK(mr_program_set_executable(own_executable()));
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 20, 0));
}

/* Changes the build-id of a program, as if it had been built anew. */
static void rebuild(const char *path)
{
    static char bytes[1 << 24];
    unsigned char id[MR__BUILD_ID_SIZE];
    CHECK_OR_STOP(CHECK_OK(mr__program_build_id(id)));
    FILE *file = fopen(path, "r+");
    CHECK_OR_STOP(CHECK(file != NULL));
    size_t size = fread(bytes, 1, sizeof bytes, file);
    const char *found = memmem(bytes, size, id, sizeof id);
    CHECK_OR_STOP(CHECK(found != NULL));
    CHECK_EQ(fseek(file, found - bytes, SEEK_SET), 0);
    CHECK_EQ(fputc(id[0] ^ 1, file), id[0] ^ 1);
    CHECK_EQ(fclose(file), 0);
}

/* Ranks of another build are told to go, and the end of the program does not wait for them. */
SCENARIO(placement, executable_of_another_build, .timeout = 30)
{
    mr_process p;
    copy_executable(note_path("rebuilt"));
    rebuild(note_path("rebuilt"));
    CHECK_OR_STOP(CHECK_OK(mr_program_set_executable(note_path("rebuilt"))));
    CHECK_OK(mr_process_init(&p, does_nothing, NULL, 0));
    CHECK_STATUS(mr_process_start(&p), MR_EBUILD);
}

/* ---- Where objects lie ---- */

struct shared {
    mr_lock lock;
    mr_value value;
    mr_queue queue;
};

static int adds(const void *args, size_t size)
{
    const struct shared *all = args;
    int number = 0;
    CHECK_EQ(size, sizeof *all);
    CHECK_OK(mr_lock_acquire(&all->lock, 30));
    CHECK_OK(mr_value_get(&all->value, &number));
    number++;
    CHECK_OK(mr_value_set(&all->value, &number));
    CHECK_OK(mr_lock_release(&all->lock));
    CHECK_OK(mr_queue_put(&all->queue, &number, sizeof number, 30));
    return 0;
}

static mr_status makes_one(const mr_item *now, mr_item *next, void *unused)
{
    (void)now, (void)unused;
    *next = MR_INT(1);
    return MR_OK;
}

/* What belongs to an object lies with it, wherever objects are made by then; and a manager's with the manager. */
static void locks_of_others(void)
{
    mr_array array, copy;
    mr_dict dict, made;
    mr_manager manager;
    CHECK_OK(mr_set_home(NULL));
    CHECK_OK(mr_array_init(&array, sizeof(int), 3, (int[]){1, 2, 3}));
    CHECK_OK(mr_dict_init(&dict));
    CHECK_OK(mr_set_home("node2"));
    CHECK_OK(mr_array_copy(&copy, &array));
    CHECK(mr_array_data(&copy) != NULL);
    CHECK_OK(mr_dict_modify(&dict, MR_STRING("n"), makes_one, NULL));
    CHECK_OK(mr_manager_init(&manager));
    CHECK_OK(mr_manager_start(&manager, NULL, NULL, 0));
    CHECK_OK(mr_manager_make_dict(&manager, &made));
    CHECK_OK(mr_manager_shutdown(&manager));
    CHECK_EQ(mr_dict_length(&made), -1);
    CHECK_EQ(mr_last_status(), MR_ECLOSED);
}

/* Objects on any host serve processes on all hosts, main too; and the pointer can be had where they lie. */
SCENARIO_ON_HOSTS(placement, homes)
{
    enum { HOSTS = 3 };
    static const char *const hosts[] = {"node1", "node2", "node3"};
    for (int home = 0; home < HOSTS; home++) {
        struct shared all;
        mr_process p[HOSTS];
        int number = 0;
        CHECK_OR_STOP(CHECK_OK(mr_set_home(hosts[home])));
        CHECK_OK(mr_lock_init(&all.lock));
        CHECK_OK(mr_value_init(&all.value, sizeof number, &number));
        CHECK_OK(mr_queue_init(&all.queue, 0));
        for (int i = 0; i < HOSTS; i++) {
            CHECK_OK(mr_process_init(&p[i], adds, &all, sizeof all));
            CHECK_OK(mr_process_set_host(&p[i], hosts[i]));
            CHECK_OR_STOP(CHECK_OK(mr_process_start(&p[i])));
        }
        for (int i = 0; i < HOSTS; i++)
            CHECK_OK(mr_queue_get(&all.queue, &number, sizeof number, NULL, 30));
        for (int i = 0; i < HOSTS; i++)
            CHECK(end(&p[i], 30, 0));
        CHECK_OK(mr_value_get(&all.value, &number));
        CHECK_EQ(number, HOSTS);
        CHECK((mr_value_data(&all.value) != NULL) == (home == 0));
        CHECK_OK(mr_queue_destroy(&all.queue));
        CHECK_STATUS(mr_queue_put(&all.queue, &number, sizeof number, 1), MR_ECLOSED);
    }
    locks_of_others();
    CHECK_STATUS(mr_set_home("nowhere"), MR_ENOHOST);
    CHECK(strstr(mr_last_error(), "nowhere") != NULL);
    CHECK_STATUS(mr_set_home(""), MR_ENOHOST);
    CHECK_OK(mr_set_home(NULL));
}
