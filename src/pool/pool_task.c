#include "pool/pool_task.h"

#include "base/context.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_COLUMNS = 16 };

/* The task that the calling thread runs. */
static _Thread_local struct {
    const mr__job_body *body; /* NULL: none */
    uint64_t index;
    size_t in_size;
    mr__task_end *end;
} now;

/* ---- What a task may call ---- */

size_t mr_task_index(void)
{
    return now.body != NULL ? (size_t)(now.body->first + now.index) : 0;
}

size_t mr_task_in_size(void)
{
    return now.in_size;
}

int mr_task_fail(const char *format, ...)
{
    if (now.body == NULL) {
        mr__fail(MR_ESTATE, "mr_task_fail was called outside a task");
        return 1;
    }
    va_list arguments;
    va_start(arguments, format);
    free(now.end->message);
    if (vasprintf(&now.end->message, format, arguments) < 0)
        now.end->message = NULL;
    va_end(arguments);
    return 1;
}

int mr_task_return(const void *data, size_t size)
{
    if (now.body == NULL) {
        mr__fail(MR_ESTATE, "mr_task_return was called outside a task");
        return 1;
    }
    if (!now.body->has_any_size)
        return mr_task_fail("mr_task_return is for tasks whose results are MR_ANY_SIZE");
    if (data == NULL && size > 0)
        return mr_task_fail("mr_task_return was given NULL instead of %zu bytes", size);
    void *result = size > PTRDIFF_MAX ? NULL : malloc(size > 0 ? size : 1);
    if (result == NULL) {
        now.end->status = MR_ENOMEM;
        return mr_task_fail("there is no memory for a result of %zu bytes", size);
    }
    if (size > 0)
        memcpy(result, data, size);
    free(now.end->result);
    now.end->result = result;
    now.end->size = size;
    return 0;
}

/* ---- Running ---- */

void mr__function_find(mr__function *function, const mr__symbol *symbol, bool is_star)
{
    bool is_known = memcmp(&function->symbol, symbol, sizeof *symbol) == 0 && function->is_star == is_star &&
                    (function->task != NULL || function->star_task != NULL);
    if (is_known)
        return;
    void *address = mr__symbol_find(symbol);
    *function = (mr__function){.symbol = *symbol, .is_star = is_star};
    if (is_star)
        memcpy(&function->star_task, &address, sizeof function->star_task);
    else
        memcpy(&function->task, &address, sizeof function->task);
}

static int run_star(mr_star_task task, const mr__job_body *body, const mr__piece *columns, const char *base,
                    uint64_t index, void *out)
{
    const void *few[FEW_COLUMNS] = {NULL}, **in = few;
    if (body->column_count > FEW_COLUMNS)
        in = malloc(body->column_count * sizeof *in);
    if (in == NULL)
        return mr_task_fail("there is no memory for the parts of an input");
    for (uint64_t c = 0; c < body->column_count; c++)
        in[c] = base + columns[c].data + index * columns[c].size;
    int code = task(in, out);
    if (in != few)
        free(in);
    return code;
}

int mr__task_run(const mr__function *function, const mr__job_body *body, const void *inputs, const char *base,
                 uint64_t index, void *out, mr__task_end *end)
{
    const mr__piece *pieces = inputs;
    *end = (mr__task_end){.status = MR_ETASK};
    now.body = body;
    now.index = index;
    now.end = end;
    int code;
    if (function->task == NULL && function->star_task == NULL) {
        end->status = MR_EBUILD;
        code = mr_task_fail("the library that holds the task is not loaded in the worker");
    } else if (body->form == MR__INPUT_ARRAY) {
        now.in_size = body->in_size;
        code = function->task((const char *)inputs + index * body->in_size, out);
    } else if (body->form == MR__INPUT_RECORDS) {
        now.in_size = pieces[index].size;
        code = function->task(base + pieces[index].data, out);
    } else {
        now.in_size = 0;
        code = run_star(function->star_task, body, pieces, base, index, out);
    }
    now.body = NULL;
    mr__end_fork(code);
    return code;
}

void mr__task_end_free(mr__task_end *end)
{
    free(end->message);
    free(end->result);
}
