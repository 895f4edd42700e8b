#include "launch/supervisor.h"

#include "base/context.h"
#include "base/status.h"
#include "launch/last_words.h"
#include "launch/leavings.h"
#include "launch/relay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pmix.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const double DAEMON_SECONDS = 4; /* that the runtime's daemon may take to end those of other hosts */
static const unsigned PMIX_SECONDS = 10;

/* What the child writes once MPI_Init has returned. */
struct report {
    mr__address hub;
    int rank;
};

struct supervisor {
    const mr__launch *launch;
    bool is_main;
    bool has_server; /* a launcher of our own rank watches this process */
    bool many_hosts;
    double start_timeout;
    pid_t child;
    int status; /* of the child, as waitpid gives it */
    bool child_ended;
    pid_t launcher; /* that this process must not outlive; 0: none */
    bool mpi_is_up;
    mr__session session; /* main's: to be removed at the end */
    bool is_cut_off;     /* main has not closed the link, its host does not answer */
    bool left_launcher;  /* the child itself has told the launcher that it ends */
    int report, signals, link;
    mr__inbox inbox;
};

/* The child's end as an exit code: n, or -signal. */
static int exit_code(int status)
{
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void send_to_hub(const struct supervisor *self, mr__record_type type, int rank, int64_t a, const char *text)
{
    mr__record record = {.type = (uint32_t)type, .rank = rank, .a = a, .b = MR__FROM_SUPERVISOR};
    snprintf(record.text, sizeof record.text, "%s", text);
    mr__link_send(self->link, &record, NULL, 0);
}

/* MPI is up in the child: from now on the hub wants to know of its end. Or, by a single byte: it ends well. */
static void read_report(struct supervisor *self)
{
    struct report report;
    ssize_t got = read(self->report, &report, sizeof report);
    if (got <= 0) {
        close(self->report);
        self->report = -1;
    }
    self->left_launcher = got == 1;
    if (got != (ssize_t)sizeof report)
        return;
    self->mpi_is_up = true;
    if (self->is_main) {
        mr__relay_report_to(&report.hub);
        return;
    }
    bool is_local;
    char key[MR__KEY_SIZE];
    if (mr__address_key(&report.hub, key) != MR_OK ||
        mr__link_connect(&report.hub, &self->link, &is_local) != MR_OK) {
        kill(self->child, SIGKILL); /* main is gone already, or out of reach: nobody could ever use this rank */
        return;
    }
    send_to_hub(self, MR__HELLO, report.rank, self->child, key);
}

static void read_link(struct supervisor *self)
{
    int arrived;
    while ((arrived = mr__link_poll(self->link, &self->inbox)) == 1)
        if (self->inbox.record.type == MR__SIGNAL && !self->child_ended)
            kill(self->child, (int)self->inbox.record.a);
    if (arrived < 0) { /* main has ended or cannot be reached, and so must we */
        self->is_cut_off = errno != 0;
        close(self->link);
        self->link = -1;
        kill(self->child, SIGKILL);
    }
}

static void reap(struct supervisor *self)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == self->child) {
            self->child_ended = true;
            self->status = status;
        }
}

