//@title en: Say goodbye
//@title es: Despedirse
//@hint en: When does main's recv say MR_EEOF? Has that happened?
//@hint es: ¿Cuándo dice MR_EEOF el recv de main? ¿Ha ocurrido ya?
//@hint en: The end of file comes when the other end is closed, or its process has ended. This one does not end yet.
//@hint es: El fin de archivo llega cuando el otro extremo se cierra o su proceso termina. Este todavía no termina.
//@hint en: mr_connection_close(&job->out) behind the loop, before the process waits for the event.
//@hint es: mr_connection_close(&job->out) después del bucle, antes de que el proceso espere el evento.
//@fails: waits for the end of file
//@en Lesson 7, exercise goodbye. A process sends its messages, then waits until main allows it to go home. Main allows that
//@en at the end of file. Both wait for ever. Main has to get every message, and the end of file behind the last.
//@es Lección 7, ejercicio goodbye. Un proceso envía sus mensajes y después espera a que main le permita irse a casa. Main
//@es lo permite cuando llega el fin de archivo. Los dos esperan para siempre. Main tiene que recibir todos los mensajes y,
//@es después del último, el fin de archivo.
#include <multirank.h>
#include <stdio.h>

enum { MESSAGES = 5 /*@seed messages 3 7*/ };

struct job {
    mr_connection out;
    mr_event may_go;
};

static int send(const void *args, size_t size)
{
    const struct job *job = args;
    (void)size;
    for (int i = 1; i <= MESSAGES; i++) {
        if (mr_connection_send(&job->out, &i, sizeof i, MR_FOREVER) != MR_OK)
            return 1;
        //@exercise
        //@solution
        //@mutant too-early: before the last message
        if (i == MESSAGES - 1)
            break;
        //@end
    }
    //@exercise
    //@solution
    mr_connection_close(&job->out);
    //@mutant empty: an empty message is a message
    mr_connection_send(&job->out, NULL, 0, MR_FOREVER);
    //@end
    mr_event_wait(&job->may_go, MR_FOREVER);
    printf("sender goes home\n");
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
    mr_process sender;
    mr_connection in;
    struct job job;
    int message = 0;

    if (mr_init(&argc, &argv) != MR_OK || mr_pipe_init(&in, &job.out, false) != MR_OK ||
        mr_event_init(&job.may_go) != MR_OK)
        return failed();
    if (mr_process_init(&sender, send, &job, sizeof job) != MR_OK || mr_process_start(&sender) != MR_OK)
        return failed();
    size_t length;
    while (mr_connection_recv(&in, &message, sizeof message, &length, MR_FOREVER) == MR_OK)
        printf("message %d of %zu bytes\n", message, length);
    printf("end of file\n");
    mr_event_set(&job.may_go);
    if (mr_process_join(&sender, MR_FOREVER) != MR_OK)
        return failed();
    return mr_finalize();
}
