/* Lesson 5 in plain MPI: an object is sent as bytes, and its class as a number that both sides know. */
#include <mpi.h>
#include <stdio.h>

enum { PROCESSES = 5, LONGEST = 32 };
enum class_number { MY_PROCESS, CLASSES };

/* What travels. No pointer may be in it, not even one to a function: they mean nothing in another rank. */
struct my_process {
    enum class_number class;
    char name[LONGEST];
    int index;
};

static int my_run(const struct my_process *self)
{
    printf("%s run, index %d\n", self->name, self->index);
    return 0;
}

/* Every function that a rank may be asked to run has to be in this table. */
static const struct {
    const char *name;
    int (*run)(const struct my_process *self);
} classes[CLASSES] = {[MY_PROCESS] = {"MyProcess", my_run}};

static void work(MPI_Comm main_process)
{
    struct my_process self;

    MPI_Recv(&self, (int)sizeof self, MPI_BYTE, 0, 0, main_process, MPI_STATUS_IGNORE);
    const int code = classes[self.class].run(&self);
    MPI_Send(&code, 1, MPI_INT, 0, 0, main_process);
}

int main(int argc, char **argv)
{
    MPI_Comm parent, children;
    int code;

    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL) {
        work(parent);
        return MPI_Finalize();
    }

    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, PROCESSES, MPI_INFO_NULL, 0, MPI_COMM_SELF, &children,
                   MPI_ERRCODES_IGNORE);
    for (int i = 0; i < PROCESSES; i++) {
        struct my_process process = {.class = MY_PROCESS, .index = i};
        snprintf(process.name, sizeof process.name, "%s-%d", classes[process.class].name, i + 1);
        MPI_Send(&process, (int)sizeof process, MPI_BYTE, i, 0, children);
    }
    for (int i = 0; i < PROCESSES; i++)
        MPI_Recv(&code, 1, MPI_INT, i, 0, children, MPI_STATUS_IGNORE);
    return MPI_Finalize();
}
