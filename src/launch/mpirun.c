/* Which hosts mpirun may use. PMIx tells only those that its ranks are on, and with `mpirun -n 1` that is one. So
 * mpirun's command line is read, as long as it is our parent; on another host our parent is a daemon of its
 * runtime, whose command line names them all. */
#include "launch/hosts.h"

#include "base/topology.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_WORDS = 1 << 16, MOST_HOSTS = 4096 };

/* Hosts in order, each once. */
typedef struct list {
    int count;
    struct {
        char name[MR__HOST_SIZE];
        int slots; /* 0: not said */
    } host[MOST_HOSTS];
} list;

static void add(list *hosts, const char *name, size_t length, int slots)
{
    int i = 0;
    const char *at = memchr(name, '@', length); /* user@host */
    if (at != NULL) {
        length -= (size_t)(at + 1 - name);
        name = at + 1;
    }
    if (length == 0 || length >= MR__HOST_SIZE)
        return;
    while (i < hosts->count &&
           (strlen(hosts->host[i].name) != length || strncmp(hosts->host[i].name, name, length) != 0))
        i++;
    if (i == MOST_HOSTS)
        return;
    if (i == hosts->count) {
        hosts->count++;
        snprintf(hosts->host[i].name, MR__HOST_SIZE, "%.*s", (int)length, name);
        hosts->host[i].slots = 0;
    }
    hosts->host[i].slots += slots;
}

/* "node1,node2:2,node2:*" */
static void add_listed(list *hosts, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, ","), name = strcspn(text, ":,");
        add(hosts, text, name, name < length ? atoi(text + name + 1) : 1);
        text += length + (text[length] == ',');
    }
}

/* Lines such as "node1 slots=2  # comment". */
static void add_from_file(list *hosts, pid_t mpirun, const char *name)
{
    char path[PATH_MAX + 32], line[1024];
    if (name[0] == '/')
        snprintf(path, sizeof path, "%s", name);
    else
        snprintf(path, sizeof path, "/proc/%ld/cwd/%s", (long)mpirun, name);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "#\n")] = '\0';
        const char *host = line + strspn(line, " \t"), *slots = strstr(line, "slots");
        while (slots != NULL &&
               (slots == line || !isspace((unsigned char)slots[-1]))) /* of max_slots, or a name */
            slots = strstr(slots + 1, "slots");
        size_t length = strcspn(host, " \t");
        const char *equals = slots == NULL ? NULL : strchr(slots, '=');
        add(hosts, host, length, equals == NULL ? 0 : atoi(equals + 1));
    }
    if (file != NULL)
        fclose(file);
}

