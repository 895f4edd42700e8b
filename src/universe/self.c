#include "universe/self.h"

#include "arena/arena.h"
#include "base/status.h"
#include "launch/supervisor.h"
#include "object/seat.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Listening ---- */

static void hear_answer(const mr__record *record)
{
    mr__ctx.self->answer = record->type == MR__REFUSED ? (mr_status)record->a : MR_OK;
    if (record->type == MR__HOME && mr__ctx.self->asked != NULL && !mr__address_add(mr__ctx.self->asked, record))
        return; /* there is more to come */
    if (record->type == MR__STARTED && mr__ctx.self->placed != NULL) {
        *mr__ctx.self->placed = (mr__placed){
            .number = record->process, .rank = record->rank, .pid = (pid_t)record->a, .core = (int)record->b};
        snprintf(mr__ctx.self->placed->host, sizeof mr__ctx.self->placed->host, "%.64s", record->text);
        mr__ctx.self->tell(mr__ctx.self->placed, mr__ctx.self->argument);
    }
    memcpy(mr__ctx.self->answer_text, record->text, sizeof mr__ctx.self->answer_text);
    mr__ctx.self->answer_a = record->a;
    mr__ctx.self->answer_b = record->b;
    mr__ctx.self->is_answered = true;
}

static void hear(const mr__record *record)
{
    switch ((mr__record_type)record->type) {
    case MR__START:
        mr__ctx.self->work = *record;
        mr__ctx.self->has_work = true;
        break;
    case MR__STARTED:
    case MR__HOME:
    case MR__REFUSED:
        if (mr__ctx.self->is_asking)
            hear_answer(record);
        break;
    case MR__ENDED:
        mr__ctx.family->ended(record->process, (int)record->a);
        break;
    case MR__ORPHANED:
        mr__ctx.family->orphaned(record->process);
        break;
    default:
        break;
    }
    mr__changed();
}

/* When main is gone, or says that the program ends, nobody is interested in this rank any more. */
void mr__self_hear(mr__record *record)
{
    bool is_lost = mr__link_receive(mr__ctx.self->link, record, NULL) != MR_OK;
    if (!is_lost && record->type != MR__BYE)
        return;
    if (!is_lost)
        mr__supervisor_leave_launcher(mr__ctx.self->report);
    else /* the supervisor hears of it too, and ends this rank; if it does not, then we do */
        sleep((unsigned)mr__ctx.launch.node_timeout);
    _exit(0);
}

static void hear_next(void)
{
    mr__record record = {0};
    mr__self_hear(&record);
    mr__lock();
    hear(&record);
    mr__unlock();
}

static _Noreturn void *run_listener(void *unused)
{
    (void)unused;
    for (;;)
        hear_next();
}

mr_status mr__self_listen(void)
{
    mr_status status = MR_OK;
    pthread_mutex_lock(&mr__ctx.self->reading);
    struct pollfd ready = {mr__ctx.self->link, POLLIN, 0};
    while (!mr__ctx.self->is_listening && poll(&ready, 1, 0) > 0)
        hear_next(); /* what has come so far is known when this returns */
    if (!mr__ctx.self->is_listening) {
        if (mr__ctx.self->seat != 0)
            mr__seat_at(mr__ctx.self->seat)->mail = MR__NO_MAIL;
        status = mr__thread_start(&mr__ctx.self->listener, "mr-listener", run_listener);
        mr__ctx.self->is_listening = status == MR_OK;
    }
    pthread_mutex_unlock(&mr__ctx.self->reading);
    return status;
}

/* A parked rank takes in records itself, as long as there is no listener. On main's host it sleeps by its bell,
 * which wakes it sooner than a socket. */
static void hear_when_rung(void)
{
    mr__seat *seat = mr__ctx.self->seat == 0 ? NULL : mr__seat_at(mr__ctx.self->seat);
    uint32_t was = seat == NULL ? 0 : seat->bell;
    mr__ctx.self->mail = seat == NULL ? 0 : atomic_exchange(&seat->mail, 0);
    struct pollfd ready = {mr__ctx.self->link, POLLIN, 0};
    if (mr__ctx.self->mail != 0) {
        mr__lock();
        hear(mr__at(mr__ctx.self->mail));
        mr__unlock();
    } else if (seat != NULL && poll(&ready, 1, 0) == 0) {
        mr__bell_wait(mr__ctx.self->seat, was);
    } else {
        hear_next();
    }
}

