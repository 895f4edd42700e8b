#include "arena/arena.h"

#include "base/context.h"
#include "base/status.h"
#include "object/object.h"
#include "object/seat.h"
#include "universe/roster.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The layout: head, roster, seats, slots, heap. Only what is touched takes memory. */
static const uint64_t PAGE = 4096;

static const uint64_t SMALLEST_HEAP = 1 << 24;

/* Blocks from this size on give their memory back to the system while they are free. To get it again takes longer
 * than to clear it. */
static const uint64_t LARGE = 1 << 26;

typedef struct block {
    uint64_t size_class; /* + 1 while in use, 0 while free: freeing twice is noticed */
    mr__ref next;        /* while free */
} block;

static uint64_t in_pages(uint64_t size)
{
    return (size + PAGE - 1) / PAGE * PAGE;
}

uint64_t mr__roster_at(void)
{
    return in_pages(sizeof(mr__arena));
}

uint64_t mr__seats_at(void)
{
    return mr__roster_at() + in_pages(sizeof(mr__roster));
}

uint64_t mr__slots_at(void)
{
    return mr__seats_at() + MR__SEATS * sizeof(mr__seat);
}

uint64_t mr__heap_at(void)
{
    return mr__slots_at() + (uint64_t)MR__SLOTS * MR__SLOT_SIZE;
}

void *mr__at(mr__ref ref)
{
    return (char *)mr__ctx.arena + ref;
}

mr__seat *mr__seat_at(uint32_t number)
{
    return (mr__seat *)mr__at(mr__seats_at()) + number;
}

mr__object *mr__slot_at(uint32_t slot)
{
    return mr__at(mr__slots_at() + (uint64_t)slot * MR__SLOT_SIZE);
}

/* ---- Coming and going ---- */

static mr_status map(int fd, uint64_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (memory == MAP_FAILED)
        return mr__fail(MR_ESYSTEM,
                        "mapping the %llu MiB of shared memory failed: %s; is there a limit (ulimit -v)?",
                        (unsigned long long)(size >> 20), strerror(errno));
    mr__ctx.arena = memory;
    mr__ctx.arena_size = size;
    return MR_OK;
}

