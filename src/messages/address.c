#include "messages/address.h"

#include "base/context.h"
#include "base/status.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* ---- UNIX sockets ---- */

static mr_status find_unix(const char *call, const char *text, mr__socket_address *found)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strlen(text);
    bool is_abstract = *text == '@';
    if (size + !is_abstract > sizeof name.sun_path)
        return mr__fail(MR_EINVAL, "%s: the address %s is too long for a UNIX socket, which takes %zu bytes", call,
                        text, sizeof name.sun_path - 1);
    memcpy(name.sun_path, text, size);
    if (is_abstract)
        name.sun_path[0] = '\0';
    memcpy(&found->name, &name, sizeof name);
    found->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + !is_abstract);
    return MR_OK;
}

/* ---- TCP ---- */

/* A look-up, in a block that is left to itself if it is not over in time. */
typedef struct lookup {
    struct gaicb request;
    struct addrinfo hints;
    char text[NI_MAXHOST + NI_MAXSERV];
} lookup;

/* Takes "host:port", "[host]:port" or ":port" apart. */
static bool take_apart(const char *text, lookup *l)
{
    const char *colon = strrchr(text, ':');
    size_t host = (size_t)(colon - text);
    if (host >= NI_MAXHOST || strlen(text) >= sizeof l->text || colon[1] == '\0' ||
        colon[1 + strspn(colon + 1, "0123456789")] != '\0' || strtoul(colon + 1, NULL, 10) > 65535)
        return false;
    memcpy(l->text, text, strlen(text));
    l->text[host] = '\0';
    l->request.ar_service = l->text + host + 1;
    l->request.ar_name = host > 0 ? l->text : NULL;
    if (host > 2 && l->text[0] == '[' && l->text[host - 1] == ']') {
        l->text[host - 1] = '\0';
        l->request.ar_name = l->text + 1;
    }
    return true;
}

/* The thread that looks it up is glibc's own; no signal of the user's shall be delivered to it. */
static int look_up(lookup *l, double deadline)
{
    struct gaicb *list[] = {&l->request};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (error == 0 && (error = gai_error(&l->request)) == EAI_INPROGRESS) {
        static const double LONGEST = 1e6;
        double left = deadline - mr__now();
        left = left < LONGEST ? left : LONGEST;
        if (left <= 0)
            return EAI_INPROGRESS;
        struct timespec time = {.tv_sec = (time_t)left};
        time.tv_nsec = (long)((left - (double)time.tv_sec) * 1e9);
        gai_suspend((const struct gaicb *const *)list, 1, &time);
        error = 0;
    }
    return error;
}

static mr_status find_tcp(const char *call, const char *text, bool listens, double deadline,
                          mr__socket_address found[MR__SOCKET_ADDRESSES], size_t *count)
{
    static const double BRIEFLY = 1; /* for what needs no network, also where the time-out is 0 */
    lookup *l = calloc(1, sizeof *l);
    if (l == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory", call);
    l->hints =
        (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (listens ? AI_PASSIVE : 0)};
    l->request.ar_request = &l->hints;
    if (!take_apart(text, l)) {
        free(l);
        return mr__fail(MR_EINVAL, "%s: the address %s is no \"host:port\" with a port up to 65535", call, text);
    }
    double soon = mr__now() + BRIEFLY;
    int error = look_up(l, deadline > soon ? deadline : soon);
    if (error == EAI_INPROGRESS) {
        if (gai_cancel(&l->request) != EAI_NOTCANCELED)
            free(l); /* else it is still written to */
        return mr__fail(MR_ETIMEDOUT, "%s: the host of %s has not been found in time", call, text);
    }
    for (struct addrinfo *at = error == 0 ? l->request.ar_result : NULL;
         at != NULL && *count < MR__SOCKET_ADDRESSES; at = at->ai_next) {
        memcpy(&found[*count].name, at->ai_addr, at->ai_addrlen);
        found[(*count)++].size = at->ai_addrlen;
    }
    if (l->request.ar_result != NULL)
        freeaddrinfo(l->request.ar_result);
    free(l);
    return error == 0 ? MR_OK
                      : mr__fail(error == EAI_MEMORY ? MR_ENOMEM : MR_ENOHOST, "%s: there is no host as in %s: %s",
                                 call, text, gai_strerror(error));
}

/* ---- Both ---- */

mr_status mr__socket_address_find(const char *call, const char *text, bool listens, double deadline,
                                  mr__socket_address found[MR__SOCKET_ADDRESSES], size_t *count)
{
    *count = 0;
    if (*text != '@' && strchr(text, '/') == NULL && strchr(text, ':') != NULL)
        return find_tcp(call, text, listens, deadline, found, count);
    *count = 1;
    return find_unix(call, text, &found[0]);
}

void mr__socket_address_write(const mr__socket_address *address, char text[MR__SOCKET_ADDRESS_SIZE])
{
    const struct sockaddr *name = (const struct sockaddr *)&address->name;
    const struct sockaddr_un *local = (const struct sockaddr_un *)&address->name;
    char host[MR__SOCKET_ADDRESS_SIZE / 2] = "", port[8] = "";
    if (name->sa_family == AF_UNIX) {
        size_t size = address->size > offsetof(struct sockaddr_un, sun_path)
                          ? address->size - offsetof(struct sockaddr_un, sun_path)
                          : 0;
        bool is_abstract = size > 0 && local->sun_path[0] == '\0';
        memcpy(text, local->sun_path, size);
        text[size] = '\0';
        if (is_abstract)
            text[0] = '@';
    } else if (getnameinfo(name, address->size, host, sizeof host, port, sizeof port,
                           NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        snprintf(text, MR__SOCKET_ADDRESS_SIZE, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
    } else {
        text[0] = '\0';
    }
}
