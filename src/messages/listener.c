/* Listener and client: what programs that were started separately would connect by, if Open MPI could. */
#include "base/context.h"
#include "base/status.h"

static const size_t LONGEST_KEY = 256; /* bytes, as in mr_process_set_authkey */

/* Each program has an Open MPI runtime of its own: MPI_Comm_connect fails between them, MPI_Comm_accept hangs. */
static mr_status refuse(const char *call)
{
    return mr__fail(
        MR_ENOTSUP,
        "%s: Open MPI 4.1 cannot connect programs that were started separately; run the other one as a "
        "process of this program (mr_process_init), and give it an end of a pipe (mr_pipe_init)",
        call);
}

static mr_status check_place(const char *call, const void *place, const char *what)
{
    mr_status status = mr__running(call);
    if (status == MR_OK && place == NULL)
        status = mr__fail(MR_EINVAL, "%s was given NULL instead of a %s", call, what);
    return status;
}

static mr_status check_address(const char *call, const char *address, const void *key, size_t size)
{
    if (address == NULL || *address == '\0')
        return mr__fail(MR_EINVAL, "%s was given no address; give a name that both programs know", call);
    if (key == NULL && size > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of a key of %zu bytes", call, size);
    if (size > LONGEST_KEY)
        return mr__fail(MR_EINVAL, "%s: a key of %zu bytes is too long; it may have %zu", call, size, LONGEST_KEY);
    return MR_OK;
}

mr_status mr_listener_init(mr_listener *listener, const char *address, const void *key, size_t size)
{
    mr_status status = check_place("mr_listener_init", listener, "listener");
    if (status == MR_OK)
        status = check_address("mr_listener_init", address, key, size);
    return status != MR_OK ? status : refuse("mr_listener_init");
}

mr_status mr_listener_accept(const mr_listener *listener, mr_connection *connection, double timeout)
{
    double deadline;
    mr_status status = check_place("mr_listener_accept", listener, "listener");
    if (status == MR_OK)
        status = check_place("mr_listener_accept", connection, "connection");
    if (status == MR_OK)
        status = mr__deadline("mr_listener_accept", timeout, &deadline);
    return status != MR_OK ? status : refuse("mr_listener_accept");
}

mr_status mr_listener_close(const mr_listener *listener)
{
    mr_status status = check_place("mr_listener_close", listener, "listener");
    return status != MR_OK ? status : refuse("mr_listener_close");
}

mr_status mr_connection_connect(mr_connection *connection, const char *address, const void *key, size_t size,
                                double timeout)
{
    double deadline;
    mr_status status = check_place("mr_connection_connect", connection, "connection");
    if (status == MR_OK)
        status = check_address("mr_connection_connect", address, key, size);
    if (status == MR_OK)
        status = mr__deadline("mr_connection_connect", timeout, &deadline);
    return status != MR_OK ? status : refuse("mr_connection_connect");
}
