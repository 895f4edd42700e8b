#include "messages/fileno.h"

#include "base/status.h"
#include "far/far.h"
#include "messages/pipe.h"
#include "messages/socket.h"
#include "object/seat.h"
#include "object/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct entry {
    mr__watched what;
    int fd;
    bool is_readable;
} entry;

/* The descriptors for the objects of one home, with a watcher of their own. Everything but the first members is
 * under the context's mutex filenos_lock. */
typedef struct mr__filenos {
    struct mr__filenos *next;
    uint32_t home;
    pthread_t watcher;
    _Atomic bool is_stopping;
    _Atomic uint32_t seat; /* where the watcher sleeps, it or its deputy; 0: it has not said yet */
    mr_status failure;     /* why it could not begin, before it says so */
    char sentence[MR__SENTENCE_SIZE];
    entry *entries;
    size_t count, room;
} mr__filenos;

static bool is_here(const mr__filenos *table)
{
    return table->home == mr__ctx.home;
}

/* ---- Looking ---- */

/* Where something is wrong, the next receive is to say what. */
static bool is_ready_here(const mr__watched *what)
{
    bool is_ready = false;
    mr_status status = what->kind == MR__KIND_PIPE
                           ? mr__connection_glance("mr_connection_fileno", what->handle, &is_ready)
                           : mr__kinds[MR__KIND_QUEUE]->look("mr_queue_fileno", what->handle, &is_ready);
    return is_ready || status != MR_OK;
}

static bool look_here(const mr__watched list[], size_t count, char flags[])
{
    bool is_any = false;
    for (size_t i = 0; i < count; i++) {
        flags[i] = is_ready_here(&list[i]);
        is_any = is_any || flags[i];
    }
    return is_any;
}

static uint64_t bits_of(const mr__watched list[], size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++)
        bits |=
            mr__watch_bit(list[i].kind == MR__KIND_PIPE ? mr__connection_object(&(mr_connection){list[i].handle})
                                                        : list[i].handle);
    return bits;
}

/* A far look; where nothing is ready it lasts until the bell rings, at most so many seconds. Numbers: the value of
 * the bell that was there before, and a seat of the same rank to ring if nothing is ready, 0: none. What comes
 * back: the bell's value, and whose bell it is. */
enum { BELL, RINGS, SEAT = 1, NUMBERS };

static mr_status run_watch(mr__call *call)
{
    const mr__watched *list = call->data;
    size_t count = call->size / sizeof *list;
    uint32_t number, bell = (uint32_t)call->numbers[BELL], rings = (uint32_t)call->numbers[RINGS];
    double deadline;
    mr_status status = mr__deadline("mr_connection_fileno", call->seconds, &deadline);
    if (status == MR_OK)
        status = mr__seat_mine(&number);
    char *flags = status == MR_OK ? calloc(count + 1, 1) : NULL;
    if (status == MR_OK && flags == NULL)
        status = mr__fail(MR_ENOMEM, "there is no memory for %zu items to watch", count);
    if (status != MR_OK)
        return status;
    mr__seat *seat = mr__seat_at(number);
    seat->watches = bits_of(list, count);
    bool is_any = look_here(list, count, flags);
    if (!is_any && call->seconds > 0 && seat->bell == bell) {
        mr__futex_wait(&seat->bell, bell, deadline);
        look_here(list, count, flags);
    }
    seat->watches = 0;
    if (!is_any && rings != 0 && mr__seat_rank(rings) == mr__caller())
        mr__bell_ring(rings);
    call->numbers[BELL] = seat->bell;
    call->numbers[SEAT] = number;
    call->buffer = flags;
    call->received = count;
    return MR_OK;
}
MR__METHOD(watch, "mr_connection_fileno", MR__KIND_NONE, run_watch);

static mr_status look_from_afar(uint32_t home, const mr__watched list[], size_t count, char flags[],
                                double seconds, int64_t numbers[NUMBERS])
{
    char nothing;
    mr__call looking = {.method = &watch,
                        .seconds = seconds,
                        .numbers = {numbers[BELL], numbers[RINGS]},
                        .data = list,
                        .size = count * sizeof *list,
                        .buffer = count > 0 ? flags : &nothing,
                        .capacity = count};
    mr_status status = mr__ask_method(&(uint64_t){mr__handle_of(0, home, 0)}, &looking);
    memcpy(numbers, looking.numbers, NUMBERS * sizeof *numbers);
    return status;
}

/* ---- The entries: filenos_lock held ---- */

static entry *find(const mr__filenos *table, mr__kind_number kind, uint64_t handle)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->entries[i].what.handle == handle && table->entries[i].what.kind == (uint64_t)kind)
            return &table->entries[i];
    return NULL;
}

static void show(entry *e, bool is_ready)
{
    uint64_t count;
    if (is_ready && !e->is_readable)
        mr__signal_event(e->fd);
    else if (!is_ready && e->is_readable && read(e->fd, &count, sizeof count) < 0)
        mr__debug("a descriptor of mr_*_fileno was read by somebody else");
    e->is_readable = is_ready;
}

