/* Tries the masters: what is made of one, and what is said of one that is not well formed. */
#include "master.h"
#include "seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char error[256];

/* Makes a part of a master with this text; NULL, with `error`, if it cannot be made. The caller frees it. */
static char *made_of(const char *text, const char *name, const char *language, unsigned long seed)
{
    char path[] = "/tmp/master-XXXXXX", *made = NULL;
    size_t size;
    int handle = mkstemp(path);
    cr_assert(handle >= 0 && write(handle, text, strlen(text)) == (ssize_t)strlen(text));
    close(handle);
    FILE *out = open_memstream(&made, &size);
    struct master_part part = {name, language, seed};
    bool is_good = master_write(path, &part, out, error, sizeof error);
    fclose(out);
    unlink(path);
    if (is_good)
        return made;
    free(made);
    return NULL;
}

static void expect(const char *text, const char *name, const char *wanted)
{
    char *made = made_of(text, name, "en", 0);
    cr_assert(made != NULL, "%s", error);
    cr_assert_str_eq(made, wanted);
    free(made);
}

static void expect_error(const char *text, const char *name, const char *wanted)
{
    cr_assert(made_of(text, name, "en", 0) == NULL);
    cr_assert(strstr(error, wanted) != NULL, "%s", error);
}

static const char regions[] =
    "a\n    //@exercise\nE\n//@solution\nS\n//@mutant m: words\nM\n//@mutant n: words\n//@end\nb\n"
    "//@exercise\n//@solution\nT\n//@mutant n\nN\n//@end\n";

Test(master, regions)
{
    expect(regions, "exercise", "a\nE\nb\n");
    expect(regions, "solution", "a\nS\nb\nT\n");
    expect(regions, "m", "a\nM\nb\nT\n");
    expect(regions, "n", "a\nb\nN\n");
}

Test(master, languages)
{
    static const char text[] =
        "//@title en: t\n//@en one\n//@en\n//@en two\n//@es uno\nx\n  //@es dos\n  //@en three\n";
    char *made = made_of(text, "exercise", "es", 0);
    expect(text, "exercise", "/* one\n *\n * two */\nx\n  /* three */\n");
    cr_assert_str_eq(made, "/* uno */\nx\n  /* dos */\n");
    free(made);
}

Test(master, seeds)
{
    static const char text[] = "n = 4 /*@seed n 3 6*/; s = \"a\" /*@word w a|bc|d*/;\n";
    int different = 0;
    expect(text, "solution", "n = 4; s = \"a\";\n");
    for (unsigned long seed = 1; seed < 50; seed++) {
        char *made = made_of(text, "solution", "en", seed), wanted[64];
        static const char *const words[] = {"a", "bc", "d"};
        long number = seed_number(seed, "n", 4, 3, 6);
        cr_assert(number >= 3 && number <= 6);
        snprintf(wanted, sizeof wanted, "n = %ld; s = \"%s\";\n", number, words[seed_choice(seed, "w", -1, 3)]);
        cr_assert_str_eq(made, wanted);
        different += number != 4;
        free(made);
    }
    cr_assert(different > 20 && different < 49);
}

Test(master, not_well_formed)
{
    expect_error("x\n//@solution\n", "exercise", "line 2: //@solution without //@exercise");
    expect_error("//@exercise\n//@exercise\n", "exercise", "line 2: the region before has no //@end");
    expect_error("//@exercise\nx\n", "exercise", "the last region has no //@end");
    expect_error("//@mutant m: w\n", "exercise", "a mutant stands behind the solution");
    expect_error("//@exercise\n//@solutoin\n//@end\n", "exercise", "line 2: //@solutoin is not known");
    expect_error("x\n", "none", "there is no part \"none\"");
    expect_error("x = /*@seed n 1 2*/\n", "exercise", "line 1: not");
    expect_error("x = 1 /*@seed n 2 1*/\n", "exercise", "line 1: not");
    expect_error("x = 1 /*@sed n 1 2*/\n", "exercise", "line 1: not");
}

Test(master, facts)
{
    char path[] = "/tmp/master-XXXXXX", *words = NULL;
    static const char text[] =
        "//@title en: T\n//@title es: Y\n//@hint en: one\n//@hint es: uno\n//@hint en: two\n"
        "//@fails: because\n//@exercise\n//@mutant m: some words\n//@mutant n: more\n//@end\n";
    int handle = mkstemp(path);
    cr_assert(handle >= 0 && write(handle, text, strlen(text)) == (ssize_t)strlen(text));
    close(handle);
    char *facts[] = {master_fact(path, "title", "es", 0), master_fact(path, "hint", "en", 1),
                     master_fact(path, "hint", "en", 2),  master_fact(path, "fails", NULL, 0),
                     master_mutant(path, 1, NULL),        master_mutant(path, 0, &words),
                     master_mutant(path, 2, NULL)};
    static const char *const wanted[] = {"Y", "two", NULL, "because", "n", "m", NULL};
    unlink(path);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        cr_assert((facts[i] == NULL) == (wanted[i] == NULL), "%zu", i);
        cr_assert(wanted[i] == NULL || strcmp(facts[i], wanted[i]) == 0, "%zu: %s", i, facts[i]);
        free(facts[i]);
    }
    cr_assert_str_eq(words, "some words");
    free(words);
}