mr__record mr__self_next_work(void)
{
    mr__lock();
    mr__ctx.self->mail = 0;
    while (!mr__ctx.self->has_work) {
        if (mr__ctx.self->is_listening) {
            mr__wait(INFINITY);
            continue;
        }
        mr__unlock();
        hear_when_rung();
        mr__lock();
    }
    mr__ctx.self->has_work = false;
    mr__record work = mr__ctx.self->work;
    mr__unlock();
    return work;
}

/* ---- Asking main ---- */

/* One question at a time. Lock held. */
static void begin_asking(void)
{
    while (mr__ctx.self->is_asking)
        mr__wait(INFINITY);
    mr__ctx.self->is_asking = true;
    mr__ctx.self->is_answered = false;
    mr__ctx.self->placed = NULL;
    mr__ctx.self->asked = NULL;
}

static mr_status hear_out(mr_status status)
{
    while (status == MR_OK && !mr__ctx.self->is_answered)
        mr__wait(INFINITY);
    if (status == MR_OK && mr__ctx.self->answer != MR_OK)
        status = mr__fail(mr__ctx.self->answer, "%s", mr__ctx.self->answer_text);
    mr__ctx.self->is_asking = false;
    mr__changed();
    return status;
}

mr_status mr__self_request_start(const mr__start *message, size_t size, int pending, mr__placed *placed,
                                 void (*tell)(const mr__placed *placed, void *argument), void *argument)
{
    mr__record request = {.type = MR__REQUEST, .a = (int64_t)size, .b = pending};
    mr_status status = mr__self_listen();
    if (status != MR_OK)
        return status;
    mr__lock();
    begin_asking();
    mr__ctx.self->tell = tell;
    mr__ctx.self->argument = argument;
    mr__ctx.self->placed = placed;
    status = mr__link_send(mr__ctx.self->link, &request, NULL, 0);
    mr__unlock();
    if (status == MR_OK)
        status = mr__wire_send(mr__ctx.self->comm, 0, MR__TAG_REQUEST, message, size, NULL, NULL);
    mr__lock();
    status = hear_out(status);
    mr__unlock();
    return status;
}

/* ---- Homes ---- */

typedef struct mr__known_home {
    struct mr__known_home *next;
    uint32_t number;
    mr__address address;
} mr__known_home;

static const mr__known_home *find_known(uint32_t home)
{
    const mr__known_home *known = mr__ctx.self->homes;
    while (known != NULL && known->number != home)
        known = known->next;
    return known;
}

/* Lock held. */
static mr_status ask_for_home(uint32_t home)
{
    mr__record request = {.type = MR__WHERE, .a = home};
    mr__known_home *new = calloc(1, sizeof *new);
    if (new == NULL)
        return mr__fail(MR_ENOMEM, "there is no memory for the address of another host");
    begin_asking();
    new->number = home;
    mr__ctx.self->asked = &new->address;
    mr_status status = hear_out(mr__link_send(mr__ctx.self->link, &request, NULL, 0));
    if (status != MR_OK) {
        free(new);
        return status;
    }
    new->next = mr__ctx.self->homes;
    mr__ctx.self->homes = new;
    return MR_OK;
}

mr_status mr__self_find_home(uint32_t home, mr__address *address)
{
    mr_status status = mr__self_listen();
    if (status != MR_OK)
        return status;
    mr__lock();
    if (find_known(home) == NULL)
        status = ask_for_home(home);
    if (status == MR_OK)
        *address = find_known(home)->address;
    mr__unlock();
    return status;
}

mr_status mr__self_await_home(const char *host, uint32_t *home)
{
    static const double PAUSE = 0.02;
    mr__record request = {.type = MR__WHERE};
    double deadline = mr__now() + mr__ctx.launch.start_timeout;
    mr_status status = mr__self_listen();
    if (status == MR_OK && (host[0] == '\0' || strlen(host) >= MR__HOST_SIZE))
        status = mr__fail(MR_ENOHOST, "mr_set_home: '%.80s' is the name of no host", host);
    if (status != MR_OK)
        return status;
    strcpy(request.text, host);
    for (bool may_come = true; may_come;) {
        mr__lock();
        begin_asking();
        status = hear_out(mr__link_send(mr__ctx.self->link, &request, NULL, 0));
        may_come = status != MR_OK && mr__ctx.self->answer_b == 1 && mr__now() < deadline;
        *home = (uint32_t)mr__ctx.self->answer_a;
        mr__unlock();
        if (may_come)
            usleep((useconds_t)(PAUSE * 1e6));
    }
    return status;
}

mr_status mr__self_request_signal(uint64_t process, int signal)
{
    mr__record request = {.type = MR__SIGNAL, .process = process, .a = signal};
    return mr__link_send(mr__ctx.self->link, &request, NULL, 0);
}
