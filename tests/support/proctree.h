/* The processes of a run, as /proc shows them: the runner's descendants, and whoever else has the run's folder in
 * its command line or environment (on simulated hosts). */
#ifndef PROCTREE_H
#define PROCTREE_H

#include <stdio.h>
#include <sys/types.h>

typedef struct proctree {
    int count;
    struct proctree_process {
        pid_t pid, parent;
        int depth; /* below the runner */
        char state;
        char name[32];
    } * process; /* parents before their children */
} proctree;

/* Those that are alive now (zombies are not). The caller frees it. */
proctree proctree_read(const char *folder);
void proctree_free(proctree *tree);

/* One line for each: pid, name, state, command line. */
void proctree_print(const proctree *tree, FILE *file);

/* Who waits for what: the tree with every thread's name, state and place in the kernel, and each process's stacks
 * where gdb can be had. */
void proctree_explain(const proctree *tree, FILE *file);

/* SIGKILL for all. */
void proctree_kill(const proctree *tree);

#endif
