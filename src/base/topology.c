#include "base/topology.h"

#include "base/status.h"

#include <ctype.h>
#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A core with at least one allowed hardware thread. */
struct core {
    hwloc_obj_t object; /* a Core, or a PU where the machine does not tell its cores */
    int numa;           /* the NUMA node it belongs to; -1: none */
};

struct mr__topology {
    hwloc_topology_t machine; /* as it is: not cut down, so that its numbers are the same for every process */
    hwloc_bitmap_t allowed;   /* hardware threads this program may use */
    struct core *core;        /* in logical order */
    int cores;
};

static mr_status no_memory(void)
{
    return mr__fail(MR_ENOMEM, "The topology of this machine does not fit into memory: free some memory.");
}

/* ---- Lists of hardware threads ------------------------------------------------------------------------------ */

/* A number from *text on, which it moves behind it; -1 if there is none, or one that no machine has. */
static int parse_number(const char **text)
{
    enum { LIMIT = 1 << 20 }; /* keeps a slip of the pen from becoming a bitmap of gigabytes */
    int number = 0;
    if (!isdigit((unsigned char)**text))
        return -1;
    while (isdigit((unsigned char)**text) && number < LIMIT)
        number = number * 10 + *(*text)++ - '0';
    return number < LIMIT ? number : -1;
}

/* Reads a list such as "0-3,8". Not hwloc_bitmap_list_sscanf, which takes "3x4" and "5-2" for empty sets. */
static mr_status parse_list(const char *list, hwloc_bitmap_t set)
{
    const char *rest = list;
    hwloc_bitmap_zero(set);
    for (;;) {
        int first = parse_number(&rest), last = first;
        if (*rest == '-' && first >= 0) {
            rest++;
            last = parse_number(&rest);
        }
        if (first < 0 || last < first || (*rest != ',' && *rest != '\0'))
            return mr__fail(MR_EINVAL, "'%s' is not a list of hardware threads: write it like 0-3,8.", list);
        if (hwloc_bitmap_set_range(set, (unsigned)first, last) != 0)
            return no_memory();
        if (*rest++ == '\0')
            return MR_OK;
    }
}

/* The list of those hardware threads of a set that are allowed, malloced; NULL when out of memory. */
static char *format_allowed(const mr__topology *topology, hwloc_const_bitmap_t set)
{
    char *list = NULL;
    hwloc_bitmap_t both = hwloc_bitmap_alloc();
    if (both != NULL && hwloc_bitmap_and(both, set, topology->allowed) == 0 &&
        hwloc_bitmap_list_asprintf(&list, both) < 0)
        list = NULL;
    hwloc_bitmap_free(both);
    return list;
}

/* ---- Loading ------------------------------------------------------------------------------------------------ */

static mr_status load_machine(mr__topology *topology, const char *synthetic)
{
    /* What we never ask for takes time to find out. DONT_CHANGE_BINDING: hwloc must not move this thread about. */
    static const unsigned long flags = HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING | HWLOC_TOPOLOGY_FLAG_NO_DISTANCES |
                                       HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS | HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS;
    static const enum hwloc_type_filter_e none = HWLOC_TYPE_FILTER_KEEP_NONE;

    hwloc_topology_t machine;
    if (hwloc_topology_init(&machine) != 0)
        return no_memory();
    topology->machine = machine;
    if (synthetic != NULL && hwloc_topology_set_synthetic(machine, synthetic) != 0)
        return mr__fail(MR_EINVAL,
                        "'%s' does not describe a machine: use hwloc's notation, e.g. \"pack:2 core:4 pu:2\".",
                        synthetic);
    if (hwloc_topology_set_flags(machine, flags) != 0 ||
        hwloc_topology_set_cache_types_filter(machine, none) != 0 ||
        hwloc_topology_set_icache_types_filter(machine, none) != 0 ||
        hwloc_topology_set_io_types_filter(machine, none) != 0 ||
        hwloc_topology_set_type_filter(machine, HWLOC_OBJ_MEMCACHE, none) != 0 ||
        hwloc_topology_set_type_filter(machine, HWLOC_OBJ_MISC, none) != 0 || hwloc_topology_load(machine) != 0)
        return mr__fail(MR_ESYSTEM, "hwloc cannot tell what this machine is made of (%s): see if lstopo can.",
                        strerror(errno));
    return MR_OK;
}

