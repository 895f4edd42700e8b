/* Libraries that the program has loaded by dlopen: where other ranks find them, when they are to run a function of
 * one. A table in the arena says it, by their build-ids. */
#ifndef MR_LIBRARIES_H
#define MR_LIBRARIES_H

#include "base/module.h"

/* What module.c asks, in this process. */
extern const mr__libraries mr__shared_libraries;

#endif
