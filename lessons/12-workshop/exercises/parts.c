//@title en: Split it, and lose nothing
//@title es: Repartir sin perder nada
//@hint en: 10 numbers for 4 processes: how many does each get by N / P, and how many are left over?
//@hint es: 10 números para 4 procesos: ¿cuántos recibe cada uno con N / P y cuántos sobran?
//@hint en: Let each part begin where the one before it ends: part i is from N * i / P to N * (i + 1) / P.
//@hint es: Que cada parte empiece donde acaba la anterior: la parte i va de N * i / P a N * (i + 1) / P.
//@hint en: first = N * i / PROCESSES + 1; last = N * (i + 1) / PROCESSES; with long, so that nothing overflows.
//@hint es: first = N * i / PROCESSES + 1; last = N * (i + 1) / PROCESSES; con long, para que nada se desborde.
//@fails: the remainder
//@en Lesson 12, exercise parts. Four processes sum the first N integers, each a part. Some are in no part. Make parts for
//@en any N: each number in one of them, and none longer by more than one than another.
//@es Lección 12, ejercicio parts. Cuatro procesos suman los primeros N enteros, cada uno una parte. Algunos no están en
//@es ninguna. Haz partes para cualquier N: cada número en una sola, y ninguna más larga que otra en más de uno.
#include <multirank.h>
#include <stdio.h>

enum { PROCESSES = 4 };

static const long N = 1003 /*@seed n 1002 1003*/;

struct part {
    long first, last;
};

static struct part part_of(long i)
{
    struct part part;
    //@exercise
    part.first = N / PROCESSES * i + 1;
    part.last = N / PROCESSES * (i + 1);
    //@solution
    part.first = N * i / PROCESSES + 1;
    part.last = N * (i + 1) / PROCESSES;
    //@mutant overlap: in two parts
    part.first = N * i / PROCESSES;
    part.last = N * (i + 1) / PROCESSES;
    //@mutant uneven: longer than the others
    part.first = N / PROCESSES * i + 1;
    part.last = i == PROCESSES - 1 ? N : N / PROCESSES * (i + 1);
    //@end
    return part;
}

static int sum(const void *in, void *out)
{
    const struct part *part = in;
    long *total = out;
    for (long number = part->first; number <= part->last; number++)
        *total += number;
    return 0;
}

int main(int argc, char **argv)
{
    struct part parts[PROCESSES];
    long sums[PROCESSES], total = 0;
    mr_pool pool;

    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init(&pool, PROCESSES) != MR_OK)
        goto failed;
    for (int i = 0; i < PROCESSES; i++)
        parts[i] = part_of(i);
    if (mr_pool_map(&pool, sum, parts, sizeof parts[0], sums, sizeof sums[0], PROCESSES) != MR_OK)
        goto failed;
    for (int i = 0; i < PROCESSES; i++) {
        printf("part %ld to %ld\n", parts[i].first, parts[i].last);
        total += sums[i];
    }
    printf("sum %ld\n", total);
    mr_pool_close(&pool);
    return mr_finalize();
failed:
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}
