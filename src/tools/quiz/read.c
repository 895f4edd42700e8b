/* A quiz file, line by line. Strict: a question that lacks something is not asked, but refused, with its place. */
#include "tools/quiz/quiz.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"one", "several", "number", "truth"};
static const char *const languages[] = {"es", "en"};

typedef struct reader {
    mr__quiz *quiz;
    const char *path;
    int line;
    mr__quiz_question *question; /* the one that is being read, or NULL */
    mr__quiz_text *text;         /* what `es` and `en` belong to, or NULL */
    bool in_code, failed;
} reader;

__attribute__((format(printf, 3, 4))) static void refuse(reader *r, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "multirank: %s:%d: ", r->path, line);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    r->failed = true;
}

/* text and a separator before more, unless there is none yet. */
static void append(reader *r, char **text, const char *separator, const char *more)
{
    size_t before = *text == NULL ? 0 : strlen(*text);
    size_t room = before + strlen(separator) + strlen(more) + 1;
    char *longer = realloc(*text, room);
    if (longer == NULL) {
        refuse(r, r->line, "there is not enough memory for this text; end other programs and try again");
        return;
    }
    snprintf(longer + before, room - before, "%s%s", before > 0 ? separator : "", more);
    *text = longer;
}

/* ---- Is a question whole? ---- */

static void need_both(reader *r, const mr__quiz_text *text, const char *what)
{
    for (int l = 0; l < MR__LANGUAGES; l++)
        if (text->in[l] == NULL)
            refuse(r, r->question->line,
                   "%s of this question has no text in '%s'; add a line that begins with '%s '", what,
                   languages[l], languages[l]);
}

static void check_options(reader *r, const mr__quiz_question *q)
{
    size_t right = 0;
    for (size_t i = 0; i < q->option_count; i++) {
        right += q->options[i].right;
        need_both(r, &q->options[i].text, q->options[i].right ? "a right option" : "a wrong option");
        for (size_t j = 0; j < i; j++)
            for (int l = 0; l < MR__LANGUAGES; l++)
                if (q->options[i].text.in[l] != NULL && q->options[j].text.in[l] != NULL &&
                    strcmp(q->options[i].text.in[l], q->options[j].text.in[l]) == 0)
                    refuse(r, q->line, "two options say the same in '%s': '%s'; change one", languages[l],
                           q->options[i].text.in[l]);
    }
    if (q->kind == MR__QUIZ_ONE && right != 1)
        refuse(r, q->line,
               "a question of the kind 'one' has one right option, and this one has %zu; "
               "mark one with 'right', or make it 'several'",
               right);
    if (q->kind == MR__QUIZ_SEVERAL && right < 2)
        refuse(r, q->line,
               "a question of the kind 'several' has two right options at least, and this one has %zu; "
               "add one, or make it 'one'",
               right);
    if (right == q->option_count || q->option_count < 3)
        refuse(r, q->line, "a choice has three options at least, and a wrong one among them; add what is missing");
}

static void end_question(reader *r)
{
    mr__quiz_question *q = r->question;
    if (q == NULL)
        return;
    bool has_options = q->kind == MR__QUIZ_ONE || q->kind == MR__QUIZ_SEVERAL;
    need_both(r, &q->text, "the text");
    need_both(r, &q->reason, "the reason");
    if (has_options && q->has_answer)
        refuse(r, q->line, "a question of the kind '%s' has options, no 'answer'; take that line out",
               kinds[q->kind]);
    else if (has_options)
        check_options(r, q);
    else if (q->option_count > 0)
        refuse(r, q->line, "a question of the kind '%s' has an 'answer', no options; take them out",
               kinds[q->kind]);
    else if (!q->has_answer)
        refuse(r, q->line, "this question has no answer; add a line 'answer %s'",
               q->kind == MR__QUIZ_TRUTH ? "true' or 'answer false" : "NUMBER");
    r->question = NULL;
}

