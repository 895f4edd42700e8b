#include "far/libraries.h"

#include "arena/arena.h"
#include "base/context.h"
#include "base/status.h"
#include "far/far.h"

#include <stdio.h>
#include <string.h>

static mr__library *find(const unsigned char build_id[MR__BUILD_ID_SIZE], uint32_t known)
{
    for (uint32_t i = 0; i < known; i++)
        if (memcmp(mr__ctx.arena->libraries[i].build_id, build_id, MR__BUILD_ID_SIZE) == 0)
            return &mr__ctx.arena->libraries[i];
    return NULL;
}

/* On main's host. An entry counts once the number says so. */
static mr_status add(const unsigned char build_id[MR__BUILD_ID_SIZE], const char *path)
{
    mr__arena *arena = mr__ctx.arena;
    mr_status status = MR_OK;
    if (find(build_id, arena->library_count) != NULL)
        return MR_OK;
    mr__shared_lock(&arena->mutex);
    uint32_t count = arena->library_count;
    if (find(build_id, count) == NULL && count == MR__LIBRARIES) {
        status = mr__fail(MR_ELIMIT, "processes run functions of more than %d libraries", MR__LIBRARIES);
    } else if (find(build_id, count) == NULL) {
        memcpy(arena->libraries[count].build_id, build_id, MR__BUILD_ID_SIZE);
        snprintf(arena->libraries[count].path, sizeof arena->libraries[count].path, "%s", path);
        arena->library_count = count + 1;
    }
    mr__shared_unlock(&arena->mutex);
    return status;
}

/* The build-id, and the path behind it. */
static mr_status run_share(mr__call *c)
{
    if (c->size != sizeof(mr__library) || ((const char *)c->data)[c->size - 1] != '\0')
        return mr__fail(MR_EINVAL, "a library was to be shared that has no path");
    return add(c->data, (const char *)c->data + MR__BUILD_ID_SIZE);
}
MR__METHOD(library_share, "a start", MR__KIND_NONE, run_share);

static mr_status share(const unsigned char build_id[MR__BUILD_ID_SIZE], const char *path)
{
    char bytes[sizeof(mr__library)] = "";
    if (mr__running("a start") != MR_OK)
        return MR_OK; /* before mr_init: a rank that comes up needs none */
    if (strlen(path) >= sizeof((mr__library *)0)->path)
        return mr__fail(MR_EBUILD, "the path of the library %s is too long for other ranks to find it", path);
    memcpy(bytes, build_id, MR__BUILD_ID_SIZE);
    strcpy(bytes + MR__BUILD_ID_SIZE, path);
    return mr__ask_method(&(uint64_t){0},
                          &(mr__call){.method = &library_share, .data = bytes, .size = sizeof bytes});
}

static bool look_up_here(const unsigned char build_id[MR__BUILD_ID_SIZE], char *path, size_t size)
{
    const mr__library *library = find(build_id, mr__ctx.arena->library_count);
    if (library != NULL)
        snprintf(path, size, "%s", library->path);
    return library != NULL;
}

/* No bytes: nobody knows it. */
static mr_status run_find(mr__call *c)
{
    enum { LONGEST = sizeof((mr__library *)0)->path };
    if (c->size != MR__BUILD_ID_SIZE)
        return mr__fail(MR_EINVAL, "this is no build-id");
    mr_status status = mr__call_make_room(c, LONGEST);
    if (status == MR_OK && look_up_here(c->data, c->buffer, LONGEST))
        c->received = strlen(c->buffer);
    if (c->received > c->capacity)
        c->received = 0;
    return status;
}
MR__METHOD(library_find, "a start", MR__KIND_NONE, run_find);

/* Asked also while a rank comes up. */
static bool look_up(const unsigned char build_id[MR__BUILD_ID_SIZE], char *path, size_t size)
{
    if (mr__ctx.home == MR__MAINS_HOME)
        return look_up_here(build_id, path, size);
    mr__call asking = {.method = &library_find,
                       .data = build_id,
                       .size = MR__BUILD_ID_SIZE,
                       .buffer = path,
                       .capacity = size - 1};
    if (mr__ask_method(&(uint64_t){0}, &asking) != MR_OK || asking.received == 0)
        return false;
    path[asking.received] = '\0';
    return true;
}

const mr__libraries mr__shared_libraries = {share, look_up};
