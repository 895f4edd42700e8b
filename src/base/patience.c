/* Patience: Open MPI waits by spinning, in MPI_Init too, where nothing can be set about it. When more ranks come
 * up than there are cores, those that wait take the cores from those that work, and each start costs twice the
 * time. So the two calls that every turn of such a wait makes, libevent's loop that finds nothing and sched_yield,
 * are taken over here: in a thread that has been made patient they sleep for a moment; everywhere else they do
 * what they always do.
 *
 * They are taken over in Open MPI's own libraries only, by the tables (GOT) through which these call others. The
 * program and all its other libraries keep their libevent and their sched_yield. Where the tables cannot be
 * changed, waits spin as Open MPI means them to: slower, but right. */
#include "base/patience.h"

#include "base/context.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { NONBLOCK = 2 }; /* EVLOOP_NONBLOCK of libevent */

/* A moment is a small part of what has been waited already: hardly anything is lost by it, and a hundred ranks
 * that wait for a slow one do not keep the cores busy with waking up. */
static const double SHORTEST_MOMENT = 100e-6, LONGEST_MOMENT = 10e-3, PART = 1.0 / 64;

static _Thread_local bool is_patient;
static _Thread_local double patient_since;

static void wait_a_moment(void)
{
    double moment = (mr__now() - patient_since) * PART;
    moment = moment < SHORTEST_MOMENT ? SHORTEST_MOMENT : moment > LONGEST_MOMENT ? LONGEST_MOMENT : moment;
    nanosleep(&(struct timespec){0, (long)(1e9 * moment)}, NULL);
}

/* ---- What Open MPI calls instead ------------------------------------------------------------------------------
 */

typedef int (*loop_function)(void *base, int flags);
static loop_function original_loop; /* set before the tables are */

static int patient_loop(void *base, int flags)
{
    int result = original_loop(base, flags);
    if (is_patient && (flags & NONBLOCK) != 0)
        wait_a_moment();
    return result;
}

static int patient_yield(void)
{
    if (!is_patient)
        return sched_yield();
    wait_a_moment();
    return 0;
}

/* ---- The tables of a library ----------------------------------------------------------------------------------
 */

#if __ELF_NATIVE_CLASS == 64

typedef struct library {
    const struct link_map *map;
    const char *base; /* its ELF header */
    const ElfW(Sym) * symbols;
    const char *names;
} library;

static uintptr_t address_in(const library *in, ElfW(Addr) address)
{
    return address < in->map->l_addr ? in->map->l_addr + address : address;
}

/* Whether the loader has made this part of the library read-only after it had filled it (RELRO). */
static bool is_protected(const library *in, uintptr_t slot)
{
    const ElfW(Ehdr) *header = (const void *)in->base;
    const ElfW(Phdr) *segment = (const void *)(in->base + header->e_phoff);
    for (int s = 0; s < header->e_phnum; s++) {
        uintptr_t start = in->map->l_addr + segment[s].p_vaddr;
        if (segment[s].p_type == PT_GNU_RELRO && slot >= start && slot < start + segment[s].p_memsz)
            return true;
    }
    return false;
}

static void set_slot(const library *in, uintptr_t slot, uintptr_t function)
{
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *page = (void *)(slot & ~(size - 1)); /* slots are aligned, so none is in two pages */
    bool protected = is_protected(in, slot);
    if (protected && mprotect(page, size, PROT_READ | PROT_WRITE) != 0)
        return;
    __atomic_store_n((uintptr_t *)slot, function, __ATOMIC_RELEASE);
    if (protected)
        mprotect(page, size, PROT_READ);
}

static void set_slots(const library *in, const ElfW(Rela) * entry, size_t size)
{
    for (size_t e = 0; e < size / sizeof *entry; e++) {
        const char *name = in->names + in->symbols[ELF64_R_SYM(entry[e].r_info)].st_name;
        uintptr_t function = strcmp(name, "event_base_loop") == 0 ? (uintptr_t)patient_loop
                             : strcmp(name, "sched_yield") == 0   ? (uintptr_t)patient_yield
                                                                  : 0;
        if (function != 0 && entry[e].r_addend == 0)
            set_slot(in, in->map->l_addr + entry[e].r_offset, function);
    }
}

/* The library that defines a function; not the program, into which Open MPI may have been linked: its tables are
 * the user's, too. */
static bool find_library(const char *function, library *in)
{
    Dl_info info;
    void *map = NULL, *address = dlsym(RTLD_DEFAULT, function);
    if (address == NULL || dladdr1(address, &info, &map, RTLD_DL_LINKMAP) == 0 || map == NULL)
        return false;
    in->map = map;
    in->base = info.dli_fbase;
    return in->map->l_name != NULL && in->map->l_name[0] != '\0';
}

static void teach(const char *function)
{
    library in;
    if (!find_library(function, &in))
        return;
    uintptr_t calls = 0, data = 0, symbols = 0, names = 0;
    size_t calls_size = 0, data_size = 0;
    bool has_addends = true;
    for (const ElfW(Dyn) *entry = in.map->l_ld; entry->d_tag != DT_NULL; entry++)
        switch (entry->d_tag) {
        case DT_SYMTAB:
            symbols = address_in(&in, entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            names = address_in(&in, entry->d_un.d_ptr);
            break;
        case DT_JMPREL:
            calls = address_in(&in, entry->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            calls_size = entry->d_un.d_val;
            break;
        case DT_PLTREL:
            has_addends = entry->d_un.d_val == DT_RELA;
            break;
        case DT_RELA:
            data = address_in(&in, entry->d_un.d_ptr);
            break;
        case DT_RELASZ:
            data_size = entry->d_un.d_val;
            break;
        default:
            break;
        }
    if (symbols == 0 || names == 0 || !has_addends)
        return;
    in.symbols = (const void *)symbols;
    in.names = (const char *)names;
    set_slots(&in, (const void *)calls, calls == 0 ? 0 : calls_size);
    set_slots(&in, (const void *)data, data == 0 ? 0 : data_size);
}

static void teach_open_mpi(void)
{
    void *symbol = dlsym(RTLD_DEFAULT, "event_base_loop"); /* the one that Open MPI has found, too */
    if (symbol == NULL)
        return;
    memcpy(&original_loop, &symbol, sizeof original_loop);
    teach("opal_progress"); /* libopen-pal */
    teach("orte_init");     /* libopen-rte */
}

#else

static void teach_open_mpi(void)
{
}

#endif

void mr__patience(bool patient)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (patient)
        pthread_once(&once, teach_open_mpi);
    is_patient = patient;
    patient_since = mr__now();
}
