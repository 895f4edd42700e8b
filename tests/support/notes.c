#include "notes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char folder[PATH_MAX];

void notes_open(const char *path)
{
    snprintf(folder, sizeof folder, "%s", path);
}

const char *notes_folder(void)
{
    return folder;
}

const char *note_path(const char *name)
{
    static _Thread_local char path[PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void note(const char *name, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    if (size > sizeof line - 2)
        size = sizeof line - 2;
    line[size++] = '\n';
    int file = open(note_path(name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || write(file, line, size) != (ssize_t)size)
        dprintf(STDERR_FILENO, "note %s: %s\n", note_path(name), strerror(errno));
    if (file >= 0)
        close(file);
}

char *noted(const char *name)
{
    char *text = calloc(1, 1);
    size_t size = 0;
    FILE *file = fopen(note_path(name), "re");
    if (file == NULL)
        return text;
    char part[4096];
    size_t got;
    while (text != NULL && (got = fread(part, 1, sizeof part, file)) > 0) {
        char *longer = realloc(text, size + got + 1);
        if (longer == NULL)
            abort();
        text = longer;
        memcpy(text + size, part, got);
        size += got;
        text[size] = '\0';
    }
    fclose(file);
    return text;
}

double noted_number(const char *name, int line)
{
    char *text = noted(name);
    const char *at = text;
    while (at != NULL && line-- > 0)
        at = (at = strchr(at, '\n')) != NULL ? at + 1 : NULL;
    double number = at != NULL && *at != '\0' ? strtod(at, NULL) : NAN;
    free(text);
    return number;
}

int noted_lines(const char *name)
{
    char *text = noted(name);
    int lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    free(text);
    return lines;
}

bool await_lines(const char *name, int lines, double seconds)
{
    double end = now() + seconds;
    while (noted_lines(name) < lines) {
        if (now() > end)
            return false;
        rest(0.01);
    }
    return true;
}

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void rest(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
