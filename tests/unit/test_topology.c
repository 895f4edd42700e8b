/* The topology, on machines made up and on this one. Synthetic machines number their hardware threads in the order
 * of the tree, so a shape is all it takes to know which thread is where: that is the model the places are held
 * against. */
#include "base/status.h"
#include "base/topology.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <hwloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Sets of hardware threads ------------------------------------------------------------------------------- */

static bool has(const cpu_set_t *set, int cpu)
{
    return CPU_ISSET((size_t)cpu, set);
}

static void add(cpu_set_t *set, int cpu)
{
    CPU_SET((size_t)cpu, set);
}

/* Reads a list such as "0,8-9", which must be in ascending order. */
static cpu_set_t expand(const char *list)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int previous = -1;
    for (const char *at = list; *at != '\0';) {
        char *end;
        cr_assert(isdigit((unsigned char)*at), "'%s' is not a list", list);
        int first = (int)strtol(at, &end, 10), last = first;
        if (*end == '-')
            last = (int)strtol(end + 1, &end, 10);
        cr_assert(first > previous && last >= first && last < CPU_SETSIZE, "'%s' is not in order", list);
        for (int cpu = first; cpu <= last; cpu++)
            add(&set, cpu);
        previous = last;
        cr_assert(*end == '\0' || (*end == ',' && end[1] != '\0'), "'%s' is not a list", list);
        at = *end == ',' ? end + 1 : end;
    }
    return set;
}

static void assert_list(const char *list, const cpu_set_t *expected, const char *what)
{
    cpu_set_t set = expand(list);
    cr_assert(CPU_EQUAL(&set, expected), "%s: the hardware threads are not %s", what, list);
}

/* ---- Shapes of machines ------------------------------------------------------------------------------------- */

struct shape {
    int packages, nodes, cores, threads; /* in each of what comes before; nodes 0: one NUMA node for the machine */
};

/* A machine, cut down to some of its hardware threads, as it should be. */
struct model {
    struct shape shape;
    cpu_set_t allowed;
    char name[320]; /* for messages */
};

static int nodes_in(const struct shape *shape)
{
    return shape->nodes == 0 ? 1 : shape->nodes;
}

static int count_cores(const struct shape *shape)
{
    return shape->packages * nodes_in(shape) * shape->cores;
}

static int node_of_core(const struct shape *shape, int core)
{
    return shape->nodes == 0 ? 0 : core / shape->cores;
}

static int package_of_core(const struct shape *shape, int core)
{
    return core / (shape->cores * nodes_in(shape));
}

/* The allowed hardware threads of the physical cores from first to last. */
static cpu_set_t threads_of(const struct model *model, int first, int last)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int threads = model->shape.threads;
    for (int cpu = first * threads; cpu < (last + 1) * threads; cpu++)
        if (has(&model->allowed, cpu))
            add(&set, cpu);
    return set;
}

static bool core_allowed(const struct model *model, int core)
{
    cpu_set_t set = threads_of(model, core, core);
    return CPU_COUNT(&set) > 0;
}

/* The allowed cores, by their physical numbers, in order; returns how many. */
static int list_cores(const struct model *model, int cores[CPU_SETSIZE])
{
    int count = 0;
    for (int core = 0; core < count_cores(&model->shape); core++)
        if (core_allowed(model, core))
            cores[count++] = core;
    return count;
}

/* Loads a machine of that shape, cut down to a list (NULL: all of it), and tells in *model what it should be. */
static mr__topology *load(struct model *model, struct shape shape, const char *allowed)
{
    char synthetic[128], numa[32] = "";
    if (shape.nodes > 0)
        snprintf(numa, sizeof numa, "numa:%d ", shape.nodes);
    snprintf(synthetic, sizeof synthetic, "pack:%d %score:%d pu:%d", shape.packages, numa, shape.cores,
             shape.threads);

    *model = (struct model){.shape = shape};
    int threads = count_cores(&shape) * shape.threads;
    for (int cpu = 0; cpu < threads; cpu++)
        add(&model->allowed, cpu);
    if (allowed != NULL) {
        cpu_set_t wanted = expand(allowed);
        CPU_AND(&model->allowed, &model->allowed, &wanted);
    }
    snprintf(model->name, sizeof model->name, "%s on %.150s", synthetic, allowed != NULL ? allowed : "all");

    mr__topology *topology = NULL;
    cr_assert_eq(mr__topology_load(&topology, synthetic, allowed), MR_OK, "%s: %s", model->name, mr_last_error());
    cr_assert_not_null(topology);
    return topology;
}

