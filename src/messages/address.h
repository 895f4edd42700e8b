/* Addresses of sockets, as text: "host:port", a path, or "@name" in the abstract name space. */
#ifndef MR_ADDRESS_H
#define MR_ADDRESS_H

#include "multirank.h"

#include <sys/socket.h>

enum { MR__SOCKET_ADDRESSES = 8, MR__SOCKET_ADDRESS_SIZE = 160 };

typedef struct mr__socket_address {
    struct sockaddr_storage name;
    socklen_t size;
} mr__socket_address;

/* What an address means, up to MR__SOCKET_ADDRESSES of it: a host may have several. MR_EINVAL; MR_ENOHOST;
 * MR_ETIMEDOUT. */
mr_status mr__socket_address_find(const char *call, const char *text, bool listens, double deadline,
                                  mr__socket_address found[MR__SOCKET_ADDRESSES], size_t *count);

/* The reverse. */
void mr__socket_address_write(const mr__socket_address *address, char text[MR__SOCKET_ADDRESS_SIZE]);

#endif
