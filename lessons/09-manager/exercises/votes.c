//@title en: Count the votes
//@title es: Cuenta los votos
//@hint en: How many calls on the dict are there for one vote? What may happen between them?
//@hint es: ¿Cuántas llamadas al diccionario hay por cada voto? ¿Qué puede pasar entre ellas?
//@hint en: Either one call that does it all, or a lock that is held over both.
//@hint es: O una sola llamada que lo haga todo, o un candado que dure las dos.
//@hint en: mr_dict_add(votes, MR_STRING(name), MR_INT(1), NULL) in place of get and set.
//@hint es: mr_dict_add(votes, MR_STRING(name), MR_INT(1), NULL) en lugar de get y set.
//@fails: votes are lost
//@en Lesson 9, exercise votes. Four polling stations count into one dict: get, add 1, set. Votes are lost. Each vote has to
//@en count. (The pause stands for a busy machine.)
//@es Lección 9, ejercicio votes. Cuatro mesas electorales cuentan en un mismo diccionario: get, sumar 1, set. Se pierden
//@es votos. Todos tienen que contar. (La pausa representa una máquina ocupada.)
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { STATIONS = 4, VOTES = 60 /*@seed votes 40 80*/ };

static void busy(void)
{
    const struct timespec time = {.tv_nsec = 200000};
    nanosleep(&time, NULL);
}

static int count(const void *args, size_t size)
{
    const mr_dict *votes = args;
    (void)size;
    for (int i = 0; i < VOTES; i++) {
        const char *name = i % 3 == 0 ? "Ada" : "Grace";
        //@exercise
        mr_item number = {0};
        mr_dict_get(votes, MR_STRING(name), &number, NULL, 0);
        busy();
        mr_dict_set(votes, MR_STRING(name), MR_INT(number.integer + 1));
        //@solution
        busy();
        mr_dict_add(votes, MR_STRING(name), MR_INT(1), NULL);
        //@mutant local: only one station
        static int64_t own[2];
        busy();
        mr_dict_set(votes, MR_STRING(name), MR_INT(++own[i % 3 == 0]));
        //@mutant one-name: everybody votes for
        busy();
        mr_dict_add(votes, MR_STRING("Grace"), MR_INT(1), NULL);
        //@end
    }
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
    mr_process stations[STATIONS];
    mr_manager manager;
    mr_dict votes;
    mr_item number;

    if (mr_init(&argc, &argv) != MR_OK || mr_manager_init(&manager) != MR_OK ||
        mr_manager_start(&manager, NULL, NULL, 0) != MR_OK || mr_manager_make_dict(&manager, &votes) != MR_OK)
        return failed();
    mr_dict_set(&votes, MR_STRING("Ada"), MR_INT(0));
    mr_dict_set(&votes, MR_STRING("Grace"), MR_INT(0));
    for (int i = 0; i < STATIONS; i++) {
        if (mr_process_init(&stations[i], count, &votes, sizeof votes) != MR_OK ||
            mr_process_start(&stations[i]) != MR_OK)
            return failed();
    }
    for (int i = 0; i < STATIONS; i++) {
        if (mr_process_join(&stations[i], MR_FOREVER) != MR_OK)
            return failed();
    }
    mr_dict_get(&votes, MR_STRING("Ada"), &number, NULL, 0);
    printf("Ada %lld\n", (long long)number.integer);
    mr_dict_get(&votes, MR_STRING("Grace"), &number, NULL, 0);
    printf("Grace %lld\n", (long long)number.integer);
    mr_manager_close(&manager);
    return mr_finalize();
}
