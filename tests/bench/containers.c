/* Dicts in the benchmark: containers WHAT AMOUNT prints the seconds that one call takes.
 *
 * set, get        one process: sets keys, which are there, to integers; gets them
 * set-four        4 processes at once, each on keys of its own in one dict: per set, of all */
#include "measuring.h"

#include <string.h>

enum { KEYS = 1000, PROCESSES = 4 };

typedef struct part {
    mr_dict dict;
    mr_barrier barrier;
    int number, amount;
} part;

static mr_dict make_dict(int keys)
{
    mr_dict dict;
    need(mr_dict_init(&dict));
    for (int i = 0; i < keys; i++)
        need(mr_dict_set(&dict, MR_INT(i), MR_INT(i)));
    return dict;
}

static void set(const mr_dict *dict, int first, int count)
{
    for (int i = 0; i < count; i++)
        need(mr_dict_set(dict, MR_INT(first + i % KEYS), MR_INT(i)));
}

static double measure_set(int count)
{
    mr_dict dict = make_dict(KEYS);
    double begin = now();
    set(&dict, 0, count);
    return (now() - begin) / count;
}

static double measure_get(int count)
{
    mr_dict dict = make_dict(KEYS);
    mr_item value;
    double begin = now();
    for (int i = 0; i < count; i++)
        need(mr_dict_get(&dict, MR_INT(i % KEYS), &value, NULL, 0));
    return (now() - begin) / count;
}

static int write_all(const void *args, size_t size)
{
    const part *p = args;
    (void)size;
    need(mr_barrier_wait(&p->barrier, NULL, MR_FOREVER));
    set(&p->dict, p->number * KEYS, p->amount);
    need(mr_barrier_wait(&p->barrier, NULL, MR_FOREVER));
    return 0;
}

static double measure_set_four(int count)
{
    part p = {.dict = make_dict(PROCESSES * KEYS), .amount = count};
    mr_process processes[PROCESSES];
    need(mr_barrier_init(&p.barrier, PROCESSES + 1, NULL, MR_FOREVER));
    for (p.number = 0; p.number < PROCESSES; p.number++) {
        need(mr_process_init(&processes[p.number], write_all, &p, sizeof p));
        need(mr_process_start(&processes[p.number]));
    }
    need(mr_barrier_wait(&p.barrier, NULL, MR_FOREVER));
    double begin = now();
    need(mr_barrier_wait(&p.barrier, NULL, MR_FOREVER));
    return (now() - begin) / count / PROCESSES;
}

static const struct {
    const char *name;
    double (*measure)(int amount);
} measures[] = {{"set", measure_set}, {"get", measure_get}, {"set-four", measure_set_four}};

int main(int argc, char **argv)
{
    need(mr_init(&argc, &argv));
    int amount = argc == 3 ? atoi(argv[2]) : 0;
    for (size_t i = 0; i < sizeof measures / sizeof measures[0] && amount > 0; i++)
        if (strcmp(measures[i].name, argv[1]) == 0) {
            printf("%.9g\n", measures[i].measure(amount));
            return mr_finalize() == MR_OK ? 0 : 1;
        }
    fprintf(stderr, "Usage: containers set|get|set-four AMOUNT\n");
    mr_finalize();
    return 2;
}
