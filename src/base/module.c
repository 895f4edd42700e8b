#include "base/module.h"

#include "base/context.h"
#include "base/status.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct search {
    uintptr_t address; /* looked for, unless by_id */
    bool by_id;        /* look for the build-id instead */
    bool found, has_id, is_code;
    uintptr_t base;
    int position;     /* from 1, in the order in which modules were loaded */
    const char *path; /* "": the program itself */
    unsigned char build_id[MR__BUILD_ID_SIZE];
};

/* Reads the build-id out of notes. Shorter ids are padded with zeroes, longer ones cut. */
static bool read_build_id(const char *note, size_t size, unsigned char build_id[MR__BUILD_ID_SIZE])
{
    const char *end = note + size;
    while ((size_t)(end - note) >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, note, sizeof head);
        size_t name_size = (head.n_namesz + 3u) & ~(size_t)3, id_size = (head.n_descsz + 3u) & ~(size_t)3;
        const char *name = note + sizeof head;
        if ((size_t)(end - name) < name_size + id_size)
            return false;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
            memset(build_id, 0, MR__BUILD_ID_SIZE);
            memcpy(build_id, name + name_size,
                   head.n_descsz < MR__BUILD_ID_SIZE ? head.n_descsz : MR__BUILD_ID_SIZE);
            return true;
        }
        note = name + name_size + id_size;
    }
    return false;
}

static int look_into_module(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    struct search *search = argument;
    search->position++;
    bool inside = false, is_code = false, has_id = false;
    unsigned char build_id[MR__BUILD_ID_SIZE];
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && search->address >= start && search->address - start < segment->p_memsz) {
            inside = true;
            is_code = (segment->p_flags & PF_X) != 0;
        }
        if (segment->p_type == PT_NOTE && !has_id)
            has_id = read_build_id((const char *)start, segment->p_memsz, build_id);
    }
    bool match = search->by_id ? has_id && memcmp(build_id, search->build_id, MR__BUILD_ID_SIZE) == 0 : inside;
    if (!match)
        return 0;
    search->found = true;
    search->is_code = is_code;
    search->has_id = has_id;
    search->base = info->dlpi_addr;
    search->path = info->dlpi_name;
    if (has_id)
        memcpy(search->build_id, build_id, MR__BUILD_ID_SIZE);
    return 1;
}

/* ---- Libraries that are loaded later ---- */

static int count_module(struct dl_phdr_info *info, size_t size, void *count)
{
    (void)info, (void)size;
    ++*(int *)count;
    return 0;
}

void mr__modules_end_of_start(void)
{
    mr__ctx.modules = 0;
    dl_iterate_phdr(count_module, &mr__ctx.modules);
}

static bool read_at(int file, void *bytes, size_t size, uint64_t offset)
{
    return pread(file, bytes, size, (off_t)offset) == (ssize_t)size;
}

