/* Disadvantage 2, complexity: the same sum in three ways. The program counts its own lines. */
#include "common.h"
#include <string.h>

enum { LAST = 1000000, PARTS = 4 };

/* begin: alone */
static long alone(void)
{
    long sum = 0;
    for (long i = 1; i <= LAST; i++)
        sum += i;
    return sum;
}
/* end */

/* begin: threads */
static long threads(void)
{
    long sum = 0;
#pragma omp parallel for reduction(+ : sum)
    for (long i = 1; i <= LAST; i++)
        sum += i;
    return sum;
}
/* end */

/* begin: processes */
static int part(const void *in, void *out)
{
    const long first = *(const long *)in;
    long sum = 0;
    for (long i = first; i < first + LAST / PARTS; i++)
        sum += i;
    *(long *)out = sum;
    return 0;
}

static long processes(void)
{
    long firsts[PARTS], sums[PARTS], sum = 0;
    mr_pool pool;
    for (int i = 0; i < PARTS; i++)
        firsts[i] = i * (LAST / PARTS) + 1L;
    if (mr_pool_init(&pool, PARTS) != MR_OK)
        return -1;
    if (mr_pool_map(&pool, part, firsts, sizeof firsts[0], sums, sizeof sums[0], PARTS) != MR_OK)
        return -1;
    for (int i = 0; i < PARTS; i++)
        sum += sums[i];
    if (mr_pool_close(&pool) != MR_OK || mr_pool_join(&pool, MR_FOREVER) != MR_OK)
        return -1;
    return sum;
}
/* end */

static int lines(const char *what) /* between "begin: what" and "end" in this file */
{
    char line[256], begin[64];
    int count = -1;
    FILE *file = fopen(__FILE__, "r");

    snprintf(begin, sizeof begin, "/* begin: %s */\n", what);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strcmp(line, begin) == 0)
            count = 0;
        else if (count >= 0 && strcmp(line, "/* end */\n") == 0)
            break;
        else if (count >= 0 && line[0] != '\n')
            count++;
    }
    if (file != NULL)
        fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    printf("alone:     sum %ld, lines %2d ", alone(), lines("alone"));
    bar(lines("alone") / 40.0);
    printf("threads:   sum %ld, lines %2d ", threads(), lines("threads"));
    bar(lines("threads") / 40.0);
    printf("processes: sum %ld, lines %2d ", processes(), lines("processes"));
    bar(lines("processes") / 40.0);
    return mr_finalize();
}
