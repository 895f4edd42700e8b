/* mr_pool_map_resumable: a map whose results are kept in a file as they come, so that a later run of the program
 * goes on from there. An entry of the file is a checksum and a result, written at once; one that was cut off by
 * the end of the program or of its host does not count. */
#include "base/context.h"
#include "base/status.h"
#include "pool/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char CALL[] = "mr_pool_map_resumable";

/* What the file begins with: which tasks its results are of. */
typedef struct head {
    char magic[8];
    uint64_t count, out_size, inputs; /* the last: a checksum */
} head;

typedef struct run {
    const mr_tasks *tasks;
    const char *path;
    int fd;
    char *out, *entry; /* all results; room for one entry */
    size_t entry_size;
    size_t *todo; /* the inputs that are left to do */
    size_t left, given;
    mr_failure *failures; /* with texts from malloc */
    size_t failed;
} run;

/* ---- The file ---- */

/* FNV-1a. Never 0, which an entry that was not written has. */
static uint64_t checksum(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *next = bytes;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ next[i]) * 0x100000001b3u;
    return sum != 0 ? sum : 1;
}

static mr_slice input_at(const mr_tasks *tasks, size_t index)
{
    return tasks->records != NULL ? tasks->records[index]
                                  : (mr_slice){(const char *)tasks->in + index * tasks->in_size, tasks->in_size};
}

static head head_of(const mr_tasks *tasks)
{
    head made = {
        .magic = "MRMAP-1", .count = tasks->count, .out_size = tasks->out_size, .inputs = 0xcbf29ce484222325u};
    for (size_t i = 0; i < tasks->count; i++) {
        mr_slice in = input_at(tasks, i);
        made.inputs = checksum(checksum(made.inputs, &in.size, sizeof in.size), in.data, in.size);
    }
    return made;
}

static uint64_t sum_of_entry(uint64_t index, const void *result, size_t size)
{
    return checksum(checksum(0xcbf29ce484222325u, &index, sizeof index), result, size);
}

static mr_status fail_file(const run *r, const char *what)
{
    return mr__fail(MR_ESYSTEM, "%s: %s %s failed: %s", CALL, what, r->path, strerror(errno));
}

/* Reads or writes all of it; short: the number of bytes up to the end of the file. */
static ssize_t transfer(int fd, void *bytes, size_t size, off_t at, bool writes)
{
    size_t done = 0;
    while (done < size) {
        char *next = (char *)bytes + done;
        ssize_t now = writes ? pwrite(fd, next, size - done, at + (off_t)done)
                             : pread(fd, next, size - done, at + (off_t)done);
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return -1;
        if (now == 0)
            break;
        done += (size_t)now;
    }
    return (ssize_t)done;
}

static off_t place_of(const run *r, size_t index)
{
    return (off_t)(sizeof(head) + index * r->entry_size);
}

/* Opens the file, for this run alone, and sees whose it is. */
static mr_status open_file(run *r)
{
    head wanted = head_of(r->tasks), found;
    r->fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->fd < 0)
        return fail_file(r, "opening");
    if (flock(r->fd, LOCK_EX | LOCK_NB) != 0)
        return mr__fail(MR_ESTATE, "%s: another program is at work on %s", CALL, r->path);
    ssize_t got = transfer(r->fd, &found, sizeof found, 0, false);
    if (got < 0)
        return fail_file(r, "reading");
    if (got < (ssize_t)sizeof found && memcmp(&found, &wanted, (size_t)got) == 0) /* new, or hardly begun */
        return transfer(r->fd, &wanted, sizeof wanted, 0, true) == (ssize_t)sizeof wanted
                   ? MR_OK
                   : fail_file(r, "writing");
    if (got == (ssize_t)sizeof found && memcmp(&found, &wanted, sizeof found) == 0)
        return MR_OK;
    return mr__fail(MR_EINVAL,
                    "%s: %s holds something else than results of these %zu inputs; remove it, or name another "
                    "file",
                    CALL, r->path, r->tasks->count);
}

/* Takes the results that are there; the other inputs are to do. */
static mr_status read_results(run *r)
{
    for (size_t i = 0; i < r->tasks->count; i++) {
        uint64_t sum;
        ssize_t got = transfer(r->fd, r->entry, r->entry_size, place_of(r, i), false);
        if (got < 0)
            return fail_file(r, "reading");
        memcpy(&sum, r->entry, sizeof sum);
        const char *result = r->entry + sizeof sum;
        if (got == (ssize_t)r->entry_size && sum == sum_of_entry(i, result, r->tasks->out_size))
            memcpy(r->out + i * r->tasks->out_size, result, r->tasks->out_size);
        else
            r->todo[r->left++] = i;
    }
    return MR_OK;
}

/* The result is in the entry, behind the room for the checksum. */
static mr_status keep_result(run *r, size_t index)
{
    uint64_t sum = sum_of_entry(index, r->entry + sizeof sum, r->tasks->out_size);
    memcpy(r->entry, &sum, sizeof sum);
    memcpy(r->out + index * r->tasks->out_size, r->entry + sizeof sum, r->tasks->out_size);
    return transfer(r->fd, r->entry, r->entry_size, place_of(r, index), true) == (ssize_t)r->entry_size
               ? MR_OK
               : fail_file(r, "writing");
}

/* ---- The tasks that are left ---- */

static mr_status next_input(void *state, mr_slice *in)
{
    run *r = state;
    if (r->given == r->left)
        return MR_EEOF;
    *in = input_at(r->tasks, r->todo[r->given++]);
    return MR_OK;
}

