/* Shared objects: locks, queues and whatever else processes have in common. Each lies in a slot of the arena,
 * under a mutex of its own that survives its owner; a handle names the slot and its generation, so that a stale
 * one is noticed. Every kind of object says what must be done when a process has died. */
#ifndef MR_OBJECT_H
#define MR_OBJECT_H

#include "object/handle.h"

typedef enum mr__kind_number {
    MR__KIND_NONE, /* the slot is free */
    MR__KIND_LOCK,
    MR__KIND_SEMAPHORE,
    MR__KIND_CONDITION,
    MR__KIND_EVENT,
    MR__KIND_BARRIER,
    MR__KIND_ARRAY,
    MR__KIND_VALUE,
    MR__KIND_MEMORY,
    MR__KIND_PIPE,
    MR__KIND_QUEUE,
    MR__KIND_INLET, /* a queue's other half */
    MR__KIND_POOL,
    MR__KIND_JOB, /* of a pool */
    MR__KIND_DICT,
    MR__KIND_LIST,
    MR__KIND_NAMESPACE,
    MR__KIND_SET,
    MR__KIND_MANAGER,
    MR__KINDS
} mr__kind_number;

/* The head of every object; its kind's own members follow, up to MR__SLOT_SIZE in all. A slot stays an object for
 * good, so its mutex may be locked even if the object has just been closed. */
typedef struct mr__object {
    pthread_mutex_t mutex;
    _Atomic uint32_t kind, generation;
    uint64_t tickets; /* given out to those who wait, in order */
    uint32_t waiting; /* seats that wait here */
    uint32_t next_free;
} mr__object;

/* Whether a wait for the object behind a handle is over (see watch.h). */
typedef mr_status (*mr__look)(const char *call, uint64_t handle, bool *is_ready);

/* No rank: on its way in a message; whose it is, the use will tell. */
static const uint32_t MR__ANYBODY = UINT32_MAX;

/* For a kind whose objects have one owner, which changes when their handles travel among other bytes. */
typedef struct mr__custody {
    /* What is found in bytes that rank from hands over becomes rank to's, if it lies here. */
    void (*hand_over)(const void *bytes, size_t size, uint32_t from, uint32_t to);
    /* Visits what lies elsewhere than at that home. */
    mr_status (*elsewhere)(const void *bytes, size_t size, uint32_t home,
                           mr_status (*visit)(uint64_t handle, void *argument), void *argument);
    /* Has that let go of by the caller: it is on its way. */
    mr_status (*let_go)(const void *bytes, size_t size, uint32_t home);
} mr__custody;

/* What the library knows of a kind. All are called with the object's mutex held; and as
 * main's hub calls some with the context's lock held, nobody may take that one inside an object. */
typedef struct mr__kind {
    const char *name;                   /* "lock": for sentences */
    void (*repair)(mr__object *object); /* somebody was killed in the middle of a change; may be NULL */
    void (*forget)(mr__object *object,
                   uint32_t rank);             /* a rank's process has ended: release what it held; or NULL */
    bool (*is_over)(const mr__object *object); /* with that rank went the last who could use it; or NULL */
    void (*discard)(mr__object *object);       /* free what the object refers to; may be NULL */
    mr__look look;                             /* for mr_wait; not entered; or NULL */
    const struct mr__kind_view *view;          /* how it is looked at from outside (view.h); or NULL */
    const mr__custody *custody;                /* or NULL */
    bool lies_with_main;                       /* wherever it is made: it needs main's universe */
} mr__kind;

/* The slot of that number. */
mr__object *mr__slot_at(uint32_t slot);

/* The slot that a handle of this home names, whatever is in it. */
static inline mr__object *mr__slot_of(uint64_t handle)
{
    return mr__slot_at(mr__handle_slot(handle));
}

extern const mr__kind *const mr__kinds[MR__KINDS]; /* kinds.c */

/* Where this process makes an object of a kind. */
static inline uint64_t mr__home_for(mr__kind_number kind)
{
    return mr__kinds[kind]->lies_with_main ? mr__handle_of(0, MR__MAINS_HOME, 0) : mr__home_here();
}

/* MR_OK while the library is up and a handle was given; else a sentence for the call. */
mr_status mr__object_given(const char *call, mr__kind_number kind, const void *handle);

/* Makes an object, all zero behind the head, and enters it: the mutex is held. */
mr_status mr__object_new(const char *call, mr__kind_number kind, mr__object **object, uint64_t *handle);

/* Enters an object: on MR_OK its mutex is held. MR_ECLOSED, MR_EINVAL: no such object (any more). */
mr_status mr__object_enter(const char *call, uint64_t handle, mr__kind_number kind, mr__object **object);
void mr__object_leave(mr__object *object);

/* Enters one that is known to be there, or to have been a moment ago. */
void mr__object_reenter(mr__object *object);

/* Finds an object without entering it: for what is a single atomic step. */
mr_status mr__object_find(const char *call, uint64_t handle, mr__kind_number kind, mr__object **object);

/* Ends an object that has been entered, and leaves it: those who wait get MR_ECLOSED, the handle is stale. */
void mr__object_close(mr__object *object);

/* What the close of a kind does: ends the object behind a handle; one that has been closed already is no error. */
mr_status mr__object_end(const char *call, mr__kind_number kind, const uint64_t *handle);

/* The handle of an object, and the number of its slot. */
uint64_t mr__object_handle(const mr__object *object);
uint32_t mr__object_slot(const mr__object *object);

/* A rank's process has ended: whatever it held of any object is released. */
void mr__objects_forget(uint32_t rank);

#endif
