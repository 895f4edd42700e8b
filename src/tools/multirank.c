/* The command `multirank`: what Multirank finds where it is run, and what goes on in a program that runs. Looks
 * into the library, so it is linked with it statically. */
#include "base/context.h"
#include "tools/debug.h"
#include "tools/quiz/quiz.h"
#include "tools/stack.h"
#include "tools/top.h"
#include "universe/universe.h"

#include <dlfcn.h>
#include <hwloc.h>
#include <pmix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int do_nothing(const void *args, size_t size)
{
    (void)args;
    (void)size;
    return 0;
}

/* UCX is Open MPI's business, not ours: it is asked only if it has been loaded. */
static const char *ucx_version(void)
{
    void *library = dlopen("libucp.so.0", RTLD_LAZY | RTLD_NOLOAD);
    const char *(*version)(void) = NULL;
    if (library != NULL) {
        void *symbol = dlsym(library, "ucp_get_version_string");
        memcpy(&version, &symbol, sizeof version);
    }
    return version == NULL ? "not loaded" : version();
}

static void print_versions(void)
{
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    unsigned hwloc = hwloc_get_api_version();
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, ",")] = '\0';
    printf("versions\n  Multirank %s\n  %s\n  %s\n  UCX %s\n  hwloc %u.%u.%u\n", MR_VERSION, mpi,
           PMIx_Get_version(), ucx_version(), hwloc >> 16, hwloc >> 8 & 0xff, hwloc & 0xff);
}

static void print_launch(const mr__launch *launch)
{
    printf("launch\n  %s", mr__launch_name(launch->kind));
    if (launch->size > 1)
        printf(", %d ranks with main", launch->size);
    printf("\n  ranks come %s\n", launch->kind == MR__LAUNCH_GIVEN ? "from the launcher" : "by MPI_Comm_spawn");
    if (launch->hosts[0] != '\0')
        printf("  hosts asked for: %s\n", launch->hosts);
}

/* The machine, below its host's name. */
static void print_machine(void)
{
    char *tree = mr__topology_describe(mr__ctx.topology);
    printf("machine %s\n", mr__ctx.host);
    for (char *line = tree; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        printf("  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    free(tree);
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static const char *threads(const char *cpus)
{
    return strpbrk(cpus, ",-") == NULL ? "hardware thread" : "hardware threads";
}

/* Which process gets a place, of those that are started one after the other: the host that has most room is next,
 * the first of several, unless hosts are filled one by one. */
static int number_of(const mr__universe *universe, int host, int place)
{
    int before = place, room = universe->hosts[host].places.count - place;
    for (int h = 0; h < universe->host_count; h++) {
        int places = universe->hosts[h].places.count;
        if (h == host)
            continue;
        if (universe->placement == MR_PLACE_PACKED)
            before += h < host ? places : 0;
        else if (places >= room)
            before += places - room + (h < host);
    }
    return before + 1;
}

/* Where the processes of a program would go that starts as many as there are places. */
static void print_places(const mr__universe *universe)
{
    printf("processes, pinned: %s\n", mr__pinning_name(universe->pinning));
    for (int h = 0; h < universe->host_count; h++) {
        const mr__host *host = &universe->hosts[h];
        printf("  host %s: %d core%s, %d hardware thread%s\n", host->name, host->cores, plural(host->cores),
               host->pus, plural(host->pus));
        for (int p = 0; p < host->places.count; p++) {
            const mr__place *place = &host->places.place[p];
            if (place->core >= 0)
                printf("    process %d on core %d (%s %s)\n", number_of(universe, h, p), place->core,
                       threads(place->cpus), place->cpus);
            else
                printf("    up to %d %s on NUMA node %d (%s %s)\n", place->capacity,
                       place->capacity == 1 ? "process" : "processes", place->numa, threads(place->cpus),
                       place->cpus);
        }
        if (host->places.count == 0)
            printf("    wherever the operating system likes\n");
    }
}

static int fail(const char *what)
{
    fprintf(stderr, "multirank: %s: %s\n", what, mr_last_error());
    return 1;
}

/* Other hosts tell of themselves when their first rank is up. */
static mr_status meet_hosts(void)
{
    mr_process p;
    mr_status status = mr_process_init(&p, do_nothing, NULL, 0);
    if (status == MR_OK)
        status = mr_process_start(&p);
    return status == MR_OK ? mr_process_join(&p, MR_FOREVER) : status;
}

static int info(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK)
        return fail("Multirank does not start here");
    if (mr__ctx.launch.many_hosts && meet_hosts() != MR_OK)
        fail("the other hosts do not answer");
    print_launch(&mr__ctx.launch);
    print_machine();
    mr__lock();
    print_places(mr__ctx.universe);
    mr__unlock();
    print_versions();
    return mr_finalize() == MR_OK ? 0 : fail("ending");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "info") == 0)
        return info(argc, argv);
    if (argc >= 2 && strcmp(argv[1], "debug") == 0)
        return mr__debug_program(argv + 2);
    if (argc >= 2 && strcmp(argv[1], "stack") == 0)
        return mr__stack(argv + 2);
    if (argc >= 2 && strcmp(argv[1], "top") == 0)
        return mr__top(argv + 2);
    if (argc >= 2 && strcmp(argv[1], "quiz") == 0)
        return mr__quiz_command(argv + 2);
    bool asked = argc == 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0);
    fprintf(
        asked ? stdout : stderr,
        "usage: multirank info   the machine, where ranks would run, the launch, versions\n"
        "       multirank top [PID]   what the processes of a running program do: of the one that PID is part of, "
        "or of your only one\n"
        "       multirank stack [PID]   who waits for whom there, once: for a program that hangs\n"
        "       multirank debug [GDB-OPTIONS] PROGRAM [ARGUMENTS]   a program under gdb, with all its "
        "processes on this "
        "host\n"
        "       multirank debug --valgrind [VALGRIND-OPTIONS] PROGRAM [ARGUMENTS]   the same under valgrind\n"
        "       multirank quiz [--lesson N] [--lang es|en] [--seed N] [--questions N]   questions on the course\n"
        "       multirank quiz --export moodle|gift   all of them, for a course of one's own\n"
        "       multirank help\n");
    return asked ? 0 : 2;
}