static mr__places get_places(const mr__topology *topology, mr_pinning pinning)
{
    mr__places places = {0};
    cr_assert_eq(mr__topology_places(topology, pinning, &places), MR_OK, "%s", mr_last_error());
    return places;
}

/* ---- Properties --------------------------------------------------------------------------------------------- */

/* Every allowed core has exactly one place, with exactly its allowed hardware threads. */
static void check_cores(const struct model *model, const mr__places *places)
{
    int cores[CPU_SETSIZE], count = list_cores(model, cores);
    bool seen[CPU_SETSIZE] = {false};
    cpu_set_t together, both;
    CPU_ZERO(&together);
    cr_assert_eq(places->count, count, "%s: %d places for %d cores", model->name, places->count, count);
    for (int i = 0; i < count; i++) {
        const mr__place *place = &places->place[i];
        cr_assert(place->core >= 0 && place->core < count && !seen[place->core], "%s: core %d", model->name,
                  place->core);
        seen[place->core] = true;
        int core = cores[place->core];
        cpu_set_t expected = threads_of(model, core, core);
        assert_list(place->cpus, &expected, model->name);
        CPU_AND(&both, &together, &expected);
        cr_assert_eq(CPU_COUNT(&both), 0, "%s: %s is shared", model->name, place->cpus);
        CPU_OR(&together, &together, &expected);
        cr_assert_eq(place->numa, node_of_core(&model->shape, core), "%s: node %d", model->name, place->numa);
        cr_assert_eq(place->capacity, 1);
    }
    cr_assert(CPU_EQUAL(&together, &model->allowed), "%s: some hardware threads have no place", model->name);
}

/* The domain (package, NUMA node) of a core, if the core lies in the part of the machine looked at; otherwise -1.
 */
typedef int domain_of(const struct shape *shape, int core, int part);

static int package_domain(const struct shape *shape, int core, int part)
{
    (void)part;
    return package_of_core(shape, core);
}

static int node_domain(const struct shape *shape, int core, int part)
{
    (void)part;
    return node_of_core(shape, core);
}

static int node_in_package_domain(const struct shape *shape, int core, int package)
{
    return package_of_core(shape, core) == package ? node_of_core(shape, core) : -1;
}

/* In every prefix, the domains' counts differ by one at most, but for those that have no more cores to give. */
static void check_balance(const struct model *model, const mr__places *places, domain_of *domain, int part)
{
    int cores[CPU_SETSIZE], total[CPU_SETSIZE] = {0}, taken[CPU_SETSIZE] = {0};
    int count = list_cores(model, cores), domains = model->shape.packages * nodes_in(&model->shape);
    for (int i = 0; i < count; i++)
        if (domain(&model->shape, cores[i], part) >= 0)
            total[domain(&model->shape, cores[i], part)]++;
    for (int i = 0; i < places->count; i++) {
        int here = domain(&model->shape, cores[places->place[i].core], part), most = 0;
        if (here >= 0)
            taken[here]++;
        for (int d = 0; d < domains; d++)
            most = taken[d] > most ? taken[d] : most;
        for (int d = 0; d < domains; d++)
            cr_assert(most - taken[d] <= 1 || taken[d] == total[d], "%s: first %d: %d of domain %d, %d of another",
                      model->name, i + 1, taken[d], d, most);
    }
}

