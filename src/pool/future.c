/* mr_future: waiting for a job, and what came of it; and the list of the tasks that have failed. */
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"
#include "object/seat.h"
#include "pool/pool_far.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Failures ---- */

/* Those that the calling thread was last told of, with their texts in one block. */
static _Thread_local struct {
    mr_failure *list;
    size_t count;
} last;
static pthread_key_t at_thread_end;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void free_list(void *list)
{
    free(list);
}

static void make_key(void)
{
    pthread_key_create(&at_thread_end, free_list);
}

static void forget_failures(void)
{
    free(last.list);
    last.list = NULL;
    last.count = 0;
    pthread_once(&key_once, make_key);
    pthread_setspecific(at_thread_end, NULL);
}

static int compare(const void *a, const void *b)
{
    size_t first = ((const mr_failure *)a)->index, second = ((const mr_failure *)b)->index;
    return first < second ? -1 : first > second;
}

mr_failure *mr__failures_begin(size_t count, size_t bytes)
{
    forget_failures();
    mr_failure *list = count == 0 ? NULL : malloc(count * sizeof *list + bytes);
    last.list = list;
    last.count = list == NULL ? 0 : count;
    pthread_setspecific(at_thread_end, list);
    return list;
}

static void remember_failures(const mr__job_body *body)
{
    size_t count = 0, bytes = 0, i = 0;
    for (mr__ref ref = body->failures; ref != 0; ref = ((mr__job_failure *)mr__at(ref))->next) {
        count++;
        bytes += strlen(((mr__job_failure *)mr__at(ref))->message) + 1 + MR__HOST_SIZE;
    }
    mr_failure *list = mr__failures_begin(count, bytes);
    if (list == NULL)
        return;
    char *text = (char *)(list + count);
    for (mr__ref ref = body->failures; ref != 0; i++) {
        const mr__job_failure *from = mr__at(ref);
        list[i] = (mr_failure){.index = (size_t)(body->first + from->index),
                               .status = (mr_status)from->status,
                               .code = from->code,
                               .rank = from->rank,
                               .host = text};
        text = stpcpy(text, from->host) + 1;
        list[i].message = text;
        text = stpcpy(text, from->message) + 1;
        ref = from->next;
    }
    qsort(list, count, sizeof *list, compare);
}

const mr_failure *mr_last_failures(size_t *count)
{
    if (count != NULL)
        *count = last.count;
    return last.list;
}

/* The sentence about failures, of which the first is told. */
static mr_status fail_tasks(const char *call, const mr__job_body *body)
{
    char rest[64] = "";
    remember_failures(body);
    if (last.count == 0)
        return mr__fail(MR_ETASK, "%s: %llu tasks failed, and there is no memory to tell how", call,
                        (unsigned long long)body->failure_count);
    const mr_failure *first = last.list;
    if (last.count > 1)
        snprintf(rest, sizeof rest, " (and %zu more: see mr_last_failures)", last.count - 1);
    if (first->status != MR_ETASK)
        return mr__fail(MR_ETASK, "%s: the task for input %zu failed (rank %d on %s): %s%s", call, first->index,
                        first->rank, first->host, first->message, rest);
    return mr__fail(MR_ETASK, "%s: the task for input %zu failed with code %d (rank %d on %s)%s%s%s", call,
                    first->index, first->code, first->rank, first->host, first->message[0] != '\0' ? ": " : "",
                    first->message, rest);
}

static mr_status fail_closed(const char *call)
{
    return mr__fail(MR_ECLOSED, "%s: this future has been closed", call);
}

mr_status mr__job_outcome(const char *call, const mr__job *job)
{
    const mr__job_body *body = mr__job_body_of(job);
    switch ((mr__job_state)job->state) {
    case MR__JOB_COMPLETE:
        return body->failures == 0 ? MR_OK : fail_tasks(call, body);
    case MR__JOB_TERMINATED:
        return mr__fail(MR_ECLOSED, "%s: the pool was terminated before all was done", call);
    case MR__JOB_BROKEN:
        return mr__fail(MR_EDIED, "%s: the workers of this pool die before they are ready; is it its initializer?",
                        call);
    default:
        return fail_closed(call);
    }
}

/* ---- Waiting ---- */

