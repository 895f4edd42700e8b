/* A game: questions in another order each time, an answer, its reason, the score. */
#include "tools/quiz/quiz.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COLUMNS = 78 };

typedef struct game {
    const mr__quiz_game *how;
    uint64_t random;
    size_t asked, right;
    bool ended; /* no more answers come */
} game;

static const char *say(const game *g, const char *es, const char *en)
{
    return g->how->language == MR__ES ? es : en;
}

static const char *colour(const game *g, const char *code)
{
    return g->how->colour ? code : "";
}

/* ---- Texts ---- */

static int width(const char *text, size_t bytes)
{
    int seen = 0;
    for (size_t i = 0; i < bytes; i++)
        seen += ((unsigned char)text[i] & 0xc0) != 0x80;
    return seen;
}

/* Broken between words; the first line begins with `head`, the others as far in. */
static void show(FILE *out, const char *head, const char *text)
{
    int indent = width(head, strlen(head)), column = indent;
    fputs(head, out);
    for (bool first = true; *text != '\0'; first = false) {
        size_t length = strcspn(text, " ");
        int columns = width(text, length);
        if (!first && column + 1 + columns > COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, length, out);
        column += columns;
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

static void show_code(const char *code)
{
    for (size_t length; code != NULL && *code != '\0'; code += length + (code[length] == '\n')) {
        length = strcspn(code, "\n");
        printf("    %.*s\n", (int)length, code);
    }
}

/* ---- Chance ---- */

/* splitmix64: the same seed gives the same game on every machine. */
static uint64_t roll(game *g)
{
    uint64_t z = g->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void shuffle(game *g, size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)(roll(g) % i), kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* ---- Answers ---- */

typedef enum verdict { NOT_UNDERSTOOD, RIGHT, WRONG } verdict;

/* A set of options, as letters: "ac", "a, c". */
static verdict judge_letters(const mr__quiz_question *q, const size_t *order, const char *answer)
{
    unsigned chosen = 0, right = 0, letters = 0;
    for (const char *c = answer; *c != '\0'; c++) {
        if (strchr(" ,;", *c) != NULL)
            continue;
        int option = tolower((unsigned char)*c) - 'a';
        if (option < 0 || (size_t)option >= q->option_count)
            return NOT_UNDERSTOOD;
        chosen |= 1u << option;
        letters++;
    }
    for (size_t i = 0; i < q->option_count; i++)
        right |= (unsigned)q->options[order[i]].right << i;
    if (letters == 0 || (q->kind == MR__QUIZ_ONE && letters > 1))
        return NOT_UNDERSTOOD;
    return chosen == right ? RIGHT : WRONG;
}

static verdict judge_number(const mr__quiz_question *q, const char *answer)
{
    char *end;
    errno = 0;
    long number = strtol(answer, &end, 10);
    if (end == answer || *end != '\0' || errno != 0)
        return NOT_UNDERSTOOD;
    return number == q->answer ? RIGHT : WRONG;
}

static verdict judge_truth(const mr__quiz_question *q, const char *answer)
{
    static const char *const yes[] = {"t", "v", "true", "verdadero"}, *const no[] = {"f", "false", "falso"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcasecmp(answer, yes[i]) == 0)
            return q->answer == 1 ? RIGHT : WRONG;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (strcasecmp(answer, no[i]) == 0)
            return q->answer == 0 ? RIGHT : WRONG;
    return NOT_UNDERSTOOD;
}

static verdict judge(const mr__quiz_question *q, const size_t *order, const char *answer)
{
    if (q->kind == MR__QUIZ_NUMBER)
        return judge_number(q, answer);
    return q->kind == MR__QUIZ_TRUTH ? judge_truth(q, answer) : judge_letters(q, order, answer);
}

/* A line without the spaces around it, to be freed; NULL: the input has ended. */
static char *read_answer(game *g)
{
    char *line = NULL;
    size_t size = 0, from = 0;
    fflush(stdout);
    ssize_t length = getline(&line, &size, stdin);
    if (length < 0) {
        free(line);
        g->ended = true;
        return NULL;
    }
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    while (isspace((unsigned char)line[from]))
        from++;
    memmove(line, line + from, strlen(line + from) + 1);
    if (strcasecmp(line, "q") == 0)
        g->ended = true;
    return line;
}

/* ---- A question ---- */

static const char *keys(const game *g, mr__quiz_kind kind)
{
    switch (kind) {
    case MR__QUIZ_ONE:
        return say(g, "una letra", "one letter");
    case MR__QUIZ_SEVERAL:
        return say(g, "todas las letras correctas, como ac", "all right letters, such as ac");
    case MR__QUIZ_NUMBER:
        return say(g, "un número entero", "a whole number");
    case MR__QUIZ_TRUTH:
        break;
    }
    return say(g, "v: verdadero, f: falso", "t: true, f: false");
}

static void show_question(const game *g, const mr__quiz_question *q, const size_t *order, size_t count)
{
    printf("\n%s%zu/%zu%s · %s %d · %s %zu/%zu\n", colour(g, "\033[1m"), g->asked + 1, count, colour(g, "\033[0m"),
           say(g, "lección", "lesson"), q->lesson, say(g, "aciertos", "right"), g->right, g->asked);
    show(stdout, "", q->text.in[g->how->language]);
    show_code(q->code);
    for (size_t i = 0; i < q->option_count; i++) {
        char head[] = "  a) ";
        head[2] = (char)('a' + (int)i);
        show(stdout, head, q->options[order[i]].text.in[g->how->language]);
    }
}

static void show_right(const game *g, const mr__quiz_question *q, const size_t *order)
{
    printf("%s%s%s ", colour(g, "\033[31m"), say(g, "No. Lo correcto es:", "No. What is right:"),
           colour(g, "\033[0m"));
    if (q->kind == MR__QUIZ_NUMBER)
        printf("%ld", q->answer);
    else if (q->kind == MR__QUIZ_TRUTH)
        printf("%s", q->answer ? say(g, "verdadero", "true") : say(g, "falso", "false"));
    for (size_t i = 0; i < q->option_count; i++)
        if (q->options[order[i]].right)
            printf("%c", 'a' + (int)i);
    printf("\n");
}

static void ask(game *g, const mr__quiz_question *q, size_t count)
{
    size_t order[MR__QUIZ_OPTIONS];
    verdict found = NOT_UNDERSTOOD;
    shuffle(g, order, q->option_count);
    show_question(g, q, order, count);
    while (found == NOT_UNDERSTOOD) {
        printf("(%s; q: %s) > ", keys(g, q->kind), say(g, "terminar", "end"));
        char *answer = read_answer(g);
        if (!g->how->pauses)
            printf("\n"); /* an answer that comes from a pipe is not seen */
        if (!g->ended)
            found = judge(q, order, answer);
        if (!g->ended && found == NOT_UNDERSTOOD)
            printf("%s\n", say(g, "Eso no es una respuesta aquí; mira entre paréntesis qué se puede escribir.",
                               "That is no answer here; the brackets say what can be typed."));
        free(answer);
        if (g->ended)
            return;
    }
    g->asked++;
    g->right += found == RIGHT;
    if (found == RIGHT)
        printf("%s%s%s\n", colour(g, "\033[32m"), say(g, "Correcto.", "Right."), colour(g, "\033[0m"));
    else
        show_right(g, q, order);
    show(stdout, "  ", q->reason.in[g->how->language]);
}

static void pause_after(game *g)
{
    printf("(%s) ", say(g, "Intro: la siguiente; q: terminar", "Enter: the next one; q: end"));
    free(read_answer(g));
}

int mr__quiz_play(const mr__quiz *quiz, const mr__quiz_game *how)
{
    game g = {.how = how, .random = how->seed};
    size_t count = how->most < quiz->count ? how->most : quiz->count;
    size_t *order = calloc(quiz->count, sizeof *order);
    if (order == NULL) {
        fprintf(stderr, "multirank: there is not enough memory for the quiz; end other programs and try again\n");
        return 1;
    }
    shuffle(&g, order, quiz->count);
    printf("%s: %zu. %s --seed %llu\n", say(&g, "Preguntas", "Questions"), count,
           say(&g, "El mismo orden otra vez:", "The same order again:"), (unsigned long long)how->seed);
    for (size_t i = 0; i < count && !g.ended; i++) {
        ask(&g, &quiz->questions[order[i]], count);
        if (how->pauses && !g.ended && i + 1 < count)
            pause_after(&g);
    }
    printf("\n%s: %zu %s %zu", say(&g, "Aciertos", "Right"), g.right, say(&g, "de", "of"), g.asked);
    if (g.asked > 0)
        printf(" (%zu %%)", g.right * 100 / g.asked);
    printf("\n");
    free(order);
    return fflush(stdout) == 0 ? 0 : 1;
}
