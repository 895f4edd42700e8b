#include "runner.h"

#include "check.h"
#include "leftovers.h"
#include "notes.h"
#include "proctree.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE 3.0 /* seconds in which everything must be gone after the program's end */
#define TICK 20   /* milliseconds between two looks */
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number
enum { SHOWN_MAX = 16384, WORDS_MAX = 16, EXIT_SKIPPED = 77 };

/* What the program writes, as it comes. */
struct stream {
    int end; /* of the pipe to read from; -1 when closed */
    char *text;
    size_t size, capacity;
};

struct run {
    const struct scenario *scenario;
    enum launch launch;
    char folder[PATH_MAX];
    char temporary[PATH_MAX + 8]; /* TMPDIR of the program: nothing may be left in it */
    leftovers_before *before;
    struct stream out, err;
    int terminal; /* the end that a person would sit at; -1: there is none */
    pid_t first;
    int status; /* of first, as waitpid gives it */
    bool ended, interfered;
    double started, seconds;
};

const char *launch_name(enum launch launch)
{
    static const char *const names[] = {"alone",  "mpirun1",  "mpirunN",  "hosts",
                                        "hostsN", "hostsFar", "hostsOwn", "hostsThird"};
    return names[launch];
}

static bool on_hosts(enum launch launch)
{
    return launch >= LAUNCH_hosts;
}

/* ---- Start ---- */

/* The words before the executable's path. */
static const char *const *launcher(enum launch launch)
{
    static const char *const commands[][WORDS_MAX] = {
        [LAUNCH_alone] = {NULL},
        [LAUNCH_mpirun1] = {TEST_MPIRUN, "-n", "1", NULL},
        [LAUNCH_mpirunN] = {TEST_MPIRUN, "-n", "4", "--oversubscribe", NULL},
        [LAUNCH_hosts] = {TEST_HOSTS, "run", "--", NULL},
        [LAUNCH_hostsN] = {TEST_HOSTS, "run", "-n", "6", "--", NULL},
        [LAUNCH_hostsFar] = {TEST_HOSTS, "run", "--", NULL},
        [LAUNCH_hostsOwn] = {TEST_HOSTS, "run", "--", NULL},
        [LAUNCH_hostsThird] = {TEST_HOSTS, "run", "--", NULL},
    };
    return commands[launch];
}

/* The environment, without what belongs to Criterion; mpirun alone is told that root may use it. */
static char **environment(const struct run *run)
{
    static const char *const dropped[] = {"BXFI_", "CRITERION_", "TMPDIR=", "OMPI_ALLOW_RUN_AS_ROOT", NULL};
    static char temporary[PATH_MAX + 16], root[] = "OMPI_ALLOW_RUN_AS_ROOT=1",
                                          confirm[] = "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1";
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **variables = calloc(count + 5, sizeof *variables);
    if (variables == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        bool keep = true;
        for (const char *const *prefix = dropped; *prefix != NULL; prefix++)
            keep = keep && strncmp(environ[i], *prefix, strlen(*prefix)) != 0;
        const char *own = run->scenario->variable;
        keep = keep && (own == NULL || strncmp(environ[i], own, strcspn(own, "=") + 1) != 0);
        if (keep)
            variables[kept++] = environ[i];
    }
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", run->temporary);
    variables[kept++] = temporary;
    if (run->launch == LAUNCH_mpirun1 || run->launch == LAUNCH_mpirunN) {
        variables[kept++] = root;
        variables[kept++] = confirm;
    }
    if (run->scenario->variable != NULL)
        variables[kept] = (char *)(uintptr_t)run->scenario->variable;
    return variables;
}

/* In the new process, up to exec: nothing but system calls, since the Criterion worker may have threads. */
static void become_program(const struct run *run, char **words, char **variables, int in, int out, int err)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(in, STDIN_FILENO);
    if (run->scenario->terminal) {
        setsid();
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    } else {
        setpgid(0, 0);
    }
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (run->scenario->closed_stdio) {
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
    }
    close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGHUP, SIG_DFL); /* whoever runs the tests may ignore it */
    execve(words[0], words, variables);
    _exit(127);
}