/* The command line of a process, its words one after the other. The caller frees it; NULL if it cannot be read. */
static char *read_words(pid_t pid, size_t *size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    FILE *file = fopen(path, "re");
    char *words = file == NULL ? NULL : malloc(MOST_WORDS + 1);
    *size = words == NULL ? 0 : fread(words, 1, MOST_WORDS, file);
    if (words != NULL)
        words[*size] = '\0';
    if (file != NULL)
        fclose(file);
    return words;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_one_of(const char *word, const char *const *names)
{
    while (*names != NULL && strcmp(word, *names) != 0)
        names++;
    return *names != NULL;
}

static void choose(list *hosts, const list *chosen)
{
    int kept = 0;
    for (int i = 0; i < hosts->count; i++)
        for (int k = 0; k < chosen->count; k++)
            if (strcmp(hosts->host[i].name, chosen->host[k].name) == 0)
                hosts->host[kept++] = hosts->host[i];
    hosts->count = kept;
}

/* Takes what mpirun was told, up to the program's own name. Hosts that are listed choose among those of a file, if
 * there is one. */
static void read_mpirun(list *hosts, list *chosen, pid_t pid, const char *words, size_t size)
{
    static const char *const in_file[] = {
        "-hostfile",         "--hostfile",         "-machinefile",          "--machinefile",
        "-default-hostfile", "--default-hostfile", "orte_default_hostfile", NULL};
    static const char *const listed[] = {"-H", "-host", "--host", NULL};
    const char *program = getenv("OMPI_COMMAND"), *by_default = getenv("OMPI_MCA_orte_default_hostfile");
    for (const char *word = words + strlen(words) + 1, *value; word < words + size; word = value) {
        value = word + strlen(word) + 1;
        if (program != NULL && strcmp(base_name(word), base_name(program)) == 0)
            break;
        if (value >= words + size)
            break;
        if (is_one_of(word, in_file))
            add_from_file(hosts, pid, value);
        else if (is_one_of(word, listed))
            add_listed(chosen, value);
        else
            continue;
        value += strlen(value) + 1;
    }
    if (hosts->count == 0 && chosen->count == 0 && by_default != NULL)
        add_from_file(hosts, pid, by_default);
    if (hosts->count == 0)
        *hosts = *chosen;
    else if (chosen->count > 0)
        choose(hosts, chosen);
}

/* "node[2:1-3,7].cluster" of Open MPI's own kind: numbers of 2 digits; or a plain name. Gives what follows it. */
static const char *add_pattern(list *hosts, const char *text)
{
    size_t prefix = strcspn(text, "[,@");
    const char *close = text[prefix] == '[' ? strchr(text + prefix, ']') : NULL;
    if (close == NULL) {
        add(hosts, text, prefix, 0);
        return text + prefix;
    }
    size_t suffix = strcspn(close + 1, ",@");
    char *next;
    long digits = strtol(text + prefix + 1, &next, 10);
    while (next < close) {
        char name[MR__HOST_SIZE];
        long first = strtol(next + 1, &next, 10), last = *next == '-' ? strtol(next + 1, &next, 10) : first;
        for (long i = first; i <= last && hosts->count < MOST_HOSTS; i++) {
            int length = snprintf(name, sizeof name, "%.*s%0*ld%.*s", (int)prefix, text, (int)digits, i,
                                  (int)suffix, close + 1);
            add(hosts, name, length < 0 ? 0 : (size_t)length, 0);
        }
        if (*next != ',')
            break;
    }
    return close + 1 + suffix;
}

/* A daemon is told all hosts of the runtime; the first is mpirun's own, which the user has not asked for, since
 * the first rank would be there. */
static void read_daemon(list *hosts, const char *words, size_t size)
{
    for (const char *word = words, *value; word < words + size; word = value) {
        value = word + strlen(word) + 1;
        if (strcmp(word, "orte_node_regex") != 0 || value >= words + size)
            continue;
        for (const char *next = value; *next != '\0' && *next != '@'; next += *next == ',')
            next = add_pattern(hosts, next);
        const char *universe = getenv("OMPI_UNIVERSE_SIZE");
        int each = universe == NULL || hosts->count == 0 ? 1 : atoi(universe) / hosts->count;
        for (int i = 0; i < hosts->count; i++)
            hosts->host[i].slots = each > 1 ? each : 1;
        if (hosts->count > 0)
            memmove(hosts->host, hosts->host + 1, (size_t)--hosts->count * sizeof hosts->host[0]);
        return;
    }
}

/* Slots that nobody has said anything about share what is left of all that mpirun counts. */
static bool write_list(const list *hosts, char *text, size_t size)
{
    const char *universe = getenv("OMPI_UNIVERSE_SIZE");
    int left = universe == NULL ? 0 : atoi(universe), unsaid = 0;
    size_t used = 0;
    for (int i = 0; i < hosts->count; i++) {
        left -= hosts->host[i].slots;
        unsaid += hosts->host[i].slots <= 0;
    }
    int share = unsaid > 0 && left > unsaid ? (left + unsaid - 1) / unsaid : 1;
    for (int i = 0; i < hosts->count; i++) {
        int slots = hosts->host[i].slots > 0 ? hosts->host[i].slots : share;
        int length =
            snprintf(text + used, size - used, "%s%s:%d", used > 0 ? "," : "", hosts->host[i].name, slots);
        if (length < 0 || (size_t)length >= size - used)
            return false;
        used += (size_t)length;
    }
    return true;
}

void mr__hosts_of_mpirun(mr__launch *launch)
{
    static const char *const names[] = {"mpirun", "mpiexec", "orterun", "prun", NULL};
    size_t size;
    pid_t parent = getppid();
    char *words = read_words(parent, &size);
    list *hosts = calloc(2, sizeof *hosts); /* the second: those that are listed */
    if (words != NULL && hosts != NULL && size > 0) {
        const char *name = base_name(words);
        char plain[32] = "";
        snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, "."), name); /* Debian's is mpirun.openmpi */
        if (is_one_of(plain, names))
            read_mpirun(hosts, hosts + 1, parent, words, size);
        else if (strcmp(plain, "orted") == 0)
            read_daemon(hosts, words, size);
        char text[sizeof launch->hosts];
        if (hosts->count > 1 && write_list(hosts, text, sizeof text))
            strcpy(launch->hosts, text);
    }
    free(hosts);
    free(words);
}
