/* Functions of libraries that the program has loaded by dlopen: other ranks load them, too. */
#include "scenario.h"
#include "targets.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *symbol(const char *name)
{
    void *library = dlopen(TEST_PLUGIN, RTLD_NOW); /* in those processes only that get here */
    CHECK_OR_STOP(CHECK(library != NULL));
    return dlsym(library, name);
}

#define TAKE(function, name)                       \
    do {                                           \
        void *found = symbol(name);                \
        memcpy(&(function), &found, sizeof found); \
    } while (0)

static int starts_one_itself(const void *args, size_t size)
{
    mr_target target;
    mr_process p;
    (void)args, (void)size;
    TAKE(target, "plugin_returns_nine");
    CHECK(begin(&p, target, NULL, 0));
    CHECK(end(&p, 30, 9));
    return 0;
}

SCENARIO_SHARED(libraries, of_targets)
{
    mr_target target;
    mr_process p;
    TAKE(target, "plugin_returns_nine");
    CHECK(begin(&p, target, NULL, 0));
    CHECK(end(&p, 30, 9));
    CHECK_OK(mr_process_init_class(&p, symbol("plugin_class")));
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 30, 8));
    CHECK(begin(&p, starts_one_itself, NULL, 0));
    CHECK(end(&p, 30, 0));
}

static int waits_at(const void *args, size_t size)
{
    (void)size;
    CHECK_OK(mr_barrier_wait(args, NULL, 20));
    return 0;
}

SCENARIO_SHARED(libraries, of_actions)
{
    int (*action)(void);
    mr_barrier barrier;
    mr_process p[2];
    TAKE(action, "plugin_action");
    CHECK_OR_STOP(CHECK_OK(mr_barrier_init(&barrier, 2, action, MR_FOREVER)));
    for (int i = 0; i < 2; i++) /* neither of them has the library, and one runs the action */
        CHECK(begin(&p[i], waits_at, &barrier, sizeof barrier));
    for (int i = 0; i < 2; i++)
        CHECK(end(&p[i], 30, 0));
    CHECK(!mr_barrier_is_broken(&barrier));
}

SCENARIO_LOCAL(libraries, of_pools_and_managers)
{
    enum { COUNT = 10 };
    mr_pool_options options = {.processes = 2};
    mr_task task;
    mr_pool pool;
    mr_manager manager;
    mr_instance instance;
    mr_item *answer;
    int in[COUNT], out[COUNT];
    size_t count;
    TAKE(task, "plugin_squares");
    for (int i = 0; i < COUNT; i++)
        in[i] = i;
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_map(&pool, task, in, sizeof in[0], out, sizeof out[0], COUNT));
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(out[i], i * i);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));

    CHECK_OK(mr_manager_init(&manager));
    CHECK_OK(mr_manager_register(&manager, symbol("plugin_type")));
    CHECK_OK(mr_manager_start(&manager, NULL, NULL, 0));
    CHECK_OK(mr_manager_make_instance(&manager, &instance, "Plugged", NULL, 0));
    CHECK_OK(mr_instance_call(&instance, "answer", NULL, 0, &answer, &count, 30));
    CHECK_EQ(answer->integer, 7);
    free(answer);
    CHECK_OK(mr_manager_close(&manager));
}

static int squares(const void *in, void *out)
{
    return in == NULL || out == NULL;
}

/* Workers on other hosts. */
SCENARIO_ON_HOSTS(libraries, of_far_workers)
{
    mr_pool_options options = {.processes = 1, .host = "node2"};
    mr_task task;
    mr_pool pool;
    int in = 5, out = 0;
    TAKE(task, "plugin_squares");
    CHECK_OR_STOP(CHECK_OK(mr_pool_init_with(&pool, &options)));
    CHECK_OK(mr_pool_apply(&pool, squares, &in, sizeof in, &out, sizeof out));
    CHECK_OK(mr_pool_apply(&pool, task, &in, sizeof in, &out, sizeof out));
    CHECK_EQ(out, 25);
    CHECK_OK(mr_pool_close(&pool));
    CHECK_OK(mr_pool_join(&pool, 30));
}

static void copy_file(const char *from, const char *to)
{
    char block[4096];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    CHECK_OR_STOP(CHECK(in != NULL && out != NULL));
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0;)
        CHECK_EQ(fwrite(block, 1, got, out), got);
    fclose(in);
    CHECK_EQ(fclose(out), 0);
}

/* A library that cannot be loaded any more is refused where it is given; its name may be a relative one. */
SCENARIO_LOCAL(libraries, that_are_gone)
{
    mr_target target;
    mr_process p;
    CHECK_OR_STOP(CHECK_EQ(chdir(notes_folder()), 0));
    copy_file(TEST_PLUGIN, "own.so");
    void *library = dlopen("./own.so", RTLD_NOW);
    CHECK_OR_STOP(CHECK(library != NULL));
    void *found = dlsym(library, "plugin_returns_nine");
    memcpy(&target, &found, sizeof found);
    CHECK_OK(mr_process_init(&p, target, NULL, 0));

    CHECK_EQ(rename("own.so", "moved.so"), 0);
    CHECK_STATUS(mr_process_init(&p, target, NULL, 0), MR_EBUILD);
    CHECK(strstr(mr_last_error(), "own.so") != NULL);
    copy_file("/bin/true", "own.so");
    CHECK_STATUS(mr_process_init(&p, target, NULL, 0), MR_EBUILD);
    CHECK_STATUS(mr_process_init_class(&p, dlsym(library, "plugin_class")), MR_EBUILD);
    copy_file("/dev/null", "own.so");
    CHECK_STATUS(mr_process_init(&p, target, NULL, 0), MR_EBUILD);

    CHECK_EQ(rename("moved.so", "own.so"), 0);
    CHECK_EQ(chdir("/"), 0);
    CHECK(begin(&p, target, NULL, 0));
    CHECK(end(&p, 30, 9));
}

/* It was there when the process was made. */
static void says_which(const struct outcome *outcome)
{
    CHECK(strstr(outcome->err, "own.so, is not there on ") != NULL);
}

SCENARIO_LOCAL(libraries, that_go_later, .examine = says_which)
{
    char path[4096];
    mr_target target;
    mr_process p;
    snprintf(path, sizeof path, "%s", note_path("own.so"));
    copy_file(TEST_PLUGIN, path);
    void *library = dlopen(path, RTLD_NOW);
    CHECK_OR_STOP(CHECK(library != NULL));
    void *found = dlsym(library, "plugin_returns_nine");
    memcpy(&target, &found, sizeof found);
    CHECK_OK(mr_process_init(&p, target, NULL, 0));
    CHECK_EQ(unlink(path), 0);
    CHECK_OK(mr_process_start(&p));
    CHECK(end(&p, 30, 127));
}