static void check_spread(const struct model *model, const mr__topology *topology)
{
    mr__places places = get_places(topology, MR_PIN_SPREAD);
    check_cores(model, &places);
    check_balance(model, &places, package_domain, 0);
    for (int package = 0; package < model->shape.packages; package++)
        check_balance(model, &places, node_in_package_domain, package);
    if (CPU_COUNT(&model->allowed) == count_cores(&model->shape) * model->shape.threads)
        check_balance(model, &places, node_domain, 0); /* with a ragged set, packages come before nodes */
    mr__places_free(&places);
}

static void check_compact(const struct model *model, const mr__topology *topology)
{
    mr__places places = get_places(topology, MR_PIN_COMPACT);
    check_cores(model, &places);
    for (int i = 0; i < places.count; i++)
        cr_assert_eq(places.place[i].core, i, "%s: core %d is out of order", model->name, places.place[i].core);
    mr__places_free(&places);
}

/* One place for each node that has allowed cores, in order, with all of them. */
static void check_numa(const struct model *model, const mr__topology *topology)
{
    const struct shape *shape = &model->shape;
    mr__places places = get_places(topology, MR_PIN_NUMA);
    int next = 0, nodes = shape->nodes == 0 ? 1 : shape->packages * shape->nodes;
    int size = count_cores(shape) / nodes;
    for (int node = 0; node < nodes; node++) {
        int cores = 0;
        for (int core = node * size; core < (node + 1) * size; core++)
            cores += core_allowed(model, core);
        if (cores == 0)
            continue;
        cr_assert_lt(next, places.count, "%s: node %d has no place", model->name, node);
        const mr__place *place = &places.place[next++];
        cpu_set_t expected = threads_of(model, node * size, (node + 1) * size - 1);
        assert_list(place->cpus, &expected, model->name);
        cr_assert_eq(place->core, -1);
        cr_assert_eq(place->numa, node, "%s: node %d instead of %d", model->name, place->numa, node);
        cr_assert_eq(place->capacity, cores, "%s: node %d holds %d", model->name, node, place->capacity);
    }
    cr_assert_eq(places.count, next, "%s: %d places for %d nodes", model->name, places.count, next);
    mr__places_free(&places);
}

/* Everything that must hold on any machine. */
static void check(struct shape shape, const char *allowed)
{
    struct model model;
    int cores[CPU_SETSIZE];
    mr__topology *topology = load(&model, shape, allowed);
    cr_assert_eq(mr__topology_cores(topology), list_cores(&model, cores), "%s", model.name);
    cr_assert_eq(mr__topology_pus(topology), CPU_COUNT(&model.allowed), "%s", model.name);
    check_spread(&model, topology);
    check_compact(&model, topology);
    check_numa(&model, topology);

    mr__places none = get_places(topology, MR_PIN_NONE);
    cr_assert_eq(none.count, 0);
    mr__places_free(&none);
    mr__topology_free(topology);
}

static const struct shape two_sockets = {.packages = 2, .cores = 4, .threads = 2};
static const struct shape four_nodes = {.packages = 2, .nodes = 2, .cores = 3, .threads = 2};
static const struct shape big = {.packages = 2, .nodes = 4, .cores = 16, .threads = 2};

Test(topology, whole_machines)
{
    check(two_sockets, NULL);
    check(four_nodes, NULL);
    check(big, NULL);
    check((struct shape){.packages = 2, .cores = 64, .threads = 2}, NULL);
    check((struct shape){.packages = 1, .cores = 1, .threads = 1}, NULL);
    check((struct shape){.packages = 3, .nodes = 3, .cores = 5, .threads = 4}, NULL);
    check((struct shape){.packages = 8, .nodes = 1, .cores = 2, .threads = 1}, NULL);
}

Test(topology, machines_cut_down)
{
    check(two_sockets, "0-7");            /* one package */
    check(two_sockets, "0,2,4,6,8-15");   /* one hardware thread of some cores */
    check(two_sockets, "1,3,5,7,9,11");   /* only second hardware threads */
    check(two_sockets, "7,8");            /* the borders */
    check(two_sockets, "5");              /* a single hardware thread */
    check(two_sockets, "0-1000");         /* more than there is */
    check(four_nodes, "0-8");             /* half of a NUMA node, even half of a core */
    check(four_nodes, "3-14");            /* begins and ends in the middle of nodes */
    check(four_nodes, "0-11,23");         /* one package and a bit */
    check(four_nodes, "6-11,18-23");      /* one node of each package */
    check(big, "0,32,64,96,128,160,192"); /* one core of each of seven nodes */
    check(big, "100-227");
}

