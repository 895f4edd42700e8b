/* Variables that end what they hold when they go out of scope, also on an early return. Part of multirank.h.
 *
 *     mr_scoped_queue queue = {0};
 *     if (mr_queue_init(&queue, 0) != MR_OK)
 *         return false;
 *     ...                                 // mr_queue_destroy comes by itself
 *
 * There is one for each type of object: mr_scoped_lock, mr_scoped_dict ...; what they do is what the type calls
 * destroy (for all processes) or, if it has no such call, close. A pool is terminated and joined, a manager
 * closed. Initialise them with {0}: then nothing happens if nothing was made. Need gcc or clang
 * (__attribute__((cleanup))). Mirror Python's `with`.
 */
#ifndef MULTIRANK_SCOPED_H
#define MULTIRANK_SCOPED_H

#include "containers.h"
#include "manager.h"
#include "messages.h"
#include "pool.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GNUC__

static inline void mr_lock_cleanup(const mr_lock *object)
{
    if (object->mr__handle != 0)
        mr_lock_destroy(object);
}
#define mr_scoped_lock __attribute__((cleanup(mr_lock_cleanup))) mr_lock

static inline void mr_semaphore_cleanup(const mr_semaphore *object)
{
    if (object->mr__handle != 0)
        mr_semaphore_destroy(object);
}
#define mr_scoped_semaphore __attribute__((cleanup(mr_semaphore_cleanup))) mr_semaphore

static inline void mr_condition_cleanup(const mr_condition *object)
{
    if (object->mr__handle != 0)
        mr_condition_destroy(object);
}
#define mr_scoped_condition __attribute__((cleanup(mr_condition_cleanup))) mr_condition

static inline void mr_event_cleanup(const mr_event *object)
{
    if (object->mr__handle != 0)
        mr_event_destroy(object);
}
#define mr_scoped_event __attribute__((cleanup(mr_event_cleanup))) mr_event

static inline void mr_barrier_cleanup(const mr_barrier *object)
{
    if (object->mr__handle != 0)
        mr_barrier_destroy(object);
}
#define mr_scoped_barrier __attribute__((cleanup(mr_barrier_cleanup))) mr_barrier

static inline void mr_array_cleanup(const mr_array *object)
{
    if (object->mr__handle != 0)
        mr_array_destroy(object);
}
#define mr_scoped_array __attribute__((cleanup(mr_array_cleanup))) mr_array

static inline void mr_value_cleanup(const mr_value *object)
{
    if (object->mr__handle != 0)
        mr_value_destroy(object);
}
#define mr_scoped_value __attribute__((cleanup(mr_value_cleanup))) mr_value

static inline void mr_shared_memory_cleanup(const mr_shared_memory *object)
{
    if (object->mr__handle != 0)
        mr_shared_memory_close(object);
}
#define mr_scoped_shared_memory __attribute__((cleanup(mr_shared_memory_cleanup))) mr_shared_memory

static inline void mr_queue_cleanup(const mr_queue *object)
{
    if (object->mr__handle != 0)
        mr_queue_destroy(object);
}
#define mr_scoped_queue __attribute__((cleanup(mr_queue_cleanup))) mr_queue

MR_API void mr_listener_cleanup(const mr_listener *listener);
#define mr_scoped_listener __attribute__((cleanup(mr_listener_cleanup))) mr_listener

static inline void mr_dict_cleanup(const mr_dict *object)
{
    if (object->mr__handle != 0)
        mr_dict_destroy(object);
}
#define mr_scoped_dict __attribute__((cleanup(mr_dict_cleanup))) mr_dict

static inline void mr_list_cleanup(const mr_list *object)
{
    if (object->mr__handle != 0)
        mr_list_destroy(object);
}
#define mr_scoped_list __attribute__((cleanup(mr_list_cleanup))) mr_list

static inline void mr_set_cleanup(const mr_set *object)
{
    if (object->mr__handle != 0)
        mr_set_destroy(object);
}
#define mr_scoped_set __attribute__((cleanup(mr_set_cleanup))) mr_set

static inline void mr_namespace_cleanup(const mr_namespace *object)
{
    if (object->mr__handle != 0)
        mr_namespace_destroy(object);
}
#define mr_scoped_namespace __attribute__((cleanup(mr_namespace_cleanup))) mr_namespace

static inline void mr_instance_cleanup(const mr_instance *object)
{
    if (object->mr__handle != 0)
        mr_instance_destroy(object);
}
#define mr_scoped_instance __attribute__((cleanup(mr_instance_cleanup))) mr_instance

static inline void mr_imap_cleanup(mr_imap *imap)
{
    if (imap->mr__state != NULL)
        mr_imap_close(imap);
}
#define mr_scoped_imap __attribute__((cleanup(mr_imap_cleanup))) mr_imap

static inline void mr_iterator_cleanup(mr_iterator *iterator)
{
    mr_iterator_close(iterator);
}
#define mr_scoped_iterator __attribute__((cleanup(mr_iterator_cleanup))) mr_iterator

MR_API void mr_connection_cleanup(const mr_connection *connection);
#define mr_scoped_connection __attribute__((cleanup(mr_connection_cleanup))) mr_connection

MR_API void mr_manager_cleanup(mr_manager *manager);
#define mr_scoped_manager __attribute__((cleanup(mr_manager_cleanup))) mr_manager

MR_API void mr_future_cleanup(const mr_future *future);
#define mr_scoped_future __attribute__((cleanup(mr_future_cleanup))) mr_future

MR_API void mr_pool_cleanup(const mr_pool *pool);
#define mr_scoped_pool __attribute__((cleanup(mr_pool_cleanup))) mr_pool

#endif

#ifdef __cplusplus
}
#endif

#endif
