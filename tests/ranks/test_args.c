/* What a process is given: arguments and the struct of a class. The comments name the tests of CPython's own
 * suite. */
#include "scenario.h"
#include "targets.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Arguments ---- */

/* Bytes that tell where in the block they belong. */
static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 31 + (i >> 8) * 7 + (i >> 20) + (i >> 30));
}

static void fill(unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        block[i] = pattern(i);
}

static int checks_pattern(const void *args, size_t size)
{
    const unsigned char *block = args;
    for (size_t i = 0; i < size; i++)
        if (block[i] != pattern(i)) {
            CHECK_EQ(i, size); /* the first byte that is wrong */
            break;
        }
    note("size", "%zu", size);
    return 0;
}

/* Sends a block of that size, which is gone before the process starts. */
static void send_block(size_t size)
{
    unsigned char *block = malloc(size + 1);
    CHECK_OR_STOP(CHECK(block != NULL));
    fill(block, size);
    mr_process p;
    CHECK_OK(mr_process_init(&p, checks_pattern, size == 0 ? NULL : block, size));
    memset(block, 0, size);
    free(block);
    int before = noted_lines("size");
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 200, 0));
    CHECK_EQ((size_t)noted_number("size", before), size);
}

/* _TestProcess.test_args_argument */
SCENARIO_HOSTS_N(args, of_any_size)
{
    static const size_t sizes[] = {0, 1, 7, 4096, 65537, 1 << 20, (9 << 20) + 3};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        send_block(sizes[i]);
}

SCENARIO(args, of_300_megabytes, .timeout = 120)
{
    send_block((size_t)300 << 20);
}

/* One message of MPI takes at most 2^31 - 1 elements. */
SCENARIO(args, of_more_than_2_gigabytes, .timeout = 250, .only_long = true)
{
    send_block(((size_t)1 << 31) + 5);
}

struct mixed {
    int number;
    double real;
    char text[8];
    struct {
        int list[2];
    } nested[2];
};

static int checks_mixed(const void *args, size_t size)
{
    const struct mixed *got = args;
    CHECK_EQ(size, sizeof *got);
    CHECK_EQ((uintptr_t)args % _Alignof(max_align_t), 0);
    CHECK_EQ(got->number, -7);
    CHECK(got->real == 0.1);
    CHECK_TEXT(got->text, "año");
    for (int i = 0; i < 4; i++)
        CHECK_EQ(got->nested[i / 2].list[i % 2], i);
    return 0;
}

/* The same row: integers, strings and nested lists arrive unchanged. */
SCENARIO_HOSTS_N(args, of_mixed_types)
{
    struct mixed mixed = {.number = -7, .real = 0.1, .text = "año", .nested = {{{0, 1}}, {{2, 3}}}};
    mr_process p;
    CHECK(begin(&p, checks_mixed, &mixed, sizeof mixed));
    CHECK(end(&p, 30, 0));
}

static int scribbles(const void *args, size_t size)
{
    memset((void *)(uintptr_t)args, 0xff, size);
    return 0;
}

/* The process has a copy of its own: what it does to it stays there. */
SCENARIO(args, are_copies)
{
    char text[] = "unchanged";
    mr_process p;
    CHECK(begin(&p, scribbles, text, sizeof text));
    CHECK(end(&p, 30, 0));
    CHECK_TEXT(text, "unchanged");
}

static double resident_megabytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

/* _TestProcess.test_lose_target_ref: nothing is kept of a process that is closed */
SCENARIO(args, are_released, .timeout = 120)
{
    enum { MEGABYTES = 10, ROUNDS = 40 };
    double before = 0;
    for (int i = 0; i < ROUNDS; i++) {
        if (i == ROUNDS / 4) /* by now the library and the allocator have what they need */
            before = resident_megabytes();
        send_block((size_t)MEGABYTES << 20);
    }
    CHECK_AT_MOST(resident_megabytes() - before, MEGABYTES * ROUNDS / 4);
}

/* ---- Classes ---- */

struct my_process {
    mr_process base;
    int index;
    char text[32];
    double values[100];
};

static int my_run(mr_process *self)
{
    struct my_process *mine = (struct my_process *)self;
    CHECK(self == mr_current_process());
    CHECK_TEXT(mine->text, mr_process_name(self));
    for (int i = 0; i < 100; i++)
        CHECK(mine->values[i] == i / 7.0);
    mine->index++; /* on a copy */
    return mine->index;
}

static const mr_class my_class = {"MyProcess", sizeof(struct my_process), my_run};

/* _TestSubclassingProcess: a class with fields of its own; its name counts like any other */
SCENARIO_HOSTS_N(args, of_a_class)
{
    enum { COUNT = 3 };
    static struct my_process mine[COUNT];
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(mr_process_init_class(&mine[i].base, &my_class));
        mine[i].index = 10 * i;
        snprintf(mine[i].text, sizeof mine[i].text, "MyProcess-%d", i + 1);
        CHECK_TEXT(mr_process_name(&mine[i].base), mine[i].text);
        for (int j = 0; j < 100; j++)
            mine[i].values[j] = j / 7.0;
        CHECK_OK(mr_process_start(&mine[i].base));
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(end(&mine[i].base, 30, 10 * i + 1));
        CHECK_EQ(mine[i].index, 10 * i);
    }
}

struct upper_caser {
    mr_process base;
    mr_connection requests;
};

static int upper_caser_run(mr_process *self)
{
    const mr_connection *requests = &((struct upper_caser *)self)->requests;
    char text[64];
    size_t size;
    while (CHECK_OK(mr_connection_recv(requests, text, sizeof text, &size, 30)) && size > 0) {
        for (size_t i = 0; i < size; i++)
            text[i] = (char)toupper((unsigned char)text[i]);
        CHECK_OK(mr_connection_send(requests, text, size, 30));
    }
    return 0;
}

static const mr_class upper_caser_class = {"UpperCaser", sizeof(struct upper_caser), upper_caser_run};

/* _TestSubclassingProcess.test_subclassing */
SCENARIO(args, of_a_class_that_one_talks_to)
{
    static const char *const words[][2] = {{"hello", "HELLO"}, {"world", "WORLD"}};
    static struct upper_caser p;
    mr_connection end_here;
    CHECK_OK(mr_process_init_class(&p.base, &upper_caser_class));
    CHECK_OK(mr_pipe_init(&end_here, &p.requests, true));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p.base)));
    for (int i = 0; i < 2; i++) {
        char answer[16] = "";
        CHECK_OK(mr_connection_send(&end_here, words[i][0], 5, 30));
        CHECK_OK(mr_connection_recv(&end_here, answer, sizeof answer - 1, NULL, 30));
        CHECK_TEXT(answer, words[i][1]);
    }
    CHECK_OK(mr_connection_send(&end_here, NULL, 0, 30)); /* stop */
    CHECK(end(&p.base, 30, 0));
    CHECK_STATUS(mr_connection_recv(&end_here, NULL, 0, NULL, 30), MR_EEOF);
}
