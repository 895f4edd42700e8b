//@title en: On from where it was
//@title es: Seguir desde donde estaba
//@hint en: What does the second start know of the first one? Where could that stand?
//@hint es: ¿Qué sabe el segundo arranque del primero? ¿Dónde podría estar escrito?
//@hint en: A line of the file for each part that is done, on the disk before the next part begins. And the last line may be torn.
//@hint es: Una línea del archivo por cada parte terminada, en el disco antes de empezar la siguiente. Y la última línea puede estar cortada.
//@hint en: save(): fprintf, then fflush and fsync. load(): a line counts only if fscanf also got its '\n' ("%d %ld%c").
//@hint es: save(): fprintf y después fflush y fsync. load(): una línea solo cuenta si fscanf leyó también su '\n' ("%d %ld%c").
//@fails: from the beginning
//@en Lesson 10, exercise checkpoint. A job in parts is killed in the middle, as by a lost node, while it writes a line; the
//@en second start has to go on. No part that stands in the file may be computed again, and half a line is not a part.
//@en Then read slurm/requeue.sbatch and slurm/primes.c: the same, with a pool, as a job that Slurm starts again.
//@es Lección 10, ejercicio checkpoint. A un trabajo por partes lo matan a la mitad, como cuando se pierde un nodo, mientras
//@es escribe una línea; el segundo arranque tiene que seguir. No se puede volver a calcular ninguna parte que esté en el
//@es archivo, y media línea no es una parte. Después lee slurm/requeue.sbatch y slurm/primes.c: lo mismo, con un pool,
//@es como trabajo que Slurm arranca de nuevo.
#include <multirank.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTS = 8, DEATH = 5 /*@seed death 3 6*/, NOT_DONE = -1 };

struct job {
    char path[256];
    int start; /* 1, 2, ...: how often it has been started */
};

static long compute(int start, int part)
{
    printf("start %d part %d\n", start, part);
    return 1000L * (part + 1);
}

/* Reads what is done; the rest is NOT_DONE. Cuts off what is behind the last whole line. */
static void load(FILE *file, long results[PARTS])
{
    for (int i = 0; i < PARTS; i++)
        results[i] = NOT_DONE;
    //@exercise
    (void)file;
    //@solution
    int part;
    long result, whole = 0;
    char end;
    while (fscanf(file, "%d %ld%c", &part, &result, &end) == 3 && end == '\n') {
        results[part] = result;
        whole = ftell(file);
    }
    if (ftruncate(fileno(file), whole) != 0 || fseek(file, whole, SEEK_SET) != 0)
        exit(1);
    //@mutant torn: half a line
    int part;
    long result;
    while (fscanf(file, "%d %ld", &part, &result) == 2)
        results[part] = result;
    //@end
}

static void save(FILE *file, int part, long result)
{
    //@exercise
    (void)file, (void)part, (void)result;
    //@solution
    fprintf(file, "%d %ld\n", part, result);
    fflush(file);
    fsync(fileno(file));
    //@mutant no-flush: from the beginning
    fprintf(file, "%d %ld\n", part, result);
    //@end
}

/* The node fails while a line is being written: half of it gets there. */
static void fail_here(FILE *file)
{
    char half[16];
    snprintf(half, sizeof half, "%d %d", DEATH, DEATH + 1); /* the zeros and the end of the line are missing */
    int fd = fileno(file);
    lseek(fd, 0, SEEK_END);
    if (write(fd, half, strlen(half)) > 0)
        raise(SIGKILL);
}

static int work(const void *args, size_t size)
{
    const struct job *job = args;
    long results[PARTS], sum = 0;
    FILE *file = fopen(job->path, "a+");
    (void)size;
    if (file == NULL)
        return 1;
    rewind(file);
    load(file, results);
    for (int part = 0; part < PARTS; part++) {
        if (results[part] != NOT_DONE)
            continue;
        if (job->start == 1 && part == DEATH)
            fail_here(file);
        results[part] = compute(job->start, part);
        //@exercise
        save(file, part, results[part]);
        //@solution
        save(file, part, results[part]);
        //@mutant at-end: from the beginning
        if (part == PARTS - 1)
            for (int i = 0; i < PARTS; i++)
                save(file, i, results[i]);
        //@end
    }
    for (int part = 0; part < PARTS; part++)
        sum += results[part];
    printf("sum %ld\n", sum);
    return fclose(file) == 0 ? 0 : 1;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    const char *folder = getenv("TMPDIR");
    struct job job = {.start = 1};

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    snprintf(job.path, sizeof job.path, "%s/checkpoint-%ld", folder != NULL ? folder : "/tmp", (long)getpid());
    for (; job.start <= 2; job.start++) {
        mr_process process;
        if (mr_process_init(&process, work, &job, sizeof job) != MR_OK || mr_process_start(&process) != MR_OK ||
            mr_process_join(&process, MR_FOREVER) != MR_OK)
            return failed();
        printf("start %d ended with %d\n", job.start, mr_process_exitcode(&process));
    }
    unlink(job.path);
    return mr_finalize();
}
