#include "tools/program.h"

#include "arena/arena.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_PROGRAMS = 256, PATH = 128 };

static const char ARENA_NAME[] = "/memfd:multirank (deleted)";

/* A process that is main of a program, or may be. */
typedef struct candidate {
    pid_t pid;
    int arena; /* its descriptor's number there */
    ino_t inode;
} candidate;

typedef struct candidates {
    candidate each[MOST_PROGRAMS];
    int count;
} candidates;

/* ---- What /proc says ---- */

static bool read_text(pid_t pid, const char *name, char *text, size_t size)
{
    char path[PATH];
    snprintf(path, sizeof path, "/proc/%ld/%.64s", (long)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, size - 1);
    if (file >= 0)
        close(file);
    text[length < 0 ? 0 : length] = '\0';
    return length > 0;
}

static bool find_owner(pid_t pid, uid_t *owner)
{
    char path[PATH];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%ld", (long)pid);
    if (stat(path, &status) != 0)
        return false;
    *owner = status.st_uid;
    return true;
}

static pid_t parent_of(pid_t pid)
{
    char text[1024];
    const char *line = read_text(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    int parent = 0;
    return line != NULL && sscanf(line, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* The number that a process has for itself, which is another one in a container. */
static pid_t own_number(pid_t pid)
{
    char text[4096];
    const char *line = read_text(pid, "status", text, sizeof text) ? strstr(text, "\nNSpid:") : NULL;
    long number = pid;
    char *next = NULL;
    for (line = line != NULL ? line + strlen("\nNSpid:") : NULL; line != NULL; line = next) {
        while (*line == '\t' || *line == ' ')
            line++;
        if (!isdigit((unsigned char)*line))
            break;
        number = strtol(line, &next, 10);
    }
    return (pid_t)number;
}

static void find_command(pid_t pid, char *command, size_t size)
{
    char path[PATH];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, command, size - 1);
    if (file >= 0)
        close(file);
    length = length < 0 ? 0 : length;
    while (length > 0 && command[length - 1] == '\0')
        length--;
    for (ssize_t i = 0; i < length; i++)
        command[i] = command[i] == '\0' ? ' ' : command[i];
    command[length] = '\0';
    mr__make_printable(command);
}

/* The number of a descriptor of a process that is an arena; -1: it has none, or it is not to be seen. */
static int find_arena(pid_t pid, ino_t *inode)
{
    char path[PATH + 32], target[sizeof ARENA_NAME + 1];
    struct stat status;
    int found = -1;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && found < 0 && (entry = readdir(folder)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%ld/fd/%.16s", (long)pid, entry->d_name);
        ssize_t length = readlink(path, target, sizeof target);
        if (length == sizeof ARENA_NAME - 1 && memcmp(target, ARENA_NAME, sizeof ARENA_NAME - 1) == 0 &&
            stat(path, &status) == 0) {
            *inode = status.st_ino;
            found = atoi(entry->d_name);
        }
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

/* Whether an arena is mapped by a process: ranks keep no descriptor of it. */
static bool maps_arena(pid_t pid, ino_t inode)
{
    char path[PATH], *line = NULL;
    size_t room = 0;
    bool is_found = false;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && !is_found && getline(&line, &room, file) > 0) {
        unsigned long long number = 0;
        is_found = strstr(line, ARENA_NAME) != NULL && sscanf(line, "%*s %*s %*s %*s %llu", &number) == 1 &&
                   number == inode;
    }
    if (file != NULL)
        fclose(file);
    free(line);
    return is_found;
}

/* ---- Finding programs ---- */

static int open_arena(const candidate *main)
{
    char path[PATH];
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)main->pid, main->arena);
    return open(path, O_RDONLY | O_CLOEXEC);
}

typedef struct head {
    char magic[8];
    uint32_t layout, version;
    int32_t main;
} head;

_Static_assert(offsetof(head, main) == offsetof(mr__arena, main) &&
                   offsetof(head, version) == offsetof(mr__arena, version),
               "what every version of the arena begins with");

static bool is_main(const candidate *process)
{
    head found;
    int arena = open_arena(process);
    bool is_read = arena >= 0 && pread(arena, &found, sizeof found, 0) == sizeof found;
    if (arena >= 0)
        close(arena);
    if (!is_read || memcmp(found.magic, MR__ARENA_MAGIC, sizeof found.magic) != 0)
        return is_read; /* of another version: whoever has a descriptor of it */
    return found.main == own_number(process->pid);
}

static void find_programs(uid_t owner, candidates *found)
{
    found->count = 0;
    DIR *folder = opendir("/proc");
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        candidate process = {.pid = atoi(entry->d_name)};
        uid_t whose;
        if (!isdigit((unsigned char)entry->d_name[0]) || found->count == MOST_PROGRAMS ||
            !find_owner(process.pid, &whose) || whose != owner)
            continue;
        process.arena = find_arena(process.pid, &process.inode);
        if (process.arena >= 0 && is_main(&process))
            found->each[found->count++] = process;
    }
    if (folder != NULL)
        closedir(folder);
}

