/* Named blocks of shared memory, for what lies in them. */
#ifndef MR_SHARED_MEMORY_H
#define MR_SHARED_MEMORY_H

#include "far/far.h"

/* Makes a block that others can find only when fill, if not NULL, has filled it. */
mr_status mr__memory_create(const char *call, mr_shared_memory *handle, const char *name, uint64_t size,
                            void (*fill)(void *data, const void *with), const void *with);
mr_status mr__memory_attach(const char *call, mr_shared_memory *handle, const char *name);

/* Enters the block behind a handle, which attaches a process that has been given it. To be left by
 * mr__object_leave. */
mr_status mr__memory_enter(const char *call, const mr_shared_memory *handle, mr__object **object, void **data,
                           size_t *size);

/* The name that goes along with a call: data, if numbers[1] says so; else NULL. */
const char *mr__name_in(const mr__call *call);

#endif