/* A random set of hardware threads as a list; dense sets and sparse ones. */
static void random_list(char *list, size_t size, int threads, unsigned *seed)
{
    size_t length = 0;
    unsigned share = 1 + (unsigned)rand_r(seed) % 15;
    list[0] = '\0';
    for (int cpu = 0; cpu < threads; cpu++)
        if ((unsigned)rand_r(seed) % 16 < share)
            length += (size_t)snprintf(list + length, size - length, "%s%d", length > 0 ? "," : "", cpu);
    if (length == 0)
        snprintf(list, size, "%d", rand_r(seed) % threads);
}

Test(topology, machines_cut_down_at_random)
{
    unsigned seed = 2024;
    char list[2048];
    for (int i = 0; i < 150; i++) {
        struct shape shape = {.packages = 1 + rand_r(&seed) % 4,
                              .nodes = rand_r(&seed) % 4,
                              .cores = 1 + rand_r(&seed) % 8,
                              .threads = 1 + rand_r(&seed) % 3};
        random_list(list, sizeof list, count_cores(&shape) * shape.threads, &seed);
        check(shape, list);
    }
}

/* ---- Examples, for people to read --------------------------------------------------------------------------- */

/* The places must be these, written "cpus cpus ...". */
static void assert_places(const char *synthetic, const char *allowed, mr_pinning pinning, const char *expected)
{
    mr__topology *topology = NULL;
    cr_assert_eq(mr__topology_load(&topology, synthetic, allowed), MR_OK, "%s", mr_last_error());
    mr__places places = get_places(topology, pinning);
    char text[1024] = "";
    size_t length = 0;
    for (int i = 0; i < places.count; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, i > 0 ? " %s" : "%s", places.place[i].cpus);
    cr_assert_str_eq(text, expected, "%s: %s instead of %s", synthetic != NULL ? synthetic : "XML", text,
                     expected);
    mr__places_free(&places);
    mr__topology_free(topology);
}

Test(topology, two_sockets_by_example)
{
    const char *machine = "pack:2 core:4 pu:2";
    assert_places(machine, NULL, MR_PIN_SPREAD, "0-1 8-9 2-3 10-11 4-5 12-13 6-7 14-15");
    assert_places(machine, NULL, MR_PIN_COMPACT, "0-1 2-3 4-5 6-7 8-9 10-11 12-13 14-15");
    assert_places(machine, NULL, MR_PIN_NUMA, "0-15");
    assert_places(machine, NULL, MR_PIN_NONE, "");
    assert_places(machine, "1,4-5,12", MR_PIN_SPREAD, "1 12 4-5");
    assert_places(machine, "0,8", MR_PIN_NUMA, "0,8");
}

Test(topology, four_nodes_by_example)
{
    const char *machine = "pack:2 numa:2 core:3 pu:2";
    assert_places(machine, NULL, MR_PIN_SPREAD, "0-1 12-13 6-7 18-19 2-3 14-15 8-9 20-21 4-5 16-17 10-11 22-23");
    assert_places(machine, NULL, MR_PIN_NUMA, "0-5 6-11 12-17 18-23");
    assert_places(machine, "2,5,12-23", MR_PIN_NUMA, "2,5 12-17 18-23");
}

Test(topology, other_levels_are_spread_too)
{
    assert_places("pack:2 die:2 core:2 pu:1", NULL, MR_PIN_SPREAD, "0 4 2 6 1 5 3 7");
    assert_places("numa:2 pack:2 core:2 pu:1", NULL, MR_PIN_SPREAD, "0 4 2 6 1 5 3 7");
}

