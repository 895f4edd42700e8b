#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT "120" /* seconds for one command: a hang is a failure */
enum { WORDS_MAX = 64 };

extern char **environ;
static volatile sig_atomic_t caught;

static void catch_signal(int signal)
{
    caught = signal;
}

void command_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = catch_signal}; /* no SA_RESTART: it is to interrupt read */
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

int command_signal(void)
{
    return (int)caught;
}

static bool complain(const char *command, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", command, why);
    return false;
}

/* Starts it under timeout(1), with its standard output going into the pipe. */
static int start(const char *const argv[], int output, pid_t *pid)
{
    const char *words[WORDS_MAX] = {"timeout", "--foreground", "-k", "5", TIME_LIMIT};
    for (size_t from = 0, to = 5; argv[from] != NULL && to < WORDS_MAX - 1; from++, to++)
        words[to] = argv[from];
    char *copy[WORDS_MAX];
    memcpy(copy, words, sizeof copy); /* posix_spawn leaves them alone, but does not say so in its type */
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    int error = posix_spawnp(pid, words[0], &files, NULL, copy, environ);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Reads until everybody who could write has ended. */
static bool read_all(int input, pid_t pid, char *text, size_t size)
{
    size_t used = 0;
    ssize_t length;
    while ((length = read(input, text + used, size - used)) != 0 && used < size) {
        if (length > 0)
            used += (size_t)length;
        else if (errno == EINTR)
            kill(pid, SIGTERM);
        else
            break;
    }
    text[used < size ? used : size - 1] = '\0';
    return length == 0 && used < size;
}

bool command_run(const char *const argv[], char *text, size_t size)
{
    int ends[2], status = 0;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return complain(argv[0], strerror(errno));
    int error = start(argv, ends[1], &pid);
    close(ends[1]);
    bool is_whole = error == 0 && read_all(ends[0], pid, text, size);
    close(ends[0]);
    if (error != 0)
        return complain("timeout", strerror(error));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        kill(pid, SIGTERM);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return is_whole || complain(argv[0], "it prints more than is expected");
    char why[64];
    snprintf(why, sizeof why, WIFEXITED(status) ? "exit code %d" : "signal %d",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return complain(argv[0], status == 124 << 8 ? "not done after " TIME_LIMIT " seconds" : why);
}
