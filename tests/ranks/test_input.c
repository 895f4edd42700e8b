/* Standard input: main's alone, whatever is started while it reads. */
#include "scenario.h"
#include "targets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INPUT = 600000, BEFORE = 1000, BETWEEN = 70000 };

/* Reads up to count bytes of the input from an offset on, and compares them; returns how many came. */
static size_t read_input(size_t offset, size_t count)
{
    unsigned char bytes[4096];
    size_t done = 0;
    while (done < count) {
        size_t left = count - done;
        ssize_t got = read(STDIN_FILENO, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (size_t i = 0; i < (size_t)got; i++)
            CHECK_OR_STOP(CHECK_EQ(bytes[i], input_byte(offset + done + i)));
        done += (size_t)got;
    }
    return done;
}

static int reads_nothing(const void *args, size_t size)
{
    char byte;
    (void)args, (void)size;
    CHECK_EQ(read(STDIN_FILENO, &byte, 1), 0);
    return 0;
}

static void start_a_reader(void)
{
    mr_process p;
    CHECK_OR_STOP(begin(&p, reads_nothing, NULL, 0));
    CHECK(end(&p, 30, 0));
}

/* A pipe: some of it is read before mr_init, some between starts, the rest when all have ended. */
PROGRAM(input, through_a_pipe, .input = INPUT)
{
    size_t before = read_input(0, BEFORE); /* in each rank, which finds nothing there */
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_EQ(before, BEFORE);
    start_a_reader();
    rest(0.2); /* for whoever else might read */
    CHECK_EQ(read_input(BEFORE, BETWEEN), BETWEEN);
    start_a_reader();
    rest(0.2);
    CHECK_EQ(read_input(BEFORE + BETWEEN, INPUT), INPUT - BEFORE - BETWEEN);
    CHECK_OK(mr_finalize());
    return 0;
}

/* The same with the buffers of stdio. */
PROGRAM(input, by_lines, .input = 3000)
{
    unsigned char bytes[3000];
    size_t before = fread(bytes, 1, 10, stdin);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_EQ(before, 10);
    start_a_reader();
    CHECK_EQ(fread(bytes + 10, 1, 2990, stdin), 2990);
    for (size_t i = 0; i < sizeof bytes; i++)
        CHECK_OR_STOP(CHECK_EQ(bytes[i], input_byte(i)));
    CHECK_EQ(getchar(), EOF);
    CHECK_OK(mr_finalize());
    return 0;
}

static void type_a_line(const struct victims *victims)
{
    CHECK_EQ(write(victims->terminal, "typed\n", 6), 6);
}

/* A terminal. mpirun reads that itself, and hands it on. */
SCENARIO(input, typed, .terminal = true, .interfere = type_a_line)
{
    char line[16] = "";
    start_a_reader();
    scenario_ready();
    CHECK(fgets(line, sizeof line, stdin) != NULL);
    CHECK_TEXT(line, "typed\n");
}

/* Whoever writes there learns that main has closed it: nobody else holds the other end. */
PROGRAM(input, that_main_closes, .input = 50000000)
{
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    start_a_reader();
    close(STDIN_FILENO);
    start_a_reader();
    CHECK_OK(mr_finalize()); /* the feeder would be left over */
    return 0;
}

/* No descriptor 0 at all: it stays free for main, and the processes have one. */
PROGRAM(input, none)
{
    close(STDIN_FILENO);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    start_a_reader();
    CHECK_EQ(dup(STDERR_FILENO), STDIN_FILENO);
    CHECK_OK(mr_finalize());
    return 0;
}

/* What main reads while a host's ranks come up is its own, too. */
PROGRAM_ON_HOSTS(input, over_hosts, .input = INPUT)
{
    mr_process p;
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_process_init(&p, reads_nothing, NULL, 0));
    CHECK_OK(mr_process_set_host(&p, "node2"));
    CHECK_OR_STOP(CHECK_OK(mr_process_start(&p)));
    CHECK(end(&p, 60, 0));
    rest(0.2);
    CHECK_EQ(read_input(0, INPUT), INPUT);
    CHECK_OK(mr_finalize());
    return 0;
}
