#include "tools/top.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { MOST_OBJECTS = 50, NAME = 16, HOST = 10 };

/* How wide some columns are to be; 0: they would say nothing. */
typedef struct widths {
    int name, host, tasks;
} widths;

/* ---- The table ---- */

/* Cuts at a character of UTF-8, not within it. */
static int cut(const char *text, int columns)
{
    int bytes = 0;
    for (int seen = 0; text[bytes] != '\0'; bytes++) {
        bool begins = ((unsigned char)text[bytes] & 0xc0) != 0x80;
        if (begins && seen++ == columns)
            break;
    }
    return bytes;
}

static int width(const char *text)
{
    int seen = 0;
    for (; *text != '\0'; text++)
        seen += ((unsigned char)*text & 0xc0) != 0x80;
    return seen;
}

static void print_cell(FILE *out, const char *text, int columns)
{
    if (columns == 0)
        return;
    int bytes = cut(text, columns);
    fprintf(out, "%.*s%*s ", bytes, text, columns - (width(text) < columns ? width(text) : columns), "");
}

/* What a process waits for: of the first of its threads that does, and how many more there are. */
static void print_waits(FILE *out, const mr__program *program, const mr__picture *picture,
                        const mr__figure *figure)
{
    char text[1024] = "";
    size_t more = 0;
    bool is_in_circle = false;
    for (size_t i = 0; i < picture->waits.count; i++) {
        const mr__waiter *waiter = &picture->waits.waiters[i];
        if (waiter->rank != figure->entry.rank)
            continue;
        is_in_circle = is_in_circle || waiter->circle != 0;
        more += text[0] != '\0';
        if (text[0] == '\0')
            mr__waiter_text(&program->view, waiter, text, sizeof text);
    }
    if (figure->entry.state == MR__ROSTER_COMING)
        snprintf(text, sizeof text, "%s", mr__stage_text(figure->entry.stage));
    fprintf(out, "%s%s", is_in_circle ? "DEADLOCK: " : "", text);
    if (more > 0)
        fprintf(out, " (and %zu more threads wait)", more);
}

static void print_process(FILE *out, const mr__program *program, const mr__picture *picture,
                          const mr__figure *figure, const widths *w)
{
    char core[16] = "-", load[16] = "-", memory[16] = "-", tasks[24] = "-", pid[16] = "-";
    if (figure->entry.core >= 0)
        snprintf(core, sizeof core, "%d", (int)figure->entry.core);
    if (figure->load >= 0)
        snprintf(load, sizeof load, "%.0f%%", figure->load * 100);
    if (figure->memory > 0)
        snprintf(memory, sizeof memory, "%.0fM", (double)figure->memory / (1 << 20));
    if (figure->is_worker)
        snprintf(tasks, sizeof tasks, "%llu", (unsigned long long)figure->tasks);
    if (figure->entry.pid > 0)
        snprintf(pid, sizeof pid, "%ld", (long)figure->entry.pid);
    fprintf(out, "%4u ", figure->entry.rank);
    print_cell(out, figure->entry.name[0] != '\0' ? figure->entry.name : "-", w->name);
    print_cell(out, figure->entry.host[0] != '\0' ? figure->entry.host : "-", w->host);
    fprintf(out, "%7s %4s %-7s %5s %6s ", pid, core, mr__figure_state(figure), load, memory);
    print_cell(out, tasks, w->tasks);
    print_waits(out, program, picture, figure);
    fprintf(out, "\n");
}

static widths choose_widths(const mr__picture *picture)
{
    widths w = {.name = 4};
    for (size_t i = 0; i < picture->count; i++) {
        const mr__figure *figure = &picture->figures[i];
        int name = width(figure->entry.name);
        w.name = name > NAME ? NAME : name > w.name ? name : w.name;
        w.host = strcmp(figure->entry.host, picture->figures[0].entry.host) != 0 ? HOST : w.host;
        w.tasks = figure->is_worker ? 8 : w.tasks;
    }
    return w;
}

static void print_all(FILE *out, const mr__program *program, const mr__picture *picture)
{
    widths w = choose_widths(picture);
    fprintf(out, "program %ld: %s\nprocesses: %zu, coming up: %u, parked: %u, waiting threads: %zu%s\n",
            (long)program->main, program->command, picture->count - picture->coming, picture->coming,
            picture->parked, picture->waits.count,
            picture->missed > 0 ? "; there are more ranks than are written down here" : "");
    fprintf(out, "\n");
    mr__picture_circles(out, program, picture);
    fprintf(out, "RANK ");
    print_cell(out, "NAME", w.name);
    print_cell(out, "HOST", w.host);
    fprintf(out, "%7s %4s %-7s %5s %6s ", "PID", "CORE", "STATE", "CPU", "MEM");
    print_cell(out, "TASKS", w.tasks);
    fprintf(out, "WAITS FOR\n");
    for (size_t i = 0; i < picture->count; i++)
        print_process(out, program, picture, &picture->figures[i], &w);
    fprintf(out, "\n");
    mr__picture_objects(out, program, MOST_OBJECTS);
}

