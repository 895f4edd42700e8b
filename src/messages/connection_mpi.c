/* Typed MPI data over connections: packed by MPI, so that any datatype travels as plain bytes. */
#include "base/context.h"
#include "base/status.h"
#include "multirank_mpi.h"
#include "transport/wire.h"

#include <stdlib.h>

static const int BLOCK = 1 << 30; /* bytes that MPI packs at a time; its sizes are ints */

/* The communicator that packs: one whose errors are returned. Made when first needed. */
static mr_status packer(MPI_Comm *comm)
{
    int error = MPI_SUCCESS;
    mr__lock();
    if (mr__ctx.packer == NULL) {
        MPI_Comm *new = malloc(sizeof *new);
        error = new == NULL ? MPI_ERR_NO_MEM : MPI_Comm_dup(MPI_COMM_SELF, new);
        if (error == MPI_SUCCESS) {
            MPI_Comm_set_errhandler(*new, MPI_ERRORS_RETURN);
            mr__ctx.packer = new;
        } else {
            free(new);
        }
    }
    if (error == MPI_SUCCESS)
        *comm = *(MPI_Comm *)mr__ctx.packer;
    mr__unlock();
    return error == MPI_SUCCESS ? MR_OK : mr__fail_mpi(error, "making a communicator");
}

/* What both directions work with. */
typedef struct typed {
    const char *call;
    MPI_Comm comm;
    MPI_Datatype datatype;
    MPI_Aint extent;
    int size, at_once; /* bytes in one element; elements to pack at a time */
} typed;

static mr_status fail_datatype(const char *call, int error)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(error, text, &length);
    return mr__fail(MR_EINVAL, "%s: MPI refuses the datatype or the data (%.*s); has it been committed?", call,
                    length, text);
}

static mr_status prepare(const char *call, const void *buffer, int count, MPI_Datatype datatype, typed *type)
{
    MPI_Aint first;
    mr_status status = mr__running(call);
    if (status != MR_OK)
        return status;
    if (datatype == MPI_DATATYPE_NULL || count < 0 || (buffer == NULL && count > 0))
        return mr__fail(MR_EINVAL, "%s was given %s", call,
                        datatype == MPI_DATATYPE_NULL ? "MPI_DATATYPE_NULL"
                        : count < 0                   ? "a negative count"
                                                      : "NULL instead of a buffer");
    *type = (typed){.call = call, .datatype = datatype};
    status = packer(&type->comm);
    if (status != MR_OK)
        return status;
    char nothing[8];
    int position = 0;
    int error = MPI_Pack(nothing, 0, datatype, nothing, sizeof nothing, &position, type->comm);
    if (error != MPI_SUCCESS)
        return fail_datatype(call, error);
    MPI_Type_size(datatype, &type->size);
    MPI_Type_get_extent(datatype, &first, &type->extent);
    type->at_once = type->size > 0 && type->size < BLOCK ? BLOCK / type->size : 1;
    return MR_OK;
}

static int block_of(const typed *type, int left)
{
    return left < type->at_once ? left : type->at_once;
}

static mr_status pack(const typed *type, const char *from, int count, char *to)
{
    for (int done = 0; done < count;) {
        int block = block_of(type, count - done), position = 0;
        int error = MPI_Pack(from + done * type->extent, block, type->datatype, to, block * type->size, &position,
                             type->comm);
        if (error != MPI_SUCCESS)
            return fail_datatype(type->call, error);
        to += position;
        done += block;
    }
    return MR_OK;
}

static mr_status unpack(const typed *type, const char *from, char *to, int count)
{
    for (int done = 0; done < count;) {
        int block = block_of(type, count - done), position = 0;
        int error = MPI_Unpack(from, block * type->size, &position, to + done * type->extent, block,
                               type->datatype, type->comm);
        if (error != MPI_SUCCESS)
            return fail_datatype(type->call, error);
        from += position;
        done += block;
    }
    return MR_OK;
}

static mr_status make_room(const typed *type, size_t size, char **bytes)
{
    *bytes = malloc(size > 0 ? size : 1);
    return *bytes != NULL ? MR_OK
                          : mr__fail(MR_ENOMEM, "%s: there is no memory to pack %zu bytes", type->call, size);
}

mr_status mr_connection_send_mpi(const mr_connection *connection, const void *buffer, int count,
                                 MPI_Datatype datatype, double timeout)
{
    typed type;
    char *bytes = NULL;
    mr_status status = prepare("mr_connection_send_mpi", buffer, count, datatype, &type);
    if (status != MR_OK)
        return status;
    size_t size = (size_t)count * (size_t)type.size;
    status = make_room(&type, size, &bytes);
    if (status == MR_OK)
        status = pack(&type, buffer, count, bytes);
    if (status == MR_OK)
        status = mr_connection_send(connection, bytes, size, timeout);
    free(bytes);
    return status;
}

mr_status mr_connection_recv_mpi(const mr_connection *connection, void *buffer, int count, MPI_Datatype datatype,
                                 int *received, double timeout)
{
    typed type;
    char *bytes = NULL;
    mr_status status = prepare("mr_connection_recv_mpi", buffer, count, datatype, &type);
    if (status != MR_OK)
        return status;
    size_t capacity = (size_t)count * (size_t)type.size, size = 0;
    status = make_room(&type, capacity, &bytes);
    if (status == MR_OK)
        status = mr_connection_recv(connection, bytes, capacity, &size, timeout);
    int elements = type.size > 0 ? (int)((size + (size_t)type.size - 1) / (size_t)type.size) : 0;
    if (status == MR_OK && type.size > 0) {
        elements = (int)(size / (size_t)type.size);
        status = unpack(&type, bytes, buffer, elements);
    }
    if (received != NULL && (status == MR_OK || status == MR_ETOOSMALL))
        *received = elements;
    free(bytes);
    return status;
}
