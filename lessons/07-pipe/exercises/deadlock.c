//@title en: After you, please
//@title es: Usted primero, por favor
//@hint en: Run `multirank stack PID` while it hangs. In which call does each of the two wait, and for whom?
//@hint es: Ejecuta `multirank stack PID` mientras está colgado. ¿En qué llamada espera cada uno, y a quién?
//@hint en: Each waits for the other's word before it says its own. One of them has to begin.
//@hint es: Cada uno espera la palabra del otro antes de decir la suya. Uno de los dos tiene que empezar.
//@hint en: In talk(), when side->index is 0: first mr_connection_send, then mr_connection_recv. The other way round for 1.
//@hint es: En talk(), si side->index es 0: primero mr_connection_send, después mr_connection_recv. Para 1, al revés.
//@fails: both wait
//@en Lesson 7, exercise deadlock. Two processes want to exchange a word each. They wait for ever. Find out why, and cure it;
//@en both words have to arrive.
//@es Lección 7, ejercicio deadlock. Dos procesos quieren intercambiar una palabra. Esperan para siempre. Averigua por qué y
//@es cúralo; las dos palabras tienen que llegar.
#include <multirank.h>
#include <stdio.h>
#include <string.h>

struct side {
    mr_connection end;
    int index;
};

static int talk(const void *args, size_t size)
{
    static const char *const words[] = {"ping" /*@word word ping|hello|question|coffee*/, "pong"};
    const struct side *side = args;
    const char *mine = words[side->index];
    char theirs[32] = "nothing";
    (void)size;
    //@exercise
    mr_connection_recv(&side->end, theirs, sizeof theirs, NULL, MR_FOREVER);
    mr_connection_send(&side->end, mine, strlen(mine) + 1, MR_FOREVER);
    //@solution
    if (side->index == 0)
        mr_connection_send(&side->end, mine, strlen(mine) + 1, MR_FOREVER);
    mr_connection_recv(&side->end, theirs, sizeof theirs, NULL, MR_FOREVER);
    if (side->index == 1)
        mr_connection_send(&side->end, mine, strlen(mine) + 1, MR_FOREVER);
    //@mutant give-up: one of them has heard nothing
    mr_connection_recv(&side->end, theirs, sizeof theirs, NULL, 1);
    mr_connection_send(&side->end, mine, strlen(mine) + 1, MR_FOREVER);
    //@mutant one-way: one of them has heard nothing
    if (side->index == 0)
        mr_connection_send(&side->end, mine, strlen(mine) + 1, MR_FOREVER);
    else
        mr_connection_recv(&side->end, theirs, sizeof theirs, NULL, MR_FOREVER);
    //@end
    printf("%d heard %s\n", side->index, theirs);
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
    mr_process processes[2];
    struct side sides[2] = {{.index = 0}, {.index = 1}};

    if (mr_init(&argc, &argv) != MR_OK || mr_pipe_init(&sides[0].end, &sides[1].end, true) != MR_OK)
        return failed();
    for (int i = 0; i < 2; i++) {
        if (mr_process_init(&processes[i], talk, &sides[i], sizeof sides[i]) != MR_OK ||
            mr_process_start(&processes[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < 2; i++) {
        if (mr_process_join(&processes[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    return mr_finalize();
}
