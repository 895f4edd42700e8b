/* The quiz of the course: questions of all lessons, each in Spanish and in English (lessons/QUIZ.md has the
 * format). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MR__QUIZ_OPTIONS = 6 };

typedef enum mr__language { MR__ES, MR__EN, MR__LANGUAGES } mr__language;

typedef enum mr__quiz_kind { MR__QUIZ_ONE, MR__QUIZ_SEVERAL, MR__QUIZ_NUMBER, MR__QUIZ_TRUTH } mr__quiz_kind;

/* A text in both languages; a member is NULL where it is missing. */
typedef struct mr__quiz_text {
    char *in[MR__LANGUAGES];
} mr__quiz_text;

typedef struct mr__quiz_option {
    bool right;
    mr__quiz_text text;
} mr__quiz_option;

typedef struct mr__quiz_question {
    int lesson, number, line; /* number: within its lesson, from 1; line: where it begins */
    mr__quiz_kind kind;
    mr__quiz_text text, reason;
    char *code; /* lines, or NULL */
    bool has_answer;
    long answer; /* a number; or 1, 0: true, false */
    size_t option_count;
    mr__quiz_option options[MR__QUIZ_OPTIONS];
} mr__quiz_question;

typedef struct mr__quiz {
    int lesson_count;
    struct {
        int number;
        mr__quiz_text title;
    } lessons[100];
    size_t count;
    mr__quiz_question *questions;
} mr__quiz;

/* ---- read.c ---- */

/* Adds a lesson's file. false: what is wrong with it has been written to standard error. */
bool mr__quiz_read(mr__quiz *quiz, const char *path);
void mr__quiz_free(mr__quiz *quiz);

/* ---- play.c ---- */

typedef struct mr__quiz_game {
    mr__language language;
    bool colour, pauses;
    uint64_t seed;
    size_t most; /* questions */
} mr__quiz_game;

/* Asks on standard output, reads answers from standard input until they end. The program's exit code. */
int mr__quiz_play(const mr__quiz *quiz, const mr__quiz_game *game);

/* ---- moodle.c, gift.c ---- */

/* As HTML: marks of HTML escaped, `code` as such, a program below. To be freed; NULL: no memory. */
char *mr__quiz_html(const char *text, const char *code);
void mr__quiz_moodle(FILE *out, const mr__quiz *quiz, mr__language language);
void mr__quiz_gift(FILE *out, const mr__quiz *quiz, mr__language language);

/* ---- quiz.c ---- */

/* The command `multirank quiz`; arguments end with NULL. The program's exit code. */
int mr__quiz_command(char **arguments);
