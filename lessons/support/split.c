/* Makes a part of an exercise out of its master. */
#include "master.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: split [--part exercise|solution|MUTANT] [--lang en|es] [--seed NUMBER] MASTER OUT\n";

int main(int argc, char **argv)
{
    static const struct option options[] = {{"part", required_argument, NULL, 'p'},
                                            {"lang", required_argument, NULL, 'l'},
                                            {"seed", required_argument, NULL, 's'},
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
