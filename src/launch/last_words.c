#include "launch/last_words.h"

#include "base/context.h"
#include "base/status.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void mr__words_open(mr__launch *launch)
{
    launch->words = mr__above_stdio(memfd_create("multirank-words", MFD_CLOEXEC));
}

void mr__words_hold(const mr__launch *launch, int held[2])
{
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        held[i] = launch->words < 0 ? -1 : fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (held[i] >= 0)
            dup2(launch->words, STDOUT_FILENO + i);
    }
}

void mr__words_release(mr__launch *launch, const int held[2])
{
    char text[4096];
    off_t at = 0;
    fflush(NULL);
    for (int i = 0; i < 2; i++)
        if (held[i] >= 0) {
            dup2(held[i], STDOUT_FILENO + i);
            close(held[i]);
        }
    for (ssize_t got; launch->words >= 0 && (got = pread(launch->words, text, sizeof text, at)) > 0; at += got)
        if (write(STDERR_FILENO, text, (size_t)got) != got)
            break;
    if (launch->words >= 0)
        close(launch->words);
    launch->words = -1;
}

void mr__words_add(const mr__launch *launch, const char *line)
{
    if (launch->words < 0 || dprintf(launch->words, "%s\n", line) < 0)
        dprintf(STDERR_FILENO, "multirank: %s\n", line);
}

/* The beginning of what was written, which tells the cause, as one line without frames. */
static void read_words(int words, char text[MR__WORDS_SIZE])
{
    char raw[4096];
    ssize_t got = words < 0 ? 0 : pread(words, raw, sizeof raw, 0);
    size_t used = 0;
    for (ssize_t i = 0; i < got && used + 1 < MR__WORDS_SIZE; i++) {
        bool is_frame = (raw[i] == '-' || raw[i] == '*' || raw[i] == '=') && i + 1 < got && raw[i + 1] == raw[i];
        bool is_space = is_frame || !isprint((unsigned char)raw[i]) || raw[i] == ' ';
        if (!is_space)
            text[used++] = raw[i];
        else if (used > 0 && text[used - 1] != ' ')
            text[used++] = ' ';
    }
    while (used > 0 && text[used - 1] == ' ')
        used--;
    text[used] = '\0';
}

void mr__words_tell(const mr__launch *launch, int code)
{
    char text[MR__WORDS_SIZE];
    bool is_local;
    int hub;
    mr__record record = {
        .type = MR__HELLO, .rank = launch->rank, .process = launch->batch, .a = code, .b = MR__FROM_DYING};
    if (mr__address_key(&launch->hub, record.text) != MR_OK ||
        mr__link_connect(&launch->hub, &hub, &is_local) != MR_OK)
        return; /* main has ended */
    read_words(launch->words, text);
    mr_status status = mr__link_send(hub, &record, NULL, 0);
    record = (mr__record){.type = MR__WORDS};
    for (const char *rest = text; status == MR_OK && *rest != '\0'; rest += strlen(record.text)) {
        snprintf(record.text, sizeof record.text, "%.*s", (int)sizeof record.text - 1, rest);
        status = mr__link_send(hub, &record, NULL, 0);
    }
    close(hub);
}