static int open_output(struct run *run, int pipe_end)
{
    if (!run->scenario->output_to_file)
        return pipe_end;
    close(pipe_end);
    return open(note_path("stdout"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

unsigned char input_byte(size_t offset)
{
    return (unsigned char)(offset * 31 + (offset >> 8) * 7);
}

/* A pipe whose other end a process of its own fills. */
static int open_fed_input(size_t size)
{
    int ends[2];
    cr_assert(pipe2(ends, O_CLOEXEC) == 0, "pipe2: %s", strerror(errno));
    pid_t feeder = fork();
    cr_assert(feeder >= 0, "fork: %s", strerror(errno));
    if (feeder > 0) {
        close(ends[1]);
        return ends[0];
    }
    close(ends[0]);
    signal(SIGPIPE, SIG_DFL); /* nobody reads it any more */
    for (size_t sent = 0; sent < size;) {
        unsigned char bytes[4096];
        size_t count = size - sent < sizeof bytes ? size - sent : sizeof bytes;
        for (size_t i = 0; i < count; i++)
            bytes[i] = input_byte(sent + i);
        ssize_t written = write(ends[1], bytes, count);
        if (written <= 0)
            break;
        sent += (size_t)written;
    }
    _exit(0);
}

static int open_input(struct run *run)
{
    int in;
    if (run->scenario->terminal)
        cr_assert(openpty(&run->terminal, &in, NULL, NULL, NULL) == 0, "openpty: %s", strerror(errno));
    else if (run->scenario->input > 0)
        in = open_fed_input(run->scenario->input);
    else
        in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return in;
}

static char *executable(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    cr_assert(length > 0, "/proc/self/exe: %s", strerror(errno));
    return path;
}

static void start(struct run *run)
{
    static char full_name[256], launch[16], option[] = "--scenario";
    snprintf(full_name, sizeof full_name, "%s.%s", run->scenario->suite, run->scenario->name);
    snprintf(launch, sizeof launch, "%d", (int)run->launch);
    char *words[2 * WORDS_MAX], **word = words;
    for (const char *const *part = launcher(run->launch); *part != NULL; part++)
        *word++ = (char *)(uintptr_t)*part;
    char *own[] = {executable(), option, full_name, launch, run->folder, NULL};
    memcpy(word, own, sizeof own);

    int out[2], err[2];
    cr_assert(pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0, "pipe2: %s", strerror(errno));
    out[1] = open_output(run, out[1]);
    int in = open_input(run);
    char **variables = environment(run);
    run->started = now();
    run->first = fork();
    if (run->first == 0)
        become_program(run, words, variables, in, out[1], err[1]);
    cr_assert(run->first > 0, "fork: %s", strerror(errno));
    if (!run->scenario->terminal)
        setpgid(run->first, run->first);
    close(in);
    free(variables);
    close(out[1]);
    close(err[1]);
    run->out.end = out[0];
    run->err.end = err[0];
}

static void prepare(struct run *run)
{
    /* /tmp makes for short paths, which sockets need; but hosts see only the folder of the program. */
    snprintf(run->folder, sizeof run->folder, "%s/mr-XXXXXX", on_hosts(run->launch) ? TEST_FOLDER : "/tmp");
    cr_assert(mkdtemp(run->folder) != NULL, "%s: %s", run->folder, strerror(errno));
    notes_open(run->folder);
    snprintf(run->temporary, sizeof run->temporary, "%s/t", run->folder);
    cr_assert(mkdir(run->temporary, 0777) == 0, "%s: %s", run->temporary, strerror(errno));
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    run->before = leftovers_remember(on_hosts(run->launch));
}

/* ---- Watch ---- */

static void drain(struct stream *stream)
{
    if (stream->size + 65536 > stream->capacity) {
        stream->capacity = 2 * stream->capacity + 65537;
        stream->text = realloc(stream->text, stream->capacity);
        if (stream->text == NULL)
            abort();
    }
    ssize_t got = read(stream->end, stream->text + stream->size, 65536);
    if (got > 0) {
        stream->size += (size_t)got;
    } else if (got == 0) {
        close(stream->end);
        stream->end = -1;
    }
    stream->text[stream->size] = '\0';
}

/* Waits for one tick, or until there is output, and takes it. True if there was some. */
static bool take_output(struct run *run)
{
    struct pollfd ends[] = {{.fd = run->out.end, .events = POLLIN}, {.fd = run->err.end, .events = POLLIN}};
    if (poll(ends, 2, TICK) <= 0)
        return false;
    if (ends[0].revents != 0)
        drain(&run->out);
    if (ends[1].revents != 0)
        drain(&run->err);
    return true;
}

/* Reaps whatever has ended; orphans of the program have become the runner's own children. */
static void reap(struct run *run)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != run->first)
            continue;
        run->ended = true;
        run->status = status;
        run->seconds = now() - run->started;
    }
}

