/* Makes a part of an exercise out of its master; or a table of what all masters have. */
#include "master.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: split --table MASTER... >TABLE.md\n"
    "       split [--part exercise|solution|MUTANT] [--lang en|es] [--seed NUMBER] MASTER OUT\n";

/* A row of the table; frees the texts. `path` is .../NN-topic/exercises/NAME.c. */
static void print_row(const char *path, char *what, char *words)
{
    const char *file = strrchr(path, '/'), *lesson = strstr(path, "/exercises/");
    while (lesson != NULL && lesson > path && lesson[-1] != '/')
        lesson--;
    file = file != NULL ? file + 1 : path;
    lesson = lesson != NULL ? lesson : "?/";
    printf("| %.*s | %.*s | %s | %s |\n", (int)strcspn(lesson, "/"), lesson, (int)strcspn(file, "."), file, what,
           words != NULL ? words : "?");
    free(what);
    free(words);
}

static int print_table(char **masters)
{
    char *words = NULL;
    printf("| lesson | exercise | wrong answer | the check says |\n| --- | --- | --- | --- |\n");
    for (; *masters != NULL; masters++) {
        print_row(*masters, strdup("as handed out"), master_fact(*masters, "fails", NULL, 0));
        char *name;
        for (int i = 0; (name = master_mutant(*masters, i, &words)) != NULL; i++)
            print_row(*masters, name, words);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"part", required_argument, NULL, 'p'},
                                            {"lang", required_argument, NULL, 'l'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"table", no_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    struct master_part part = {.name = "exercise", .language = "en"};
    char error[256];
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (option == 'p')
            part.name = optarg;
        else if (option == 'l')
            part.language = optarg;
        else if (option == 's')
            part.seed = strtoul(optarg, NULL, 10);
        else if (option == 't')
            return print_table(argv + optind);
        else
            optind = argc;
    }
    if (argc - optind != 2) {
        fputs(usage, stderr);
        return 2;
    }
    FILE *out = fopen(argv[optind + 1], "we");
    if (out == NULL) {
        perror(argv[optind + 1]);
        return 1;
    }
    bool is_good = master_write(argv[optind], &part, out, error, sizeof error);
    if (!is_good)
        fprintf(stderr, "%s: %s\n", argv[optind], error);
    if (fclose(out) != 0 || !is_good) {
        remove(argv[optind + 1]);
        return 1;
    }
    return 0;
}
