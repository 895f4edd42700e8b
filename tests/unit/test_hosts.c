/* The hosts that a launcher names, where the launcher does not answer. */
#include "base/context.h"
#include "launch/hosts.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server that takes connections and says nothing, as an mpirun does now and then (openpmix 2735). */
static int listen_and_say_nothing(void)
{
    static const char *const variables[] = {"PMIX_SERVER_URI2", "PMIX_SERVER_URI21", "PMIX_SERVER_URI3",
                                            "PMIX_SERVER_URI4", "PMIX_SERVER_URI41"};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char uri[100];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 5), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(uri, sizeof uri, "silent.0;tcp4://127.0.0.1:%d", (int)ntohs(address.sin_port));
    setenv("PMIX_NAMESPACE", "silent", 1);
    setenv("PMIX_RANK", "0", 1);
    setenv("PMIX_SECURITY_MODE", "none", 1);
    setenv("PMIX_MCA_ptl", "^usock", 1);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i], uri, 1);
    return fd;
}

Test(hosts, launcher_does_not_answer)
{
    mr__launch launch = {.size = 4, .start_timeout = 0.5};
    int fd = listen_and_say_nothing();
    double before = mr__now();
    cr_assert_eq(mr__hosts_ask(&launch), MR_ELAUNCH);
    cr_assert(strstr(mr_last_error(), "MULTIRANK_HOSTS") != NULL);
    cr_assert_geq(mr__now() - before, 0.5); /* it did wait for the answer */
    cr_assert_lt(mr__now() - before, 10);
    cr_assert_str_empty(launch.hosts);
    close(fd);
}
