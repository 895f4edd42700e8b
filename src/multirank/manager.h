/* Managers: objects that end together, and objects of types of the program's own. Part of multirank.h, which is
 * what programs include. */
#ifndef MULTIRANK_MANAGER_H
#define MULTIRANK_MANAGER_H

#include "containers.h"
#include "messages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Managers ----------------------------------------------------------------------------------------------- */

/* A manager: makes shared objects, which end with it, and keeps objects of the program's own types. Shared objects
 * lie in memory that main's host shares, so a manager needs a process of its own only for an initializer and for
 * types: what a program's own code does there, and be it to crash, concerns that process alone. Other processes
 * may use a copy of the struct; it is started, joined and shut down by the process that made it only
 * (MR_ENOTCREATOR). If that one ends without shutting it down, its process ends too; the shared objects stay until
 * they are destroyed, or mr_finalize. Mirrors managers.BaseManager, SyncManager (Manager()) and
 * SharedMemoryManager.
 */
typedef struct mr_manager {
    uint64_t mr__handle;
    mr_process mr__process;
} mr_manager;

/* Makes a manager that has not been started: until then its objects are MR_ESTATE. Any process. Mirrors
 * BaseManager(). */
MR_API mr_status mr_manager_init(mr_manager *manager);

/* Starts it. initializer (may be NULL) runs once in the manager's process, on a copy of args, before anything
 * else; MR_ETASK: it has not returned 0; MR_EDIED: it has ended that process. Other errors: MR_ESTATE (it runs),
 * MR_EDAEMON and those of mr_process_start, where there has to be a process. Mirrors
 * BaseManager.start(initializer, initargs). */
MR_API mr_status mr_manager_start(mr_manager *manager, mr_target initializer, const void *args, size_t size);

/* Ends all objects that were made through it, for all processes, and its process: politely, and if that takes more
 * than a second by SIGTERM. Shutting down twice is harmless; after it the manager may be started again. Mirrors
 * BaseManager.shutdown. */
MR_API mr_status mr_manager_shutdown(mr_manager *manager);

/* Waits at most timeout seconds until its process has ended (errors: as mr_process_join; a manager without one is
 * not waited for); the exit code of that (MR_EXITCODE_NONE: it has not ended, or there was none). Mirror
 * BaseManager.join, and what shutdown leaves in exitcode. */
MR_API mr_status mr_manager_join(mr_manager *manager, double timeout);
MR_API int mr_manager_exitcode(const mr_manager *manager);

/* Shuts it down, if need be, and ends it. Closing twice is harmless. */
MR_API mr_status mr_manager_close(mr_manager *manager);

/* Would connect to the manager of a program that was started separately. Such programs share no objects so far,
 * they only send messages (mr_listener): MR_ENOTSUP, or MR_EINVAL. Mirrors BaseManager.connect. */
MR_API mr_status mr_manager_connect(mr_manager *manager, const char *address, const void *key, size_t size);

/* Make shared objects as the functions without a manager do, with the same errors; MR_ESTATE (the manager has not
 * been started), MR_ECLOSED (it has been shut down). Any process that has the manager. */
MR_API mr_status mr_manager_make_dict(const mr_manager *manager, mr_dict *dict);
MR_API mr_status mr_manager_make_list(const mr_manager *manager, mr_list *list, const mr_item items[],
                                      size_t count);
MR_API mr_status mr_manager_make_set(const mr_manager *manager, mr_set *set, const mr_item items[], size_t count);
MR_API mr_status mr_manager_make_namespace(const mr_manager *manager, mr_namespace *space);
MR_API mr_status mr_manager_make_value(const mr_manager *manager, mr_value *value, size_t size,
                                       const void *initial);
MR_API mr_status mr_manager_make_array(const mr_manager *manager, mr_array *array, size_t element_size,
                                       size_t length, const void *initial);
MR_API mr_status mr_manager_make_queue(const mr_manager *manager, mr_queue *queue, size_t maxsize);
MR_API mr_status mr_manager_make_queue_joinable(const mr_manager *manager, mr_queue *queue, size_t maxsize);
MR_API mr_status mr_manager_make_lock(const mr_manager *manager, mr_lock *lock);
MR_API mr_status mr_manager_make_lock_recursive(const mr_manager *manager, mr_lock *lock);
MR_API mr_status mr_manager_make_semaphore(const mr_manager *manager, mr_semaphore *semaphore, int64_t value);
MR_API mr_status mr_manager_make_semaphore_bounded(const mr_manager *manager, mr_semaphore *semaphore,
                                                   int64_t value);