static bool is_ancestor(pid_t pid, pid_t of)
{
    enum { DEEPEST = 64 };
    for (int i = 0; i < DEEPEST && of > 1 && of != pid; i++)
        of = parent_of(of);
    return of == pid;
}

/* Whether a process is part of a program: main, one that led to it, a rank, or a rank's supervisor. */
static bool belongs_to(pid_t pid, const candidate *main)
{
    if (is_ancestor(pid, main->pid) || maps_arena(pid, main->inode))
        return true;
    char path[PATH], children[1024];
    snprintf(path, sizeof path, "task/%ld/children", (long)pid);
    return read_text(pid, path, children, sizeof children) && maps_arena(atoi(children), main->inode);
}

static void list(const candidates *found)
{
    for (int i = 0; i < found->count; i++) {
        char command[256];
        find_command(found->each[i].pid, command, sizeof command);
        fprintf(stderr, "  %ld  %s\n", (long)found->each[i].pid, command);
    }
}

static bool read_number(const char *word, pid_t *pid)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(word, &end, 10);
    *pid = (pid_t)number;
    return end != word && *end == '\0' && errno == 0 && number > 0 && number <= INT32_MAX;
}

static const char *user_name(uid_t user, char *text, size_t size)
{
    const struct passwd *entry = getpwuid(user);
    if (entry != NULL)
        snprintf(text, size, "%s", entry->pw_name);
    else
        snprintf(text, size, "%u", (unsigned)user);
    return text;
}

/* The program of a process. */
static bool choose_of(pid_t pid, candidate *chosen)
{
    uid_t owner, me = geteuid();
    char name[64];
    candidates found;
    if (!find_owner(pid, &owner)) {
        fprintf(stderr, "multirank: there is no process %ld\n", (long)pid);
        return false;
    }
    if (owner != me && me != 0) {
        fprintf(stderr, "multirank: process %ld is of user %s; one can look only at one's own programs\n",
                (long)pid, user_name(owner, name, sizeof name));
        return false;
    }
    int matches = 0;
    find_programs(owner, &found);
    for (int i = 0; i < found.count; i++)
        if (belongs_to(pid, &found.each[i])) {
            *chosen = found.each[i];
            matches++;
            if (chosen->pid == pid)
                return true;
            found.each[matches - 1] = found.each[i];
        }
    if (matches == 1)
        return true;
    if (matches == 0) {
        fprintf(stderr, "multirank: process %ld is not part of a Multirank program on this host%s\n", (long)pid,
                found.count > 0 ? "; these are:" : "");
    } else {
        fprintf(stderr, "multirank: several Multirank programs were started below process %ld; say which:\n",
                (long)pid);
        found.count = matches;
    }
    list(&found);
    return false;
}

/* The only one of this user. */
static bool choose_only(candidate *chosen)
{
    candidates found;
    find_programs(geteuid(), &found);
    if (found.count == 1) {
        *chosen = found.each[0];
        return true;
    }
    fprintf(stderr, found.count == 0 ? "multirank: no Multirank program of yours runs on this host\n"
                                     : "multirank: several Multirank programs of yours run here; say which:\n");
    list(&found);
    return false;
}

/* ---- Reading ---- */

static bool read_arena(const mr__view *view, uint64_t at, void *to, size_t size)
{
    const mr__program *program = view->source;
    if (at <= program->copied && size <= program->copied - at) {
        memcpy(to, program->copy + at, size);
        return true;
    }
    return pread(program->arena, to, size, (off_t)at) == (ssize_t)size;
}