/* Cuts what is allowed down to a list given by the caller. */
static mr_status restrict_to(mr__topology *topology, const char *list)
{
    hwloc_bitmap_t wanted = hwloc_bitmap_alloc();
    if (wanted == NULL)
        return no_memory();
    mr_status status = parse_list(list, wanted);
    if (status == MR_OK && !hwloc_bitmap_intersects(topology->allowed, wanted)) {
        char *allowed = format_allowed(topology, topology->allowed);
        status = mr__fail(MR_EINVAL, "This program may use none of the hardware threads %s: choose among %s.",
                          list, allowed != NULL ? allowed : "those of this machine");
        free(allowed);
    }
    if (status == MR_OK && hwloc_bitmap_and(topology->allowed, topology->allowed, wanted) != 0)
        status = no_memory();
    hwloc_bitmap_free(wanted);
    return status;
}

/* Cuts what is allowed down to what the calling process is bound to now. */
static mr_status restrict_to_binding(mr__topology *topology)
{
    mr_status status = MR_OK;
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    if (bound == NULL)
        return no_memory();
    if (hwloc_get_cpubind(topology->machine, bound, HWLOC_CPUBIND_THREAD) != 0)
        status = mr__fail(MR_ESYSTEM,
                          "The system does not tell which hardware threads this process may use (%s): allow it "
                          "sched_getaffinity.",
                          strerror(errno));
    else if (hwloc_bitmap_and(topology->allowed, topology->allowed, bound) != 0)
        status = no_memory();
    else if (hwloc_bitmap_iszero(topology->allowed))
        status = mr__fail(MR_ESYSTEM, "This process is bound to hardware threads that hwloc does not know: see if "
                                      "lstopo shows them.");
    hwloc_bitmap_free(bound);
    return status;
}

static mr_status find_allowed(mr__topology *topology, const char *list)
{
    topology->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(topology->machine));
    if (topology->allowed == NULL)
        return no_memory();
    mr_status status = MR_OK;
    if (hwloc_topology_is_thissystem(topology->machine))
        status = restrict_to_binding(topology);
    if (status == MR_OK && list != NULL)
        status = restrict_to(topology, list);
    return status;
}

/* The NUMA node next to a core, by logical index; in hwloc, nodes hang from the object whose CPUs are near to
 * them. Where several are as near (HBM and DRAM), the first one: a core belongs to one place only. */
static int find_numa(hwloc_obj_t core)
{
    for (hwloc_obj_t above = core; above != NULL; above = above->parent)
        if (above->memory_arity > 0)
            return (int)above->memory_first_child->logical_index;
    return -1;
}

static mr_status find_cores(mr__topology *topology)
{
    hwloc_topology_t machine = topology->machine;
    topology->core = calloc((size_t)hwloc_bitmap_weight(topology->allowed), sizeof *topology->core);
    if (topology->core == NULL)
        return no_memory();
    const struct core *last = NULL;
    hwloc_obj_t pu = NULL;
    while ((pu = hwloc_get_next_obj_by_type(machine, HWLOC_OBJ_PU, pu)) != NULL) {
        if (!hwloc_bitmap_isset(topology->allowed, pu->os_index))
            continue;
        hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(machine, HWLOC_OBJ_CORE, pu);
        if (object == NULL)
            object = pu;
        if (last != NULL && last->object == object)
            continue;
        last = &topology->core[topology->cores];
        topology->core[topology->cores++] = (struct core){object, find_numa(object)};
    }
    return MR_OK;
}

mr_status mr__topology_load(mr__topology **topology, const char *synthetic, const char *allowed)
{
    mr__topology *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL)
        return no_memory();
    mr_status status = load_machine(loaded, synthetic);
    if (status == MR_OK)
        status = find_allowed(loaded, allowed);
    if (status == MR_OK)
        status = find_cores(loaded);
    if (status != MR_OK) {
        mr__topology_free(loaded);
        loaded = NULL;
    }
    *topology = loaded;
    return status;
}

void mr__topology_free(mr__topology *topology)
{
    if (topology == NULL)
        return;
    free(topology->core);
    hwloc_bitmap_free(topology->allowed);
    if (topology->machine != NULL)
        hwloc_topology_destroy(topology->machine);
    free(topology);
}

int mr__topology_cores(const mr__topology *topology)
{
    return topology->cores;
}

int mr__topology_pus(const mr__topology *topology)
{
    return hwloc_bitmap_weight(topology->allowed);
}

/* ---- Places ------------------------------------------------------------------------------------------------- */

/* A core on its way up the tree of the machine, while cores are spread. */
struct climber {
    int core;       /* which one */
    hwloc_obj_t at; /* how far up it is */
    unsigned child; /* the child of `at` it came from */
    int turn;       /* when its turn comes among the cores below `at` */
};

