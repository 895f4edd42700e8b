/* The edges of a picture, found one row after the other, with processes, and with threads:
 *
 *     edges IN OUT.png [--mode sequential|processes|threads|all] [--processes N]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <multirank.h>
#include <omp.h>

#include "image.h"
#include "sobel.h"

#define ROUNDS 5 /* each mode runs so many times; the best time counts, since other programs only add to it */
#define MAX_PROCESSES 1024

typedef struct result {
    double start; /* seconds until the workers were there */
    double time;  /* seconds from a grey picture in memory to its edges in memory, the best round */
    uint8_t *edges;
} result;

static bool complain(const char *what, const char *why)
{
    fprintf(stderr, "edges: %s: %s\n", what, why);
    return false;
}

static void keep_best(result *r, double begin)
{
    r->time = fmin(r->time, omp_get_wtime() - begin);
}

/* ---- Sequential --------------------------------------------------------------------------------------------- */

static bool run_sequential(const image *picture, int processes, result *r)
{
    (void)processes;
    band whole = band_at(picture->width, picture->height, 1, 0);
    for (int i = 0; i < ROUNDS; i++) {
        double begin = omp_get_wtime();
        sobel(&whole, picture->pixels, r->edges);
        keep_best(r, begin);
    }
    return true;
}

/* ---- Processes ---------------------------------------------------------------------------------------------- */

/* What is sent to a process: its band, and where the picture is. On one host that is memory which the processes
 * share; over several the pixels are sent along, with the halo: the row above and the row below that belong to
 * neighbours. */
typedef struct strip {
    band band;
    size_t begin;            /* of the band in the picture and in its edges, in pixels */
    mr_array picture, edges; /* if they are shared, else: */
    uint8_t pixels[]; /* the halo row above (unused if there is none), the band's rows, the halo row below */
} strip;

/* Runs in the worker, for one that shares the picture with main. */
static int find_edges_shared(const void *in, void *out)
{
    const strip *s = in;
    (void)out;
    const uint8_t *picture = mr_array_data(&s->picture);
    uint8_t *edges = mr_array_data(&s->edges);
    if (picture == NULL || edges == NULL)
        return 1;
    sobel(&s->band, picture + s->begin, edges + s->begin);
    return 0;
}

/* Runs in the worker, for one that was sent its band. */
static int find_edges_sent(const void *in, void *out)
{
    const strip *s = in;
    sobel(&s->band, s->pixels + s->band.width, out);
    return 0;
}

/* How a picture is given to the processes of a pool. */
typedef struct work_split {
    const image *picture;
    size_t parts, count; /* bands wanted, and bands that there are */
    mr_array shared, edges;
    char *strips;
    size_t strip_size;
} work_split;

static void fill_strip(const work_split *split, size_t index, bool is_shared)
{
    strip *s = (strip *)(void *)(split->strips + index * split->strip_size);
    size_t width = split->picture->width, height = split->picture->height;
    band b = band_at(width, height, split->parts, index);
    *s = (strip){.band = b, .begin = index * band_height(height, split->parts) * width};
    s->picture = split->shared;
    s->edges = split->edges;
    size_t halo = b.above ? width : 0, rows = b.above + b.rows + b.below;
    if (!is_shared)
        memcpy(s->pixels + width - halo, split->picture->pixels + s->begin - halo, rows * width);
}

/* One round: fill, scatter, compute, and, if nothing is shared, gather. The bands' edges arrive one behind the
 * other: that is the picture. */
static mr_status map_bands(mr_pool *pool, const work_split *split, bool is_shared, uint8_t *edges)
{
    size_t each = band_height(split->picture->height, split->parts);
    for (size_t i = 0; i < split->count; i++)
        fill_strip(split, i, is_shared);
    if (is_shared)
        return mr_pool_map(pool, find_edges_shared, split->strips, split->strip_size, NULL, 0, split->count);
    return mr_pool_map(pool, find_edges_sent, split->strips, split->strip_size, edges,
                       each * split->picture->width, split->count);
}

