/* mr_pool_map_resumable: what has been done once is not done again, whatever ended the run before. */
#include "scenario.h"
#include "targets.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 40 };
static const double patience = 30;

/* Notes that it ran. A multiple of ten fails until somebody says that it need not. */
static int square(const void *in, void *out)
{
    const int number = *(const int *)in;
    note("ran", "%d", number);
    if (number % 10 == 0 && noted_lines("well") == 0)
        return mr_task_fail("%d is not to my taste", number);
    *(long *)out = (long)number * number;
    return 0;
}

static int square_slowly(const void *in, void *out)
{
    rest(0.02);
    *(long *)out = (long)*(const int *)in * *(const int *)in;
    note("ran", "%d", *(const int *)in);
    return 0;
}

static mr_tasks squares(mr_task task, const int in[COUNT])
{
    return (mr_tasks){.task = task, .in = in, .in_size = sizeof *in, .count = COUNT, .out_size = sizeof(long)};
}

static void fill(int in[COUNT])
{
    for (int i = 0; i < COUNT; i++)
        in[i] = i + 1;
}

static void check_squares(const long out[COUNT])
{
    for (long i = 0; i < COUNT; i++)
        CHECK_EQ(out[i], (i + 1) * (i + 1));
}

static const char *file(void)
{
    static char path[1000];
    snprintf(path, sizeof path, "%s", note_path("checkpoint"));
    return path;
}

SCENARIO_SHARED(pool_checkpoint, goes_on)
{
    mr_pool pool;
    int in[COUNT];
    long out[COUNT] = {0};
    size_t count = 0;
    fill(in);
    mr_tasks tasks = squares(square, in);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 2)));
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, file()), MR_ETASK);
    const mr_failure *failures = mr_last_failures(&count);
    CHECK_EQ(count, 4);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(failures[i].index, 10 * i + 9);
        CHECK(strstr(failures[i].message, "taste") != NULL);
    }
    CHECK_EQ(noted_lines("ran"), COUNT);

    note("well", "now");
    memset(out, 0, sizeof out);
    CHECK_OK(mr_pool_map_resumable(&pool, &tasks, out, file())); /* those that had failed, and no others */
    check_squares(out);
    CHECK_EQ(noted_lines("ran"), COUNT + 4);

    memset(out, 0, sizeof out);
    CHECK_OK(mr_pool_map_resumable(&pool, &tasks, out, file())); /* nothing is left to do */
    check_squares(out);
    CHECK_EQ(noted_lines("ran"), COUNT + 4);

    mr_slice records[COUNT];
    for (int i = 0; i < COUNT; i++)
        records[i] = (mr_slice){&in[i], sizeof in[i]};
    mr_tasks same = {.task = square, .records = records, .count = COUNT, .out_size = sizeof(long)};
    CHECK_OK(mr_pool_map_resumable(&pool, &same, out, file())); /* the same inputs in another form */
    CHECK_EQ(noted_lines("ran"), COUNT + 4);
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}

static int maps_slowly(const void *args, size_t size)
{
    (void)args, (void)size;
    mr_pool pool;
    int in[COUNT];
    long out[COUNT];
    fill(in);
    mr_tasks tasks = squares(square_slowly, in);
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 2)));
    CHECK_OK(mr_pool_map_resumable(&pool, &tasks, out, file()));
    return 0;
}

/* Killed in the middle: whoever comes next does the rest. */
SCENARIO(pool_checkpoint, killed)
{
    enum { UNDER_WAY = 20 }; /* tasks that may be done, or given, and whose results have not been taken in */
    mr_pool pool;
    mr_process p;
    int in[COUNT];
    long out[COUNT];
    fill(in);
    mr_tasks tasks = squares(square_slowly, in);
    CHECK_OR_STOP(begin(&p, maps_slowly, NULL, 0));
    CHECK(await_lines("ran", COUNT / 2, patience));
    CHECK_OK(mr_process_kill(&p));
    CHECK(end(&p, patience, -SIGKILL));
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 2)));
    CHECK_OK(mr_pool_map_resumable(&pool, &tasks, out, file()));
    check_squares(out);
    CHECK_AT_MOST(noted_lines("ran"), COUNT + UNDER_WAY);
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}

static void overwrite(off_t at, const char *bytes, size_t size)
{
    int fd = open(file(), O_WRONLY | O_CREAT, 0600);
    CHECK_EQ(pwrite(fd, bytes, size, at), (ssize_t)size);
    close(fd);
}

/* What is not as it was written does not count; what is not ours is left alone. */
SCENARIO_LOCAL(pool_checkpoint, files)
{
    mr_pool pool;
    int in[COUNT];
    long out[COUNT];
    struct stat before;
    fill(in);
    mr_tasks tasks = squares(square, in);
    note("well", "now");
    CHECK_OR_STOP(CHECK_OK(mr_pool_init(&pool, 2)));
    CHECK_OK(mr_pool_map_resumable(&pool, &tasks, out, file()));
    CHECK_EQ(noted_lines("ran"), COUNT);
    CHECK_EQ(stat(file(), &before), 0);
    overwrite(before.st_size - 3, "xyz", 3);               /* in the last entry */
    CHECK_EQ(truncate(file(), before.st_size - 1), 0);     /* which is cut off, too */
    overwrite(before.st_size / 2, "\1\2\3\4\5\6\7\10", 8); /* in one or two in the middle */
    memset(out, 0, sizeof out);
    CHECK_OK(mr_pool_map_resumable(&pool, &tasks, out, file()));
    check_squares(out);
    CHECK_AT_LEAST(noted_lines("ran"), COUNT + 2);
    CHECK_AT_MOST(noted_lines("ran"), COUNT + 3);

    in[3] = 77;
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, file()), MR_EINVAL);
    in[3] = 4;
    tasks.count--;
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, file()), MR_EINVAL);
    tasks.count++;
    overwrite(0, "Dear diary, ", 12);
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, file()), MR_EINVAL);
    char text[12];
    int fd = open(file(), O_RDONLY);
    CHECK_EQ(read(fd, text, sizeof text), 12);
    CHECK(memcmp(text, "Dear diary, ", 12) == 0);
    close(fd);
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, "/no/such/folder/file"), MR_ESYSTEM);
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, NULL), MR_EINVAL);
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, NULL, file()), MR_EINVAL);
    CHECK_STATUS(mr_pool_map_resumable(&pool, NULL, out, file()), MR_EINVAL);
    CHECK_STATUS(mr_pool_map_resumable(NULL, &tasks, out, note_path("other")), MR_EINVAL);
    tasks.out_size = MR_ANY_SIZE;
    CHECK_STATUS(mr_pool_map_resumable(&pool, &tasks, out, file()), MR_EINVAL);
    CHECK_OK(mr_pool_terminate(&pool));
    CHECK_OK(mr_pool_join(&pool, patience));
}