/* ---- Its lines ---- */

static void read_lesson(reader *r, const char *rest)
{
    char *end;
    long number = strtol(rest, &end, 10);
    mr__quiz *quiz = r->quiz;
    if (strlen(rest) != 2 || end != rest + 2 || number < 0) {
        refuse(r, r->line,
               "a lesson has a number of two digits, and here stands '%s'; write for instance 'lesson 03'", rest);
        return;
    }
    for (int i = 0; i < quiz->lesson_count; i++)
        if (quiz->lessons[i].number == number) {
            refuse(r, r->line,
                   "lesson %s has been read already; each lesson has one file, and one line 'lesson' in it", rest);
            return;
        }
    quiz->lessons[quiz->lesson_count].number = (int)number;
    r->text = &quiz->lessons[quiz->lesson_count++].title;
}

static void begin_question(reader *r, const char *rest, int lessons_before)
{
    mr__quiz *quiz = r->quiz;
    int kind = 0;
    end_question(r);
    r->text = NULL;
    while (kind < 4 && strcmp(rest, kinds[kind]) != 0)
        kind++;
    if (kind == 4) {
        refuse(r, r->line, "'%s' is no kind of question; take one, several, number or truth", rest);
        return;
    }
    if (quiz->lesson_count == lessons_before) {
        refuse(r, r->line, "nobody knows whose question this is; begin the file with a line such as 'lesson 03'");
        return;
    }
    mr__quiz_question *more = realloc(quiz->questions, (quiz->count + 1) * sizeof *more);
    if (more == NULL) {
        refuse(r, r->line, "there is not enough memory for this question; end other programs and try again");
        return;
    }
    quiz->questions = more;
    r->question = &more[quiz->count];
    int lesson = quiz->lessons[quiz->lesson_count - 1].number, number = 1;
    if (quiz->count > 0 && more[quiz->count - 1].lesson == lesson)
        number = more[quiz->count - 1].number + 1;
    *r->question =
        (mr__quiz_question){.lesson = lesson, .number = number, .line = r->line, .kind = (mr__quiz_kind)kind};
    r->text = &r->question->text;
    quiz->count++;
}

static void read_option(reader *r, bool right)
{
    mr__quiz_question *q = r->question;
    if (q->option_count == MR__QUIZ_OPTIONS) {
        refuse(r, r->line, "a question has %d options at most; take this one out", MR__QUIZ_OPTIONS);
        r->text = NULL;
        return;
    }
    q->options[q->option_count].right = right;
    r->text = &q->options[q->option_count++].text;
}

static void read_answer(reader *r, const char *rest)
{
    mr__quiz_question *q = r->question;
    char *end;
    errno = 0;
    long number = strtol(rest, &end, 10);
    bool is_truth = q->kind == MR__QUIZ_TRUTH;
    bool is_word = strcmp(rest, "true") == 0 || strcmp(rest, "false") == 0;
    if (q->has_answer)
        refuse(r, r->line, "this question has an answer already; take one of the two out");
    else if (is_truth ? !is_word : (*rest == '\0' || *end != '\0' || errno != 0))
        refuse(r, r->line, "'%s' is no answer here; write %s", rest,
               is_truth ? "true or false" : "a whole number");
    q->answer = is_truth ? strcmp(rest, "true") == 0 : number;
    q->has_answer = true;
}

static void read_text(reader *r, const char *word, const char *rest)
{
    if (r->text == NULL) {
        refuse(r, r->line,
               "nobody knows what this text belongs to; put it below 'lesson', 'question', 'right', "
               "'wrong' or 'reason'");
        return;
    }
    if (*rest == '\0') {
        refuse(r, r->line, "there is no text behind '%s'; write it in the same line", word);
        return;
    }
    for (int l = 0; l < MR__LANGUAGES; l++)
        if (strcmp(word, "both") == 0 || strcmp(word, languages[l]) == 0)
            append(r, &r->text->in[l], " ", rest);
}