static int compare_turns(const void *left, const void *right)
{
    const struct climber *a = left, *b = right;
    if (a->at->depth != b->at->depth)
        return a->at->depth < b->at->depth ? -1 : 1;
    if (a->at != b->at)
        return a->at->logical_index < b->at->logical_index ? -1 : 1;
    if (a->turn != b->turn)
        return a->turn < b->turn ? -1 : 1;
    return (a->child > b->child) - (a->child < b->child);
}

/* Orders the cores such that at every level of the tree the children take turns: from the bottom to the top, each
 * object merges the orders of its children by taking the first core of each, then the second of each, and so on.
 * So however many cores are taken, siblings differ by one at most, unless one has no more cores. (hwloc_distrib
 * gives good sets for one number of processes; here every prefix must be good.) */
static void spread(const mr__topology *topology, struct climber *order)
{
    for (int i = 0; i < topology->cores; i++)
        order[i] = (struct climber){.core = i, .at = topology->core[i].object};
    for (int depth = hwloc_topology_get_depth(topology->machine) - 2; depth >= 0; depth--) {
        for (int i = 0; i < topology->cores; i++) {
            struct climber *climber = &order[i];
            if (climber->at->parent->depth != depth) /* levels may be missing in parts of a machine */
                continue;
            climber->child = climber->at->sibling_rank;
            climber->at = climber->at->parent;
        }
        qsort(order, (size_t)topology->cores, sizeof *order, compare_turns);
        for (int i = 0; i < topology->cores; i++)
            order[i].turn = i > 0 && order[i].at == order[i - 1].at ? order[i - 1].turn + 1 : 0;
    }
}

static mr_status add_place(const mr__topology *topology, mr__places *places, mr__place place,
                           hwloc_const_bitmap_t cpus)
{
    place.cpus = format_allowed(topology, cpus);
    if (place.cpus == NULL)
        return no_memory();
    places->place[places->count++] = place;
    return MR_OK;
}

static mr_status add_cores(const mr__topology *topology, mr_pinning pinning, mr__places *places)
{
    struct climber *order = calloc((size_t)topology->cores, sizeof *order);
    if (order == NULL)
        return no_memory();
    if (pinning == MR_PIN_SPREAD)
        spread(topology, order);
    mr_status status = MR_OK;
    for (int i = 0; i < topology->cores && status == MR_OK; i++) {
        int index = pinning == MR_PIN_SPREAD ? order[i].core : i;
        const struct core *core = &topology->core[index];
        mr__place place = {.core = index, .numa = core->numa, .capacity = 1};
        status = add_place(topology, places, place, core->object->cpuset);
    }
    free(order);
    return status;
}

static mr_status add_nodes(const mr__topology *topology, mr__places *places)
{
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    if (cpus == NULL)
        return no_memory();
    mr_status status = MR_OK;
    int nodes = hwloc_get_nbobjs_by_type(topology->machine, HWLOC_OBJ_NUMANODE);
    for (int node = -1; node < nodes && status == MR_OK; node++) { /* -1: cores without a node */
        mr__place place = {.core = -1, .numa = node};
        hwloc_bitmap_zero(cpus);
        for (int i = 0; i < topology->cores && status == MR_OK; i++) {
            const struct core *core = &topology->core[i];
            if (core->numa != node)
                continue;
            place.capacity++;
            if (hwloc_bitmap_or(cpus, cpus, core->object->cpuset) != 0)
                status = no_memory();
        }
        if (status == MR_OK && place.capacity > 0)
            status = add_place(topology, places, place, cpus);
    }
    hwloc_bitmap_free(cpus);
    return status;
}

mr_status mr__topology_places(const mr__topology *topology, mr_pinning pinning, mr__places *places)
{
    *places = (mr__places){0};
    if (pinning == MR_PIN_NONE)
        return MR_OK;
    if (pinning != MR_PIN_SPREAD && pinning != MR_PIN_COMPACT && pinning != MR_PIN_NUMA)
        return mr__fail(MR_EINVAL, "There is no pinning number %d: use one of MR_PIN_SPREAD to MR_PIN_NONE.",
                        (int)pinning);
    places->place = calloc((size_t)topology->cores, sizeof *places->place); /* there are never more than cores */
    if (places->place == NULL)
        return no_memory();
    mr_status status = pinning == MR_PIN_NUMA ? add_nodes(topology, places) : add_cores(topology, pinning, places);
    if (status != MR_OK)
        mr__places_free(places);
    return status;
}

void mr__places_free(mr__places *places)
{
    for (int i = 0; i < places->count; i++)
        free(places->place[i].cpus);
    free(places->place);
    *places = (mr__places){0};
}