/* The address space that a limit leaves to this process; UINT64_MAX: there is no limit. */
static uint64_t address_space_left(void)
{
    struct rlimit limit;
    unsigned long long pages = 0;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL && fscanf(file, "%llu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    uint64_t used = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

/* How large the arena is to be: all the memory that there is, unless a limit is lower. Half of the address space
 * is for the program, and for MPI. */
static mr_status choose_size(uint64_t *size, bool *is_limited)
{
    struct rlimit file = {RLIM_INFINITY, RLIM_INFINITY};
    uint64_t wanted = mr__heap_at() + (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t left = address_space_left(), space = left == UINT64_MAX ? left : left / 2 / PAGE * PAGE;
    getrlimit(RLIMIT_FSIZE, &file); /* to the kernel the arena is a file; beyond the limit it sends SIGXFSZ */
    uint64_t longest = file.rlim_cur == RLIM_INFINITY ? UINT64_MAX : file.rlim_cur / PAGE * PAGE;
    *size = wanted < space ? wanted : space;
    *size = *size < longest ? *size : longest;
    if (*size < mr__heap_at() + SMALLEST_HEAP && longest < space)
        return mr__fail(
            MR_ESYSTEM,
            "the limit of the size of files, %llu KiB, is too low for the memory that processes share, "
            "which needs %llu KiB; raise it (ulimit -f)",
            (unsigned long long)(longest >> 10), (unsigned long long)(mr__heap_at() + SMALLEST_HEAP) >> 10);
    if (*size < mr__heap_at() + SMALLEST_HEAP)
        return mr__fail(
            MR_ESYSTEM,
            "the limit of address space leaves %llu MiB to this process; of that half is for the memory "
            "that processes share, which needs %llu MiB; raise it (ulimit -v)",
            (unsigned long long)(left >> 20), (unsigned long long)(mr__heap_at() + SMALLEST_HEAP) >> 20);
    *is_limited = *size < wanted;
    if (*is_limited)
        mr__debug("a limit (ulimit -v, ulimit -f) leaves %llu of %llu MiB for the memory that processes share",
                  (unsigned long long)(*size >> 20), (unsigned long long)(wanted >> 20));
    return MR_OK;
}

mr_status mr__arena_create(int *fd)
{
    uint64_t size;
    bool is_limited = false;
    mr_status status = choose_size(&size, &is_limited);
    if (status != MR_OK)
        return status;
    int memory = mr__above_stdio(memfd_create("multirank", MFD_CLOEXEC));
    if (memory < 0)
        return mr__fail(MR_ESYSTEM, "making shared memory failed: %s", strerror(errno));
    if (ftruncate(memory, (off_t)size) != 0)
        status = mr__fail(MR_ESYSTEM, "making %llu MiB of shared memory failed: %s",
                          (unsigned long long)(size >> 20), strerror(errno));
    if (status == MR_OK)
        status = map(memory, size);
    if (status != MR_OK) {
        close(memory);
        return status;
    }
    mr__shared_mutex_init(&mr__ctx.arena->mutex);
    mr__shared_mutex_init(&mr__ctx.arena->names);
    mr__ctx.arena->size = size;
    mr__ctx.arena->is_limited = is_limited;
    mr__ctx.arena->top = mr__heap_at();
    mr__ctx.arena->slots = mr__ctx.arena->seats = 1; /* number 0 is nobody */
    mr__ctx.home = 0;                                /* main's; an agent knows better */
    mr__roster_begin(mr__at(mr__roster_at()));
    *fd = memory;
    return MR_OK;
}

mr_status mr__arena_join(int fd)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return mr__fail(MR_ESYSTEM, "looking at the shared memory failed: %s", strerror(errno));
    return map(fd, (uint64_t)file.st_size);
}

void mr__arena_leave(void)
{
    if (mr__ctx.arena != NULL)
        munmap(mr__ctx.arena, mr__ctx.arena_size);
    mr__ctx.arena = NULL;
    mr__ctx.roster = NULL;
}

/* By the kernel's list of the mutexes that a thread holds. */
static bool holds_mutex(void)
{
    enum { MOST = 64 }; /* a thread enters a few at a time */
    const char *start = (const char *)mr__ctx.arena, *end = start + mr__ctx.arena_size;
    struct robust_list_head *head = NULL;
    size_t size;
    if (start == NULL || syscall(SYS_get_robust_list, 0, &head, &size) != 0 || head == NULL)
        return false;
    const char *pending = (const char *)head->list_op_pending;
    bool is_entered = pending > start && pending < end;
    const struct robust_list *each = head->list.next;
    for (int i = 0; i < MOST && each != NULL && each != &head->list && !is_entered; i++) {
        is_entered = (const char *)each > start && (const char *)each < end;
        each = (const struct robust_list *)((uintptr_t)each->next & ~(uintptr_t)1); /* a flag of glibc's */
    }
    return is_entered;
}

bool mr__is_amid_call(void)
{
    if (holds_mutex() || !mr__lock_within(1))
        return true;
    mr__unlock();
    return false;
}

mr_status mr__arena_ready(const char *call)
{
    mr_status status = mr__running(call);
    if (status == MR_OK && mr__ctx.arena == NULL)
        status = mr__fail(MR_ENOHOST,
                          "%s: this process runs on %s, and this can be done only on the main process's own host; "
                          "start it there with mr_process_set_host",
                          call, mr__ctx.host);
    return status;
}

/* ---- Mutexes ---- */

void mr__shared_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

/* What is done under a mutex is short, so whoever finds it taken looks again before he goes to sleep, at growing
 * intervals: to be woken takes a hundred times as long, and to look all the time slows down who holds it. If that
 * one has no core, he gets ours. */
bool mr__shared_lock(pthread_mutex_t *mutex)
{
    enum { LONGEST = 1024, TURNS = 10 };
    int error = pthread_mutex_trylock(mutex);
    for (int pause = 64; error == EBUSY && pause <= LONGEST; pause *= 2) {
        for (int i = 0; i < pause; i++)
            mr__relax();
        error = pthread_mutex_trylock(mutex);
    }
    for (int turn = 0; error == EBUSY && turn < TURNS; turn++) {
        sched_yield();
        error = pthread_mutex_trylock(mutex);
    }
    if (error == EBUSY)
        error = pthread_mutex_lock(mutex);
    if (error != EOWNERDEAD)
        return false;
    pthread_mutex_consistent(mutex);
    return true;
}

void mr__shared_unlock(pthread_mutex_t *mutex)
{
    pthread_mutex_unlock(mutex);
}

/* ---- The heap ---- */

/* Classes of 32, 40, 48, 56, 64, 80, 96, 112, 128 ... bytes, rounded up to 16: a block is at most a quarter larger
 * than what it holds. */
static uint64_t class_size(int size_class)
{
    uint64_t base = (uint64_t)32 << (size_class / 4);
    return (base + base / 4 * (uint64_t)(size_class % 4) + 15) / 16 * 16;
}

static int class_of(uint64_t size)
{
    int size_class = 0;
    if (size > 32)
        size_class = 4 * (63 - __builtin_clzll(size) - 5);
    while (class_size(size_class) < size)
        size_class++;
    return size_class;
}

/* An unused block of a class; 0: there is no memory left. Mutex held. */
static mr__ref take_block(mr__arena *arena, int size_class, bool *is_fresh)
{
    mr__ref ref = arena->free_blocks[size_class];
    *is_fresh = ref == 0;
    if (ref != 0) {
        const block *found = mr__at(ref);
        arena->free_blocks[size_class] = found->next;
        return ref;
    }
    uint64_t size = class_size(size_class);
    ref = arena->top;
    if (size > arena->size - ref)
        return 0;
    arena->top = ref + size;
    return ref;
}

mr_status mr__alloc(uint64_t size, mr__ref *ref)
{
    mr__arena *arena = mr__ctx.arena;
    bool is_fresh = true;
    mr__ref found = 0;
    int size_class = 0;
    if (size < arena->size) {
        size_class = class_of(size + sizeof(block));
        mr__shared_lock(&arena->mutex);
        found = take_block(arena, size_class, &is_fresh);
        mr__shared_unlock(&arena->mutex);
    }
    if (found == 0)
        return mr__fail(MR_ENOMEM,
                        "there is no room for %llu bytes in the %llu MiB of memory that processes share%s",
                        (unsigned long long)size, (unsigned long long)(arena->size >> 20),
                        arena->is_limited ? ", which a limit keeps small (ulimit -v, ulimit -f)" : "");
    block *new = mr__at(found);
    new->next = 0;
    if (!is_fresh && class_size(size_class) < LARGE) /* a large one was made zero when it was freed */
        memset(new + 1, 0, size);
    new->size_class = (uint64_t)size_class + 1;
    *ref = found + sizeof(block);
    return MR_OK;
}

/* Gives the memory of a free block back to the system, which also makes it zero. */
static void empty(block *old, uint64_t size)
{
    char *first = (char *)(((uintptr_t)(old + 1) + PAGE - 1) / PAGE * PAGE);
    char *last = (char *)(((uintptr_t)old + size) / PAGE * PAGE);
    if (last <= first || madvise(first, (size_t)(last - first), MADV_REMOVE) != 0)
        last = first;
    memset(old + 1, 0, (size_t)(first - (char *)(old + 1)));
    memset(last, 0, (size_t)((char *)old + size - last));
}

void mr__free(mr__ref ref)
{
    mr__arena *arena = mr__ctx.arena;
    if (ref == 0)
        return;
    block *old = mr__at(ref - sizeof(block));
    uint64_t size_class = old->size_class - 1;
    if (size_class >= MR__SIZE_CLASSES)
        return;
    if (class_size((int)size_class) >= LARGE)
        empty(old, class_size((int)size_class)); /* takes long; who is killed in here has not freed it yet */
    mr__shared_lock(&arena->mutex);
    old->size_class = 0;
    old->next = arena->free_blocks[size_class];
    arena->free_blocks[size_class] = ref - sizeof(block);
    mr__shared_unlock(&arena->mutex);
}