/* Looks, with the lock held: so nobody can show what somebody else has seen later. If it is not ready, the watcher
 * hears of it: here it is among those that the object rings, elsewhere it is to look anew. */
static void refresh(const mr__filenos *table, entry *e)
{
    char flag = 1;
    if (is_here(table))
        flag = is_ready_here(&e->what);
    else if (look_from_afar(table->home, &e->what, 1, &flag, 0, (int64_t[]){0, table->seat}) != MR_OK)
        flag = 1;
    show(e, flag != 0);
}

static void tell_seat(const mr__filenos *table)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < table->count; i++)
        bits |= bits_of(&table->entries[i].what, 1);
    if (is_here(table))
        mr__seat_at(table->seat)->watches = bits;
}

static mr_status add(const char *call, mr__filenos *table, mr__kind_number kind, uint64_t handle, entry **added)
{
    if (table->count == table->room) {
        size_t room = 2 * table->room + 8;
        entry *grown = realloc(table->entries, room * sizeof *grown);
        if (grown == NULL)
            return mr__fail(MR_ENOMEM, "%s: there is no memory for another descriptor", call);
        table->entries = grown;
        table->room = room;
    }
    int fd = mr__above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (fd < 0)
        return mr__fail(errno == EMFILE || errno == ENFILE ? MR_ELIMIT : MR_ESYSTEM,
                        "%s: there is no descriptor to be had: %s", call, strerror(errno));
    *added = &table->entries[table->count++];
    **added = (entry){.what = {(uint64_t)kind, handle}, .fd = fd};
    tell_seat(table);
    return MR_OK;
}

/* ---- The watcher ---- */

static void watch_here(mr__filenos *table)
{
    mr__seat *seat = mr__seat_at(table->seat);
    mr__seat_pursue(MR__SERVES, 0);
    while (!table->is_stopping) {
        uint32_t bell = seat->bell;
        pthread_mutex_lock(&mr__ctx.filenos_lock);
        for (size_t i = 0; i < table->count; i++)
            if (!table->entries[i].is_readable)
                refresh(table, &table->entries[i]);
        pthread_mutex_unlock(&mr__ctx.filenos_lock);
        mr__futex_wait(&seat->bell, bell, INFINITY);
    }
    seat->watches = 0;
}

/* Those that are not readable, in one block with as many flags behind them. NULL: there is no memory. */
static mr__watched *list_unreadable(const mr__filenos *table, size_t *count)
{
    *count = 0;
    pthread_mutex_lock(&mr__ctx.filenos_lock);
    mr__watched *list = malloc(table->count * (sizeof *list + 1) + 1);
    for (size_t i = 0; list != NULL && i < table->count; i++)
        if (!table->entries[i].is_readable)
            list[(*count)++] = table->entries[i].what;
    pthread_mutex_unlock(&mr__ctx.filenos_lock);
    return list;
}

static void refresh_those(const mr__filenos *table, const mr__watched list[], size_t count, const char flags[])
{
    pthread_mutex_lock(&mr__ctx.filenos_lock);
    for (size_t i = 0; i < count; i++) {
        entry *e = flags[i] != 0 ? find(table, (mr__kind_number)list[i].kind, list[i].handle) : NULL;
        if (e != NULL)
            refresh(table, e);
    }
    pthread_mutex_unlock(&mr__ctx.filenos_lock);
}

static bool is_lost(mr_status status)
{
    return status == MR_EDIED || status == MR_EHOSTLOST;
}

static void watch_from_afar(mr__filenos *table, int64_t bell)
{
    static const useconds_t PAUSE = 100000; /* after a failure that may pass, such as a lack of memory */
    int64_t numbers[NUMBERS] = {bell};
    mr_status status = MR_OK;
    while (!table->is_stopping && !is_lost(status)) {
        size_t count;
        mr__watched *list = list_unreadable(table, &count);
        char *flags = list != NULL ? (char *)(list + count) : NULL;
        numbers[RINGS] = 0;
        status = list != NULL ? look_from_afar(table->home, list, count, flags, MR_FOREVER, numbers) : MR_ENOMEM;
        if (is_lost(status))
            memset(flags, 1, count); /* those who receive are to hear of it */
        if (status == MR_OK || is_lost(status))
            refresh_those(table, list, count, flags);
        else
            usleep(PAUSE);
        free(list);
    }
}

/* The seat that the watcher sleeps in, and the value of its bell. */
static mr_status find_seat(const mr__filenos *table, uint32_t *seat, int64_t *bell)
{
    int64_t numbers[NUMBERS] = {0};
    if (is_here(table))
        return mr__seat_mine(seat);
    mr_status status = look_from_afar(table->home, NULL, 0, NULL, 0, numbers);
    *bell = numbers[BELL];
    *seat = (uint32_t)numbers[SEAT];
    return status;
}

