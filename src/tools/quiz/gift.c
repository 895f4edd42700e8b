/* The quiz as GIFT, with a category for each lesson. */
#include "tools/quiz/quiz.h"

#include <stdlib.h>
#include <string.h>

/* These have a meaning in GIFT; and an empty line would end the question. */
static void escape(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("~=#{}:\\", *text) != NULL)
            fputc('\\', out);
        if (*text == '\n')
            fputs("\\n", out);
        else
            fputc(*text, out);
    }
}

static void print_html(FILE *out, const char *text, const char *code)
{
    char *html = mr__quiz_html(text, code);
    escape(out, html != NULL ? html : "");
    free(html);
}

static void print_options(FILE *out, const mr__quiz_question *q, mr__language language)
{
    size_t right = 0;
    for (size_t i = 0; i < q->option_count; i++)
        right += q->options[i].right;
    for (size_t i = 0; i < q->option_count; i++) {
        bool is_right = q->options[i].right;
        if (q->kind == MR__QUIZ_ONE)
            fputs(is_right ? "  =" : "  ~", out);
        else
            fprintf(out, "  ~%%%.5f%%",
                    is_right ? 100.0 / (double)right : -100.0 / (double)(q->option_count - right));
        print_html(out, q->options[i].text.in[language], NULL);
        fputc('\n', out);
    }
}

static void print_question(FILE *out, const mr__quiz_question *q, mr__language language)
{
    fprintf(out, "::%02d.%02d::[html]", q->lesson, q->number);
    print_html(out, q->text.in[language], q->code);
    fputs(" {\n", out);
    if (q->kind == MR__QUIZ_NUMBER)
        fprintf(out, "  #%ld\n", q->answer);
    else if (q->kind == MR__QUIZ_TRUTH)
        fprintf(out, "  %s\n", q->answer ? "TRUE" : "FALSE");
    else
        print_options(out, q, language);
    fputs("  ####", out);
    print_html(out, q->reason.in[language], NULL);
    fputs("\n}\n\n", out);
}

void mr__quiz_gift(FILE *out, const mr__quiz *quiz, mr__language language)
{
    int lesson = -1;
    for (size_t i = 0; i < quiz->count; i++) {
        for (int l = 0; l < quiz->lesson_count && quiz->questions[i].lesson != lesson; l++)
            if (quiz->lessons[l].number == quiz->questions[i].lesson)
                fprintf(out, "$CATEGORY: $course$/top/Multirank/%02d %s\n\n", lesson = quiz->lessons[l].number,
                        quiz->lessons[l].title.in[language]);
        print_question(out, &quiz->questions[i], language);
    }
}