/* How much of a line goes before its break, best at a space. */
static size_t find_break(const char *text, size_t length, int columns)
{
    size_t fits = (size_t)cut(text, columns), space = fits;
    if (fits >= length)
        return length;
    while (space > fits / 2 && text[space] != ' ')
        space--;
    return space > fits / 2 ? space : fits;
}

/* A text in a window: longer lines go on in the next one, indented; what does not fit is counted. */
static void print_window(FILE *out, const char *text, size_t lines, size_t columns)
{
    enum { INDENT = 6, NARROWEST = 20 };
    int most = (int)(columns < NARROWEST ? NARROWEST : columns);
    size_t line = 0, left = 0;
    for (bool goes_on = false; *text != '\0';) {
        size_t length = strcspn(text, "\n");
        size_t fits = find_break(text, length, goes_on ? most - INDENT : most);
        if (line + 2 < lines)
            fprintf(out, "%*s%.*s\033[K\n", goes_on ? INDENT : 0, "", (int)fits, text);
        else
            left++;
        line++;
        goes_on = fits < length;
        text += fits + (text[fits] == '\n' || (goes_on && text[fits] == ' '));
    }
    if (left > 0)
        fprintf(out, "(%zu lines more)\033[K\n", left);
}

void mr__top_print(FILE *out, const mr__program *program, const mr__picture *picture, size_t lines, size_t columns)
{
    char *text = NULL;
    size_t size = 0;
    if (lines == 0) {
        print_all(out, program, picture);
        return;
    }
    FILE *page = open_memstream(&text, &size);
    if (page == NULL)
        return;
    print_all(page, program, picture);
    fclose(page);
    fprintf(out, "\033[H");
    print_window(out, text, lines, columns);
    fprintf(out, "\033[J");
    free(text);
}

/* ---- Watching ---- */

enum { FIRST_LOOK = 200, INTERVAL = 1000 }; /* milliseconds */

/* A terminal while it is watched: keys come at once, and are not shown. */
typedef struct screen {
    bool is_terminal, has_keys;
    struct termios before;
    int signals;
} screen;

static void open_screen(screen *s)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* they are read, so that the terminal is put back */
    s->signals = signalfd(-1, &ends, SFD_CLOEXEC);
    s->has_keys = tcgetattr(STDIN_FILENO, &s->before) == 0;
    struct termios raw = s->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (s->has_keys && tcgetpgrp(STDIN_FILENO) == getpgrp())
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    else
        s->has_keys = false;
    printf("\033[?1049h\033[?25l"); /* the other screen, so that what was there comes back; no cursor */
}

static void close_screen(screen *s)
{
    printf("\033[?25h\033[?1049l");
    fflush(stdout);
    if (s->has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
    close(s->signals);
}

/* true: go on. */
static bool pause_for(const screen *s, int milliseconds)
{
    char key = 0;
    struct pollfd news[] = {{.fd = s->signals, .events = POLLIN},
                            {.fd = s->has_keys ? STDIN_FILENO : -1, .events = POLLIN}};
    if (poll(news, 2, milliseconds) <= 0)
        return true;
    if (news[0].revents != 0)
        return false;
    return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && key != 4; /* Ctrl-D */
}

static bool look(mr__program *program, const mr__picture *before, mr__picture *now)
{
    return mr__program_read(program) && mr__picture_take(program, before, now);
}

/* false: the program has ended. */
static bool watch(mr__program *program, const screen *s, mr__picture *before)
{
    for (int pause = FIRST_LOOK; pause_for(s, pause); pause = INTERVAL) {
        mr__picture now = {0};
        struct winsize window = {.ws_row = 24, .ws_col = 80};
        if (!look(program, before, &now)) {
            mr__picture_free(&now);
            return false;
        }
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
        mr__top_print(stdout, program, &now, window.ws_row > 2 ? window.ws_row : 24,
                      window.ws_col > 0 ? window.ws_col : 80);
        fflush(stdout);
        mr__picture_free(before);
        *before = now;
    }
    return true;
}

int mr__top(char **arguments)
{
    mr__program program;
    mr__picture first = {0}, second = {0};
    screen s = {.is_terminal = isatty(STDOUT_FILENO)};
    if (arguments[0] != NULL && arguments[1] != NULL) {
        fprintf(stderr, "multirank: top takes the number of one process; see: multirank help\n");
        return 2;
    }
    if (!mr__program_open(arguments[0], &program))
        return 1;
    bool lives = look(&program, NULL, &first);
    if (lives && s.is_terminal) {
        open_screen(&s);
        lives = watch(&program, &s, &first);
        close_screen(&s);
    } else if (lives) {
        usleep(FIRST_LOOK * 1000);
        lives = look(&program, &first, &second);
        if (lives)
            mr__top_print(stdout, &program, &second, 0, 0);
    }
    if (!lives)
        fprintf(stderr, "multirank: the program of process %ld has ended\n", (long)program.main);
    mr__picture_free(&first);
    mr__picture_free(&second);
    mr__program_close(&program);
    return lives || s.is_terminal ? 0 : 1;
}
