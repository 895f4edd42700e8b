/* Processes that are killed at any time while they change a dict and a list with others: nobody waits for ever,
 * and what there is can be told from what each has done. MR_TEST_SEED; MR_TEST_LONG=1 kills many. */
#include "forks.h"
#include "items.h"
#include "notes.h"
#include "page.h"
#include "steps.h"

#include <criterion/criterion.h>
#include <multirank.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORKERS = 3 };

struct shared {
    mr_dict dict;
    mr_list list;
};

/* Each of these calls is counted before and after it: what has been done lies between the two. */
enum { ADDED, SET, APPENDED, KINDS };

static void work(const struct shared *s, page *p, int me)
{
    for (long i = 0;; i++) {
        char name[64];
        mr_item pairs[4];
        snprintf(name, sizeof name, "a key of worker %d, number %ld", me, i % 40);
        pairs[0] = MR_STRING(name);
        pairs[1] = pairs[3] = MR_INT(i);
        snprintf(name + 32, sizeof name - 32, "%ld", i);
        pairs[2] = MR_INT(me * 1000 + i % 40);
        p->counts[2 * ADDED]++;
        if (mr_dict_add(&s->dict, MR_STRING("sum"), MR_INT(1), NULL) != MR_OK)
            _exit(1);
        p->counts[2 * ADDED + 1]++;
        if (mr_dict_update(&s->dict, pairs, 2) != MR_OK)
            _exit(2);
        if (i % 7 == 0 && mr_dict_del(&s->dict, pairs[2]) != MR_OK)
            _exit(3);
        p->counts[2 * APPENDED]++;
        if (mr_list_append(&s->list, MR_STRING("an item, not a short one")) != MR_OK)
            _exit(4);
        p->counts[2 * APPENDED + 1]++;
        if (i % 5 == 0 && mr_list_reverse(&s->list) != MR_OK)
            _exit(5);
        if (mr_list_set(&s->list, 0, MR_STRING("another one, longer than a cell")) != MR_OK)
            _exit(6);
        if (i % 100 == 99)
            mr_list_del_slice(&s->list, 0, 0, 1);
    }
}

static pid_t start_worker(const struct shared *s, page *p, int me, int *rank)
{
    pid_t pid = forks_fork(rank);
    if (pid == 0)
        work(s, p, me);
    return pid;
}

/* Both can be read to their end, and agree with what was counted. */
static void check(const struct shared *s, const page *p)
{
    mr_item *items;
    size_t count;
    cr_assert_eq(mr_dict_items(&s->dict, &items, &count), MR_OK, "%s", mr_last_error());
    cr_assert_eq(mr_dict_length(&s->dict), (ptrdiff_t)count);
    for (size_t i = 0; i < count; i++) {
        mr_item value;
        cr_assert_eq(mr_dict_get(&s->dict, items[2 * i], &value, NULL, 0), MR_OK, "%s", mr_last_error());
        cr_assert_eq(value.integer, items[2 * i + 1].integer);
    }
    free(items);
    if (p->counts[2 * ADDED] > 0) {
        long sum = (long)int_of(&s->dict, MR_STRING("sum"));
        cr_assert(sum >= p->counts[2 * ADDED + 1] && sum <= p->counts[2 * ADDED], "%ld, not %ld to %ld", sum,
                  p->counts[2 * ADDED + 1], p->counts[2 * ADDED]);
    }
    long length = mr_list_length(&s->list);
    cr_assert(length >= p->counts[2 * APPENDED + 1] && length <= p->counts[2 * APPENDED], "%ld, not %ld to %ld",
              length, p->counts[2 * APPENDED + 1], p->counts[2 * APPENDED]);
    cr_assert_eq(mr_list_items(&s->list, &items, &count), MR_OK);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(items[i].type, MR_ITEM_STRING);
    free(items);
}

Test(container_deaths, at_random, .timeout = 250)
{
    struct shared s;
    pid_t pids[WORKERS];
    int ranks[WORKERS], deaths = steps_budget() / 400;
    unsigned seed = steps_seed();
    page *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    forks_begin();
    cr_assert(mr_dict_init(&s.dict) == MR_OK && mr_list_init(&s.list, NULL, 0) == MR_OK);
    for (int i = 0; i < WORKERS; i++)
        pids[i] = start_worker(&s, p, i, &ranks[i]);
    for (int i = 0; i < deaths; i++) {
        int victim = rand_r(&seed) % WORKERS;
        rest(rand_r(&seed) % 2000 * 1e-6);
        forks_bury(pids[victim], ranks[victim]);
        pids[victim] = start_worker(&s, p, victim, &ranks[victim]);
        if (i % 20 == 0 && mr_list_length(&s.list) > 20000) { /* so that it does not take ever longer */
            for (int k = 0; k < WORKERS; k++)
                forks_bury(pids[k], ranks[k]);
            check(&s, p);
            long lost = mr_list_length(&s.list);
            cr_assert_eq(mr_list_clear(&s.list), MR_OK);
            p->counts[2 * APPENDED] -= lost;
            p->counts[2 * APPENDED + 1] -= lost;
            for (int k = 0; k < WORKERS; k++)
                pids[k] = start_worker(&s, p, k, &ranks[k]);
        }
    }
    for (int i = 0; i < WORKERS; i++)
        forks_bury(pids[i], ranks[i]);
    cr_assert_gt(p->counts[2 * ADDED], deaths);
    check(&s, p);
}