/* Holes in the file are read as zeros, and stay holes: that is why it is not mapped. */
static bool copy_part(mr__program *program, uint64_t from, uint64_t size)
{
    while (size > 0) {
        ssize_t length = pread(program->arena, program->copy + from, size, (off_t)from);
        if (length <= 0)
            return false;
        from += (uint64_t)length;
        size -= (uint64_t)length;
    }
    return true;
}

static bool has_ended(const mr__program *program)
{
    struct pollfd life = {.fd = program->life, .events = POLLIN};
    return program->life >= 0 && poll(&life, 1, 0) > 0;
}

bool mr__program_read(mr__program *program)
{
    return !has_ended(program) && copy_part(program, 0, mr__seats_at()) && mr__view_refresh(&program->view) &&
           copy_part(program, mr__seats_at(), program->view.seats * sizeof(mr__seat)) &&
           copy_part(program, mr__slots_at(), (uint64_t)program->view.slots * MR__SLOT_SIZE);
}

static void explain_version(const head *found, char *why, size_t size)
{
    if (memcmp(found->magic, MR__ARENA_MAGIC, sizeof found->magic) != 0)
        snprintf(why, size,
                 "was built with a version of Multirank that is older than this command, or has only just "
                 "begun; it cannot be looked at");
    else
        snprintf(why, size,
                 "was built with Multirank %u.%u.%u, layout %08x, and this command is of %s, layout %08x; use the "
                 "command multirank that was installed with the program's library",
                 found->version / 10000, found->version / 100 % 100, found->version % 100, found->layout,
                 MR_VERSION, mr__view_layout());
}

bool mr__program_open_arena(int file, mr__program *program, char *why, size_t size)
{
    struct stat status;
    head found = {0};
    *program = (mr__program){.arena = file, .life = -1};
    if (fstat(file, &status) != 0 || pread(file, &found, sizeof found, 0) != sizeof found) {
        snprintf(why, size, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (memcmp(found.magic, MR__ARENA_MAGIC, sizeof found.magic) != 0 || found.layout != mr__view_layout() ||
        (uint64_t)status.st_size < mr__heap_at()) {
        explain_version(&found, why, size);
        return false;
    }
    program->main = found.main;
    program->copied = mr__heap_at();
    program->copy =
        mmap(NULL, program->copied, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (program->copy == MAP_FAILED) {
        snprintf(why, size, "cannot be looked at, since there is no memory for it: %s", strerror(errno));
        program->copy = NULL;
        return false;
    }
    program->view = (mr__view){.read = read_arena, .source = program, .size = (uint64_t)status.st_size};
    return true;
}

bool mr__program_open(const char *word, mr__program *program)
{
    char why[512];
    pid_t pid = 0;
    candidate chosen = {0};
    *program = (mr__program){.arena = -1, .life = -1};
    if (word != NULL && !read_number(word, &pid)) {
        fprintf(stderr, "multirank: %s is not the number of a process\n", word);
        return false;
    }
    if (!(word != NULL ? choose_of(pid, &chosen) : choose_only(&chosen)))
        return false;
    int life = (int)syscall(SYS_pidfd_open, chosen.pid, 0), arena = open_arena(&chosen);
    if (arena < 0 || life < 0) {
        fprintf(stderr, "multirank: process %ld cannot be looked at: %s\n", (long)chosen.pid, strerror(errno));
        if (arena >= 0)
            close(arena);
        if (life >= 0)
            close(life);
        return false;
    }
    bool is_open = mr__program_open_arena(arena, program, why, sizeof why);
    program->life = life;
    program->is_elsewhere = own_number(chosen.pid) != chosen.pid;
    program->main = chosen.pid;
    find_command(chosen.pid, program->command, sizeof program->command);
    if (!is_open) {
        fprintf(stderr, "multirank: the program of process %ld (%s) %s\n", (long)chosen.pid, program->command,
                why);
        mr__program_close(program);
    }
    return is_open;
}

void mr__program_close(mr__program *program)
{
    if (program->copy != NULL)
        munmap(program->copy, program->copied);
    if (program->life >= 0)
        close(program->life);
    if (program->arena >= 0)
        close(program->arena);
    *program = (mr__program){.arena = -1, .life = -1};
}
