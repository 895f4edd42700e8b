#include "launch/hosts.h"

#include "base/context.h"
#include "base/status.h"

#include <errno.h>
#include <pmix.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every daemon keeps its own count of the slots that are taken, and maps a batch differently when it believes a
 * host to be full: so no host may ever be. How many ranks there are to be on a host is ours to decide. */
enum { PLENTY = 100000 };

/* The names of the job's hosts, comma separated, from the launcher's server. */
static void ask_server(char *names, size_t size)
{
    pmix_proc_t self, everyone;
    pmix_value_t *value = NULL;
    names[0] = '\0';
    if (PMIx_Init(&self, NULL, 0) != PMIX_SUCCESS)
        return;
    PMIX_LOAD_PROCID(&everyone, self.nspace, PMIX_RANK_WILDCARD);
    if (PMIx_Get(&everyone, PMIX_NODE_LIST, NULL, 0, &value) == PMIX_SUCCESS && value->type == PMIX_STRING &&
        strlen(value->data.string) < size)
        strcpy(names, value->data.string);
    PMIx_Finalize(NULL, 0);
}

/* "node1,node2" with so many ranks becomes "node1:2,node2:2". */
static void add_slots(mr__launch *launch, const char *names)
{
    int hosts = mr__hosts_count(names), slots = (launch->size + hosts - 1) / hosts;
    size_t used = 0;
    for (const char *name = names; *name != '\0';) {
        size_t length = strcspn(name, ",");
        int added = snprintf(launch->hosts + used, sizeof launch->hosts - used, "%s%.*s:%d", used > 0 ? "," : "",
                             (int)length, name, slots);
        if (added < 0 || (size_t)added >= sizeof launch->hosts - used) {
            launch->hosts[used] = '\0'; /* more hosts than there is room for: the first ones */
            return;
        }
        used += (size_t)added;
        name += length + (name[length] == ',');
    }
}

/* Reads until the other side closes; false: it has not within so many seconds. */
static bool read_in_time(int fd, char *text, size_t size, double seconds)
{
    double deadline = mr__now() + seconds;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    for (size_t filled = 0; filled < size - 1;) {
        double left = deadline - mr__now();
        if (left <= 0 || poll(&end, 1, (int)(left * 1e3) + 1) == 0)
            return false;
        ssize_t got = read(fd, text + filled, size - 1 - filled);
        if (got == 0 || (got < 0 && errno != EINTR))
            return true;
        filled += got > 0 ? (size_t)got : 0;
    }
    return true;
}

mr_status mr__hosts_ask(mr__launch *launch)
{
    static const double LONGEST = 10;
    char names[MR__HOSTS_SIZE] = "";
    int answer[2];
    if (pipe(answer) != 0)
        return mr__fail(MR_ESYSTEM, "asking the launcher for its hosts failed: %s", strerror(errno));
    pid_t child = fork(); /* PMIx can be entered only once in a process, and this one belongs to our own runtime */
    if (child == 0) {
        ask_server(names, sizeof names);
        ssize_t written = write(answer[1], names, strlen(names));
        _exit(written < 0);
    }
    close(answer[1]);
    double seconds = launch->start_timeout < LONGEST ? launch->start_timeout : LONGEST;
    bool in_time = child > 0 && read_in_time(answer[0], names, sizeof names, seconds);
    close(answer[0]);
    if (child > 0) {
        kill(child, SIGKILL); /* PMIx_Init may hang (openpmix 2735) */
        waitpid(child, NULL, 0);
    }
    if (!in_time)
        return mr__fail(
            MR_ELAUNCH,
            "the launcher has not told within %g s on which hosts its ranks are; try again, or name them "
            "in MULTIRANK_HOSTS (node1:2,node2:2)",
            seconds);
    if (mr__hosts_count(names) > 1)
        add_slots(launch, names);
    return MR_OK;
}

mr_status mr__hosts_write(const mr__launch *launch)
{
    char path[sizeof launch->session.folder + 8];
    snprintf(path, sizeof path, "%s/hosts", launch->session.folder);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return mr__fail(MR_ESYSTEM, "writing the host file %s failed: %s", path, strerror(errno));
    char name[MR__HOST_SIZE];
    int slots;
    for (const char *hosts = launch->hosts; mr__hosts_next(&hosts, name, &slots);)
        fprintf(file, "%s slots=%d\n", name, PLENTY);
    if (fclose(file) != 0)
        return mr__fail(MR_ESYSTEM, "writing the host file %s failed: %s", path, strerror(errno));
    setenv("OMPI_MCA_orte_default_hostfile", path, 1);
    return MR_OK;
}

int mr__hosts_count(const char *hosts)
{
    int count = *hosts != '\0';
    for (; *hosts != '\0'; hosts++)
        count += *hosts == ',';
    return count;
}

bool mr__hosts_next(const char **hosts, char name[MR__HOST_SIZE], int *slots)
{
    size_t length = strcspn(*hosts, ",");
    const char *colon = memchr(*hosts, ':', length);
    if (length == 0)
        return false;
    int number = colon == NULL ? 1 : atoi(colon + 1);
    *slots = number > 0 ? number : 1;
    snprintf(name, MR__HOST_SIZE, "%.*s", (int)strcspn(*hosts, ":,"), *hosts);
    *hosts += length + ((*hosts)[length] == ',');
    return true;
}

int mr__hosts_slots(const char *hosts)
{
    char name[MR__HOST_SIZE];
    int all = 0;
    for (int slots; mr__hosts_next(&hosts, name, &slots);)
        all += slots;
    return all;
}

int mr__hosts_most_slots(const char *hosts)
{
    char name[MR__HOST_SIZE];
    int most = 0;
    for (int slots; mr__hosts_next(&hosts, name, &slots);)
        most = slots > most ? slots : most;
    return most;
}

bool mr__hosts_same(const char *a, const char *b)
{
    size_t length = strcspn(a, ".");
    return length == strcspn(b, ".") && strncmp(a, b, length) == 0;
}

int mr__hosts_slots_of(const char *hosts, const char *host)
{
    char name[MR__HOST_SIZE];
    for (int slots; mr__hosts_next(&hosts, name, &slots);)
        if (mr__hosts_same(name, host))
            return slots;
    return 0;
}
