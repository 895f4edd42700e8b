/* Shared objects that are made through a manager: which then knows them, and ends them when it is shut down. */
#include "manager/manager.h"

#include "object/handle.h"

#include <stdlib.h>
#include <string.h>

void mr__end_object(const mr_item *object)
{
    uint64_t handle = object->mr__handle[0];
    mr_shared_memory memory = {handle, object->mr__handle[1]};
    switch (object->object) {
    case MR_OBJECT_LOCK:
        mr_lock_destroy(&(mr_lock){handle});
        break;
    case MR_OBJECT_SEMAPHORE:
        mr_semaphore_destroy(&(mr_semaphore){handle});
        break;
    case MR_OBJECT_CONDITION:
        mr_condition_destroy(&(mr_condition){handle});
        break;
    case MR_OBJECT_EVENT:
        mr_event_destroy(&(mr_event){handle});
        break;
    case MR_OBJECT_BARRIER:
        mr_barrier_destroy(&(mr_barrier){handle});
        break;
    case MR_OBJECT_ARRAY:
        mr_array_destroy(&(mr_array){handle});
        break;
    case MR_OBJECT_VALUE:
        mr_value_destroy(&(mr_value){handle});
        break;
    case MR_OBJECT_SHARED_MEMORY:
    case MR_OBJECT_SHAREABLE_LIST:
        mr_shared_memory_unlink(&memory);
        mr_shared_memory_close(&memory);
        break;
    case MR_OBJECT_QUEUE:
        mr_queue_destroy(&(mr_queue){handle});
        break;
    case MR_OBJECT_DICT:
        mr_dict_destroy(&(mr_dict){handle});
        break;
    case MR_OBJECT_LIST:
        mr_list_destroy(&(mr_list){handle});
        break;
    case MR_OBJECT_NAMESPACE:
        mr_namespace_destroy(&(mr_namespace){handle});
        break;
    case MR_OBJECT_SET:
        mr_set_destroy(&(mr_set){handle});
        break;
    case MR_OBJECT_POOL:
        mr_pool_terminate(&(mr_pool){handle});
        break;
    default:
        break;
    }
}

/* What has just been made; ended again if the manager does not take it. */
static mr_status adopt(const char *call, const mr_manager *manager, mr_status made, mr_item object)
{
    if (made != MR_OK)
        return made;
    mr_status status =
        mr__ask(manager != NULL ? &manager->mr__handle : NULL, (mr__request){.procedure = MR__DO_MANAGER_ADOPT,
                                                                             .call = call,
                                                                             .kind = MR__KIND_MANAGER,
                                                                             .in = &object,
                                                                             .in_count = 1});
    if (status != MR_OK) {
        char *sentence = strdup(mr_last_error());
        mr__end_object(&object);
        mr__fail(status, "%s", sentence != NULL ? sentence : mr_strerror(status));
        free(sentence);
    }
    return status;
}

/* The body of a function that makes an object: how, and of what type. */
#define MAKE(type, init)                                                                     \
    type made = {0};                                                                         \
    if (object == NULL)                                                                      \
        return mr__fail(MR_EINVAL, "%s was given NULL where the object is to go", __func__); \
    mr__makes_at = MR__MAINS_HOME; /* where the manager is, whose end may be anybody's */    \
    mr_status status = init;       /* first: MR_OBJECT copies the handle */                  \
    mr__makes_at = MR__NO_HOME;                                                              \
    status = adopt(__func__, manager, status, MR_OBJECT(&made));                             \
    if (status == MR_OK)                                                                     \
        *object = made;                                                                      \
    return status

mr_status mr_manager_make_dict(const mr_manager *manager, mr_dict *object)
{
    MAKE(mr_dict, mr_dict_init(&made));
}

mr_status mr_manager_make_list(const mr_manager *manager, mr_list *object, const mr_item items[], size_t count)
{
    MAKE(mr_list, mr_list_init(&made, items, count));
}

mr_status mr_manager_make_set(const mr_manager *manager, mr_set *object, const mr_item items[], size_t count)
{
    MAKE(mr_set, mr_set_init(&made, items, count));
}

mr_status mr_manager_make_namespace(const mr_manager *manager, mr_namespace *object)
{
    MAKE(mr_namespace, mr_namespace_init(&made));
}

mr_status mr_manager_make_value(const mr_manager *manager, mr_value *object, size_t size, const void *initial)
{
    MAKE(mr_value, mr_value_init(&made, size, initial));
}

mr_status mr_manager_make_array(const mr_manager *manager, mr_array *object, size_t element_size, size_t length,
                                const void *initial)
{
    MAKE(mr_array, mr_array_init(&made, element_size, length, initial));
}

mr_status mr_manager_make_queue(const mr_manager *manager, mr_queue *object, size_t maxsize)
{
    MAKE(mr_queue, mr_queue_init(&made, maxsize));
}

mr_status mr_manager_make_queue_joinable(const mr_manager *manager, mr_queue *object, size_t maxsize)
{
    MAKE(mr_queue, mr_queue_init_joinable(&made, maxsize));
}

mr_status mr_manager_make_lock(const mr_manager *manager, mr_lock *object)
{
    MAKE(mr_lock, mr_lock_init(&made));
}

mr_status mr_manager_make_lock_recursive(const mr_manager *manager, mr_lock *object)
{
    MAKE(mr_lock, mr_lock_init_recursive(&made));
}

mr_status mr_manager_make_semaphore(const mr_manager *manager, mr_semaphore *object, int64_t value)
{
    MAKE(mr_semaphore, mr_semaphore_init(&made, value));
}

mr_status mr_manager_make_semaphore_bounded(const mr_manager *manager, mr_semaphore *object, int64_t value)
{
    MAKE(mr_semaphore, mr_semaphore_init_bounded(&made, value));
}

mr_status mr_manager_make_condition(const mr_manager *manager, mr_condition *object, const mr_lock *lock)
{
    MAKE(mr_condition, mr_condition_init(&made, lock));
}

mr_status mr_manager_make_event(const mr_manager *manager, mr_event *object)
{
    MAKE(mr_event, mr_event_init(&made));
}

mr_status mr_manager_make_barrier(const mr_manager *manager, mr_barrier *object, int parties, int (*action)(void),
                                  double timeout)
{
    MAKE(mr_barrier, mr_barrier_init(&made, parties, action, timeout));
}

mr_status mr_manager_make_shared_memory(const mr_manager *manager, mr_shared_memory *object, size_t size)
{
    MAKE(mr_shared_memory, mr_shared_memory_init(&made, NULL, size));
}

mr_status mr_manager_make_shareable_list(const mr_manager *manager, mr_shareable_list *object,
                                         const mr_item items[], size_t count)
{
    MAKE(mr_shareable_list, mr_shareable_list_init(&made, NULL, items, count));
}

mr_status mr_manager_make_pool(const mr_manager *manager, mr_pool *object, int processes)
{
    MAKE(mr_pool, mr_pool_init(&made, processes));
}
