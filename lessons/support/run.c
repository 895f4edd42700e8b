#include "run.h"

#include "proctree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 32, TICK = 20 /* milliseconds between two looks */ };

double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

const char *launch_name(enum launch launch)
{
    static const char *const names[] = {"alone", "mpirun1", "mpirunN"};
    return names[launch];
}

/* ---- Start ---- */

/* The command, word by word, in `words`; `text` keeps what they are made of. */
static void compose(const struct running *running, char **words, char *text, size_t size)
{
    const struct subject *subject = running->subject;
    char launcher[64] = "";
    if (running->run.launch == LAUNCH_mpirun1)
        snprintf(launcher, sizeof launcher, "mpirun -n 1 ");
    else if (running->run.launch == LAUNCH_mpirunN)
        snprintf(launcher, sizeof launcher, "mpirun -n %d --oversubscribe ", subject->ranks);
    printf("$ %s%s%s%s\n", launcher, running->program, subject->arguments != NULL ? " " : "",
           subject->arguments != NULL ? subject->arguments : "");
    fflush(stdout);
    snprintf(text, size, "%s", launcher);
    char *next = text + strlen(text) + 1;
    snprintf(next, size - (size_t)(next - text), "%s", subject->arguments != NULL ? subject->arguments : "");
    int count = 0;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    words[count++] = (char *)(uintptr_t)running->program;
    for (char *word = strtok(next, " "); word != NULL && count < WORDS_MAX - 1; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
}

/* What is Criterion's own must not reach the program; mpirun refuses to run as root unless it is told twice. */
static void set_environment(const struct running *running)
{
    static const char *const dropped[] = {"BXFI_", "CRITERION_", "LESSON_"};
    char name[256];
    for (size_t i = 0; environ[i] != NULL;) {
        bool is_dropped = false;
        for (size_t j = 0; j < sizeof dropped / sizeof *dropped; j++)
            is_dropped |= strncmp(environ[i], dropped[j], strlen(dropped[j])) == 0;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
        if (!is_dropped || unsetenv(name) != 0)
            i++;
    }
    setenv("TMPDIR", running->folder, 1);
    if (running->run.launch != LAUNCH_alone && geteuid() == 0) {
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    }
}

static _Noreturn void become(const struct running *running, char **words, const int *out, const int *err)
{
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* so that nothing stays behind when the check itself is ended */
    setpgid(0, 0);
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
        _exit(127);
    close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    set_environment(running);
    execvp(words[0], words);
    fprintf(stderr, "%s: %s\n", words[0], strerror(errno));
    _exit(127);
}

static bool start(struct running *running)
{
    char *words[WORDS_MAX], text[1024];
    int out[2], err[2];
    const char *top = getenv("TMPDIR");
    snprintf(running->folder, sizeof running->folder, "%s/check-XXXXXX", top != NULL && *top ? top : "/tmp");
    if (mkdtemp(running->folder) == NULL || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        fprintf(stderr, "%s: %s\n", running->folder, strerror(errno));
        return false;
    }
    compose(running, words, text, sizeof text);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that orphans are not lost sight of */
    running->before = leftovers_remember(false);
    running->started = seconds_now();
    running->run.pid = fork();
    if (running->run.pid == 0)
        become(running, words, out, err);
    close(out[1]);
    close(err[1]);
    running->out.end = out[0];
    running->err.end = err[0];
    return running->run.pid > 0;
}

/* ---- Follow ---- */

static void drain(struct stream *stream)
{
    enum { CHUNK = 65536 };
    char *text = realloc(stream->text, stream->size + CHUNK + 1);
    if (text == NULL)
        abort();
    stream->text = text;
    ssize_t got = read(stream->end, text + stream->size, CHUNK);
    if (got > 0) {
        stream->size += (size_t)got;
    } else if (got == 0 || errno != EINTR) {
        close(stream->end);
        stream->end = -1;
    }
    text[stream->size] = '\0';
}

/* Makes lines of what has come; an unfinished last one only at the end. */
static void take_lines(struct running *running, bool is_end)
{
    struct run *run = &running->run;
    while (running->taken < running->out.size) {
        const char *from = running->out.text + running->taken;
        const char *newline = memchr(from, '\n', running->out.size - running->taken);
        if (newline == NULL && !is_end)
            return;
        size_t length = newline != NULL ? (size_t)(newline - from) : running->out.size - running->taken;
        struct line *lines = realloc(run->lines, (run->count + 1) * sizeof *lines);
        if (lines == NULL)
            abort();
        run->lines = lines;
        lines[run->count].when = seconds_now() - running->started;
        lines[run->count++].text = strndup(from, length);
        running->taken += length + (newline != NULL);
    }
}

static void take_output(struct running *running)
{
    struct pollfd ends[] = {{.fd = running->out.end, .events = POLLIN},
                            {.fd = running->err.end, .events = POLLIN}};
    if (poll(ends, 2, TICK) <= 0)
        return;
    if (ends[0].revents != 0)
        drain(&running->out);
    if (ends[1].revents != 0)
        drain(&running->err);
    take_lines(running, false);
}

/* Waits for the dead; an orphan has nobody else to do it. */
static void reap(struct running *running)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != running->run.pid)
            continue;
        running->is_ended = true;
        running->run.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        running->run.seconds = seconds_now() - running->started;
    }
}

bool run_program(struct running *running)
{
    const struct subject *subject = running->subject;
    double limit = subject->limit > 0 ? subject->limit : 60;
    running->out.end = running->err.end = -1;
    if (!start(running))
        return false;
    while (!running->is_ended && seconds_now() < running->started + limit) {
        take_output(running);
        reap(running);
        if (subject->meanwhile != NULL && !running->is_ended)
            subject->meanwhile(&running->run);
    }
    running->run.is_hung = !running->is_ended;
    double deadline = seconds_now() + (running->is_ended ? SETTLE : 0.1);
    while ((running->out.end >= 0 || running->err.end >= 0) && seconds_now() < deadline)
        take_output(running);
    take_lines(running, true);
    running->run.errors = running->err.text != NULL ? running->err.text : "";
    return true;
}

int run_settle(struct running *running, int *processes, int *files)
{
    double deadline = seconds_now() + SETTLE;
    for (;;) {
        reap(running);
        proctree tree = proctree_read(running->folder);
        *processes = tree.count;
        proctree_free(&tree);
        *files = leftovers_count(running->before, running->folder, NULL);
        if (*processes + *files == 0 || seconds_now() > deadline)
            return *processes + *files;
        usleep(100000);
    }
}

/* ---- End ---- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static bool is_alone(struct running *running)
{
    reap(running);
    proctree tree = proctree_read(running->folder);
    bool is_so = tree.count == 0;
    proctree_free(&tree);
    return is_so;
}

void run_end(struct running *running)
{
    enum { PATIENCE = 60 };
    for (int attempt = 0; attempt < 2 * PATIENCE && !is_alone(running); attempt++) {
        proctree tree = proctree_read(running->folder);
        if (attempt == 0 && !running->is_ended)
            kill(running->run.pid, SIGTERM);
        else if (attempt >= PATIENCE)
            proctree_kill(&tree);
        proctree_free(&tree);
        usleep(50000);
    }
    nftw(running->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (running->before != NULL)
        leftovers_free(running->before);
    for (size_t i = 0; i < running->run.count; i++)
        free((char *)(uintptr_t)running->run.lines[i].text);
    free(running->run.lines);
    free(running->out.text);
    free(running->err.text);
}