static void read_signal(struct supervisor *self)
{
    struct signalfd_siginfo info;
    if (read(self->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        reap(self);
    else if (!self->child_ended && self->launcher != 0 && getppid() != self->launcher)
        kill(self->child, SIGKILL);
    else if (!self->child_ended &&
             info.ssi_code != SI_KERNEL) /* what the terminal sends has reached the child as well */
        kill(self->child, (int)info.ssi_signo);
}

static void signal_descendants(int number)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *children = fopen(path, "re");
    if (children == NULL)
        return;
    for (long pid; fscanf(children, "%ld", &pid) == 1;)
        kill((pid_t)pid, number);
    fclose(children);
}

/* What main leaves behind on this host is the runtime's daemon and what that has started; as they lose their
 * parents they become our children. Over several hosts the daemon first takes leave of those on the others. */
static void end_descendants(bool many_hosts)
{
    double deadline = mr__now() + (many_hosts ? DAEMON_SECONDS : 0);
    mr__relay_end();
    signal_descendants(SIGTERM);
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR;) {
        if (pid > 0)
            continue;
        if (mr__now() >= deadline)
            signal_descendants(SIGKILL);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

/* Nobody is left to return to: main hangs inside MPI_Init. */
static void give_up_start(struct supervisor *self)
{
    char host[MR__HOST_SIZE] = "?";
    gethostname(host, sizeof host - 1);
    dprintf(
        STDERR_FILENO,
        "multirank: main (process %ld on %s) has waited %.0f s in MPI_Init for Open MPI's runtime; giving up. Is "
        "the temporary folder writable, and does `mpirun -n 1 true` work here?\n",
        (long)self->child, host, self->start_timeout);
    kill(self->child, SIGKILL);
    end_descendants(self->many_hosts);
    mr__session_remove(&self->session);
    mr__leavings_remove(); /* last: Slurm may give us little time */
    _exit(1);
}

static void watch_child(struct supervisor *self)
{
    double deadline = mr__now() + self->start_timeout;
    while (!self->child_ended) {
        struct pollfd ready[] = {{self->signals, POLLIN, 0}, {self->report, POLLIN, 0}, {self->link, POLLIN, 0}};
        int patience = self->is_main && !self->mpi_is_up ? 200 : -1;
        if (poll(ready, 3, patience) < 0 && errno != EINTR)
            break;
        if (ready[1].revents != 0)
            read_report(self);
        if (ready[2].revents != 0)
            read_link(self);
        if (ready[0].revents != 0)
            read_signal(self);
        if (patience > 0 && !self->mpi_is_up && mr__now() > deadline)
            give_up_start(self);
    }
}

/* The launcher watches the PMIx registration: a rank that is not finalised there counts as aborted, and would take
 * the whole job along. So the supervisor registers as the same rank, which is possible only once MPI_Init has
 * returned in the child, and finalises that. The server may be gone: then there is nobody to tell, and the alarm
 * ends us. */
static void leave_launcher(void)
{
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm(PMIX_SECONDS);
    pmix_proc_t name;
    if (PMIx_Init(&name, NULL, 0) == PMIX_SUCCESS)
        PMIx_Finalize(NULL, 0);
    alarm(0);
}

/* The runtime's daemon that has started this rank may not know yet that its host is cut off, and would not for a
 * quarter of an hour if it has just sent something. */
static void end_daemon(void)
{
    char path[32], name[16] = "";
    pid_t parent = getppid();
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)parent);
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(name, sizeof name, file) != NULL && strcmp(name, "orted\n") == 0)
        kill(parent, SIGTERM);
    if (file != NULL)
        fclose(file);
}

