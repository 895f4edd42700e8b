/* How a function or a static object of the program is named in another rank: by the build-id of its module (the
 * program or a shared library) and its offset there. Load addresses differ from rank to rank; these two do not. */
#ifndef MR_MODULE_H
#define MR_MODULE_H

#include "multirank.h"

enum { MR__BUILD_ID_SIZE = 20 };

typedef struct mr__symbol {
    unsigned char build_id[MR__BUILD_ID_SIZE];
    uint64_t offset;
} mr__symbol;

/* How other ranks find libraries that the program has loaded later (far/libraries.c). */
typedef struct mr__libraries {
    mr_status (*share)(const unsigned char build_id[MR__BUILD_ID_SIZE], const char *path);
    bool (*look_up)(const unsigned char build_id[MR__BUILD_ID_SIZE], char *path, size_t size);
} mr__libraries;

/* The name of an address in this program. must_run: it has to be code. MR_EBUILD with a sentence (what: how to
 * call the address there) when it belongs to no module, or its module has no build-id. */
mr_status mr__symbol_of(const void *address, bool must_run, const char *what, mr__symbol *symbol);

/* To be called when mr_init is done: libraries that are loaded from now on the other ranks have to load, too. */
void mr__modules_end_of_start(void);

/* The address of a name in this program, whose library is loaded if need be; NULL, with a sentence, when it
 * cannot. */
void *mr__symbol_find(const mr__symbol *symbol);

/* The build-id of the program itself. MR_EBUILD when it was linked without one. */
mr_status mr__program_build_id(unsigned char build_id[MR__BUILD_ID_SIZE]);

#endif
