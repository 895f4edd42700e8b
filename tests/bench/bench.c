/* The benchmark: how Multirank's figures compare with what others need for the same, in one table from one run.
 *
 *     bench [--quick] [ROW...]        all rows unless some are named; --quick only shows that everything can be
 * measured
 *
 * Two sides are measured in turns, Multirank and the other, Multirank and the other ..., each time in a new
 * program (measure.c for Multirank, starts.py for Python), so that a machine which drifts is fair to both. What
 * stands in the table are the medians of these rounds. The ratio is Multirank / the other: less is better. The
 * exit code is 0 if all rows could be measured, whatever the figures; 1 if not, 2 if the command line is at fault.
 */
#include "command.h"
#include "median.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 16, ROWS_MAX = 64 };

typedef struct options {
    bool quick, any_chosen, chosen[ROWS_MAX];
} options;

/* ---- The command line --------------------------------------------------------------------------------------- */

static bool choose_row(options *o, const char *name)
{
    for (int i = 0; i < row_count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            o->chosen[i] = o->any_chosen = true;
            return true;
        }
    }
    fprintf(stderr, "bench: there is no row %s\nUsage: bench [--quick] [ROW...], with the rows", name);
    for (int i = 0; i < row_count; i++)
        fprintf(stderr, " %s", rows[i].name);
    fprintf(stderr, "\n");
    return false;
}

static bool parse(int argc, char **argv, options *o)
{
    bool good = true;
    for (int i = 1; i < argc && good; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            o->quick = true;
        else
            good = choose_row(o, argv[i]);
    }
    return good;
}

/* ---- Measuring ---------------------------------------------------------------------------------------------- */

static bool measure_row(const row *r, bool quick, figures *medians)
{
    double ours[ROUNDS_MAX], other[ROUNDS_MAX];
    int rounds = quick ? 1 : r->rounds;
    for (int i = 0; i < rounds; i++) {
        figures round = {0, 0};
        if (!r->measure(quick, &round))
            return false;
        ours[i] = round.ours;
        other[i] = round.other;
    }
    *medians = (figures){median(ours, rounds), median(other, rounds)};
    return true;
}

/* ---- The table ---------------------------------------------------------------------------------------------- */

static void print_line(const char *what, const char *ours, const char *other, const char *ratio, const char *aim,
                       const char *met)
{
    printf("%-49s  %10s  %-28s  %6s  %-9s  %s\n", what, ours, other, ratio, aim, met);
    fflush(stdout); /* a row takes a while; those that are done are to be seen */
}

/* Three digits that count. */
static void print_figure(char *text, size_t size, double figure, const char *unit)
{
    if (figure < 100)
        snprintf(text, size, "%.3g %s", figure, unit);
    else
        snprintf(text, size, "%.0f %s", figure, unit);
}

static void print_row(const row *r, const figures *medians)
{
    char ours[32], figure[32], other[64] = "-", ratio[32] = "-", aim[32] = "-";
    double judged = medians->ours * r->units;
    print_figure(ours, sizeof ours, judged, r->unit);
    if (r->other != NULL) {
        judged = medians->ours / medians->other;
        print_figure(figure, sizeof figure, medians->other * r->units, r->unit);
        snprintf(other, sizeof other, "%s (%s)", figure, r->other);
        snprintf(ratio, sizeof ratio, "%.3f", judged);
    }
    if (r->aim > 0)
        snprintf(aim, sizeof aim, "<= %g %s", r->aim, r->other == NULL ? r->unit : "");
    print_line(r->what, ours, other, ratio, aim, r->aim <= 0 ? "-" : judged <= r->aim ? "yes" : "NO");
}

int main(int argc, char **argv)
{
    options o = {0};
    if (!parse(argc, argv, &o))
        return 2;
    command_catch_signals();
    int code = 0;
    print_line("what", "Multirank", "the other", "ratio", "aim", "met?");
    for (int i = 0; i < row_count && command_signal() == 0; i++) {
        figures medians;
        if (o.any_chosen && !o.chosen[i])
            continue;
        if (measure_row(&rows[i], o.quick, &medians)) {
            print_row(&rows[i], &medians);
        } else {
            print_line(rows[i].what, "not measured", "-", "-", "-", "-");
            code = 1;
        }
    }
    return command_signal() == 0 ? code : 128 + command_signal();
}