/* What only a question has. false: it is no such word. */
static bool read_part(reader *r, const char *word, const char *rest)
{
    static const char *const parts[] = {"right", "wrong", "reason", "code", "answer", "prints"};
    size_t part = 0, count = sizeof parts / sizeof *parts;
    while (part < count && strcmp(word, parts[part]) != 0)
        part++;
    if (part == count)
        return false;
    if (r->question == NULL) {
        refuse(r, r->line, "'%s' belongs to a question; write 'question one' (several, number, truth) before it",
               word);
        return true;
    }
    if (part <= 2 && *rest != '\0')
        refuse(r, r->line, "'%s' stands alone in its line; write the text below it, behind 'es' and 'en'", word);
    if (part <= 1)
        read_option(r, part == 0);
    else if (part == 2)
        r->text = &r->question->reason;
    else if (part == 4)
        read_answer(r, rest);
    else if (part == 3 && strcmp(rest, "program") != 0 && strcmp(rest, "part") != 0 && strcmp(rest, "output") != 0)
        refuse(r, r->line, "'%s' is no kind of code; take program (a whole one), part or output", rest);
    r->in_code = part == 3;
    return true;
}

static void read_line(reader *r, char *line, int lessons_before)
{
    if (line[0] == '|') {
        if (!r->in_code)
            refuse(r, r->line, "a line of code, but there is no 'code' above it; write 'code part' there");
        else
            append(r, &r->question->code, "\n", line[1] == ' ' ? line + 2 : line + 1);
        return;
    }
    r->in_code = false;
    if (line[0] == '\0' || line[0] == '#')
        return;
    char *rest = line + strcspn(line, " ");
    if (*rest != '\0')
        *rest++ = '\0';
    if (strcmp(line, "es") == 0 || strcmp(line, "en") == 0 || strcmp(line, "both") == 0)
        read_text(r, line, rest);
    else if (strcmp(line, "lesson") == 0)
        read_lesson(r, rest);
    else if (strcmp(line, "question") == 0)
        begin_question(r, rest, lessons_before);
    else if (!read_part(r, line, rest))
        refuse(r, r->line,
               "no line begins with '%s'; take lesson, question, es, en, both, code, |, right, wrong, "
               "answer, prints, reason or #",
               line);
}

bool mr__quiz_read(mr__quiz *quiz, const char *path)
{
    reader r = {.quiz = quiz, .path = path};
    int lessons_before = quiz->lesson_count;
    size_t count_before = quiz->count, size = 0;
    char *line = NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "multirank: %s cannot be read: %s; install the package again\n", path, strerror(errno));
        return false;
    }
    for (ssize_t length; (length = getline(&line, &size, file)) >= 0;) {
        r.line++;
        while (length > 0 && strchr("\r\n\t ", line[length - 1]) != NULL)
            line[--length] = '\0';
        read_line(&r, line, lessons_before);
    }
    end_question(&r);
    if (ferror(file))
        refuse(&r, r.line, "the file cannot be read any further; is it a folder, or is the disk damaged?");
    else if (!r.failed && quiz->count == count_before)
        refuse(&r, r.line, "there is no question in this file; add one, or remove the file");
    free(line);
    fclose(file);
    return !r.failed;
}

static void free_text(mr__quiz_text *text)
{
    for (int l = 0; l < MR__LANGUAGES; l++)
        free(text->in[l]);
}

void mr__quiz_free(mr__quiz *quiz)
{
    for (size_t i = 0; i < quiz->count; i++) {
        mr__quiz_question *q = &quiz->questions[i];
        for (size_t o = 0; o < q->option_count; o++)
            free_text(&q->options[o].text);
        free_text(&q->text);
        free_text(&q->reason);
        free(q->code);
    }
    for (int i = 0; i < quiz->lesson_count; i++)
        free_text(&quiz->lessons[i].title);
    free(quiz->questions);
    *quiz = (mr__quiz){0};
}
