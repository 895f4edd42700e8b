/* A running Multirank program, looked at from outside: found in /proc, its arena copied, never written to. */
#ifndef MR__TOOLS_PROGRAM_H
#define MR__TOOLS_PROGRAM_H

#include "object/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct mr__program {
    pid_t main;
    char command[256]; /* as it was called */
    int arena, life;   /* descriptors: of the arena, to read; of main, to know its end (-1: a copy of an arena) */
    mr__view view;     /* of the copy; what is not in it is read as it is */
    char *copy;        /* head, roster, seats and slots, as they were a moment ago */
    uint64_t copied;   /* the size of that */
    bool is_elsewhere; /* the program has process numbers of its own (a container): those in the arena are not ours
                        */
} mr__program;

/* Opens the program that a process is part of, which the word names, or the only one of this user if it is NULL.
 * false: a sentence, or the list of programs, has been written to standard error. */
bool mr__program_open(const char *word, mr__program *program);

/* Opens what a file has, a copy of an arena. false: a sentence is in *why. */
bool mr__program_open_arena(int file, mr__program *program, char *why, size_t size);

/* Copies anew. false: the program has ended, or its arena makes no sense. */
bool mr__program_read(mr__program *program);

void mr__program_close(mr__program *program);

#endif
