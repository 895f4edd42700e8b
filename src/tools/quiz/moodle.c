/* The quiz as Moodle's XML, with a category for each lesson. */
#include "tools/quiz/quiz.h"

#include <stdlib.h>
#include <string.h>

static void escape(FILE *out, const char *text, bool marks_code)
{
    bool in_code = false;
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out); /* so no CDATA ends within a text */
        else if (*text == '`' && marks_code)
            fputs((in_code = !in_code) ? "<code>" : "</code>", out);
        else
            fputc(*text, out);
    }
}

char *mr__quiz_html(const char *text, const char *code)
{
    char *html = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&html, &size);
    if (out == NULL)
        return NULL;
    fputs("<p>", out);
    escape(out, text, true);
    fputs("</p>", out);
    if (code != NULL) {
        fputs("<pre>", out);
        escape(out, code, false);
        fputs("</pre>", out);
    }
    return fclose(out) == 0 ? html : NULL;
}

static void print_html(FILE *out, const char *element, const char *text, const char *code)
{
    char *html = mr__quiz_html(text, code);
    fprintf(out, "    <%s format=\"html\"><text><![CDATA[%s]]></text></%s>\n", element, html != NULL ? html : "",
            element);
    free(html);
}

static void print_options(FILE *out, const mr__quiz_question *q, mr__language language)
{
    size_t right = 0;
    for (size_t i = 0; i < q->option_count; i++)
        right += q->options[i].right;
    fprintf(out,
            "    <single>%s</single>\n    <shuffleanswers>true</shuffleanswers>\n"
            "    <answernumbering>abc</answernumbering>\n",
            q->kind == MR__QUIZ_ONE ? "true" : "false");
    for (size_t i = 0; i < q->option_count; i++) {
        double wrong = q->kind == MR__QUIZ_ONE ? 0.0 : -100.0 / (double)(q->option_count - right);
        char *html = mr__quiz_html(q->options[i].text.in[language], NULL);
        fprintf(out, "    <answer fraction=\"%.5f\" format=\"html\"><text><![CDATA[%s]]></text></answer>\n",
                q->options[i].right ? 100.0 / (double)right : wrong, html != NULL ? html : "");
        free(html);
    }
}

static void print_question(FILE *out, const mr__quiz_question *q, mr__language language)
{
    static const char *const types[] = {"multichoice", "multichoice", "numerical", "truefalse"};
    fprintf(out, "  <question type=\"%s\">\n    <name><text>%02d.%02d</text></name>\n", types[q->kind], q->lesson,
            q->number);
    print_html(out, "questiontext", q->text.in[language], q->code);
    print_html(out, "generalfeedback", q->reason.in[language], NULL);
    fprintf(out, "    <defaultgrade>1</defaultgrade>\n");
    if (q->kind == MR__QUIZ_NUMBER)
        fprintf(out, "    <answer fraction=\"100\"><text>%ld</text><tolerance>0</tolerance></answer>\n",
                q->answer);
    else if (q->kind == MR__QUIZ_TRUTH)
        fprintf(out,
                "    <answer fraction=\"%d\"><text>true</text></answer>\n"
                "    <answer fraction=\"%d\"><text>false</text></answer>\n",
                q->answer ? 100 : 0, q->answer ? 0 : 100);
    else
        print_options(out, q, language);
    fprintf(out, "  </question>\n");
}

void mr__quiz_moodle(FILE *out, const mr__quiz *quiz, mr__language language)
{
    int lesson = -1;
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n");
    for (size_t i = 0; i < quiz->count; i++) {
        for (int l = 0; l < quiz->lesson_count && quiz->questions[i].lesson != lesson; l++)
            if (quiz->lessons[l].number == quiz->questions[i].lesson) {
                fprintf(out, "  <question type=\"category\"><category><text>$course$/top/Multirank/%02d ",
                        lesson = quiz->lessons[l].number);
                escape(out, quiz->lessons[l].title.in[language], false);
                fprintf(out, "</text></category></question>\n");
            }
        print_question(out, &quiz->questions[i], language);
    }
    fprintf(out, "</quiz>\n");
}