static void interfere(struct run *run)
{
    int main, supervisor;
    if (run->interfered || run->scenario->interfere == NULL || noted_lines("ready") == 0)
        return;
    char *ready = noted("ready");
    run->interfered = true;
    if (CHECK_EQ(sscanf(ready, "%d %d", &main, &supervisor), 2)) {
        struct victims victims = {
            .terminal = run->terminal, .first = run->first, .supervisor = (pid_t)supervisor, .main = (pid_t)main};
        run->scenario->interfere(&victims);
    }
    free(ready);
}

/* Sees the program to its end; false if it takes too long. */
static bool watch(struct run *run)
{
    double timeout = run->scenario->timeout > 0 ? run->scenario->timeout : 60;
    while (!run->ended && now() < run->started + timeout) {
        take_output(run);
        reap(run);
        interfere(run);
    }
    return run->ended;
}

/* Waits until all processes are gone; gives the number of those that are not. */
static int await_processes(struct run *run)
{
    double end = now() + GRACE;
    int count;
    do {
        take_output(run);
        reap(run);
        proctree tree = proctree_read(run->folder);
        count = tree.count;
        proctree_free(&tree);
    } while (count > 0 && now() < end);
    return count;
}

static int await_cleanup(const struct run *run)
{
    double end = now() + GRACE;
    int count;
    while ((count = leftovers_count(run->before, run->temporary, NULL)) > 0 && now() < end)
        rest(0.1);
    return count;
}

static void take_rest(struct run *run)
{
    while ((run->out.end >= 0 || run->err.end >= 0) && take_output(run))
        ;
    if (!run->scenario->output_to_file)
        return;
    free(run->out.text);
    run->out.text = noted("stdout");
    run->out.size = strlen(run->out.text);
}

/* ---- Judge ---- */

static bool explain_hang(const struct run *run)
{
    fprintf(stderr, "it has not ended after %.0f s. Who waits for what:\n", now() - run->started);
    proctree tree = proctree_read(run->folder);
    proctree_explain(&tree, stderr);
    proctree_kill(&tree);
    proctree_free(&tree);
    return false;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

/* An mpirun that was killed leaves a session folder of its own, which is none of ours to remove. */
static void forget_mpirun(const struct run *run)
{
    char pattern[PATH_MAX + 16];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/ompi.*", run->temporary);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            nftw(found.gl_pathv[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        globfree(&found);
    }
}

/* Runs another program with the same temporary folder, which removes what a killed one has left there. */
static void start_cleaner(const struct run *run)
{
    static char option[] = "--scenario", launch[] = "0";
    char *words[] = {
        executable(), option, (char *)(uintptr_t)run->scenario->cleaner, launch, (char *)(uintptr_t)run->folder,
        NULL};
    char **variables = environment(run);
    pid_t cleaner = fork();
    if (cleaner == 0) {
        execve(words[0], words, variables);
        _exit(127);
    }
    int status = -1;
    waitpid(cleaner, &status, 0);
    free(variables);
    cr_assert(status == 0, "the next start ended with status %d", status);
    if (run->launch != LAUNCH_alone)
        forget_mpirun(run);
}