/* Enters a job whose future has not been closed: as long as a worker is at it, it is there nevertheless. */
static mr_status enter_open(const char *call, uint64_t handle, mr__job **job)
{
    mr_status status = mr__job_enter(call, handle, job);
    if (status != MR_OK || !(*job)->is_released)
        return status;
    mr__object_leave(&(*job)->object);
    return fail_closed(call);
}

/* Waits until a job is over. On MR_OK it has been entered. */
static mr_status await(const char *call, uint64_t handle, double timeout, mr__job **job)
{
    double deadline;
    mr_status status = mr__deadline(call, timeout, &deadline);
    if (status == MR_OK)
        status = enter_open(call, handle, job);
    if (status != MR_OK || (*job)->state != MR__JOB_OPEN)
        return status;
    status = mr__seat_wait(&(*job)->object, MR__JOB_DONE, NULL, deadline); /* leaves it */
    if (status == MR_ETIMEDOUT)
        return mr__fail(MR_ETIMEDOUT, "%s: not all tasks are done after %g s", call, timeout > 0 ? timeout : 0);
    return status == MR_ECLOSED ? fail_closed(call) : status == MR_OK ? enter_open(call, handle, job) : status;
}

static mr_status check(const char *call, const mr_future *future)
{
    return mr__object_given(call, MR__KIND_JOB, future);
}

static mr_status wait(mr__call *c)
{
    mr__job *job;
    mr_status status = await(c->method->call, c->handles[0], c->seconds, &job);
    if (status != MR_OK)
        return status;
    if (job->state != MR__JOB_COMPLETE) /* tasks that have failed are no failure of the wait */
        status = mr__job_outcome(c->method->call, job);
    mr__object_leave(&job->object);
    return status;
}
MR__METHOD(future_wait, "mr_future_wait", MR__KIND_JOB, wait);

mr_status mr_future_wait(const mr_future *future, double timeout)
{
    return mr__call_on(&future_wait, MR__HANDLE(future), timeout);
}

static mr_status is_ready(mr__call *c)
{
    mr__object *object;
    mr_status status = mr__object_find(c->method->call, c->handles[0], MR__KIND_JOB, &object);
    c->numbers[0] = status == MR_OK && mr__job_is_over(c->handles[0]);
    return status;
}
MR__METHOD(future_is_ready, "mr_future_is_ready", MR__KIND_JOB, is_ready);

bool mr_future_is_ready(const mr_future *future)
{
    return mr__call_number(&future_is_ready, MR__HANDLE(future), false) != 0;
}

static mr_status is_successful(mr__call *c)
{
    mr__job *job;
    mr_status status = mr__job_enter(c->method->call, c->handles[0], &job);
    if (status != MR_OK)
        return status;
    if (job->state == MR__JOB_OPEN)
        status = mr__fail(MR_ESTATE, "%s: not all tasks are done", c->method->call);
    c->numbers[0] = job->state == MR__JOB_COMPLETE && mr__job_body_of(job)->failures == 0;
    mr__object_leave(&job->object);
    return status;
}
MR__METHOD(future_is_successful, "mr_future_is_successful", MR__KIND_JOB, is_successful);

bool mr_future_is_successful(const mr_future *future)
{
    return mr__call_number(&future_is_successful, MR__HANDLE(future), false) != 0;
}

static mr_status count(mr__call *c)
{
    mr__job *job;
    mr_status status = mr__job_enter(c->method->call, c->handles[0], &job);
    if (status != MR_OK)
        return status;
    c->numbers[0] = (int64_t)mr__job_body_of(job)->count;
    mr__object_leave(&job->object);
    return MR_OK;
}
MR__METHOD(future_count, "mr_future_count", MR__KIND_JOB, count);

ptrdiff_t mr_future_count(const mr_future *future)
{
    return (ptrdiff_t)mr__call_number(&future_count, MR__HANDLE(future), -1);
}

/* ---- Results ---- */

