/* What there is of a manager in the arena: which objects it has made, its types, and the calls that its process is
 * to serve. */
#ifndef MR_MANAGER_H
#define MR_MANAGER_H

#include "base/module.h"
#include "base/status.h"
#include "containers/container.h"

/* What a call is for: the first item of the request is the name of the type or method, or nothing. */
enum { MR__CALL_CREATE, MR__CALL_METHOD, MR__CALL_CLOSE };

typedef enum mr__visit_state {
    MR__VISIT_QUEUED,
    MR__VISIT_RUNNING,
    MR__VISIT_DONE,
    MR__VISIT_ABANDONED
} mr__visit_state;

/* A call on its way to the manager's process and back. */
typedef struct mr__visit {
    mr__ref next;
    _Atomic uint32_t state;
    uint32_t rank, seat; /* the caller's */
    uint32_t what;
    uint64_t number; /* of the instance; of a new one afterwards */
    mr__ref in, out; /* items, packed */
    uint64_t in_size, out_size;
    int32_t status;
    char sentence[MR__SENTENCE_SIZE];
} mr__visit;

/* Of a type that was registered. */
typedef struct mr__registered {
    mr__ref next;
    mr__symbol symbol;
    char name[];
} mr__registered;

/* For the manager's process, which is on main's host. The first makes it the one that serves; MR_ECLOSED: nothing
 * is to be served any more. The second says that it can. The third waits for the next visit. */
mr_status mr__manager_enter_service(uint64_t manager);
void mr__manager_is_ready(uint64_t manager, mr_status status, const char *sentence);
mr_status mr__manager_next_visit(uint64_t manager, mr__ref *visit);
void mr__manager_finish_visit(uint64_t manager, mr__ref visit, mr_status status, const void *out, size_t size);

/* The type of that name. */
mr_status mr__manager_find_type(uint64_t manager, const char *name, const mr_type **type);

/* What the manager's process runs, on a struct mr__service and what follows. */
typedef struct mr__service {
    uint64_t manager;
    mr__symbol initializer;
    bool has_initializer;
    max_align_t args[];
} mr__service;

int mr__manager_serve(const void *service, size_t size);

/* In the manager's process: what it serves; a call that is made there is done at once. */
bool mr__manager_is_served_here(uint64_t manager);
mr_status mr__manager_run(uint32_t what, uint64_t *number, const mr_item items[], size_t count, mr_item **out,
                          size_t *out_count);

/* Ends a shared object, whatever it is. */
void mr__end_object(const mr_item *object);

#endif