/* Ends as the child did, so that the shell sees what it would have seen without a supervisor. */
static _Noreturn void end_like_child(int status)
{
    if (WIFSIGNALED(status)) {
        struct rlimit none = {0, 0}; /* the child has left a core file if one was wanted */
        setrlimit(RLIMIT_CORE, &none);
        signal(WTERMSIG(status), SIG_DFL);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        raise(WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

/* Main has ended by itself, not by a signal from outside, and has not said goodbye. */
static void tell_of_the_rest(int status)
{
    static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
    const mr__tally *tally = mr__ctx.tally;
    char how[128] = "", who[1024] = "";
    unsigned running = tally->running, named = 0;
    size_t used = 0;
    if (WIFEXITED(status))
        snprintf(how, sizeof how, "has ended with exit code %d, and without mr_finalize", WEXITSTATUS(status));
    for (size_t i = 0; i < sizeof CRASHES / sizeof CRASHES[0]; i++)
        if (WIFSIGNALED(status) && WTERMSIG(status) == CRASHES[i])
            snprintf(how, sizeof how, "has crashed (%s)", strsignal(WTERMSIG(status)));
    for (int i = 0; i < MR__NAMED; i++)
        if (tally->named[i].rank != 0)
            used += (size_t)snprintf(who + used, sizeof who - used, "%s%.47s (rank %d)", named++ > 0 ? ", " : "",
                                     tally->named[i].name, tally->named[i].rank);
    if (running > named)
        snprintf(who + used, sizeof who - used, "%s%u more", named > 0 ? " and " : "", running - named);
    if (running > 0 && how[0] != '\0')
        dprintf(STDERR_FILENO, "multirank: main %s; %u %s with it: %s\n", how, running,
                running == 1 ? "process that still ran ends" : "processes that still ran end", who);
}

static _Noreturn void supervise(struct supervisor *self)
{
    prctl(PR_SET_NAME, self->is_main ? "mr-main-superv" : "mr-supervisor");
    if (self->is_main)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    watch_child(self);
    struct pollfd last_word = {.fd = self->report,
                               .events = POLLIN}; /* a process that it has forked may keep it open */
    if (self->mpi_is_up && poll(&last_word, 1, 0) == 1)
        read_report(self);
    int code = exit_code(self->status);
    if (self->link >= 0)
        send_to_hub(self, MR__EXITED, 0, code, "");
    if (self->is_cut_off)
        end_daemon();
    else if (self->has_server && self->mpi_is_up && !self->left_launcher)
        leave_launcher();
    if (!self->mpi_is_up && self->launch->kind == MR__LAUNCH_SPAWNED)
        mr__words_tell(self->launch, code);
    if (!self->is_main)
        _exit(self->mpi_is_up ? 0 : 1);
    tell_of_the_rest(self->status);
    if (WIFSIGNALED(self->status)) /* mpirun, or Slurm, may give us little time now */
        mr__session_empty(&self->session);
    end_descendants(self->many_hosts);
    mr__session_remove(&self->session);
    mr__leavings_remove(); /* last: Slurm may give us little time */
    end_like_child(self->status);
}

/* The runtime's daemon ignores or blocks some signals, and what it starts inherits that; processes are to find the
 * defaults. */
static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

mr_status mr__supervise(const mr__launch *launch, int *report)
{
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return mr__fail(MR_ESYSTEM, "making the supervisor's pipe failed: %s", strerror(errno));
    pipe_ends[0] = mr__above_stdio(pipe_ends[0]);
    pipe_ends[1] = mr__above_stdio(pipe_ends[1]);
    if (launch->kind == MR__LAUNCH_SPAWNED)
        reset_signals();
    sigset_t watched, before;
    sigfillset(&watched);
    /* the terminal's stop signals and crashes of the supervisor itself keep their meaning */
    int left_alone[] = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof left_alone / sizeof left_alone[0]; i++)
        sigdelset(&watched, left_alone[i]);
    sigprocmask(SIG_BLOCK, &watched, &before);
    fflush(NULL); /* or the child's copy of unwritten output would be written a second time */
    pid_t launcher = launch->kind == MR__LAUNCH_MPIRUN || launch->kind == MR__LAUNCH_GIVEN ? getppid() : 0;
    if (launcher != 0)
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* not inherited by the child, which gets one of its own below */
    pid_t parent = getpid(), child = fork();
    if (child < 0) {
        mr_status status = mr__fail(MR_ESYSTEM, "starting the supervisor failed: %s", strerror(errno));
        sigprocmask(SIG_SETMASK, &before, NULL);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        return status;
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        sigprocmask(SIG_SETMASK, &before, NULL);
        close(pipe_ends[0]);
        if (launch->session.lock >= 0)
            close(launch->session.lock); /* the supervisor's alone */
        if (launch->relay >= 0)
            close(launch->relay);
        *report = pipe_ends[1];
        return MR_OK;
    }
    close(pipe_ends[1]);
    mr__leave_input();
    bool is_main = launch->kind != MR__LAUNCH_SPAWNED && launch->rank == 0;
    struct supervisor self = {.launch = launch,
                              .is_main = is_main,
                              .has_server = launch->kind == MR__LAUNCH_SPAWNED || launch->kind == MR__LAUNCH_GIVEN,
                              .many_hosts = launch->many_hosts,
                              .start_timeout = launch->start_timeout,
                              .session = launch->session,
                              .child = child,
                              .launcher = launcher,
                              .report = pipe_ends[0],
                              .signals = mr__above_stdio(signalfd(-1, &watched, SFD_CLOEXEC)),
                              .link = -1};
    if (mr__relay_start(launch) != MR_OK) {
        dprintf(STDERR_FILENO, "multirank: %s\n", mr_last_error());
        kill(child, SIGKILL);
    }
    supervise(&self);
}

mr_status mr__supervisor_report(int report, const mr__address *hub, int rank)
{
    struct report text = {.hub = *hub, .rank = rank};
    ssize_t written = write(report, &text, sizeof text);
    if (written != (ssize_t)sizeof text)
        return mr__fail(MR_ESYSTEM, "reporting to the supervisor failed: %s", strerror(errno));
    return MR_OK;
}

void mr__supervisor_leave_launcher(int report)
{
    PMIx_Finalize(NULL, 0);
    ssize_t written = write(report, "", 1);
    (void)written;
}
