#include "master.h"

#include "seed.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

/* A text that grows. */
struct text {
    char *bytes;
    size_t size;
};

enum place { COMMON, IN_EXERCISE, IN_SOLUTION, IN_MUTANT, IN_OTHER_MUTANT };

struct reading {
    const struct master_part *part;
    enum place place;
    struct text common, exercise, solution, mutant;
    bool has_mutant; /* this region has one of the name that is asked for */
    bool has_part;   /* some region has */
    bool in_comment; /* lines of the language that is asked for are being collected */
    int line;
    char *error;
    size_t error_size;
};

static void add(struct text *text, const char *bytes, size_t size)
{
    char *more = realloc(text->bytes, text->size + size + 1);
    if (more == NULL)
        abort();
    memcpy(more + text->size, bytes, size);
    text->bytes = more;
    text->size += size;
    more[text->size] = '\0';
}

static void add_text(struct text *text, const struct text *other)
{
    if (other->size > 0)
        add(text, other->bytes, other->size);
}

static bool __attribute__((format(printf, 2, 3))) fail(struct reading *reading, const char *format, ...)
{
    int length = snprintf(reading->error, reading->error_size, "line %d: ", reading->line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reading->error + length, reading->error_size - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Numbers and words that differ ---- */

/* Where the number, name or string begins that ends before `end`. */
static const char *token_before(const char *line, const char *end)
{
    const char *from = end;
    if (from > line && from[-1] == '"') {
        for (from--; from > line && from[-1] != '"';)
            from--;
        return from > line ? from - 1 : end;
    }
    while (from > line && (isalnum((unsigned char)from[-1]) || from[-1] == '_'))
        from--;
    return from;
}

/* What stands there for this seed; `token` is the usual one. False if the note is not well formed. */
static bool choose(const struct reading *reading, const char *note, const char *token, struct text *into)
{
    char name[NAME], choices[512], text[640];
    long low, high;
    bool is_string = *token == '"';
    if (sscanf(note, "/*@seed %63s %ld %ld*/", name, &low, &high) == 3) {
        snprintf(text, sizeof text, "%ld",
                 seed_number(reading->part->seed, name, strtol(token, NULL, 10), low, high));
        add(into, text, strlen(text));
        return low <= high;
    }
    if (sscanf(note, "/*@word %63s %511[^*]*/", name, choices) != 2)
        return false;
    int count = 1;
    for (const char *bar = choices; (bar = strchr(bar, '|')) != NULL; bar++)
        count++;
    int chosen = seed_choice(reading->part->seed, name, -1, count);
    const char *word = choices;
    while (chosen-- > 0)
        word = strchr(word, '|') + 1;
    snprintf(text, sizeof text, "%s%.*s%s", is_string ? "\"" : "", (int)strcspn(word, "|"), word,
             is_string ? "\"" : "");
    if (reading->part->seed == 0)
        add(into, token, strlen(token));
    else
        add(into, text, strlen(text));
    return true;
}

/* Adds a line, with what differs put in. */
static bool add_line(struct reading *reading, const char *line, struct text *into)
{
    const char *note;
    while ((note = strstr(line, "/*@")) != NULL) {
        const char *end = note, *close = strstr(note, "*/");
        while (end > line && end[-1] == ' ')
            end--;
        const char *from = token_before(line, end);
        char token[512];
        snprintf(token, sizeof token, "%.*s", (int)(end - from), from);
        add(into, line, (size_t)(from - line));
        if (close == NULL || from == end || !choose(reading, note, token, into))
            return fail(reading, "not \"NUMBER /*@seed NAME LOW HIGH*/\" nor \"WORD /*@word NAME ONE|TWO*/\"");
        line = close + 2;
    }
    add(into, line, strlen(line));
    return true;
}

/* ---- Regions ---- */

static struct text *place_of(struct reading *reading)
{
    switch (reading->place) {
    case IN_EXERCISE:
        return &reading->exercise;
    case IN_SOLUTION:
        return &reading->solution;
    case IN_MUTANT:
        return &reading->mutant;
    case COMMON:
        return &reading->common;
    default:
        return NULL;
    }
}

static void end_region(struct reading *reading)
{
    bool is_exercise = strcmp(reading->part->name, "exercise") == 0;
    add_text(&reading->common, is_exercise           ? &reading->exercise
                               : reading->has_mutant ? &reading->mutant
                                                     : &reading->solution);
    reading->exercise.size = reading->solution.size = reading->mutant.size = 0;
    reading->has_mutant = false;
    reading->place = COMMON;
}

/* The word behind "//@", and the rest of the line. */
static const char *split_word(const char *text, char *word)
{
    size_t length = strcspn(text, " :\n");
    snprintf(word, NAME, "%.*s", (int)length, text);
    text += length;
    return text + strspn(text, " ");
}

static bool open_place(struct reading *reading, enum place place)
{
    reading->place = place;
    return true;
}

static bool open_mutant(struct reading *reading, const char *rest)
{
    char name[NAME];
    split_word(rest, name);
    bool is_wanted = strcmp(name, reading->part->name) == 0;
    reading->has_mutant |= is_wanted;
    reading->has_part |= is_wanted;
    if (reading->place == COMMON)
        return fail(reading, "a mutant stands behind the solution of a region");
    return open_place(reading, is_wanted ? IN_MUTANT : IN_OTHER_MUTANT);
}

/* A line of a comment in one language: the lines that follow each other become one comment. */
static bool add_comment(struct reading *reading, const char *line, const char *text)
{
    struct text *into = place_of(reading);
    size_t indent = strspn(line, " ");
    if (into == NULL)
        return true;
    add(into, line, indent);
    add(into, reading->in_comment ? " *" : "/*", 2);
    if (*text != '\n' && *text != '\0')
        add(into, " ", 1);
    add(into, text, strcspn(text, "\n"));
    add(into, "\n", 1);
    reading->in_comment = true;
    return true;
}

static void close_comment(struct reading *reading)
{
    struct text *into = place_of(reading);
    if (!reading->in_comment || into == NULL || into->size == 0)
        return;
    into->size--; /* the newline */
    add(into, " */\n", 4);
    reading->in_comment = false;
}

static bool obey(struct reading *reading, const char *line, const char *directive)
{
    char word[NAME];
    const char *rest = split_word(directive, word);
    bool is_language = strcmp(word, "en") == 0 || strcmp(word, "es") == 0;
    if (!is_language)
        close_comment(reading);
    if (is_language)
        return strcmp(word, reading->part->language) != 0 || add_comment(reading, line, rest);
    if (strcmp(word, "title") == 0 || strcmp(word, "hint") == 0 || strcmp(word, "fails") == 0)
        return true;
    if (strcmp(word, "exercise") == 0)
        return reading->place == COMMON ? open_place(reading, IN_EXERCISE)
                                        : fail(reading, "the region before has no //@end");
    if (strcmp(word, "mutant") == 0)
        return open_mutant(reading, rest);
    if (reading->place == COMMON)
        return fail(reading, "//@%s without //@exercise", word);
    if (strcmp(word, "solution") == 0)
        return open_place(reading, IN_SOLUTION);
    if (strcmp(word, "end") != 0)
        return fail(reading, "//@%s is not known", word);
    end_region(reading);
    return true;
}

static bool read_line(struct reading *reading, const char *line)
{
    const char *start = line + strspn(line, " ");
    reading->line++;
    if (strncmp(start, "//@", 3) == 0)
        return obey(reading, line, start + 3);
    close_comment(reading);
    struct text *into = place_of(reading);
    return into == NULL || add_line(reading, line, into);
}

bool master_write(const char *path, const struct master_part *part, FILE *out, char *error, size_t size)
{
    struct reading reading = {.part = part, .error = error, .error_size = size};
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "re");
    bool is_good = file != NULL;
    if (!is_good)
        snprintf(error, size, "%s", strerror(errno));
    while (is_good && getline(&line, &capacity, file) >= 0)
        is_good = read_line(&reading, line);
    close_comment(&reading);
    if (is_good && reading.place != COMMON)
        is_good = fail(&reading, "the last region has no //@end");
    if (is_good && !reading.has_part && strcmp(part->name, "exercise") != 0 && strcmp(part->name, "solution") != 0)
        is_good = fail(&reading, "there is no part \"%s\"", part->name);
    if (is_good)
        fwrite(reading.common.bytes, 1, reading.common.size, out);
    if (file != NULL)
        fclose(file);
    free(line);
    free(reading.common.bytes);
    free(reading.exercise.bytes);
    free(reading.solution.bytes);
    free(reading.mutant.bytes);
    return is_good;
}

/* ---- Facts ---- */

/* Calls for each line "//@KEY ..." what is behind the key, until told to stop; gives what that returned. */
static char *find_fact(const char *path, const char *key, char *(*take)(const char *rest, void *of), void *of)
{
    char *line = NULL, *found = NULL, word[NAME];
    size_t capacity = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && found == NULL && getline(&line, &capacity, file) >= 0) {
        const char *start = line + strspn(line, " ");
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(start, "//@", 3) != 0)
            continue;
        const char *rest = split_word(start + 3, word);
        if (strcmp(word, key) == 0)
            found = take(rest, of);
    }
    if (file != NULL)
        fclose(file);
    free(line);
    return found;
}