static void *run_watcher(void *argument)
{
    mr__filenos *table = argument;
    uint32_t seat = 0;
    int64_t bell = 0;
    mr_status status = find_seat(table, &seat, &bell);
    mr__lock();
    table->seat = status == MR_OK ? seat : 0;
    table->failure = status;
    strncpy(table->sentence, status == MR_OK ? "" : mr_last_error(), sizeof table->sentence - 1);
    table->is_stopping = status != MR_OK;
    mr__changed();
    mr__unlock();
    if (status == MR_OK && is_here(table))
        watch_here(table);
    else if (status == MR_OK)
        watch_from_afar(table, bell);
    return NULL;
}

/* ---- Beginning and ending ---- */

static mr_status start(const char *call, uint32_t home, mr__filenos **started)
{
    mr__filenos *table = calloc(1, sizeof *table);
    if (table == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory", call);
    table->home = home;
    table->next = mr__ctx.filenos;
    mr_status status = mr__thread_start_with(&table->watcher, "mr-watcher", run_watcher, table);
    if (status != MR_OK) {
        free(table);
        return status;
    }
    mr__lock();
    while (table->seat == 0 && !table->is_stopping)
        mr__wait(INFINITY);
    mr__unlock();
    if (table->failure == MR_OK) {
        *started = table;
        return MR_OK;
    }
    pthread_join(table->watcher, NULL);
    status = mr__fail(table->failure, "%s: %s", call, table->sentence);
    free(table);
    return status;
}

/* All tables; NULL: nobody has asked for a descriptor, or this is a child that was forked by hand, to which
 * nothing in them belongs. */
static mr__filenos *own_tables(void)
{
    return mr__ctx.phase == MR__PHASE_FORKED ? NULL : mr__ctx.filenos;
}

/* The one for an object; NULL: there is none. filenos_lock held. */
static mr__filenos *table_for(uint64_t handle)
{
    mr__filenos *table = mr__ctx.filenos;
    while (table != NULL && table->home != mr__handle_home(handle))
        table = table->next;
    return table;
}

int mr__fileno(const char *call, mr__kind_number kind, uint64_t handle)
{
    pthread_mutex_lock(&mr__ctx.filenos_lock);
    mr__filenos *table = table_for(handle);
    mr_status status = MR_OK;
    if (table == NULL) {
        status = start(call, mr__handle_home(handle), &table);
        if (status == MR_OK)
            mr__ctx.filenos = table;
    }
    entry *e = status == MR_OK ? find(table, kind, handle) : NULL;
    if (status == MR_OK && e == NULL) {
        status = add(call, table, kind, handle, &e);
        if (status == MR_OK)
            refresh(table, e);
    }
    int fd = status == MR_OK ? e->fd : -1;
    pthread_mutex_unlock(&mr__ctx.filenos_lock);
    return fd;
}

/* What the caller has been told of his own call stays the last error. */
void mr__fileno_look_again(mr__kind_number kind, uint64_t handle)
{
    if (own_tables() == NULL)
        return;
    mr_status before = mr_last_status();
    char sentence[MR__SENTENCE_SIZE];
    snprintf(sentence, sizeof sentence, "%s", mr_last_error());
    pthread_mutex_lock(&mr__ctx.filenos_lock);
    const mr__filenos *table = table_for(handle);
    entry *e = table != NULL ? find(table, kind, handle) : NULL;
    if (e != NULL)
        refresh(table, e);
    pthread_mutex_unlock(&mr__ctx.filenos_lock);
    mr__fail(before, "%s", sentence);
}

/* Who polls it at this moment wakes up, since it is readable; then it is gone. */
static void close_entry(entry *e)
{
    show(e, true);
    close(e->fd);
}

void mr__fileno_close(mr__kind_number kind, uint64_t handle)
{
    if (own_tables() == NULL || mr__acts_for != MR__ITSELF)
        return;
    pthread_mutex_lock(&mr__ctx.filenos_lock);
    mr__filenos *table = table_for(handle);
    entry *e = table != NULL ? find(table, kind, handle) : NULL;
    if (e != NULL) {
        close_entry(e);
        *e = table->entries[--table->count];
        tell_seat(table);
    }
    pthread_mutex_unlock(&mr__ctx.filenos_lock);
}

static void stop(mr__filenos *table)
{
    table->is_stopping = true;
    if (is_here(table))
        mr__bell_ring(table->seat);
    else
        look_from_afar(table->home, NULL, 0, NULL, 0, (int64_t[]){0, table->seat});
    pthread_join(table->watcher, NULL);
    free(table->entries);
    free(table);
}

void mr__filenos_stop(void)
{
    mr__filenos *tables = own_tables();
    mr__sockets_stop();
    if (tables == NULL)
        return;
    pthread_mutex_lock(&mr__ctx.filenos_lock);
    mr__ctx.filenos = NULL;
    for (mr__filenos *table = tables; table != NULL; table = table->next) {
        for (size_t i = 0; i < table->count; i++)
            close_entry(&table->entries[i]);
        table->count = 0;
    }
    pthread_mutex_unlock(&mr__ctx.filenos_lock);
    while (tables != NULL) {
        mr__filenos *table = tables;
        tables = table->next;
        stop(table);
    }
}