/* Job entered. */
static mr_status copy_all(const char *call, const mr__job *job, void *out, size_t capacity)
{
    const mr__job_body *body = mr__job_body_of(job);
    uint64_t size = body->count * body->out_size;
    if (body->has_any_size)
        return mr__fail(MR_EINVAL, "%s: results of MR_ANY_SIZE come one by one, from mr_future_result", call);
    if (job->state == MR__JOB_COMPLETE && size > capacity)
        return mr__fail(MR_ETOOSMALL, "%s: the results need %llu bytes, there is room for %zu", call,
                        (unsigned long long)size, capacity);
    if (job->state == MR__JOB_COMPLETE && size > 0 && out == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of room for the results", call);
    if (job->state == MR__JOB_COMPLETE && size > 0)
        memcpy(out, mr__at(body->results), size);
    return mr__job_outcome(call, job);
}

mr_status mr__job_get(const char *call, uint64_t handle, void *out, size_t capacity, double timeout)
{
    mr__job *job;
    if (mr__is_far(&handle))
        return mr__far_get(handle, out, capacity, timeout);
    mr_status status = await(call, handle, timeout, &job);
    if (status != MR_OK)
        return status;
    status = copy_all(call, job, out, capacity);
    mr__object_leave(&job->object);
    return status;
}

mr_status mr_future_get(const mr_future *future, void *out, size_t capacity, double timeout)
{
    mr_status status = check("mr_future_get", future);
    return status == MR_OK ? mr__job_get("mr_future_get", future->mr__handle, out, capacity, timeout) : status;
}

/* Whether the task of that index has failed; then the thread's last failures are this one. */
static bool has_failed(const mr__job_body *body, size_t index)
{
    if (body->failures == 0)
        return false;
    remember_failures(body);
    for (size_t i = 0; i < last.count; i++)
        if (last.list[i].index == body->first + index) {
            last.list[0] = last.list[i];
            last.count = 1;
            return true;
        }
    return false;
}

static mr_status copy_one(const char *call, const mr__job *job, size_t index, void *out, size_t capacity,
                          size_t *size)
{
    const mr__job_body *body = mr__job_body_of(job);
    if (job->state != MR__JOB_COMPLETE)
        return mr__job_outcome(call, job);
    if (index >= body->count)
        return mr__fail(MR_EINVAL, "%s: there is no result %zu of %llu", call, index,
                        (unsigned long long)body->count);
    if (has_failed(body, index))
        return mr__fail(MR_ETASK, "%s: the task for input %zu failed with code %d (rank %d on %s): %s", call,
                        last.list[0].index, last.list[0].code, last.list[0].rank, last.list[0].host,
                        last.list[0].message);
    const mr__piece *pieces = mr__at(body->results);
    mr__piece whole = {body->results + index * body->out_size, body->out_size};
    if (body->has_any_size)
        whole = pieces[index];
    if (size != NULL)
        *size = (size_t)whole.size;
    if (whole.size > capacity)
        return mr__fail(MR_ETOOSMALL, "%s: the result needs %llu bytes, there is room for %zu", call,
                        (unsigned long long)whole.size, capacity);
    if (whole.size > 0 && out == NULL)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of room for the result", call);
    if (whole.size > 0)
        memcpy(out, mr__at(whole.data), whole.size);
    return MR_OK;
}

mr_status mr__job_result(const char *call, uint64_t handle, size_t index, void *out, size_t capacity, size_t *size,
                         double timeout)
{
    mr__job *job;
    if (mr__is_far(&handle))
        return mr__far_result(handle, index, out, capacity, size, timeout);
    mr_status status = await(call, handle, timeout, &job);
    if (status != MR_OK)
        return status;
    status = copy_one(call, job, index, out, capacity, size);
    mr__object_leave(&job->object);
    return status;
}

mr_status mr_future_result(const mr_future *future, size_t index, void *out, size_t capacity, size_t *size,
                           double timeout)
{
    mr_status status = check("mr_future_result", future);
    return status == MR_OK
               ? mr__job_result("mr_future_result", future->mr__handle, index, out, capacity, size, timeout)
               : status;
}

/* ---- Ending ---- */

mr_status mr_future_close(const mr_future *future)
{
    mr_status status = check("mr_future_close", future);
    return status == MR_OK ? mr__job_release(future->mr__handle) : status;
}

void mr_future_cleanup(const mr_future *future)
{
    if (future != NULL && future->mr__handle != 0)
        mr_future_close(future);
}