Test(topology, hardware_threads_numbered_across_the_machine)
{
    /* As Linux does it: first hardware threads 0 to 3, second ones 4 to 7. */
    const char *machine = "pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)";
    assert_places(machine, NULL, MR_PIN_SPREAD, "0,4 2,6 1,5 3,7");
    assert_places(machine, "0-3", MR_PIN_COMPACT, "0 1 2 3");
}

Test(topology, hardware_threads_are_cores_where_there_are_none)
{
    assert_places("pu:3", NULL, MR_PIN_SPREAD, "0 1 2");
    assert_places("pu:3", "1-2", MR_PIN_COMPACT, "1 2");
    assert_places("pu:3", "1-2", MR_PIN_NUMA, "1-2");
    assert_places("numa:2 pu:3", NULL, MR_PIN_SPREAD, "0 3 1 4 2 5");
    assert_places("pack:2 pu:2", NULL, MR_PIN_SPREAD, "0 2 1 3");
}

Test(topology, two_nodes_over_the_same_cores_make_one_place)
{
    assert_places("pack:2 [numa] [numa] core:2 pu:1", NULL, MR_PIN_NUMA, "0-1 2-3");
    assert_places("pack:2 [numa] core:2 [numa] pu:2", NULL, MR_PIN_NUMA, "0-1 2-3 4-5 6-7");
}

Test(topology, describe)
{
    mr__topology *topology = NULL;
    cr_assert_eq(mr__topology_load(&topology, "pack:2 numa:2 core:2 pu:2", "0-4,13"), MR_OK);
    char *text = mr__topology_describe(topology);
    cr_assert_str_eq(text, "Machine: 4 cores, 6 hardware threads\n"
                           "  Package 0\n"
                           "    NUMA node 0\n"
                           "      Core 0: hardware threads 0-1\n"
                           "      Core 1: hardware threads 2-3\n"
                           "    NUMA node 1\n"
                           "      Core 2: hardware thread 4\n"
                           "  Package 1\n"
                           "    NUMA node 3\n"
                           "      Core 3: hardware thread 13\n");
    free(text);
    mr__topology_free(topology);
    cr_assert_eq(mr__topology_load(&topology, "core:1 pu:1", NULL), MR_OK);
    text = mr__topology_describe(topology);
    cr_assert(strncmp(text, "Machine: 1 core, 1 hardware thread\n", 35) == 0, "%s", text);
    free(text);
    mr__topology_free(topology);
}

/* ---- Ragged machines, which only XML can describe ----------------------------------------------------------- */

/* Makes hwloc believe that this machine is the one in the XML, and checks its places. */
static void assert_xml_places(const char *xml, size_t size, const char *spread, const char *numa)
{
    char path[] = P_tmpdir "/machine-XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, xml, size), (ssize_t)size);
    close(file);
    setenv("HWLOC_XMLFILE", path, 1);
    assert_places(NULL, NULL, MR_PIN_SPREAD, spread);
    assert_places(NULL, NULL, MR_PIN_NUMA, numa);
    unlink(path);
}

Test(topology, nodes_without_cpus)
{
    hwloc_topology_t machine;
    hwloc_bitmap_t left = hwloc_bitmap_alloc();
    char *xml;
    int size;
    hwloc_topology_init(&machine);
    hwloc_topology_set_synthetic(machine, "pack:2 numa:2 core:3 pu:2");
    hwloc_topology_load(machine);
    hwloc_bitmap_set_range(left, 0, 8);
    cr_assert_eq(hwloc_topology_restrict(machine, left, 0), 0);
    cr_assert_eq(hwloc_get_nbobjs_by_type(machine, HWLOC_OBJ_NUMANODE), 4, "they should have stayed");
    cr_assert_eq(hwloc_topology_export_xmlbuffer(machine, &xml, &size, 0), 0);
    assert_xml_places(xml, (size_t)size - 1, "0-1 6-7 2-3 8 4-5", "0-5 6-8");
    hwloc_free_xmlbuffer(machine, xml);
    hwloc_bitmap_free(left);
    hwloc_topology_destroy(machine);
}