static void note_failure(run *r, size_t index)
{
    size_t count = 0;
    const mr_failure *list = mr_last_failures(&count);
    if (count == 0)
        return;
    mr_failure *noted = &r->failures[r->failed];
    *noted = list[0];
    noted->index = index;
    noted->host = strdup(list[0].host);
    noted->message = strdup(list[0].message);
    r->failed += noted->host != NULL && noted->message != NULL;
}

static int compare(const void *a, const void *b)
{
    size_t first = ((const mr_failure *)a)->index, second = ((const mr_failure *)b)->index;
    return first < second ? -1 : first > second;
}

/* Makes what has been noted the thread's last failures. */
static mr_status fail_tasks(run *r, size_t count)
{
    size_t bytes = 0;
    qsort(r->failures, r->failed, sizeof *r->failures, compare);
    for (size_t i = 0; i < r->failed; i++)
        bytes += strlen(r->failures[i].host) + strlen(r->failures[i].message) + 2;
    mr_failure *list = mr__failures_begin(r->failed, bytes);
    char *text = (char *)(list + r->failed);
    for (size_t i = 0; i < r->failed && list != NULL; i++) {
        list[i] = r->failures[i];
        list[i].host = text;
        text = stpcpy(text, r->failures[i].host) + 1;
        list[i].message = text;
        text = stpcpy(text, r->failures[i].message) + 1;
    }
    if (list == NULL)
        return mr__fail(MR_ETASK, "%s: %zu tasks failed, and there is no memory to tell how", CALL, count);
    return mr__fail(MR_ETASK, "%s: %zu of %zu tasks failed; the first is for input %zu: %s", CALL, count,
                    r->tasks->count, list[0].index,
                    list[0].message[0] != '\0' ? list[0].message : "it says no more than its code");
}

static mr_status run_tasks(run *r, const mr_pool *pool)
{
    mr_tasks left = *r->tasks;
    mr_imap imap;
    size_t index, failed = 0;
    left.in = NULL;
    left.records = NULL;
    left.source = next_input;
    left.source_state = r;
    left.count = 0;
    mr_status status = mr_pool_imap_unordered(pool, &left, &imap);
    if (status != MR_OK)
        return status;
    while (status == MR_OK) {
        status = mr_imap_next(&imap, r->entry + sizeof(uint64_t), r->tasks->out_size, NULL, &index, MR_FOREVER);
        if (status == MR_OK) {
            status = keep_result(r, r->todo[index]);
        } else if (status == MR_ETASK) {
            note_failure(r, r->todo[index]);
            failed++;
            status = MR_OK;
        }
    }
    mr_imap_close(&imap);
    if (status != MR_EEOF)
        return status;
    return failed == 0 ? MR_OK : fail_tasks(r, failed);
}

/* ---- The call ---- */

static mr_status check(const mr_tasks *tasks, const void *out, const char *path)
{
    mr_status status = mr__running(CALL);
    if (status != MR_OK)
        return status;
    if (tasks == NULL || tasks->task == NULL || path == NULL ||
        (out == NULL && tasks->count > 0 && tasks->out_size > 0))
        return mr__fail(MR_EINVAL, "%s was given NULL as %s", CALL,
                        tasks == NULL         ? "the tasks"
                        : tasks->task == NULL ? "the task"
                        : path == NULL        ? "the path"
                                              : "the place for results");
    bool has_inputs = (tasks->in != NULL) != (tasks->records != NULL) || tasks->count == 0 || tasks->in_size == 0;
    if (!has_inputs || tasks->source != NULL || tasks->columns != NULL)
        return mr__fail(MR_EINVAL, "%s wants its inputs as an array or as records: it looks at all of them first",
                        CALL);
    if (tasks->out_size == MR_ANY_SIZE || tasks->callback != NULL || tasks->error_callback != NULL)
        return mr__fail(MR_EINVAL, "%s cannot keep results of any size, and has no callbacks", CALL);
    for (size_t i = 0; i < tasks->count; i++) {
        mr_slice in = input_at(tasks, i);
        if (in.data == NULL && in.size > 0)
            return mr__fail(MR_EINVAL, "%s was given NULL as input %zu", CALL, i);
    }
    return MR_OK;
}

mr_status mr_pool_map_resumable(const mr_pool *pool, const mr_tasks *tasks, void *out, const char *path)
{
    mr_status status = check(tasks, out, path);
    size_t room;
    if (status != MR_OK)
        return status;
    run r = {.tasks = tasks, .path = path, .fd = -1, .out = out, .entry_size = tasks->out_size + sizeof(uint64_t)};
    if (r.entry_size < tasks->out_size || __builtin_mul_overflow(tasks->count, r.entry_size, &room) ||
        room > PTRDIFF_MAX - sizeof(head))
        return mr__fail(MR_EINVAL, "%s: no file can hold %zu results of %zu bytes", CALL, tasks->count,
                        tasks->out_size);
    r.entry = malloc(r.entry_size);
    r.todo = calloc(tasks->count + 1, sizeof *r.todo);
    r.failures = calloc(tasks->count + 1, sizeof *r.failures);
    if (r.entry == NULL || r.todo == NULL || r.failures == NULL)
        status = mr__fail(MR_ENOMEM, "%s: there is no memory for %zu tasks", CALL, tasks->count);
    if (status == MR_OK)
        status = open_file(&r);
    if (status == MR_OK)
        status = read_results(&r);
    if (status == MR_OK)
        status = run_tasks(&r, pool);
    for (size_t i = 0; i < r.failed; i++) {
        free((char *)r.failures[i].host);
        free((char *)r.failures[i].message);
    }
    if (r.fd >= 0)
        close(r.fd);
    free(r.failures);
    free(r.todo);
    free(r.entry);
    return status;
}
