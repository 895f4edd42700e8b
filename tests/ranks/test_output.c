/* What processes print: every line whole, none lost, in the order that join gives. */
#include "scenario.h"
#include "targets.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WRITERS = 8, LINES = 1000, LONGEST = 3900 };

/* The length of a writer's line, newline not counted: short ones, long ones, in no order. */
static int line_length(int writer, int line)
{
    return 16 + (writer * 7919 + line * 104729) % (LONGEST - 16);
}

static void make_line(char *text, int writer, int line)
{
    int length = line_length(writer, line);
    int head = snprintf(text, LONGEST + 1, "%d:%d:", writer, line);
    memset(text + head, 'a' + writer, (size_t)(length - head));
    text[length] = '\0';
}

struct flood {
    int writer;
    bool to_stderr;
};

static int prints_lines(const void *args, size_t size)
{
    struct flood flood;
    char text[LONGEST + 1];
    CHECK_EQ(size, sizeof flood);
    memcpy(&flood, args, sizeof flood);
    for (int line = 0; line < LINES; line++) {
        make_line(text, flood.writer, line);
        fprintf(flood.to_stderr ? stderr : stdout, "%s\n", text);
    }
    return 0;
}

static void print_all(bool to_stderr)
{
    mr_process p[WRITERS], *pointers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        struct flood flood = {.writer = i, .to_stderr = to_stderr};
        CHECK_OK(mr_process_init(&p[i], prints_lines, &flood, sizeof flood));
        pointers[i] = &p[i];
    }
    CHECK_OR_STOP(CHECK_OK(mr_process_start_all(pointers, WRITERS)));
    for (int i = 0; i < WRITERS; i++)
        CHECK(end(&p[i], 100, 0));
}

/* Every line is the next one of some writer, and every writer has come to its end. */
static void check_lines(const char *text)
{
    int next[WRITERS] = {0}, wrong = 0;
    char wanted[LONGEST + 1];
    for (const char *line = text, *newline; (newline = strchr(line, '\n')) != NULL; line = newline + 1) {
        int writer = *line - '0';
        if (writer >= 0 && writer < WRITERS && next[writer] < LINES) {
            make_line(wanted, writer, next[writer]);
            if (strlen(wanted) == (size_t)(newline - line) && memcmp(wanted, line, strlen(wanted)) == 0) {
                next[writer]++;
                continue;
            }
        }
        if (wrong++ == 0)
            fprintf(stderr, "first wrong line: %.60s\n", line);
    }
    CHECK_EQ(wrong, 0);
    for (int i = 0; i < WRITERS; i++)
        CHECK_EQ(next[i], LINES);
}

static void check_out(const struct outcome *outcome)
{
    check_lines(outcome->out);
}

static void check_err(const struct outcome *outcome)
{
    check_lines(outcome->err);
}

SCENARIO_HOSTS_N(output, lines_into_a_pipe, .timeout = 120, .examine = check_out)
{
    print_all(false);
}

SCENARIO(output, lines_into_a_file, .timeout = 120, .output_to_file = true, .examine = check_out)
{
    print_all(false);
}

SCENARIO(output, lines_on_standard_error, .timeout = 120, .examine = check_err)
{
    print_all(true);
}

static int prints_and_dies(const void *args, size_t size)
{
    CHECK(size > 0);
    printf("%s\n", (const char *)args); /* no fflush */
    kill(getpid(), SIGKILL);
    return 0;
}

static void last_words_are_there(const struct outcome *outcome)
{
    for (int i = 0; i < 5; i++) {
        char words[32];
        snprintf(words, sizeof words, "last words %d\n", i);
        CHECK(strstr(outcome->out, words) != NULL);
    }
}

SCENARIO_HOSTS_N(output, of_a_process_that_is_killed, .examine = last_words_are_there)
{
    for (int i = 0; i < 5; i++) {
        char words[32];
        snprintf(words, sizeof words, "last words %d", i);
        mr_process p;
        CHECK(begin(&p, prints_and_dies, words, strlen(words) + 1));
        CHECK(end(&p, 30, -SIGKILL));
    }
}

static int prints(const void *args, size_t size)
{
    CHECK(size > 0);
    printf("%s\n", (const char *)args);
    return 0;
}

static void order_is_kept(const struct outcome *outcome)
{
    CHECK_TEXT(outcome->out, "child 0\njoined 0\nchild 1\njoined 1\nchild 2\njoined 2\nchild 3\njoined 3\n");
}

/* What a process has printed comes before what its parent prints after the join. */
SCENARIO_HOSTS_N(output, before_what_the_parent_prints_after_join, .examine = order_is_kept)
{
    for (int i = 0; i < 4; i++) {
        char words[32];
        snprintf(words, sizeof words, "child %d", i);
        mr_process p;
        CHECK(begin(&p, prints, words, strlen(words) + 1));
        CHECK(end(&p, 30, 0));
        printf("joined %d\n", i);
        fflush(stdout);
    }
}