#define OBJECT(type, index, cpus, nodes)                                                                        \
    "<object type='" type "' os_index='" index "' cpuset='" cpus "' complete_cpuset='" cpus "' nodeset='" nodes \
    "' complete_nodeset='" nodes "'"

/* One package has two cores and a NUMA node, the other one bare hardware threads and no node. */
/* clang-format off */
static const char half_known[] = "<?xml version='1.0'?><topology version='2.0'>"
    OBJECT("Machine", "0", "0x3f", "1") " allowed_cpuset='0x3f' allowed_nodeset='1'>"
    OBJECT("Package", "0", "0x0f", "1") ">"
    OBJECT("NUMANode", "0", "0x0f", "1") " local_memory='1048576'/>"
    OBJECT("Core", "0", "0x03", "1") ">"
    OBJECT("PU", "0", "0x01", "1") "/>"
    OBJECT("PU", "1", "0x02", "1") "/></object>"
    OBJECT("Core", "1", "0x0c", "1") ">"
    OBJECT("PU", "2", "0x04", "1") "/>"
    OBJECT("PU", "3", "0x08", "1") "/></object></object>"
    OBJECT("Package", "1", "0x30", "0") ">"
    OBJECT("PU", "4", "0x10", "0") "/>"
    OBJECT("PU", "5", "0x20", "0") "/></object></object></topology>";
/* clang-format on */

Test(topology, machines_known_in_part)
{
    assert_xml_places(half_known, sizeof half_known - 1, "0-1 4 2-3 5", "4-5 0-3");
}

/* ---- This machine ------------------------------------------------------------------------------------------- */

static mr__topology *load_this(void)
{
    mr__topology *topology = NULL;
    unsetenv("HWLOC_XMLFILE");
    unsetenv("HWLOC_SYNTHETIC");
    cr_assert_eq(mr__topology_load(&topology, NULL, NULL), MR_OK, "%s", mr_last_error());
    return topology;
}

static cpu_set_t affinity(pid_t thread)
{
    cpu_set_t set;
    cr_assert_eq(sched_getaffinity(thread, sizeof set, &set), 0);
    return set;
}

static void assert_affinity(pid_t thread, const cpu_set_t *expected)
{
    cpu_set_t set = affinity(thread);
    cr_assert(CPU_EQUAL(&set, expected), "bound to %d hardware threads instead of %d", CPU_COUNT(&set),
              CPU_COUNT(expected));
}

Test(topology, this_machine)
{
    mr__topology *topology = load_this();
    cpu_set_t all = affinity(0), seen, both;
    CPU_ZERO(&seen);
    mr__places places = get_places(topology, MR_PIN_SPREAD);
    cr_assert_geq(mr__topology_cores(topology), 1);
    cr_assert_eq(places.count, mr__topology_cores(topology));
    cr_assert_eq(mr__topology_pus(topology), CPU_COUNT(&all));
    for (int i = 0; i < places.count; i++) {
        cpu_set_t cpus = expand(places.place[i].cpus);
        CPU_AND(&both, &seen, &cpus);
        cr_assert_eq(CPU_COUNT(&both), 0, "%s is in two places", places.place[i].cpus);
        CPU_OR(&seen, &seen, &cpus);
    }
    cr_assert(CPU_EQUAL(&seen, &all));
    mr__places_free(&places);
    mr__topology_free(topology);
}

Test(topology, bind_to_each_place_and_unbind)
{
    mr__topology *topology = load_this();
    cpu_set_t all = affinity(0);
    for (int pinning = MR_PIN_SPREAD; pinning <= MR_PIN_NUMA; pinning++) {
        mr__places places = get_places(topology, (mr_pinning)pinning);
        for (int i = 0; i < places.count; i++) {
            cpu_set_t cpus = expand(places.place[i].cpus);
            cr_assert_eq(mr__topology_bind(topology, places.place[i].cpus), MR_OK, "%s", mr_last_error());
            assert_affinity(0, &cpus);
            cr_assert_eq(mr__topology_bind(topology, i % 2 == 0 ? NULL : ""), MR_OK, "%s", mr_last_error());
            assert_affinity(0, &all);
        }
        mr__places_free(&places);
    }
    mr__topology_free(topology);
}