/* Whether the file is that build. */
static bool is_build(const char *path, const unsigned char wanted[MR__BUILD_ID_SIZE])
{
    enum { SEGMENTS = 64, NOTES = 4096 };
    ElfW(Ehdr) head;
    ElfW(Phdr) segment;
    char notes[NOTES];
    unsigned char build_id[MR__BUILD_ID_SIZE];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool has_id = false;
    if (file < 0)
        return false;
    if (!read_at(file, &head, sizeof head, 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_phentsize != sizeof segment)
        head.e_phnum = 0;
    for (int i = 0; i < head.e_phnum && i < SEGMENTS && !has_id; i++)
        has_id = read_at(file, &segment, sizeof segment, head.e_phoff + (uint64_t)i * sizeof segment) &&
                 segment.p_type == PT_NOTE && segment.p_filesz <= sizeof notes &&
                 read_at(file, notes, segment.p_filesz, segment.p_offset) &&
                 read_build_id(notes, segment.p_filesz, build_id);
    close(file);
    return has_id && memcmp(build_id, wanted, MR__BUILD_ID_SIZE) == 0;
}

/* Where a library is. Its name may be relative to a folder that the program has left. */
static bool locate(const struct search *search, char path[PATH_MAX])
{
    Dl_info info;
    struct link_map *module = NULL;
    char folder[PATH_MAX], name[2 * PATH_MAX];
    if (realpath(search->path, path) != NULL && is_build(path, search->build_id))
        return true;
    if (dladdr1((void *)search->address, &info, (void **)&module, RTLD_DL_LINKMAP) == 0 ||
        dlinfo(module, RTLD_DI_ORIGIN, folder) != 0)
        return false;
    const char *slash = strrchr(search->path, '/');
    snprintf(name, sizeof name, "%s/%s", folder, slash != NULL ? slash + 1 : search->path);
    return realpath(name, path) != NULL && is_build(path, search->build_id);
}

/* Another rank may have to load the library first. */
static mr_status share(const struct search *search, const char *what)
{
    char path[PATH_MAX];
    if (mr__ctx.libraries == NULL)
        return MR_OK;
    if (locate(search, path))
        return mr__ctx.libraries->share(search->build_id, path);
    if (search->position <= mr__ctx.modules)
        return MR_OK; /* all have it that came up when it was there */
    return mr__fail(
        MR_EBUILD,
        "%s is in the library %s, which is not there any more, or is another build by now, so other ranks "
        "cannot load it",
        what, search->path);
}

mr_status mr__symbol_of(const void *address, bool must_run, const char *what, mr__symbol *symbol)
{
    struct search search = {.address = (uintptr_t)address};
    dl_iterate_phdr(look_into_module, &search);
    if (!search.found || (must_run && !search.is_code))
        return mr__fail(
            MR_EBUILD,
            "%s at %p is not part of this program or of one of its libraries, so other ranks cannot find "
            "it; use a %s of the program itself",
            what, address, must_run ? "function" : "static object");
    if (!search.has_id)
        return mr__fail(MR_EBUILD,
                        "%s is in a module that was linked without a build-id; link with -Wl,--build-id", what);
    memcpy(symbol->build_id, search.build_id, sizeof symbol->build_id);
    symbol->offset = (uintptr_t)address - search.base;
    return search.path != NULL && search.path[0] != '\0' ? share(&search, what) : MR_OK;
}

/* Loads the library of a name. false, with a sentence: it cannot be had. */
static bool load(const mr__symbol *symbol)
{
    char path[PATH_MAX];
    if (mr__ctx.libraries == NULL || !mr__ctx.libraries->look_up(symbol->build_id, path, sizeof path)) {
        mr__fail(MR_EBUILD, "the library that holds the function is not loaded on %s", mr__ctx.host);
        return false;
    }
    if (!is_build(path, symbol->build_id)) {
        mr__fail(MR_EBUILD, "the library that holds the function, %s, is not there on %s, or is another build",
                 path, mr__ctx.host);
        return false;
    }
    if (dlopen(path, RTLD_NOW) != NULL)
        return true;
    mr__fail(MR_EBUILD, "the library that holds the function cannot be loaded on %s: %s", mr__ctx.host, dlerror());
    return false;
}

void *mr__symbol_find(const mr__symbol *symbol)
{
    struct search search = {.by_id = true};
    memcpy(search.build_id, symbol->build_id, sizeof search.build_id);
    dl_iterate_phdr(look_into_module, &search);
    if (!search.found && load(symbol))
        dl_iterate_phdr(look_into_module, &search);
    return search.found ? (void *)(search.base + symbol->offset) : NULL;
}

static int first_module(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument; /* the program itself always comes first */
    search->address = info->dlpi_addr + info->dlpi_phdr[0].p_vaddr;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            search->address = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    look_into_module(info, size, argument);
    return 1;
}

mr_status mr__program_build_id(unsigned char build_id[MR__BUILD_ID_SIZE])
{
    struct search search = {0};
    dl_iterate_phdr(first_module, &search);
    if (!search.has_id)
        return mr__fail(MR_EBUILD, "this program was linked without a build-id; link with -Wl,--build-id");
    memcpy(build_id, search.build_id, MR__BUILD_ID_SIZE);
    return MR_OK;
}
