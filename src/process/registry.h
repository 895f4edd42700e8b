/* The processes that the calling process knows, by handle, and the checks at the door of every mr_process call. */
#ifndef MR_REGISTRY_H
#define MR_REGISTRY_H

#include "process/process.h"

/* Registers a process in the context and gives it its handle; takes it out again and frees it. Lock held. */
mr_status mr__process_register(mr__process *process);
void mr__process_release(mr__process *process);

/* Frees one that was never registered. */
void mr__process_free(mr__process *process);

/* The process behind a handle that is known to be good; the calling process's own. Lock held. */
mr__process *mr__process_of(const mr_process *object);
mr__process *mr__own_entry(void);

/* Finds the process for a call. On MR_OK the lock is held, to be released by the caller; else there is a sentence.
 * The others check besides that the caller made it, and that it has not, or has, been started. */
mr_status mr__enter(const char *call, const mr_process *object, mr__process **process);
mr_status mr__enter_as_creator(const char *call, const mr_process *object, mr__process **process);
mr_status mr__enter_before_start(const char *call, const mr_process *object, mr__process **process);
mr_status mr__enter_after_start(const char *call, const mr_process *object, mr__process **process);

#endif