struct bystander {
    pthread_barrier_t ready, done;
    pid_t id;
};

static void *stand_by(void *argument)
{
    struct bystander *self = argument;
    self->id = gettid();
    pthread_barrier_wait(&self->ready);
    pthread_barrier_wait(&self->done);
    return NULL;
}

/* The library's own threads, which there are already, may run wherever there is room. */
Test(topology, bind_moves_the_calling_thread_and_those_it_starts)
{
    mr__topology *topology = load_this();
    mr__places places = get_places(topology, MR_PIN_COMPACT);
    struct bystander other;
    pthread_t thread;
    pthread_barrier_init(&other.ready, NULL, 2);
    pthread_barrier_init(&other.done, NULL, 2);
    cr_assert_eq(pthread_create(&thread, NULL, stand_by, &other), 0);
    pthread_barrier_wait(&other.ready);

    cpu_set_t before;
    cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
    const mr__place *last = &places.place[places.count - 1];
    cpu_set_t cpus = expand(last->cpus);
    cr_assert_eq(mr__topology_bind(topology, last->cpus), MR_OK, "%s", mr_last_error());
    assert_affinity(other.id, &before);
    assert_affinity(0, &cpus);
    pthread_barrier_wait(&other.done);
    pthread_join(thread, NULL);

    cr_assert_eq(pthread_create(&thread, NULL, stand_by, &other), 0);
    pthread_barrier_wait(&other.ready);
    assert_affinity(other.id, &cpus);
    pthread_barrier_wait(&other.done);
    pthread_join(thread, NULL);
    mr__places_free(&places);
    mr__topology_free(topology);
}

/* A topology that is loaded while the process is bound to a place knows of that place only. */
Test(topology, the_binding_at_load_time_is_respected)
{
    mr__topology *whole = load_this();
    mr__places places = get_places(whole, MR_PIN_SPREAD);
    for (int i = 0; i < places.count; i++) {
        cpu_set_t cpus = expand(places.place[i].cpus);
        cr_assert_eq(mr__topology_bind(whole, places.place[i].cpus), MR_OK, "%s", mr_last_error());
        mr__topology *part = load_this();
        assert_affinity(0, &cpus); /* loading does not change it */
        cr_assert_eq(mr__topology_cores(part), 1);
        cr_assert_eq(mr__topology_pus(part), CPU_COUNT(&cpus));
        cr_assert_eq(mr__topology_bind(part, NULL), MR_OK, "%s", mr_last_error());
        assert_affinity(0, &cpus);
        if (places.count > 1) {
            cr_assert_eq(mr__topology_bind(part, places.place[(i + 1) % places.count].cpus), MR_EINVAL);
            assert_affinity(0, &cpus);
        }
        mr__topology_free(part);
    }
    mr__places_free(&places);
    mr__topology_free(whole);
}

/* ---- Errors ------------------------------------------------------------------------------------------------- */

/* The sentence of the last error must contain this, end with a full stop and be one line. */
static void assert_sentence(const char *part)
{
    const char *sentence = mr_last_error();
    size_t length = strlen(sentence);
    cr_assert_not_null(strstr(sentence, part), "'%s' does not tell of '%s'", sentence, part);
    cr_assert(length > 20 && sentence[length - 1] == '.', "'%s' is not a sentence", sentence);
    cr_assert_null(strchr(sentence, '\n'));
}

static void assert_load_fails(const char *synthetic, const char *allowed, const char *part)
{
    static char nothing;
    mr__topology *topology = (mr__topology *)&nothing;
    cr_assert_eq(mr__topology_load(&topology, synthetic, allowed), MR_EINVAL, "%s on %s was loaded",
                 synthetic != NULL ? synthetic : "this machine", allowed != NULL ? allowed : "all");
    cr_assert_eq(mr_last_status(), MR_EINVAL);
    cr_assert_null(topology);
    assert_sentence(part);
}

