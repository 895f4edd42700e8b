#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local mr_status last_status;
static _Thread_local char last_error[MR__SENTENCE_SIZE];

static const struct {
    const char *name, *text;
} statuses[] = {
#define STATUS_ROW(name, text) {"MR_" #name, text},
    MR_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};

static bool is_known(mr_status status)
{
    return (size_t)status < sizeof statuses / sizeof statuses[0];
}

int mr_version(void)
{
    return MR_VERSION_NUMBER;
}

const char *mr_strerror(mr_status status)
{
    return is_known(status) ? statuses[status].text : "unknown status";
}

const char *mr_status_name(mr_status status)
{
    return is_known(status) ? statuses[status].name : "unknown status";
}

mr_status mr_last_status(void)
{
    return last_status;
}

const char *mr_last_error(void)
{
    return last_error;
}

static mr_status record(mr_status status, const char *format, va_list arguments)
{
    char text[sizeof last_error]; /* the arguments may point into last_error */
    vsnprintf(text, sizeof text, format, arguments);
    memcpy(last_error, text, sizeof text);
    last_status = status;
    return status;
}

mr_status mr__fail(mr_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    record(status, format, arguments);
    va_end(arguments);
    return status;
}

mr_status mr_fail(mr_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    record(status, format, arguments);
    va_end(arguments);
    return status;
}

void mr__debug(const char *format, ...)
{
    if (getenv("MULTIRANK_DEBUG") == NULL)
        return;
    char line[1024];
    int head = snprintf(line, sizeof line, "multirank[%ld]: ", (long)getpid());
    va_list arguments;
    va_start(arguments, format);
    int body = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, arguments);
    va_end(arguments);
    size_t length = (size_t)head + (size_t)(body < 0 ? 0 : body);
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    line[length] = '\n';
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written;
}