struct wanted_fact {
    const char *language;
    int index;
};

static char *take_fact(const char *rest, void *of)
{
    struct wanted_fact *wanted = of;
    char language[NAME];
    if (wanted->language != NULL) {
        rest = split_word(rest, language);
        if (strcmp(language, wanted->language) != 0)
            return NULL;
    }
    rest += *rest == ':';
    return wanted->index-- > 0 ? NULL : strdup(rest + strspn(rest, " "));
}

char *master_fact(const char *path, const char *key, const char *language, int index)
{
    struct wanted_fact wanted = {language, index};
    return find_fact(path, key, take_fact, &wanted);
}

struct wanted_mutant {
    int index;
    char **words;
};

/* A mutant that has a part in several regions has its words in one of them. */
static char *take_mutant(const char *rest, void *of)
{
    struct wanted_mutant *wanted = of;
    char name[NAME];
    const char *words = split_word(rest, name);
    if (*words != ':' || wanted->index-- > 0)
        return NULL;
    words++;
    if (wanted->words != NULL)
        *wanted->words = strdup(words + strspn(words, " "));
    return strdup(name);
}

char *master_mutant(const char *path, int index, char **words)
{
    struct wanted_mutant wanted = {index, words};
    return find_fact(path, "mutant", take_mutant, &wanted);
}