MR_API mr_status mr_manager_make_condition(const mr_manager *manager, mr_condition *condition,
                                           const mr_lock *lock);
MR_API mr_status mr_manager_make_event(const mr_manager *manager, mr_event *event);
MR_API mr_status mr_manager_make_barrier(const mr_manager *manager, mr_barrier *barrier, int parties,
                                         int (*action)(void), double timeout);

struct mr_pool;

/* The same for a pool, which is terminated when the manager is shut down. The process that makes it is its
 * creator. */
MR_API mr_status mr_manager_make_pool(const mr_manager *manager, struct mr_pool *pool, int processes);

/* The same for shared memory, which is unlinked when the manager is shut down. Mirror
 * SharedMemoryManager.SharedMemory(size) and ShareableList(items). */
MR_API mr_status mr_manager_make_shared_memory(const mr_manager *manager, mr_shared_memory *memory, size_t size);
MR_API mr_status mr_manager_make_shareable_list(const mr_manager *manager, mr_shareable_list *list,
                                                const mr_item items[], size_t count);

/* An object of a type of the program's own, which lives in the manager's process. A handle; also an item. */
typedef struct mr_instance {
    uint64_t mr__handle, mr__number;
} mr_instance;

/* What a method answers. */
typedef struct mr_reply mr_reply;

/* A method of a type: runs in the manager's process, on the object itself and on copies of the arguments. What it
 * returns is what the caller gets, and if that is an error, the sentence too: that of the Multirank call which
 * failed, or one from mr_fail. */
typedef struct mr_method {
    const char *name;
    mr_status (*run)(void *self, const mr_item args[], size_t count, mr_reply *reply);
} mr_method;

/* A type of the program's own: a static object of the program. Of its methods those can be called that are
 * exposed; with NULL those whose names do not begin with '_'. The methods of all objects of a manager run one
 * after the other, so they need no locks, and none may wait for another. */
typedef struct mr_type {
    const char *name;
    size_t size;                                                       /* of an object, in bytes; zeroed */
    mr_status (*init)(void *self, const mr_item args[], size_t count); /* or NULL */
    void (*end)(void *self);                                           /* or NULL */
    const mr_method *methods;
    size_t method_count;
    const char *const *exposed; /* names */
    size_t exposed_count;
} mr_type;

/* Lets a manager, before it is started, make objects of a type. Errors: MR_EINVAL (a type without name, size or
 * methods), MR_EEXIST (the name is taken), MR_EBUILD (the type is not static in this program), MR_ESTATE (the
 * manager runs), MR_ENOTCREATOR. Mirrors BaseManager.register. */
MR_API mr_status mr_manager_register(mr_manager *manager, const mr_type *type);

/* Makes an object of the type of that name; what init makes of the arguments is the caller's answer. Errors: as
 * mr_instance_call. Mirrors manager.TypeName(...). */
MR_API mr_status mr_manager_make_instance(const mr_manager *manager, mr_instance *instance, const char *type,
                                          const mr_item args[], size_t count);

/* Has a method run, and waits for it, at most timeout seconds. *answer (may be NULL) is an array from malloc, to
 * be freed with free(), as the containers give it. Errors: whatever the method returns; MR_ENOENT (there is no
 * such method, or it is not exposed), MR_ETIMEDOUT (the method may run all the same), MR_EDIED (the manager's
 * process has died), MR_ECLOSED (the object was closed, or the manager shut down). Mirrors proxy.method(...), and
 * RemoteError. */
MR_API mr_status mr_instance_call(const mr_instance *instance, const char *method, const mr_item args[],
                                  size_t count, mr_item **answer, size_t *answer_count, double timeout);

/* Ends an object, for all processes. Twice is harmless. */
MR_API mr_status mr_instance_destroy(const mr_instance *instance);

/* For methods: sets the answer, which is copied; records a sentence for the caller and returns the status, as in
 * `return mr_fail(MR_ETASK, "there are only %d", n);`. Errors of the first: MR_EINVAL, MR_ENOMEM. */
MR_API mr_status mr_reply_set(mr_reply *reply, const mr_item items[], size_t count);
MR_API mr_status mr_fail(mr_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