/* ---- Pinning ------------------------------------------------------------------------------------------------ */

/* Reads what to bind to, and sees that it is allowed: the system would silently drop what is not. */
static mr_status parse_allowed(const mr__topology *topology, const char *list, hwloc_bitmap_t set)
{
    mr_status status = parse_list(list, set);
    if (status != MR_OK || hwloc_bitmap_isincluded(set, topology->allowed))
        return status;
    char *allowed = format_allowed(topology, topology->allowed);
    status = mr__fail(MR_EINVAL, "This process cannot be pinned to the hardware threads %s: it may only use %s.",
                      list, allowed != NULL ? allowed : "some of them");
    free(allowed);
    return status;
}

mr_status mr__topology_bind(const mr__topology *topology, const char *cpus)
{
    if (!hwloc_topology_is_thissystem(topology->machine))
        return mr__fail(MR_ESTATE, "Nothing can be pinned on a machine that is only described: load the topology "
                                   "of this machine instead.");
    bool all = cpus == NULL || *cpus == '\0';
    hwloc_bitmap_t set = hwloc_bitmap_dup(topology->allowed);
    if (set == NULL)
        return no_memory();
    mr_status status = all ? MR_OK : parse_allowed(topology, cpus, set);
    if (status == MR_OK && hwloc_set_cpubind(topology->machine, set, HWLOC_CPUBIND_THREAD) != 0)
        status = mr__fail(MR_ESYSTEM,
                          "The system does not pin this process to the hardware threads %s (%s): set "
                          "MULTIRANK_PIN=none to do without.",
                          all ? "it started with" : cpus, strerror(errno));
    hwloc_bitmap_free(set);
    return status;
}

static const char *const pinning_names[] = {
    [MR_PIN_SPREAD] = "spread", [MR_PIN_COMPACT] = "compact", [MR_PIN_NUMA] = "numa", [MR_PIN_NONE] = "none"};

enum { PINNINGS = sizeof pinning_names / sizeof pinning_names[0] };

mr_status mr__pinning_parse(const char *word, mr_pinning *pinning)
{
    for (int i = 0; word != NULL && i < PINNINGS; i++) {
        if (strcmp(word, pinning_names[i]) == 0) {
            *pinning = (mr_pinning)i;
            return MR_OK;
        }
    }
    return mr__fail(MR_EINVAL, "There is no pinning called '%s': use spread, compact, numa or none.",
                    word != NULL ? word : "(null)");
}

const char *mr__pinning_name(mr_pinning pinning)
{
    return (size_t)pinning < PINNINGS ? pinning_names[pinning] : "unknown pinning";
}

/* ---- Description -------------------------------------------------------------------------------------------- */

static hwloc_obj_t package_of(const mr__topology *topology, const struct core *core)
{
    return hwloc_get_ancestor_obj_by_type(topology->machine, HWLOC_OBJ_PACKAGE, core->object);
}

/* Writes one core, below the package and the node it is in, unless these stand there already. */
static bool write_core(FILE *out, const mr__topology *topology, int index)
{
    const struct core *core = &topology->core[index], *before = index > 0 ? core - 1 : NULL;
    hwloc_obj_t package = package_of(topology, core);
    bool new_package = before == NULL || package != package_of(topology, before);
    int indent = 2;
    if (package != NULL) {
        if (new_package)
            fprintf(out, "%*sPackage %u\n", indent, "", package->logical_index);
        indent += 2;
    }
    if (core->numa >= 0) {
        if (new_package || core->numa != before->numa)
            fprintf(out, "%*sNUMA node %d\n", indent, "", core->numa);
        indent += 2;
    }
    char *cpus = format_allowed(topology, core->object->cpuset);
    if (cpus != NULL)
        fprintf(out, "%*sCore %d: hardware thread%s %s\n", indent, "", index,
                strpbrk(cpus, ",-") == NULL ? "" : "s", cpus);
    free(cpus);
    return cpus != NULL;
}

char *mr__topology_describe(const mr__topology *topology)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    int threads = mr__topology_pus(topology);
    fprintf(out, "Machine: %d core%s, %d hardware thread%s\n", topology->cores, topology->cores == 1 ? "" : "s",
            threads, threads == 1 ? "" : "s");
    bool complete = true;
    for (int i = 0; i < topology->cores && complete; i++)
        complete = write_core(out, topology, i);
    complete = !ferror(out) && complete;
    if (fclose(out) == 0 && complete)
        return text;
    free(text);
    return NULL;
}
