/* The kinds of shared objects, by number. */
#include "object/object.h"

extern const mr__kind mr__array_kind, mr__value_kind; /* array.c */
extern const mr__kind mr__memory_kind;                /* shared_memory.c */
extern const mr__kind mr__lock_kind, mr__semaphore_kind, mr__condition_kind, mr__event_kind;
extern const mr__kind mr__barrier_kind; /* barrier.c */
extern const mr__kind mr__pipe_kind;    /* pipe.c */
extern const mr__kind mr__queue_kind, mr__inlet_kind;
extern const mr__kind mr__pool_kind, mr__job_kind;
extern const mr__kind mr__dict_kind, mr__list_kind, mr__namespace_kind, mr__set_kind, mr__manager_kind;

const mr__kind *const mr__kinds[MR__KINDS] = {
    [MR__KIND_NONE] = NULL,
    [MR__KIND_LOCK] = &mr__lock_kind,
    [MR__KIND_SEMAPHORE] = &mr__semaphore_kind,
    [MR__KIND_CONDITION] = &mr__condition_kind,
    [MR__KIND_EVENT] = &mr__event_kind,
    [MR__KIND_BARRIER] = &mr__barrier_kind,
    [MR__KIND_ARRAY] = &mr__array_kind,
    [MR__KIND_VALUE] = &mr__value_kind,
    [MR__KIND_MEMORY] = &mr__memory_kind,
    [MR__KIND_PIPE] = &mr__pipe_kind,
    [MR__KIND_QUEUE] = &mr__queue_kind,
    [MR__KIND_INLET] = &mr__inlet_kind,
    [MR__KIND_POOL] = &mr__pool_kind,
    [MR__KIND_JOB] = &mr__job_kind,
    [MR__KIND_DICT] = &mr__dict_kind,
    [MR__KIND_LIST] = &mr__list_kind,
    [MR__KIND_NAMESPACE] = &mr__namespace_kind,
    [MR__KIND_SET] = &mr__set_kind,
    [MR__KIND_MANAGER] = &mr__manager_kind,
};