/* Puts the picture where all processes see it, and makes room for its edges there. */
static mr_status share(work_split *split)
{
    size_t pixels = split->picture->width * split->picture->height;
    mr_status status = mr_array_init_raw(&split->shared, 1, pixels, split->picture->pixels);
    return status == MR_OK ? mr_array_init_raw(&split->edges, 1, pixels, NULL) : status;
}

static bool run_processes(const image *picture, int processes, result *r)
{
    bool is_shared = mr_host_count() == 1;
    size_t parts = (size_t)processes, width = picture->width, align = _Alignof(strip);
    size_t bytes = sizeof(strip) + (is_shared ? 0 : (band_height(picture->height, parts) + 2) * width);
    work_split split = {.picture = picture, .parts = parts, .count = band_count(picture->height, parts)};
    split.strip_size = (bytes + align - 1) / align * align;
    split.strips = calloc(split.count, split.strip_size);
    if (split.strips == NULL)
        return complain("processes", "there is not enough memory");
    mr_pool pool;
    double begin = omp_get_wtime();
    mr_status status = mr_pool_init(&pool, processes);
    if (status != MR_OK)
        goto free_strips;
    if (is_shared)
        status = share(&split);
    r->start = omp_get_wtime() - begin;
    for (int i = 0; i < ROUNDS && status == MR_OK; i++) {
        begin = omp_get_wtime();
        status = map_bands(&pool, &split, is_shared, r->edges);
        keep_best(r, begin);
    }
    if (status == MR_OK && is_shared)
        status = mr_array_get(&split.edges, 0, width * picture->height, r->edges);
    mr_status closed = mr_pool_close(&pool);
    if (closed == MR_OK)
        closed = mr_pool_join(&pool, MR_FOREVER);
    status = status == MR_OK ? closed : status;
    mr_array_destroy(&split.edges);
    mr_array_destroy(&split.shared);
free_strips:
    free(split.strips);
    return status == MR_OK || complain("processes", mr_last_error());
}

/* ---- Threads ------------------------------------------------------------------------------------------------ */

/* Threads see the same memory: nothing is sent, and the halo rows are just the rows next door. */
static bool run_threads(const image *picture, int threads, result *r)
{
    size_t width = picture->width, height = picture->height, parts = (size_t)threads;
    size_t each = band_height(height, parts), count = band_count(height, parts);
    double begin = omp_get_wtime();
#pragma omp parallel num_threads(threads)
    {
    }
    r->start = omp_get_wtime() - begin;
    for (int i = 0; i < ROUNDS; i++) {
        begin = omp_get_wtime();
#pragma omp parallel for num_threads(threads) schedule(static)
        for (size_t part = 0; part < count; part++) {
            band b = band_at(width, height, parts, part);
            sobel(&b, picture->pixels + part * each * width, r->edges + part * each * width);
        }
        keep_best(r, begin);
    }
    return true;
}

