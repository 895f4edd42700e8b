/* Lesson 5: a class of processes of one's own, with its own data and its own run. */
#include <multirank.h>
#include <stdio.h>

enum { PROCESSES = 5 };

/* A process, and what we add to it. The mr_process must come first. */
struct my_process {
    mr_process base;
    int index;
};

/* What every object of the class runs, in a process of its own, on its own copy of the struct. */
static int my_run(mr_process *self)
{
    const struct my_process *mine = (const struct my_process *)self;

    printf("%s run, index %d\n", mr_process_name(self), mine->index);
    return 0;
}

/* The class: the first part of its processes' names, the size of one object, and what it runs. */
static const mr_class my_class = {"MyProcess", sizeof(struct my_process), my_run};

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    struct my_process processes[PROCESSES];

    if (mr_init(&argc, &argv) != MR_OK)
        return failed();

    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_init_class(&processes[i].base, &my_class) != MR_OK)
            return failed();
        processes[i].index = i; /* up to the start the members are ours to set */
        if (mr_process_start(&processes[i].base) != MR_OK)
            return failed();
    }
    for (int i = 0; i < PROCESSES; i++) {
        if (mr_process_join(&processes[i].base, MR_FOREVER) != MR_OK)
            return failed();
    }
    return mr_finalize();
}