static bool nothing_left(struct run *run)
{
    bool clean = true;
    if (await_processes(run) > 0) {
        proctree tree = proctree_read(run->folder);
        fprintf(stderr, "processes left after its end:\n");
        proctree_print(&tree, stderr);
        proctree_kill(&tree);
        proctree_free(&tree);
        clean = false;
    }
    if (run->scenario->cleaner != NULL)
        start_cleaner(run);
    if (await_cleanup(run) > 0) {
        fprintf(stderr, "left after its end:\n");
        leftovers_count(run->before, run->temporary, stderr);
        clean = false;
    }
    return clean;
}

static int shell_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool right_exit_code(const struct run *run)
{
    int wanted = run->scenario->exit_code, code = shell_code(run->status);
    if (wanted == EXIT_ANY || code == wanted || (wanted == EXIT_FAILURE_ANY && code != 0))
        return true;
    fprintf(stderr, "it ended with code %d, wanted: %d\n", code, wanted);
    return false;
}

static bool no_check_failed(void)
{
    char *failures = noted("failures");
    bool none = *failures == '\0';
    if (!none)
        fprintf(stderr, "failed checks:\n%s", failures);
    free(failures);
    return none;
}

static bool examined(const struct run *run)
{
    if (run->scenario->interfere != NULL)
        CHECK(run->interfered);
    if (run->scenario->examine == NULL)
        return !check_failed();
    struct outcome outcome = {.launch = run->launch,
                              .exit_code = shell_code(run->status),
                              .out = run->out.text == NULL ? "" : run->out.text,
                              .out_size = run->out.size,
                              .err = run->err.text == NULL ? "" : run->err.text,
                              .err_size = run->err.size,
                              .seconds = run->seconds};
    run->scenario->examine(&outcome);
    return !check_failed();
}

static void show(const char *title, const struct stream *stream)
{
    size_t skipped = stream->size > SHOWN_MAX ? stream->size - SHOWN_MAX : 0;
    if (stream->size > 0)
        fprintf(stderr, "---- its %s%s\n%s\n----\n", title, skipped > 0 ? " (the end of it)" : "",
                stream->text + skipped);
}

/* ---- The whole ---- */

static void clean_up(struct run *run)
{
    nftw(run->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    leftovers_free(run->before);
    if (run->terminal >= 0)
        close(run->terminal);
    free(run->out.text);
    free(run->err.text);
}

/* Hosts cannot be simulated everywhere: the script says so with code 77. It leaves hosts alone that are up
 * already. `on` lets them see the folder of the tests. */
static void need_hosts(void)
{
    setenv("MULTIRANK_HOSTS_DIR", TEST_HOSTS_STATE, 1);
    static const char command[] = "cd '" TEST_FOLDER "' && '" TEST_HOSTS
                                  "' up " TEXT_OF(TEST_HOSTS_COUNT) " >&2 && '" TEST_HOSTS "' on node1 true";
    int status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED)
        cr_skip("hosts cannot be simulated here");
    cr_assert(status == 0, "%s: status %d", command, status);
}

static void skip_where_impossible(const struct scenario *scenario, enum launch launch)
{
    const char *long_tests = getenv("MR_TEST_LONG");
    bool has_time = long_tests != NULL && strcmp(long_tests, "1") == 0;
    if ((scenario->only_long || launch == LAUNCH_hostsThird) && !has_time)
        cr_skip("takes long: set MR_TEST_LONG=1");
    if (on_hosts(launch))
        need_hosts();
}

void runner_test(const struct scenario *scenario, enum launch launch)
{
    skip_where_impossible(scenario, launch);
    struct run run = {.scenario = scenario, .launch = launch, .out.end = -1, .err.end = -1, .terminal = -1};
    prepare(&run);
    start(&run);
    bool well = watch(&run) || explain_hang(&run);
    well &= nothing_left(&run);
    take_rest(&run);
    char *skipped = noted("skipped");
    well &= no_check_failed() && right_exit_code(&run);
    if (*skipped == '\0')
        well &= examined(&run);
    if (!well) {
        show("standard output", &run.out);
        show("standard error", &run.err);
    }
    clean_up(&run);
    cr_assert(well, "%s.%s.%s failed: see above", scenario->suite, scenario->name, launch_name(launch));
    if (*skipped != '\0')
        cr_skip("%s", skipped);
    free(skipped);
}
