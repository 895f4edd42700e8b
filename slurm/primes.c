/* Counts the primes below LIMIT in BLOCKS parts, by a pool over all nodes of the job, and can be ended at any
 * time:
 *
 *     primes LIMIT BLOCKS CHECKPOINT
 *
 * What is done stands in the file CHECKPOINT, a line "block primes" for each part, so the next start with the same
 * arguments goes on from there. On SIGUSR1 (or SIGTERM) it finishes the parts it is at and ends with code 75, "try
 * again"; on success with 0. */
#include <multirank.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRY_AGAIN = 75, NOT_DONE = -1, MOST_WORKERS = 1024 };

struct part {
    long first, end; /* numbers */
    long block;
};

static volatile sig_atomic_t must_stop;

static void stop(int signal)
{
    (void)signal;
    must_stop = 1;
}

static bool is_prime(long number)
{
    for (long divisor = 2; divisor <= number / divisor; divisor++)
        if (number % divisor == 0)
            return false;
    return number >= 2;
}

static int count_primes(const void *in, void *out)
{
    const struct part *part = in;
    long *count = out;
    for (long number = part->first; number < part->end; number++)
        *count += is_prime(number);
    return 0;
}

/* ---- The checkpoint ---- */

/* Reads what earlier starts have done into counts[]. A last line that was cut off by the end of one does not
 * count. The number of parts done; -1: the file is of another task. */
static long read_checkpoint(FILE *file, long *counts, long blocks)
{
    long block, count, done = 0, complete = 0;
    char newline;
    while (fscanf(file, "%ld %ld%c", &block, &count, &newline) == 3 && newline == '\n') {
        if (block < 0 || block >= blocks)
            return -1;
        done += counts[block] == NOT_DONE;
        counts[block] = count;
        complete = ftell(file);
    }
    return ftruncate(fileno(file), complete) == 0 && fseek(file, complete, SEEK_SET) == 0 ? done : -1;
}

/* On the disk before anything else is begun: the node may fail at any moment. */
static bool write_checkpoint(FILE *file, const struct part *parts, const long *counts, long count)
{
    for (long i = 0; i < count; i++)
        fprintf(file, "%ld %ld\n", parts[i].block, counts[i]);
    return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

/* ---- The work ---- */

/* The next parts that are not done, from *next on: at most so many. */
static long next_parts(struct part *parts, long most, long *next, const long *counts, long limit, long blocks)
{
    long count = 0;
    for (; *next < blocks && count < most; ++*next)
        if (counts[*next] == NOT_DONE)
            parts[count++] = (struct part){limit / blocks * *next,
                                           *next == blocks - 1 ? limit : limit / blocks * (*next + 1), *next};
    return count;
}

static int work(FILE *checkpoint, long *counts, long limit, long blocks)
{
    struct part parts[MOST_WORKERS];
    long found[MOST_WORKERS], count, next = 0;
    mr_pool pool;
    if (mr_pool_init(&pool, 0) != MR_OK)
        return EXIT_FAILURE;
    int workers = mr_pool_processes(&pool);
    workers = workers < MOST_WORKERS ? workers : MOST_WORKERS;
    while (!must_stop && (count = next_parts(parts, workers, &next, counts, limit, blocks)) > 0) {
        if (mr_pool_map(&pool, count_primes, parts, sizeof parts[0], found, sizeof found[0], (size_t)count) !=
            MR_OK)
            return EXIT_FAILURE;
        for (long i = 0; i < count; i++)
            counts[parts[i].block] = found[i];
        if (!write_checkpoint(checkpoint, parts, found, count)) {
            perror("writing the checkpoint");
            return EXIT_FAILURE;
        }
    }
    if (mr_pool_close(&pool) != MR_OK)
        return EXIT_FAILURE;
    return next_parts(parts, 1, &(long){0}, counts, limit, blocks) > 0 ? TRY_AGAIN : EXIT_SUCCESS;
}

static int run(const char *path, long limit, long blocks)
{
    long *counts = malloc((size_t)blocks * sizeof *counts);
    FILE *checkpoint = fopen(path, "a+");
    int code = EXIT_FAILURE;
    if (counts == NULL || checkpoint == NULL) {
        perror(path);
        goto end;
    }
    for (long i = 0; i < blocks; i++)
        counts[i] = NOT_DONE;
    rewind(checkpoint);
    long done = read_checkpoint(checkpoint, counts, blocks);
    if (done < 0) {
        fprintf(stderr, "%s is not the checkpoint of %ld blocks\n", path, blocks);
        goto end;
    }
    printf("%ld of %ld blocks were done already\n", done, blocks);
    code = work(checkpoint, counts, limit, blocks);
    if (code == EXIT_FAILURE)
        fprintf(stderr, "%s\n", mr_last_error());
    long all = 0;
    for (long i = 0; i < blocks && code == EXIT_SUCCESS; i++)
        all += counts[i];
    if (code == EXIT_SUCCESS)
        printf("%ld primes below %ld\n", all, limit);
end:
    if (checkpoint != NULL)
        fclose(checkpoint);
    free(counts);
    return code;
}

static long number(const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' ? value : -1;
}

int main(int argc, char **argv)
{
    if (mr_init(&argc, &argv) != MR_OK) {
        fprintf(stderr, "%s\n", mr_last_error());
        return EXIT_FAILURE;
    }
    long limit = argc == 4 ? number(argv[1]) : -1, blocks = argc == 4 ? number(argv[2]) : -1;
    int code = EXIT_FAILURE;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = stop}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
    if (blocks < 1 || limit < blocks)
        fprintf(stderr, "usage: primes LIMIT BLOCKS CHECKPOINT\n");
    else
        code = run(argv[3], limit, blocks);
    return mr_finalize() == MR_OK ? code : EXIT_FAILURE;
}