/* ---- The command line --------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*run)(const image *picture, int processes, result *r);
} modes[] = {{"sequential", run_sequential}, {"processes", run_processes}, {"threads", run_threads}};

enum { MODES = sizeof modes / sizeof modes[0] };

typedef struct options {
    const char *in, *out;
    bool chosen[MODES];
    int processes;
} options;

static bool choose_mode(options *o, const char *name)
{
    bool any = false;
    for (int i = 0; i < MODES; i++) {
        o->chosen[i] = strcmp(name, "all") == 0 || strcmp(name, modes[i].name) == 0;
        any = any || o->chosen[i];
    }
    return any || complain(name, "there is no such mode (sequential, processes, threads, all)");
}

static bool choose_processes(options *o, const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 1 || number > MAX_PROCESSES)
        return complain(text, "the number of processes is to be from 1 to 1024");
    o->processes = (int)number;
    return true;
}

static bool choose_file(options *o, const char *path)
{
    const char **free_place = o->in == NULL ? &o->in : &o->out;
    if (*free_place != NULL)
        return complain(path, "one picture to read and one to write are enough");
    *free_place = path;
    return true;
}

static bool parse(int argc, char **argv, options *o)
{
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        bool mode = strcmp(argv[i], "--mode") == 0, processes = strcmp(argv[i], "--processes") == 0;
        if ((mode || processes) && i + 1 == argc)
            good = complain(argv[i], "a value is missing");
        else if (mode)
            good = choose_mode(o, argv[++i]);
        else if (processes)
            good = choose_processes(o, argv[++i]);
        else if (argv[i][0] == '-')
            good = complain(argv[i], "there is no such option");
        else
            good = choose_file(o, argv[i]);
    }
    if (good && o->out != NULL)
        return true;
    fputs("Usage: edges IN OUT.png [--mode sequential|processes|threads|all] [--processes N]\n", stderr);
    return false;
}

/* ---- The work ----------------------------------------------------------------------------------------------- */

/* Runs the chosen modes; results[i].edges stays NULL where mode i is not chosen. */
static bool run_modes(const options *o, const image *picture, result results[MODES])
{
    size_t parts = (size_t)o->processes;
    /* Whole bands: the last one may be higher than what is left of the picture. */
    size_t rows = band_height(picture->height, parts) * band_count(picture->height, parts);
    printf("%zu x %zu pixels, %d processes or threads, best of %d rounds\n", picture->width, picture->height,
           o->processes, ROUNDS);
    printf("%-12s %12s %12s\n", "mode", "start (ms)", "time (ms)");
    for (int i = 0; i < MODES; i++) {
        if (!o->chosen[i])
            continue;
        results[i].time = INFINITY;
        results[i].edges = malloc(rows * picture->width);
        if (results[i].edges == NULL)
            return complain(modes[i].name, "there is not enough memory");
        if (!modes[i].run(picture, o->processes, &results[i]))
            return false;
        printf("%-12s %12.2f %12.2f\n", modes[i].name, 1e3 * results[i].start, 1e3 * results[i].time);
    }
    return true;
}

/* The edges that all the modes agree on; NULL if they do not. */
static uint8_t *agreed(const image *picture, const result results[MODES])
{
    uint8_t *edges = NULL;
    int same = 0;
    for (int i = 0; i < MODES; i++) {
        if (results[i].edges == NULL)
            continue;
        if (edges != NULL && memcmp(edges, results[i].edges, picture->width * picture->height) != 0) {
            complain(modes[i].name, "its picture differs from the one before; nothing is written");
            return NULL;
        }
        edges = results[i].edges;
        same++;
    }
    if (same > 1)
        printf("The %d pictures are the same, byte for byte.\n", same);
    return edges;
}

static bool work(const options *o)
{
    image picture;
    image_error why;
    result results[MODES] = {0};
    if (!image_read(&picture, o->in, &why))
        return complain(o->in, why.text);
    bool done = run_modes(o, &picture, results);
    image edges = {picture.width, picture.height, done ? agreed(&picture, results) : NULL};
    done = edges.pixels != NULL && (image_write(&edges, o->out, &why) || complain(o->out, why.text));
    if (done)
        printf("Written: %s\n", o->out);
    for (int i = 0; i < MODES; i++)
        free(results[i].edges);
    image_free(&picture);
    return done;
}

/* The exit code is 0 if the picture has been written, 1 if not, 2 if the command line is at fault. */
int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK)
        return complain("Multirank", mr_last_error()) ? 0 : 1;
    options o = {.processes = mr_core_count(), .chosen = {true, true, true}};
    int code = !parse(argc, argv, &o) ? 2 : !work(&o) ? 1 : 0;
    mr_status status = mr_finalize();
    return code != 0 || status == MR_OK ? code : 1;
}
