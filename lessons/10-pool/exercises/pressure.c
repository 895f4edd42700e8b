//@title en: Not more than fits
//@title es: No más de lo que cabe
//@hint en: The source is asked for inputs. How far may it run ahead of what you have taken?
//@hint es: A la fuente se le piden entradas. ¿Cuánto puede adelantarse a lo que tú ya has tomado?
//@hint en: buffer_size of mr_tasks is how many tasks may be under way; the workers need one each at least.
//@hint es: buffer_size de mr_tasks es cuántas tareas puede haber en marcha; los trabajadores necesitan al menos una cada uno.
//@hint en: .buffer_size = MOST, and the order stays: mr_pool_imap.
//@hint es: .buffer_size = MOST, y el orden se mantiene: mr_pool_imap.
//@fails: runs ahead
//@en Lesson 10, exercise pressure. Pictures are read by a source, worked on by four workers, and written by main, which is
//@en slow. All of them are in memory at once. At most 8 may be; at least 4, or workers are idle; and they stay in order.
//@es Lección 10, ejercicio pressure. Una fuente lee imágenes, cuatro trabajadores las procesan y main, que es lento, las
//@es escribe. Están todas en memoria a la vez. Puede haber 8 como mucho; al menos 4, o habrá trabajadores ociosos; y
//@es siguen en orden.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { PICTURES = 60, WORKERS = 4, MOST = 8 };

struct reader {
    int next, taken, most;
};

static void nap(long milliseconds)
{
    const struct timespec time = {.tv_nsec = milliseconds * 1000000};
    nanosleep(&time, NULL);
}

static mr_status read_next(void *state, mr_slice *in)
{
    struct reader *reader = state;
    if (reader->next == PICTURES)
        return MR_EEOF;
    reader->next++;
    int ahead = reader->next - reader->taken;
    reader->most = ahead > reader->most ? ahead : reader->most;
    *in = (mr_slice){&reader->next, sizeof reader->next};
    return MR_OK;
}

static int draw(const void *in, void *out)
{
    int number = *(const int *)in;
    nap(number % 4 == 1 ? 20 : 2);
    *(int *)out = number;
    return 0;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    struct reader reader = {0};
    mr_tasks tasks = {.task = draw, .source = read_next, .source_state = &reader, .out_size = sizeof(int)};
    mr_pool pool;
    mr_imap imap;
    int picture;

    if (mr_init(&argc, &argv) != MR_OK || mr_pool_init(&pool, WORKERS) != MR_OK)
        return failed();
    //@exercise
    tasks.buffer_size = 1000;
    if (mr_pool_imap(&pool, &tasks, &imap) != MR_OK)
        return failed();
    //@solution
    tasks.buffer_size = MOST;
    if (mr_pool_imap(&pool, &tasks, &imap) != MR_OK)
        return failed();
    //@mutant one: workers are idle
    tasks.buffer_size = 1;
    if (mr_pool_imap(&pool, &tasks, &imap) != MR_OK)
        return failed();
    //@mutant unordered: as they are done
    tasks.buffer_size = MOST;
    if (mr_pool_imap_unordered(&pool, &tasks, &imap) != MR_OK)
        return failed();
    //@mutant default: runs ahead
    if (mr_pool_imap(&pool, &tasks, &imap) != MR_OK)
        return failed();
    //@end
    while (mr_imap_next(&imap, &picture, sizeof picture, NULL, NULL, MR_FOREVER) == MR_OK) {
        reader.taken++;
        nap(5);
        printf("picture %d\n", picture);
    }
    mr_imap_close(&imap);
    printf("in memory at most %d\n", reader.most);
    mr_pool_close(&pool);
    return mr_finalize();
}