Test(topology, lists_that_are_none)
{
    static const char *const wrong[] = {"",  ",",  "1,",  ",1", "1,,2", "1-",   "0-",  "-1",  "1-2-3", "5-2",
                                        "a", "3x", "3x4", " 1", "1 ",   "1, 2", "0x1", "1.5", "+1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_load_fails("pack:2 core:4 pu:2", wrong[i], "not a list of hardware threads");
    assert_load_fails("pu:2", "1048576", "'1048576' is not a list"); /* no machine has so many */
    assert_load_fails("pu:2", "0-4294967295", "not a list");
    assert_load_fails("pu:2", "99999999999999999999", "not a list");
}

Test(topology, nothing_left)
{
    assert_load_fails("pack:2 core:4 pu:2", "16-31", "none of the hardware threads 16-31");
    assert_load_fails("pack:2 core:4 pu:2", "16", "0-15");
    assert_load_fails(NULL, "1048575", "none of the hardware threads 1048575");
}

Test(topology, machines_that_are_none)
{
    assert_load_fails("", NULL, "does not describe a machine");
    assert_load_fails("bad:3", NULL, "'bad:3'");
    assert_load_fails("pack:2 core:", NULL, "does not describe a machine");
    assert_load_fails("pack:0 pu:1", NULL, "does not describe a machine");
}

Test(topology, synthetic_machines_bind_nobody)
{
    mr__topology *topology = NULL;
    cpu_set_t all = affinity(0);
    cr_assert_eq(mr__topology_load(&topology, "pu:2", NULL), MR_OK);
    cr_assert_eq(mr__topology_bind(topology, "0"), MR_ESTATE);
    assert_sentence("load the topology of this machine");
    cr_assert_eq(mr__topology_bind(topology, NULL), MR_ESTATE);
    assert_affinity(0, &all);
    mr__topology_free(topology);
}

Test(topology, bind_refuses_what_is_not_allowed)
{
    mr__topology *topology = load_this();
    cpu_set_t all = affinity(0);
    cr_assert_eq(mr__topology_bind(topology, "1-"), MR_EINVAL);
    assert_sentence("not a list of hardware threads");
    cr_assert_eq(mr__topology_bind(topology, "0-1048575"), MR_EINVAL);
    assert_sentence("may only use");
    assert_affinity(0, &all);
    mr__topology_free(topology);
}

Test(topology, places_of_no_known_pinning)
{
    mr__topology *topology = NULL;
    mr__places places = {.count = 7};
    cr_assert_eq(mr__topology_load(&topology, "pu:2", NULL), MR_OK);
    cr_assert_eq(mr__topology_places(topology, (mr_pinning)9, &places), MR_EINVAL);
    assert_sentence("pinning number 9");
    cr_assert_eq(places.count, 0);
    mr__places_free(&places);
    mr__topology_free(topology);
}

Test(topology, nothing_may_be_freed)
{
    mr__places places = {0};
    mr__topology_free(NULL);
    mr__places_free(&places);
    mr__places_free(&places);
}

Test(topology, pinnings_have_words)
{
    static const char *const words[] = {"spread", "compact", "numa", "none"};
    for (int i = 0; i < 4; i++) {
        mr_pinning pinning = (mr_pinning)9;
        cr_assert_eq(mr__pinning_parse(words[i], &pinning), MR_OK);
        cr_assert_eq((int)pinning, i);
        cr_assert_str_eq(mr__pinning_name(pinning), words[i]);
    }
    cr_assert_str_eq(mr__pinning_name((mr_pinning)9), "unknown pinning");
    cr_assert_str_eq(mr__pinning_name((mr_pinning)-1), "unknown pinning");
}

Test(topology, other_words_are_no_pinnings)
{
    static const char *const wrong[] = {"", "Spread", "spread ", "core", "numanode", NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        mr_pinning pinning = MR_PIN_COMPACT;
        cr_assert_eq(mr__pinning_parse(wrong[i], &pinning), MR_EINVAL);
        cr_assert_eq(pinning, MR_PIN_COMPACT, "the pinning was changed");
        assert_sentence("spread, compact, numa or none");
    }
}
