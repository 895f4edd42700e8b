//@title en: Whoever comes first
//@title es: El que llegue primero
//@hint en: For whom does main wait while the fast one has something to say?
//@hint es: ¿A quién espera main mientras el rápido tiene algo que decir?
//@hint en: mr_wait waits for several things at once, and tells which are ready. The end of file makes an end ready, too.
//@hint es: mr_wait espera varias cosas a la vez y dice cuáles están listas. El fin de archivo también deja listo un extremo.
//@hint en: While an end is open: mr_wait over those that are; from each that is ready, one recv; at MR_EEOF it is open no more.
//@hint es: Mientras haya un extremo abierto: mr_wait sobre los abiertos; de cada uno listo, un recv; con MR_EEOF deja de estarlo.
//@fails: in the order of the pipes
//@en Lesson 7, exercise either. A slow and a fast process each send three messages. Main reads them pipe by pipe, so the fast
//@en one's news are old when they are shown. Show every message as soon as it is there, and end when both have ended.
//@es Lección 7, ejercicio either. Un proceso lento y uno rápido envían tres mensajes cada uno. Main los lee tubería por
//@es tubería, así que las noticias del rápido ya son viejas cuando se muestran. Muestra cada mensaje en cuanto llegue y
//@es termina cuando los dos hayan terminado.
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { PROCESSES = 2, MESSAGES = 3 };

struct job {
    mr_connection out;
    long pause; /* milliseconds */
};

static int send(const void *args, size_t size)
{
    const struct job *job = args;
    const struct timespec nap = {job->pause / 1000, job->pause % 1000 * 1000000};
    (void)size;
    for (int i = 1; i <= MESSAGES; i++) {
        nanosleep(&nap, NULL);
        if (mr_connection_send(&job->out, &i, sizeof i, MR_FOREVER) != MR_OK)
            return 1;
    }
    mr_connection_close(&job->out);
    return 0;
}

static void show(int from, int message)
{
    printf("%s %d\n", from == 0 ? "slow" : "fast", message);
}

static int read_all(mr_connection in[PROCESSES])
{
    int message;
    //@exercise
    for (int i = 0; i < PROCESSES; i++)
        while (mr_connection_recv(&in[i], &message, sizeof message, NULL, MR_FOREVER) == MR_OK)
            show(i, message);
    //@solution
    bool is_open[PROCESSES] = {true, true};
    while (is_open[0] || is_open[1]) {
        mr_waitable items[PROCESSES] = {0};
        size_t count = 0, ready;
        int whose[PROCESSES];
        for (int i = 0; i < PROCESSES; i++) {
            if (is_open[i]) {
                whose[count] = i;
                items[count++].connection = &in[i];
            }
        }
        if (mr_wait(items, count, &ready, MR_FOREVER) != MR_OK)
            return 1;
        for (size_t k = 0; k < count; k++) {
            if (!items[k].ready)
                continue;
            if (mr_connection_recv(&in[whose[k]], &message, sizeof message, NULL, MR_FOREVER) == MR_OK)
                show(whose[k], message);
            else
                is_open[whose[k]] = false;
        }
    }
    //@mutant in-turns: in turns
    for (int k = 0; k < MESSAGES; k++) {
        for (int i = 0; i < PROCESSES; i++) {
            if (mr_connection_recv(&in[i], &message, sizeof message, NULL, MR_FOREVER) == MR_OK)
                show(i, message);
        }
    }
    //@mutant fast-only: at the first end of file
    for (int i = PROCESSES - 1; i == PROCESSES - 1; i--)
        while (mr_connection_recv(&in[i], &message, sizeof message, NULL, MR_FOREVER) == MR_OK)
            show(i, message);
    //@end
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
    mr_process processes[PROCESSES];
    mr_connection in[PROCESSES];
    struct job job;

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();
    for (int i = 0; i < PROCESSES; i++) {
        job.pause = i == 0 ? 2000 : 50;
        if (mr_pipe_init(&in[i], &job.out, false) != MR_OK ||
            mr_process_init(&processes[i], send, &job, sizeof job) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    int code = read_all(in);
    printf("main has read all\n");
    mr_status status = mr_finalize();
    return status == MR_OK ? code : 1;
}
